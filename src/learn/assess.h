/* assess.h - every figure of predictions on rows whose truth is known, in one list; intervals by bootstrap. For src/learn.
 *
 * Evaluation, cross-validation, tuning and ensembles all take their figures from here, so that one name means one thing. */
#ifndef HX_LEARN_ASSESS_H
#define HX_LEARN_ASSESS_H

#include "base/json.h"
#include "huaxiang/learn.h"
#include "learn/metrics.h"

typedef enum {
    HX_FIGURE_ACCURACY = 0, /* CLASSES, to HX_FIGURE_ECE */
    HX_FIGURE_BALANCED,
    HX_FIGURE_PRECISION, /* of the second class where there are two, else macro */
    HX_FIGURE_RECALL,
    HX_FIGURE_F1,
    HX_FIGURE_MACRO_F1,
    HX_FIGURE_AUC, /* of several classes one against the rest, macro */
    HX_FIGURE_PR_AUC,
    HX_FIGURE_LOG_LOSS, /* probabilities clipped to [DBL_EPSILON, 1 - DBL_EPSILON] */
    HX_FIGURE_BRIER, /* of class 1 where there are two, else the sum over classes */
    HX_FIGURE_KS, /* two classes only, as GINI */
    HX_FIGURE_GINI, /* 2 AUC - 1 */
    HX_FIGURE_ECE,
    HX_FIGURE_R2, /* REGRESSION, to the end */
    HX_FIGURE_RMSE,
    HX_FIGURE_MAE,
    HX_FIGURE_MEDIAN_ERROR,
    HX_FIGURE_MAPE,
    HX_FIGURE_SUM_LOSS, /* sum of squared errors */
    HX_FIGURE_MEAN_LOSS, /* their mean */
    HX_FIGURES
} hx_figure;
const char *hx_figure_name(hx_figure f); /* "accuracy", ... */
bool hx_figure_is_of(hx_figure f, hx_learn_task task);
bool hx_figure_is_loss(hx_figure f); /* less is better */
/* What models are compared by where nothing else is said: AUC, R2. */
hx_figure hx_figure_usual(hx_learn_task task);

/* Rows with truth and answers; borrowed. */
typedef struct {
    hx_learn_task task; /* REGRESSION or CLASSES */
    size_t n, n_classes;
    const double *truth; /* (n): the number, or the index of the class */
    const double *values; /* (n): what was predicted */
    const double *probabilities; /* (n, n_classes) of CLASSES */
    size_t n_unknown; /* the last so many classes are none the model knows: their rows are wrong */
} hx_scored;
/* Classes the model knows; figures of two classes are those of two such. */
static inline size_t hx_scored_known(const hx_scored *s) {
    return s->n_classes - s->n_unknown;
}

typedef struct {
    double at[HX_FIGURES]; /* NAN: not defined here */
} hx_figures;
hx_status hx_figures_of(const hx_scored *s, hx_arena *scratch, hx_figures *out,
                        hx_error *err) HX_MUST_USE;
/* Percentile bootstrap of each over rows, round r drawn from (seed, r); the same for any number of threads. */
hx_status hx_figures_bootstrap(const hx_scored *s, size_t rounds, double level, uint64_t seed,
                               size_t n_threads, hx_metric_interval out[HX_FIGURES],
                               hx_error *err) HX_MUST_USE;
/* One evaluation, of whatever made the predictions, as members of an open object; see hx_learner_assess() in huaxiang/learn.h. */
typedef struct {
    const char *learner, *target;
    const char *const *classes; /* (n_classes) of CLASSES */
} hx_assessed;
hx_status hx_assessment_write(const hx_assessed *of, const hx_scored *s, const hx_assess_options *o,
                              hx_arena *arena, hx_json_writer *w, hx_error *err) HX_MUST_USE;
/* Its curves for a page: ROC, precision by recall, thresholds; of numbers points. */
hx_status hx_assess_curves(const hx_scored *s, const char *const *classes,
                           const hx_assess_options *o, hx_arena *arena, hx_json_writer *w,
                           hx_error *err) HX_MUST_USE;
/* Rows ranked within groups by probability or prediction: the member "ranking" of an evaluation. */
typedef struct {
    const char *by; /* what the groups are called */
    const uint32_t *groups; /* (n) */
    size_t at; /* k of NDCG, recall and precision, >= 1 */
} hx_ranking;
hx_status hx_ranking_write(const hx_scored *s, const hx_ranking *r, uint64_t seed, hx_arena *arena,
                           hx_json_writer *w, hx_error *err) HX_MUST_USE;
/* As members of an object, those of the task. */
void hx_figures_write(const hx_figures *f, hx_learn_task task, hx_json_writer *w);

#endif
