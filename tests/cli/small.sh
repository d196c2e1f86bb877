# The engine llama with every head for annotation, of a small model trained here and laid where huaxiang-small is installed: what is said of a text is the
# same alone and among others, with any number of threads, by the single commands and by annotate; receipts name the model and are replayed.
export HUAXIANG_KERNELS=scalar
share=$(dirname "$(realpath "$(command -v huaxiang)")")/../share/huaxiang
python3 - <<'P'
import json, random
random.seed(7)
things = [("味道", "taste"), ("物流", "delivery"), ("价格", "price")]
moods = [("很好", "positive", "happy"), ("太差", "negative", "angry")]
wishes = [("，我要退款", "refund"), ("，推荐大家买", "praise"), ("", "other")]
rows, words = [], []
for i in range(240):
    thing, aspect = things[i % 3]
    said, mood, emotion = moods[i // 3 % 2]
    wish, intent = wishes[i // 6 % 3]
    rows.append(("%s%s%s%s" % (random.choice(["", "这家", "店里"]), thing, said, wish), mood, emotion, aspect + ":" + mood, intent))
    words.append((" ".join(thing + said), "B-KEY I-KEY O O"))
with open("texts.tsv", "w") as out:
    out.write("text\tsentiment\temotion\taspects\tintent\n" + "".join("\t".join(r) + "\n" for r in rows))
with open("words.tsv", "w") as out:
    out.write("words\ttags\n" + "".join("%s\t%s\n" % w for w in words))
def task(name, kind):
    return {"name": name, "kind": kind, "data": "texts.tsv", "text": "text", "label": name, "bidirectional": True, "mean": True}
json.dump({"sizes": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}, "epochs": 10,
           "rate": 0.005, "batch_tokens": 256, "seed": 3, "tasks": [
    task("sentiment", "label"), task("emotion", "label"), task("aspects", "labels"), task("intent", "labels"),
    {"name": "keywords", "kind": "tag", "data": "words.tsv", "text": "words", "label": "tags", "bidirectional": True}]}, open("all.json", "w"))
P
huaxiang train multitask all.json --out all >trained 2>said || cat said
mkdir -p share/models/huaxiang-small
for file in "$share"/*; do [ "${file##*/}" = models ] || ln -s "$file" share/; done
ln -s "$share"/models/huaxiang-learn share/models/
export HX_SHARE=$PWD/share
huaxiang evaluate sentiment --data texts.tsv --text text --label sentiment --engine all 2>&1 >engines | grep -c 'left out'
huaxiang convert all --to gguf --out share/models/huaxiang-small/model.gguf
python3 - <<'P'
import itertools
lines = ["这家%s%s%s" % t for t in itertools.product(["味道", "物流", "价格", "包装"], ["很好", "太差"], ["", "，我要退款", "，推荐大家买"])]
lines += ["价格很好，物流太差", "The soup was lovely", "！！！", "😀", "味道" * 200]
open("new.txt", "w").write("\n".join(lines) + "\n")
P
echo "--- one text"
huaxiang annotate new.txt --head 1 | python3 -c '
import json, sys
r = json.loads(sys.stdin.readline())
print(r["engine"], r["sentiment"]["label"], r["emotion"]["label"], r["intent"]["label"], [(a["id"], a["sentiment"]) for a in r["aspects"]], [k["text"] for k in r["keywords"]])'
echo "--- alone, among others, by threads"
for what in annotate sentiment intent aspects keywords emotions; do
  huaxiang $what new.txt -q >many
  tail -n 5 new.txt | while IFS= read -r line; do printf '%s\n' "$line" | huaxiang $what -q; done | cmp - <(tail -n 5 many)
  huaxiang $what new.txt --threads 1 -q | cmp - many
  tac new.txt | huaxiang $what -q | tac | cmp - many && echo "$what: $(wc -l <many) the same"
done
echo "--- the single commands say what annotate says"
huaxiang annotate new.txt -q >all.jsonl
for what in sentiment intent keywords aspects emotion; do
  case $what in emotion) command=emotions ;; *) command=$what ;; esac
  huaxiang $command new.txt -q | python3 -c '
