# Correction in the flow: profile and annotate with --correct; quotes as given, edits counted, the mode remembered, receipts replayed, refusals.
try() { "$@"; echo "exit $?"; }
cat > reviews.csv <<'END'
customer_id,date,comment
C1,2024-03-01,我门的房间很干净，服务员太度很好！
C1,2024-03-05,"I recieve a good breakfast, the room was fine"
C2,2024-03-07,这家餐厅很棒！
END
counts='import json, sys; i = json.load(sys.stdin)["import"]; print(i.get("correction"))'
run() { huaxiang profile "$@" --engine rules -q; }
echo '--- off, suggested, applied'
run reviews.csv --store off.db | python3 -c "$counts"
run reviews.csv --store suggest.db --correct suggest | python3 -c "$counts"
run reviews.csv --store apply.db --correct apply | python3 -c "$counts"
run reviews.csv --store same.db --correct off > /dev/null
cmp <(huaxiang timeline C1 --store off.db) <(huaxiang timeline C1 --store same.db) && echo off is the default
huaxiang timeline C1 --store apply.db | python3 -c '
import json, sys
for line in sys.stdin:
    e = json.loads(line)
    raw = e["text"].encode()
    print(e["correct"], [(raw[x["start"]:x["end"]].decode() == x["from"], x["from"], x["to"]) for x in e["edits"]])
    print([(k["text"], raw[k["start"]:k["end"]].decode()) for k in e["keywords"] if k["text"] != raw[k["start"]:k["end"]].decode()])'
echo '--- threads and order of texts change nothing'
run reviews.csv --store three.db --correct apply --threads 3 > /dev/null
cmp <(huaxiang timeline C1 --store apply.db) <(huaxiang timeline C1 --store three.db) && echo same
echo '--- a receipt says how, and is replayed'
event=$(huaxiang timeline C1 --store apply.db | python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["event"])')
huaxiang why C1 label:$event/sentiment --store apply.db --format json > receipt.json
python3 -c '
import json
r = json.load(open("receipt.json"))
print(r["correct"]["mode"], r["correct"]["engine"], r["correct"]["texts"], r["correct"]["edits"], r["inputs"][0]["edits"])
r["correct"]["threshold_zh"] = 500000
json.dump(r, open("other.json", "w"))'
try huaxiang verify receipt.json --store apply.db --format table
try huaxiang verify other.json --store apply.db --format table | sed 's/[0-9a-f]\{16\}/HASH/g'
try huaxiang verify receipt.json --store off.db --format table | sed 's/[0-9a-f]\{16\}/HASH/g'
echo '--- a later import goes on in the same way, or says so'
printf 'customer_id,date,comment\nC3,2024-04-01,我门很喜欢\n' > more.csv
printf 'customer_id,date,comment\nC4,2024-04-01,我门不喜欢\n' > most.csv
run more.csv --store apply.db | python3 -c "$counts"
huaxiang profile most.csv --store apply.db --engine rules --correct off 2>&1 >/dev/null | grep "so far"
huaxiang profile most.csv --store suggest.db --engine rules --correct apply --lang zh 2>&1 >/dev/null | grep 此前
try huaxiang verify receipt.json --store apply.db --format table
echo '--- the summary and annotate'
huaxiang profile reviews.csv --store table.db --engine rules --correct apply --format table -q | grep corrected
huaxiang profile reviews.csv --store tisch.db --engine rules --correct suggest --format table -q --lang zh | grep 纠错
printf '我门很喜欢\n' | huaxiang annotate --engine rules --correct apply -q | python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["correct"], [(e["start"], e["end"], e["to"]) for e in r["edits"]])'
printf '我门很喜欢\n' | huaxiang annotate --engine rules --correct suggest --false-alarms 0.001 -q | python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["correct"], len(r["edits"]))'
printf 'text\n我门很喜欢\n我们很喜欢\n' | huaxiang annotate --engine rules --correct apply --format csv -q | sed 's/"score"":[0-9.]*/"score"":P/' | cut -d, -f1,2,12-
echo '--- what is refused'
try run reviews.csv --store no.db --correct perhaps
try run reviews.csv --store no.db --correct apply --no-text
try run reviews.csv --store no.db --false-alarms 0.01
try run reviews.csv --store no.db --correct apply --false-alarms 2
try run reviews.csv --store no.db --correct apply --protect nothing.txt --lang zh
try huaxiang annotate reviews.csv --engine rules --explain json --correct apply -q
test -e no.db || echo 'no store was made'
