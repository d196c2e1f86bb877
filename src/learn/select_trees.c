/* select_trees.c - rankings by trees: importance of a forest and of boosting, permutation, Boruta; and how good the chosen columns are.
 *
 *     importance    how much the splits on the features of a column made the loss smaller, over all columns (100 trees; 100 rounds of boosting)
 *     permutation   forests of 50 trees learn from two thirds of the rows; by how much AUC or R2 on the other third falls when the column is
 *                   shuffled among its rows: mean of 3 folds of 3 shuffles (Breiman 2001; scikit-learn's permutation_importance)
 *     Boruta        beside each column stands a shuffled copy; the share of 50 forests (100 trees of depth 7) in which the column's importance is above that
 *                   of every copy; by chance it would be a half at most (Kursa, Rudnicki 2010; no column is removed on the way)
 *
 * All features of a column are shuffled together. Columns that tell nothing are left out; where there are more than HX_SELECT_TREE_FEATURES features a text
 * keeps those of its 31 commonest values, and one for all others. Of more than HX_SELECT_TREE_ROWS rows so many are drawn. Every number drawn comes from the seed and the
 * place it is for, so that threads change nothing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learn/metrics.h"
#include "learn/select.h"
#include "learn/split.h"

#define ARENA_MAX ((size_t)64 << 30)
#define FOLDS 3
#define SHUFFLES 3
#define ROUNDS 50
#define CLASSES_MAX 20 /* of AUC, one against the rest; of more the share that is right */
#define FOREST "{\"trees\":100,\"leaf_rows\":5}"
#define SMALL_FOREST "{\"trees\":50,\"leaf_rows\":5}"
#define FLAT_FOREST "{\"trees\":100,\"depth\":7}"
#define BOOSTING "{\"rounds\":100}"

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory to rank the columns");
}

/* ------------------------------------------------------------------ fitting */
typedef struct {
    const hx_estimator *estimator;
    void *state; /* NULL = not fitted */
} model;

static void release(model *m) {
    if (m->state) m->estimator->release(m->state);
    m->state = NULL;
}

static hx_status fit(model *m, const char *name, const char *json, const hx_select_data *d,
                     const hx_problem *p, uint64_t seed, hx_error *err) {
    double params[64];
    m->estimator = hx_estimator_of(name);
    m->state = NULL;
    if (m->estimator->kind.n_params > sizeof params / sizeof *params)
        return hx_fail(err, HX_EINTERNAL, "the model %s has too many parameters", name);
    HX_TRY(hx_params_of(&m->estimator->kind, hx_str_of(json), params, err));
    const hx_fit_options o = {
        .params = params, .seed = seed, .n_threads = d->n_threads, .cancel = d->cancel};
    HX_TRY(m->estimator->fit(&m->state, p, NULL, &o, err));
    return hx_flag_is_raised(d->cancel) ? hx_fail(err, HX_ECANCELLED, "the learning was stopped")
                                        : HX_OK;
}

/* All rows, or HX_SELECT_TREE_ROWS of them in their order. */
static hx_status draw_rows(const hx_select_data *d, hx_arena *arena, hx_problem *out,
                           hx_error *err) {
    const size_t n = d->problem.n, most = HX_SELECT_TREE_ROWS;
    size_t *rows = hx_arena_alloc(arena, (n + 1) * sizeof *rows), kept = 0;
    hx_rng r;
    if (!rows) return no_memory(err);
    if (n <= most) {
        *out = d->problem;
        return HX_OK;
    }
    hx_rng_seed(&r, d->seed);
    for (size_t i = 0; i < n && kept < most; i++) /* selection sampling: Knuth 3.4.2 S */
        if (hx_rng_below(&r, n - i) < most - kept) rows[kept++] = i;
    return hx_problem_pick(&d->problem, rows, kept, arena, out, err);
}

/* Importances of features (d) to those of columns: (n_columns). */
static void by_column(const hx_select_data *d, const hx_problem *p, const double *shares,
                      double *out) {
    for (size_t i = 0; i < d->n_columns; i++) {
        out[i] = 0;
        for (size_t j = 0; j < p->d; j++)
            if (p->columns[j] == d->columns[i].design) out[i] += shares[j];
    }
}

