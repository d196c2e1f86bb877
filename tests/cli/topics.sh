# topics: groups with names, quotes and trends; what is new; key sentences beside keywords; what is refused.
try() { echo "--- $*"; "$@" || echo "exit $?"; }
{
    echo 'day,text'
    for d in 1 2 3 4 5 6 7 8 9; do
        for i in 1 2 3 4; do
            printf '2026-03-0%d,快递很快，物流包装严实\n2026-03-0%d,屏幕清晰，屏幕颜色鲜艳\n' $d $d
        done
    done
    for i in 1 2 3 4 5 6 7 8; do printf '2026-03-10,"系统升级后退款失败，客服没人管"\n'; done
} >reviews.csv
try huaxiang topics reviews.csv --topics 3 --format table
try huaxiang topics reviews.csv --topics 3 --format csv --lang zh
huaxiang topics reviews.csv --topics 2 --head 1 | grep -o '"periods":.*"share":[0-9.]*}\]' | cut -c1-90
try huaxiang topics reviews.csv --topics 0
try huaxiang topics reviews.csv --topics many
try huaxiang topics reviews.csv --time text
try huaxiang topics reviews.csv --text day
try huaxiang topics reviews.csv --text nothing --lang zh
printf 'a,b\n1,2\n' | try huaxiang topics
echo '=== of a store'
{ echo 'customer_id,datetime,text'; tail -n +2 reviews.csv | awk -F, '{ printf "u%d,%s,%s\n", NR % 7, $1, $2 }'; echo 'u1,2026-03-10,加微信领红包 wx12345'; } >said.csv
huaxiang profile said.csv --engine rules --store s.db >/dev/null 2>&1
try huaxiang topics --store s.db --topics 3 --format table
huaxiang topics --store s.db --topics 3 --head 1 -q | grep -o '"text":[^}]*"customer":"c_' | head -1
try huaxiang topics --store s.db --topics 2 --as-of 2026-03-05 --format table
try huaxiang topics reviews.csv --store s.db
try huaxiang topics --store s.db --text day
huaxiang profile /dev/stdin --store e.db >/dev/null 2>&1 <<'CSV'
customer_id,datetime,order_id,amount
u1,2026-03-01,o1,5
CSV
try huaxiang topics --store e.db
echo 'The dress is lovely. The zipper broke after two days. I love this dress and its fabric.' >one.txt
try huaxiang keywords one.txt --engine rules --sentences 1 --top 2
try huaxiang keywords one.txt --engine rules --sentences 2 --top 1 --format csv
