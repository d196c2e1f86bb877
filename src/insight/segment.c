/* segment.c - the rule segments as one table of conditions; see segment.h.
 *
 *   high_value       net spend > 80 % quantile of buyers, net spend > 0, at least one order
 *   new              first purchase (first event of those who never bought) at most 30 days ago, in a history of 60 days or more
 *   sleeping         an order, and no event of any kind for more than sleeping_days
 *   at_risk          two purchase days or more, last purchase more than max(30, 2 x own mean gap) days ago, not yet sleeping
 *   price_sensitive  2 or more discounted lines or price questions, their share at least a half and above the buyers' median
 *   unhappy          a text with a sentiment, and a mean sentiment of -0.2 or below
 *
 * The numbers are customary in retail (30-day newcomers, twice the usual gap as the first sign of leaving, three times as
 * lost) and stand here alone: receipts, rule sentences and tests take them from this file. */
#include "insight/segment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "insight/quantile.h"

#define NEW_DAYS 30
#define NEW_HISTORY_DAYS 60
#define SLEEPING_GAPS 3
#define SLEEPING_DAYS_MIN 90
#define SLEEPING_DAYS_MAX 365
#define RISK_GAPS 2
#define RISK_DAYS_MIN 30
#define PRICE_SIGNALS 2
#define PRICE_SHARE 500
#define UNHAPPY_SENTIMENT (-200)
#define M_TOP 3 /* index of the 4/5 quantile */

typedef enum {
    VALUE_MONETARY,
    VALUE_ORDERS,
    VALUE_AGE,
    VALUE_HISTORY,
    VALUE_SILENT,
    VALUE_RECENCY,
    VALUE_GAP,
    VALUE_PRICE_SIGNALS,
    VALUE_PRICE_SHARE,
    VALUE_TEXTS,
    VALUE_SENTIMENT
} fact_value;
typedef enum { RELATION_ABOVE, RELATION_AT_LEAST, RELATION_AT_MOST } fact_relation;
typedef enum { FIXED, TOP_SPEND, SLEEPING, OWN_RISK, PRICE_MEDIAN } fact_threshold;

typedef struct {
    fact_value value;
    fact_relation relation;
    fact_threshold threshold;
    int64_t fixed; /* of FIXED */
} segment_condition;

static const struct {
    const char *key, *zh, *en, *rule_zh, *rule_en;
    segment_condition conditions[HX_FACTS_MAX];
    size_t n;
} segment_table[HX_SEGMENT_N] = {
    {"high_value",
     "高价值客户",
     "high value",
     "净消费额高于 80% 的买家",
     "net spend above the 80% quantile of all buyers",
     {{VALUE_ORDERS, RELATION_AT_LEAST, FIXED, 1},
      {VALUE_MONETARY, RELATION_ABOVE, FIXED, 0},
      {VALUE_MONETARY, RELATION_ABOVE, TOP_SPEND, 0}},
     3},
    {"new",
     "新客户",
     "new",
     "首次购买（未购买者为首次出现）距今不超过 30 天，且数据跨度不少于 60 天",
     "first purchase (first event of those who never bought) at most 30 days ago, in data of 60 "
     "days or more",
     {{VALUE_AGE, RELATION_AT_LEAST, FIXED, 0},
      {VALUE_AGE, RELATION_AT_MOST, FIXED, NEW_DAYS},
      {VALUE_HISTORY, RELATION_AT_LEAST, FIXED, NEW_HISTORY_DAYS}},
     3},
    {"sleeping",
     "沉睡客户",
     "sleeping",
     "买过，但超过沉睡天数没有任何行为（沉睡天数 = 购买间隔中位数的 3 倍，限 90 到 365 天）",
     "has bought, but no event at all for longer than the sleeping time (3 times the median gap "
     "between purchases, within 90 to 365 days)",
     {{VALUE_ORDERS, RELATION_AT_LEAST, FIXED, 1}, {VALUE_SILENT, RELATION_ABOVE, SLEEPING, 0}},
     2},
    {"at_risk",
     "流失风险客户",
     "at risk",
     "至少有两个购买日，距上次购买超过自身平均间隔的 2 倍（至少 30 天），且尚未沉睡",
     "bought on two days or more, last purchase longer ago than twice the own mean gap (at least "
     "30 days), not yet sleeping",
     {{VALUE_GAP, RELATION_AT_LEAST, FIXED, 1},
      {VALUE_RECENCY, RELATION_ABOVE, OWN_RISK, 0},
      {VALUE_SILENT, RELATION_AT_MOST, SLEEPING, 0}},
     3},
    {"price_sensitive",
     "价格敏感客户",
     "price sensitive",
     "打折购买与询价至少 2 次，其占比不低于一半，且高于买家的中位数",
     "2 or more discounted order lines or price questions, at least half of all lines and "
     "questions and above the buyers' median",
     {{VALUE_PRICE_SIGNALS, RELATION_AT_LEAST, FIXED, PRICE_SIGNALS},
      {VALUE_PRICE_SHARE, RELATION_AT_LEAST, FIXED, PRICE_SHARE},
      {VALUE_PRICE_SHARE, RELATION_ABOVE, PRICE_MEDIAN, 0}},
     3},
    {"unhappy",
     "不满客户",
     "unhappy",
     "有评价等文本，且平均情感不高于 -0.2",
     "has said something, with a mean sentiment of -0.2 or below",
     {{VALUE_TEXTS, RELATION_AT_LEAST, FIXED, 1},
      {VALUE_SENTIMENT, RELATION_AT_MOST, FIXED, UNHAPPY_SENTIMENT}},
     2},
};

