/* estimator.h - one kind of model for tables: parameters, fit, predict, explain, write, read. For src/learn only.
 *
 * Each kind is a const table in a file of its own family (linear, svm, bayes, neighbours, tree, forest, boosting, outliers, mlp, survival);
 * estimator.c keeps the list. Cross-validation, tuning, ensembles, explanation and files are written once, for all kinds. */
#ifndef HX_LEARN_ESTIMATOR_H
#define HX_LEARN_ESTIMATOR_H

#include "learn/problem.h"
#include "learn/trees.h"

enum hx_wants {
    HX_WANTS_FILLED = 1, /* no NaN: means and indicators */
    HX_WANTS_SCALED = 2, /* mean 0, deviation 1 of the training rows */
    HX_WANTS_LEVELS = 4, /* text as level numbers instead of a feature a value */
    HX_WANTS_CONTRASTS = 8, /* no feature for the first value of a text column: differences to it */
    HX_WANTS_TOKENS =
        16, /* a text column as ids of its tokens: the one that is named, or the only one there is */
    HX_WANTS_TOKENS_TOO = 32, /* ... where one is named */
    HX_WANTS_EMBEDDING = 64 /* a recipe with the step "embed" */
};

/* What a fitted model reckons, for those who write it down in another language; borrowed from the state. Output o is intercepts[o * stride] plus
 * the products with weights[o * stride + j], or the sum of `trees`; the link makes numbers or probabilities of the outputs. */
typedef enum {
    HX_LINK_NUMBER = 0, /* the output itself */
    HX_LINK_LOGIT, /* one output: log-odds of the second of two classes */
    HX_LINK_SOFTMAX, /* an output a class */
    HX_LINK_SHARES /* an output a class: probabilities as they are */
} hx_link;
typedef struct {
    size_t n_outputs, stride;
    const double *weights, *intercepts; /* NULL of trees */
    bool intercept_last; /* added behind the products: the order decides about the last bit */
    const hx_trees *trees; /* NULL of weights */
    hx_link link;
} hx_formula;

typedef struct hx_member hx_member; /* members.h */
typedef struct {
    const double *params; /* (kind.n_params): as given or fallback, checked */
    uint64_t seed;
    size_t n_threads; /* >= 1 */
    void (*progress)(void *context, const hx_learn_progress *p);
    void *context;
    const volatile int *cancel;
    const hx_member *members; /* (n_members) of "ensemble", borrowed; NULL of all others */
    size_t n_members;
} hx_fit_options;

typedef struct {
    hx_model_kind kind;
    unsigned wants; /* hx_wants */
    /* *state is made; owned by the caller, given back by release. validation may be NULL. */
    hx_status (*fit)(void **state, const hx_problem *train, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err);
    /* x (n, d); out (n, n_classes) probabilities of CLASSES, rows summing to 1; else (n). */
    hx_status (*predict)(const void *state, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err);
    /* Of each feature to the margin of class `class` (log-odds for two classes; the number of a regression): out (n, d + 1), the last the base
     * value; rows sum to the margin. NULL = found by sampling (explain.c). */
    hx_status (*contributions)(const void *state, const double *x, size_t n, size_t class,
                               size_t n_threads, double *out, hx_error *err);
    /* (d), summing to 1; NULL = only by permutation. */
    void (*importance)(const void *state, double *out);
    void (*summary)(
        const void *state,
        hx_json_writer *w); /* members of the summary object: loss trace, coefficients, ...; NULL */
    void (*write)(const void *state, hx_json_writer *w); /* one JSON value */
    hx_status (*read)(void **state, const json_t *json, size_t d, size_t n_classes, hx_error *err);
    void (*release)(void *state);
    void (*formula)(const void *state, hx_formula *out); /* NULL = there is none that is short */
} hx_estimator;

const hx_estimator *hx_estimator_of(const char *name); /* NULL = no such; other names, too */
/* The same, or a sentence with the name that is meant. */
hx_status hx_estimator_named(const hx_estimator **out, const char *name, hx_error *err) HX_MUST_USE;
/* The name in the list for what people also call a model ("knn", "Random_Forest"); NULL where it is none of them. (model_names.c) */
const char *hx_model_other_name(const char *name);
/* The name in the list that differs in the fewest letters, at most a third of them; NULL = none is near. */
const char *hx_model_near_name(const char *name);
const hx_estimator *const *hx_estimators(size_t *n);
/* Parameters of a JSON object in the order of kind.params; every unknown name, wrong type or value out of range has its sentence. */
hx_status hx_params_of(const hx_model_kind *kind, hx_str json, double *params,
                       hx_error *err) HX_MUST_USE;

/* The same back, as an object. */
void hx_params_write(const hx_model_kind *kind, const double *params, hx_json_writer *w);

/* What is inside a learner. */
struct hx_learner {
    const hx_estimator *estimator;
    hx_recipe *recipe; /* NULL = none */
    hx_design *design;
    void *state;
    double *params; /* (kind.n_params) in the arena */
    hx_arena *arena;
    const char *target;
    const char *const *features; /* (n_features) the design's */
    const char *const *classes; /* (n_classes) the design's */
    size_t n_classes, n_features;
    hx_str summary; /* JSON */
    struct hx_calibration *calibration; /* owned; NULL = probabilities stay as they are */
    struct hx_conformal *conformal; /* owned; NULL = none was asked for */
    const hx_member *members; /* while it is fitted: as hx_fit_options */
    size_t n_members;
    const hx_text_embedder *embedder; /* borrowed; NULL = none */
};

#endif
