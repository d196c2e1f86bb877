# show --prose: who, what, how often, what they like, how they feel, with a quote; what isn't known is left out; what goes wrong.
exec 2>&1
cat > people.csv <<'CSV'
客户编号,姓名,城市,职业
u1,王芳,上海,教师
u2,Ann "Two" Lee,,
u3,,,
CSV
cat > orders.csv <<'CSV'
customer_id,datetime,order_id,item,category,quantity,amount,currency
u1,2026-01-05,o1,p1,户外,1,1200.50,CNY
u1,2026-01-25,o2,p2,户外,1,60,CNY
u1,2026-02-14,o3,p3,家居,2,20,CNY
u1,2026-06-01,,p3,家居,-1,-10,CNY
u2,2026-06-20,o4,p1,户外,1,90,CNY
CSV
cat > reviews.csv <<'CSV'
customer_id,datetime,item,text
u1,2026-01-06,p1,物流太慢了，等了三个星期
u1,2026-01-26,p2,物流很慢，非常失望
u3,2026-06-30,p1,"Great tent, I love it"
CSV
huaxiang profile people.csv orders.csv reviews.csv --engine rules --store s.db > /dev/null
for who in u1 u2 u3; do
    for lang in zh en; do huaxiang show $who --store s.db --prose --lang $lang --format table; done
done
huaxiang show u3 --store s.db --prose --format json
huaxiang show u1 --store s.db --prose --as-of 2026-01-10 --format table
huaxiang show u9 --store s.db --prose; echo "exit $?"
huaxiang show u1 --store s.db --prose --drift 2026-02-01; echo "exit $?"
echo "== a segment in sentences: figures as lift has them; nobody; a name with digits; what goes wrong"
huaxiang segment define 买过2次 'count(order) >= 2' --store s.db --quiet > /dev/null
huaxiang segment define none.7 'count(order) >= 9' --store s.db --quiet > /dev/null
for lang in zh en; do
    for name in 买过2次 none.7 new; do huaxiang segment show $name --store s.db --prose --lang $lang --format table; done
done
huaxiang segment show 买过2次 --store s.db --prose --lang en --format json
huaxiang segment lift 买过2次 --store s.db --format csv | head -4
huaxiang segment show nobody --store s.db --prose; echo "exit $?"
huaxiang segment list --store s.db --prose; echo "exit $?"
