/* explain.h - what explanations share: a learner, the rows it is asked about, and what it says of cells that are tried. For src/learn/explain*.c only.
 *
 *     table -> recipe -> cells (n, n_columns) -> features (n, d) -> answer: probability of one class, or the number
 *
 * All but tree and linear Shapley values only ask the learner: they change cells, not features, so that a column of texts or one with missing values
 * moves as a whole. Everything is in the arena; sums are in a fixed order, the same for any number of threads. */
#ifndef HX_LEARN_EXPLAIN_H
#define HX_LEARN_EXPLAIN_H

#include "learn/assess.h"
#include "learn/design.h"
#include "learn/learner.h"

typedef struct {
    const hx_learner *l;
    const hx_design *design; /* of l */
    const hx_table *t; /* as the design reads it: recipe applied */
    const hx_explain_options *o;
    hx_arena *arena;
    size_t n, d, n_columns, n_threads;
    double *cells; /* (n, n_columns) */
    double *x; /* (n, d) */
    const double
        *read; /* features of all rows of t, for texts that are read: their cells are rows */
    double *y; /* (n) truth; NULL = not in the table */
    double *answers; /* (n) */
    bool classes; /* answers are probabilities of `class` */
    size_t class;
    double *background; /* (n_background, n_columns) cells */
    size_t n_background;
    size_t row; /* that is explained, from 0; SIZE_MAX = all */
} hx_explaining;

hx_status hx_explain_no_memory(hx_error *err);
/* The features of a column from its cell, into a row (d) of x. */
void hx_explain_put(const hx_explaining *e, size_t column, double cell, double *row);
/* Features of cells: cells (n, n_columns), x (n, d). */
void hx_explain_features(const hx_explaining *e, const double *cells, size_t n, double *x);
/* Answers (n) to features (n, d). */
hx_status hx_explain_answers(const hx_explaining *e, const double *x, size_t n, size_t n_threads,
                             double *out, hx_error *err) HX_MUST_USE;
/* Answers (n) to cells (n, n_columns); scratch is freed. */
hx_status hx_explain_ask(const hx_explaining *e, const double *cells, size_t n, double *out,
                         hx_error *err) HX_MUST_USE;
/* At most `most` row numbers below n, ascending, drawn from the seed; *n_out of them in the arena. NULL = out of memory. */
size_t *hx_explain_sample(const hx_explaining *e, size_t n, size_t most, size_t *n_out);
/* A cell as a JSON value: a number, an ISO time, a text, true, false, null. */
void hx_explain_put_cell(const hx_explaining *e, size_t column, double cell, hx_json_writer *w);
/* That of a row, as the table has it. */
void hx_explain_put_table_cell(const hx_explaining *e, size_t column, size_t row,
                               hx_json_writer *w);
void hx_explain_put_number(hx_json_writer *w, const char *key, double v);
const char *hx_explain_kind(const hx_explaining *e, size_t column); /* "number", ... */
/* Distinct cells of a column that are no NaN, ascending; *n of them in the arena. */
hx_status hx_explain_distinct(const hx_explaining *e, size_t column, double **out, size_t *n,
                              hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ methods: each writes its member of the open object */
hx_status hx_explain_coefficients(const hx_explaining *e, hx_json_writer *w,
                                  hx_error *err) HX_MUST_USE;
/* order (n_columns): columns by mean absolute value, the greatest first. */
hx_status hx_explain_shap(const hx_explaining *e, bool kernel, hx_json_writer *w, size_t *order,
                          hx_error *err) HX_MUST_USE;
hx_status hx_explain_permutation(const hx_explaining *e, hx_json_writer *w,
                                 hx_error *err) HX_MUST_USE;
hx_status hx_explain_partial(const hx_explaining *e, const size_t *order, hx_json_writer *w,
                             hx_error *err) HX_MUST_USE;
hx_status hx_explain_change(const hx_explaining *e, hx_json_writer *w, hx_error *err) HX_MUST_USE;
hx_status hx_explain_surrogate(const hx_explaining *e, hx_json_writer *w,
                               hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ parts with tests of their own */
/* Shapley values of one row of cells against the background: out (n_columns + 1), the last the base; exact where at most `budget` coalitions exist. */
hx_status hx_explain_kernel(const hx_explaining *e, const double *cells, uint64_t seed,
                            size_t budget, double *out, hx_error *err) HX_MUST_USE;
/* The usual figure, the cells of one column taken from the rows of `from` (n); SIZE_MAX = as they are. */
hx_status hx_explain_permuted(const hx_explaining *e, hx_figure figure, size_t column,
                              const size_t *from, double *out, hx_error *err) HX_MUST_USE;
/* Values at which a column is looked at: all distinct ones where they are few, else equal steps from the 5th to the 95th percentile. */
hx_status hx_explain_grid(const hx_explaining *e, size_t column, size_t steps, double **out,
                          size_t *n, hx_error *err) HX_MUST_USE;

#endif
