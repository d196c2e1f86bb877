"""What customers want, the product's own closed set (hx_intent_label of include/huaxiang/text.h), Chinese and English: several may hold of one text.

Labels come from sets whose own labels say as much (MAPPED), from hand-written phrases over reviews and customers' questions where they are
sure (lexicons/intent.tsv), and from sentences of our own with names put in (intents.zh.txt, intents.en.txt), some of them two in a row, in an
informal dress, with slips of the keyboard. `other` is said where nothing of the set is meant.
"""
import collections
import os
import re

from correction import misspelt

HERE = os.path.dirname(os.path.abspath(__file__))
LEXICONS = os.path.join(HERE, "..", "..", "..", "lexicons")
BANKING = {
    "refund": "request_refund Refund_not_showing_up", "cancel": "cancel_transfer", "account": "passcode_forgotten change_pin pin_blocked edit_personal_details verify_my_identity "
    "unable_to_verify_identity why_verify_identity lost_or_stolen_phone lost_or_stolen_card compromised_card verify_source_of_funds", "account|churn": "terminate_account",
    "logistics": "card_arrival card_delivery_estimate", "complaint": "transaction_charged_twice", "repair": "contactless_not_working virtual_card_not_working card_not_working",
    "price": "exchange_charge transfer_fee_charged top_up_by_card_charge top_up_by_bank_transfer_charge", "buy": "order_physical_card getting_virtual_card getting_spare_card",
    "consult": "visa_or_mastercard country_support age_limit supported_cards_and_currencies fiat_currency_support card_acceptance atm_support disposable_card_limits top_up_limits "
               "transfer_timing apple_pay_or_google_pay"}
CLINC = {"logistics": "order_status replacement_card_duration", "cancel": "cancel_reservation", "buy": "book_flight book_hotel car_rental restaurant_reservation order order_checks",
         "account": "account_blocked pin_change report_lost_card freeze_account rewards_balance redeem_rewards", "complaint": "report_fraud", "repair": "damaged_card schedule_maintenance",
         "other": "oos weather tell_joke timer alarm flip_coin roll_dice calculator fun_fact play_music what_song next_song are_you_a_bot meaning_of_life translate spelling definition time date "
                  "timezone how_old_are_you what_is_your_name where_are_you_from do_you_have_pets todo_list shopping_list smart_home text make_call recipe cook_time measurement_conversion yes no maybe "
                  "goodbye greeting gas mpg traffic directions current_location find_phone whisper_mode change_volume change_accent calendar reminder"}
SNIPS = {"buy": "BookRestaurant", "other": "GetWeather PlayMusic AddToPlaylist RateBook SearchCreativeWork SearchScreeningEvent"}
SLOTS_ZH = {"item": "手机 耳机 充电器 洗发水 热水器 外套 裙子 牛仔裤 运动鞋 平板 笔记本 电饭煲 牛奶 苹果 车厘子 床单 台灯 键盘 鼠标 奶粉 面膜 口红 保温杯 行李箱 空调 冰箱 手表 打印机 吹风机 书包 羽绒服 数据线 手机壳 纸尿裤 蛋糕 沙发".split(),
            "unit": "个 件 台 双 箱 套 份 瓶 盒".split(), "size": "M码 L码 XL码 S码 大号 小号 38码 42码 170 均码".split(), "color": "红色 黑色 白色 蓝色 粉色 灰色 绿色 米色 卡其色".split(),
            "brand": "小米 华为 苹果 美的 海尔 格力 蒙牛 耐克 安踏 联想 戴尔 飞利浦 苏泊尔".split(), "brand2": "京东 天猫 拼多多 隔壁店 移动 联通 电信 三星 OPPO 伊利".split(),
            "place": "北京 上海 广州 深圳 成都 乌鲁木齐 拉萨 农村 学校 公司 县城 杭州 三亚".split(), "day": "今天 明天 昨天 后天 周五 下周一 3号 月底 上周 国庆".split(),
            "person": "小李 王师傅 张姐".split(), "company": "华兴科技有限公司 某某贸易公司 我们学校".split(), "item2": "支架 鼠标垫 袜子 滤芯 保护壳".split()}
