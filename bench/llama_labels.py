"""How many labels of the fast form differ from the exact one's: a trained head over 10,000 texts, answers of a prompt, what is run twice

    HX_PEER_PYTHON=python-with-peers script/bench llama_labels [head] [prompt] [--texts 10200] [--prompts 600] [--program huaxiang]

head     a logistic regression on fast last-token embeddings of SmolLM2 (sst2 and online_shopping, train parts) becomes a head in a GGUF
         file; `classify --precision fast` and `exact` label other short texts of both; "before" is the head on the fast embeddings, as
         it would be were no text run again (border.h). Goal: fewer than 0.3 % differ.
prompt   `classify --labels positive,negative` of Qwen2.5-0.5B over sst2 and online_shopping, half and half; the noise of log-odds.
Runs in the Python of the peers (numpy, scikit-learn, gguf); paths as in bench/llama.py.
"""
import argparse
import csv
import gzip
import json
import math
import os
import subprocess
import sys
import time

sys.path.append(sys.path.pop(0))  # profile.py beside this file is not the standard one

import alternate
import llama

BYTES = {"sst2": 110, "online_shopping": 75}  # short texts: about as many tokens in both languages
LABELS = ("negative", "positive")
NOISE, SIGMAS, LOG_ODDS = 0.04, 3.0, 0.2  # of src/llama/border.h


def read(name, part):
    path = os.path.join(alternate.shared_data(), name, part)
    opened = gzip.open(path + ".gz", "rt", encoding="utf-8") if os.path.exists(path + ".gz") else open(path, encoding="utf-8")
    with opened as file:
        return [(row["text"], int(row["label"])) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["text"]]


def short(name, rows):
    return [row for row in rows if len(row[0].encode()) <= BYTES[name]]


