/* cluster_choose.c - how many clusters there are, and whether they would come out again.
 *
 *     silhouette   the greatest mean silhouette of 2 to k_max clusters
 *     bic          the least Bayesian information criterion of mixtures of 1 to k_max components (of k-means: spherical ones that start from it)
 *     gap          the least k with gap(k) >= gap(k + 1) - s(k + 1) (Tibshirani, Walther, Hastie 2001): gap = E*[log W] - log W, W the inertia, E* over
 *                  samples uniform over the range of each feature; s = deviation * sqrt(1 + 1 / samples)
 *
 * Mixtures go by bic, all others by silhouette unless another is asked for. Stability: rows are drawn with replacement, clustered anew, and all rows
 * labelled by those clusters; the adjusted Rand index with the labels at hand, a mean over samples. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learn/cluster.h"
#include "learn/kmeans.h"

#define SILHOUETTE_ROWS ((size_t)2000)
#define GAP_SAMPLES 10
#define GAP_RESTARTS 3
#define SAMPLE_ROWS ((size_t)20000) /* of a bootstrap sample */
#define HIERARCHY_SAMPLE ((size_t)2000)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the clusters");
}

typedef struct {
    const double *x;
    size_t n, d;
    hx_cluster_method method;
    const hx_cluster_run *run;
    uint32_t *labels; /* (n) */
    double *uniform; /* (n, d): gap */
} search;

/* ------------------------------------------------------------------ gap */
static hx_status log_inertia(const search *s, const double *x, size_t k, hx_arena *arena,
                             double *out, hx_error *err) {
    const hx_kmeans_options o = {.k = k,
                                 .restarts = GAP_RESTARTS,
                                 .tolerance = -1,
                                 .seed = s->run->seed,
                                 .n_threads = s->run->n_threads,
                                 .cancel = s->run->cancel};
    hx_kmeans_result r;
    HX_TRY(hx_kmeans(x, s->n, s->d, &o, arena, &r, err));
    *out = log(fmax(r.inertia, 1e-300));
    return HX_OK;
}

static void draw_uniform(search *s, uint64_t sample) {
    hx_rng rng;
    hx_rng_seed(&rng, hx_hash_mix(s->run->seed, 1000 + sample));
    for (size_t j = 0; j < s->d; j++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < s->n; i++) {
            low = fmin(low, s->x[i * s->d + j]);
            high = fmax(high, s->x[i * s->d + j]);
        }
        for (size_t i = 0; i < s->n; i++)
            s->uniform[i * s->d + j] = low + hx_rng_uniform(&rng) * (high - low);
    }
}

static hx_status gap_of(search *s, size_t k, hx_arena *arena, double *gap, double *error,
                        hx_error *err) {
    double own, logs[GAP_SAMPLES], mean = 0, squares = 0;
    HX_TRY(log_inertia(s, s->x, k, arena, &own, err));
    for (uint64_t b = 0; b < GAP_SAMPLES; b++) {
        draw_uniform(s, b);
        HX_TRY(log_inertia(s, s->uniform, k, arena, &logs[b], err));
        mean += logs[b] / GAP_SAMPLES;
    }
    for (size_t b = 0; b < GAP_SAMPLES; b++)
        squares += (logs[b] - mean) * (logs[b] - mean) / GAP_SAMPLES;
    *gap = mean - own;
    *error = sqrt(squares * (1 + 1.0 / GAP_SAMPLES));
    return HX_OK;
}

/* ------------------------------------------------------------------ the others */
static hx_status bic_of(search *s, size_t k, hx_arena *arena, double *out, hx_error *err) {
    hx_cluster_rule rule;
    hx_mixture m;
    HX_TRY(
        hx_cluster_fit_rule(s->x, s->n, s->d, s->method, k, s->run, arena, &rule, s->labels, err));
    *out = rule.bic;
    if (s->method == HX_CLUSTER_MIXTURE) return HX_OK;
    const hx_mixture_options o = {
        .kind = HX_COVARIANCE_SPHERICAL, .k = k, .start = s->labels, .cancel = s->run->cancel};
    HX_TRY(hx_mixture_fit(s->x, s->n, s->d, &o, arena, &m, err));
    *out = hx_mixture_bic(&m, s->n);
    return HX_OK;
}

static hx_status silhouette_of(search *s, size_t k, hx_arena *arena, double *out, hx_error *err) {
    hx_cluster_rule rule;
    HX_TRY(
        hx_cluster_fit_rule(s->x, s->n, s->d, s->method, k, s->run, arena, &rule, s->labels, err));
    return hx_silhouette(s->x, s->n, s->d, s->labels, k, SILHOUETTE_ROWS, s->run->seed, out, err);
}

static hx_status value_of(search *s, hx_cluster_choice *c, size_t i, hx_error *err) {
    hx_arena *scratch = hx_arena_new((size_t)64 << 30);
    hx_status st = scratch ? HX_OK : no_memory(err);
    c->errors[i] = NAN;
    if (st != HX_OK) return st;
    if (c->by == HX_CLUSTER_BY_GAP)
        st = gap_of(s, c->k[i], scratch, &c->values[i], &c->errors[i], err);
    else if (c->by == HX_CLUSTER_BY_BIC)
        st = bic_of(s, c->k[i], scratch, &c->values[i], err);
    else
        st = silhouette_of(s, c->k[i], scratch, &c->values[i], err);
    hx_arena_free(scratch);
    return st;
}

