/* train_search.h - one of several trainings in a folder of the whole. For train_search.c and train_tune.c. */
#ifndef HX_MODEL_TRAIN_SEARCH_H
#define HX_MODEL_TRAIN_SEARCH_H

#include "base/json.h"
#include "huaxiang/model.h"

#define HX_SEARCH_CONFIG_MAX ((size_t)1 << 20)

typedef struct {
    json_t *config; /* borrowed */
    const char *folder;
    const hx_train_calls *calls;
    hx_arena *arena;
    const char *learner; /* of learn.h, in place of a model of our own; NULL = none */
} hx_search;

/* One training in folder/name; metrics is the caller's to json_decref(). */
hx_status hx_search_train(const hx_search *s, const json_t *config, const char *name, bool resume,
                          json_t **metrics, hx_error *err) HX_MUST_USE;
/* Writes j to folder/name and hands it out as text, in the arena. */
hx_status hx_search_write(const hx_search *s, const char *name, const json_t *j, hx_str *out,
                          hx_error *err) HX_MUST_USE;
/* Of the first task, on "validation" or "test"; borrowed, NULL = none. */
json_t *hx_search_figures(const json_t *metrics, const char *part);

#endif
