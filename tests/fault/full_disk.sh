#!/bin/sh
# full_disk.sh PROGRAM SHIM STEPS FILE... - the disk is full after the n-th write, for STEPS values of n: the program says so in one sentence and
# exits 1, the store holds together, and with space again --resume ends in the same profiles as an import that was left alone.
set -eu
program=$1 shim=$2 steps=$3
shift 3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$program" profile "$@" --engine rules --store "$folder/whole.db" --quiet >/dev/null
"$program" export profiles --store "$folder/whole.db" --format csv --out "$folder/whole.csv" --quiet

step=0
failed=0
n=0
while [ "$step" -lt "$steps" ]; do
    store="$folder/step.db"
    rm -f "$store" "$store"-* "$store".*
    status=0
    HX_FAULT_WRITES=$n LD_PRELOAD=$shim "$program" profile "$@" --engine rules --store "$store" --resume --quiet \
        >/dev/null 2>"$folder/stderr" || status=$?
    [ "$status" -le 1 ] || { echo "write $n: exit status $status"; cat "$folder/stderr"; exit 1; }
    if [ "$status" -eq 1 ]; then
        failed=$((failed + 1))
        lines=$(grep -c '^huaxiang: ' "$folder/stderr" || true)
        [ "$lines" -eq 1 ] || { echo "write $n: $lines sentences"; cat "$folder/stderr"; exit 1; }
        grep -Eq 'disk|space|written|writing|made|opened' "$folder/stderr" || { echo "write $n: says: $(cat "$folder/stderr")"; exit 1; }
    fi
    "$program" profile "$@" --engine rules --store "$store" --resume --quiet >/dev/null
    "$program" doctor --store "$store" --quiet >/dev/null || { echo "write $n: the store is damaged"; exit 1; }
    "$program" export profiles --store "$store" --format csv --out "$folder/step.csv" --quiet
    cmp -s "$folder/whole.csv" "$folder/step.csv" || { echo "write $n: profiles differ"; exit 1; }
    step=$((step + 1))
    n=$((n + 1 + n / 4))
done
[ "$failed" -gt 0 ] || { echo "no write failed: the test tests nothing"; exit 1; }
echo "$steps full disks, $failed of them in the way, all stores equal after --resume"
