"""Language models beside llama.cpp, PyTorch and OpenVINO: embeddings, decoding, prefill, labels, cold start, schemas

    HX_PEER_PYTHON=python-with-peers script/bench llama [ROW...] [--rounds 5] [--texts 600] [--json FILE]

Rows: embed-smollm2 embed-qwen decode-smollm2 decode-qwen decode8-smollm2 decode8-qwen prefill label cold schema tokenize (all by default).
The models are looked for in HX_MODEL_DIR (default ~/.cache/huaxiang/models, as `huaxiang models get` puts them), the texts in
HX_SHARED_DATA. Every contestant is a process that loads first and then runs when asked (bench/worker.py), in turns; medians are
compared. All get the same weights (those of the GGUF file, decoded where the type is another) and the same token ids; ours tokenises
within its time. llama.cpp is xllamacpp's and, where HX_LLAMA_CPP names a libllama.so built for this machine, that one too.
"""
import argparse
import array
import gzip
import json
import math
import operator
import os
import statistics
import subprocess
import sys
import time

import alternate

THREADS = 2
MODELS = {"smollm2": "smollm2-135m.gguf", "qwen": "qwen2.5-coder-0.5b.gguf"}
INSTRUCTION = """You read reviews that customers wrote about products of an online shop, hotels, meals and films, in English or in Chinese. \
Decide whether the customer was content on the whole. A review that praises the product, the seller or the delivery is positive. A review \
that complains about quality, price, service, delivery or taste is negative. Where a review says both, decide by what matters more to the \
customer. Irony counts as what it means, not as what it says. Answer with one word, positive or negative, and nothing else.
Review: """
SCHEMA = {"type": "object", "additionalProperties": False, "required": ["mood", "points", "summary"], "properties": {
    "mood": {"type": "string", "enum": ["positive", "negative", "mixed"]},
    "points": {"type": "array", "items": {"type": "string", "maxLength": 40}, "minItems": 3, "maxItems": 6},
    "summary": {"type": "string", "minLength": 80, "maxLength": 400}}}


class Worker:
    """One contestant: a process that answers "run"."""

    def __init__(self, command, environment=None):
        self.start = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, env={**os.environ, **(environment or {})})
        self.answer()
        self.ready_after = time.monotonic() - self.start

    def answer(self):
        for line in self.process.stdout:
            if line.startswith("{"):  # some peers' libraries talk in between
                return json.loads(line)
        raise RuntimeError(f"{os.path.basename(self.process.args[1])} gave up")

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        peak = self.say("quit")["peak_mb"]
        self.process.wait()
        return peak


