"""Runs eighteen months of the shop: orders, experiences, leaving, browsing.

Buying is a beta-geometric process as in BG/NBD (Fader, Hardie and Lee 2005):
while alive a person orders at rate lambda x season; after each order she
leaves for good with probability

    logit p_j = logit p - 1.6 x (satisfaction of that order - 0.4)

so who will leave can be learnt from rhythm and from words. Planted stories:

    2026-08      the southern warehouse moves: parcels to 华南 are late
    2026-03-01 .. 2026-04-15   one batch of 便携榨汁杯 (P1101) leaks
    2026-06-01   pet supplies cost 12 % more
"""
import bisect
import datetime
import math

from . import people
from .catalog import kind_of, shelves
from .people import DAYS, START, END

CUT_DAY = DAYS - 90
BATCH_ITEM = "P1101"


def day_of(year, month, day):
    return (datetime.datetime(year, month, day) - START).days


AUGUST = (day_of(2026, 8, 1), day_of(2026, 9, 1))
BATCH = (day_of(2026, 3, 1), day_of(2026, 4, 16))
PET_RISE = day_of(2026, 6, 1)


def season(day):
    """Demand of a day relative to an ordinary one."""
    date = START + datetime.timedelta(days=day)
    factor = 1.12 if date.weekday() >= 5 else 0.96
    if date.month == 6 and date.day <= 18:
        factor *= 1.45
    if date.month == 11 and date.day <= 11:
        factor *= 1.9
    if datetime.datetime(2026, 2, 14) <= date <= datetime.datetime(2026, 2, 22):
        factor *= 0.5
    return factor


CLOCK = [0.0]
for _day in range(DAYS):
    CLOCK.append(CLOCK[-1] + season(_day))


def clock(day):
    """Seasonal time, in ordinary days, since START."""
    whole = min(int(day), DAYS - 1)
    return CLOCK[whole] + (day - whole) * season(whole)


def day_at(tick):
    whole = min(bisect.bisect_right(CLOCK, tick) - 1, DAYS - 1)
    return whole + (tick - CLOCK[whole]) / season(whole)


class Line:
    __slots__ = ("item", "quantity", "unit", "off", "paid", "feel", "satisfaction", "stars", "returned")


class Order:
    __slots__ = ("id", "person", "alias", "when", "day", "lines", "channel", "leave")


def wants(p, items):
    """Chance of each item being the next wanted: taste of its category x (style, price fit) within it."""
    cheap = {"bargain": -0.9, "loyal": 0.9, "family": -0.5, "casual": -0.5}.get(p.group, 0.0)
    fit = [math.exp(2.0 * p.style[i.style] + cheap * math.log(i.price / 80.0)) for i in items]
    total = {}
    for item, f in zip(items, fit):
        total[item.category] = total.get(item.category, 0.0) + f
    return [p.tastes[i.category] * f / total[i.category] for i, f in zip(items, fit)]


def _discount(draw, p, day):
    date = START + datetime.timedelta(days=int(day))
    campaign = (date.month == 6 and date.day <= 18) or (date.month == 11 and date.day <= 11)
    if p.group == "bargain":
        return draw.pick([0.2, 0.25, 0.3, 0.3, 0.35, 0.4]) if draw.chance(0.93) else 0.1
    if campaign and draw.chance(0.6):
        return draw.pick([0.05, 0.1, 0.15])
    return draw.pick([0.05, 0.1]) if draw.chance(0.12) else 0.0


def _quantity(draw, p, item):
    if p.group == "family":
        if kind_of(item.category, item.noun) == "consumable":
            return draw.between(3, 8)
        return draw.between(2, 4) if item.price < 150 or draw.chance(0.3) else 1
    return 2 if draw.chance(0.07) else 1


def _feel(draw, p, item, day, off):
    """Experience by aspect, each about in [-1, 1]."""
    mood = people.mood_at(p, day)
    quality = item.quality + draw.normal(0, 0.26)
    if item.id == BATCH_ITEM and BATCH[0] <= day < BATCH[1]:
        quality -= 1.3
    parcel = 0.4 + draw.normal(0, 0.3)
    if AUGUST[0] <= day < AUGUST[1]:
        parcel -= 1.35 if p.region == "华南" else 0.25
    price = 0.2 + 2.2 * p.sense * (off - 0.12) + draw.normal(0, 0.2)
    if item.category == "pet" and day >= PET_RISE:
        price -= 0.35
    raw = {"使用": quality + draw.normal(0, 0.15), "质量": quality + draw.normal(0, 0.2), "物流": parcel, "价格": price,
           "服务": 0.15 + 0.5 * mood + draw.normal(0, 0.25), "包装": 0.2 + draw.normal(0, 0.3),
           "外观": 0.5 * item.quality + 0.8 * (p.style[item.style] - 0.15) + draw.normal(0, 0.25)}
    score = (0.45 * mood + 0.36 * raw["使用"] + 0.24 * raw["物流"] + 0.14 * raw["价格"] + 0.1 * raw["服务"] + draw.normal(0, 0.07))
    return {a: v + 0.4 * mood for a, v in raw.items()}, score


