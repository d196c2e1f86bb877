/* assess.c - figures of predictions; see assess.h.
 *
 * Figures of labels come from classification.c, of orders from ranking.c, of numbers from regression.c; log loss and Brier score are
 * taken from probabilities in double precision:
 *
 *     log loss = -mean log clip(p of the true class)      Brier = mean (p - [is class 1])^2, of several classes summed over them
 *
 * Bootstrap (Efron 1979): rows are drawn with replacement and all figures made anew; a round in which a figure is not defined (one class
 * drawn) does not count for it. */
#include "learn/assess.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/rng.h"

#define ECE_BINS 10
#define ARENA_MAX ((size_t)64 << 30)

typedef struct {
    const char *name;
    bool loss;
} figure_kind;

static const figure_kind kinds[HX_FIGURES] = {
    [HX_FIGURE_ACCURACY] = {"accuracy", false},
    [HX_FIGURE_BALANCED] = {"balanced_accuracy", false},
    [HX_FIGURE_PRECISION] = {"precision", false},
    [HX_FIGURE_RECALL] = {"recall", false},
    [HX_FIGURE_F1] = {"f1", false},
    [HX_FIGURE_MACRO_F1] = {"macro_f1", false},
    [HX_FIGURE_AUC] = {"auc", false},
    [HX_FIGURE_PR_AUC] = {"pr_auc", false},
    [HX_FIGURE_LOG_LOSS] = {"log_loss", true},
    [HX_FIGURE_BRIER] = {"brier", true},
    [HX_FIGURE_KS] = {"ks", false},
    [HX_FIGURE_GINI] = {"gini", false},
    [HX_FIGURE_ECE] = {"ece", true},
    [HX_FIGURE_R2] = {"r2", false},
    [HX_FIGURE_RMSE] = {"rmse", true},
    [HX_FIGURE_MAE] = {"mae", true},
    [HX_FIGURE_MEDIAN_ERROR] = {"median_error", true},
    [HX_FIGURE_MAPE] = {"mape", true},
    [HX_FIGURE_SUM_LOSS] = {"sum_loss", true},
    [HX_FIGURE_MEAN_LOSS] = {"mean_loss", true},
};

const char *hx_figure_name(hx_figure f) {
    return kinds[f].name;
}

bool hx_figure_is_of(hx_figure f, hx_learn_task task) {
    return task == HX_TASK_CLASSES ? f <= HX_FIGURE_ECE : f > HX_FIGURE_ECE;
}

bool hx_figure_is_loss(hx_figure f) {
    return kinds[f].loss;
}

hx_figure hx_figure_usual(hx_learn_task task) {
    return task == HX_TASK_CLASSES ? HX_FIGURE_AUC : HX_FIGURE_R2;
}

static hx_status no_memory(const hx_scored *s, hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the figures of %zu rows", s->n);
}

/* ------------------------------------------------------------------ classes */
static void from_labels(const hx_classification *c, bool two, hx_figures *f) {
    f->at[HX_FIGURE_ACCURACY] = c->accuracy;
    f->at[HX_FIGURE_BALANCED] = c->balanced_accuracy;
    f->at[HX_FIGURE_PRECISION] = two ? c->classes[1].precision : c->macro_precision;
    f->at[HX_FIGURE_RECALL] = two ? c->classes[1].recall : c->macro_recall;
    f->at[HX_FIGURE_F1] = two ? c->classes[1].f1 : c->macro_f1;
    f->at[HX_FIGURE_MACRO_F1] = c->macro_f1;
}

static void losses(const hx_scored *s, hx_figures *f) {
    const size_t known = hx_scored_known(s);
    double log_sum = 0, squares = 0;
    for (size_t i = 0; i < s->n; i++) {
        const double *row = s->probabilities + i * s->n_classes;
        size_t label = (size_t)s->truth[i];
        log_sum -= log(fmin(fmax(row[label], DBL_EPSILON), 1 - DBL_EPSILON));
        const bool stranger = label >= known;
        double sum = 0;
        for (size_t k = known == 2 && !stranger; k < s->n_classes; k++) {
            double off = row[k] - (label == k ? 1 : 0);
            sum += off * off;
        }
        squares += known == 2 && stranger ? sum / 2 : sum; /* of two the same scale */
    }
    f->at[HX_FIGURE_LOG_LOSS] = log_sum / (double)s->n;
    f->at[HX_FIGURE_BRIER] = squares / (double)s->n;
}

