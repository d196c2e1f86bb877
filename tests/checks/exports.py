#!/usr/bin/env python3
"""The shared library exports exactly the functions that the public headers declare HX_API, all named hx_; the archive
defines no global symbol without that prefix, and none twice.

    exports.py libhuaxiang.so libhuaxiang.a include/huaxiang
"""
import collections
import pathlib
import re
import subprocess
import sys


def symbols(*arguments):
    """[(type letter, name)] of nm's lines."""
    text = subprocess.run(['nm', *arguments], check=True, capture_output=True, text=True).stdout
    return [tuple(line.split()[-2:]) for line in text.splitlines() if len(line.split()) == 3]


def declared(folder):
    """Names of the functions declared HX_API."""
    names = set()
    for path in sorted(pathlib.Path(folder).glob('*.h')):
        text = re.sub(r'/\*.*?\*/', ' ', path.read_text(encoding='utf-8'), flags=re.S)
        text = re.sub(r'^\s*#.*$', '', text, flags=re.M)
        names |= {m.group(1) for m in re.finditer(r'\bHX_API\b[^;(]*?\b(\w+)\s*\(', text)}
    return names


def main(shared, archive, headers):
    exported = {name for _, name in symbols('-D', '--defined-only', shared)}
    public = declared(headers)
    wrong = [f'{name}: exported, but does not start with hx_' for name in sorted(exported) if not name.startswith('hx_')]
    wrong += [f'{name}: exported, but declared HX_API in no public header' for name in sorted(exported - public)]
    wrong += [f'{name}: declared HX_API, but not exported' for name in sorted(public - exported)]
    counts = collections.Counter()
    for kind, name in symbols('--defined-only', '--extern-only', archive):
        counts[name] += 1
        if not name.startswith('hx_') and kind.isupper():
            wrong.append(f'{name}: a global symbol of the archive that does not start with hx_')
    wrong += [f'{name}: defined {count} times' for name, count in sorted(counts.items()) if count > 1]
    if not public or not exported:
        wrong.append('no public function was found: the check itself is broken')
    print('\n'.join(wrong) if wrong else f'{len(exported)} exported functions, as declared; {len(counts)} in the archive')
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main(*sys.argv[1:])
