/* uplift.c - what a treatment changes, customer by customer: two models, class transformation, uplift trees, each judged out of fold.
 *
 *     two-model     P(outcome | treated, x) - P(outcome | untreated, x), a boosting for each side
 *     transformed   2 P(z | x) - 1 with z = outcome of treated rows, its opposite of untreated ones, rows weighed so that both sides count
 *                   alike (Jaskowski, Jaroszewicz 2012, Uplift Modeling for Clinical Trial Data)
 *     tree          many uplift trees (uplift_tree.h)
 *
 * Folds are dealt by side and outcome. Rows to be scored are those that taught, out of fold, or others, by models of all rows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "huaxiang/insight.h"
#include "insight/uplift_tree.h"
#include "learn/learner.h"
#include "learn/split.h"

#define FOLDS 5
#define LEAST_ROWS 50 /* treated, and untreated */
#define LEAST_OF_EACH 5 /* of each side with the outcome, and without */
#define Y_COLUMN "uplift.outcome"
#define Z_COLUMN "uplift.transformed"
#define W_COLUMN "uplift.weight"
#define PARAMS "{\"depth\":3,\"rounds\":150,\"rate\":0.05}"
#define TREES 100
#define DEPTH 5

typedef struct {
    const hx_uplift_options *o;
    const hx_table *fresh; /* NULL = the rows themselves */
    hx_table *own; /* rows with side and outcome, and the columns above */
    bool *treated, *outcome; /* (n) of own */
    size_t *at; /* (n) rows of the caller's table */
    size_t n;
    uint32_t *folds; /* (n) */
    double *held; /* (METHODS, n) out of fold */
    double *said; /* (METHODS, rows of fresh) */
    char *drop;
} uplift_work;

const char *hx_uplift_method_id(hx_uplift_method m) {
    static const char *const ids[HX_UPLIFT_METHODS] = {"two-model", "transformed", "tree"};
    return ids[m];
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for uplift");
}

/* ------------------------------------------------------------------ models by boosting */
static hx_status fit_classes(const uplift_work *w, const hx_table *t, const char *target,
                             bool weighed, hx_learner **out, hx_error *err) {
    const hx_learn_options o = {.model = "boosting",
                                .target = target,
                                .task = HX_TASK_CLASSES,
                                .use = w->o->use,
                                .drop = w->drop,
                                .weight = weighed ? W_COLUMN : NULL,
                                .params = HX_STR_LIT(PARAMS),
                                .seed = w->o->seed,
                                .n_threads = 1,
                                .cancel = w->o->cancel};
    return hx_learner_fit(out, t, NULL, &o, err);
}

/* Adds factor P(true) of each row of `to` to out. */
static hx_status add_chances(const hx_learner *l, const hx_table *to, double factor, double *out,
                             hx_error *err) {
    hx_predictions p;
    hx_arena *arena = hx_arena_new((size_t)64 << 30);
    hx_status st = arena ? hx_learner_predict(l, to, 1, arena, &p, err) : no_memory(err);
    for (size_t i = 0; st == HX_OK && i < p.n; i++)
        out[i] += factor * p.probabilities[2 * i + 1];
    hx_arena_free(arena);
    return st;
}

static hx_status by_side(const uplift_work *w, const size_t *rows, size_t n, bool treated,
                         const hx_table *to, double *out, hx_error *err) {
    size_t *some = calloc(n + 1, sizeof *some), k = 0;
    hx_table *t = NULL;
    hx_learner *l = NULL;
    if (!some) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        if (w->treated[rows[i]] == treated) some[k++] = rows[i];
    hx_status st = hx_table_pick(&t, w->own, some, k, err);
    if (st == HX_OK) st = fit_classes(w, t, Y_COLUMN, false, &l, err);
    if (st == HX_OK) st = add_chances(l, to, treated ? 1 : -1, out, err);
    hx_learner_free(l);
    hx_table_free(t);
    free(some);
    return st;
}

