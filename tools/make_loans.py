#!/usr/bin/env python3
"""Writes samples/loans.csv, 1,500 applications for a loan: 1,300 with their outcome, 200 that were rejected (no outcome). Nobody in it lives.

The chance of a bad outcome falls with age, savings and income, grows with the amount, the months and late payments, and hangs on the purpose.

    tools/make_loans.py [FILE]      default: samples/loans.csv
"""
import math
import pathlib
import random
import sys

JOBS = ["职员", "工人", "自营", "教师", "医护", "销售", "司机"]
PURPOSES = {"购车": -0.3, "装修": -0.1, "教育": -0.4, "经营": 0.5, "旅游": 0.4, "家电": 0.0}
COLUMNS = "loan_id,month,age,gender,job,income,savings,amount,months,late_payments,purpose,outcome"


def row(rng, i):
    age, gender, job = rng.randint(20, 65), rng.choice("男女"), rng.choice(JOBS)
    income = round(rng.lognormvariate(8.9, 0.45), -2)
    savings = round(rng.lognormvariate(9.2, 1.2), -2)
    amount, months = round(rng.lognormvariate(10.2, 0.7), -2), rng.choice([6, 12, 12, 18, 24, 24, 36, 48])
    late, purpose = min(9, int(rng.expovariate(1.1))), rng.choice(list(PURPOSES))
    logit = (-1.35 - 0.025 * (age - 40) - 0.55 * math.log(income / 7300) - 0.25 * math.log(savings / 10000) +
             0.35 * math.log(amount / 27000) + 0.02 * (months - 20) + 0.5 * late + PURPOSES[purpose] +
             (0.3 if job == "自营" else 0))
    bad = rng.random() < 1 / (1 + math.exp(-logit))
    rejected = rng.random() < 1 / (1 + math.exp(2.4 - logit * 1.6))
    outcome = "" if rejected else "bad" if bad else "good"
    shown = "" if rng.random() < 0.08 else f"{income:.0f}"
    return (f"L{i:04d},2026-{1 + (i - 1) * 9 // 1500:02d}-{rng.randint(1, 28):02d},{age},{gender},{job},{shown},{savings:.0f},{amount:.0f},"
            f"{months},{late},{purpose},{outcome}")


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "samples/loans.csv"
    rng = random.Random(20261123)
    path.write_text("\n".join([COLUMNS] + [row(rng, i) for i in range(1, 1501)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
