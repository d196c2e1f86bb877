# Reference values for the steps of recipes: writes steps.txt beside itself.
# numpy 2.4.6, pandas 2.3.3, scipy 1.17.1, scikit-learn 1.9.1
import os
import numpy as np
import pandas as pd
from scipy import interpolate
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.preprocessing import (MaxAbsScaler, MinMaxScaler, PowerTransformer, QuantileTransformer, RobustScaler,
                                   StandardScaler, TargetEncoder)

out = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "steps.txt"), "w")


def put(name, values):
    out.write(f"# {name}\n")
    for v in np.asarray(values, dtype=float).ravel():
        out.write(repr(float(v)) + "\n")


rng = np.random.default_rng(7)
n, m, d = 60, 20, 4


def table(rows):
    a = rng.normal(size=(rows, d))
    a[:, 1] = 2 * a[:, 0] + a[:, 1] * 0.5 + 3
    a[:, 2] = np.exp(0.7 * a[:, 2] + 0.3 * a[:, 0])
    a[:, 3] = a[:, 1] - a[:, 2] + 0.1 * a[:, 3]
    x = a.copy()
    x[rng.random(x.shape) < 0.2] = np.nan
    return x


train, test = table(n), table(m)
train[5] = np.nan  # a row without anything
test[3] = np.nan
group = rng.integers(0, 4, size=n)
other = rng.integers(0, 6, size=m)  # 4 and 5 are new
put("train", train)
put("test", test)
put("group", group)
put("other", other)

# ---- impute
frame = pd.DataFrame(train, columns=list("abcd"))
frame["g"] = group
late = pd.DataFrame(test, columns=list("abcd"))
late["g"] = other
for how in ("mean", "median"):
    fill = getattr(frame[list("abcd")], how)()
    put(how, late[list("abcd")].fillna(fill))
    by = getattr(frame.groupby("g")[list("abcd")], how)()
    rows = []
    for _, r in late.iterrows():
        w = by.loc[r.g] if r.g in by.index else fill
        rows.append([r[c] if r[c] == r[c] else (w[c] if w[c] == w[c] else fill[c]) for c in "abcd"])
    put(how + "_by", rows)
put("mode_d", frame["d"].mode()[0:1])
put("ffill", frame[list("abcd")].ffill())
put("bfill_2", frame[list("abcd")].bfill(limit=2))
put("ffill_by", frame.groupby("g")[list("abcd")].ffill())
for k, w in ((3, "uniform"), (5, "distance")):
    knn = KNNImputer(n_neighbors=k, weights=w).fit(train)
    put(f"knn_{w}_train", knn.transform(train))
    put(f"knn_{w}_test", knn.transform(test))
import warnings
warnings.simplefilter("ignore")
it = IterativeImputer(max_iter=10, tol=1e-3).fit(train)
put("iterative_rounds", [it.n_iter_])
put("iterative_train", it.transform(train))
put("iterative_test", it.transform(test))

# ---- interpolate
x = np.array([0, 1, 2.5, 3.6, 5, 7, 8.1, 10])
y = np.sin(x)
at = np.concatenate([np.linspace(0, 10, 41), [-0.5, 11.0]])
put("knots_x", x)
put("knots_y", y)
put("at", at)
curves = {
    "natural": interpolate.CubicSpline(x, y, bc_type="natural"),
    "not-a-knot": interpolate.CubicSpline(x, y),
    "clamped": interpolate.CubicSpline(x, y, bc_type="clamped"),
    "pchip": interpolate.PchipInterpolator(x, y),
    "akima": interpolate.Akima1DInterpolator(x, y, extrapolate=True),
    "linear": interpolate.interp1d(x, y, fill_value="extrapolate"),
    "nearest": interpolate.interp1d(x, y, kind="nearest", fill_value="extrapolate"),
}
for name, f in curves.items():
    put("spline_" + name, f(at))
rough = np.array([0, 0, 0, 1, 5, 5, 5, -2, 3.0, 3.1])
xs = np.arange(10.0)
mid = np.arange(0, 9, 0.25)
put("rough", rough)
put("mid", mid)
put("rough_pchip", interpolate.PchipInterpolator(xs, rough)(mid))
put("rough_akima", interpolate.Akima1DInterpolator(xs, rough)(mid))
for k in (2, 3, 4):
    put(f"short_{k}_natural", interpolate.CubicSpline(x[:k], y[:k], bc_type="natural")(x[0] + 0.3))
    put(f"short_{k}_not-a-knot", interpolate.CubicSpline(x[:k], y[:k])(x[0] + 0.3))
    put(f"short_{k}_pchip", interpolate.PchipInterpolator(x[:k], y[:k])(x[0] + 0.3))
    put(f"short_{k}_akima", interpolate.Akima1DInterpolator(x[:k], y[:k])(x[0] + 0.3))
put("gaps_linear", frame[list("abcd")].interpolate(method="linear", limit_area="inside"))
put("gaps_linear_2", frame[list("abcd")].interpolate(method="linear", limit=2, limit_area="inside"))

# ---- scale
scalers = {
    "minmax": MinMaxScaler(),
    "minmax_range": MinMaxScaler((-1, 3)),
    "z": StandardScaler(),
    "robust": RobustScaler(),
    "maxabs": MaxAbsScaler(),
    "quantile_uniform": QuantileTransformer(n_quantiles=1000),
    "quantile_10": QuantileTransformer(n_quantiles=10),
    "quantile_normal": QuantileTransformer(n_quantiles=1000, output_distribution="normal"),
    "yeo-johnson": PowerTransformer("yeo-johnson"),
    "yeo-johnson_raw": PowerTransformer("yeo-johnson", standardize=False),
}
for name, s in scalers.items():
    s.fit(train)
    put("scale_" + name, s.transform(test))
    if name.startswith("yeo"):
        put("lambda_" + name, s.lambdas_)
    if name.startswith("quantile"):
        put("inverse_" + name, s.inverse_transform(s.transform(test)))
box = PowerTransformer("box-cox").fit(train[:, 2:3])
put("scale_box-cox", box.transform(test[:, 2:3]))
put("lambda_box-cox", box.lambdas_)

# ---- encode
category = rng.integers(0, 5, size=n)
category_late = rng.integers(0, 7, size=m)
score = rng.normal(size=n) + category * 0.5
put("category", category)
put("category_late", category_late)
put("score", score)
te = TargetEncoder(smooth=10.0, target_type="continuous").fit(category.reshape(-1, 1), score)
put("target", te.transform(category_late.reshape(-1, 1)))
share = pd.Series(category).value_counts(normalize=True)
put("frequency", pd.Series(category_late).map(share).fillna(0))

# ---- outliers
wild = np.concatenate([rng.normal(size=40), [6, -7, 12.5]])
put("wild", wild)
q1, q3 = np.quantile(wild, [0.25, 0.75])
put("bounds_iqr", [q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)])
put("bounds_z", [wild.mean() - 3 * wild.std(ddof=1), wild.mean() + 3 * wild.std(ddof=1)])
from scipy import stats
mad = stats.median_abs_deviation(wild, scale="normal")
put("bounds_mad", [np.median(wild) - 3.5 * mad, np.median(wild) + 3.5 * mad])
out.close()
