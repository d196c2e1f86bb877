# Names, times and amounts by rules; parse and words of a standard without the model they need: sentences that say so.
share=$(dirname "$(realpath "$(command -v huaxiang)")")/../share/huaxiang
mkdir -p share/models
for file in "$share"/*; do [ "${file##*/}" = models ] || ln -s "$file" share/; done
export HX_SHARE=$PWD/share
printf '昨天花199元买了华为Mate60，张先生说好\nMr. Smith paid $20 on May 3, 2024 in London\n没有名字\n' >texts.txt
huaxiang entities texts.txt --engine rules
huaxiang entities texts.txt --engine rules --format csv
huaxiang entities texts.txt --engine rules --format table --quiet --lang zh
huaxiang words texts.txt --standard pku --head 1
huaxiang words texts.txt --standard sxu --head 1 --no-stop --lang zh
huaxiang parse texts.txt; echo "exit $?"
huaxiang parse texts.txt --format conllu --lang zh; echo "exit $?"
huaxiang entities texts.txt --format conllu; echo "exit $?"
huaxiang words texts.txt --standard msr; echo "exit $?"
cat >gold.conllu <<'G'
1	我	_	PRON	_	_	2	nsubj	_	SpaceAfter=No
2	买	_	VERB	_	_	0	root	_	SpaceAfter=No
3	手机	_	NOUN	_	_	2	obj	_	SpaceAfter=No
4	。	_	PUNCT	_	_	2	punct	_	SpaceAfter=No

G
huaxiang evaluate parse --data gold.conllu --format json | sed -E 's/"sentences_per_second":[0-9.]+/"sentences_per_second":N/'
huaxiang evaluate parse --data texts.txt; echo "exit $?"
huaxiang evaluate parse --data texts.txt --engine learn; echo "exit $?"
huaxiang parse gold.conllu; echo "exit $?"
