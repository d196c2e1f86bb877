"""Random numbers that are the same on every machine and every Python.

The standard `random` module may change the algorithm behind `choice` or
`sample` between versions, so the few draws the generator needs stand here, on
SplitMix64 (Steele, Lea and Flood 2014). Each stream is named: a change to one
file's stream leaves the bytes of the others alone.
"""
import math

MASK = (1 << 64) - 1
SEED = 20261120


def fnv(text):
    h = 0xCBF29CE484222325
    for byte in text.encode("utf-8"):
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


class Draw:
    def __init__(self, name):
        self.state = fnv(f"{SEED}/{name}")

    def bits(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def unit(self):
        """In [0, 1), 53 bits."""
        return (self.bits() >> 11) / 9007199254740992.0

    def chance(self, p):
        return self.unit() < p

    def below(self, n):
        return int(self.unit() * n)

    def between(self, low, high):
        """Whole number in [low, high]."""
        return low + self.below(high - low + 1)

    def real(self, low, high):
        return low + (high - low) * self.unit()

    def pick(self, items):
        return items[self.below(len(items))]

    def weighted(self, weights):
        """Index drawn in proportion to `weights` (>= 0, not all zero)."""
        at = self.unit() * sum(weights)
        for i, w in enumerate(weights):
            at -= w
            if at < 0:
                return i
        return len(weights) - 1

    def some(self, items, k):
        """k different items, in drawn order."""
        pool = list(items)
        out = []
        while pool and len(out) < k:
            out.append(pool.pop(self.below(len(pool))))
        return out

    def shuffled(self, items):
        return self.some(items, len(items))

    def normal(self, mean=0.0, sd=1.0):
        u = 1.0 - self.unit()
        return mean + sd * math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * self.unit())

    def exponential(self, rate):
        return -math.log(1.0 - self.unit()) / rate

    def gamma(self, shape, scale):
        """Marsaglia and Tsang (2000)."""
        if shape < 1.0:
            return self.gamma(shape + 1.0, scale) * (1.0 - self.unit()) ** (1.0 / shape)
        d = shape - 1.0 / 3.0
        c = 1.0 / math.sqrt(9.0 * d)
        while True:
            x = self.normal()
            v = (1.0 + c * x) ** 3
            if v > 0 and math.log(1.0 - self.unit()) < 0.5 * x * x + d - d * v + d * math.log(v):
                return d * v * scale

    def beta(self, a, b):
        x = self.gamma(a, 1.0)
        return x / (x + self.gamma(b, 1.0))


def expand(draw, template, slots=None):
    """`[a|b|]` becomes one of its alternatives (nesting allowed), `<name>` slots[name]."""
    out = []
    pos = _sequence(draw, template, 0, out, True)
    if pos != len(template):
        raise ValueError(f"unbalanced bracket in {template!r}")
    text = "".join(out)
    if slots:
        for name, value in slots.items():
            text = text.replace(f"<{name}>", value)
    return text


def _sequence(draw, template, pos, out, top):
    while pos < len(template):
        c = template[pos]
        if c == "[":
            pos = _choice(draw, template, pos + 1, out)
        elif c in "|]" and not top:
            return pos
        else:
            out.append(c)
            pos += 1
    return pos


def _choice(draw, template, pos, out):
    branches = []
    while True:
        branch = []
        pos = _sequence(draw, template, pos, branch, False)
        branches.append("".join(branch))
        if pos >= len(template):
            raise ValueError(f"unbalanced bracket in {template!r}")
        if template[pos] == "]":
            out.append(draw.pick(branches))
            return pos + 1
        pos += 1
