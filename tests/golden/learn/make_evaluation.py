#!/usr/bin/env python3
"""Makes evaluation.txt: rankings and calibration as scikit-learn has them, survival as lifelines has it, for tests/unit/learn/test_ranking.c,
test_calibration.c and test_survival.c.

    python3 tests/golden/learn/make_evaluation.py > tests/golden/learn/evaluation.txt      (scikit-learn 1.9, scipy 1.17, lifelines 0.30)

A line `# name`, then the array's numbers, one a line. `rossi.*` are the 432 rows of Rossi, Berk, Lenihan (1980) that lifelines brings along (MIT licence).
"""
import numpy as np
from lifelines import CoxPHFitter, KaplanMeierFitter, NelsonAalenFitter
from lifelines.datasets import load_rossi
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import concordance_index
from scipy.optimize import minimize
from sklearn.calibration import CalibratedClassifierCV
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, ndcg_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.naive_bayes import GaussianNB

rng = np.random.default_rng(8)


def put(name, x):
    print('#', name)
    for v in np.asarray(x, dtype=float).ravel():
        print(repr(float(v)))


# ---- rankings: 12 groups of 3 to 11 rows, scores with ties, gains 0 to 3; a group without a relevant row
groups, scores, gains = [], [], []
for g in range(12):
    n = int(rng.integers(3, 12))
    gain = rng.integers(0, 4, size=n) * (g != 4)
    gain[0] = 0 if g == 4 else max(gain[0], 1)
    groups += [g] * n
    gains += list(gain)
    scores += list(np.round(gain * 0.3 + rng.normal(size=n), 1))
groups, scores, gains = map(np.array, (groups, scores, gains))
order = rng.permutation(len(groups))
groups, scores, gains = groups[order], scores[order], gains[order]
put('rank.group', groups)
put('rank.score', scores)
put('rank.gain', gains)


def recall_at(rel, score, k):
    """The mean over all orders of equal scores."""
    hits = 0.0
    rank = 0
    for s in np.unique(score)[::-1]:
        run = rel[score == s]
        within = min(max(k - rank, 0), len(run))
        hits += run.sum() * within / len(run)
        rank += len(run)
    return hits


for k in (3, 5):
    rows = [(scores[groups == g], gains[groups == g]) for g in range(12) if gains[groups == g].sum() > 0]
    put(f'rank.at{k}', [
        np.mean([ndcg_score([y], [s], k=k) for s, y in rows]),
        np.mean([average_precision_score(y > 0, s) for s, y in rows]),
        np.mean([recall_at(y > 0, s, k) / (y > 0).sum() for s, y in rows]),
        np.mean([recall_at(y > 0, s, k) / min(k, len(y)) for s, y in rows])])

# ---- calibration of two classes: what logistic regression and naive Bayes say out of fold
n = 240
y = (rng.uniform(size=n) < 0.35).astype(int)
X = rng.normal(size=(n, 3)) + y[:, None] * [1.0, 0.5, 0.0]
X[:, 2] = X[:, 0] + 0.1 * rng.normal(size=n)  # naive Bayes is too sure of itself
folds = rng.permutation(np.arange(n) % 4)
split = PredefinedSplit(folds)
new = rng.normal(size=(40, 3)) * 1.5
put('two.y', y)
for name, model in (('logistic', LogisticRegression(C=0.7, tol=1e-10, max_iter=5000)), ('bayes', GaussianNB())):
    put(f'two.{name}.out', cross_val_predict(model, X, y, cv=split, method='predict_proba')[:, 1])
    put(f'two.{name}.new', model.fit(X, y).predict_proba(new)[:, 1])
put('two.isotonic', CalibratedClassifierCV(GaussianNB(), method='isotonic', cv=split, ensemble=False).fit(X, y).predict_proba(new)[:, 1])
put('two.platt.sklearn', CalibratedClassifierCV(LogisticRegression(C=0.7, tol=1e-10, max_iter=5000), method='sigmoid', cv=split,
                                                ensemble=False).fit(X, y).predict_proba(new)[:, 1])


def platt(z, t):
    """Slope and offset of 1 / (1 + exp(slope z + offset)) to full precision."""
    pos, neg = t.sum(), len(t) - t.sum()
    target = np.where(t == 1, (pos + 1) / (pos + 2), 1 / (neg + 2))

    def loss(ab):
        a = ab[0] * z + ab[1]
        return np.sum(np.logaddexp(0, a) - (1 - target) * a), np.array([np.sum((target - 1 / (1 + np.exp(a))) * z),
                                                                        np.sum(target - 1 / (1 + np.exp(a)))])
    return minimize(loss, [0, np.log((neg + 1) / (pos + 1))], jac=True, method='BFGS', options={'gtol': 1e-11}).x


