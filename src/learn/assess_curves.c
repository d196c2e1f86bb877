/* assess_curves.c - what a page draws of an evaluation; "curves" and "thresholds" of classes, "points" of numbers in the JSON of assess_report.c.
 *
 *     roc          [false positives / negatives, true positives / positives] at each threshold, from [0, 0] to [1, 1]
 *     pr           [recall, precision] at each threshold
 *     thresholds   of two classes at 0.01, 0.02, ... 0.99: called positive where p >= at
 *     points       [truth, prediction] of at most 500 rows, evenly through the table
 *
 * Rows of equal scores are taken together. A point is left out where neither of its coordinates has moved by 1/200 since the last that was kept, so a
 * curve has at most 401 points and is nowhere off by more. */
#include <math.h>

#include "base/error.h"
#include "learn/assess.h"
#include "learn/ranking.h"

#define STEP (1.0 / 200)
#define THRESHOLDS 100
#define POINTS 500

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the figures");
}

static void put_pair(hx_json_writer *w, double a, double b) {
    hx_json_array(w);
    hx_json_double(w, a);
    hx_json_double(w, b);
    hx_json_end_array(w);
}

static void put_number(hx_json_writer *w, const char *key, double value) {
    hx_json_key(w, key);
    hx_json_double(w, value);
}

/* Rows in ascending order of the probability of class k; label: whether they are of it. */
static hx_ranked *rank_class(const hx_scored *s, size_t k, hx_arena *arena, size_t *positives) {
    hx_ranked *rows = hx_arena_alloc(arena, (s->n + 1) * sizeof *rows);
    *positives = 0;
    for (size_t i = 0; rows && i < s->n; i++) {
        rows[i] = (hx_ranked){s->probabilities[i * s->n_classes + k], (uint32_t)i,
                              (size_t)s->truth[i] == k};
        *positives += rows[i].label;
    }
    if (rows) hx_rank(rows, s->n);
    return rows;
}

typedef struct {
    const hx_ranked *rows;
    size_t n, positives;
    bool roc; /* else precision by recall */
} curve;

static void put_points(const curve *c, hx_json_writer *w) {
    double x_last = 0, y_last = 0;
    size_t hits = 0;
    if (c->roc) put_pair(w, 0, 0);
    for (size_t called = 1; called <= c->n; called++) {
        const hx_ranked *row = &c->rows[c->n - called];
        hits += row->label;
        if (called < c->n && row[-1].score == row->score) continue;
        double recall = (double)hits / (double)c->positives;
        double x = c->roc ? (double)(called - hits) / (double)(c->n - c->positives) : recall;
        double y = c->roc ? recall : (double)hits / (double)called;
        bool first = !c->roc && x_last == 0 && y_last == 0;
        if (!first && called < c->n && fabs(x - x_last) < STEP && fabs(y - y_last) < STEP) continue;
        put_pair(w, x, y);
        x_last = x;
        y_last = y;
    }
}

static void put_curve(const curve *c, const char *key, hx_json_writer *w) {
    hx_json_key(w, key);
    hx_json_array(w);
    if (c->positives > 0 && (!c->roc || c->positives < c->n)) put_points(c, w);
    hx_json_end_array(w);
}

static void put_threshold(const hx_ranked *rows, size_t n, size_t positives, double at,
                          const hx_assess_options *o, hx_json_writer *w) {
    size_t called = 0, hits = 0;
    while (called < n && rows[n - 1 - called].score >= at)
        hits += rows[n - 1 - called++].label;
    hx_json_object(w);
    put_number(w, "at", at);
    put_number(w, "called", (double)called / (double)n);
    put_number(w, "precision", called ? (double)hits / (double)called : NAN);
    put_number(w, "recall", positives ? (double)hits / (double)positives : NAN);
    put_number(w, "f1", called + positives ? 2 * (double)hits / (double)(called + positives) : NAN);
    put_number(w, "mean_cost",
               (o->cost_false_positive * (double)(called - hits) +
                o->cost_false_negative * (double)(positives - hits)) /
                   (double)n);
    hx_json_end_object(w);
}

static hx_status put_classes(const hx_scored *s, const char *const *names,
                             const hx_assess_options *o, hx_arena *arena, hx_json_writer *w,
                             hx_error *err) {
    const size_t known = hx_scored_known(s);
    size_t positives = 0;
    const hx_ranked *rows = NULL;
    hx_json_key(w, "curves");
    hx_json_array(w);
    for (size_t k = known == 2; k < known; k++) {
        rows = rank_class(s, k, arena, &positives);
        if (!rows) return no_memory(err);
        hx_json_object(w);
        hx_json_key(w, "class");
        hx_json_cstr(w, names[k]);
        put_curve(&(curve){rows, s->n, positives, true}, "roc", w);
        put_curve(&(curve){rows, s->n, positives, false}, "pr", w);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    if (known != 2 || s->n == 0) return HX_OK;
    hx_json_key(w, "thresholds");
    hx_json_array(w);
    for (int t = 1; t < THRESHOLDS; t++)
        put_threshold(rows, s->n, positives, (double)t / THRESHOLDS, o, w);
    hx_json_end_array(w);
    return HX_OK;
}

static void put_numbers(const hx_scored *s, hx_json_writer *w) {
    size_t n = s->n < POINTS ? s->n : POINTS;
    hx_json_key(w, "points");
    hx_json_array(w);
    for (size_t i = 0; i < n; i++) {
        size_t row = n == s->n ? i : (size_t)((double)i * (double)s->n / (double)n);
        put_pair(w, s->truth[row], s->values[row]);
    }
    hx_json_end_array(w);
}

hx_status hx_assess_curves(const hx_scored *s, const char *const *classes,
                           const hx_assess_options *o, hx_arena *arena, hx_json_writer *w,
                           hx_error *err) {
    if (s->task == HX_TASK_CLASSES) return put_classes(s, classes, o, arena, w, err);
    put_numbers(s, w);
    return HX_OK;
}
