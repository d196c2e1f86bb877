#!/usr/bin/env python3
"""Makes vectors.txt: inputs, outputs and gradients of PyTorch, for tests/unit/nn, and test_objective.c and test_learning.c of tests/unit/llama.

    python3 tests/golden/nn/make_vectors.py > tests/golden/nn/vectors.txt      (PyTorch 2.x and transformers, CPU)

A line `# name`, then the array's numbers, one a line. Everything is computed in doubles from inputs that are exact in floats, so that the
numbers are right to the last digit that is written.
"""
import torch
import torch.nn.functional as F

torch.manual_seed(11)
T, D, N, V = 6, 10, 7, 9


def put(name, x):
    print('#', name)
    for v in x.detach().flatten().tolist():
        print(f'{v:.9g}')


def rand(*shape):
    return (torch.rand(*shape) * 2 - 1).double().requires_grad_()


def case(name, y, **leaves):
    """Output, inputs, and gradients of sum(c y), c random."""
    c = rand(*y.shape).detach()
    (y * c).sum().backward()
    put(name + '.y', y)
    put(name + '.c', c)
    for key, leaf in leaves.items():
        put(f'{name}.{key}', leaf)
        put(f'{name}.d{key}', leaf.grad)


x, w, b = rand(T, D), rand(N, D), rand(N)
case('linear', F.linear(x, w, b), x=x, w=w, b=b)
x, w = rand(T, D), rand(D)
case('rms', F.rms_norm(x, (D,), w, 1e-5), x=x, w=w)
x, w, b = rand(T, D), rand(D), rand(D)
case('layer', F.layer_norm(x, (D,), w, b, 1e-5), x=x, w=w, b=b)
x = rand(T, D)
case('gelu', F.gelu(x), x=x)
x = rand(T, 2 * D)
case('swiglu', F.silu(x[:, :D]) * x[:, D:], x=x)
for name, causal in (('causal', True), ('whole', False)):
    q, k, v = rand(5, 4, 6), rand(5, 2, 6), rand(5, 2, 6)
    kk, vv = (t.repeat_interleave(2, 1).transpose(0, 1) for t in (k, v))
    y = F.scaled_dot_product_attention(q.transpose(0, 1), kk, vv, is_causal=causal).transpose(0, 1)
    case(name, y, q=q, k=k, v=v)

labels = torch.tensor([3, -100, 8, 0, 1, 3])
for name, options in (('plain', {}), ('smooth', {'label_smoothing': 0.1}),
                      ('weighted', {'label_smoothing': 0.1, 'weight': rand(V).detach().abs() + 0.5})):
    x = rand(T, V)
    loss = F.cross_entropy(x, labels, ignore_index=-100, **options)
    loss.backward()
    put(name + '.x', x), put(name + '.loss', loss), put(name + '.dx', x.grad)
    if 'weight' in options:
        put(name + '.w', options['weight'])
x, y, p = rand(T, V), rand(T, V).detach().abs(), rand(V).detach().abs() + 0.5
loss = F.binary_cross_entropy_with_logits(x, y, pos_weight=p, reduction='sum')
loss.backward()
put('binary.x', x), put('binary.y', y), put('binary.p', p), put('binary.loss', loss), put('binary.dx', x.grad)
x, y = rand(T, V), rand(T, V).detach()
loss = 4 * F.kl_div(F.log_softmax(x / 2, -1), F.softmax(y / 2, -1), reduction='sum')
loss.backward()
put('distil.x', x), put('distil.y', y), put('distil.loss', loss), put('distil.dx', x.grad)

start, gradients = rand(2 * D).detach(), [rand(2 * D).detach() for _ in range(4)]
put('steps.w', start)
put('steps.g', torch.stack(gradients))
for name, make in (('adamw', lambda p: torch.optim.AdamW([p], 0.02, (0.9, 0.95), 1e-8, 0.1)),
                   ('sgd', lambda p: torch.optim.SGD([p], 0.02, 0.9, weight_decay=0.1)),
                   ('nesterov', lambda p: torch.optim.SGD([p], 0.02, 0.9, weight_decay=0.1, nesterov=True))):
    p = start.clone().requires_grad_()
    optimiser = make(p)
    for g in gradients:
        p.grad = g.clone()
        optimiser.step()
    put(name + '.w', p)

for name, layer in (('gru', torch.nn.GRU(D, N)), ('lstm', torch.nn.LSTM(D, N))):
    layer = layer.double()
    leaves = {'w': layer.weight_ih_l0, 'u': layer.weight_hh_l0, 'b': layer.bias_ih_l0, 'a': layer.bias_hh_l0}
    for leaf in leaves.values():
        leaf.data = rand(*leaf.shape).detach()
    x = rand(T, D)
    case(name, layer(x)[0], x=x, **leaves)
x, w, b = rand(T, D), rand(N, 3, D), rand(N)
y = F.conv1d(x.T[None], w.transpose(1, 2), b)[0].T
case('conv', y, x=x, w=w, b=b)

