/* text_linear.c - svm, logistic, nb and nbsvm on n-grams of texts.
 *
 *     texts -> features -> rows -> one problem a cost and label, in parallel -> the cost with the least log loss on validation rows -> temperature
 *
 * Two labels are one problem, more are one against the rest each. The temperature that makes the margins probabilities is fitted on the validation rows;
 * without them on a tenth of the rows held back for that, after which all rows are learned again. Features are characters' 1-3-grams, and words'
 * 1-2-grams where texts are not mostly Han characters. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/utf8.h"
#include "learn/metrics.h"
#include "learn/text_learner.h"

#define CHARACTERS 3
#define WORDS 2
#define MIN_COUNT_USUAL 2
#define COSTS_MAX 8
#define HAN_SAMPLE ((size_t)1 << 20) /* bytes looked at */
#define HELD_BACK 10 /* one in so many rows */

typedef struct {
    hx_text_learner *l;
    const hx_text_learner_options *options;
    const hx_csr *x;
    const uint32_t *labels;
    const double *costs;
    float *const *weights; /* one set a cost */
    size_t n_costs;
    hx_linear_loss loss;
} problems;

static bool mostly_han(const hx_text_rows *rows) {
    size_t han = 0, all = 0;
    for (size_t i = 0; i < rows->n && all < HAN_SAMPLE; i++)
        for (size_t at = 0; at < rows->texts[i].len && all < HAN_SAMPLE; all++)
            han += hx_utf8_is_han(hx_utf8_next(rows->texts[i], &at));
    return han * 3 > all;
}

static size_t costs_of(const hx_text_learner_options *o, bool choose, double *costs) {
    static const double svm[] = {0.06, 0.125, 0.25, 0.5, 1, 2, 4};
    static const double nbsvm[] = {0.02, 0.05, 0.1, 0.25, 0.5, 1, 2};
    static const double logistic[] = {0.5, 1, 2, 4, 8, 16, 32};
    const double *all = o->kind == HX_TEXT_LEARNER_SVM     ? svm
                        : o->kind == HX_TEXT_LEARNER_NBSVM ? nbsvm
                                                           : logistic;
    if (choose && o->cost <= 0 && o->kind != HX_TEXT_LEARNER_NB) {
        memcpy(costs, all, sizeof svm);
        return sizeof svm / sizeof *svm;
    }
    costs[0] = o->cost > 0 ? o->cost : o->kind == HX_TEXT_LEARNER_LOGISTIC ? 8 : 0.5;
    return 1;
}

/* ------------------------------------------------------------------ fitting */
static hx_status fit_problem(void *context, size_t job, size_t worker, hx_error *err) {
    problems *p = context;
    size_t n = p->x->n_columns, outputs = p->l->n_outputs, set = job / outputs, k = job % outputs;
    uint32_t label = outputs == 1 ? 1 : (uint32_t)k;
    (void)worker;
    int8_t *targets = calloc(p->x->n_rows + 1, sizeof *targets);
    double *w = calloc(n + 1, sizeof *w);
    float *ratios =
        p->options->kind == HX_TEXT_LEARNER_NBSVM ? calloc(n + 1, sizeof *ratios) : NULL;
    hx_status st =
        targets && w && (ratios || p->options->kind != HX_TEXT_LEARNER_NBSVM)
            ? HX_OK
            : hx_fail(err, HX_ENOMEM, "not enough memory to learn from %zu rows", p->x->n_rows);
    for (size_t i = 0; st == HX_OK && i < p->x->n_rows; i++)
        targets[i] = p->labels[i] == label ? 1 : -1;
    if (st == HX_OK && ratios) st = hx_count_ratios(p->x, p->labels, label, ratios, err);
    const hx_linear_options o = {.loss = p->loss,
                                 .cost = p->costs[set],
                                 .seed = hx_hash_mix(p->options->seed, k),
                                 .cancel = p->options->cancel};
    if (st == HX_OK) st = hx_linear_fit(p->x, targets, ratios, &o, w, err);
    for (size_t j = 0; st == HX_OK && j <= n; j++)
        p->weights[set][j * outputs + k] =
            (float)(w[j] * (ratios && j < n ? (double)ratios[j] : 1));
    free(targets);
    free(w);
    free(ratios);
    return st;
}

static hx_status fit_sets(problems *p, hx_error *err) {
    if (p->options->kind == HX_TEXT_LEARNER_NB)
        return hx_bayes_fit(p->x, p->labels, p->l->n_labels, p->weights[0], err);
    return hx_pool_run(p->options->n_threads, p->n_costs * p->l->n_outputs, fit_problem, p, err);
}

