# learn export and import: a model as SQL and as C gives the scores of learn predict, XGBoost's JSON comes back, and each mistake has its sentence.
awk 'BEGIN { print "id,age,city,buys"; for (i = 0; i < 120; i++) print i "," (i % 11 ? 20 + i * 7 % 50 : "") "," (i % 3 ? "上海" : i % 2 ? "O\047Neil" : "Paris") "," ((i * 7 % 50 + i % 3 * 9 + i % 5 * 3) > 34 ? "yes" : "no") }' > shop.csv
echo '[{"step":"impute","columns":["age"],"method":"median"},{"step":"scale","columns":["age"],"method":"minmax"}]' > fill.json
huaxiang learn fit shop.csv --target buys --drop id --model logistic --recipe fill.json --out shop.json --format csv
huaxiang learn export shop.json --as sql --table shop | sed -E 's/([0-9]\.[0-9]{4})[0-9]+/\1/g'
huaxiang learn export shop.json --as c --name shop --out shop.c
cat > main.c <<'END'
#include <stdio.h>
#include "shop.c"
int main(void) {
    const shop_row rows[] = {{.x_age = 41, .x_city = "Paris"}, {.x_age = NAN, .x_city = "Lhasa"}};
    double p[shop_classes];
    for (size_t i = 0; i < 2; i++) {
        int k = shop_predict(&rows[i], p);
        printf("%s %.6f\n", shop_class_names[k], p[1]);
    }
    return 0;
}
END
cc -std=c17 -Wall -Wextra -Werror main.c -o main -lm && ./main
printf 'age,city\n41,Paris\n,Lhasa\n' | huaxiang learn predict --model shop.json --format csv | sed -E 's/([0-9]\.[0-9]{4})[0-9]+/\1/g'
# XGBoost's JSON: a tree of one split, by hand
cat > x.json <<'END'
{"learner":{"attributes":{},"feature_names":["age","city code"],"feature_types":["float","float"],
 "gradient_booster":{"model":{"gbtree_model_param":{"num_parallel_tree":"1","num_trees":"1"},"tree_info":[0],"trees":[
  {"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_indices":[0,0,0],"split_conditions":[40.5,-1.25,0.75],
   "default_left":[1,0,0],"sum_hessian":[10,6,4],"loss_changes":[3.5,0,0],"split_type":[0,0,0]}]},"name":"gbtree"},
 "learner_model_param":{"base_score":"[5E-1]","num_class":"0","num_feature":"2","num_target":"1"},
 "objective":{"name":"binary:logistic"}},"version":[3,2,0]}
END
huaxiang learn import x.json --target buys --out ours.json --format table
printf 'age,city code\n40,1\n41,1\n,1\n' | huaxiang learn predict --model ours.json --format csv | sed -E 's/([0-9]\.[0-9]{4})[0-9]+/\1/g'
huaxiang learn export ours.json --as xgboost
huaxiang learn export ours.json --as sql
sed 's/gbtree/dart/' x.json > dart.json; head -c 300 x.json > cut.json
for command in "learn export shop.json" "learn export shop.json --as java" "learn export shop.csv --as sql" "learn export shop.json --as xgboost" \
    "learn export shop.json --as c --name 1st" "learn import x.json --out a.json" "learn import x.json --target buys" "learn import dart.json --target buys --out a.json" \
    "learn import cut.json --target buys --out a.json" "learn import shop.json --target buys --out a.json" "learn import x.json --target buys --out a.json --lang zh"; do
    huaxiang $command; echo "exit $?"
done
