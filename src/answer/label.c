/* label.c - the words people see for the codes of answers, in both languages.
 *
 * JSON always has the codes; tables, cards and spreadsheets have these. Codes without a line here (a shop's own columns) are shown as
 * they are. Segments have their names from the table of segments, and facts of their rules theirs under "fact:CODE" (the same code may
 * be a trait, as age is). */
#include <string.h>

#include "answer/population.h"

typedef struct {
    const char *code, *en, *zh;
} code_label;

static const code_label labels[] = {
    /* ids and traits */
    {"customer", "customer", "客户号"},
    {"email", "email", "邮箱"},
    {"phone", "phone", "电话"},
    {"account", "account", "账号"},
    {"device", "device", "设备"},
    {"anonymous", "anonymous", "匿名号"},
    {"name", "name", "姓名"},
    {"gender", "gender", "性别"},
    {"age", "age", "年龄"},
    {"birthday", "birthday", "生日"},
    {"city", "city", "城市"},
    {"country", "country", "国家/地区"},
    {"occupation", "occupation", "职业"},
    {"level", "level", "等级"},
    {"income", "income", "收入"},
    {"address", "address", "地址"},
    {"female", "female", "女"},
    {"male", "male", "男"},
    /* what texts say */
    {"positive", "positive", "正面"},
    {"neutral", "neutral", "中性"},
    {"mixed", "mixed", "褒贬不一"},
    {"negative", "negative", "负面"},
    {"mean", "mean", "均值"},
    {"trend", "trend", "趋势"},
    {"n", "n", "条数"},
    {"other", "other", "其他"},
    {"buy", "buy", "购买"},
    {"refund", "refund", "退款"},
    {"exchange", "exchange", "换货"},
    {"complaint", "complaint", "投诉"},
    {"consult", "consult", "咨询"},
    {"praise", "praise", "表扬"},
    {"churn", "churn", "流失倾向"},
    {"logistics", "logistics", "物流"},
    {"invoice", "invoice", "发票"},
    {"repair", "repair", "维修"},
    {"price", "price", "价格"},
    {"cancel", "cancel", "取消"},
    {"suggest", "suggest", "建议"},
    /* who belongs together */
    {"join", "join", "合并"},
    {"part", "part", "分开"},
    {"by hand", "by hand", "人工"},
    {"match", "match", "匹配"},
    {"same", "same", "相同"},
    {"near", "near", "几乎相同"},
    {"alike", "alike", "相似"},
    {"differs", "differs", "不同"},
    /* events */
    {"Traits Identified", "Traits Identified", "登记资料"},
    {"Order Completed", "Order Completed", "下单"},
    {"Order Refunded", "Order Refunded", "退货"},
    {"Product Reviewed", "Product Reviewed", "评价"},
    {"Product Viewed", "Product Viewed", "浏览"},
    {"Page Viewed", "Page Viewed", "浏览"},
    {"Products Searched", "Products Searched", "搜索"},
    {"Question Asked", "Question Asked", "提问"},
    {"Message Sent", "Message Sent", "消息"},
    {"Ticket Created", "Ticket Created", "工单"},
    /* imports */
    {"done", "done", "完成"},
    {"undone", "undone", "已撤销"},
    {"unfinished", "unfinished", "未完成"},
    {"customers", "customers", "客户"},
    {"orders", "orders", "订单"},
    {"reviews", "reviews", "评价"},
    {"views", "views", "浏览"},
    {"texts", "texts", "文本"},
    {"text", "text", "文本"},
    {"events", "events", "事件"},
    {"searches", "searches", "搜索"},
    {"tickets", "tickets", "工单"},
    {"questions", "questions", "提问"},
    {"chats", "chats", "聊天"},
    /* receipts */
    {"days", "days", "天"},
    {"signals", "signals", "次"},
    {"conditions", "conditions", "个条件"},
    {"points", "points", "分"},
    {"true", "yes", "是"},
    {"false", "no", "否"},
    {"r", "R (recency)", "R（最近购买）"},
    {"f", "F (frequency)", "F（购买频次）"},
    {"m", "M (monetary)", "M（消费金额）"},
    {"order", "order", "订单"},
    {"line", "line", "订单行"},
    {"event", "event", "事件"},
    {"statements", "statements", "条陈述"},
    {"pairs", "pairs", "对"},
    {"segments", "segments", "个分群"},
    {"spent", "spent", "消费"},
    {"recency_days", "days since the last purchase", "距最近购买天数"},
    {"sentiment", "sentiment", "情感"},
    {"share", "share", "占比"},
    {"evidence", "evidence", "证据"},
    {"bias", "bias", "基准"},
    {"holds", "holds", "成立"},
    {"overruled", "overruled", "被取代"},
    {"last_purchase", "last purchase", "最近购买"},
    /* doctor */
    {"program", "program", "程序"},
    {"processor", "processor", "处理器"},
    {"memory", "memory", "内存"},
    {"libraries", "libraries", "依赖库"},
    {"engines", "engines", "引擎"},
    {"data", "data", "数据文件夹"},
    {"model", "model", "模型"},
    {"store", "store", "库文件"},
    {"store/check", "store/check", "库文件检查"},
};

const char *hx_answer_label(const char *code, hx_ui_lang ui) {
    if (strncmp(code, "fact:", 5) == 0) {
        hx_fact fact = {.name = code + 5};
        return hx_fact_label(&fact, ui);
    }
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (strcmp(labels[i].code, code) == 0) return ui == HX_UI_ZH ? labels[i].zh : labels[i].en;
    for (int id = 0; id < HX_SEGMENT_N; id++)
        if (strcmp(hx_segment_key((hx_segment_id)id), code) == 0)
            return hx_segment_name((hx_segment_id)id, ui);
    return NULL;
}
