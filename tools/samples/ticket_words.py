"""What customers write to the help desk, by true intent.

Slots: <n> item, <o> order id, <d> days waited, <a> amount paid.
"""

ZH = {
    "refund": """订单<o>我要退款，[<n>质量有问题|收到的<n>是坏的|跟描述不符]，[麻烦尽快处理|什么时候能退到账]？
[你好|您好]，<n>[不想要了|用着不合适]，[包装没拆|还没用过]，[怎么申请退货|可以七天无理由退吗]？
退货[三天|一周]前就签收了，[钱怎么还没退|退款什么时候到账]？订单号<o>
{durable}<n>[用了一次就坏了|打开就是裂的]，[申请退货退款|要求全额退款]，[照片已经上传|有视频为证]。
[多扣了我<a>元|重复付款了]，[请原路退回|麻烦查一下退给我]，订单<o>。
[我拒收了|快递已经退回去了]，[退款流程走到哪了|什么时候退钱]？
[拍错了|重复下单了]，[还没发货|能不能取消]，[把<a>块钱退给我吧|麻烦退一下款]。""",
    "exchange": """{clothes,outdoor}<n>[买小了|买大了一码|颜色发错了]，[想换一个|能换合适的码吗|可以换货吗]？
<n>[发错规格了|和我选的款式不一样]，[想换一个|可以换货吗]？
{durable}收到的<n>[有瑕疵|有划痕|少了配件]，[给我换个新的吧|申请换货]，订单<o>。
{durable}[我拍的是黑色|明明选的是白色]，[发来的是别的颜色|给我发成粉的了]，[怎么换|麻烦给换一下]？
{digital,appliance}<n>[用不了|充不进电]，[不退，就想换一台好的|帮我换一个就行]。
换货[寄回去|签收]都<d>天了，[新的什么时候发|怎么还没给我发新的]？
[换货的运费谁出|换货需要我自己寄吗]？<n>是你们发错的。""",
    "complaint": """我要投诉！[客服态度太差|说了三次都没人处理|你们这是欺骗消费者]，订单<o>。
[已经是第二次|这都第三次了]<n>出问题了，[你们到底管不管|给我个说法]？
[客服挂我电话|在线客服把我拉黑了]，[找你们领导|我要找主管]！
<n>[宣传和实物完全不一样|跟页面写的差太远]，[虚假宣传|这是欺诈]，[再不处理我就打12315|我要向平台举报]。
[买完第二天就降价|刚买完就便宜了几十]，[差价也不给补|一句活动调整就打发我]，[太坑了|必须给个解释]。
[快递员|配送员][骂人|乱扔包裹]，[你们怎么找的快递|必须道歉]。
{food}<n>[吃出异物|吃坏了肚子]，[你们要负责|今天必须给答复]。""",
    "consult": """[请问|你好，]<n>[有现货吗|什么时候补货|支持七天无理由吗]？
{food,beauty}<n>[保质期多久|是最近生产的吗]？
{durable}<n>[适合老人用吗|孩子可以用吗|保修多久]？
{beauty}<n>[敏感肌能用吗|孕妇可以用吗]？
{clothes}<n>[身高165体重110斤|平时穿M码|175的身高]，[选什么码|买多大的合适]？
{digital,appliance}[想问一下|咨询下]，<n>[怎么用|说明书在哪看|怎么清洗]？
[你们|店里]双十一[有活动吗|还会降价吗]？现在买<n>[能保价吗|划算吗]？
<n>和[便宜那款|新款]有什么区别？[怎么选|推荐哪个]？
[会员积分|优惠券|红包][怎么用|在哪里看|可以叠加吗]？
[我的账号|会员卡][手机号换了怎么改|怎么绑定微信|升金卡要满多少]？
{durable}<n>[多大尺寸|多重]？[能寄到县城吗|]""",
    "invoice": """订单<o>[需要开发票|麻烦开一下发票]，[抬头是个人，开电子票就行|抬头：星河贸易有限公司，税号稍后发|公司名称：青禾科技有限公司，要电子票]。
[发票怎么还没收到|上次说三天内开票]，[都<d>天了|还没发到邮箱]，订单号<o>。
发票[抬头开错了|金额不对]，[能重开吗|麻烦作废重新开]？
[你好|请问]，[可以开专票吗|能开增值税专用发票吗]？<n>要报销，一共<a>元。
[电子发票|发票]在哪里下载？订单<o>""",
    "logistics": """订单<o>[都<d>天了|付款<d>天了]还没[发货|收到]，[到哪了|帮我查查]？
[物流信息<d>天没更新了|快递一直停在中转站]，[是不是丢了|麻烦催一下]。
显示[已签收|派送成功]，但我[没收到|根本没见到]<n>，[放哪了|谁签的]？
[能不能|可以][改一下地址|换成顺丰|放到驿站]吗？订单<o>还没发货。
<n>[今天能到吗|大概几天到|什么时候发货]？[急用|周末要出门用]。
[快递说地址不详|快递员联系不上]，[包裹被退回去了|麻烦让他再送一次]。""",
    "churn_threat": """[太失望了|真的受够了]，[以后再也不来你们家买了|账号我要注销]。
[再这样下去|这次再不解决]我就[换别家了|去别的平台买了]，[老顾客都被你们伤透了|买了一年多没想到这样]。
[请帮我|我要]注销会员[，以后不会再买了|，信息全部删掉]。
[别家|隔壁店][便宜又快|服务好多了]，[以后不在这里买了|你们留不住我了]。
[会员|年卡]到期[不续了|我不会续]，[一次比一次差|没有任何意义]。
把我[拉出会员群|取消订阅]，[再也不想收到你们的短信|这店我是不会再光顾了]。""",
    "praise": """[特地来说声谢谢|就是来表扬一下]，[客服小张特别耐心|你们的快递小哥很负责]，<n>也很好用。
<n>[太好用了|家里人都喜欢]，[谢谢推荐|希望你们越做越好]！
[问题解决了|新的收到了]，[处理得真快|没想到这么顺利]，[给你们点赞|必须好评]。
[买了一年多|老顾客了]，[一直很满意|从没失望过]，加油！""",
    "buy": """想买[二十份|五十个|十台]<n>[做员工福利|送客户]，[有团购价吗|能便宜多少]？
<n>[还有货吗，我要两个|怎么下单，链接发我一下]。
[我想再买一个|还想再来一份]<n>，[上次的优惠还有吗|直接拍就行吗]？
[付款失败|提交不了订单]，<n>[怎么买|帮我下个单]？
<n>[到货了通知我|有货了告诉我]，[马上下单|我要买三件]。""",
}

