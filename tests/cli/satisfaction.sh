# Satisfaction and loyalty from ratings of several scales, texts, complaints and purchases; by customer, product and month.
printf 'customer,date,item_id,item_name,rating,nps,comment\nu1,2026-01-03,p1,tent,5,10,"Great tent, I love it"\nu1,2026-02-03,p2,mug,2,,\nu2,2026-02-04,p2,mug,1,3,"Terrible, it broke. I want to complain"\nu3,2026-03-01,p1,tent,4,8,\n' > reviews.csv
printf 'customer,date,nps\nu1,2026-03-05,9\nu4,2026-03-06,2\nu5,2026-03-06,10\n' > nps.csv
{
    echo 'order_id,customer_id,order_time,item_id,item_name,quantity,amount'
    for d in 2026-01-01 2026-02-15 2026-06-30; do echo "$d,u1,$d,p1,tent,1,300"; done
    echo 'o4,u2,2026-01-10,p2,mug,1,25'
    echo 'o5,u2,2026-01-10,p1,tent,1,300'
    echo 'o6,u3,2026-06-29,p2,mug,1,-25'
} > orders.csv
huaxiang profile reviews.csv nps.csv orders.csv --engine rules --store shop.db -q > summary.json
huaxiang score satisfaction --store shop.db --format table
for by in customer product month; do huaxiang score satisfaction --store shop.db --by $by --format table; done
huaxiang score satisfaction --store shop.db --by product --format table --lang zh --head 1
huaxiang score satisfaction --store shop.db --by month --format csv | cut -d, -f1,3,7,10,11,12 
huaxiang score satisfaction --store shop.db --by product --as-of 2026-02-03 | cut -c1-170
huaxiang score satisfaction --store shop.db --as-of 2020-01-01 --format table
echo '--- mistakes'
huaxiang score satisfaction --store shop.db --by city; echo "exit $?"
huaxiang score satisfaction; echo "exit $?"
huaxiang score satisfaction reviews.csv --store shop.db; echo "exit $?"
