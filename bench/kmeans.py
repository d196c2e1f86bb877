"""k-means of 500,000 rows of 8 numbers, 8 clusters, 10 restarts, beside scikit-learn

    script/bench kmeans [--rounds 3] [--threads 2] [--rows 500000]

Two sets of rows: eight groups with noise, which settle in a few steps, and rows without groups, which need many. Contestants run in turns, each a
fresh process; the time is that of the fit alone. Ours must not be worse: its inertia is at most 0.2 % above the peer's.
"""
import argparse
import array
import json
import os
import random
import statistics
import subprocess
import sys

import alternate

COLUMNS, K, RESTARTS = 8, 8, 10
PEER = """
import json, sys, time
import numpy as np
from sklearn.cluster import KMeans
x = np.fromfile(sys.argv[1]).reshape(-1, int(sys.argv[2]))
start = time.perf_counter()
m = KMeans(int(sys.argv[3]), n_init=int(sys.argv[4]), random_state=0).fit(x)
print(json.dumps({'seconds': time.perf_counter() - start, 'inertia': m.inertia_, 'rounds': int(m.n_iter_)}))
"""


def rows_file(name, rows, spread):
    path = os.path.join(alternate.bench_dir(), f"kmeans_{name}_{rows}.f64")
    if not os.path.exists(path):
        rng = random.Random(7)
        centres = [[rng.gauss(0, spread) for _ in range(COLUMNS)] for _ in range(K)]
        values = array.array("d", (c + rng.gauss(0, 1) for _ in range(rows) for c in rng.choice(centres)))
        with open(path, "wb") as file:
            values.tofile(file)
    return path


def run(command, threads):
    env = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, default=500000)
    args = parser.parse_args()
    folder = alternate.build("bench_kmeans")
    threads, shape = str(args.threads), [str(COLUMNS), str(K), str(RESTARTS)]
    for name, spread in (("groups", 3.0), ("cloud", 0.0)):
        path = rows_file(name, args.rows, spread)
        ours = [os.path.join(folder, "bench", "bench_kmeans"), path, str(args.rows), *shape, threads]
        contestants = {"huaxiang": ours}
        if alternate.peer_has("sklearn"):
            contestants["scikit-learn"] = [alternate.peer_python(), "-c", PEER, path, *shape]
        results = {contestant: [] for contestant in contestants}
        for _ in range(args.rounds):
            for contestant, command in contestants.items():
                results[contestant].append(run(command, threads))
        medians = {c: statistics.median(r["seconds"] for r in runs) for c, runs in results.items()}
        for contestant, runs in results.items():
            print(f"{name:8} {contestant:14} {medians[contestant]:8.3f} s  {medians[contestant] / medians['huaxiang']:6.2f} x ours  "
                  f"inertia {runs[0]['inertia']:.6g}  rounds {runs[0]['rounds']}", flush=True)
        if len(results) == 2 and results["huaxiang"][0]["inertia"] > 1.002 * results["scikit-learn"][0]["inertia"]:
            sys.exit(f"{name}: our inertia is worse")


if __name__ == "__main__":
    main()