static size_t best_of(const hx_cluster_choice *c) {
    size_t best = 0;
    for (size_t i = 0; i + 1 < c->n && c->by == HX_CLUSTER_BY_GAP; i++)
        if (c->values[i] >= c->values[i + 1] - c->errors[i + 1]) return i;
    for (size_t i = 1; i < c->n; i++) {
        bool better = c->by == HX_CLUSTER_BY_BIC ? c->values[i] < c->values[best]
                                                 : c->values[i] > c->values[best];
        if (better || isnan(c->values[best])) best = i;
    }
    return best;
}

static hx_status try_all(search *s, hx_cluster_choice *c, size_t first, size_t *k, hx_error *err) {
    for (size_t i = 0; i < c->n; i++) {
        c->k[i] = first + i;
        HX_TRY(value_of(s, c, i, err));
    }
    *k = c->n ? c->k[best_of(c)] : 1;
    return HX_OK;
}

hx_status hx_cluster_choose(const double *x, size_t n, size_t d, hx_cluster_method method,
                            const hx_cluster_run *run, hx_arena *arena, hx_cluster_choice *out,
                            size_t *k, hx_error *err) {
    int by = (int)run->params[HX_CLUSTER_CHOOSE];
    size_t most = (size_t)run->params[HX_CLUSTER_K_MAX];
    if (by == HX_CLUSTER_BY_AUTO)
        by = method == HX_CLUSTER_MIXTURE ? HX_CLUSTER_BY_BIC : HX_CLUSTER_BY_SILHOUETTE;
    size_t first = by == HX_CLUSTER_BY_SILHOUETTE ? 2 : 1, different;
    HX_TRY(hx_different_rows(x, n, d, most, &different, err));
    if (most > different) most = different;
    if (most < 2) first = 2; /* nothing to choose */
    *out = (hx_cluster_choice){.by = by, .n = most >= first ? most - first + 1 : 0};
    out->k = hx_arena_alloc(arena, (out->n + 1) * sizeof *out->k);
    out->values = hx_arena_alloc(arena, (out->n + 1) * sizeof *out->values);
    out->errors = hx_arena_alloc(arena, (out->n + 1) * sizeof *out->errors);
    search s = {.x = x, .n = n, .d = d, .method = method, .run = run};
    s.labels = calloc(n + 1, sizeof *s.labels);
    s.uniform = by == HX_CLUSTER_BY_GAP ? calloc(n * d + 1, sizeof *s.uniform) : NULL;
    bool room =
        out->k && out->values && out->errors && s.labels && (by != HX_CLUSTER_BY_GAP || s.uniform);
    hx_status st = room ? try_all(&s, out, first, k, err) : no_memory(err);
    free(s.labels);
    free(s.uniform);
    return st;
}

/* ------------------------------------------------------------------ stability */
typedef struct {
    double *x; /* (m, d) of the sample */
    uint32_t *own, *all; /* (m), (n) */
    size_t m;
} sample;

static hx_status one_sample(const search *s, sample *b, uint64_t number,
                            const hx_cluster_rule *rule, const uint32_t *labels, double *out,
                            hx_error *err) {
    hx_cluster_rule again;
    hx_cluster_run run = *s->run;
    hx_rng rng;
    hx_arena *scratch = hx_arena_new((size_t)64 << 30);
    if (!scratch) return no_memory(err);
    run.seed = hx_hash_mix(s->run->seed, number + 1);
    hx_rng_seed(&rng, run.seed);
    for (size_t i = 0; i < b->m; i++) {
        size_t row = (size_t)hx_rng_below(&rng, s->n);
        memcpy(b->x + i * s->d, s->x + row * s->d, s->d * sizeof *b->x);
    }
    hx_status st = hx_cluster_fit_rule(b->x, b->m, s->d, rule->method, rule->k, &run, scratch,
                                       &again, b->own, err);
    if (st == HX_OK) st = hx_cluster_label(&again, s->x, s->n, b->all, err);
    if (st == HX_OK) st = hx_adjusted_rand(labels, rule->k, b->all, again.k, s->n, out, err);
    hx_arena_free(scratch);
    return st;
}

hx_status hx_cluster_stability(const double *x, size_t n, size_t d, const hx_cluster_rule *rule,
                               const uint32_t *labels, const hx_cluster_run *run, double *out,
                               hx_error *err) {
    size_t rounds = (size_t)run->params[HX_CLUSTER_STABILITY];
    size_t most = rule->method == HX_CLUSTER_HIERARCHICAL ? HIERARCHY_SAMPLE : SAMPLE_ROWS;
    search s = {.x = x, .n = n, .d = d, .method = rule->method, .run = run};
    sample b = {.m = n < most ? n : most};
    double sum = 0;
    *out = NAN;
    if (rounds == 0 || hx_cluster_is_dense(rule->method) || rule->k < 2 || rule->k > b.m)
        return HX_OK;
    b.x = calloc(b.m * d + 1, sizeof *b.x);
    b.own = calloc(b.m + 1, sizeof *b.own);
    b.all = calloc(n + 1, sizeof *b.all);
    hx_status st = b.x && b.own && b.all ? HX_OK : no_memory(err);
    for (size_t i = 0; i < rounds && st == HX_OK; i++) {
        double alike = 0;
        st = one_sample(&s, &b, i, rule, labels, &alike, err);
        sum += alike;
    }
    if (st == HX_OK) *out = sum / (double)rounds;
    free(b.x);
    free(b.own);
    free(b.all);
    return st;
}
