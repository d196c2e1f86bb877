"""Trees of UD_Chinese-GSD in version 1 of Universal Dependencies, made like those of version 2.

The train part that can be had has the annotation of version 1; its words and Penn-like tags (XPOS) are nearly those of today, heads and relations were revised. The rules
below are what differs between its train part and the dev part of version 2, counted by (XPOS, relation, direction, XPOS of the head):

    两 位 编剧     version 1: nummod(位, 两) nmod(编剧, 位); version 2: nummod(编剧, 两) clf(两, 位)
    A 和 B         cc(A, 和) becomes cc(B, 和), marks too
    王 世纲        nmod(世纲, 王) becomes flat:name(王, 世纲); title and name: the name is appos of the title
    在 电视台      an adposition that stood as acl or det is case of its noun
    把 信仰 改变   aux:caus becomes case(信仰, 把) and obl:patient(改变, 信仰)
    A ， B         clauses that hung on a later one as acl are advcl; as dep: the first clause is the head, the later are parataxis
    commas         hang on a clause behind them that hangs on an earlier word, else on the highest word whose words end before them

A sentence is a list of rows of ten columns, as in CoNLL-U; heads are numbers of rows from 1. `convert` changes the rows in place and says whether they are still a tree.
"""
NOMINAL = {"NN", "NNP", "NNB", "SFN", "PRP", "PRD", "DT", "CD", "FW", "WP", "LS", "ADD"}
CLAUSE = {"VV", "JJ", "VC", "SFV", "SFA"}
FORM, UPOS, XPOS, HEAD, REL = 1, 3, 4, 6, 7


class Tree:
    def __init__(self, rows):
        self.rows = rows
        self.n = len(rows)
        self.x = [""] + [r[XPOS] for r in rows]
        self.head = [0] + [int(r[HEAD]) for r in rows]
        self.rel = ["root"] + [r[REL] for r in rows]

    def children(self, h):
        return [i for i in range(1, self.n + 1) if self.head[i] == h]

    def take_place(self, new, old):
        """`new` stands where `old` stood."""
        self.head[new], self.rel[new] = self.head[old], self.rel[old]

    def move_children(self, old, new, keep=()):
        for c in self.children(old):
            if c != new and c not in keep:
                self.head[c] = new

    def is_tree(self):
        roots = [i for i in range(1, self.n + 1) if self.head[i] == 0]
        if len(roots) != 1:
            return False
        for i in range(1, self.n + 1):
            at, steps = i, 0
            while at and steps <= self.n:
                at, steps = self.head[at], steps + 1
            if at:
                return False
        return True

    def last_of(self):
        """The last word, marks aside, that hangs below each word."""
        last = [0] * (self.n + 1)
        for i in range(1, self.n + 1):
            at = i
            while at:
                if self.rel[i] != "punct" or at == i:
                    last[at] = max(last[at], i)
                at = self.head[at]
        return last

    def first_of(self):
        first = list(range(self.n + 1))
        for i in range(1, self.n + 1):
            at = i
            while at:
                if self.rel[i] != "punct":
                    first[at] = min(first[at], i)
                at = self.head[at]
        return first

    def write(self):
        for r, h, rel in zip(self.rows, self.head[1:], self.rel[1:]):
            r[HEAD], r[REL] = str(h), rel


def adpositions(t):
    for i in range(1, t.n + 1):
        if t.x[i] != "IN" or t.rel[i] not in ("acl", "det", "dep", "xcomp"):
            continue
        h = t.head[i]
        nouns = [c for c in t.children(i) if t.x[c] in NOMINAL and t.rel[c] not in ("punct", "nsubj")]
        if h and h == i - 1 and t.x[h] in NOMINAL:
            t.rel[i] = "case"
        elif nouns:
            noun = nouns[-1] if nouns[-1] > i else nouns[0]
            t.take_place(noun, i)
            t.rel[noun] = "nmod" if t.x[h] in NOMINAL else "obl"
            t.move_children(i, noun)
            t.head[i] = noun
            t.rel[i] = "case"
        elif h and t.x[h] in NOMINAL:
            t.rel[i] = "case"
        elif h:
            t.rel[i] = "mark"


def disposal(t):
    for i in range(1, t.n + 1):
        if t.rel[i] != "aux:caus":
            continue
        verb = t.head[i]
        nouns = [c for c in t.children(verb) if i < c < verb and t.x[c] in NOMINAL and t.rel[c] in ("obj", "nsubj", "iobj", "obl", "nsubj:pass", "nmod", "csubj")]
        t.rel[i] = "case"
        if nouns:
            t.head[i] = nouns[0]
            t.rel[nouns[0]] = "obl:patient"


def classifiers(t):
    for i in range(1, t.n + 1):
        if t.x[i] != "NNB" or t.rel[i] not in ("nmod", "advmod", "det"):
            continue
        h = t.head[i]
        numbers = [c for c in t.children(i) if t.x[c] == "CD" and t.rel[c] == "nummod"]
        if h < i or t.x[h] not in NOMINAL:
            continue
        if numbers:
            cd = numbers[-1]
            t.move_children(i, h, keep=(cd,))
            t.head[cd], t.head[i], t.rel[i] = h, cd, "clf"
        elif any(t.x[c] == "DT" for c in t.children(i)):
            t.rel[i] = "clf"


def conjunctions(t):
    for i in range(1, t.n + 1):
        if t.rel[i] not in ("cc", "punct") or t.x[i] not in ("CC", "EC", ","):
            continue
        h = t.head[i]
        if h >= i:
            continue
        after = [c for c in t.children(h) if t.rel[c] == "conj" and c > i]
        if after:
            t.head[i] = after[0]


