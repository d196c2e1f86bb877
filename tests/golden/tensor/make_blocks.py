#!/usr/bin/env python3
"""Reference vectors of block formats: blocks.bin, read by tests/unit/tensor/test_dtype.c and test_encode.c.

    make_blocks.py        writes blocks.bin beside this file

One line of text naming the versions, then records until the end of the file, all numbers little-endian:

    u32 kind (0 decode, 1 encode, 2 peer, 3 peer with importance), u32 type (GGUF number), u32 n (elements), u32 n_bytes
    n_bytes of blocks, n F32

decode: blocks of random bytes with chosen F16 scales (ordinary, largest, smallest normal, subnormal, zeros of both signs), and what
gguf.quants.dequantize() makes of them. encode: F32 numbers and what gguf.quants.quantize() makes of them: rows of many sizes, one
constant, zeros, alternating signs, ties between codes. peer: what llama.cpp's own search (ggml_quantize_chunk) makes of 1,024 numbers,
for comparing errors; with importance the n F32 are followed by n importances.
"""
import ctypes
import pathlib
import struct
from importlib.metadata import version

import gguf
import xllamacpp
import numpy as np
from gguf import GGMLQuantizationType as T
from gguf.quants import dequantize, quantize

rng = np.random.default_rng(20261122)
SCALES = [0x2c00, 0xac00, 0x7bff, 0xfbff, 0x0400, 0x8400, 0x0001, 0x83ff, 0x0000, 0x8000, 0x3c00, 0x1234]

# type: (elements, bytes, offsets of F16 numbers, blocks)
DECODED = {
    T.Q4_0: (32, 18, [0], 24), T.Q4_1: (32, 20, [0, 2], 24), T.Q5_0: (32, 22, [0], 24), T.Q5_1: (32, 24, [0, 2], 24),
    T.Q8_0: (32, 34, [0], 24), T.Q2_K: (256, 84, [80, 82], 8), T.Q3_K: (256, 110, [108], 8),
    T.Q4_K: (256, 144, [0, 2], 8), T.Q5_K: (256, 176, [0, 2], 8), T.Q6_K: (256, 210, [208], 8),
}


def random_blocks(size, offsets, n):
    blocks = rng.integers(0, 256, (n, size), dtype=np.uint8)
    for i in range(n):
        for k, at in enumerate(offsets):
            chosen = SCALES[(i + 5 * k) % len(SCALES)] if i < len(SCALES) else int(rng.integers(0, 0x7c00))
            blocks[i, at:at + 2] = np.frombuffer(struct.pack('<H', chosen), np.uint8)
    return blocks


def half_numbers():
    return np.concatenate([np.arange(0, 0x7c00, 37), np.arange(0x8000, 0xfc00, 41), [0x7bff, 0xfbff]]).astype(np.uint16)


def rows_to_encode():
    rows = [rng.normal(0, s, 32) for s in (1e-4, 0.02, 1, 300)]
    rows += [rng.standard_t(2, 32), rng.uniform(-1, 1, 32), np.abs(rng.normal(0, 1, 32)), -np.abs(rng.normal(0, 1, 32))]
    rows += [np.zeros(32), np.full(32, -0.75), np.full(32, 3.0), np.tile([1.0, -1.0], 16), np.arange(-16, 16) / 2]
    rows += [np.arange(32) / 31, np.eye(32)[7] * -5, np.linspace(-8, 7.5, 32), np.linspace(-127, 127, 32) / 2]
    return np.stack(rows).astype(np.float32)


def numbers_to_halve():
    edges = [0.0, -0.0, 65504, 65519, -65519, 65520, 2.0**-24, 2.0**-25, 1.5 * 2.0**-24, 2.0**-14, 2.0**-14 - 2.0**-25, 1 / 3]
    wide = rng.normal(0, 1, 500) * 2.0**rng.integers(-30, 18, 500)
    ties = (np.arange(1, 100) * 2 + 1) * 2.0**-12
    return np.concatenate([edges, wide, ties]).astype(np.float32)


def record(kind, kind_of, data, numbers):
    data, numbers = data.tobytes(), np.ascontiguousarray(numbers, dtype='<f4')
    return struct.pack('<4I', kind, int(kind_of), numbers.size, len(data)) + data + numbers.tobytes()


def peer_encodes(numbers, kind, importance):
    ggml = ctypes.CDLL(xllamacpp.xllamacpp.__file__)
    ggml.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p] + [ctypes.c_int64] * 3 + [ctypes.c_void_p]
    ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
    block, size = gguf.GGML_QUANT_SIZES[kind]
    out = np.zeros(numbers.size // block * size, np.uint8)
    weights = None if importance is None else importance.ctypes.data
    done = ggml.ggml_quantize_chunk(int(kind), numbers.ctypes.data, out.ctypes.data, 0, 1, numbers.size, weights)
    assert done == out.size
    return out


def peer_records():
    numbers = np.concatenate([rng.normal(0, 0.02, 512), rng.standard_t(3, 256) * 0.05, rng.uniform(-0.1, 0.3, 256)]).astype(np.float32)
    importance = (rng.gamma(1, 1, numbers.size) + 0.05).astype(np.float32)
    for kind in (T.Q4_K, T.Q6_K):
        yield record(2, kind, peer_encodes(numbers, kind, None), numbers)
    for kind in (T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q4_K, T.Q6_K):
        yield record(3, kind, peer_encodes(numbers, kind, importance), numbers) + importance.tobytes()


def main():
    names = ', '.join(f'{name} {version(name)}' for name in ('gguf', 'numpy', 'xllamacpp'))
    out = [f'blocks of {names}\n'.encode()]
    for kind, (_, size, offsets, n) in DECODED.items():
        blocks = random_blocks(size, offsets, n)
        with np.errstate(over='ignore'):
            out.append(record(0, kind, blocks, dequantize(blocks, kind)))
    halves = half_numbers()
    out.append(record(0, T.F16, halves, dequantize(halves.view(np.uint8), T.F16)))
    brains = rng.integers(0, 0x7f80, 400).astype(np.uint16) | (rng.integers(0, 2, 400).astype(np.uint16) << 15)
    out.append(record(0, T.BF16, brains, dequantize(brains.view(np.uint8), T.BF16)))
    rows = rows_to_encode()
    for kind in (T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0):
        out.append(record(1, kind, quantize(rows, kind), rows))
    numbers = numbers_to_halve()
    with np.errstate(over='ignore'):
        out.append(record(1, T.F16, quantize(numbers, T.F16), numbers))
    out.append(record(1, T.BF16, quantize(numbers, T.BF16), numbers))
    out.extend(peer_records())
    pathlib.Path(__file__).with_name('blocks.bin').write_bytes(b''.join(out))


if __name__ == '__main__':
    main()