def log_odds(p):
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p) - np.log1p(-p)


oof = cross_val_predict(GaussianNB(), X, y, cv=split, method='predict_proba')[:, 1]
put('two.platt', platt(log_odds(oof), y))

# ---- three classes
k = 3
y3 = rng.integers(0, k, size=n)
X3 = rng.normal(size=(n, 2)) + np.column_stack([y3 == 1, y3 == 2]) * 1.2
out3 = cross_val_predict(GaussianNB(), X3, y3, cv=split, method='predict_proba')
put('three.y', y3)
put('three.out', out3)
put('three.new', GaussianNB().fit(X3, y3).predict_proba(new[:, :2]))
put('three.isotonic', CalibratedClassifierCV(GaussianNB(), method='isotonic', cv=split, ensemble=False).fit(X3, y3).predict_proba(new[:, :2]))
each = []
for c in range(k):
    a, b = platt(log_odds(out3[:, c]), (y3 == c).astype(int))
    each.append(1 / (1 + np.exp(a * log_odds(GaussianNB().fit(X3, y3).predict_proba(new[:, :2])[:, c]) + b)))
each = np.array(each).T
put('three.platt', each / each.sum(1, keepdims=True))

# ---- isotonic with weights and many equal x
x = np.round(rng.uniform(size=60), 1)
t = (rng.uniform(size=60) < x).astype(int)
w = rng.uniform(0.2, 3, size=60)
put('iso.x', x)
put('iso.y', t)
put('iso.w', w)
grid = np.linspace(-0.1, 1.1, 49)
put('iso.at', grid)
put('iso.said', IsotonicRegression(y_min=0, y_max=1, out_of_bounds='clip').fit(x, t, sample_weight=w).predict(grid))

# ---- survival: Rossi
rossi = load_rossi()
put('rossi', rossi.to_numpy())  # week arrest fin age race wexp mar paro prio
km = KaplanMeierFitter().fit(rossi.week, rossi.arrest)
ci = km.confidence_interval_
times = np.array([10, 20, 30, 40, 50, 52])
put('rossi.km', np.column_stack([times, km.survival_function_.loc[times].to_numpy(), ci.loc[times].to_numpy()]))
put('rossi.na', NelsonAalenFitter().fit(rossi.week, rossi.arrest).cumulative_hazard_.loc[times].to_numpy())
test = multivariate_logrank_test(rossi.week, rossi.fin, rossi.arrest)
put('rossi.logrank', [test.test_statistic, test.p_value])
test = multivariate_logrank_test(rossi.week, rossi.age // 5, rossi.arrest)
put('rossi.logrank.ages', [test.test_statistic, test.p_value])
cox = CoxPHFitter().fit(rossi, 'week', 'arrest', fit_options={'precision': 1e-14, 'max_steps': 100})
put('rossi.cox', np.column_stack([cox.params_, cox.standard_errors_]))
put('rossi.cox.sums', [cox.log_likelihood_, cox.log_likelihood_ratio_test().test_statistic, cox.AIC_partial_, cox.concordance_index_])

# ---- survival: generated, with ties of all kinds, times of 0 and a group of one row
m = 90
time = np.round(rng.exponential(6, size=m))
event = (rng.uniform(size=m) < 0.6).astype(int)
group = np.append(rng.integers(0, 3, size=m - 1), 3)
feature = np.column_stack([rng.normal(size=m), rng.integers(0, 2, size=m)])
put('lives', np.column_stack([time, event, group, feature]))
km = KaplanMeierFitter().fit(time, event)
points = km.survival_function_.index.to_numpy()
put('lives.km', np.column_stack([points, km.survival_function_.to_numpy(), km.confidence_interval_.to_numpy()]))
put('lives.median', [km.median_survival_time_])
test = multivariate_logrank_test(time, group, event)
put('lives.logrank', [test.test_statistic, test.p_value])
risk = np.round(feature[:, 0], 1)
put('lives.concordance', [concordance_index(time, -risk, event)])
try:
    from statsmodels.duration.hazard_regression import PHReg
    for ties in ('efron', 'breslow'):
        fit = PHReg(time, feature, status=event, ties=ties).fit(disp=0)
        beta = fit.params
        put(f'lives.{ties}', np.column_stack([beta, fit.bse]))
        put(f'lives.{ties}.ll', [fit.llf])
except ImportError:
    raise SystemExit('needs statsmodels')
