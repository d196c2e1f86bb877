"""The 2,000 people of the shop: who they are and what drives them.

Hidden in each person (never in the shop's own files, only under truth/):

    group          one of seven behaviours below
    tastes         weights over the ten categories, three favourites
    style          which style of item is preferred
    mood, drift    mean satisfaction in [-1, 1], change per year
    lambda         orders a week while alive (Gamma within a group)
    dropout        chance of leaving for good after an order, for neutral
                   satisfaction (Beta within a group): BG/NBD's p
    price_sense    0 ... 1
"""
import datetime

from .catalog import CATEGORIES, STYLES

START = datetime.datetime(2025, 5, 21)
END = datetime.datetime(2026, 11, 20)
DAYS = (END - START).days

SURNAMES = ("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文")
GIVEN_F = "静敏婷丽娟芳雪莹慧佳琪欣怡梦洁雨桐子涵思语诗涵雅楠晓彤依诺可馨梓萱若曦美玲玉兰秀英海燕春梅"
GIVEN_M = "伟强磊军洋勇涛明超杰浩宇轩子墨一鸣俊熙志远建国文博天佑嘉豪昊然泽宇鹏飞海波国庆晨曦立新永康"
FIRST_EN_F = "Emma Olivia Sophie Grace Lucy Anna Maria Laura Chloe Hannah Julia Alice Nina Clara Megan Priya Aisha Yuki".split()
FIRST_EN_M = "James Daniel Lucas Oliver Thomas David Ben Alex Marco Leo Peter Simon Ivan Omar Raj Kenji Mark Paul".split()
LAST_EN = "Smith Johnson Brown Taylor Wilson Martin Clark Walker Hall Young Wright Green Baker Hill Moore Rossi Novak Schmidt Silva Tanaka Khan Singh Dubois Ivanov".split()
CITIES = [("上海", "Shanghai", 12, "华东"), ("北京", "Beijing", 11, "华北"), ("广州", "Guangzhou", 9, "华南"), ("深圳", "Shenzhen", 10, "华南"),
          ("杭州", "Hangzhou", 8, "华东"), ("成都", "Chengdu", 8, "西南"), ("武汉", "Wuhan", 6, "华中"), ("南京", "Nanjing", 6, "华东"),
          ("西安", "Xi'an", 5, "西北"), ("重庆", "Chongqing", 5, "西南"), ("苏州", "Suzhou", 4, "华东"), ("长沙", "Changsha", 4, "华中"),
          ("天津", "Tianjin", 4, "华北"), ("青岛", "Qingdao", 3, "华北"), ("厦门", "Xiamen", 3, "华南"), ("东莞", "Dongguan", 3, "华南"),
          ("佛山", "Foshan", 2, "华南"), ("郑州", "Zhengzhou", 3, "华中"), ("沈阳", "Shenyang", 2, "东北"), ("昆明", "Kunming", 2, "西南"),
          ("南宁", "Nanning", 2, "华南"), ("哈尔滨", "Harbin", 2, "东北"), ("兰州", "Lanzhou", 1, "西北"), ("贵阳", "Guiyang", 1, "西南")]
JOBS = ["教师", "程序员", "医生", "护士", "会计", "销售", "设计师", "公务员", "学生", "自由职业", "工程师", "个体户", "全职妈妈", "客服", "律师", "司机", "厨师", "退休", "产品经理", "编辑"]

# group: share, mean orders a week, dropout Beta(a, b), mood, price sense, favourite categories
GROUPS = {
    "loyal": dict(share=0.15, rate=0.175, shape=14.0, drop=(1.0, 70.0), mood=0.45, sense=0.15, likes=["beauty", "clothes", "outdoor", "home"]),
    "bargain": dict(share=0.19, rate=0.085, shape=5.0, drop=(1.2, 12.0), mood=0.12, sense=0.9, likes=["home", "food", "clothes", "books"]),
    "family": dict(share=0.17, rate=0.095, shape=6.0, drop=(1.0, 18.0), mood=0.3, sense=0.5, likes=["baby", "food", "home", "pet"]),
    "night": dict(share=0.15, rate=0.085, shape=5.0, drop=(1.1, 14.0), mood=0.22, sense=0.35, likes=["digital", "appliance", "books", "food"]),
    "new": dict(share=0.12, rate=0.17, shape=6.0, drop=(1.0, 16.0), mood=0.28, sense=0.4, likes=["beauty", "pet", "digital", "outdoor"]),
    "casual": dict(share=0.12, rate=0.034, shape=4.0, drop=(1.5, 9.0), mood=0.25, sense=0.4, likes=["books", "home", "clothes", "outdoor"]),
    "unhappy": dict(share=0.10, rate=0.105, shape=6.0, drop=(1.2, 20.0), mood=-0.62, sense=0.5, likes=["appliance", "digital", "clothes", "pet"]),
}
GROUP_ZH = {"loyal": "忠诚高价值", "bargain": "价格敏感", "family": "家庭囤货", "night": "深夜数码", "new": "新客", "casual": "偶尔光顾", "unhappy": "屡屡不满"}


class Person:
    pass


