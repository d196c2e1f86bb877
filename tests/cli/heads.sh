# Heads of a small training of many tasks: what classify, tag and evaluate make of them, from the run and from a GGUF file. Numbers are left out.
export HUAXIANG_KERNELS=scalar
numbers() { sed -E 's/[0-9]+\.[0-9]+(e-?[0-9]+)?/N/g'; }
python3 - <<'P'
import json, random
random.seed(5)
rows = []
for i in range(160):
    food, good = i % 2 == 0, i % 4 < 2
    words = ["soup" if food else "van", "lovely" if good else "awful"] + random.sample(["the", "a", "was", "it", "so"], 3)
    random.shuffle(words)
    rows.append((" ".join(words), "food|any" if food else "ship", 5 if good else 1, "good" if good else "bad"))
open("texts.csv", "w").write("text,topics,stars,mood\n" + "".join("%s,%s,%d,%s\n" % r for r in rows))
with open("words.csv", "w") as out:
    out.write("words,tags\n")
    for i in range(160):
        name, verb = ("Anna", "Bob")[i % 2], ("sees", "hears")[i // 2 % 2]
        out.write("%s %s New York,B-PER O B-LOC I-LOC\n" % (name, verb))
task = lambda name, kind, **more: dict({"name": name, "kind": kind, "data": "texts.csv", "text": "text", "label": name}, **more)
words = {"data": "words.csv", "text": "words", "label": "tags"}
json.dump({"sizes": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}, "epochs": 12,
           "rate": 0.005, "batch_tokens": 256, "tasks": [
    task("topics", "labels", mean=True, bidirectional=True), task("stars", "number", mean=True),
    task("mood", "label", mean=True, hidden=16, tap=1), task("places", "crf", bidirectional=True, **words),
    task("pieces", "segment", **words)]}, open("all.json", "w"))
P
huaxiang train multitask all.json --out all >trained 2>said || cat said
tail -n 1 trained | cut -c 1-12
huaxiang convert all --to gguf --out all.gguf
printf 'text\nthe soup was lovely\nit was a awful van\n' >new.csv
for model in all all.gguf; do
  echo "--- $model"
  huaxiang classify new.csv --model $model | numbers
  huaxiang classify new.csv --model $model --task mood,topics --format csv | numbers
  huaxiang tag words.csv --text words --model $model --head 1 --task places | numbers
  huaxiang tag words.csv --text words --model $model --head 1 --task pieces --words | numbers
done
echo "--- how good"
huaxiang evaluate classify --data texts.csv --text text --label topics --model all --task topics | sed -E 's/"micro_f1":0\.9[0-9]*|"micro_f1":1/"micro_f1":GOOD/; s/,"macro.*//'
huaxiang evaluate tag --data words.csv --text words --label tags --model all --task places | sed -E 's/,"texts_per_second.*//'
echo "--- in profiles"
printf 'customer,time,comment\nu1,2026-01-01,the soup was lovely\nu2,2026-01-02,it was a awful van\n' >said.csv
for task in topics stars mood; do
  huaxiang profile said.csv --model all --task $task --store $task.db -q >summary
  huaxiang show u1 --store $task.db | python3 -c 'import json, sys; print([(k, v["value"] if v["type"] == "text" else v["type"], v["texts"]) for k, v in sorted(json.load(sys.stdin)["traits"].items())])'
done
huaxiang segment show 'label.all.topics.food(yes)>=50%' --store topics.db | grep -o '"size":[0-9]*'
huaxiang segment show 'label.all.stars>3' --store stars.db | grep -o '"size":[0-9]*'
huaxiang why u1 trait:label.all.stars --store stars.db >receipt.json
huaxiang verify receipt.json --store stars.db --model all --task stars --format table -q
echo "--- what is refused"
huaxiang evaluate tag --data words.csv --model all
huaxiang evaluate tag --data words.csv --model all --task mood
huaxiang evaluate tag --data words.csv
huaxiang classify new.csv --model all --task places
huaxiang classify new.csv --model all --task nothing
huaxiang tag words.csv --text words --model all --task mood
huaxiang tag words.csv --text words --model all --task places,pieces
huaxiang profile said.csv --model all --task places --store no.db
huaxiang classify new.csv --model all --text2 text
true
