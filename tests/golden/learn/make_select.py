#!/usr/bin/env python3
"""Makes select.txt: rankings of columns by scipy, scikit-learn, statsmodels and pandas, for tests/unit/learn/test_select.c.

    python3 tests/golden/learn/make_select.py > tests/golden/learn/select.txt      (scikit-learn 1.9, scipy 1.17, statsmodels 0.15)

A line `# name`, then the array's numbers, one a line. x (n, 6): three numbers without ties (the third nearly a sum of the others), one of few values, one
of many ties, one constant; text: codes of a column of 5 values; y a number, c two classes, k three.
"""
import numpy as np
import pandas as pd
from scipy import stats
from sklearn.feature_selection import RFE, f_classif, f_regression
from sklearn.feature_selection._mutual_info import _compute_mi_cc, _compute_mi_cd
from sklearn.linear_model import Ridge, lasso_path
from sklearn.metrics import mutual_info_score
from sklearn.preprocessing import minmax_scale, scale
from statsmodels.stats.outliers_influence import variance_inflation_factor

rng = np.random.default_rng(47)


def put(name, x):
    print('#', name)
    for v in np.asarray(x, dtype=float).ravel():
        print(repr(float(v)))


def levels(x):
    if len(np.unique(x)) <= 20:
        return np.unique(x, return_inverse=True)[1]
    return np.searchsorted(np.unique(np.quantile(x, np.arange(1, 10) / 10)), x)


def entropy(a):
    p = np.bincount(a) / len(a)
    p = p[p > 0]
    return -(p * np.log(p)).sum()


n = 207
x = rng.normal(size=(n, 6))
x[:, 2] = x[:, 0] - 0.5 * x[:, 1] + 0.2 * rng.normal(size=n)
x[:, 3] = rng.integers(0, 6, n)
x[:, 4] = np.round(5 * x[:, 4] ** 2)  # skew, ties
x[:, 5] = 3
text = rng.choice(5, n, p=[0.4, 0.3, 0.15, 0.1, 0.05])
y = x[:, 0] + np.sin(2 * x[:, 1]) + 0.3 * x[:, 3] + 0.4 * (text == 1) + 0.5 * rng.normal(size=n)
c = (y > np.quantile(y, 0.6)).astype(int)
k = levels(pd.Series(y).rank(method='first') // (n / 3 + 0.01))
for name, v in (('x', x), ('text', text), ('y', y), ('c', c), ('k', k)):
    put(name, v)
used = range(5)
yl = levels(y)
for name, target in (('y', y), ('c', c)):
    put(name + '.pearson', [stats.pearsonr(x[:, j], target)[0] for j in used])
    put(name + '.spearman', [stats.spearmanr(x[:, j], target)[0] for j in used])
    put(name + '.kendall', [stats.kendalltau(x[:, j], target)[0] for j in used])
put('y.f', np.array(f_regression(x[:, :5], y)))
put('c.f', np.array(f_classif(x[:, :5], c)))
put('k.f', np.array(f_classif(x[:, :5], k)))
put('text.y.f', stats.f_oneway(*[y[text == t] for t in range(5)]))
put('variance', [minmax_scale(x[:, j]).var() for j in range(6)])
for name, target in (('y', yl), ('c', c), ('k', k)):
    rows = []
    for a in [levels(x[:, j]) for j in used] + [text]:
        counts = pd.crosstab(a, target).to_numpy()
        chi2 = stats.chi2_contingency(counts, correction=False)
        mutual = mutual_info_score(a, target)
        rows.append([mutual, mutual / np.log(2), mutual / entropy(a), chi2.statistic, chi2.pvalue])
    put(name + '.counts', rows)
shares = [pd.crosstab(a, c).to_numpy() for a in [levels(x[:, j]) for j in used] + [text]]
shares = [np.maximum(s, 0.5) / s.sum(axis=0) for s in shares]
put('c.iv', [((s[:, 1] - s[:, 0]) * np.log(s[:, 1] / s[:, 0])).sum() for s in shares])
z = scale(x[:, :3], with_mean=False)
put('c.mutual', [_compute_mi_cd(z[:, j], c, 3) for j in range(3)])
put('k.mutual', [_compute_mi_cd(z[:, j], k, 3) for j in range(3)])
put('y.mutual', [_compute_mi_cc(z[:, j], y / y.std(), 3) for j in range(3)])
put('y.mutual.few', [_compute_mi_cd(y / y.std(), x[:, 3].astype(int), 3), _compute_mi_cd(y / y.std(), text, 3)])
numbers = np.column_stack([np.ones(n), x[:, :5]])
put('vif', [variance_inflation_factor(numbers, j + 1) for j in used])
# Generalised VIF (Fox, Monette 1992): dummies of the text without its commonest value, to the power 1 / (values - 1).
dummies = pd.get_dummies(text).to_numpy(float)[:, 1:]
r = np.corrcoef(np.column_stack([x[:, :5], dummies]).T)
own, others = list(range(5, 9)), list(range(5))
gvif = np.linalg.det(r[np.ix_(own, own)]) * np.linalg.det(r[np.ix_(others, others)]) / np.linalg.det(r)
put('gvif', gvif ** (1 / 4))
zs = scale(x[:, :5])
for name, target in (('y', y), ('c', c.astype(float))):
    alphas, coefs, _ = lasso_path(zs, target - target.mean(), eps=1e-3, alphas=100, tol=1e-12, max_iter=100000)
    put(name + '.l1', [alphas[np.nonzero(w)[0][0]] / alphas[0] if w.any() else 0 for w in coefs])
    put(name + '.rfe', RFE(Ridge(alpha=1.0), n_features_to_select=1).fit(zs, target).ranking_)
put('k.rfe', RFE(Ridge(alpha=1.0), n_features_to_select=1).fit(zs, np.eye(3)[k]).ranking_)
