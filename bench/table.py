"""Describe, impute and scale five million rows of 20 columns from CSV, against pandas and polars

    script/bench table [--rounds 3] [--threads 2] [--rows 5000000]

The file is made on the first run (make_table.py). Every contestant is a fresh process and its whole life is timed: read the file, describe
all columns, put the median where a number is missing, scale all numbers to mean 0 and standard deviation 1, print a sum over each.
The sums are compared. The peak is the largest resident set of the process.
"""
import argparse
import os
import subprocess
import sys

import alternate


def table_file(rows):
    path = os.path.join(alternate.bench_dir(), f"table_{rows}.csv")
    if not os.path.exists(path):
        maker = os.path.join(alternate.ROOT, "bench", "make_table.py")
        subprocess.run([alternate.peer_python(), maker, path, "--rows", str(rows)], check=True)
    return path


def sums(command):
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in out.splitlines())}


def check_equal(name, ours, theirs, rows):
    if ours.keys() != theirs.keys():
        sys.exit(f"{name}: has other columns of numbers")
    for column, value in ours.items():
        if abs(theirs[column] - value) > 1e-9 * rows:
            sys.exit(f"{name}: {column}: {theirs[column]}, ours {value}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, default=5_000_000)
    args = parser.parse_args()
    folder = alternate.build("bench_table")
    path = table_file(args.rows)
    os.environ["POLARS_MAX_THREADS"] = str(args.threads)
    contestants = {"huaxiang": [os.path.join(folder, "bench", "bench_table"), path, str(args.threads)]}
    script = os.path.join(alternate.ROOT, "bench", "peer_table.py")
    for peer in ("polars", "pandas"):
        if alternate.peer_has(peer):
            contestants[peer] = [alternate.peer_python(), script, peer, path]
        else:
            print(f"{peer}: not there in {alternate.peer_python()}, left out", file=sys.stderr)
    print(f"{path}: {os.path.getsize(path) / 1e6:.0f} MB, {args.threads} threads, {args.rounds} rounds")
    ours = sums(contestants["huaxiang"])
    for peer in list(contestants)[1:]:
        check_equal(peer, ours, sums(contestants[peer]), args.rows)
    print("all sums are equal")
    alternate.alternate(contestants, args.rounds)


if __name__ == "__main__":
    main()