class Labels:
    def __init__(self, args):
        self.args = args
        self.folder = alternate.bench_dir()
        self.program = args.program or os.path.join(alternate.build("huaxiang"), "huaxiang")
        self.models = os.environ.get("HX_MODEL_DIR", os.path.expanduser("~/.cache/huaxiang/models"))

    def model(self, name):
        return os.path.realpath(os.path.join(self.models, llama.MODELS[name]))

    def path(self, name):
        return os.path.join(self.folder, "labels-" + name)

    def run(self, command, texts, model, precision, *more):
        """One JSON record a text, and the seconds that all of them took."""
        source, out = self.path("texts.tsv"), self.path("out.jsonl")
        with open(source, "w", encoding="utf-8") as file:
            file.write("text\n" + "".join(text + "\n" for text in texts))
        begin = time.monotonic()
        subprocess.run([self.program, command, source, "--model", model, "--precision", precision, "--format", "json", "--out", out,
                        "--quiet", *more], check=True)
        seconds = time.monotonic() - begin
        with open(out, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        assert len(rows) == len(texts), (len(rows), len(texts))
        return rows, seconds

    def embed(self, texts, model, precision):
        import numpy
        rows, seconds = self.run("embed", texts, model, precision)
        return numpy.array([row["embedding"] for row in rows]), seconds

    def with_head(self, model, weights, bias):
        """A copy of a model's file with a head of two labels."""
        import gguf
        import numpy
        out, reader = self.path("head.gguf"), gguf.GGUFReader(model)
        writer = gguf.GGUFWriter(out, str(reader.fields["general.architecture"].contents()))
        for name, field in reader.fields.items():
            if name.startswith("GGUF.") or name == "general.architecture":
                continue
            sub = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], sub_type=sub)
        writer.add_string("huaxiang.head.type", "last")
        writer.add_array("huaxiang.labels", list(LABELS))
        for tensor in reader.tensors:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        writer.add_tensor("cls.output.weight", weights.astype(numpy.float32))
        writer.add_tensor("cls.output.bias", bias.astype(numpy.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return out

    def train(self, model):
        import numpy
        from sklearn.linear_model import LogisticRegression
        rows = read("sst2", "train.tsv")[:3000] + read("online_shopping", "train.tsv")[:1500]
        x, _ = self.embed([text for text, _ in rows], model, "fast")
        y = numpy.array([label for _, label in rows])
        mean, spread = x.mean(0), x.std(0)
        fit = LogisticRegression(C=0.01, max_iter=1000).fit((x - mean) / spread, y)
        w = fit.coef_[0] / spread
        b = fit.intercept_[0] - w @ mean
        return w, b

    def head(self):
        import numpy
        model = self.model("smollm2")
        w, b = self.train(model)
        seen = {text for text, _ in read("sst2", "train.tsv")[:3000] + read("online_shopping", "train.tsv")[:1500]}
        english = [row for part in ("train.tsv", "dev.tsv", "test.tsv") for row in short("sst2", read("sst2", part))]
        chinese = [row for part in ("train.tsv", "dev.tsv", "test.tsv") for row in short("online_shopping", read("online_shopping", part))]
        rows = list({text: label for text, label in english + chinese if text not in seen}.items())[:self.args.texts]
        texts, truth = [text for text, _ in rows], numpy.array([label for _, label in rows])
        file = self.with_head(model, numpy.stack([-w / 2, w / 2]), numpy.array([-b / 2, b / 2]))
        hidden, _ = self.embed(texts, model, "fast")
        margin = hidden @ w + b
        sigma = NOISE * numpy.linalg.norm(w) * numpy.linalg.norm(hidden, axis=1) / math.sqrt(hidden.shape[1])
        answers, seconds = {}, {}
        for precision in ("fast", "exact"):
            found, seconds[precision] = self.run("classify", texts, file, precision)
            answers[precision] = numpy.array([LABELS.index(row["label"]) for row in found])
            print(f"head: {precision}: {len(texts)} texts in {seconds[precision]:.1f} s, "
                  f"accuracy {(answers[precision] == truth).mean():.4f}", flush=True)
        n, exact = len(texts), answers["exact"]
        before, after = ((margin > 0) != exact).sum(), (answers["fast"] != exact).sum()
        print(f"head: labels that differ from the exact ones: before {before} ({before / n:.3%}), after {after} ({after / n:.3%}); "
              f"{(abs(margin) < SIGMAS * sigma).mean():.1%} run again")
        some = slice(0, n, max(1, n // 1000))
        noise = (margin[some] - self.embed(texts[some], model, "exact")[0] @ w - b) / sigma[some]
        print(f"head: noise of the margin in sigmas: rms {numpy.sqrt((noise ** 2).mean()):.2f}, largest {abs(noise).max():.2f}; "
              f"margin rms {numpy.sqrt((margin ** 2).mean()):.2f}, sigma median {numpy.median(sigma):.3f}")

    def prompt(self):
        import numpy
        half = self.args.prompts // 2
        rows = [row for pair in zip(read("sst2", "test.tsv")[:half], read("online_shopping", "test.tsv")[:half]) for row in pair]
        texts = [text for text, _ in rows]
        odds, answers = {}, {}
        for precision in ("fast", "exact"):
            found, seconds = self.run("classify", texts, self.model("qwen"), precision, "--labels", "positive,negative")
            scores = [row["scores"] for row in found]
            odds[precision] = numpy.array([math.log(max(s["positive"], 1e-9) / max(s["negative"], 1e-9)) for s in scores])
            answers[precision] = numpy.array([row["label"] for row in found])
            print(f"prompt: {precision}: {len(texts)} texts in {seconds:.1f} s", flush=True)
        noise = abs(odds["fast"] - odds["exact"])
        near = abs(odds["exact"]) < LOG_ODDS
        far = noise[~near] if (~near).any() else noise
        print(f"prompt: {(answers['fast'] != answers['exact']).sum()} of {len(texts)} labels differ; noise of log-odds of texts run once: "
              f"median {numpy.median(far):.3f}, 90 % {numpy.quantile(far, 0.9):.3f}, largest {far.max():.3f}; "
              f"about {near.mean():.1%} run again (log-odds rms {numpy.sqrt((odds['exact'] ** 2).mean()):.2f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", nargs="*", metavar="WORK", help="head prompt (both by default)")
    parser.add_argument("--texts", type=int, default=10200)
    parser.add_argument("--prompts", type=int, default=600)
    parser.add_argument("--program", help="the command to measure; without it, it is built")
    args = parser.parse_args()
    if set(args.work) - {"head", "prompt"}:
        parser.error("works are head and prompt")
    if not alternate.peer_has("sklearn"):
        sys.exit("HX_PEER_PYTHON must name a Python with numpy, scikit-learn and gguf")
    if os.path.realpath(sys.executable) != os.path.realpath(alternate.peer_python()) and "numpy" not in sys.modules:
        try:
            import sklearn  # noqa: F401
        except ImportError:
            os.execv(alternate.peer_python(), [alternate.peer_python(), *sys.argv])
    bench = Labels(args)
    for work in args.work or ("head", "prompt"):
        getattr(bench, work)()


if __name__ == "__main__":
    main()
