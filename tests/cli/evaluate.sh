# How often labels are right: rules and language models on labelled rows, one record each; what is refused says why.
cp "${0%/*}/../golden/llama/gguf_classes.gguf" classes.gguf
cp "${0%/*}/../golden/llama/gguf_chat.gguf" chat.gguf
export HUAXIANG_KERNELS=scalar
try() { "$@"; echo "exit $?"; }
echo '--- a record'
huaxiang evaluate sentiment --data samples/labelled.csv --engine rules -q > rules.json
python3 - << 'END'
import json
r = json.load(open('rules.json'))
print(sorted(r))
print(r['task'], r['engine'], r['n'], [l['label'] for l in r['labels']])
right = sum(r['confusion'][k][k] for k in range(2))
print(abs(r['accuracy'] - right / r['n']) < 1e-12, r['accuracy'] > 0.8, r['auc'] > r['accuracy'], r['ece'] < 0.1)
low, high = r['intervals']['accuracy']
print(low < r['accuracy'] < high)
END
huaxiang evaluate sentiment --data samples/labelled.csv --engine rules -q | python3 -c '
import json, sys
a, b = json.load(sys.stdin), json.load(open("rules.json"))
a.pop("texts_per_second"), b.pop("texts_per_second")
print("same" if a == b else "other")'
echo '--- spellings of sentiments'
printf 'said,comment\n1,很好，非常满意\n0,太差了，骗人\n1,good\n0,terrible\n,no label\n' > two.csv
printf 'comment\tlabel\n很好，非常满意\t好评\n太差了，骗人\t差评\n还行\t中评\n' > three.tsv
huaxiang evaluate sentiment --data two.csv --label said --engine rules | python3 -c 'import json,sys; r = json.load(sys.stdin); print(r["n"], r["accuracy"], r["confusion"])'
huaxiang evaluate sentiment --data three.tsv --engine rules -q | python3 -c 'import json,sys; r = json.load(sys.stdin); print([l["label"] for l in r["labels"]])'
echo '--- a table, in Chinese'
huaxiang evaluate sentiment --data two.csv --label said --format table --lang zh -q | sed -E 's/[0-9][0-9. ]*$//; s/  +/ /g' | cut -d' ' -f1-3
echo '--- another model, and McNemar'
huaxiang evaluate sentiment --data samples/labelled.csv --head 60 --model chat.gguf --against rules -q | python3 -c '
import json, math, sys
r = json.load(sys.stdin)
a = r["against"]
b, c = a["only_first"], a["only_second"]
print(r["engine"], r["n"], a["engine"], a["model"], round((a["accuracy"] - r["accuracy"]) * 60) == c - b)
p = min(1, 2 * sum(math.comb(b + c, i) for i in range(min(b, c) + 1)) / 2 ** (b + c))
print(abs(p - a["p"]) < 1e-9)'
echo '--- calibrated on other rows'
head -301 samples/labelled.csv > dev.csv
huaxiang evaluate sentiment --data samples/labelled.csv --calibrate dev.csv --model chat.gguf --head 100 -q | python3 -c '
import json, sys
r = json.load(sys.stdin)
print(0.05 <= r["temperature"] <= 20, r["log_loss"] < 0.75)'
echo '--- labels of a head'
printf 'text,label\na,LABEL_0\nb,LABEL_1\nc,elsewhere\n' > heads.csv
huaxiang evaluate classify --data heads.csv --model classes.gguf -q | python3 -c 'import json,sys; r = json.load(sys.stdin); print(r["n"], len(r["labels"]) >= 3, any(l["label"] == "elsewhere" and l["predicted"] == 0 for l in r["labels"]))'
echo '--- a learner'
cp "${0%/*}/../golden/learn/tiny.learner" tiny.learner
printf 'text,label\n快递太慢,delivery\nthe parcel,delivery\n做工差,quality\nrude staff,service\n客服不理人,service\n' > goods.csv
huaxiang evaluate classify --data goods.csv --model tiny.learner | python3 -c 'import json,sys; r = json.load(sys.stdin); print(r["engine"], r["n"], r["accuracy"], [l["label"] for l in r["labels"]])'
huaxiang classify goods.csv --model tiny.learner -q | python3 -c 'import json,sys; rows = [json.loads(l) for l in sys.stdin]; print([r["label"] for r in rows], all(abs(sum(r["scores"].values()) - 1) < 1e-3 for r in rows))'
try huaxiang classify goods.csv --model tiny.learner --labels a,b
head -c 3000 tiny.learner > cut.learner
try huaxiang classify goods.csv --model cut.learner
echo '--- the folder of a comparison stands for the learner that was chosen'
mkdir chosen none
cp tiny.learner chosen/nb.learner
echo '{"chosen":"nb"}' > chosen/compare.json
echo '{"chosen":"../nb"}' > none/compare.json
huaxiang classify goods.csv --model chosen -q | head -1 | cut -c1-40
try huaxiang classify goods.csv --model none
echo '--- out of scope'
printf 'text,label\n快递太慢,delivery\nthe parcel,delivery\n做工差,quality\n做工很差,quality\nrude staff,service\n客服不理人,quality\n今天天气不错,oos\nwhat is the capital of France,oos\n物流,oos\n' > scope.csv
tail -n +2 scope.csv | cat goods.csv - > scope_dev.csv
huaxiang classify scope.csv --model tiny.learner --format json -q > scope_said.jsonl
huaxiang classify scope_dev.csv --model tiny.learner --format json -q > scope_dev_said.jsonl
huaxiang evaluate classify --data scope.csv --model tiny.learner --out-of-scope oos --threshold 0.9 -q > scope_fixed.json
huaxiang evaluate intent --data scope.csv --model tiny.learner --out-of-scope oos --calibrate scope_dev.csv --in-scope-loss 0.2 --format json -q > scope_fitted.json
python3 - << 'END'
import json
def read(said, given):
    labels = [l.rstrip('\n').rsplit(',', 1)[1] for l in open(given)][1:]
    return [(label, max(r['scores'].items(), key=lambda x: x[1])) for label, r in zip(labels, map(json.loads, open(said)))]
