"""Fine-tuning of a real model on a real task, as a user does it: SmolLM2-135M on sst2, then the exported folder in transformers.

Each sentence stands in a question whose next word would be the answer: the last token's vector then knows it before any training (a logistic
regression on it gets 88 % of dev right, 78 without the question).

Says the accuracy on dev (which also chooses the best epoch) and, once, on test, with its 95 % interval; minutes and the peak memory; and how
many texts of dev and test get the same label from `transformers` with RUN/best.

    python3 bench/sst2.py [--model smollm2-135m] [--out RUN] [--plain] [-- OPTIONS OF TRAIN CLASSIFY]   a run that is there is only evaluated; --plain: no question

transformers and torch come from HX_PEER_PYTHON, sst2 from HX_SHARED_DATA. Goal: at least 91 on dev, no other label.
"""
import argparse
import csv
import json
import os
import subprocess
import sys

import alternate

# The embedding and the lowest blocks stay as they are: a quarter less time, 2.6 GB instead of 4.2.
FROZEN = {"freeze_layers": 8}  # and the embedding
USUAL = ["--epochs", "2", "--batch", "32", "--rate", "7e-5", "--warmup", "20", "--layer-rate", "0.93", "--evaluate-every", "49"]
QUESTION = 'Is this movie review positive or negative?\nReview: "{}"\nAnswer: The sentiment of this movie review is'

PEER = r'''
import json, sys, torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
folder, path = sys.argv[1:]
model = AutoModelForSequenceClassification.from_pretrained(folder, torch_dtype=torch.float32).eval()
tokenizer = AutoTokenizer.from_pretrained(folder)
torch.set_num_threads(2)
rows = [json.loads(line) for line in open(path, encoding='utf-8')]
with torch.no_grad():
    for row in rows:
        logits = model(**tokenizer(row['text'], return_tensors='pt')).logits[0]
        print(json.dumps({'label': model.config.id2label[int(logits.argmax())], 'probabilities': logits.softmax(0).tolist()}))
'''


def lines_of(command):
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return [json.loads(line) for line in out.splitlines() if line.startswith(b"{")]


def write_texts(data, folder, template):
    """sst2's parts as JSON Lines in `folder`, each sentence in the template."""
    os.makedirs(folder, exist_ok=True)
    for part in ("train", "dev", "test"):
        with open(f"{data}/{part}.tsv", encoding="utf-8", newline="") as file, open(f"{folder}/{part}.jsonl", "w", encoding="utf-8") as out:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                print(json.dumps({"label": row["label"], "text": template.format(row["text"])}), file=out)


def train(program, data, a):
    options = a.options
    if not options:
        with open(f"{a.out}.json", "w", encoding="utf-8") as file:
            json.dump(FROZEN, file)
        options = ["--config", f"{a.out}.json", *USUAL]
    command = [program, "train", "classify", f"{data}/train.jsonl", "--text", "text", "--label", "label", "--validation", f"{data}/dev.jsonl", "--test",
               f"{data}/test.jsonl", "--model", a.model, "--pooling", "last", "--schedule", "linear", "--out", a.out, *options]
    print(" ".join(command))
    seconds, megabytes = alternate.run(command)
    print(f"{seconds / 60:.1f} minutes, {megabytes:.0f} MB at most")


def figures(run):
    with open(f"{run}/metrics.json", encoding="utf-8") as file:
        metrics = json.load(file)
    for part in ("validation", "test"):
        task = next(iter(metrics[part]["tasks"].values()))
        half = 1.96 * (task["accuracy"] * (1 - task["accuracy"]) / task["n"]) ** 0.5
        print(f"{part}: accuracy {100 * task['accuracy']:.2f} of {task['n']} texts (95 %: +- {100 * half:.1f}), macro F1 "
              f"{100 * task.get('macro_f1', task['f1']):.2f}")


def compare(program, data, run, part):
    path = f"{data}/{part}.jsonl"
    ours = lines_of([program, "classify", path, "--text", "text", "--model", f"{run}/best", "--precision", "exact", "--quiet"])
    theirs = lines_of([alternate.peer_python(), "-c", PEER, f"{run}/best", path])
    with open(path, encoding="utf-8") as file:
        labels = [json.loads(line)["label"] for line in file]
    if not len(ours) == len(theirs) == len(labels):
        sys.exit(f"{path}: {len(labels)} rows, {len(ours)} of ours, {len(theirs)} of transformers")
    same = sum(a["label"] == b["label"] for a, b in zip(ours, theirs))
    right = [sum(r["label"] == label for r, label in zip(rows, labels)) for rows in (ours, theirs)]
    print(f"{part}: {same} of {len(ours)} labels are the same in transformers; right: {right[0]} and {right[1]}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--program")
    p.add_argument("--model", default="smollm2-135m")
    p.add_argument("--out", default=os.path.join(alternate.bench_dir(), "sst2"))
    p.add_argument("--plain", action="store_true", help="sentences as they are")
    p.add_argument("options", nargs="*", metavar="OPTION", help="of train classify, behind --")
    a = p.parse_args()
    data = f"{alternate.shared_data()}/sst2"
    if not os.path.exists(f"{data}/train.tsv"):
        print("skipped: no sst2 under HX_SHARED_DATA")
        return
    write_texts(data, f"{a.out}.texts", "{}" if a.plain else QUESTION)
    data = f"{a.out}.texts"
    program = a.program or f"{alternate.build('huaxiang')}/huaxiang"
    if not os.path.exists(f"{a.out}/metrics.json"):
        train(program, data, a)
    figures(a.out)
    if not alternate.peer_has("transformers"):
        print("skipped: HX_PEER_PYTHON has no transformers")
        return
    for part in ("dev", "test"):
        compare(program, data, a.out, part)


if __name__ == "__main__":
    main()
