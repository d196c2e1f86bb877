"""Text to token ids, one thread: ours beside tokenizers and sentencepiece, the same ids."""
import gzip
import json
import os
import statistics
import struct
import subprocess
import sys

import alternate

ROUNDS = 3
MODELS = {"SmolLM2": "smollm2-135m.gguf", "Qwen2.5": "qwen2.5-coder-0.5b.gguf"}
PIECES = """
import sys, sentencepiece
sentencepiece.SentencePieceTrainer.train(input=sys.argv[1], model_prefix=sys.argv[2], model_type=sys.argv[3], vocab_size=8000,
                                         byte_fallback=True, minloglevel=2, num_threads=2, input_sentence_size=30000)
"""


def lines_of(path, column):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        next(file)
        return [line.rstrip("\n").split("\t")[column].encode() for line in file]


def texts():
    data = alternate.shared_data()
    zh = [t for name in ("dev.tsv", "test.tsv", "train.tsv.gz") for t in lines_of(f"{data}/online_shopping/{name}", 2)]
    en = []
    for folder in ("sst2", "imdb"):
        for name in sorted(os.listdir(f"{data}/{folder}")):
            if ".tsv" in name:
                en += lines_of(f"{data}/{folder}/{name}", -1)
    return {"English": en, "Chinese": zh}


def write_records(name, lines, size=6_000_000):
    """Records of about `size` bytes from the begin, all that comes after left out."""
    path = os.path.join(alternate.bench_dir(), f"tokenize-{name}.records")
    with open(path, "wb") as file:
        for line in lines:
            file.write(struct.pack("<I", len(line)) + line)
            if file.tell() > size:
                break
    return path


def train_pieces(kind, lines):
    folder = os.path.join(alternate.bench_dir(), f"pieces-{kind}")
    if not os.path.exists(f"{folder}/tokenizer.model"):
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/lines.txt", "wb") as file:
            file.write(b"\n".join(line[:2000] for line in lines))
        subprocess.run([alternate.peer_python(), "-c", PIECES, f"{folder}/lines.txt", f"{folder}/tokenizer", kind], check=True)
    return folder


def compare(title, model, records, program):
    ids = os.path.join(alternate.bench_dir(), "tokenize.ids")
    peer = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer_tokens.py")
    ours, theirs, different = [], [], 0
    for _ in range(ROUNDS):
        mine = json.loads(subprocess.run([program, model, records, "5", ids], check=True, capture_output=True).stdout)
        ours.append(mine["seconds"])
        if alternate.peer_has("tokenizers"):
            run = subprocess.run([alternate.peer_python(), peer, model, records, ids], check=True, capture_output=True)
            answer = json.loads(run.stdout)
            theirs.append(answer["seconds"])
            different = max(different, answer["different"])
    size, mine_s = mine["bytes"] / 1e6, statistics.median(ours)
    line = f"{title:36} {size / mine_s:8.1f} MB/s  opened in {mine['open_ms']:5.1f} ms"
    if theirs:
        peer_s = statistics.median(theirs)
        line += f"  peer {size / peer_s:6.2f} MB/s  {peer_s / mine_s:6.1f} x  {different} of {mine['records']} differ"
    print(line, flush=True)


def main():
    program = os.path.join(alternate.build("bench_tokenize"), "bench", "bench_tokenize")
    models = os.environ.get("HX_MODEL_DIR", os.path.expanduser("~/.cache/huaxiang/models"))
    lines = texts()
    records = {name: write_records(name, some) for name, some in lines.items()}
    print("one thread, processor time; the peer is tokenizers for GGUF files, sentencepiece for pieces")
    for name, file in MODELS.items():
        if not os.path.exists(os.path.join(models, file)):
            print(f"{name}: {file} is not in {models}", file=sys.stderr)
            continue
        for language, path in records.items():
            compare(f"{name}, {language}", os.path.join(models, file), path, program)
    if alternate.peer_has("sentencepiece"):
        for kind in ("bpe", "unigram"):
            folder = train_pieces(kind, lines["English"][:12000] + lines["Chinese"][:18000])
            for language, path in records.items():
                compare(f"SentencePiece {kind} 8,000, {language}", folder, path, program)


if __name__ == "__main__":
    main()
