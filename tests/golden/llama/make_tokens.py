#!/usr/bin/env python3
"""Writes tests/golden/llama/tokens: tiny tokenizers of each kind and the ids they give, by tokenizers 0.23.3 and sentencepiece 0.2.3.

    make_tokens.py [FOLDER]

Each kind is a folder with tokenizer.json or tokenizer.model, as a model's folder has it, and cases.txt:

    TEXT as hex TAB ids, by spaces           the text as it is, without special tokens
    special TAB TEXT as hex TAB ids          with what the model puts around a text
    parse TAB TEXT as hex TAB ids            special tokens spelt in the text become those tokens

Texts that are no UTF-8 are given to `tokenizers` with bad parts replaced (errors="replace"), to sentencepiece as they are. The training text is
in this file.
"""
import json
import os
import random
import sys
import tempfile

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TRAINING = """
The quick brown fox doesn't jump over the lazy dog; it's 2024 and we'll see 1,234.50 of them, they've said so.
I'm sure you'd like the colour of the new phone, but the battery lasts only 10 hours and charging takes 3.
The delivery was late, the box was damaged, and nobody answered my e-mails. Terrible service! Never again!!!
这家餐厅的服务很好，味道也不错，下次还会再来。价格便宜，推荐大家购买！
手机屏幕清晰，电池耐用，就是充电有点慢。快递小哥态度特别好，包装也很结实。
这个商品质量太差了，买回来用了不到一个星期就坏了，客服还不理人。
房间隔音太差，半夜楼道里吵得根本睡不着，早餐种类太少，牛奶还是凉的。
def main():\n    for i in range(10):\n        print(i, "hello")\n    return None
Ünïcödé čafé naïve façade Straße Ελληνικά кириллица русский язык 日本語のテキスト 한국어 텍스트
The customers were happy with the products and the prices, and the customers said they would be coming back.
"""

TEXTS = """
Hello world
 leading and trailing 
I'm you're we've he'll she'd it's they'RE I'VE don'T
这家餐厅很棒！味道不错，服务员态度特别好。
价格是123.45元，便宜1000块！２０２４年
mixed中文and English混排，iPhone15手机
\\ttabs\\t\\tand\\n\\nnewlines\\r\\n and  spaces   everywhere    
 \\n \\n  x
end with newline\\n
end with spaces   
emoji 😀👍🏽 family 👨‍👩‍👧‍👦 flags 🇨🇳
combining e\u0301 a\u0308\u0323 \u1100\u1161\u11a8 Å Å
ＦＵＬＬ－ｗｉｄｔｈ！　ideographic space
non\u00a0breaking\u2003em\u2028line\u3000end
\u0000\u0001\u001f controls \u007f\u0085
<|im_start|>user<|im_end|> <s></s> <unk> <tool> [PAD] <0x41>
'ſ 'S 'LL 'll 'l ''s
1 22 333 4444 55555 ½ ² Ⅷ ٣ 一二三
▁▁already ▁ marked▁
    indented code():\\n\\treturn x  # comment
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
========================================================
的的的的的的的的的的的的的的的的的的的的的的的的
ﬁ ligature ① ㍿ ㌔ が か\u3099 ｶﾞ Ω Ω ﷺ
x
 
  
\u200b\ufeffzero width\u00ad
ÀÁÂ ß ŉ İ ı Σς
𠀀𠮷 rare 𝒳 𝔘 math
"""

BAD = [b"\xff\xfe\x80abc", b"ab\xc3", b"\xe4\xb8", b"\xe4\xb8a\xf0\x9f\x98x", b"\xed\xa0\x80\xc0\x80 \xf5", b"\xf0\x9f\x98\x80\x80"]


def texts():
    out = [line.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").encode() for line in TEXTS.split("\n")[1:-1]]
    generator = random.Random(5)
    letters = list("abcdefgh   'sтиé的一是不了在人有我他\n\t0123,.!▁") + ["\u0301", "😀", "\u3000"]
    for n in range(12):
        out.append("".join(generator.choice(letters) for _ in range(20 + 12 * n)).encode())
    return [t for t in out if t] + BAD + [bytes(generator.randrange(256) for _ in range(40)) for _ in range(4)]


GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LINES = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
         r"|\s+(?!\S)|\s+")
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def byte_level(pre_tokenizer, size, normalizer=None, bos=None):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=SPECIALS, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(TRAINING.split("\n"), trainer)
    tokenizer.add_tokens([AddedToken("<tool>", normalized=False, special=False)])
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A <|im_end|>", special_tokens=[(bos, tokenizer.token_to_id(bos)), ("<|im_end|>", 2)])
    return tokenizer