import json, sys
name = sys.argv[1]
same = [json.loads(a)[name] == json.loads(b)[name] for a, b in zip(sys.stdin, open("all.jsonl"))]
print(name, sum(same), "of", len(same))' $what
done
python3 - <<'P'
import json
for line in open("all.jsonl"):
    r = json.loads(line)
    text = r["text"].encode()
    for k in r["keywords"]:
        assert text[k["start"]:k["end"]].decode().lower() == k["text"], k
    for a in r["aspects"]:
        text[a["start"]:a["end"]].decode()
        assert a["start"] < a["end"] <= len(text) and a["id"], a
print("spans are verbatim")
P
echo "--- engines side by side"
for what in sentiment intent; do
  huaxiang evaluate $what --data texts.tsv --text text --label $what --engine all -q | python3 -c 'import json, sys; print([(r["engine"], r["model"], r["n"]) for r in map(json.loads, sys.stdin)])'
done
huaxiang evaluate emotions --data texts.tsv --text text --label emotion --engine all -q | python3 -c 'import json, sys; print([(r["engine"], r["n"]) for r in map(json.loads, sys.stdin)])'
printf 'text,keywords\n味道很好,味道\n物流太差,物流\n' >chosen.csv
huaxiang evaluate keywords --data chosen.csv --engine all -q | python3 -c 'import json, sys; print([(r["engine"], r["method"], r["n"]) for r in map(json.loads, sys.stdin)])'
echo "--- receipts"
printf 'customer,time,comment\nu1,2026-01-01,这家味道很好，推荐大家买\nu2,2026-01-02,物流太差，我要退款\nu3,2026-01-03,\n' >said.csv
huaxiang profile said.csv --store s.db -q | python3 -c 'import json, sys; print(json.load(sys.stdin)["texts"])'
event=$(huaxiang timeline u1 --store s.db | python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["event"])')
huaxiang why u1 "label:$event/sentiment" --store s.db -q >receipt.json
python3 -c '
import hashlib, json
r = json.load(open("receipt.json"))
print(r["engine"], r["kernels"], r["weights"] == hashlib.sha256(open("share/models/huaxiang-small/model.gguf", "rb").read()).hexdigest())'
huaxiang verify receipt.json --store s.db --format table
HUAXIANG_KERNELS=avx2 huaxiang verify receipt.json --store s.db --format table | sed -E 's/[0-9a-f]{16}/HASH/g; s/are avx2/are OTHERS/'
mv share/models/huaxiang-small hidden
huaxiang verify receipt.json --store s.db --format table
mv hidden share/models/huaxiang-small
echo "--- corrections of single texts"
huaxiang sentiment -q <<<'这家味道很好' | grep -o '"label":"[a-z]*"'
huaxiang teach add '这家味道很好' negative --memory taught.jsonl -q >/dev/null
huaxiang sentiment -q --memory taught.jsonl <<<'这家味道很好' | grep -o '"label":"[a-z]*"'
huaxiang annotate -q --memory taught.jsonl <<<'这家味道很好' | python3 -c 'import json, sys; print(json.load(sys.stdin)["sentiment"]["label"])'
huaxiang teach undo 1 --memory taught.jsonl -q >/dev/null
huaxiang sentiment -q --memory taught.jsonl <<<'这家味道很好' | grep -o '"label":"[a-z]*"'
true
echo "--- training that goes on from the file keeps its heads"
python3 - <<'P'
import json
c = json.load(open("all.json"))
del c["sizes"], c["epochs"]
c.update(model="share/models/huaxiang-small/model.gguf", steps=1, rate=1e-8, tasks=c["tasks"][:2])
json.dump(c, open("more.json", "w"))
P
huaxiang train multitask more.json --out more >trained 2>said || cat said
huaxiang evaluate classify --data texts.tsv --text text --label sentiment --model more --task sentiment -q | python3 -c 'import json, sys; print(json.load(sys.stdin)["accuracy"] > 0.95)'
