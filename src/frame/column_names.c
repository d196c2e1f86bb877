/* column_names.c - see column_names.h.
 *
 * Sources of the names: the input contract (docs), the order and review exports of Taobao/Tmall (千牛), JD (京麦), WeChat shops (微信小店),
 * Youzan (有赞), Pinduoduo (拼多多), Douyin (抖店), Shopify, WooCommerce, Amazon Seller Central, Stripe and Square, and the Segment
 * specification (event and property names). Order matters: within a role the first name that a file has wins; a name may
 * stand under several roles and takes the first that is free. */
#include "frame/column_names.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"

#define N(role, name)                                                                              \
    { name, HX_ROLE_##role }

/* clang-format off */
static const hx_column_alias aliases[] = {
    /* an event's own id */
    N(MESSAGE_ID, "messageid"), N(MESSAGE_ID, "消息id"), N(MESSAGE_ID, "eventid"), N(MESSAGE_ID, "reviewid"), N(MESSAGE_ID, "commentid"),
    N(MESSAGE_ID, "评论id"), N(MESSAGE_ID, "评价id"), N(MESSAGE_ID, "ticketid"), N(MESSAGE_ID, "工单号"), N(MESSAGE_ID, "工单编号"),
    N(MESSAGE_ID, "工单id"), N(MESSAGE_ID, "事件id"), N(MESSAGE_ID, "流水号"), N(MESSAGE_ID, "transactionlineid"), N(MESSAGE_ID, "lineitemid"),
    /* which order */
    N(ORDER, "orderid"), N(ORDER, "订单号"), N(ORDER, "订单编号"), N(ORDER, "订单id"), N(ORDER, "主订单编号"), N(ORDER, "父订单号"),
    N(ORDER, "平台订单号"), N(ORDER, "原始订单号"), N(ORDER, "商户订单号"), N(ORDER, "交易单号"), N(ORDER, "交易编号"), N(ORDER, "子订单编号"), N(ORDER, "子订单号"),
    N(ORDER, "orderno"), N(ORDER, "ordernumber"), N(ORDER, "ordernum"), N(ORDER, "ordercode"), N(ORDER, "amazonorderid"),
    N(ORDER, "merchantorderid"), N(ORDER, "salesordernumber"), N(ORDER, "invoice"), N(ORDER, "invoiceno"), N(ORDER, "invoiceid"),
    N(ORDER, "invoicenumber"), N(ORDER, "billno"), N(ORDER, "transactionid"), N(ORDER, "transactionno"), N(ORDER, "tradeid"), N(ORDER, "tradeno"),
    N(ORDER, "paymentintentid"), N(ORDER, "chargeid"), N(ORDER, "receiptid"), N(ORDER, "receiptno"), N(ORDER, "basketid"), N(ORDER, "propertiesorderid"),
    N(ORDER, "propertiescheckoutid"), N(ORDER, "单号"), N(ORDER, "单据号"), N(ORDER, "单据编号"), N(ORDER, "小票号"), N(ORDER, "发票号"), N(ORDER, "票号"), N(ORDER, "订单"),
    N(ORDER, "order"),
    /* who */
    N(CUSTOMER, "customerid"), N(CUSTOMER, "userid"), N(CUSTOMER, "客户id"), N(CUSTOMER, "用户id"), N(CUSTOMER, "会员id"), N(CUSTOMER, "顾客id"),
    N(CUSTOMER, "买家id"), N(CUSTOMER, "客户编号"), N(CUSTOMER, "用户编号"), N(CUSTOMER, "会员编号"), N(CUSTOMER, "会员号"), N(CUSTOMER, "会员卡号"),
    N(CUSTOMER, "顾客编号"), N(CUSTOMER, "客户号"), N(CUSTOMER, "客户代码"), N(CUSTOMER, "用户号"), N(CUSTOMER, "customer"), N(CUSTOMER, "user"), N(CUSTOMER, "客户"),
    N(CUSTOMER, "用户"), N(CUSTOMER, "会员"), N(CUSTOMER, "顾客"), N(CUSTOMER, "买家"), N(CUSTOMER, "custid"), N(CUSTOMER, "customerno"),
    N(CUSTOMER, "customernumber"), N(CUSTOMER, "customercode"), N(CUSTOMER, "clientid"), N(CUSTOMER, "client"), N(CUSTOMER, "memberid"),
    N(CUSTOMER, "member"), N(CUSTOMER, "memberno"), N(CUSTOMER, "uid"), N(CUSTOMER, "buyerid"), N(CUSTOMER, "buyer"), N(CUSTOMER, "visitorid"),
    N(CUSTOMER, "reviewerid"), N(CUSTOMER, "authorid"), N(CUSTOMER, "personid"), N(CUSTOMER, "contactid"), N(CUSTOMER, "householdid"),
    N(CUSTOMER, "customeruser"), N(CUSTOMER, "买家会员名"), N(CUSTOMER, "会员名"), N(CUSTOMER, "用户名"), N(CUSTOMER, "客户名"), N(CUSTOMER, "下单账号"),
    N(CUSTOMER, "下单帐号"), N(CUSTOMER, "用户账号"), N(CUSTOMER, "买家账号"), N(CUSTOMER, "买家用户名"), N(CUSTOMER, "买家旺旺"), N(CUSTOMER, "旺旺id"), N(CUSTOMER, "旺旺"),
    N(CUSTOMER, "用户pin"), N(CUSTOMER, "pin"), N(CUSTOMER, "username"), N(CUSTOMER, "login"), N(CUSTOMER, "reviewer"),
    N(CUSTOMER, "author"),
    N(CUSTOMER, "screenname"), N(CUSTOMER, "评论人"), N(CUSTOMER, "评价人"), N(CUSTOMER, "作者"),
    N(CUSTOMER, "发布者"), N(CUSTOMER, "提问人"), N(CUSTOMER, "咨询人"), N(CUSTOMER, "发送人id"), N(CUSTOMER, "发送者id"), N(CUSTOMER, "senderid"),
    N(EMAIL, "email"), N(EMAIL, "emailaddress"), N(EMAIL, "mail"), N(EMAIL, "邮箱"), N(EMAIL, "电子邮箱"), N(EMAIL, "电子邮件"), N(EMAIL, "邮件"), N(EMAIL, "邮箱地址"),
    N(EMAIL, "customeremail"), N(EMAIL, "useremail"), N(EMAIL, "buyeremail"), N(EMAIL, "billingemail"), N(EMAIL, "billingemailaddress"),
    N(EMAIL, "receiptemail"), N(EMAIL, "traitsemail"), N(EMAIL, "contexttraitsemail"), N(EMAIL, "propertiesemail"),
    N(PHONE, "phone"), N(PHONE, "mobile"), N(PHONE, "phonenumber"), N(PHONE, "mobilephone"), N(PHONE, "mobilenumber"), N(PHONE, "telephone"), N(PHONE, "tel"),
    N(PHONE, "cellphone"), N(PHONE, "手机"), N(PHONE, "手机号"), N(PHONE, "手机号码"), N(PHONE, "电话"), N(PHONE, "联系电话"), N(PHONE, "联系手机"), N(PHONE, "联系方式"),
    N(PHONE, "电话号码"), N(PHONE, "会员手机号"), N(PHONE, "客户电话"), N(PHONE, "买家手机"), N(PHONE, "买家手机号"), N(PHONE, "下单人手机号"), N(PHONE, "收货人手机"), N(PHONE, "收货人手机号"),
    N(PHONE, "收货人电话"), N(PHONE, "收件人手机"), N(PHONE, "客户联系电话"), N(PHONE, "billingphone"), N(PHONE, "buyerphonenumber"), N(PHONE, "shippingphone"),
    N(PHONE, "customerphone"), N(PHONE, "traitsphone"),
    N(DEVICE, "deviceid"), N(DEVICE, "设备id"), N(DEVICE, "设备号"), N(DEVICE, "设备"), N(DEVICE, "设备编号"), N(DEVICE, "imei"), N(DEVICE, "idfa"), N(DEVICE, "oaid"), N(DEVICE, "device"),
    N(DEVICE, "contextdeviceid"), N(DEVICE, "advertisingid"),
    N(ANONYMOUS, "anonymousid"), N(ANONYMOUS, "匿名id"), N(ANONYMOUS, "cookieid"), N(ANONYMOUS, "cookie"), N(ANONYMOUS, "访客id"), N(ANONYMOUS, "visitor"),
    N(ANONYMOUS, "fullvisitorid"), N(ANONYMOUS, "userpseudoid"), N(ANONYMOUS, "访客"), N(ANONYMOUS, "guestid"),
    N(ACCOUNT, "account"), N(ACCOUNT, "accountid"), N(ACCOUNT, "账号"), N(ACCOUNT, "帐号"), N(ACCOUNT, "账户"), N(ACCOUNT, "openid"), N(ACCOUNT, "unionid"),
    N(ACCOUNT, "微信号"), N(ACCOUNT, "微信"), N(ACCOUNT, "微信openid"), N(ACCOUNT, "wechat"), N(ACCOUNT, "wechatid"), N(ACCOUNT, "qq"), N(ACCOUNT, "qq号"),
    N(ACCOUNT, "微博"), N(ACCOUNT, "微博id"), N(ACCOUNT, "weibo"), N(ACCOUNT, "支付宝账号"), N(ACCOUNT, "买家支付宝账号"), N(ACCOUNT, "买家会员名"),
    N(ACCOUNT, "会员名"), N(ACCOUNT, "用户名"),
    N(ACCOUNT, "username"), N(ACCOUNT, "screenname"), N(ACCOUNT, "handle"),
    /* what was said */
    N(TEXT, "评论内容"), N(TEXT, "评价内容"), N(TEXT, "评论"), N(TEXT, "评价"), N(TEXT, "内容"), N(TEXT, "comment"), N(TEXT, "comments"), N(TEXT, "review"), N(TEXT, "reviewtext"),
    N(TEXT, "reviewbody"), N(TEXT, "reviewcontent"), N(TEXT, "text"), N(TEXT, "content"), N(TEXT, "body"), N(TEXT, "文本"), N(TEXT, "正文"), N(TEXT, "评语"), N(TEXT, "点评"), N(TEXT, "点评内容"),
    N(TEXT, "商品评价"), N(TEXT, "商品评论"), N(TEXT, "用户评论"), N(TEXT, "用户评价"), N(TEXT, "买家评论"), N(TEXT, "买家评价"), N(TEXT, "客户评价"), N(TEXT, "客户评论"), N(TEXT, "顾客评价"), N(TEXT, "初评内容"),
    N(TEXT, "首次评价内容"), N(TEXT, "反馈"), N(TEXT, "反馈内容"), N(TEXT, "意见"), N(TEXT, "意见反馈"), N(TEXT, "建议"), N(TEXT, "投诉内容"), N(TEXT, "微博正文"), N(TEXT, "微博内容"), N(TEXT, "微博中文内容"),
    N(TEXT, "留言"), N(TEXT, "买家留言"), N(TEXT, "句子"), N(TEXT, "sentence"), N(TEXT, "feedback"), N(TEXT, "message"), N(TEXT, "opinion"), N(TEXT, "post"), N(TEXT, "tweet"), N(TEXT, "commenttext"), N(TEXT, "commentcontent"),
    N(TEXT, "textcontent"), N(TEXT, "fulltext"), N(TEXT, "propertiesreviewbody"), N(TEXT, "propertiesreview"), N(TEXT, "propertiestext"), N(TEXT, "propertiescomment"),
    N(TEXT, "propertiesmessage"), N(TEXT, "propertiesbody"), N(TEXT, "propertiescontent"),
    N(TITLE, "标题"), N(TITLE, "title"), N(TITLE, "summary"), N(TITLE, "headline"), N(TITLE, "subject"), N(TITLE, "主题"), N(TITLE, "评论标题"), N(TITLE, "评价标题"), N(TITLE, "reviewtitle"),
    N(TITLE, "reviewsummary"), N(TITLE, "reviewheadline"), N(TITLE, "摘要"), N(TITLE, "工单标题"), N(TITLE, "propertiestitle"),
    N(QUERY, "搜索词"), N(QUERY, "搜索关键词"), N(QUERY, "搜索内容"), N(QUERY, "搜索"), N(QUERY, "检索词"), N(QUERY, "查询词"), N(QUERY, "搜索query"), N(QUERY, "query"), N(QUERY, "searchquery"), N(QUERY, "searchterm"),
    N(QUERY, "searchterms"), N(QUERY, "searchkeyword"), N(QUERY, "searchword"), N(QUERY, "searchtext"), N(QUERY, "search"), N(QUERY, "propertiesquery"), N(QUERY, "关键词"), N(QUERY, "keyword"),
    N(QUESTION, "咨询"), N(QUESTION, "咨询内容"), N(QUESTION, "咨询问题"), N(QUESTION, "问答"), N(QUESTION, "提问"), N(QUESTION, "提问内容"), N(QUESTION, "问题"), N(QUESTION, "问题内容"), N(QUESTION, "客户问题"), N(QUESTION, "用户问题"),
    N(QUESTION, "question"), N(QUESTION, "questions"), N(QUESTION, "questiontext"), N(QUESTION, "inquiry"), N(QUESTION, "enquiry"), N(QUESTION, "propertiesquestion"),
    N(TICKET, "工单"), N(TICKET, "工单内容"), N(TICKET, "工单描述"), N(TICKET, "投诉"), N(TICKET, "售后原因"), N(TICKET, "售后描述"), N(TICKET, "问题描述"), N(TICKET, "报告"), N(TICKET, "ticket"), N(TICKET, "tickettext"),
    N(TICKET, "ticketbody"), N(TICKET, "ticketdescription"), N(TICKET, "complaint"), N(TICKET, "complaintnarrative"), N(TICKET, "consumercomplaintnarrative"), N(TICKET, "issue"), N(TICKET, "case"),
    N(TICKET, "casedescription"), N(TICKET, "report"), N(TICKET, "propertiesticket"), N(TICKET, "propertiesdescription"),
    N(CHAT, "客服聊天"), N(CHAT, "聊天"), N(CHAT, "聊天内容"), N(CHAT, "聊天记录"), N(CHAT, "客服记录"), N(CHAT, "客服对话"), N(CHAT, "对话"), N(CHAT, "对话内容"), N(CHAT, "会话"), N(CHAT, "会话内容"), N(CHAT, "消息"), N(CHAT, "消息内容"),
    N(CHAT, "chat"), N(CHAT, "chattext"), N(CHAT, "chatlog"), N(CHAT, "chatmessage"), N(CHAT, "conversation"), N(CHAT, "dialog"), N(CHAT, "dialogue"), N(CHAT, "utterance"), N(CHAT, "transcript"), N(CHAT, "message"),
    N(REPLY, "回复"), N(REPLY, "回复内容"), N(REPLY, "商家回复"), N(REPLY, "卖家回复"), N(REPLY, "客服回复"), N(REPLY, "解释内容"), N(REPLY, "reply"), N(REPLY, "response"), N(REPLY, "answer"), N(REPLY, "回答"), N(REPLY, "答案"),
    N(RATING, "评分"), N(RATING, "rating"), N(RATING, "ratings"), N(RATING, "打分"), N(RATING, "星级"), N(RATING, "评价星级"), N(RATING, "评论星级"), N(RATING, "商品评分"), N(RATING, "用户评分"), N(RATING, "满意度"), N(RATING, "分数"), N(RATING, "得分"),
    N(RATING, "star"), N(RATING, "stars"), N(RATING, "starrating"), N(RATING, "reviewrating"), N(RATING, "overall"), N(RATING, "score"), N(RATING, "reviewscore"), N(RATING, "csat"), N(RATING, "nps"), N(RATING, "propertiesrating"),
    N(LABEL, "标签"), N(LABEL, "label"), N(LABEL, "情感标签"), N(LABEL, "情感倾向"), N(LABEL, "情感"), N(LABEL, "sentiment"), N(LABEL, "polarity"), N(LABEL, "emotion"), N(LABEL, "类标"), N(LABEL, "target"), N(LABEL, "intent"),
    N(LABEL, "意图"), N(LABEL, "recommended"), N(LABEL, "recommendedind"), N(LABEL, "好评差评"), N(LABEL, "评价类型"), N(LABEL, "评价结果"), N(LABEL, "评论类型"),
    /* what was done; before the times, whose names are looser */
    N(EVENT, "event"), N(EVENT, "事件"), N(EVENT, "eventname"), N(EVENT, "eventtype"), N(EVENT, "事件类型"), N(EVENT, "事件名"), N(EVENT, "事件名称"), N(EVENT, "行为"), N(EVENT, "行为类型"), N(EVENT, "用户行为"), N(EVENT, "动作"),
    N(EVENT, "操作"), N(EVENT, "操作类型"), N(EVENT, "behavior"), N(EVENT, "behaviour"), N(EVENT, "behaviortype"), N(EVENT, "action"), N(EVENT, "actiontype"), N(EVENT, "activity"),
    N(PAGE, "page"), N(PAGE, "页面"), N(PAGE, "页面名"), N(PAGE, "页面名称"), N(PAGE, "pagename"), N(PAGE, "pagetitle"), N(PAGE, "页面标题"), N(PAGE, "screen"), N(PAGE, "screenname"), N(PAGE, "浏览页面"), N(PAGE, "访问页面"),
    N(URL, "url"), N(URL, "网址"), N(URL, "链接"), N(URL, "页面url"), N(URL, "页面链接"), N(URL, "pageurl"), N(URL, "link"), N(URL, "pagepath"), N(URL, "path"), N(URL, "propertiesurl"), N(URL, "contextpageurl"),
    N(CHANNEL, "渠道"), N(CHANNEL, "channel"), N(CHANNEL, "来源"), N(CHANNEL, "来源渠道"), N(CHANNEL, "订单来源"), N(CHANNEL, "流量来源"), N(CHANNEL, "source"), N(CHANNEL, "平台"), N(CHANNEL, "platform"), N(CHANNEL, "saleschannel"), N(CHANNEL, "utmsource"), N(CHANNEL, "门店"),
    N(CHANNEL, "店铺"), N(CHANNEL, "店铺名称"), N(CHANNEL, "store"), N(CHANNEL, "shop"),
    N(STATUS, "状态"), N(STATUS, "status"), N(STATUS, "订单状态"), N(STATUS, "orderstatus"), N(STATUS, "交易状态"), N(STATUS, "financialstatus"), N(STATUS, "paymentstatus"), N(STATUS, "支付状态"), N(STATUS, "付款状态"), N(STATUS, "工单状态"),
    N(STATUS, "退款状态"), N(STATUS, "售后状态"), N(STATUS, "fulfillmentstatus"),
    /* when */
    N(TIME, "时间"), N(TIME, "timestamp"), N(TIME, "datetime"), N(TIME, "time"), N(TIME, "originaltimestamp"), N(TIME, "时间戳"), N(TIME, "日期时间"), N(TIME, "评论时间"), N(TIME, "评价时间"), N(TIME, "下单时间"), N(TIME, "订单创建时间"),
    N(TIME, "订单付款时间"), N(TIME, "付款时间"), N(TIME, "支付时间"), N(TIME, "交易时间"), N(TIME, "成交时间"), N(TIME, "购买时间"), N(TIME, "消费时间"), N(TIME, "创建时间"), N(TIME, "发布时间"), N(TIME, "发表时间"), N(TIME, "浏览时间"), N(TIME, "访问时间"),
    N(TIME, "搜索时间"), N(TIME, "咨询时间"), N(TIME, "提问时间"), N(TIME, "事件时间"), N(TIME, "行为时间"), N(TIME, "操作时间"), N(TIME, "记录时间"), N(TIME, "登记时间"), N(TIME, "注册时间"), N(TIME, "提交时间"), N(TIME, "完成时间"), N(TIME, "确认收货时间"), N(TIME, "更新时间"),
    N(TIME, "eventtime"), N(TIME, "eventtimestamp"), N(TIME, "createdat"), N(TIME, "created"), N(TIME, "createdutc"), N(TIME, "createtime"), N(TIME, "creationtime"), N(TIME, "paidat"), N(TIME, "paymenttime"), N(TIME, "ordertime"), N(TIME, "orderedat"),
    N(TIME, "purchasedate"), N(TIME, "purchasetime"), N(TIME, "orderdate"), N(TIME, "invoicedate"), N(TIME, "transactiondate"), N(TIME, "transactiontime"), N(TIME, "reviewtime"), N(TIME, "reviewdate"), N(TIME, "unixreviewtime"), N(TIME, "commenttime"),
    N(TIME, "commentdate"), N(TIME, "datecreated"), N(TIME, "createddate"), N(TIME, "creationdate"), N(TIME, "publishedat"), N(TIME, "postedat"), N(TIME, "occurredat"), N(TIME, "sentat"), N(TIME, "receivedat"), N(TIME, "updatedat"), N(TIME, "ts"),
    N(TIME, "日期"), N(TIME, "date"), N(TIME, "订单日期"), N(TIME, "下单日期"), N(TIME, "交易日期"), N(TIME, "销售日期"), N(TIME, "消费日期"), N(TIME, "购买日期"), N(TIME, "评论日期"), N(TIME, "评价日期"), N(TIME, "发布日期"), N(TIME, "注册日期"), N(TIME, "开单日期"),
    N(TIME, "signupdate"), N(TIME, "joindate"), N(TIME, "joinedat"), N(TIME, "registeredat"), N(TIME, "registrationdate"), N(TIME, "消息时间"), N(TIME, "发送时间"), N(TIME, "聊天时间"), N(TIME, "会话时间"), N(TIME, "反馈时间"), N(TIME, "入会时间"), N(TIME, "入会日期"),
    N(TIME, "开卡时间"), N(TIME, "开卡日期"), N(TIME, "加入时间"), N(TIME, "sendtime"), N(TIME, "messagetime"), N(TIME, "msgtime"), N(TIME, "chattime"),
    N(DATE, "日期"), N(DATE, "date"), N(DATE, "订单日期"), N(DATE, "下单日期"), N(DATE, "交易日期"), N(DATE, "销售日期"), N(DATE, "消费日期"), N(DATE, "评论日期"), N(DATE, "orderdate"), N(DATE, "invoicedate"), N(DATE, "transactiondate"), N(DATE, "purchasedate"),
    /* what was bought */
    N(ITEM, "itemid"), N(ITEM, "productid"), N(ITEM, "商品id"), N(ITEM, "产品id"), N(ITEM, "商品编号"), N(ITEM, "产品编号"), N(ITEM, "商品编码"), N(ITEM, "产品编码"), N(ITEM, "商品代码"), N(ITEM, "货号"), N(ITEM, "商家编码"), N(ITEM, "sku"), N(ITEM, "skuid"), N(ITEM, "sku编码"), N(ITEM, "skucode"),
    N(ITEM, "stockcode"), N(ITEM, "asin"), N(ITEM, "lineitemsku"), N(ITEM, "itemcode"), N(ITEM, "productcode"), N(ITEM, "itemno"), N(ITEM, "productno"), N(ITEM, "variantid"), N(ITEM, "variantsku"), N(ITEM, "upc"), N(ITEM, "barcode"), N(ITEM, "条码"), N(ITEM, "条形码"), N(ITEM, "spu"), N(ITEM, "spuid"),
    N(ITEM, "propertiesproductid"), N(ITEM, "propertiessku"), N(ITEM, "商品"), N(ITEM, "产品"), N(ITEM, "item"), N(ITEM, "product"), N(ITEM, "宝贝"), N(ITEM, "宝贝id"), N(ITEM, "货品"), N(ITEM, "clothingid"), N(ITEM, "movieid"), N(ITEM, "bookid"),
    N(ITEM_NAME, "商品名称"), N(ITEM_NAME, "产品名称"), N(ITEM_NAME, "商品名"), N(ITEM_NAME, "产品名"), N(ITEM_NAME, "商品标题"), N(ITEM_NAME, "宝贝标题"), N(ITEM_NAME, "宝贝名称"), N(ITEM_NAME, "货品名称"), N(ITEM_NAME, "品名"), N(ITEM_NAME, "选购商品"), N(ITEM_NAME, "商品全名"),
    N(ITEM_NAME, "itemname"), N(ITEM_NAME, "productname"), N(ITEM_NAME, "producttitle"), N(ITEM_NAME, "itemtitle"), N(ITEM_NAME, "lineitemname"), N(ITEM_NAME, "itemdescription"), N(ITEM_NAME, "productdescription"), N(ITEM_NAME, "propertiesproductname"),
    N(ITEM_NAME, "propertiesname"), N(ITEM_NAME, "商品"), N(ITEM_NAME, "产品"), N(ITEM_NAME, "product"), N(ITEM_NAME, "item"), N(ITEM_NAME, "宝贝"),
    N(CATEGORY, "类目"), N(CATEGORY, "category"), N(CATEGORY, "品类"), N(CATEGORY, "类别"), N(CATEGORY, "分类"), N(CATEGORY, "商品类目"), N(CATEGORY, "商品类别"), N(CATEGORY, "商品分类"), N(CATEGORY, "产品类别"), N(CATEGORY, "产品分类"), N(CATEGORY, "商品种类"), N(CATEGORY, "一级类目"),
    N(CATEGORY, "categoryname"), N(CATEGORY, "productcategory"), N(CATEGORY, "itemcategory"), N(CATEGORY, "producttype"), N(CATEGORY, "class"), N(CATEGORY, "classname"), N(CATEGORY, "department"), N(CATEGORY, "departmentname"), N(CATEGORY, "division"), N(CATEGORY, "genre"), N(CATEGORY, "genres"),
    N(CATEGORY, "categoryid"), N(CATEGORY, "类目id"), N(CATEGORY, "propertiescategory"), N(CATEGORY, "cat"),
    N(QUANTITY, "数量"), N(QUANTITY, "quantity"), N(QUANTITY, "qty"), N(QUANTITY, "购买数量"), N(QUANTITY, "商品数量"), N(QUANTITY, "件数"), N(QUANTITY, "宝贝数量"), N(QUANTITY, "宝贝总数量"), N(QUANTITY, "商品总数量"), N(QUANTITY, "销量"), N(QUANTITY, "下单数量"), N(QUANTITY, "订购数量"), N(QUANTITY, "销售数量"),
    N(QUANTITY, "lineitemquantity"), N(QUANTITY, "quantitypurchased"), N(QUANTITY, "quantityordered"), N(QUANTITY, "orderquantity"), N(QUANTITY, "itemquantity"), N(QUANTITY, "units"), N(QUANTITY, "unitssold"), N(QUANTITY, "propertiesquantity"), N(QUANTITY, "cds"),
    N(UNIT_PRICE, "单价"), N(UNIT_PRICE, "unitprice"), N(UNIT_PRICE, "商品单价"), N(UNIT_PRICE, "销售单价"), N(UNIT_PRICE, "成交单价"), N(UNIT_PRICE, "商品价格"), N(UNIT_PRICE, "京东价"), N(UNIT_PRICE, "售价"), N(UNIT_PRICE, "lineitemprice"), N(UNIT_PRICE, "itemprice"), N(UNIT_PRICE, "itemcost"), N(UNIT_PRICE, "productprice"),
    N(UNIT_PRICE, "priceperunit"), N(UNIT_PRICE, "pricepercunit"), N(UNIT_PRICE, "propertiesprice"), N(UNIT_PRICE, "标价"), N(UNIT_PRICE, "unitcost"), N(UNIT_PRICE, "listprice"),
    N(AMOUNT, "金额"), N(AMOUNT, "amount"), N(AMOUNT, "实付金额"), N(AMOUNT, "买家实际支付金额"), N(AMOUNT, "买家实付金额"), N(AMOUNT, "实际支付金额"), N(AMOUNT, "订单实付金额"), N(AMOUNT, "实付款"), N(AMOUNT, "实付"), N(AMOUNT, "应付金额"), N(AMOUNT, "买家应付货款"), N(AMOUNT, "支付金额"), N(AMOUNT, "付款金额"),
    N(AMOUNT, "订单金额"), N(AMOUNT, "订单总额"), N(AMOUNT, "订单实收金额"), N(AMOUNT, "交易金额"), N(AMOUNT, "成交金额"), N(AMOUNT, "消费金额"), N(AMOUNT, "销售金额"), N(AMOUNT, "销售额"), N(AMOUNT, "总金额"), N(AMOUNT, "总价"), N(AMOUNT, "商品总价"), N(AMOUNT, "商品金额"), N(AMOUNT, "合计"), N(AMOUNT, "小计"), N(AMOUNT, "总额"), N(AMOUNT, "购买金额"), N(AMOUNT, "价税合计"),
    N(AMOUNT, "totalamount"), N(AMOUNT, "orderamount"), N(AMOUNT, "ordertotal"), N(AMOUNT, "ordertotalamount"), N(AMOUNT, "total"), N(AMOUNT, "totalprice"), N(AMOUNT, "grandtotal"), N(AMOUNT, "paymentamount"), N(AMOUNT, "paidamount"), N(AMOUNT, "amountpaid"), N(AMOUNT, "netsales"), N(AMOUNT, "sales"), N(AMOUNT, "revenue"),
    N(AMOUNT, "spend"), N(AMOUNT, "spent"), N(AMOUNT, "transactionamount"), N(AMOUNT, "lineitemtotal"), N(AMOUNT, "linetotal"), N(AMOUNT, "itemtotal"), N(AMOUNT, "propertiestotal"), N(AMOUNT, "propertiesrevenue"), N(AMOUNT, "propertiesvalue"), N(AMOUNT, "propertiesamount"), N(AMOUNT, "subtotal"), N(AMOUNT, "dollars"),
    N(AMOUNT, "convertedamount"), N(AMOUNT, "价格"), N(AMOUNT, "price"), N(AMOUNT, "货款"), N(AMOUNT, "费用"), N(AMOUNT, "cost"),
    N(UNIT_PRICE, "价格"), N(UNIT_PRICE, "price"),
    N(DISCOUNT, "优惠"), N(DISCOUNT, "优惠金额"), N(DISCOUNT, "折扣"), N(DISCOUNT, "折扣金额"), N(DISCOUNT, "discount"), N(DISCOUNT, "discountamount"), N(DISCOUNT, "优惠券金额"), N(DISCOUNT, "店铺优惠金额"), N(DISCOUNT, "平台优惠金额"), N(DISCOUNT, "totaldiscount"), N(DISCOUNT, "lineitemdiscount"), N(DISCOUNT, "itempromotiondiscount"),
    N(DISCOUNT, "couponamount"), N(DISCOUNT, "propertiesdiscount"),
    N(REFUND, "退款"), N(REFUND, "退款金额"), N(REFUND, "refund"), N(REFUND, "refundamount"), N(REFUND, "refundedamount"), N(REFUND, "amountrefunded"), N(REFUND, "已退款金额"), N(REFUND, "售后退款金额"), N(REFUND, "退货金额"),
    N(CURRENCY, "币种"), N(CURRENCY, "货币"), N(CURRENCY, "currency"), N(CURRENCY, "currencycode"), N(CURRENCY, "结算币种"), N(CURRENCY, "propertiescurrency"),
    /* traits of a person */
    N(NAME, "姓名"), N(NAME, "名字"), N(NAME, "客户姓名"), N(NAME, "会员姓名"), N(NAME, "用户姓名"), N(NAME, "顾客姓名"), N(NAME, "真实姓名"), N(NAME, "收货人姓名"), N(NAME, "收货人"), N(NAME, "收件人"), N(NAME, "收件人姓名"), N(NAME, "联系人"), N(NAME, "fullname"), N(NAME, "customername"), N(NAME, "buyername"), N(NAME, "billingname"),
    N(NAME, "cardholdername"), N(NAME, "recipientname"), N(NAME, "traitsname"), N(NAME, "name"), N(NAME, "客户名称"), N(NAME, "买家名称"), N(NAME, "firstname"), N(NAME, "昵称"), N(NAME, "用户昵称"), N(NAME, "买家昵称"), N(NAME, "客户昵称"), N(NAME, "会员昵称"), N(NAME, "微信昵称"), N(NAME, "nickname"),
    N(NAME, "reviewername"), N(NAME, "displayname"), N(NAME, "发送人昵称"), N(NAME, "发送者昵称"),
    N(GENDER, "性别"), N(GENDER, "gender"), N(GENDER, "sex"), N(GENDER, "客户性别"), N(GENDER, "会员性别"), N(GENDER, "用户性别"), N(GENDER, "traitsgender"),
    N(AGE, "年龄"), N(AGE, "age"), N(AGE, "客户年龄"), N(AGE, "用户年龄"), N(AGE, "会员年龄"), N(AGE, "traitsage"),
    N(BIRTHDAY, "生日"), N(BIRTHDAY, "出生日期"), N(BIRTHDAY, "出生年月"), N(BIRTHDAY, "出生年月日"), N(BIRTHDAY, "birthday"), N(BIRTHDAY, "birthdate"), N(BIRTHDAY, "dateofbirth"), N(BIRTHDAY, "dob"), N(BIRTHDAY, "会员生日"), N(BIRTHDAY, "traitsbirthday"),
    N(CITY, "城市"), N(CITY, "city"), N(CITY, "所在城市"), N(CITY, "居住城市"), N(CITY, "常住城市"), N(CITY, "市"), N(CITY, "收货城市"), N(CITY, "收货人城市"), N(CITY, "shippingcity"), N(CITY, "billingcity"), N(CITY, "shipcity"), N(CITY, "traitsaddresscity"), N(CITY, "traitscity"), N(CITY, "town"),
    N(COUNTRY, "国家"), N(COUNTRY, "country"), N(COUNTRY, "国家地区"), N(COUNTRY, "countrycode"), N(COUNTRY, "shippingcountry"), N(COUNTRY, "billingcountry"), N(COUNTRY, "shipcountry"), N(COUNTRY, "geography"), N(COUNTRY, "traitsaddresscountry"), N(COUNTRY, "traitscountry"),
    N(OCCUPATION, "职业"), N(OCCUPATION, "occupation"), N(OCCUPATION, "job"), N(OCCUPATION, "jobtitle"), N(OCCUPATION, "工作"), N(OCCUPATION, "岗位"), N(OCCUPATION, "profession"), N(OCCUPATION, "traitstitle"),
    N(LEVEL, "会员等级"), N(LEVEL, "等级"), N(LEVEL, "会员级别"), N(LEVEL, "客户等级"), N(LEVEL, "客户级别"), N(LEVEL, "用户等级"), N(LEVEL, "vip等级"), N(LEVEL, "level"), N(LEVEL, "memberlevel"), N(LEVEL, "membershiplevel"), N(LEVEL, "tier"), N(LEVEL, "loyaltytier"), N(LEVEL, "viplevel"), N(LEVEL, "membership"), N(LEVEL, "traitsplan"),
    N(INCOME, "收入"), N(INCOME, "income"), N(INCOME, "年收入"), N(INCOME, "月收入"), N(INCOME, "annualincome"), N(INCOME, "monthlyincome"), N(INCOME, "estimatedsalary"), N(INCOME, "salary"), N(INCOME, "工资"), N(INCOME, "薪资"),
    N(ADDRESS, "地址"), N(ADDRESS, "address"), N(ADDRESS, "收货地址"), N(ADDRESS, "联系地址"), N(ADDRESS, "详细地址"), N(ADDRESS, "家庭住址"), N(ADDRESS, "住址"), N(ADDRESS, "收货人地址"), N(ADDRESS, "shippingaddress"), N(ADDRESS, "shippingaddress1"), N(ADDRESS, "billingaddress"), N(ADDRESS, "billingaddress1"),
    N(ADDRESS, "shipaddress1"), N(ADDRESS, "streetaddress"),
};
/* clang-format on */
#undef N

const hx_column_alias *hx_column_aliases(size_t *n) {
    *n = sizeof aliases / sizeof *aliases;
    return aliases;
}

static bool is_dropped(uint32_t cp) {
    return cp <= 0x20 || cp == '_' || cp == '-' || cp == '.' || cp == '/' || cp == ':' ||
           cp == '*' || cp == '#' || cp == '\'' || cp == '"' || cp == 0xFEFF || cp == 0x3001;
}

static bool is_opening(uint32_t cp) {
    return cp == '(' || cp == '[' || cp == '{' || cp == 0x3010 || cp == 0x3008;
}

static bool is_closing(uint32_t cp) {
    return cp == ')' || cp == ']' || cp == '}' || cp == 0x3011 || cp == 0x3009;
}

size_t hx_column_name_normal(hx_str name, bool whole, char out[HX_COLUMN_NAME_MAX]) {
    utf8proc_uint8_t *folded = NULL;
    if (name.len == 0 || name.len > 4 * HX_COLUMN_NAME_MAX) return 0;
    utf8proc_ssize_t n =
        utf8proc_map((const utf8proc_uint8_t *)name.ptr, (utf8proc_ssize_t)name.len, &folded,
                     UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
    if (n < 0) return 0;
    hx_str s = {(const char *)folded, (size_t)n};
    size_t len = 0;
    bool fits = true, in_brackets = false;
    for (size_t i = 0; i < s.len && fits;) {
        uint32_t cp = hx_utf8_next(s, &i);
        if (is_opening(cp) || is_closing(cp)) {
            in_brackets = is_opening(cp);
            continue;
        }
        if (is_dropped(cp) || (in_brackets && !whole)) continue;
        fits = len + 4 < HX_COLUMN_NAME_MAX;
        if (fits) len += hx_utf8_put(cp, out + len);
    }
    free(folded);
    return fits ? len : 0;
}

bool hx_column_name_is_known(hx_str name) {
    char form[HX_COLUMN_NAME_MAX];
    size_t len = hx_column_name_normal(name, false, form);
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strlen(aliases[i].name) == len && memcmp(aliases[i].name, form, len) == 0) return true;
    return false;
}
