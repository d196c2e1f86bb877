#!/usr/bin/env python3
"""Makes text.txt: scikit-learn's TF-IDF, naive Bayes, SVM and logistic regression on a few texts, for tests/unit/learn/test_text_vectors.c.

    python3 tests/golden/learn/make_text.py > tests/golden/learn/text.txt      (scikit-learn 1.9)

TF-IDF entries are row, index of the term in text_terms.tsv (kind TAB term), value. The texts stand in TEXTS of the test as well.
"""
import pathlib

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.svm import LinearSVC

TEXTS = ['快递很慢，包装也破了', '快递  很快，很满意！', 'The ROOM was clean; staff 很 nice', 'room was dirty, the staff rude',
         '质量很差 退货退货退货', 'nice room, nice staff\u3000\u3000很满意', 'É x_1 the  the   THE', '差差差，dirty room']
LABELS = np.array([0, 1, 1, 0, 0, 1, 1, 0])
here = pathlib.Path(__file__).parent


def put(name, x):
    print('#', name)
    for v in np.asarray(x, dtype=float).ravel():
        print(repr(float(v)))


terms, blocks = [], []
for kind, longest, pattern in (('char', 3, None), ('word', 2, r'(?u)\b\w+\b')):
    v = TfidfVectorizer(analyzer=kind, ngram_range=(1, longest), sublinear_tf=True, min_df=1,
                        **({'token_pattern': pattern} if pattern else {}))
    x = v.fit_transform(TEXTS).tocoo()
    blocks.append(np.stack([x.row, x.col + len(terms), x.data], 1))
    terms += [kind + '\t' + t for t in v.get_feature_names_out()]
(here / 'text_terms.tsv').write_bytes(('\n'.join(terms) + '\n').encode())
put('tfidf', np.concatenate(blocks))

counts = CountVectorizer(analyzer='char', ngram_range=(1, 3), min_df=1).fit_transform(TEXTS)
put('bayes', MultinomialNB(alpha=1).fit(counts, LABELS)._joint_log_likelihood(counts))

char = TfidfVectorizer(analyzer='char', ngram_range=(1, 3), sublinear_tf=True, min_df=1).fit_transform(TEXTS)
for c in (0.3, 5):
    svm = LinearSVC(C=c, dual=True, tol=1e-12, max_iter=1000000, random_state=0).fit(char, LABELS)
    put(f'svm.{c}', svm.decision_function(char))
    logistic = LogisticRegression(C=c, solver='liblinear', dual=True, tol=1e-12, max_iter=1000000, random_state=0).fit(char, LABELS)
    put(f'logistic.{c}', logistic.decision_function(char))
