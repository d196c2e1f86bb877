/* ask_words.c - the words of questions in Chinese and English and what each says of the query: a table, no program.
 *
 * Rows are looked through for the longest word that stands at a place. English words also match with a plural s. Words that say nothing
 * (HX_ASK_W_STOP) are here as well, since a word that no row knows makes a question unanswerable.
 * A row's value is of the enum that belongs to its kind: an operation, a measure, a class of events, a label. */
#include "answer/ask.h"
#include "insight/segment.h"

#define STOP(words)                                                                                \
    { words, HX_ASK_W_STOP, 0, NULL }
#define ROW(words, kind, value)                                                                    \
    { words, HX_ASK_W_##kind, value, NULL }
#define ASPECT(words, id)                                                                          \
    { words, HX_ASK_W_ASPECT, 0, id }

const hx_ask_row hx__ask_rows[] = {
    ROW("为什么|为何|怎么会|原因|缘故|why|reason|how come|what caused|cause", OP, HX_ASK_WHY),
    ROW("占比|比例|比率|百分比|占多少|几成|share|percentage|percent|proportion|fraction|rate", OP,
        HX_ASK_SHARE),
    ROW("差评率|负面率", REVIEW_OF, HX_SENTIMENT_NEGATIVE + 16),
    ROW("好评率", REVIEW_OF, HX_SENTIMENT_POSITIVE + 16),
    ROW("趋势|走势|变化|每月|每个月|按月|各月|逐月|trend|monthly|each month|per month|by month|"
        "every month|over time|develop|month by month",
        OP, HX_ASK_TREND),
    ROW("相比|对比|比较|compared|compare|comparison|versus|vs", OP, HX_ASK_COMPARE),
    ROW("说了什么|怎么说|例子|举例子|举几个|举出|举个|说什么|怎么评价|原话|举例|引用|有什么看法|"
        "如何评价|怎么看|什么意见|say "
        "about|"
        "say|saying|said|quote|verbatim|example|opinion|think|talk about|talking about",
        OP, HX_ASK_QUOTE),
    ROW("多少|几个|几位|几条|几笔|几单|how many|number of|how often|count|数量|总数|一共", MANY, 0),
    STOP("how much|总共|合计|共|total|in total|overall|altogether|amount"),
    ROW("哪个|哪些|哪种|哪类|哪款|哪|什么|which|what|top|前|排名|排行|ranking|rank|by|按", WHICH,
        0),
    ROW("谁|哪位|哪些人|who|whom", WHO, 0),
    ROW("最多|最大|最高|最热门|最畅销|最热|most|highest|largest|biggest|greatest|best selling|"
        "bestselling|best-selling|popular",
        MOST, 0),
    ROW("最少|最小|最低|least|fewest|lowest|smallest", LEAST, 0),
    ROW("最差|口碑最差|worst", WORST, 0),
    ROW("最好|口碑最好|best", BEST, 0),
    ROW("变多|增多|增加|上升|变高|上涨|增长|更多|多了|涨|升高|more|increase|increased|rise|rose|"
        "risen|grow|grew|grown|went up|go up|up|higher|growth|jump|jumped",
        MORE, 0),
    ROW("变少|减少|下降|下跌|变低|更少|少了|降低|跌|fewer|less|decrease|decreased|fall|fell|fallen|"
        "drop|dropped|decline|declined|went down|go down|down|lower",
        LESS, 0),
    ROW("平均|均值|人均|average|mean", MEAN, 0),

    ROW("销售额|营业额|成交额|营收|收入|消费额|消费金额|消费|花费|花的钱|花了|花|金额|卖了多少钱|"
        "revenue|sale|turnover|spent|spend|spending|money|earn|earned|income",
        MEASURE, HX_ASK_REVENUE),
    ROW("销量|件数|卖出|卖得|售出|卖了|卖|unit sold|units sold|unit|sold|sell|selling|bestseller",
        MEASURE, HX_ASK_UNITS),
    ROW("评分|打分|星级|rating|star|rated|score", MEASURE, HX_ASK_RATING),
    ROW("客单价|每单金额|笔单价|每单|order value|basket size|basket value", MEASURE,
        HX_ASK_ORDER_VALUE),
    ROW("客户|\xe9\xa1\xbe\xe5\xae\xa2|用户|买家|人|会员|customer|client|buyer|shopper|people|user|"
        "member",
        MEASURE, HX_ASK_CUSTOMERS),

    ROW("评论|评价|review", CLASS, HX_ASK_REVIEWS),
    ROW("文本|反馈|意见|留言|text|feedback|message|comment|mention|提到", CLASS, HX_ASK_TEXTS),
    ROW("工单|客服单|ticket|support request", CLASS, HX_ASK_TICKETS),
    ROW("订单|下单|order|ordered|purchase|purchased", CLASS, HX_ASK_ORDERS),
    ROW("退款|退货|refund|refunded|return|returned", CLASS, HX_ASK_REFUNDS),
    ROW("浏览|访问|浏览量|view|viewed|visit|visited|page view|pageview|look at|looked at", CLASS,
        HX_ASK_VIEWS),
    ROW("搜索|搜|search|searched|searches", CLASS, HX_ASK_SEARCHES),
    ROW("购买|下了|下过|买过|买了|买|bought|buy", BUY, 0),

    ROW("差评", REVIEW_OF, HX_SENTIMENT_NEGATIVE),
    ROW("好评", REVIEW_OF, HX_SENTIMENT_POSITIVE),
    ROW("中评", REVIEW_OF, HX_SENTIMENT_NEUTRAL),
    ROW("bad review|negative review|critical review", REVIEW_OF, HX_SENTIMENT_NEGATIVE),
    ROW("good review|positive review", REVIEW_OF, HX_SENTIMENT_POSITIVE),
    ROW("负面|消极|不好|negative|unfavourable|unfavorable|bad", SENTIMENT, HX_SENTIMENT_NEGATIVE),
    ROW("正面|积极|满意|positive|favourable|favorable|good", SENTIMENT, HX_SENTIMENT_POSITIVE),
    ROW("中性|neutral", SENTIMENT, HX_SENTIMENT_NEUTRAL),

    ROW("投诉|抱怨|complaint|complain|complained|complaining", INTENT, HX_INTENT_COMPLAINT),
    ROW("表扬|称赞|夸|praise|praised", INTENT, HX_INTENT_PRAISE),
    ROW("换货|exchange", INTENT, HX_INTENT_EXCHANGE),
    ROW("咨询|consult|enquiry|inquiry|enquiries|inquiries", INTENT, HX_INTENT_CONSULT),
    ROW("发票|开票|invoice", INTENT, HX_INTENT_INVOICE),
    ROW("维修|报修|repair", INTENT, HX_INTENT_REPAIR),
    ROW("取消|cancel|cancelled|cancellation", INTENT, HX_INTENT_CANCEL),
    ROW("建议|suggestion|suggest", INTENT, HX_INTENT_SUGGEST),

    ASPECT("价格|价钱|性价比|price|pricing", "price"),
    ASPECT("物流|快递|配送|送货|发货|delivery|shipping|courier", "delivery"),
    ASPECT("服务|客服|服务态度|service", "service"),
    ASPECT("售后|保修|after-sales|warranty", "after_sales"),
    ASPECT("质量|品质|做工|quality", "quality"),
    ASPECT("包装|packaging", "packaging"),
    ASPECT("外观|颜色|款式|look|appearance|colour|color", "look"),
    ASPECT("尺寸|尺码|大小|size|sizing", "size"),
    ASPECT("电池|续航|battery", "battery"),
    ASPECT("味道|口味|口感|taste|flavour|flavor", "taste"),
    ASPECT("音质|声音|sound", "sound"),

    ROW("商品|产品|货品|品|product|item|goods", DIM, HX_ASK_BY_PRODUCT),
    ROW("类目|品类|类别|分类|category|categories|department", DIM, HX_ASK_BY_CATEGORY),
    ROW("渠道|来源|channel", DIM, HX_ASK_BY_CHANNEL),
    ROW("方面|问题|aspect|issue|topic|problem", DIM, HX_ASK_BY_ASPECT),
    ROW("意图|诉求|intent", DIM, HX_ASK_BY_INTENT),
    ROW("情感|情绪|sentiment|mood", DIM, HX_ASK_BY_SENTIMENT),
    ROW("分群|人群|群体|segment", DIM, HX_ASK_BY_SEGMENT),
    ROW("哪个月|哪月|几月|月份|month", DIM, HX_ASK_BY_MONTH),

    ROW("高价值客户|高价值|high value|high-value", SEGMENT, HX_SEGMENT_HIGH_VALUE),
    ROW("新客户|新客|new customer|new client", SEGMENT, HX_SEGMENT_NEW),
    ROW("沉睡客户|沉睡|sleeping|dormant", SEGMENT, HX_SEGMENT_SLEEPING),
    ROW("流失风险|有流失风险|可能流失|at risk|at-risk", SEGMENT, HX_SEGMENT_AT_RISK),
    ROW("价格敏感|price sensitive|price-sensitive", SEGMENT, HX_SEGMENT_PRICE_SENSITIVE),
    ROW("不满意|不满|不满客户|unhappy|dissatisfied", SEGMENT, HX_SEGMENT_UNHAPPY),

    ROW("利润|毛利|成本|库存|天气|股价|工资|profit|margin|cost|stock|inventory|weather|salary|"
        "employee|员工|竞争对手|competitor|预测|forecast|明年|下个月|下周|next month|next "
        "year|next week|"
        "tomorrow|明天",
        UNSUPPORTED, 0),

    STOP("的|了|吗|呢|吧|啊|么|是|有|在|里|中|内|被|把|和|与|跟|或|及|对|关于|由|从|到|至|我们|我|"
         "店|店铺|"
         "商店|公司|请|问|请问|告诉|给|看|看看|列出|列|一下|大家|他们|怎么样|怎样|如何|怎么|情况|"
         "得|地|都|还|也|"
         "又|会|能|可以|过|来|去|上|下|个|位|条|笔|单|件|款|种|家|次|名|间|期间|时候|什么时候|时间|"
         "数|量|比|较|"
         "占|其中|全部|所有|当中|为|这|那|些|属于|于|做|最|高|低|多|少|大|小|钱|元|块|主要|最近|"
         "目前|现在|变了|有变|每|各|"
         "集中|集中在|不同|分别|年|月|日|天|周|之|以|就|让|使|突然|这么|那么|不|收到|产生|带来|"
         "贡献|受欢迎|"
         "存在|问"),
    STOP("the|a|an|of|in|on|at|for|to|from|with|and|or|is|are|was|were|be|been|do|does|did|have|"
         "has|had|we|our|us|i|my|me|you|your|they|their|them|it|its|that|this|these|those|there|"
         "please|show|tell|give|list|get|got|many|much|so|than|about|during|between|within|over|"
         "all|each|every|per|any|some|shop|store|company|can|could|would|made|make|making|"
         "received|receive|placed|place|wrote|write|written|left|leave|came|come|as|how|when|one|"
         "go|going|went|s|not|out|into|belong|currently|now|far|our|who's|what's|happen|happened|"
         "perform|something|anything|like|performing|doing|main|suddenly|different|across|bring|"
         "brought|in all|only|"
         "were there|are there|common|frequent|number|most of all|change|changed"),
};
const size_t hx__ask_rows_n = sizeof hx__ask_rows / sizeof *hx__ask_rows;
