# What stays of the input: all columns, the types of JSON Lines, quoting, and nothing that could command a terminal.
printf '订单号,评论,备注\n1,"很好, 很好","say ""hi"""\n2,"太差了\n下次不买", x\n' > a.csv
huaxiang sentiment --engine rules a.csv -q --format csv
huaxiang sentiment --engine rules a.csv -q
huaxiang sentiment --engine rules a.csv -q --format table
echo '--- JSON Lines keep their types; earlier results are replaced'
printf '{"id":1,"text":"很好","n":{"a":[1,2.5,null]}}\n{"id":2,"text":"太差了"}\n' > a.jsonl
huaxiang sentiment --engine rules a.jsonl -q
huaxiang sentiment --engine rules a.jsonl -q | huaxiang sentiment --engine rules
printf '{"id":7,"text":"13812345678"}\n' | huaxiang redact
echo '--- another column, a mapping, no header'
printf 'x,y\n1,很好\n' > b.csv
huaxiang sentiment --engine rules b.csv -q; echo "exit $?"
huaxiang sentiment --engine rules b.csv -q --text y
huaxiang sentiment --engine rules b.csv -q --map text=y
printf '1;太差了\n2;很好\n' | huaxiang sentiment --engine rules -q --format-in csv --delimiter ';' --no-header --text column_2
echo '--- several files'
huaxiang sentiment --engine rules samples/comments.csv b.csv --text y -q; echo "exit $?"
huaxiang sentiment --engine rules a.csv samples/comments.csv -q --format csv; echo "exit $?"
echo '--- rejected rows'
printf 'id,text\n1,很好\n2,\xff\n3,好\n' > c.csv
huaxiang sentiment --engine rules c.csv --rejects r.csv
cat r.csv
echo '--- the same bytes on any number of threads'
for n in 1 2 5; do huaxiang annotate --engine rules samples/labelled.csv -q --threads $n | cksum; done | sort -u | wc -l
echo '--- output files'
huaxiang sentiment --engine rules samples/comments.csv -q --out out.jsonl && wc -l < out.jsonl
huaxiang sentiment --engine rules out.jsonl -q --out out.jsonl; echo "exit $?"; wc -l < out.jsonl
huaxiang sentiment --engine rules samples/comments.csv -q --out /dev/full; echo "exit $?"
huaxiang sentiment --engine rules samples/comments.csv -q --out no/such/folder; echo "exit $?"
echo '--- control characters'
printf 'customer,text\nu\x1b[31m,很\x1b]0;evil\x07好\xe2\x80\xae坏\n' > d.csv
huaxiang redact d.csv --format table
huaxiang redact "$(printf 'no\x1b[31mfile')"; echo "exit $?"
echo '--- groups'
printf 'c,d,v\nb,2026-01-02,1.5\na,2026-01-01,2\nb,2026-01-03,0.1\n' > g.csv
huaxiang table group g.csv --by c --agg 'count,sum(v),max(d)'
huaxiang table group g.csv --by c --agg 'count,sum(v),max(d)' --format csv
huaxiang table group g.csv --by c --agg 'sum(v)' --format table --head 1
huaxiang table group g.csv --by nope; echo "exit $?"
