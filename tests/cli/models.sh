# Model files: the table of known ones, inspect, convert, quantize; names that are nearly right; files that are none.
golden=${0%/*}/../golden/llama
try() { "$@"; echo "exit $?"; }
echo '--- known models'
huaxiang models list --format csv | cut -d, -f1,2,4,5
huaxiang models list --lang zh --format table | head -1
try huaxiang models get
try huaxiang models get qwen2.5-coder-0.5
try huaxiang models get foo
try huaxiang models list foo
try env HUAXIANG_HUB=http://127.0.0.1:9 huaxiang models get smollm2-135m
try huaxiang models verify
mkdir -p models/run && cp "$golden/gguf_chat.gguf" models/own.gguf && cp "$golden/gguf_chat.gguf" models/qwen3-0.6b.gguf
export HUAXIANG_MODELS=$PWD/models
huaxiang models list --format csv | grep true
truncate -s 98362432 models/smollm2-135m.gguf
huaxiang models list | head -1 | sed 's/"path.*//'
huaxiang models list | grep -o '"here_is.*'
huaxiang models list --format table | head -2
rm models/smollm2-135m.gguf
try huaxiang models verify own
try huaxiang models verify qwen3-0.6b
try huaxiang models verify --lang zh
echo '--- names and paths'
try huaxiang inspect smolm2-135m
try huaxiang inspect smollm2-135m
try huaxiang inspect xyzzy
try huaxiang inspect none/such.gguf
try env -u HUAXIANG_MODELS -u HOME huaxiang inspect own
huaxiang inspect own --format csv | grep -e '^file,' -e '^config' -e '^memory' -e '^parameters'
huaxiang inspect own --format table --lang zh | head -8
huaxiang inspect own --tensors --format csv | head -4
huaxiang inspect "$golden/llama_classes" --format csv | grep -e '^format' -e '^config.labels'
echo '--- there and back'
for name in llama_bias llama_classes llama_llama3 llama_shards llama_yarn; do
    huaxiang convert "$golden/$name" --to gguf --out $name.gguf -q && huaxiang convert $name.gguf --to hf --out $name -q &&
        huaxiang convert $name --to gguf --out again.gguf -q && cmp $name.gguf again.gguf && echo same || echo "$name differs"
done
huaxiang convert "$golden/gguf_chat.gguf" --to hf --out chat --lang zh && ls chat
echo '这家餐厅 costs 12 yuan' > text.txt
for model in "$golden/gguf_chat.gguf" chat; do huaxiang tokenize text.txt --model $model -q; done | uniq | wc -l
echo '--- smaller weights'
for type in q8_0 q4_k q4_0 f16; do
    huaxiang quantize own --type $type --out $type.gguf 2> /dev/null
    echo "$type $(huaxiang inspect $type.gguf --tensors --format csv | cut -d, -f2 | sort | uniq -c | tr -s ' \n' ' ')"
done
echo '--- wrong usage'
try huaxiang quantize own --out x.gguf
try huaxiang quantize own --type q4k --out x.gguf
try huaxiang quantize own --type q8_0
try huaxiang quantize own --type q8_0 --out "models/own.gguf"
try huaxiang convert own --out x
try huaxiang convert own --to gguf --out x.gguf
try huaxiang convert chat --to hf --out x
try huaxiang convert own --to hf --type q8_0 --out x
try huaxiang quantize own --type q8_0 --out no/such/x.gguf
try huaxiang quantize own --type q8_0 --out chat
echo '--- what is no model'
: > empty.gguf
printf 'GGUF' > tiny.gguf
printf 'hello, I am a text and no model at all' > text.gguf
head -c 1000 models/own.gguf > cut.gguf
head -c 20000 models/own.gguf > half.gguf
mkfifo pipe.gguf
mkdir empty
for file in empty.gguf tiny.gguf text.gguf cut.gguf half.gguf pipe.gguf /dev/zero empty; do try huaxiang inspect $file; done
for n in 0 1 3 4 7 8 16 24 31 63 64; do head -c $n models/own.gguf > n.gguf; huaxiang inspect n.gguf > out 2> err && echo "$n bytes pass"; [ "$(wc -l < err)" = 1 ] || cat err; done
try huaxiang tokenize text.txt --model half.gguf
try huaxiang models verify cut.gguf
ls | tr '\n' ' '
