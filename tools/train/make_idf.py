#!/usr/bin/env python3
"""Inverse document frequencies of English words for keywords: lexicons/idf.en.tsv.

usage: make_idf.py TRAIN.txt.zst OUT.tsv

Reads documents separated by blank lines (the train part of lm_en), counts in how many each lower-case word stands, and
writes ln(documents / count) of the most frequent words: figures only, no text. Needs the zstd program.
"""
import collections
import math
import re
import subprocess
import sys

WORDS = 20000
WORD = re.compile(r"[a-z]+(?:['’-][a-z]+)*")


def documents(path):
    out = subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout.decode("utf-8")
    return (d for d in out.split("\n\n") if d.strip())


def main(source, target):
    n, counts = 0, collections.Counter()
    for text in documents(source):
        n += 1
        counts.update(set(WORD.findall(text.lower().replace("’", "'"))))
    words = sorted(((c, w) for w, c in counts.items() if 2 <= len(w) <= 30), key=lambda p: (-p[0], p[1]))[:WORDS]
    with open(target, "w", encoding="utf-8") as f:
        f.write("# Inverse document frequency ln(N/n) of English words; made by tools/train/make_idf.py.\n# word, idf\n")
        for c, w in sorted(words, key=lambda p: p[1]):
            f.write(f"{w}\t{math.log(n / c):.2f}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
