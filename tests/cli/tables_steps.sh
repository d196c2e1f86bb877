# Steps of tables: filling, curves, scaling, codes, outliers, units; what is learnt is kept; a sentence for each mistake.
cat > people.csv <<'END'
id,city,day,age,height,income
1,上海,2026-01-01,30,180cm,12000
2,北京,2026-01-02,,1.75 m,
3,上海,2026-01-04,50,69in,15000
4,,2026-01-08,41,170,900000
5,北京,2026-01-09,,,8000
6,上海,2026-01-10,36,168,
END
cat > later.csv <<'END'
id,city,day,age,height,income
7,广州,2026-02-01,,180cm,20000
8,上海,2026-02-02,,1.6m,
END
huaxiang table impute people.csv --method median --columns age,income --by city --mask --save filled.json --format csv
huaxiang table apply later.csv --recipe filled.json --format csv
huaxiang table impute later.csv --fit-on people.csv --method mean --columns age --format csv --lang zh
huaxiang table impute people.csv --method constant --value 0 --columns income --format csv --head 2 --quiet
huaxiang table impute people.csv --method ffill --order-by day --limit 1 --columns city,age --format csv
huaxiang table impute people.csv --method knn --set neighbours=2 --set weights=distance --columns age,income --format csv
huaxiang table impute people.csv --method iterative --columns id,age,income --format csv --head 1
huaxiang table impute people.csv --method drop-rows --columns age --format csv
huaxiang table impute people.csv --method drop-columns --set share=0.3 --format csv --head 1
huaxiang table interpolate people.csv --columns age,income --order-by day --method pchip --format csv
huaxiang table interpolate people.csv --columns age --by city --extrapolate --format csv
huaxiang table scale people.csv --columns age,income --method z --save scaled.json --format csv
huaxiang table scale people.csv --columns age,income --method z --format csv --out z.csv --quiet
huaxiang table apply z.csv --recipe scaled.json --undo --format csv
huaxiang table scale people.csv --columns income --method yeo-johnson --format csv --quiet | cut -d, -f6 | cut -c1-6
huaxiang table encode people.csv --columns city --format csv
huaxiang table encode people.csv --columns city --method ordinal --set order=北京,上海 --format csv
huaxiang table encode later.csv --fit-on people.csv --columns city --method target --target age --set smoothing=1 --format csv
huaxiang table outliers people.csv --columns income --method mad --format csv
huaxiang table outliers people.csv --columns income --action remove --format csv --lang zh
huaxiang table convert people.csv --columns height --from cm --to cm --format csv
huaxiang table impute --help | sed -n 1,6p
for arguments in "impute --method means" "impute --columns agee" "impute --columns city --method mean" "impute --set k" \
    "impute --set k=3" "impute --set neighbours=x" "interpolate --order-by city" "scale --columns city" "scale --method box-cox --set low=5" \
    "encode --method target" "outliers --factor 0" "convert --columns age" "convert --columns age --from m --to kg" "apply --undo"; do
    action=${arguments%% *}
    huaxiang table $action people.csv ${arguments#"$action"}; echo "exit $?"
done
