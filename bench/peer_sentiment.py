#!/usr/bin/env python3
"""Sentiment accuracy and speed of SnowNLP (Chinese) and VADER (English) on a labelled file, as bench_sentiment prints them.

usage: peer_sentiment.py snownlp|vader FILE.tsv [ROWS]

A text counts as positive where SnowNLP's probability is above 0.5, or VADER's compound score is not below 0 (0 = no
evidence; positive there is the better of the two choices). Needs snownlp or vaderSentiment.
"""
import json
import sys
import time


def rows(path, limit):
    with open(path, encoding="utf-8", newline="") as f:
        head = f.readline().rstrip("\n").split("\t")
        label = head.index("label" if "label" in head else "recommended")
        text = head.index("text")
        cells = [line.rstrip("\n").split("\t") for line in f]
    return [(c[label] == "1", c[text]) for c in cells if len(c) > text and c[text]][:limit]


def scorer(name):
    if name == "snownlp":
        from snownlp import SnowNLP

        return lambda t: SnowNLP(t).sentiments > 0.5
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return lambda t: analyzer.polarity_scores(t)["compound"] >= 0


def main(name, path, limit=None):
    data, positive = rows(path, int(limit) if limit else None), scorer(name)
    positive(data[0][1])
    start = time.perf_counter()
    right = sum(positive(text) == label for label, text in data)
    seconds = time.perf_counter() - start
    print(json.dumps({"peer": name, "file": path, "n": len(data), "accuracy": round(right / len(data), 4),
                      "texts_per_second": round(len(data) / seconds)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
