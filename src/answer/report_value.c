/* report_value.c - the report's section of what customers will be worth: purchases and money expected of them in the next year.
 *
 * MBG/NBD and gamma-gamma over the store's purchases in weeks, the models of `huaxiang score clv`; the money is discounted by HX_VALUE_YEARLY a
 * year, month by month. Customers are ranked by what is expected of them and cut into tenths; the sums of the tenths are the sum of all.
 * Nothing is said of fewer than HX_VALUE_BUYERS buyers or where hardly anybody bought twice: the fit would tell of chance alone. */
#include <math.h>
#include <stdlib.h>

#include "answer/report.h"
#include "base/error.h"
#include "huaxiang/insight.h"

#define HX_VALUE_BUYERS 50
#define HX_VALUE_AGAIN 10 /* buyers on two days or more */
#define HX_VALUE_DAYS 365.0
#define HX_VALUE_YEARLY 0.1
#define TENTHS 10
#define UNIT 7.0 /* days */
#define MONTH (365.25 / 12) /* days, as `score clv` has them */

typedef struct {
    const hx_buyer *buyers;
    size_t n;
    hx_purchase_fit fit;
    hx_spend_fit spend;
    double *worth; /* (n), greatest first */
    double alive, purchases, value;
} valuing;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
}

/* false: the purchases do not tell. */
static bool fits(valuing *v, hx_arena *arena) {
    const hx_purchase_options o = {.seed = 1};
    hx_error why = {.ui = HX_UI_EN};
    hx_purchases *rows = hx_arena_alloc(arena, (v->n + 1) * sizeof *rows);
    hx_spend *amounts = hx_arena_alloc(arena, (v->n + 1) * sizeof *amounts);
    size_t again = 0;
    if (!rows || !amounts) return false;
    for (size_t i = 0; i < v->n; i++) {
        rows[i] = v->buyers[i].purchases;
        amounts[i] = (hx_spend){v->buyers[i].purchases.x, v->buyers[i].mean, 1};
        again += v->buyers[i].purchases.x > 0;
    }
    if (v->n < HX_VALUE_BUYERS || again < HX_VALUE_AGAIN) return false;
    return hx_purchase_fit_model(HX_MBG_NBD, rows, v->n, &o, &v->fit, &why) == HX_OK &&
           hx_spend_fit_model(amounts, v->n, &o, &v->spend, &why) == HX_OK && v->spend.q > 1;
}

static int greatest_first(const void *l, const void *r) {
    const double a = *(const double *)l, b = *(const double *)r;
    return (a < b) - (a > b);
}

static hx_status expect(valuing *v, hx_arena *arena, hx_error *err) {
    const hx_value_options o = {.horizon = HX_VALUE_DAYS / UNIT,
                                .step = MONTH / UNIT,
                                .rate = pow(1 + HX_VALUE_YEARLY, 1.0 / 12) - 1,
                                .draws = 1,
                                .seed = 1};
    v->worth = hx_arena_alloc(arena, (v->n + 1) * sizeof *v->worth);
    if (!v->worth) return no_memory(err);
    for (size_t i = 0; i < v->n; i++) {
        const hx_buyer *b = &v->buyers[i];
        hx_value one;
        HX_TRY(hx_value_expect(&v->fit, &v->spend, &b->purchases, b->mean, &o, &one, err));
        v->alive += hx_purchase_alive(&v->fit, &b->purchases);
        v->purchases += one.purchases;
        v->worth[i] = one.value;
    }
    qsort(v->worth, v->n, sizeof *v->worth, greatest_first);
    for (size_t i = 0; i < v->n; i++)
        v->value += v->worth[i];
    return HX_OK;
}

static void put_value(const valuing *v, hx_json_writer *w) {
    hx_json_object(w);
    hx__value_count(w, "buyers", v->n);
    hx__value_double(w, "alive", round(v->alive));
    hx__value_double(w, "purchases", round(v->purchases));
    hx__value_double(w, "value", round(v->value));
    hx__value_double(w, "days", HX_VALUE_DAYS);
    hx__value_double(w, "yearly", HX_VALUE_YEARLY);
    hx_json_key(w, "tenths");
    hx_json_array(w);
    for (size_t k = 0, i = 0; k < TENTHS; k++) {
        double sum = 0;
        for (; i < v->n * (k + 1) / TENTHS; i++)
            sum += v->worth[i];
        hx_json_double(w, round(100 * sum) / 100);
    }
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static hx_status put_of(hx_transactions *list, hx_report *r, hx_json_writer *w, hx_error *err) {
    const hx_answer_options o = {.as_of = r->pop->as_of, .ui = r->ui, .timezone = r->zone.name};
    const hx_transactions_cut cut = {INT32_MAX, INT32_MAX, UNIT};
    valuing v = {.n = 0};
    uint64_t left_out = 0;
    hx_buyer *buyers = NULL;
    HX_TRY(hx_answer_transactions(r->store, &o, list, &left_out, err));
    const hx_transactions_about about = hx_transactions_describe(list);
    if (about.rows < HX_VALUE_BUYERS || !about.has_amounts) return hx_json_null(w), HX_OK;
    HX_TRY(hx_transactions_buyers(list, &cut, r->arena, &buyers, &v.n, err));
    v.buyers = buyers;
    if (!fits(&v, r->arena)) return hx_json_null(w), HX_OK;
    HX_TRY(expect(&v, r->arena, err));
    if (v.value > 0)
        put_value(&v, w);
    else
        hx_json_null(w);
    return HX_OK;
}

hx_status hx__report_put_value(hx_report *r, hx_json_writer *w, hx_error *err) {
    hx_transactions *list = NULL;
    hx_json_key(w, "value");
    if (r->pop->buyers < HX_VALUE_BUYERS || r->pop->n > HX_REPORT_LARGE ||
        r->pop->as_of == HX_TIME_NONE)
        return hx_json_null(w), HX_OK;
    HX_TRY(hx_transactions_new(&list, err));
    const hx_status status = put_of(list, r, w, err);
    hx_transactions_free(list);
    return status;
}
