"""bins of a scorecard, 1 million rows x 20 columns of numbers, against optbinning

    script/bench credit [--rows 1000000] [--columns 20] [--rounds 5] [--threads 1]

Both get the same rows of random numbers in memory (a tenth missing, eight kinds of distribution), a trend found by themselves, at most 8 bins of 5 %.
Peers: pip install optbinning==1.0.0 for the Python of HX_PEER_PYTHON. optbinning runs one column after the other, a round; seconds of both, and
the sums of information values, which are not equal: prebins differ.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import alternate


def make(path, rows, columns):
    import numpy as np
    rng = np.random.default_rng(1)
    logit = np.full(rows, -1.5)
    made = []
    for i in range(columns):
        x = [rng.normal(size=rows), rng.lognormal(8, 1, rows).round(), rng.integers(0, 12, rows).astype(float),
             rng.exponential(2, rows).round(2)][i % 4]
        z = (x - x.mean()) / x.std()
        logit += 0.25 * (z if i % 3 else -z * z / 2)
        x[rng.random(rows) < 0.1] = np.nan
        made.append(x)
    made.append((rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(float))
    np.stack(made).tofile(path)


def peer(path, rows, columns, rounds):
    import numpy as np
    from optbinning import OptimalBinning
    data = np.fromfile(path).reshape(columns + 1, rows)
    y = data[-1].astype(int)
    for _ in range(rounds):
        found, start = [], time.monotonic()
        for i in range(columns):
            o = OptimalBinning(dtype="numerical", solver="cp", max_n_bins=8, min_bin_size=0.05, monotonic_trend="auto").fit(data[i], y)
            o.binning_table.build()
            found.append(o.binning_table.iv)
        print(f"{time.monotonic() - start:.4f}")
    print(" ".join(f"{v:.6f}" for v in found))


def main():
    if sys.argv[1:2] == ["--make"]:
        make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
        return
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    folder = alternate.build("bench_credit")
    shape = [str(args.rows), str(args.columns)]
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "columns.bin")
        subprocess.run([alternate.peer_python(), __file__, "--make", path, *shape], check=True)
        ours, theirs = [], []
        for _ in range(args.rounds):
            for command, seconds in (([os.path.join(folder, "bench", "bench_credit"), path, *shape, str(args.threads), "1"], ours),
                                     ([alternate.peer_python(), __file__, "--peer", path, *shape, "1"], theirs)):
                said = [line for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines() if line[:1].isdigit()]
                seconds.append((float(said[-2]), sum(map(float, said[-1].split()))))
    for name, seconds in (("huaxiang", ours), ("optbinning", theirs)):
        print(f"{name:10} median {statistics.median(s for s, _ in seconds):.3f} s, sum of information values {seconds[-1][1]:.4f}")
    print(f"{statistics.median(s for s, _ in theirs) / statistics.median(s for s, _ in ours):.1f} times optbinning")


if __name__ == "__main__":
    main()
