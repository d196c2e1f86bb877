"""Training beside PyTorch: pre-training of a tiny LLaMA; sequence classification with SmolLM2-135M, LoRA and full, padded and packed

    HX_PEER_PYTHON=python-with-peers script/bench train [ROW...] [--rounds 5] [--steps 3] [--json FILE]

Rows: tiny lora lora-packed full full-packed (all by default). Each contestant is a process that loads first and then runs when asked, in
turns; the medians of tokens per second are compared, and the peak memory of the processes. Both run AdamW with clipping, on the same batches.
lora and full: 16 texts of exactly 32 tokens; packed: 16 texts of the real lengths of sst2's (HX_SHARED_DATA), which ours runs without padding
and PyTorch padded to the longest of the batch; tokens are those of the texts. LoRA: rank 8 on q and v, ours over the weights as the GGUF file
stores them, PyTorch's over F32.
"""
import argparse
import csv
import glob
import json
import os
import random
import statistics

import alternate
from llama import MODELS, Worker

THREADS = 2
ROWS = ["tiny", "lora", "lora-packed", "full", "full-packed"]


def model_path():
    folder = os.environ.get("HX_MODEL_DIR", os.path.expanduser("~/.cache/huaxiang/models"))
    return os.path.realpath(os.path.join(folder, MODELS["smollm2"]))


def texts():
    """Sentences of 20 to 200 characters, whatever the set's files are called."""
    out = []
    for path in sorted(glob.glob(os.path.join(alternate.shared_data(), "sst2", "*.tsv"))):
        with open(path, encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                text = max((v for v in row.values() if v), key=len)
                out.append(text)
    return out


def write(path, batches):
    with open(path, "w", encoding="ascii") as file:
        for batch in batches:
            file.write(json.dumps(batch) + "\n")
    return path


def packed_batches(folder, steps):
    """Batches of real texts whose mean length is near 32 tokens; texts shorter than 12 tokens are left out."""
    chosen = os.path.join(folder, "train-texts.txt")
    ids = os.path.join(folder, "train-ids.jsonl")
    random.seed(1)
    with open(chosen, "w", encoding="utf-8") as file:
        for text in random.sample(texts(), 3000):
            file.write(text.replace("\n", " ") + "\n")
    task = {"work": "tokens", "model": model_path(), "texts": chosen, "ids": ids}
    Worker([alternate.peer_python(), "bench/peer_train.py", json.dumps(task)]).close()
    with open(ids, encoding="ascii") as file:
        lists = [json.loads(line) for line in file]
    lists = [one for one in lists if len(one) >= 12]
    return write(os.path.join(folder, "train-packed.jsonl"), [lists[i * 16:i * 16 + 16] for i in range(steps)])


def equal_batches(folder, name, steps, texts_, length, vocabulary):
    random.seed(2)
    return write(os.path.join(folder, f"train-{name}.jsonl"),
                 [[[random.randrange(3, vocabulary) for _ in range(length)] for _ in range(texts_)] for _ in range(steps)])


def contestants(row, program, batches, steps):
    work = "pretrain" if row == "tiny" else "classify"
    rank = 8 if row.startswith("lora") else 0
    ours = [program, work, batches, f"steps={steps}", f"threads={THREADS}", f"rank={rank}", f"model={model_path()}"]
    task = {"work": work, "batches": batches, "steps": steps, "threads": THREADS, "rank": rank, "model": model_path()}
    return {"ours": ours, "PyTorch": [alternate.peer_python(), "bench/peer_train.py", json.dumps(task)]}


def measure(row, commands, rounds):
    workers = {name: Worker(command) for name, command in commands.items()}
    rates = {name: [] for name in workers}
    cpu = {name: [] for name in workers}
    for number in range(rounds + 1):
        for name, one in workers.items():
            result = one.say("run")
            if number:  # the first warms up
                rates[name].append(result["tokens"] / result["seconds"])
                cpu[name].append(result["tokens"] / result["cpu"])
    peaks = {name: one.close() for name, one in workers.items()}
    ratios = sorted(a / b for a, b in zip(rates["ours"], rates["PyTorch"]))
    result = {"row": row, "ratio": statistics.median(ratios), "memory": peaks["ours"] / peaks["PyTorch"],
              "cpu_ratio": statistics.median(a / b for a, b in zip(cpu["ours"], cpu["PyTorch"])), "load": os.getloadavg()[0]}
    for name in workers:
        result[name] = {"tokens_per_second": statistics.median(rates[name]), "peak_mb": peaks[name]}
    print(f"{row:12} ours {result['ours']['tokens_per_second']:9.1f} tokens/s {peaks['ours']:7.0f} MB   "
          f"PyTorch {result['PyTorch']['tokens_per_second']:9.1f} tokens/s {peaks['PyTorch']:7.0f} MB   "
          f"{result['ratio']:.2f}x ({ratios[0]:.2f}-{ratios[-1]:.2f}), by processor time {result['cpu_ratio']:.2f}x, memory {result['memory']:.2f}x, load {result['load']:.1f}",
          flush=True)
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--json")
    args = parser.parse_args()
    program = os.path.join(alternate.build("bench_train_run"), "bench", "bench_train_run")
    folder = alternate.bench_dir()
    results = []
    for row in args.rows or ROWS:
        if row == "tiny":
            batches = equal_batches(folder, "tiny", args.steps, 32, 128, 8192)
        elif row.endswith("packed"):
            batches = packed_batches(folder, args.steps)
        else:
            batches = equal_batches(folder, "equal", args.steps, 16, 32, 49000)
        results.append(measure(row, contestants(row, program, batches, args.steps), args.rounds))
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


main()
