# Ctrl-C stops cleanly; --resume goes on; the store is the one of an undisturbed run.
python3 - <<'P'
with open('big.csv', 'w') as f:
    f.write('customer,order_id,time,item,quantity,unit_price\n')
    for i in range(400000):
        f.write(f'u{i % 9973},o{i},2026-{1 + i % 12:02d}-{1 + i % 28:02d} 10:00:00,p{i % 97},1,{1 + i % 50}\n')
P
huaxiang profile big.csv --store whole.db -q > /dev/null
huaxiang profile big.csv --store cut.db -q > /dev/null 2> said &
job=$!
until [ -s cut.db ]; do sleep 0.01; done
sleep 0.1
kill -INT $job
wait $job
status=$?
# A fast machine may be done before the signal comes.
[ $status = 0 ] || { [ $status = 1 ] && grep -q -- '--resume goes on' said; } || { echo "exit $status"; cat said; }
huaxiang profile big.csv --store cut.db -q --resume > /dev/null
huaxiang profile big.csv --store cut.db -q --resume | python3 -c 'import json, sys; s = json.load(sys.stdin); print(s["customers"], s["events"], s["orders"])'
huaxiang export profiles --store whole.db -q > whole.csv
huaxiang export profiles --store cut.db -q > cut.csv
cmp whole.csv cut.csv && echo same
