"""Tuned models of tables beside XGBoost tuned the same way, on nine data sets

    bench/learn_tables.py PROGRAM DATA [--sets telco_churn,...] [--trials 27 | --minutes 10] [--outer 5] [--repeats 1] [--results FOLDER] [--out FILE]

Train and test of a set are put together: nested cross-validation. Each outer fold is searched on the rest by both sides with the same number of settings
(or, with --minutes, the same seconds; 10 minutes a set, side and repeat are the most), the same number of inner folds and the same kind of search: rounds of
nine settings, the better third goes on, every other setting is near the best so far. Both fit what they found on the rest and are judged on the fold: ROC-AUC, R2 of
student_math. Ours is `learn tune` as it is. Printed: both means, the paired difference with its standard error (corrected for the overlap of training rows,
Nadeau and Bengio 2003), seconds of both, and the mean difference over the sets. --results keeps every fold in FOLDER/SET.json; a run that was broken off goes on
behind the folds that are there. Needs pandas, scikit-learn, xgboost.
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
ROUND, INNER, NEAR = 9, 3, 0.15
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
    table = table.replace("'", "", regex=True).replace("?", np.nan)  # one grade of student_math is 17'; heart_cleveland has ? for what is missing
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


def fit_peer(params, x, y, regression, threads=2):
    kind = xgboost.XGBRegressor if regression else xgboost.XGBClassifier
    return kind(tree_method="hist", enable_categorical=True, n_jobs=threads, **params).fit(x, y)


def say_peer(model, x, regression):
    return model.predict(x) if regression else model.predict_proba(x)[:, 1]


def draw(rng, near):
    """Parameters, and their places in the unit cube; near = those of a setting to look around, or None."""
    places, out = {}, {}
    for name, (low, high, log, whole) in RANGES.items():
        u, off = rng.random(), NEAR * rng.standard_normal()
        places[name] = u if near is None else min(max(near[name] + off, 0), 1)
        v = low * (high / low) ** places[name] if log else low + places[name] * (high - low)
        out[name] = int(round(v)) if whole else v
    return out, places


class Setting:
    def __init__(self, params, places):
        self.params, self.places, self.scores = params, places, []

    def mean(self):
        return np.mean(self.scores)


def tune_peer(x, y, regression, limit, seed):
    rng, inner = np.random.default_rng(seed), folds_of(y, regression, INNER, seed)
    found, tried, end = [], 0, time.monotonic() + limit.seconds if limit.seconds else math.inf
    while tried == 0 or (time.monotonic() < end and (limit.seconds or tried < limit.trials)):
        first, entries = tried == 0, []
        for _ in range(ROUND if limit.seconds else min(ROUND, limit.trials - tried)):
            best = max((e for e in found if e.places), key=Setting.mean, default=None)
            near = best.places if best and tried % 2 else None
            entries.append(Setting({}, None) if tried == 0 else Setting(*draw(rng, near)))
            tried += 1
        for step, until in enumerate([1, 2, INNER]):
            if not first and time.monotonic() >= end:
                break
            for entry in entries:
                for train, test in inner[len(entry.scores):until]:
                    model = fit_peer(entry.params, x.iloc[train], y[train], regression, limit.threads)
                    entry.scores.append(figure(y[test], say_peer(model, x.iloc[test], regression), regression))
            if step < 2:
                plain, rest = [e for e in entries if e.places is None], sorted((e for e in entries if e.places), key=lambda e: -e.mean())
                entries = plain + rest[:math.ceil(len(rest) / 3)]
        found += [e for e in entries if len(e.scores) == INNER]
    return fit_peer(max(found, key=Setting.mean).params, x, y, regression, limit.threads)


def run_ours(args, table, name, train, test, regression, limit, seed):
    target, positive, _ = SETS[name]
    with tempfile.TemporaryDirectory() as folder:
        at = lambda file: os.path.join(folder, file)
        table.iloc[train].to_csv(at("train.csv"), index=False)
        table.iloc[test].to_csv(at("test.csv"), index=False)
        until = ["--minutes", f"{limit.seconds / 60:.6f}"] if limit.seconds else ["--trials", str(limit.trials)]
        begun = time.monotonic()
        chosen = subprocess.run(
            [args.program, "learn", "tune", at("train.csv"), "--target", target, "--task", "regression" if regression else "classes",
             "--folds", str(INNER), "--seed", str(seed), "--threads", str(limit.threads), "--format", "json", "--out", at("model.json"), "--quiet",
             *until, *(["--model", args.models] if args.models else []), *(["--single"] if args.single else [])],
            check=True, capture_output=True, text=True)
        seconds = time.monotonic() - begun
        subprocess.run([args.program, "learn", "predict", at("test.csv"), "--model", at("model.json"), "--format", "csv", "--all", "--out",
                        at("said.csv"), "--quiet"], check=True, capture_output=True, text=True)
        out = pd.read_csv(at("said.csv"), dtype=str)
        found = json.loads(chosen.stdout)
        kept = {"best": found["best"]["model"], "seconds": seconds}
        for member in found.get("ensemble", {}).get("members", []):
            kept.setdefault("members", []).append([member["model"], round(member["weight"], 3)])
        if regression:
            return out["prediction"].astype(float).to_numpy(), kept
        columns = [c for c in out if c.startswith("probability ") and c[12:].lower() == positive.lower()]
        return out[columns[0]].astype(float).to_numpy(), kept


def run_fold(args, name, data, repeat, k, kept):
    """Adds to `kept` what is not there yet: ours, xgboost."""
    table, x, y, regression = data
    train, test = folds_of(y, regression, args.outer, args.seed + repeat)[k]
    seconds = args.minutes * 60 / args.outer if args.minutes else 0
    limit, seed = argparse.Namespace(seconds=seconds, trials=args.trials, threads=args.threads), (args.seed + repeat) * 100 + k
    if "ours" not in kept and args.side in ("ours", "both"):
        said, found = run_ours(args, table, name, train, test, regression, limit, seed)
        kept["ours"] = figure(y[test], said, regression)
        kept["found"] = found
    if "xgboost" not in kept and args.side in ("xgboost", "both"):
        begun = time.monotonic()
        peer = tune_peer(x.iloc[train], y[train], regression, limit, seed)
        kept["xgboost_seconds"] = time.monotonic() - begun
        kept["xgboost"] = figure(y[test], say_peer(peer, x.iloc[test], regression), regression)


def save(path, kept):
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump(kept, f, indent=1)
    os.replace(path + ".new", path)


def run_set(args, name):
    table, target, y, regression = load(args.data, name)
    data = table, features(table, target), y, regression
    path = os.path.join(args.results, name + ".json") if args.results else None
    kept = json.load(open(path, encoding="utf-8")) if path and os.path.exists(path) else {}
    for repeat in range(args.repeats):
        for k in range(args.outer):
            one = kept.setdefault(f"{repeat}.{k}", {})
            before = len(one)
            run_fold(args, name, data, repeat, k, one)
            if path and len(one) > before:
                save(path, kept)
            if len(one) > before:
                print(f"  {name} {repeat}.{k}  ours {one.get('ours', math.nan):.4f} {one.get('found', {}).get('members') or one.get('found', {}).get('best')}"
                      f"  xgboost {one.get('xgboost', math.nan):.4f}", flush=True)
    return summary(args, name, list(kept.values()))


def summary(args, name, folds):
    folds = [f for f in folds if "ours" in f and "xgboost" in f]
    if len(folds) < 2:
        return None
    ours, peers = np.array([f["ours"] for f in folds]), np.array([f["xgboost"] for f in folds])
    error = math.sqrt((1 / len(folds) + 1 / (args.outer - 1)) * np.var(ours - peers, ddof=1))
    return {"set": name, "folds": len(folds), "ours": ours.mean(), "xgboost": peers.mean(), "difference": (ours - peers).mean(), "error": error,
            "seconds": float(np.mean([f["found"]["seconds"] for f in folds])), "xgboost_seconds": float(np.mean([f["xgboost_seconds"] for f in folds]))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("data")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--models", help="those of learn tune where it is not given")
    parser.add_argument("--single", action="store_true", help="the best setting alone")
    parser.add_argument("--side", choices=["ours", "xgboost", "both"], default="both")
    parser.add_argument("--trials", type=int, default=27)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--outer", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results")
    parser.add_argument("--out")
    args = parser.parse_args()
    if args.results:
        os.makedirs(args.results, exist_ok=True)
    rows = []
    for name in args.sets.split(","):
        r = run_set(args, name)
        if r is None:
            continue
        rows.append(r)
        print(f"{name:16} {r['folds']:3} folds  ours {r['ours']:.4f}  xgboost {r['xgboost']:.4f}  difference {r['difference']:+.4f} ± {r['error']:.4f}"
              f"  seconds {r['seconds']:.1f}, {r['xgboost_seconds']:.1f}", flush=True)
    if rows:
        print(f"mean difference over {len(rows)} sets {np.mean([r['difference'] for r in rows]):+.5f}; "
              f"below -2 errors: {[r['set'] for r in rows if r['difference'] < -2 * r['error']]}")
    if args.out:
        save(args.out, rows)


if __name__ == "__main__":
    main()
