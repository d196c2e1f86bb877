# learn: networks that read a column of texts or of items; beside other columns, folded, put together; a sentence for each mistake.
awk 'BEGIN { print "text,path,price,label"; split("快递,两天,到,了,the,box,came", w, ","); for (i = 0; i < 120; i++) { good = i * 7 % 13 % 2; late = i * 11 % 17 % 2; print w[i % 7 + 1] (good ? "很好" : "坏了") w[i * 3 % 7 + 1] "," (late ? "home>list>cart" : "cart>list>home") "," 10 + i * 37 % 90 "," (good ? "good" : "bad") } }' > shop.csv
small="--param width=16 --param epochs=6 --param rate=0.01 --param batch=16"
huaxiang learn fit shop.csv --target label --text text --use text --model textcnn $small --split 80,20 --seed 1 --format table --out words.json | sed -n "1,/on the test/p; /^accuracy/p" | sed -E "s/[0-9.e-]+ *$//; s/loss [0-9.e-]+/loss/"
huaxiang learn predict shop.csv --model words.json --head 3 --format csv | cut -d, -f1,5
huaxiang learn evaluate shop.csv --model words.json --format csv | head -2
huaxiang learn fit shop.csv --target label --text text --drop path --model gru $small --seed 1 --threads 1 --out one.json > one.txt
huaxiang learn fit shop.csv --target label --text text --drop path --model gru $small --seed 1 --threads 3 --out three.json > three.txt
cmp one.json three.json && cmp one.txt three.txt && echo same
# the order of items: a label that only the path knows
awk -F, 'NR == 1 { print "path,way"; next } { print $2 "," ($2 ~ /^home/ ? "out" : "back") }' shop.csv > paths.csv
huaxiang learn fit paths.csv --target way --items '>' --model cnn-gru $small --split 80,20 --seed 1 --format table --lang zh --out way.json | grep -E "^准确率|保留" | sed -E "s/损失 [0-9.e-]+/损失/"
printf 'path\nhome>cart\ncart>home\n\nhelp > search\n' > more.csv
huaxiang learn predict more.csv --model way.json --format csv | cut -d, -f1,2
huaxiang learn cross-validate shop.csv --target label --text text --drop path --model logistic,textcnn --param textcnn.width=16 --param textcnn.epochs=4 --param textcnn.rate=0.01 --folds 2 --seed 1 --format csv | cut -d, -f1
huaxiang learn fit shop.csv --target label --text text --use text,price --model stacking --param textcnn=true --param forest=false --param boosting=false --param folds=2 --seed 1 --out both.json > both.txt && huaxiang learn predict shop.csv --model both.json --head 1 --format csv | cut -d, -f5
huaxiang learn fit shop.csv --target price --task regression --text text --use text --model rnn $small --seed 1 --out price.json > price.txt && huaxiang learn predict shop.csv --model price.json --head 1 --format csv | wc -l
for command in "--use price --model gru" "--model gru" "--use price --text prices --model gru" "--use price --text price --model gru" "--use text --text text --model tree" \
    "--use price --model voting --param gru=true" "--text text --model gru --param width=4" "--text text --model gru --param depth=2"; do
    huaxiang learn fit shop.csv --target label $command || echo refused
done
huaxiang learn fit shop.csv --target label --use price --model gru --lang zh
# a head on a language model: its vectors as columns (random weights)
cp "${0%/*}/../golden/llama/gguf_chat.gguf" chat.gguf
export HUAXIANG_KERNELS=scalar
huaxiang table embed shop.csv --text text --model chat.gguf --pooling mean --format csv --out vectors.csv && head -1 vectors.csv | cut -c1-60 && wc -l < vectors.csv
huaxiang learn fit vectors.csv --target label --drop text,path,price --model ridge --task regression || echo refused
huaxiang learn fit vectors.csv --target label --drop text,path,price --model logistic --format csv | wc -l
printf 'text\n""\n' > none.csv && huaxiang table embed none.csv --text text --model chat.gguf --format csv | cut -c1-20
huaxiang table embed shop.csv --text price --model chat.gguf || echo refused
huaxiang table embed shop.csv --text text --head 2 -q | grep -o "\"text~256\"" | wc -l
huaxiang table embed shop.csv --model chat.gguf --lang zh || echo refused
# the same as one model: llama with --trunk
huaxiang learn fit shop.csv --target label --use text,price --text text --model llama --trunk chat.gguf --param head=svm --seed 1 --out trunk.json --format table | head -1
huaxiang learn predict shop.csv --model trunk.json --head 2 --format csv | cut -d, -f1-5
huaxiang learn evaluate shop.csv --model trunk.json --format csv | head -2 | cut -d, -f1
huaxiang learn cross-validate shop.csv --target label --text text --use text --model llama,logistic --trunk chat.gguf --folds 2 --seed 1 --format csv | cut -d, -f1
huaxiang learn fit shop.csv --target price --task regression --use text --text text --model llama --trunk chat.gguf --seed 1 --format table | head -1
for command in "--model llama" "--model llama --trunk chat.gguf" "--model llama --text text --trunk nosuch" "--model llama --text price --trunk chat.gguf"; do
    huaxiang learn fit shop.csv --target label $command || echo refused
done
cp "${0%/*}/../golden/llama/gguf_classes.gguf" chat.gguf
huaxiang learn predict shop.csv --model trunk.json --lang zh || echo refused
huaxiang learn fit shop.csv --task outliers --use price --model isolation --format table | head -1
sed 's/"weights":"/"weights":"AAAA/' words.json > damaged.json
huaxiang learn predict shop.csv --model damaged.json || echo refused
huaxiang learn predict more.csv --model words.json || echo refused
