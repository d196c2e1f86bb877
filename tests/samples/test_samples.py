#!/usr/bin/env python3
"""What samples/ promises: each fault and each truth can be found again in the files.

Reads the committed files only; that they are what the generator gives is the
other test (tools/make_samples.py --check).
"""
import csv
import datetime
import io
import json
import pathlib
import re
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2] / "samples"
SHOP = ROOT / "shop"


def table(path, encoding="utf-8-sig"):
    return list(csv.DictReader(io.StringIO((SHOP / path).read_bytes().decode(encoding), newline="")))


def is_time(text):
    for style in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M", "%Y-%m-%dT%H:%M:%S%z"):
        try:
            return bool(datetime.datetime.strptime(text, style))
        except ValueError:
            continue
    return False


class Small(unittest.TestCase):
    def test_comments(self):
        text = (ROOT / "comments.csv").read_text(encoding="utf-8")
        self.assertEqual(text, "comment\n这家餐厅很棒！\n这个商品很差！\n电影很好看！\n这个服务很糟糕！\n这本书很有趣！\n")

    def test_labelled(self):
        rows = table("../labelled.csv", "utf-8")
        self.assertEqual(len(rows), 1200)
        self.assertEqual({r["label"] for r in rows}, {"positive", "negative"})
        positive = sum(r["label"] == "positive" for r in rows)
        self.assertTrue(500 < positive < 700)
        self.assertGreater(len({r["comment"] for r in rows}), 1150)
        english = sum(r["comment"].isascii() for r in rows)
        self.assertTrue(60 < english < 200)

    def test_browsing(self):
        rows = table("../browsing.csv", "utf-8")
        self.assertEqual(len({r["user"] for r in rows}), 100)
        self.assertEqual(sum(not r["time"] for r in rows), 4)
        self.assertEqual(sum(not r["page"] for r in rows), 3)
        self.assertEqual(sum(bool(r["time"]) and not is_time(r["time"]) for r in rows), 1)


