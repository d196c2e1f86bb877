#!/usr/bin/env python3
"""Logits and hidden states of a real GGUF model, huaxiang against transformers in F32 on the same (decoded) weights.

    python3 check_real.py LIBHUAXIANG.so MODEL.gguf [TEXT]

Needs torch and transformers (with gguf). Prints the greatest difference relative to the greatest magnitude, for the exact form, and the mean
cosine of hidden states for the fast one. Loads of 0.5B parameters in F32 take 2 GB.
"""
import ctypes as C
import pathlib
import sys

import numpy as np
import torch
import transformers

TEXT = ('The capital of France is Paris. This phone is good value, but the battery died after two days and nobody '
        'answered my letters. 这家餐厅的菜很好吃，服务也周到，就是等位时间太长了。')


class Error(C.Structure):
    _fields_ = [('ui', C.c_int), ('code', C.c_int), ('row', C.c_int64), ('byte', C.c_int64), ('message', C.c_char * 512)]


class Options(C.Structure):
    _fields_ = [('precision', C.c_int), ('n_threads', C.c_size_t), ('tokenizer_only', C.c_bool), ('kernels', C.c_char_p)]


class Piece(C.Structure):
    _fields_ = [('ids', C.POINTER(C.c_int32)), ('n', C.c_size_t), ('sequence', C.c_int32), ('want', C.c_uint),
                ('bidirectional', C.c_bool), ('step', C.c_bool)]


def run(lib, path, ids, precision, n_embd, n_vocab):
    err, model, context = Error(), C.c_void_p(), C.c_void_p()

    def check(status):
        if status:
            sys.exit(err.message.decode())
    check(lib.hx_llama_open(C.byref(model), str(path).encode(), C.byref(Options(precision, 2)), C.byref(err)))
    check(lib.hx_llama_context_open(C.byref(context), model, None, C.byref(err)))
    tokens = (C.c_int32 * len(ids))(*ids)
    piece = Piece(tokens, len(ids), -1, 2 | 8, False, False)
    check(lib.hx_llama_run(context, C.byref(piece), C.c_size_t(1), C.byref(err)))

    def rows(f, width):
        f.restype = C.POINTER(C.c_float)
        n = C.c_size_t()
        p = f(context, C.c_size_t(0), C.byref(n))
        return np.ctypeslib.as_array(p, (n.value, width)).copy()
    out = rows(lib.hx_llama_hidden, n_embd), rows(lib.hx_llama_logits, n_vocab)
    lib.hx_llama_context_close(context)
    lib.hx_llama_close(model)
    return out


def main():
    lib, path = C.CDLL(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    text = sys.argv[3] if len(sys.argv) > 3 else TEXT
    torch.set_num_threads(2)
    where = dict(gguf_file=path.name)
    tokenizer = transformers.AutoTokenizer.from_pretrained(path.parent, **where)
    model = transformers.AutoModelForCausalLM.from_pretrained(path.parent, **where, dtype=torch.float32,
                                                              attn_implementation='eager').eval()
    ids = tokenizer(text, add_special_tokens=False).input_ids
    with torch.no_grad():
        out = model(torch.tensor([ids]), output_hidden_states=True)
    want = out.hidden_states[-1][0].numpy(), out.logits[0].numpy()
    for name, precision in ('exact', 1), ('fast', 0):
        got = run(lib, path, ids, precision, want[0].shape[1], want[1].shape[1])
        errors = [np.abs(g - w).max() / np.abs(w).max() for g, w in zip(got, want)]
        cosine = [float((a @ b) / np.sqrt((a @ a) * (b @ b))) for a, b in zip(got[0], want[0])]
        same = float((got[1].argmax(1) == want[1].argmax(1)).mean())
        print(f'{path.name}: {len(ids)} tokens, {name}: error of hidden states {errors[0]:.2e}, of logits {errors[1]:.2e}, '
              f'mean cosine {np.mean(cosine):.6f}, likeliest token the same {same:.3f}')


if __name__ == '__main__':
    main()