static hx_status by_transformation(const uplift_work *w, const size_t *rows, size_t n,
                                   const hx_table *to, double *out, hx_error *err) {
    hx_table *t = NULL;
    hx_learner *l = NULL;
    hx_status st = hx_table_pick(&t, w->own, rows, n, err);
    if (st == HX_OK) st = fit_classes(w, t, Z_COLUMN, true, &l, err);
    if (st == HX_OK) st = add_chances(l, to, 2, out, err);
    for (size_t i = 0; st == HX_OK && i < hx_table_rows(to); i++)
        out[i] -= 1;
    hx_learner_free(l);
    hx_table_free(t);
    return st;
}

/* ------------------------------------------------------------------ trees */
static hx_status fit_trees(const uplift_work *w, const hx_problem *p, const size_t *rows, size_t n,
                           hx_uplift_trees **out, hx_error *err) {
    bool *sides = calloc(2 * n + 1, sizeof *sides);
    const hx_uplift_tree_options o = {
        .trees = TREES, .depth = DEPTH, .least = 10 + n / 200, .seed = w->o->seed};
    if (!sides) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        sides[i] = w->treated[rows[i]];
        sides[n + i] = w->outcome[rows[i]];
    }
    const hx_status st = hx_uplift_trees_fit(out, p->x, n, p->d, sides, sides + n, &o, err);
    free(sides);
    return st;
}

static hx_status score_trees(const hx_design *d, const hx_uplift_trees *trees, const hx_table *to,
                             hx_arena *arena, double *out, hx_error *err) {
    hx_problem p;
    HX_TRY(hx_design_problem(d, to, false, arena, &p, err));
    for (size_t i = 0; i < p.n; i++)
        out[i] = hx_uplift_trees_score(trees, p.x + i * p.d);
    return HX_OK;
}

static hx_status by_trees(const uplift_work *w, const size_t *rows, size_t n, const hx_table *to,
                          double *out, hx_error *err) {
    const hx_design_options o = {.target = Y_COLUMN,
                                 .task = HX_TASK_CLASSES,
                                 .use = w->o->use,
                                 .drop = w->drop,
                                 .wants = HX_WANTS_FILLED};
    hx_table *t = NULL;
    hx_design *d = NULL;
    hx_uplift_trees *trees = NULL;
    hx_problem p;
    hx_arena *arena = hx_arena_new((size_t)64 << 30);
    hx_status st = arena ? hx_table_pick(&t, w->own, rows, n, err) : no_memory(err);
    if (st == HX_OK) st = hx_design_fit(&d, t, &o, err);
    if (st == HX_OK) st = hx_design_problem(d, t, false, arena, &p, err);
    if (st == HX_OK) st = fit_trees(w, &p, rows, n, &trees, err);
    if (st == HX_OK) st = score_trees(d, trees, to, arena, out, err);
    hx_uplift_trees_free(trees);
    hx_design_free(d);
    hx_table_free(t);
    hx_arena_free(arena);
    return st;
}

static hx_status by_method(const uplift_work *w, int method, const size_t *rows, size_t n,
                           const hx_table *to, double *out, hx_error *err) {
    if (method == HX_UPLIFT_TREE) return by_trees(w, rows, n, to, out, err);
    if (method == HX_UPLIFT_TRANSFORMED) return by_transformation(w, rows, n, to, out, err);
    HX_TRY(by_side(w, rows, n, true, to, out, err));
    return by_side(w, rows, n, false, to, out, err);
}

/* ------------------------------------------------------------------ jobs */
static hx_status fold_job(const uplift_work *w, int method, uint32_t fold, hx_error *err) {
    size_t n_train, n_test, *rows = calloc(2 * w->n + 1, sizeof *rows);
    double *out = calloc(w->n + 1, sizeof *out);
    hx_table *to = NULL;
    hx_status st = rows && out ? HX_OK : no_memory(err);
    if (st == HX_OK) {
        hx_split_rows(w->folds, w->n, fold, false, rows, &n_train, rows + w->n, &n_test);
        st = hx_table_pick(&to, w->own, rows + w->n, n_test, err);
    }
    if (st == HX_OK) st = by_method(w, method, rows, n_train, to, out, err);
    for (size_t i = 0; st == HX_OK && i < n_test; i++)
        w->held[(size_t)method * w->n + rows[w->n + i]] = out[i];
    hx_table_free(to);
    free(rows);
    free(out);
    return st;
}

