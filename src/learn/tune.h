/* tune.h - settings of a search over models and their parameters, and how the next one is drawn. For tune*.c only. */
#ifndef HX_LEARN_TUNE_H
#define HX_LEARN_TUNE_H

#include "learn/cross_validate.h"

typedef struct {
    const hx_model_kind *kind;
    double *unit; /* (kind.n_params): place in the range, NAN = fallback; arena */
    hx_str params; /* JSON; arena */
    double *found; /* (n_folds); arena */
    size_t done; /* folds */
    double mean, sd;
    bool plain; /* the model as it is */
} hx_setting;

typedef struct {
    hx_folds folds;
    const char **models;
    size_t n_models, n_tuned; /* n_tuned: of those in `tuned`, which have ranges to draw from */
    const char *tuned[HX_FOLD_MODELS_MAX];
    hx_setting *tried; /* (n_tried), room for n_most; arena */
    size_t n_tried, n_most;
    double deadline; /* monotonic seconds; INFINITY */
    size_t n_threads;
    uint64_t seed;
    hx_tune_search how;
    size_t levels[HX_FOLD_MODELS_MAX]; /* GRID: of each parameter of tuned[i] */
    hx_arena *arena; /* borrowed */
} hx_search;

/* Where tune looks, and the value of a place in [0, 1] of the range; NAN = fallback. */
bool hx_param_is_tuned(const hx_model_param *p);
double hx_param_at(const hx_model_param *p, double unit);
/* The best setting of a model (NULL = of all) that went through all folds; NULL. */
const hx_setting *hx_setting_best(const hx_search *s, const hx_model_kind *kind);
/* The model of setting `index`. */
const char *hx_setting_model(const hx_search *s, size_t index);
/* Places of setting `index`, from (seed, index) and what was found so far. */
hx_status hx_setting_draw(const hx_search *s, size_t index, hx_setting *one,
                          hx_error *err) HX_MUST_USE;
/* GRID: levels of each model so that its points are within `most`; *points = of all models. HX_EINVAL: two levels are too many. */
hx_status hx_grid_plan(hx_search *s, size_t most, size_t *points, hx_error *err) HX_MUST_USE;

#endif