class Bench:
    """Paths, contestants and what was measured."""

    def __init__(self, args):
        self.args = args
        self.folder = alternate.bench_dir()
        self.program = os.path.join(alternate.build("bench_llama_run"), "bench", "bench_llama_run")
        self.table = []
        self.ratios = []

    def model(self, name):
        folder = os.environ.get("HX_MODEL_DIR", os.path.expanduser("~/.cache/huaxiang/models"))
        return os.path.realpath(os.path.join(folder, MODELS[name]))

    def of_type(self, name, kind):
        """The same weights in another type, made once."""
        path = os.path.join(self.folder, f"{name}-{kind}.gguf")
        if not os.path.exists(path):
            script = os.path.join(alternate.ROOT, "bench", "make_gguf.py")
            subprocess.run([alternate.peer_python(), script, self.model(name), path, kind], check=True)
        return path

    def texts(self, name, n):
        """sst2 for the English model, half online_shopping for the other."""
        rows = read_column("sst2", n) if name == "smollm2" else [
            text for pair in zip(read_column("sst2", n // 2), read_column("online_shopping", n // 2)) for text in pair]
        return self.keep(f"texts-{name}-{n}.txt", "\n".join(rows) + "\n")

    def keep(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def ids(self, name, texts):
        path = texts + f".{name}.ids"
        task = {"model": self.model(name), "work": "tokenize", "texts": texts, "ids": path}
        self.peer("llama_cpp", **task).close()
        return path

    def ours(self, model, work, **keys):
        return Worker([self.program, model, work, *(f"{key}={value}" for key, value in keys.items()), f"threads={THREADS}"])

    def peer(self, name, environment=None, **task):
        script = os.path.join(alternate.ROOT, "bench", f"peer_{name}.py")
        return Worker([alternate.peer_python(), script, json.dumps({"threads": THREADS, **task})], environment)

    def llama_cpp(self, label, **task):
        """The contestants of llama.cpp: the packaged one, and the one built for this machine."""
        return {f"llama.cpp {label}{build}": make for build, make in self.builds(task).items()}

    def builds(self, task):
        found = {"": lambda: self.peer("llama_cpp", {"HX_LLAMA_CPP": ""}, **task)}
        if os.environ.get("HX_LLAMA_CPP"):
            found[", native build"] = lambda: self.peer("llama_cpp", **task)
        return found

    def fastest(self, row, makers, unit="tokens"):
        """Of several settings of one peer the fastest in a short trial, as a contestant; all of them where there are no trials."""
        speeds = {}
        if self.args.no_trials or len(makers) == 1:
            return {name: lambda make=make: make(False) for name, make in makers.items()}
        for name, make in makers.items():
            worker = make(True)
            runs = [worker.say("run") for _ in range(2)]
            speeds[name] = runs[0][unit] / min(run["seconds"] for run in runs)
            worker.close()
            print(f"{row}: trial: {name}: {speeds[name]:.1f} {unit}/s", file=sys.stderr, flush=True)
        winner = max(speeds, key=speeds.get)
        return {winner: lambda: makers[winner](False)}

    def race(self, row, makers, unit, save=0, whole=True):
        """Runs {name: maker} in turns; the first round warms up and, with `save` (how many rows there are), keeps them for cosines.

        `whole`: what is timed is the whole run, so that the processor time of the run, which other work on the machine disturbs less,
        may be told too."""
        workers, seconds, spent, counts, saved = {}, {}, {}, {}, {}
        for name, make in makers.items():
            try:
                workers[name] = make()
            except (RuntimeError, OSError) as error:
                print(f"{row}: {name}: left out: {error}", file=sys.stderr)
        for name, worker in workers.items():
            saved[name] = os.path.join(self.folder, f"rows-{row}-{len(saved)}.f32")
            result = worker.say(f"save {saved[name]}" if save else "run")
            counts[name] = result.get(unit, result.get("tokens"))
            seconds[name], spent[name] = [], []
        for number in range(self.args.rounds):
            for name, worker in workers.items():
                answer = worker.say("run")
                seconds[name].append(answer["seconds"])
                spent[name].append(answer.get("cpu", math.nan))
                print(f"{row}: round {number + 1}: {name}: {counts[name] / seconds[name][-1]:.1f} {unit}/s", file=sys.stderr, flush=True)
        closeness = cosines(saved, list(counts), save) if save else {}
        speeds = {}
        for name, worker in workers.items():
            speeds[name] = counts[name] / statistics.median(seconds[name])
            self.add(row, name, speeds[name], f"{unit}/s", worker.close(), closeness.get(name), counts[name],
                     counts[name] / statistics.median(spent[name]) if whole else None)
        print(f"{row}: load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
        return speeds

    def add(self, row, name, value, unit, peak, cosine=None, count=None, per_cpu=None):
        self.table.append({"row": row, "contestant": name, "value": round(value, 2), "unit": unit, "peak_mb": round(peak), "cosine": cosine,
                           "count": count, "load": round(os.getloadavg()[0], 1), "per_cpu": per_cpu and round(per_cpu, 1)})

    def ratio(self, row, what, value, goal, at_most=False):
        met = value <= goal if at_most else value >= goal
        self.ratios.append({"row": row, "what": what, "value": round(value, 3), "goal": f"{'<=' if at_most else '>='} {goal}",
                            "met": bool(met)})


def read_column(name, n):
    """`n` texts of a test part, evenly spread."""
    path = os.path.join(alternate.shared_data(), name, "test.tsv")
    opened = open(path, encoding="utf-8") if os.path.exists(path) else gzip.open(path + ".gz", "rt", encoding="utf-8")
    with opened as file:
        at = next(file).rstrip("\n").split("\t").index("text")
        rows = [text for text in (line.rstrip("\n").split("\t")[at] for line in file) if text.strip()]
    return [rows[i * len(rows) // n] for i in range(n)] if n < len(rows) else rows


def read_rows(path, n):
    values = array.array("f")
    with open(path, "rb") as file:
        values.frombytes(file.read())
    width = len(values) // n
    return [values[i * width:(i + 1) * width] for i in range(n)]


def cosine(a, b):
    return sum(map(operator.mul, a, b)) / math.sqrt(sum(map(operator.mul, a, a)) * sum(map(operator.mul, b, b)))


def cosines(saved, names, n):
    """Mean cosine of every contestant's rows to those of PyTorch, else of our exact form."""
    reference = next((name for name in names if name.startswith("PyTorch F32")), "ours exact")
    if reference not in names:
        return {}
    base = read_rows(saved[reference], n)
    return {name: round(sum(map(cosine, read_rows(saved[name], n), base)) / n, 5) for name in names}


def best(speeds, *starts):
    return max((value for name, value in speeds.items() if name.startswith(starts)), default=None)


def first_lines(path, n):
    short = f"{path}.{n}"
    with open(path, encoding="utf-8") as source, open(short, "w", encoding="utf-8") as out:
        out.writelines(line for line, _ in zip(source, range(n)))
    return short


def tuned_llama_cpp(bench, name, row, ids):
    """Of each build the fastest type, and of that the faster batch; all of them where there are no trials."""
    found, short, batches = {}, first_lines(ids, 24), [int(batch) for batch in bench.args.batches.split(",")]
    for build in bench.builds({}):
        def maker(kind, batch, build=build):
            path = bench.model(name) if kind == "as packaged" else bench.of_type(name, kind)
            return lambda trial: bench.builds({"model": path, "work": "embed", "ids": short if trial else ids, "batch": batch})[build]()
        kinds = {kind: maker(kind, batches[0]) for kind in bench.args.types.split(",")}
        for kind in bench.fastest(f"{row}{build}", kinds):
            found.update(bench.fastest(row, {f"llama.cpp {kind}, batch {batch}{build}": maker(kind, batch) for batch in batches}))
    return found


def tuned_torch(bench, model, row, ids):
    short, found = first_lines(ids, 48), {}
    for kind, label in {"float32": "F32", "bfloat16": "BF16"}.items():
        makers = {}
        for batch in map(int, bench.args.torch_batches.split(",")):
            def make(trial, batch=batch, kind=kind):
                return bench.peer("torch", model=model, work="embed", ids=short if trial else ids, type=kind, batch=batch)
            makers[f"PyTorch {label}, batch {batch}"] = make
        if label in bench.args.torch.split(","):
            found.update(bench.fastest(row, makers))
    return found


def embed(bench, name):
    row = f"embed-{name}"
    n = bench.args.texts
    model, texts = bench.model(name), bench.texts(name, n)
    ids = bench.ids(name, texts)
    makers = {"ours fast": lambda: bench.ours(model, "embed", texts=texts),
              "ours exact": lambda: bench.ours(model, "embed", texts=texts, precision="exact")}
    makers.update(tuned_llama_cpp(bench, name, row, ids))
    makers.update(tuned_torch(bench, model, row, ids))
    forms = {"f32": "F32", "int8": "int8 weights", "int8wa": "int8 weights and activations"}
    for form in [form for form in forms if form in bench.args.openvino.split(",")]:
        makers[f"OpenVINO {forms[form]}"] = lambda form=form: bench.peer("openvino", model=model, work="embed", ids=ids, form=form)
    with open(texts, encoding="utf-8") as file:
        speeds = bench.race(row, makers, "tokens", save=sum(1 for _ in file))
    packaged = max((v for k, v in speeds.items() if k.startswith("llama.cpp") and "native" not in k), default=None)
    f32 = best(speeds, "llama.cpp F32", "PyTorch F32", "OpenVINO F32")
    for what, ours, other, goal in [("fast / llama.cpp (best type)", "ours fast", packaged, 6),
                                    ("fast / llama.cpp native", "ours fast",
                                     max((v for k, v in speeds.items() if "native" in k), default=None), 1),
                                    ("fast / PyTorch F32", "ours fast", best(speeds, "PyTorch F32"), 5),
                                    ("fast / OpenVINO int8", "ours fast", best(speeds, "OpenVINO int8"), 1.7),
                                    ("exact / best F32 peer", "ours exact", f32, 1.5)]:
        if other and ours in speeds:
            bench.ratio(row, what, speeds[ours] / other, goal)
    closeness = next((r["cosine"] for r in bench.table if r["row"] == row and r["contestant"] == "ours fast"), None)
    if closeness:
        bench.ratio(row, "mean cosine of fast to F32", closeness, .998)


def decode(bench, name, streams):
    row = f"decode{streams if streams > 1 else ''}-{name}"
    model = bench.model(name)
    ids = long_ids(bench, name)
    task = {"ids": ids, "streams": streams, "prompt": 128, "steps": 64}
    makers = {"ours": lambda: bench.ours(model, "decode", **task), **bench.llama_cpp("as packaged", model=model, work="decode", **task)}
    speeds = bench.race(row, makers, "tokens", whole=False)
    packaged = max(v for k, v in speeds.items() if k.startswith("llama.cpp") and "native" not in k)
    bench.ratio(row, "ours / llama.cpp", speeds["ours"] / packaged, 3 if streams > 1 else 2.5)
    native = best({k: v for k, v in speeds.items() if "native" in k}, "llama")
    if native:
        bench.ratio(row, "ours / llama.cpp native", speeds["ours"] / native, 1)
    if streams == 1:
        reached = os.path.getsize(model) * speeds["ours"] / 1e9
        bench.add(row, "GB/s of weights read (file size x tokens/s)", reached, "GB/s", 0)


def long_ids(bench, name):
    """Eight rows of 2,048 ids of English prose."""
    with open(os.path.join(alternate.shared_data(), "lm_en", "dev.txt"), encoding="utf-8") as file:
        words = file.read().replace("\n", " ")
    while len(words) < 160000:
        words += words
    texts = bench.keep(f"long-{name}.txt", "\n".join(words[i * 20000:(i + 1) * 20000] for i in range(8)) + "\n")
    path = bench.ids(name, texts)
    with open(path, encoding="ascii") as file:
        rows = [json.loads(line)[:2048] for line in file]
    return bench.keep(f"long-{name}.ids", "".join(json.dumps(row) + "\n" for row in rows))


def prefill(bench, name="smollm2"):
    model, ids = bench.model(name), long_ids(bench, name)
    task = {"ids": ids, "prompt": 2048}
    makers = {"ours fast": lambda: bench.ours(model, "prefill", **task),
              "PyTorch F32": lambda: bench.peer("torch", model=model, work="prefill", **task),
              **bench.llama_cpp("F16", model=bench.of_type(name, "F16"), work="prefill", **task)}
    speeds = bench.race("prefill", makers, "tokens")
    if "PyTorch F32" in speeds:
        bench.ratio("prefill", "fast / PyTorch F32", speeds["ours fast"] / speeds["PyTorch F32"], 2.5)
    bench.ratio("prefill", "fast / llama.cpp F16", speeds["ours fast"] / speeds["llama.cpp F16"], 4)
    if "llama.cpp F16, native build" in speeds:
        bench.ratio("prefill", "fast / llama.cpp F16 native", speeds["ours fast"] / speeds["llama.cpp F16, native build"], 1)


def label(bench):
    model, texts = bench.model("qwen"), bench.texts("qwen", bench.args.label_texts)
    instruction = bench.keep("instruction.txt", INSTRUCTION)
    with open(texts, encoding="utf-8") as file:
        rows = file.read().splitlines()
    task = {"model": model, "work": "chat", "instruction": INSTRUCTION, "texts": rows}
    speeds = bench.race("label", {
        "ours": lambda: bench.ours(model, "label", texts=texts, instruction=instruction, labels="negative,positive"),
        "llama.cpp chat": lambda: bench.peer("llama_cpp", {"HX_LLAMA_CPP": ""}, cache=False, **task),
        "llama.cpp chat, prompt cache": lambda: bench.peer("llama_cpp", {"HX_LLAMA_CPP": ""}, cache=True, **task)}, "texts")
    bench.ratio("label", "ours / llama.cpp chat", speeds["ours"] / speeds["llama.cpp chat"], 10)
    bench.ratio("label", "ours / llama.cpp chat with prompt cache", speeds["ours"] / speeds["llama.cpp chat, prompt cache"], 1)


def cold(bench, name="smollm2"):
    """From the start of the process to the first embedding; the peer's time counts from its call that loads, its process apart."""
    model = bench.model(name)
    texts = bench.keep("cold.txt", "The parcel came two days late and the box was open.\n")
    times = {"ours": [], "ours exact": [], "llama.cpp": [], "llama.cpp with its Python": []}
    peaks = dict.fromkeys(times, 0)
    for _ in range(bench.args.rounds):
        for what in ("fast", "exact"):
            worker = bench.ours(model, "cold", texts=texts, precision=what)
            key = "ours" if what == "fast" else "ours exact"
            times[key].append(worker.ready_after)
            peaks[key] = max(peaks[key], worker.close())
        worker = bench.peer("llama_cpp", {"HX_LLAMA_CPP": ""}, model=model, work="cold", text="The parcel came two days late and the box was open.")
        times["llama.cpp with its Python"].append(worker.ready_after)
        times["llama.cpp"].append(worker.say("run")["seconds"])
        peaks["llama.cpp"] = peaks["llama.cpp with its Python"] = worker.close()
    for key, values in times.items():
        bench.add("cold", key, statistics.median(values) * 1000, "ms", peaks[key])
    bench.ratio("cold", "ms to the first embedding", statistics.median(times["ours"]) * 1000, 120, at_most=True)
    bench.ratio("cold", "peak MB", peaks["ours"], round(1.15 * os.path.getsize(model) / 2**20 + 64), at_most=True)


def schema(bench, name="qwen"):
    model = bench.model(name)
    texts = bench.keep("schema.txt", "Summarise these reviews as JSON with mood, points and summary: good phone, slow delivery, weak box. Be long.\n")
    path = bench.keep("schema.json", json.dumps(SCHEMA))
    speeds = bench.race("schema", {"ours, by schema": lambda: bench.ours(model, "generate", texts=texts, schema=path, steps=96),
                                   "ours, free": lambda: bench.ours(model, "generate", texts=texts, steps=96)}, "tokens", whole=False)
    bench.ratio("schema", "time a token by schema / free", speeds["ours, free"] / speeds["ours, by schema"], 1.05, at_most=True)


def tokenize(bench):
    """bench/tokens.py prints its own table."""
    subprocess.run([sys.executable, os.path.join(alternate.ROOT, "bench", "tokens.py")], check=False)


ROWS = {"embed-smollm2": lambda b: embed(b, "smollm2"), "embed-qwen": lambda b: embed(b, "qwen"),
        "decode-smollm2": lambda b: decode(b, "smollm2", 1), "decode-qwen": lambda b: decode(b, "qwen", 1),
        "decode8-smollm2": lambda b: decode(b, "smollm2", 8), "decode8-qwen": lambda b: decode(b, "qwen", 8),
        "prefill": prefill, "label": label, "cold": cold, "schema": schema, "tokenize": tokenize}


def show(bench):
    print(f"{'row':16} {'contestant':44} {'value':>10} {'unit':9} {'peak MB':>8} {'cosine':>8} {'load':>5} {'a CPU s':>8}")
    for r in bench.table:
        print(f"{r['row']:16} {r['contestant']:44} {r['value']:10.1f} {r['unit']:9} {r['peak_mb']:8d} {r['cosine'] or '':>8} {r['load']:5.1f} {r['per_cpu'] or '':>8}")
    print()
    for r in bench.ratios:
        print(f"{r['row']:16} {r['what']:44} {r['value']:10.2f} goal {r['goal']:8} {'met' if r['met'] else 'NOT MET'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=" ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", type=int, default=600)
    parser.add_argument("--label-texts", type=int, default=40)
    parser.add_argument("--types", default="F32,F16,Q8_0,as packaged", help="of llama.cpp's files; the fastest races")
    parser.add_argument("--batches", default="512,2048", help="of llama.cpp, in tokens")
    parser.add_argument("--torch", default="F32,BF16", help="types of PyTorch")
    parser.add_argument("--torch-batches", default="16,64", help="in texts")
    parser.add_argument("--no-trials", action="store_true", help="let all settings race instead of the best of a short trial")
    parser.add_argument("--openvino", default="f32,int8,int8wa", help="forms of OpenVINO")
    parser.add_argument("--json", help="default llama.json in HX_BENCH_DIR")
    args = parser.parse_args()
    bench = Bench(args)
    for row in args.rows or ROWS:
        if row not in ROWS:
            parser.error(f"there is no row '{row}'")
        ROWS[row](bench)
    show(bench)
    with open(args.json or os.path.join(bench.folder, "llama.json"), "w", encoding="utf-8") as file:
        json.dump({"table": bench.table, "ratios": bench.ratios}, file, indent=1)


if __name__ == "__main__":
    sys.exit(main())
