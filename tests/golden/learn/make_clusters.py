#!/usr/bin/env python3
"""Makes clusters.txt: clusters of scikit-learn and scipy on a small problem, for tests/unit/learn/test_clusters.c.

    python3 tests/golden/learn/make_clusters.py > tests/golden/learn/clusters.txt      (scikit-learn 1.9, scipy 1.17)

A line `# name`, then the array's numbers, one a line.
"""
import numpy as np
from scipy.cluster.hierarchy import linkage
from sklearn.cluster import DBSCAN, HDBSCAN, KMeans
from sklearn.cluster._hdbscan import hdbscan
from sklearn.cluster._hdbscan._linkage import make_single_linkage
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.mixture import GaussianMixture

rng = np.random.default_rng(31)


def put(name, x):
    print('#', name)
    for v in np.asarray(x, dtype=float).ravel():
        print(repr(float(v)))


class From(GaussianMixture):
    """A mixture that starts from given labels."""

    def start(self, labels):
        self.labels = labels
        return self

    def _initialize_parameters(self, X, random_state, **more):
        resp = np.eye(self.n_components)[self.labels]
        self._initialize(X, resp, **more)


n, d, k = 203, 3, 4
middle = np.array([[0, 0, 0], [4, 1, 0], [0, 5, 2], [3, 4, -3]])
truth = rng.integers(0, k, n)
x = np.round(middle[truth] + rng.normal(size=(n, d)) * [1, 0.8, 1.2] + 100, 3)
put('x', x)
put('truth', truth)
start = x[[0, 1, 2, 3]]
put('start', start)
for name, tol in (('kmeans', 0), ('kmeans_early', 0.02)):
    m = KMeans(k, init=start, n_init=1, tol=tol, algorithm='lloyd', max_iter=500).fit(x)
    put(name + '.labels', m.labels_)
    put(name + '.centres', m.cluster_centers_)
    put(name + '.inertia', m.inertia_)
    put(name + '.rounds', m.n_iter_)
best = min((KMeans(k, n_init=10, random_state=s).fit(x) for s in range(5)), key=lambda m: m.inertia_)
put('best.inertia', best.inertia_)
labels = m.labels_
for kind in ('full', 'diag', 'tied', 'spherical'):
    g = From(k, covariance_type=kind, tol=1e-3).start(labels).fit(x)
    put(kind + '.weights', g.weights_)
    put(kind + '.means', g.means_)
    put(kind + '.shares', g.predict_proba(x))
    put(kind + '.bic', g.bic(x))
for method in ('ward', 'average', 'complete', 'single'):
    put(method, linkage(x, method))
for name, eps, least in (('dense', 0.9, 5), ('denser', 0.6, 4)):
    s = DBSCAN(eps=eps, min_samples=least).fit(x)
    put(name + '.labels', s.labels_)
    put(name + '.cores', np.isin(np.arange(n), s.core_sample_indices_))
put('silhouette', silhouette_score(x, labels))
put('rand', adjusted_rand_score(truth, labels))
as_it_is = hdbscan._process_mst
# three regions of different density, a few rows between them, and five rows that are the same
blobs = np.concatenate([rng.normal(size=(90, 2)) * 0.2, rng.normal(size=(60, 2)) + [5, 0], rng.normal(size=(50, 2)) * 2 + [-2, 9],
                        rng.uniform(-8, 12, size=(40, 2)), np.tile([[6.5, 6.5]], (5, 1))])
put('blobs', blobs)
for name, rows, size, least in (('hdbscan', x, 5, 5), ('hdbscan_ten', x, 10, 4), ('blobs_five', blobs, 5, 5), ('blobs_fifteen', blobs, 15, 3),
                                ('blobs_one', blobs, 8, 1)):
    if name in ('hdbscan', 'blobs_five'):  # edges of one length in the order in which they were found; scikit-learn's sort is not stable
        hdbscan._process_mst = lambda edges: make_single_linkage(edges[np.argsort(edges['distance'], kind='stable')])
    else:
        hdbscan._process_mst = as_it_is
    put(name, HDBSCAN(min_cluster_size=size, min_samples=least, copy=True).fit(rows).labels_)
