#!/usr/bin/env python3
"""Writes samples/campaign.csv, 3,000 customers of whom half, by chance, were contacted, and whether they stayed. Nobody in it lives.

Who stays anyway hangs on silence, orders and age. A contact keeps those who are silent for 30 to 120 days and like discounts (persuadables), does nothing
for most, and drives away those who complained lately (sleeping dogs).

    tools/make_campaign.py [FILE [SEED [ROWS]]]      default: samples/campaign.csv; with SEED also the true uplift, as last column
"""
import math
import pathlib
import random
import sys

COLUMNS = "customer,age,city,orders,silent_days,discount_share,complaints,contacted,stayed"


def share(z):
    return 1 / (1 + math.exp(-z))


def row(rng, i):
    age, city = rng.randint(18, 70), rng.choice(["北京", "上海", "广州", "成都", "武汉"])
    orders, silent = 1 + min(40, int(rng.expovariate(0.2))), int(rng.uniform(0, 240))
    discount, complaints = round(rng.betavariate(1.5, 3), 2), min(5, int(rng.expovariate(1.3)))
    stay = 0.9 + 0.05 * orders - 0.014 * silent - 0.25 * complaints + 0.008 * (age - 40)
    change = (1.7 if 30 <= silent <= 120 and discount > 0.3 else 0.1) - (0.9 if complaints >= 2 else 0)
    uplift = share(stay + change) - share(stay)
    contacted = rng.random() < 0.5
    stayed = rng.random() < share(stay + change * contacted)
    return (f"K{i:05d},{age},{city},{orders},{silent},{discount},{complaints},{'yes' if contacted else 'no'},{'yes' if stayed else 'no'}",
            uplift)


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "samples/campaign.csv"
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 20261123)
    rows = [row(rng, i) for i in range(1, 1 + (int(sys.argv[3]) if len(sys.argv) > 3 else 3000))]
    lines = [f"{r},{u:.6f}" for r, u in rows] if len(sys.argv) > 2 else [r for r, _ in rows]
    path.write_text("\n".join([COLUMNS + (",true_uplift" if len(sys.argv) > 2 else "")] + lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
