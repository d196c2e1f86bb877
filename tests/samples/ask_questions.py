"""Sixty questions about samples/shop and their answers, counted from the files by other means than the program's.

Figures are counted with the csv module from the rows as they stand (a line that stands twice counts twice, rows without a date are rejected, refunds
are rows of negative quantity). What labels decide (sentiment, aspects) is counted from the hidden truth and given a tolerance.
Each entry: the question and a check(answer, store) that says whether the answer is right.
"""
import collections
import csv
import datetime
import io
import pathlib
import unicodedata

SHOP = pathlib.Path(__file__).resolve().parents[2] / "samples" / "shop"
STYLES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M", "%Y-%m-%dT%H:%M:%S%z")


def table(name, encoding="utf-8-sig"):
    return list(csv.DictReader(io.StringIO((SHOP / name).read_bytes().decode(encoding), newline="")))


def when(text):
    for style in STYLES:
        try:
            return datetime.datetime.strptime(text, style).replace(tzinfo=None)
        except ValueError:
            continue
    return None


def number(text):
    text = unicodedata.normalize("NFKC", text).replace("￥", "").replace("¥", "").replace(",", "")
    return float(text[:-1]) * 10000 if text.endswith("万") else float(text)


def dated(rows, column):
    return [dict(r, at=when(r[column])) for r in rows if when(r[column])]


class Shop:
    """The files and what an analyst would count in them."""

    def __init__(self):
        lines = dated(table("orders.csv"), "order_time")
        for r in lines:
            r["money"], r["units"] = number(r["amount"]), int(r["quantity"])
        self.lines = lines
        self.sold = [r for r in lines if r["units"] > 0]
        self.back = [r for r in lines if r["units"] < 0]
        self.views = dated(table("pageviews.csv"), "timestamp")
        self.searches = dated(table("searches.csv", "gb18030"), "时间")
        self.tickets = dated(table("tickets.csv"), "created_at")
        truth = table("truth/reviews.csv", "utf-8")
        rows = table("reviews.csv")
        for r, t in zip(rows, truth):
            r.update(kind=t["kind"], sentiment=t["sentiment"], aspects=dict(a.split(":") for a in t["aspects"].split(";") if a))
        self.reviews = dated(rows, "时间")
        self.rated = [r for r in self.reviews if r["评分"].strip()]
        self.person = {t["second_id"]: t["person"] for t in table("truth/customers.csv", "utf-8") if t["second_id"]}
        self.name = {r["客户编号"]: r["姓名"] for r in table("customers.csv")}
        self.item = {r["item_id"]: r["名称"] for r in table("items.csv")}
        self.texts = {r["评价内容"].strip() for r in rows} | {r["message"].strip() for r in table("tickets.csv")}

    def owner(self, customer):
        return self.person.get(customer, customer)


S = Shop()


def month(year, m):
    return lambda r: (r["at"].year, r["at"].month) == (year, m)


def year(y):
    return lambda r: r["at"].year == y


def day(y, m, d):
    return lambda r: r["at"].date() == datetime.date(y, m, d)


def days(first, last):
    return lambda r: first <= r["at"].date() <= last


def always(_):
    return True


def orders(where=always):
    return len({r["order_id"] for r in S.sold if where(r)})


def revenue(where=always):
    return sum(r["money"] for r in S.lines if where(r))


def value(where=always):
    return sum(r["money"] for r in S.sold if where(r)) / orders(where)


def units(where=always):
    return sum(r["units"] for r in S.sold if where(r))


def rating(where=always):
    marks = [number(r["评分"]) for r in S.rated if where(r)]
    return sum(marks) / len(marks)


def written(where=always):
    return [r for r in S.reviews if r["kind"] == "review" and where(r)]


def bad(where=always):
    return [r for r in written(where) if r["sentiment"] == "negative"]


def both(*tests):
    return lambda r: all(t(r) for t in tests)


def of(column, wanted):
    return lambda r: r[column] == wanted


# --- checks ----------------------------------------------------------------------------------------------------------
def is_number(expected, tolerance=0.0):
    def check(answer):
        got = answer.get("value")
        return got is not None and abs(got - expected) <= max(abs(expected) * tolerance, 0.0051)
    return check


def ranks(pairs, first=1, names=None, amount=True):
    """The first rows of a ranking: names in their order, and what was counted of each."""
    best = sorted(pairs, key=lambda p: (-p[1], p[0]))[:first]

    def check(answer):
        rows = answer.get("rows", [])[:first]
        if len(rows) < first:
            return False
        for (key, wanted), row in zip(best, rows):
            if row["name"] not in ({key} | set((names or {}).get(key, ()))):
                return False
            if amount and abs(row["value"] - wanted) > 0.0051:
                return False
        return True
    return check


def has_trend(series):
    def check(answer):
        got = {r["name"]: r["value"] for r in answer.get("rows", [])}
        return all(abs(got.get(k, -1) - v) <= 0.0051 for k, v in series.items()) and len(got) == len(series)
    return check


