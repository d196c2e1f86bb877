"""Writes a GGUF file's weights again in another type, through the gguf package: the files that peers are measured with

    python3 bench/make_gguf.py SOURCE.gguf TARGET.gguf F32|F16|BF16|Q8_0|Q4_0|Q4_1|Q5_0|Q5_1

Matrices are decoded to F32 and encoded again; vectors stay F32; keys and the tokenizer are copied.
"""
import sys

import gguf
import numpy as np

FILE_TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "BF16": 32}


def copy_keys(reader, writer, kind):
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        value = FILE_TYPES[kind] if name == "general.file_type" else field.contents()
        sub_type = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, value, field.types[0], sub_type=sub_type)


def encoded(tensor, kind):
    values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
    if len(tensor.shape) < 2:
        return values.astype(np.float32), gguf.GGMLQuantizationType.F32
    target = gguf.GGMLQuantizationType[kind]
    return gguf.quants.quantize(np.ascontiguousarray(values, np.float32), target), target


def main():
    source, path, kind = sys.argv[1:4]
    reader = gguf.GGUFReader(source)
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(path, architecture)
    copy_keys(reader, writer, kind)
    for tensor in reader.tensors:
        data, target = encoded(tensor, kind)
        writer.add_tensor(tensor.name, data, raw_dtype=target)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    sys.exit(main())
