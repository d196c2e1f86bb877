# train tokenizer: files of several kinds, the same file from any order, notes, wrong usage.
golden=${0%/*}/../golden/llama
try() { "$@"; echo "exit $?"; }
sum() { sha256sum < "$1" | cut -c1-16; }
echo '--- plain text'
cp "$golden/trained/text.txt" text.txt
huaxiang train tokenizer text.txt --vocab 640 --coverage 0.98 --han-alone --digits --symbols '<mask>,<sep>' --out tokenizer.model
huaxiang train tokenizer text.txt --vocab 640 --coverage 0.98 --out plain.model --lang zh
echo '--- a tokenizer alone cuts texts'
printf 'text\nthe shop 很好\n' > one.csv
huaxiang tokenize one.csv --model tokenizer.model -q > by_file
mkdir folder && cp tokenizer.model folder && huaxiang tokenize one.csv --model folder -q | cmp - by_file && wc -l < by_file
try huaxiang embed one.csv --model tokenizer.model -q
try huaxiang embed one.csv --model folder -q
echo '--- any order, any container'
head -6 text.txt > a.txt && tail -n +7 text.txt | gzip > b.txt.gz
huaxiang train tokenizer b.txt.gz a.txt --vocab 640 --coverage 0.98 --threads 3 --out other.model -q
cmp plain.model other.model && echo same
{ echo 'id,words'; sed 's/"/""/g; s/^\(.*\)$/1,"\1"/' text.txt; } > text.csv
huaxiang train tokenizer --data text.csv --text words --vocab 640 --coverage 0.98 --out table.model -q
cmp plain.model table.model && echo same
echo '--- wrong usage'
try huaxiang train tokenizer text.txt
try huaxiang train tokenizer --out x.model
try huaxiang train tokenizer text.txt --vocab 100 --out x.model
try huaxiang train tokenizer text.txt --vocab 512 --coverage 0.3 --out x.model
try huaxiang train tokenizer text.txt --vocab 600 --symbols 'a b' --out x.model
try huaxiang train tokenizer text.csv --text none --vocab 640 --out x.model
try huaxiang train tokenizer nowhere.txt --vocab 600 --out x.model --lang zh
try huaxiang train tokenizer text.txt --vocab 600 --out no/such/x.model
: > empty.txt
try huaxiang train tokenizer empty.txt --vocab 600 --out x.model
ls
