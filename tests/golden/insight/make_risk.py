#!/usr/bin/env python3
"""Prints the figures that tests/unit/insight/test_churn.c knows: those of scikit-learn 1.9.1, the interval by the formula of Hanley, McNeil 1982.

The rows are those of figures_are_those_of_scikit_learn() there, made of integers alone.
"""
import numpy as np
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

i = np.arange(500)
p = (i * 7919 % 97 + 1) / 100
left = i * 104729 % 89 < 20 + i * 7919 % 97 // 3
a, n1, n0 = roc_auc_score(left, p), left.sum(), (~left).sum()
q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
se = np.sqrt((a * (1 - a) + (n1 - 1) * (q1 - a * a) + (n0 - 1) * (q2 - a * a)) / (n1 * n0))
for name, v in (("AUC", a), ("LOW", a - 1.959963984540054 * se), ("BRIER", brier_score_loss(left, p)), ("LOG_LOSS", log_loss(left, p))):
    print(f"#define GOLDEN_{name} {v:.17g}")
