# learn: pages, calibration, coverage, learning curves, rankings, searches, bagging, survival, then a sentence for each mistake.
awk 'BEGIN { print "id,age,city,buys,amount,who"; for (i = 0; i < 200; i++) print i "," 20 + i * 7 % 50 "," (i % 3 ? "上海" : "Paris") "," ((i * 7 % 50 + i % 3 * 9 + i * 7919 % 23) > 44 ? "yes" : "no") "," i * 7 % 50 * 3 + i % 11 "," int(i / 10) }' > shop.csv
fit="huaxiang learn fit shop.csv --drop id,who --format table"
$fit --target buys --model bayes --calibrate platt --split 80,20 --cost 1,5 --report fit.html --out buys.json | tail -4
for word in "<h2>Confusion matrix" ">ROC<" ">Reliability<" ">Lift<" "Threshold by cost" "Calibration of"; do grep -c "$word" fit.html; done
grep -c "<script\|http" fit.html
huaxiang learn evaluate shop.csv --model buys.json --rank-by who --at 3 --report evaluate.html --lang zh --format table | tail -6
grep -c "混淆矩阵" evaluate.html && grep -c "组内排序" evaluate.html
huaxiang learn cross-validate shop.csv --target buys --drop id,who,amount --model logistic,tree --folds 3 --seed 1 --curve --calibrate isotonic --report cross.html --format table
grep -c "Learning curve" cross.html
for search in random grid tpe; do
    huaxiang learn tune shop.csv --target amount --drop id,who --model ridge --search $search --single --trials 12 --folds 3 --seed 2 --report tune.html --format table | tail -1
done
grep -c "The search" tune.html
$fit --target amount --model bagging --param base=ridge --param members=8 --conformal 0.2 --out amount.json | tail -1
huaxiang learn predict shop.csv --model amount.json --coverage 0.9 --head 2 --format csv
huaxiang learn fit shop.csv --target city --use age,amount --model logistic --conformal 0.3 --out city.json --quiet > /dev/null
huaxiang learn predict shop.csv --model city.json --coverage 0.95 --sets aps --head 2 --format csv
# survival
awk 'BEGIN { print "days,left,plan,age"; for (i = 1; i < 61; i++) print 5 + i * 37 % 90 "," (i % 4 > 0) "," (i % 2 ? "month" : "year") "," 20 + i * 13 % 40 }' > left.csv
huaxiang learn survival left.csv --time days --event left --group plan --use plan,age --report left.html --format table
grep -c "Kaplan" left.html
huaxiang learn survival left.csv --time days --event left --format csv | head -3
huaxiang learn survival left.csv --time days --event left --group plan --lang zh --where 'days < 12' --format table
sed 's/"slope":/"slop":/' buys.json > damaged.json
for command in "learn fit shop.csv --target amount --model ridge --calibrate platt" "learn fit shop.csv --target buys --calibrate sigmoid" \
    "learn fit shop.csv --target buys --conformal 0.95" "learn predict shop.csv --model buys.json --coverage 0.9" "learn predict shop.csv --model amount.json --coverage 0.99" \
    "learn predict shop.csv --model amount.json --coverage 1" "learn predict shop.csv --model damaged.json" "learn evaluate shop.csv --model buys.json --rank-by nobody" \
    "learn evaluate shop.csv --model buys.json --rank-by who --at 0" "learn tune shop.csv --target buys --model forest --search grid --trials 2" \
    "learn fit shop.csv --target buys --model bagging --param base=ridge" "learn survival left.csv --time days" "learn survival left.csv --time plan --event left" \
    "learn survival left.csv --time days --event age" "learn survival left.csv --time days --event left --use plan,days --ties none" \
    "learn survival left.csv --time days --event left --use left"; do
    huaxiang $command; echo "exit $?"
done
huaxiang learn fit left.csv --task survival --target days --event left --model cox --split 80,20 --seed 1 --out cox.json --format table
huaxiang learn predict left.csv --model cox.json --head 2 --format csv
huaxiang learn evaluate left.csv --model cox.json --report cox.html && grep -c concordance cox.html
huaxiang learn fit left.csv --task survival --target days --model cox; echo "exit $?"
# classes the model does not know, and infinite values: counted, said
awk 'BEGIN { print "age,city,buys"; for (i = 0; i < 120; i++) print 20 + i * 7 % 50 "," (i % 3 ? "上海" : "Paris") "," (i * 7 % 50 > 24 ? "yes" : "no") }' > shop.csv
huaxiang learn fit shop.csv --target buys --model logistic --out buys.json > buys.txt
awk -F, -v OFS=, 'NR == 4 || NR == 9 { $3 = "perhaps" } NR == 6 { $3 = "later" } NR == 8 { $1 = "inf" } { print }' shop.csv > strange.csv
huaxiang learn evaluate strange.csv --model buys.json --format table | sed -n '/^class/,/^$/p'
huaxiang learn evaluate strange.csv --model buys.json --format json --lang zh | sed -E 's/.*("unknown_classes":[^]]*]).*/\1/'
huaxiang learn predict strange.csv --model buys.json --head 1 --format csv | head -1
