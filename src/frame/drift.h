/* drift.h - profiles of tables and how far a later table is from one: what monitor.c and the rule `distribution` stand on. */
#ifndef HX_FRAME_DRIFT_H
#define HX_FRAME_DRIFT_H

#include "base/json.h"
#include "huaxiang/frame.h"

#define HX_PROFILE_POINTS 1000 /* of a column of numbers or times */
#define HX_PROFILE_VALUES 1000 /* of a column of texts, the commonest */

typedef struct {
    hx_str name;
    hx_kind kind;
    size_t count, missing, unique;
    double mean, std, min, max; /* NaN where they do not apply */
    /* NUMBER, TIME: distinct points ascending, rows below and rows at or below each. All distinct values where there are few. */
    double *points; /* [n] */
    size_t *below, *up_to; /* [n] */
    /* TEXT, BOOLEAN: values with their rows, the commonest first */
    hx_str *values; /* [n] */
    size_t *rows; /* [n] */
    size_t n;
    size_t singles; /* TEXT: values that one row has */
} hx_profile_column;

typedef struct {
    size_t rows, n;
    hx_profile_column *columns; /* [n] */
} hx_profile_table;

/* All in the arena. */
hx_status hx_profile_take(const hx_table *t, size_t n_threads, hx_arena *arena,
                          hx_profile_table *out, hx_error *err) HX_MUST_USE;
void hx_profile_put(const hx_profile_table *p, hx_json_writer *w); /* one object */
hx_status hx_profile_get(const json_t *object, hx_arena *arena, hx_profile_table *out,
                         hx_error *err) HX_MUST_USE;
const hx_profile_column *hx_profile_find(const hx_profile_table *p, hx_str name); /* or NULL */

#define HX_DRIFT_BINS 50 /* of texts; numbers have ten */
typedef struct {
    size_t n, before[HX_DRIFT_BINS + 1], now[HX_DRIFT_BINS + 1]; /* the last of texts: all others */
    bool
        together; /* which values have a bin was settled by the rows of both tables; of numbers by those before */
} hx_drift_bins;

/* The values of a column of numbers or times, ascending; for the caller to free(). NULL: out of memory. */
double *hx_drift_sorted(const hx_table *t, size_t column, size_t *n);
/* Rows of each code of a text column, or of false and true; for the caller to free(). NULL: out of memory. */
size_t *hx_drift_counts(const hx_table *t, size_t column);

/* How far the column of `t` is from `base`. HX_EINVAL where it is of another kind. */
hx_status hx_drift_of(const hx_profile_column *base, const hx_table *t, size_t column,
                      hx_arena *arena, hx_drift *out, hx_drift_bins *bins,
                      hx_error *err) HX_MUST_USE;
/* PSI and the root of the JS divergence (base 2) of the bins. Both have rows. */
void hx_drift_distances(const hx_drift_bins *b, double *psi, double *js);
/* What they exceed with probability `tail` where nothing changed (drift_limits.c); `exact`: by simulation where rows are few, else by
 * chi2 alone. */
void hx_drift_limits(const hx_drift_bins *b, double tail, bool exact, double *psi, double *js);
/* The same of |share of missing now - before|, on the side where it is. */
double hx_drift_missing_limit(size_t rows_before, size_t missing_before, size_t rows_now,
                              size_t missing_now, double tail);
/* P(D > d) of Kolmogorov's limit law: 2 sum (-1)^(k-1) exp(-2 k^2 x^2). */
double hx_kolmogorov_tail(double x);
/* The value that a chi-squared variable of k degrees of freedom exceeds with probability `tail` (Wilson, Hilferty 1931). */
double hx_chi_square_above(double k, double tail);
double hx_normal_above(double tail); /* the same of a standard normal variable (Acklam; 1e-9) */

#endif
