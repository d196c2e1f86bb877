"""How close the engine is to transformers in F32, and its fast form to its exact one: logits, hidden states, cosines, labels, perplexity

    HX_PEER_PYTHON=python-with-peers python3 bench/llama_exact.py exact|cosine|labels|perplexity [--model smollm2|qwen] [--texts N]

exact       logits and final hidden states of a few texts against transformers: largest difference / largest value (goal 1e-4)
cosine      fast embeddings against exact ones: mean and least cosine, last token and mean
labels      a logistic regression learned on exact embeddings of train texts; how many of the test texts' labels change where their
            embeddings are the fast ones (goal < 0.3 %)
perplexity  ours and llama.cpp's on the same ids in the same chunks, for each file given by --files (goal: within 0.5 %); --text names
            files of prose, --tokens how many tokens of them are read
Runs in the Python of the peers (numpy, scikit-learn); programs and paths as in bench/llama.py.
"""
import argparse
import json
import math
import os
import sys

sys.path.append(sys.path.pop(0))  # profile.py beside this file is not the standard one

import alternate
import llama

CHUNK = 512  # tokens of one window of a perplexity


def rows_of(worker, path, width):
    import numpy
    worker.say(f"save {path}")
    worker.close()
    return numpy.fromfile(path, numpy.float32).reshape(-1, width)


def exact(bench, name):
    import numpy
    texts = bench.texts(name, bench.args.texts or 8)
    ids = bench.ids(name, texts)
    model = bench.model(name)
    for wanted in ("hidden", "logits"):
        theirs_path, ours_path = (os.path.join(bench.folder, f"exact-{who}.f32") for who in ("theirs", "ours"))
        with open(ids, encoding="ascii") as file:
            n = sum(len(json.loads(line)) for line in file)
        worker = bench.peer("torch", model=model, work="states", ids=ids, wanted=wanted)
        worker.say(f"save {theirs_path}")
        worker.close()
        theirs = numpy.fromfile(theirs_path, numpy.float32).reshape(n, -1)
        for precision in ("exact", "fast"):
            ours = rows_of(bench.ours(model, "states", ids=ids, wanted=wanted, precision=precision), ours_path, theirs.shape[1])
            worst = numpy.abs(ours - theirs).max(1) / numpy.abs(theirs).max(1)
            print(f"{name} {wanted} {precision}: {n} tokens, largest difference / largest value of the row: worst {worst.max():.2e}, "
                  f"median {numpy.median(worst):.2e}", flush=True)


def embeddings(bench, name, texts, precision, pool):
    import numpy
    path = os.path.join(bench.folder, f"embeddings-{precision}-{pool}.f32")
    with open(texts, encoding="utf-8") as file:
        n = sum(1 for _ in file)
    worker = bench.ours(bench.model(name), "embed", texts=texts, precision=precision, pool=pool)
    worker.say(f"save {path}")
    worker.close()
    return numpy.fromfile(path, numpy.float32).reshape(n, -1)


def cosine(bench, name):
    import numpy
    texts = bench.texts(name, bench.args.texts or 2000)
    for pool in ("last", "mean"):
        a, b = (embeddings(bench, name, texts, precision, pool) for precision in ("fast", "exact"))
        values = (a * b).sum(1) / numpy.linalg.norm(a, axis=1) / numpy.linalg.norm(b, axis=1)
        print(f"{name} {pool}: {len(values)} texts, cosine mean {values.mean():.5f}, least {values.min():.5f}", flush=True)