def names(t):
    i = 1
    while i < t.n:
        j = i
        while j < t.n and t.x[j] == t.x[j + 1] == "NNP" and t.head[j] in (j + 1, *range(j + 1, t.n + 1)) and t.rel[j] in ("nmod", "compound") and \
                t.x[t.head[j]] == "NNP" and all(t.x[k] == "NNP" for k in range(j, t.head[j] + 1)):
            j += 1
        if j > i and t.rel[i] == "nmod":
            t.take_place(i, j)
            for k in range(i + 1, j + 1):
                t.move_children(k, i)
                t.head[k], t.rel[k] = i, "flat:name"
        i = max(j, i) + 1
    for i in range(1, t.n + 1):
        h = t.head[i]
        if t.rel[i] == "appos" and h > i and t.x[h] == "NNP" and t.x[i] in ("NN", "SFN"):
            t.take_place(i, h)
            for c in t.children(h):
                if c != i and (c < i or t.rel[c] not in ("flat:name", "compound", "punct")):
                    t.head[c] = i
            t.head[h], t.rel[h] = i, "appos"


def clauses(t):
    for h in range(1, t.n + 1):
        parts = [c for c in t.children(h) if t.rel[c] == "dep" and c < h and t.x[c] in CLAUSE | NOMINAL]
        if not parts or t.x[h] not in CLAUSE | NOMINAL:
            continue
        first = parts[0]
        t.take_place(first, h)
        for c in t.children(h):
            if c < first or (t.rel[c] == "punct" and c > h and c == t.n):
                t.head[c] = first
        for c in parts[1:]:
            t.head[c], t.rel[c] = first, "parataxis"
        t.head[h], t.rel[h] = first, "parataxis"
    for i in range(1, t.n + 1):
        h = t.head[i]
        if not h:
            continue
        predicate = t.x[h] in CLAUSE or any(t.rel[c] == "cop" for c in t.children(h))
        if t.rel[i] == "acl" and predicate and t.x[i] in CLAUSE:
            t.rel[i] = "advcl"
        elif t.rel[i] == "dep":
            t.rel[i] = "parataxis" if i > h else "advcl" if t.x[i] in CLAUSE else "obl" if predicate else "nmod"
        elif t.rel[i] == "acl" and t.x[i] in NOMINAL:
            t.rel[i] = "obl" if predicate else "nmod"


def commas(t):
    last, first = t.last_of(), t.first_of()
    for i in range(2, t.n):
        if t.rel[i] != "punct" or t.x[i] not in (",", ":"):
            continue
        following = [k for k in range(i + 1, t.n + 1) if first[k] == i + 1 and 0 < t.head[k] < i and t.rel[k] != "punct"]
        if following:
            t.head[i] = following[-1]
            continue
        at = i - 1
        while at > 1 and t.rel[at] == "punct":
            at -= 1
        while t.head[at] and last[t.head[at]] < i:
            at = t.head[at]
        t.head[i] = at
    root = t.head.index(0, 1)
    if t.rel[t.n] == "punct":
        t.head[t.n] = root


def relations(t):
    for i in range(1, t.n + 1):
        x, rel, form, h = t.x[i], t.rel[i], t.rows[i - 1][FORM], t.head[i]
        if rel == "det" and x in ("NN", "NNP", "SFN", "NNB"):
            t.rel[i] = "nmod"
        elif rel == "case:pref":
            t.rel[i] = "case"
        elif rel == "advmod" and x in ("NN", "SFN", "NNP", "NNB"):
            t.rel[i] = "obl" if h and t.x[h] in CLAUSE else "nmod"
        elif x == "DEV":
            t.rel[i] = "compound:ext" if form == "得" else "mark:adv"
            if form == "得" and i > 1 and t.x[i - 1] in CLAUSE and t.head[i - 1] != i:
                t.head[i] = i - 1


def tags(t):
    for i in range(1, t.n + 1):
        x, rel = t.x[i], t.rel[i]
        upos = {"AS": "AUX", "UH": "PART", "MD": "AUX"}.get(x)
        if x in ("RB", "DEC", "DEV") and rel in ("mark", "mark:rel", "mark:adv"):
            upos = "SCONJ"
        elif x == "VC" and rel in ("cop", "aux:pass"):
            upos = "AUX"
        elif x == "BB":
            upos = "AUX" if rel == "aux:pass" else "ADP"
        if upos:
            t.rows[i - 1][UPOS] = upos


def convert(rows):
    t = Tree(rows)
    for step in (relations, adpositions, disposal, classifiers, conjunctions, names, clauses, commas, tags):
        step(t)
    t.write()
    return t.is_tree()


# What PUD, HK and CFL call otherwise.
NAMES = {"case:loc": "case", "mark:prt": "mark", "obl:tmod": "nmod:tmod", "obj:periph": "obl:patient", "obl:agent": "obl", "flat": "flat:name", "compound:vv": "compound",
         "compound:dir": "compound", "compound:vo": "compound", "discourse:sp": "discourse", "advmod:df": "advmod", "nsubj:outer": "nsubj"}


def rename(rows):
    for row in rows:
        if row[REL] in ("mark", "mark:rel", "mark:adv", "mark:prt") and row[UPOS] in ("PART", "ADV"):
            row[UPOS] = "SCONJ"
        row[REL] = NAMES.get(row[REL], row[REL])
    return True
