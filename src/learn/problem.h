/* problem.h - a table as a learner sees it: a matrix of features, and what is to be learnt. For src/learn, src/model, src/insight.
 *
 *     table -> design (fitted on the training rows) -> problem: x (n, d), y (n)
 *
 * What the design does is what the estimator asks for (hx_wants in estimator.h):
 *   number, boolean, time (in days)    one feature; NaN = missing, or filled with the mean and a feature "NAME is missing" beside it where any was
 *   text                               a feature a value, "NAME=VALUE", for the commonest HX_LEVELS_MAX - 1 that occur in two rows, one for all others;
 *                                      or one feature that holds the level's number (trees that split levels)
 *   a text that is read                ids of its first tokens (words and characters, or items between marks), -1 behind its end; the last features
 *   scaled                             (x - mean) / standard deviation of the training rows; a constant column becomes 0
 * Values that did not occur in training are "other". Features keep the column they come from, so that figures can be summed by column. */
#ifndef HX_LEARN_PROBLEM_H
#define HX_LEARN_PROBLEM_H

#include "base/json.h"
#include "huaxiang/learn.h"

#define HX_LEVELS_MAX 256 /* features of one text column */
#define HX_DESIGN_FEATURES_MAX 100000
#define HX_CLASSES_MAX 10000
#define HX_TOKENS_MAX 30000 /* known ones of a text */
#define HX_TOKENS_LENGTH_MAX 65536

typedef struct {
    double *x; /* (n, d) row-major; NaN = missing where the estimator takes it */
    size_t n, d;
    double *y; /* (n): the number, or the index of the class; NULL without target */
    double *event; /* (n): 1 = ended, 0 = still running; SURVIVAL only */
    double *weights; /* (n), mean 1; NULL = all 1 */
    const char *const *names; /* (d) of features */
    const size_t *columns; /* (d): which column of the design a feature is of */
    const uint32_t *
        levels; /* (d): values of a feature that holds a level's number, else 0; NULL = none does */
    const char *const *classes; /* (n_classes) */
    size_t n_classes;
    size_t n_unknown; /* the last so many classes are none of the design's: hx_design_judged() */
    hx_learn_task task;
    size_t n_tokens; /* the last so many features are ids of a text's tokens, -1 behind its end */
    size_t n_known; /* ids go up to it; 0 = an unknown token */
} hx_problem;

typedef struct hx_design hx_design;
typedef struct {
    const char *target, *event, *weight, *use, *drop; /* as hx_learn_options */
    hx_learn_task task;
    unsigned wants; /* hx_wants */
    const char
        *text; /* the column that is read as tokens; others that can't read it leave it out; NULL */
    const char
        *items; /* its tokens are what stands between these marks; NULL = words, characters */
    bool
        leave_ids; /* texts that tell rows apart and nothing else are no features unless `use` names them */
    size_t length, min_count; /* tokens at most, rows a token needs; 0 = 256 and 2 */
    const char *model; /* its name, for sentences; NULL = none */
} hx_design_options;

/* Fitted on a table. */
hx_status hx_design_fit(hx_design **out, const hx_table *t, const hx_design_options *o,
                        hx_error *err) HX_MUST_USE;
void hx_design_free(hx_design *d);
hx_learn_task hx_design_task(const hx_design *d);
/* x of any table with these columns; y too where `with_target`. All in the arena. Rows without a target are refused by number (with_target). */
hx_status hx_design_problem(const hx_design *d, const hx_table *t, bool with_target,
                            hx_arena *arena, hx_problem *out, hx_error *err) HX_MUST_USE;
/* The same with targets to judge by: values that are no class of the design come as classes behind its own, HX_UNKNOWN_MAX at most, the last of
 * which then holds all others. */
#define HX_UNKNOWN_MAX 20
hx_status hx_design_judged(const hx_design *d, const hx_table *t, hx_arena *arena, hx_problem *out,
                           hx_error *err) HX_MUST_USE;
/* What its columns were when it was fitted, its target too where that has classes: (n) in the arena, names borrow from the design. */
hx_status hx_design_kinds(const hx_design *d, hx_arena *arena, hx_column_kind **out, size_t *n,
                          hx_error *err) HX_MUST_USE;
/* Names of the columns that leave_ids took away: (n). */
const char *const *hx_design_left_out(const hx_design *d, size_t *n);
/* Names of the columns features come from: (n) as problem.columns counts them. */
const char *const *hx_design_columns(const hx_design *d, size_t *n);
/* Features and classes as every problem of the design has them. */
void hx_design_names(const hx_design *d, const char *const **names, size_t *n_features,
                     const char *const **classes, size_t *n_classes);
void hx_design_write(const hx_design *d, hx_json_writer *w);
hx_status hx_design_read(hx_design **out, const json_t *json, hx_error *err) HX_MUST_USE;

/* Some rows of a problem, copied; in the arena. */
hx_status hx_problem_pick(const hx_problem *p, const size_t *rows, size_t n, hx_arena *arena,
                          hx_problem *out, hx_error *err) HX_MUST_USE;
/* All rows without the features that are tokens; x is a copy in the arena where there are such. */
hx_status hx_problem_plain(const hx_problem *p, hx_arena *arena, hx_problem *out,
                           hx_error *err) HX_MUST_USE;

#endif
