/* churn.h - inside of a model of churn: its members, how they are weighed, what is known of its columns. For src/insight/churn_*.c alone.
 *
 *     score = intercept + sum over members w_m margin_m          log-odds that the customer leaves
 *     probability = 1 / (1 + exp(-score)), then the ascending map where one was fitted
 *
 * Margins are sums over columns (Shapley values of trees, w (x - mean) of the linear member), so the score is. Scores and contributions are told in
 * whole millionths (HX_CHURN_ONE), so that they add up exactly.
 *
 * Invariants of every model, also of one that was read: 1 to HX_CHURN_MEMBERS_MAX members, each with two classes; weights are finite and >= 0. */
#ifndef HX_INSIGHT_CHURN_H
#define HX_INSIGHT_CHURN_H

#include "base/json.h"
#include "huaxiang/insight.h"
#include "learn/calibration.h"
#include "learn/learner.h"

#define HX_CHURN_ONE 1000000.0
#define HX_CHURN_MEMBERS_MAX 16
#define HX_CHURN_BINS 5 /* of a column of numbers */
#define HX_CHURN_VALUES 50 /* of a column of texts that are counted */
#define HX_CHURN_BYTES_MAX ((size_t)1 << 30)
#define HX_CHURN_MARGIN_MAX 30.0

typedef struct {
    double low, high; /* of numbers: the least and the greatest that were met */
    hx_str value; /* of texts */
    double rows, left;
} hx_churn_bin;

typedef struct {
    hx_str name;
    hx_kind kind;
    hx_churn_bin missing;
    hx_churn_bin bins[HX_CHURN_VALUES];
    size_t n_bins;
} hx_churn_column;

typedef struct {
    double auc, log_loss, brier; /* of rows that members did not see */
} hx_churn_figures;

struct hx_churn {
    hx_arena *arena;
    hx_str target, churned, customer; /* customer: column of ids, empty where there is none */
    hx_str about; /* JSON of where the columns come from, empty = a table */
    hx_learner *members[HX_CHURN_MEMBERS_MAX];
    double weights[HX_CHURN_MEMBERS_MAX];
    size_t n_members;
    double intercept;
    hx_calibration *map; /* NULL = none */
    double rows, left;
    hx_churn_figures figures;
    hx_churn_column *columns;
    size_t n_columns;
    uint64_t hash; /* of its file */
};

/* ---- churn_file.c */
hx_status hx_churn_new(hx_churn **out, hx_error *err) HX_MUST_USE;
/* Sets the hash, by which receipts name the model, to that of its text. */
hx_status hx_churn_seal(hx_churn *m, hx_error *err) HX_MUST_USE;

/* ---- churn_columns.c */
/* What became of customers by each column that members read: `left` (rows of t) is 1, 0. */
hx_status hx_churn_count(hx_churn *m, const hx_table *t, const double *left,
                         hx_error *err) HX_MUST_USE;
const hx_churn_column *hx_churn_column_of(const hx_churn *m, hx_str name); /* NULL = none */
/* The bin that a cell is in; NULL where nothing of the kind was met. */
const hx_churn_bin *hx_churn_bin_of(const hx_churn_column *c, const hx_table *t, size_t column,
                                    size_t row);

/* ---- churn_explain.c */
/* Of each row its score in millionths; phi (rows, n_columns + 1) contributions, the base last, NULL = not wanted. */
hx_status hx_churn_scores(const hx_churn *m, const hx_table *t, size_t n_threads, int64_t *scores,
                          int64_t *phi, hx_error *err) HX_MUST_USE;
double hx_churn_probability(const hx_churn *m, int64_t score);

/* ---- churn_fit.c */
/* intercept and n weights >= 0 of the greatest likelihood of left (rows) 1, 0 by margins (n, rows): Newton's method, members of negative weight
 * left out one by one; figures are of these very rows. */
hx_status hx_churn_weigh(const double *margins, const double *left, size_t rows, size_t n,
                         double *weights, double *intercept, hx_error *err) HX_MUST_USE;

#endif
