# Correction: edits with places and probabilities, marks in a table, words that stay, correct(correct(x)) = correct(x), figures on pairs.
printf 'I recieve the parcel yesterday\n' | huaxiang correct --engine rules -q | python3 -c '
import json, sys
record = json.loads(sys.stdin.read())
text = record["text"].encode()
for e in record["edits"]:
    assert text[e["start"]:e["end"]].decode() == e["from"], e
    assert 0 < e["score"] < 1
    print(e["start"], e["end"], e["from"], e["to"])
print(record["corrected"])'
printf '我门的房间很干净。\nThe the room was fine.\n' | huaxiang correct --engine rules --format table -q
echo '--- a corrected text stays'
printf 'It was definately the best hotel in the the city, 我门很喜欢。\n' | huaxiang correct --engine rules --format csv -q
printf 'It was definitely the best hotel in the city.\n我们很喜欢。\n' | huaxiang correct --engine rules -q
echo '--- words that stay'
printf 'recieve\n' > names.txt
printf 'They recieve it definately, see http://recieve.com\n' | huaxiang correct --engine rules --protect names.txt --format table -q
echo '--- nothing is certain enough'
printf 'They recieve it\n' | huaxiang correct --engine rules --threshold 1 -q
printf 'They recieve it\n' | huaxiang correct --engine learn -q
printf 'They recieve it\n' | huaxiang correct --engine learn -q --lang zh
printf 'They recieve it\n' | huaxiang correct --engine magic -q
printf 'They recieve it\n' | huaxiang correct --engine rules --threshold 2 -q
echo '--- figures'
printf 'wrong\tright\nI recieve it.\tI receive it.\nIt is fine.\tIt is fine.\n我门的房间很干净。\t我们的房间很干净。\n' > pairs.tsv
huaxiang evaluate correct --data pairs.tsv --engine rules | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())
print(r["n"], r["faulty"], r["changed"], r["correction"], r["characters"]["precision"], r["false_alarms"], r["accuracy_before"] < r["accuracy"])'
printf 'source\tref0\tref1\nI recieve the the parcel .\tI receive the parcel .\tI receive the parcel today .\n' > references.tsv
huaxiang evaluate correct --data references.tsv --engine rules | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())
print("GLEU %.0f, then %.0f of 1000" % (1000 * r["gleu_before"], 1000 * r["gleu"]))'
huaxiang evaluate correct --data names.txt --engine rules
huaxiang evaluate correct --engine rules
