#!/usr/bin/env bash
# Installs a build tree into a throw-away prefix, moves the prefix, and builds and runs a user's program there: through
# pkg-config (shared, and with the archive) and through CMake's find_package. The installed program must find its data.
#
#     run.sh BUILD_DIR SOURCE_DIR
set -euo pipefail
build=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset LD_LIBRARY_PATH

cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved here"
prefix="$work/moved here"
pc=$(find "$prefix" -name huaxiang.pc)
[ -n "$pc" ] || { echo "no huaxiang.pc was installed"; exit 1; }
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
libdir=$(dirname "$PKG_CONFIG_PATH")

# expect NAME COMMAND...: the program must mask the telephone number.
expect() {
    local name=$1 got; shift
    got=$("$@" '请打13800138000')
    [[ $got =~ ^[0-9]+\.[0-9]+\.[0-9]+\ 1\ 请打138\*\*\*\*8000$ ]] || { echo "$name: printed '$got'"; exit 1; }
    echo "$name: $got"
}

flags() { eval "words=($(pkg-config "$@" huaxiang))"; }

flags --cflags --libs
cc -std=c17 -o "$work/user" "$source/tests/install/user.c" "${words[@]}"
LD_LIBRARY_PATH="$libdir" expect "pkg-config" "$work/user"
# In a folder that the loader does not know, the program may carry the place itself.
cc -std=c17 -o "$work/user_rpath" "$source/tests/install/user.c" "${words[@]}" "-Wl,-rpath,$libdir"
expect "pkg-config, -rpath" "$work/user_rpath"

# The archive, with the libraries behind it shared: pkg-config --static would want those as archives too, which the
# distribution does not have for all.
flags --cflags
mapfile -t behind < <(pkg-config --print-requires-private huaxiang | cut -d' ' -f1)
cc -std=c17 -o "$work/user_static" "$source/tests/install/user.c" "${words[@]}" "$libdir/libhuaxiang.a" \
    $(pkg-config --libs "${behind[@]}") -lm -pthread
expect "pkg-config, archive" "$work/user_static"

cmake -S "$source/tests/install" -B "$work/cmake" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build "$work/cmake" >/dev/null
expect "find_package" "$work/cmake/user"
expect "find_package, static" "$work/cmake/user_static"

got=$(cd / && printf '这家餐厅很棒！\n' | "$prefix/bin/huaxiang" sentiment --format json --quiet)
[[ $got == *'"label":"positive"'* ]] || { echo "the installed program printed '$got'"; exit 1; }
echo "installed program: $got"
