"""A worker that runs PyTorch (transformers, weights of a GGUF file as F32) for bench/llama.py: embeddings, prefill, hidden states, chat

    python3 bench/peer_torch.py '{"model": "x.gguf", "work": "embed", "ids": "ids.jsonl", "threads": 2}'

Commands as in worker.py. "type" may be "bfloat16".
"""
import os
import sys
import time

sys.path.append(sys.path.pop(0))  # profile.py beside this file is not the standard one

import torch
import transformers

import worker


def load(task, head=False):
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(task.get("threads", 2))
    torch.set_grad_enabled(False)
    folder, name = os.path.split(task["model"])
    kind = getattr(torch, task.get("type", "float32"))
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=kind).eval()
    return model if head else model.model


def batches(texts, size):
    """Right-padded batches of texts of like length: causal, so padding changes nothing before it."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for start in range(0, len(order), size):
        members = order[start:start + size]
        width = max(len(texts[i]) for i in members)
        yield members, torch.tensor([texts[i] + [0] * (width - len(texts[i])) for i in members])


def embed(task):
    """The last token's state of every text (`pool` mean: the mean)."""
    model = load(task)
    texts = [ids[:task.get("longest", 512)] for ids in worker.lines(task["ids"])]
    out = [None] * len(texts)

    def run():
        for members, ids in batches(texts, task.get("batch", 16)):
            states = model(input_ids=ids, use_cache=False).last_hidden_state
            for row, i in zip(states, members):
                n = len(texts[i])
                out[i] = (row[:n].mean(0) if task.get("pool") == "mean" else row[n - 1]).float().numpy()
        return {"tokens": sum(map(len, texts)), "rows": out}
    return run


def prefill(task):
    """One prompt, the logits of its last token."""
    model = load(task, head=True)
    ids = torch.tensor([worker.lines(task["ids"])[0][:task["prompt"]]])

    def run():
        best = model(input_ids=ids, use_cache=True, logits_to_keep=1).logits[0, -1].argmax()
        return {"tokens": ids.shape[1], "best": int(best)}
    return run


def decode(task):
    """`prompt` tokens, then `steps` greedy ones with the cache; only the steps are timed."""
    streams, prompt, steps = task.get("streams", 1), task["prompt"], task["steps"]
    model = load(task, head=True)
    ids = torch.tensor([row[:prompt] for row in worker.lines(task["ids"])[:streams]])

    def run():
        out = model(input_ids=ids, use_cache=True, logits_to_keep=1)
        start = time.monotonic()
        for _ in range(steps):
            token = out.logits[:, -1].argmax(-1, keepdim=True)
            out = model(input_ids=token, past_key_values=out.past_key_values, use_cache=True)
        return {"seconds": time.monotonic() - start, "tokens": streams * steps}
    return run


def states(task):
    """Logits and final hidden states of every token of every text, one after the other: what exactness is measured against."""
    model = load(task, head=True)
    texts = worker.lines(task["ids"])
    wanted = task["wanted"]

    def run():
        rows = []
        for ids in texts:
            if wanted == "logits":
                rows.append(model(input_ids=torch.tensor([ids]), use_cache=False).logits[0])
            else:
                rows.append(model.model(input_ids=torch.tensor([ids]), use_cache=False).last_hidden_state[0])
        return {"tokens": sum(map(len, texts)), "rows": torch.cat(rows).numpy()}
    return run


if __name__ == "__main__":
    sys.exit(worker.serve({"embed": embed, "prefill": prefill, "decode": decode, "states": states}))