static hx_status whole_job(const uplift_work *w, int method, hx_error *err) {
    size_t *rows = calloc(w->n + 1, sizeof *rows);
    if (!rows) return no_memory(err);
    for (size_t i = 0; i < w->n; i++)
        rows[i] = i;
    const hx_status st = by_method(w, method, rows, w->n, w->fresh,
                                   w->said + (size_t)method * hx_table_rows(w->fresh), err);
    free(rows);
    return st;
}

static hx_status run_job(void *context, size_t i, size_t worker, hx_error *err) {
    const uplift_work *w = context;
    const int method = (int)(i % HX_UPLIFT_METHODS);
    const size_t fold = i / HX_UPLIFT_METHODS;
    (void)worker;
    if (hx_flag_is_raised(w->o->cancel)) return hx_fail(err, HX_ECANCELLED, "the fit was stopped");
    return fold < FOLDS ? fold_job(w, method, (uint32_t)fold, err) : whole_job(w, method, err);
}

/* ------------------------------------------------------------------ rows */
static hx_status check_counts(const uplift_work *w, hx_error *err) {
    size_t n[2] = {0, 0}, y[2] = {0, 0};
    for (size_t i = 0; i < w->n; i++) {
        n[w->treated[i]]++;
        y[w->treated[i]] += w->outcome[i];
    }
    if (n[0] < LEAST_ROWS || n[1] < LEAST_ROWS)
        return hx_fail(err, HX_EINVAL,
                       "uplift is learnt from at least %d treated and %d untreated rows: here are "
                       "%zu and %zu",
                       LEAST_ROWS, LEAST_ROWS, n[1], n[0]);
    for (int k = 0; k < 2; k++)
        if (y[k] < LEAST_OF_EACH || n[k] - y[k] < LEAST_OF_EACH)
            return hx_fail(err, HX_EINVAL,
                           "uplift needs %d rows with the outcome and %d without it on each side; "
                           "here %zu of %zu treated and %zu of %zu untreated have it",
                           LEAST_OF_EACH, LEAST_OF_EACH, y[1], n[1], y[0], n[0]);
    return HX_OK;
}

static hx_status put_columns(uplift_work *w, double *room, hx_error *err) {
    double treated = 0;
    for (size_t i = 0; i < w->n; i++)
        treated += w->treated[i] / (double)w->n;
    for (size_t i = 0; i < w->n; i++)
        room[i] = w->outcome[i];
    HX_TRY(hx_table_put_numbers(w->own, HX_STR_LIT(Y_COLUMN), HX_KIND_BOOLEAN, room, -1, err));
    for (size_t i = 0; i < w->n; i++)
        room[i] = w->outcome[i] == w->treated[i];
    HX_TRY(hx_table_put_numbers(w->own, HX_STR_LIT(Z_COLUMN), HX_KIND_BOOLEAN, room, -1, err));
    for (size_t i = 0; i < w->n; i++)
        room[i] = 0.5 / (w->treated[i] ? treated : 1 - treated);
    return hx_table_put_numbers(w->own, HX_STR_LIT(W_COLUMN), HX_KIND_NUMBER, room, -1, err);
}

static hx_status take_rows(uplift_work *w, const hx_table *t, double *sides, hx_error *err) {
    const size_t rows = hx_table_rows(t);
    double *said = sides + rows;
    HX_TRY(hx_churn_outcomes(t, w->o->treatment, w->o->treated, sides, err));
    HX_TRY(hx_churn_outcomes(t, w->o->outcome, w->o->happened, said, err));
    for (size_t i = 0; i < rows; i++) {
        if (isnan(sides[i]) || isnan(said[i])) continue;
        w->treated[w->n] = sides[i] > 0;
        w->outcome[w->n] = said[i] > 0;
        w->at[w->n++] = i;
    }
    HX_TRY(check_counts(w, err));
    HX_TRY(hx_table_pick(&w->own, t, w->at, w->n, err));
    return put_columns(w, sides, err);
}

