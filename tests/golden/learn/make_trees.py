#!/usr/bin/env python3
"""Makes trees.txt: decision trees of scikit-learn on a small problem without ties, for tests/unit/learn/test_trees.c.

    python3 tests/golden/learn/make_trees.py > tests/golden/learn/trees.txt      (scikit-learn 1.9)

A line `# name`, then the array's numbers, one a line. Features are exact in 32-bit floats, which is what scikit-learn compares.
"""
import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

rng = np.random.default_rng(7)


def put(name, x):
    print('#', name)
    for v in np.asarray(x, dtype=float).ravel():
        print(repr(float(v)))


n, d = 150, 4
x = rng.normal(size=(n, d)).astype(np.float32).astype(float)
y = np.round(np.sin(2 * x[:, 0]) + x[:, 1] * (x[:, 2] > 0) + 0.3 * rng.normal(size=n), 4)
three = np.digitize(y, [-0.4, 0.5])
put('x', x)
put('y', y)
put('three', three)
rng = np.random.default_rng(8)
new = rng.normal(size=(60, d)).astype(np.float32).astype(float)
put('other', new)
w = np.round(rng.uniform(0.2, 3, n), 2)
put('weights', w)
for name, m, target, weights in (
        ('gini', DecisionTreeClassifier(max_depth=4, random_state=0), three, None),
        ('entropy', DecisionTreeClassifier(criterion='entropy', min_samples_leaf=5, random_state=0), three, None),
        ('squares', DecisionTreeRegressor(max_depth=5, min_samples_split=10, random_state=0), y, None),
        ('weighted', DecisionTreeRegressor(max_depth=3, random_state=0), y, w)):
    m.fit(x, target, sample_weight=weights)
    put(name + '.said', m.predict_proba(new) if hasattr(m, 'predict_proba') else m.predict(new))
    put(name + '.importance', m.feature_importances_)
    put(name + '.leaves', m.get_n_leaves())
