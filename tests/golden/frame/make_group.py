# Reference values of grouped aggregates: writes group.txt beside itself.
# numpy 2.4.6, pandas 2.3.3
import os
import numpy as np
import pandas as pd

out = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "group.txt"), "w")


def put(name, values):
    out.write(f"# {name}\n")
    for v in np.asarray(values, dtype=float).ravel():
        out.write(repr(float(v)) + "\n")


rng = np.random.default_rng(11)
n = 200
key = rng.integers(0, 9, size=n)
key[0] = 9  # a group of one row
value = np.round(rng.normal(size=n) * 40 + 1e3, 2)
value[rng.random(n) < 0.2] = np.nan
value[key == 4] = np.nan  # a group without a value
whole = rng.integers(0, 5, size=n).astype(float)  # ties
put("key", key)
put("value", value)
put("whole", whole)
g = pd.DataFrame({"key": key, "value": value, "whole": whole}).groupby("key")
put("std", g.value.std())
put("var", g.value.var())
put("median", g.value.median())
put("q25", g.value.quantile(0.25))
put("q97.5", g.value.quantile(0.975))
put("nunique", g.value.nunique())
put("mode", [s.mode().iloc[0] if s.notna().any() else np.nan for _, s in g.whole])
out.close()