/* Side, outcome, ids and our own columns are no features; `use` and `drop` name the caller's. */
static hx_status list_dropped(uplift_work *w, const hx_table *t, hx_error *err) {
    const hx_uplift_options *o = w->o;
    const bool ids = o->customer && hx_table_find(t, hx_str_of(o->customer)) != HX_COLUMN_NONE;
    const char *drop = o->drop ? o->drop : "";
    const size_t size = strlen(drop) + strlen(o->treatment) + strlen(o->outcome) +
                        (ids ? strlen(o->customer) : 0) + 100;
    w->drop = calloc(size, 1);
    if (!w->drop) return no_memory(err);
    (void)snprintf(w->drop, size, "%s%s%s,%s%s%s,%s,%s,%s", drop, drop[0] ? "," : "", o->treatment,
                   o->outcome, ids ? "," : "", ids ? o->customer : "", Y_COLUMN, Z_COLUMN,
                   W_COLUMN);
    return HX_OK;
}

static hx_status deal(uplift_work *w, hx_error *err) {
    uint32_t *strata = calloc(w->n + 1, sizeof *strata);
    const hx_fold_options o = {.strata = strata, .seed = w->o->seed};
    if (!strata) return no_memory(err);
    for (size_t i = 0; i < w->n; i++)
        strata[i] = 2u * w->treated[i] + w->outcome[i];
    const hx_status st = hx_split_folds(w->n, FOLDS, &o, w->folds, err);
    free(strata);
    return st;
}

/* ------------------------------------------------------------------ how good they are */
typedef struct {
    double score;
    size_t at;
} ranked;

