"""Pairs (as written, as it should stand) for the correction of Chinese and English: of data sets, and made by putting errors into clean sentences.

Chinese: one or more errors a sentence; which kind follows KINDS_ZH (as learners' and typists' errors are described), which character stands for
which follows what csc_sighan's training part shows, then lists of characters that sound or look alike, the frequent ones first. English: slips
of the keyboard, spellings by sound, words that are taken for one another, small words left out. A share of the sentences stays as it is: a
corrector must know when to be silent.
"""
import collections
import gzip
import re

HAN = re.compile(r"[一-鿿]")
KINDS_ZH = (("other", 80), ("missing", 6), ("doubled", 6), ("swapped", 8))
LISTS = {"same_sound_same_tone": 1.0, "same_sound_other_tone": 0.6, "near_sound_same_tone": 0.25, "near_sound_other_tone": 0.15, "similar_shape": 0.25,
         "same_radical_same_strokes": 0.05}
OBSERVED = 4.0  # weight of one pair seen in training against the most frequent character of a list
KEYBOARD = {"q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl", "p": "ol", "a": "qsz", "s": "awdx",
            "d": "sefc", "f": "drgv", "g": "fthb", "h": "gyjn", "j": "hukm", "k": "jil", "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb",
            "b": "vghn", "n": "bhjm", "m": "njk"}
SOUNDS = [("ie", "ei"), ("ei", "ie"), ("ance", "ence"), ("ence", "ance"), ("ant", "ent"), ("ent", "ant"), ("able", "ible"), ("ible", "able"), ("tion", "sion"),
          ("sion", "tion"), ("ph", "f"), ("ck", "k"), ("qu", "kw"), ("ough", "uff"), ("ou", "o"), ("ea", "ee"), ("ee", "ea"), ("ai", "ay"), ("er", "or"),
          ("or", "er"), ("ar", "er"), ("ary", "ery"), ("ery", "ary"), ("ely", "ly"), ("ally", "aly"), ("ful", "full"), ("sc", "s"), ("c", "s"), ("s", "c"),
          ("kn", "n"), ("wr", "r"), ("gh", "g"), ("y", "i"), ("i", "y"), ("i", "e"), ("e", "i"), ("a", "e"), ("e", "a"), ("o", "a"), ("u", "o"), ("z", "s"),
          ("mn", "m"), ("rh", "r"), ("ous", "us"), ("eous", "ious"), ("cious", "tious"), ("que", "k"), ("dge", "ge"), ("tch", "ch"), ("ture", "cher")]
CONFUSED = """their there they're|your you're|its it's|to too two|then than|affect effect|lose loose|were where we're|quite quiet|whose who's|of off|
weather whether|advice advise|accept except|principal principle|passed past|brake break|buy by bye|here hear|know no|knew new|right write|week weak|
piece peace|plain plane|wait weight|waist waste|whole hole|would wood|one won|our are|this these|that than|has have|was were|is are|do does|
went gone|good well|much many|less fewer|lay lie|sit set|rise raise|desert dessert|dairy diary|angel angle|breath breathe|cloth clothe clothes|
costumer customer|form from|trail trial|though thought|through threw|although altogether|bought brought|sell sale|price prize|sight site|stationary stationery|
personal personnel|moral morale|later latter|hope hop|fell feel|fill feel|leave live|want won't|been being|an a|and an|on in|at in|for of|with by""".replace("\n", "")
SMALL = {"the", "a", "an", "to", "of", "in", "on", "at", "for", "is", "are", "was"}


def pick(random, weighted):
    """One of (value, weight)."""
    total = sum(w for _, w in weighted)
    at = random.random() * total
    for value, w in weighted:
        at -= w
        if at < 0:
            return value
    return weighted[-1][0]


