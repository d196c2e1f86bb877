# table describe and table split: shapes, options, and a sentence for each mistake.
cat > people.csv <<'END'
id,city,age,since,member,note
1,上海,30,2025-01-01,true,"a, b"
2,北京,41.5,2025-06-01,false,NA
3,上海,,2026-01-01,true,x
4,Paris,18,,,"<b>&"
5,Paris,18,2025-03-01,true,x,surplus
END
huaxiang table describe people.csv
huaxiang table describe people.csv --format csv
huaxiang table describe people.csv --format table --lang zh
huaxiang table describe people.csv --columns age,city --where 'since < 2026-01-01 and not member = false' --format csv
huaxiang table describe people.csv --as-text id --missing 'x,18' --columns id,note,age --format csv
huaxiang table describe < people.csv --columns id --format csv
huaxiang table describe people.csv --html page.html --out describe.jsonl && grep -c '<section>' page.html
printf 'a,b\n' > empty.csv && huaxiang table describe empty.csv
for i in 1 2 3 4 5 6 7 8 9 10; do echo "$i,$((i % 2)),$((i / 3)),2026-01-$((10 + i))"; done | sed '1i n,half,third,day' > ten.csv
huaxiang table split ten.csv --split 60,20,20 --stratify half --seed 3 && wc -l < ten-train.csv && cut -d, -f2 ten-train.csv | sort | uniq -c
huaxiang table split ten.csv --split 70,30 --time day --prefix t --format csv && cat t-test.csv
huaxiang table split ten.csv --group third --prefix g --format csv && for f in g-train g-validation g-test; do cut -d, -f3 $f.csv | sed 1d | sort -u | tr '\n' ' '; done; echo
huaxiang table --help | sed -n '/^Actions/p;/^  describe /p'
huaxiang table describe --help | sed -n 1,5p
huaxiang table descibe people.csv 2>&1 | sed "s/one of [a-z,]*,/one of .../"
for command in "table --format csv describe people.csv" "table describe nothing.csv" \
    "table describe people.csv --columns agee" "table describe people.csv --where age>x" "table describe people.csv --where agee>3" \
    "table split people.csv --split 70" "table split people.csv --split 0,0" "table split people.csv --stratify city --time since" \
    "table split people.csv --time city" "table describe people.csv --html people.csv" "table describe a.csv b.csv"; do
    huaxiang $command; echo "exit $?"
done
echo '[{"step":"where","condition":"age >= 18"},{"step":"drop","columns":["note"]}]' > steps.json
huaxiang table apply people.csv --recipe steps.json --save kept.json --format csv
huaxiang table apply people.csv --recipe kept.json --format json --head 1 --lang zh
sed -i 's/>= 18/>= 19/' kept.json && huaxiang table apply people.csv --recipe kept.json; echo "exit $?"
huaxiang table apply people.csv --recipe people.csv; echo "exit $?"
echo '[{"step":"wher","condition":"x"}]' > steps.json; huaxiang table apply people.csv --recipe steps.json 2>&1 | sed 's/there are: .*/there are: .../'
gzip -kn people.csv && huaxiang -q table describe people.csv.gz > gz.out && huaxiang -q table describe people.csv > csv.out && cmp gz.out csv.out && echo same
iconv -f UTF-8 -t GB18030 people.csv > gb.csv && huaxiang -q table describe gb.csv | cmp - csv.out && echo same
for threads in 1 3 8; do huaxiang table describe samples/shop/orders.csv --threads $threads | sha256sum; done | uniq | wc -l
huaxiang -q table describe samples/shop/members.xlsx --columns $(huaxiang -q table describe samples/shop/members.xlsx --format csv | sed -n 2p | cut -d, -f1) --format csv | wc -l
