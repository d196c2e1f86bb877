# The text filters: one result a text, in the three shapes.
huaxiang sentiment --engine rules samples/comments.csv --format table
huaxiang sentiment --engine rules samples/comments.csv
huaxiang sentiment --engine rules samples/comments.csv --format csv --quiet
huaxiang sentiment --engine rules samples/comments.csv --head 2 --quiet --format csv
echo '--- plain lines, standard input'
printf '这家餐厅很棒！\n这个商品很差！\n' | huaxiang sentiment --engine rules -q
printf 'this is terrible, I want my money back\n' | huaxiang intent --engine rules - -q
echo '<b>這個商品</b>很好！！！！ https://t.cn/x' | huaxiang clean -q
echo '<b>這個商品</b>很好' | huaxiang clean -q --keep-traditional
echo '电话13812345678，身份证11010519491231002X，a.b@example.com' | huaxiang redact
echo '--- words'
huaxiang words samples/comments.csv --head 1 -q
huaxiang words samples/comments.csv --head 1 -q --no-stop --format table
printf '小黑伞好用\n' > user.txt
printf '黑伞好\n' > words.txt
huaxiang words user.txt -q
huaxiang words user.txt -q --user-words words.txt
printf '餐厅\n' > stop.txt
huaxiang words samples/comments.csv --head 1 -q --no-stop --stop-file stop.txt
echo '--- offsets are bytes of the text as given'
echo '物流太慢了，客服态度差' | huaxiang keywords --engine rules -q --top 2 | python3 -c '
import json, sys
record = json.loads(sys.stdin.read())
text = record["text"].encode()
assert 1 <= len(record["keywords"]) <= 2
for k in record["keywords"]:
    assert text[k["start"]:k["end"]].decode() == k["text"], k
print("offsets fit")'
echo '--- all of it'
echo '这家餐厅很棒！电话13812345678' | huaxiang annotate --engine rules -q | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())
print(sorted(r))
assert "".join(r["words"]) == r["text"], r["words"]
print(r["lang"], r["sentiment"]["label"], r["engine"], [p["type"] for p in r["pii"]])'
echo '--- restricted labels'
printf '这家餐厅很棒！\n还行吧\n今天星期三\n' | huaxiang sentiment --engine rules -q --labels positive,negative --format csv | cut -d, -f2 | sort -u
echo '--- no label below a score'
printf '这家餐厅很棒！\n' | huaxiang sentiment --engine rules -q --abstain 1 | grep -o '"label":"[a-z]*"'
printf '这家餐厅很棒！\n' | huaxiang sentiment --engine rules -q --abstain 0.2 --format csv | cut -d, -f2 | tail -1
echo '--- towards a named thing: by the rules alone'
echo '手机很好，但是耳机很差' | huaxiang sentiment --engine rules -q --target 耳机 | grep -o '"label":"[a-z]*"'
echo '手机很好，但是耳机很差' | huaxiang sentiment -q --target 耳机 --model none.gguf; echo "exit $?"
echo '手机很好，但是耳机很差' | huaxiang sentiment -q --lang zh --target 耳机 --engine llama --model none.gguf; echo "exit $?"
echo '--- a header alone; rows that are refused'
printf 'id,text\n' > header.csv
huaxiang sentiment --engine rules header.csv -q; echo "exit $?"
printf 'id,text\n1,\xff\n2,好\n' > bytes.csv
huaxiang sentiment --engine rules bytes.csv --format csv --out no.csv > /dev/null
huaxiang sentiment --engine rules header.csv -q --out none.jsonl; echo "exit $?"
[ -e none.jsonl ] || echo gone
