# Every table command over tables at the edge: no row, one row, one value, no value, infinities, 10,000 categories. A line a command and table: exit status, and of
# rows that come out their number (header among them); a failure says why.
printf 'k,a,b,t,c\n' > none.csv
printf 'k,a,b,t,c\n1,2.5,,2026-01-01,x\n' > one.csv
{ echo k,a,b,t,c; for i in $(seq 12); do echo 7,7,7,2026-01-01,x; done; } > same.csv
{ echo k,a,b,t,c; for i in $(seq 12); do echo "$i,,,,"; done; } > missing.csv
{ echo k,a,b,t,c; for i in $(seq 12); do echo "$((i % 3)),$i,$([ $((i % 4)) = 0 ] && echo inf || echo $((i * i))),2026-01-$((i + 10)),c$((i % 2))"; done; echo '1,-inf,1e308,2026-02-01,c1'; echo '2,,1.5e308,2026-02-02,c0'; } > infinite.csv
{ echo k,a,b,t,c; seq 10000 | awk '{print $1 "," $1 % 10 "," ($1 % 5 ? $1 % 13 : "") ",2026-01-01,v" $1 * 7919 % 10007}'; } > many.csv
cat > rules.json <<'END2'
{"format":"huaxiang/rules/1","rules":[{"rule":"not_null","column":"k"},{"rule":"unique","column":"k"},{"rule":"range","column":"a","min":0,"max":120},
 {"rule":"pattern","column":"c","pattern":"^."},{"rule":"in_set","column":"c","values":["x"]},{"rule":"row_count","min":1}]}
END2
run() {
    local table=$1
    shift
    huaxiang table "$@" --quiet > rows.out 2> why.err
    local status=$?
    echo "$table ${*/#*.csv/}: exit $status, lines $(wc -l < rows.out)"
    if [ $status -ge 2 ] || [ -s why.err ]; then sed 's/^/    /' why.err; fi
    grep -oiE "(^|[,:])-?nan.*" rows.out | head -1
}
for table in none one same missing infinite many; do
    f=$table.csv
    run $table describe $f --format csv
    run $table group $f --by c --agg 'count,distinct(k),min(a),max(t),first(c),last(c),mode(c)' --format csv
    run $table group $f --by k --agg 'nunique(c),count(a)' --format csv
    for method in median mean mode ffill knn iterative drop-rows drop-columns; do
        run $table impute $f --method $method --format csv
    done
    run $table impute $f --method knn --by c --format csv
    run $table interpolate $f --format csv
    for method in minmax z robust maxabs quantile yeo-johnson; do run $table scale $f --method $method --format csv; done
    for method in ordinal frequency hash; do run $table encode $f --method $method --columns c --format csv; done
    run $table encode $f --columns c --set most=3 --format csv
    for method in iqr z mad isolation; do run $table outliers $f --method $method --action remove --format csv; done
    run $table outliers $f --method isolation --format csv
    run $table dedupe $f --format csv
    run $table dedupe $f --keys c --near 0.9 --format csv
    run $table repair $f --propose mapping.csv
    run $table features $f --interact product --columns k,a --format csv
    run $table check $f --rules rules.json --format csv
    run $table check $f --propose kept.json
    run $table reconcile $f $f --key k --merged all.csv --format csv
    run $table monitor $f --profile-store runs --format csv
    run $table monitor $f --profile-store runs --format csv
    run $table select $f --target a --method pearson,gain --format csv
    run $table split $f --split 80,20 --prefix part
done
