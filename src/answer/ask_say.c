/* ask_say.c - a query in words, so that whoever asked sees how the question was understood and can put it otherwise.
 *
 * "number of reviews; negative; 2026-08 against 2026-07; by aspect". Parts stand in one order in both languages; names of products and
 * customers are as the store has them. */
#include <string.h>

#include "answer/ask.h"
#include "insight/segment.h"

static const char *const class_names[HX_ASK_CLASSES][2] = {
    {"events", "事件"}, {"texts", "文本"},   {"reviews", "评论"},    {"tickets", "工单"},
    {"orders", "订单"}, {"refunds", "退款"}, {"page views", "浏览"}, {"searches", "搜索"}};
static const char *const measure_names[HX_ASK_MEASURES][2] = {
    {"number", "数量"},
    {"customers", "客户数"},
    {"revenue, refunds taken off", "销售额（已减退款）"},
    {"units", "销量"},
    {"mean rating", "平均评分"},
    {"mean order value", "客单价"}};
static const char *const dim_names[HX_ASK_DIMS][2] = {{"", ""},
                                                      {"month", "月份"},
                                                      {"product", "商品"},
                                                      {"category", "类目"},
                                                      {"channel", "渠道"},
                                                      {"aspect", "方面"},
                                                      {"intent", "意图"},
                                                      {"sentiment", "情感"},
                                                      {"segment", "分群"},
                                                      {"customer", "客户"}};
static const char *const op_names[][2] = {{"", ""},
                                          {"share of ", "占比："},
                                          {"", ""},
                                          {"", ""},
                                          {"comparison of ", "比较："},
                                          {"why changed: ", "变化原因："},
                                          {"quotes of ", "原话："}};

const char *hx__ask_dim_name(hx_ask_dim d, hx_ui_lang ui) {
    return dim_names[d][ui == HX_UI_ZH];
}

const char *hx__ask_measure_name(const hx_ask_query *q, hx_ui_lang ui) {
    const int zh = ui == HX_UI_ZH;
    return q->measure == HX_ASK_COUNT ? class_names[q->of][zh] : measure_names[q->measure][zh];
}

static void part(hx_buf *out, hx_ui_lang ui, const char *text) {
    if (text[0] == '\0') return;
    hx_buf_append_lit(out, ui == HX_UI_ZH ? "；" : "; ");
    hx_buf_append_lit(out, text);
}

static void code(hx_buf *out, hx_ui_lang ui, const char *label) {
    const char *shown = hx_answer_label(label, ui);
    part(out, ui, shown ? shown : label);
}

/* The first word of the aspect's row is its Chinese name. */
hx_str hx__ask_aspect_name(hx_str id, hx_ui_lang ui) {
    for (size_t i = 0; i < hx__ask_rows_n; i++) {
        const hx_ask_row *r = &hx__ask_rows[i];
        if (r->what != HX_ASK_W_ASPECT || !hx_str_equal(hx_str_of(r->id), id)) continue;
        return ui == HX_UI_ZH ? (hx_str){r->words, strcspn(r->words, "|")} : id;
    }
    return (hx_str){NULL, 0};
}

static void say_aspect(const char *id, hx_ui_lang ui, hx_buf *out) {
    const hx_str name = hx__ask_aspect_name(hx_str_of(id), ui);
    (void)hx_buf_printf(out, ui == HX_UI_ZH ? "；%.*s" : "; %.*s", (int)name.len, name.ptr);
}

void hx__ask_say_filters(const hx_ask_query *q, hx_ui_lang ui, hx_buf *out) {
    if (q->sentiment != HX_SENTIMENT_NONE) code(out, ui, hx_sentiment_name(q->sentiment));
    if (q->intent >= 0) code(out, ui, hx_intent_name((hx_intent_label)q->intent));
    if (q->aspect) say_aspect(q->aspect, ui, out);
    if (q->segment >= 0) part(out, ui, hx_segment_name((hx_segment_id)q->segment, ui));
}

static void say_order(const hx_ask_query *q, hx_ui_lang ui, hx_buf *out) {
    const bool zh = ui == HX_UI_ZH;
    if (q->op != HX_ASK_TOP) return;
    (void)hx_buf_printf(out,
                        zh ? (q->least ? "；最低的 %zu 个" : "；最高的 %zu 个")
                           : (q->least ? "; the lowest %zu" : "; the highest %zu"),
                        q->limit);
    if (q->measure == HX_ASK_RATING)
        hx_buf_append_lit(out, zh ? "；至少 5 个评分" : "; of 5 ratings or more");
}

void hx__ask_say_query(const hx_ask_query *q, hx_ui_lang ui, hx_buf *out) {
    const bool zh = ui == HX_UI_ZH;
    hx_buf_append_lit(out, op_names[q->op][zh]);
    hx_buf_append_lit(out,
                      q->distinct ? hx__ask_dim_name(q->dim, ui) : hx__ask_measure_name(q, ui));
    if (q->measure == HX_ASK_CUSTOMERS && q->of != HX_ASK_ANY)
        (void)hx_buf_printf(out, zh ? "（有%s）" : " with %s", class_names[q->of][zh]);
    hx__ask_say_filters(q, ui, out);
    if (q->n_items > 0) part(out, ui, q->item_name);
    if (q->category) part(out, ui, q->category_name);
    if (q->channel) part(out, ui, q->channel_name);
    if (q->person) part(out, ui, q->person_name);
    if (q->term.len > 0)
        (void)hx_buf_printf(out, zh ? "；含“%.*s”" : "; with '%.*s'", (int)q->term.len,
                            q->term.ptr);
    if (q->n_ranges > 0) part(out, ui, q->range[0].name);
    if (q->n_ranges > 1)
        (void)hx_buf_printf(out, zh ? "，对比 %s" : " against %s", q->range[1].name);
    if (q->n_ranges == 0) part(out, ui, zh ? "全部时间" : "all time");
    if (q->dim != HX_ASK_BY_NOTHING && !q->distinct)
        (void)hx_buf_printf(out, zh ? "；按%s" : "; by %s", hx__ask_dim_name(q->dim, ui));
    say_order(q, ui, out);
}
