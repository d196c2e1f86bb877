"""Models that XGBoost saved, and what it says of rows: tests/golden/learn/xgboost_*.json and xgboost.txt.

    python tests/golden/learn/make_xgboost.py        (xgboost 3.2.0, numpy 2.x)

The matrix has missing values and values on borders of 32-bit floats. Small on purpose: the files are read whole by a test.
"""
import json
import pathlib

import numpy as np
import xgboost as xgb

HERE = pathlib.Path(__file__).parent
N, D = 120, 4


def put(out, name, values):
    out.append(f'# {name}')
    out.extend(repr(float(v)) for v in np.asarray(values, dtype=np.float64).ravel())


def main():
    rng = np.random.default_rng(20)
    x = np.round(rng.normal(size=(N, D)) * 3, 2)
    x[rng.random((N, D)) < 0.1] = np.nan
    clean = np.nan_to_num(x)
    y = clean[:, 0] * 2 + np.sin(clean[:, 1]) * 5 + clean[:, 2] * (clean[:, 3] > 0) + rng.normal(size=N)
    targets = {'number': (y, {'objective': 'reg:squarederror'}),
               'two': ((y > 1).astype(int), {'objective': 'binary:logistic'}),
               'three': (np.digitize(y, [-3, 3]), {'objective': 'multi:softprob', 'num_class': 3}),
               'parallel': ((y > 1).astype(int), {'objective': 'binary:logistic', 'num_parallel_tree': 3, 'subsample': 0.7})}
    out = []
    put(out, 'x', np.where(np.isnan(x), -999, x))
    for name, (target, settings) in targets.items():
        names = ['a', 'b b', '城市', 'd"'] if name != 'two' else None
        train = xgb.DMatrix(x, label=target, feature_names=names)
        booster = xgb.train({'max_depth': 3, 'eta': 0.4, 'nthread': 1, 'seed': 1, **settings}, train, 6)
        path = HERE / f'xgboost_{name}.json'
        booster.save_model(path)
        model = json.loads(path.read_text(encoding='utf-8'))
        path.write_text(json.dumps(model, ensure_ascii=False, separators=(',', ':')) + '\n', encoding='utf-8')
        put(out, name, booster.predict(train))
    (HERE / 'xgboost.txt').write_text('\n'.join(out) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
