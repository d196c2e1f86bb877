# The table of bad input: what it is, the exit status, and the sentence. No store is damaged by any of it.
row() {
    local name=$1 status
    shift
    "$@" > said.out 2> said.err
    status=$?
    printf '%-28s %s  %s\n' "$name" "$status" "$(cat said.err | grep -v -e '^engine: ' -e '^引擎' | head -4 | paste -sd '|')"
}
job() { huaxiang profile "$@" --store s.db; }
printf 'customer,text\nu1,很好\n' > good.csv
job good.csv > /dev/null 2>&1

: > empty.csv
printf 'customer,text\n' > header.csv
printf 'customer,text\nu1,很好\nu2,\xff\xfe坏\nu3,好\n' > encoding.csv
printf 'customer,text\nu1,"没有结束\nu2,好\n' > quote.csv
printf 'a,b\n1,2\n' > unknown.csv
printf 'customer,time,amount\nu1,0001-01-01,5\nu1,9999-12-31,5\nu1,2026-01-01,5\n' > years.csv
printf 'customer,order_id,time,quantity,unit_price\nu1,o1,2026-01-01,2,10\nu1,o1,2026-01-05,-1,10\n' > negative.csv
printf 'customer,text\nu1,a\0b\n' > nul.csv
head -c 3000 samples/shop/members.xlsx > cut.xlsx
gzip -c samples/labelled.csv | head -c 20000 > cut.csv.gz
printf '{"customer":"u1","text":"好"}\n{"customer":\n' > bad.jsonl
printf 'not a workbook' > lie.xlsx
python3 -c "open('long.csv', 'wb').write(b'customer,text\nu1,' + b'a' * (65 << 20) + b'\nu2,ok\n')"
printf 'customer,status,amount\nu4,ok,￥1,234\nu5,ok,5\n' > surplus.csv
gzip -c good.csv | gzip > nested.csv.gz
head -c 3000 /dev/zero > zeros.csv
printf '{"customer":"u1","text":"好"}\n{"customer":{"a":1},"text":"好"}\n' > lines.csv
mkdir folder

row 'empty file' job empty.csv
row 'header only' job header.csv
row 'wrong encoding in the middle' job encoding.csv
row 'unclosed quote' job quote.csv
row 'long line' job long.csv
row 'unknown columns' job unknown.csv
row 'years 0001 and 9999' job years.csv
row 'negative quantity' job negative.csv
row 'NUL byte' job nul.csv
row 'cut workbook' job cut.xlsx
row 'cut gzip' job cut.csv.gz
row 'broken JSON line' job bad.jsonl
row 'text named .xlsx' job lie.xlsx
row 'directory' job folder
row 'missing file' job missing.csv
row 'file not to be read' job /proc/self/mem
row 'empty standard input' job -
row 'unknown column' job good.csv --map text=nonsense
row 'unknown role' job good.csv --map cusomer=text
row 'role given twice' job good.csv --map text=text,text=customer
row 'map that does not help' job unknown.csv --map city=a
row 'nothing was remembered' job unknown.csv
row 'surplus cell' job surplus.csv
row 'archive in an archive' job nested.csv.gz
row 'nothing but NUL bytes' job zeros.csv
row 'JSON Lines named .csv' job lines.csv
row 'unknown zone' job good.csv --timezone Mars/Olympus
row 'full disk for output' job good.csv --out /dev/full
row 'device for rejects' job years.csv --rejects /dev/full
row 'device for report' job good.csv --report /dev/full
row 'full disk for filter' huaxiang sentiment good.csv --out /dev/full
row 'missing data folder' env HX_SHARE=/nonexistent huaxiang sentiment good.csv

