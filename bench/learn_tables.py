"""Tuned models of tables beside XGBoost tuned the same way, on nine data sets

    bench/learn_tables.py PROGRAM DATA [--sets telco_churn,...] [--minutes 10] [--outer 5] [--repeats 1] [--models boosting,...] [--out FILE]

Train and test of a set are put together. Each outer fold is searched on the rest by both sides with the same seconds, the same three inner folds'
number and the same kind of search (rounds of nine settings, the better third goes on), and judged on the fold: ROC-AUC, R2 of student_math. The seconds of a
set are shared out over its outer folds, so that a set takes --minutes a side and repeat. Printed: both means, the paired difference with its standard error
(corrected for the overlap of training rows, Nadeau and Bengio 2003), and the mean difference over the sets. Needs pandas, scikit-learn, xgboost.
"""
import argparse
import json
import math
import os
import subprocess
import tempfile
import time

import numpy as np
import pandas as pd
import xgboost
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold

# name: target, value that is positive (None: a number), columns that are no features
SETS = {
    "telco_churn": ("Churn", "Yes", ["customerID"]),
    "german_credit": ("class", "2", []),
    "credit_default": ("Default", "1", ["ID"]),
    "bank_marketing": ("y", "yes", ["duration"]),
    "bank_churn": ("Exited", "1", ["CustomerId"]),
    "online_shoppers": ("Revenue", "TRUE", []),
    "heart_cleveland": ("num", "sick", []),
    "pima_diabetes": ("outcome", "1", []),
    "student_math": ("G3", None, ["result"]),
}
ROUND, INNER = 9, 3
# name: low, high, logarithmic, whole; the same ranges as `learn tune` has for boosting
RANGES = {
    "n_estimators": (30, 1000, True, True), "learning_rate": (0.01, 0.3, True, False), "max_depth": (1, 9, False, True),
    "min_child_weight": (0.5, 30, True, False), "subsample": (0.5, 1, False, False), "colsample_bytree": (0.3, 1, False, False),
    "reg_lambda": (0.1, 30, True, False),
}


def load(folder, name):
    target, positive, drop = SETS[name]
    files = sorted(f for f in os.listdir(os.path.join(folder, name)) if ".csv" in f)
    table = pd.concat([pd.read_csv(os.path.join(folder, name, f), dtype=str) for f in files], ignore_index=True).drop(columns=drop)
    if name == "heart_cleveland":
        table[target] = np.where(table[target].astype(float) > 0, "sick", "well")
    y = table[target].astype(float).to_numpy() if positive is None else (table[target] == positive).astype(int).to_numpy()
    return table, target, y, positive is None


def features(table, target):
    """As XGBoost takes a table: numbers as they are, texts as categories."""
    x = table.drop(columns=[target]).copy()
    for column in x:
        numbers = pd.to_numeric(x[column].str.strip(), errors="coerce")
        filled = x[column].str.strip().replace("", np.nan).notna()
        x[column] = numbers if (numbers.notna() | ~filled).all() else x[column].astype("category")
    return x


def folds_of(y, regression, k, seed):
    return list((KFold if regression else StratifiedKFold)(k, shuffle=True, random_state=seed).split(np.zeros(len(y)), y))


def figure(y, said, regression):
    return r2_score(y, said) if regression else roc_auc_score(y, said)


def fit_peer(params, x, y, regression):
    kind = xgboost.XGBRegressor if regression else xgboost.XGBClassifier
    return kind(tree_method="hist", enable_categorical=True, n_jobs=2, **params).fit(x, y)


def say_peer(model, x, regression):
    return model.predict(x) if regression else model.predict_proba(x)[:, 1]


def draw(rng):
    out = {}
    for name, (low, high, log, whole) in RANGES.items():
        u = rng.random()
        v = low * (high / low) ** u if log else low + u * (high - low)
        out[name] = int(round(v)) if whole else v
    return out


