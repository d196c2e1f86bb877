# The engine learn: the five comments, intents, its name in what annotate and profile leave, receipts replayed by it, and where it does not go.
try() { echo "--- $*"; "$@" || echo "exit $?"; }
printf 'text,label\n我要退款,refund\n怎么开发票,invoice\n' >intents.csv
try huaxiang sentiment samples/comments.csv --engine learn --format table
try huaxiang evaluate sentiment --data samples/labelled.csv --engine all --head 40 --format csv | cut -d, -f1-3
try huaxiang evaluate sentiment --data samples/labelled.csv --engine learn --format csv | cut -d, -f1-3
try huaxiang evaluate intent --data intents.csv --engine all --format csv | cut -d, -f1-3
try huaxiang sentiment samples/comments.csv --engine learn --target 书
try huaxiang aspects samples/comments.csv --engine learn
echo '我要退款，另外给我开张发票' | try huaxiang intent --engine learn
echo 'I want a refund and my invoice is missing' | try huaxiang intent --engine rules
try huaxiang sentiment samples/comments.csv --engine learn --model rules
printf 'customer,time,text\nu1,2026-01-02,这家餐厅很棒！\nu1,2026-01-03,这个商品很差！\n' >two.csv
huaxiang profile two.csv --engine learn --store two.db >/dev/null
huaxiang timeline u1 --store two.db --format json | grep -o '"engine":"[a-z]*"'
event=$(huaxiang timeline u1 --store two.db --format json | head -1 | cut -d'"' -f4)
huaxiang why u1 "label:$event/sentiment" --store two.db --format json >receipt.json
try huaxiang verify receipt.json --store two.db --format table
printf 'text\tkeyphrases\nNeural networks for speech recognition of noisy speech\tspeech recognition;neural network\n' >chosen.tsv
try huaxiang evaluate keywords --data chosen.tsv --engine all --format csv | grep -v ^llama | cut -d, -f1-5
echo 'Neural networks for speech recognition of noisy speech' | try huaxiang keywords --engine learn --top 2
echo 'Neural networks for speech recognition of noisy speech' | try huaxiang keywords --method yake --top 2
echo x | try huaxiang keywords --engine learn --method yake
