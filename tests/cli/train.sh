# Trainings of tiny models: what is printed and written, what is refused, and that an interrupted one goes on to the same bytes.
try() { "$@"; echo "exit $?"; }
python3 - << 'END'
import random
random.seed(3)
words = 'the shop is a thing of today and here there'.split()
rows = [('good' if i % 2 else 'bad') for i in range(120)]
with open('text.txt', 'w') as f, open('labels.csv', 'w') as g, open('tags.tsv', 'w') as h:
    g.write('text,label\n')
    h.write('text\tlabel\n')
    for i, mood in enumerate(rows):
        line = ' '.join(random.choices(words, k=5)) + f' {mood} thing {i // 2}'
        f.write(line + '\n\n')
        g.write(f'{line},{"positive" if mood == "good" else "negative"}\n')
        h.write(f'a {mood} shop {i}\tO B-{mood} I-{mood} O\n')
END
size='--layers 2 --width 32 --heads 2 --ff 48 --tokenizer tokenizer.model -q'
shape='import json, sys
for line in sys.stdin:
    r = json.loads(line)
    print(sorted(r), sorted((r.get("tasks") or {"": {}}).popitem()[1]))'
echo '--- tokenizer'
huaxiang train tokenizer --data text.txt --vocab 512 --out tokenizer.model -q
echo '--- pretrain'
huaxiang train pretrain --data text.txt $size --steps 12 --evaluate-every 6 --batch-tokens 128 --length 32 --rate 1e-3 --out lm | python3 -c "$shape"
ls lm lm/last lm/best
try huaxiang train pretrain --data text.txt $size --steps 12 --out lm
try huaxiang train pretrain --data text.txt $size --steps 13 --evaluate-every 6 --batch-tokens 128 --length 32 --rate 1e-3 --out lm --resume
python3 - << 'END'
import json
for line in open('lm/log.jsonl'):
    r = json.loads(line)
    assert r['step'] <= 12 and (r['loss'] > 0)
