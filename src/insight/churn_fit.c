/* churn_fit.c - a model of who leaves: boosted trees and a logistic regression, weighed and calibrated by what they say of rows they did not see.
 *
 *     rows with an outcome -> 5 folds -> margins out of fold -> weights and intercept (one logistic regression: Wolpert 1992, Stacked
 *     Generalization, and Platt 1999, Probabilistic Outputs, in one step) -> members anew on all rows
 *
 * Trees are three runs of boosting that differ in depth and in what they draw; their mean is one margin. All rows of one customer stay in one fold, so
 * that nobody is known from another month. An ascending map over the probabilities (Zadrozny, Elkan 2002) is fitted on the same rows where asked for. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "insight/churn.h"
#include "insight/scorecard.h"
#include "learn/metrics.h"
#include "learn/solve.h"
#include "learn/split.h"

#define FOLDS 5
#define LEAST_OF_EACH 10 /* customers who left, and who stayed */
#define STEPS_MAX 50
#define RIDGE 1e-6 /* a row's share: keeps members that say the same apart */
#define CLASS_LEFT 1

static const struct {
    const char *model, *params;
} kinds[] = {
    {"logistic", "{}"},
    {"boosting", "{\"depth\":3,\"rounds\":300,\"rate\":0.02,\"features\":0.4,\"rows\":0.5}"},
    {"boosting", "{\"depth\":2,\"rounds\":400,\"features\":0.6}"},
    {"boosting", "{\"depth\":4,\"rounds\":250,\"rate\":0.03,\"features\":0.5}"}};
enum { MEMBERS = sizeof kinds / sizeof *kinds, SIDES = 2 }; /* the linear side, that of trees */

typedef struct {
    const hx_churn_options *o;
    const hx_table *t; /* rows with an outcome; the target is true, false */
    const double *left; /* (rows) */
    size_t rows;
    uint32_t *folds; /* (rows) */
    double *margins; /* (MEMBERS, rows) out of fold */
    hx_learner **whole; /* (MEMBERS) fitted on all rows */
    hx_str drop;
    pthread_mutex_t telling;
    uint64_t done; /* jobs, by `telling` */
} churn_fit;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a model of churn");
}

/* ------------------------------------------------------------------ weights */
typedef struct {
    const double *margins, *left;
    size_t rows, n;
    const bool *in; /* (n) */
    double *b; /* (n + 1), the intercept last */
} weighing;

static double margin_sum(const weighing *w, size_t i) {
    double sum = w->b[w->n];
    for (size_t m = 0; m < w->n; m++)
        sum += w->b[m] * w->margins[m * w->rows + i];
    return sum;
}

/* Gradient into g, information into h (k, k) over the k members that are in and the intercept. */
static void derivatives(const weighing *w, const size_t *at, size_t k, double *g, double *h) {
    memset(g, 0, k * sizeof *g);
    memset(h, 0, k * k * sizeof *h);
    for (size_t i = 0; i < w->rows; i++) {
        const double p = 1 / (1 + exp(-margin_sum(w, i))), curve = p * (1 - p);
        for (size_t a = 0; a < k; a++) {
            const double xa = at[a] < w->n ? w->margins[at[a] * w->rows + i] : 1;
            g[a] += (w->left[i] - p) * xa;
            for (size_t c = 0; c <= a; c++)
                h[a * k + c] += curve * xa * (at[c] < w->n ? w->margins[at[c] * w->rows + i] : 1);
        }
    }
    for (size_t a = 0; a < k; a++) {
        g[a] -= at[a] < w->n ? RIDGE * (double)w->rows * w->b[at[a]] : 0;
        h[a * k + a] += RIDGE * (double)w->rows;
    }
}