class Chinese:
    """What is written for which character, and how errors are put into a sentence."""

    def __init__(self, pairs, lists, texts):
        counts = collections.Counter(c for text in texts for c in text if HAN.match(c))
        seen = collections.defaultdict(collections.Counter)
        for wrong, right in pairs:
            for w, r in zip(wrong, right):
                if w != r and HAN.match(w) and HAN.match(r):
                    seen[r][w] += 1
        top = max(counts.values(), default=1) ** 0.5
        weights = collections.defaultdict(lambda: collections.defaultdict(float))
        for character, kind, similar in lists:
            for other in similar:
                if other != character and counts[other] >= 3 and kind in LISTS:
                    weights[character][other] = max(weights[character][other], LISTS[kind] * counts[other] ** 0.5 / top)
        for right, wrongs in seen.items():
            for wrong, n in wrongs.items():
                weights[right][wrong] += OBSERVED * n
        self.others = {c: sorted(w.items(), key=lambda p: (-p[1], p[0]))[:24] for c, w in weights.items()}
        # Characters that are often got wrong are drawn more often.
        self.often = {c: 1 + min(sum(w.values()), 40) for c, w in seen.items()}

    def one(self, random, chars):
        places = [i for i, c in enumerate(chars) if HAN.match(c)]
        if len(places) < 4:
            return False
        kind = pick(random, KINDS_ZH)
        at = pick(random, [(i, self.often.get(chars[i], 1)) for i in places]) if kind == "other" else random.choice(places)
        if kind == "other" and self.others.get(chars[at]):
            chars[at] = pick(random, self.others[chars[at]])
        elif kind == "missing":
            del chars[at]
        elif kind == "doubled":
            chars.insert(at, chars[at])
        elif kind == "swapped" and at + 1 < len(chars) and HAN.match(chars[at + 1]) and chars[at] != chars[at + 1]:
            chars[at], chars[at + 1] = chars[at + 1], chars[at]
        else:
            return False
        return True

    def noised(self, random, text):
        chars = list(text)
        for _ in range(pick(random, ((1, 65), (2, 25), (3, 10)))):
            self.one(random, chars)
        return "".join(chars)


def misspelt(random, word):
    """A slip in a word of letters, in lower case."""
    at = random.randrange(len(word))
    kind = pick(random, (("sound", 34), ("delete", 16), ("insert", 8), ("keyboard", 12), ("swap", 12), ("double", 18)))
    if kind == "sound":
        fits = [(a, b) for a, b in SOUNDS if a in word[1:]]
        if fits:
            a, b = random.choice(fits)
            places = [m.start() for m in re.finditer(re.escape(a), word) if m.start() > 0]
            if places:
                at = random.choice(places)
                return word[:at] + b + word[at + len(a):]
        kind = "delete"
    if kind == "double":
        doubles = [m.start() for m in re.finditer(r"(.)\1", word)]
        if doubles and random.random() < 0.7:
            at = random.choice(doubles)
            return word[:at] + word[at + 1:]
        return word[:at] + word[at] + word[at:]
    if kind == "delete":
        at = random.randrange(1, len(word))
        return word[:at] + word[at + 1:]
    if kind == "insert":
        return word[:at] + random.choice("abcdefghijklmnopqrstuvwxyz") + word[at:]
    if kind == "swap" and len(word) > 2:
        at = random.randrange(1, len(word) - 1)
        return word[:at] + word[at + 1] + word[at] + word[at + 2:]
    near = KEYBOARD.get(word[at])
    return word[:at] + random.choice(near) + word[at + 1:] if near else word[:at] + word[at + 1:]


class English:
    def __init__(self):
        self.confused = collections.defaultdict(list)
        for group in CONFUSED.split("|"):
            words = group.split()
            for word in words:
                self.confused[word] += [w for w in words if w != word]

    def one(self, random, parts):
        words = [i for i, p in enumerate(parts) if p.isascii() and p.replace("'", "").isalpha()]
        if len(words) < 4:
            return
        kind = pick(random, (("spell", 55), ("real", 22), ("small", 8), ("ending", 8), ("joined", 4), ("twice", 3)))
        fits = {"spell": lambda w: len(w) >= 4 and w.isalpha() and not w[0].isupper(), "real": lambda w: w.lower() in self.confused,
                "small": lambda w: w in SMALL, "ending": lambda w: w.islower() and len(w) > 4 and (w.endswith(("s", "ed", "ly", "ing"))),
                "joined": lambda w: w.islower(), "twice": lambda w: w in SMALL}[kind]
        places = [i for i in words if fits(parts[i])]
        if not places:
            return
        at = random.choice(places)
        word = parts[at]
        if kind == "spell":
            parts[at] = misspelt(random, word)
        elif kind == "real":
            other = random.choice(self.confused[word.lower()])
            parts[at] = other.capitalize() if word[0].isupper() else other
        elif kind == "small":
            parts[at:at + 2] = [""]
        elif kind == "ending":
            parts[at] = re.sub(r"(s|ed|ly|ing)$", "", word)
        elif kind == "joined":
            parts[at + 1:at + 2] = [parts[at + 1].replace(" ", "", 1)] if at + 1 < len(parts) else []
        else:
            parts.insert(at, word + " ")

    def noised(self, random, text):
        parts = re.findall(r"[A-Za-z']+|[^A-Za-z']+", text)
        for _ in range(pick(random, ((1, 60), (2, 28), (3, 12)))):
            self.one(random, parts)
        return "".join(parts).strip()