/* ------------------------------------------------------------------ importance */
static hx_status importance(const hx_select_data *d, const char *name, hx_arena *arena, double *out,
                            hx_error *err) {
    hx_problem p;
    model m;
    HX_TRY(draw_rows(d, arena, &p, err));
    double *shares = hx_arena_alloc(arena, (p.d + 1) * sizeof *shares);
    if (!shares) return no_memory(err);
    hx_status st =
        fit(&m, name, strcmp(name, "forest") == 0 ? FOREST : BOOSTING, d, &p, d->seed, err);
    if (st == HX_OK) m.estimator->importance(m.state, shares);
    if (st == HX_OK) by_column(d, &p, shares, out);
    release(&m);
    return st;
}

hx_status hx_select_importance(const hx_select_data *d, const char *name, double *out,
                               hx_error *err) {
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    const hx_status st = arena ? importance(d, name, arena, out, err) : no_memory(err);
    hx_arena_free(arena);
    return st;
}

/* ------------------------------------------------------------------ how good answers are */
static double r2_of(const double *y, const double *said, size_t n) {
    double mean = 0, all = 0, left = 0;
    for (size_t i = 0; i < n; i++)
        mean += y[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        all += (y[i] - mean) * (y[i] - mean);
        left += (y[i] - said[i]) * (y[i] - said[i]);
    }
    return all > 0 ? 1 - left / all : NAN;
}

static double share_right(const double *y, const double *said, size_t n, size_t k) {
    size_t right = 0;
    for (size_t i = 0; i < n; i++) {
        const double *row = said + i * k;
        size_t best = 0;
        for (size_t c = 1; c < k; c++)
            if (row[c] > row[best]) best = c;
        right += best == (size_t)y[i];
    }
    return n ? (double)right / (double)n : NAN;
}

/* AUC, of several classes the mean of each against the rest; scratch is forgotten. */
static double auc_of(const double *y, const double *said, size_t n, size_t k, hx_arena *scratch) {
    double sum = 0, defined = 0;
    for (size_t c = k == 2; c < k; c++) {
        hx_arena_reset(scratch);
        uint8_t *is = hx_arena_alloc(scratch, n + 1);
        double *scores = hx_arena_alloc(scratch, (n + 1) * sizeof *scores);
        if (!is || !scores) return NAN;
        for (size_t i = 0; i < n; i++) {
            is[i] = (size_t)y[i] == c;
            scores[i] = said[i * k + c];
        }
        const double one = hx_auc(is, scores, n, scratch);
        if (!isnan(one)) sum += one, defined++;
    }
    return defined > 0 ? sum / defined : NAN;
}

typedef struct {
    const hx_select_data *data;
    hx_arena *arena, *scratch;
    double *said; /* (n, n_classes or 1) */
} judge;

static hx_status score(judge *g, const model *m, const hx_problem *p, const double *x,
                       double *figure, hx_error *err) {
    HX_TRY(m->estimator->predict(m->state, x, p->n, g->data->n_threads, g->said, err));
    *figure = p->task == HX_TASK_REGRESSION ? r2_of(p->y, g->said, p->n)
              : p->n_classes > CLASSES_MAX  ? share_right(p->y, g->said, p->n, p->n_classes)
                                            : auc_of(p->y, g->said, p->n, p->n_classes, g->scratch);
    return HX_OK;
}

static hx_status open_judge(judge *g, const hx_select_data *d, size_t n, hx_error *err) {
    *g = (judge){.data = d, .arena = hx_arena_new(ARENA_MAX), .scratch = hx_arena_new(ARENA_MAX)};
    const size_t width = d->task == HX_TASK_REGRESSION ? 1 : d->problem.n_classes;
    if (g->arena && g->scratch)
        g->said = hx_arena_alloc(g->arena, (n * width + 1) * sizeof(double));
    return g->said ? HX_OK : no_memory(err);
}

static void close_judge(judge *g) {
    hx_arena_free(g->arena);
    hx_arena_free(g->scratch);
}

/* ------------------------------------------------------------------ permutation */
static void shuffle(size_t *order, size_t n, uint64_t seed) {
    hx_rng r;
    hx_rng_seed(&r, seed);
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) {
        const size_t k = (size_t)hx_rng_below(&r, i), was = order[i - 1];
        order[i - 1] = order[k];
        order[k] = was;
    }
}

/* Features of the column in x (n, d) from rows in that order of p; order = NULL: as they are. */
static void put_column(double *x, const hx_problem *p, size_t design, const size_t *order) {
    for (size_t j = 0; j < p->d; j++) {
        if (p->columns[j] != design) continue;
        for (size_t i = 0; i < p->n; i++)
            x[i * p->d + j] = p->x[(order ? order[i] : i) * p->d + j];
    }
}

