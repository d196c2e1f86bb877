/* tune_members.c - the settings of a search that are best together; see tune.h.
 *
 * What a setting says of rows out of fold is kept while it is among the best HX_MEMBERS_MAX of those that went through all folds; at the end
 * members_choose.c picks from these. Networks over texts and models that take texts as levels read other features than the rest, and are never members. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "learn/fields.h"
#include "learn/tune.h"

#define OTHER_FEATURES (HX_WANTS_LEVELS | HX_WANTS_TOKENS)

static int compare_means(const void *a, const void *b) {
    const hx_setting *x = *(hx_setting *const *)a, *y = *(hx_setting *const *)b;
    if (x->mean != y->mean) return x->mean > y->mean ? -1 : 1;
    return (x > y) - (x < y);
}

/* What may read a text, where there is one; ensembles, which say no contributions, are no members in any case. */
static bool may_be_member(const hx_tuning *s, const hx_setting *one) {
    const hx_estimator *e = hx_estimator_of(one->kind->name);
    bool whole = one->said && one->done == s->folds.n_folds && !isnan(one->mean);
    bool text = e->wants & HX_WANTS_TOKENS_TOO && (s->folds.learn.text || !e->contributions);
    return whole && !text && !(e->wants & OTHER_FEATURES);
}

/* Keeps what the best of them said and lists these by their means. */
static size_t keep_best(hx_tuning *s, hx_setting *list[HX_MEMBERS_MAX + 1]) {
    size_t n = 0;
    for (size_t i = 0; i < s->n_tried; i++) {
        hx_setting *one = &s->tried[i], *out = one;
        if (may_be_member(s, one)) {
            list[n++] = one;
            qsort(list, n, sizeof *list, compare_means);
            out = n > HX_MEMBERS_MAX ? list[--n] : NULL;
        }
        if (!out) continue;
        free(out->said);
        out->said = NULL;
    }
    return n;
}

void hx_search_forget(hx_tuning *s) {
    hx_setting *list[HX_MEMBERS_MAX + 1];
    (void)keep_best(s, list);
}

hx_status hx_search_choose(hx_tuning *s, hx_error *err) {
    hx_setting *list[HX_MEMBERS_MAX + 1];
    const double *said[HX_MEMBERS_MAX];
    uint32_t counts[HX_MEMBERS_MAX] = {0};
    const hx_setting *best = hx_setting_best(s, NULL);
    size_t n = keep_best(s, list), members = 0;
    double mean, sd;
    for (size_t i = 0; i < n; i++)
        said[i] = list[i]->said;
    if (n < 2) return HX_OK;
    HX_TRY(hx_members_choose(&s->folds, said, n, s->n_threads, counts, s->together_found, err));
    for (size_t i = 0; i < n; i++) {
        list[i]->count = counts[i];
        members += counts[i] > 0;
    }
    hx_mean_sd(s->together_found, s->folds.n_folds, &mean, &sd);
    s->together = members > 1 && mean > best->mean;
    return HX_OK;
}

static double sum_of(const hx_tuning *s) {
    double sum = 0;
    for (size_t i = 0; i < s->n_tried; i++)
        sum += s->tried[i].count;
    return sum;
}

hx_status hx_search_members(const hx_tuning *s, hx_member **out, size_t *n, hx_error *err) {
    hx_member *list = hx_arena_alloc(s->arena, HX_MEMBERS_MAX * sizeof *list);
    double sum = sum_of(s);
    *n = 0;
    for (size_t i = 0; i < s->n_tried && list; i++) {
        const hx_setting *one = &s->tried[i];
        if (one->count == 0) continue;
        double *params = hx_arena_alloc(s->arena, (one->kind->n_params + 1) * sizeof *params);
        if (!params) return hx_fail(err, HX_ENOMEM, "not enough memory for the search");
        HX_TRY(hx_params_of(one->kind, one->params, params, err));
        list[(*n)++] = (hx_member){hx_estimator_of(one->kind->name), params, one->count / sum};
    }
    *out = list;
    return list ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for the search");
}

static void put_number(hx_json_writer *w, const char *key, double value) {
    hx_json_key(w, key);
    hx_json_double(w, value);
}

static void put_members(const hx_tuning *s, hx_json_writer *w) {
    hx_json_key(w, "members");
    hx_json_array(w);
    for (size_t i = 0; i < s->n_tried; i++) {
        const hx_setting *one = &s->tried[i];
        if (one->count == 0) continue;
        hx_json_object(w);
        hx_json_key(w, "model");
        hx_json_cstr(w, one->kind->name);
        hx_json_key(w, "params");
        hx_json_raw(w, one->params);
        put_number(w, "weight", one->count / sum_of(s));
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

void hx_search_put_members(const hx_tuning *s, hx_json_writer *w) {
    double mean, sd;
    hx_mean_sd(s->together_found, s->folds.n_folds, &mean, &sd);
    hx_json_key(w, "ensemble");
    hx_json_object(w);
    put_number(w, "mean", mean);
    put_number(w, "sd", sd);
    hx_put_numbers(w, "folds", s->together_found, s->folds.n_folds);
    put_members(s, w);
    hx_json_end_object(w);
}