def detokenised(text):
    text = re.sub(r" (n't|'s|'re|'ve|'ll|'d|'m)\b", r"\1", text)
    text = re.sub(r" ([,.!?;:%)\]])", r"\1", text)
    return re.sub(r"([(\[]) ", r"\1", re.sub(r" +", " ", text)).strip()


def confusion_lists(data):
    with gzip.open(f"{data}/csc_sighan/confusion_sound_shape.tsv.gz", "rt", encoding="utf-8") as file:
        next(file)
        return [line.rstrip("\n").split("\t") for line in file]


def far(a, b):
    """More than two words in five differ: another sentence, not a corrected one."""
    left, right = collections.Counter(a.lower().split()), collections.Counter(b.lower().split())
    return sum((left - right).values()) + sum((right - left).values()) > 0.4 * (sum(left.values()) + sum(right.values())) / 1.0


def homophone_lists(texts):
    """Where csc_sighan's lists may not be used: readings of pypinyin (MIT)."""
    import make_confusions
    characters = make_confusions.characters_of_gb2312()
    counts = collections.Counter(c for text in texts for c in text)
    alike = make_confusions.homophones_of(characters, {c: (-counts[c], i) for i, c in enumerate(characters)})
    return [(c, "same_sound_same_tone", others) for c, others in alike.items()]


def add_set_pairs(maker, train, dev):
    pairs = [(row["wrong"], row["right"]) for row in maker.rows("csc_sighan", "train")]
    maker.random.shuffle(pairs)
    dev += [("csc_sighan", *p) for p in pairs[:300]]
    for wrong, right in pairs[300:]:
        train += [("csc_sighan", wrong, right)] * 1
        if wrong != right:
            train.append(("csc_sighan", right, right))
    for row in maker.rows("jfleg", "train"):
        source = detokenised(row["source"])
        rights = [detokenised(row[f"ref{i}"]) for i in range(4)]
        for right in sorted({r for r in rights if r and not far(source, r)})[:3]:
            train.append(("jfleg", source, right))
    return pairs


def add_words(maker, train, n=24000):
    """Single words of the frequency list, misspelt; every eighth as it should be."""
    rows = maker.rows("spell_en", "words_freq")
    words = [(row["word"], float(row["count"])) for row in rows if row["word"].isalpha() and len(row["word"]) >= 4][:30000]
    drawn = maker.random.choices([w for w, _ in words], [c ** 0.25 for _, c in words], k=n) if words else []
    for i, word in enumerate(drawn):
        wrong = word if i % 8 == 0 else misspelt(maker.random, word)
        if maker.random.random() < 0.15 and wrong != word:
            wrong = misspelt(maker.random, wrong)
        train.append(("words, misspelt", wrong, word))


def make(maker):
    """correct.tsv: Chinese and English together."""
    train, dev = [], []
    zh, en = maker.clean_sentences("zh"), maker.clean_sentences("en")
    pairs = add_set_pairs(maker, train, dev)
    chinese = Chinese(pairs[300:], homophone_lists(zh) if maker.commercial else confusion_lists(maker.data), zh[:40000])
    english = English()
    for name, sentences, noise in (("Chinese, errors put in", zh, chinese), ("English, errors put in", en, english)):
        for i, text in enumerate(sentences):
            into = dev if i < 400 else train
            into.append((name, text if i % 4 == 0 else noise.noised(maker.random, text), text))
    add_words(maker, train)
    return maker.write("correct", ("wrong", "right"), train, dev)
