#!/usr/bin/env python3
"""Makes metrics.txt: rows and scikit-learn's and scipy's figures of them, for tests/unit/learn/test_metrics_golden.c.

    python3 tests/golden/learn/make_metrics.py > tests/golden/learn/metrics.txt      (scikit-learn 1.9, scipy 1.17)

A line `# name`, then the array's numbers, one a line. Probabilities are exact in floats; figures are computed in doubles.
"""
import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from scipy.stats import binomtest, ks_2samp
from sklearn import metrics as m

rng = np.random.default_rng(5)


def put(name, x):
    print('#', name)
    for v in np.asarray(x, dtype=float).ravel():
        print(repr(float(v)))


def ece(labels, p, k):
    top, confidence = p.argmax(1), p.max(1)
    order, n, total = np.argsort(confidence, kind='stable'), len(labels), 0.0
    for b in range(k):
        rows = order[b * n // k:(b + 1) * n // k]
        if len(rows):
            total += len(rows) / n * abs((top[rows] == labels[rows]).mean() - confidence[rows].mean())
    return total


def classification(name, n, classes, grain):
    logits = rng.normal(size=(n, classes)) * 1.5
    labels = rng.integers(0, classes, n)
    logits[np.arange(n), labels] += 1.2
    if grain:  # ties
        logits = np.round(logits * grain) / grain
    p = np.exp(logits - logsumexp(logits, axis=1, keepdims=True)).astype(np.float32).astype(float)
    said = p.argmax(1)
    put(name + '.labels', labels)
    put(name + '.logits', logits.astype(np.float32))
    put(name + '.p', p)
    average = lambda kind: list(m.precision_recall_fscore_support(labels, said, average=kind, zero_division=0)[:3])
    one_hot = np.eye(classes)[labels]
    auc = m.roc_auc_score(labels, p[:, 1]) if classes == 2 else m.roc_auc_score(labels, p / p.sum(1, keepdims=True), multi_class='ovr')
    ap = m.average_precision_score(labels, p[:, 1]) if classes == 2 else m.average_precision_score(one_hot, p)
    brier = np.mean((p[:, 1] - labels) ** 2) if classes == 2 else np.mean(((p - one_hot) ** 2).sum(1))
    put(name + '.figures', [m.accuracy_score(labels, said), m.balanced_accuracy_score(labels, said),
                            m.cohen_kappa_score(labels, said), m.matthews_corrcoef(labels, said)] +
        average('macro') + average('micro') + average('weighted') +
        [-np.mean(np.log(p[np.arange(n), labels])), brier, ece(labels, p, 10), auc, ap])
    put(name + '.confusion', m.confusion_matrix(labels, said))
    put(name + '.classes', np.array(m.precision_recall_fscore_support(labels, said, zero_division=0)[:3]).T)
    z = logits.astype(np.float32).astype(float)
    loss = lambda t: np.mean(logsumexp(z / t, axis=1) - z[np.arange(n), labels] / t)
    put(name + '.temperature', [minimize_scalar(loss, bounds=(0.05, 20), method='bounded', options={'xatol': 1e-10}).x])
    other = (logits + rng.normal(size=logits.shape)).argmax(1)
    b, c = int(((said == labels) & (other != labels)).sum()), int(((said != labels) & (other == labels)).sum())
    put(name + '.other', other)
    put(name + '.mcnemar', [b, c, binomtest(min(b, c), b + c, 0.5).pvalue])
    if classes == 2:
        put(name + '.ks', [ks_2samp(p[labels == 1, 1], p[labels == 0, 1]).statistic])


def multilabel(n, k):
    labels = (rng.random((n, k)) < 0.3).astype(int)
    p = np.clip(labels * 0.4 + rng.random((n, k)) * 0.6, 0, 1).astype(np.float32).astype(float)
    said = (p >= 0.5).astype(int)
    put('many.labels', labels)
    put('many.p', p)
    f1 = lambda kind, zero: m.f1_score(labels, said, average=kind, zero_division=zero)
    put('many.figures', [f1('micro', 0), f1('macro', 0), f1('samples', 1), m.accuracy_score(labels, said),
                         m.hamming_loss(labels, said), m.roc_auc_score(labels, p, average='macro'),
                         m.roc_auc_score(labels, p, average='micro')])


def regression(n):
    y = rng.normal(size=n) * 3 + 1
    e = y + rng.normal(size=n)
    put('number.y', y)
    put('number.e', e)
    put('number.figures', [m.root_mean_squared_error(y, e), m.mean_absolute_error(y, e), m.r2_score(y, e),
                           m.median_absolute_error(y, e), m.max_error(y, e), m.mean_absolute_percentage_error(y, e)])


classification('two', 203, 2, 0)
classification('ties', 160, 2, 2)
classification('five', 240, 5, 0)
multilabel(90, 6)
regression(101)
