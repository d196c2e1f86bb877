"""RFM table of ten million order rows in memory, against DuckDB

    script/bench rfm [--rounds 7] [--threads 2] [--copies 13] [--file CSV]

Reads the file of bench/frame.py into memory first, which is not timed; then both group by customer in turns: latest date, distinct invoices,
sum of quantity * unit_price. Medians of the rounds; groups and sums over their columns are compared.
"""
import argparse
import statistics
import subprocess
import sys
import os
import time

import alternate
import frame


def peer(path, threads, rounds):
    import duckdb
    db = duckdb.connect()
    db.execute(f"SET threads = {threads}")
    db.execute(f"CREATE TABLE t AS SELECT customer_id, datetime, invoice, quantity, unit_price FROM read_csv('{path}')")
    query = ("SELECT customer_id, max(datetime), count(DISTINCT invoice) AS n, sum(quantity * unit_price) AS s "
             "FROM t GROUP BY customer_id")
    for _ in range(rounds):
        start = time.monotonic()
        db.execute(f"CREATE OR REPLACE TABLE g AS {query}")
        print(f"{time.monotonic() - start:.4f}")
    groups, orders, amount = db.execute("SELECT count(*), sum(n), sum(s) FROM g").fetchone()
    print(f"groups {groups} orders {orders:.0f} amount {amount:.2f}")


def run(command):
    *seconds, said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [float(s) for s in seconds], said.split()


def main():
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--copies", type=int, default=13)
    parser.add_argument("--file")
    args = parser.parse_args()
    folder = alternate.build("bench_rfm")
    path = args.file or frame.retail_file(args.copies)
    ours, theirs = [], []
    for _ in range(2):
        seconds, said = run([os.path.join(folder, "bench", "bench_rfm"), path, str(args.threads), str(args.rounds)])
        ours += seconds
        other, peer_said = run([alternate.peer_python(), __file__, "--peer", path, str(args.threads), str(args.rounds)])
        theirs += other
        if said[1] != peer_said[1] or said[3] != peer_said[3] or abs(float(said[5]) - float(peer_said[5])) > 1:
            sys.exit(f"other groups: {peer_said}, ours {said}")
    for name, seconds in (("huaxiang", ours), ("duckdb", theirs)):
        print(f"{name:10} median {statistics.median(seconds):.3f} s, min {min(seconds):.3f}, max {max(seconds):.3f}")
    print(f"{statistics.median(theirs) / statistics.median(ours):.2f} times DuckDB, {said[1]} groups; all sums are equal")


if __name__ == "__main__":
    main()
