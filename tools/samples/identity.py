"""Persons with two ids, the customers file and the members' workbook that contradicts it here and there."""
import datetime

from .people import CITIES, END, START

LEVELS = ["普通", "银卡", "金卡", "钻石"]


def wide(text):
    """ASCII digits and signs as full-width characters."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


class Alias:
    """A second id of one person, told by the same phone or e-mail in the customers file."""
    __slots__ = ("person", "id", "by", "start")


def second_ids(draw, crowd, orders, n=80):
    """Picks people with at least three orders; a late part of their orders goes to the second id."""
    pool = [p for p in crowd if len(p.orders) >= 3]
    out = []
    for i, p in enumerate(draw.some(pool, n)):
        alias = Alias()
        alias.person, alias.id, alias.by = p, f"C{len(crowd) + i + 1:05d}", "phone" if i % 8 < 5 else "email"
        alias.start = p.orders[max(1, int(len(p.orders) * 0.6))].when - datetime.timedelta(hours=1)
        out.append(alias)
        p.alias = alias
        for o in p.orders:
            o.alias = o.when >= alias.start
    return out


def level_of(p):
    spent = sum(line.paid for o in p.orders for line in o.lines if not line.returned)
    return LEVELS[(spent >= 800) + (spent >= 2500) + (spent >= 6000)]


def _income(draw, p):
    kind = draw.unit()
    if kind < 0.12:
        return None
    if kind < 0.30 and p.income >= 10000:
        return f"{p.income / 10000:g}万"
    if kind < 0.42:
        return f"￥{p.income:,}"
    return wide(str(p.income)) if kind < 0.46 else str(p.income)


def _sex(draw, p):
    if draw.chance(0.06):
        return None
    if p.language == "en" or draw.chance(0.03):
        return "F" if p.sex == "女" else "M"
    return p.sex


def _birthday(draw, p):
    if draw.chance(0.18):
        return None
    return f"{p.birthday.year}-{p.birthday.month:02d}-{p.birthday.day:02d}"


def _phone(draw, p):
    kind = draw.unit()
    if kind < 0.02:
        return draw.pick(["无", "00000000000", "-"])
    if kind < 0.05:
        return None
    if kind < 0.10:
        return f"{p.phone[:3]}-{p.phone[3:7]}-{p.phone[7:]}"
    if kind < 0.14:
        return f"+86 {p.phone[:3]} {p.phone[3:7]} {p.phone[7:]}"
    return p.phone


CUSTOMER_HEAD = ["客户编号", "姓名", "性别", "年龄", "生日", "城市", "职业", "会员等级", "收入", "手机号", "邮箱", "注册时间"]


def _row(draw, p):
    registered = START + datetime.timedelta(days=p.registered)
    city = p.city_en if p.language == "en" and draw.chance(0.8) else p.city
    age = None if draw.chance(0.08) else wide(str(p.age)) if draw.chance(0.02) else str(p.age)
    return [p.id, p.name, _sex(draw, p), age, _birthday(draw, p), city, p.job, level_of(p), _income(draw, p),
            _phone(draw, p), p.email if draw.chance(0.72) else None, registered.strftime("%Y-%m-%d %H:%M")]


def customer_rows(draw, crowd, aliases):
    """One row an id; both rows of a pair carry the phone or e-mail that joins them, and no other common id."""
    rows = {p.id: _row(draw, p) for p in crowd}
    for a in aliases:
        p, first = a.person, rows[a.person.id]
        row = list(first)
        row[0] = a.id
        if draw.chance(0.3) and p.language == "zh":
            row[1] = p.name[0] + ("女士" if p.sex == "女" else "先生")
        row[8] = None
        row[11] = a.start.strftime("%Y-%m-%d %H:%M")
        if a.by == "phone":
            first[9] = p.phone
            row[9] = draw.pick([p.phone, p.phone, f"{p.phone[:3]} {p.phone[3:7]} {p.phone[7:]}", f"+86{p.phone}"])
            row[10] = None
        else:
            first[10] = p.email
            row[9] = None
            row[10] = draw.pick([p.email, p.email, p.email.upper()])
        rows[a.id] = row
    return list(rows.values())


def namesakes(draw, crowd, rows, n=12):
    """Different people given one name in one city: a join by name and city would be wrong."""
    pool = [p for p in crowd if p.language == "zh" and not hasattr(p, "alias")]
    picked = draw.some(pool, 2 * n)
    by_id = {row[0]: row for row in rows}
    pairs = []
    for a, b in zip(picked[::2], picked[1::2]):
        b.name, b.city, b.region = a.name, a.city, a.region
        by_id[b.id][1], by_id[b.id][5] = a.name, by_id[a.id][5]
        pairs.append((a.id, b.id))
    return pairs


MEMBER_HEAD = ["客户编号", "姓名", "会员等级", "城市", "生日", "积分", "入会日期"]


def member_rows(draw, crowd, rows, n=420):
    """Rows of the workbook and the planted conflicts (id, field, customers.csv, members.xlsx)."""
    by_id = {row[0]: row for row in rows}
    members = sorted(draw.some([p for p in crowd if p.language == "zh" and level_of(p) != "普通"], n), key=lambda p: p.number)
    out, conflicts = [], []
    for i, p in enumerate(members):
        told = by_id[p.id]
        city, birthday, level = told[5], p.birthday, told[7]
        if i % 14 == 3:
            city = draw.pick([c[0] for c in CITIES if c[0] != told[5]])
            conflicts.append((p.id, "城市", told[5], city))
        if i % 14 == 8 and told[4]:
            birthday = p.birthday.replace(year=p.birthday.year + draw.pick([-10, -1, 1]))
            conflicts.append((p.id, "生日", told[4], birthday.isoformat()))
        if i % 21 == 11:
            level = draw.pick([v for v in LEVELS if v != level])
            conflicts.append((p.id, "会员等级", told[7], level))
        joined = START.date() + datetime.timedelta(days=int(p.registered) + draw.between(0, 40))
        points = int(sum(line.paid for o in p.orders for line in o.lines))
        out.append([p.id, told[1], level, city, birthday, points, min(joined, END.date())])
    return out, conflicts
