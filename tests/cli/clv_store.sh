# score clv of a store: customers by their ids, receipts that are replayed, and what a changed store or receipt says.
huaxiang profile samples/shop/orders.csv --engine rules --timezone Asia/Shanghai --store shop.db -q > summary.json
huaxiang score clv --store shop.db --head 3 --format table
huaxiang score clv --store shop.db --as-of 2026-06-30 --head 2 --format table --lang zh
huaxiang score clv --store shop.db --calibrate-to 2026-05-21 --head 1 --format table | tail -1
echo '--- receipts'
huaxiang score clv --store shop.db --head 2 --receipts --out receipts.jsonl
python3 - <<'END'
import json
for line in open('receipts.jsonl'):
    r = json.loads(line)
    units = sum(c['units'] for c in r['contributions'])
    print(r['customer'], r['value'], units == r['sum_units'] == round(r['value'] * 10000), len(r['days']), r['if_bought']['alive'] > r['alive'])
END
huaxiang score clv --store shop.db --verify receipts.jsonl --format table; echo "exit $?"
sed 's/"alive":0.9/"alive":0.8/' receipts.jsonl > forged.jsonl
huaxiang score clv --store shop.db --verify forged.jsonl; echo "exit $?"
printf 'order_id,customer_id,order_time,amount,currency\nnew,C00139,2026-09-01,50,CNY\n' > more.csv
huaxiang profile more.csv --engine rules --timezone Asia/Shanghai --store shop.db -q > summary.json
huaxiang score clv --store shop.db --verify receipts.jsonl; echo "exit $?"
echo '--- mistakes'
echo '{"receipt":"other"}' > other.jsonl
huaxiang score clv --store shop.db --verify other.jsonl; echo "exit $?"
huaxiang score clv samples/shop/orders.csv --receipts; echo "exit $?"
huaxiang score clv samples/shop/orders.csv --store shop.db; echo "exit $?"
huaxiang score clv --store shop.db --as-of 2020-01-01; echo "exit $?"
printf 'customer,date,comment\nu1,2026-01-01,fine\n' | huaxiang profile - --engine rules --store texts.db -q > summary.json
huaxiang score clv --store texts.db; echo "exit $?"
printf 'customer,order_time,amount\nu1,2026-01-01,5\nu1,2026-01-01,-5\n' | huaxiang profile - --engine rules --store one.db -q > summary.json
huaxiang score clv --store one.db; echo "exit $?"
