"""Aspects with what is thought of them, read off reviews clause by clause: silver labels for the head `aspects`.

A clause that names an aspect (aspects.tsv) counts where it holds words of one polarity alone (lexicons/, negation turned) and that polarity is the
review's; behind 但是, "but" and the like a clause with a strong word may say the contrary. A row is up to four clauses in a row that are all either
certain or name nothing. What the rules cannot see - irony, an aspect without its word - is not in these labels.
"""
import os
import re

LEXICONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "lexicons")
CLAUSE = re.compile(r"[^，。！？；,.!?;~…\n]+[，。！？；,.!?;~…\n]*")
BUT = re.compile(r"^\s*(?:但|可是|不过|就是|只是|然而|可惜|but\b|however\b|though\b|unfortunately\b|except\b)", re.I)
ENGLISH = re.compile(r"[a-z]+(?:['’][a-z]+)?")
LEARNED, STRONG = 1.2, 1.0
SETS = {"online_shopping": "label", "waimai_10k": "label", "chnsenticorp": "label", "clothing_reviews": "recommended", "amazon_reviews": "rating", "imdb": "label"}
OF_FILMS = {"content", "acting", "sound"}  # in them a performance is an actor's, and a room is where the plot takes place


def lines_of(name):
    with open(os.path.join(LEXICONS, name), encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("# ")]


class Words:
    """Words of one kind in a text: the longest at each place; Chinese by characters, English by words."""

    def __init__(self, values):
        self.values = values
        self.longest = max(map(len, values), default=1)

    def han(self, text):
        at = 0
        while at < len(text):
            for n in range(min(self.longest, len(text) - at), 0, -1):
                if text[at:at + n] in self.values:
                    yield at, n, self.values[text[at:at + n]]
                    at += n - 1
                    break
            at += 1

    def english(self, words):
        for i, word in enumerate(words):
            for n in (3, 2, 1):
                joined = " ".join(words[i:i + n])
                if len(words[i:i + n]) == n and joined in self.values:
                    yield i, n, self.values[joined]
                    break


class Reader:
    def __init__(self, learned):
        """learned: also words whose weight was learnt (from research sets) and that no hand has judged."""
        aspects, polarity = {}, {}
        for lang in ("zh", "en"):
            for word, weight, *_ in lines_of(f"sentiment.{lang}.tsv"):
                if learned and abs(float(weight)) >= LEARNED:
                    polarity[word] = float(weight)
            for name in (f"seed.{lang}.tsv", f"phrases.{lang}.tsv"):
                for word, weight, *_ in lines_of(name):
                    if abs(float(weight)) >= 1:
                        polarity[word] = float(weight)
                    else:
                        polarity.pop(word, None)
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "aspects.tsv"), encoding="utf-8") as file:
            for line in file:
                if line.startswith("#"):
                    continue
                aspect, words = line.rstrip("\n").split("\t")
                for word in words.split(" "):
                    bare = word.rstrip("+-").replace("_", " ")
                    aspects[bare] = aspect
                    if word != word.rstrip("+-"):
                        polarity[bare] = 1.5 if word[-1] == "+" else -1.5
        self.aspects, self.polarity = Words(aspects), Words(polarity)
        negations = lines_of("negation.tsv")
        self.no_zh = sorted((w for lang, w in (n[:2] for n in negations) if lang == "zh"), key=len, reverse=True)
        self.no_en = {w for lang, w in (n[:2] for n in negations) if lang == "en"}

    def read(self, clause):
        """(aspects, polarities) of a clause."""
        lowered = clause.lower()
        if re.search(r"[一-鿿]", clause):
            aspects = {a for _, _, a in self.aspects.han(lowered)}
            found = []
            for at, _, weight in self.polarity.han(lowered):
                before = lowered[max(0, at - 5):at]
                found.append(-weight if any(before.endswith(n) or n in before[-4:] for n in self.no_zh) else weight)
            return aspects, found
        words = ENGLISH.findall(lowered.replace("’", "'"))
        found = []
        for at, _, weight in self.polarity.english(words):
            before = words[max(0, at - 3):at]
            found.append(-weight if any(w in self.no_en or w.endswith("n't") for w in before) else weight)
        return {a for _, _, a in self.aspects.english(words)}, found

    def judge(self, clause, review, allowed):
        """Labels of a clause of a review (+1, -1); None where it names an aspect and is not certain."""
        aspects, found = self.read(clause)
        aspects = aspects & allowed if allowed else aspects
        if not aspects:
            return set()
        signs = {w > 0 for w in found}
        if len(signs) != 1:
            return None
        sign = 1 if signs.pop() else -1
        if sign != review and not (BUT.match(clause) and max(map(abs, found)) >= STRONG):
            return None
        return {f"{a}:{'positive' if sign > 0 else 'negative'}" for a in aspects}


def review_sign(row, column):
    value = row[column]
    if column == "rating":
        return {"1": -1, "2": -1, "4": 1, "5": 1}.get(value)
    return 1 if value == "1" else -1


def rows_of_review(reader, text, sign, random, allowed=None):
    clauses = CLAUSE.findall(text[:1200])
    at = 0
    while at < len(clauses):
        size, taken, labels = random.choice((1, 2, 2, 3, 4)), [], set()
        while at < len(clauses) and len(taken) < size:
            said = reader.judge(clauses[at], sign, allowed)
            at += 1
            if said is None:
                break
            taken.append(clauses[at - 1])
            labels |= said
        if taken:
            yield "".join(taken).strip(), "|".join(sorted(labels))


def make(maker, most=40000):
    reader, rows = Reader(not maker.commercial), []
    for name, column in SETS.items():
        made = []
        for row in maker.rows(name, "train"):
            sign = review_sign(row, column)
            if sign is None:
                continue
            for text, labels in rows_of_review(reader, row["text"], sign, maker.random, OF_FILMS if name == "imdb" else None):
                if row.get("category") == "洗发水":
                    labels = labels.replace("taste:", "smell:")
                # Where nothing is named there is something to learn, too, but not in four rows of five.
                if (labels or maker.random.random() < 0.08) and len(text) >= 4:
                    made.append((name, text, labels))
        maker.random.shuffle(made)
        rows += made[:most // (1 if name == "online_shopping" else 4)]
    maker.random.shuffle(rows)
    return {"aspects": "labels"} if maker.write("aspects", ("text", "label"), rows[500:], rows[:500]) else {}
