/* select.h - what the rankings of columns are computed from: the columns, each in the forms that the methods need. For select*.c only.
 *
 *     table, target -> hx_select_data -> value of each method for each column -> ranks -> decision (select.c)
 *
 * A column has `x` where it has an order (numbers, times, true/false, texts of two values) and `levels` always: its values, or tenths of the rows where
 * it holds more than HX_SELECT_FEW numbers. A missing value is NaN in x and a level of its own. */
#ifndef HX_LEARN_SELECT_H
#define HX_LEARN_SELECT_H

#include "learn/estimator.h"

#define HX_SELECT_FEW 20 /* numbers of so many values are taken as they are */
#define HX_SELECT_BINS 10 /* of others: tenths of the rows */
#define HX_SELECT_LINEAR_MAX 600 /* features of VIF, L1 path and elimination */
#define HX_SELECT_DUMMIES 32 /* of a text among them; rarer values share the last */
#define HX_SELECT_TREE_FEATURES 256 /* of more, texts have as many as there with trees, too */
#define HX_SELECT_TREE_ROWS 10000 /* rows drawn for the methods that grow trees */

typedef struct {
    const char *name;
    hx_kind kind;
    size_t design; /* as hx_problem.columns counts it */
    double *x; /* (n); NULL = texts of more than two values */
    uint32_t *levels; /* (n), each below n_levels */
    size_t n_levels; /* 1 = constant */
    bool few; /* levels are values, not tenths */
    bool spread; /* x has two different values */
    bool tells; /* more than one level, and no identifier: it is ranked */
    bool identifier; /* a text of which hardly any row has a value that is a level */
    size_t repeated; /* rows with one, of texts */
} hx_select_column;

typedef struct {
    hx_arena *arena; /* borrowed, with all below */
    size_t n; /* rows, 2 at least */
    hx_select_column *columns;
    size_t n_columns;
    hx_learn_task task; /* REGRESSION or CLASSES */
    double *
        y; /* (n): the number, of two classes 0 and 1, of classes that are numbers these; NULL = none of them */
    uint32_t *target; /* (n): the class, or the tenth of the number */
    size_t n_targets;
    hx_problem
        problem; /* of the columns that are ranked, as trees take it; infinite values are missing */
    const size_t *merge; /* (features of the design): the one that stands for it in `problem` */
    bool merged; /* some do for others */
    size_t n_threads; /* >= 1 */
    uint64_t seed;
    const volatile int *cancel;
} hx_select_data;

/* ------------------------------------------------------------------ select_columns.c */
/* d->arena, task, problem (of the design), n are set; the rest is made. skip (n_columns of the design): columns that must not be looked at. */
hx_status hx_select_columns_of(hx_select_data *d, const hx_table *t, const char *target,
                               const hx_design *design, const bool *skip,
                               hx_error *err) HX_MUST_USE;
/* A value of a text in fewer of n rows is no level of its own. */
size_t hx_select_least_rows(size_t n);
/* Levels of numbers, NaN = missing: (n) into levels; returns how many there are, *few says of which sort; 0 = out of memory. room (n). */
size_t hx_select_levels_of(const double *x, size_t n, double *room, uint32_t *levels, bool *few);

/* d->merge for the features of the design, whose training rows are p. */
hx_status hx_select_merge_of(hx_select_data *d, const hx_problem *p, hx_error *err) HX_MUST_USE;
/* The features of the columns of the design with use[i], merged ones as one (merge = NULL: p has been); infinite values become missing. */
hx_status hx_select_features_of(const hx_problem *p, const bool *use, const size_t *merge,
                                hx_arena *arena, hx_problem *out, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ select_filter.c: one column beside the target */
/* Rows where either is NaN are left out; NAN where one is constant. */
double hx_select_pearson(const double *x, const double *y, size_t n);
hx_status hx_select_spearman(const double *x, const double *y, size_t n, double *out,
                             hx_error *err) HX_MUST_USE;
/* tau-b in n log n steps (Knight 1966). */
hx_status hx_select_kendall(const double *x, const double *y, size_t n, double *out,
                            hx_error *err) HX_MUST_USE;
/* One-way analysis of variance of x between the groups (below n_groups); p may be 0 where it is below 1e-308. */
hx_status hx_select_anova(const double *x, const uint32_t *groups, size_t n, size_t n_groups,
                          double *f, double *p, hx_error *err) HX_MUST_USE;
/* Everything that comes from the table of counts of levels (a) and target (b). */
typedef struct {
    double mutual; /* nats */
    double gain, gain_ratio; /* bits; gain over the entropy of a */
    double chi2, chi2_p;
    double information_value; /* two targets; a count of 0 is 0.5; else NAN */
} hx_select_counts;
hx_status hx_select_counts_of(const uint32_t *a, size_t n_a, const uint32_t *b, size_t n_b,
                              size_t n, hx_select_counts *out, hx_error *err) HX_MUST_USE;
/* Of the values scaled to [0, 1]; of levels (x = NULL) half the chance that two rows differ. */
double hx_select_variance(const hx_select_column *c, size_t n);

/* ------------------------------------------------------------------ select_mutual.c: by nearest neighbours, in nats */
/* A number and a class (Ross 2014); rows with NaN are left out. NAN: fewer than 4 rows. */
hx_status hx_select_mutual_class(const double *x, const uint32_t *classes, size_t n,
                                 size_t n_classes, uint64_t seed, double *out,
                                 hx_error *err) HX_MUST_USE;
/* Two numbers (Kraskov, Stoegbauer, Grassberger 2004, first estimator); of more than 20,000 rows every k-th. */
hx_status hx_select_mutual_numbers(const double *x, const double *y, size_t n, uint64_t seed,
                                   double *out, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ of all columns at once: out (n_columns) */
/* select_linear.c; NAN for all where there are more than HX_SELECT_LINEAR_MAX features. NULL = not wanted. */
hx_status hx_select_linear(const hx_select_data *d, double *vif, double *l1, double *rfe,
                           hx_error *err) HX_MUST_USE;
/* select_trees.c: importances of a model, "forest" or "boosting" (HX_EUNSUPPORTED where it is absent). */
hx_status hx_select_importance(const hx_select_data *d, const char *name, double *out,
                               hx_error *err) HX_MUST_USE;
hx_status hx_select_permutation(const hx_select_data *d, double *out, hx_error *err) HX_MUST_USE;
/* Share of the rounds in which a column beats the best shadow; p (n_columns) the smaller tail of that number, times the columns, negative where it is the
 * lower one. */
hx_status hx_select_boruta(const hx_select_data *d, double *out, double *p,
                           hx_error *err) HX_MUST_USE;
/* AUC (classes) or R2 on rows of `test` of a forest that learns from the columns with use[i]. */
hx_status hx_select_judge(const hx_select_data *d, const hx_problem *test, const bool *use,
                          double *figure, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ select_rules.c */
typedef struct {
    bool must_keep, must_not;
    const char *reason; /* "" = none was given */
} hx_select_rule;
/* rules (columns of t) in the arena, from the JSON of a rules file and the two lists. */
hx_status hx_select_rules_of(const hx_table *t, const hx_select_options *o, hx_arena *arena,
                             hx_select_rule **rules, hx_error *err) HX_MUST_USE;
/* Finished JSON in lines, to be read by somebody, into the arena; `what` names it in errors. */
hx_status hx_select_lines(hx_buf *b, const char *what, hx_arena *arena, hx_str *json,
                          hx_error *err) HX_MUST_USE;
/* Why a name looks like a protected attribute, [ui]; NULL = it does not. */
const char *const *hx_select_protected(hx_str name);

#endif
