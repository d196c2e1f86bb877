# Offsets of words, tags, trees and names are bytes of the text as it was given: a property over made-up texts of traditional characters, full-width and
# composed forms, emoji and mixed scripts, by the rules and by huaxiang-small; rows of broken bytes are left out and said, and move no other row.
python3 - <<'P'
import random
random.seed(11)
parts = ["這家手機店", "臺北後裡", "北京大学", "ＡＢＣ", "１２３元", "ﬁne", "㈱", "㎏", "e\u0301te\u0301", "é", "😀", "👨‍👩‍👧", "🇨🇳", "❤️", "John Smith", "don't", "$20", "３月５日",
         "。", "！？", "，", " ", "\u3000", "...", "при", "ですね", "한국", "\u200b", "①", "張先生", "說好", "2024-05-03", "a", "乾隆", "\u00a0", "𠮷", "http://a.cn/b?c=1"]
lines = ["".join(random.choice(parts) for _ in range(random.randint(1, 14))) for _ in range(48)]
lines = [line for line in lines if line.strip()]
open("texts.txt", "w", encoding="utf-8").write("\n".join(lines) + "\n")
broken = [b"\xe5\xa5\xbd\xff\xfe\xe6\x89\x8b\xe6\xa9\x9fok", b"a\x80b \xe6\x89", b"\xed\xa0\x80\xe5\xa5\xbd", b"\xf0\x9f\x98 \xe5\xbc\xb5\xe5\x85\x88\xe7\x94\x9f", b"John \xc0\xaf Smith paid $5"]
whole = [line.encode() for line in lines[:10]]
open("broken.txt", "wb").write(b"".join(whole[2 * i] + b"\n" + broken[i] + b"\n" + whole[2 * i + 1] + b"\n" for i in range(5)))
P
cat >check.py <<'P'
import json, sys
def sound(line):
    try:
        return bool(line.decode())
    except UnicodeDecodeError:
        return False

given = [line for line in open(sys.argv[1], "rb").read().split(b"\n") if sound(line)]
key = sys.argv[2]
rows = spans = 0
for number, line in enumerate(sys.stdin):
    record = json.loads(line)
    text = record["text"].encode()
    assert text == given[number], (text, given[number])
    rows += 1
    at = 0
    for item in record[key]:
        word = item if isinstance(item, str) else item["word"] if "word" in item else item["text"]
        start = text.find(word.encode(), at) if isinstance(item, str) else item["start"]
        end = start + len(word.encode()) if isinstance(item, str) else item["end"]
        assert 0 <= at <= start < end <= len(text), (record["text"], item)
        assert text[start:end] == word.encode(), (record["text"], item)
        left = text[at:start].decode()  # whole characters on both sides
        text[end:].decode()
        assert key == "entities" or not left.strip(" \t\u00a0\u3000\u200b\ufeff"), (record["text"], left, item)
        at = end
        spans += 1
print("exact:", rows, rows == len(given), spans > 0)
P
check() {
    local file=$1 key=$2
    shift 2
    echo "--- $*: $file"
    huaxiang "$@" $file --quiet | python3 check.py $file $key
}
check texts.txt words words
check texts.txt entities entities --engine rules
check texts.txt entities entities
for standard in ud pku; do check texts.txt words words --standard $standard; done
check texts.txt tags tag
check texts.txt parse parse
for what in "words words" "tag tags" "parse parse" "entities entities"; do check broken.txt ${what#* } ${what% *}; done
printf 'text\tof\n\xe5\xa5\xbd\xff\xfe\xe6\x89\x8b\tme\n我们\tyou\n' >one.tsv
huaxiang tag one.tsv | python3 -c 'import json, sys; print([(json.loads(r)["text"], json.loads(r)["tags"][0]["end"]) for r in sys.stdin])'
