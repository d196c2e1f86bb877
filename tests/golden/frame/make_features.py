# Reference values for the steps that make features: writes features.txt beside itself.
# pandas 2.3.3, numpy 2.4.6, python-dateutil (Easter); windows by filters over the rows, as their definition says.
import os
from zoneinfo import ZoneInfo
import numpy as np
import pandas as pd
from dateutil.easter import easter

out = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "features.txt"), "w")


def put(name, values):
    out.write(f"# {name}\n")
    for v in np.asarray(values, dtype=float).ravel():
        out.write(repr(float(v)) + "\n")


def ms(times):
    return pd.Series(times).astype("datetime64[ms]").astype("int64")


rng = np.random.default_rng(11)
n = 200

# ---- parts of times: all over 1999 to 2051, in UTC and in Shanghai and New York
at = pd.Series(pd.to_datetime(rng.integers(915148800, 2556143999, size=n), unit="s"))
put("times", ms(at))
for zone, tag in (("UTC", "utc"), ("Asia/Shanghai", "shanghai"), ("America/New_York", "york")):  # (not by pytz, which has no summer time after 2037)
    d = at.dt.tz_localize("UTC").dt.tz_convert(ZoneInfo(zone))
    parts = [d.dt.hour, d.dt.minute, ms(d.dt.tz_localize(None).dt.normalize()), d.dt.dayofweek + 1, d.dt.day, d.dt.month,
             d.dt.quarter, d.dt.isocalendar().week, d.dt.year, d.dt.dayofweek >= 5]
    for x, turn in ((d.dt.hour, 24), (d.dt.dayofweek, 7), (d.dt.month - 1, 12)):
        parts += [np.sin(2 * np.pi * x / turn), np.cos(2 * np.pi * x / turn)]
    put("parts_" + tag, np.stack([np.asarray(p, dtype=float) for p in parts], 1))
put("easter", [(pd.Timestamp(easter(y)) - pd.Timestamp("1970-01-01")).days for y in range(1900, 2100)])

# ---- windows: customers 0..5 (g0..g5), ties in time, missing amounts
who = rng.integers(0, 6, size=n)
when = pd.Series(pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 120 * 24, size=n), unit="h"))
amount = np.round(rng.normal(50, 40, size=n), 2)
amount[rng.random(n) < 0.15] = np.nan
put("who", who)
put("when", ms(when))
put("amount", amount)
rows = []
for i in range(n):
    before = (who == who[i]) & (when < when[i])
    row = [(when[i] - when[before].max()) / pd.Timedelta(days=1) if before.any() else np.nan]
    for days in (7, 30, 90):
        inside = before & (when >= when[i] - pd.Timedelta(days=days))
        a = pd.Series(amount[inside])
        row += [inside.sum(), a.sum(), a.mean()]
    rows.append(row)
put("windows", rows)

# ---- sessions: a gap of 30 minutes
seen = pd.Series(pd.Timestamp("2026-03-01") + pd.to_timedelta(rng.integers(0, 3 * 24 * 60, size=n), unit="min"))
page = rng.integers(0, 8, size=n)
put("seen", ms(seen))
put("page", page)
frame = pd.DataFrame({"who": who, "t": seen, "page": page}).reset_index()
frame["order"] = frame["who"].map({w: k for k, w in enumerate(pd.unique(who))})
frame = frame.sort_values(["order", "t", "index"], kind="stable")
gap = frame.groupby("who")["t"].diff()
frame["session"] = (gap.isna() | (gap > pd.Timedelta(minutes=30))).cumsum()
begun = frame.groupby("session")[["t", "index"]].first().sort_values(["t", "index"])  # numbered as they begin
frame["session"] = frame["session"].map({s: k + 1 for k, s in enumerate(begun.index)})
by = frame.groupby("session")
frame["i"] = by.cumcount() + 1
frame["s"] = (frame["t"] - by["t"].transform("min")).dt.total_seconds()
frame["n"] = by["t"].transform("size")
frame["d"] = (by["t"].transform("max") - by["t"].transform("min")).dt.total_seconds()
frame["before"] = by["page"].shift()
put("sessions", frame.sort_values("index")[["session", "i", "s", "n", "d"]])
put("previous", frame.sort_values("index")["before"])

# ---- point-in-time joins: pandas.merge_asof
m = 60
quotes = pd.DataFrame({"who": rng.integers(0, 5, size=m),
                       "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 120 * 24, size=m), unit="h"),
                       "price": np.arange(m, dtype=float)})
quotes.loc[m - 1, "when"] = when[0]  # a row at the very time of another
quotes.loc[m - 1, "who"] = who[0] if who[0] < 5 else 0
put("quote_who", quotes["who"])
put("quote_when", ms(quotes["when"]))
left = pd.DataFrame({"who": who, "when": when}).reset_index().sort_values("when", kind="stable")
right = quotes.sort_values("when", kind="stable")
for name, more in (("asof", {}), ("asof_5d", {"tolerance": pd.Timedelta(days=5)}), ("asof_strict", {"allow_exact_matches": False})):
    joined = pd.merge_asof(left, right, on="when", by="who", **more).sort_values("index")
    put(name, joined["price"])
out.close()
