"""tagged.csv: words with their parts of speech (Universal Dependencies), for `train tag`: sentences made of slots."""
from .draw import Draw
from .tables import csv_bytes

ZH_THINGS = ["手机", "耳机", "裙子", "牛奶", "电影", "房间", "快递", "客服", "餐厅", "键盘", "书", "苹果"]
ZH_QUALITIES = ["好", "差", "快", "慢", "新鲜", "便宜", "贵", "干净", "舒服", "糟糕"]
ZH_DEGREES = ["很", "太", "非常", "有点", "真"]
EN_THINGS = ["phone", "dress", "milk", "film", "room", "courier", "keyboard", "book", "staff", "camera"]
EN_QUALITIES = ["great", "slow", "fresh", "cheap", "clean", "awful", "quiet", "small", "lovely"]
PEOPLE = [("我", "PRON"), ("我们", "PRON"), ("王女士", "PROPN"), ("妈妈", "NOUN")]


def _one(draw):
    """[(word, tag)] of one sentence."""
    thing, quality = draw.pick(ZH_THINGS), draw.pick(ZH_QUALITIES)
    noun, adjective = draw.pick(EN_THINGS), draw.pick(EN_QUALITIES)
    degree, person = draw.pick(ZH_DEGREES), draw.pick(PEOPLE)
    forms = [
        [("这个", "DET"), (thing, "NOUN"), (degree, "ADV"), (quality, "ADJ"), ("。", "PUNCT")],
        [person, ("买", "VERB"), ("了", "AUX"), ("一", "NUM"), ("个", "NOUN"), (thing, "NOUN"), ("，", "PUNCT"), (degree, "ADV"), (quality, "ADJ")],
        [(thing, "NOUN"), ("不", "ADV"), (quality, "ADJ"), ("，", "PUNCT"), person, ("想", "VERB"), ("退货", "VERB"), ("！", "PUNCT")],
        [("the", "DET"), (noun, "NOUN"), ("is", "AUX"), ("very", "ADV"), (adjective, "ADJ"), (".", "PUNCT")],
        [("I", "PRON"), ("bought", "VERB"), ("a", "DET"), (adjective, "ADJ"), (noun, "NOUN"), ("in", "ADP"), ("Beijing", "PROPN"), (".", "PUNCT")],
        [("we", "PRON"), ("never", "ADV"), ("liked", "VERB"), ("this", "DET"), (noun, "NOUN"), ("!", "PUNCT")],
    ]
    return draw.pick(forms)


def tagged(n=240):
    draw, rows = Draw("tagged.csv"), []
    for _ in range(n):
        words = _one(draw)
        rows.append([" ".join(w for w, _ in words), " ".join(t for _, t in words)])
    return csv_bytes(["words", "tags"], rows)
