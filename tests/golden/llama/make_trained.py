#!/usr/bin/env python3
"""Writes tests/golden/llama/trained: a text, and the ids that sentencepiece 0.2.3 gives with the vocabularies that `huaxiang train tokenizer`
learns from it.

    make_trained.py HUAXIANG

cases.txt: `vocab N han digits` begins a vocabulary, then TEXT as hex TAB ids a line, as in tokens/*/cases.txt.
"""
import os
import random
import subprocess
import sys
import tempfile

import sentencepiece

from make_tokens import TRAINING

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trained")
VOCABULARIES = ((700, 0, 0), (640, 1, 1))
SYMBOLS = "<mask>,<sep>"


def cases(rng):
    yield from (line.encode() for line in TRAINING.strip().split("\n"))
    yield from (b"", b" ", b"  two  spaces ", b"a<mask>b <sep>", "今天<mask>不错".encode(), b"<mas", b"<0x41>", b"<s>", b"line\nbreak\ttab",
                "▁escaped".encode(), "ｆｕｌｌ　ｗｉｄｔｈ".encode(), b"\xff\xfe\x80", b"aaaaaaaaa", b"2024-11-22", "😀👍🏽".encode())
    for _ in range(60):
        n = rng.randrange(1, 40)
        yield bytes(rng.randrange(256) for _ in range(n))
        line = rng.choice(TRAINING.strip().split("\n"))
        at = rng.randrange(len(line))
        yield (line[at:] + rng.choice([" ", "  ", "", "，"]) + line[:at]).encode()


def main():
    os.makedirs(HERE, exist_ok=True)
    with open(f"{HERE}/text.txt", "w", encoding="utf-8") as file:
        file.write(TRAINING.strip() + "\n")
    with open(f"{HERE}/cases.txt", "w", encoding="utf-8") as out, tempfile.TemporaryDirectory() as folder:
        for vocab, han, digits in VOCABULARIES:
            flags = ["--han-alone"] * han + ["--digits"] * digits
            subprocess.run([sys.argv[1], "train", "tokenizer", f"{HERE}/text.txt", "--vocab", str(vocab), "--symbols", SYMBOLS, "--coverage", "0.98",
                            *flags, "--quiet", "--out", f"{folder}/t.model"], check=True)
            pieces = sentencepiece.SentencePieceProcessor(model_file=f"{folder}/t.model")
            os.remove(f"{folder}/t.model")
            out.write(f"vocab {vocab} {han} {digits}\n")
            for text in cases(random.Random(vocab)):
                out.write(f"{text.hex()}\t{' '.join(map(str, pieces.encode(text)))}\n")


if __name__ == "__main__":
    main()