/* ------------------------------------------------------------------ reading */
typedef struct {
    const hx_text_learner *l;
    const hx_csr *x;
    float *logits;
} scoring;

#define ROWS_A_JOB 256
static hx_status score_rows(void *context, size_t job, size_t worker, hx_error *err) {
    const scoring *s = context;
    size_t outputs = s->l->n_outputs, labels = s->l->n_labels, n = s->x->n_columns;
    size_t end = (job + 1) * ROWS_A_JOB < s->x->n_rows ? (job + 1) * ROWS_A_JOB : s->x->n_rows;
    (void)worker;
    (void)err;
    for (size_t i = job * ROWS_A_JOB; i < end; i++) {
        float *row = s->logits + i * labels;
        for (size_t k = 0; k < outputs; k++)
            row[k] = s->l->weights[n * outputs + k];
        for (size_t j = s->x->starts[i]; j < s->x->starts[i + 1]; j++) {
            const float *w = s->l->weights + (size_t)s->x->columns[j] * outputs;
            for (size_t k = 0; k < outputs; k++)
                row[k] += s->x->values[j] * w[k];
        }
        hx_learn_spread(s->l, row);
    }
    return HX_OK;
}

void hx_text_linear_logits(const hx_text_learner *l, const hx_csr *x, size_t n_threads,
                           float *logits) {
    scoring s = {l, x, logits};
    hx_error none = {0};
    (void)!hx_pool_run(n_threads, (x->n_rows + ROWS_A_JOB - 1) / ROWS_A_JOB, score_rows, &s, &none);
}

/* ------------------------------------------------------------------ choosing */
typedef struct {
    const hx_csr *x;
    const uint32_t *labels;
} judged_rows;

static void say(const hx_text_learner_options *o, size_t i, size_t n, const hx_learn_outcome *out) {
    if (!o->progress) return;
    const hx_learn_progress p = {i, n, NAN, out->loss, out->accuracy, out->macro_f1, NAN};
    o->progress(o->context, &p);
}

/* How the weights in l do on validation rows, at their best temperature. */
static hx_status judge(hx_text_learner *l, const judged_rows *v, size_t n_threads, float *logits,
                       hx_learn_outcome *out, hx_error *err) {
    hx_text_linear_logits(l, v->x, n_threads, logits);
    l->temperature = hx_temperature_fit(logits, v->labels, v->x->n_rows, l->n_labels);
    return hx_learn_judge(logits, v->labels, v->x->n_rows, l->n_labels, l->temperature, out, err);
}

/* Fits `costs`, keeps the weights with the highest accuracy (then the least loss) on v; those before are in l->weights, with what is known of them. */
static hx_status fit_and_choose(problems *p, const judged_rows *v, float *logits, size_t done,
                                size_t all, hx_learn_outcome *best, hx_error *err) {
    HX_TRY(fit_sets(p, err));
    hx_text_learner *l = p->l;
    float *kept = l->weights;
    double temperature = l->temperature;
    hx_status st = HX_OK;
    for (size_t c = 0; st == HX_OK && c < p->n_costs; c++) {
        hx_learn_outcome out = *best;
        l->weights = p->weights[c];
        st = judge(l, v, p->options->n_threads, logits, &out, err);
        if (st != HX_OK) break;
        say(p->options, done + c + 1, all, &out);
        out.cost = p->costs[c];
        bool better = isnan(best->accuracy) || out.accuracy > best->accuracy ||
                      (out.accuracy == best->accuracy && out.loss < best->loss);
        if (!better) continue;
        *best = out;
        temperature = l->temperature;
        size_t n = (p->x->n_columns + 1) * l->n_outputs;
        memcpy(kept, p->weights[c], n * sizeof *kept);
    }
    l->weights = kept;
    l->temperature = temperature;
    return st;
}

static hx_status fit_all(problems *p, const judged_rows *v, hx_learn_outcome *out, hx_error *err) {
    float *sets[COSTS_MAX] = {NULL};
    size_t all = p->n_costs, together = p->l->n_outputs == 1 ? all : 1;
    size_t n = (p->x->n_columns + 1) * p->l->n_outputs;
    const double *costs = p->costs;
    float *logits = calloc(v->x->n_rows * p->l->n_labels + 1, sizeof *logits);
    bool room = logits != NULL;
    for (size_t c = 0; c < together; c++) {
        sets[c] = calloc(n, sizeof **sets);
        room = room && sets[c];
    }
    hx_status st =
        room ? HX_OK
             : hx_fail(err, HX_ENOMEM, "not enough memory to learn from %zu rows", p->x->n_rows);
    p->weights = sets;
    p->n_costs = together;
    for (size_t at = 0; st == HX_OK && at < all; at += together) {
        p->costs = costs + at;
        st = fit_and_choose(p, v, logits, at, all, out, err);
    }
    for (size_t c = 0; c < together; c++)
        free(sets[c]);
    free(logits);
    return st;
}