static const struct {
    const char *name, *unit, *zh, *en;
} value_names[] = {
    [VALUE_MONETARY] = {"monetary", "1/10000", "净消费额", "net spend"},
    [VALUE_ORDERS] = {"orders", "orders", "订单数", "orders"},
    [VALUE_AGE] = {"age", "days", "首次购买（或出现）距今",
                   "time since the first purchase (or event)"},
    [VALUE_HISTORY] = {"history", "days", "数据跨度", "time the data cover"},
    [VALUE_SILENT] = {"silent", "days", "最近一次行为距今", "time since the last event"},
    [VALUE_RECENCY] = {"recency", "days", "最近一次购买距今", "time since the last purchase"},
    [VALUE_GAP] = {"gap", "days", "平均购买间隔", "mean gap between purchases"},
    [VALUE_PRICE_SIGNALS] = {"price_signals", "signals", "打折购买与询价",
                             "discounted lines and price questions"},
    [VALUE_PRICE_SHARE] = {"price_share", "1/1000", "打折购买与询价的占比",
                           "share of discounted lines and price questions"},
    [VALUE_TEXTS] = {"texts", "texts", "有情感的文本数", "texts with a sentiment"},
    [VALUE_SENTIMENT] = {"sentiment", "1/1000", "平均情感", "mean sentiment"},
};
#define N_VALUES (sizeof value_names / sizeof *value_names)

static const char *const relations[] = {
    [RELATION_ABOVE] = ">", [RELATION_AT_LEAST] = ">=", [RELATION_AT_MOST] = "<="};

static int64_t value_of(fact_value v, const hx_segment_population *pop, const hx_customer *c) {
    switch (v) {
    case VALUE_MONETARY:
        return c->monetary;
    case VALUE_ORDERS:
        return c->orders;
    case VALUE_AGE:
        return c->age;
    case VALUE_HISTORY:
        return pop->history_days;
    case VALUE_SILENT:
        return c->silent;
    case VALUE_RECENCY:
        return c->recency;
    case VALUE_GAP:
        return c->gap;
    case VALUE_PRICE_SIGNALS:
        return c->price_signals;
    case VALUE_PRICE_SHARE:
        return c->price_share;
    case VALUE_TEXTS:
        return c->texts;
    case VALUE_SENTIMENT:
        return c->sentiment;
    }
    return 0;
}

static int64_t threshold_of(const segment_condition *k, const hx_segment_population *pop,
                            const hx_customer *c, const char **source) {
    *source = k->threshold == FIXED ? "fixed" : "population";
    switch (k->threshold) {
    case FIXED:
        return k->fixed;
    case TOP_SPEND:
        return pop->rfm.monetary[M_TOP];
    case SLEEPING:
        return pop->sleeping_days;
    case PRICE_MEDIAN:
        return pop->price_share_median;
    case OWN_RISK:
        break;
    }
    *source = "customer";
    int64_t days = (int64_t)RISK_GAPS * c->gap;
    return days > RISK_DAYS_MIN ? days : RISK_DAYS_MIN;
}

static bool holds(fact_relation relation, int64_t value, int64_t threshold) {
    if (relation == RELATION_ABOVE) return value > threshold;
    return relation == RELATION_AT_LEAST ? value >= threshold : value <= threshold;
}

size_t hx_segment_facts(hx_segment_id id, const hx_segment_population *pop, const hx_customer *c,
                        hx_fact facts[HX_FACTS_MAX]) {
    for (size_t i = 0; i < segment_table[id].n; i++) {
        const segment_condition *k = &segment_table[id].conditions[i];
        hx_fact *f = &facts[i];
        f->name = value_names[k->value].name;
        f->unit = value_names[k->value].unit;
        f->value = value_of(k->value, pop, c);
        f->relation = relations[k->relation];
        f->threshold = threshold_of(k, pop, c, &f->source);
        f->passed = holds(k->relation, f->value, f->threshold);
    }
    return segment_table[id].n;
}

const char *hx_fact_label(const hx_fact *f, hx_ui_lang ui) {
    for (size_t i = 0; i < N_VALUES; i++)
        if (strcmp(value_names[i].name, f->name) == 0)
            return ui == HX_UI_ZH ? value_names[i].zh : value_names[i].en;
    return f->name;
}

