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

echo '--- filters: whole records, the beginning of what would have been'
cp "${0%/*}/../golden/llama/gguf_chat.gguf" chat.gguf
python3 - <<'P'
with open('rows.csv', 'w') as f:
    f.write('id,text\n')
    for i in range(600000):
        f.write(f'{i},text number {i} 很好\n')
P
stop() { # FILE COMMAND...: SIGINT once FILE has something in it
    local file=$1
    rm -f "$file"
    shift
    huaxiang "$@" 2> said > /dev/null &
    job=$!
    for _ in {1..2000}; do [ -s "$file" ] && break; sleep 0.01; done
    sleep 0.2
    kill -INT $job
    wait $job
    echo "exit $?"
    sed -E 's/[0-9]+/N/g' said
}
whole() { # the last row is whole, and its number is the one that was said
    python3 - "$1" <<'P'
import json, re, sys
data = open(sys.argv[1], 'rb').read()
rows = [json.loads(line) for line in data.splitlines()]
said = int(re.search(r'\d+', open('said').read().replace('e.jsonl', '').replace('g.jsonl', ''))[0])
print(data.endswith(b'\n'), len(rows) == said, all(int(r['id']) == i for i, r in enumerate(rows)), len(rows) < 600000)
P
}
stop e.jsonl embed rows.csv --model chat.gguf --out e.jsonl -q
whole e.jsonl
n=$(wc -l < e.jsonl)
huaxiang embed rows.csv --model chat.gguf --head $n -q | cmp - e.jsonl && echo same
stop e.jsonl annotate rows.csv --out e.jsonl -q
whole e.jsonl
stop g.jsonl generate Answer: --data rows.csv --model chat.gguf --max-tokens 20 --out g.jsonl -q --lang zh
whole g.jsonl
grep -c '"end":"cancelled"' g.jsonl
echo '--- a pipe: ended by the signal, whole records'
mkfifo pipe
(cat rows.csv; sleep 5) > pipe &
feeder=$!
huaxiang embed --model chat.gguf --out p.jsonl -q < pipe 2> said &
job=$!
for _ in {1..2000}; do [ -s p.jsonl ] && break; sleep 0.01; done
kill -TERM $job
wait $job
echo "exit $?"
kill $feeder
python3 -c 'import json; data = open("p.jsonl", "rb").read(); print(data[-1:], all(int(json.loads(line)["id"]) == i for i, line in enumerate(data.splitlines())))'
echo '--- evaluate'
stop said evaluate perplexity --data rows.csv --model chat.gguf --threads 1 | grep -v engine
