#!/usr/bin/env python3
"""Compares the ids of records with those of Hugging Face `tokenizers`, whose tokenizer is built from the same GGUF file.

    check_tokens.py MODEL.gguf RECORDS IDS        RECORDS and IDS as bench_tokenize reads and writes them

The vocabulary, merges and added tokens are the file's; normaliser and pre-tokenizer are those of the official tokenizer.json of the
model's family. Special tokens are not parsed (transformers' split_special_tokens=True). Records that are no UTF-8 are decoded with
errors="replace".
"""
import struct
import sys

from gguf import GGUFReader
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

LINES = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
         r"|\s+(?!\S)|\s+")


def pre_tokenizer(name):
    bytes_only = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if name == "smollm":
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), gpt2])
    if name == "gpt-2":
        return gpt2
    pattern = LINES % ("" if name == "qwen2" else "{1,3}")
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), bytes_only])


def of_gguf(path):
    fields = GGUFReader(path).fields

    def strings(key):
        field = fields[key]
        return [bytes(field.parts[i]).decode() for i in field.data]

    name = fields["tokenizer.ggml.pre"].contents()
    tokens, types = strings("tokenizer.ggml.tokens"), fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(m.split(" ")) for m in strings("tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, merges, ignore_merges=name == "llama-bpe"))
    tokenizer.pre_tokenizer = pre_tokenizer(name)
    if name == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    for token, kind in zip(tokens, types):
        if kind == 3:
            tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True)])
        if kind == 4:
            tokenizer.add_tokens([AddedToken(token, normalized=False, special=False)])
    tokenizer.encode_special_tokens = True
    return tokenizer


def records(path):
    data, at = open(path, "rb").read(), 0
    while at < len(data):
        n, = struct.unpack_from("<I", data, at)
        yield data[at + 4:at + 4 + n]
        at += 4 + n


def id_lists(path):
    data, at = open(path, "rb").read(), 0
    while at < len(data):
        n, = struct.unpack_from("<I", data, at)
        yield list(struct.unpack_from(f"<{n}i", data, at + 4))
        at += 4 + 4 * n


def main():
    tokenizer = of_gguf(sys.argv[1])
    texts = [r.decode("utf-8", "replace") for r in records(sys.argv[2])]
    different = total = 0
    ours = id_lists(sys.argv[3])
    for start in range(0, len(texts), 4096):
        batch = texts[start:start + 4096]
        for text, encoding in zip(batch, tokenizer.encode_batch(batch, add_special_tokens=False)):
            mine = next(ours)
            total += 1
            if mine != encoding.ids:
                different += 1
                if different <= 5:
                    k = next((i for i, (a, b) in enumerate(zip(mine, encoding.ids)) if a != b), -1)
                    print(f"differs at token {k}: {text[:80]!r} ours {mine[k:k + 8]} theirs {encoding.ids[k:k + 8]} "
                          f"{[tokenizer.id_to_token(i) for i in encoding.ids[max(k - 2, 0):k + 6]]}")
    print(f"{total} records, {different} different")
    return different != 0


sys.exit(main())
