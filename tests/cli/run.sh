#!/usr/bin/env bash
# Runs one transcript: CASE.sh in a fresh folder that holds samples/ and where `huaxiang` is the program under test. Standard output,
# standard error and exit status must be CASE.out, CASE.err and CASE.exit. What differs from run to run is written out of both first.
#
#     tests/cli/run.sh PROGRAM CASE            compare
#     tests/cli/run.sh PROGRAM CASE --update   write the three files from what happens; read the diff before it is kept
set -uo pipefail
program=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
case=$here/$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/run"
ln -s "$program" "$work/bin/huaxiang"
ln -s "$here/../../samples" "$work/run/samples"
cd "$work/run"

env -i PATH="$work/bin:/usr/bin:/bin" HOME="$work" TERM=xterm LANG=C.UTF-8 ${ASAN_OPTIONS:+ASAN_OPTIONS="$ASAN_OPTIONS"} \
    bash "$case.sh" >"$work/out" 2>"$work/err" </dev/null
echo $? >"$work/exit"

normalise() {
    sed -E -i -e "s#$work/run/##g" -e "s#$work#WORK#g" -e 's/"score":[0-9.]+/"score":S/g' \
        -e 's/"(model|hash|inputs_hash)":"[0-9a-f]{16}"/"\1":"HASH"/g' -e 's/^(  (receipt|凭据) +)[0-9a-f]{16}$/\1HASH/' \
        -e 's/(positive|negative|neutral|,(praise|complaint|refund|other)),[01](\.[0-9]+)?/\1,S/g'  \
        -e 's/(mean|trend|均值|趋势) -?[0-9.]+/\1 S/g' -e 's/ +-?0\.[0-9]{2,}( |$)/ S\1/g' \
        -e 's/(positive|negative|neutral|praise|complaint|refund) [01]\.[0-9]{2}/\1 S/g' "$1"
}
normalise "$work/out"
normalise "$work/err"
if [ "${3:-}" = --update ]; then
    for part in out err exit; do cp "$work/$part" "$case.$part"; done
    exit 0
fi
status=0
for part in exit err out; do
    diff -u --label "expected $2.$part" --label "actual $2.$part" "$case.$part" "$work/$part" || status=1
done
exit $status