static int greatest_first(const void *l, const void *r) {
    const ranked *a = l, *b = r;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

static hx_status put_bands(const uplift_work *w, const double *scores, hx_uplift_report *out,
                           hx_error *err) {
    ranked *order = calloc(w->n + 1, sizeof *order);
    if (!order) return no_memory(err);
    for (size_t i = 0; i < w->n; i++)
        order[i] = (ranked){scores[i], i};
    qsort(order, w->n, sizeof *order, greatest_first);
    for (size_t k = 0; k < HX_UPLIFT_BANDS; k++) {
        hx_uplift_band *b = &out->bands[k];
        double n[2] = {0, 0}, y[2] = {0, 0};
        *b = (hx_uplift_band){0};
        for (size_t i = w->n * k / HX_UPLIFT_BANDS; i < w->n * (k + 1) / HX_UPLIFT_BANDS; i++) {
            const size_t at = order[i].at;
            b->rows++;
            b->expected += order[i].score;
            n[w->treated[at]]++;
            y[w->treated[at]] += w->outcome[at];
        }
        b->expected /= (double)b->rows;
        b->met = n[0] > 0 && n[1] > 0 ? y[1] / n[1] - y[0] / n[0] : NAN;
    }
    free(order);
    return HX_OK;
}

static hx_status judge(const uplift_work *w, hx_uplift_report *out, hx_error *err) {
    hx_arena *arena = hx_arena_new((size_t)16 << 30);
    hx_uplift_row *rows = arena ? hx_arena_alloc(arena, w->n * sizeof *rows) : NULL;
    hx_campaign_counts c = {0, 0, 0, 0};
    hx_status st = rows ? HX_OK : no_memory(err);
    out->best = HX_UPLIFT_TWO_MODEL;
    for (size_t m = 0; st == HX_OK && m < HX_UPLIFT_METHODS; m++) {
        for (size_t i = 0; i < w->n; i++)
            rows[i] = (hx_uplift_row){w->held[m * w->n + i], w->treated[i], w->outcome[i]};
        st = hx_uplift_measure(rows, w->n, w->o->rounds, w->o->seed, arena, &out->quality[m], err);
        if (out->quality[m].qini.value > out->quality[out->best].qini.value)
            out->best = (hx_uplift_method)m;
    }
    if (w->o->method < HX_UPLIFT_METHODS) out->best = w->o->method;
    for (size_t i = 0; i < w->n; i++) {
        c.contacted += w->treated[i];
        c.contacted_stayed += w->treated[i] && w->outcome[i];
        c.held += !w->treated[i];
        c.held_stayed += !w->treated[i] && w->outcome[i];
    }
    out->rows = w->n;
    out->counts = c;
    if (st == HX_OK) st = hx_campaign_measure(&c, 0, &out->effect, err);
    if (st == HX_OK) st = put_bands(w, w->held + (size_t)out->best * w->n, out, err);
    hx_arena_free(arena);
    return st;
}

static void give(const uplift_work *w, const hx_table *t, const hx_uplift_report *r,
                 double *scores) {
    const size_t rows = hx_table_rows(w->fresh ? w->fresh : t);
    for (size_t i = 0; i < rows; i++)
        scores[i] = w->fresh ? w->said[(size_t)r->best * rows + i] : NAN;
    for (size_t i = 0; !w->fresh && i < w->n; i++)
        scores[w->at[i]] = w->held[(size_t)r->best * w->n + i];
}

static hx_status learn(uplift_work *w, const hx_table *t, double *sides, double *scores,
                       hx_uplift_report *out, hx_error *err) {
    const size_t fresh = w->fresh ? hx_table_rows(w->fresh) : 0;
    HX_TRY(list_dropped(w, t, err));
    HX_TRY(take_rows(w, t, sides, err));
    w->folds = calloc(w->n + 1, sizeof *w->folds);
    w->held = calloc(HX_UPLIFT_METHODS * w->n + 1, sizeof *w->held);
    w->said = calloc(HX_UPLIFT_METHODS * fresh + 1, sizeof *w->said);
    if (!w->folds || !w->held || !w->said) return no_memory(err);
    HX_TRY(deal(w, err));
    HX_TRY(hx_pool_run(w->o->n_threads ? w->o->n_threads : hx_processors(),
                       (size_t)HX_UPLIFT_METHODS * (w->fresh ? FOLDS + 1 : FOLDS), run_job, w,
                       err));
    HX_TRY(judge(w, out, err));
    if (scores) give(w, t, out, scores);
    return HX_OK;
}

/* The value of a column of texts that means yes, as people write it; NULL where none does. */
static const char *yes_of(const hx_table *t, size_t column) {
    static const char *const yes[] = {"yes", "Yes", "YES", "y", "Y", "是", "有"};
    const size_t n = hx_table_column_at(t, column)->n_values;
    for (size_t k = 0; k < n && k < 100; k++)
        for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
            if (hx_str_equal(hx_table_value(t, column, (uint32_t)k), hx_str_of(yes[i])))
                return yes[i];
    return NULL;
}

/* The rarer of two texts may well be the untreated: other texts have to be told. */
static hx_status check_texts(const hx_table *t, const char *name, const char **value,
                             const char *option, hx_error *err) {
    const size_t at = hx_table_find(t, hx_str_of(name));
    if (*value || at == HX_COLUMN_NONE || hx_table_column_at(t, at)->kind != HX_KIND_TEXT)
        return HX_OK;
    *value = yes_of(t, at);
    if (*value) return HX_OK;
    return hx_fail(err, HX_EINVAL, "'%s' holds texts: say by %s which of them means yes", name,
                   option);
}

hx_status hx_uplift_learn(const hx_table *t, const hx_table *fresh,
                          const hx_uplift_options *options, double *scores, hx_uplift_report *out,
                          hx_error *err) {
    const size_t rows = hx_table_rows(t);
    hx_uplift_options o = *options;
    uplift_work w = {.o = &o, .fresh = fresh};
    if (!o.treatment || !o.outcome)
        return hx_fail(err, HX_EINVAL,
                       "say which columns tell who was treated and what came of it");
    HX_TRY(check_texts(t, o.treatment, &o.treated, "--treated", err));
    HX_TRY(check_texts(t, o.outcome, &o.happened, "--happened", err));
    double *sides = calloc(2 * rows + 1, sizeof *sides);
    w.treated = calloc(rows + 1, sizeof *w.treated);
    w.outcome = calloc(rows + 1, sizeof *w.outcome);
    w.at = calloc(rows + 1, sizeof *w.at);
    hx_status st = sides && w.treated && w.outcome && w.at ? learn(&w, t, sides, scores, out, err)
                                                           : no_memory(err);
    hx_table_free(w.own);
    free(sides);
    free(w.treated);
    free(w.outcome);
    free(w.at);
    free(w.folds);
    free(w.held);
    free(w.said);
    free(w.drop);
    return st;
}
