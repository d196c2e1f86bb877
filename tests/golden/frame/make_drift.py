"""Reference values of tests/unit/frame/test_drift.c and test_duplicates.c

    tests/golden/frame/make_drift.py        writes drift.txt and similar.tsv beside itself

SciPy 1.x: ks_2samp's statistic, special.kolmogorov for its limit law, spatial.distance.jensenshannon to base 2; PSI by its definition over the
same bins with half a row added to each. RapidFuzz: JaroWinkler.similarity, OSA.distance. Versions stand in the files' first lines.
"""
import os

import numpy
import rapidfuzz
import scipy
from rapidfuzz.distance import Jaro, JaroWinkler, OSA
from scipy import special, stats
from scipy.spatial import distance

HERE = os.path.dirname(os.path.abspath(__file__))


def numbers(out):
    rng = numpy.random.default_rng(11)
    cases = [(numpy.round(rng.normal(0, 1, 300), 2), numpy.round(rng.normal(0.3, 1.2, 200), 2)),
             (rng.integers(0, 6, 120), rng.integers(0, 7, 90)),
             (numpy.round(rng.lognormal(1, 1, 80), 1), numpy.round(rng.lognormal(1, 1, 400), 1))]
    for a, b in cases:
        d = stats.ks_2samp(a, b, method="asymp").statistic
        p = special.kolmogorov(numpy.sqrt(len(a) * len(b) / (len(a) + len(b))) * d)
        print("ks", repr(float(d)), repr(float(p)), file=out)
        for v in (a, b):
            print("values", " ".join(str(x) for x in v), file=out)


def texts(out):
    rng = numpy.random.default_rng(12)
    for weights in ([5, 4, 3, 1], [1, 1, 1, 1], [9, 6, 2, 2]):
        w = numpy.array(weights) / sum(weights)
        a, b = rng.choice(4, 200, p=w), rng.choice(4, 150, p=[0.4, 0.3, 0.2, 0.1])
        x, y = numpy.bincount(a, minlength=4), numpy.bincount(b, minlength=4)
        p, q = (x + 0.5) / (x.sum() + 2), (y + 0.5) / (y.sum() + 2)
        psi = float(numpy.sum((q - p) * numpy.log(q / p)))
        print("bins", repr(psi), repr(float(distance.jensenshannon(x, y, base=2))), file=out)
        for v in (a, b):
            print("values", " ".join("abcd"[i] for i in v), file=out)


PAIRS = [("martha", "marhta"), ("dixon", "dicksonx"), ("shanghai", "shanghia"), ("上海市", "上海"), ("北京市朝阳区", "北京朝阳"),
         ("abc", "xyz"), ("a", "a"), ("crate", "trace"), ("jellyfish", "smellyfish"), ("张伟明", "张明伟")]


def main():
    with open(os.path.join(HERE, "drift.txt"), "w") as out:
        print("# scipy", scipy.__version__, "numpy", numpy.__version__, file=out)
        numbers(out)
        texts(out)
    with open(os.path.join(HERE, "similar.tsv"), "w") as out:
        print("# rapidfuzz", rapidfuzz.__version__, file=out)
        for a, b in PAIRS:
            # Winkler's bonus without the threshold of 0.7 that RapidFuzz puts before it
            jaro = Jaro.similarity(a, b)
            prefix = len(os.path.commonprefix([a[:4], b[:4]]))
            winkler = jaro + 0.1 * prefix * (1 - jaro)
            if jaro > 0.7:
                assert abs(winkler - JaroWinkler.similarity(a, b)) < 1e-12
            print(a, b, repr(winkler), OSA.distance(a, b), sep="\t", file=out)


if __name__ == "__main__":
    main()