/* The mean over classes against the rest; of two that of class 1. */
static void orders(const hx_scored *s, uint8_t *is, double *scores, hx_arena *scratch,
                   hx_figures *f) {
    double auc = 0, pr = 0;
    size_t defined = 0;
    const size_t known = hx_scored_known(s);
    for (size_t k = known == 2; k < known; k++) {
        for (size_t i = 0; i < s->n; i++) {
            is[i] = (size_t)s->truth[i] == k;
            scores[i] = s->probabilities[i * s->n_classes + k];
        }
        double one = hx_auc(is, scores, s->n, scratch);
        if (isnan(one)) continue;
        auc += one;
        pr += hx_average_precision(is, scores, s->n, scratch);
        defined++;
    }
    f->at[HX_FIGURE_AUC] = defined ? auc / (double)defined : NAN;
    f->at[HX_FIGURE_PR_AUC] = defined ? pr / (double)defined : NAN;
    if (known != 2) return;
    f->at[HX_FIGURE_GINI] = 2 * f->at[HX_FIGURE_AUC] - 1;
    f->at[HX_FIGURE_KS] = hx_ks(is, scores, s->n, scratch);
}

static hx_status of_classes(const hx_scored *s, hx_arena *scratch, hx_figures *f, hx_error *err) {
    hx_classification c;
    hx_calibration_bin bins[ECE_BINS];
    uint32_t *labels = hx_arena_alloc(scratch, (2 * s->n + 1) * sizeof *labels);
    uint8_t *is = hx_arena_alloc(scratch, s->n + 1);
    double *scores = hx_arena_alloc(scratch, (s->n + 1) * sizeof *scores);
    float *p = hx_arena_alloc(scratch, (s->n * s->n_classes + 1) * sizeof *p);
    if (!labels || !is || !scores || !p) return no_memory(s, err);
    for (size_t i = 0; i < s->n; i++) {
        labels[i] = (uint32_t)s->truth[i];
        labels[s->n + i] = (uint32_t)s->values[i];
    }
    for (size_t i = 0; i < s->n * s->n_classes; i++)
        p[i] = (float)s->probabilities[i];
    HX_TRY(hx_classification_of(labels, labels + s->n, NULL, s->n, s->n_classes, scratch, &c, err));
    from_labels(&c, hx_scored_known(s) == 2, f);
    if (s->n == 0) return HX_OK;
    losses(s, f);
    orders(s, is, scores, scratch, f);
    (void)hx_calibration_bins(labels, p, s->n, s->n_classes, ECE_BINS, scratch, bins,
                              &f->at[HX_FIGURE_ECE]);
    return HX_OK;
}

static hx_status of_numbers(const hx_scored *s, hx_figures *f, hx_error *err) {
    hx_regression r;
    double sum = 0;
    HX_TRY(hx_regression_of(s->truth, s->values, s->n, &r, err));
    for (size_t i = 0; i < s->n; i++)
        sum += (s->truth[i] - s->values[i]) * (s->truth[i] - s->values[i]);
    f->at[HX_FIGURE_R2] = r.r2;
    f->at[HX_FIGURE_RMSE] = r.rmse;
    f->at[HX_FIGURE_MAE] = r.mae;
    f->at[HX_FIGURE_MEDIAN_ERROR] = r.median_error;
    f->at[HX_FIGURE_MAPE] = r.mape;
    f->at[HX_FIGURE_SUM_LOSS] = sum;
    f->at[HX_FIGURE_MEAN_LOSS] = s->n ? sum / (double)s->n : NAN;
    return HX_OK;
}

