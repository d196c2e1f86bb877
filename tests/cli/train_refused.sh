# What a kind of training does not read is refused; a table as CSV is CSV; the folder of a search or of folds as a model.
try() { "$@"; echo "exit $?"; }
python3 - << 'END'
with open('labels.csv', 'w') as f:
    f.write('text,label\n')
    for i in range(80):
        f.write(f'a {"good" if i % 2 else "bad"} shop number {i},{"positive" if i % 2 else "negative"}\n')
END
small='--layers 1 --width 32 --heads 2 --vocab 512 -q'
echo '--- refused'
try huaxiang train classify labels.csv --search random --out x
try huaxiang train classify labels.csv --model lm --init run --out x
try huaxiang train tokenizer --data labels.csv --model lm --out t.model
try huaxiang train tokenizer --data labels.csv --seed 3 --out t.model
try huaxiang train tokenizer --data labels.csv --format csv --out t.model
try huaxiang train classify labels.csv labels.csv --steps 1 --out x -q
echo '--- csv'
huaxiang train classify labels.csv $small --steps 40 --evaluate-every 20 --warmup 0.1 --format csv --out run > rows.csv
python3 - << 'END'
import csv, json
rows = list(csv.DictReader(open('rows.csv')))
print(list(rows[0])[:4], [r['step'] for r in rows], all(float(r['accuracy']) >= 0 for r in rows))
print(json.load(open('run/config.json'))['warmup'])
END
huaxiang train classify labels.csv $small --steps 5 --folds 2 --format csv --out folds | python3 -c 'import csv, sys; print(sorted({k for r in csv.DictReader(sys.stdin) for k in r if k})[:5])'
echo '--- folders as models'
huaxiang train tune labels.csv $small --epochs 1 --trials 2 --format csv --out tuned > /dev/null
head -2 labels.csv > one.csv
huaxiang classify one.csv --model tuned -q | wc -l
mkdir copied && cp -r run/best copied/best && huaxiang classify one.csv --model copied -q | wc -l
try huaxiang classify one.csv --model folds -q
