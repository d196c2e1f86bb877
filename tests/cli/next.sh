# score next: visits by kind, next page and next purchase on held-out visits beside a Markov chain; stores that tell nothing.
huaxiang profile samples/shop/orders.csv samples/shop/pageviews.csv --engine rules --timezone Asia/Shanghai --store shop.db -q > summary.json
huaxiang score next --store shop.db --head 3 --format table --lang zh | tail -4
huaxiang score next --store shop.db --head 40 > next.jsonl
python3 - <<'END'
import json
rows = [json.loads(line) for line in open('next.jsonl')]
whole, people = rows[-1], rows[:-1]
for what in ('next_page', 'next_purchase'):
    m = whole[what]
    print(what, m['top_3'] > m['markov_top_3'], m['gain_low'] > 0, m['perplexity'] < m['markov_perplexity'], m['n'] > 1000)
print(len(people), all(p['p'] <= q['p'] for r in people for k in ('next_page', 'next_purchase') if k in r for q, p in zip(r[k], r[k][1:])))
END
printf 'user_id,timestamp,page,item_id\nu1,2026-01-01 10:00,item,p1\nu1,2026-01-01 10:05,item,p2\nu1,2026-01-01 10:06,item,p3\nu1,2026-01-01 12:00,help/returns,\nu1,2026-01-02 09:00,checkout,\nu2,2026-01-02 09:00,home,\n' > views.csv
printf 'order_id,customer_id,order_time,item_id,category,quantity,amount\no1,u9,2026-01-01 08:00,p1,tents,1,5\no2,u9,2026-01-01 08:00,p2,tents,1,5\no2,u9,2026-01-01 08:00,p3,tents,1,-5\n' > orders.csv
huaxiang profile views.csv orders.csv --engine rules --store small.db -q > summary.json
huaxiang score next --store small.db --format table | sed -n '/^visits/p'
printf 'customer,comment\nu1,fine\n' | huaxiang profile - --engine rules --store texts.db -q > summary.json
huaxiang score next --store texts.db --format table
huaxiang score next; echo "exit $?"
