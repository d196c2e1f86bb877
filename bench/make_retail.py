#!/usr/bin/env python3
"""Makes the ten-million-row order file of the benchmarks from the online_retail table.

    make_retail.py DATA --out FILE [--copies 13]

DATA is the folder that holds online_retail/train.csv.gz (778,087 rows). Copy k has the same lines with customer ids + k * 100,000,
invoice numbers + k * 1,000,000 (a leading C stays) and dates k * 364 days earlier (same weekdays), so 13 copies are 10,115,131 rows
of 61,802 customers. Deterministic: same input, same bytes. The file is made for measuring only; keep it outside the source tree.
"""
import argparse
import csv
import datetime
import gzip
import os
import sys

DAY_SHIFT = 364


def read_rows(data):
    path = os.path.join(data, "online_retail", "train.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as f:
        rows = csv.reader(f)
        header = next(rows)
        expected = ["invoice", "customer_id", "datetime", "country", "stock_code", "quantity", "unit_price"]
        if header != expected:
            sys.exit(f"make_retail.py: {path}: columns are {header}, expected {expected}")
        return header, list(rows)


def shifted_dates(rows, copy):
    """Each distinct date, copy * 364 days earlier."""
    shift = datetime.timedelta(days=DAY_SHIFT * copy)
    days = {row[2][:10] for row in rows}
    return {day: (datetime.date.fromisoformat(day) - shift).isoformat() for day in days}


def write_copy(out, rows, copy):
    days = shifted_dates(rows, copy)
    invoices = {}
    lines = []
    for invoice, customer, when, country, code, quantity, price in rows:
        if invoice not in invoices:
            letter = invoice[0] if invoice[0].isalpha() else ""
            invoices[invoice] = f"{letter}{int(invoice[len(letter):]) + copy * 1000000}"
        number = int(customer) + copy * 100000
        lines.append(f"{invoices[invoice]},{number},{days[when[:10]]}{when[10:]},{country},{code},{quantity},{price}\n")
        if len(lines) == 100000:
            out.write("".join(lines))
            lines.clear()
    out.write("".join(lines))


def main():
    parser = argparse.ArgumentParser(description="Makes the order file of the benchmarks.")
    parser.add_argument("data", help="folder that holds online_retail/train.csv.gz")
    parser.add_argument("--out", required=True)
    parser.add_argument("--copies", type=int, default=13)
    args = parser.parse_args()
    header, rows = read_rows(args.data)
    temporary = args.out + ".tmp"
    with open(temporary, "w", encoding="utf-8", newline="") as out:
        out.write(",".join(header) + "\n")
        for copy in range(args.copies):
            write_copy(out, rows, copy)
    os.replace(temporary, args.out)


if __name__ == "__main__":
    main()