char *hx_fact_text(const hx_fact *f, int64_t value, hx_ui_lang ui, char out[HX_FACT_TEXT_MAX]) {
    char number[HX_MONEY_TEXT_MAX];
    const char *days = ui == HX_UI_ZH ? " 天" : " days";
    if (strcmp(f->unit, "1/10000") == 0)
        hx_money_text(value, number);
    else if (strcmp(f->unit, "1/1000") == 0)
        hx_money_text(value * (HX_MONEY_ONE / HX_SHARE_ONE), number);
    else
        snprintf(number, sizeof number, "%" PRId64, value);
    snprintf(out, HX_FACT_TEXT_MAX, "%s%s", number, strcmp(f->unit, "days") == 0 ? days : "");
    return out;
}

static bool is_member(hx_segment_id id, const hx_segment_population *pop, const hx_customer *c) {
    const char *source;
    for (size_t i = 0; i < segment_table[id].n; i++) {
        const segment_condition *k = &segment_table[id].conditions[i];
        if (!holds(k->relation, value_of(k->value, pop, c), threshold_of(k, pop, c, &source)))
            return false;
    }
    return true;
}

uint16_t hx_segment_mask(const hx_segment_population *pop, const hx_customer *c) {
    uint16_t mask = 0;
    for (int id = 0; id < HX_SEGMENT_N; id++)
        if (is_member((hx_segment_id)id, pop, c)) mask = (uint16_t)(mask | 1u << id);
    return mask;
}

/* ------------------------------------------------------------------ the population */
/* Lower median of one measure over those who have it; 0 if nobody. */
static int64_t median_gap(const hx_customer *customers, size_t n, int64_t *values,
                          int64_t *scratch) {
    size_t some = 0;
    for (size_t i = 0; i < n; i++)
        if (customers[i].gap > 0) values[some++] = customers[i].gap;
    hx_quantile_sort(values, some, scratch);
    return some ? hx_quantile_lower(values, some, 1, 2) : 0;
}

static int64_t median_price_share(const hx_customer *customers, size_t n, int64_t *values,
                                  int64_t *scratch) {
    size_t some = 0;
    for (size_t i = 0; i < n; i++)
        if (customers[i].orders > 0) values[some++] = customers[i].price_share;
    hx_quantile_sort(values, some, scratch);
    return some ? hx_quantile_lower(values, some, 1, 2) : 0;
}

static int64_t sleeping_days(int64_t gap_median) {
    int64_t days = SLEEPING_GAPS * gap_median;
    if (days < SLEEPING_DAYS_MIN) return SLEEPING_DAYS_MIN;
    return days > SLEEPING_DAYS_MAX ? SLEEPING_DAYS_MAX : days;
}

hx_status hx_segment_fit(const hx_customer *customers, size_t n, int64_t history_days,
                         hx_segment_population *out, hx_error *err) {
    *out = (hx_segment_population){.history_days = history_days};
    HX_TRY(hx_rfm_fit(customers, n, &out->rfm, err));
    hx_arena *arena = hx_arena_new(2 * n * sizeof(int64_t) + (1u << 20));
    int64_t *values = arena ? hx_arena_alloc(arena, (n + 1) * sizeof *values) : NULL;
    int64_t *scratch = arena ? hx_arena_alloc(arena, (n + 1) * sizeof *scratch) : NULL;
    hx_status status = HX_OK;
    if (!values || !scratch) {
        status = hx_fail(err, HX_ENOMEM, "not enough memory to rank %zu customers", n);
    } else {
        out->gap_median = median_gap(customers, n, values, scratch);
        out->price_share_median = median_price_share(customers, n, values, scratch);
        out->sleeping_days = sleeping_days(out->gap_median);
    }
    hx_arena_free(arena);
    return status;
}

/* ------------------------------------------------------------------ names and order */
const char *hx_segment_key(hx_segment_id id) {
    return segment_table[id].key;
}

const char *hx_segment_name(hx_segment_id id, hx_ui_lang ui) {
    return ui == HX_UI_ZH ? segment_table[id].zh : segment_table[id].en;
}

const char *hx_segment_rule(hx_segment_id id, hx_ui_lang ui) {
    return ui == HX_UI_ZH ? segment_table[id].rule_zh : segment_table[id].rule_en;
}

hx_segment_id hx_segment_find(hx_str text) {
    for (int id = 0; id < HX_SEGMENT_N; id++)
        if (hx_str_equal(text, hx_str_of(segment_table[id].key)) ||
            hx_str_equal(text, hx_str_of(segment_table[id].zh)) ||
            hx_str_equal(text, hx_str_of(segment_table[id].en)))
            return (hx_segment_id)id;
    return HX_SEGMENT_N;
}

static int ascending(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

int hx_segment_compare(hx_segment_id id, const hx_customer *a, const hx_customer *b) {
    int order = 0;
    if (id == HX_SEGMENT_NEW) order = ascending(a->age, b->age);
    if (id == HX_SEGMENT_PRICE_SENSITIVE) order = ascending(b->price_share, a->price_share);
    if (id == HX_SEGMENT_UNHAPPY) order = ascending(a->sentiment, b->sentiment);
    if (order == 0) order = ascending(b->monetary, a->monetary);
    return order ? order : ascending((int64_t)a->person, (int64_t)b->person);
}
