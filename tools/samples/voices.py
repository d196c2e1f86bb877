"""What the people of the shop say and look at: reviews, tickets, searches, page views."""
import datetime

from . import review, ticket_words
from .catalog import CATEGORY_EN, CATEGORY_ZH, kind_of
from .draw import expand
from .people import DAYS, END, START, hour_of
from .shop import wants

PAGES = ["home", "category", "item", "cart", "checkout", "help", "orders"]


class Said:
    """A review, ticket, search or view: who, when, what and the truth about it."""
    __slots__ = ("person", "alias", "when", "item", "text", "stars", "aspects", "intent", "id", "kind", "channel", "page")

    def __init__(self, person, when, **more):
        self.person, self.when, self.alias = person, when, False
        for name in self.__slots__[3:]:
            setattr(self, name, None)
        for name, value in more.items():
            setattr(self, name, value)


def language_of(draw, p):
    if p.language == "en":
        return "en" if draw.chance(0.9) else "zh"
    return "zh" if draw.chance(0.995) else "en"


def reviews(draw, orders):
    out = []
    for o in orders:
        for line in o.lines:
            eager = 0.46 if line.stars <= 2 else 0.32 if line.stars == 3 else 0.24
            if o.person.group == "new":
                eager += 0.12
            when = o.when + datetime.timedelta(days=draw.between(2, 14), hours=draw.between(-3, 3), minutes=draw.below(60))
            if not draw.chance(eager) or when > END:
                continue
            said = Said(o.person, when, item=line.item, stars=line.stars)
            said.text, said.aspects = review.write(draw, language_of(draw, o.person), line.item.category,
                                                   (line.item.noun, line.item.noun_en), line.stars, line.feel)
            said.alias = o.alias
            out.append(said)
    out.sort(key=lambda s: (s.when, s.person.number, s.item.id))
    return out


def _ticket(draw, order, line, intent, when):
    p = order.person
    language = language_of(draw, p)
    bank = ticket_words.EN if language == "en" else ticket_words.ZH
    waited = draw.between(4, 9)
    slots = {"n": line.item.noun_en if language == "en" else line.item.noun, "o": order.id, "d": str(waited), "a": f"{line.paid:g}"}
    said = Said(p, when, item=line.item, intent=intent, stars=line.stars)
    said.text = expand(draw, draw.pick(review.fitting(bank[intent], line.item.category, line.item.noun)), slots)
    said.channel = draw.pick(["chat", "chat", "chat", "phone", "email"])
    said.alias = order.alias
    return said


def _reasons(draw, order, line):
    """Intents this line gives rise to, with the days after the order."""
    out = []
    if line.returned and draw.chance(0.19):
        out.append((draw.pick(["refund", "refund", "refund", "exchange"]), draw.between(2, 7)))
    if line.feel["物流"] < -0.35 and draw.chance(0.2):
        out.append(("logistics", draw.between(4, 8)))
    if line.stars <= 2 and draw.chance(0.06):
        out.append(("complaint", draw.between(3, 10)))
    if line.stars == 1 and order.leave > 0.08 and draw.chance(0.16):
        out.append(("churn_threat", draw.between(5, 14)))
    for intent, p in (("consult", 0.007), ("invoice", 0.004), ("praise", 0.005 if line.stars == 5 else 0.0),
                      ("buy", 0.003), ("logistics", 0.002), ("exchange", 0.002), ("refund", 0.001)):
        if draw.chance(p):
            out.append((intent, draw.between(-2, 0) if intent in ("consult", "buy") else draw.between(1, 6)))
    return out


def tickets(draw, orders):
    out = []
    for o in orders:
        for line in o.lines:
            for intent, days in _reasons(draw, o, line):
                when = o.when + datetime.timedelta(days=days, minutes=draw.between(-200, 200), seconds=draw.below(60))
                if START <= when <= END:
                    out.append(_ticket(draw, o, line, intent, when))
    out.sort(key=lambda s: (s.when, s.person.number, s.intent))
    for i, said in enumerate(out):
        said.id = f"T{i + 1:04d}"
    return out


def _query(draw, p, item):
    if language_of(draw, p) == "en":
        return draw.pick([item.noun_en, item.noun_en, CATEGORY_EN[item.category].lower()]) + draw.pick(ticket_words.SEARCH_TAILS_EN)
    head = draw.pick([item.noun, item.noun, item.noun, item.zh.split(" ")[0], CATEGORY_ZH[item.category]])
    tails = ticket_words.SEARCH_TAILS_BY_GROUP.get(p.group)
    fits = {"night": item.category in ("digital", "appliance"),
            "family": kind_of(item.category, item.noun) == "consumable"}.get(p.group, True)
    return head + draw.pick(tails if tails and fits and draw.chance(0.4) else ticket_words.SEARCH_TAILS)


def _last_day(p):
    return p.left if p.left is not None else DAYS


def _visit_moment(draw, p):
    day = draw.real(max(0.0, p.registered), max(p.registered + 1.0, min(DAYS, _last_day(p) + 10)))
    date = START + datetime.timedelta(days=int(day))
    return min(date.replace(hour=hour_of(draw, p)) + datetime.timedelta(minutes=draw.below(60), seconds=draw.below(60)), END)


def searches(draw, crowd, items, n):
    weights = {}
    out = []
    for _ in range(n):
        p = draw.pick(crowd)
        if p.number not in weights:
            weights[p.number] = wants(p, items)
        item = items[draw.weighted(weights[p.number])]
        out.append(Said(p, _visit_moment(draw, p), item=item, text=_query(draw, p, item)))
    out.sort(key=lambda s: (s.when, s.person.number))
    return out


def _view(p, when, page, item=None, alias=False):
    return Said(p, when, page=page, item=item, channel=p.channel, alias=alias)


def _visit(draw, p, items, weights, when, bought):
    """One visit: two to five pages, minutes apart; with `bought` it ends at the checkout."""
    pages = []
    if draw.chance(0.2):
        pages.append(("home", None))
    seen = bought if bought else items[draw.weighted(weights)]
    if draw.chance(0.22):
        pages.append((f"category/{seen.category}", None))
    if not bought or draw.chance(0.3):
        pages.append(("item", items[draw.weighted(weights)]))
    pages.append(("item", seen))
    if bought:
        pages += [("cart", None)] if draw.chance(0.16) else []
        pages += [("checkout", None)] if draw.chance(0.2) else []
    elif draw.chance(0.12):
        pages.append(("cart", None))
    elif p.group == "unhappy" and draw.chance(0.4):
        pages.append(draw.pick([("help/returns", None), ("orders", None)]))
    when -= datetime.timedelta(minutes=draw.between(4, 25))
    out = []
    for page, item in pages:
        out.append(_view(p, when, page, item))
        when += datetime.timedelta(seconds=draw.between(15, 240))
    return out


def views(draw, crowd, items):
    out = []
    for p in crowd:
        weights = wants(p, items)
        for o in p.orders:
            if draw.chance(0.25):
                continue
            for said in _visit(draw, p, items, weights, o.when, draw.pick(o.lines).item):
                said.alias = o.alias
                out.append(said)
        for _ in range(2 + draw.below(3)):
            out += _visit(draw, p, items, weights, _visit_moment(draw, p), None)
    out = [v for v in out if v.when >= START]
    out.sort(key=lambda s: (s.when, s.person.number))
    return out