def _tastes(draw, likes):
    keys = [key for key, _, _ in CATEGORIES]
    favourites = draw.some(likes, 2)
    favourites.append(draw.pick([k for k in keys if k not in favourites]))
    favourites = draw.shuffled(favourites)
    top = [0.42 + draw.real(-0.04, 0.04), 0.31 + draw.real(-0.03, 0.03), 0.22 + draw.real(-0.02, 0.02)]
    rest = draw_rest = {k: draw.gamma(1.0, 1.0) for k in keys if k not in favourites}
    total = sum(draw_rest.values())
    out = {k: (1.0 - sum(top)) * w / total for k, w in rest.items()}
    out.update(zip(favourites, top))
    return {k: out[k] for k in keys}, favourites


def _name(draw, p):
    if p.language == "en":
        p.first = draw.pick(FIRST_EN_F if p.sex == "女" else FIRST_EN_M)
        return f"{p.first} {draw.pick(LAST_EN)}"
    pool = GIVEN_F if p.sex == "女" else GIVEN_M
    given = draw.pick(pool) + (draw.pick(pool) if draw.chance(0.72) else "")
    return draw.pick(SURNAMES) + given


def _phone(draw, used):
    while True:
        number = "1" + draw.pick(["30", "35", "36", "38", "50", "58", "77", "86", "88", "99"]) + f"{draw.below(100000000):08d}"
        if number not in used:
            used.add(number)
            return number


def _entry(draw, group):
    """Day of the first order, counted from START."""
    if group == "new":
        return DAYS - draw.real(6, 62)
    if group == "loyal":
        return draw.real(0, 190)
    return draw.real(0, 400) if draw.chance(0.9) else draw.real(400, 470)


def make(draw, number, group, phones):
    g = GROUPS[group]
    p = Person()
    p.number, p.id, p.group = number, f"C{number:05d}", group
    p.language = "en" if draw.chance(0.11) else "zh"
    p.sex = "女" if draw.chance(0.78 if group == "family" else 0.34 if group == "night" else 0.56) else "男"
    p.name = _name(draw, p)
    age = {"family": (27, 43), "night": (18, 32), "bargain": (18, 62)}.get(group, (19, 58))
    p.birthday = datetime.date(2026 - draw.between(*age), draw.between(1, 12), draw.between(1, 28))
    p.age = 2026 - p.birthday.year - (1 if (p.birthday.month, p.birthday.day) > (11, 20) else 0)
    city = CITIES[draw.weighted([c[2] for c in CITIES])]
    p.city, p.city_en, p.region = city[0], city[1], city[3]
    p.job = "学生" if p.age < 22 and draw.chance(0.6) else "退休" if p.age > 60 else draw.pick([j for j in JOBS if j != "退休"])
    if p.job == "全职妈妈" and (p.sex == "男" or group != "family"):
        p.job = "销售"
    p.income = 500 * draw.between(2, 7) if p.job == "学生" else int(max(2500, draw.normal({"loyal": 21000, "bargain": 7500, "night": 13000}.get(group, 11000), 3500)) / 100) * 100
    p.phone = _phone(draw, phones)
    p.email = f"{'user' if p.language == 'zh' else p.name.split()[0].lower()}{number}@example.com"
    p.tastes, p.favourites = _tastes(draw, g["likes"])
    style = draw.below(4)
    p.style = {s: (0.55 if i == style else 0.15) for i, s in enumerate(STYLES)}
    p.mood = max(-0.95, min(0.95, draw.normal(g["mood"], 0.16)))
    kind = draw.unit()
    p.drift = draw.normal(-0.55, 0.15) if kind < 0.12 else draw.normal(0.4, 0.1) if kind < 0.2 else draw.normal(0, 0.06)
    if group in ("new", "unhappy"):
        p.drift = draw.normal(0, 0.06)
    p.rate = max(0.012, draw.gamma(g["shape"], 1.1 * g["rate"] / g["shape"]))
    p.dropout = min(0.6, draw.beta(*g["drop"]))
    p.sense = max(0.02, min(0.98, draw.normal(g["sense"], 0.07)))
    p.entry = _entry(draw, group)
    p.registered = p.entry - draw.real(0, 12)
    p.channel = ["app", "mini", "web"][draw.weighted({"night": [3, 1, 6], "family": [3, 6, 1]}.get(group, [6, 3, 1]))]
    return p


def mood_at(p, day):
    """Mood on a day: drift is per year, zero at the middle of the 18 months."""
    return max(-1.0, min(1.0, p.mood + p.drift * (day - DAYS / 2) / 365.0))


def hour_of(draw, p):
    if p.group == "night":
        return draw.pick([22, 23, 23, 0, 0, 1, 1, 2]) if draw.chance(0.92) else draw.between(10, 21)
    if p.group == "family":
        return draw.pick([6, 7, 8, 8, 9, 9, 10]) if draw.chance(0.75) else draw.between(12, 21)
    return [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21][draw.weighted([3, 5, 5, 8, 6, 4, 4, 4, 4, 6, 9, 11, 9])]


def population(draw, n=2000):
    groups = []
    for name, g in GROUPS.items():
        groups += [name] * int(round(g["share"] * n))
    groups = draw.shuffled((groups + ["casual"] * n)[:n])
    phones = set()
    return [make(draw, i + 1, group, phones) for i, group in enumerate(groups)]
