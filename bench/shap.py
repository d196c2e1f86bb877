"""TreeSHAP of 10,000 rows beside XGBoost's own (pred_contribs)

    script/bench shap [--rounds 5] [--threads 2] [--rows 10000]

A model of XGBoost (default: 300 trees of six levels, 20 columns, some values missing) is explained by both, each a fresh process, in turns; the time
is that of the explanation alone, after a run that is not counted. The largest difference of a contribution is shown: XGBoost works in 32-bit floats.
"""
import argparse
import array
import json
import os
import statistics
import subprocess
import sys

import alternate

MAKE = """
import sys
import numpy as np, xgboost
rows, columns, trees, depth, model, data = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], sys.argv[6]
rng = np.random.default_rng(5)
x = rng.normal(size=(rows, columns)).astype(np.float32)
z = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + (x[:, 3] > 0.5) * x[:, 4] + 0.5 * rng.normal(size=rows)
x[rng.random(x.shape) < 0.05] = np.nan
m = xgboost.train({'objective': 'binary:logistic', 'max_depth': depth, 'eta': 0.1, 'tree_method': 'hist', 'nthread': 2},
                  xgboost.DMatrix(x, label=(z > 0).astype(int)), trees)
m.save_model(model)
x.astype(np.float64).tofile(data)
"""
PEER = """
import json, sys, time
import numpy as np, xgboost
model, data, rows, columns, threads, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), sys.argv[6]
m = xgboost.Booster({'nthread': threads}, model_file=model)
x = xgboost.DMatrix(np.fromfile(data).reshape(rows, columns), nthread=threads)
m.predict(xgboost.DMatrix(np.zeros((8, columns))), pred_contribs=True)
start = time.perf_counter()
phi = m.predict(x, pred_contribs=True)
print(json.dumps({'seconds': time.perf_counter() - start}))
phi.astype(np.float64).tofile(out)
"""


def run(command, threads):
    env = {**os.environ, "OMP_NUM_THREADS": threads}
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout)["seconds"]


def largest_difference(a, b):
    x, y = array.array("d"), array.array("d")
    for path, values in ((a, x), (b, y)):
        with open(path, "rb") as file:
            values.frombytes(file.read())
    return max(abs(p - q) for p, q in zip(x, y, strict=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, default=10000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--depth", type=int, default=6)
    args = parser.parse_args()
    if not alternate.peer_has("xgboost"):
        sys.exit("xgboost is not there: HX_PEER_PYTHON names a python that has it")
    folder = alternate.build("bench_shap")
    rows, columns, trees, depth, threads = (str(v) for v in (args.rows, args.columns, args.trees, args.depth, args.threads))
    name = os.path.join(alternate.bench_dir(), f"shap_{rows}_{columns}_{trees}_{depth}")
    model, data, outs = name + ".json", name + ".f64", {c: f"{name}.{c}" for c in ("huaxiang", "xgboost")}
    if not (os.path.exists(model) and os.path.exists(data)):
        subprocess.run([alternate.peer_python(), "-c", MAKE, rows, columns, trees, depth, model, data], check=True)
    contestants = {
        "huaxiang": [os.path.join(folder, "bench", "bench_shap"), model, data, rows, columns, trees, threads, outs["huaxiang"]],
        "xgboost": [alternate.peer_python(), "-c", PEER, model, data, rows, columns, threads, outs["xgboost"]],
    }
    seconds = {contestant: [] for contestant in contestants}
    for number in range(args.rounds + 1):
        for contestant, command in contestants.items():
            took = run(command, threads)
            if number > 0:
                seconds[contestant].append(took)
    ours = statistics.median(seconds["huaxiang"])
    for contestant, times in seconds.items():
        median = statistics.median(times)
        print(f"{contestant:10} {median:8.3f} s  {median / ours:6.2f} x ours  ({min(times):.3f} to {max(times):.3f})", flush=True)
    print(f"largest difference of a contribution: {largest_difference(*outs.values()):.2g}")


if __name__ == "__main__":
    main()
