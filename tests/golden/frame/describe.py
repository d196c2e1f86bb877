"""Reference values of tests/unit/frame/test_describe.c, from pandas' describe(include="all") and nunique

    tests/golden/frame/describe.py        writes describe.csv (the table) and describe.tsv (what pandas says) beside itself

pandas 3.1.1, NumPy 2.4.6. describe.tsv: column, figure, value; times are milliseconds since 1970, NaN = does not apply.
The skew is that of pandas in exact fractions, since pandas' own loses digits where the mean is large.
"""
import fractions
import math
import os
import warnings

import numpy
import pandas

HERE = os.path.dirname(os.path.abspath(__file__))
FIGURES = {"count": "count", "mean": "mean", "std": "std", "min": "min", "q25": "25%", "q50": "50%", "q75": "75%", "max": "max",
           "freq": "freq", "top": "top"}


def table(n=401):
    rng = numpy.random.default_rng(5)
    t = pandas.DataFrame({
        "ids": numpy.arange(n) * 7 - 300,
        "small": rng.integers(-5, 6, n),
        "price": numpy.round(rng.lognormal(3, 1, n), 2),
        "wide": numpy.round(rng.normal(0, 1e7, n), 3),
        "real": rng.normal(1e6, 1, n),
        "tiny": rng.random(n) * 1e-12,
        "holes": numpy.where(rng.random(n) < 0.3, numpy.nan, rng.integers(0, 4000, n)),
        "constant": numpy.full(n, 42.5),
        "empty": numpy.full(n, numpy.nan),
        "one": numpy.where(numpy.arange(n) == 200, 3.25, numpy.nan),
        "two": numpy.where(numpy.arange(n) % 250 == 7, numpy.arange(n) / 4, numpy.nan),
        "infinite": numpy.where(numpy.arange(n) == 3, numpy.inf, rng.random(n)),
        "day": pandas.Timestamp("2026-01-01") + pandas.to_timedelta(rng.integers(0, 300, n), unit="D"),
        "moment": pandas.Timestamp("2026-01-01") + pandas.to_timedelta(rng.integers(0, 30_000_000, n), unit="s"),
        "member": rng.random(n) < 0.3,
        "city": rng.choice(["上海", "Paris", "Oslo, N", 'a "b"'], n, p=[0.25, 0.25, 0.25, 0.25]),
        "name": [f"customer {i % 317}" for i in range(n)],
    })
    t.loc[rng.random(n) < 0.1, "city"] = None
    return t


def skew(column):
    x = column.dropna().to_numpy()
    n = len(x)
    if n < 3 or not numpy.isfinite(x).all():
        return numpy.nan
    x = [fractions.Fraction(float(v)) for v in x]
    mean = sum(x) / n
    m2, m3 = sum((v - mean) ** 2 for v in x), sum((v - mean) ** 3 for v in x)
    return 0.0 if m2 == 0 else n * math.sqrt(n - 1) / (n - 2) * (1 if m3 > 0 else -1) * math.sqrt(m3 * m3 / m2 ** 3)


def values(t, name):
    said = t.describe(include="all")[name]
    is_time = str(t[name].dtype).startswith("datetime")
    for figure, label in FIGURES.items():
        v = said.get(label)
        if figure == "top":
            v = "" if pandas.isna(v) else str(v).lower() if t[name].dtype == bool else v
        elif v is None or pandas.isna(v):
            v = numpy.nan
        elif is_time and figure not in ("count", "freq", "std"):
            v = pandas.Timestamp(v).value / 1e6
        yield figure, v
    yield "unique", t[name].nunique()
    yield "skew", skew(t[name]) if t[name].dtype.kind in "if" else numpy.nan


def main():
    warnings.simplefilter("ignore")
    path = os.path.join(HERE, "describe.csv")
    table().to_csv(path, index=False)
    t = pandas.read_csv(path, parse_dates=["day", "moment"], float_precision="round_trip")
    with open(os.path.join(HERE, "describe.tsv"), "w", encoding="utf-8") as out:
        for name in t.columns:
            for figure, v in values(t, name):
                out.write(f"{name}\t{figure}\t{v if isinstance(v, str) else repr(float(v))}\n")


if __name__ == "__main__":
    main()
