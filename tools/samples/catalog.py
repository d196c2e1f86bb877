"""The shop's shelves: ten categories, 130 items.

One line an item: Chinese name | English name | what a buyer calls it in
Chinese | and in English | list price in CNY | true quality in [-1, 1] | style.
Quality and the price's fairness are hidden truth; the rest is in items.csv.
"""

CATEGORIES = [
    ("digital", "数码配件", "Electronics"), ("appliance", "小家电", "Appliances"),
    ("food", "零食饮品", "Food & Drinks"), ("beauty", "美妆护肤", "Beauty"),
    ("clothes", "服饰鞋包", "Clothing"), ("baby", "母婴用品", "Baby"),
    ("home", "家居日用", "Home"), ("books", "图书文具", "Books & Stationery"),
    ("outdoor", "运动户外", "Sports & Outdoor"), ("pet", "宠物用品", "Pets"),
]
STYLES = ["简约", "可爱", "专业", "养生"]

LINES = {
    "digital": """
真无线降噪耳机 Pro|Wireless Noise-Cancelling Earbuds Pro|耳机|earbuds|499|0.62|专业
入门蓝牙耳机|Basic Bluetooth Earphones|耳机|earphones|89|-0.05|简约
20000毫安充电宝|20000 mAh Power Bank|充电宝|power bank|129|0.45|简约
65W氮化镓充电器|65W GaN Charger|充电器|charger|119|0.66|专业
编织数据线 1.5米|Braided USB-C Cable 1.5 m|数据线|cable|29|0.30|简约
机械键盘 87键|87-Key Mechanical Keyboard|键盘|keyboard|329|0.58|专业
静音无线鼠标|Silent Wireless Mouse|鼠标|mouse|69|0.40|简约
猫爪小夜灯音箱|Cat-Paw Night Light Speaker|小音箱|speaker|99|0.15|可爱
智能手环 7|Smart Band 7|手环|smart band|239|0.35|养生
4K高清摄像头|4K Webcam|摄像头|webcam|269|-0.25|专业
平板支架|Tablet Stand|支架|stand|45|0.55|简约
卡通手机壳|Cartoon Phone Case|手机壳|phone case|35|0.20|可爱
电子书阅读器 6寸|6-Inch E-Reader|阅读器|e-reader|699|0.52|专业""",
    "appliance": """
便携榨汁杯|Portable Blender Cup|榨汁杯|blender|139|0.30|养生
空气炸锅 4.5升|Air Fryer 4.5 L|空气炸锅|air fryer|299|0.60|简约
静音加湿器|Quiet Humidifier|加湿器|humidifier|109|0.25|简约
养生壶 1.5升|Health Kettle 1.5 L|养生壶|kettle|149|0.50|养生
迷你电饭煲|Mini Rice Cooker|电饭煲|rice cooker|169|0.35|可爱
手持吸尘器|Handheld Vacuum|吸尘器|vacuum|399|0.42|专业
电动牙刷|Electric Toothbrush|牙刷|toothbrush|199|0.55|专业
折叠电热水壶|Folding Travel Kettle|水壶|travel kettle|119|-0.30|简约
桌面小风扇|Desk Fan|小风扇|fan|59|0.28|可爱
负离子吹风机|Ionic Hair Dryer|吹风机|hair dryer|259|0.48|专业
颈部按摩仪|Neck Massager|按摩仪|massager|229|-0.10|养生
早餐三明治机|Sandwich Maker|三明治机|sandwich maker|99|0.40|可爱
半自动咖啡机|Semi-Automatic Espresso Machine|咖啡机|espresso machine|899|0.57|专业""",
    "food": """
每日坚果 30包|Daily Nuts 30 Packs|坚果|nuts|99|0.60|养生
冻干咖啡 24颗|Freeze-Dried Coffee 24 Cups|咖啡|coffee|79|0.68|简约
云南小粒咖啡豆 500克|Yunnan Coffee Beans 500 g|咖啡豆|coffee beans|68|0.50|专业
手撕牛肉干 250克|Beef Jerky 250 g|牛肉干|beef jerky|58|0.38|简约
麻辣鸭脖 500克|Spicy Duck Necks 500 g|鸭脖|duck necks|45|0.20|简约
无糖乌龙茶 12瓶|Sugar-Free Oolong Tea 12 Bottles|乌龙茶|oolong tea|48|0.52|养生
草莓夹心饼干|Strawberry Sandwich Biscuits|饼干|biscuits|19.9|0.10|可爱
低脂鸡胸肉肠 10根|Low-Fat Chicken Sausages 10 pcs|鸡胸肠|chicken sausages|39|0.30|专业
螺蛳粉 5袋|River Snail Noodles 5 Packs|螺蛳粉|snail noodles|52|0.55|简约
桂花藕粉|Osmanthus Lotus Root Powder|藕粉|lotus root powder|36|0.42|养生
进口黑巧克力|Imported Dark Chocolate|巧克力|chocolate|62|0.48|专业
小熊软糖 1公斤|Gummy Bears 1 kg|软糖|gummy bears|32|0.25|可爱
有机小米 2.5公斤|Organic Millet 2.5 kg|小米|millet|46|-0.20|养生""",
    "beauty": """
玻尿酸补水面膜 20片|Hyaluronic Mask 20 pcs|面膜|face masks|89|0.45|简约
氨基酸洗面奶|Amino Acid Cleanser|洗面奶|cleanser|59|0.55|简约
烟酰胺身体乳|Niacinamide Body Lotion|身体乳|body lotion|49|0.30|简约
清爽防晒霜 SPF50|Light Sunscreen SPF50|防晒霜|sunscreen|79|0.40|专业
丝绒口红 豆沙色|Velvet Lipstick Rosewood|口红|lipstick|69|0.50|可爱
果酸护手霜三支装|Hand Cream Trio|护手霜|hand cream|39|0.35|可爱
生姜防脱洗发水|Ginger Anti-Hair-Loss Shampoo|洗发水|shampoo|75|-0.28|养生
无硅油护发素|Silicone-Free Conditioner|护发素|conditioner|55|0.28|简约
控油散粉|Oil-Control Setting Powder|散粉|setting powder|85|0.42|专业
自然眉笔|Natural Eyebrow Pencil|眉笔|eyebrow pencil|29|0.20|简约
艾草泡脚包 30包|Mugwort Foot Soak 30 Packs|泡脚包|foot soak|35|0.46|养生
小样香水套装|Perfume Sampler Set|香水|perfume|129|0.15|可爱
抗皱精华液 30毫升|Anti-Wrinkle Serum 30 ml|精华|serum|269|0.38|专业""",
    "clothes": """
纯棉圆领T恤|Cotton Crew T-Shirt|T恤|T-shirt|59|0.42|简约
高腰直筒牛仔裤|High-Waist Straight Jeans|牛仔裤|jeans|139|0.30|简约
轻薄羽绒服|Light Down Jacket|羽绒服|down jacket|399|0.50|简约
速干运动裤|Quick-Dry Joggers|运动裤|joggers|99|0.46|专业
羊毛混纺毛衣|Wool-Blend Sweater|毛衣|sweater|189|-0.22|简约
小熊珊瑚绒睡衣|Bear Fleece Pajamas|睡衣|pajamas|109|0.48|可爱
软底小白鞋|Soft White Sneakers|小白鞋|white sneakers|159|0.25|简约
帆布双肩包|Canvas Backpack|双肩包|backpack|129|0.52|简约
商务通勤衬衫|Office Shirt|衬衫|shirt|119|0.32|专业
碎花连衣裙|Floral Dress|连衣裙|dress|179|0.10|可爱
中筒棉袜 6双|Crew Socks 6 Pairs|袜子|socks|39|0.40|简约
加绒打底裤|Fleece Leggings|打底裤|leggings|69|0.35|养生
真皮皮带|Leather Belt|皮带|belt|99|-0.08|专业""",
    "baby": """
婴儿纸尿裤 L码 60片|Baby Diapers L 60 pcs|纸尿裤|diapers|119|0.50|简约
婴儿手口湿巾 10包|Baby Wipes 10 Packs|湿巾|wipes|59|0.55|简约
宝宝连体衣|Baby Bodysuit|连体衣|bodysuit|69|0.38|可爱
防胀气奶瓶|Anti-Colic Bottle|奶瓶|baby bottle|89|0.45|专业
硅胶咬咬胶|Silicone Teether|咬胶|teether|29|0.30|可爱
儿童保温杯|Kids' Thermos|保温杯|kids' thermos|99|-0.18|可爱
辅食研磨碗|Baby Food Grinding Bowl|研磨碗|grinding bowl|45|0.25|专业
益智积木 120块|Building Blocks 120 pcs|积木|building blocks|129|0.60|可爱
轻便婴儿推车|Light Stroller|推车|stroller|599|0.42|专业
宝宝润肤霜|Baby Cream|润肤霜|baby cream|65|0.48|养生
儿童牙刷 4支|Kids' Toothbrushes 4 pcs|儿童牙刷|kids' toothbrushes|26|0.35|可爱
防踢被睡袋|Baby Sleeping Bag|睡袋|sleeping bag|149|0.52|养生
有机婴儿米粉|Organic Rice Cereal|米粉|rice cereal|78|0.20|养生""",
    "home": """
乳胶枕头|Latex Pillow|枕头|pillow|159|0.40|养生
全棉四件套|Cotton Bedding Set|四件套|bedding set|299|0.48|简约
不粘炒锅 30厘米|Non-Stick Wok 30 cm|炒锅|wok|169|0.32|专业
真空保鲜盒 5件|Vacuum Food Boxes 5 pcs|保鲜盒|food boxes|79|0.50|简约
折叠收纳箱 3个|Folding Storage Boxes 3 pcs|收纳箱|storage boxes|89|0.38|简约
免打孔置物架|No-Drill Shelf|置物架|shelf|49|-0.32|简约
抽纸 24包|Tissues 24 Packs|抽纸|tissues|55|0.45|简约
洗衣凝珠 60颗|Laundry Pods 60 pcs|洗衣凝珠|laundry pods|49|0.58|简约
香薰蜡烛|Scented Candle|香薰|candle|59|0.30|可爱
护眼台灯|Eye-Care Desk Lamp|台灯|desk lamp|189|0.55|专业
珊瑚绒毛毯|Fleece Blanket|毛毯|blanket|79|0.42|可爱
人体工学坐垫|Ergonomic Cushion|坐垫|cushion|109|0.12|养生
玻璃水杯 2只|Glass Cups 2 pcs|水杯|glasses|39|0.22|简约""",
    "books": """
长篇小说《北方来信》|Novel "Letters from the North"|小说|novel|42|0.65|简约
悬疑小说《第七码头》|Mystery "Pier Seven"|小说|mystery novel|39|0.55|简约
绘本《小刺猬去远方》|Picture Book "Little Hedgehog Goes Far"|绘本|picture book|36|0.60|可爱
家常菜谱 300例|300 Home Recipes|菜谱|cookbook|45|0.25|养生
Python数据分析入门|Python Data Analysis for Beginners|书|book|69|0.42|专业
中国通史（彩图版）|Illustrated History of China|书|history book|88|0.50|专业
个人理财二十讲|Twenty Lessons on Personal Finance|书|finance book|49|-0.15|专业
点阵手账本|Dotted Journal|手账本|journal|28|0.45|可爱
中性笔 20支|Gel Pens 20 pcs|中性笔|gel pens|19.9|0.35|简约
水彩颜料 24色|Watercolours 24 Colours|颜料|watercolours|58|0.40|可爱
考研英语词汇|Graduate Exam English Vocabulary|单词书|vocabulary book|55|0.30|专业
桌面台历 2027|Desk Calendar 2027|台历|calendar|25|0.20|可爱
中医养生小百科|Pocket Guide to Chinese Wellness|书|wellness book|39|0.05|养生""",
    "outdoor": """
加厚瑜伽垫|Thick Yoga Mat|瑜伽垫|yoga mat|79|0.48|养生
双人防雨帐篷|Two-Person Rain Tent|帐篷|tent|359|0.50|专业
折叠露营椅|Folding Camping Chair|露营椅|camping chair|89|0.40|简约
登山杖 2根|Trekking Poles 2 pcs|登山杖|trekking poles|119|0.35|专业
缓震跑步鞋|Cushioned Running Shoes|跑鞋|running shoes|329|0.58|专业
运动水壶 1升|Sports Bottle 1 L|水壶|bottle|45|0.30|简约
羽毛球拍对拍|Badminton Rackets Pair|球拍|rackets|139|-0.12|专业
可调节哑铃 10公斤|Adjustable Dumbbells 10 kg|哑铃|dumbbells|199|0.45|专业
冲锋衣 三合一|3-in-1 Shell Jacket|冲锋衣|shell jacket|459|0.54|专业
便携野餐垫|Picnic Mat|野餐垫|picnic mat|49|0.42|可爱
跳绳 计数款|Counting Skipping Rope|跳绳|skipping rope|35|0.15|养生
骑行头盔|Cycling Helmet|头盔|helmet|169|0.38|专业
头灯 可充电|Rechargeable Headlamp|头灯|headlamp|75|0.33|专业""",
    "pet": """
成猫粮 2公斤|Adult Cat Food 2 kg|猫粮|cat food|89|0.52|简约
豆腐猫砂 6升|Tofu Cat Litter 6 L|猫砂|cat litter|29|0.45|简约
小型犬狗粮 2.5公斤|Small-Dog Food 2.5 kg|狗粮|dog food|99|0.40|简约
猫抓板 瓦楞纸|Cardboard Cat Scratcher|猫抓板|scratcher|25|0.35|可爱
自动喂食器|Automatic Feeder|喂食器|feeder|219|-0.20|专业
宠物饮水机|Pet Water Fountain|饮水机|water fountain|109|0.30|专业
牵引绳 胸背款|Harness and Leash|牵引绳|leash|49|0.42|简约
冻干鸡肉零食|Freeze-Dried Chicken Treats|冻干|treats|45|0.60|养生
逗猫棒套装|Cat Teaser Set|逗猫棒|cat teaser|19.9|0.25|可爱
宠物沐浴露|Pet Shampoo|沐浴露|pet shampoo|39|0.28|养生
猫窝 四季通用|All-Season Cat Bed|猫窝|cat bed|79|0.38|可爱
猫条 30支|Cat Puree Treats 30 pcs|猫条|cat puree|45|0.55|可爱
宠物航空箱|Pet Carrier|航空箱|pet carrier|139|0.08|专业""",
}


