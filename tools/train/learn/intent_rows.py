"""Rows that the intents of models/huaxiang-learn are learned from: those of tools/train/small/intents.py, divided so that dev has no sentence pattern of train."""
import os
import random
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "../small")]
import subprocess  # noqa: E402

import intents  # noqa: E402
from held_out import RESEARCH, key_of, rows_of  # noqa: E402

COPIES = 8
DEV = 9  # one pattern or row of so many is of dev
MORE_OTHER = (("cais", 700), ("smp2019_nlu", 900))


class Maker:
    """What intents.py asks for."""

    def __init__(self, data, commercial):
        self.data, self.commercial, self.random = data, commercial, random.Random("20261122 intent")

    def rows(self, name, which):
        for path in (f"{self.data}/{name}/{which}.tsv", f"{self.data}/{name}/{which}.tsv.gz"):
            if os.path.exists(path) and not (self.commercial and name in RESEARCH):
                return list(rows_of(path))
        return []

    def documents(self, lang):
        if self.commercial:
            return
        lines = subprocess.run(["zstd", "-dc", f"{self.data}/lm_{lang}/train.txt.zst"], stdout=subprocess.PIPE, check=True).stdout.decode("utf-8")
        yield from lines.split("\n\n")


def own(maker, dev):
    """Sentences of the patterns of one side, some two in a row."""
    for lang in ("zh", "en"):
        patterns = [p for p in intents.templates_of(lang) if (zlib.crc32(p[1].encode()) % DEV == 0) == dev]
        for intent, pattern in patterns:
            for text in sorted({intents.dressed(maker.random, intents.filled(maker.random, pattern, lang), lang) for _ in range(COPIES)}):
                yield f"own sentences, {lang}", text, intent
        wanted = [p for p in patterns if p[0] != "other"]
        for _ in range(len(patterns) * COPIES // 5):
            (a, x), (b, y) = maker.random.sample(wanted, 2)
            text = intents.filled(maker.random, x, lang).rstrip("。！？?!.") + maker.random.choice(intents.JOINS[lang]) + intents.filled(maker.random, y, lang)
            yield f"own sentences, {lang}", intents.dressed(maker.random, text, lang), "|".join(sorted({a, b}))


def rows_for(data, held, commercial):
    """({"train": [(labels, set, text)], "dev": ...}, counts)"""
    maker, rows, counts, seen = Maker(data, commercial), {"train": [], "dev": []}, {}, set()
    found = [("dev", *row) for row in own(maker, True)] + [("train", *row) for row in own(maker, False)]
    rest = [*intents.mapped_rows(maker), *intents.phrase_rows(maker, 500), *intents.question_rows(maker, 350)]
    found += [("dev" if zlib.crc32(row[1].encode()) % DEV == 0 else "train", *row) for row in rest]
    for which, name, text, labels in found:
        key, count = key_of(text), counts.setdefault(name, {"train": 0, "dev": 0, "held out": 0})
        if held.held(text):
            count["held out"] += 1
        elif key and key not in seen:
            seen.add(key)
            count[which] += 1
            rows[which].append((labels, name, " ".join(text.split())))
    maker.random.shuffle(rows["train"])
    return rows, counts
