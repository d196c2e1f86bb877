# card.sh - the way the worked examples of finance, health and education go: a card of points learnt on train.csv without the forbidden columns, its
# cut-off chosen on train.csv alone, judged once on test.csv, each case below the cut-off with its reasons, a page in two languages.
# Sourced by NAME/run.sh, which sets:
#
#     data, out           folder with train.csv and test.csv; folder for what is made
#     target, bad         the column that is to be foretold, and its value that is the risk
#     forbidden           columns that no score may learn from; `group` the one that fairness is looked at by, or empty
#     costs               GAIN,LOSS of a case that passes: it goes well, it goes badly
#     title_en, title_zh, note_en, note_zh    what the page is called, and the sentence under that
[ -f "$data/train.csv" ] && [ -f "$data/test.csv" ] || { echo "$data: no train.csv and test.csv; give the folder that has them" >&2; exit 2; }
mkdir -p "$out"
figure() { python3 -c "import json, sys; r = json.load(sys.stdin); print($1)"; }

huaxiang score credit fit "$data/train.csv" --target "$target" --bad "$bad" --drop "$forbidden" --out "$out/card.json" --quiet
echo "forbidden  $forbidden"
figure '[v["name"] for v in r["variables"] if v["used"] and v["name"] in "'"$forbidden"'".split(",")] and sys.exit("the card uses a forbidden column") or "learnt     from " + ", ".join(v["name"] for v in r["variables"] if v["used"])' < "$out/card.json"
cut=$(huaxiang score credit show "$out/card.json" "$data/train.csv" --profit "$costs" --format json --quiet | figure 'r["cut_off"]["score"]')
huaxiang score credit show "$out/card.json" "$data/test.csv" --profit "$costs" --cut-off "$cut" ${group:+--group "$group"} --format json --quiet > "$out/test.json"
figure '"test       AUC %.3f, KS %.3f; cut-off %s passes %.1f %%: expected bad %.1f %%, found %.1f %%" % (r["auc"], r["ks"], r["cut_off"]["score"], r["cut_off"]["accepted"] * 100, r["cut_off"]["expected_bad_rate"] * 100, r["cut_off"]["bad_rate"] * 100)' < "$out/test.json"
[ -z "$group" ] || figure '"fairness   by '"$group"': demographic parity ratio %.3f, equalised odds difference %.3f" % (r["fairness"]["demographic_parity_ratio"], r["fairness"]["equalised_odds_difference"])' < "$out/test.json"
huaxiang score credit apply "$out/card.json" "$data/test.csv" --reasons best --cut-off "$cut" --format json --quiet > "$out/all.jsonl"
grep '"passes":false' "$out/all.jsonl" > "$out/warnings.jsonl" || true
echo "below it   $(wc -l < "$out/warnings.jsonl") of $(wc -l < "$out/all.jsonl"), each with its reasons in warnings.jsonl"
for lang in en zh; do
    title=title_$lang note=note_$lang
    huaxiang score credit show "$out/card.json" "$data/test.csv" --cut-off "$cut" ${group:+--group "$group"} --lang $lang --html "$out/report_$lang.html" --quiet > /dev/null
    sed -i "s#<h1>[^<]*</h1>#<h1>${!title}</h1><p>${!note}</p>#" "$out/report_$lang.html"
done
echo "report     $out/report_en.html, $out/report_zh.html"
