# learn: the worked example of docs/learn.md, then every action, then a sentence for each mistake.
cat > clean.json <<'END'
[{"step":"where","condition":"time >= 2026-10-01 and time < 2026-11-01 and not page is missing"},
 {"step":"hour","column":"time"},
 {"step":"where","condition":"hour >= 6"}]
END
huaxiang table apply samples/browsing.csv --missing '2026-10-15 27:61:00' --recipe clean.json --format csv --out visits.csv
echo '[{"step":"encode","columns":["page"],"method":"ordinal","order":["首页","商品列表","商品详情","购物车","新闻资讯"]},{"step":"keep","columns":["hour","page"]}]' > code.json
huaxiang table apply visits.csv --recipe code.json --format csv --out coded.csv --quiet && head -3 coded.csv
echo '[{"step":"scale","method":"minmax"}]' > scale.json
fit="huaxiang learn fit coded.csv --target page --task regression --model linear --recipe scale.json --split 80,20 --seed 3"
$fit --solver gd --learning-rate 0.005 --epochs 2000 --format table --out gd.json
$fit --format table --out closed.json
huaxiang learn predict coded.csv --model gd.json --format csv --out gd.csv && huaxiang learn predict coded.csv --model closed.json --format csv --out closed.csv
paste -d, gd.csv closed.csv | awk -F, 'NR > 1 && ($3 - $6) ^ 2 > 1e-18 { bad++ } END { print NR - 1, bad + 0 }'
$fit --solver gd --learning-rate 0.5 --epochs 100; echo "exit $?"
huaxiang learn fit visits.csv --target page --use hour --model forest --split 80,20 --seed 3 --stratify page --format table
huaxiang learn cross-validate visits.csv --target page --use hour --model logistic,tree --param tree.depth=3 --folds 4 --repeats 2 --seed 1 --format table --out oof.csv
head -2 oof.csv && wc -l < oof.csv
# classes, costs, files
awk 'BEGIN { print "id,age,city,buys"; for (i = 0; i < 120; i++) print i "," 20 + i * 7 % 50 "," (i % 3 ? "上海" : "Paris") "," ((i * 7 % 50 + i % 3 * 9 + i % 5 * 3) > 34 ? "yes" : "no") }' > shop.csv
huaxiang learn fit shop.csv --target buys --drop id --model logistic --param C=0.5 --out shop.json --format table
huaxiang learn fit shop.csv --target buys --drop id --model logistic --params '{"C":0.5}' --format csv --lang zh
huaxiang learn predict shop.csv --model shop.json --head 2
huaxiang learn predict shop.csv --model shop.json --head 2 --all --format csv
huaxiang learn evaluate shop.csv --model shop.json --cost 1,5 --format table
huaxiang learn evaluate shop.csv --model shop.json --format csv
huaxiang learn evaluate shop.csv --model shop.json --threads 1 > one.json && huaxiang learn evaluate shop.csv --model shop.json --threads 3 | cmp - one.json && echo same
huaxiang learn cross-validate shop.csv --target buys --drop id --model logistic,forest --param forest.trees=20 --threads 1 > one.json
huaxiang learn cross-validate shop.csv --target buys --drop id --model logistic,forest --param forest.trees=20 --threads 4 | cmp - one.json && echo same
huaxiang learn tune shop.csv --target buys --drop id --model tree,logistic --trials 11 --folds 3 --outer 2 --seed 1 --format table --out tuned.json
huaxiang learn predict shop.csv --model tuned.json --head 1 --format csv
for alone in "" --single; do
    huaxiang learn tune shop.csv --target age --task regression --drop id --model tree,ridge,neighbours --trials 11 --folds 3 $alone --seed 1 --format table --out age.json | tail -n 2
    huaxiang learn predict shop.csv --model age.json --head 1 --format csv
done
huaxiang learn fit shop.csv --target buys --model ensemble
huaxiang learn ensemble shop.csv --target buys --drop id --model logit,decision_tree --folds 3 --format table --out both.json
huaxiang learn predict shop.csv --model both.json --head 1 --format csv
sed 's/0/1/' shop.json > damaged.json
for command in "learn fit shop.csv" "learn fit shop.csv --target bys" "learn fit shop.csv --target buys --model logistics" \
    "learn fit shop.csv --target buys --model ridge" "learn fit shop.csv --target buys --model tree --param dept=3" "learn fit shop.csv --target buys --model tree --param depth" \
    "learn fit shop.csv --target buys --model tree --params [1]" "learn fit shop.csv --target buys --split 5" "learn predict shop.csv" \
    "learn predict shop.csv --model damaged.json" "learn predict shop.csv --model shop.csv" "learn predict samples/browsing.csv --model shop.json" \
    "learn evaluate samples/browsing.csv --model shop.json" "learn evaluate shop.csv --model shop.json --cost 1" \
    "learn cross-validate shop.csv --target buys --model tree,tree" "learn cross-validate shop.csv --target buys --model tree --folds 500" \
    "learn cross-validate shop.csv --target buys --model tree --group id --time id" "learn ensemble shop.csv --target buys" \
    "learn ensemble shop.csv --target buys --model tree,isolation" "learn ensemble shop.csv --target buys --model tree --method votes"; do
    huaxiang $command; echo "exit $?"
done
