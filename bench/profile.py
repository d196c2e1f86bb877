"""The whole main job on ten million order rows, beside the RFM table alone by DuckDB and pandas

    script/bench profile [--rounds 5] [--threads 2] [--copies 13] [--file CSV]

Ours is `huaxiang profile`: every row becomes an event in a store with profiles, segments and receipts; the peers make one table from the same
file and keep nothing. The goal is 400,000 rows/s and 600 MB, not a win over a job that does less. Needs frame.py's file (made on the
first run).
"""
import argparse
import os
import sys

import alternate
import frame


def count_rows(path):
    with open(path, "rb") as f:
        return sum(block.count(b"\n") for block in iter(lambda: f.read(1 << 24), b"")) - 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--copies", type=int, default=13)
    parser.add_argument("--file")
    args = parser.parse_args()
    folder = alternate.build("huaxiang")
    path = args.file or frame.retail_file(args.copies)
    store = os.path.join(alternate.bench_dir(), "profile.db")
    program = os.path.join(folder, "huaxiang")
    threads = str(args.threads)
    fresh = 'rm -f "$1" "$1"-* "$1".*; exec "$2" profile "$3" --store "$1" --threads "$4" --quiet'
    contestants = {"huaxiang profile": ["sh", "-c", fresh, "sh", store, program, path, threads]}
    for peer in ("duckdb", "pandas"):
        if not alternate.peer_has(peer):
            print(f"{peer}: not there in {alternate.peer_python()}, left out", file=sys.stderr)
            continue
        script = os.path.join(alternate.ROOT, "bench", "peer_group.py")
        out = os.path.join(alternate.bench_dir(), f"profile_{peer}.csv")
        contestants[f"{peer}, table only"] = [alternate.peer_python(), script, peer, path, threads, out]
    rows = count_rows(path)
    print(f"{path}: {rows} rows, {os.path.getsize(path) / 1e6:.0f} MB, {threads} threads, {args.rounds} rounds")
    medians = alternate.alternate(contestants, args.rounds)
    print(f"huaxiang profile: {rows / medians['huaxiang profile']:.0f} rows/s, store {os.path.getsize(store) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