def _stars(score):
    for stars, limit in ((5, 0.37), (4, 0.19), (3, 0.05), (2, -0.11)):
        if score > limit:
            return stars
    return 1


def _line(draw, p, item, day, off):
    line = Line()
    line.item, line.off = item, off
    line.quantity = _quantity(draw, p, item)
    line.unit = round(item.price * (1.12 if item.category == "pet" and day >= PET_RISE else 1.0), 2)
    line.paid = round(line.unit * line.quantity * (1.0 - off) + 1e-9, 2)
    line.feel, line.satisfaction = _feel(draw, p, item, day, off)
    line.stars = _stars(line.satisfaction)
    line.returned = line.stars <= 2 and draw.chance(0.75 if p.group == "unhappy" else 0.12)
    return line


def _moment(draw, p, day):
    """Clock time of an order on a day, by the person's habit."""
    date = (START + datetime.timedelta(days=int(day))).replace(hour=people.hour_of(draw, p))
    if p.group == "family" and draw.chance(0.6):
        date += datetime.timedelta(days=(5 + draw.below(2) - date.weekday()) % 7)
    date += datetime.timedelta(minutes=draw.below(60), seconds=draw.below(60))
    return min(date, END + datetime.timedelta(hours=23))


def _order(draw, p, items, day):
    order = Order()
    order.person, order.when, order.alias = p, _moment(draw, p, day), False
    order.day = (order.when - START).total_seconds() / 86400.0
    order.channel = p.channel if draw.chance(0.85) else draw.pick(["app", "mini", "web"])
    n = 1 + draw.weighted([0.5, 0.29, 0.14, 0.07])
    weights = wants(p, items)
    off = _discount(draw, p, day)
    chosen = []
    for _ in range(n):
        if p.liked and draw.chance(0.2):
            item = draw.pick(p.liked)
        else:
            item = items[draw.weighted(weights)]
        if item not in chosen:
            chosen.append(item)
    order.lines = [_line(draw, p, item, day, off) for item in chosen]
    p.liked += [l.item for l in order.lines if l.stars == 5 and kind_of(l.item.category, l.item.noun) == "consumable"]
    score = sum(l.satisfaction for l in order.lines) / len(order.lines)
    odds = p.dropout / (1.0 - p.dropout) * math.exp(-1.6 * (score - 0.4))
    order.leave = odds / (1.0 + odds)
    return order


def live(draw, p, items):
    """All orders of one person; sets p.left (day of leaving or None)."""
    p.liked, p.left, p.orders = [], None, []
    day = p.entry
    while day < DAYS:
        order = _order(draw, p, items, day)
        p.orders.append(order)
        if draw.chance(order.leave):
            p.left = order.day
            break
        tick = clock(day) + draw.exponential(p.rate / 7.0)
        if tick >= CLOCK[-1]:
            break
        day = day_at(tick)
    p.orders.sort(key=lambda o: o.day)
    return p.orders


def alive_chance(p, day):
    """P(still a customer on `day`) given lambda, the true p_j and the orders before it."""
    past = [o for o in p.orders if o.day < day]
    if not past:
        return None
    quiet = math.exp(-p.rate / 7.0 * max(0.0, clock(day) - clock(past[-1].day)))
    stay = 1.0 - past[-1].leave
    return stay * quiet / (past[-1].leave + stay * quiet)


def future_value(p):
    """Expected spend in the 365 days after END: P(alive) x orders x mean order."""
    if not p.orders:
        return 0.0
    mean_leave = sum(o.leave for o in p.orders) / len(p.orders)
    mean_paid = sum(l.paid for o in p.orders for l in o.lines if not l.returned) / len(p.orders)
    orders = (1.0 - math.exp(-p.rate * mean_leave * 365.0 / 7.0)) / mean_leave
    return alive_chance(p, DAYS) * orders * mean_paid


def top_items(p, items, n=5):
    ranked = sorted(zip(wants(p, items), items), key=lambda pair: (-pair[0], pair[1].id))
    return [item for _, item in ranked[:n]]


def run(draw, crowd):
    items = shelves()
    orders = []
    for p in crowd:
        orders += live(draw, p, items)
    orders.sort(key=lambda o: (o.when, o.person.number))
    count = {}
    for o in orders:
        stamp = o.when.strftime("%y%m%d")
        count[stamp] = count.get(stamp, 0) + 1
        o.id = f"{stamp}{count[stamp]:03d}"
    return items, orders