def figures(rows, t):
    inside = [(g, s) for g, s in rows if g != 'oos']
    outside = [s for g, s in rows if g == 'oos']
    right = sum(g == s[0] and s[1] >= t for g, s in inside)
    hit = sum(s[1] < t for s in outside)
    called = sum(s[1] < t for _, s in rows)
    area = sum((i[1][1] > o[1]) + (i[1][1] == o[1]) / 2 for i in inside for o in outside) / len(inside) / len(outside)
    return right / len(inside), hit / len(outside), hit / called if called else None, area
rows_said, dev = read('scope_said.jsonl', 'scope.csv'), read('scope_dev_said.jsonl', 'scope_dev.csv')
for path in ('scope_fixed.json', 'scope_fitted.json'):
    r = json.load(open(path))
    s = r['scope']
    want = figures(rows_said, s['threshold'] - 1e-5 if path == 'scope_fitted.json' else s['threshold'])
    got = [s[k] for k in ('in_scope_accuracy', 'recall', 'precision', 'auroc')]
    print(path, s['in_scope'], s['out_of_scope'], all(a == b if a is None else abs(a - b) < 1e-9 for a, b in zip(want, got)))
    print(abs(r['accuracy'] - (s['in_scope_accuracy'] * s['in_scope'] + s['recall'] * s['out_of_scope']) / r['n']) < 1e-9)
n = sum(g != 'oos' for g, _ in dev)
right = sorted(s[1] for g, s in dev if g == s[0])
print(abs(s['threshold'] - right[int(0.2 * n)]) < 1e-4, sum(x < s['threshold'] - 1e-5 for x in right) <= 0.2 * n)
END
huaxiang evaluate classify --data scope.csv --model tiny.learner --out-of-scope oos --format table --lang zh -q | grep -c 范围外标签
try huaxiang evaluate classify --data scope.csv --model tiny.learner --out-of-scope none
try huaxiang evaluate classify --data scope.csv --model tiny.learner --out-of-scope none --lang zh
huaxiang train classify --learner nbsvm --data samples/labelled.csv --split 80,10,10 --out trained -q > /dev/null 2>&1
huaxiang evaluate sentiment --data samples/labelled.csv --model trained -q | python3 -c 'import json,sys; r = json.load(sys.stdin); print(r["engine"], r["n"], r["accuracy"] > 0.95)'
echo '--- refused'
try huaxiang evaluate classify --data heads.csv
try huaxiang evaluate sentiment
try huaxiang evaluate sentiment --data missing.csv
try huaxiang evaluate sentiment --data heads.csv --label none
try huaxiang evaluate sentiment --data samples/labelled.csv --engine learn --model chat.gguf
try huaxiang evaluate perplexity --data samples/comments.csv
printf 'text,label\n,a\nb,\n' > empty.csv
try huaxiang evaluate classify --data empty.csv --model classes.gguf --lang zh
