#!/usr/bin/env bash
# A worked example of an industry, run as its reader runs it: it ends well, its card uses no forbidden column, the card is better than chance on rows it
# has not seen, each warning has the reasons that the program gave, and the page of each language has its title. Skipped where the data is missing.
#
#     tests/industries/run.sh PROGRAM NAME DATASET      HX_SHARED_DATA: the folder that holds DATASET
set -euo pipefail
program=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ ! -f "${HX_SHARED_DATA:-/nowhere}/$3/train.csv" ]; then
    echo "skipped: HX_SHARED_DATA has no $3"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$program" "$work/bin/huaxiang"
export PATH="$work/bin:$PATH"
"$here/../../examples/industries/$2/run.sh" "$HX_SHARED_DATA" "$work/out" | tee "$work/said"

python3 - "$work" <<'P'
import json, re, sys
work = sys.argv[1]
said = open(work + "/said", encoding="utf-8").read()
forbidden = re.search(r"^forbidden  (\S+)$", said, re.M).group(1).split(",")
card = json.load(open(work + "/out/card.json", encoding="utf-8"))
used = [v["name"] for v in card["variables"] if v["used"]]
assert used and not set(used) & set(forbidden), used
assert json.load(open(work + "/out/test.json", encoding="utf-8"))["auc"] > 0.6
warnings = [json.loads(line) for line in open(work + "/out/warnings.jsonl", encoding="utf-8")]
assert warnings and all(not w["passes"] and w["reasons"] for w in warnings)
for lang in "en", "zh":
    page = open(work + "/out/report_%s.html" % lang, encoding="utf-8").read()
    assert len(re.findall(r"<h1>[^<]+</h1><p>[^<]+</p>", page)) == 1 and page.count("<table>") > 0
P
# no data: a sentence and exit status 2
status=0
"$here/../../examples/industries/$2/run.sh" "$work/none" "$work/out" 2> "$work/err" || status=$?
[ $status = 2 ] && grep -q "no train.csv and test.csv" "$work/err"
