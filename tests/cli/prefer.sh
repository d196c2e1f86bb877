# prefer: who would like a new item, of a store and of a table, with receipts that are replayed; a sentence for each mistake.
shop=samples/shop
awk -F, 'NR == 1 || $2 < "C00250"' $shop/orders.csv > orders.csv
awk -F, 'NR == 1 || $1 < "C00400"' $shop/reviews.csv > reviews.csv
huaxiang profile orders.csv reviews.csv --store shop.db --engine rules --timezone Asia/Shanghai --quiet > /dev/null
item='无线降噪耳机 蓝牙'
huaxiang prefer --item "$item" --category 数码配件 --price 399 --store shop.db --top 3 --format table > shown.txt; head -1 shown.txt; wc -l < shown.txt; tail -1 shown.txt | sed -E 's/[0-9]+\.[0-9]+/N/g'
huaxiang prefer --item "$item" --store shop.db --top 2 --format table --lang zh | head -1
huaxiang prefer --item "$item" --store shop.db --top 1 | grep -o '"[a-z_]*":' | sort -u | tr '\n' ' '; echo
huaxiang prefer --item "$item" --category 数码配件 --store shop.db --top 4 --receipts --out likes.jsonl
huaxiang verify likes.jsonl --store shop.db --format csv | cut -d, -f2; echo "exit $?"
huaxiang prefer --verify likes.jsonl --store shop.db --threads 1 --format csv | cut -d, -f2 | sort | uniq -c | tr -s ' '
sed 's/"opinions":\([0-9]*\),"people"/"opinions":7,"people"/' likes.jsonl | huaxiang verify - --store shop.db --format csv | cut -d, -f2,3 | tail -1
python3 - <<'PY'
import csv, json
reviews = open("samples/shop/reviews.csv", encoding="utf-8-sig").read()
for line in open("likes.jsonl", encoding="utf-8"):
    r = json.loads(line)
    exact = round(r["score"] * 1e6) == round(r["base"] * 1e6) + sum(round(t["contribution"] * 1e6) for t in r["terms"])
    quoted = all(part.strip() in reviews for q in r["quotes"] for part in q["text"].split("\n"))
    print(exact, quoted, r["low"] <= r["chance"] + 1e-4, r["chance"] - 1e-4 <= r["high"], r["otherwise"]["en"].endswith("%."))
PY
# what is known by a day; a receipt holds when more is imported, as its time is kept
huaxiang prefer --item "$item" --store shop.db --as-of 2026-06-30 --top 2 --receipts --out june.jsonl
huaxiang verify june.jsonl --store shop.db --format csv | cut -d, -f2
# a table: people who like tea or lamps
python3 - <<'PY'
with open("likes.csv", "w") as f:
    f.write("user,item,rating,about,said\n")
    for o in range(360):
        person, item = o % 30, (o // 30 * 5 // 2 + o % 3) % 20
        liked = (item % 2 == person % 2) != (o % 23 == 0)
        f.write(f"p{person:02d},i{item},{5 if liked else 1},{('desk lamp light' if item % 2 else 'green tea leaves')},{'fine ' if liked else 'poor '}{'lamp' if item % 2 else 'tea'} {o}\n")
PY
huaxiang prefer --item 'green tea from the hills' --data likes.csv --description about --comment said --top 15 --format csv | cut -d, -f1 | sort | tr '\n' ' '; echo
huaxiang prefer --item 'green tea from the hills' --data likes.csv --description about --comment said --customer p07 --receipts > p07.jsonl
huaxiang prefer --verify p07.jsonl --data likes.csv --description about --comment said --format csv | cut -d, -f1,2
huaxiang prefer --item "green tea from the hills" --data likes.csv --description about --top 1 --format table --lang zh | tail -1 | sed -E 's/[0-9]+\.[0-9]+/N/g'
# how well opinions on the latest items are told: items come one after another, tea and lamps in turn
python3 - <<'PY'
with open("later.csv", "w") as f:
    f.write("user,item,day,rating,about\n")
    for o in range(900):
        person, item = o * 7 % 30, max(0, o // 30 - o % 3)
        liked = (item % 2 == person % 2) != (o % 23 == 0)
        f.write(f"p{person:02d},i{item},{2000 + o // 300}-{o % 300 // 25 + 1:02d}-{o % 25 + 1:02d},{5 if liked else 1},{'desk lamp light' if item % 2 else 'green tea leaves'}\n")
PY
huaxiang evaluate prefer --data later.csv --rating rating --time day --description about --format csv > judged.csv; cut -d, -f1,2 judged.csv
awk -F, '$2 == "prefer" { print ($6 > 0.75) }' judged.csv
# recommend from a store: what speaks for each item, in words, with the event behind it
huaxiang recommend C00011 --store shop.db --head 3 > offers.jsonl; wc -l < offers.jsonl; grep -c '"reason":"because you \(bought\|praised\|tried\) ' offers.jsonl; head -1 offers.jsonl | grep -o '"[a-z]*":' | grep -v quote | tr '\n' ' '; echo
huaxiang recommend C00011 --store shop.db --head 1 --lang zh | grep -c '"reason":"因为您'
huaxiang recommend C00011 --store shop.db --head 3 --receipts --out offered.jsonl; huaxiang verify offered.jsonl --store shop.db --format csv | cut -d, -f3
python3 -c "import json; print(all(sum((p['part'] for p in r['parts']), 0.0) == r['score'] for r in map(json.loads, open('offered.jsonl', encoding='utf-8'))))"
sed 's/\"score\":[0-9.]*/\"score\":1.5/' offered.jsonl | huaxiang verify - --store shop.db --format csv | cut -d, -f3 | tail -1
huaxiang recommend; echo "exit $?"
# mistakes
huaxiang evaluate prefer --data later.csv --rating rating --description about; echo "exit $?"
head -40 later.csv > few.csv; huaxiang evaluate prefer --data few.csv --rating rating --time day --description about; echo "exit $?"
huaxiang prefer --store shop.db; echo "exit $?"
huaxiang prefer --item tea; echo "exit $?"
huaxiang prefer --item tea --store shop.db --data likes.csv; echo "exit $?"
huaxiang prefer --item ' ！ …' --store shop.db; echo "exit $?"
huaxiang prefer --item '' --store shop.db --lang zh; echo "exit $?"
huaxiang prefer --item tea --data likes.csv --description about --customer nobody; echo "exit $?"
huaxiang prefer --item tea --data likes.csv --description nowhere; echo "exit $?"
huaxiang prefer --item zzzqqq --data likes.csv --description about --top 1 --format csv > one.txt; wc -l < one.txt
printf 'customer,date,item,amount\na,2025-01-01,x,3\nb,2025-03-01,x,3\n' > none.csv; huaxiang profile none.csv --store none.db --engine rules -q > /dev/null; huaxiang prefer --item tea --store none.db; echo "exit $?"
huaxiang prefer --item tea --store none.db --lang zh; echo "exit $?"
printf 'user,item,rating\na,x,5\na,y,1\n' > one.csv; huaxiang prefer --item tea --data one.csv; echo "exit $?"
printf 'user,item,rating\na,x,5\nb,y,1\n' > two.csv; huaxiang prefer --item tea --data two.csv; echo "exit $?"
huaxiang prefer --verify one.csv --data likes.csv; echo "exit $?"
