# The model that ships, huaxiang-small: it reads where nothing else is named; what is checked here is what any sound weights say.
comments() { huaxiang "$@" samples/comments.csv -q; }
echo '--- the five comments'
huaxiang sentiment samples/comments.csv --format csv
echo '--- words with their parts of speech, in place'
printf 'The staff was rude.\n客服態度很差，物流也慢\n😀\n' | huaxiang tag -q | python3 -c '
import json, sys
for line in sys.stdin:
    r = json.loads(line)
    raw = r["text"].encode()
    print(all(raw[t["start"]:t["end"]].decode() == t["word"] and t["upos"] for t in r["tags"]), len(r["tags"]) > 0)'
huaxiang tag samples/comments.csv --task entities -q --head 1 | grep -c '"tags"'
echo '--- vectors'
comments embed --normalize | python3 -c '
import json, sys
v = [json.loads(l)["embedding"] for l in sys.stdin]
print(len(v), len(set(map(len, v))), all(abs(sum(x * x for x in r) - 1) < 1e-4 for r in v))'
huaxiang embed samples/comments.csv -q --head 2 > mean
huaxiang embed samples/comments.csv -q --head 2 --model huaxiang-small --pooling mean --bidirectional | cmp - mean && echo same
echo '--- other heads'
comments classify --task topic,banking77 | python3 -c '
import json, sys
print(all(len(r["topic"]["scores"]) == 10 and len(r["banking77"]["scores"]) == 77 for r in map(json.loads, sys.stdin)))'
comments tokenize | python3 -c 'import json, sys; print(all(r["input_ids"] for r in map(json.loads, sys.stdin)))'
echo '--- a question is no blame'
printf '请问什么时候发货？\nWhen will it ship?\n' | huaxiang sentiment --format csv -q | cut -d, -f1,2
echo '--- phrases by the model, verbatim, each once; another order by each method'
printf 'Sparse attention reduces memory. Long legal contracts need efficient transformers, and sparse attention helps.\n酒店的早餐品种丰富，服务员态度热情，但是房间隔音很差。\n😀\n' >phrases.txt
for method in embedding attention; do
    huaxiang keywords phrases.txt --method $method --top 4 -q | python3 -c '
import json, sys
for line in sys.stdin:
    r = json.loads(line)
    raw, k = r["text"].encode(), r["keywords"]
    texts = [x["text"].lower() for x in k]
    print(all(raw[x["start"]:x["end"]].decode().lower() == x["text"].lower() for x in k), len(set(texts)) == len(texts), len(k) > 0,
          all(a["score"] >= b["score"] for a, b in zip(k, k[1:])))'
done
huaxiang keywords phrases.txt --method attention --engine rules -q; echo "exit $?"
huaxiang intent --set banking77 --abstain 0.99 -q --format csv phrases.txt | cut -d, -f2- | tail -1
echo '--- so-so is no blame either, unless the two labels are asked for'
printf '一般般。\n就那样，还行\nIt is okay.\n质量很差\n不一般\n' >middling.txt
huaxiang sentiment middling.txt --format csv -q | cut -d, -f1,2
huaxiang sentiment middling.txt --format csv -q --labels positive,negative | cut -d, -f1,2 | grep -c neutral
# Words of a file in CoNLL-U: what stands beside them stays.
cat >given.conllu <<'G'
# newdoc id = d1
# text = I don't know.
1	I	I	_	PRP	_	_	_	_	Offset=0
2-3	don't	_	_	_	_	_	_	_	_
2	do	do	_	_	_	_	_	_	_
3	n't	not	_	_	_	_	_	_	_
4	know	know	_	_	Mood=Ind	_	_	_	SpaceAfter=No
5	.	.	_	_	_	_	_	_	_

# a comment
1	我	_	X	_	_	0	root	0:root	SpaceAfter=No
1.1	想	_	_	_	_	_	_	_	_
2	买手机	_	X	_	_	1	dep	1:dep	SpaceAfter=No

G
huaxiang parse given.conllu --quiet
huaxiang tag given.conllu --quiet
huaxiang parse given.conllu --quiet --head 1 --format conllu | head -2
huaxiang parse given.conllu --quiet --format json; echo "exit $?"
huaxiang parse given.conllu --quiet --triples --lang zh; echo "exit $?"
printf '1\tI\n' >bad.conllu
huaxiang parse bad.conllu --quiet; echo "exit $?"
printf '# nothing\n' >nothing.conllu
huaxiang tag nothing.conllu --quiet --lang zh; echo "exit $?"
printf '# newdoc id = d\n# sent_id = s1\n# text = 我爱北京。他也来了！\n\n# sent_id = s2\n1-2\tdonot\t_\t_\t_\t_\t_\t_\t_\t_\n1\tdo\tdo\tAUX\t_\t_\t_\t_\t_\t_\n2\tnot\tnot\tPART\t_\t_\t_\t_\t_\t_\n' >raw.conllu
huaxiang parse raw.conllu --from conllu-text --quiet
huaxiang tag --from conllu-text --head 1 --quiet <raw.conllu
tail -4 raw.conllu | huaxiang tag --from conllu --quiet
huaxiang parse --from conllu --quiet <raw.conllu; echo "exit $?"
printf '# sent_id = 3\n\n' | huaxiang tag --from conllu-text --quiet; echo "exit $?"
printf '' | huaxiang tag --from conllu-text --quiet; echo "exit $?"
