/* margins.c - probabilities of margins; see margins.h. The likelihood that is made great is
 *
 *     sum over rows of t log P + (1 - t) log(1 - P),   t = (n+ + 1) / (n+ + 2) of positive rows, 1 / (n- + 2) of the others
 *
 * by Newton's method with a step that is halved until it gains (Lin, Lin, Weng, A note on Platt's probabilistic outputs, Machine Learning 68, 2007). */
#include "learn/margins.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "learn/split.h"

#define FOLDS 5
#define STEPS_MAX 200
#define RIDGE 1e-12

size_t hx_machines_of(size_t n_classes) {
    return n_classes == 2 ? 1 : n_classes;
}

/* ------------------------------------------------------------------ a and b */
typedef struct {
    const double *margins, *weights;
    const bool *positive;
    size_t n, stride;
    double high, low; /* targets */
} sigmoid;

static double weight_at(const sigmoid *s, size_t i) {
    return s->weights ? s->weights[i] : 1;
}

static double loss_of(const sigmoid *s, double a, double b) {
    double loss = 0;
    for (size_t i = 0; i < s->n; i++) {
        double z = a * s->margins[i * s->stride] + b, t = s->positive[i] ? s->high : s->low;
        loss += weight_at(s, i) * (z >= 0 ? t * z + log1p(exp(-z)) : (t - 1) * z + log1p(exp(z)));
    }
    return loss;
}

typedef struct {
    double aa, ab, bb, a, b; /* curvature, gradient */
} slope;

static slope slope_of(const sigmoid *s, double a, double b) {
    slope g = {.aa = RIDGE, .bb = RIDGE};
    for (size_t i = 0; i < s->n; i++) {
        double f = s->margins[i * s->stride], z = a * f + b, e = exp(-fabs(z)), w = weight_at(s, i);
        double p = z >= 0 ? e / (1 + e) : 1 / (1 + e), d = (s->positive[i] ? s->high : s->low) - p;
        double curve = w * p * (1 - p);
        g.aa += f * f * curve;
        g.ab += f * curve;
        g.bb += curve;
        g.a += w * f * d;
        g.b += w * d;
    }
    return g;
}

void hx_platt_fit(const double *margins, size_t stride, const bool *positive, const double *weights,
                  size_t n, double *a, double *b) {
    sigmoid s = {
        .margins = margins, .weights = weights, .positive = positive, .n = n, .stride = stride};
    double yes = 0, no = 0;
    for (size_t i = 0; i < n; i++)
        *(positive[i] ? &yes : &no) += weight_at(&s, i);
    s.high = (yes + 1) / (yes + 2);
    s.low = 1 / (no + 2);
    *a = 0;
    *b = log((no + 1) / (yes + 1));
    double loss = loss_of(&s, *a, *b);
    for (size_t step = 0; step < STEPS_MAX; step++) {
        slope g = slope_of(&s, *a, *b);
        double det = g.aa * g.bb - g.ab * g.ab, size = 1;
        if (fabs(g.a) < 1e-10 && fabs(g.b) < 1e-10) return;
        double da = -(g.bb * g.a - g.ab * g.b) / det, db = -(g.aa * g.b - g.ab * g.a) / det;
        for (; size > 1e-10; size /= 2) {
            double next = loss_of(&s, *a + size * da, *b + size * db);
            if (next > loss + 1e-4 * size * (g.a * da + g.b * db)) continue;
            *a += size * da;
            *b += size * db;
            loss = next;
            break;
        }
        if (size <= 1e-10) return;
    }
}

void hx_platt_apply(const double *platt, const double *margins, size_t n_classes, double *out) {
    size_t machines = hx_machines_of(n_classes);
    double sum = 0;
    for (size_t k = 0; k < machines; k++) {
        double z = platt[2 * k] * margins[k] + platt[2 * k + 1], e = exp(-fabs(z));
        sum += out[k] = z >= 0 ? e / (1 + e) : 1 / (1 + e);
    }
    if (machines == 1) {
        out[1] = out[0];
        out[0] = 1 - out[1];
        return;
    }
    for (size_t k = 0; k < machines; k++)
        out[k] = sum > 0 ? out[k] / sum : 1 / (double)machines;
}

/* ------------------------------------------------------------------ folds */
typedef struct {
    size_t *train, *test; /* (n) */
    uint32_t *folds, *strata; /* (n) */
    double *margins, *part; /* (n, n_machines) */
    bool *positive; /* (n) */
} room;

static void release_room(room *r) {
    free(r->train);
    free(r->test);
    free(r->folds);
    free(r->strata);
    free(r->margins);
    free(r->part);
    free(r->positive);
}

static bool make_room(room *r, size_t n, size_t machines) {
    *r = (room){.train = calloc(n + 1, sizeof *r->train),
                .test = calloc(n + 1, sizeof *r->test),
                .folds = calloc(n + 1, sizeof *r->folds),
                .strata = calloc(n + 1, sizeof *r->strata),
                .margins = calloc(n * machines + 1, sizeof *r->margins),
                .part = calloc(n * machines + 1, sizeof *r->part),
                .positive = calloc(n + 1, sizeof *r->positive)};
    return r->train && r->test && r->folds && r->strata && r->margins && r->part && r->positive;
}

static hx_status one_fold(const hx_problem *p, const hx_margin_machine *m, room *r, uint32_t fold,
                          hx_error *err) {
    size_t n_train, n_test, machines = hx_machines_of(p->n_classes);
    hx_problem train, test;
    hx_arena *arena = hx_arena_new((size_t)64 << 30);
    if (!arena) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    hx_split_rows(r->folds, p->n, fold, false, r->train, &n_train, r->test, &n_test);
    hx_status st = hx_problem_pick(p, r->train, n_train, arena, &train, err);
    if (st == HX_OK) st = hx_problem_pick(p, r->test, n_test, arena, &test, err);
    if (st == HX_OK) st = m->margins(m->context, &train, &test, r->part, err);
    for (size_t i = 0; i < n_test && st == HX_OK; i++)
        for (size_t k = 0; k < machines; k++)
            r->margins[r->test[i] * machines + k] = r->part[i * machines + k];
    hx_arena_free(arena);
    return st;
}

static hx_status all_folds(const hx_problem *p, const hx_margin_machine *m, uint64_t seed, room *r,
                           hx_error *err) {
    hx_fold_options o = {.strata = r->strata, .seed = seed};
    if (p->n < 2 * FOLDS) return m->margins(m->context, p, p, r->margins, err);
    for (size_t i = 0; i < p->n; i++)
        r->strata[i] = (uint32_t)p->y[i];
    HX_TRY(hx_split_folds(p->n, FOLDS, &o, r->folds, err));
    for (uint32_t fold = 0; fold < FOLDS; fold++)
        HX_TRY(one_fold(p, m, r, fold, err));
    return HX_OK;
}

hx_status hx_platt_by_folds(const hx_problem *p, const hx_margin_machine *m, uint64_t seed,
                            double *platt, hx_error *err) {
    size_t machines = hx_machines_of(p->n_classes);
    room r;
    bool ok = make_room(&r, p->n, machines);
    hx_status st = ok ? all_folds(p, m, seed, &r, err)
                      : hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    for (size_t k = 0; k < machines && st == HX_OK; k++) {
        for (size_t i = 0; i < p->n; i++)
            r.positive[i] = p->y[i] == (double)(machines == 1 ? 1 : k);
        hx_platt_fit(r.margins + k, machines, r.positive, p->weights, p->n, &platt[2 * k],
                     &platt[2 * k + 1]);
    }
    release_room(&r);
    return st;
}
