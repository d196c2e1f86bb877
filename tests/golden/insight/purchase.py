#!/usr/bin/env python3
"""Reference values of the models of purchases: tests/golden/insight/purchase.json. Needs mpmath 1.3.0, scipy 1.17.1, lifetimes 0.11.3 (its formulas, not its code, for fits).

Log-likelihoods, probabilities and expectations are computed with 40 digits from the closed forms of the papers (hypergeometric functions, none of the
integrals or sums that the program uses); fits by scipy's BFGS and Nelder-Mead on the same log-likelihoods in double precision, the best of 3 starts.
"""
import json
import math
import random

import mpmath as mp
import numpy as np
from scipy import optimize, special

mp.mp.dps = 40


def customers(n, seed):
    """Customers of a shop that BG/NBD describes, times in days of a year, rounded to days."""
    rng = random.Random(seed)
    rows = []
    for _ in range(n):
        rate, stop = rng.gammavariate(0.8, 1 / 20), rng.betavariate(0.8, 2.5)
        age, at, last, x = float(rng.randrange(150, 365)), 0.0, 0.0, 0
        while True:
            at += rng.expovariate(rate)
            if at > age:
                break
            x, last = x + 1, max(1.0, float(math.floor(at)))
            if rng.random() < stop:
                break
        mean = round(rng.gammavariate(3, 1) * 40 / rng.gammavariate(4, 1), 2) if x else 0.0
        rows.append((x, last, age, mean))
    return rows


def bg(p, x, t, T, d):
    r, al, a, b = map(mp.mpf, p)
    first = mp.beta(a, b + x + d) / mp.beta(a, b) * (al + T) ** -(r + x)
    second = mp.beta(a + 1, b + x + d - 1) / mp.beta(a, b) * (al + t) ** -(r + x) if x + d else 0
    return mp.gamma(r + x) * al ** r / mp.gamma(r), first, second


def bg_expected(p, x, t, T, d, s):
    r, al, a, b = map(mp.mpf, p)
    _, first, second = bg(p, x, t, T, d)
    active = (a + b + x + d - 1) / (a - 1) * (1 - ((al + T) / (al + T + s)) ** (r + x) * mp.hyp2f1(r + x, b + x + d, a + b + x + d - 1, mp.mpf(s) / (al + T + s)))
    return active * first / (first + second)


def pareto(p, x, t, T):
    r, al, s, be = map(mp.mpf, p)
    if al >= be:
        def part(y):
            return mp.hyp2f1(r + s + x, s + 1, r + s + x + 1, (al - be) / (al + y)) / (al + y) ** (r + s + x)
    else:
        def part(y):
            return mp.hyp2f1(r + s + x, r + x, r + s + x + 1, (be - al) / (be + y)) / (be + y) ** (r + s + x)
    front = mp.gamma(r + x) * al ** r * be ** s / mp.gamma(r)
    return front, (al + T) ** -(r + x) * (be + T) ** -s, s / (r + s + x) * (part(t) - part(T))


def pareto_expected(p, x, t, T, h):
    r, al, s, be = map(mp.mpf, p)
    _, first, second = pareto(p, x, t, T)
    return first / (first + second) * (r + x) * (be + T) / ((al + T) * (s - 1)) * (1 - ((be + T) / (be + T + h)) ** (s - 1))


def parts(model, p, row):
    return pareto(p, *row[:3]) if model == "pareto-nbd" else bg(p, *row[:3], model == "mbg-nbd")


def expected(model, p, row, h):
    return pareto_expected(p, *row[:3], h) if model == "pareto-nbd" else bg_expected(p, *row[:3], model == "mbg-nbd", h)


def fast(model, logs, x, t, T):
    r, al, c, d = np.exp(logs)
    g = special.gammaln
    base = g(r + x) - g(r) + r * np.log(al)
    if model == "pareto-nbd":
        s, be = c, d
        lo, hi = max(al, be), abs(al - be)
        k = s + 1 if al >= be else r + x
        def part(y):
            return np.log(special.hyp2f1(r + s + x, k, r + s + x + 1, hi / (lo + y))) - (r + s + x) * np.log(lo + y)
        u, v = part(t), part(T)
        second = np.log(s) - np.log(r + s + x) + u + np.log1p(-np.exp(np.minimum(v - u, -1e-300)))
        return np.sum(base + s * np.log(be) + np.logaddexp(-(r + x) * np.log(al + T) - s * np.log(be + T), second))
    e = 1 if model == "mbg-nbd" else 0
    base = base + g(c + d) + g(d + x + e) - g(d) - g(c + d + x + e) - (r + x) * np.log(al + T)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.where(x + e > 0, np.log(c) - np.log(d + x + e - 1) + (r + x) * np.log((al + T) / (al + t)), -np.inf)
    return np.sum(base + np.logaddexp(0, odds))


