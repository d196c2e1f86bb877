#!/usr/bin/env python3
"""Gradients of the models beside this script, by transformers and autograd: gradients.txt.

    python3 make_gradients.py

Needs torch and transformers (versions used: VERSIONS beside this script). Three sequences of LENGTHS tokens, token i of the batch is
(7 i + 3) mod 96; the second sees itself whole, the others are causal. The loss is the sum of hidden (T, n_embd) behind the last norm, times
cos(0.37 row + 1.3 column). A line `# MODEL TENSOR SIZE`, then SHOWN of its gradients, at the indexes (j * 7919) mod SIZE.
"""
import pathlib

import torch
import transformers

HERE = pathlib.Path(__file__).resolve().parent
MODELS = ['llama_mha', 'llama_bias', 'llama_yarn', 'qwen2_tied', 'qwen3_wide']
LENGTHS, BIDIRECTIONAL, SHOWN = [5, 9, 3], 1, 24


def gradients(name):
    model = transformers.AutoModel.from_pretrained(HERE / name, torch_dtype=torch.float32,
                                                   attn_implementation='eager').eval()
    loss, row = 0.0, 0
    for i, n in enumerate(LENGTHS):
        ids = torch.tensor([[(7 * (row + j) + 3) % 96 for j in range(n)]])
        mask = torch.zeros(1, 1, n, n)
        if i != BIDIRECTIONAL:
            mask += torch.triu(torch.full((n, n), float('-inf')), 1)
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state[0]
        weights = torch.cos(0.37 * torch.arange(row, row + n, dtype=torch.float64)[:, None]
                            + 1.3 * torch.arange(hidden.shape[1], dtype=torch.float64)).float()
        loss = loss + (hidden * weights).sum()
        row += n
    loss.backward()
    return {'model.' + k: p.grad.reshape(-1) for k, p in model.named_parameters()}


def main():
    with open(HERE / 'gradients.txt', 'w', encoding='ascii') as out:
        for name in MODELS:
            for tensor, g in gradients(name).items():
                out.write(f'# {name} {tensor} {g.numel()}\n')
                for j in range(min(SHOWN, g.numel())):
                    out.write(f'{g[(j * 7919) % g.numel()].item():.9g}\n')


main()
