#!/usr/bin/env python3
"""Every header compiles alone, and all of them in one unit (no name means two things); public ones also as C++.

    headers.py SOURCE_DIR CC CXX [FLAG...]      CXX may be empty where there is none

A header of one instruction set (its name says which) is compiled for it, where this machine's compiler can, and stays out of the one unit.
"""
import pathlib
import platform
import re
import subprocess
import sys
import tempfile


SETS = {'avx2': ['-mavx2', '-mfma', '-mf16c'],
        'avx512': ['-mavx2', '-mfma', '-mf16c', '-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512vnni'],
        'vnni': ['-mavx2', '-mfma', '-mf16c', '-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512vnni'], 'neon': []}


def set_of(name):
    """The instruction set that a header is for, or None."""
    found = re.search(r'_(avx2|avx512|vnni|neon)(_\w+)?\.h$', name)
    return found and found[1]


def is_ours(name):
    """This machine's compiler knows the header's instruction set."""
    return (platform.machine() in ('x86_64', 'AMD64')) == (set_of(name) != 'neon')


def compile_unit(compiler, language, flags, includes):
    """Compiler messages, or '' where it compiles."""
    unit = ''.join(f'#include "{name}"\n' for name in includes) + '\ntypedef int hx_not_empty;\n'
    with tempfile.NamedTemporaryFile('w', suffix='.' + language) as file:
        file.write(unit)
        file.flush()
        result = subprocess.run([compiler, '-fsyntax-only', '-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE', *flags, file.name],
                                capture_output=True, text=True)
        return '' if result.returncode == 0 else result.stderr


def main(source, cc, cxx, *flags):
    root = pathlib.Path(source)
    public = [f'huaxiang/{p.name}' for p in sorted((root / 'include/huaxiang').glob('*.h'))]
    private = [str(p.relative_to(root / 'src')) for p in sorted((root / 'src').rglob('*.h')) if 'cli' not in p.parts]
    c_flags = ['-std=c17', f'-I{root}/include', *flags]
    c_flags.append(f'-I{root}/src')
    plain = [name for name in private if not set_of(name)]
    wrong = [(name, compile_unit(cc, 'c', c_flags, [name])) for name in public + plain]
    wrong += [(name, compile_unit(cc, 'c', c_flags + SETS[set_of(name)], [name])) for name in private
              if set_of(name) and is_ours(name)]
    wrong.append(('all headers in one unit', compile_unit(cc, 'c', c_flags, public + plain)))
    if cxx:
        wrong += [(f'{name} as C++', compile_unit(cxx, 'cc', ['-std=c++17', f'-I{root}/include'], [name])) for name in public]
    wrong = [(name, message) for name, message in wrong if message]
    for name, message in wrong:
        print(f'{name}:\n{message}')
    print(f'{len(public)} public and {len(private)} private headers, {len(wrong)} failures')
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main(*sys.argv[1:])
