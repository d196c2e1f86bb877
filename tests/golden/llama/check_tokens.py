#!/usr/bin/env python3
"""Compares the ids of records with those of Hugging Face `tokenizers` or of `sentencepiece`.

    check_tokens.py MODEL RECORDS IDS        RECORDS and IDS as bench_tokenize reads and writes them

MODEL is a GGUF file of byte-level BPE (vocabulary, merges and added tokens are the file's; normaliser and pre-tokenizer are those of the
official tokenizer.json of the model's family), or a folder with tokenizer.json or tokenizer.model. Special tokens are not parsed
(transformers' split_special_tokens=True). Records that are no UTF-8 are given to `tokenizers` decoded with errors="replace".
"""
import os
import struct
import sys

import sentencepiece
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


def encoder(path):
    """A function from a list of texts (bytes) to lists of ids, one thread."""
    pieces = os.path.join(path, "tokenizer.model")
    if os.path.exists(pieces):
        model = sentencepiece.SentencePieceProcessor(model_file=pieces)
        return lambda texts: [model.encode(text) for text in texts]
    if path.endswith(".gguf"):
        tokenizer = of_gguf(path)
    else:
        tokenizer = Tokenizer.from_file(os.path.join(path, "tokenizer.json"))
        tokenizer.encode_special_tokens = True

    def encode(texts):
        texts = [text.decode("utf-8", "replace") for text in texts]
        return [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]

    return encode


def compare(encode, texts, ours):
    """Prints the first differences; how many texts have other ids."""
    different = 0
    for start in range(0, len(texts), 4096):
        batch = texts[start:start + 4096]
        for text, theirs in zip(batch, encode(batch)):
            mine = next(ours)
            if mine == theirs:
                continue
            different += 1
            if different <= 5:
                k = next((i for i, (a, b) in enumerate(zip(mine, theirs)) if a != b), -1)
                print(f"differs at token {k}: {text[:80]!r} ours {mine[k:k + 8]} theirs {theirs[k:k + 8]}")
    return different


def main():
    texts = list(records(sys.argv[2]))
    different = compare(encoder(sys.argv[1]), texts, id_lists(sys.argv[3]))
    print(f"{len(texts)} records, {different} different")
    return different != 0


if __name__ == "__main__":
    sys.exit(main())