END
echo '--- stopped and gone on with'
options="pretrain --data text.txt $size --steps 400 --evaluate-every 200 --batch-tokens 256 --length 32 --objective mixed:0.5"
huaxiang train $options --out whole > /dev/null
huaxiang train $options --out parts > /dev/null 2> said &
until [ -s parts/timing.jsonl ]; do sleep 0.01; done
kill -INT $!
wait $!
grep -c 'go on with --resume' said
huaxiang train $options --out parts --resume --threads 1 > /dev/null
for file in log.jsonl last/weights.safetensors last/optimiser.safetensors best/model.safetensors metrics.json; do cmp whole/$file parts/$file && echo same; done
echo '--- classify'
huaxiang train classify --data labels.csv --model lm --epochs 20 --rate 3e-3 --batch-tokens 256 --split 70,15,15 --out mood --format table -q > rows
head -1 rows; wc -l < rows
tail -1 rows | grep -c '^Accuracy: [01]\.[0-9]\{4\}, Precision: [01]\.[0-9]\{4\}, Recall: [01]\.[0-9]\{4\}$'
python3 -c 'import json; print(json.load(open("mood/metrics.json"))["test"]["tasks"]["label"]["accuracy"] > 0.9)'
echo '--- a run is a model'
printf 'text\nthe shop is good thing 7\na shop is bad thing 7\n' > two.csv
huaxiang classify two.csv --model mood -q | python3 -c 'import json, sys; print([json.loads(line)["label"] for line in sys.stdin])'
huaxiang tokenize two.csv --model lm -q | wc -l
head -c 15 mood/report.html; echo
head -1 mood/predictions.jsonl | python3 -c 'import json, sys; print(sorted(json.load(sys.stdin)))'
echo '--- tags, several tasks, folds, learners, settings'
huaxiang train tag --data tags.tsv --model lm --epochs 15 --rate 5e-3 --batch-tokens 128 --test-size 0.2 --out tags -q | tail -1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["test"]["tasks"]["tag"]["f1"] > 0.9)'
echo '{"model":"lm/best","steps":4,"tasks":[{"name":"lm","kind":"causal","data":"text.txt","length":32},{"name":"mood","data":"labels.csv"}]}' > both.json
huaxiang train multitask both.json --out both -q | python3 -c 'import json, sys; print([sorted((json.loads(line).get("tasks") or {})) for line in sys.stdin][-2:])'
huaxiang train classify labels.csv --model lm --epochs 1 --folds 2 --out folds -q | tail -1 | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["folds"]))'
huaxiang train classify labels.csv --learner nb --folds 3 --out nb_folds --format table -q | grep -cE '^(accuracy|f1): 1.0000'
huaxiang train classify labels.csv --learner bert --model lm --epochs 1 --out both_ways -q | tail -1 | cut -c1-15
huaxiang train compare labels.csv --learner bert,cnn,nb --model lm --epochs 1 --out masked -q | tail -1 | python3 -c 'import json, sys; print([v["learner"] for v in json.load(sys.stdin)["validation"]])'
huaxiang train compare labels.csv --learner nb,svm --out rivals -q | python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["chosen"] in ("nb", "svm"), [v["learner"] for v in r["validation"]])'
huaxiang train tune labels.csv --model lm --epochs 1 --trials 2 --out tuned -q | tail -1 | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["trials"]))'
huaxiang train classify labels.csv --model lm --layers 1-1 --steps 1 --out upper -q > /dev/null && python3 -c 'import json; print(json.load(open("upper/best/config.json"))["num_hidden_layers"])'
huaxiang classify labels.csv --text text --model rivals/stack.pool --head 2 -q --format csv | cut -d , -f 3
huaxiang evaluate classify --data labels.csv --text text --label label --model rivals/average.pool -q --format csv | cut -d , -f 1-2
huaxiang train compare labels.csv --learner nb,svm --folds 3 --out rivalfolds --format csv | cut -d , -f 1,6
try huaxiang train compare labels.csv --learner nb,svm --out rivals -q
sed -i '$d' labels.csv
try huaxiang train compare labels.csv --learner nb,svm --out rivals --resume -q
echo '--- from nothing'
huaxiang train classify labels.csv --batch 32 --epochs 1 --out by_texts -q | tail -1 | grep -o '"best_step":[0-9]*'
huaxiang train classify --data labels.csv --text text --label label --max-length 512 --test-size 0.2 --epochs 3 --out alone 2> said > rows
grep -c 'a vocabulary of [0-9]* pieces' said; ls alone/tokenizer alone/best
python3 -c 'import json; print(json.load(open("alone/metrics.json"))["test"]["tasks"]["label"]["accuracy"] > 0.9)'
huaxiang train classify samples/labelled.csv --text comment --label label --vocab 1536 --steps 1 --out few 2>&1 > rows | grep -o 'a vocabulary of [0-9]* pieces'
huaxiang classify two.csv --model alone -q | python3 -c 'import json, sys; print([json.loads(line)["label"] for line in sys.stdin])'
huaxiang convert alone --to gguf --out alone.gguf -q && huaxiang convert alone.gguf --to hf --out alone_hf 2>&1 | grep -o 'train with --pooling last for it'
huaxiang train classify labels.csv --model alone --epochs 1 --out further 2>&1 > rows | grep -c 'reads the mean of all tokens'
python3 -c 'import json; print([json.load(open(f"{run}/config.json"))["tasks"][0].get("mean") for run in ("further", "mood")])'
echo '--- rows that a model learnt from'
huaxiang evaluate classify --data labels.csv --text text --label label --model alone 2>&1 > rows | grep -o 'labels.csv is what alone learnt from'
huaxiang evaluate classify --data two.csv --text text --label text --model alone 2>&1 > rows | grep -c 'learnt from'
huaxiang train classify labels.csv --learner nb --out bayes -q > rows && huaxiang evaluate classify --data labels.csv --text text --label label --model bayes 2>&1 > rows | grep -o 'what bayes learnt from'
try huaxiang evaluate classify --data labels.csv --text text --label label --model alone --calibrate labels.csv
echo '--- tags of a model of one'"'"'s own'
printf 'text\na good shop 7\na bad shop 8\n' > words.csv
huaxiang tag words.csv --model tags -q | python3 -c 'import json, sys; print([[t["label"] if "label" in t else t for t in json.loads(line)["tags"]] for line in sys.stdin])'
huaxiang train tag --data tags.tsv --epochs 10 --out own -q > /dev/null && huaxiang tag words.csv --model own -q | python3 -c 'import json, sys; print([[t["label"] if "label" in t else t for t in json.loads(line)["tags"]] for line in sys.stdin])'
echo '--- refused'
try huaxiang train
try huaxiang train pretrain --tokenizer tokenizer.model --out x
try huaxiang train pretrain --data text.txt --tokenizer tokenizer.model
try huaxiang train pretrain --data text.txt --objective best --out x
try huaxiang train pretrain --data text.txt --objective causal:0.5 --out x
try huaxiang train pretrain --data text.txt --epochs 1 --out y
try huaxiang train classify --data none.csv --model lm --out x
try huaxiang train classify --data labels.csv --model lm --split 70,30 --out x
try huaxiang train classify --data labels.csv --model lm --target crf --out x
try huaxiang train tag --data tags.tsv --model lm --target label --out x
try huaxiang train multitask --out x
try huaxiang train classify --data labels.csv --layers 0-1 --out x
try huaxiang train compare labels.csv --learner nb,oracle --out x
try huaxiang train classify --data labels.csv --model lm --rate 1e-3e --out x
try huaxiang train classify --data labels.csv --model lm --lora 0 --out x --lang zh
echo '--- options that would do nothing'
try huaxiang train classify --data labels.csv --model lm --width 64 --out x
try huaxiang train classify --data labels.csv --lora 4 --out x
try huaxiang train classify --data labels.csv --model lm --lora-targets q,x --lora 4 --out x
try huaxiang train classify --data labels.csv --steps 3 --epochs 1 --out x
try huaxiang train classify --data labels.csv --augment swap --shapes two.csv --out x
try huaxiang train classify --data labels.csv --learner svm --epochs 3 --out x
try huaxiang train compare labels.csv --learner nb,cnn --lora 4 --out x
try huaxiang train compare labels.csv --learner nb,oracle --folds 3 --out x
try huaxiang train pretrain --data text.txt --folds 3 --out x
try huaxiang train tokenizer --data text.txt --epochs 3 --out y.model
try huaxiang train tag --data tags.tsv --mixup 0.2 --out x
echo '{"steps":1,"taskz":[]}' > wrong.json
try huaxiang train multitask wrong.json --out x --lang zh
