# Labels of a model in profiles: by a language model with a head and by a learner's file; traits, segments, receipts, refusals.
try() { "$@"; echo "exit $?"; }
golden=${0%/*}/../golden/llama
cp "$golden/gguf_classes.gguf" topic.gguf
echo '--- a language model, any number of threads'
for n in 1 2 5; do huaxiang profile samples/comments.csv samples/shop/reviews.csv --model topic.gguf --store llama$n.db --threads $n -q > summary$n; done
for n in 2 5; do
    cmp <(huaxiang export profiles --store llama1.db --out -) <(huaxiang export profiles --store llama$n.db --out -) && echo same profiles
    cmp <(huaxiang timeline C00325 --store llama1.db) <(huaxiang timeline C00325 --store llama$n.db) && echo same texts
done
huaxiang timeline C00325 --store llama1.db > events
huaxiang classify <(python3 -c '
import json
print("text")
for line in open("events"):
    text = json.loads(line).get("text")
    if text: print("\"" + text.replace("\"", "\"\"") + "\"")') --model topic.gguf -q | python3 -c '
import json, sys
said = [json.loads(line)["label"] for line in sys.stdin]
print(len(said) > 0, said == [json.loads(line)["model_label"]["label"] for line in open("events") if "model_label" in json.loads(line)])'
huaxiang why C00325 trait:label.topic --store llama1.db > receipt.json
python3 -c 'import json; r = json.load(open("receipt.json")); print(r["engine"], len(r["model"]), sorted(r["value"]), r["total"] == len(r["inputs"]))'
sha256sum topic.gguf | cut -d " " -f 1 | xargs -I SUM grep -c SUM receipt.json
huaxiang verify receipt.json --store llama1.db --format table
huaxiang verify receipt.json --store llama1.db --model topic.gguf --format table -q
HUAXIANG_KERNELS=scalar huaxiang verify receipt.json --store llama1.db --model topic.gguf --format json -q | python3 -c 'import json, sys; print(json.load(sys.stdin)["labels"])'
cp "$golden/gguf_classes.gguf" other.gguf; printf x >> other.gguf
huaxiang verify receipt.json --store llama1.db --model other.gguf --format table -q | sed -E 's/[0-9a-f]{64}/SUM/g'
echo '--- a learner, a comparison'
printf 'customer,time,comment,label\n' > train.csv
for i in $(seq 1 40); do printf 'u%d,2026-01-%02d,great good fine %d,happy\nu%d,2026-02-%02d,bad awful poor %d,cross\n' $((i % 4)) $((1 + i % 28)) $i $((i % 3)) $((1 + i % 28)) $i; done >> train.csv
huaxiang train compare train.csv --text comment --label label --learner nb --out mood -q > /dev/null
huaxiang profile train.csv --model mood --store mood.db --format table | head -17
huaxiang show u0 --store mood.db --format table | sed -n '/Traits/,/^$/p'
huaxiang show u3 --lang zh --store mood.db --format table | sed -n '/资料/,/^$/p'
huaxiang timeline u3 --head 1 --store mood.db --format table | sed -E 's/[0-9a-f]{16}/ID/'
huaxiang segment list --store mood.db --format csv | tail -2
for rule in label.mood=happy 'label.mood(cross)>=13' 'label.mood( cross ) >= 60%' 'label.mood(cross)>=0'; do
    try huaxiang segment show "$rule" --store mood.db --format json | sed -E 's/,"as_of.*"members"/ "members"/; s/"rfm".*//'
done
huaxiang why u3 'segment:label.mood(cross)>=1' --store mood.db --format table | sed -n '1,6p;/model/p;/kernels/p' | sed -E 's/[0-9a-f]{64}/SUM/'
huaxiang why u3 segment:label.mood=happy --store mood.db --lang zh --format table | head -2
huaxiang segment define --label mood --store mood.db --format csv | cut -d, -f1,3,5
huaxiang segment list --store mood.db --format csv | grep label.mood= | cut -d, -f1,3
huaxiang export profiles --store mood.db --out - | head -2 | cut -d , -f 2,30-
huaxiang profile --store mood.db --report mood.html -q > /dev/null
grep -o '"model_labels":[^]]*]' mood.html
echo '--- without a model, and refused'
huaxiang profile train.csv --store plain.db -q | grep -c label.mood
try huaxiang why u3 trait:label.mood --store plain.db
cp "$golden/gguf_chat.gguf" causal.gguf
try huaxiang profile train.csv --model causal.gguf --store no.db -q
try huaxiang profile train.csv --model nowhere --store no.db
try huaxiang profile train.csv --engine rules --model mood --store no.db
[ -e no.db ] || echo no store
echo '--- rows that were there before keep their labels'
cp topic.gguf again.gguf
huaxiang profile train.csv --model again.gguf --store mood.db > /dev/null
huaxiang profile train.csv --model mood --store mood.db > /dev/null
