#!/usr/bin/env python3
"""What correction does for what is read afterwards: accuracy of sentiment on clean reviews, with errors put in, and with these corrected.

    bench/correct.py PROGRAM DATA [--errors 1,3] [--engines rules,learn] [--correct rules] [--head N]

DATA holds chnsenticorp/dev.tsv and csc_sighan (train.tsv, confusion_sound_shape.tsv.gz), from which tools/train/small/correction.py draws errors:
seeded, so many rounds of one to three errors a review as --errors says. Each text is corrected by `huaxiang correct`, then read by
`huaxiang evaluate sentiment`, which is what `profile --correct apply` reads of it (tests/unit/text/test_corrected.c holds them equal). One line a case.
"""
import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools", "train", "small"))
import correction  # noqa: E402


def rows_of(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def write(path, texts, labels):
    with open(path, "w", encoding="utf-8") as file:
        file.write("text\tlabel\n" + "".join(f"{t}\t{l}\n" for t, l in zip(texts, labels)))


def figures(program, path, engines):
    out = ""
    for engine in engines.split(","):
        out += subprocess.run([program, "evaluate", "sentiment", "--data", path, "--text", "text", "--label", "label", "--engine", engine, "--quiet"],
                              capture_output=True, text=True, check=True).stdout
    return {r["engine"]: round(100 * r["accuracy"], 1) for r in map(json.loads, out.splitlines())}


def corrected(options, path):
    """The texts of a file as they are corrected, and the number of edits."""
    extra = ["--threshold", options.threshold] if options.threshold else []
    out = subprocess.run([options.program, "correct", path, "--engine", options.correct, "--format", "json", "--text", "text", "--quiet", *extra],
                         capture_output=True, text=True, check=True).stdout
    records = [json.loads(line) for line in out.splitlines()]
    return [r["corrected"] for r in records], sum(len(r["edits"]) for r in records), sum(bool(r["edits"]) for r in records)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("data")
    parser.add_argument("--errors", default="1,3,6")
    parser.add_argument("--engines", default="rules,learn", help="that read the texts; also llama, or all")
    parser.add_argument("--correct", default="rules", help="the engine that corrects")
    parser.add_argument("--threshold", help="as correct has it")
    parser.add_argument("--head", type=int)
    options = parser.parse_args()
    rows = rows_of(f"{options.data}/chnsenticorp/dev.tsv")[:options.head]
    texts, labels = [" ".join(r["text"].split()) for r in rows], [r["label"] for r in rows]
    pairs = [(r["wrong"], r["right"]) for r in rows_of(f"{options.data}/csc_sighan/train.tsv")]
    chinese = correction.Chinese(pairs, correction.confusion_lists(options.data), texts)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "reviews.tsv")

        def show(case, given):
            write(path, given, labels)
            print(json.dumps({"case": case, **figures(options.program, path, options.engines)}), flush=True)
            given, edits, changed = corrected(options, path)
            write(path, given, labels)
            print(json.dumps({"case": case + ", corrected", "edits": edits, "texts changed": changed, **figures(options.program, path, options.engines)}), flush=True)

        show("clean", texts)
        for n in map(int, options.errors.split(",")):
            noise = random.Random(n)
            noised = texts
            for _ in range(n):
                noised = [chinese.noised(noise, t) for t in noised]
            show(f"{n} rounds", noised)
    return 0


if __name__ == "__main__":
    sys.exit(main())