def tune_peer(x, y, regression, seconds, seed):
    rng, inner = np.random.default_rng(seed), folds_of(y, regression, INNER, seed)
    found, end, first = [], time.monotonic() + seconds, True
    while first or time.monotonic() < end:
        entries = [({} if first and i == 0 else draw(rng), []) for i in range(ROUND)]
        for step, until in enumerate([1, 2, INNER]):
            if not first and time.monotonic() >= end:
                break
            for params, scores in entries:
                for train, test in inner[len(scores):until]:
                    model = fit_peer(params, x.iloc[train], y[train], regression)
                    scores.append(figure(y[test], say_peer(model, x.iloc[test], regression), regression))
            if step < 2:
                plain, rest = entries[:first], entries[int(first):]
                rest.sort(key=lambda e: -np.mean(e[1]))
                entries = plain + rest[:math.ceil(len(rest) / 3)]
        found += [e for e in entries if len(e[1]) == INNER]
        first = False
    return fit_peer(max(found, key=lambda e: np.mean(e[1]))[0], x, y, regression)


def run_ours(program, table, target, positive, train, test, regression, models, seconds, seed):
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        table.iloc[train].to_csv(at("train.csv"), index=False)
        table.iloc[test].to_csv(at("test.csv"), index=False)
        chosen = subprocess.run(
            [program, "learn", "tune", at("train.csv"), "--target", target, "--task", "regression" if regression else "classes",
             "--model", models, "--folds", str(INNER), "--minutes", f"{seconds / 60:.6f}", "--seed", str(seed), "--threads", "2",
             "--format", "json", "--out", at("model.json"), "--quiet"], check=True, capture_output=True, text=True)
        said = subprocess.run([program, "learn", "predict", at("test.csv"), "--model", at("model.json"), "--format", "csv", "--all", "--out",
                               at("said.csv"), "--quiet"], check=True, capture_output=True, text=True)
        del said
        out = pd.read_csv(at("said.csv"), dtype=str)
        if regression:
            return out["prediction"].astype(float).to_numpy(), json.loads(chosen.stdout)["best"]
        columns = [c for c in out if c.startswith("probability ") and c[12:].lower() == positive.lower()]
        return out[columns[0]].astype(float).to_numpy(), json.loads(chosen.stdout)["best"]


def run_set(args, name):
    table, target, y, regression = load(args.data, name)
    x = features(table, target)
    differences, ours, peers = [], [], []
    for repeat in range(args.repeats):
        for k, (train, test) in enumerate(folds_of(y, regression, args.outer, repeat)):
            seconds, seed = args.minutes * 60 / args.outer, repeat * 100 + k
            said, best = run_ours(args.program, table, target, SETS[name][1], train, test, regression, args.models, seconds, seed)
            peer = tune_peer(x.iloc[train], y[train], regression, seconds, seed)
            a, b = figure(y[test], said, regression), figure(y[test], say_peer(peer, x.iloc[test], regression), regression)
            ours.append(a)
            peers.append(b)
            differences.append(a - b)
            print(f"  {name} {repeat}.{k}  ours {a:.4f} ({best['model']})  xgboost {b:.4f}", flush=True)
    n = len(differences)
    error = math.sqrt((1 / n + 1 / (args.outer - 1)) * np.var(differences, ddof=1))
    return {"set": name, "ours": np.mean(ours), "xgboost": np.mean(peers), "difference": np.mean(differences), "error": error}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("data")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--models", default="boosting,logistic,ridge,stacking")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--outer", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--out")
    args = parser.parse_args()
    models = args.models.split(",")
    rows = []
    for name in args.sets.split(","):
        able = [m for m in models if m not in (["logistic", "bayes"] if SETS[name][1] is None else ["ridge", "linear", "lasso", "elastic"])]
        args.models = ",".join(able)
        rows.append(run_set(args, name))
        r = rows[-1]
        print(f"{name:18} ours {r['ours']:.4f}  xgboost {r['xgboost']:.4f}  difference {r['difference']:+.4f} ± {r['error']:.4f}", flush=True)
    print(f"mean difference over {len(rows)} sets {np.mean([r['difference'] for r in rows]):+.5f}; "
          f"below -2 errors: {[r['set'] for r in rows if r['difference'] < -2 * r['error']]}")
    if args.out:
        with open(args.out, "w", encoding="utf-8") as f:
            json.dump(rows, f, indent=1)


if __name__ == "__main__":
    main()
