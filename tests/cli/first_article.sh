# The example from a file of comments to labelled customers: every stage with its counts. What training rounds is masked.
"${0%/*}/../../examples/first_article.sh" samples/labelled.csv article | sed -E 's/(accuracy|precision|recall|F1|negative|positive) [0-9.]+/\1 N/g; s/[0-9]+ keywords/N keywords/; s/^(segment +)[0-9]+/\1N/'
python3 - << 'END'
import json
test = json.load(open('article/mood/metrics.json'))['test']['tasks']['label']
print(test['accuracy'] > 0.75, test['n'])
END
# what the profile says is what classify says
huaxiang classify article/clean.csv --text clean --model article/mood -q | python3 -c '
import collections, json, sys
print(sorted(collections.Counter(json.loads(line)["label"] for line in sys.stdin).items()) == sorted((k, v["texts"]) for k, v in json.loads(sys.argv[1])["labels"]["mood"].items()))
' "$(huaxiang profile --store article/customers.db --report r.html -q)"
