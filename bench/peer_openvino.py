"""A worker that runs OpenVINO for bench/llama.py: embeddings with F32 weights, int8 weights, int8 weights and activations

    python3 bench/peer_openvino.py '{"model": "x.gguf", "work": "embed", "ids": "ids.jsonl", "form": "f32|int8|int8wa", "threads": 2}'

The model is transformers' (weights of the GGUF file as F32), converted once and kept as OpenVINO's files under HX_BENCH_DIR; int8 forms
are made by nncf (compress_weights; quantize with 100 texts as calibration). Commands as in worker.py.
"""
import os
import sys

sys.path.append(sys.path.pop(0))  # profile.py beside this file is not the standard one

import numpy as np
import openvino as ov
import torch

import alternate
import peer_torch
import worker


class States(torch.nn.Module):
    """Ids and mask in, final hidden states out."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).last_hidden_state


def inputs(ids):
    width = max(map(len, ids))
    padded = np.array([row + [0] * (width - len(row)) for row in ids], np.int64)
    mask = np.array([[1] * len(row) + [0] * (width - len(row)) for row in ids], np.int64)
    return {"input_ids": padded, "attention_mask": mask}


def converted(task):
    model = peer_torch.load(task)
    model.config._attn_implementation = "sdpa"
    example = {name: torch.tensor(value) for name, value in inputs([[1, 2, 3, 4, 5], [6, 7, 8]]).items()}
    out = ov.convert_model(States(model), example_input=example)
    out.reshape({out.inputs[0]: ov.PartialShape([-1, -1]), out.inputs[1]: ov.PartialShape([-1, -1])})
    return out


def changed(model, form, texts):
    """The int8 forms of nncf."""
    if form == "f32":
        return model
    import nncf
    if form == "int8":
        return nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_ASYM)
    samples = nncf.Dataset([inputs([ids]) for ids in texts[:100]])
    return nncf.quantize(model, samples, model_type=nncf.ModelType.TRANSFORMER, subset_size=100)


def prepared(task, texts):
    stem = os.path.splitext(os.path.basename(task["model"]))[0]
    path = os.path.join(alternate.bench_dir(), f"openvino-{stem}-{task['form']}.xml")
    if not os.path.exists(path):
        ov.save_model(changed(converted(task), task["form"], texts), path, compress_to_fp16=False)
    core = ov.Core()
    settings = {"INFERENCE_NUM_THREADS": task.get("threads", 2), "PERFORMANCE_HINT": "LATENCY"}
    if task["form"] == "f32":
        settings["INFERENCE_PRECISION_HINT"] = "f32"
    return core.compile_model(core.read_model(path), "CPU", settings)


def embed(task):
    texts = [ids[:task.get("longest", 512)] for ids in worker.lines(task["ids"])]
    request = prepared(task, texts).create_infer_request()
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    size = task.get("batch", 16)
    out = [None] * len(texts)

    def run():
        for start in range(0, len(order), size):
            members = order[start:start + size]
            states = request.infer(inputs([texts[i] for i in members]))[0]
            for row, i in zip(states, members):
                out[i] = row[len(texts[i]) - 1].copy()
        return {"tokens": sum(map(len, texts)), "rows": out}
    return run


if __name__ == "__main__":
    sys.exit(worker.serve({"embed": embed}))
