/* tune.h - settings of a search over models and their parameters, how the next one is drawn, and which are best together. For tune*.c only. */
#ifndef HX_LEARN_TUNE_H
#define HX_LEARN_TUNE_H

#include "learn/members.h"

typedef struct {
    const hx_model_kind *kind;
    double *unit; /* (kind.n_params): place in the range, NAN = fallback; arena */
    hx_str params; /* JSON; arena */
    double *found; /* (n_folds); arena */
    size_t done; /* folds */
    double mean, sd;
    bool plain; /* the model as it is */
    double *said; /* (n, columns) out of fold; owned; NULL = not kept */
    uint32_t count; /* how often it is among those that are best together */
} hx_setting;

typedef struct {
    hx_folds folds;
    const char **models;
    size_t n_models, n_tuned; /* n_tuned: of those in `tuned`, which have ranges to draw from */
    const char *tuned[HX_FOLD_MODELS_MAX];
    hx_setting *tried; /* (n_tried), room for n_most; arena */
    size_t n_tried, n_most;
    double began, deadline; /* monotonic seconds; INFINITY */
    size_t part, n_parts; /* this search among those of a nested one */
    size_t n_runs, n_expected; /* fits that ended; so many with n_most settings */
    bool usual; /* models nobody named: one that can't be fitted is left out */
    size_t columns; /* of what a setting says; 0 = it is not kept */
    bool together; /* several settings are kept, those that count */
    double together_found[HX_FOLDS_MAX]; /* their figures */
    size_t n_threads;
    uint64_t seed;
    hx_tune_search how;
    size_t levels[HX_FOLD_MODELS_MAX]; /* GRID: of each parameter of tuned[i] */
    hx_arena *arena; /* borrowed */
} hx_tuning;

/* Where tune looks, and the value of a place in [0, 1] of the range; NAN = fallback. */
bool hx_param_is_tuned(const hx_model_param *p);
double hx_param_at(const hx_model_param *p, double unit);
/* The best setting of a model (NULL = of all) that went through all folds; NULL. */
const hx_setting *hx_setting_best(const hx_tuning *s, const hx_model_kind *kind);
/* The model of setting `index`. */
const char *hx_setting_model(const hx_tuning *s, size_t index);
/* Places of setting `index`, from (seed, index) and what was found so far. */
hx_status hx_setting_draw(const hx_tuning *s, size_t index, hx_setting *one,
                          hx_error *err) HX_MUST_USE;
/* GRID: levels of each model so that its points are within `most`; *points = of all models. HX_EINVAL: two levels are too many. */
hx_status hx_grid_plan(hx_tuning *s, size_t most, size_t *points, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ tune_members.c */
/* Gives back what settings said, but for the best that may be members. */
void hx_search_forget(hx_tuning *s);
/* Chooses the settings that are best together, where they are better than the best alone. */
hx_status hx_search_choose(hx_tuning *s, hx_error *err) HX_MUST_USE;
/* Those that were chosen, in the search's arena. */
hx_status hx_search_members(const hx_tuning *s, hx_member **out, size_t *n,
                            hx_error *err) HX_MUST_USE;
void hx_search_put_members(const hx_tuning *s, hx_json_writer *w);

#endif
