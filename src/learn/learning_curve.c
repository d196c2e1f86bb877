/* learning_curve.c - what more rows would bring: a model on growing shares of the training rows of each fold, judged on the rows it learnt from and on the fold.
 *
 *     share    0.1   0.25   0.5   0.75   1
 *
 * A smaller share lies within the larger; classes are in it as they are in all, by time it is the latest rows. A share too small to learn from (one
 * class, no row) has null figures. As scikit-learn's learning_curve: mean and sample standard deviation over folds of all repeats. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "learn/cross_validate.h"
#include "learn/fields.h"

static const double shares[] = {0.1, 0.25, 0.5, 0.75, 1};
#define SHARES (sizeof shares / sizeof *shares)

static void put_side(const char *key, const hx_figures *const *found, size_t n, hx_learn_task task,
                     double *room, hx_json_writer *w) {
    hx_json_key(w, key);
    hx_json_object(w);
    for (int f = 0; f < HX_FIGURES; f++) {
        double mean, sd;
        if (!hx_figure_is_of((hx_figure)f, task)) continue;
        for (size_t i = 0; i < n; i++)
            room[i] = found[i]->at[f];
        hx_mean_sd(room, n, &mean, &sd);
        hx_json_key(w, hx_figure_name((hx_figure)f));
        hx_json_object(w);
        hx_json_key(w, "mean");
        hx_json_double(w, mean);
        hx_json_key(w, "sd");
        hx_json_double(w, sd);
        hx_put_numbers(w, "folds", room, n);
        hx_json_end_object(w);
    }
    hx_json_end_object(w);
}

typedef struct {
    hx_fold_run *runs; /* (SHARES, n) */
    hx_figures *seen;
    const hx_figures **found; /* (n) */
    double *room; /* (n) */
    size_t n; /* folds x repeats */
} curve;

static void put_share(const curve *c, size_t at, hx_learn_task task, hx_json_writer *w) {
    size_t rows = 0;
    for (size_t i = 0; i < c->n; i++)
        rows += c->runs[at * c->n + i].n_train;
    hx_json_object(w);
    hx_json_key(w, "share");
    hx_json_double(w, shares[at]);
    hx_json_key(w, "rows");
    hx_json_int(w, (int64_t)(rows / c->n));
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < c->n; i++)
            c->found[i] = side ? &c->runs[at * c->n + i].figures : &c->seen[at * c->n + i];
        put_side(side ? "test" : "train", c->found, c->n, task, c->room, w);
    }
    hx_json_end_object(w);
}

static hx_status run_curve(const hx_folds *f, const curve *c, const char *model, hx_str params,
                           size_t n_threads, hx_error *err) {
    for (size_t i = 0; i < SHARES * c->n; i++)
        c->runs[i] = (hx_fold_run){.model = model,
                                   .params = params,
                                   .repeat = i % c->n / f->n_folds,
                                   .fold = i % c->n % f->n_folds,
                                   .share = shares[i / c->n],
                                   .seen = &c->seen[i],
                                   .forgive = i / c->n + 1 < SHARES};
    return hx_folds_run(f, c->runs, SHARES * c->n, n_threads, err);
}

hx_status hx_learning_curve(const hx_folds *f, const char *model, hx_str params, size_t n_threads,
                            hx_json_writer *w, hx_error *err) {
    curve c = {.n = f->n_folds * f->n_repeats};
    c.runs = calloc(SHARES * c.n, sizeof *c.runs);
    c.seen = calloc(SHARES * c.n, sizeof *c.seen);
    c.found = calloc(c.n, sizeof *c.found);
    c.room = calloc(c.n, sizeof *c.room);
    hx_status st = c.runs && c.seen && c.found && c.room
                       ? run_curve(f, &c, model, params, n_threads, err)
                       : hx_fail(err, HX_ENOMEM, "not enough memory for cross-validation");
    if (st == HX_OK) {
        hx_json_key(w, "curve");
        hx_json_array(w);
        for (size_t at = 0; at < SHARES; at++)
            put_share(&c, at, f->truth.task, w);
        hx_json_end_array(w);
    }
    free(c.runs);
    free(c.seen);
    free(c.found);
    free(c.room);
    return st;
}