static bool newton(weighing *w) {
    size_t at[HX_CHURN_MEMBERS_MAX + 1], k = 0;
    double g[HX_CHURN_MEMBERS_MAX + 1], h[(HX_CHURN_MEMBERS_MAX + 1) * (HX_CHURN_MEMBERS_MAX + 1)];
    for (size_t m = 0; m <= w->n; m++) {
        w->b[m] = 0;
        if (m == w->n || w->in[m]) at[k++] = m;
    }
    for (int step = 0; step < STEPS_MAX; step++) {
        double most = 0;
        derivatives(w, at, k, g, h);
        if (!hx_cholesky(h, k)) return false;
        hx_cholesky_solve(h, k, g);
        for (size_t a = 0; a < k; a++) {
            const double by = fmax(-2, fmin(2, g[a]));
            w->b[at[a]] += by;
            most = fmax(most, fabs(by));
        }
        if (most < 1e-10) break;
    }
    return true;
}

hx_status hx_churn_weigh(const double *margins, const double *left, size_t rows, size_t n,
                         double *weights, double *intercept, hx_error *err) {
    bool in[HX_CHURN_MEMBERS_MAX];
    double b[HX_CHURN_MEMBERS_MAX + 1];
    weighing w = {margins, left, rows, n, in, b};
    for (size_t m = 0; m < n; m++)
        in[m] = true;
    for (;;) {
        size_t worst = n;
        if (!newton(&w))
            return hx_fail(err, HX_EINVAL, "the members of the model can't be weighed");
        for (size_t m = 0; m < n; m++)
            if (b[m] < 0 && (worst == n || b[m] < b[worst])) worst = m;
        if (worst == n) break;
        in[worst] = false;
    }
    memcpy(weights, b, n * sizeof *b);
    *intercept = b[n];
    return HX_OK;
}

/* ------------------------------------------------------------------ members */
static hx_status fit_member(const churn_fit *f, size_t m, const hx_table *t, hx_learner **out,
                            hx_error *err) {
    hx_learn_options o = {.model = kinds[m].model,
                          .target = f->o->target,
                          .task = HX_TASK_CLASSES,
                          .use = f->o->use,
                          .drop = f->drop.ptr,
                          .params = hx_str_of(kinds[m].params),
                          .seed = hx_hash_mix(f->o->seed, m),
                          .n_threads = 1,
                          .cancel = f->o->cancel};
    return hx_learner_fit(out, t, NULL, &o, err);
}

static double margin_of(double left, double stays) {
    const double z = log(left) - log(stays);
    return fmax(-HX_CHURN_MARGIN_MAX, fmin(HX_CHURN_MARGIN_MAX, z));
}

static hx_status say_of(const churn_fit *f, size_t m, const hx_learner *l, const hx_table *t,
                        const size_t *rows, hx_error *err) {
    hx_predictions p;
    hx_arena *arena = hx_arena_new((size_t)64 << 30);
    hx_status st = arena ? hx_learner_predict(l, t, 1, arena, &p, err) : no_memory(err);
    for (size_t i = 0; st == HX_OK && i < p.n; i++)
        f->margins[m * f->rows + rows[i]] =
            margin_of(p.probabilities[2 * i + CLASS_LEFT], p.probabilities[2 * i]);
    hx_arena_free(arena);
    return st;
}

static hx_status fold_job(const churn_fit *f, size_t m, uint32_t fold, hx_error *err) {
    size_t n_train, n_test, *rows = calloc(2 * f->rows + 1, sizeof *rows);
    hx_table *train = NULL, *test = NULL;
    hx_learner *l = NULL;
    if (!rows) return no_memory(err);
    hx_split_rows(f->folds, f->rows, fold, false, rows, &n_train, rows + f->rows, &n_test);
    hx_status st = hx_table_pick(&train, f->t, rows, n_train, err);
    if (st == HX_OK) st = hx_table_pick(&test, f->t, rows + f->rows, n_test, err);
    if (st == HX_OK) st = fit_member(f, m, train, &l, err);
    if (st == HX_OK) st = say_of(f, m, l, test, rows + f->rows, err);
    hx_learner_free(l);
    hx_table_free(train);
    hx_table_free(test);
    free(rows);
    return st;
}

