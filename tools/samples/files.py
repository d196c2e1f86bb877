"""The shop as files: what an analyst would be handed, and the truth beside it."""
import datetime
import json
import math

from . import dirt, identity, people, shop, voices, words_zh
from .catalog import CATEGORIES, CATEGORY_EN, CATEGORY_ZH
from .draw import Draw, expand
from .people import DAYS, START
from .tables import csv_bytes, xlsx_bytes


def zh_time(when):
    return f"{when.year}年{when.month}月{when.day}日 {when.hour}:{when.minute:02d}"


def slash_time(when):
    return f"{when.year}/{when.month}/{when.day} {when.hour}:{when.minute:02d}"


def who(said):
    """The id the event was logged under."""
    alias = getattr(said.person, "alias", None)
    return alias.id if alias and said.when >= alias.start else said.person.id


def number(value, digits=4):
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def tally():
    return {"rows": 0, "duplicates": 0, "bad_dates": 0, "no_customer": 0, "full_width": 0, "yuan_sign": 0}


ORDER_HEAD = ["order_id", "customer_id", "order_time", "item_id", "item_name", "category", "quantity", "unit_price", "discount",
              "amount", "currency", "channel"]


def _order_rows(draw, orders, count):
    rows = []
    for o in orders:
        guest = draw.chance(0.012)
        for line in o.lines:
            for sign, when in ((1, o.when), (-1, o.when + datetime.timedelta(days=draw.between(3, 12), hours=2))):
                if sign < 0 and (not line.returned or when > people.END):
                    continue
                count["no_customer"] += guest
                count["returns"] += sign < 0
                rows.append((when, [o.id, "" if guest else who(o), when.strftime("%Y-%m-%d %H:%M:%S"), line.item.id, line.item.zh,
                                    CATEGORY_ZH[line.item.category], dirt.count(draw, sign * line.quantity, count),
                                    dirt.money(draw, line.unit, count), number(line.off), number(sign * line.paid, 2), "CNY", o.channel]))
    return rows


def _bulk_rows(draw, items, count):
    """Companies buying without an account; amounts in 万."""
    rows = []
    for i in range(8):
        item = draw.pick([x for x in items if 60 <= x.price <= 300])
        quantity = draw.pick([100, 150, 200])
        when = START + datetime.timedelta(days=draw.between(30, DAYS - 30), hours=draw.between(9, 17), minutes=draw.below(60))
        paid = round(item.price * quantity * 0.8, 2)
        count["no_customer"] += 1
        count["wan"] += 1
        rows.append((when, [f"B{when:%y%m%d}{i}", "", when.strftime("%Y-%m-%d %H:%M:%S"), item.id, item.zh, CATEGORY_ZH[item.category],
                            quantity, number(item.price, 2), "0.2", f"{paid / 10000:.4f}".rstrip("0").rstrip(".") + "万", "CNY", "web"]))
    return rows


def orders_file(orders, items):
    draw, count = Draw("orders.csv"), tally()
    count.update(returns=0, wan=0)
    rows = _order_rows(draw, orders, count) + _bulk_rows(draw, items, count)
    rows.sort(key=lambda r: (r[0], r[1][0]))
    rows = [r for _, r in rows]
    bad = dirt.spoil_times(draw, rows, 2, 30, count)
    rows, _ = dirt.repeat(draw, rows, bad, 180, count)
    count["rows"] = len(rows)
    return csv_bytes(ORDER_HEAD, rows), count


def views_file(views):
    draw, count = Draw("pageviews.csv"), tally()
    rows = []
    for v in views:
        anonymous = draw.chance(0.05)
        count["no_customer"] += anonymous
        rows.append(["" if anonymous else who(v), slash_time(v.when), v.page, v.item.id if v.item else "", v.channel])
    bad = dirt.spoil_times(draw, rows, 1, 20, count)
    rows, _ = dirt.repeat(draw, rows, bad, 150, count)
    count["rows"] = len(rows)
    return csv_bytes(["user_id", "timestamp", "page", "item_id", "channel"], rows), count


def _review_text(draw, said, count):
    """The text as stored, and whether it says anything of the item."""
    if said.stars >= 4 and draw.chance(0.035):
        count["unwritten"] += 1
        return draw.pick(words_zh.DEFAULTS), False
    if draw.chance(0.004):
        count["empty_text"] += 1
        return "", False
    if draw.chance(0.02):
        count["html"] += 1
        return dirt.html(draw, said.text), True
    return said.text, True