def labelled(name, parts, most):
    import gzip
    texts, labels = [], []
    for part in parts:
        path = os.path.join(alternate.shared_data(), name, part + ".tsv")
        opened = open(path, encoding="utf-8") if os.path.exists(path) else gzip.open(path + ".gz", "rt", encoding="utf-8")
        with opened as file:
            head = next(file).rstrip("\n").split("\t")
            for line in file:
                row = line.rstrip("\n").split("\t")
                if row[head.index("text")].strip():
                    texts.append(row[head.index("text")])
                    labels.append(int(row[head.index("label")]))
    step = max(1, len(texts) // most) if most else 1
    return texts[::step][:most or None], labels[::step][:most or None]


def labels(bench, name):
    import numpy
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    data = bench.args.data or ("sst2" if name == "smollm2" else "online_shopping")
    n_train = bench.args.train
    texts, y = labelled(data, ("train", "dev", "test"), (bench.args.texts or 10000) + n_train)
    order = numpy.random.default_rng(1).permutation(len(texts))
    texts, y = [texts[i] for i in order], numpy.array(y)[order]
    path = bench.keep("labels.txt", "\n".join(texts) + "\n")
    for pool in ("last", "mean"):
        e, f = (embeddings(bench, name, path, precision, pool) for precision in ("exact", "fast"))
        scaler = StandardScaler().fit(e[:n_train])
        head = LogisticRegression(C=bench.args.c, max_iter=500).fit(scaler.transform(e[:n_train]), y[:n_train])
        of_exact, of_fast = (head.predict(scaler.transform(x[n_train:])) for x in (e, f))
        print(f"{name} {data} {pool}: {len(of_exact)} texts, labels changed {100 * (of_exact != of_fast).mean():.3f} %, accuracy exact "
              f"{100 * (of_exact == y[n_train:]).mean():.2f}, fast {100 * (of_fast == y[n_train:]).mean():.2f}", flush=True)


def prose(bench, name):
    """The first --tokens ids of the files of --text, each file one text, in whole chunks; lm_en's dev part where none is given."""
    paths = bench.args.text or [os.path.join(alternate.shared_data(), "lm_en", "dev.txt")]
    lines = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            lines.append(" ".join(file.read().split("\n")))
    texts = bench.keep(f"prose-{name}.txt", "\n".join(lines) + "\n")
    rows, share = [], bench.args.tokens // len(lines) // CHUNK * CHUNK
    with open(bench.ids(name, texts), encoding="ascii") as file:
        for line in file:
            ids = json.loads(line)[:share]
            rows += ids[:len(ids) // CHUNK * CHUNK]
    return rows


def perplexity(bench, name):
    """Chunks as llama.cpp's own program cuts them; neither model puts a token before a text, so none is put before a chunk."""
    ids = prose(bench, name)
    path = bench.keep(f"perplexity-{name}.ids", json.dumps(ids) + "\n")
    print(f"{name}: {len(ids)} tokens in chunks of {CHUNK}, the second half of each counted", flush=True)
    for file in bench.args.files or [bench.model(name)]:
        values = {}
        for who, make in {"exact": lambda file=file: bench.ours(file, "perplexity", ids=path, chunk=CHUNK, precision="exact"),
                          "fast": lambda file=file: bench.ours(file, "perplexity", ids=path, chunk=CHUNK),
                          "llama.cpp": lambda file=file: bench.peer("llama_cpp", model=file, work="perplexity", ids=path,
                                                                    chunk=CHUNK)}.items():
            worker = make()
            values[who] = math.exp(worker.say("run")["nll"])
            worker.close()
        print(f"| {os.path.basename(file)} | " + " | ".join(f"{value:.4f}" for value in values.values()) + " | " + " | ".join(
            f"{100 * (values[who] / values['llama.cpp'] - 1):+.2f} %" for who in ("exact", "fast")) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("check", choices=["exact", "cosine", "labels", "perplexity"])
    parser.add_argument("--model", default="smollm2", choices=list(llama.MODELS))
    parser.add_argument("--texts", type=int, default=0)
    parser.add_argument("--train", type=int, default=3000)
    parser.add_argument("--data")
    parser.add_argument("--c", type=float, default=.001)
    parser.add_argument("--files", nargs="*")
    parser.add_argument("--text", nargs="*")
    parser.add_argument("--tokens", type=int, default=4096)
    args = parser.parse_args()
    bench = llama.Bench(args)
    {"exact": exact, "cosine": cosine, "labels": labels, "perplexity": perplexity}[args.check](bench, args.model)


if __name__ == "__main__":
    sys.exit(main())
