# Columns ranked for a target in many ways, rules of the business, a choice kept as a recipe and as a page.
members='会员等级 is not missing'
huaxiang table select samples/shop/customers.csv --where "$members" --target 会员等级 --propose rules.json --method gain,chi2,mutual --top 3 --format table --lang en
cat rules.json
huaxiang table select samples/shop/customers.csv --where "$members" --target 会员等级 --rules rules.json --must-keep 邮箱 --top 3 \
    --split 80,20 --stratify 会员等级 --seed 1 --method gain,anova,forest,permutation,vif --save chosen.json --report page.html --format csv --lang zh | cut -d, -f1,2
cat chosen.json
grep -c '<tr>' page.html
grep -c '受保护？' page.html
grep -c 'rgba(47,111,179' page.html
huaxiang table apply samples/shop/customers.csv --recipe chosen.json --head 2 --format csv --quiet
echo '[{"step":"drop","columns":["age"],"reasons":["why"]}]' > wrong.json
huaxiang table apply samples/shop/customers.csv --recipe wrong.json; echo "exit $?"
huaxiang table select samples/shop/customers.csv --propose only.json; echo "exit $?"; cmp rules.json only.json
cat > numbers.csv <<'X'
x,twin,sex,kind,code,same,y
1,2,m,a,c1,5,1.5
2,4,f,b,c2,5,2.4
3,6,m,a,c3,5,3.6
4,8,f,b,c4,5,4.4
5,10,m,,c5,5,5.7
6,12,f,a,c6,5,6.2
7,14,m,b,c7,5,7.9
8,16,f,a,c8,5,8.1
X
huaxiang table select numbers.csv --target y --task regression --method pearson,spearman,kendall,gain-ratio,vif --format table
huaxiang table select numbers.csv --target y --task regression --method pearson,vif --by pearson --threshold 0.9 --format json --lang zh
for arguments in "" "--target z" "--target y --method luck" "--target y --must-keep z" "--target y --must-keep sex --must-not sex" "--target same" \
    "--target y --threshold x" "--target y --split 80" "--target y --top 0" "--target y --rules numbers.csv"; do
    huaxiang table select numbers.csv $arguments; echo "exit $?"
done
# targets that are texts of many values: numbers with others among them, names
huaxiang table select samples/shop/orders.csv --target amount --quiet; echo "exit $?"
huaxiang table select samples/shop/orders.csv --target order_id --quiet --lang zh; echo "exit $?"
# rows without the target are left out, all of them missing is said
printf 'a,b,y\n1,2,\n2,1,p\n3,3,q\n4,1,p\n5,4,q\n6,2,p\n' > gaps.csv
huaxiang table select gaps.csv --target y --method chi2,anova --format csv | cut -d, -f1,2
printf 'a,y\n1,\n2,\n' > none.csv; huaxiang table select none.csv --target y --method chi2; echo "exit $?"
