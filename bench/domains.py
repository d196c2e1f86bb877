"""Sentiment from one trade to another: accuracy by where a model learnt and what it reads, with 0, 50 and 500 labelled texts of the new trade

    script/bench domains --work FOLDER [--part dev|test] [--seeds 3] [--labels 0,50,500]

FOLDER holds sentiment.tsv and sentiment.dev.tsv of tools/train/learn/prepare. For each trade the engine learn is learnt anew from that trade's rows alone
(learned_fit); labels of another trade are drawn from its training part and given to `train classify --model learn`; then its dev or test part is
read. Settings are chosen with --part dev; --part test is for the last run. Prints a table in Markdown, the mean of the seeds.
"""
import argparse
import collections
import gzip
import json
import os
import random
import subprocess
import sys

import alternate

TRADES = {"hotel": ("zh", "chnsenticorp", ["chnsenticorp"]), "goods": ("zh", "online_shopping", ["online_shopping"]),
          "food": ("zh", "waimai_10k", ["waimai_10k"]), "film (en)": ("en", "imdb", ["imdb", "sst2"]),
          "clothes (en)": ("en", "clothing_reviews", ["clothing_reviews"])}


def rows_of(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **more)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.decode()}")
    return done.stdout.decode()


def share_of(folder, share, name):
    """A data folder like `share` with a model of its own; returns it and where that model goes."""
    mine = os.path.join(folder, "share-" + "".join(c for c in name if c.isalnum()))
    os.makedirs(os.path.join(mine, "models", "huaxiang-learn"), exist_ok=True)
    for entry in os.listdir(share):
        link = os.path.join(mine, entry)
        if entry != "models" and not os.path.lexists(link):
            os.symlink(os.path.join(os.path.abspath(share), entry), link)
    return mine, os.path.join(mine, "models", "huaxiang-learn", "learn.hxd")


def learn(options, name, sets):
    mine, model = share_of(options.work, options.share, name)
    if os.path.exists(model):
        return mine
    for part in ("", ".dev"):
        with open(f"{model}{part}.tsv", "w", encoding="utf-8") as file:
            file.writelines("\t".join(row) + "\n" for row in rows_of(f"{options.work}/sentiment{part}.tsv") if row[3] in sets)
    run([options.fit, options.share, model + ".tsv", model + ".dev.tsv", model])
    return mine


def labelled(options, trade, n, seed):
    """n rows of a trade's training part, drawn by the seed, as a file."""
    path = os.path.join(options.work, f"few-{TRADES[trade][1]}-{n}-{seed}.tsv")
    rows = [row for row in rows_of(f"{options.work}/sentiment.tsv") if row[3] == TRADES[trade][1]]
    random.Random(seed).shuffle(rows)
    with open(path, "w", encoding="utf-8") as file:
        file.write("label\ttext\n")
        file.writelines(f"{row[0]}\t{row[4]}\n" for row in rows[:n])
    return path


def test_rows(name):
    path = os.path.join(alternate.shared_data(), name, "test.tsv")
    packed = not os.path.exists(path)
    with gzip.open(path + ".gz", "rt", encoding="utf-8") if packed else open(path, encoding="utf-8") as file:
        names = next(file).rstrip("\n").split("\t")
        label = names.index("recommended" if "recommended" in names else "label")
        cells = (line.rstrip("\n").split("\t") for line in file)
        return [(row[label], row[names.index("text")]) for row in cells if row[label] in "01"]


def tested(options, trade):
    """The rows that are read, as a file with the columns label and text."""
    path = os.path.join(options.work, f"{options.part}-{TRADES[trade][1]}.tsv")
    if os.path.exists(path):
        return path
    if options.part == "dev":
        rows = [(row[0], row[4]) for row in rows_of(f"{options.work}/sentiment.dev.tsv") if row[3] == TRADES[trade][1]]
    else:
        rows = test_rows(TRADES[trade][1])
    random.Random(1).shuffle(rows)
    rows = rows[:options.most]
    with open(path, "w", encoding="utf-8") as file:
        file.write("label\ttext\n")
        file.writelines(f"{label}\t{text}\n" for label, text in rows)
    return path


def accuracy(options, share, trade, n, seed):
    more = ["--engine", "learn"]
    env = dict(os.environ, HX_SHARE=share)
    if n:
        adapted = os.path.join(options.work, "few.adapt")
        run([options.huaxiang, "train", "classify", "--data", labelled(options, trade, n, seed), "--text", "text", "--label", "label",
             "--model", "learn", "--out", adapted, "--quiet"], env=env)
        more += ["--adapt", adapted]
    out = run([options.huaxiang, "evaluate", "sentiment", "--data", tested(options, trade), "--text", "text", "--label", "label", "--format", "json",
               "--quiet"] + more, env=env)
    record = json.loads(out)
    return 100 * record["accuracy"], 100 * record["ece"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", help="a folder that is built already")
    parser.add_argument("--share", help="the data folder (default: beside that of the build)")
    parser.add_argument("--work", required=True)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--labels", default="0,50,500")
    parser.add_argument("--most", type=int, default=2000, help="rows of a part that are read")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    options.build = options.build or alternate.build("huaxiang", "learned_fit")
    options.share = options.share or os.path.join(options.build, "..", "share", "huaxiang")
    options.huaxiang, options.fit = (os.path.join(options.build, name) for name in ("huaxiang", "learned_fit"))
    counts = [int(n) for n in options.labels.split(",")]
    print(f"| learnt from | labels | {' | '.join(TRADES)} |\n|---|---:|{'---:|' * len(TRADES)}", flush=True)
    errors = collections.defaultdict(list)
    for name, sets in [(name, trade[2]) for name, trade in TRADES.items()]:
        share = learn(options, name, sets)
        for n in counts:
            cells = []
            for trade in TRADES:
                figures = [accuracy(options, share, trade, n, seed) for seed in range(1, 1 + (options.seeds if n else 1))]
                cells.append(f"{sum(f[0] for f in figures) / len(figures):.1f}")
                errors[n] += [f[1] for f in figures]
            print(f"| {name} | {n} | {' | '.join(cells)} |", flush=True)
    for n in counts:
        print(f"ECE with {n} labels, mean of all: {sum(errors[n]) / len(errors[n]):.1f} %")


if __name__ == "__main__":
    main()
