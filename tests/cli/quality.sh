# table check, dedupe, repair, reconcile and monitor: shapes, files they write, exit statuses, and a sentence for each mistake.
cat > people.csv <<'END'
id,city,age,phone,since,name
1,上海,30,13812345678,2026-01-01,张伟明
2,上海市,41,13912345678,2026-01-02,张伟 明
3,Shanghia,,138,2026-01-03,李丽娜
3,Shanghai,200,13712345678,2026-01-04,王芳
5,北京,18,13612345678,2026-01-05,王芳
6,北京,18,13612345678,2026-01-05,Liu Xiaoming
7,上海,18,13612345679,2026-01-05,LIU XIAOMNIG
END
cat > rules.json <<'END'
{"format":"huaxiang/rules/1","rules":[
 {"rule":"not_null","columns":["id","age"]},
 {"rule":"unique","column":"id","severity":"warn"},
 {"rule":"range","column":"age","min":0,"max":120,"at_most":0.2},
 {"rule":"pattern","column":"phone","pattern":"^1[3-9]\\d{9}$"},
 {"rule":"in_set","column":"city","values":["上海","北京"],"severity":"info"},
 {"rule":"foreign_key","column":"city","file":"cities.csv","key":"name","severity":"warn"},
 {"rule":"freshness","column":"since","within_hours":24},
 {"rule":"row_count","min":5,"max":100},
 {"rule":"distribution","column":"age","quantiles":{"0.5":[20,30]}}]}
END
printf 'name\n上海\n北京\n' > cities.csv
huaxiang table check people.csv --rules rules.json --as-of 2026-01-06 --format table; echo "exit $?"
huaxiang table check people.csv --rules rules.json --as-of 2026-01-07 --lang zh --html check.html | tail -3 && grep -c '<tr>' check.html
huaxiang table check people.csv --propose kept.json && huaxiang table check people.csv --rules kept.json --format csv; echo "exit $?"
huaxiang table dedupe people.csv --keys name --near 0.85 --mapping groups.csv --format csv && cat groups.csv
huaxiang table dedupe people.csv --keys id --keep complete --lang zh --format csv --head 3
huaxiang table repair people.csv --columns city --propose mapping.csv && cat mapping.csv
huaxiang table repair people.csv --mapping mapping.csv --save recipe.json --format csv
huaxiang table apply people.csv --recipe recipe.json --head 2
sed 's/^1,上海,30/1,上海,30.005/; s/^5,北京,18/5,南京,19/; /^6/d' people.csv > shop.csv
huaxiang table reconcile people.csv shop.csv --key id --tolerance age=0.01 --survive source:shop --merged merged.csv --format table; echo "exit $?"
cat merged.csv
huaxiang table reconcile people.csv shop.csv --key id --compare age --lang zh
printf 'id,price,when,note\n1,10,2026/1/3,a\n2,3.125,2026-01-04,\n3,7.50,2026-01-05,c\n' > left.csv
printf 'id,price,when,stock\n1,10.00,2026-01-03,07\n2,3.5,2026-01-04,8\n4,1e3,2026-01-06,9\n' > right.csv
huaxiang table reconcile left.csv right.csv --key id --merged both.csv; cat both.csv
huaxiang table reconcile left.csv right.csv --key id --where 'price > 5' --merged both.jsonl --quiet; cat both.jsonl
for i in $(seq 1 400); do echo "$i,$((i * 7 % 50)),$((i % 3))x"; done | sed '1i id,v,kind' > day1.csv
for i in $(seq 1 400); do echo "$i,$((i * 11 % 50)),$((i % 3))x"; done | sed '1i id,v,kind' > day2.csv
for i in $(seq 1 400); do echo "$i,$((20 + i * 11 % 50)),$((i % 4))x"; done | sed '1i id,v,kind' > day3.csv
huaxiang table monitor day1.csv --profile-store runs --name days; echo "exit $?"
huaxiang table monitor day2.csv --profile-store runs --name days --format csv; echo "exit $?"
huaxiang table monitor day3.csv --profile-store runs --name days --format table --lang zh --html page.html; echo "exit $?"
grep -c '<svg' page.html; ls runs
cp day1.csv orders-2026-11-01.csv; cp day2.csv orders_20261102.csv; cp day3.csv 2026-11-03.csv
for file in orders-2026-11-01.csv orders_20261102.csv 2026-11-03.csv; do
    huaxiang table monitor $file --profile-store dated --format csv | wc -l
done
for command in "table check people.csv" "table check people.csv --rules people.csv" "table check people.csv --rules none.json" \
    "table dedupe people.csv --near 0.1" "table dedupe people.csv --keys nmae" "table dedupe people.csv --keep best" \
    "table repair people.csv --columns age" "table repair people.csv --mapping people.csv" \
    "table repair people.csv --propose a.csv --mapping mapping.csv" "table reconcile people.csv --key id" \
    "table reconcile people.csv shop.csv" "table reconcile people.csv shop.csv --key idd" \
    "table reconcile people.csv shop.csv --key id --survive me" "table monitor day1.csv" \
    "table monitor day1.csv --profile-store runs --name a/b" "table monitor day1.csv --profile-store runs --name days --baseline 9"; do
    huaxiang $command; echo "exit $?"
done