def _advert(draw, item, when):
    slots = {"w": f"hx{draw.between(10000, 99999)}", "q": str(draw.between(100000, 999999))}
    text = expand(draw, draw.pick(words_zh.ADVERTS.split("\n")), slots)
    return [f"G{draw.between(100, 999)}", zh_time(when), item.id, item.zh, text, "5"]


def reviews_file(said, items):
    """reviews.csv and its truth: one line a review row, in file order."""
    draw, count = Draw("reviews.csv"), tally()
    count.update(unwritten=0, empty_text=0, html=0, adverts=0)
    rows, truth = [], []
    for s in said:
        text, real = _review_text(draw, s, count)
        stars = s.stars
        if real and draw.chance(0.012):
            stars = 5 if s.stars <= 2 else 1 if draw.chance(0.3) else s.stars
        mark = identity.wide(str(stars)) if draw.chance(0.01) else str(stars)
        count["full_width"] += mark != str(stars)
        guest = draw.chance(0.008)
        count["no_customer"] += guest
        rows.append(["" if guest else who(s), zh_time(s.when), s.item.id, s.item.zh, text, mark])
        label = "positive" if s.stars >= 4 else "negative" if s.stars <= 2 else "neutral"
        spoken = ";".join(f"{a}:{v}" for a, v in s.aspects.items()) if real else ""
        truth.append([s.person.id, "review" if real else "empty", label if real else "", s.stars, spoken])
        if draw.chance(0.009):
            count["adverts"] += 1
            rows.append(_advert(draw, s.item, s.when))
            truth.append(["", "advert", "", "", ""])
    bad = dirt.spoil_times(draw, rows, 1, 15, count)
    rows, source = dirt.repeat(draw, rows, bad, 70, count)
    truth = _numbered(truth, source, bad)
    count["rows"] = len(rows)
    head = ["用户", "时间", "商品", "商品名称", "评价内容", "评分"]
    return csv_bytes(head, rows, bom=True), csv_bytes(["row", "person", "kind", "sentiment", "stars", "aspects", "note"], truth), count


def _numbered(truth, source, bad):
    seen, out = set(), []
    for i, src in enumerate(source):
        note = "rejected" if src in bad else "repeat" if src in seen else ""
        seen.add(src)
        out.append([i + 1, *truth[src], note])
    return out


def tickets_file(said):
    draw, count = Draw("tickets.csv"), tally()
    rows, truth = [], []
    for s in said:
        closed = draw.chance(0.9 if s.intent not in ("complaint", "churn_threat") else 0.7)
        rows.append([s.id, who(s), s.when.strftime("%Y-%m-%dT%H:%M:%S+08:00"), s.channel, s.item.id, s.text, "closed" if closed else "open"])
        mood = "negative" if s.intent in ("refund", "exchange", "complaint", "churn_threat", "logistics") else \
            "positive" if s.intent == "praise" else "neutral"
        truth.append([s.id, s.person.id, s.intent, mood])
    dirt.spoil_times(draw, rows, 2, 6, count)
    count["rows"] = len(rows)
    return (csv_bytes(["ticket_id", "customer_id", "created_at", "channel", "item_id", "message", "status"], rows),
            csv_bytes(["ticket_id", "person", "intent", "sentiment"], truth), count)


def searches_file(said):
    draw, count = Draw("searches.csv"), tally()
    rows = []
    for s in said:
        anonymous = draw.chance(0.04)
        count["no_customer"] += anonymous
        rows.append(["" if anonymous else who(s), s.when.strftime("%Y-%m-%d %H:%M"), s.text])
    dirt.spoil_times(draw, rows, 1, 8, count)
    count["rows"] = len(rows)
    return csv_bytes(["用户", "时间", "搜索词"], rows, encoding="gb18030", end="\r\n"), count


def items_file(items):
    head = ["item_id", "名称", "name", "类目", "category", "价格", "风格"]
    return csv_bytes(head, [[i.id, i.zh, i.en, CATEGORY_ZH[i.category], CATEGORY_EN[i.category], number(i.price, 2), i.style] for i in items])


TRUTH_HEAD = ["person", "second_id", "group", "language", "favourite_1", "favourite_2", "favourite_3", "tastes", "style", "top_items",
              "mood", "mood_drift", "price_sense", "lambda_week", "dropout", "orders", "mean_leave", "churned", "churn_date",
              "p_alive_end", "value_365", "p_alive_cut", "p_order_90", "ordered_90"]


