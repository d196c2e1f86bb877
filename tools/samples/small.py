"""comments.csv, labelled.csv and browsing.csv: the files of the first steps."""
import datetime

from . import review, words_places, words_zh
from .catalog import shelves
from .draw import Draw
from .tables import csv_bytes

COMMENTS = ["这家餐厅很棒！", "这个商品很差！", "电影很好看！", "这个服务很糟糕！", "这本书很有趣！"]
NOISE = 0.025  # share of rows whose label contradicts the writer, as in real annotation


def comments():
    return csv_bytes(["comment"], [[c] for c in COMMENTS])


def _feelings(draw, aspects, stars):
    base = {5: 0.6, 4: 0.35, 2: -0.35, 1: -0.65}[stars]
    return {a: base + draw.normal(0, 0.35) for a in aspects}


def _remark(draw, items, stars):
    """(product, text) of one labelled row."""
    if draw.chance(0.38):
        place = draw.pick(list(words_places.NAMES))
        name = draw.pick(words_places.NAMES[place])
        feel = _feelings(draw, words_places.ASPECTS[place], stars)
        text, _ = review.write(draw, "zh", place, (words_places.noun(name), ""), stars, feel, words_places.bank(place))
        return name, text
    item = draw.pick(items)
    feel = _feelings(draw, ["使用", *words_zh.ASPECTS], stars)
    language = "en" if draw.chance(0.17) else "zh"
    text, _ = review.write(draw, language, item.category, (item.noun, item.noun_en), stars, feel)
    return item.en if language == "en" else item.zh, text


def labelled(n=1200):
    draw, items = Draw("labelled.csv"), shelves()
    seen, rows = {}, []
    start = datetime.datetime(2026, 1, 5)
    while len(rows) < n:
        stars = [5, 4, 2, 1][draw.weighted([0.28, 0.26, 0.24, 0.22])]
        product, text = _remark(draw, items, stars)
        if seen.get(text, 0) >= 1 + (len(text) < 8):
            continue
        seen[text] = seen.get(text, 0) + 1
        positive = (stars >= 4) != draw.chance(NOISE)
        when = start + datetime.timedelta(minutes=draw.below(318 * 24 * 60))
        rows.append([when, f"u{1001 + int(420 * draw.unit() ** 1.6)}", product, text, "positive" if positive else "negative"])
    rows.sort(key=lambda r: r[0])
    return csv_bytes(["customer", "time", "product", "comment", "label"],
                     [[c, t.strftime("%Y-%m-%d %H:%M"), p, x, y] for t, c, p, x, y in rows])


# Pages in the order a day takes a visitor through them: the page number rises with the hour.
PAGES = [("首页", 8.2), ("新闻资讯", 11.4), ("商品列表", 14.6), ("商品详情", 17.8), ("购物车", 20.8)]


def browsing(n=100):
    """100 users, one visit each; the hour explains the page, not fully."""
    draw = Draw("browsing.csv")
    rows = []
    for i in range(n):
        page = draw.below(len(PAGES))
        hour = min(23.7, max(0.2, draw.normal(PAGES[page][1], 1.25)))
        when = datetime.datetime(2026, 10, 1) + datetime.timedelta(days=draw.below(31), seconds=int(hour * 3600))
        rows.append([f"u{i + 1:03d}", when.strftime("%Y-%m-%d %H:%M:%S"), PAGES[page][0]])
    fault = draw.some(range(n), 14)
    for i in fault[:4]:
        rows[i][1] = ""
    for i in fault[4:7]:
        rows[i][2] = ""
    for i, odd in zip(fault[7:10], ["1970-01-01 00:00:00", "2099-12-31 23:59:59", "2026-10-15 27:61:00"]):
        rows[i][1] = odd
    for i, odd in zip(fault[10:], ["03:12:44", "02:41:09", "04:05:30", "03:33:21"]):
        rows[i][1] = rows[i][1][:11] + odd
        rows[i][2] = "购物车"
    return csv_bytes(["user", "time", "page"], rows)
