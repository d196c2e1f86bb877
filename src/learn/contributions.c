/* contributions.c - what each column adds to a margin, row by row: for models that are built of several learners.
 *
 *     table -> recipe -> features -> estimator.contributions (n, d + 1) -> summed by column (n, n_columns + 1)
 *
 * Trees have their Shapley values, linear models w (x - mean): a row sums to the model's margin, which is the log-odds of the class where there are
 * two. Calibration is not in it. Rows go in blocks, so that many rows need little memory. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "learn/learner.h"

#define BLOCK ((size_t)512)
#define ARENA_MAX ((size_t)64 << 30)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the explanation");
}

static hx_status add_block(const hx_learner *l, const hx_problem *p, size_t first, size_t n,
                           size_t class, size_t n_threads, double *said, hx_contributions *out,
                           hx_error *err) {
    const size_t d = p->d, width = out->n_columns + 1;
    HX_TRY(l->estimator->contributions(l->state, p->x + first * d, n, class, n_threads, said, err));
    for (size_t i = 0; i < n; i++) {
        double *row = out->phi + (first + i) * width;
        memset(row, 0, width * sizeof *row);
        for (size_t j = 0; j < d; j++)
            row[p->columns[j]] += said[i * (d + 1) + j];
        row[width - 1] = said[i * (d + 1) + d];
    }
    return HX_OK;
}

static hx_status add_up(const hx_learner *l, const hx_problem *p, size_t class, size_t n_threads,
                        hx_arena *arena, hx_contributions *out, hx_error *err) {
    const char *const *names = hx_design_columns(l->design, &out->n_columns);
    out->n = p->n;
    out->phi = hx_arena_alloc(arena, (p->n * (out->n_columns + 1) + 1) * sizeof *out->phi);
    out->columns = hx_arena_alloc(arena, (out->n_columns + 1) * sizeof *out->columns);
    double *said = calloc(BLOCK * (p->d + 1), sizeof *said);
    hx_status st = out->phi && out->columns && said ? HX_OK : no_memory(err);
    if (st == HX_OK && out->n_columns > 0)
        memcpy(out->columns, names, out->n_columns * sizeof *names);
    for (size_t first = 0; first < p->n && st == HX_OK; first += BLOCK)
        st = add_block(l, p, first, p->n - first < BLOCK ? p->n - first : BLOCK, class, n_threads,
                       said, out, err);
    free(said);
    return st;
}

hx_status hx_learner_contributions(const hx_learner *l, const hx_table *t, size_t class,
                                   size_t n_threads, hx_arena *arena, hx_contributions *out,
                                   hx_error *err) {
    hx_problem p;
    hx_table *own = NULL;
    if (!l->estimator->contributions || class >= l->n_classes)
        return hx_fail(err, HX_EUNSUPPORTED, "%s does not say what each column adds to its answer",
                       l->estimator->kind.name);
    if (!n_threads) n_threads = hx_processors();
    hx_arena *scratch = hx_arena_new(ARENA_MAX);
    hx_status st = scratch ? hx_learner_prepare(l, t, n_threads, &own, err) : no_memory(err);
    if (st == HX_OK) st = hx_design_problem(l->design, own ? own : t, false, scratch, &p, err);
    if (st == HX_OK) st = add_up(l, &p, class, n_threads, arena, out, err);
    hx_table_free(own);
    hx_arena_free(scratch);
    return st;
}
