# Texts and runs of pages as columns: fitted on one file, applied to another; what goes wrong.
cat > visits.csv <<'V'
user,at,page
a,2026-02-16 10:00,home
a,2026-02-16 10:20,list
b,2026-02-16 23:59,home
a,2026-02-17 09:00,home
a,2026-02-17 09:05,list
b,2026-02-17 00:10,pay
a,2026-02-17 09:30,pay
c,2026-02-17 09:30,
V
cat > new.csv <<'V'
user,at,page
x,2026-03-01 10:00,home
x,2026-03-01 10:01,pay
x,2026-03-01 10:02,help
x,2026-03-01 10:03,home
x,2026-03-01 10:04,pay
V
cat > said.csv <<'V'
id,said
1,好看 好用
2,好用 不贵
3,
4,good phone
V
printf '3 2\n好 1 2\n好看 3 -4\ngood 0.5 0\n' >small.vec
huaxiang table features visits.csv --time at --by user --page page --sequence 2 --format csv --save runs.json
huaxiang table apply new.csv --recipe runs.json --format csv
huaxiang table features visits.csv --time at --by user --page page --sequence 2 --gap 1h --format csv --head 4 --quiet
huaxiang table features visits.csv --time at --by user --page page --sequence 1 --format csv --lang zh --head 2
huaxiang table features said.csv --text said --tfidf 3 --characters 1 --word-grams 0 --format csv --save said.json
huaxiang table apply said.csv --recipe said.json --format csv --head 1
huaxiang table features said.csv --text said --vectors small.vec --format csv --lang zh
huaxiang table features said.csv --text said --hash 2 --characters 0 --word-grams 1 --format csv | cut -d, -f1,2 | head -2
huaxiang learn fit samples/labelled.csv --target label --use comment --recipe samples/none.json; echo "exit $?"
echo '[{"step":"text","column":"comment","most":100,"remove":true}]' >text.json
huaxiang learn fit samples/labelled.csv --target label --drop customer,time,product --model logistic --recipe text.json --split 80,20 --seed 1 --format json --out m.json |
    grep -o '"of_characters"\|comment~[^"]*' | sort | uniq | wc -l
huaxiang learn predict samples/labelled.csv --model m.json --head 2 --format csv | cut -d, -f5
for arguments in "--tfidf 3" "--tfidf 3 --text id" "--vectors none.vec --text said" "--sequence 2 --time at" "--tfidf 9000 --text said" "--tfidf 3 --text said --leak-check" "--tfidf 3 --characters 0 --word-grams 0 --text said"; do
    huaxiang table features said.csv $arguments --head 1; echo "exit $?"
done
