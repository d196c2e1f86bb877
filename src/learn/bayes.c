/* bayes.c - naive Bayes: features are taken as independent within a class.
 *
 *     log P(class | x) = log prior + sum over features of log P(x_j | class) + constant
 *
 * A feature whose training values are all 0 or 1, or of two values in all, is Bernoulli: what lies above the middle of the two is a one,
 * P(1 | class) = (ones + alpha) / (rows + 2 alpha), so that scaling changes nothing. Any other is normal with the mean
 * and variance of the class, to which `smoothing` times the greatest variance of all normal features is added (scikit-learn's BernoulliNB and
 * GaussianNB). Missing values add nothing, in training as in predicting. A class without a value of a feature has those of all rows. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/model_state.h"

#define TWO_PI 6.283185307179586477
#define LEAST_VARIANCE 1e-300

enum { ALPHA, SMOOTHING, PARAMS };

static const hx_model_param params[PARAMS] = {
    {.name = "alpha",
     .fallback = 1,
     .low = 1e-10,
     .high = 1e6,
     .tune_low = 1e-3,
     .tune_high = 10,
     .tune_log = true,
     .help = {"rows added to each value of a yes-or-no feature", "每个是/否特征取值的平滑计数"}},
    {.name = "smoothing",
     .fallback = 1e-9,
     .high = 1,
     .tune_low = 1e-12,
     .tune_high = 0.1,
     .tune_log = true,
     .help = {"added to variances, as a share of the greatest",
              "加到方差上的量（占最大方差的比例）"}},
};

typedef struct {
    hx_arena *arena; /* owned, with all below */
    size_t d, n_classes;
    double *priors; /* (n_classes) */
    double *binary; /* (d): 1 = Bernoulli */
    double *cuts; /* (d): above it is a one */
    double *means; /* (n_classes, d): mean, or probability of 1 */
    double *variances; /* (n_classes, d): of normal features */
} state;

static double *numbers(hx_arena *a, size_t n) {
    return hx_arena_alloc(a, (n + 1) * sizeof(double));
}

static state *new_state(size_t d, size_t n_classes) {
    state *s = hx_state_new(sizeof *s);
    if (!s) return NULL;
    s->d = d;
    s->n_classes = n_classes;
    s->priors = numbers(s->arena, n_classes);
    if (s->priors) s->binary = numbers(s->arena, d);
    if (s->binary) s->cuts = numbers(s->arena, d);
    if (s->cuts) s->means = numbers(s->arena, n_classes * d);
    if (s->means) s->variances = numbers(s->arena, n_classes * d);
    if (s->variances) return s;
    hx_state_release(s);
    return NULL;
}

/* ------------------------------------------------------------------ fitting */
/* Weight, mean and variance of a feature in each class, and in all rows (index n_classes), where each weighs the same. */
typedef struct {
    double weight, mean, variance;
} moments;

static double weight_of(const hx_problem *p, size_t i) {
    return p->weights ? p->weights[i] : 1;
}

static void measure(const hx_problem *p, size_t j, moments *m) {
    size_t all = p->n_classes;
    for (size_t k = 0; k <= all; k++)
        m[k] = (moments){0};
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < p->n; i++) {
            double v = p->x[i * p->d + j], w = weight_of(p, i);
            moments *own = &m[(size_t)p->y[i]];
            if (!isfinite(v)) continue;
            if (pass == 0) {
                own->weight += w;
                own->mean += w * v;
                m[all].weight++;
                m[all].mean += v;
            } else {
                own->variance += w * (v - own->mean) * (v - own->mean);
                m[all].variance += (v - m[all].mean) * (v - m[all].mean);
            }
        }
        for (size_t k = 0; k <= all; k++)
            if (m[k].weight > 0) *(pass ? &m[k].variance : &m[k].mean) /= m[k].weight;
    }
}

/* The two values; 0 and 1 where there are no others. */
static bool is_binary(const hx_problem *p, size_t j, double *low, double *high) {
    bool bits = true;
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < p->n; i++) {
        double v = p->x[i * p->d + j];
        if (isnan(v)) continue;
        if (isinf(v)) return false;
        bits = bits && (v == 0 || v == 1);
        *low = fmin(*low, v);
        *high = fmax(*high, v);
    }
    for (size_t i = 0; i < p->n && !bits; i++) {
        double v = p->x[i * p->d + j];
        if (!isnan(v) && v != *low && v != *high) return false;
    }
    if (bits) {
        *low = 0;
        *high = 1;
    }
    return *low < *high;
}

static double fit_feature(state *s, const hx_problem *p, size_t j, double alpha, moments *m) {
    size_t all = p->n_classes;
    double low, high;
    measure(p, j, m);
    s->binary[j] = is_binary(p, j, &low, &high);
    s->cuts[j] = s->binary[j] != 0 ? low + (high - low) / 2 : 0;
    for (size_t k = 0; k < all; k++) {
        const moments *from = &m[m[k].weight > 0 ? k : all];
        double *mean = &s->means[k * s->d + j];
        *mean = from->mean;
        s->variances[k * s->d + j] = from->variance;
        if (s->binary[j] != 0)
            *mean = (fmin(fmax((m[k].mean - low) / (high - low), 0), 1) * m[k].weight + alpha) /
                    (m[k].weight + 2 * alpha);
    }
    return s->binary[j] != 0 ? 0 : m[all].variance;
}

