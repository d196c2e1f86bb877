/* report_more.c - sections of the report on what becomes of customers: cohorts, satisfaction, how segments lie over each other.
 *
 * A cohort is the customers who were first seen in one column of the charts' time; behind it stands how many of them were active in each
 * column from there on (the triangle of retention). The last HX_REPORT_COHORTS columns take part. Satisfaction is the answer of
 * hx_answer_satisfaction() by month and by product, overlaps are those of hx_answer_segment_overlap() between segments that somebody
 * defined; both walk everybody's events again and are left out over HX_REPORT_LARGE customers, which the page says. */
#include "answer/report.h"
#include "base/error.h"

#define HX_REPORT_COHORTS 12
#define HX_REPORT_PRODUCTS 10

/* ------------------------------------------------------------------ cohorts */
typedef struct {
    uint64_t size, active[HX_REPORT_COHORTS];
} cohort;

static size_t first_shown(const hx_report *r) {
    return r->axis.n > HX_REPORT_COHORTS ? r->axis.n - HX_REPORT_COHORTS : 0;
}

static void count_cohorts(const hx_report *r, cohort out[HX_REPORT_COHORTS]) {
    const size_t from = first_shown(r);
    for (size_t i = 0; i < r->pop->n; i++) {
        const hx_report_customer *c = &r->customers[i];
        const int at = hx__report_bucket_of(r, c->first);
        if (at < (int)from) continue;
        cohort *k = &out[(size_t)at - from];
        k->size++;
        for (size_t j = (size_t)at; j < r->axis.n; j++)
            k->active[j - (size_t)at] += c->active >> j & 1;
    }
}

hx_report_return hx__report_returned(const hx_report *r) {
    cohort list[HX_REPORT_COHORTS] = {{0}};
    const size_t n = r->axis.n - first_shown(r);
    hx_report_return sums = {0, 0};
    count_cohorts(r, list);
    for (size_t i = 0; i + 1 < n; i++) {
        sums.customers += list[i].size;
        sums.came_back += list[i].active[1];
    }
    return sums;
}

static void put_cohorts(const hx_report *r, hx_json_writer *w) {
    char label[HX_REPORT_LABEL_MAX];
    cohort list[HX_REPORT_COHORTS] = {{0}};
    const size_t from = first_shown(r), n = r->axis.n - from;
    count_cohorts(r, list);
    hx_json_key(w, "retention");
    hx_json_array(w);
    for (size_t i = 0; i < n; i++) {
        if (list[i].size == 0) continue;
        hx_json_object(w);
        hx__value_cstr(w, "label", hx__report_bucket_label(r, from + i, label));
        hx__value_count(w, "size", list[i].size);
        hx_json_key(w, "active");
        hx_json_array(w);
        for (size_t j = 0; i + j < n; j++)
            hx_json_int(w, (int64_t)list[i].active[j]);
        hx_json_end_array(w);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

/* ------------------------------------------------------------------ answers as they are */
static hx_answer_options options_of(const hx_report *r) {
    return (hx_answer_options){.as_of =
                                   r->pop->as_of == HX_TIME_NONE ? HX_AS_OF_LATEST : r->pop->as_of,
                               .ui = r->ui,
                               .timezone = r->zone.name};
}

static hx_status put_satisfaction(const hx_report *r, hx_json_writer *w, hx_error *err) {
    const hx_answer_options o = options_of(r);
    hx_str months, products;
    HX_TRY(hx_answer_satisfaction(r->store, HX_SATISFACTION_MONTH, 0, &o, r->arena, &months, err));
    HX_TRY(hx_answer_satisfaction(r->store, HX_SATISFACTION_PRODUCT, HX_REPORT_PRODUCTS, &o,
                                  r->arena, &products, err));
    hx_json_key(w, "satisfaction");
    hx_json_object(w);
    hx_json_key(w, "month");
    hx_json_raw(w, months);
    hx_json_key(w, "product");
    hx_json_raw(w, products);
    hx_json_end_object(w);
    return HX_OK;
}

static hx_status put_overlap(const hx_report *r, hx_json_writer *w, hx_error *err) {
    const hx_answer_options o = options_of(r);
    hx_str pairs;
    HX_TRY(hx_answer_segment_overlap(r->store, (hx_str){NULL, 0}, &o, r->arena, &pairs, err));
    hx_json_key(w, "overlap");
    hx_json_raw(w, pairs);
    return HX_OK;
}

hx_status hx__report_put_more(const hx_report *r, hx_json_writer *w, hx_error *err) {
    put_cohorts(r, w);
    hx_json_key(w, "large");
    hx_json_bool(w, r->pop->n > HX_REPORT_LARGE);
    if (r->pop->n == 0 || r->pop->n > HX_REPORT_LARGE) return HX_OK;
    HX_TRY(put_satisfaction(r, w, err));
    return put_overlap(r, w, err);
}
