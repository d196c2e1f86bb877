/* learnt_from.h - the run that a model came from, and which files it read. For src/model. */
#ifndef HX_MODEL_LEARNT_FROM_H
#define HX_MODEL_LEARNT_FROM_H

#include "base/json.h"
#include "huaxiang/model.h"

/* config.json of the run that left RUN/best or RUN/last, whole.json of the comparison that left WHOLE/NAME.learner; NULL: the model is no run's.
 * The caller json_decref()s it. */
hx_status hx_run_config_of(const char *model, json_t **out, hx_error *err) HX_MUST_USE;
/* The file at `path` has the bytes that `sums` (data_sums of a run) notes of `name`. */
bool hx_is_noted(const char *path, const json_t *sums, const char *name);

#endif
