#!/usr/bin/env python3
"""TF-IDF (character 1-3-grams) + linear SVM from a file of labelled texts: bench_learn_text and scikit-learn, one after the other.

    python3 bench/learn.py BUILD/bench/bench_learn_text TRAIN TEST LABEL_COLUMN [--rounds 3] [--python PYTHON]

PYTHON has pandas and scikit-learn. Prints the median of each and the quotient; say the machine and its load with the figures.
"""
import argparse
import json
import statistics
import subprocess
import sys

PEER = r'''
import csv, json, resource, sys, time
t0 = time.perf_counter()
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC
t0 = time.perf_counter()
read = lambda path: pd.read_csv(path, sep='\t', quoting=csv.QUOTE_NONE, keep_default_na=False)
train, test = read(sys.argv[1]), read(sys.argv[2])
t1 = time.perf_counter()
v = TfidfVectorizer(analyzer='char', ngram_range=(1, 3), sublinear_tf=True, min_df=2)
svm = LinearSVC(C=1).fit(v.fit_transform(train.text), train[sys.argv[3]])
t2 = time.perf_counter()
accuracy = svm.score(v.transform(test.text), test[sys.argv[3]])
t3 = time.perf_counter()
print(json.dumps({'read': t1 - t0, 'learn': t2 - t1, 'predict': t3 - t2, 'total': t3 - t0, 'accuracy': accuracy,
                  'peak_mb': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10}))
'''


def main():
    p = argparse.ArgumentParser()
    p.add_argument('program')
    p.add_argument('data', nargs=3)
    p.add_argument('--rounds', type=int, default=3)
    p.add_argument('--threads', default='2')
    p.add_argument('--python', default=sys.executable)
    a = p.parse_args()
    runs = {'huaxiang': [], 'scikit-learn': []}
    for _ in range(a.rounds):
        for name, command in (('huaxiang', [a.program, *a.data, a.threads]), ('scikit-learn', [a.python, '-c', PEER, *a.data])):
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            runs[name].append(json.loads(out))
    median = {name: {k: statistics.median(r[k] for r in all_) for k in all_[0]} for name, all_ in runs.items()}
    for name, m in median.items():
        print(name, ' '.join(f'{k} {v:.4g}' for k, v in m.items()))
    ours, peer = median['huaxiang'], median['scikit-learn']
    print(f"{peer['total'] / ours['total']:.2f} times as fast, {ours['peak_mb'] / peer['peak_mb']:.2f} of the memory")


if __name__ == '__main__':
    main()
