#!/usr/bin/env python3
"""Makes vectors.txt: inputs, outputs and gradients of PyTorch, for tests/unit/nn/test_golden.c.

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
