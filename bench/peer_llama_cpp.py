"""A worker that runs llama.cpp for bench/llama.py: embeddings, decoding, prefill, perplexity through its C interface, chat by its server

    python3 bench/peer_llama_cpp.py '{"model": "x.gguf", "work": "embed", "ids": "ids.jsonl", "threads": 2}'

The library is the one inside xllamacpp, or the one that HX_LLAMA_CPP names (a libllama.so built from source). Each line on standard
input is answered by one JSON line: "run" -> seconds, tokens; "quit" -> peak megabytes. Loading is outside all times but `cold`'s.
"""
import ctypes as c
import glob
import json
import os
import sys
import time

sys.path.append(sys.path.pop(0))  # profile.py beside this file is not the standard one

import worker

LAST, NONE = 3, 0
ptr = c.c_void_p


class ModelParams(c.Structure):
    _fields_ = [("devices", ptr), ("overrides", ptr), ("n_gpu_layers", c.c_int32), ("split_mode", c.c_int32),
                ("load_mode", c.c_int32), ("lazy_mode", c.c_int32), ("main_gpu", c.c_int32), ("tensor_split", ptr),
                ("progress", ptr), ("progress_data", ptr), ("kv_overrides", ptr), ("flags", c.c_bool * 8), ("spare", c.c_char * 64)]


class ContextParams(c.Structure):
    _fields_ = [("n_ctx", c.c_uint32), ("n_batch", c.c_uint32), ("n_ubatch", c.c_uint32), ("n_seq_max", c.c_uint32),
                ("n_rs_seq", c.c_uint32), ("n_outputs_max", c.c_uint32), ("n_outputs_max_per_seq", c.c_uint32),
                ("n_threads", c.c_int32), ("n_threads_batch", c.c_int32), ("ctx_type", c.c_int32),
                ("rope_scaling_type", c.c_int32), ("pooling_type", c.c_int32), ("attention_type", c.c_int32),
                ("flash_attn_type", c.c_int32), ("rope", c.c_float * 6), ("yarn_orig_ctx", c.c_uint32), ("defrag", c.c_float),
                ("cb_eval", ptr), ("cb_eval_data", ptr), ("type_k", c.c_int32), ("type_v", c.c_int32), ("rest", c.c_char * 160)]


# The switches stand behind pointers whose number differs between versions; their defaults tell where.
SWITCHES = {"embeddings": 0, "offload_kqv": 1, "no_perf": 1, "op_offload": 1, "swa_full": 1, "kv_unified": 0}


def set_switches(params, wanted):
    start = c.addressof(params) + ContextParams.rest.offset
    data = c.string_at(start, 160)
    at = next(i for i in range(0, 96, 8) if list(data[i:i + 6]) == list(SWITCHES.values()))
    for i, (name, value) in enumerate(SWITCHES.items()):
        c.memset(start + at + i, int(wanted.get(name, value)), 1)


class Batch(c.Structure):
    _fields_ = [("n_tokens", c.c_int32), ("token", c.POINTER(c.c_int32)), ("embd", ptr), ("pos", c.POINTER(c.c_int32)),
                ("n_seq_id", c.POINTER(c.c_int32)), ("seq_id", c.POINTER(c.POINTER(c.c_int32))), ("logits", c.POINTER(c.c_int8))]


def library():
    """llama.cpp's functions with their types; the parameters' layout is checked against known defaults."""
    path = os.environ.get("HX_LLAMA_CPP")
    if not path:
        import xllamacpp
        path = glob.glob(os.path.join(os.path.dirname(xllamacpp.__file__), "*.so"))[0]
    lib = c.CDLL(path)
    quiet = c.CFUNCTYPE(None, c.c_int, c.c_char_p, ptr)(lambda level, text, data: None)
    lib.keep = quiet
    lib.llama_log_set(quiet, None)
    for name, result, *arguments in [
            ("llama_model_default_params", ModelParams), ("llama_context_default_params", ContextParams),
            ("llama_model_load_from_file", ptr, c.c_char_p, ModelParams), ("llama_init_from_model", ptr, ptr, ContextParams),
            ("llama_batch_init", Batch, c.c_int32, c.c_int32, c.c_int32), ("llama_decode", c.c_int32, ptr, Batch),
            ("llama_get_embeddings_seq", c.POINTER(c.c_float), ptr, c.c_int32), ("llama_get_memory", ptr, ptr),
            ("llama_get_logits_ith", c.POINTER(c.c_float), ptr, c.c_int32), ("llama_memory_clear", None, ptr, c.c_bool),
            ("llama_model_get_vocab", ptr, ptr), ("llama_vocab_n_tokens", c.c_int32, ptr), ("llama_model_n_embd", c.c_int32, ptr),
            ("llama_tokenize", c.c_int32, ptr, c.c_char_p, c.c_int32, ptr, c.c_int32, c.c_bool, c.c_bool),
            ("llama_synchronize", None, ptr)]:
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    lib.llama_backend_init()
    params = lib.llama_context_default_params()
    if (params.n_ctx, params.n_batch, params.n_ubatch, params.n_seq_max) != (512, 2048, 512, 1) or params.type_k != 1:
        sys.exit("peer_llama_cpp: the parameters' layout is not the one known here")
    return lib


