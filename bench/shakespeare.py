"""A small language model learnt from nothing on plays, beside an n-gram model with modified Kneser-Ney smoothing (bench/ngram.py) on the same text.

The plays are the documents of lm_en whose lines are speeches (tiny Shakespeare, 1 MB): every tenth scene is the test, every twentieth validation.
Both are asked the same: each piece of each scene of the test, and its end. The n-gram model has 5 pieces, and for comparison 5 and more
bytes; it reads a scene from its beginning, ours is cut into parts of 256 pieces that know nothing of each other.

    python3 bench/shakespeare.py [--epochs 12] [--program huaxiang] [--out FOLDER]        a run that is there already is resumed

Goal: a lower perplexity than that of the 5-gram model.
"""
import argparse
import json
import math
import os
import re
import subprocess
import sys
import time

import alternate
import ngram

SPEAKER = re.compile(r"^[A-Z][A-Za-z ]{1,30}:$", re.M)
BYTE_ORDERS = (5, 7)


def scenes():
    packed = f"{alternate.shared_data()}/lm_en/train.txt.zst"
    text = subprocess.run(["zstd", "-dcq", packed], stdout=subprocess.PIPE, check=True).stdout.decode()
    return [d for d in text.split("\n\n") if SPEAKER.match(d) and len(SPEAKER.findall(d)) > 1 and not re.search(r"^\d", d, re.M)]


def parts():
    every = scenes()
    return {"train": [d for i, d in enumerate(every) if i % 20 != 0 and i % 10 != 5], "dev": every[0::20], "test": every[5::10]}


def write(folder, texts):
    for name, documents in texts.items():
        with open(f"{folder}/{name}.txt", "w", encoding="utf-8") as file:
            file.write("\n\n".join(documents) + "\n")
        with open(f"{folder}/{name}.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps({"text": d}) + "\n" for d in documents)
        print(f"{name}: {len(documents)} scenes, {sum(len(d.encode()) for d in documents):,} bytes")


def train(a, folder):
    run = f"{folder}/run"
    tokenizer = f"{folder}/tokenizer.model"
    resume = ["--resume"] if os.path.exists(run) else []
    subprocess.run([a.program, "train", "tokenizer", "--data", f"{folder}/train.txt", "--vocab", str(a.vocab), "--out", tokenizer, "--quiet"],
                   check=True)
    began = time.monotonic()
    subprocess.run(["nice", "-n", str(a.nice), a.program, "train", "pretrain", "--data", f"{folder}/train.txt", "--validation",
                    f"{folder}/dev.txt", "--test", f"{folder}/test.txt", "--tokenizer", tokenizer, "--layers", "4", "--width", "192",
                    "--heads", "3", "--length", "256", "--batch-tokens", "2048", "--epochs", str(a.epochs), "--optimizer", "muon",
                    "--rate", "0.002", "--weight-decay", "0.1", "--schedule", "cosine", "--dropout", str(a.dropout), "--threads",
                    str(a.threads), "--out", run, "--quiet", *resume], check=True, stdout=sys.stderr)
    if not resume:
        print(f"trained in {(time.monotonic() - began) / 60:.1f} minutes, {a.threads} threads")
    return run


def ids_of(a, run, path):
    out = subprocess.run([a.program, "tokenize", path, "--text", "text", "--model", run, "--quiet"], check=True, stdout=subprocess.PIPE).stdout
    return [json.loads(line)["input_ids"] for line in out.splitlines()]


def report(name, nats, n, n_bytes):
    print(f"{name:44} {math.exp(nats / n):8.2f} a token, {nats / math.log(2) / n_bytes:.4f} bits a byte", flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--program")
    p.add_argument("--out", default=os.path.join(alternate.bench_dir(), "shakespeare"))
    p.add_argument("--epochs", type=int, default=12)
    p.add_argument("--vocab", type=int, default=1024)
    p.add_argument("--dropout", type=float, default=0.15)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--nice", type=int, default=0)
    a = p.parse_args()
    if not os.path.exists(f"{alternate.shared_data()}/lm_en/train.txt.zst"):
        print("skipped: no lm_en under HX_SHARED_DATA")
        return
    a.program = a.program or f"{alternate.build('huaxiang')}/huaxiang"
    os.makedirs(a.out, exist_ok=True)
    texts = parts()
    write(a.out, texts)
    n_bytes = sum(len(d.encode()) + 1 for d in texts["test"])  # the end of a scene is one thing more to foretell
    run = train(a, a.out)
    end = [a.vocab]  # no piece has this number: the end of a scene
    learnt, asked = ([ids + end for ids in ids_of(a, run, f"{a.out}/{name}.jsonl")] for name in ("train", "test"))
    n = sum(map(len, asked))
    with open(f"{run}/metrics.json", encoding="utf-8") as file:
        ours = next(iter(json.load(file)["test"]["tasks"].values()))
    if ours["tokens"] != n:
        sys.exit(f"ours was asked {ours['tokens']} tokens, the n-gram model {n}")
    report(f"huaxiang, {a.vocab} pieces", ours["loss"] * n, n, n_bytes)
    report("5 pieces, modified Kneser-Ney", ngram.KneserNey(learnt, 5, a.vocab + 1).nats(asked), n, n_bytes)
    for order in BYTE_ORDERS:
        learnt, asked = ([list(d.encode()) + [256] for d in texts[name]] for name in ("train", "test"))
        report(f"{order} bytes, modified Kneser-Ney", ngram.KneserNey(learnt, order, 257).nats(asked), n_bytes, n_bytes)


if __name__ == "__main__":
    main()
