# Adapters merged, layers chosen, what can't be compressed.
golden="${0%/*}/../golden"
cp -r "$golden/llama/llama_mha" base
cp -r "$golden/model/adapter" adapter
huaxiang convert base --adapter adapter --to hf --out merged; echo $?
ls merged
huaxiang convert base --adapter adapter --to gguf --out merged.gguf; echo $?
huaxiang convert base --layers 1 --to hf --out short; echo $?
huaxiang inspect short --format json | tr ',' '\n' | grep '"layers"'
huaxiang convert base --layers 1-0 --to hf --out none; echo $?
huaxiang convert base --adapter nowhere --to hf --out none; echo $?
cp -r "$golden/llama/llama_llama3" other
huaxiang convert other --adapter adapter --to hf --out none; echo $?
huaxiang compress base; echo $?
huaxiang compress base --data samples/labelled.csv --out small; echo $?
huaxiang compress base --data samples/labelled.csv --try int9 --out small --lang zh; echo $?
