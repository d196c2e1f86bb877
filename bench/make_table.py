"""A customer table of many rows and 20 columns as CSV, the same bytes for the same arguments

    bench/make_table.py OUT [--rows 5000000]

Ids, times, categories of 2 to 100,000 values, whole numbers, amounts, and doubles of 17 digits; six columns have missing cells. Needs numpy
and polars, which are there where the peers of bench/table.py are.
"""
import argparse
import os

import numpy
import polars

BATCH = 500_000
CITIES = ["上海", "北京", "广州", "深圳", "成都", "杭州", "武汉", "西安", "苏州", "南京", "重庆", "天津", "长沙", "郑州", "青岛",
          "London", "Paris", "Berlin", "Madrid", "Rome", "Vienna", "Prague", "Dublin", "Oslo", "Lyon", "Porto", "Turin", "Graz"]
CHANNELS = ["web", "app", "store", "phone", "partner"]


def with_missing(values, share, rng):
    return polars.Series(values).scatter(numpy.flatnonzero(rng.random(len(values)) < share), None)


def names(prefix, codes):
    return prefix + polars.Series(codes).cast(polars.String).str.zfill(6)


def batch(first, n):
    rng = numpy.random.default_rng([17, first])
    price = numpy.round(numpy.exp(rng.normal(3.2, 1.0, n)), 2)
    quantity = rng.integers(1, 21, n)
    seconds = rng.integers(1_704_067_200, 1_767_225_600, n)
    pick = lambda items, count: polars.Series(numpy.array(items, dtype=object)[rng.integers(0, len(items), count)], dtype=polars.String)
    return polars.DataFrame({
        "order_id": numpy.arange(first, first + n) + 10_000_000,
        "customer": names("C", rng.integers(0, 100_000, n)),
        "ordered_at": polars.Series(seconds * 1000).cast(polars.Datetime("ms")).dt.strftime("%Y-%m-%d %H:%M:%S"),
        "city": pick(CITIES, n),
        "channel": pick(CHANNELS, n),
        "category": names("cat", rng.integers(0, 200, n)),
        "sku": names("S", rng.integers(0, 10_000, n)),
        "quantity": quantity,
        "price": price,
        "amount": numpy.round(price * quantity, 2),
        "discount": with_missing(numpy.round(rng.random(n) * 20, 2), 0.2, rng),
        "age": with_missing(rng.integers(18, 90, n), 0.1, rng),
        "rating": with_missing(rng.integers(1, 6, n), 0.3, rng),
        "income": with_missing(rng.integers(20, 4000, n) * 100, 0.05, rng),
        "visits": rng.poisson(6, n),
        "seconds_on_site": with_missing(numpy.round(rng.exponential(180, n), 1), 0.02, rng),
        "score": rng.random(n),
        "drift": with_missing(rng.normal(0, 1, n), 0.05, rng),
        "distance": numpy.round(rng.gamma(2, 7, n), 4),
        "member": rng.random(n) < 0.4,
    })


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--rows", type=int, default=5_000_000)
    args = parser.parse_args()
    with open(args.out + ".part", "wb") as out:
        for first in range(0, args.rows, BATCH):
            batch(first, min(BATCH, args.rows - first)).write_csv(out, include_header=first == 0)
    os.replace(args.out + ".part", args.out)


if __name__ == "__main__":
    main()
