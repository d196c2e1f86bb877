/* assess_report.c - one evaluation of a learner of tables as a JSON object; see hx_learner_assess() in huaxiang/learn.h.
 *
 * Deciles: rows by descending probability of the second class, ties by row; decile b of 10 holds rows b n / 10 to (b + 1) n / 10;
 *
 *     lift = share of positives among its rows / share among all      gain = share of all positives in it and those before
 *
 * Numbers that are codes (at most 20 different ones): nearest_accuracy, the share of rows whose prediction is nearest to their own code; of two that
 * are equally near the lower.
 *
 * Threshold by cost: of all probabilities that occur (and none), the one for which (false alarms fp + misses fn) / n is least; of equal ones
 * the highest. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/assess.h"
#include "learn/cross_validate.h"
#include "learn/fields.h"
#include "learn/learner.h"
#include "learn/survival.h"

#define LEVEL 0.95
#define ROUNDS_USUAL 1000
#define BOOTSTRAP_CELLS 200000000.0 /* rows x classes x rounds at most */
#define ROUNDS_LEAST 50
#define DECILES 10
#define BINS 10
#define CODES_MAX 20
#define RANK_AT_USUAL 10
#define ARENA_MAX ((size_t)64 << 30)
#define JSON_MAX ((size_t)1 << 30)

static void put_number(hx_json_writer *w, const char *key, double value) {
    hx_json_key(w, key);
    hx_json_double(w, value);
}

static void put_count(hx_json_writer *w, const char *key, uint64_t value) {
    hx_json_key(w, key);
    hx_json_int(w, (int64_t)value);
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the figures");
}

/* ------------------------------------------------------------------ intervals */
static size_t rounds_of(const hx_scored *s, size_t wanted) {
    double cells = (double)s->n * (double)(s->n_classes ? s->n_classes : 1) + 1;
    double most = fmax(BOOTSTRAP_CELLS / cells, ROUNDS_LEAST);
    return (double)wanted < most ? wanted : (size_t)most;
}

static hx_status put_intervals(const hx_scored *s, const hx_assess_options *o, hx_json_writer *w,
                               hx_error *err) {
    hx_metric_interval found[HX_FIGURES];
    size_t rounds = rounds_of(s, o->rounds ? o->rounds : ROUNDS_USUAL);
    HX_TRY(hx_figures_bootstrap(s, rounds, LEVEL, o->seed, o->n_threads, found, err));
    hx_json_key(w, "intervals");
    hx_json_object(w);
    put_number(w, "level", LEVEL);
    put_count(w, "rounds", rounds);
    for (int i = 0; i < HX_FIGURES; i++) {
        if (!hx_figure_is_of((hx_figure)i, s->task)) continue;
        const double ends[] = {found[i].low, found[i].high};
        hx_put_numbers(w, hx_figure_name((hx_figure)i), ends, 2);
    }
    hx_json_end_object(w);
    return HX_OK;
}

