"""RFM table of ten million order rows from CSV, against DuckDB, pandas and polars

    script/bench frame [--rounds 5] [--threads 2] [--copies 13] [--file CSV]

Reads the file that make_retail.py makes (made on the first run), groups by customer: latest date, distinct invoices, sum of
quantity * unit_price, and writes the sorted table as CSV. Every contestant is a fresh process and its whole life is timed. The tables
are compared: keys, dates and invoices must be equal, sums equal within the floating-point error of the peers.
"""
import argparse
import csv
import os
import subprocess
import sys

import alternate

AGGREGATES = "max(datetime),distinct(invoice),sum(quantity*unit_price)"


def retail_file(copies):
    path = os.path.join(alternate.bench_dir(), f"retail_{copies}.csv")
    if not os.path.exists(path):
        maker = os.path.join(alternate.ROOT, "bench", "make_retail.py")
        subprocess.run([sys.executable, maker, alternate.shared_data(), "--out", path, "--copies", str(copies)],
                       check=True)
    return path


def read_table(path):
    with open(path, encoding="utf-8", newline="") as f:
        rows = csv.reader(f)
        next(rows)
        return {row[0]: (row[1][:16], int(row[2]), float(row[3])) for row in rows}


def check_equal(name, ours, theirs):
    if ours.keys() != theirs.keys():
        sys.exit(f"{name}: has other customers")
    for key, (last, orders, amount) in ours.items():
        other = theirs[key]
        if (last, orders) != other[:2] or abs(amount - other[2]) > 1e-6 * max(1.0, abs(amount)):
            sys.exit(f"{name}: customer {key}: {other}, ours {(last, orders, amount)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--copies", type=int, default=13)
    parser.add_argument("--file")
    args = parser.parse_args()
    folder = alternate.build("bench_group")
    path = args.file or retail_file(args.copies)
    threads = str(args.threads)
    os.environ["POLARS_MAX_THREADS"] = threads

    def out(name):
        return os.path.join(alternate.bench_dir(), f"frame_{name}.csv")

    ours = [os.path.join(folder, "bench", "bench_group"), path, "customer_id", AGGREGATES, threads, out("ours")]
    contestants = {"huaxiang": ours}
    for peer in ("duckdb", "pandas", "polars"):
        if not alternate.peer_has(peer):
            print(f"{peer}: not there in {alternate.peer_python()}, left out", file=sys.stderr)
            continue
        script = os.path.join(alternate.ROOT, "bench", "peer_group.py")
        contestants[peer] = [alternate.peer_python(), script, peer, path, threads, out(peer)]
    print(f"{path}: {os.path.getsize(path) / 1e6:.0f} MB, {threads} threads, {args.rounds} rounds")
    alternate.alternate(contestants, args.rounds)
    table = read_table(out("ours"))
    for peer in list(contestants)[1:]:
        check_equal(peer, table, read_table(out(peer)))
    print(f"{len(table)} groups; all tables are equal")


if __name__ == "__main__":
    main()