hx_status hx_figures_of(const hx_scored *s, hx_arena *scratch, hx_figures *out, hx_error *err) {
    for (int i = 0; i < HX_FIGURES; i++)
        out->at[i] = NAN;
    return s->task == HX_TASK_CLASSES ? of_classes(s, scratch, out, err) : of_numbers(s, out, err);
}

void hx_figures_write(const hx_figures *f, hx_learn_task task, hx_json_writer *w) {
    for (int i = 0; i < HX_FIGURES; i++) {
        if (!hx_figure_is_of((hx_figure)i, task)) continue;
        hx_json_key(w, kinds[i].name);
        hx_json_double(w, f->at[i]);
    }
}

/* ------------------------------------------------------------------ bootstrap */
typedef struct {
    const hx_scored *s;
    uint64_t seed;
    size_t rounds;
    hx_figures *found; /* (rounds + 1): of each draw, the last of the rows themselves */
} drawing;

static hx_status draw_round(const drawing *d, size_t round, hx_arena *arena, hx_error *err) {
    const hx_scored *s = d->s;
    hx_rng rng;
    if (round == d->rounds) return hx_figures_of(s, arena, &d->found[round], err);
    double *truth = hx_arena_alloc(arena, (s->n + 1) * sizeof *truth);
    double *values = hx_arena_alloc(arena, (s->n + 1) * sizeof *values);
    double *p = hx_arena_alloc(arena, (s->n * s->n_classes + 1) * sizeof *p);
    if (!truth || !values || !p) return no_memory(s, err);
    hx_rng_seed(&rng, hx_hash_mix(d->seed, round));
    for (size_t i = 0; i < s->n; i++) {
        size_t row = (size_t)hx_rng_below(&rng, s->n);
        truth[i] = s->truth[row];
        values[i] = s->values[row];
        if (s->n_classes > 0)
            memcpy(p + i * s->n_classes, s->probabilities + row * s->n_classes,
                   s->n_classes * sizeof *p);
    }
    hx_scored drawn = *s;
    drawn.truth = truth;
    drawn.values = values;
    drawn.probabilities = p;
    return hx_figures_of(&drawn, arena, &d->found[round], err);
}

static hx_status run_round(void *context, size_t round, size_t worker, hx_error *err) {
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    (void)worker;
    hx_status st = arena ? draw_round(context, round, arena, err)
                         : no_memory(((const drawing *)context)->s, err);
    hx_arena_free(arena);
    return st;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double q) {
    double at = q * (double)(n - 1), below = floor(at);
    size_t i = (size_t)below;
    if (i + 1 >= n) return sorted[n - 1];
    return sorted[i] + (at - below) * (sorted[i + 1] - sorted[i]);
}

/* None where the figure of the rows themselves is not defined, though it is of some draws (MAPE where one value is 0). */
static hx_metric_interval interval_of(const drawing *d, int figure, double level, double *room) {
    size_t kept = 0;
    if (isnan(d->found[d->rounds].at[figure])) return (hx_metric_interval){NAN, NAN};
    for (size_t r = 0; r < d->rounds; r++)
        if (!isnan(d->found[r].at[figure])) room[kept++] = d->found[r].at[figure];
    if (kept == 0) return (hx_metric_interval){NAN, NAN};
    qsort(room, kept, sizeof *room, compare_doubles);
    return (hx_metric_interval){quantile(room, kept, (1 - level) / 2),
                                quantile(room, kept, (1 + level) / 2)};
}

hx_status hx_figures_bootstrap(const hx_scored *s, size_t rounds, double level, uint64_t seed,
                               size_t n_threads, hx_metric_interval out[HX_FIGURES],
                               hx_error *err) {
    if (s->n == 0) rounds = 0;
    drawing d = {
        .s = s, .seed = seed, .rounds = rounds, .found = calloc(rounds + 1, sizeof(hx_figures))};
    double *room = calloc(rounds + 1, sizeof *room);
    hx_status st = d.found && room ? hx_pool_run(n_threads, rounds + 1, run_round, &d, err)
                                   : no_memory(s, err);
    for (int i = 0; i < HX_FIGURES && st == HX_OK; i++)
        out[i] = interval_of(&d, i, level, room);
    free(d.found);
    free(room);
    return st;
}
