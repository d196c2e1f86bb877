#!/usr/bin/env python3
"""Writes scorecard.json: what optbinning and scorecardpy make of the same rows and the same bins.

    python3 -m venv v && v/bin/pip install optbinning==1.0.0 scikit-learn==1.9.1 pandas==3.1.1
    v/bin/python tests/golden/insight/make_scorecard.py
    python3 -m venv w && w/bin/pip install scorecardpy==0.1.9.7 pandas==1.5.3 numpy==1.26.4
    w/bin/python tests/golden/insight/make_scorecard.py --scorecardpy      adds its weights of evidence (it needs older peers)

rows        income (12 % missing), age, job, bad
bins        the borders and groups that all three are given; woe and iv of optbinning, woe of scorecardpy (its sign is turned: bads over goods)
card        optbinning's Scorecard with an unpenalised logistic regression, base 600, odds 20, pdo 20
optimal     prebins of which optbinning's solver makes the bins of the greatest information value: its iv for each trend and each set of limits
"""
import json
import math
import pathlib
import random
import sys

import numpy as np
import pandas as pd

if "--scorecardpy" not in sys.argv:
    from optbinning import BinningProcess, OptimalBinning, Scorecard
    from sklearn.linear_model import LogisticRegression

AGE, INCOME = [28.5, 37, 52], [4000.0, 5500, 7000, 12000]
JOB = [["c", "e"], ["a", "d"], ["b"]]
SCALE = {"pdo": 20, "odds": 20, "scorecard_points": 600}


def rows():
    rng = random.Random(7)
    out = []
    for _ in range(800):
        age, job, income = rng.randint(18, 70), rng.choice("aabcde"), round(rng.lognormvariate(8.8, 0.5))
        logit = -0.8 - 0.03 * (age - 40) - 0.6 * math.log(income / 6600) + {"a": 0, "b": 0.5, "c": -0.4, "d": 0.1, "e": -0.6}[job]
        bad = int(rng.random() < 1 / (1 + math.exp(-logit)))
        out.append((None if rng.random() < 0.12 else income, age, job, bad))
    return out


def table_of(optb):
    t = optb.binning_table
    t.build()
    frame = t.build(add_totals=False)
    return [{"count": int(r["Count"]), "bad": int(r["Event"]), "woe": float(r["WoE"]), "iv": float(r["IV"])}
            for _, r in frame.iterrows() if r["Count"] > 0]


def card(frame):
    names = ["income", "age", "job"]
    process = BinningProcess(names, categorical_variables=["job"], binning_fit_params={
        "income": {"user_splits": np.array(INCOME), "user_splits_fixed": [True] * len(INCOME), "min_prebin_size": 0.001, "monotonic_trend": None},
        "age": {"user_splits": np.array(AGE), "user_splits_fixed": [True] * len(AGE), "min_prebin_size": 0.001, "monotonic_trend": None},
        "job": {"user_splits": np.array([np.array(g, dtype=object) for g in JOB], dtype=object),
                "user_splits_fixed": [True] * len(JOB), "min_prebin_size": 0.001, "monotonic_trend": None}})
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-14, max_iter=500)
    s = Scorecard(process, model, scaling_method="pdo_odds", scaling_method_params=SCALE)
    s.fit(frame[names], frame["bad"].to_numpy(), metric_missing="empirical")
    t = s.table(style="detailed")
    bins = {}
    for name in names:
        part = t[(t["Variable"] == name) & (t["Count"] > 0)]
        bins[name] = {"coefficient": -float(part["Coefficient"].iloc[0]), "points": [float(x) for x in part["Points"]],
                      "woe": [float(x) for x in part["WoE"]]}
    return {"intercept": -float(s.estimator_.intercept_[0]), "columns": bins}, s.binning_process_


def optimal():
    rng = np.random.default_rng(3)
    out = []
    for kind in range(3):
        x = rng.uniform(0, 16, 3000)
        logit = [-1 + 0.1 * (x - 8), -1.5 + 1.2 * np.sin(x / 5), -1 + 0.3 * np.cos(x)][kind]
        y = (rng.random(3000) < 1 / (1 + np.exp(-logit))).astype(int)
        splits = np.arange(1, 16)
        for trend in ["ascending", "descending", "peak", "valley"]:
            for limits in [{}, {"max_n_bins": 3}, {"min_bin_size": 0.15}, {"max_pvalue": 0.05}]:
                o = OptimalBinning(dtype="numerical", solver="cp", monotonic_trend=trend, user_splits=splits,
                                   **{"min_bin_size": 0.05, "max_n_bins": 8, **limits})
                o.fit(x, y)
                if o.status != "OPTIMAL":
                    continue
                o.binning_table.build()
                counts = [[int((y[(x >= a) & (x < a + 1)] == v).sum()) for v in (0, 1)] for a in range(16)]
                out.append({"trend": trend, "max_bins": limits.get("max_n_bins", 8), "min_share": limits.get("min_bin_size", 0.05),
                            "max_p": limits.get("max_pvalue", 0), "prebins": counts, "bins": len(o.splits) + 1,
                            "iv": float(o.binning_table.iv)})
    return out


def by_scorecardpy(frame):
    import scorecardpy as sc
    found = sc.woebin(frame[["age", "bad"]], y="bad", breaks_list={"age": AGE}, positive="1")["age"]
    return [-float(w) for w in found["woe"]]


def main():
    path = pathlib.Path(__file__).with_name("scorecard.json")
    data = rows()
    frame = pd.DataFrame(data, columns=["income", "age", "job", "bad"])
    if "--scorecardpy" in sys.argv:
        out = json.loads(path.read_text(encoding="utf-8"))
        out["scorecardpy_age"] = by_scorecardpy(frame)
    else:
        made, process = card(frame)
        out = {"rows": data, "borders": {"age": AGE, "income": INCOME, "job": JOB},
               "bins": {n: table_of(process.get_binned_variable(n)) for n in ["income", "age", "job"]},
               "card": made, "optimal": optimal()}
    path.write_text(json.dumps(out, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