static void fit_priors(state *s, const hx_problem *p) {
    double total = 0;
    for (size_t i = 0; i < p->n; i++) {
        s->priors[(size_t)p->y[i]] += weight_of(p, i);
        total += weight_of(p, i);
    }
    for (size_t k = 0; k < s->n_classes; k++)
        s->priors[k] /= total;
}

static hx_status fit(void **out, const hx_problem *train, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err) {
    double most = 0;
    (void)validation;
    state *s = new_state(train->d, train->n_classes);
    moments *m = calloc(train->n_classes + 1, sizeof *m);
    if (!s || !m) {
        free(m);
        if (s) hx_state_release(s);
        return hx_state_no_memory(err);
    }
    fit_priors(s, train);
    for (size_t j = 0; j < s->d; j++)
        most = fmax(most, fit_feature(s, train, j, o->params[ALPHA], m));
    for (size_t j = 0; j < s->n_classes * s->d; j++)
        s->variances[j] = fmax(s->variances[j] + o->params[SMOOTHING] * most, LEAST_VARIANCE);
    free(m);
    *out = s;
    return HX_OK;
}

/* ------------------------------------------------------------------ predicting */
static double log_share(const state *s, size_t k, size_t j, double x) {
    double mean = s->means[k * s->d + j], variance = s->variances[k * s->d + j];
    if (isnan(x)) return 0;
    if (s->binary[j] != 0) return log(x > s->cuts[j] ? mean : 1 - mean);
    if (isinf(x)) return 0;
    return -0.5 * (log(TWO_PI * variance) + (x - mean) * (x - mean) / variance);
}

static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    const state *s = state_;
    (void)n_threads;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        double *row = out + i * s->n_classes;
        for (size_t k = 0; k < s->n_classes; k++) {
            row[k] = log(s->priors[k]);
            for (size_t j = 0; j < s->d && s->priors[k] > 0; j++)
                row[k] += log_share(s, k, j, x[i * s->d + j]);
        }
        (void)hx_softmax_of(row, s->n_classes);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ words and files */
static void members(const state *s, hx_json_writer *w) {
    hx_put_numbers(w, "priors", s->priors, s->n_classes);
    hx_put_numbers(w, "binary", s->binary, s->d);
    hx_put_numbers(w, "cuts", s->cuts, s->d);
    hx_put_numbers(w, "means", s->means, s->n_classes * s->d);
    hx_put_numbers(w, "variances", s->variances, s->n_classes * s->d);
}

static void summary(const void *state_, hx_json_writer *w) {
    members(state_, w);
}

static void write(const void *state_, hx_json_writer *w) {
    hx_json_object(w);
    members(state_, w);
    hx_json_end_object(w);
}

static bool sensible(const state *s) {
    for (size_t k = 0; k < s->n_classes; k++)
        if (s->priors[k] < 0 || s->priors[k] > 1) return false;
    for (size_t j = 0; j < s->n_classes * s->d; j++) {
        bool share = s->means[j] > 0 && s->means[j] < 1;
        if (!(s->variances[j] > 0) || (s->binary[j % s->d] != 0 && !share)) return false;
    }
    return true;
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    bool ok = true;
    state *s = new_state(d, n_classes);
    if (!s) return hx_state_no_memory(err);
    s->priors = hx_field_numbers(json, "priors", n_classes, s->arena, &ok);
    s->binary = hx_field_numbers(json, "binary", d, s->arena, &ok);
    for (size_t j = 0; j < d; j++)
        s->cuts[j] = 0.5; /* files without cuts have zeros and ones alone */
    if (json_object_get(json, "cuts")) s->cuts = hx_field_numbers(json, "cuts", d, s->arena, &ok);
    s->means = hx_field_numbers(json, "means", n_classes * d, s->arena, &ok);
    s->variances = hx_field_numbers(json, "variances", n_classes * d, s->arena, &ok);
    ok = ok && sensible(s);
    return hx_state_give(out, s, hx_state_release, ok ? HX_OK : hx_state_damaged(err), err);
}

const hx_estimator hx_estimator_bayes = {
    .kind = {.name = "bayes",
             .tasks = 1u << HX_TASK_CLASSES,
             .params = params,
             .n_params = PARAMS,
             .help = {"naive Bayes: numbers are normal, yes-or-no features Bernoulli",
                      "朴素贝叶斯：数值为正态分布，是/否特征为伯努利分布"}},
    .fit = fit,
    .predict = predict,
    .summary = summary,
    .write = write,
    .read = read,
    .release = hx_state_release,
};
