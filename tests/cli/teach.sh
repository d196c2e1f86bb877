# Sentiment fitted to a few texts, corrections of single texts, and labels proposed for raw comments: what is made, what reads it, what is refused.
try() { echo "--- $*"; "$@" || echo "exit $?"; }
for i in 1 2 3 4 5 6; do
    printf '咬口不断，第%d竿也狡猾,positive\n水面安静，第%d次空护,negative\n不好说%d,neutral\n' $i $i $i
done | sed '1i text,label' >few.csv
try huaxiang train classify --data few.csv --model learn --out shop.adapt --format csv | cut -d, -f1-3
try huaxiang train classify --data few.csv --model learn --epochs 3 --out shop.adapt
try huaxiang train classify few.csv --data few.csv --model learn --out shop.adapt
head -4 few.csv >fewer.csv
try huaxiang train classify --data fewer.csv --model learn --out none.adapt
printf '下午咬口也狡猾\n还是安静，空护一场\n' >new.txt
try huaxiang sentiment new.txt --adapt shop.adapt
try huaxiang sentiment new.txt --adapt shop.adapt --engine rules
try huaxiang sentiment new.txt --adapt few.csv
try huaxiang evaluate sentiment --data few.csv --adapt shop.adapt --format csv | cut -d, -f1-4

try huaxiang teach add '这价格绝了，吃不起' negative --memory taught.jsonl --format csv
try huaxiang teach add '客服阴阳怪气' glad --memory taught.jsonl
try huaxiang teach add '客服阴阳怪气'
printf '这价格绝了，吃不起！\n书很有趣\n' >two.txt
try huaxiang sentiment two.txt --memory taught.jsonl --quiet
try huaxiang sentiment two.txt --memory nothing.jsonl
try huaxiang teach undo 1 --memory taught.jsonl
try huaxiang teach undo 1 --memory taught.jsonl
huaxiang teach list --memory taught.jsonl | sed 's/"at":"[^"]*"/"at":"T"/'
huaxiang sentiment two.txt --memory taught.jsonl --quiet >after.txt
huaxiang sentiment two.txt --quiet | cmp - after.txt && echo as before
printf 'customer,time,text\nu1,2026-01-02,这价格绝了，吃不起\n' >one.csv
huaxiang teach add '这价格绝了，吃不起' negative --store one.db --quiet >/dev/null
huaxiang profile one.csv --store one.db --quiet >/dev/null
huaxiang timeline u1 --store one.db --format json | grep -o '"sentiment":{"label":"[a-z]*"'

printf '我爱云南白药牙膏\n云南白药牙膏很贵\niPhone 15 Pro 好\n' >words.txt
try huaxiang teach words 我爱云南白药牙膏 '我 爱 云南白药牙膏' --memory words.jsonl --engine rules
try huaxiang teach words '买iPhone 15 Pro' '买|iPhone 15 Pro' --memory words.jsonl --engine rules --format csv
try huaxiang words words.txt --memory words.jsonl --engine rules --format csv
try huaxiang words words.txt --memory words.jsonl --engine learn --standard pku --format csv
try huaxiang words words.txt --memory words.jsonl --engine learn --standard ud --format csv
huaxiang annotate words.txt --memory words.jsonl --engine rules --head 1 | grep -o '"text":"云南白药牙膏"'
huaxiang keywords words.txt --memory words.jsonl --engine rules --format csv
huaxiang teach list --memory words.jsonl --format csv | cut -d, -f1-6
try huaxiang teach words 我爱牙膏 '我 恨 牙膏' --memory words.jsonl --engine rules
try huaxiang teach words 我爱牙膏 '我 爱' --memory words.jsonl --engine rules
try huaxiang teach words 我爱牙膏 --memory words.jsonl
try huaxiang teach undo 1 --memory words.jsonl
huaxiang words words.txt --memory words.jsonl --engine rules --format csv --quiet

printf 'comment,stars\n很好吃，很喜欢,5\n太难吃了，差评,1\n还行吧,3\n服务很好,1\n此用户没有填写评价,5\n,4\n真的很差，很失望,2\n味道很好，满意,4\n' >raw.csv
try huaxiang label raw.csv --out labelled.csv
cut -d, -f1,2,4,5 labelled.csv
printf '{"text":"还行吧","label":"positive"}\n' >labelled.csv.answers.jsonl
try huaxiang label raw.csv --out labelled.csv
grep hand labelled.csv
echo 'no answer' >labelled.csv.answers.jsonl
try huaxiang label raw.csv --out labelled.csv
try huaxiang label raw.csv --task classify
try huaxiang label raw.csv --labels positive

try huaxiang emotions samples/comments.csv --format csv
printf '吓死我了\n' | try huaxiang emotions | cut -d, -f1,2
printf 'text,label\n太开心了,happy\n气死我了,angry\n' >felt.csv
try huaxiang evaluate emotions --data felt.csv --format csv | cut -d, -f1-5
