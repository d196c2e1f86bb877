#!/usr/bin/env python3
"""Reference vectors of the RFM classes: tests/golden/rfm.json.

Classes by pandas.qcut where its edges differ; where they coincide (many customers with one order) pandas refuses, and the
definition is numpy's: 1 + how many of the linearly interpolated quantiles 0.2, 0.4, 0.6, 0.8 lie below the value. The generator
checks that both agree wherever pandas answers. Made with the versions named in the file.
"""
import json
import numpy as np
import pandas as pd

rng = np.random.default_rng(20240229)


def classes(values):
    values = np.asarray(values, dtype=np.int64)
    edges = np.quantile(values, [0.2, 0.4, 0.6, 0.8])
    result = np.searchsorted(edges, values, side="left") + 1
    full = np.quantile(values, [0, 0.2, 0.4, 0.6, 0.8, 1])
    if len(np.unique(full)) == 6:
        pandas = pd.qcut(values, 5, labels=False) + 1
        assert (pandas == result).all()
    return result


def case(name, recency, frequency, monetary):
    r = 6 - classes(recency)
    return {
        "name": name,
        "recency": [int(v) for v in recency],
        "frequency": [int(v) for v in frequency],
        "monetary": [int(v) for v in monetary],
        "r": [int(v) for v in r],
        "f": [int(v) for v in classes(frequency)],
        "m": [int(v) for v in classes(monetary)],
    }


cases = [
    case("spread", rng.integers(0, 400, 97), rng.integers(1, 2000, 97), rng.integers(-50000, 90000000, 97)),
    case("ties", rng.geometric(0.02, 151), rng.geometric(0.6, 151), rng.integers(0, 40, 151) * 99000),
    case("one", [12], [3], [590000]),
    case("four", [1, 2, 3, 4], [1, 1, 1, 9], [-10000, 0, 10000, 20000]),
    case("equal", [7] * 10, [1] * 10, [100000] * 10),
    case("exact fifths", range(0, 51), range(1, 52), range(0, 510, 10)),
]
with open(__file__.replace(".py", ".json"), "w") as out:
    json.dump({"made_with": {"pandas": pd.__version__, "numpy": np.__version__}, "cases": cases}, out)
    out.write("\n")
