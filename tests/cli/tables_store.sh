# --store: the customers of a store as rows, for table and learn commands.
huaxiang profile samples/shop/orders.csv samples/shop/reviews.csv --store shop.db --quiet > /dev/null
huaxiang table describe --store shop.db --columns orders,spent,recency_days,r,rfm_group,sentiment,segment.high_value --format table
huaxiang table group --store shop.db --by rfm_group --agg 'count,mean(spent)' --format table
huaxiang table scale --store shop.db --where 'orders > 3' --columns spent --method minmax --head 2 --format csv | cut -d, -f1,12,15 | sed -E 's/([0-9]\.[0-9]{4})[0-9]+/\1/g'
huaxiang table describe --store shop.db --as-of 2025-07-01 --columns orders,last_event --format csv | cut -d, -f1-5,7,9
huaxiang learn fit --store shop.db --target segment.at_risk --use orders,spent,gap_days,tenure_days,sentiment --model logistic --format table --out risk.json
huaxiang learn predict --store shop.db --model risk.json --format csv --head 3 | awk -F, '{ print $1 "," substr($NF, 1, 8) }'
huaxiang learn cluster --store shop.db --use orders,spent,recency_days --k 3 --format csv
for command in "table describe samples/shop/orders.csv --store shop.db" "table describe --store nowhere.db" "table describe --store shop.db --columns spents" \
    "table describe --store shop.db --as-of yesterday"; do
    huaxiang $command; echo "exit $?"
done