/* ------------------------------------------------------------------ classes */
static void put_class(const hx_classification *c, const char *name, size_t k, hx_json_writer *w) {
    const hx_class_metrics *m = &c->classes[k];
    hx_json_object(w);
    hx_json_key(w, "class");
    hx_json_cstr(w, name);
    put_count(w, "n", m->support);
    put_count(w, "predicted", m->predicted);
    put_number(w, "precision", m->precision);
    put_number(w, "recall", m->recall);
    put_number(w, "f1", m->f1);
    hx_json_key(w, "said");
    hx_json_array(w);
    for (size_t j = 0; j < c->n_classes; j++)
        hx_json_int(w, (int64_t)c->confusion[k * c->n_classes + j]);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static hx_status put_classes(const hx_scored *s, const char *const *names, hx_arena *arena,
                             hx_json_writer *w, hx_error *err) {
    hx_classification c;
    hx_calibration_bin bins[BINS];
    double ece;
    uint32_t *labels = hx_arena_alloc(arena, (2 * s->n + 1) * sizeof *labels);
    float *p = hx_arena_alloc(arena, (s->n * s->n_classes + 1) * sizeof *p);
    if (!labels || !p) return no_memory(err);
    for (size_t i = 0; i < s->n; i++) {
        labels[i] = (uint32_t)s->truth[i];
        labels[s->n + i] = (uint32_t)s->values[i];
    }
    for (size_t i = 0; i < s->n * s->n_classes; i++)
        p[i] = (float)s->probabilities[i];
    HX_TRY(hx_classification_of(labels, labels + s->n, NULL, s->n, s->n_classes, arena, &c, err));
    hx_json_key(w, "classes");
    hx_json_array(w);
    for (size_t k = 0; k < s->n_classes; k++)
        put_class(&c, names[k], k, w);
    hx_json_end_array(w);
    hx_json_key(w, "calibration");
    hx_json_array(w);
    size_t used = hx_calibration_bins(labels, p, s->n, s->n_classes, BINS, arena, bins, &ece);
    for (size_t b = 0; b < used; b++) {
        hx_json_object(w);
        put_number(w, "confidence", bins[b].confidence);
        put_number(w, "accuracy", bins[b].accuracy);
        put_count(w, "n", bins[b].n);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    return HX_OK;
}

/* Classes the model does not know: how many rows, and the first of them. */
static void put_unknown(const hx_scored *s, const char *const *names, hx_json_writer *w) {
    hx_json_key(w, "unknown_classes");
    hx_json_array(w);
    for (size_t k = hx_scored_known(s); k < s->n_classes; k++) {
        size_t n = 0, first = 0;
        for (size_t i = 0; i < s->n; i++) {
            if ((size_t)s->truth[i] != k) continue;
            if (n++ == 0) first = i + 1;
        }
        hx_json_object(w);
        hx_json_key(w, "class");
        hx_json_cstr(w, names[k]);
        put_count(w, "n", n);
        put_count(w, "first_row", first);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

/* ------------------------------------------------------------------ two classes */
typedef struct {
    double score;
    size_t row;
    bool positive;
} ranked;

static int compare_ranked(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void put_deciles(const ranked *rows, size_t n, size_t positives, hx_json_writer *w) {
    size_t found = 0;
    double share = n ? (double)positives / (double)n : NAN;
    hx_json_key(w, "deciles");
    hx_json_array(w);
    for (size_t b = 0; b < DECILES; b++) {
        size_t from = b * n / DECILES, to = (b + 1) * n / DECILES, hits = 0;
        for (size_t i = from; i < to; i++)
            hits += rows[i].positive;
        if (from == to) continue;
        found += hits;
        double rate = (double)hits / (double)(to - from);
        hx_json_object(w);
        put_count(w, "decile", b + 1);
        put_count(w, "n", to - from);
        put_count(w, "positives", hits);
        put_number(w, "least_probability", rows[to - 1].score);
        put_number(w, "rate", rate);
        put_number(w, "lift", positives ? rate / share : NAN);
        put_number(w, "gain", positives ? (double)found / (double)positives : NAN);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

typedef struct {
    double at, cost; /* `at` = INFINITY: none is called positive */
    size_t alarms, hits;
} cut;

static double cost_of(const hx_assess_options *o, size_t alarms, size_t hits, size_t positives) {
    return o->cost_false_positive * (double)(alarms - hits) +
           o->cost_false_negative * (double)(positives - hits);
}

static cut cheapest(const ranked *rows, size_t n, size_t positives, const hx_assess_options *o) {
    cut best = {INFINITY, cost_of(o, 0, 0, positives), 0, 0};
    size_t hits = 0;
    for (size_t i = 0; i < n; i++) {
        hits += rows[i].positive;
        if (i + 1 < n && rows[i + 1].score == rows[i].score) continue;
        double cost = cost_of(o, i + 1, hits, positives);
        if (cost < best.cost) best = (cut){rows[i].score, cost, i + 1, hits};
    }
    return best;
}

static void put_threshold(const ranked *rows, size_t n, size_t positives,
                          const hx_assess_options *o, hx_json_writer *w) {
    size_t alarms = 0, hits = 0;
    if (n == 0 || !(o->cost_false_positive > 0 || o->cost_false_negative > 0)) return;
    cut best = cheapest(rows, n, positives, o);
    for (; alarms < n && rows[alarms].score >= 0.5; alarms++)
        hits += rows[alarms].positive;
    hx_json_key(w, "threshold");
    hx_json_object(w);
    put_number(w, "at", best.at);
    put_number(w, "mean_cost", best.cost / (double)n);
    put_number(w, "mean_cost_at_half", cost_of(o, alarms, hits, positives) / (double)n);
    put_number(w, "cost_false_positive", o->cost_false_positive);
    put_number(w, "cost_false_negative", o->cost_false_negative);
    put_number(w, "precision", best.alarms ? (double)best.hits / (double)best.alarms : NAN);
    put_number(w, "recall", positives ? (double)best.hits / (double)positives : NAN);
    hx_json_end_object(w);
}

static hx_status put_two(const hx_scored *s, const hx_assess_options *o, hx_arena *arena,
                         hx_json_writer *w, hx_error *err) {
    size_t positives = 0;
    ranked *rows = hx_arena_alloc(arena, (s->n + 1) * sizeof *rows);
    if (!rows) return no_memory(err);
    for (size_t i = 0; i < s->n; i++) {
        rows[i] = (ranked){s->probabilities[i * s->n_classes + 1], i, s->truth[i] == 1};
        positives += rows[i].positive;
    }
    qsort(rows, s->n, sizeof *rows, compare_ranked);
    put_deciles(rows, s->n, positives, w);
    put_threshold(rows, s->n, positives, o, w);
    return HX_OK;
}

/* ------------------------------------------------------------------ numbers that are codes */
/* The different values of the truth in ascending order; more than CODES_MAX: CODES_MAX + 1. */
static size_t codes_of(const hx_scored *s, double codes[CODES_MAX + 2]) {
    size_t n = 0;
    for (size_t i = 0; i < s->n && n <= CODES_MAX; i++) {
        size_t at = 0;
        while (at < n && codes[at] < s->truth[i])
            at++;
        if (at < n && codes[at] == s->truth[i]) continue;
        for (size_t k = n; k > at; k--)
            codes[k] = codes[k - 1];
        codes[at] = s->truth[i];
        n++;
    }
    return n;
}

static void put_nearest(const hx_scored *s, hx_json_writer *w) {
    double codes[CODES_MAX + 2];
    size_t n = codes_of(s, codes), right = 0;
    if (n < 2 || n > CODES_MAX) return;
    for (size_t i = 0; i < s->n; i++) {
        size_t best = 0;
        for (size_t k = 1; k < n; k++)
            if (fabs(s->values[i] - codes[k]) < fabs(s->values[i] - codes[best])) best = k;
        right += codes[best] == s->truth[i];
    }
    put_number(w, "nearest_accuracy", (double)right / (double)s->n);
}

/* ------------------------------------------------------------------ the whole */
hx_status hx_assessment_write(const hx_assessed *of, const hx_scored *s, const hx_assess_options *o,
                              hx_arena *arena, hx_json_writer *w, hx_error *err) {
    hx_figures f;
    bool classes = s->task == HX_TASK_CLASSES, two = hx_scored_known(s) == 2;
    HX_TRY(hx_figures_of(s, arena, &f, err));
    hx_json_key(w, "learner");
    hx_json_cstr(w, of->learner);
    hx_json_key(w, "target");
    hx_json_cstr(w, of->target);
    hx_json_key(w, "task");
    hx_json_cstr(w, classes ? "classes" : "regression");
    put_count(w, "n", s->n);
    if (classes && two) {
        hx_json_key(w, "positive");
        hx_json_cstr(w, of->classes[1]);
    }
    hx_figures_write(&f, s->task, w);
    if (!classes) put_nearest(s, w);
    HX_TRY(put_intervals(s, o, w, err));
    if (classes) HX_TRY(put_classes(s, of->classes, arena, w, err));
    if (s->n_unknown > 0) put_unknown(s, of->classes, w);
    if (classes && two) HX_TRY(put_two(s, o, arena, w, err));
    return o->curves ? hx_assess_curves(s, of->classes, o, arena, w, err) : HX_OK;
}

static hx_status put_ranking(const hx_scored *s, const uint32_t *groups, const hx_assess_options *o,
                             hx_arena *arena, hx_json_writer *w, hx_error *err) {
    const hx_ranking r = {o->rank_by, groups, o->rank_at ? o->rank_at : RANK_AT_USUAL};
    return hx_ranking_write(s, &r, o->seed, arena, w, err);
}

static hx_status put_survival(const hx_assessed *of, const hx_problem *p, const double *risks,
                              hx_arena *arena, hx_json_writer *w, hx_error *err) {
    hx_json_key(w, "learner");
    hx_json_cstr(w, of->learner);
    hx_json_key(w, "target");
    hx_json_cstr(w, of->target);
    hx_json_key(w, "task");
    hx_json_cstr(w, "survival");
    return hx_survival_assess(p, risks, arena, w, err);
}

/* Probabilities of the model's classes with zeros for those it does not know. */
static hx_status widen(hx_scored *s, hx_arena *arena, hx_error *err) {
    const size_t known = hx_scored_known(s);
    if (s->n_unknown == 0 || !s->probabilities) return HX_OK;
    double *p = hx_arena_alloc(arena, (s->n * s->n_classes + 1) * sizeof *p);
    if (!p) return no_memory(err);
    memset(p, 0, s->n * s->n_classes * sizeof *p);
    for (size_t i = 0; i < s->n; i++)
        memcpy(p + i * s->n_classes, s->probabilities + i * known, known * sizeof *p);
    s->probabilities = p;
    return HX_OK;
}

/* groups (n) or NULL. */
static hx_status assess(const hx_learner *l, const hx_table *t, const uint32_t *groups,
                        const hx_assess_options *o, hx_arena *scratch, hx_arena *arena,
                        hx_str *json, hx_error *err) {
    hx_problem p;
    hx_predictions said;
    hx_buf b;
    hx_json_writer w;
    HX_TRY(hx_design_judged(l->design, t, scratch, &p, err));
    HX_TRY(hx_learner_predict_problem(l, &p, o->n_threads, scratch, &said, err));
    hx_scored s = {.task = p.task,
                   .n = p.n,
                   .n_classes = p.task == HX_TASK_CLASSES ? p.n_classes : 0,
                   .truth = p.y,
                   .values = said.values,
                   .probabilities = said.probabilities,
                   .n_unknown = p.n_unknown};
    HX_TRY(widen(&s, scratch, err));
    hx_buf_init(&b, JSON_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    const hx_assessed of = {l->estimator->kind.name, l->target, p.classes};
    hx_status st = p.task == HX_TASK_SURVIVAL ? put_survival(&of, &p, said.values, scratch, &w, err)
                                              : hx_assessment_write(&of, &s, o, scratch, &w, err);
    if (st == HX_OK && groups) st = put_ranking(&s, groups, o, scratch, &w, err);
    hx_json_end_object(&w);
    if (st == HX_OK) st = hx_buf_status(&b, "figures", err);
    if (st == HX_OK) *json = hx_arena_str(arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return st != HX_OK || json->ptr ? st : no_memory(err);
}

hx_status hx_learner_assess(const hx_learner *l, const hx_table *t, const hx_assess_options *o,
                            hx_arena *arena, hx_str *json, hx_error *err) {
    hx_learn_task task = hx_learner_task(l);
    hx_table *own = NULL;
    uint32_t *groups = NULL;
    *json = (hx_str){0};
    if (task == HX_TASK_OUTLIERS || (task == HX_TASK_SURVIVAL && o->rank_by))
        return hx_fail(err, HX_EINVAL,
                       "only models of numbers and of classes are evaluated row by row");
    if (hx_table_rows(t) == 0)
        return hx_fail(err, HX_EFORMAT, "there are no rows to evaluate the model on");
    hx_arena *scratch = hx_arena_new(ARENA_MAX);
    hx_status st = scratch ? hx_learner_prepare(l, t, o->n_threads, &own, err) : no_memory(err);
    if (st == HX_OK && o->rank_by) st = hx_groups_of(t, o->rank_by, scratch, &groups, err);
    if (st == HX_OK) st = assess(l, own ? own : t, groups, o, scratch, arena, json, err);
    hx_table_free(own);
    hx_arena_free(scratch);
    return st;
}
