#!/usr/bin/env python3
"""Makes explain.txt: Shapley values of a tree by paths and by coalitions, permutation importance, partial dependence, for tests/unit/learn/test_explain.c.

    python3 tests/golden/learn/make_explain.py > tests/golden/learn/explain.txt      (shap 0.51, scikit-learn 1.9)

A line `# name`, then the array's numbers, one a line. Features are exact in 32-bit floats, which is what scikit-learn's trees compare.
"""
import warnings

import numpy as np
import shap
from sklearn.inspection import partial_dependence
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

warnings.filterwarnings('ignore')
rng = np.random.default_rng(11)


def put(name, x):
    print('#', name)
    for v in np.asarray(x, dtype=float).ravel():
        print(repr(float(v)))


n, d, background, repeats = 120, 4, 24, 3
x = rng.normal(size=(n, d)).astype(np.float32).astype(float)
x[:, 3] = np.round(x[:, 3] * 2)          # few different values
y = np.round(np.sin(2 * x[:, 0]) + x[:, 1] * (x[:, 2] > 0) + 0.1 * x[:, 3] + 0.2 * rng.normal(size=n), 4)
two = (y > 0.3).astype(int)
put('x', x)
put('y', y)
put('two', two)

tree = DecisionTreeRegressor(max_depth=5, min_samples_leaf=8, random_state=0).fit(x, y)
linear = LinearRegression().fit(x, y)
classes = DecisionTreeClassifier(max_depth=3, min_samples_leaf=8, random_state=0).fit(x, two)

e = shap.TreeExplainer(tree, feature_perturbation='tree_path_dependent')
put('tree.shap', e.shap_values(x))
put('tree.base', e.expected_value)
put('linear.shap', shap.LinearExplainer(linear, shap.maskers.Independent(x, max_samples=n)).shap_values(x))
e = shap.KernelExplainer(tree.predict, x[:background])
put('kernel.shap', np.array([e.shap_values(x[i], nsamples=2 ** d, silent=True, l1_reg=False) for i in range(30, 40)]))
put('kernel.base', e.expected_value)

permutations = np.array([[rng.permutation(n) for _ in range(repeats)] for _ in range(d)])
put('permutations', permutations)
r2, auc = [], []
for c in range(d):
    for r in range(repeats):
        z = x.copy()
        z[:, c] = x[permutations[c, r], c]
        r2.append(r2_score(y, tree.predict(z)))
        auc.append(roc_auc_score(two, classes.predict_proba(z)[:, 1]))
put('permuted.r2', r2)
put('permuted.auc', auc)

for c in range(d):
    p = partial_dependence(tree, x, [c], kind='both', grid_resolution=20, percentiles=(0.05, 0.95), method='brute')
    put(f'partial.{c}.grid', p['grid_values'][0])
    put(f'partial.{c}.mean', p['average'][0])
    put(f'partial.{c}.lines', p['individual'][0][:5])