from transformers.optimization import Adafactor

start, gradients = rand(7, 10).detach(), [rand(7, 10).detach() for _ in range(4)]
put('adafactor.w', start)
put('adafactor.g', torch.stack(gradients))
for name, shape, relative in (('matrix', (7, 10), False), ('vector', (70,), False), ('relative', (7, 10), True)):
    p = start.clone().reshape(shape).float().requires_grad_()
    optimiser = Adafactor([p], lr=0.05, weight_decay=0.1, scale_parameter=relative, relative_step=False)
    for g in gradients:
        p.grad = g.reshape(shape).float()
        optimiser.step()
    put('adafactor.' + name, p)

# Heads on hidden states (tests/unit/llama/test_objective.c): four sequences, packed.
HT, HD, STARTS = 9, 6, (0, 2, 4, 6, 9)
spans = list(zip(STARTS, STARTS[1:]))


def last(h):
    return torch.stack([h[end - 1] for _, end in spans])


def mean(h):
    return torch.stack([h[first:end].mean(0) for first, end in spans])


def head_case(name, loss, **leaves):
    loss.backward()
    put(name + '.loss', loss)
    for key, leaf in leaves.items():
        put(f'{name}.{key}', leaf)
        if leaf.grad is not None:
            put(f'{name}.d{key}', leaf.grad)


h, w, weights, share = rand(HT, HD), rand(3, HD), rand(3).detach().abs() + 0.5, rand(4).detach().abs()
labels, second = torch.tensor([2, -100, 0, 1]), torch.tensor([1, 0, 0, 2])
options = {'weight': weights, 'reduction': 'none', 'label_smoothing': 0.1}
# reduction 'none' weighs the smoothing by each class, as the sum does
keep = (labels != -100).double()
loss = (share * F.cross_entropy(last(h) @ w.T, labels, **options)
        + (1 - share) * keep * F.cross_entropy(last(h) @ w.T, second, **options)).sum()
head_case('head.sequence', loss, h=h, w=w, weights=weights, share=share)

h, dense, bias, w, y, p = rand(HT, HD), rand(5, HD), rand(5), rand(3, 5), rand(4, 3).detach().abs(), rand(3).detach().abs() + 0.5
loss = F.binary_cross_entropy_with_logits(F.gelu(mean(h) @ dense.T + bias) @ w.T, y, pos_weight=p, reduction='sum')
head_case('head.multi', loss, h=h, dense=dense, bias=bias, w=w, y=y, p=p)

h, w, y = rand(HT, HD), rand(1, HD), rand(4).detach()
head_case('head.regression', F.mse_loss((mean(h) @ w.T)[:, 0], y, reduction='sum'), h=h, w=w, y=y)

labels = torch.tensor([0, 3, 1, -100, 2, 2, -100, 1, 3])
keep = labels != -100
h, w, teacher = rand(HT, HD), rand(4, HD), rand(HT, 4).detach() * 3
logits = h @ w.T
log_p = F.log_softmax(logits, -1)[keep, labels[keep]]
focal = (-(1 - log_p.exp()) ** 2 * log_p).sum()
distil = 4 * F.kl_div(F.log_softmax(logits[keep] / 2, -1), F.softmax(teacher[keep] / 2, -1), reduction='sum')
target = rand(HT, HD).detach()
hidden = ((h - target)[keep] ** 2).mean(-1).sum()
head_case('head.token', 0.75 * focal + 0.25 * distil + 0.5 * hidden, h=h, w=w, teacher=teacher, target=target)

h, w, weights = rand(HT, HD), rand(1, HD), torch.tensor([1.0, 3.0]).double()
labels = torch.tensor([0, 1, 1, -100, 0, 0, -100, 1, 0])
keep = labels != -100
loss = (weights[labels[keep]] * F.binary_cross_entropy_with_logits(
    (h @ w.T)[keep, 0], labels[keep].double(), reduction='none')).sum()
head_case('head.replaced', loss, h=h, w=w)

h, w, between, start, stop = rand(HT, HD), rand(4, HD), rand(4, 4), rand(4), rand(4)
labels = torch.tensor([0, 3, 1, -100, 2, 2, -100, 1, 3])
loss = 0
for first, end in spans:
    kept = [t for t in range(first, end) if labels[t] != -100]
    x, tags = (h @ w.T)[kept], labels[kept]
    alpha, score = start + x[0], start[tags[0]] + x[0, tags[0]]
    for t in range(1, len(kept)):
        alpha = torch.logsumexp(alpha[:, None] + between, 0) + x[t]
        score = score + between[tags[t - 1], tags[t]] + x[t, tags[t]]
    loss = loss + torch.logsumexp(alpha + stop, 0) - score - stop[tags[-1]]
head_case('head.crf', loss, h=h, w=w, between=between, start=start, stop=stop)

h = rand(HT, HD)
x = F.normalize(mean(h), dim=-1)
head_case('head.contrast', F.cross_entropy(x[:2] @ x[2:].T / 0.05, torch.arange(2), reduction='sum'), h=h)

