/* step_isolation.c - the step "isolation": rows unlike the others, by an isolation forest of the rows it was fitted on.
 *
 *     {"step":"isolation","columns":["amount","quantity"],"action":"flag","threshold":0.6}
 *
 *     score      2^(-mean depth / expected depth), see isolation.c: near 1 = alone, 0.5 and below = as the others
 *     outlier    score > threshold (Liu, Ting, Zhou 2008 speak of 0.6; scikit-learn's "auto" is 0.5); with "share" the threshold that this share of
 *                the training rows lies beyond
 *     action     flag: the columns outlier_score and outlier (true/false); remove: the rows go
 *
 * Numbers alone are looked at; a row that lacks one goes where more rows went. It is rows that are found, not values: there is nothing to clip. Kept:
 * the trees and the threshold. The same forest for any number of threads. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/pool.h"
#include "frame/step_fit.h"
#include "learn/families.h"
#include "learn/steps.h"

#define TREES 100
#define SAMPLE 256
#define THRESHOLD 0.6
#define COLUMNS_MOST 1000
#define SCORE_DECIMALS 4

enum { FLAG = 0, REMOVE };

typedef struct {
    hx_names names, by;
    int64_t trees, sample;
    double threshold, share; /* share: NaN = threshold counts */
    int action;
    hx_names columns; /* learnt */
    void *forest; /* of hx_estimator_isolation; owned */
} settings;

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    static const char *const actions[] = {"flag", "remove", "clip", "missing", NULL};
    settings *s = state;
    HX_TRY(hx_step_names(spec, "columns", arena, &s->names, err));
    HX_TRY(hx_step_names(spec, "by", arena, &s->by, err));
    HX_TRY(hx_step_count(spec, "trees", TREES, 1, 100000, &s->trees, err));
    HX_TRY(hx_step_count(spec, "sample", SAMPLE, 2, 1000000, &s->sample, err));
    HX_TRY(hx_step_number(spec, "threshold", THRESHOLD, &s->threshold, err));
    HX_TRY(hx_step_number(spec, "share", (double)NAN, &s->share, err));
    HX_TRY(hx_step_choice(spec, "action", actions, FLAG, &s->action, err));
    if (s->by.n > 0)
        return hx_fail(err, HX_EINVAL,
                       "the method 'isolation' does not go by groups: it looks at all columns "
                       "together");
    if (s->action > REMOVE)
        return hx_fail(err, HX_EINVAL,
                       "the method 'isolation' finds rows, not values: the action is flag or "
                       "remove, not %s",
                       actions[s->action]);
    if (!(s->threshold > 0 && s->threshold < 1))
        return hx_fail(err, HX_EINVAL,
                       "'threshold' has to be above 0 and below 1, as scores of isolation are");
    if (s->share <= 0 || s->share > 0.5)
        return hx_fail(err, HX_EINVAL, "'share' has to be above 0 and at most 0.5");
    return HX_OK;
}

static void release(void *state) {
    settings *s = state;
    if (s->forest != NULL) hx_estimator_isolation.release(s->forest);
    s->forest = NULL;
}

/* ------------------------------------------------------------------ rows */
/* The columns of a table as (rows, d). */
static hx_status matrix_of(const hx_table *t, const size_t *columns, size_t d, hx_arena *room,
                           double **out, hx_error *err) {
    const size_t n = hx_table_rows(t);
    double *x = NULL, *v = NULL;
    HX_TRY(hx_step_array(room, n * d, sizeof *x, &x, err));
    HX_TRY(hx_step_array(room, n, sizeof *v, &v, err));
    for (size_t j = 0; j < d; j++) {
        hx_table_numbers(t, columns[j], 0, n, v);
        for (size_t i = 0; i < n; i++)
            x[i * d + j] = v[i];
    }
    *out = x;
    return HX_OK;
}

static size_t threads_of(const hx_step_run *run) {
    return run->run.n_threads > 0 ? run->run.n_threads : hx_processors();
}

static hx_status score_rows(const settings *s, const double *x, size_t n, size_t n_threads,
                            hx_arena *room, double **scores, hx_error *err) {
    HX_TRY(hx_step_array(room, n, sizeof **scores, scores, err));
    return hx_estimator_isolation.predict(s->forest, x, n, n_threads, *scores, err);
}

/* ------------------------------------------------------------------ learning */
static hx_status grow(settings *s, const double *x, size_t n, hx_step_run *run, hx_arena *room,
                      hx_error *err) {
    const double params[] = {(double)s->trees, (double)s->sample};
    const hx_problem p = {
        .x = (double *)(uintptr_t)x, .n = n, .d = s->columns.n, .task = HX_TASK_OUTLIERS};
    const hx_fit_options o = {.params = params,
                              .seed = run->run.seed,
                              .n_threads = threads_of(run),
                              .cancel = run->run.cancel};
    double *scores = NULL;
    HX_TRY(hx_estimator_isolation.fit(&s->forest, &p, NULL, &o, err));
    if (s->share != s->share || n == 0) return HX_OK;
    HX_TRY(score_rows(s, x, n, threads_of(run), room, &scores, err));
    s->threshold = hx_quantile(scores, n, 1 - s->share);
    return HX_OK;
}

