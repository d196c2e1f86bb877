#!/usr/bin/env bash
# Builds both packages by their preset, unpacks each in a folder of its own and runs the program there: it must find its
# data, and the tarball's program must take every library but the C library's own from the tarball.
#
#     package.sh SOURCE_DIR
set -euo pipefail
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rm -f build/package/huaxiang[-_]*.tar.gz build/package/huaxiang_*.deb
cmake --workflow --preset package > "$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }

# expect NAME PROGRAM: judges one of the five comments.
expect() {
    local got
    got=$(cd "$work" && printf '这家餐厅很棒！\n' | env -i LC_ALL=C.UTF-8 "$2" sentiment --format json --quiet)
    [[ $got == *'"label":"positive"'* ]] || { echo "$1: printed '$got'"; exit 1; }
    echo "$1: $got"
}

tar -xzf build/package/huaxiang-*.tar.gz -C "$work"
program=$(echo "$work"/huaxiang-*/bin/huaxiang)
expect tarball "$program"
outside=$(env -i ldd "$program" | grep '=>' | grep -v "=> $work/" | grep -vE 'lib(c|m|dl|pthread|rt|resolv)\.so' || true)
[ -z "$outside" ] || { echo "the tarball's program uses libraries from outside:"; echo "$outside"; exit 1; }

dpkg-deb -x build/package/huaxiang_*.deb "$work/deb"
expect deb "$work/deb/usr/bin/huaxiang"
dpkg-deb -I build/package/huaxiang_*.deb | grep '^ Depends: .*libsqlite3'
