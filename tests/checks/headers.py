#!/usr/bin/env python3
"""Every header compiles alone, and all of them in one unit (no name means two things); public ones also as C++.

    headers.py SOURCE_DIR CC CXX [FLAG...]      CXX may be empty where there is none
"""
import pathlib
import subprocess
import sys
import tempfile


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
    wrong = [(name, compile_unit(cc, 'c', c_flags + [f'-I{root}/src'], [name])) for name in public + private]
    wrong.append(('all headers in one unit', compile_unit(cc, 'c', c_flags + [f'-I{root}/src'], public + private)))
    if cxx:
        wrong += [(f'{name} as C++', compile_unit(cxx, 'cc', ['-std=c++17', f'-I{root}/include'], [name])) for name in public]
    wrong = [(name, message) for name, message in wrong if message]
    for name, message in wrong:
        print(f'{name}:\n{message}')
    print(f'{len(public)} public and {len(private)} private headers, {len(wrong)} failures')
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main(*sys.argv[1:])
