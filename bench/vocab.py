"""Learning a vocabulary: `huaxiang train tokenizer` beside sentencepiece's own trainer on the same text, in turns; then how well both
compress text that they have not seen, and whether the ids of our model are the same everywhere it is read.

Goals: 100 MB of text in at most 60 s with 2 threads; tokens within 1 % of sentencepiece's; ids equal to those of sentencepiece (any bytes),
llama.cpp and transformers (which puts no blank before a text that begins with one: those are counted apart).

    python3 bench/vocab.py [ROUNDS]       needs the data folder, and for the peers HX_PEER_PYTHON
"""
import json
import os
import random
import struct
import subprocess
import sys

import alternate

VOCAB = 16000
SETS = ("lm_zh", "lm_en")
N_LINES, N_RANDOM = 20000, 2000
HERE = os.path.dirname(os.path.abspath(__file__))


def plain_text(folder, name):
    path = os.path.join(folder, f"{name}.txt")
    if not os.path.exists(path):
        with open(path, "wb") as file:
            subprocess.run(["zstd", "-dcq", f"{alternate.shared_data()}/{name}/train.txt.zst"], stdout=file, check=True)
    return path


def noise(rng):
    """Random bytes, or random characters of many scripts with runs of blanks."""
    n = rng.randrange(1, 200)
    if rng.random() < 0.5:
        return bytes(rng.randrange(256) for _ in range(n))
    kinds = [lambda: rng.randrange(32, 127), lambda: rng.randrange(0x20, 0x3000), lambda: rng.randrange(0x4E00, 0x9FFF),
             lambda: 0x20, lambda: 10, lambda: 0x1F600 + rng.randrange(60)]
    return "".join(chr(rng.choice(kinds)()) for _ in range(n)).encode()


def write_records(path, texts, rng):
    records = []
    for text in texts:
        with open(text, "rb") as file:
            lines = [line for line in file.read().split(b"\n") if line]
        records += rng.sample(lines, N_LINES // len(texts))
    records += [noise(rng) for _ in range(N_RANDOM)]
    with open(path, "wb") as file:
        for record in records:
            file.write(struct.pack("<I", len(record)) + record)


def peer(*command):
    out = subprocess.run([alternate.peer_python(), os.path.join(HERE, "peer_vocab.py"), *command], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True, text=True).stdout
    return json.loads(out.splitlines()[-1])


def compare_speed(program, folder, texts, rounds):
    ours = [program, "train", "tokenizer", *texts, "--vocab", str(VOCAB), "--symbols", "<mask>,<sep>", "--threads", "2", "--quiet",
            "--out", f"{folder}/ours/tokenizer.model"]
    contestants = {"huaxiang": ours}
    if alternate.peer_has("sentencepiece"):
        contestants["sentencepiece"] = [alternate.peer_python(), os.path.join(HERE, "peer_vocab.py"), "train", ",".join(texts),
                                        f"{folder}/theirs/tokenizer", str(VOCAB)]
    print(f"{sum(map(os.path.getsize, texts)) / 1e6:.0f} MB of text, {VOCAB} pieces")
    alternate.alternate(contestants, rounds)


def compare_compression(folder):
    for name in SETS:
        dev = f"{alternate.shared_data()}/{name}/dev.txt"
        ours, theirs = (peer("count", f"{folder}/{who}", dev) for who in ("ours", "theirs"))
        print(f"{name}: {ours['bytes'] / ours['tokens']:.4f} bytes a token, sentencepiece {theirs['bytes'] / theirs['tokens']:.4f}: "
              f"{100 * (ours['tokens'] / theirs['tokens'] - 1):+.2f} % tokens")


def compare_ids(build, folder, texts):
    model, records, ids = f"{folder}/ours", f"{folder}/records", f"{folder}/ids"
    write_records(records, texts, random.Random(5))
    subprocess.run([f"{build}/bench/bench_tokenize", model, records, "1", ids], check=True, stdout=subprocess.DEVNULL)
    print("sentencepiece:", peer("pieces", model, records, ids))
    peer("model", model)
    subprocess.run([f"{build}/huaxiang", "convert", model, "--to", "gguf", "--out", f"{folder}/ours.gguf", "--quiet"], check=True)
    print("llama.cpp:", peer("llama", f"{folder}/ours.gguf", records, ids))
    print("transformers:", peer("hf", model, records, ids))


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    build = alternate.build("huaxiang", "bench_tokenize")
    folder = os.path.join(alternate.bench_dir(), "vocab")
    for who in ("ours", "theirs"):
        os.makedirs(f"{folder}/{who}", exist_ok=True)
    texts = [plain_text(folder, name) for name in SETS]
    compare_speed(f"{build}/huaxiang", folder, texts, rounds)
    if alternate.peer_has("sentencepiece"):
        compare_compression(folder)
        compare_ids(build, folder, texts)


if __name__ == "__main__":
    main()
