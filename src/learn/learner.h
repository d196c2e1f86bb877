/* learner.h - what files of src/learn share about fitted learners of tables; the functions for users are in huaxiang/learn.h. */
#ifndef HX_LEARN_LEARNER_H
#define HX_LEARN_LEARNER_H

#include "learn/estimator.h"

#define HX_MODEL_DEFAULT "boosting"

hx_learner *hx_learner_new(void); /* empty; NULL = out of memory */
/* The table as the design reads it: *own is a copy with the recipe applied, the caller's, or NULL where there is no recipe. Rows stay. */
hx_status hx_learner_prepare(const hx_learner *l, const hx_table *t, size_t n_threads,
                             hx_table **own, hx_error *err) HX_MUST_USE;
/* Adds a member to the summary. */
hx_status hx_learner_tell(hx_learner *l, const char *key, hx_str json, hx_error *err) HX_MUST_USE;
/* The estimator "ensemble" of these members; options->model and params are not used. As hx_learner_fit() else. */
hx_status hx_learner_fit_members(hx_learner **out, const hx_table *train, const hx_member *members,
                                 size_t n, const hx_learn_options *options,
                                 hx_error *err) HX_MUST_USE;
/* Of rows that are features already. */
hx_status hx_learner_predict_problem(const hx_learner *l, const hx_problem *p, size_t n_threads,
                                     hx_arena *arena, hx_predictions *out,
                                     hx_error *err) HX_MUST_USE;
/* hx_learner_import() of bytes in memory; `name` is for messages. */
hx_status hx_learner_import_text(hx_learner **out, hx_str file, const char *name,
                                 const char *target, hx_error *err) HX_MUST_USE;

/* What hx_learner_save() writes, behind what is in `out`, and back; `name` is for messages. (learner_file.c) */
hx_status hx_learner_write(const hx_learner *l, const char *name, hx_buf *out,
                           hx_error *err) HX_MUST_USE;
hx_status hx_learner_read(hx_learner **out, hx_str file, const char *name,
                          hx_error *err) HX_MUST_USE;

/* What each column adds to the margin of a class, of each row: phi (n, n_columns + 1), the base value last. (contributions.c) */
typedef struct {
    size_t n, n_columns;
    double *phi;
    const char **columns; /* (n_columns) names, the learner's */
} hx_contributions;
/* All in the arena. HX_EUNSUPPORTED of an estimator that has none. n_threads 0 = one a processor. */
hx_status hx_learner_contributions(const hx_learner *l, const hx_table *t, size_t class,
                                   size_t n_threads, hx_arena *arena, hx_contributions *out,
                                   hx_error *err) HX_MUST_USE;

#endif