typedef struct {
    double *sum, *times; /* (n_columns) */
} losses;

static hx_status lose_columns(judge *g, const model *m, const hx_problem *test, size_t fold,
                              losses *out, hx_error *err) {
    const hx_select_data *d = g->data;
    double *x = hx_arena_alloc(g->arena, (test->n * test->d + 1) * sizeof *x), whole, less;
    size_t *order = hx_arena_alloc(g->arena, (test->n + 1) * sizeof *order);
    if (!x || !order) return no_memory(err);
    memcpy(x, test->x, test->n * test->d * sizeof *x);
    HX_TRY(score(g, m, test, x, &whole, err));
    for (size_t i = 0; i < d->n_columns; i++) {
        for (size_t k = 0; k < SHUFFLES; k++) {
            if (hx_flag_is_raised(d->cancel))
                return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
            shuffle(order, test->n, hx_hash_mix(d->seed, (fold * d->n_columns + i) * SHUFFLES + k));
            put_column(x, test, d->columns[i].design, order);
            HX_TRY(score(g, m, test, x, &less, err));
            if (isnan(whole) || isnan(less)) continue;
            out->sum[i] += whole - less;
            out->times[i]++;
        }
        put_column(x, test, d->columns[i].design, NULL);
    }
    return HX_OK;
}

static hx_status one_fold(judge *g, const hx_problem *p, const uint32_t *folds, uint32_t fold,
                          losses *out, hx_error *err) {
    size_t *rows = hx_arena_alloc(g->arena, (2 * p->n + 1) * sizeof *rows), n_train, n_test;
    hx_problem train, test;
    model m;
    if (!rows) return no_memory(err);
    hx_split_rows(folds, p->n, fold, false, rows, &n_train, rows + p->n, &n_test);
    HX_TRY(hx_problem_pick(p, rows, n_train, g->arena, &train, err));
    HX_TRY(hx_problem_pick(p, rows + p->n, n_test, g->arena, &test, err));
    hx_status st =
        fit(&m, "forest", SMALL_FOREST, g->data, &train, hx_hash_mix(g->data->seed, fold), err);
    if (st == HX_OK) st = lose_columns(g, &m, &test, fold, out, err);
    release(&m);
    return st;
}

static hx_status permute(judge *g, double *out, hx_error *err) {
    const hx_select_data *d = g->data;
    hx_problem p;
    HX_TRY(draw_rows(d, g->arena, &p, err));
    uint32_t *folds = hx_arena_alloc(g->arena, (p.n + 1) * sizeof *folds),
             *strata = hx_arena_alloc(g->arena, (p.n + 1) * sizeof *strata);
    double *sums = hx_arena_alloc(g->arena, (2 * d->n_columns + 1) * sizeof *sums);
    if (!folds || !strata || !sums) return no_memory(err);
    losses l = {sums, sums + d->n_columns};
    for (size_t i = 0; i < p.n && d->task == HX_TASK_CLASSES; i++)
        strata[i] = (uint32_t)p.y[i];
    const hx_fold_options o = {.strata = d->task == HX_TASK_CLASSES ? strata : NULL,
                               .seed = d->seed};
    HX_TRY(hx_split_folds(p.n, FOLDS, &o, folds, err));
    for (uint32_t f = 0; f < FOLDS; f++)
        HX_TRY(one_fold(g, &p, folds, f, &l, err));
    for (size_t i = 0; i < d->n_columns; i++)
        out[i] = l.times[i] > 0 ? l.sum[i] / l.times[i] : NAN;
    return HX_OK;
}

hx_status hx_select_permutation(const hx_select_data *d, double *out, hx_error *err) {
    judge g;
    for (size_t i = 0; i < d->n_columns; i++)
        out[i] = NAN;
    if (d->problem.n < 2 * FOLDS) return HX_OK;
    hx_status st = open_judge(&g, d, d->problem.n, err);
    if (st == HX_OK) st = permute(&g, out, err);
    close_judge(&g);
    return st;
}

/* ------------------------------------------------------------------ Boruta */
/* p with room for a shuffled copy of each feature behind: x (n, 2 d). */
static hx_status with_shadows(const hx_problem *p, hx_arena *arena, hx_problem *out,
                              hx_error *err) {
    hx_problem q = *p;
    q.d = 2 * p->d;
    q.x = hx_arena_alloc(arena, (p->n * q.d + 1) * sizeof *q.x);
    if (!q.x) return no_memory(err);
    for (size_t i = 0; i < p->n; i++)
        memcpy(q.x + i * q.d, p->x + i * p->d, p->d * sizeof *q.x);
    q.columns = NULL; /* nobody asks a forest for them */
    q.names = NULL;
    *out = q;
    return HX_OK;
}

