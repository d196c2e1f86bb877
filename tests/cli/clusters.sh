# learn cluster: sizes, names, centres; rows with their cluster; clusters kept and used again; a sentence for each mistake.
awk 'BEGIN { print "id,amount,visits,city"; for (i = 0; i < 60; i++) { g = i % 3; print i "," 100 + 400 * g + i % 7 "," (i == 5 ? "" : 2 + i % 5) "," (g == 0 ? "上海" : g == 1 ? "北京" : "Paris") } }' > shop.csv
huaxiang learn cluster shop.csv --drop id --k 3 --seed 1 --format table --out rows.csv --save clusters.json
cut -d, -f5 rows.csv | sort | uniq -c
huaxiang learn cluster shop.csv --drop id --seed 1 --lang zh --format table --param stability=3 --param k_max=5
huaxiang learn cluster shop.csv --drop id --k 3 --seed 1 --format csv
huaxiang learn cluster shop.csv --model clusters.json --head 3 --format csv
for method in mini-batch mixture hierarchical; do
    huaxiang learn cluster shop.csv --use amount,city --k 3 --seed 1 --method $method --param stability=0 --out $method.csv --format csv
done
huaxiang learn cluster shop.csv --use amount --method dbscan --param radius=0.2 --param min_rows=5 --format csv
huaxiang learn cluster shop.csv --use amount --method hdbscan --param min_cluster=15 --save dense.json --format csv
huaxiang learn cluster shop.csv --model dense.json --head 2 --format csv
huaxiang learn cluster shop.csv --use amount --threads 1 > one.json && huaxiang learn cluster shop.csv --use amount --threads 3 | cmp - one.json && echo same
huaxiang learn cluster shop.csv --k few; echo "exit $?"
huaxiang learn cluster shop.csv --k 61; echo "exit $?"
huaxiang learn cluster shop.csv --method nearest; echo "exit $?"
huaxiang learn cluster shop.csv --param linkage=near; echo "exit $?"
sed 's/amount/amounts/' clusters.json > damaged.json
huaxiang learn cluster shop.csv --model damaged.json; echo "exit $?"
huaxiang learn cluster shop.csv --model shop.csv; echo "exit $?"
