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

#endif
