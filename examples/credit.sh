#!/usr/bin/env bash
# From applications with an outcome to a decision: a card of the months before July, its bins by hand where that is asked for, the cut-off by profit,
# what happened later, fairness between groups, stability by month, a page in two languages, reasons for the refused, the same points in SQL and C.
#
#     examples/credit.sh [LOANS.csv] [FOLDER]      huaxiang on the PATH; default: samples/loans.csv, credit
set -euo pipefail
data=${1:-samples/loans.csv}
out=${2:-credit}
mkdir -p "$out"
figure() { python3 -c "import json, sys; r = json.load(sys.stdin); print($1)"; }

huaxiang score credit fit "$data" --where 'month < "2026-07-01"' --target outcome --drop loan_id,gender,month --rejected parcelling \
    --max-p 0.1 --out "$out/card.json" --quiet
huaxiang score credit show "$out/card.json" --format csv --quiet > "$out/bins.csv"
echo "card       $(($(wc -l < "$out/bins.csv") - 1)) bins"

huaxiang score credit show "$out/card.json" "$data" --where 'month < "2026-07-01"' --profit 1,5 --quiet > "$out/before.json"
cut=$(figure 'r["cut_off"]["score"]' < "$out/before.json")
figure '"before     AUC %.3f, cut-off %s, expected bad rate of the accepted %.1f %%" % (r["auc"], r["cut_off"]["score"], r["cut_off"]["expected_bad_rate"] * 100)' < "$out/before.json"

huaxiang score credit show "$out/card.json" "$data" --where 'month >= "2026-07-01"' --profit 1,5 --cut-off "$cut" --by month --group gender --quiet > "$out/later.json"
figure '"later      AUC %.3f, KS %.3f, accepted %.1f %%, bad %.1f %% of them, profit %.0f" % (r["auc"], r["ks"], r["cut_off"]["accepted"] * 100, r["cut_off"]["bad_rate"] * 100, r["cut_off"]["profit"])' < "$out/later.json"
figure '"stability  " + ", ".join("%s %.3f" % (p["part"], p["psi"]) for p in r["psi"])' < "$out/later.json"
figure '"fairness   demographic parity ratio %.3f, equalised odds difference %.3f" % (r["fairness"]["demographic_parity_ratio"], r["fairness"]["equalised_odds_difference"])' < "$out/later.json"

huaxiang score credit apply "$out/card.json" "$data" --where 'month >= "2026-07-01"' --reasons best --cut-off "$cut" --quiet > "$out/reasons.jsonl"
echo "refused    $(grep -c '"passes":false' "$out/reasons.jsonl") of $(wc -l < "$out/reasons.jsonl"), each with its reasons"
for lang in en zh; do
    huaxiang score credit show "$out/card.json" "$data" --where 'month >= "2026-07-01"' --group gender --lang $lang --html "$out/card_$lang.html" --quiet
done
huaxiang score credit export "$out/card.json" --as sql --table loans > "$out/score.sql"
huaxiang score credit export "$out/card.json" --as c --name loan > "$out/loan.c"
echo "report     $out/card_en.html, $out/card_zh.html"