class Shop(unittest.TestCase):
    def setUp(self):
        self.dirt = json.loads((SHOP / "truth/dirt.json").read_text(encoding="utf-8"))

    def test_dirt_is_as_counted(self):
        times = {"orders.csv": "order_time", "pageviews.csv": "timestamp", "reviews.csv": "时间", "tickets.csv": "created_at", "searches.csv": "时间"}
        who = {"orders.csv": "customer_id", "pageviews.csv": "user_id", "reviews.csv": "用户", "searches.csv": "用户"}
        for name, column in times.items():
            rows = table(name, "gb18030" if name == "searches.csv" else "utf-8-sig")
            count = self.dirt[name]
            self.assertEqual(len(rows), count["rows"], name)
            self.assertEqual(sum(not is_time(r[column]) for r in rows), count["bad_dates"], name)
            if name in who and not count["duplicates"]:
                self.assertEqual(sum(not r[who[name]] for r in rows), count["no_customer"], name)
            self.assertGreaterEqual(len(rows) - len({tuple(r.values()) for r in rows}), count["duplicates"], name)

    def test_times_end_with_the_data(self):
        for name, column in (("orders.csv", "order_time"), ("tickets.csv", "created_at")):
            times = [r[column][:10] for r in table(name) if is_time(r[column])]
            self.assertLessEqual(max(times), "2026-11-20")
            self.assertGreaterEqual(min(times), "2025-05-01")

    def test_second_ids_share_phone_or_mail(self):
        rows = {r["客户编号"]: r for r in table("customers.csv")}
        pairs = table("truth/identities.csv")
        self.assertEqual(sum(p["same"] == "1" for p in pairs), 80)

        def digits(text):
            return re.sub(r"\D", "", text)[-11:]
        for p in pairs:
            a, b = rows[p["id_a"]], rows[p["id_b"]]
            phone = digits(a["手机号"]) == digits(b["手机号"]) != ""
            mail = a["邮箱"].lower() == b["邮箱"].lower() != ""
            self.assertEqual(phone or mail, p["same"] == "1", p)
            if p["same"] == "1":
                self.assertEqual(phone, p["by"] == "phone", p)

    def test_no_other_ids_share_phone_or_mail(self):
        joined = {frozenset((p["id_a"], p["id_b"])) for p in table("truth/identities.csv") if p["same"] == "1"}
        seen = {}
        for r in table("customers.csv"):
            phone = re.sub(r"\D", "", r["手机号"])[-11:]
            for key in ([phone] if re.fullmatch(r"1[3-9]\d{9}", phone) else []) + ([r["邮箱"].lower()] if r["邮箱"] else []):
                if key in seen:
                    self.assertIn(frozenset((seen[key], r["客户编号"])), joined)
                seen[key] = r["客户编号"]

    def test_mails_are_fictitious(self):
        for r in table("customers.csv"):
            self.assertTrue(not r["邮箱"] or r["邮箱"].lower().endswith("@example.com"))

    def test_conflicts_stand_in_the_customers_file(self):
        rows = {r["客户编号"]: r for r in table("customers.csv")}
        for c in table("truth/conflicts.csv"):
            self.assertEqual(rows[c["id"]][c["field"]], c["customers.csv"])
            self.assertNotEqual(c["customers.csv"], c["members.xlsx"])

    def test_workbook_is_whole(self):
        with zipfile.ZipFile(SHOP / "members.xlsx") as book:
            self.assertIsNone(book.testzip())
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        self.assertEqual(sheet.count("<row "), self.dirt["members.xlsx"]["rows"] + 1)

    def test_truth_is_about_the_files(self):
        people = {r["person"]: r for r in table("truth/customers.csv")}
        self.assertEqual(len(people), 2000)
        canon = {p["id_b"]: p["id_a"] for p in table("truth/identities.csv") if p["same"] == "1"}
        last = {}
        for r in table("orders.csv"):
            if r["customer_id"] and is_time(r["order_time"]) and not r["quantity"].startswith("-"):
                key = canon.get(r["customer_id"], r["customer_id"])
                last[key] = max(last.get(key, ""), r["order_time"])
        known = [p for p in people.values() if p["ordered_90"] and p["person"] in last]
        agree = sum((last[p["person"]] >= "2026-08-22") == (p["ordered_90"] == "1") for p in known)
        self.assertGreater(agree / len(known), 0.985)  # guest rows and bad dates hide a few
        for p in people.values():
            shares = [float(v) for v in p["tastes"].split()]
            self.assertAlmostEqual(sum(shares), 1.0, delta=0.01)

    def test_truth_of_reviews_is_row_by_row(self):
        rows, truth = table("reviews.csv"), table("truth/reviews.csv")
        self.assertEqual([int(t["row"]) for t in truth], list(range(1, len(rows) + 1)))
        marks = str.maketrans("１２３４５", "12345")
        same = [r["评分"].translate(marks) == t["stars"] for r, t in zip(rows, truth) if t["kind"] == "review"]
        self.assertGreater(sum(same) / len(same), 0.98)
        self.assertEqual([not is_time(r["时间"]) for r in rows], [t["note"] == "rejected" for t in truth])

    def test_august_story_is_in_the_words(self):
        south = set(json.loads((SHOP / "truth/story.json").read_text(encoding="utf-8"))["planted"][0]["cities"])
        self.assertIn("广州", south)
        rows = [(r["时间"], t["aspects"]) for r, t in zip(table("reviews.csv"), table("truth/reviews.csv")) if t["kind"] == "review"]

        def late(subset):
            return sum("物流:-1" in a for _, a in subset) / len(subset)
        august = [x for x in rows if x[0].startswith("2026年8月")]
        self.assertGreater(late(august), 2 * late(rows))

    def test_size(self):
        total = sum(p.stat().st_size for p in ROOT.rglob("*") if p.is_file())
        self.assertLess(total, 6_000_000)


if __name__ == "__main__":
    unittest.main()
