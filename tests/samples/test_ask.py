#!/usr/bin/env python3
"""Sixty questions about the shop with known answers (ask_questions.py): at least fifty right, no invented figure, no invented quote.

    test_ask.py PROGRAM [--engine rules|learn|llama] [--list]
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from ask_questions import QUESTIONS, S, SHOP  # noqa: E402

FILES = "customers.csv members.xlsx orders.csv pageviews.csv reviews.csv searches.csv tickets.csv".split()
NEEDED = 50


def run(program, *args):
    done = subprocess.run([program, *args], capture_output=True, text=True, check=False, cwd=SHOP)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(args)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def figures(value):
    """Every number of an answer's data, as the sentence may say it."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, (int, float)):
        return [float(value)]
    if isinstance(value, dict):
        return [f for k, v in value.items() if k not in ("answer", "evidence", "question") for f in figures(v)]
    if isinstance(value, list):
        return [len(value)] + [f for v in value for f in figures(v)]
    return [float(n) for n in re.findall(r"\d+(?:\.\d+)?", value)]


def invented_figures(answer):
    """Numbers of the sentence that no figure of the data gives, whole or as a percentage."""
    known = figures(answer)
    if answer.get("before"):
        known.append((answer["value"] - answer["before"]) / answer["before"] * 100)
    known += [k * 100 for k in known]
    out = []
    for said in re.findall(r"\d+(?:\.\d+)?", re.sub(r"\d{4}-\d\d(-\d\d)?", "", answer["answer"])):
        places = len(said.partition(".")[2])
        if not any(abs(abs(k) - float(said)) <= 0.51 * 10 ** -places for k in known):
            out.append(said)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=lambda p: str(pathlib.Path(p).resolve()))
    parser.add_argument("--engine", default="rules")
    parser.add_argument("--list", action="store_true", help="every answer")
    args = parser.parse_args()
    right, bad = 0, []
    with tempfile.TemporaryDirectory() as folder:
        store = f"{folder}/shop.db"
        run(args.program, "profile", *FILES, "--timezone", "Asia/Shanghai", "--currency", "CNY", "--engine", args.engine, "--store", store, "--quiet")
        for question, check in QUESTIONS:
            answer = json.loads(run(args.program, "ask", question, "--store", store, "--format", "json"))
            ok = bool(check(answer))
            right += ok
            for quote in answer.get("quotes", []):
                if quote["text"].strip() not in S.texts:
                    bad.append(f"{question}: quote that nobody wrote: {quote['text']}")
            for figure in invented_figures(answer):
                bad.append(f"{question}: figure from nowhere: {figure} in {answer['answer']}")
            if args.list or not ok:
                print(f"{'right' if ok else 'WRONG'}: {question}\n       {answer['understood']} -> {answer['answer'][:300]}")
    print(f"{right} of {len(QUESTIONS)} right (at least {NEEDED}), {len(bad)} invented")
    for line in bad:
        print(line)
    return 0 if right >= NEEDED and not bad else 1


if __name__ == "__main__":
    sys.exit(main())
