"""Faults put into the shop's files on purpose, each counted for truth/dirt.json.

A row that must be rejected has a time that is no date. Everything else can be
read: full-width digits, a currency sign, thousands separators, HTML, rows
given twice, rows without a customer.
"""
from .identity import wide

BAD_TIMES = ["2026-13-05 10:20", "2026-02-30 09:15", "昨天", "0000-00-00 00:00", "未知", "2026/99/01", "2025-11-31 18:00", "N/A", "13月5日", "--"]


def money(draw, value, tally):
    """A price as shops write it."""
    plain = f"{value:.2f}".rstrip("0").rstrip(".")
    kind = draw.unit()
    if kind < 0.015:
        tally["yuan_sign"] += 1
        return f"￥{value:,.2f}"
    if kind < 0.020:
        tally["full_width"] += 1
        return wide(plain)
    return plain


def count(draw, value, tally):
    if value > 0 and draw.chance(0.004):
        tally["full_width"] += 1
        return wide(str(value))
    return str(value)


def spoil_times(draw, rows, column, n, tally):
    """Replaces the time of n rows; returns the set of their indexes."""
    spoilt = set(draw.some(range(len(rows)), n))
    for i in sorted(spoilt):
        rows[i] = list(rows[i])
        rows[i][column] = draw.pick(BAD_TIMES)
    tally["bad_dates"] += n
    return spoilt


def repeat(draw, rows, avoid, n, tally):
    """Writes n rows twice (the copy a few rows below); returns (rows, source index of each row)."""
    twice = set(draw.some([i for i in range(len(rows)) if i not in avoid], n))
    out, source, waiting = [], [], []
    for i, row in enumerate(rows):
        out.append(row)
        source.append(i)
        if i in twice:
            waiting.append(i)
        if waiting and draw.chance(0.3):
            out.append(rows[waiting[0]])
            source.append(waiting.pop(0))
    for i in waiting:
        out.append(rows[i])
        source.append(i)
    tally["duplicates"] += n
    return out, source


def html(draw, text):
    kind = draw.below(4)
    if kind == 0:
        return text.replace("，", "，<br/>", 1) if "，" in text else text + "<br/>"
    if kind == 1:
        return "&quot;" + text + "&quot;"
    if kind == 2:
        return text.replace(" ", "&nbsp;") if " " in text else text + "&nbsp;&nbsp;"
    return "<p>" + text.replace("！", "&#33;") + "</p>"