class Model:
    """A model with one context and a batch of `n_batch` tokens."""

    def __init__(self, task, **settings):
        self.lib = library()
        self.model = self.lib.llama_model_load_from_file(task["model"].encode(), self.lib.llama_model_default_params())
        params = self.lib.llama_context_default_params()
        params.n_threads = params.n_threads_batch = task.get("threads", 2)
        for name in [name for name in settings if name not in SWITCHES]:
            setattr(params, name, settings[name])
        set_switches(params, {name: value for name, value in settings.items() if name in SWITCHES})
        self.context = self.lib.llama_init_from_model(self.model, params)
        if not self.context:
            sys.exit("peer_llama_cpp: no context")
        self.n_batch = params.n_batch
        self.batch = self.lib.llama_batch_init(self.n_batch, 0, 1)
        self.n_vocab = self.lib.llama_vocab_n_tokens(self.lib.llama_model_get_vocab(self.model))
        self.n_embd = self.lib.llama_model_n_embd(self.model)

    def clear(self):
        self.lib.llama_memory_clear(self.lib.llama_get_memory(self.context), False)
        self.batch.n_tokens = 0

    def add(self, token, position, sequence, wanted):
        at = self.batch.n_tokens
        self.batch.token[at], self.batch.pos[at], self.batch.n_seq_id[at] = token, position, 1
        self.batch.seq_id[at][0], self.batch.logits[at] = sequence, wanted
        self.batch.n_tokens = at + 1

    def decode(self):
        if self.lib.llama_decode(self.context, self.batch):
            sys.exit("peer_llama_cpp: llama_decode failed")
        self.lib.llama_synchronize(self.context)
        self.batch.n_tokens = 0

    def tokenize(self, text):
        data = text.encode()
        out = (c.c_int32 * (len(data) + 8))()
        n = self.lib.llama_tokenize(self.lib.llama_model_get_vocab(self.model), data, len(data), out, len(out), True, False)
        return list(out[:n])

    def logits(self, at=-1):
        import numpy
        return numpy.ctypeslib.as_array(self.lib.llama_get_logits_ith(self.context, at), (self.n_vocab,))

    def embedding(self, sequence):
        import numpy
        return numpy.ctypeslib.as_array(self.lib.llama_get_embeddings_seq(self.context, sequence), (self.n_embd,)).copy()


def embed(task):
    """Texts packed into batches of up to `batch` tokens, one sequence each, the last token's state."""
    size = task.get("batch", 512)
    model = Model(task, n_ctx=size, n_batch=size, n_ubatch=size, n_seq_max=64, embeddings=True, pooling_type=LAST, kv_unified=True)
    texts = [ids[:size] for ids in worker.lines(task["ids"])]
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    out = [None] * len(texts)

    def flush(members):
        model.decode()
        for sequence, i in enumerate(members):
            out[i] = model.embedding(sequence)
        model.clear()
        return []

    def run():
        members = []
        for i in order:
            if model.batch.n_tokens + len(texts[i]) > size or len(members) == 64:
                members = flush(members)
            for position, token in enumerate(texts[i]):
                model.add(token, position, len(members), 1)
            members.append(i)
        flush(members)
        return {"tokens": sum(map(len, texts)), "rows": out}
    return run


