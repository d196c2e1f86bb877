# The main job on small files, and every look into its store.
printf '客户编号,姓名,城市,手机号\nu1,王小明,上海,13812345678\nu2,Ann Lee,London,\n' > customers.csv
{
    echo 'order_id,customer_id,order_time,item_id,item_name,category,quantity,unit_price,currency'
    echo 'o1,u1,2026-01-05 10:00:00,p1,帐篷,户外,1,￥399,CNY'
    echo 'o2,u1,2026-03-05 20:30:00,p2,睡袋,户外,2,￥150,CNY'
    echo 'o2,u1,2026-03-06 20:30:00,p2,睡袋,户外,-1,￥150,CNY'
    echo 'o3,u2,2026-02-01 08:00:00,p3,mug,kitchen,1,￥25,CNY'
    echo 'o4,u3,2026-13-01,p3,mug,kitchen,1,￥25,CNY'
} > orders.csv
printf '用户,时间,商品,评价内容,评分\nu1,2026年1月20日 9:00,p1,帐篷很结实，非常满意！,5\nu2,2026年2月20日 9:00,p3,"This mug is terrible, it broke at once.",1\n' > reviews.csv
huaxiang profile customers.csv orders.csv reviews.csv --engine rules --timezone Asia/Shanghai --store shop.db --format table
stat -c %a shop.db
tr -d '\r' < shop.db.rejects.csv
echo '--- again: nothing counts twice'
huaxiang profile reviews.csv --engine rules --timezone Asia/Shanghai --store shop.db -q | python3 -c 'import json, sys; print(json.load(sys.stdin)["import"])'
huaxiang profile --store shop.db --report report.html --lang zh --format table | tr -s ' '
[ -s report.html ] && echo report
echo '--- dry run'
huaxiang profile orders.csv --dry-run --format table
huaxiang profile reviews.csv --dry-run --format table --lang zh
huaxiang profile reviews.csv --dry-run | python3 -c 'import json, sys; print([c["role"] for c in json.load(sys.stdin)["columns"]])'
echo '--- looks'
huaxiang show u1 --store shop.db --format table | grep -v keywords
huaxiang show 13812345678 --store shop.db --format table --lang zh --as-of 2026-02-01 | grep -v 关键词
huaxiang show u1 --store shop.db | python3 -c 'import json, sys; p = json.load(sys.stdin); print(p["ids"], p["activity"]["spent"])'
huaxiang show nobody --store shop.db; echo "exit $?"
# Evidence stands in brackets with its sign; which words carry it is the text engine's own test.
huaxiang timeline u1 --store shop.db --format table > timeline.txt
sed -E 's/\[([^]]*) [+-]\]/\1/g' timeline.txt
grep -c ' +\]' timeline.txt
huaxiang timeline u2 --store shop.db --head 1 --format csv
huaxiang segment list --store shop.db --format csv
huaxiang segment show unhappy --store shop.db --format table
huaxiang segment show unhappy --store shop.db --format table --lang zh | tr -s ' '
huaxiang segment show heroes --store shop.db; echo "exit $?"
echo '--- receipts'
huaxiang why u1 score:monetary --store shop.db --format table
huaxiang why u2 segment:unhappy --store shop.db --out receipt.json
huaxiang verify receipt.json --store shop.db --format table; echo "exit $?"
huaxiang verify receipt.json --store shop.db --format table --lang zh; echo "exit $?"
sed 's/"total":-\{0,1\}[0-9]*/"total":77/' receipt.json > forged.json
huaxiang verify forged.json --store shop.db --format table; echo "exit $?"
huaxiang verify samples/comments.csv --store shop.db; echo "exit $?"
huaxiang why u1 nonsense --store shop.db; echo "exit $?"
echo '--- keeping'
huaxiang imports list --store shop.db --format table
huaxiang imports conflicts --store shop.db
huaxiang backup copy.db --store shop.db
huaxiang backup copy.db --store shop.db; echo "exit $?"
huaxiang restore copy.db --store shop.db; echo "exit $?"
huaxiang imports undo 3 --store shop.db
huaxiang imports undo 33 --store shop.db; echo "exit $?"
huaxiang imports list --store shop.db | python3 -c 'import json, sys; print([json.loads(line)["state"] for line in sys.stdin])'
huaxiang restore copy.db --store shop.db --force
huaxiang export profiles --store shop.db -q | head -c 3 | od -An -tx1
huaxiang export profiles --store shop.db --out p.xlsx -q && head -c 2 p.xlsx; echo
huaxiang export profiles --store shop.db -q --lang zh | head -1 | grep -o "姓名\|城市"
huaxiang export profiles --store shop.db --out shop.db; echo "exit $?"
huaxiang profile reviews.csv --store shop.db --report reviews.csv; echo "exit $?"
huaxiang show u1 --store shop.db --out shop.db; echo "exit $?"
huaxiang profile orders.csv --store shop.db --rejects orders.csv; echo "exit $?"
huaxiang export segments --store shop.db --format xlsx --out s.xlsx && head -c 2 s.xlsx; echo
huaxiang erase u2 --store shop.db; echo "exit $?"
huaxiang erase u2 --store shop.db --yes
huaxiang show u2 --store shop.db; echo "exit $?"
huaxiang verify receipt.json --store shop.db > /dev/null 2>&1; echo "exit $?"
huaxiang doctor --store shop.db --format csv | cut -d, -f1,2 | grep -v '^data/'
echo '--- a mapping kept in a file'
printf 'who,what\nu9,很好\n' > odd.csv
huaxiang profile odd.csv --store odd.db --map customer=who,text=what --map-file map.txt -q > /dev/null
cat map.txt
huaxiang profile odd.csv --store odd2.db --map-file map.txt -q | python3 -c 'import json, sys; print(json.load(sys.stdin)["texts"])'
cat reviews.csv | huaxiang profile --store pipe.db --no-text -q | python3 -c 'import json, sys; print(json.load(sys.stdin)["customers"])'
echo '--- where files disagree'
printf '客户编号,城市,性别\nu1,上海,女\n' > one.csv
printf '客户编号,城市,邀请码\nu1,北京,00123\n' > two.csv
huaxiang profile one.csv two.csv --store odd3.db -q > /dev/null
huaxiang imports conflicts --store odd3.db --format csv
huaxiang imports conflicts --store odd3.db --format table --lang zh
huaxiang show u1 --store odd3.db --format table --lang zh
huaxiang export profiles --store odd3.db -q --lang zh | tr -d '\r' | cut -d, -f3,30-
huaxiang imports list --store odd3.db --format table --lang zh | tr -s ' '
echo '--- what failed leaves no file'
huaxiang show nobody --store odd3.db --out nobody.json; echo "exit $?"
[ -e nobody.json ] || echo gone
echo '--- digits that a spreadsheet would change come back as they were'
printf '客户编号,城市\n00123,上海\n123456789012345678,北京\n' > zero.csv
huaxiang profile zero.csv --store zero.db -q > /dev/null
huaxiang export profiles --store zero.db --out zero-out.csv -q --lang zh
tr -d "\r" < zero-out.csv | cut -d, -f3,30 | tee back.csv | sort
huaxiang profile back.csv --store zero2.db -q > /dev/null
for id in 00123 123456789012345678; do huaxiang show $id --store zero2.db | grep -o '"customer":\["[0-9]*"'; done
