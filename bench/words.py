"""Chinese word segmentation and cleaning on online_shopping, beside jieba (lcut, HMM on), one thread each."""
import gzip
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import time

PURE = re.compile(r"^[\u4e00-\u9fd5\s，。！？、；：“”‘’（）《》…—～,.!?;:()~\"'-]*$")
ROUNDS = "5"


def read_texts(folder):
    texts = []
    for name in ("dev.tsv", "test.tsv", "train.tsv.gz"):
        path = os.path.join(folder, "online_shopping", name)
        opener = gzip.open if name.endswith(".gz") else open
        with opener(path, "rt", encoding="utf-8") as file:
            next(file)
            texts += [line.rstrip("\n").split("\t")[2] for line in file]
    return texts


def run_jieba(texts):
    """Seconds of the best of two rounds, and the words; None where jieba is not installed."""
    try:
        import jieba
    except ImportError:
        return None, None
    jieba.setLogLevel(logging.ERROR)
    jieba.initialize()
    best, words = 1e9, None
    for _ in range(2):
        start = time.perf_counter()
        words = [jieba.lcut(text) for text in texts]
        best = min(best, time.perf_counter() - start)
    return best, words


def equal_share(texts, ours, peers):
    """Of the lines of Chinese alone, how many have the same words; blanks are none."""
    same = total = 0
    for text, mine, peer in zip(texts, ours, peers, strict=True):
        if PURE.match(text):
            total += 1
            same += [w for w in mine if w.strip()] == [w for w in peer if w.strip()]
    return same, total


def main():
    build = os.environ.get("HX_BUILD_DIR", "build/release")
    shared = os.environ.get("HX_SHARED_DATA", "../shared/data")
    peer = os.environ.get("HX_PEER_PYTHON")
    if peer and os.path.abspath(peer) != os.path.abspath(sys.executable):
        os.execv(peer, [peer, *sys.argv])
    subprocess.run(["ninja", "-C", build, "bench_words", "hx_data"], check=True, stdout=sys.stderr)
    texts = read_texts(shared)
    command = [os.path.join(build, "bench", "bench_words"), os.path.join(build, "..", "share", "huaxiang")]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("".join(text + "\n" for text in texts))
        file.flush()
        ours = json.loads(subprocess.run([*command, file.name, ROUNDS], check=True, capture_output=True).stdout)
        printed = subprocess.run([*command, file.name, "1", "--print"], check=True, capture_output=True).stdout.decode()
    seconds, peers = run_jieba(texts)
    n = ours["characters"]
    print(f"{len(texts)} texts, {n} characters, {ours['bytes'] / 1e6:.1f} MB, one thread")
    print(f"  clean        {ours['bytes'] / ours['clean_seconds'] / 1e6:8.1f} MB/s")
    print(f"  words        {n / ours['words_seconds'] / 1e6:8.2f} million characters/s")
    if seconds is None:
        print("  jieba is not installed for this Python (set HX_PEER_PYTHON): no comparison")
        return
    same, total = equal_share(texts, [line.split("\t") for line in printed.split("\n")[:-1]], peers)
    print(f"  words, jieba {n / seconds / 1e6:8.2f} million characters/s ({seconds / ours['words_seconds']:.1f} times slower)")
    print(f"  the same words on {same} of {total} texts of Chinese alone ({100 * same / total:.2f} %)")


main()