/* ------------------------------------------------------------------ without validation rows */
static bool is_held_back(size_t row, uint64_t seed) {
    return hx_hash_mix(seed, row) % HELD_BACK == 0;
}

/* The rows of x that are held back, or those that are not. */
static hx_status part_of(const hx_csr *x, const uint32_t *labels, uint64_t seed, bool held,
                         hx_csr *out, uint32_t *out_labels, hx_error *err) {
    size_t n = x->n_rows, entries = x->starts[n], row = 0, at = 0;
    *out = (hx_csr){.n_columns = x->n_columns};
    out->starts = calloc(n + 1, sizeof *out->starts);
    out->columns = calloc(entries + 1, sizeof *out->columns);
    out->values = calloc(entries + 1, sizeof *out->values);
    if (!out->starts || !out->columns || !out->values) {
        hx_csr_release(out);
        return hx_fail(err, HX_ENOMEM, "not enough memory to learn from %zu rows", n);
    }
    for (size_t i = 0; i < n; i++) {
        if (is_held_back(i, seed) != held) continue;
        size_t count = x->starts[i + 1] - x->starts[i];
        if (count > 0) {
            memcpy(out->columns + at, x->columns + x->starts[i], count * sizeof *out->columns);
            memcpy(out->values + at, x->values + x->starts[i], count * sizeof *out->values);
        }
        out_labels[row++] = labels[i];
        at += count;
        out->starts[row] = at;
    }
    out->n_rows = row;
    return HX_OK;
}

/* The temperature, from rows held back; l->weights are written over. */
static hx_status borrow_temperature(problems *p, hx_error *err) {
    hx_csr most, few = {0};
    uint32_t *labels = calloc(2 * p->x->n_rows + 1, sizeof *labels);
    hx_learn_outcome out = {.accuracy = NAN};
    problems q = *p;
    if (!labels)
        return hx_fail(err, HX_ENOMEM, "not enough memory to learn from %zu rows", p->x->n_rows);
    uint32_t *few_labels = labels + p->x->n_rows;
    hx_status st = part_of(p->x, p->labels, p->options->seed, false, &most, labels, err);
    if (st == HX_OK) st = part_of(p->x, p->labels, p->options->seed, true, &few, few_labels, err);
    q.x = &most;
    q.labels = labels;
    const judged_rows v = {&few, few_labels};
    const hx_text_learner_options quiet = {.kind = p->options->kind,
                                           .seed = p->options->seed,
                                           .n_threads = p->options->n_threads,
                                           .cancel = p->options->cancel};
    q.options = &quiet;
    if (st == HX_OK && few.n_rows > 0 && most.n_rows > 0) st = fit_all(&q, &v, &out, err);
    hx_csr_release(&most);
    hx_csr_release(&few);
    free(labels);
    return st;
}

/* Job 0 learns from all rows, job 1 finds the temperature with weights of its own: side by side. */
typedef struct {
    problems *all;
    double temperature;
} both_fits;

static hx_status fit_either(void *context, size_t job, size_t worker, hx_error *err) {
    both_fits *b = context;
    problems p = *b->all;
    (void)worker;
    if (job == 0) {
        float *one[1] = {p.l->weights};
        p.weights = one;
        return fit_sets(&p, err);
    }
    hx_text_learner shadow = *p.l;
    p.l = &shadow;
    shadow.weights = calloc((p.x->n_columns + 1) * shadow.n_outputs, sizeof *shadow.weights);
    hx_status st =
        shadow.weights
            ? borrow_temperature(&p, err)
            : hx_fail(err, HX_ENOMEM, "not enough memory to learn from %zu rows", p.x->n_rows);
    b->temperature = shadow.temperature;
    free(shadow.weights);
    return st;
}

static hx_status fit_without(problems *p, hx_error *err) {
    both_fits b = {p, 1};
    HX_TRY(hx_pool_run(p->options->n_threads, 2, fit_either, &b, err));
    p->l->temperature = b.temperature;
    return HX_OK;
}

/* ------------------------------------------------------------------ all of it */
static hx_status fit_rows(hx_text_learner *l, const hx_csr *x, const uint32_t *labels,
                          const judged_rows *v, const hx_text_learner_options *o,
                          hx_learn_outcome *out, hx_error *err) {
    double costs[COSTS_MAX];
    problems p = {.l = l, .options = o, .x = x, .labels = labels, .costs = costs};
    p.n_costs = costs_of(o, v != NULL, costs);
    p.loss = o->kind == HX_TEXT_LEARNER_LOGISTIC ? HX_LINEAR_LOGISTIC : HX_LINEAR_SVM;
    l->weights = calloc((x->n_columns + 1) * l->n_outputs, sizeof *l->weights);
    if (!l->weights)
        return hx_fail(err, HX_ENOMEM, "not enough memory to learn from %zu rows", x->n_rows);
    out->cost = costs[0];
    return v ? fit_all(&p, v, out, err) : fit_without(&p, err);
}

