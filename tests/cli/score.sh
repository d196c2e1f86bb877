# score clv: customers by value, the fit and what is held against it; several files, amounts or none, and a sentence for each mistake.
orders=samples/shop/orders.csv
huaxiang score clv $orders --head 5 --format table
huaxiang score clv $orders --calibrate-to 2025-12-31 --model bg-nbd --unit day --horizon 90 --head 3 --format table --lang zh --quiet
huaxiang score clv $orders --calibrate-to 2025-12-31 --model pareto-nbd --head 2 --format csv --quiet
huaxiang score clv --data $orders --head 1 --quiet | tail -1 | grep -o '"[a-z_2]*":' | tr '\n' ' '; echo
huaxiang score clv $orders --quiet --format csv > all.csv; wc -l < all.csv
head -2000 $orders > one.csv; { head -1 $orders; tail -n +2001 $orders; } > two.csv
huaxiang score clv one.csv two.csv --quiet --format csv --threads 3 | cmp - all.csv && echo same
awk -F, 'NR < 3000 { print $2 "," $3 }' $orders > visits.csv
huaxiang score clv visits.csv --head 2 --format table | head -3
huaxiang score clv $orders --model bgnbd; echo "exit $?"
huaxiang score clv $orders --calibrate-to soon; echo "exit $?"
huaxiang score clv $orders --calibrate-to 2001-01-01; echo "exit $?"
huaxiang score clv samples/comments.csv; echo "exit $?"
printf 'customer,date,amount\na,2025-01-01,3\nb,2025-01-02,4\n' | huaxiang score clv; echo "exit $?"
huaxiang score loyalty; echo "exit $?"