static hx_status run_job(void *context, size_t i, size_t worker, hx_error *err) {
    churn_fit *f = context;
    const size_t m = i % MEMBERS, fold = i / MEMBERS;
    (void)worker;
    if (hx_flag_is_raised(f->o->cancel)) return hx_fail(err, HX_ECANCELLED, "the fit was stopped");
    HX_TRY(fold < FOLDS ? fold_job(f, m, (uint32_t)fold, err)
                        : fit_member(f, m, f->t, &f->whole[m], err));
    pthread_mutex_lock(&f->telling);
    f->done++;
    if (f->o->progress) f->o->progress(f->o->context, f->done, (uint64_t)MEMBERS * (FOLDS + 1));
    pthread_mutex_unlock(&f->telling);
    return HX_OK;
}

/* ------------------------------------------------------------------ folds */
static hx_status group_codes(const hx_table *t, size_t column, size_t rows, uint32_t *codes,
                             hx_error *err) {
    if (hx_table_column_at(t, column)->kind == HX_KIND_TEXT) {
        hx_table_codes(t, column, 0, rows, codes);
        for (size_t i = 0; i < rows; i++)
            if (codes[i] == HX_CODE_MISSING) codes[i] = 0;
        return HX_OK;
    }
    double *values = calloc(rows + 1, sizeof *values);
    if (!values) return no_memory(err);
    hx_table_numbers(t, column, 0, rows, values);
    for (size_t i = 0; i < rows; i++)
        codes[i] = (uint32_t)hx_hash((hx_str){(const char *)&values[i], sizeof values[i]}) >> 1;
    free(values);
    return HX_OK;
}

static hx_status deal_folds(churn_fit *f, hx_error *err) {
    hx_fold_options o = {.seed = f->o->seed};
    uint32_t *codes = calloc(f->rows + 1, sizeof *codes);
    if (!codes) return no_memory(err);
    for (size_t i = 0; i < f->rows; i++)
        codes[i] = f->left[i] > 0;
    o.strata = codes;
    const size_t column =
        f->o->customer ? hx_table_find(f->t, hx_str_of(f->o->customer)) : HX_COLUMN_NONE;
    hx_status st = HX_OK;
    if (column != HX_COLUMN_NONE && f->o->repeats) {
        st = group_codes(f->t, column, f->rows, codes, err);
        o = (hx_fold_options){.groups = codes, .seed = f->o->seed};
    }
    if (st == HX_OK) st = hx_split_folds(f->rows, FOLDS, &o, f->folds, err);
    free(codes);
    return st;
}

/* ------------------------------------------------------------------ the model */
/* The trees' mean margin and the linear one: (SIDES, rows). */
static void take_sides(const churn_fit *f, double *sides) {
    for (size_t i = 0; i < f->rows; i++) {
        sides[i] = f->margins[i];
        sides[f->rows + i] = 0;
        for (size_t m = 1; m < MEMBERS; m++)
            sides[f->rows + i] += f->margins[m * f->rows + i] / (MEMBERS - 1);
    }
}

static hx_status fit_map(hx_churn *m, const double *left, double *p, size_t rows, hx_error *err) {
    double *two = calloc(2 * rows + 1, sizeof *two);
    uint32_t *labels = calloc(rows + 1, sizeof *labels);
    hx_status st = two && labels ? HX_OK : no_memory(err);
    for (size_t i = 0; st == HX_OK && i < rows; i++) {
        labels[i] = left[i] > 0;
        two[2 * i] = 1 - p[i];
        two[2 * i + 1] = p[i];
    }
    const hx_calibration_rows r = {rows, 2, labels, two, NULL};
    if (st == HX_OK) st = hx_calibration_fit(&m->map, HX_CALIBRATE_ISOTONIC, &r, err);
    if (st == HX_OK) hx_calibration_apply(m->map, two, rows);
    for (size_t i = 0; st == HX_OK && i < rows; i++)
        p[i] = two[2 * i + 1];
    free(two);
    free(labels);
    return st;
}

