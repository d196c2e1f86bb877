"""Annotation by the engine llama: all tasks, sentiment alone, beside the bare forward pass and encoders of transformers, in turns."""
import argparse
import gzip
import json
import os
import statistics

import alternate


def reviews(path, n):
    """Texts of online_shopping, in the order of the files."""
    folder = os.path.join(alternate.shared_data(), "online_shopping")
    texts = []
    for name in ("dev.tsv", "train.tsv.gz"):
        opener = gzip.open if name.endswith(".gz") else open
        with opener(os.path.join(folder, name), "rt", encoding="utf-8") as file:
            next(file)
            texts += [line.rstrip("\n").split("\t")[2] for line in file]
    texts = [text for text in texts if text.strip()][:n]
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(text + "\n" for text in texts)
    return len(texts)


def contestants(options, build, texts):
    ours = [os.path.join(build, "bench", "bench_text_small"), os.path.join(build, "..", "share", "huaxiang"), options.model, texts]
    workers = {name: alternate.Worker([*ours, name, str(options.threads)]) for name in ("annotate", "sentiment", "forward")}
    if alternate.peer_has("transformers") and not options.no_peers:
        script = os.path.join(alternate.ROOT, "bench", "peer_bert.py")
        for work, head in (("base", options.peer_head), ("small", options.peer_head * 4)):
            task = {"work": work, "texts": texts, "threads": options.threads, "batch": 32, "head": head}
            workers["BERT " + work] = alternate.Worker([alternate.peer_python(), script, json.dumps(task)])
    return workers


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="-", help="a model with the heads; '-' = the one installed")
    parser.add_argument("--texts", type=int, default=4096)
    parser.add_argument("--peer-head", type=int, default=256, help="texts that the larger peer reads in a round; the smaller one reads four times as many")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    build = alternate.build("bench_text_small", "hx_data")
    texts = os.path.join(alternate.bench_dir(), "reviews.txt")
    n = reviews(texts, options.texts)
    workers = contestants(options, build, texts)
    rates = {name: [] for name in workers}
    tokens = 0
    for number in range(options.rounds + 1):  # the first one warms up
        for name, worker in workers.items():
            said = worker.run()
            if name == "forward":
                tokens = said["tokens"]
            if number > 0:
                rates[name].append(said["texts"] / said["seconds"])
    print(f"{n} reviews, {tokens / n:.1f} tokens each, {options.threads} threads, median of {options.rounds}")
    middle = {name: statistics.median(values) for name, values in rates.items()}
    for name, worker in workers.items():
        print(f"  {name:12} {middle[name]:8.0f} reviews/s   peak {worker.close():6.0f} MB   annotate is {middle['annotate'] / middle[name]:6.2f} times that")
    # The share of each round: the machine may be slower in one of them.
    for name in ("annotate", "sentiment"):
        shares = [a / b for a, b in zip(rates[name], rates["forward"], strict=True)]
        print(f"  {name}: {100 * statistics.median(shares):.1f} % of the bare forward rate")


main()
