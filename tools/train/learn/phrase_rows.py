"""Texts with the keyphrases that their authors or readers chose: what the ranker of models/huaxiang-learn is learned from."""
import os
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..")]
from held_out import RESEARCH, rows_of  # noqa: E402

OWN_DEV = 12  # of a set without a dev part one text of so many
SETS = {"keyphrase_inspec": True, "keyphrase_semeval2017": False, "keyphrase_csl_zh": True}


def rows_for(data, held, commercial):
    """({"train": [(set, keyphrases, text)], "dev": ...}, counts)"""
    rows, counts = {"train": [], "dev": []}, {}
    for name, has_dev in SETS.items():
        if commercial and name in RESEARCH:
            continue
        count = counts.setdefault(name, {"train": 0, "dev": 0, "held out": 0})
        for which in ("dev", "train") if has_dev else ("train",):
            for row in rows_of(f"{data}/{name}/{which}.tsv"):
                if which == "train" and held.held(row["text"]):
                    count["held out"] += 1
                    continue
                to = "dev" if which == "dev" or not has_dev and zlib.crc32(row["text"].encode()) % OWN_DEV == 0 else "train"
                count[to] += 1
                rows[to].append((name.replace("keyphrase_", ""), row["keyphrases"], " ".join(row["text"].split())))
    return rows, counts