def lines_of(digits):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LINES % digits), "isolated"),
                                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def llama2(metaspace):
    """As Llama 2's: pieces of bytes at 3 to 258, merges of characters, U+2581 for spaces."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    # the trainer sees words, so that its pieces do not lie across spaces; the model sees whole texts
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never", split=True)
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=["<unk>", "<s>", "</s>", *bytes_], show_progress=False,
                                  limit_alphabet=150)
    tokenizer.train_from_iterator(TRAINING.split("\n"), trainer)
    data = json.loads(tokenizer.to_str())
    data["added_tokens"] = [t for t in data["added_tokens"] if t["id"] < 3]
    data["pre_tokenizer"] = None
    if metaspace:
        data["normalizer"] = None
        data["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
    data["decoder"] = {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def unigram():
    """As XLM-R's and T5's: white space cut away, U+2581 in front of words."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=400, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>",
                                      show_progress=False)
    tokenizer.train_from_iterator(TRAINING.split("\n"), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    return tokenizer


def unigram_charsmap(model_file):
    """As unigram(), with the character map of a SentencePiece model."""
    from sentencepiece import sentencepiece_model_pb2 as pb
    proto = pb.ModelProto()
    proto.ParseFromString(open(model_file, "rb").read())
    tokenizer = unigram()
    tokenizer.normalizer = normalizers.Sequence([normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
                                                 normalizers.Replace(Regex(" {2,}"), " ")])
    return tokenizer


def piece_model(folder, kind, **options):
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(TRAINING)
        file.flush()
        sentencepiece.SentencePieceTrainer.train(
            input=file.name, model_prefix=os.path.join(folder, "tokenizer"), model_type=kind, minloglevel=2, **options)
    os.remove(os.path.join(folder, "tokenizer.vocab"))
    return sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, "tokenizer.model"))


def write_cases(folder, encode):
    with open(os.path.join(folder, "cases.txt"), "w", encoding="ascii") as file:
        for text in texts():
            for mode in ("", "special", "parse"):
                ids = encode(text, mode)
                if ids is not None:
                    file.write((mode + "\t" if mode else "") + text.hex() + "\t" + " ".join(map(str, ids)) + "\n")


def save(folder, name, tokenizer):
    path = os.path.join(folder, name)
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, "tokenizer.json"), "w", encoding="utf-8") as file:
        json.dump(json.loads(tokenizer.to_str()), file, ensure_ascii=False, separators=(",", ":"))

    def encode(text, mode):
        text = text.decode("utf-8", "replace")
        tokenizer.encode_special_tokens = mode != "parse"
        ids = tokenizer.encode(text, add_special_tokens=mode == "special").ids
        plain = tokenizer.encode(text, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = True
        if isinstance(tokenizer.model, models.Unigram) and "<s>" in text:
            return None  # it takes special tokens for pieces: ours never does
        if mode == "special" and (not tokenizer.post_processor or len(text) > 20):
            return None
        if mode == "parse" and plain == tokenizer.encode(text, add_special_tokens=False).ids:
            return None
        return ids

    write_cases(path, encode)


def save_pieces(folder, name, kind, **options):
    path = os.path.join(folder, name)
    os.makedirs(path, exist_ok=True)
    model = piece_model(path, kind, **options)
    write_cases(path, lambda text, mode: None if mode else model.encode(text))
    return os.path.join(path, "tokenizer.model")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "tokens")
    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False)
    save(folder, "gpt2", byte_level(gpt2, 520, bos="<|endoftext|>"))
    save(folder, "gpt2_prefix", byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True), 400))
    save(folder, "llama3", byte_level(lines_of("{1,3}"), 520))
    save(folder, "qwen2", byte_level(lines_of(""), 520, normalizers.NFC()))
    save(folder, "smollm", byte_level(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), gpt2]), 520))
    save(folder, "llama2", llama2(False))
    save(folder, "llama2_metaspace", llama2(True))
    save(folder, "unigram", unigram())
    save_pieces(folder, "sp_bpe", "bpe", vocab_size=700, byte_fallback=True, normalization_rule_name="identity",
                remove_extra_whitespaces=False, character_coverage=0.98, user_defined_symbols=["<tool>", "  "])
    save_pieces(folder, "sp_bpe_extra", "bpe", vocab_size=400, character_coverage=0.98, hard_vocab_limit=False,
                normalization_rule_name="identity")
    save_pieces(folder, "sp_unigram", "unigram", vocab_size=520, byte_fallback=True, normalization_rule_name="identity",
                character_coverage=0.98, hard_vocab_limit=False, user_defined_symbols=["<tool>"])
    if len(sys.argv) > 1:
        # these have a character map of 300 KB: checked by hand, not committed
        path = save_pieces(folder, "sp_nfkc", "unigram", vocab_size=400, hard_vocab_limit=False)
        save_pieces(folder, "sp_bpe_nfkc", "bpe", vocab_size=400, hard_vocab_limit=False)
        save(folder, "unigram_charsmap", unigram_charsmap(path))


if __name__ == "__main__":
    main()
