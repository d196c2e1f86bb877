"""Writes one review from what the buyer experienced.

The experience is a value in [-1, 1] for each aspect; the words follow it. The
mark (1 to 5 stars) fixes how many clauses praise and how many blame:

    5: praise only, now and then one small "but"      2: blame, perhaps one good point
    4: praise, often one "but"                        1: blame only
    3: lukewarm words, one of each

so a text never contradicts its own experience, while mixed, sarcastic, very
short and misspelt ones keep the task from being trivial.
"""
from . import words_en, words_zh
from .catalog import kind_of
from .draw import expand


def _bank(language):
    return words_en if language == "en" else words_zh


def _clause(draw, bank, category, aspect, tone, slots):
    source = bank.USE[category] if aspect == "使用" else bank.ASPECTS[aspect]
    return _say(draw, source[tone], category, slots)


def _say(draw, bank_lines, category, slots):
    return expand(draw, draw.pick(fitting(bank_lines, category, slots["noun"])), slots)


def fitting(bank_lines, category, noun):
    """The lines of a bank that can be said of this item, without their tags."""
    kind = kind_of(category, noun)
    out = []
    for line in bank_lines.split("\n"):
        if line.startswith("{"):
            tags, line = line[1:].split("}", 1)
            if not {noun, kind, category} & set(tags.split(",")):
                continue
        out.append(line)
    return out


def _choose(draw, experience, tone, k):
    """k aspects to speak of: the stronger the feeling, the likelier."""
    sign = {"p": 1.0, "n": -1.0}.get(tone)
    names = list(experience)
    out = []
    while names and len(out) < k:
        if sign is None:
            weights = [max(0.05, 0.6 - abs(experience[a])) for a in names]
        else:
            weights = [max(0.0, sign * experience[a]) ** 1.5 + 1e-4 for a in names]
        i = draw.weighted(weights)
        out.append(names.pop(i))
    return out


def _plan(draw, stars, length):
    """Tones of the clauses in order; a change of tone gets a 'but'."""
    main = {5: "p", 4: "p", 3: "m", 2: "n", 1: "n"}[stars]
    n = 1 if length == "short" else draw.between(1, 2) if length == "medium" else draw.between(3, 4)
    tones = [main] * n
    if stars == 5 and n > 1 and draw.chance(0.12):
        tones.append("m")
    elif stars == 4 and draw.chance(0.5):
        tones.append(draw.pick(["n", "m"]))
    elif stars == 3:
        tones = draw.pick([["p", "n"], ["m"], ["m", "n"], ["p", "m"], ["n", "p"], ["m", "p"], ["m", "m"]])
        if length == "long":
            tones = draw.pick([["p", "p", "n"], ["p", "n", "m"], ["n", "p", "m"], ["n", "n", "p"]])
    elif stars == 2 and draw.chance(0.5):
        tones = draw.pick([tones + ["p"], ["p"] + tones])
    return main, tones


def _join(draw, bank, pieces, tones):
    text = pieces[0]
    rank = {"n": 0, "m": 1, "p": 2}
    for i in range(1, len(pieces)):
        before, now = rank[tones[i - 1]], rank[tones[i]]
        pool = bank.BUT_BAD if now < before else bank.BUT_GOOD if now > before else bank.AND
        piece = pieces[i]
        glue = draw.pick(pool)
        if bank is words_en and glue.endswith(". "):
            piece = piece[0].upper() + piece[1:]
        text += glue + piece
    return text


def typo(draw, text, bank):
    hits = [pair for pair in bank.TYPOS if pair[0] in text]
    if not hits:
        return text
    right, wrong = draw.pick(hits)
    return text.replace(right, wrong, 1)


def _finish(draw, bank, text, main):
    if bank is words_en and not draw.chance(0.2):
        text = text[0].upper() + text[1:]
        text = text.replace(" i ", " I ")
    text += draw.pick(bank.ENDS[main])
    if draw.chance(0.13):
        text += draw.pick(bank.EMOJI[main])
    if draw.chance(0.05):
        text = typo(draw, text, bank)
    return text


def _wrap(draw, bank, text, main, length, category, slots):
    english = bank is words_en
    stop = ". " if english else "，"
    if draw.chance(0.3 if length == "medium" else 0.55):
        opener = _say(draw, bank.OPENERS[main], category, slots)
        text = opener + (". " + text[0].upper() + text[1:] if english else stop + text)
    if draw.chance(0.3 if length == "medium" else 0.6):
        closer = _say(draw, bank.CLOSERS[main], category, slots)
        text += (". " + closer[0].upper() + closer[1:]) if english else draw.pick(["，", "。", "！", "，"]) + closer
    return text


def write(draw, language, category, nouns, stars, experience, bank=None):
    """Returns (text, {aspect: -1|0|1 for each aspect the text speaks of})."""
    bank = bank or _bank(language)
    english = language == "en"
    slots = {"n": nouns[1] if english else nouns[0], "noun": nouns[0]}
    length = ["short", "medium", "long"][draw.weighted([0.17, 0.55, 0.28])]
    main, tones = _plan(draw, stars, length)
    if length == "short":
        return _finish(draw, bank, _say(draw, bank.SHORT[main], category, slots), main), {}
    if stars == 1 and draw.chance(0.05):
        return expand(draw, draw.pick(bank.SARCASM.split("\n")), slots) + draw.pick(bank.ENDS["n"]), {next(iter(experience)): -1}
    aspects, spoken = [], {}
    left = dict(experience)
    if kind_of(category, nouns[0]) != "durable":
        left.pop("外观", None)
    tones = tones[-len(left):]
    for tone in tones:
        aspect = _choose(draw, left, tone, 1)[0]
        left.pop(aspect)
        aspects.append(aspect)
        spoken[aspect] = {"p": 1, "n": -1, "m": 0}[tone]
    pieces = [_clause(draw, bank, category, a, t, slots) for a, t in zip(aspects, tones)]
    text = _wrap(draw, bank, _join(draw, bank, pieces, tones), main, length, category, slots)
    text = _finish(draw, bank, text, main)
    if main in bank.FOLLOW_UP and draw.chance(0.04):
        text += (" " if english else draw.pick(["\n", " "])) + expand(draw, draw.pick(bank.FOLLOW_UP[main]))
    return text, spoken