full() { (ulimit -f 8; huaxiang profile good.csv --store full.db); }
row 'full disk for store' full
printf 'noise, no database at all, but long enough to be looked at as one............................' > noise.db
printf '' > zero.db
row 'store that is none' huaxiang show u1 --store noise.db
row 'missing store' huaxiang show u1 --store none.db
row 'folder as store' huaxiang show u1 --store folder
row 'store in a missing folder' huaxiang profile good.csv --store no/such/s.db
row 'missing backup' huaxiang restore missing.db --store new.db
row 'backup that is none' huaxiang restore noise.db --store new.db
row '... leaves nothing behind' test ! -e new.db
cp s.db broken.db
python3 - <<'P'
with open('broken.db', 'r+b') as f:
    f.seek(8192)
    f.write(b'\xa5' * 16384)
P
row 'corrupt store' huaxiang doctor --store broken.db
grep '"store' said.out | sed 's/.*"finding"/    "finding"/'
model=chat.gguf
cp "${0%/*}/../golden/llama/gguf_chat.gguf" $model
head -c 20000 "$model" > half.gguf
printf 'a text that says it is a model' > lie.gguf
mkfifo pipe.gguf
row 'no model named' huaxiang generate good
row 'model not here' huaxiang embed good.csv --model smollm2-135m
row 'unknown model' huaxiang embed good.csv --model smolm2-135m
row 'empty model file' huaxiang inspect empty.csv
row 'half a model' huaxiang embed good.csv --model half.gguf
row 'text named .gguf' huaxiang embed good.csv --model lie.gguf
row 'pipe as a model' huaxiang inspect pipe.gguf
row 'folder without a model' huaxiang inspect folder
row 'hub without https' env HUAXIANG_HUB=http://example.org huaxiang models get smollm2-135m -q
row 'unknown kernels' env HUAXIANG_KERNELS=mmx huaxiang embed good.csv --model "$model"
row 'model without a head' huaxiang classify good.csv --model "$model" -q
printf '{"type":"strin"}' > schema.json
row 'schema that is none' huaxiang generate x --json-schema schema.json --model "$model" -q
row 'missing model file' huaxiang embed good.csv --model none/such.gguf
golden=${0%/*}/../golden/llama
cp -r "$golden/llama_shards" shard && truncate -s 5000 shard/model-00002-of-00002.safetensors
row 'cut shard' huaxiang embed good.csv --model shard
cp -r "$golden/qwen2_tied" kind && cp "$golden"/tokens/qwen2/tokenizer*.json kind && sed -i 's/"type": *"BPE"/"type": "WordPiece"/' kind/tokenizer.json
row 'wrong tokenizer' huaxiang embed good.csv --model kind
cp -r "$golden/qwen2_tied" other && cp "$golden"/tokens/qwen2/tokenizer*.json other
row "another model's tokenizer" huaxiang embed good.csv --model other
row 'folder without a tokenizer' huaxiang embed good.csv --model "$golden/qwen2_tied"
printf '{"type":"string","contentEncoding":"base64"}' > keyword.json
row 'unsupported schema keyword' huaxiang generate x --json-schema keyword.json --model "$model" -q
printf 'root ::= "yes' > broken.gbnf
row 'broken grammar' huaxiang generate x --grammar broken.gbnf --model "$model" -q
printf '{"const":"a text of more than three tokens"}' > const.json
row 'answer cut off' huaxiang generate x --json-schema const.json --max-tokens 3 --model "$model" -q
row 'no room for --system' huaxiang generate x --raw --system y --model "$model"
row 'name for models list' huaxiang models list foo
row 'model for inspect' huaxiang inspect "$model" --model "$model"
row 'missing file for a model' huaxiang embed missing.csv --model "$model"
row 'the good store is sound' huaxiang doctor --store s.db
row '... and can be read' huaxiang show u1 --store s.db
row '... and written' job good.csv
echo '--- in Chinese'
job_zh() { huaxiang profile "$@" --store s.db --lang zh; }
row 'empty file' job_zh empty.csv
row 'unknown columns' job_zh unknown.csv
row 'years 0001 and 9999' job_zh years.csv
row 'missing file' job_zh missing.csv
row 'half a model' huaxiang inspect half.gguf --lang zh
