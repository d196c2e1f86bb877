/* cross_validate.h - models fitted and judged fold by fold, side by side; what cross-validation, tuning and ensembles share. For src/learn.
 *
 *     hx_folds_open: truth, classes and folds of a table     hx_folds_run: any number of (model, parameters, fold)
 *
 * Each run fits recipe, design and model on the fold's training rows alone. Runs are independent and each uses one thread, so the figures are the same for
 * any number of threads. */
#ifndef HX_LEARN_CROSS_VALIDATE_H
#define HX_LEARN_CROSS_VALIDATE_H

#include "learn/assess.h"
#include "learn/learner.h"

#define HX_FOLD_MODELS_MAX 16
#define HX_FOLDS_MAX 100
#define HX_REPEATS_MAX 100

typedef struct {
    const hx_table *t; /* borrowed */
    hx_learn_options learn; /* task is settled */
    hx_design *design; /* of the truth: owned */
    hx_arena *arena; /* owned */
    hx_problem truth; /* y, classes; in the arena */
    size_t n_folds, n_repeats;
    bool by_time;
    uint32_t *
        folds; /* (n_repeats, n); by time 0 = only trained on, else 1 to n_folds; without time 0 to n_folds - 1 */
    void (*ended)(
        void *context,
        size_t
            n); /* called now and then with how many runs have ended, by the caller's thread; NULL */
    void *context;
} hx_folds;
hx_status hx_folds_open(hx_folds *f, const hx_table *t, const hx_cross_options *o,
                        hx_error *err) HX_MUST_USE;
void hx_folds_close(hx_folds *f); /* all zero is fine */

typedef struct {
    const char *model;
    hx_str params;
    size_t repeat, fold; /* fold in [0, n_folds) */
    double *values,
        *probabilities; /* (n), (n, n_classes) of all rows: the fold's are written; NULL = not wanted */
    double
        share; /* of the fold's training rows that are learnt from, classes evenly, by time the latest; 0 = all */
    hx_figures *seen; /* of the rows that were learnt from; NULL = not wanted */
    const hx_member *members; /* (n_members): these together instead of a model; NULL */
    size_t n_members;
    bool forgive; /* a fit that fails leaves figures NAN; memory and cancelling fail all the same */
    hx_figures figures; /* out */
    size_t n_train, n_test; /* out */
} hx_fold_run;
hx_status hx_folds_run(const hx_folds *f, hx_fold_run *runs, size_t n, size_t n_threads,
                       hx_error *err) HX_MUST_USE;
/* Of one model over sizes of the training rows: the member "curve", an array of {share, rows, train, test}, each figure with mean, sd and folds. */
hx_status hx_learning_curve(const hx_folds *f, const char *model, hx_str params, size_t n_threads,
                            hx_json_writer *w, hx_error *err) HX_MUST_USE;
/* Whether a row is predicted in a repeat (by time the first rows are not). */
bool hx_folds_covers(const hx_folds *f, size_t repeat, size_t row);

/* (n) codes of a column's values, equal ones the same; rows without a value are one group. HX_ENOTFOUND: no such column. */
hx_status hx_groups_of(const hx_table *t, const char *name, hx_arena *arena, uint32_t **out,
                       hx_error *err) HX_MUST_USE;

/* "ridge,forest" into names in the arena; each known, none twice. */
hx_status hx_models_of(const char *list, hx_arena *arena, const char ***names, size_t *n,
                       hx_error *err) HX_MUST_USE;

/* Mean and sample standard deviation; NAN where one is not defined. */
void hx_mean_sd(const double *x, size_t n, double *mean, double *sd);
/* Differences of two models on the same n folds: t = mean / sqrt((1 / n + n_test / n_train) variance), n - 1 degrees of freedom. */
typedef struct {
    double mean, sd, t, p;
} hx_paired;
hx_paired hx_paired_test(const double *a, const double *b, size_t n, double test_to_train);

#endif
