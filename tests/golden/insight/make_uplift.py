#!/usr/bin/env python3
"""Prints the areas that tests/unit/insight/test_uplift_curve.c knows: those of scikit-uplift 0.5.1 (pip install scikit-uplift==0.5.1).

The rows are those of make_plain() there, made of integers alone.
"""
import numpy as np
from sklift.metrics import qini_auc_score, uplift_auc_score


def make_plain(n):
    i = np.arange(n)
    a, b = i * 7919 % 1009, i * 104729 % 997
    return (a + 3 * b) % 10 < 3 + b % 2, a % 101 / 8.0, b % 2


for n in (60, 700, 4000):
    outcome, score, treated = make_plain(n)
    areas = [f(outcome.astype(int), score, treated) for f in (qini_auc_score, uplift_auc_score)]
    print(f'{{{n}, {areas[0]:.17g}, {areas[1]:.17g}}},')