SLOTS_EN = {"item": "phone,laptop,charger,blender,dress,jacket,pair of jeans,headset,coffee maker,backpack,lamp,watch,tablet,keyboard,vacuum,toaster,mattress,printer,camera,hoodie,sofa,monitor,drill,kettle,stroller,router,"
                    "tent,razor,skirt,speaker".split(","), "size": "small,medium,large,XL,size 8,size 10,extra small".split(","), "color": "red,black,white,navy,pink,green,gray,beige".split(","),
            "brand": "Sony,Apple,Samsung,Nike,Dell,Bosch,Lenovo,Philips,Verizon".split(","), "brand2": "Amazon,Walmart,Costco,T-Mobile,your competitor,Target,Adidas".split(","),
            "place": "Canada,Texas,London,Australia,Berlin,New York,Puerto Rico,my office".split(","), "day": "Friday,Monday,tomorrow,next week,June 5,the 12th,Saturday,yesterday".split(","),
            "person": "Jenny,Mark,Priya,Tom,the lady at the desk".split(","), "company": "Acme Ltd,our company,Northwind Inc".split(",")}
BEFORE_ZH = ("你好，", "您好，", "在吗，", "亲，", "请问", "那个", "老板，", "客服在不在？", "麻烦问下，", "喂，", "急！", "谢谢，", "打扰一下，", "HI，")
BEHIND_ZH = ("。", "！", "？", "!!", "谢谢", "，谢谢！", "，急", "呢", "啊", "~", "…", "，快点回复", "，麻烦了", "，在线等")
BEFORE_EN = ("hi, ", "hello ", "hey ", "pls ", "um ", "Hi there, ", "good morning, ", "quick one: ", "excuse me, ", "URGENT ", "so ", "guys ")
BEHIND_EN = (".", "!", "?", "!!", " please", " thanks", " asap", " pls", " thx", "...", " :(", " right now", ", thank you.")
JOINS = {"zh": ("，另外", "，还有", "。", "，顺便问下", "，而且", "；"), "en": (". Also, ", " and ", ". ", ", by the way ", "; ", ". And ")}


def filled(random, template, lang):
    text = re.sub(r"\[([^\]\[]*\|[^\]\[]*)\]", lambda m: random.choice(m.group(1).split("|")), template)
    slots = SLOTS_ZH if lang == "zh" else SLOTS_EN

    def put(m):
        name = m.group(1)
        if name in slots:
            return random.choice(slots[name])
        if name == "money":
            n = random.choice((random.randint(5, 99), random.randint(100, 3000), round(random.uniform(3, 99), 1)))
            return f"{n}{random.choice(('元', '块', '块钱'))}" if lang == "zh" else f"${n}"
        if name == "order":
            return str(random.randint(10 ** 7, 10 ** 10))
        return str(random.randint(150, 190) if name == "h" else random.randint(2, 9))
    return re.sub(r"\{(\w+)\}", put, text)


def dressed(random, text, lang):
    if random.random() < 0.25:
        text = random.choice(BEFORE_ZH if lang == "zh" else BEFORE_EN) + text
    if random.random() < 0.45:
        text += random.choice(BEHIND_ZH if lang == "zh" else BEHIND_EN)
    if lang == "en":
        if random.random() < 0.35:
            text = text[:1].upper() + text[1:]
        if random.random() < 0.12:
            words = text.split(" ")
            at = random.randrange(len(words))
            if len(words[at]) > 3 and words[at].isalpha():
                words[at] = misspelt(random, words[at].lower())
            text = " ".join(words)
        if random.random() < 0.05:
            text = text.upper()
    elif random.random() < 0.08:
        text = re.sub(r"[，。！？]", " ", text)
    return text


