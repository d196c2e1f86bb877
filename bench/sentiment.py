"""Sentiment by rules on the test parts: accuracy and reviews a second, beside SnowNLP and VADER

    script/bench sentiment [--sets chnsenticorp,online_shopping,sst2] [--threads 2] [--peer-rows 2000]

Accuracy is the sign of the score against the label. Peers run one thread on the same rows (at most --peer-rows: SnowNLP does about a hundred a
second); ours runs on --threads. Peers that are not installed are left out.
"""
import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile

import alternate

PEERS = {"chnsenticorp": "snownlp", "online_shopping": "snownlp", "waimai_10k": "snownlp",
         "sst2": "vader", "clothing_reviews": "vader", "imdb": "vader"}
MODULES = {"snownlp": "snownlp", "vader": "vaderSentiment"}


def test_part(name, folder):
    """The test part as a plain file."""
    path = os.path.join(alternate.shared_data(), name, "test.tsv")
    if os.path.exists(path):
        return path
    plain = os.path.join(folder, f"{name}.tsv")
    with gzip.open(path + ".gz", "rb") as packed, open(plain, "wb") as out:
        out.write(packed.read())
    return plain


def record(command):
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()
    return json.loads(out.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default=",".join(PEERS))
    parser.add_argument("--threads", default="2")
    parser.add_argument("--peer-rows", default="2000")
    args = parser.parse_args()
    folder = alternate.build("bench_sentiment", "hx_data")
    share = os.path.join(os.path.dirname(os.path.abspath(folder)), "share", "huaxiang")
    program = os.path.join(folder, "bench", "bench_sentiment")
    peer_script = os.path.join(alternate.ROOT, "bench", "peer_sentiment.py")
    print(f"{'set':18} {'texts':>6} {'accuracy':>9} {'reviews/s':>10}   peer")
    with tempfile.TemporaryDirectory() as temporary:
        for name in args.sets.split(","):
            path = test_part(name, temporary)
            ours = record([program, share, path, args.threads])
            line = f"{name:18} {ours['n']:6d} {100 * ours['accuracy']:8.2f}% {ours['texts_per_second']:10.0f}   "
            peer = PEERS.get(name)
            if peer and alternate.peer_has(MODULES[peer]):
                theirs = record([alternate.peer_python(), peer_script, peer, path, args.peer_rows])
                line += f"{peer} {100 * theirs['accuracy']:.2f}% of {theirs['n']}, {theirs['texts_per_second']:.0f}/s"
            print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