h, w, teacher = rand(HT, HD), rand(11, HD), rand(HT, 11).detach() * 3
labels = torch.tensor([10, 3, 1, -100, 2, 7, -100, 1, 0])
keep = labels != -100
logits = h @ w.T
head_case('head.lm', F.cross_entropy(logits, labels, reduction='sum', label_smoothing=0.1), h=h, w=w)
h = rand(HT, HD)
w = w.detach().requires_grad_()
logits = h @ w.T
loss = (0.5 * F.cross_entropy(logits, labels, reduction='sum') + 0.5 * F.kl_div(
    F.log_softmax(logits[keep], -1), F.softmax(teacher[keep], -1), reduction='sum'))
head_case('head.taught', loss, h=h, w=w, teacher=teacher)

W, L = 4, 3
h, mlp, bias, arc, relation = rand(HT, HD), rand(4 * W, HD), rand(4 * W), rand(W + 1, W), rand(L * (W + 1), W + 1)
words, word_starts = (1, 3, 5, 7, 8), (0, 1, 2, 3, 5)
heads, relations = (0, 0, -100, 2, 0), (1, -100, 0, 2, 0)
one, loss = torch.ones(1).double(), 0
for s, (first, end) in enumerate(spans):
    span = range(word_starts[s], word_starts[s + 1])
    v = F.gelu(h[[first] + [words[i] for i in span]] @ mlp.T + bias).split(W, -1)
    scores = torch.cat([v[0], one.expand(len(v[0]), 1)], -1) @ arc @ v[1].T
    for row, i in enumerate(span, 1):
        if heads[i] < 0:
            continue
        loss = loss + F.cross_entropy(scores[row], torch.tensor(heads[i]))
        if relations[i] >= 0:
            p, q = torch.cat([v[2][row], one]), torch.cat([v[3][heads[i]], one])
            logits = torch.stack([p @ relation[c * (W + 1):(c + 1) * (W + 1)] @ q for c in range(L)])
            loss = loss + F.cross_entropy(logits, torch.tensor(relations[i]))
head_case('head.biaffine', loss, h=h, mlp=mlp, bias=bias, arc=arc, relation=relation)


def orthogonal(g):
    """Newton-Schulz steps of Muon (K. Jordan 2024) in doubles."""
    x = g / (g.norm() + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x


for name, rows, columns in (('wide', 5, 14), ('tall', 14, 5)):
    w, m = rand(rows, columns).detach(), torch.zeros(rows, columns).double()
    gradients = [rand(rows, columns).detach() for _ in range(3)]
    put(f'muon.{name}.w', w), put(f'muon.{name}.g', torch.stack(gradients))
    for g in gradients:
        m = 0.9 * m + g
        step = orthogonal(g + 0.9 * m) if rows <= columns else orthogonal((g + 0.9 * m).T).T
        w = w * (1 - 0.02 * 0.1) - 0.02 * max(1, rows / columns) ** 0.5 * step
    put(f'muon.{name}.end', w)

# Steps of a whole model with two heads (tests/unit/llama/test_learning.c).
from transformers import LlamaConfig, LlamaForCausalLM

config = LlamaConfig(vocab_size=16, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
                     intermediate_size=12, max_position_embeddings=32, rms_norm_eps=1e-5, tie_word_embeddings=True,
                     rope_theta=10000.0, attn_implementation='eager', initializer_range=0.3)
model = LlamaForCausalLM(config).double()
score = (rand(3, 8) * 0.3).detach().requires_grad_()
ids = torch.randint(0, 16, (12,))
classes = torch.tensor([2, 0, 1])
named = dict(model.model.named_parameters(prefix='model')) | {'score.weight': score}
put('train.ids', ids)
for name, p in named.items():
    put('train.' + name, p)
optimiser = torch.optim.AdamW([{'params': [p for p in named.values() if p.dim() == 2], 'weight_decay': 0.1},
                               {'params': [p for p in named.values() if p.dim() == 1], 'weight_decay': 0.0}],
                              lr=0.02, betas=(0.9, 0.95), eps=1e-3)
losses, norms = [], []
for step in range(4):
    text, labels = 0, 0
    for i, (first, end) in enumerate(((0, 4), (4, 9), (9, 12))):
        h = model.model(ids[None, first:end]).last_hidden_state[0]
        text = text + F.cross_entropy(model.lm_head(h)[:-1], ids[first + 1:end], reduction='sum')
        labels = labels + F.cross_entropy(h[-1] @ score.T, classes[i])
    loss = text / 9 + 0.5 * labels / 3
    optimiser.zero_grad()
    loss.backward()
    norms.append(torch.nn.utils.clip_grad_norm_(named.values(), 1.0))
    losses.append(loss)
    optimiser.step()
put('train.losses', torch.stack(losses)), put('train.norms', torch.stack(norms))
for name, p in named.items():
    put('train.end.' + name, p)
