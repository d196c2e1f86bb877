# learn explain: all rows and one row of several models, what would have to change, a page in both languages, the same bytes for any number of threads,
# and a sentence for each mistake.
awk 'BEGIN { print "id,age,city,member,note,buys"; for (i = 0; i < 120; i++) { age = 20 + i * 7 % 50; city = i % 3 ? (i % 2 ? "上海" : "Rome") : "Paris"
    print i "," (i % 11 == 4 ? "" : age) "," (i % 23 == 5 ? "" : city) "," (i % 4 ? "true" : "false") ",5," ((age + (i % 3 ? 0 : 14) + i % 5 * 3) > 44 ? "yes" : "no") } }' > shop.csv
huaxiang learn fit shop.csv --target buys --drop id --model logistic --out logistic.json --quiet > /dev/null
huaxiang learn fit shop.csv --target buys --drop id --model tree --param depth=3 --out tree.json --quiet > /dev/null
huaxiang learn fit shop.csv --target buys --drop id --model bayes --out bayes.json --quiet > /dev/null
huaxiang learn fit shop.csv --target age --drop id,buys --where 'age is not missing' --task regression --model linear --out linear.json --quiet > /dev/null
huaxiang learn explain shop.csv --model tree.json --format table
huaxiang learn explain shop.csv --model logistic.json --method coefficients,shap --format table --lang zh
huaxiang learn explain shop.csv --model tree.json --row 5 --format table
huaxiang learn explain shop.csv --model logistic.json --row 1 --want 'above 0.9' --fixed city --format table --lang zh
huaxiang learn explain shop.csv --model logistic.json --row 1 --want yes --format csv
huaxiang learn explain shop.csv --model logistic.json --row 1 --method counterfactual --want 'below 0.0001' --fixed age --format table
huaxiang learn explain shop.csv --model bayes.json --method kernel --format csv
huaxiang learn explain shop.csv --where 'age is not missing' --model linear.json --row 1 --want 'above 43.5' --format table
huaxiang learn explain shop.csv --model tree.json --class no --row 2 --method shap
for model in logistic tree bayes; do
    huaxiang learn explain shop.csv --model $model.json --threads 1 > one.json && huaxiang learn explain shop.csv --model $model.json --threads 3 | cmp - one.json && echo same
done
head -40 shop.csv > some.csv
huaxiang learn explain shop.csv --model bayes.json --method kernel --background some.csv --row 3 --format csv
huaxiang learn explain shop.csv --model tree.json --report page.html --quiet > /dev/null && huaxiang learn explain shop.csv --model tree.json --row 5 --lang zh --report row.html --quiet > /dev/null
grep -c '<svg' page.html row.html; grep -c 'http\|<script' page.html row.html; grep -o '<h2>[^<]*</h2>' page.html row.html
head -1 shop.csv > none.csv; head -2 shop.csv > single.csv
huaxiang learn explain single.csv --model tree.json --format csv
for command in "shop.csv" "shop.csv --model shop.csv" "shop.csv --model tree.json --row 500" "shop.csv --model tree.json --method magic" "shop.csv --model tree.json --method coefficients" \
    "shop.csv --model tree.json --class maybe" "shop.csv --model tree.json --row 1 --want high" "shop.csv --model tree.json --row 1 --fixed town" "shop.csv --model tree.json --method counterfactual" \
    "shop.csv --model linear.json --row 1 --method counterfactual" "none.csv --model tree.json" "samples/browsing.csv --model tree.json" "shop.csv --model tree.json --row 0"; do
    huaxiang learn explain $command; echo "exit $?"
done
