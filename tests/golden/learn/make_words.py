#!/usr/bin/env python3
"""Vectors of words: one step of skip-gram, CBOW and GloVe in numpy (double precision), files as gensim writes them, neighbours as gensim finds them.

    python make_words.py > words.txt        # numpy 2, gensim 4.4; also writes words_gensim.bin and words_gensim.vec beside it
"""
import os

import numpy as np
from gensim.models import KeyedVectors

rng = np.random.default_rng(7)
here = os.path.dirname(os.path.abspath(__file__))


def put(name, x):
    print(f"# {name}")
    for v in np.ravel(np.asarray(x, dtype=np.float64)):
        print(repr(float(v)))


def f32(x):
    return np.asarray(x, dtype=np.float32).astype(np.float64)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def loss_of(dots):
    return np.logaddexp(0, -dots[0]) + np.logaddexp(0, dots[1:]).sum()


# one sample: a hidden vector against the right row (the first) and wrong ones
D, N, rate = 37, 6, 0.025
rows = f32(rng.normal(size=(N, D)))
inputs = f32(rng.normal(size=(3, D)))
label = np.array([1.0] + [0.0] * (N - 1))
put("rows", rows)
put("inputs", inputs)
for name, h in (("skipgram", inputs[0]), ("cbow", inputs.mean(axis=0))):
    said = sigmoid(rows @ h)
    g = (label - said) * rate
    put(name + ".g", g)
    put(name + ".e", g @ rows)
    put(name + ".rows", rows + np.outer(g, h))
    put(name + ".loss", loss_of(rows @ h))

# the whole gradient by differences: d loss / d h = -e / rate
h, eps = inputs[0].copy(), 1e-6
slope = np.zeros(D)
for k in range(D):
    for sign in (1, -1):
        at = h.copy()
        at[k] += sign * eps
        slope[k] += sign * loss_of(rows @ at) / (2 * eps)
put("slope", slope)

# one entry of GloVe, twice, so that AdaGrad's sums matter
w, c = f32(rng.normal(size=D + 1)), f32(rng.normal(size=D + 1))
put("glove.w", w)
put("glove.c", c)
sw, sc = np.ones(D + 1), np.ones(D + 1)
x, weight, rate = float(np.float32(np.log(7.5))), float(np.float32((7.5 / 100) ** 0.75)), float(np.float32(0.05))
losses = []
for _ in range(2):
    diff = w[:D] @ c[:D] + w[D] + c[D] - x
    losses.append(0.5 * weight * diff * diff)
    pull = weight * diff * rate
    gw = np.append(pull * c[:D], pull)
    gc = np.append(pull * w[:D], pull)
    w, c = w - gw / np.sqrt(sw), c - gc / np.sqrt(sc)
    sw, sc = sw + gw * gw, sc + gc * gc
put("glove.x", [x, weight, rate])
put("glove.losses", losses)
put("glove.after", np.concatenate([w, c, sw, sc]))

# gensim's files and answers
words = ["的", "好", "king", "queen", "man", "woman", "emoji😀", "a,b"]
kv = KeyedVectors(vector_size=5)
kv.add_vectors(words, rng.normal(size=(len(words), 5)).astype(np.float32))
kv.save_word2vec_format(os.path.join(here, "words_gensim.bin"), binary=True)
kv.save_word2vec_format(os.path.join(here, "words_gensim.vec"), binary=False)
put("gensim.vectors", kv.vectors)
for name, plus, minus in (("near", ["king"], []), ("analogy", ["king", "woman"], ["man"])):
    found = kv.most_similar(positive=plus, negative=minus, topn=4)
    put(name + ".index", [words.index(word) for word, _ in found])
    put(name + ".similarity", [s for _, s in found])
