# Questions in words: figures, shares, means, trends, tops, comparisons, why, quotes, receipts; what is not in the data; what goes wrong.
exec 2>&1
cat > orders.csv <<'CSV'
customer_id,datetime,order_id,item,item_name,category,quantity,amount,channel
u1,2026-07-05,o1,p1,Tent,户外,1,80,app
u1,2026-07-20,o2,p2,Boots,户外,1,60,web
u2,2026-08-25,o3,p3,Lamp,家居,2,20,web
u3,2026-08-26,o4,p1,Tent,户外,1,90,app
u3,2026-08-26,o4,p3,Lamp,家居,3,30,app
CSV
cat > reviews.csv <<'CSV'
customer_id,datetime,item,text,rating
u1,2026-07-06,p1,"Great tent, I love it",5
u1,2026-08-02,p2,"Terrible quality, it broke after one day",1
u2,2026-08-27,p3,"物流太慢了，非常失望",2
u3,2026-08-28,p3,"质量很好，非常喜欢",4
CSV
huaxiang profile orders.csv reviews.csv --engine rules --store s.db > /dev/null
while read -r question; do
    echo "== $question"
    huaxiang ask "$question" --store s.db --format table
done <<'LIST'
how many orders in August?
八月有多少订单？
what is the revenue in 2026?
客单价是多少？
average rating of the Lamp
哪些商品卖得最多？
which category has the most revenue?
谁花的钱最多？
每月订单趋势
what share of reviews are negative?
八月和七月的订单相比
为什么八月差评变多？
why did revenue fall in August?
大家对物流怎么说？
how many customers are there?
u3 买了多少单？
how many orders in August from the web channel?
有多少种商品？
火星手机卖了多少？
2019年有多少订单？
what is the weather like?
hello there
LIST
echo '== kept and replayed'
huaxiang ask '为什么八月差评变多？' --store s.db --receipts r.json > /dev/null
huaxiang verify r.json --store s.db --format table
sed -i 's/变化 +2/变化 +3/' r.json
huaxiang verify r.json --store s.db --format table; echo "exit $?"
huaxiang ask '八月有多少订单？' --store s.db --lang en
echo '== two of one name'
printf '客户编号,姓名\nv1,王芳\nv2,王芳\n' > names.csv
printf 'customer_id,datetime,order_id,amount\nv1,2026-07-01,a1,10\nv2,2026-07-02,a2,20\n' > sales.csv
huaxiang profile names.csv sales.csv --engine rules --store n.db > /dev/null
huaxiang ask '王芳花了多少钱？' --store n.db --format table
huaxiang ask 'v2 花了多少钱？' --store n.db --format table
huaxiang ask '王芳（v1）花了多少钱？' --store n.db --format table
huaxiang ask 'v1 和 v2 花了多少钱？' --store n.db --format table
echo '== mistakes'
huaxiang ask '' --store s.db; echo "exit $?"
huaxiang ask '¿Cuántos pedidos hubo?' --store s.db; echo "exit $?"
huaxiang ask 'いくつ注文がありましたか' --store s.db; echo "exit $?"
huaxiang ask "$(head -c 100000 /dev/zero | tr '\0' a)" --store s.db; echo "exit $?"
huaxiang profile orders.csv --engine rules --store o.db > /dev/null
huaxiang ask '差评率是多少？' --store o.db --format table