class Item:
    __slots__ = ("id", "category", "zh", "en", "noun", "noun_en", "price", "quality", "style")

    def __init__(self, number, category, line):
        zh, en, noun, noun_en, price, quality, style = line.split("|")
        self.id = f"P{number}"
        self.category = category
        self.zh, self.en, self.noun, self.noun_en = zh, en, noun, noun_en
        self.price, self.quality, self.style = float(price), float(quality), style


def shelves():
    """All items, in order of category and line: P1001 ... P1913."""
    items = []
    for c, (key, _, _) in enumerate(CATEGORIES):
        for i, line in enumerate(LINES[key].strip().split("\n")):
            items.append(Item(1000 + 100 * c + i + 1, key, line))
    return items


CATEGORY_ZH = {key: zh for key, zh, _ in CATEGORIES}
CATEGORY_EN = {key: en for key, _, en in CATEGORIES}

CONSUMABLES = set("""猫粮 猫砂 狗粮 冻干 猫条 沐浴露 纸尿裤 湿巾 润肤霜 米粉 抽纸 洗衣凝珠 香薰""".split())
READING = set("小说 绘本 菜谱 书 单词书".split())


def kind_of(category, noun):
    """consumable, reading, stationery or durable: which phrases can be true of it."""
    if category in ("food", "beauty") or noun in CONSUMABLES:
        return "consumable"
    if noun in READING:
        return "reading"
    return "stationery" if category == "books" else "durable"
