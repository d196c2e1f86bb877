#!/usr/bin/env python3
"""Makes machines.txt: naive Bayes, neighbours, support vector machines and isolation forests of scikit-learn, for tests/unit/learn/test_machines.c.

    python3 tests/golden/learn/make_machines.py > tests/golden/learn/machines.txt      (scikit-learn 1.9, scipy 1.17)

A line `# name`, then the array's numbers, one a line.
"""
import numpy as np
from scipy.optimize import minimize
from sklearn.ensemble import IsolationForest
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.metrics.pairwise import nan_euclidean_distances
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

rng = np.random.default_rng(23)


def put(name, x):
    print('#', name)
    for v in np.asarray(x, dtype=float).ravel():
        print(repr(float(v)))


n, d, m = 80, 4, 30
x = np.round(rng.normal(size=(n, d)), 3)
y = np.round(np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.2 * rng.normal(size=n), 3)
two = (y > np.median(y)).astype(int)
three = np.digitize(y, np.quantile(y, [0.3, 0.7]))
bits = (x + 0.3 * three[:, None] > 0.3).astype(float)
new = np.round(rng.normal(size=(m, d)), 3)
weights = np.round(rng.uniform(0.3, 2, n), 2)
put('x', x)
put('y', y)
put('two', two)
put('three', three)
put('bits', bits)
put('new', new)
put('weights', weights)
put('new_bits', (new > 0).astype(float))

put('gaussian', GaussianNB().fit(x, three).predict_proba(new))
put('gaussian_weighted', GaussianNB(var_smoothing=1e-3).fit(x, three, sample_weight=weights).predict_proba(new))
put('bernoulli', BernoulliNB(alpha=0.7).fit(bits, three).predict_proba((new > 0).astype(float)))

put('near', KNeighborsClassifier(7, algorithm='brute').fit(x, three).predict_proba(new))
put('near_distance', KNeighborsClassifier(7, weights='distance', algorithm='brute').fit(x, three).predict_proba(np.vstack([new, x[:2]])))
put('near_number', KNeighborsRegressor(5, weights='distance', algorithm='brute').fit(x, y).predict(new))
holes, new_holes = x.copy(), new.copy()
holes[rng.uniform(size=x.shape) < 0.2] = np.nan
new_holes[rng.uniform(size=new.shape) < 0.2] = np.nan
put('holes', np.nan_to_num(holes, nan=99))
put('new_holes', np.nan_to_num(new_holes, nan=99))
far = nan_euclidean_distances(new_holes, holes)
far = np.where(np.isnan(far), np.inf, far)
put('near_holes', [y[np.argsort(row, kind='stable')[:5]].mean() for row in far])

put('svm', LinearSVC(C=0.8, tol=1e-14, max_iter=1000000, dual=False).fit(x, two).decision_function(new))
put('svm_three', LinearSVC(C=0.5, tol=1e-14, max_iter=1000000, dual=False).fit(x, three).decision_function(new))
put('svm_number', LinearSVR(C=0.6, epsilon=0.1, loss='squared_epsilon_insensitive', tol=1e-14, max_iter=1000000, dual=False).fit(x, y).predict(new))

put('rbf', SVC(C=2, gamma=0.3, tol=1e-10).fit(x, two).decision_function(new))
put('rbf_scale', SVC(C=1, tol=1e-10).fit(x, two, sample_weight=weights).decision_function(new))
put('poly', SVC(C=0.5, kernel='poly', gamma=0.4, coef0=1, degree=3, tol=1e-10).fit(x, two).decision_function(new))
put('linear', SVC(C=1, kernel='linear', tol=1e-10).fit(x, two).decision_function(new))
put('rbf_three', np.stack([SVC(C=2, gamma=0.3, tol=1e-10).fit(x, three == k).decision_function(new) for k in range(3)], 1))
put('svr', SVR(C=1.5, gamma=0.3, epsilon=0.05, tol=1e-10).fit(x, y).predict(new))

margins = np.round(rng.normal(size=60) * 2, 3)
positive = (margins + rng.normal(size=60) * 1.5 > 0.3).astype(int)
high, low = (positive.sum() + 1) / (positive.sum() + 2), 1 / ((1 - positive).sum() + 2)
t = np.where(positive == 1, high, low)
loss = lambda ab: np.sum(t * (ab[0] * margins + ab[1]) + np.logaddexp(0, -(ab[0] * margins + ab[1])))
put('margins', margins)
put('positive', positive)
put('platt', minimize(loss, [0, 0], method='BFGS', options={'gtol': 1e-12}).x)

inside = np.round(rng.normal(size=(300, 3)), 3)
inside[:10] += np.round(rng.choice([-1, 1], size=(10, 3)) * rng.uniform(4, 7, size=(10, 3)), 3)
put('cloud', inside)
put('isolation', -IsolationForest(n_estimators=2000, random_state=0).fit(inside).score_samples(inside))