def compares(now, before, tolerance=0.0):
    def check(answer):
        near = lambda a, b: a is not None and abs(a - b) <= max(abs(b) * tolerance, 0.0051)
        return near(answer.get("value"), now) and near(answer.get("before"), before)
    return check


def explains(part, now, before, tolerance):
    """The largest named part of the change, in one of the lists, is the one that was planted."""
    def check(answer):
        if not compares(now, before, tolerance)(answer):
            return False
        for group in answer.get("parts", []):
            named = [r for r in group["rows"] if r["name"] in part]
            if named and named[0]["change"] == max(r["change"] for r in group["rows"] if r["name"] != "未提及任何方面"):
                return True
        return False
    return check


def sums(now, before):
    def check(answer):
        wanted = now - before
        return compares(now, before)(answer) and all(
            abs(sum(r["change"] for r in g["rows"]) - wanted) <= 0.02 for g in answer["parts"]) and len(answer["parts"]) > 0
    return check


def quotes(about, sentiment=None, share=0.75):
    """Verbatim, and most of them on the matter by the hidden truth."""
    by_text = collections.defaultdict(list)
    for r in written():
        by_text[r["评价内容"].strip()].append(r)

    def check(answer):
        said = [q["text"].strip() for q in answer.get("quotes", [])]
        known = [by_text[q][0] for q in said if q in by_text]
        fit = [r for r in known if about in r["aspects"] and (sentiment is None or r["sentiment"] == sentiment)]
        return len(said) >= 2 and len(fit) >= share * max(1, len(known))
    return check


def is_unknown(answer):
    return answer["status"] == "not in the data" and answer.get("value") is None and not answer.get("rows") and not answer.get("quotes")


# --- what is counted by group ----------------------------------------------------------------------------------------
def total(rows, key, what):
    out = collections.Counter()
    for r in rows:
        out[key(r)] += what(r)
    return list(out.items())


def order_counts(key, where=always):
    seen = collections.defaultdict(set)
    for r in S.sold:
        if where(r):
            seen[key(r)].add(r["order_id"])
    return [(k, len(v)) for k, v in seen.items()]


def money_of(key, where=always):
    return total((r for r in S.lines if where(r)), key, lambda r: r["money"])


def units_of(key, where=always):
    return total((r for r in S.sold if where(r)), key, lambda r: r["units"])


def mean_marks(key, least=5, sign=1):
    marks = collections.defaultdict(list)
    for r in S.rated:
        marks[key(r)].append(number(r["评分"]))
    return [(k, sign * sum(v) / len(v)) for k, v in marks.items() if len(v) >= least]


def by_month(counts):
    return dict(sorted(counts))


MONTH = lambda r: r["at"].strftime("%Y-%m")
BUYER = lambda r: S.owner(r["customer_id"])
NAMES = {p: (n,) for p, n in S.name.items()}
ITEMS = {i: (n,) for i, n in S.item.items()}
WORST = min(mean_marks(lambda r: r["商品"]), key=lambda p: p[1])
BEST_CATEGORY = max(mean_marks(lambda r: next(x["category"] for x in S.lines if x["item_id"] == r["商品"])), key=lambda p: p[1])
TODAY = datetime.date(2026, 11, 20)
MONDAY = datetime.date(2026, 11, 9)  # of the week before the last
KNOWN_BUYERS = [r for r in S.sold if r["customer_id"]]


def lowest(wanted):
    return lambda a: bool(a.get("rows")) and a["rows"][0]["name"] in {wanted[0], S.item.get(wanted[0], "")} and abs(a["rows"][0]["value"] - wanted[1]) < 0.0051


def first_is(*names):
    return lambda a: bool(a.get("rows")) and a["rows"][0]["name"] in names


