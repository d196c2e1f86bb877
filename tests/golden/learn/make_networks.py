#!/usr/bin/env python3
"""Makes networks.txt: logits and gradients of the small networks by PyTorch, for tests/unit/learn/test_text_net.c.

    python3 tests/golden/learn/make_networks.py > tests/golden/learn/networks.txt      (torch 2.15)

Weights are 0.3 sin(1.7 i + k), i the place in a tensor and k the place of the tensor in the network, in float32; a norm's weights 1 more. Three sequences of
the ids below, two features beside them, labels 2, 0, 1; the loss is the sum of their cross-entropies. A line `# name`, then the numbers, one a line.
"""
import numpy as np
import torch
import torch.nn.functional as F

IDS = [[1, 4, 0, 9, 2], [3], [3, 7, 8, 5, 6]]
LABELS = torch.tensor([2, 0, 1])
MORE = torch.tensor([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]])
D, L, KNOWN, LENGTH = 8, 3, 9, 8
N = {'cnn': D}


def shapes(kind):
    """Tensors in the order of the network."""
    n = N.get(kind, D // 2)
    out = [('embedding', (KNOWN + 1, D))]
    if kind == 'transformer':
        out.append(('positions', (LENGTH, D)))
        for i in range(2):
            parts = [('norm1.weight', (D,)), ('norm1.bias', (D,)), ('qkv.weight', (3 * D, D)), ('qkv.bias', (3 * D,)), ('mix.weight', (D, D)),
                     ('mix.bias', (D,)), ('norm2.weight', (D,)), ('norm2.bias', (D,)), ('up.weight', (2 * D, D)), ('up.bias', (2 * D,)),
                     ('down.weight', (D, 2 * D)), ('down.bias', (D,))]
            out += [(f'block.{i}.{name}', shape) for name, shape in parts]
    if kind == 'cnn-gru':
        out += [('front.w', (D, 3, D)), ('front.b', (D,))]
    gates = {'gru': 3, 'cnn-gru': 3, 'lstm': 4, 'rnn': 1}.get(kind)
    for i in range(3 if kind == 'cnn' else 2 if gates else 0):
        if kind == 'cnn':
            out += [(f'branch.{i}.w', (n, i + 2, D)), (f'branch.{i}.a', (n,))]
            continue
        out += [(f'branch.{i}.w', (gates * n, D)), (f'branch.{i}.u', (gates * n, n)), (f'branch.{i}.a', (gates * n,))]
        if gates > 1:
            out.append((f'branch.{i}.b', (gates * n,)))
    out.append(('more.w', (L, 2)))
    pooled = 3 * n if kind == 'cnn' else 2 * n if gates else D
    if kind == 'mlp':
        out += [('hidden.w', (D, D)), ('hidden.b', (D,))]
    return out + [('out.w', (L, pooled)), ('out.b', (L,))]


def weights(kind):
    made = {}
    for k, (name, shape) in enumerate(shapes(kind)):
        w = 0.3 * np.sin(1.7 * np.arange(np.prod(shape)) + k)
        if name.endswith(('norm1.weight', 'norm2.weight')):
            w += 1
        made[name] = torch.tensor(w.astype(np.float32).reshape(shape), requires_grad=True)
    return made


def conv(x, w, b, before):
    """(T, D) by (N, width, D); zeros outside."""
    width = w.shape[1]
    padded = F.pad(x, (0, 0, before, width - 1 - before))
    rows = torch.stack([padded[j:j + len(x)] for j in range(width)], 1)
    return torch.relu(rows.reshape(len(x), -1) @ w.reshape(len(w), -1).T + b)


def recur(kind, w, i, x):
    n = D // 2
    one = {'rnn': torch.nn.RNN, 'gru': torch.nn.GRU, 'cnn-gru': torch.nn.GRU, 'lstm': torch.nn.LSTM}[kind](D, n, batch_first=True)
    bias = w.get(f'branch.{i}.b', torch.zeros_like(w[f'branch.{i}.a']))
    given = {'weight_ih_l0': w[f'branch.{i}.w'], 'weight_hh_l0': w[f'branch.{i}.u'], 'bias_ih_l0': w[f'branch.{i}.a'], 'bias_hh_l0': bias}
    return torch.func.functional_call(one, given, (x[None],))[0][0]


def block(w, i, x):
    p = {name: w[f'block.{i}.{name}'] for name in ('norm1.weight', 'norm1.bias', 'qkv.weight', 'qkv.bias', 'mix.weight', 'mix.bias', 'norm2.weight',
                                                   'norm2.bias', 'up.weight', 'up.bias', 'down.weight', 'down.bias')}
    z = F.linear(F.layer_norm(x, (D,), p['norm1.weight'], p['norm1.bias'], 1e-5), p['qkv.weight'], p['qkv.bias'])
    q, k, v = (part.reshape(len(x), 4, D // 4).transpose(0, 1) for part in z.split(D, 1))
    mixed = F.scaled_dot_product_attention(q, k, v).transpose(0, 1).reshape(len(x), D)
    x = x + F.linear(mixed, p['mix.weight'], p['mix.bias'])
    z = F.gelu(F.linear(F.layer_norm(x, (D,), p['norm2.weight'], p['norm2.bias'], 1e-5), p['up.weight'], p['up.bias']))
    return x + F.linear(z, p['down.weight'], p['down.bias'])


def pooled(kind, w, ids):
    x = w['embedding'][torch.tensor(ids)]
    if kind == 'transformer':
        x = x + w['positions'][:len(ids)]
        for i in range(2):
            x = block(w, i, x)
        return x.mean(0)
    if kind == 'mlp':
        return torch.relu(F.linear(x.mean(0), w['hidden.w'], w['hidden.b']))
    if kind == 'cnn':
        return torch.cat([conv(x, w[f'branch.{i}.w'], w[f'branch.{i}.a'], (i + 1) // 2).max(0)[0] for i in range(3)])
    if kind == 'cnn-gru':
        x = conv(x, w['front.w'], w['front.b'], 1)
    return torch.cat([recur(kind, w, 0, x).max(0)[0], recur(kind, w, 1, x.flip(0)).max(0)[0]])


def put(name, x):
    print('#', name)
    for v in x.detach().numpy().ravel():
        print(f'{v:.8g}')


for kind in ('mlp', 'cnn', 'rnn', 'gru', 'lstm', 'transformer', 'cnn-gru'):
    w = weights(kind)
    rows = torch.stack([pooled(kind, w, ids) for ids in IDS])
    logits = F.linear(rows, w['out.w'], w['out.b']) + MORE @ w['more.w'].T
    F.cross_entropy(logits, LABELS, reduction='sum').backward()
    put(f'{kind}.logits', logits)
    for name, _ in shapes(kind):
        put(f'{kind}.{name}', w[name].grad)