static void shuffle_shadows(const hx_select_data *d, const hx_problem *p, hx_problem *q,
                            size_t round, size_t *order) {
    for (size_t c = 0; c < d->n_columns; c++) {
        shuffle(order, p->n, hx_hash_mix(d->seed, round * d->n_columns + c));
        for (size_t j = 0; j < p->d; j++) {
            if (p->columns[j] != d->columns[c].design) continue;
            for (size_t i = 0; i < p->n; i++)
                q->x[i * q->d + p->d + j] = p->x[order[i] * p->d + j];
        }
    }
}

/* Adds 1 to hits of the columns above every shadow. sums (2, n_columns) room. */
static void count_hits(const hx_select_data *d, const hx_problem *p, const double *shares,
                       double *sums, double *hits) {
    double best = 0;
    by_column(d, p, shares, sums);
    by_column(d, p, shares + p->d, sums + d->n_columns);
    for (size_t i = 0; i < d->n_columns; i++)
        best = fmax(best, sums[d->n_columns + i]);
    for (size_t i = 0; i < d->n_columns; i++)
        hits[i] += sums[i] > best;
}

/* P(at least `hits` of `rounds`) where each is a hit half the time. */
static double upper_tail(size_t hits, size_t rounds) {
    double sum = 0, one = pow(0.5, (double)rounds);
    for (size_t k = 0; k <= rounds; k++) {
        if (k >= hits) sum += one;
        one *= (double)(rounds - k) / (double)(k + 1);
    }
    return fmin(1, sum);
}

static hx_status boruta(const hx_select_data *d, hx_arena *arena, double *hits, double *tails,
                        hx_error *err) {
    hx_problem p, q;
    HX_TRY(draw_rows(d, arena, &p, err));
    HX_TRY(with_shadows(&p, arena, &q, err));
    double *shares = hx_arena_alloc(arena, (q.d + 1) * sizeof *shares),
           *sums = hx_arena_alloc(arena, (2 * d->n_columns + 1) * sizeof *sums);
    size_t *order = hx_arena_alloc(arena, (p.n + 1) * sizeof *order);
    if (!shares || !sums || !order) return no_memory(err);
    memset(hits, 0, d->n_columns * sizeof *hits);
    for (size_t r = 0; r < ROUNDS; r++) {
        model m;
        shuffle_shadows(d, &p, &q, r, order);
        hx_status st = fit(&m, "forest", FLAT_FOREST, d, &q, hx_hash_mix(d->seed, r), err);
        if (st == HX_OK) m.estimator->importance(m.state, shares);
        if (st == HX_OK) count_hits(d, &p, shares, sums, hits);
        release(&m);
        HX_TRY(st);
    }
    for (size_t i = 0; i < d->n_columns; i++) {
        const size_t h = (size_t)hits[i];
        const double up = upper_tail(h, ROUNDS), down = upper_tail(ROUNDS - h, ROUNDS);
        tails[i] = fmin(1, fmin(up, down) * (double)d->n_columns) * (up <= down ? 1 : -1);
        hits[i] /= ROUNDS;
    }
    return HX_OK;
}

hx_status hx_select_boruta(const hx_select_data *d, double *out, double *p, hx_error *err) {
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    const hx_status st = arena ? boruta(d, arena, out, p, err) : no_memory(err);
    hx_arena_free(arena);
    return st;
}

/* ------------------------------------------------------------------ the choice on other rows */
hx_status hx_select_judge(const hx_select_data *d, const hx_problem *test, const bool *use,
                          double *figure, hx_error *err) {
    judge g;
    model m = {0};
    hx_problem all, train, other;
    *figure = NAN;
    hx_status st = open_judge(&g, d, test->n, err);
    if (st == HX_OK) st = draw_rows(d, g.arena, &all, err);
    if (st == HX_OK) st = hx_select_features_of(&all, use, NULL, g.arena, &train, err);
    if (st == HX_OK) st = hx_select_features_of(test, use, d->merge, g.arena, &other, err);
    if (st == HX_OK && train.d > 0 && test->n > 0) {
        st = fit(&m, "forest", FOREST, d, &train, d->seed, err);
        if (st == HX_OK) st = score(&g, &m, &other, other.x, figure, err);
        release(&m);
    }
    close_judge(&g);
    return st;
}
