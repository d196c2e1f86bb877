#!/usr/bin/env python3
"""Makes linear.txt: linear models of scikit-learn and statsmodels on small problems, for tests/unit/learn/test_linear_models.c.

    python3 tests/golden/learn/make_linear.py > tests/golden/learn/linear.txt      (scikit-learn 1.9, statsmodels 0.15, scipy 1.17)

A line `# name`, then the array's numbers, one a line.
"""
import numpy as np
import statsmodels.api as sm
from scipy import special, stats
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge

rng = np.random.default_rng(11)


def put(name, x):
    print('#', name)
    for v in np.asarray(x, dtype=float).ravel():
        print(repr(float(v)))


def model(name, m, x, y, **fit):
    m.fit(x, y, **fit)
    put(name + '.coef', m.coef_)
    put(name + '.intercept', m.intercept_)


n, d = 60, 5
x = np.round(rng.normal(size=(n, d)) * [1, 2, 0.5, 3, 1] + [0, 5, -1, 0, 2], 3)
y = np.round(x @ [1.5, -2, 0, 0.7, 0] + 3 + rng.normal(size=n), 3)
weights = np.round(rng.uniform(0.5, 2, n), 2)
weights *= n / weights.sum()
put('x', x)
put('y', y)
put('weights', weights)
model('ols', LinearRegression(), x, y)
model('ols_weighted', LinearRegression(), x, y, sample_weight=weights)
twice = np.column_stack([x, x[:, 0], np.full(n, 7.0)])  # a column twice, and a constant one
model('ols_dependent', LinearRegression(), twice, y)
put('dependent_x', twice)
fit = sm.OLS(y, sm.add_constant(x)).fit()
put('ols.errors', fit.bse[1:])
put('ols.intercept_error', fit.bse[0])
put('ols.p', fit.pvalues[1:])
put('ols.r2', fit.rsquared)
put('ols.t_95', stats.t.ppf(0.975, n - d - 1))
model('ridge', Ridge(alpha=2.5, solver='svd'), x, y)
model('lasso', Lasso(alpha=0.3, tol=1e-14, max_iter=1000000), x, y)
model('elastic', ElasticNet(alpha=0.5, l1_ratio=0.4, tol=1e-14, max_iter=1000000), x, y)

two = (y > np.median(y)).astype(int)
flip = rng.uniform(size=n) < 0.15
two[flip] = 1 - two[flip]
three = np.digitize(y + rng.normal(size=n), np.quantile(y, [0.3, 0.7]))
put('two', two)
put('three', three)
put('three_classes', np.unique(three))
model('logistic', LogisticRegression(C=0.7, tol=1e-12, max_iter=100000), x, two)
model('logistic_balanced', LogisticRegression(C=0.7, tol=1e-12, max_iter=100000, class_weight='balanced'), x, two)
m = LogisticRegression(C=1.3, tol=1e-12, max_iter=100000)
model('multinomial', m, x, three)
put('multinomial.probabilities', m.predict_proba(x))
logit = sm.Logit(two, sm.add_constant(x)).fit(disp=0, maxiter=200, tol=1e-14)
put('logit.coef', logit.params[1:])
put('logit.errors', np.append(logit.bse[1:], logit.bse[0]))

a = np.array([0.3, 0.5, 1, 2.5, 10, 150])
z = np.array([0.01, 0.7, 1.3, 4, 12, 170])
put('special.a', a)
put('special.z', z)
put('special.gamma_lower', [special.gammainc(i, j) for i in a for j in z])
put('special.gamma_upper', [special.gammaincc(i, j) for i in a for j in z])
put('special.beta', [special.betainc(i, j, k) for i in a for j in a for k in (0.001, 0.2, 0.5, 0.9)])
put('special.digamma', special.digamma(z))
q = np.array([1e-10, 0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9999])
put('special.q', q)
put('special.normal', special.ndtri(q))
put('special.student', [stats.t.ppf(i, f) for i in q for f in (1, 4.5, 100)])
put('special.chi2', [stats.chi2.sf(i, f) for i in z for f in (1, 4, 30)])
put('special.f', [stats.f.sf(i, 3, f) for i in z for f in (1, 4, 30)])
