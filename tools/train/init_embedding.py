#!/usr/bin/env python3
"""A fresh small LLaMA whose embedding begins with what a larger model knows of its tokens.

usage: init_embedding.py --config CONFIG.json --tokenizer tokenizer.model --teacher LARGE.gguf --out FOLDER [--seed N]

Each token of the new vocabulary is spelt in the larger model's tokens (longest match, bytes where nothing else fits) and
gets the mean of their rows; the principal directions of all rows, as many as the new model is wide, make its embedding,
scaled to a standard deviation of 0.02. Tokens that are only bytes or specials, and all other weights, are random as the trainer
makes them: normal, 0.02, those that write to the stream 0.02 / sqrt(2 layers). FOLDER gets config.json,
model.safetensors and tokenizer.model: what `huaxiang train pretrain --init` takes.

Needs numpy, gguf, sentencepiece, safetensors. The larger model's licence is the licence of what comes out.
"""
import argparse
import json
import os
import shutil

import gguf
import numpy as np
import sentencepiece
from safetensors.numpy import save_file

WIDTH = 0.02


def byte_alphabet():
    """Characters that stand for bytes in byte-level vocabularies (GPT-2), byte -> character."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, n = {b: chr(b) for b in plain}, 0
    for b in range(256):
        if b not in table:
            table[b] = chr(256 + n)
            n += 1
    return table


def spell(text, vocabulary, alphabet, longest):
    """Ids of `text`, the longest token first at each place."""
    letters = "".join(alphabet[b] for b in text.encode("utf-8"))
    ids, at = [], 0
    while at < len(letters):
        for end in range(min(len(letters), at + longest), at, -1):
            if letters[at:end] in vocabulary:
                ids.append(vocabulary[letters[at:end]])
                at = end
                break
        else:
            at += 1
    return ids


def teacher_rows(path):
    reader = gguf.GGUFReader(path)
    field = reader.fields["tokenizer.ggml.tokens"]
    tokens = [bytes(field.parts[i]).decode("utf-8") for i in field.data]
    tensor = next(t for t in reader.tensors if t.name == "token_embd.weight")
    rows = gguf.dequantize(tensor.data, tensor.tensor_type)
    return {t: i for i, t in enumerate(tokens)}, np.asarray(rows, dtype=np.float32)


def embedding(pieces, path, width, rng):
    vocabulary, rows = teacher_rows(path)
    alphabet, longest = byte_alphabet(), 48
    out = rng.normal(0, WIDTH, (pieces.vocab_size(), width)).astype(np.float32)
    known, means = [], []
    for i in range(pieces.vocab_size()):
        if pieces.is_control(i) or pieces.is_unknown(i) or pieces.is_byte(i):
            continue
        ids = spell(pieces.id_to_piece(i).replace("\u2581", " "), vocabulary, alphabet, longest)
        if ids:
            known.append(i)
            means.append(rows[ids].mean(axis=0))
    means = np.stack(means)
    means -= means.mean(axis=0)
    means /= np.linalg.norm(means, axis=1, keepdims=True) + 1e-6
    values, directions = np.linalg.eigh(means.T @ means)
    kept = directions[:, np.argsort(values)[::-1][:width]]
    projected = means @ kept
    # A random rotation spreads what the first directions hold over all columns.
    turn, _ = np.linalg.qr(rng.normal(size=(width, width)))
    projected = projected @ turn
    out[known] = projected * (WIDTH / projected.std())
    print(f"{len(known)} of {pieces.vocab_size()} tokens; {values[np.argsort(values)[::-1][:width]].sum() / values.sum():.3f} of the variance")
    return out


def weights(config, rng):
    d, f, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    head = config.get("head_dim") or d // config["num_attention_heads"]
    q, kv = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    shapes = {"self_attn.q_proj": (q, d), "self_attn.k_proj": (kv, d), "self_attn.v_proj": (kv, d), "self_attn.o_proj": (d, q),
              "mlp.gate_proj": (f, d), "mlp.up_proj": (f, d), "mlp.down_proj": (d, f)}
    out = {"model.norm.weight": np.ones(d, np.float32)}
    for i in range(layers):
        for name, shape in shapes.items():
            deviation = WIDTH / (2 * layers) ** 0.5 if name in ("self_attn.o_proj", "mlp.down_proj") else WIDTH
            out[f"model.layers.{i}.{name}.weight"] = rng.normal(0, deviation, shape).astype(np.float32)
        for name in ("input_layernorm", "post_attention_layernorm"):
            out[f"model.layers.{i}.{name}.weight"] = np.ones(d, np.float32)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("config", "tokenizer", "teacher", "out"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with open(options.config, encoding="utf-8") as f:
        config = json.load(f)
    pieces = sentencepiece.SentencePieceProcessor(model_file=options.tokenizer)
    if pieces.vocab_size() != config["vocab_size"]:
        raise SystemExit(f"{options.tokenizer}: {pieces.vocab_size()} pieces, but vocab_size is {config['vocab_size']}")
    rng = np.random.default_rng(options.seed)
    tensors = weights(config, rng)
    tensors["model.embed_tokens.weight"] = embedding(pieces, options.teacher, config["hidden_size"], rng)
    os.makedirs(options.out, exist_ok=True)
    save_file(tensors, os.path.join(options.out, "model.safetensors"), metadata={"format": "pt"})
    shutil.copyfile(options.config, os.path.join(options.out, "config.json"))
    shutil.copyfile(options.tokenizer, os.path.join(options.out, "tokenizer.model"))


if __name__ == "__main__":
    main()