def fit(model, rows):
    x, t, T = (np.array([r[i] for r in rows], float) for i in range(3))
    best = None
    rng = np.random.default_rng(1)
    for _ in range(3):
        start = np.log([0.5, 50, 1, 50 if model == "pareto-nbd" else 2]) + rng.normal(0, 0.7, 4)
        with np.errstate(all="ignore"):
            f = lambda v: -fast(model, v, x, t, T) / len(rows) if np.all(np.abs(v) < 20) else 1e9  # noqa: E731
            o = optimize.minimize(f, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14, "maxiter": 20000, "maxfev": 20000})
        if best is None or o.fun < best.fun:
            best = o
    return np.exp(best.x), -best.fun * len(rows)


def spend_value(logs, x, m):
    p, q, v = np.exp(logs)
    g = special.gammaln
    return np.sum(g(p * x + q) - g(p * x) - g(q) + q * np.log(v) + (p * x - 1) * np.log(m) + p * x * np.log(x) - (p * x + q) * np.log(x * m + v))


def fit_spend(rows):
    x, m = (np.array([r[i] for r in rows if r[0]], float) for i in (0, 3))
    o = optimize.minimize(lambda v: -spend_value(v, x, m) / len(x), np.log([3, 4, 40]), method="Nelder-Mead",
                          options={"xatol": 1e-11, "fatol": 1e-15, "maxiter": 20000, "maxfev": 20000})
    return np.exp(o.x), -o.fun * len(x)


def main():
    rows = customers(400, 7)
    points = {"bg-nbd": (0.7, 22.5, 0.9, 2.2), "mbg-nbd": (0.6, 18.0, 0.7, 1.4), "pareto-nbd": (0.65, 25.0, 0.55, 60.0)}
    out = {"rows": rows, "horizon": 90, "models": {}}
    for model, p in points.items():
        some = []
        for row in rows[:40] + [(12, 300.0, 301.0, 0.0), (150, 360.0, 364.0, 0.0), (1, 1.0, 364.0, 0.0)]:
            front, first, second = parts(model, p, row)
            some.append([*row[:3], float(mp.log(front * (first + second))), float(first / (first + second)), float(expected(model, p, row, 90))])
        best, value = fit(model, rows)
        out["models"][model] = {"at": p, "rows": some, "fit": list(best), "log_likelihood": value}
    turned = (0.65, 60.0, 0.55, 25.0)
    out["pareto_alpha_above_beta"] = {"at": turned, "rows": [[*r[:3], float(mp.log(mp.fprod((parts("pareto-nbd", turned, r)[0], sum(parts("pareto-nbd", turned, r)[1:]))))) ] for r in rows[:40]]}
    best, value = fit_spend(rows)
    out["spend"] = {"fit": list(best), "log_likelihood": value}
    # High End of Fader and Hardie 2007: 1000 customers, how many were left after each year.
    left = [1000, 869, 743, 653, 593, 551, 517, 491]
    lost = [left[i - 1] - left[i] for i in range(1, len(left))]
    def contract(v):
        a, b = np.exp(v)
        return -sum(n * (special.betaln(a + 1, b + i) - special.betaln(a, b)) for i, n in enumerate(lost)) - left[-1] * (special.betaln(a, b + len(lost)) - special.betaln(a, b))
    o = optimize.minimize(contract, [0, 1], method="Nelder-Mead", options={"xatol": 1e-11, "fatol": 1e-12, "maxiter": 9999, "maxfev": 9999})
    a, b = np.exp(o.x)
    residual = [float(sum(mp.beta(a, b + n + k) / mp.beta(a, b + n) / mp.mpf("1.1") ** k for k in range(1, 2000))) for n in (0, 3)]
    out["contract"] = {"left": left, "fit": [a, b], "log_likelihood": -o.fun, "rate": 0.1, "residual": residual}
    with open(__file__.replace(".py", ".json"), "w", encoding="utf-8") as file:
        json.dump(out, file)
        file.write("\n")


if __name__ == "__main__":
    main()