static hx_status fit(void *state, const hx_table *t, hx_arena *arena, hx_step_run *run,
                     hx_error *err) {
    settings *s = state;
    size_t *columns = NULL, d = 0;
    double *x = NULL;
    release(s);
    HX_TRY(hx_step_columns_of(t, s->names, HX_KINDS_NUMBER, arena, &columns, &d, err));
    if (d > COLUMNS_MOST)
        return hx_fail(err, HX_ELIMIT, "the method 'isolation' takes at most %d columns",
                       COLUMNS_MOST);
    HX_TRY(hx_step_names_of(t, columns, d, arena, &s->columns, err));
    hx_arena *room = hx_step_room();
    hx_status status = matrix_of(t, columns, d, room, &x, err);
    if (status == HX_OK) status = grow(s, x, hx_table_rows(t), run, room, err);
    hx_arena_free(room);
    return status;
}

/* ------------------------------------------------------------------ applying */
static hx_status mark(const settings *s, hx_table *t, double *scores, size_t *found,
                      hx_step_run *run, hx_arena *room, hx_error *err) {
    const size_t n = hx_table_rows(t);
    double *flags = NULL;
    bool *keep = NULL;
    HX_TRY(hx_step_array(room, n, sizeof *flags, &flags, err));
    HX_TRY(hx_step_array(room, n, sizeof *keep, &keep, err));
    for (size_t i = 0; i < n; i++) {
        keep[i] = !(scores[i] > s->threshold);
        flags[i] = !keep[i];
        *found += !keep[i];
        scores[i] = rint(scores[i] * 1e4) / 1e4;
    }
    if (s->action == REMOVE) return run->run.keep_rows ? HX_OK : hx_step_keep_rows(t, keep, err);
    HX_TRY(hx_step_add_numbers(t, HX_STR_LIT("outlier_score"), HX_KIND_NUMBER, scores,
                               SCORE_DECIMALS, err));
    return hx_step_add_numbers(t, HX_STR_LIT("outlier"), HX_KIND_BOOLEAN, flags, -1, err);
}

static hx_status run_rows(const settings *s, hx_table *t, hx_step_run *run, hx_arena *room,
                          hx_error *err) {
    const size_t n = hx_table_rows(t);
    size_t *columns = NULL, found = 0;
    double *x = NULL, *scores = NULL;
    HX_TRY(hx_step_array(room, s->columns.n, sizeof *columns, &columns, err));
    for (size_t j = 0; j < s->columns.n; j++)
        HX_TRY(hx_step_column_of(t, s->columns.names[j], HX_KIND_NUMBER, &columns[j], err));
    HX_TRY(matrix_of(t, columns, s->columns.n, room, &x, err));
    HX_TRY(score_rows(s, x, n, threads_of(run), room, &scores, err));
    HX_TRY(mark(s, t, scores, &found, run, room, err));
    hx_step_say(run, "rows with a score above %.3f: %zu; rows removed: %zu of %zu",
                "得分高于 %.3f 的行 %zu 个；去掉 %zu 行（共 %zu 行）", s->threshold, found,
                n - hx_table_rows(t), n);
    return HX_OK;
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    hx_arena *room = hx_step_room();
    const hx_status status = run_rows(state, t, run, room, err);
    hx_arena_free(room);
    return status;
}

/* ------------------------------------------------------------------ JSON */
static void write(const void *state, hx_json_writer *w) {
    const settings *s = state;
    hx_json_object(w);
    hx_step_write_names(w, "columns", s->columns.names, s->columns.n);
    hx_json_key(w, "threshold");
    hx_json_double(w, s->threshold);
    hx_json_key(w, "forest");
    hx_estimator_isolation.write(s->forest, w);
    hx_json_end_object(w);
}

static hx_status read(void *state, const json_t *fitted, hx_arena *arena, hx_error *err) {
    settings *s = state;
    release(s);
    HX_TRY(hx_step_names(fitted, "columns", arena, &s->columns, err));
    HX_TRY(hx_step_number(fitted, "threshold", (double)NAN, &s->threshold, err));
    if (s->threshold != s->threshold) return hx_step_damaged("threshold", err);
    return hx_estimator_isolation.read(&s->forest, json_object_get(fitted, "forest"), s->columns.n,
                                       1, err);
}

static const char *const keys[] = {"columns",   "by",    "trees",  "sample",
                                   "threshold", "share", "action", NULL};

const hx_step_kind hx_step_isolation = {.name = "isolation",
                                        .keys = keys,
                                        .size = sizeof(settings),
                                        .parse = parse,
                                        .fit = fit,
                                        .apply = apply,
                                        .write = write,
                                        .read = read,
                                        .release = release};
