#!/usr/bin/env python3
"""TF-IDF of a few texts as scikit-learn has it, for tests/unit/learn/test_step_text.c.

    python make_text_step.py > text_step.txt        # scikit-learn 1.9

TERMS are the 1- and 2-grams that stand in two training texts or more.
"""
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

TRAIN = ["好看 好用", "好用 不贵", "不好看", "good phone", "good good price", "好"]
OTHER = ["good 好看好看", "新的 nothing", ""]
TERMS = ["好", " ", "看", "用", "好看", "好用", "不", "p", "oo", "od", "o", "go", "g", "e", "d ", "d", " p"]


def put(name, x):
    print(f"# {name}")
    for v in np.ravel(x):
        print(repr(float(v)))


v = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True, vocabulary=TERMS)
put("train", v.fit_transform(TRAIN).toarray())
put("other", v.transform(OTHER).toarray())