def decode(task):
    """`streams` sequences of `prompt` tokens each, then `steps` greedy tokens; only the steps are timed."""
    streams, prompt, steps = task.get("streams", 1), task["prompt"], task["steps"]
    model = Model(task, n_ctx=streams * (prompt + steps), n_batch=max(512, streams * prompt), n_seq_max=streams)
    ids = worker.lines(task["ids"])

    def run():
        model.clear()
        for s in range(streams):
            for position in range(prompt):
                model.add(ids[s][position], position, s, int(position == prompt - 1))
        model.decode()
        tokens = [int(model.logits((s + 1) * prompt - 1).argmax()) for s in range(streams)]
        start = time.monotonic()
        for step in range(steps):
            for s in range(streams):
                model.add(tokens[s], prompt + step, s, 1)
            model.decode()
            tokens = [int(model.logits(s).argmax()) for s in range(streams)]
        return {"seconds": time.monotonic() - start, "tokens": streams * steps}
    return run


def prefill(task):
    """One prompt of `prompt` tokens, the logits of its last one."""
    n = task["prompt"]
    model = Model(task, n_ctx=n, n_batch=n, n_ubatch=task.get("batch", 512))
    ids = worker.lines(task["ids"])[0][:n]

    def run():
        model.clear()
        for position, token in enumerate(ids):
            model.add(token, position, 0, int(position == n - 1))
        model.decode()
        return {"tokens": n, "best": int(model.logits().argmax())}
    return run


def perplexity(task):
    """Mean negative log-likelihood of the second half of each chunk of `chunk` tokens, as its own perplexity program does."""
    import numpy
    n = task["chunk"]
    model = Model(task, n_ctx=n, n_batch=n, n_ubatch=min(n, 512))
    ids = worker.lines(task["ids"])[0]

    def run():
        total = count = 0
        for start in range(0, len(ids) - n + 1, n):
            model.clear()
            for position, token in enumerate(ids[start:start + n]):
                model.add(token, position, 0, int(position >= n // 2 - 1))
            model.decode()
            for position in range(n // 2, n):
                row = model.logits(position - 1).astype(numpy.float64)
                total += numpy.log(numpy.exp(row - row.max()).sum()) + row.max() - row[ids[start + position]]
                count += 1
        return {"tokens": count, "nll": total / count}
    return run


def cold(task):
    """Once: from the call that loads to the first embedding."""
    start = time.monotonic()
    model = Model(task, n_ctx=512, embeddings=True, pooling_type=LAST)
    for position, token in enumerate(model.tokenize(task["text"])):
        model.add(token, position, 0, 1)
    model.decode()
    model.embedding(0)
    took = time.monotonic() - start
    return lambda: {"seconds": took, "tokens": 1}


def chat(task):
    """The server's chat completion, a text at a time: instruction and text as one user turn, at most 4 tokens of answer."""
    import xllamacpp
    params = xllamacpp.CommonParams()
    params.model.path = task["model"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = task.get("threads", 2)
    params.n_ctx, params.n_parallel, params.verbosity = 2048, 1, -1
    params.cache_prompt = task["cache"]
    server = xllamacpp.Server(params)
    texts = task["texts"]

    def ask(text):
        request = {"messages": [{"role": "user", "content": task["instruction"] + text}], "max_tokens": 4, "temperature": 0,
                   "cache_prompt": task["cache"]}
        answer = server.handle_chat_completions(request)
        answer = json.loads(answer) if isinstance(answer, (str, bytes)) else answer
        return answer["choices"][0]["message"]["content"], answer["usage"]["prompt_tokens"]

    def run():
        answers = [ask(text) for text in texts]
        return {"texts": len(texts), "answers": [a for a, _ in answers], "tokens": sum(n for _, n in answers)}
    return run


def tokenize(task):
    """Writes the ids of each line of the file `texts` to the file `ids`: what all contestants get."""
    model = Model(task, n_ctx=64)
    with open(task["texts"], encoding="utf-8") as source, open(task["ids"], "w", encoding="ascii") as out:
        for line in source:
            print(json.dumps(model.tokenize(line.rstrip("\n"))), file=out)
    return lambda: {"tokens": 0}


WORKS = {"tokenize": tokenize, "embed": embed, "decode": decode, "prefill": prefill, "perplexity": perplexity, "cold": cold, "chat": chat}

if __name__ == "__main__":
    worker.serve(WORKS)
