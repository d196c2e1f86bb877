#!/usr/bin/env python3
"""Small files of both formats by their reference packages: small.gguf, small.safetensors. Read by test_gguf.c and test_safetensors.c,
which know what is in them. The versions are in the files."""
import pathlib
from importlib.metadata import version

import gguf
import numpy as np
from gguf.quants import quantize
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent
grid = (np.arange(64, dtype=np.float32) - 32).reshape(2, 32)


def write_gguf():
    w = gguf.GGUFWriter(here / 'small.gguf', 'llama')
    w.add_name(f'gguf {version("gguf")}')
    w.add_uint32('test.u32', 4000000000)
    w.add_int32('test.i32', -5)
    w.add_uint64('test.u64', 2**40)
    w.add_float32('test.f32', 0.5)
    w.add_float64('test.f64', 0.25)
    w.add_bool('test.bool', True)
    w.add_array('test.strings', ['a', '', '中文', 'x' * 300])
    w.add_array('test.numbers', [1, -2, 3])
    w.add_array('test.floats', [0.5, -1.5])
    w.add_tensor('grid.weight', grid)
    w.add_tensor('vector', np.arange(5, dtype=np.float32))
    w.add_tensor('half', grid.astype(np.float16))
    w.add_tensor('blocks', quantize(grid, gguf.GGMLQuantizationType.Q8_0), raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def write_safetensors():
    tensors = {'grid.weight': grid, 'half': grid.astype(np.float16), 'ids': np.arange(3, dtype=np.int64),
               'flags': np.array([True, False, True]), 'one': np.array(2.5, dtype=np.float32)}
    save_file(tensors, here / 'small.safetensors', metadata={'made': f'safetensors {version("safetensors")}'})


write_gguf()
write_safetensors()
