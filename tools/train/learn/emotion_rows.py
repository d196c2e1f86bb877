"""Rows that the emotions of models/huaxiang-learn are learned from: the train parts of two sets of Chinese microblogs; choices are made on their dev parts."""
import os

from held_out import RESEARCH, key_of, rows_of

SETS = ("ewect_virus", "ewect_usual_small")


def rows_for(data, held, commercial):
    """({"train": [(label, set, text)], "dev": ...}, counts)"""
    rows, counts, seen = {"train": [], "dev": []}, {}, set()
    for name in SETS:
        if commercial and name in RESEARCH:
            continue
        count = counts[name] = {"train": 0, "dev": 0, "held out": 0}
        for which in ("dev", "train"):
            path = f"{data}/{name}/{which}.tsv"
            for row in rows_of(path) if os.path.exists(path) else ():
                key = key_of(row["text"])
                if which == "train" and held.held(row["text"]):
                    count["held out"] += 1
                elif key and key not in seen:
                    seen.add(key)
                    count[which] += 1
                    rows[which].append((row["label"], name, " ".join(row["text"].split())))
    return rows, counts
