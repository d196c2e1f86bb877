# What a kind of training does not read is refused; tables as CSV; folders as models; what every run leaves.
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
echo '--- run folders of learners and of several tasks'
huaxiang train compare labels.csv --learner svm,nb --out rivals -q > /dev/null
ls rivals
python3 - << 'END'
import json
test = json.load(open('rivals/metrics.json'))['test']['tasks']['label']
lines = [json.loads(line) for line in open('rivals/predictions.jsonl')]
print(len(lines) == test['n'], sorted(lines[0]), [json.loads(line)['learner'] for line in open('rivals/log.jsonl')])
page = open('rivals/report.html').read()
print('What is taken for what' in page, 'By label' in page)
with open('tags.tsv', 'w') as h, open('many.csv', 'w') as m, open('all.json', 'w') as a:
    h.write('text\tlabel\n'); m.write('text,label,stars\n')
    for i in range(80):
        mood = 'good' if i % 2 else 'bad'
        h.write(f'a {mood} shop {i}\tO B-{mood} I-{mood} O\n')
        m.write(f'a {mood} shop {i},{mood}|shop,{i % 5}\n')
    json.dump({'steps': 6, 'sizes': {'hidden_size': 32, 'num_hidden_layers': 1, 'num_attention_heads': 2}, 'tasks': [
        {'name': 'tags', 'kind': 'tag', 'data': 'tags.tsv'}, {'name': 'many', 'kind': 'labels', 'data': 'many.csv'},
        {'name': 'stars', 'kind': 'number', 'data': 'many.csv', 'label': 'stars'}, {'name': 'mood', 'data': 'labels.csv'}]}, a)
END
huaxiang train multitask all.json --out all -q > /dev/null
python3 - << 'END'
import json
keys = {}
for line in open('all/predictions.jsonl'):
    r = json.loads(line)
    keys.setdefault(r['task'], []).append(sorted(r))
for task, lines in keys.items(): print(task, len(lines), lines[0])
page = open('all/report.html').read()
print(page.count('<article>'), page.count('What is taken for what'), 'Most wrong' in page)
END
echo '--- heads read tables as the options say'
sed 's/,/;/' labels.csv > semicolons.csv
huaxiang evaluate classify --data semicolons.csv --delimiter ';' --text text --label label --model all --task mood -q | python3 -c 'import json, sys; print(json.load(sys.stdin)["n"])'
try huaxiang evaluate classify --data labels.csv --model all --task mood --against rules
try huaxiang evaluate tag --data tags.tsv --model all --calibrate tags.tsv
