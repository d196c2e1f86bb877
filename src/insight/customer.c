/* customer.c - a profile squeezed into the measures that scores and segments are made of.
 *
 * All integers, all rounded the same way everywhere (half away from zero), all saturated rather than wrapped: two runs over the
 * same events give the same 48 bytes. What is a rate in the profile (mean gap, sentiment, share of discounted lines) is rounded
 * once, here, so that a receipt can quote the very number a rule compared. */
#include "insight/customer.h"

#include "base/civil.h"

static uint64_t at_most(uint64_t v, uint64_t max) {
    return v < max ? v : max;
}

/* a / b to the nearest, half away from zero; b > 0. */
static int64_t divide(int64_t a, int64_t b) {
    int64_t half = b / 2;
    return a < 0 ? -((-a + half) / b) : (a + half) / b;
}

int32_t hx_customer_days(int64_t now, int64_t then) {
    if (now == HX_TIME_NONE || then == HX_TIME_NONE) return HX_DAYS_UNKNOWN;
    if (then >= now) return 0;
    uint64_t days = ((uint64_t)now - (uint64_t)then) / (uint64_t)HX_DAY_MS;
    return (int32_t)at_most(days, HX_DAYS_MAX);
}

hx_money hx_customer_spent(const hx_profile *p, hx_str currency) {
    for (uint32_t i = 0; i < p->n_spent; i++)
        if (hx_str_equal(p->spent[i].currency, currency)) return p->spent[i].amount;
    return 0;
}

static void measure_voice(const hx_profile *p, hx_customer *out) {
    uint64_t n = 0;
    for (int i = HX_SENTIMENT_NEGATIVE; i < HX_SENTIMENT_N; i++)
        n += p->sentiments[i];
    out->texts = (uint32_t)at_most(n, UINT32_MAX);
    if (n == 0) return;
    int64_t mean = divide(p->sentiment_sum, (int64_t)at_most(n, INT64_MAX));
    if (mean > HX_SHARE_ONE) mean = HX_SHARE_ONE;
    if (mean < -HX_SHARE_ONE) mean = -HX_SHARE_ONE;
    out->sentiment = (int16_t)mean;
}

static void measure_price(const hx_profile *p, hx_customer *out) {
    uint64_t asked = at_most(p->intents[HX_INTENT_PRICE], UINT32_MAX);
    uint64_t lines = at_most(p->n_lines, UINT32_MAX);
    uint64_t signals = at_most(p->n_discounted, lines) + asked;
    out->price_signals = (uint8_t)at_most(signals, UINT8_MAX);
    if (lines + asked == 0) return;
    out->price_share =
        (uint16_t)divide((int64_t)(signals * HX_SHARE_ONE), (int64_t)(lines + asked));
}

void hx_customer_measure(const hx_profile *p, int64_t as_of, hx_str currency, hx_customer *out) {
    *out = (hx_customer){.person = p->key};
    out->monetary = hx_customer_spent(p, currency);
    out->orders = (uint32_t)at_most(p->n_orders, UINT32_MAX);
    out->recency = hx_customer_days(as_of, p->last_purchase);
    out->age =
        hx_customer_days(as_of, p->first_purchase != HX_TIME_NONE ? p->first_purchase : p->first);
    out->silent = hx_customer_days(as_of, p->last);
    if (p->purchase_days > 1)
        out->gap =
            (uint16_t)at_most((uint64_t)divide(p->gap_sum, p->purchase_days - 1), UINT16_MAX);
    measure_voice(p, out);
    measure_price(p, out);
}
