# Kinds of columns: what was learnt decides how a later file is read; odd cells, rows without values, infinities, no rows.
awk 'BEGIN { print "age,ca,num"; for (i = 0; i < 40; i++) print 30 + i * 7 % 40 "," (i == 5 ? "?" : i % 4 ".0") "," (i * 7 % 40 > 18 ? "sick" : "well") }' > train.csv
head -5 train.csv | sed 's/^37,/40?,/' > test.csv
huaxiang learn fit train.csv --target num --model tree --out heart.json --format csv
huaxiang learn predict test.csv --model heart.json --format csv
huaxiang learn evaluate test.csv --model heart.json --format csv --lang zh
huaxiang learn explain test.csv --model heart.json --format csv --quiet | head -2
huaxiang learn fit train.csv --target num --model tree --validation test.csv --format csv --quiet
huaxiang learn fit train.csv --target num --model tree --missing '?' --out heart.json --format csv --quiet
huaxiang learn predict train.csv --model heart.json --format csv | sed -n 7p
sed 's/,[0-9.]*,/,many,/' test.csv > words.csv && huaxiang learn predict words.csv --model heart.json; echo "exit $?"
# recipes
huaxiang table impute train.csv --columns age --method mean --save mean.json --format csv --head 1
huaxiang table apply test.csv --recipe mean.json --format csv
huaxiang table impute test.csv --fit-on train.csv --columns age --method mean --format csv --lang zh
huaxiang table encode test.csv --fit-on train.csv --columns ca --method ordinal --format csv
# monitoring: no alarm because a mark came or went
huaxiang table monitor train.csv --profile-store runs --name ca --format csv > /dev/null
sed 's/?/1.0/' train.csv > later.csv && huaxiang table monitor later.csv --profile-store runs --name ca --format csv | cut -d, -f1-3; echo "exit $?"
# what was read as text and may be meant as something else
printf "n,when,paid,code,both\\n1,2026-03-05,￥68.00,A,1\\n2.5,2026-03-06,1.2万,1,2\\n17',27:61,99,B,?\\n4,2026-03-07,100,2,未知\\n5,2026-03-08,3,C,3\\n6,2026-03-09,4,D,4\\n7,2026-03-10,5,3,5\\n8,2026-03-11,6,E,6\\n9,2026-03-12,7,F,7\\n10,2026-03-13,8,G,8\\n" > odd.csv
huaxiang table describe odd.csv --format csv
huaxiang table describe odd.csv --columns n --lang zh --format csv
huaxiang table describe odd.csv --missing "17',27:61" --columns n,when --format csv
huaxiang table describe odd.csv --as-text n,when,both --columns n,when,both --format csv
huaxiang table scale odd.csv --columns paid; echo "exit $?"
printf 'who,day,amount\na,2026-01-01,￥68.00\na,2026-01-02,1.2万\na,2026-01-09,30\n' > paid.csv
huaxiang table features paid.csv --time day --by who --window 7 --columns amount --format csv
sed 's/30$/none at all/' paid.csv > unpaid.csv && huaxiang table features unpaid.csv --time day --by who --window 7 --columns amount; echo "exit $?"
huaxiang table group paid.csv --by who --agg 'sum(amount)'
huaxiang table convert paid.csv --columns amount --from 1 --to 1 --format csv --out numbers.csv && huaxiang table features numbers.csv --time day --by who --window 7 --columns amount --format csv
# rows without values
printf 'a,b\n1,2\n,\n\n3,4\n' > rows.csv
huaxiang table describe rows.csv --format csv
huaxiang table impute rows.csv --method mean --format csv
huaxiang table group rows.csv --by a --agg count --format csv
printf 'age,ca,num\n31,1.0,well\n,,\n60,2.0,sick\n' | huaxiang learn predict --model heart.json --format csv
# infinities
printf 'v,w\n1,1\n2,inf\n-inf,2\ninf,3\n3,4\n' > inf.csv
huaxiang table describe inf.csv
huaxiang table describe inf.csv --format csv
huaxiang table describe inf.csv --format table
# nothing at all
huaxiang table describe - < /dev/null; echo "exit $?"
huaxiang table describe --lang zh < /dev/null; echo "exit $?"
head -1 train.csv > none.csv
huaxiang learn evaluate none.csv --model heart.json; echo "exit $?"
huaxiang learn predict none.csv --model heart.json --format csv; echo "exit $?"
huaxiang learn predict none.csv --model heart.json; echo "exit $?"
head -2 train.csv > one.csv && huaxiang table split one.csv --split 80,20 --format csv && cat one-test.csv
huaxiang learn fit train.csv --target num --model tree --split 99,1 --format csv
huaxiang table --help | sed -n '/^Usage/p;/^Actions/p;/^  embed /p'