EN = {
    "refund": """I'd like a refund for order <o>, the <n> [arrived broken|stopped working|didn't match the description].
[How do I return|Can I send back] the <n>? [It's unopened.|Haven't used it.]
You received my return [a week ago|<d> days ago] and I still don't have my money back. Order <o>.
I was charged twice, please refund the <a> yuan.""",
    "exchange": """{durable}I got the <n> in the wrong colour, can I exchange it?
You sent me the wrong <n>, I'd like to exchange it, please.
{durable}Please send me a replacement for the <n> in order <o>, [one part is missing|it stopped charging].
I returned the <n> for an exchange <d> days ago. When will the new one ship?""",
    "complaint": """I want to make a complaint. [Your agent hung up on me|Nobody has answered in days|This is false advertising]. Order <o>.
{durable}Second time the <n> arrived broken. [What are you going to do about it?|Unacceptable.]
The price dropped the day after I bought the <n> and you refuse to make it right. [I want to talk to a manager.|]""",
    "consult": """[Hi, do|Hello, do|Do] you have the <n> in stock?
{durable}How long is the warranty on the <n>?
{digital,appliance}How do I [use|clean|set up] the <n>?
Do my points expire? And can I combine coupons?
{digital,appliance,outdoor}What's the difference between this and the newer model?""",
    "invoice": """Could you send me an invoice for order <o>, please? [I need it for expenses.|]
The invoice has the wrong company name, can you reissue it?
I asked for an invoice <d> days ago and still haven't received it.""",
    "logistics": """Where is my order <o>? [It's been <d> days.|Tracking hasn't moved in <d> days.]
Tracking says delivered but I don't have the <n>.
Can I change the delivery address for order <o>?
When will the <n> ship? I need it by the weekend.""",
    "churn_threat": """[I'm done with this shop.|That's it.] Please close my account.
If this isn't fixed I'm taking my business elsewhere.
I won't be buying from you again. [Other shops are cheaper and faster.|]""",
    "praise": """Just wanted to say thanks, [the support team was brilliant|the replacement came so quickly].
Love the <n>, keep up the good work!""",
    "buy": """We need 20 for our office (<n>), is there a bulk price?
I want to order the <n> again, is the discount still on?
Payment keeps failing, how can I order the <n>?""",
}

SEARCH_TAILS = ["", "", "", "", " 推荐", " 便宜", " 哪个好", " 学生党", " 送女友", " 送爸妈", " 官方", " 包邮", " 礼物", " 大容量", " 新款", " 评测", " 平价", " 家用", " 耐用"]
SEARCH_TAILS_BY_GROUP = {"bargain": [" 便宜", " 优惠券", " 打折", " 满减", " 特价", " 包邮"], "family": [" 囤货", " 整箱", " 家庭装", " 宝宝"],
                         "night": [" 续航", " 性能", " 评测", " 参数"], "loyal": [" 高端", " 礼盒", " 进口", " 专业"]}
SEARCH_TAILS_EN = ["", "", "", " best", " cheap", " review", " for travel", " gift"]
