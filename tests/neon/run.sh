#!/bin/sh
# run.sh SOURCE_DIR: compiles the NEON kernels for aarch64, without and with dot-product instructions, and compares them with the
# scalar ones under emulation. Returns 77 (skipped) where compiler or emulator are not installed.
set -eu
cd "$1"
for program in aarch64-linux-gnu-gcc qemu-aarch64; do
    if ! command -v "$program" >/dev/null; then
        echo "skipped: $program is not installed (script/packages.txt, group check)"
        exit 77
    fi
done
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
sources="tests/neon/neon_test.c src/base/rng.c src/tensor/dtype.c src/tensor/blocks.c src/tensor/blocks_k.c"
for group in attention gemm stored vector; do
    sources="$sources src/tensor/${group}_scalar.c src/tensor/${group}_neon.c"
done
sources="$sources src/tensor/attention.c src/tensor/stored.c src/tensor/vector.c"
for march in armv8-a armv8.2-a+dotprod; do
    # shellcheck disable=SC2086 # a list of files
    aarch64-linux-gnu-gcc -std=c17 -O2 -static -march="$march" -ffp-contract=off -fno-strict-aliasing -Wall -Wextra \
        -Wconversion -Werror -D_GNU_SOURCE -Isrc -Iinclude $sources -o "$out/neon_test" -lm
    echo "$march:"
    qemu-aarch64 -cpu max "$out/neon_test"
done