QUESTIONS = [
    # figures
    ("2026年10月有多少订单？", is_number(orders(month(2026, 10)))),
    ("How many orders did we get in March 2026?", is_number(orders(month(2026, 3)))),
    ("今年的销售额是多少？", is_number(revenue(year(2026)))),
    ("What was our revenue in Q3 2026?", is_number(revenue(lambda r: r["at"].year == 2026 and 7 <= r["at"].month <= 9))),
    ("上个月的客单价是多少？", is_number(value(month(2026, 10)))),
    ("What was the average order value in 2025?", is_number(value(year(2025)))),
    ("宠物用品今年卖了多少件？", is_number(units(both(year(2026), of("category", "宠物用品"))))),
    ("How many units of P1101 were sold in February 2026?", is_number(units(both(month(2026, 2), of("item_id", "P1101"))))),
    ("2026年9月有多少笔退款？", is_number(len([r for r in S.back if month(2026, 9)(r)]))),
    ("How many refunds were there in August 2026?", is_number(len([r for r in S.back if month(2026, 8)(r)]))),
    ("P1006 的平均评分是多少？", is_number(rating(of("商品", "P1006")))),
    ("What is the average rating of P1411?", is_number(rating(of("商品", "P1411")))),
    ("一共有多少条评论？", is_number(len([r for r in S.reviews if r["评价内容"].strip()]), 0.05)),
    ("How many tickets came in by phone?", is_number(len([r for r in S.tickets if r["channel"] == "phone"]))),
    ("mini 渠道今年有多少订单？", is_number(orders(both(year(2026), of("channel", "mini"))))),
    ("How many page views did we have in November 2025?", is_number(len([r for r in S.views if month(2025, 11)(r)]))),
    ("昨天有多少订单？", is_number(orders(day(2026, 11, 19)))),
    ("How many orders were placed last week?", is_number(orders(days(MONDAY, MONDAY + datetime.timedelta(6))))),
    ("最近30天的销售额是多少？", is_number(revenue(days(TODAY - datetime.timedelta(29), TODAY)), 0.03)),
    ("How many customers bought something in October 2026?", is_number(len({BUYER(r) for r in KNOWN_BUYERS if month(2026, 10)(r)}), 0.01)),
    ("店里有多少个类目？", is_number(len({r["category"] for r in S.lines}))),
    ("How many different products were sold in 2026?", is_number(len({r["item_id"] for r in S.sold if year(2026)(r)}))),
    ("客户 C01119 一共下了多少单？", is_number(orders(of("customer_id", "C01119")))),
    ("How much did C00042 spend?", is_number(revenue(of("customer_id", "C00042")))),
    ("2026年6月18日有多少订单？", is_number(orders(day(2026, 6, 18)))),
    ("How many searches were there in May 2026?", is_number(len([r for r in S.searches if month(2026, 5)(r)]))),
    # shares
    ("app 渠道的订单占比是多少？", is_number(orders(of("channel", "app")) / orders())),
    ("What percentage of orders come from the web channel?", is_number(orders(of("channel", "web")) / orders())),
    ("差评率是多少？", is_number(len(bad()) / len(written()), 0.15)),
    ("What share of the reviews in 2026 are positive?",
     is_number(len([r for r in written(year(2026)) if r["sentiment"] == "positive"]) / len(written(year(2026))), 0.15)),
    # rankings
    ("哪个类目的销售额最高？", ranks(money_of(lambda r: r["category"]))),
    ("Which category sold the most units in 2026?", ranks(units_of(lambda r: r["category"], year(2026)))),
    ("销量最高的3个商品是什么？", ranks(units_of(lambda r: r["item_id"]), 3, ITEMS)),
    ("Show the top 5 products by revenue", ranks(money_of(lambda r: r["item_id"]), 5, ITEMS)),
    ("谁花的钱最多？", ranks([p for p in money_of(BUYER) if p[0]], 1, NAMES)),
    ("Which customer placed the most orders?", ranks([p for p in order_counts(BUYER) if p[0]], 1, NAMES)),
    ("哪个月的订单最多？", ranks(order_counts(MONTH))),
    ("Which month had the highest revenue?", ranks(money_of(MONTH))),
    ("哪个渠道的退款最多？", ranks(total(S.back, lambda r: r["channel"], lambda r: 1))),
    ("Which product has the most refunds?", ranks(total(S.back, lambda r: r["item_id"], lambda r: 1), 1, ITEMS)),
    ("评分最低的商品是哪个？", lowest(WORST)),
    ("Which category has the best average rating?", first_is(BEST_CATEGORY[0])),
    ("2026年8月的差评主要集中在哪些方面？", first_is("物流", "delivery")),
    ("Which aspect gets the most bad reviews in August 2026?", first_is("物流", "delivery")),
    # by month
    ("2026年每个月的销售额趋势", has_trend(by_month(money_of(MONTH, year(2026))))),
    ("Show monthly orders in 2026", has_trend(by_month(order_counts(MONTH, year(2026))))),
    # comparisons
    ("2026年10月和9月的订单相比怎么样？", compares(orders(month(2026, 10)), orders(month(2026, 9)))),
    ("Compare revenue in July and August 2026", compares(revenue(month(2026, 8)), revenue(month(2026, 7)))),
    ("十月的订单比九月多吗？", compares(orders(month(2026, 10)), orders(month(2026, 9)))),
    ("Did refunds go up in August 2026?", compares(len([r for r in S.back if month(2026, 8)(r)]), len([r for r in S.back if month(2026, 7)(r)]))),
    # what a change is made of
    ("为什么八月差评变多？", explains({"物流", "delivery"}, len(bad(month(2026, 8))), len(bad(month(2026, 7))), 0.15)),
    ("Why were there more bad reviews of P1101 in March 2026?",
     explains({"质量", "quality", "使用", "usability"}, len(bad(both(month(2026, 3), of("商品", "P1101")))), len(bad(both(month(2026, 2), of("商品", "P1101")))), 0.3)),
    ("上个月的销售额为什么变了？", sums(revenue(month(2026, 10)), revenue(month(2026, 9)))),
    # quotes
    ("大家对物流怎么说？", quotes("物流")),
    ("What do people say about packaging?", quotes("包装")),
    ("举几个2026年8月关于物流的差评的例子", quotes("物流", "negative")),
    # not in the data
    ("火星手机卖了多少？", is_unknown),
    ("What was our profit in 2026?", is_unknown),
    ("2019年的销售额是多少？", is_unknown),
    ("How many orders came from TikTok?", is_unknown),
]
