/* segment.h - rule segments: a customer is in one where every condition of its row in the table holds.
 *
 * A condition compares one integer measure with a number that is fixed, or that comes from the population (a quantile, the
 * median gap between purchases) or from the customer (own gap between purchases). So each membership, in or out, can be
 * shown as a list of facts. Customers may be in several segments; guests are in none. */
#ifndef HX_INSIGHT_SEGMENT_H
#define HX_INSIGHT_SEGMENT_H

#include "insight/rfm.h"

typedef enum {
    HX_SEGMENT_HIGH_VALUE = 0,
    HX_SEGMENT_NEW,
    HX_SEGMENT_SLEEPING,
    HX_SEGMENT_AT_RISK,
    HX_SEGMENT_PRICE_SENSITIVE,
    HX_SEGMENT_UNHAPPY,
    HX_SEGMENT_N
} hx_segment_id;

/* What the rules need to know of everybody. */
typedef struct {
    hx_rfm rfm;
    int64_t history_days; /* from the first dated event to as_of */
    int64_t
        gap_median; /* days; lower median of `gap` over customers with two purchase days; 0 = nobody */
    int64_t sleeping_days; /* 3 x gap_median, within [90, 365] */
    int64_t price_share_median; /* lower median over customers with an order, 1/1,000 */
} hx_segment_population;

typedef struct {
    const char *name; /* "recency", "gap", ... in receipts */
    int64_t value;
    const char *relation; /* ">", ">=", "<=" */
    int64_t threshold;
    const char *unit; /* "days", "orders", "1/1000", "1/10000" (money), "texts", "lines" */
    const char *source; /* "fixed", "population" or "customer": where the threshold comes from */
    bool passed;
} hx_fact;
#define HX_FACTS_MAX 6

/* Population thresholds of n customers that are measured (RFM scores are not needed); HX_ENOMEM. */
hx_status hx_segment_fit(const hx_customer *customers, size_t n, int64_t history_days,
                         hx_segment_population *out, hx_error *err) HX_MUST_USE;
/* The conditions of a segment for a customer, into `facts`; returns how many. All passed = member. */
size_t hx_segment_facts(hx_segment_id id, const hx_segment_population *pop, const hx_customer *c,
                        hx_fact facts[HX_FACTS_MAX]);
/* What a fact measures, in words: "days since the last purchase"; and a number of its unit as text: "60 days", "-0.2". */
const char *hx_fact_label(const hx_fact *f, hx_ui_lang ui);
#define HX_FACT_TEXT_MAX 64
char *hx_fact_text(const hx_fact *f, int64_t value, hx_ui_lang ui, char out[HX_FACT_TEXT_MAX]);
/* Bit 1 << id for each segment the customer is in. */
uint16_t hx_segment_mask(const hx_segment_population *pop, const hx_customer *c);

const char *hx_segment_key(hx_segment_id id); /* "high_value" */
const char *hx_segment_name(hx_segment_id id, hx_ui_lang ui); /* "高价值客户", "high value" */
const char *hx_segment_rule(hx_segment_id id, hx_ui_lang ui); /* one sentence */
/* By key or either name; HX_SEGMENT_N if there is none. */
hx_segment_id hx_segment_find(hx_str text);
/* Best first: which of two members stands first in the segment's list (by what the segment is about, then by key). */
int hx_segment_compare(hx_segment_id id, const hx_customer *a, const hx_customer *b);

#endif
