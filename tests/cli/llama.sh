# Language models on texts, by tiny models with random weights: what is printed has its shape, and does not depend on threads, kernels or
# the number of texts.
for name in chat classes; do cp "${0%/*}/../golden/llama/gguf_$name.gguf" $name.gguf; done
chat=chat.gguf
classes=classes.gguf
export HUAXIANG_KERNELS=scalar
try() { "$@"; echo "exit $?"; }
echo '--- a model must be named'
try huaxiang generate Hello
try huaxiang generate Hello --model rules
try huaxiang generate Hello --lang zh
try huaxiang sentiment samples/comments.csv --engine rules --model "$chat"
try huaxiang words samples/comments.csv --model "$chat"
try huaxiang embed samples/comments.csv --model "$chat" --precision exakt
HUAXIANG_KERNELS=sse9 huaxiang embed samples/comments.csv --model "$chat"
echo '--- tokenize'
printf 'ab\n\na longer text, cut off\n<|im_start|>\n' > texts.txt
huaxiang tokenize texts.txt --model "$chat"
huaxiang tokenize texts.txt --model "$chat" --special --max-length 6 --pad --pieces | tail -2
huaxiang tokenize texts.txt --model "$chat" --max-length 4 --format csv
try huaxiang tokenize texts.txt --model "$chat" --pad
huaxiang tokenize samples/labelled.csv --model "$chat" --threads 1 -q > one
huaxiang tokenize samples/labelled.csv --model "$chat" --threads 3 -q | cmp - one && echo same
echo '--- embed'
for pooling in last mean; do
    env -u HUAXIANG_KERNELS huaxiang embed samples/labelled.csv --model "$chat" --head 300 --pooling $pooling --threads 2 -q > $pooling.jsonl
    env -u HUAXIANG_KERNELS huaxiang embed samples/labelled.csv --model "$chat" --head 300 --pooling $pooling --threads 1 -q | cmp - $pooling.jsonl && echo same
done
env -u HUAXIANG_KERNELS huaxiang embed samples/comments.csv --model "$chat" --normalize --precision exact -q > exact.jsonl
huaxiang embed samples/comments.csv --model "$chat" --normalize --precision exact > scalar.jsonl
env -u HUAXIANG_KERNELS huaxiang embed samples/comments.csv --model "$chat" --normalize -q > fast.jsonl
python3 - << 'END'
import json
read = lambda path: [json.loads(line)['embedding'] for line in open(path)]
exact, scalar, fast = read('exact.jsonl'), read('scalar.jsonl'), read('fast.jsonl')
assert len(exact) == 5 and all(abs(sum(x * x for x in v) - 1) < 1e-5 for v in exact)
print(all(abs(a - b) < 1e-5 for v, w in zip(exact, scalar) for a, b in zip(v, w)))
print(min(sum(a * b for a, b in zip(v, w)) for v, w in zip(exact, fast)) > 0.98)
END
huaxiang embed samples/comments.csv --model "$chat" --format csv --head 1 -q | head -1
echo '--- classify, by a head and by labels of one'\''s own'
check='import json, sys
for line in sys.stdin:
    r = json.loads(line)
    best = max(r["scores"], key=r["scores"].get)
    assert r["label"] in (best, "unsure") and abs(sum(r["scores"].values()) - 1) < 1e-3 and r["score"] == r["scores"][best], r
print(sorted(r["scores"]), "comment" in r)'
huaxiang classify samples/comments.csv --model "$classes" -q | python3 -c "$check"
huaxiang classify samples/comments.csv --model "$chat" --labels 好,坏,一般 -q | python3 -c "$check"
huaxiang classify samples/comments.csv --model "$classes" --abstain 1 --format csv -q | cut -d, -f2 | sort | uniq -c | tr -s ' '
try huaxiang classify samples/comments.csv --model "$chat"
try huaxiang classify samples/comments.csv --model "$chat" --labels one
echo '--- tags of words, by a head for tokens'
huaxiang convert "$classes" --to hf --out tagger -q
sed -i 's/ForSequenceClassification/ForTokenClassification/; s/"0":"negative","1":"positive"/"0":"O","1":"B-PER"/' tagger/config.json
printf 'good bad it is\n\n \n好 e\xcc\x81t\xc3\xa9\n' > tagged.txt
check='import json, sys
for line in sys.stdin:
    r = json.loads(line)
    for t in r["tags"]:
        assert r["text"].encode()[t["start"]:t["end"]].decode() == t["text"] and t["label"] in sys.argv[1:] and 0.5 <= t["score"] <= 1, t
