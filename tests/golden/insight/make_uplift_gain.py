#!/usr/bin/env python3
"""Prints the worth of splits that tests/unit/insight/test_uplift.c knows, by the definitions of Rzepakowski, Jaroszewicz 2012 (equations 6 to 8), written out
over distributions with exact fractions: E divergence gain over its norm, shares by Laplace's rule."""
from fractions import Fraction as F


def laplace(part, whole):
    p = F(part + 1, whole + 2)
    return [p, 1 - p]


def e(p, q):
    return sum((a - b) ** 2 for a, b in zip(p, q))


def gini(p):
    return 1 - sum(a * a for a in p)


def worth(left, right):
    """Each side: ((untreated, with outcome), (treated, with outcome))."""
    n = [left[k][0] + right[k][0] for k in (0, 1)]
    y = [left[k][1] + right[k][1] for k in (0, 1)]
    total = sum(n)
    after = sum(F(b[0][0] + b[1][0], total) * e(laplace(b[1][1], b[1][0]), laplace(b[0][1], b[0][0])) for b in (left, right))
    gain = after - e(laplace(y[1], n[1]), laplace(y[0], n[0]))
    t, c = laplace(left[1][0], n[1]), laplace(left[0][0], n[0])
    treated = F(n[1], total)
    return gain / (gini([treated, 1 - treated]) * e(t, c) + treated * gini(t) + (1 - treated) * gini(c) + F(1, 2))


for left, right in ((((50, 10), (50, 30)), ((60, 30), (40, 10))), (((5, 1), (90, 40)), ((200, 100), (7, 7))), (((30, 15), (30, 15)), ((30, 15), (30, 15)))):
    numbers = ", ".join(f"{{{{{s[0][0]}, {s[1][0]}}}, {{{s[0][1]}, {s[1][1]}}}}}" for s in (left, right))
    print(f"{{{numbers}, {float(worth(left, right))!r}}},")