def _truth_row(p, items):
    past = shop.alive_chance(p, shop.CUT_DAY)
    rest = shop.CLOCK[-1] - shop.clock(shop.CUT_DAY)
    soon = None if past is None else past * (1.0 - math.exp(-p.rate / 7.0 * rest))
    later = any(o.day >= shop.CUT_DAY for o in p.orders)
    left = (START + datetime.timedelta(days=p.left)).date().isoformat() if p.left is not None else ""
    alias = getattr(p, "alias", None)
    return [p.id, alias.id if alias else "", p.group, p.language, *[CATEGORY_ZH[k] for k in p.favourites],
            " ".join(number(p.tastes[key], 3) for key, _, _ in CATEGORIES), max(p.style, key=lambda s: p.style[s]),
            " ".join(i.id for i in shop.top_items(p, items)), number(p.mood, 3), number(p.drift, 3), number(p.sense, 3), number(p.rate, 5),
            number(p.dropout, 5), len(p.orders), number(sum(o.leave for o in p.orders) / len(p.orders), 5), int(p.left is not None), left,
            number(shop.alive_chance(p, DAYS)), number(shop.future_value(p), 2), "" if past is None else number(past),
            "" if soon is None else number(soon), "" if past is None else int(later)]


STORY = {
    "as_of": "2026-11-20", "timezone": "Asia/Shanghai", "cut": "2026-08-22",
    "planted": [
        {"what": "southern warehouse moves, parcels late", "from": "2026-08-01", "to": "2026-08-31", "region": "华南",
         "cities": [c[0] for c in people.CITIES if c[3] == "华南"], "aspect": "物流"},
        {"what": "one batch leaks", "from": "2026-03-01", "to": "2026-04-15", "item": shop.BATCH_ITEM, "aspect": "质量 使用"},
        {"what": "prices rise by 12 %", "from": "2026-06-01", "to": "2026-11-20", "category": "宠物用品", "aspect": "价格"},
    ],
    "groups": {key: people.GROUP_ZH[key] for key in people.GROUPS},
    "taste_order": [zh for _, zh, _ in CATEGORIES],
}


def _json(value):
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def build():
    """{path under shop/: bytes} of every file."""
    crowd = people.population(Draw("people"))
    items, orders = shop.run(Draw("shop"), crowd)
    aliases = identity.second_ids(Draw("second ids"), crowd, orders)
    customers = identity.customer_rows(Draw("customers.csv"), crowd, aliases)
    pairs = identity.namesakes(Draw("namesakes"), crowd, customers)
    members, conflicts = identity.member_rows(Draw("members.xlsx"), crowd, customers)
    out, faults = {}, {}
    out["orders.csv"], faults["orders.csv"] = orders_file(orders, items)
    out["pageviews.csv"], faults["pageviews.csv"] = views_file(voices.views(Draw("views"), crowd, items))
    out["reviews.csv"], out["truth/reviews.csv"], faults["reviews.csv"] = reviews_file(voices.reviews(Draw("reviews"), orders), items)
    out["tickets.csv"], out["truth/tickets.csv"], faults["tickets.csv"] = tickets_file(voices.tickets(Draw("tickets"), orders))
    out["searches.csv"], faults["searches.csv"] = searches_file(voices.searches(Draw("searches"), crowd, items, 2000))
    out["items.csv"] = items_file(items)
    out["customers.csv"] = csv_bytes(identity.CUSTOMER_HEAD, customers)
    out["members.xlsx"] = xlsx_bytes("会员", identity.MEMBER_HEAD, members)
    faults["customers.csv"] = {"rows": len(customers), "second_ids": len(aliases)}
    faults["members.xlsx"] = {"rows": len(members), "conflicts": len(conflicts)}
    out["truth/customers.csv"] = csv_bytes(TRUTH_HEAD, [_truth_row(p, items) for p in crowd])
    out["truth/items.csv"] = csv_bytes(["item_id", "quality"], [[i.id, number(i.quality, 2)] for i in items])
    same = [[a.person.id, a.id, 1, a.by] for a in aliases] + [[a, b, 0, "name and city only"] for a, b in pairs]
    out["truth/identities.csv"] = csv_bytes(["id_a", "id_b", "same", "by"], same)
    out["truth/conflicts.csv"] = csv_bytes(["id", "field", "customers.csv", "members.xlsx"], conflicts)
    out["truth/story.json"] = _json(STORY)
    out["truth/dirt.json"] = _json(faults)
    return out