print("good")'
huaxiang tag tagged.txt --model tagger --precision exact -q | python3 -c "$check" PER
huaxiang tag tagged.txt --model tagger --precision exact -q --pieces | tee pieces | python3 -c "$check" B-PER O
wc -l < pieces
huaxiang tag tagged.txt --model tagger --precision exact -q --format csv | head -2
sed -i 's/"O"/"NOUN"/; s/"B-PER"/"X"/' tagger/config.json
huaxiang tag tagged.txt --model tagger --precision exact -q | grep -o '"word":"[^"]*"' | tr '\n' ' '; echo
huaxiang tag tagged.txt --model tagger --head 1 -q | grep -c '"upos":"\(X\|NOUN\)"'
try huaxiang tag tagged.txt --model "$classes" -q
try huaxiang tag tagged.txt --model "$classes" -q --lang zh
try huaxiang classify tagged.txt --model tagger -q
echo '--- sentiment and intent without training'
printf '很好\n \n' > two.txt
huaxiang sentiment two.txt --model "$chat" -q | sed 's/"label":"[a-z]*"/"label":L/'
huaxiang sentiment samples/comments.csv --model "$chat" --labels positive,negative --format csv -q | cut -d, -f2 | grep -v -e positive -e negative
huaxiang intent samples/comments.csv --model "$chat" --format table --head 1 2>&1 | head -1
echo '--- generate'
huaxiang generate Hello --model "$chat" --max-tokens 4 --precision exact -q --format csv | wc -l
huaxiang generate Hello --model "$chat" --max-tokens 8 -q --temperature 9 --seed 3 > a
huaxiang generate Hello --model "$chat" --max-tokens 8 -q --temperature 9 --seed 3 --threads 1 | cmp - a && echo same
huaxiang generate Hello --model "$chat" --max-tokens 8 -q --temperature 9 --seed 4 | cmp -s - a || echo other
printf 'root ::= "yes" | "no"' > yes.gbnf
huaxiang generate 'Is it?' --model "$chat" --grammar yes.gbnf -q | grep -c -e '"generated":"yes"' -e '"generated":"no"' 
printf '{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"],"additionalProperties":false}' > schema.json
echo 'Answer.' | huaxiang generate --model "$chat" --json-schema schema.json -q --format csv | python3 -c 'import json, sys; print(sorted(json.load(sys.stdin)))'
huaxiang generate 'Shorter:' --data samples/comments.csv --head 2 --model "$chat" --max-tokens 3 --log-probs -q | python3 -c '
import json, sys
for line in sys.stdin:
    r = json.loads(line)
    assert r["tokens"] <= 3 and len(r["log_probs"]) == r["tokens"] and all(t["log_prob"] <= 0 for t in r["log_probs"]), r
    assert abs(sum(t["log_prob"] for t in r["log_probs"]) - r["log_prob"]) < 1e-3, r
    print(list(r))'
printf 'root ::= "yes' > broken.gbnf
try huaxiang generate x --model "$chat" --grammar broken.gbnf
printf '{"type":"text"}' > broken.json
try huaxiang generate x --model "$chat" --json-schema broken.json
try huaxiang generate x --model "$chat" --json-schema schema.json --grammar yes.gbnf
try huaxiang generate x --model "$chat" --temperature warm
try huaxiang generate x --model "$classes"
try huaxiang generate --model "$chat" < /dev/null
echo '--- cut off before the schema ends'
printf '{"const":"a text of more than three tokens"}' > const.json
try huaxiang generate x --model "$chat" --json-schema const.json --max-tokens 3 -q
try huaxiang generate x --data samples/comments.csv --head 2 --model "$chat" --json-schema const.json --max-tokens 3 -q
try huaxiang generate x --data samples/comments.csv --head 1 --model "$chat" --json-schema const.json --max-tokens 3 -q --lang zh
try huaxiang generate x --model "$chat" --json-schema const.json -q
echo '--- stop texts'
printf 'root ::= "one|two<|im_end|>three"' > stop.gbnf
try huaxiang generate x --model "$chat" --grammar stop.gbnf -q --stop '|'
try huaxiang generate x --model "$chat" --grammar stop.gbnf -q --stop three --stop 'two<|im_end|>'
try huaxiang generate x --model "$chat" --grammar stop.gbnf -q --stop 'one|three'
try huaxiang generate x --model "$chat" --stop ''
try huaxiang generate x --model "$chat" $(for i in {1..17}; do echo --stop $i; done)
try huaxiang generate x --model "$chat" --raw --system y
echo '--- before the model is opened'
try huaxiang generate x --model none.gguf --grammar broken.gbnf
try huaxiang generate x --model none.gguf --json-schema none.json
try huaxiang embed samples/comments.csv none.csv --model none.gguf
echo '--- pieces'
echo '很好 café' > chinese.txt
huaxiang tokenize chinese.txt --model "$chat" --pieces | sed 's/.*"tokens"/"tokens"/'
echo '--- progress counts texts'
script -qec "huaxiang embed samples/labelled.csv --model $chat --head 300 --threads 1 > /dev/null" /dev/null | tr '\r' '\n' | sed 's/\x1b\[K//' | grep labelled | python3 -c '
import re, sys
seen = [(int(m[1]), int(m[2].replace(",", ""))) for m in re.finditer(r"(\d+)%\s+([\d,]+) rows", sys.stdin.read())]
print(len(seen) > 1, seen[-1], all(abs(share - rows / 3) <= 1 for share, rows in seen), seen[0][0] < 50)'
echo '--- help of one command'
huaxiang evaluate --help | grep -e --context -e --data -e --model
huaxiang embed --help | grep -e --model
huaxiang inspect --help | grep -c -e '--model'
try huaxiang inspect "$chat" --model "$chat"
echo '--- perplexity'
huaxiang evaluate perplexity --data samples/comments.csv --context 32 --model "$chat" -q | python3 -c '
import json, math, sys
r = json.loads(sys.stdin.read())
assert abs(math.exp(r["nll"]) - r["perplexity"]) < 1e-6 * r["perplexity"], r
print(r["context"], r["parts"], r["n"])'
try huaxiang evaluate perplexity --data texts.txt --model "$chat"
try huaxiang evaluate perplexity --model "$chat"
try huaxiang evaluate wisdom --model "$chat"
echo '--- bench, doctor'
huaxiang bench --model "$chat" -q | python3 -c 'import json, sys; print([json.loads(line)["tokens"] for line in sys.stdin])'
huaxiang doctor --format csv | grep -e '^engines' -e '^models' | sed 's#[^ ,"]*/##g'