static hx_status take_figures(hx_churn *m, const double *left, const double *p, size_t rows,
                              hx_error *err) {
    hx_arena *arena = hx_arena_new((size_t)64 << 30);
    uint8_t *labels = arena ? hx_arena_alloc(arena, rows + 1) : NULL;
    if (!labels) {
        hx_arena_free(arena);
        return no_memory(err);
    }
    m->figures = (hx_churn_figures){0};
    for (size_t i = 0; i < rows; i++) {
        const double q = fmax(1e-12, fmin(1 - 1e-12, p[i]));
        labels[i] = left[i] > 0;
        m->figures.log_loss -= log(labels[i] ? q : 1 - q) / (double)rows;
        m->figures.brier += (p[i] - left[i]) * (p[i] - left[i]) / (double)rows;
    }
    m->figures.auc = hx_auc(labels, p, rows, arena);
    hx_arena_free(arena);
    return HX_OK;
}

static hx_status weigh_members(const churn_fit *f, hx_churn *m, hx_error *err) {
    double weights[SIDES], *sides = calloc((SIDES + 1) * f->rows + 1, sizeof *sides);
    if (!sides) return no_memory(err);
    take_sides(f, sides);
    hx_status st = hx_churn_weigh(sides, f->left, f->rows, SIDES, weights, &m->intercept, err);
    double *p = sides + SIDES * f->rows;
    for (size_t i = 0; st == HX_OK && i < f->rows; i++)
        p[i] = 1 /
               (1 + exp(-(m->intercept + weights[0] * sides[i] + weights[1] * sides[f->rows + i])));
    for (size_t k = 0; st == HX_OK && k < MEMBERS; k++)
        m->weights[k] = k == 0 ? weights[0] : weights[1] / (MEMBERS - 1);
    if (st == HX_OK && f->o->isotonic) st = fit_map(m, f->left, p, f->rows, err);
    if (st == HX_OK) st = take_figures(m, f->left, p, f->rows, err);
    if (st == HX_OK && f->o->told) memcpy(f->o->told, p, f->rows * sizeof *p);
    free(sides);
    return st;
}

static hx_status fit_all(churn_fit *f, hx_churn *m, hx_error *err) {
    f->folds = calloc(f->rows + 1, sizeof *f->folds);
    f->margins = calloc(MEMBERS * f->rows + 1, sizeof *f->margins);
    f->whole = m->members;
    m->n_members = MEMBERS;
    hx_status st = f->folds && f->margins ? deal_folds(f, err) : no_memory(err);
    (void)pthread_mutex_init(&f->telling, NULL);
    if (st == HX_OK)
        st = hx_pool_run(f->o->n_threads ? f->o->n_threads : hx_processors(),
                         (size_t)MEMBERS * (FOLDS + 1), run_job, f, err);
    (void)pthread_mutex_destroy(&f->telling);
    if (st == HX_OK) st = weigh_members(f, m, err);
    if (st == HX_OK) st = hx_churn_count(m, f->t, f->left, err);
    free(f->folds);
    free(f->margins);
    return st;
}

static hx_status too_few(size_t left, size_t stayed, hx_error *err) {
    return hx_fail(err, HX_EINVAL,
                   "churn is learnt from at least %d customers who left and %d who stayed: here "
                   "are %zu and %zu",
                   LEAST_OF_EACH, LEAST_OF_EACH, left, stayed);
}

/* A target that is true or false may have one value alone, where few rows are known. */
static hx_status check_target(const hx_table *t, const char *target, hx_error *err) {
    const size_t column = hx_table_find(t, hx_str_of(target));
    size_t counts[2] = {0, 0};
    if (column == HX_COLUMN_NONE || hx_table_column_at(t, column)->kind != HX_KIND_BOOLEAN)
        return HX_OK;
    for (size_t i = 0; i < hx_table_rows(t); i++) {
        double v;
        hx_table_numbers(t, column, i, 1, &v);
        if (!isnan(v)) counts[v > 0]++;
    }
    return counts[0] && counts[1] ? HX_OK : too_few(counts[1], counts[0], err);
}

