#!/usr/bin/env python3
"""Makes browsing.txt: the worked example of docs/learn.md in NumPy alone, for tests/unit/learn/test_browsing.c.

    python3 tests/golden/learn/make_browsing.py > tests/golden/learn/browsing.txt      (NumPy 2.x)

samples/browsing.csv: rows of October 2026 with a page, hours from 6 on; page code by the order of PAGES; the first four fifths of the rows
train; min-max of training; gradient descent on J = sum (y - b0 - b1 x)^2 from zero; the closed form beside it.
"""
import csv
import pathlib
import re

import numpy as np

PAGES = ['首页', '商品列表', '商品详情', '购物车', '新闻资讯']
RATE, EPOCHS = 0.005, 4000
root = pathlib.Path(__file__).resolve().parents[3]


def put(name, x):
    print('#', name)
    for v in np.asarray(x, dtype=float).ravel():
        print(repr(float(v)))


rows = []
for r in csv.DictReader(open(root / 'samples/browsing.csv', encoding='utf-8-sig')):
    m = re.fullmatch(r'2026-10-\d\d (\d\d):(\d\d):(\d\d)', r['time'])
    if not r['page'] or not m or int(m[1]) > 23 or int(m[2]) > 59 or int(m[1]) < 6:
        continue
    rows.append((int(m[1]), PAGES.index(r['page'])))
x, y = np.array(rows, dtype=float).T
n = len(x) * 4 // 5
low, high = np.array([x[:n].min(), y[:n].min()]), np.array([x[:n].max(), y[:n].max()])
u, v = (x - low[0]) / (high[0] - low[0]), (y - low[1]) / (high[1] - low[1])
put('rows', [len(x), n])
put('scaled', np.column_stack([u, v]))
b0 = b1 = 0.0
trace = []
for _ in range(EPOCHS):
    off = v[:n] - b0 - b1 * u[:n]
    trace.append((off ** 2).sum())
    b0, b1 = b0 + RATE * 2 * off.sum(), b1 + RATE * 2 * (off * u[:n]).sum()
put('descent', [RATE, EPOCHS])
put('gd', [b0, b1])
put('trace', trace[:20] + trace[-1:])
a = np.column_stack([np.ones(n), u[:n]])
closed = np.linalg.lstsq(a, v[:n], rcond=None)[0]
put('closed', closed)
said = closed[0] + closed[1] * u[n:]
put('test', [((v[n:] - said) ** 2).sum(), ((v[n:] - said) ** 2).mean()])
codes = np.arange(len(PAGES)) / (len(PAGES) - 1)
nearest = np.abs(said[:, None] - codes[None]).argmin(1)
put('nearest', [(codes[nearest] == v[n:]).mean()])
