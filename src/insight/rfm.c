/* rfm.c - recency, frequency, monetary; see rfm.h for the definitions.
 *
 * The three measures are sorted one after another in one pair of buffers, so the peak is 16 bytes a customer beside the
 * records. Group numbers are bit sets of the high scores (R = 4, F = 2, M = 1); the table of names stands in that order. Reference
 * vectors: tests/golden/rfm.json, made by tests/golden/rfm.py with pandas.qcut. */
#include "insight/rfm.h"

#include "base/error.h"
#include "insight/quantile.h"

static const struct {
    const char *id, *zh, *en;
} rfm_groups[HX_RFM_GROUPS] = {
    {"general_win_back", "一般挽留客户", "general: win back"},
    {"important_win_back", "重要挽留客户", "important: win back"},
    {"general_keep", "一般保持客户", "general: keep"},
    {"important_keep", "重要保持客户", "important: keep"},
    {"general_develop", "一般发展客户", "general: develop"},
    {"important_develop", "重要发展客户", "important: develop"},
    {"general_value", "一般价值客户", "general: value"},
    {"important_value", "重要价值客户", "important: value"},
};

bool hx_rfm_is_scored(const hx_customer *c) {
    return c->orders > 0 && c->recency != HX_DAYS_UNKNOWN;
}

typedef int64_t rfm_measure(const hx_customer *c);

static int64_t recency_of(const hx_customer *c) {
    return c->recency;
}

static int64_t frequency_of(const hx_customer *c) {
    return c->orders;
}

static int64_t monetary_of(const hx_customer *c) {
    return c->monetary;
}

/* `values` and `scratch` have room for the scored customers among n. */
static size_t fit_measure(const hx_customer *customers, size_t n, rfm_measure *measure,
                          int64_t *values, int64_t *scratch, int64_t thresholds[]) {
    size_t scored = 0;
    for (size_t i = 0; i < n; i++)
        if (hx_rfm_is_scored(&customers[i])) values[scored++] = measure(&customers[i]);
    if (scored == 0) return 0;
    hx_quantile_sort(values, scored, scratch);
    for (size_t k = 0; k < HX_RFM_THRESHOLDS; k++)
        thresholds[k] = hx_quantile_lower(values, scored, k + 1, HX_RFM_THRESHOLDS + 1);
    return scored;
}

hx_status hx_rfm_fit(const hx_customer *customers, size_t n, hx_rfm *out, hx_error *err) {
    *out = (hx_rfm){.n = 0};
    hx_arena *arena = hx_arena_new(2 * n * sizeof(int64_t) + (1u << 20));
    int64_t *values = arena ? hx_arena_alloc(arena, (n + 1) * sizeof *values) : NULL;
    int64_t *scratch = arena ? hx_arena_alloc(arena, (n + 1) * sizeof *scratch) : NULL;
    hx_status status = HX_OK;
    if (!values || !scratch) {
        status = hx_fail(err, HX_ENOMEM, "not enough memory to rank %zu customers", n);
    } else {
        fit_measure(customers, n, recency_of, values, scratch, out->recency);
        fit_measure(customers, n, frequency_of, values, scratch, out->frequency);
        out->n = fit_measure(customers, n, monetary_of, values, scratch, out->monetary);
    }
    hx_arena_free(arena);
    return status;
}

static uint8_t below(const int64_t thresholds[], int64_t value) {
    uint8_t n = 0;
    for (int i = 0; i < HX_RFM_THRESHOLDS; i++)
        n = (uint8_t)(n + (thresholds[i] < value));
    return n;
}

void hx_rfm_score(const hx_rfm *rfm, hx_customer *c) {
    c->r = c->f = c->m = 0;
    if (rfm->n == 0 || !hx_rfm_is_scored(c)) return;
    c->r = (uint8_t)(HX_RFM_THRESHOLDS + 1 - below(rfm->recency, c->recency));
    c->f = (uint8_t)(1 + below(rfm->frequency, c->orders));
    c->m = (uint8_t)(1 + below(rfm->monetary, c->monetary));
}

int hx_rfm_group(const hx_customer *c) {
    if (c->r == 0) return -1;
    return (c->r >= HX_RFM_HIGH) << 2 | (c->f >= HX_RFM_HIGH) << 1 | (c->m >= HX_RFM_HIGH);
}

const char *hx_rfm_group_id(int group) {
    return group < 0 || group >= HX_RFM_GROUPS ? NULL : rfm_groups[group].id;
}

const char *hx_rfm_group_name(int group, hx_ui_lang ui) {
    if (group < 0 || group >= HX_RFM_GROUPS) return NULL;
    return ui == HX_UI_ZH ? rfm_groups[group].zh : rfm_groups[group].en;
}