/* Rows with an outcome as a table of their own, the target true where the customer left. */
static hx_status take_rows(churn_fit *f, const hx_table *t, const double *good, const double *bad,
                           hx_table **own, double *left, hx_error *err) {
    const size_t rows = hx_table_rows(t);
    size_t *picked = calloc(rows + 1, sizeof *picked), n = 0, n_left = 0;
    if (!picked) return no_memory(err);
    for (size_t i = 0; i < rows; i++) {
        if (!(good[i] + bad[i] > 0)) continue;
        picked[n] = i;
        left[n++] = bad[i];
        n_left += bad[i] > 0;
    }
    hx_status st = HX_OK;
    if (n_left < LEAST_OF_EACH || n - n_left < LEAST_OF_EACH) st = too_few(n_left, n - n_left, err);
    if (st == HX_OK) st = hx_table_pick(own, t, picked, n, err);
    if (st == HX_OK)
        st = hx_table_put_numbers(*own, hx_str_of(f->o->target), HX_KIND_BOOLEAN, left, -1, err);
    free(picked);
    f->rows = n;
    return st;
}

/* --drop and the column of customers, as one list. */
static hx_status dropped(churn_fit *f, hx_churn *m, hx_error *err) {
    const char *drop = f->o->drop ? f->o->drop : "", *who = f->o->customer;
    const bool there = who && hx_table_find(f->t, hx_str_of(who)) != HX_COLUMN_NONE;
    const size_t size = strlen(drop) + (there ? strlen(who) : 0) + 2;
    if (!drop[0] && !there) return HX_OK;
    char *all = hx_arena_alloc(m->arena, size);
    if (!all) return no_memory(err);
    (void)snprintf(all, size, "%s%s%s", drop, drop[0] && there ? "," : "", there ? who : "");
    f->drop = hx_str_of(all);
    return HX_OK;
}

static hx_status keep_names(hx_churn *m, const hx_churn_options *o, hx_str churned, hx_error *err) {
    m->target = hx_arena_str(m->arena, hx_str_of(o->target));
    m->churned = hx_arena_str(m->arena, churned);
    m->customer = hx_arena_str(m->arena, hx_str_of(o->customer));
    m->about = hx_arena_str(m->arena, o->about);
    return m->target.ptr && m->churned.ptr && m->customer.ptr && m->about.ptr ? HX_OK
                                                                              : no_memory(err);
}

static hx_status fit_model(hx_churn *m, const hx_table *t, const hx_churn_options *o,
                           hx_error *err) {
    const size_t rows = hx_table_rows(t);
    double *marks = calloc(3 * rows + 1, sizeof *marks);
    hx_str churned = hx_str_of(o->churned);
    hx_table *own = NULL;
    if (!marks) return no_memory(err);
    churn_fit f = {.o = o, .left = marks + 2 * rows};
    hx_status st = check_target(t, o->target, err);
    if (st == HX_OK)
        st =
            hx_card_outcomes(t, hx_str_of(o->target), &churned, m->arena, marks, marks + rows, err);
    if (st == HX_OK) st = take_rows(&f, t, marks, marks + rows, &own, marks + 2 * rows, err);
    f.t = own;
    for (size_t i = 0; i < f.rows; i++)
        m->left += f.left[i];
    m->rows = (double)f.rows;
    if (st == HX_OK) st = keep_names(m, o, churned, err);
    if (st == HX_OK) st = dropped(&f, m, err);
    if (st == HX_OK) st = fit_all(&f, m, err);
    if (st == HX_OK) st = hx_churn_seal(m, err);
    hx_table_free(own);
    free(marks);
    return st;
}

hx_status hx_churn_fit(hx_churn **out, const hx_table *t, const hx_churn_options *options,
                       hx_error *err) {
    hx_churn *m = NULL;
    if (!options->target) return hx_fail(err, HX_EINVAL, "say which column tells who left");
    HX_TRY(hx_churn_new(&m, err));
    hx_status st = fit_model(m, t, options, err);
    if (st != HX_OK) {
        hx_churn_free(m);
        return st;
    }
    *out = m;
    return HX_OK;
}
