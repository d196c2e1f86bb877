# Features of tables: parts of times, windows, sessions, joins by time, interactions; a feature that knows the future is found.
cat > visits.csv <<'X'
user,at,page,spent
a,2026-02-16 10:00,home,1.5
a,2026-02-16 10:20,cart,2
b,2026-02-16 23:59,home,4
a,2026-02-17 09:00,pay,8
b,2026-02-17 00:10,pay,0
a,2026-02-17 09:30,home,1
X
cat > levels.csv <<'X'
user,since,level
a,2026-02-16 10:10,silver
a,2026-02-17 09:00,gold
b,2026-01-01 00:00,silver
X
huaxiang table features visits.csv --time at --parts hour,date,weekday,weekend,holiday_cn,holiday_us --format csv
huaxiang table features visits.csv --time at --parts hour,holiday_cn --timezone Asia/Shanghai --format csv --head 2
huaxiang table features visits.csv --time at --by user --window 1,7 --columns spent --format csv
huaxiang table features visits.csv --time at --by user --page page --format csv
huaxiang table features visits.csv --join levels.csv --key user --as-of at --join-time since --tolerance 12h --format csv
huaxiang table features visits.csv --time at --parts hour --columns spent,at_hour --interact product,ratio --format csv --lang zh --head 2
huaxiang table features visits.csv --time at --by user --page page --leak-check --format csv; echo "exit $?"
huaxiang table features visits.csv --time at --by user --window 7 --join levels.csv --key user --as-of at --join-time since --leak-check; echo "exit $?"
for arguments in "" "--parts hour" "--time at --parts age" "--time page --parts hour" "--time at --window x" "--time at --window 7" \
    "--join none.csv --as-of at" "--join levels.csv --as-of at --key user --tolerance soon" "--interact product --columns spent"; do
    huaxiang table features visits.csv $arguments --head 1; echo "exit $?"
done
