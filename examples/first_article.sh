#!/usr/bin/env bash
# From a file of comments to customers with a label: collect, clean, features, train, evaluate, profile. Every stage is one command and says
# how many rows it had. The model starts from nothing (see --config for its size); its label becomes a trait of each customer, with a receipt.
#
#     examples/first_article.sh [COMMENTS.csv] [FOLDER]      huaxiang on the PATH; FOLDER must not have a run yet
set -euo pipefail
data=${1:-samples/labelled.csv}
out=${2:-first_article}
mkdir -p "$out"
count() { python3 -c 'import csv, sys; print(sum(1 for _ in csv.reader(open(sys.argv[1], newline="", encoding="utf-8-sig"))) - 1)' "$1"; }
pick() { python3 -c "import json, sys; r = json.loads(sys.stdin.read().splitlines()[-1]); $1"; }

cp "$data" "$out/collected.csv"
echo "collect   $(count "$out/collected.csv") rows"

huaxiang clean "$out/collected.csv" --text comment --format csv --quiet > "$out/clean.csv"
echo "clean     $(count "$out/clean.csv") texts"

huaxiang words "$out/collected.csv" --text comment --no-stop --quiet > "$out/words.jsonl"
huaxiang keywords "$out/collected.csv" --text comment --top 5 --quiet > "$out/keywords.jsonl"
python3 - "$out" << 'END'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1] + '/words.jsonl')]
keywords = [json.loads(line) for line in open(sys.argv[1] + '/keywords.jsonl')]
print('features ', sum(len(r['words']) for r in rows), 'words,', sum(len(r['keywords']) for r in keywords), 'keywords of', len(rows), 'texts')
END

huaxiang train classify --data "$out/clean.csv" --text clean --label label --max-length 512 --split 70,15,15 --epochs 3 --seed 1 \
    --out "$out/mood" --quiet > "$out/epochs.jsonl"
python3 - "$out" << 'END'
import csv, json, sys
epochs = [json.loads(line) for line in open(sys.argv[1] + '/epochs.jsonl')]
unseen = [json.loads(line) for line in open(sys.argv[1] + '/mood/predictions.jsonl')]
print('train    ', sum('step' in e for e in epochs), 'epochs; kept apart for the test:', len(unseen), 'texts')
with open(sys.argv[1] + '/unseen.csv', 'w', newline='') as f:
    rows = csv.writer(f)
    rows.writerow(['clean', 'label'])
    rows.writerows([r['text'], r['label']] for r in unseen)
END

huaxiang evaluate classify --data "$out/unseen.csv" --text clean --label label --model "$out/mood" --format json --quiet |
    pick 'print("evaluate ", r["n"], "unseen texts:", "accuracy %.3f, precision %.3f, recall %.3f, F1 %.3f" % (r["accuracy"], r["precision"], r["recall"], r["f1"]))'

huaxiang profile "$out/clean.csv" --text clean --model "$out/mood" --store "$out/customers.db" --quiet |
    pick 'i = r["import"]; print("profile  ", i["accepted"], "events,", i["labelled"], "labelled,", r["customers"], "customers;", ", ".join("%s %d" % (k, v["texts"]) for k, v in sorted(r["labels"]["mood"].items())))'

huaxiang segment show 'label.mood(negative)>=2' --store "$out/customers.db" --head 1 |
    pick 'print("segment  ", r["size"], "customers with two negative texts or more"); open("'"$out"'/who", "w").write(r["members"][0]["ids"]["customer"][0])'
huaxiang why "$(cat "$out/who")" trait:label.mood --store "$out/customers.db" --format json > "$out/receipt.json"
huaxiang verify "$out/receipt.json" --store "$out/customers.db" --model "$out/mood" --format json --quiet |
    pick 'print("receipt  ", "holds," if r["verified"] else "does not hold,", "labels", r["labels"])'