def templates_of(lang):
    found, intent = [], None
    with open(f"{HERE}/intents.{lang}.txt", encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if line.startswith("@"):
                intent = line[1:]
            elif line and not line.startswith("#"):
                found.append((intent, line))
    return found


def own_rows(random, copies):
    """Each template `copies` times, and a fifth as many pairs of two intents."""
    for lang in ("zh", "en"):
        templates = templates_of(lang)
        for intent, template in templates:
            for text in sorted({dressed(random, filled(random, template, lang), lang) for _ in range(copies)}):
                yield f"own sentences, {lang}", text, intent
        wanted = [t for t in templates if t[0] != "other"]
        for _ in range(len(templates) * copies // 5):
            (a, x), (b, y) = random.sample(wanted, 2)
            text = filled(random, x, lang).rstrip("。！？?!.") + random.choice(JOINS[lang]) + filled(random, y, lang)
            yield f"own sentences, {lang}", dressed(random, text, lang), "|".join(sorted({a, b}))


def mapped_rows(maker):
    for name, table, most in (("banking77", BANKING, 90), ("clinc150", CLINC, 60), ("snips", SNIPS, 60)):
        intents = {source: ours for ours, sources in table.items() for source in sources.split()}
        counts = collections.Counter()
        for row in maker.rows(name, "train"):
            ours = intents.get(row["intent"])
            if ours and counts[row["intent"]] < most:
                counts[row["intent"]] += 1
                yield name, row["text"], ours
    for name, most in (("smp2019_nlu", 700), ("cais", 500)):
        rows = maker.rows(name, "train")
        maker.random.shuffle(rows)
        for row in rows[:most]:
            yield name, row["text"], "other"
    for row in maker.rows("crosswoz_intent", "train"):
        acts = set(re.findall(r"General|Request|Inform|Select", row["intent"]))
        if acts == {"Request"}:
            priced = re.search(r"价格|门票|消费|票价|多少钱", row["text"])
            yield "crosswoz_intent", row["text"], "consult|price" if priced else "consult"
        elif acts == {"General"} and "thank" not in row["intent"]:
            yield "crosswoz_intent", row["text"], "other"


class Phrases:
    def __init__(self):
        self.phrases, self.longest = collections.defaultdict(list), 1
        with open(os.path.join(LEXICONS, "intent.tsv"), encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("# "):
                    intent, phrase, weight = line.rstrip("\n").split("\t")
                    self.phrases[phrase].append((intent, float(weight)))
        self.zh = re.compile("|".join(re.escape(p) for p in sorted(self.phrases, key=len, reverse=True) if re.search(r"[一-鿿]", p)))
        self.en = re.compile(r"\b(?:" + "|".join(re.escape(p) for p in sorted(self.phrases, key=len, reverse=True) if not re.search(r"[一-鿿]", p)) + r")\b")

    def scores(self, text):
        found = collections.Counter()
        for m in (self.zh if re.search(r"[一-鿿]", text) else self.en).finditer(text.lower().replace("’", "'")):
            for intent, weight in self.phrases[m.group()]:
                found[intent] += weight
        return found


# Advice to the shop, not to other customers.
WISH = re.compile(r"希望(?!.{0,8}(?:赔|退))|要是能|如果能|最好能|建议(?!.{0,10}(?:慎|别|不要|大家|购买|入手|买|选|考虑|各位|亲们|朋友|不懂))|would be (?:nice|great|better|perfect|helpful) if|please (?:add|make|offer|bring)|"
                  r"should (?:add|offer|include|make)|i wish (?:it|they|you|there)", re.I)


def said_by_review(text, scores, positive):
    """Of a review only what its stars agree with, and what nobody says by the way."""
    said = set()
    if positive and scores["praise"] >= 6 and scores["complaint"] <= 0:
        said.add("praise")
    if not positive and scores["complaint"] >= 4 and scores["praise"] <= 0:
        said.add("complaint")
    if not positive and scores["churn"] >= 4:
        said.add("churn")
    if scores["suggest"] >= 4 and WISH.search(text):
        said.add("suggest")
    return said


def phrase_rows(maker, most):
    phrases = Phrases()
    counts = collections.Counter()
    for name, column in (("online_shopping", "label"), ("waimai_10k", "label"), ("chnsenticorp", "label"), ("clothing_reviews", "recommended"), ("amazon_reviews", "rating")):
        rows = maker.rows(name, "train")
        maker.random.shuffle(rows)
        for row in rows:
            positive = row[column] in ("1",) if column != "rating" else row[column] in ("4", "5")
            if len(row["text"]) > 160:
                continue
            said = said_by_review(row["text"], phrases.scores(row["text"]), positive)
            label = "|".join(sorted(said))
            if label and counts[name, label] < most:
                counts[name, label] += 1
                yield name + ", by phrases", row["text"], label


def question_rows(maker, most):
    """Customers' questions of lm_zh (finance): the one intent whose phrases speak clearly; without any it is a question."""
    phrases, counts = Phrases(), collections.Counter()
    for text in maker.documents("zh"):
        if len(text) > 40 or not re.search(r"花呗|借呗|支付宝", text):
            continue
        scores = phrases.scores(text)
        clear = sorted(i for i, s in scores.items() if s >= 3.5 and i not in ("praise", "complaint", "consult"))
        label = clear[0] if len(clear) == 1 else "consult" if not clear and re.search(r"怎么|如何|什么|吗|为啥|多久|几", text) else None
        if label and counts[label] < most:
            counts[label] += 1
            yield "lm_zh (AFQMC), by phrases", text, label


def make(maker):
    random = maker.random
    rows = [*own_rows(random, 8), *mapped_rows(maker), *phrase_rows(maker, 500), *question_rows(maker, 350)]
    random.shuffle(rows)
    return {"intent": "labels"} if maker.write("intent", ("text", "label"), rows[700:], rows[:700]) else {}
