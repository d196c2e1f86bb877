# score churn: customers of a store by risk with reasons, held out by time; a table, its model kept, receipts replayed; a sentence for each mistake.
shop=samples/shop
awk -F, 'NR == 1 || $2 < "C00400"' $shop/orders.csv > orders.csv
huaxiang profile orders.csv --store shop.db --engine rules --timezone Asia/Shanghai --quiet > /dev/null
huaxiang score churn --store shop.db --cuts 4 --seed 3 --save model.json --format table > shown.txt; head -1 shown.txt; tail -4 shown.txt | sed -E 's/[0-9]+\.[0-9]+/N/g'
huaxiang score churn --store shop.db --model model.json --head 3 --format csv | cut -d, -f1,3-5
huaxiang score churn --store shop.db --model model.json --head 4 --reasons > receipts.jsonl; head -1 receipts.jsonl | grep -o '"[a-z_]*":' | sort -u | tr '\n' ' '; echo
huaxiang score churn --store shop.db --model model.json --verify receipts.jsonl --format csv | cut -d, -f1,3
python3 - <<'PY'
import json
for line in open("receipts.jsonl", encoding="utf-8"):
    r = json.loads(line)
    print(round(r["score"] * 1e6) == round(r["base"] * 1e6) + sum(round(c["contribution"] * 1e6) for c in r["contributions"]))
PY
sed 's/"base":-*[0-9.]*/"base":0.5/' receipts.jsonl | huaxiang score churn --store shop.db --model model.json --verify - --format csv | cut -d, -f3,4 | tail -1
# whom to contact as of August, and what became of them by November
huaxiang score churn --store shop.db --model model.json --as-of 2026-08-22 --timezone Asia/Shanghai --list list.csv --cost 5 --success 0.2 --budget 300 --hold-out 0.3 --seed 5 --head 1 --format csv 2> note.txt | wc -l; sed 's/profit [0-9.]*/profit N/' note.txt
head -1 list.csv; wc -l < list.csv; grep -c '"held":true' list.csv.campaign; grep '"held":true' list.csv.campaign | grep -o 'C[0-9]*' | grep -cFf - list.csv
head -1 list.csv.campaign | grep -o '"[a-z_]*":' | tr '\n' ' '; echo
huaxiang score campaign list.csv.campaign --store shop.db --format table
huaxiang score campaign list.csv.campaign --store shop.db --format table --lang zh
huaxiang score campaign list.csv.campaign --store shop.db | grep -o '"[a-z_]*":' | tr '\n' ' '; echo
huaxiang score campaign list.csv.campaign --store shop.db --as-of 2026-09-30; echo "exit $?"
{ echo id,gone; grep -o '"customer":"[^"]*"' list.csv.campaign | cut -d'"' -f4 | awk '{ print $1 "," (NR % 3 ? "no" : "yes") }'; } > became.csv
huaxiang score campaign list.csv.campaign --table became.csv --target gone --churned yes --customer id --format csv | head -6
# a table
loans=samples/loans.csv
huaxiang score churn $loans --target outcome --churned bad --customer loan_id --drop month --list loans.csv --cost 50 --success 0.1 --value amount --head 1 --format csv --seed 2 --quiet | wc -l; head -2 loans.csv | cut -d, -f1,3
huaxiang score churn $loans --target outcome --churned bad --customer loan_id --drop month --save loans.json --head 2 --format table --lang zh | sed -E 's/[0-9]+\.[0-9]+/N/g'
huaxiang score churn --table $loans --model loans.json | tail -1 | grep -o '"[a-z_]*":' | tr '\n' ' '; echo
# mistakes
huaxiang score churn; echo "exit $?"
huaxiang score churn $loans; echo "exit $?"
huaxiang score churn $loans --store shop.db; echo "exit $?"
huaxiang score churn $loans --target nobody; echo "exit $?"
huaxiang score churn $loans --target outcome --churned worse; echo "exit $?"
huaxiang score churn $loans --target outcome --verify receipts.jsonl; echo "exit $?"
sed 's/"intercept"/"intercepd"/' loans.json > changed.json; huaxiang score churn $loans --model changed.json 2>&1 | sed 's/[0-9a-f]\{16\}/HASH/'
huaxiang score churn $loans --model $loans; echo "exit $?"
huaxiang score churn --store shop.db --definition monthly; echo "exit $?"
huaxiang score churn --store shop.db --definition monthly --lang zh; echo "exit $?"
huaxiang score churn --store shop.db --definition days:500; echo "exit $?"
huaxiang score churn --store shop.db --as-of 2001-01-01; echo "exit $?"
huaxiang score churn --store nowhere.db; echo "exit $?"
sed '2s/"held":false/"held":true/;2!s/"held":true/"held":false/' list.csv.campaign > changed.campaign; huaxiang score campaign changed.campaign --store shop.db; echo "exit $?"
huaxiang score campaign list.csv --store shop.db; echo "exit $?"
huaxiang score campaign list.csv.campaign; echo "exit $?"
huaxiang score campaign loans.csv.campaign --store shop.db; echo "exit $?"
huaxiang score campaign list.csv.campaign --table became.csv --target gone --customer nobody; echo "exit $?"
huaxiang score churn --store shop.db --list list.csv --cost 5; echo "exit $?"
huaxiang score churn $loans --target outcome --list l.csv --cost 5 --success 0.5; echo "exit $?"
huaxiang score churn $loans --target outcome --churned bad --list l.csv --cost 5 --success 0.5 --value 9 --use age; echo "exit $?"
huaxiang score churn $loans --model loans.json --list l.csv --cost 5 --success 0.5 --value purpose; echo "exit $?"
# one customer; no orders; all orders on one day
printf 'customer,date,amount\na,2025-01-01,3\na,2025-03-01,3\na,2026-03-02,4\n' > one.csv; huaxiang profile one.csv --store one.db --engine rules -q > /dev/null; huaxiang score churn --store one.db; echo "exit $?"
printf 'customer,date,comment\na,2025-01-01,good\nb,2025-01-02,bad\n' > none.csv; huaxiang profile none.csv --store none.db --engine rules -q > /dev/null; huaxiang score churn --store none.db; echo "exit $?"
printf 'customer,date,amount\na,2025-01-01,3\nb,2025-01-01,4\n' > day.csv; huaxiang profile day.csv --store day.db --engine rules -q > /dev/null; huaxiang score churn --store day.db; echo "exit $?"
huaxiang score churn --store day.db --lang zh; echo "exit $?"
