#!/usr/bin/env python3
"""Prints the item-item weights that tests/unit/insight/test_ease.c knows: the closed form of Steck 2019 in numpy.

The rows are those of weights_are_those_of_numpy() there.
"""
import numpy as np

x = np.array([[1, 0, 2, 0], [0, 1, 1, 0.5], [3, 0, 0, 1], [0, 2, 0, 0], [1, 1, 1, 1]])
p = np.linalg.inv(x.T @ x + 2.5 * np.eye(4))
b = p / -np.diag(p)
np.fill_diagonal(b, 0)
for row in b:
    print("    " + ", ".join(f"{v:.17g}" for v in row) + ",")