/* ------------------------------------------------------------------ columns in order of use */
/* places[column]: how many columns stand in more rows, or in as many and before it. Weights that are wanted often lie together in the near caches. */
static bool rank_columns(const hx_csr *x, uint32_t *places) {
    size_t n = x->n_columns, rows = x->n_rows, at = 0;
    uint32_t *counts = calloc(n + 1, sizeof *counts);
    uint32_t *starts = calloc(rows + 2, sizeof *starts);
    for (size_t i = 0; counts && i < x->starts[rows]; i++)
        counts[x->columns[i]]++;
    for (size_t j = 0; counts && starts && j < n; j++)
        starts[counts[j]]++;
    for (size_t c = rows + 1; counts && starts && c-- > 0;) {
        size_t more = starts[c];
        starts[c] = (uint32_t)at;
        at += more;
    }
    for (size_t j = 0; counts && starts && j < n; j++)
        places[j] = starts[counts[j]]++;
    bool fine = counts && starts;
    free(counts);
    free(starts);
    return fine;
}

static void rename_columns(hx_csr *x, const uint32_t *places) {
    for (size_t i = 0; x->n_rows > 0 && i < x->starts[x->n_rows]; i++)
        x->columns[i] = places[x->columns[i]];
}

/* Back to the order of the features. */
static bool restore_weights(hx_text_learner *l, const uint32_t *places, size_t n) {
    size_t outputs = l->n_outputs;
    float *ordered = calloc((n + 1) * outputs, sizeof *ordered);
    if (!ordered) return false;
    for (size_t j = 0; j < n; j++)
        memcpy(ordered + j * outputs, l->weights + places[j] * outputs, outputs * sizeof *ordered);
    memcpy(ordered + n * outputs, l->weights + n * outputs, outputs * sizeof *ordered);
    free(l->weights);
    l->weights = ordered;
    return true;
}

/* The sums of a row keep their order, so its weights are the same bits as with the columns as they were. */
static hx_status fit_ranked(hx_text_learner *l, hx_csr *x, const uint32_t *labels, hx_csr *w,
                            const judged_rows *v, const hx_text_learner_options *o,
                            hx_learn_outcome *out, hx_error *err) {
    uint32_t *places = calloc(x->n_columns + 1, sizeof *places);
    bool room = places && rank_columns(x, places);
    hx_status st = HX_OK;
    if (room) {
        rename_columns(x, places);
        rename_columns(w, places);
        st = fit_rows(l, x, labels, v, o, out, err);
    }
    if (!room || (st == HX_OK && !restore_weights(l, places, x->n_columns)))
        st = hx_fail(err, HX_ENOMEM, "not enough memory to learn from %zu rows", x->n_rows);
    free(places);
    return st;
}

hx_status hx_text_linear_fit(hx_text_learner *l, const hx_text_rows *train,
                             const hx_text_rows *validation, const hx_text_learner_options *o,
                             hx_learn_outcome *out, hx_error *err) {
    const hx_feature_schema schema = {CHARACTERS, mostly_han(train) ? 0 : WORDS,
                                      (uint32_t)(o->min_count ? o->min_count : MIN_COUNT_USUAL)};
    hx_feature_values values = o->kind == HX_TEXT_LEARNER_NB ? HX_VALUES_COUNTS : HX_VALUES_TFIDF;
    hx_csr x = {0}, w = {0};
    l->n_outputs = l->n_labels == 2 && o->kind != HX_TEXT_LEARNER_NB ? 1 : l->n_labels;
    HX_TRY(hx_features_fit(&l->features, train->texts, train->n, &schema, o->n_threads, o->cancel,
                           err));
    out->n_features = l->features.n;
    hx_status st =
        hx_features_rows(&l->features, train->texts, train->n, values, o->n_threads, &x, err);
    if (st == HX_OK && validation)
        st = hx_features_rows(&l->features, validation->texts, validation->n, values, o->n_threads,
                              &w, err);
    const judged_rows v = {&w, validation ? validation->labels : NULL};
    if (st == HX_OK) st = fit_ranked(l, &x, train->labels, &w, validation ? &v : NULL, o, out, err);
    hx_csr_release(&x);
    hx_csr_release(&w);
    return st;
}
