#!/usr/bin/env python3
"""Makes assess.txt: figures of evaluation and cross-validation as scikit-learn and scipy have them, for tests/unit/learn/test_assess.c and
test_cross_validate.c.

    python3 tests/golden/learn/make_assess.py > tests/golden/learn/assess.txt      (scikit-learn 1.9, scipy 1.17)

A line `# name`, then the array's numbers, one a line.
"""
import numpy as np
from scipy import stats
from sklearn import metrics as m
from sklearn.linear_model import LinearRegression

rng = np.random.default_rng(5)


def put(name, x):
    print('#', name)
    for v in np.asarray(x, dtype=float).ravel():
        print(repr(float(v)))


# ---- two classes, with ties among the probabilities
n = 203
y = (rng.uniform(size=n) < 0.3).astype(int)
p = np.round(np.clip(0.35 + 0.25 * (y - 0.5) + rng.normal(size=n) * 0.2, 0.01, 0.99), 2)
said = (p > 0.5).astype(int)
fpr, tpr, _ = m.roc_curve(y, p, drop_intermediate=False)
put('two.y', y)
put('two.p', p)
put('two.figures', [
    m.accuracy_score(y, said), m.balanced_accuracy_score(y, said), m.precision_score(y, said), m.recall_score(y, said),
    m.f1_score(y, said), m.f1_score(y, said, average='macro'), m.roc_auc_score(y, p), m.average_precision_score(y, p),
    m.log_loss(y, np.column_stack([1 - p, p])), m.brier_score_loss(y, p), np.max(tpr - fpr), 2 * m.roc_auc_score(y, p) - 1])
order = np.argsort(-p, kind='stable')
cuts = [b * n // 10 for b in range(11)]
parts = [y[order[a:b]] for a, b in zip(cuts, cuts[1:])]
put('two.lift', [x.mean() / y.mean() for x in parts])
put('two.gain', np.cumsum([x.sum() for x in parts]) / y.sum())
fp, fn = 1.0, 4.0
costs = [(fp * np.sum((p >= t) & (y == 0)) + fn * np.sum((p < t) & (y == 1))) / n for t in np.unique(p)[::-1]]
best = int(np.argmin(costs))
put('two.threshold', [np.unique(p)[::-1][best], costs[best],
                      (fp * np.sum((p >= 0.5) & (y == 0)) + fn * np.sum((p < 0.5) & (y == 1))) / n])

# ---- three classes
k = 3
y3 = rng.integers(0, k, size=n)
z = rng.normal(size=(n, k))
z[np.arange(n), y3] += 1
p3 = np.exp(z) / np.exp(z).sum(1, keepdims=True)
said3 = p3.argmax(1)
hot = np.eye(k)[y3]
put('three.y', y3)
put('three.p', p3)
put('three.figures', [
    m.accuracy_score(y3, said3), m.balanced_accuracy_score(y3, said3), m.precision_score(y3, said3, average='macro'),
    m.recall_score(y3, said3, average='macro'), m.f1_score(y3, said3, average='macro'), m.f1_score(y3, said3, average='macro'),
    m.roc_auc_score(y3, p3, multi_class='ovr', average='macro'), m.average_precision_score(hot, p3, average='macro'),
    m.log_loss(y3, p3), ((p3 - hot) ** 2).sum(1).mean()])

# ---- numbers
v = np.round(rng.normal(size=n) * 3 + 10, 3)
f = np.round(v + rng.normal(size=n), 3)
put('numbers.y', v)
put('numbers.f', f)
put('numbers.figures', [
    m.r2_score(v, f), np.sqrt(m.mean_squared_error(v, f)), m.mean_absolute_error(v, f), m.median_absolute_error(v, f),
    m.mean_absolute_percentage_error(v, f), ((v - f) ** 2).sum(), m.mean_squared_error(v, f)])

# ---- corrected resampled t-test (Nadeau, Bengio 2003)
a = np.round(rng.uniform(0.7, 0.8, 15), 4)
b = np.round(a + rng.normal(size=15) * 0.01 + 0.004, 4)
d = a - b
t = d.mean() / np.sqrt((1 / 15 + 0.25) * d.var(ddof=1))
put('paired.a', a)
put('paired.b', b)
put('paired.test', [d.mean(), d.std(ddof=1), t, 2 * stats.t.sf(abs(t), 14)])

# ---- folds in order of time: parts of 5, each but the first predicted from those before it
n = 83
x = np.round(rng.normal(size=(n, 2)), 3)
y = np.round(x @ [1.5, -0.7] + rng.normal(size=n), 3)
part = np.arange(n) * 5 // n
r2, rmse, out = [], [], np.full(n, np.nan)
for i in range(1, 5):
    out[part == i] = LinearRegression().fit(x[part < i], y[part < i]).predict(x[part == i])
    r2.append(m.r2_score(y[part == i], out[part == i]))
    rmse.append(np.sqrt(m.mean_squared_error(y[part == i], out[part == i])))
put('time.x', x)
put('time.y', y)
put('time.r2', r2)
put('time.rmse', rmse)
put('time.sums', [np.mean(r2), np.std(r2, ddof=1)])
put('time.out', out[part > 0])
