# Segments by rules of one's own: defined, listed, kept up by imports and undos, why in and out, overlap, lift, history, mistakes.
exec 2>&1
cat > orders.csv <<'CSV'
customer_id,datetime,order_id,item,category,amount
u1,2026-01-05,o1,tent,户外,80
u1,2026-01-20,o2,boots,户外,60
u2,2026-01-25,o3,lamp,家居,20
u3,2026-02-01,o4,tent,户外,90
u4,,o5,rope,户外,9
CSV
cat > reviews.csv <<'CSV'
customer_id,datetime,text
u1,2026-02-02,"Terrible, it broke after one day. I want a refund"
u2,2026-02-03,"Great lamp, I love it"
CSV
cat > more.csv <<'CSV'
customer_id,datetime,order_id,item,category,amount
u3,2026-02-10,o6,rope,户外,15
u2,2026-03-01,o7,lamp,家居,20
CSV
huaxiang profile orders.csv reviews.csv --engine rules --store s.db > /dev/null
echo '== define'
huaxiang segment define regulars 'count(order) in 30 days >= 2' --store s.db --format table
huaxiang segment define 户外迷 '总额(订单[品类 = 户外]) > 80' --store s.db --format table --lang zh
huaxiang segment define upset 'review[sentiment = negative] in 60 days and segment.户外迷' --store s.db
echo '== list and members, current to the latest event'
huaxiang segment list --store s.db --format csv | grep -v 'buyers\|days'
huaxiang segment list --store s.db --format table | tail -1
huaxiang segment members regulars --store s.db --format csv | cut -d, -f2
huaxiang segment show 户外迷 --store s.db --format table --lang zh
echo '== an import, an earlier day, the import taken back'
huaxiang profile more.csv --engine rules --store s.db > /dev/null
huaxiang segment members regulars --store s.db --format csv | cut -d, -f2
huaxiang segment members regulars --store s.db --as-of 2026-02-12 --format csv | cut -d, -f2
huaxiang imports undo 3 --store s.db --quiet
huaxiang segment members regulars --store s.db --format csv | cut -d, -f2
echo '== why in, why out, verified'
huaxiang why u1 segment:upset --store s.db --format table
huaxiang why u2 segment:regulars --store s.db --format table --lang zh
huaxiang why u2 segment:regulars --store s.db --out receipt.json
huaxiang verify receipt.json --store s.db --format table
huaxiang segment define regulars 'count(order) in 31 days >= 2' --store s.db --force --quiet > /dev/null
huaxiang verify receipt.json --store s.db --format table
huaxiang show u1 --store s.db --format json | grep -o '"segments":[^]]*]'
echo '== overlap, lift, history, a rule tried'
huaxiang segment overlap upset --store s.db --format table | grep -v '_\|new\|sleeping'
huaxiang segment lift upset --store s.db --format table | head -4
huaxiang segment history regulars --store s.db --format table
huaxiang segment test 'order then review within 3 weeks' --store s.db --head 1 --format table
echo '== mistakes'
huaxiang segment define x 'count(order) in 30 days > many' --store s.db
huaxiang segment define x '次数(订单) 近 30 年 > 1' --store s.db --lang zh
huaxiang segment define x 'segment.nobody' --store s.db
huaxiang segment define 户外迷 'segment.upset' --store s.db --force
huaxiang segment define x 'count(order) > 3 and count(order) <= 3' --store s.db
huaxiang segment define high_value 'order' --store s.db
huaxiang segment define x 'segment.high_value' --store s.db --lang zh
huaxiang segment define upset 'order' --store s.db
huaxiang segment define upset --store s.db
huaxiang segment history new --store s.db
huaxiang segment drop 户外迷 --store s.db
huaxiang why u1 segment:nobody --store s.db
huaxiang segment drop upset --store s.db
echo "== who is alike"
huaxiang similar u1 --store s.db --format table
huaxiang similar u9 --store s.db --lang zh
echo "== export, and the summary"
huaxiang export segments --store s.db --format csv --out members.csv --lang en
cut -d, -f1-3 members.csv | grep '户外迷\|regulars'
huaxiang profile more.csv --engine rules --store s.db --format json --quiet | grep -o '{"id":"regulars"[^}]*}'
huaxiang imports undo 4 --store s.db --quiet
echo "== clusters and values of a trait as segments"
printf 'customer,spent,cluster\nu1,140,1\nu2,20,2\nu3,90,1\nu4,9,2\n' > clusters.csv
huaxiang segment define worth --clusters clusters.csv --store s.db --format table
sed -i s/u3,90,1/u3,90,2/ clusters.csv
huaxiang segment define worth --clusters clusters.csv --store s.db --format csv | cut -d, -f1,3,5
huaxiang why u3 segment:worth.2 --store s.db --lang zh --format table | head -2
huaxiang segment define tier --label worth --store s.db --format csv | cut -d, -f1,3,5
huaxiang segment define tier --label nobody --store s.db
huaxiang segment define tier --clusters orders.csv --store s.db
huaxiang segment define --clusters clusters.csv --store s.db
