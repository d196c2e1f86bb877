# Who belongs together by decision: what a change would do, doing it, the journal, undo, rules, and wrong wishes.
exec 2>&1
cat > orders.csv <<'EOF'
customer_id,datetime,order_id,amount,phone
u1,2026-01-01,o1,5,13800001001
u2,2026-01-02,o2,7,13800001002
u3,2026-01-03,o3,9,13800001002
EOF
huaxiang profile orders.csv --engine rules --store s.db > /dev/null
echo '== what a merge would do, and doing it'
huaxiang identity merge u1 u2 --store s.db --format table
huaxiang identity merge u1 13800001002 --store s.db --yes --reason 'called from one phone'
huaxiang show u3 --store s.db --format json | grep -o '"ids":[^]]*]'
echo '== journal, and undo'
huaxiang identity journal --store s.db | sed 's/"time":"[^"]*"/"time":""/'
huaxiang unmerge u1 --store s.db --yes --lang zh --format table
huaxiang identity journal --store s.db --format csv | cut -d, -f1-3
echo '== ids of files'
huaxiang unmerge u3 customer:u3 --store s.db --yes
huaxiang show u3 --store s.db --format json | grep -o '"ids":[^]]*]'
huaxiang identity undo 2 --store s.db --yes --format table
echo '== rules'
echo '{"limits":{"customer":1}}' > rules.json
huaxiang identity rules --store s.db
huaxiang identity rules rules.json --store s.db
huaxiang identity rules rules.json --store s.db --yes --quiet
huaxiang identity rules --store s.db
echo '== likely doubles'
cat > people.csv <<'EOF'
客户编号,姓名,生日,地址,手机号
a1,王小明,1990-05-04,北京市海淀区中关村大街1号,13912345678
a2,王晓明,1990-05-04,海淀区中关村大街1号,13912345679
a3,李强,1980-01-02,上海市徐汇区漕溪路2号,18600001234
EOF
huaxiang profile people.csv --store p.db --quiet > /dev/null
huaxiang identity match --store p.db --format table --lang zh
huaxiang identity match --store p.db --yes | sed -E 's/([0-9]\.[0-9]{4})[0-9]+/\1/g'
huaxiang show a2 --store p.db --format json | grep -o '"ids":[^]]*]'
huaxiang unmerge a2 --store p.db --yes --quiet
huaxiang identity match --store p.db --threshold 0.2
echo '== wrong wishes'
huaxiang unmerge u1 --store s.db
huaxiang unmerge u1 u2 --store s.db
huaxiang identity merge u1 --store s.db
huaxiang identity merge u1 u1 --store s.db
huaxiang identity undo x --store s.db
huaxiang identity undo 9 --store s.db
echo '{"limit":3}' > rules.json
huaxiang identity rules rules.json --store s.db --lang zh
