#!/usr/bin/env python3
"""Writes samples/ anew, or checks that it is what the generator gives.

    tools/make_samples.py              writes samples/ of this source tree
    tools/make_samples.py --out DIR    writes elsewhere
    tools/make_samples.py --check      compares, writes nothing; exit 1 on a difference

Python 3 standard library only; the same bytes on every run. The modules are in
tools/samples/: draw (random numbers, grammar), catalog (items), people, shop
(eighteen months of buying), review, words_*, voices (texts and page views),
identity, dirt and files (the tables and the truth), small (the three little files).
"""
import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from samples import files, small, tagged  # noqa: E402  (found by the line above)


def everything():
    out = {"comments.csv": small.comments(), "labelled.csv": small.labelled(), "browsing.csv": small.browsing(),
           "tagged.csv": tagged.tagged()}
    out.update({f"shop/{name}": data for name, data in files.build().items()})
    return out


def check(root, made):
    wrong = 0
    for name, data in made.items():
        path = root / name
        if not path.is_file():
            print(f"make_samples: {name} is missing", file=sys.stderr)
        elif path.read_bytes() != data:
            print(f"make_samples: {name} differs from what the generator gives", file=sys.stderr)
        else:
            continue
        wrong += 1
    known = set(made) | {"README.md"}
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        name = path.relative_to(root).as_posix()
        if name.split("/")[0] in ("comments.csv", "labelled.csv", "browsing.csv", "tagged.csv", "shop") and name not in known:
            print(f"make_samples: {name} is made by nothing", file=sys.stderr)
            wrong += 1
    return wrong


def main():
    home = pathlib.Path(__file__).resolve().parent.parent / "samples"
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, default=home)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    made = everything()
    if options.check:
        return 1 if check(options.out, made) else 0
    for name, data in made.items():
        path = options.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    print(f"{len(made)} files, {sum(map(len, made.values())):,} bytes in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
