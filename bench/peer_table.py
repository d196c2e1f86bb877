"""What bench/table.c does, by a peer: read, describe, impute the median, scale to mean 0 and standard deviation 1

    peer_table.py pandas|polars FILE
"""
import sys


def pandas_way(path):
    import numpy
    import pandas
    t = pandas.read_csv(path, parse_dates=["ordered_at"])
    t.describe(include="all")
    numbers = [c for c in t.columns if t[c].dtype.kind in "if"]
    t[numbers] = t[numbers].fillna(t[numbers].median())
    t[numbers] = (t[numbers] - t[numbers].mean()) / t[numbers].std()
    pattern = numpy.arange(len(t)) % 7
    for c in numbers:
        print(c, f"{(t[c].to_numpy() * pattern).sum():.9e}")


def polars_way(path):
    import polars
    t = polars.read_csv(path, try_parse_dates=True)
    t.describe()
    numbers = [c for c, kind in t.schema.items() if kind.is_numeric()]
    t = t.with_columns(polars.col(c).fill_null(polars.col(c).median()) for c in numbers)
    t = t.with_columns((polars.col(c) - polars.col(c).mean()) / polars.col(c).std() for c in numbers)
    pattern = polars.int_range(0, t.height, eager=True) % 7
    for c in numbers:
        print(c, f"{(t[c] * pattern).sum():.9e}")


def main():
    {"pandas": pandas_way, "polars": polars_way}[sys.argv[1]](sys.argv[2])


if __name__ == "__main__":
    main()
