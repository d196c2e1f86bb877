"""Interpolated modified Kneser-Ney (Chen and Goodman 1999) over sequences of token ids, for bench/shakespeare.py.

Each length of n-gram has three discounts, from the numbers of n-grams seen once to four times; lengths below the highest count the
different tokens to their left instead of occurrences. The shortest is mixed with the uniform distribution, so that no id has probability 0.
"""
import collections
import math

BEGIN = -1


def padded(sequence, order):
    return (BEGIN,) * (order - 1) + tuple(sequence)


def discounts(counts):
    """Of n-grams counted once, twice, three times or more."""
    n = collections.Counter(c for c in counts.values() if c <= 4)
    if not all(n[i] for i in (1, 2, 3, 4)):
        return (0.5, 1.0, 1.5)
    y = n[1] / (n[1] + 2 * n[2])
    return tuple(i - (i + 1) * y * n[i + 1] / n[i] for i in (1, 2, 3))


class Level:
    """The n-grams of one length."""

    def __init__(self, counts):
        self.counts = counts
        self.cut = (0.0, *discounts(counts))
        self.total = collections.Counter()
        self.left_over = collections.Counter()
        for gram, c in counts.items():
            self.total[gram[:-1]] += c
            self.left_over[gram[:-1]] += self.cut[min(c, 3)]

    def mix(self, gram, below):
        total = self.total.get(gram[:-1])
        if not total:
            return below
        c = self.counts.get(gram, 0)
        return (c - self.cut[min(c, 3)] + self.left_over[gram[:-1]] * below) / total


class KneserNey:
    def __init__(self, sequences, order, n_ids):
        counts = collections.Counter()
        for sequence in sequences:
            tokens = padded(sequence, order)
            counts.update(tokens[i:i + order] for i in range(len(tokens) - order + 1))
        self.order, self.n_ids, self.levels = order, n_ids, [Level(counts)]
        while order > 1:
            # An n-gram of the text's beginning has nothing but BEGIN to its left, and as many of them as occurrences.
            lower = collections.Counter()
            for gram, c in counts.items():
                lower[gram[1:]] += c if gram[0] == BEGIN and gram[1] == BEGIN else 1
            counts, order = lower, order - 1
            self.levels.insert(0, Level(counts))

    def probability(self, gram):
        p = 1 / self.n_ids
        for n, level in enumerate(self.levels, 1):
            p = level.mix(gram[-n:], p)
        return p

    def nats(self, sequences):
        """Sum of -ln p over all tokens."""
        total = 0.0
        for sequence in sequences:
            tokens = padded(sequence, self.order)
            total -= sum(math.log(self.probability(tokens[i:i + self.order])) for i in range(len(tokens) - self.order + 1))
        return total
