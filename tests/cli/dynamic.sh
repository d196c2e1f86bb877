# What holds of a customer at a time: interests, mood, stage, habits, price; later events change nothing; two times compared.
{
    echo 'order_id,customer_id,order_time,item_id,item_name,category,quantity,amount,discount,currency,channel'
    for m in 01 02 03 04 05 06; do
        echo "a$m,u1,2026-$m-05 20:30:00,p1,帐篷,户外,1,300,100,CNY,app"
        echo "b$m,u2,2026-$m-12 08:15:00,p3,mug,kitchen,1,25,0,CNY,web"
    done
    echo 'a9,u1,2026-11-05 20:45:00,p3,mug,kitchen,1,-25,0,CNY,app'
    echo 'c1,u3,2026-06-01 10:00:00,p3,mug,kitchen,1,25,0,CNY,web'
} > orders.csv
{
    echo 'user_id,timestamp,page,item_id,channel'
    for d in 01 02 03 04 05; do echo "u1,2026-07-$d 21:00:00,item,p3,web"; done
    echo 'u4,2026-07-01 00:00:00,item,p3,web'
} > views.csv
printf '用户,时间,商品,评价内容,评分\nu1,2026年1月20日 9:00,p1,帐篷质量很好，儿子很喜欢，我儿子天天用！,5\nu1,2026年7月20日 9:00,p3,物流太慢，质量太差了,1\n' > reviews.csv
huaxiang profile orders.csv views.csv reviews.csv --engine rules --timezone Asia/Shanghai --store shop.db -q > summary.json
huaxiang show u1 --store shop.db --format table | sed -n '/^Now/,$p'
huaxiang show u1 --store shop.db --format table --lang zh --as-of 2026-03-20 --household | sed -n '/^当前/,$p'
huaxiang show u1 --store shop.db --format table --drift 2026-06-30 --as-of 2026-07-30 | sed -n '/^Drift/,$p'
huaxiang show u2 --store shop.db --format table --lang zh --drift 2026-03-30 | sed -n '/^当前/,$p'
echo '--- little is known'
huaxiang show u3 --store shop.db --as-of 2026-06-10 --format table | sed -n '/^Now/,$p'
huaxiang show u4 --store shop.db | python3 -c 'import json, sys; d = json.load(sys.stdin)["dynamic"]; print(d["life"]["by"], d["habits"]["hours"], d["mood"], d["price"]["sensitivity"], d["household"])'
echo '--- nothing later counts'
head -12 orders.csv > early.csv
huaxiang profile early.csv --engine rules --timezone Asia/Shanghai --store early.db -q > summary.json
for s in shop early; do huaxiang show u1 --store $s.db --as-of 2026-01-10 | python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["dynamic"]))' > $s.json; done
cmp shop.json early.json && echo same
for days in 30 500; do huaxiang show u1 --store shop.db --half-life $days | python3 -c 'import json, sys; print([[i["name"], i["share"]] for i in json.load(sys.stdin)["dynamic"]["interests"]])'; done
echo '--- mistakes'
huaxiang show u1 --store shop.db --drift 2027-01-01; echo "exit $?"
huaxiang show u1 --store shop.db --drift never; echo "exit $?"
huaxiang show u1 --store shop.db --half-life 0; echo "exit $?"
huaxiang show u4 --store shop.db --as-of 2025-01-01; echo "exit $?"
