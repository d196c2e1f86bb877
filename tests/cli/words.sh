# Vectors of words: learnt with each method, the same for any number of threads, asked for similar words and analogies; what goes wrong.
for method in skipgram cbow glove; do
    huaxiang learn words samples/labelled.csv --method $method --min-count 3 --dimension 16 --epochs 3 --out $method.bin --format table --seed 2 |
        sed -E 's/[0-9]+\.[0-9]+ *$/L/' 2>&1
    huaxiang learn words samples/labelled.csv --method $method --min-count 3 --dimension 16 --epochs 3 --out $method-1.bin --quiet --seed 2 --threads 1 >one.json
    cmp $method.bin $method-1.bin && echo "$method: the same with one thread"
done 2>&1 | sed -E 's/(loss|损失) [0-9.]+/\1 L/'
huaxiang learn words samples/labelled.csv samples/comments.csv --min-count 3 --dimension 8 --epochs 1 --out words.txt --no-stop --quiet | sed 's/"rate".*//'
head -1 words.txt
printf '6 2\nking 2 1\nqueen 2 -1\nman 1 1\nwoman 1 -1\nboy 0 1.1\ngirl 0 -1.1\n' >royal.vec
huaxiang similar --word king --minus man --plus woman --model royal.vec --top 2 --format csv
huaxiang similar --word king,queen --model royal.vec --top 2 --format table --lang zh
for arguments in "" "--word king" "--word nobody --model royal.vec" "--word king --model samples/labelled.csv" "--word king --model none.bin" "--word , --model royal.vec"; do
    huaxiang similar $arguments; echo "exit $?"
done
printf '2 2\nking 2 1\nqueen 2\n' >cut.vec
huaxiang similar --word king --model cut.vec; echo "exit $?"
huaxiang learn words samples/labelled.csv; echo "exit $?"
huaxiang learn words samples/labelled.csv --min-count 100000 --out none.bin; echo "exit $?"
huaxiang learn words samples/labelled.csv --min-count 100000 --out none.bin --lang zh; echo "exit $?"
huaxiang learn words samples/labelled.csv --text nothing --out none.bin; echo "exit $?"
huaxiang learn words samples/labelled.csv --method lsa --out none.bin; echo "exit $?"
huaxiang learn words samples/labelled.csv --out nowhere/words.bin; echo "exit $?"
huaxiang learn fit samples/browsing.csv --target page --out nowhere/page.json; echo "exit $?"
echo '--- words against those that people cut'
printf 'words\n我们 喜欢 北京\n这 家 店 的 服务 很 好\n' > cut.tsv
huaxiang evaluate words --data cut.tsv --engine rules -q | sed 's/,"lines_per_second.*//'
huaxiang evaluate words --data cut.tsv --standard pku -q | grep -o '"engine":"[a-z]*","standard":"[a-z]*","n":2,"chosen":10'
huaxiang evaluate words --data cut.tsv --text cut; echo "exit $?"
huaxiang evaluate words --data cut.tsv --engine learn -q | sed "s/,\"lines_per_second.*//"
huaxiang evaluate words --data cut.tsv --engine none; echo "exit $?"
for engine in rules learn llama; do echo 他在北京大学读书 | huaxiang words - --engine $engine -q -f csv; done
echo 他在北京大学读书 | huaxiang words - --engine learn --standard pku -f csv
printf 'words\n \n' > none.tsv
huaxiang evaluate words --data none.tsv --lang zh --engine rules; echo "exit $?"
echo '--- recall of words outside a vocabulary'
printf '这 家 店 的 服务\n我们 很\n' >known.txt
printf '北京\n喜欢\n' >list.txt
for known in known.txt list.txt cut.tsv; do
    huaxiang evaluate words --data cut.tsv --vocabulary $known --engine rules -q | sed 's/.*"oov"/"oov"/'
done
huaxiang evaluate words --data cut.tsv --vocabulary none.tsv --engine rules; echo "exit $?"
huaxiang evaluate words --data cut.tsv --vocabulary missing.txt --engine rules --lang zh; echo "exit $?"
printf '# sent_id = 1\n1\t我们\t_\t_\t_\t_\t_\t_\t_\t_\n2\t喜欢\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n3\t北京\t_\t_\t_\t_\t_\t_\t_\t_\n\n' >gold.conllu
huaxiang evaluate words --data gold.conllu --engine rules --format csv | cut -d, -f1-7
huaxiang evaluate words --data - --from conllu --engine rules --format csv <gold.conllu | cut -d, -f1-7
huaxiang evaluate words --data cut.tsv --from conllu --engine rules; echo "exit $?"
