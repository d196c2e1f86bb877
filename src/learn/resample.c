/* resample.c - how sure a figure is: the percentile bootstrap, and McNemar's exact test.
 *
 * Bootstrap (Efron 1979): `rounds` times n rows are drawn with replacement, round r from a generator seeded by (seed, r) alone, and the figure of
 * each draw is kept; the interval's ends are its (1 - level) / 2 quantiles, linear between order statistics as NumPy has it.
 *
 * McNemar: of the b + c rows where exactly one model is right, the number that only the first has right is binomial with 1/2 if both are equally
 * good. p = min(1, 2 P(X <= min(b, c))); the sum begins at its largest term and goes down. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learn/metrics.h"

double hx_figure_accuracy(const uint32_t *labels, const uint32_t *predictions, size_t n,
                          size_t n_classes, void *context) {
    uint64_t right = 0;
    (void)n_classes;
    (void)context;
    for (size_t i = 0; i < n; i++)
        right += labels[i] == predictions[i];
    return n ? (double)right / (double)n : NAN;
}

double hx_figure_macro_f1(const uint32_t *labels, const uint32_t *predictions, size_t n,
                          size_t n_classes, void *context) {
    uint64_t *support = context, *predicted = support + n_classes, *hit = predicted + n_classes;
    double sum = 0;
    size_t present = 0;
    for (size_t i = 0; i < 3 * n_classes; i++)
        support[i] = 0;
    for (size_t i = 0; i < n; i++) {
        support[labels[i]]++;
        predicted[predictions[i]]++;
        hit[labels[i]] += labels[i] == predictions[i];
    }
    for (size_t k = 0; k < n_classes; k++) {
        if (support[k] + predicted[k] == 0) continue;
        sum += 2 * (double)hit[k] / (double)(support[k] + predicted[k]);
        present++;
    }
    return present ? sum / (double)present : NAN;
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

static void draw(const uint32_t *labels, const uint32_t *predictions, size_t n, uint64_t seed,
                 uint64_t round, uint32_t *drawn) {
    hx_rng rng;
    hx_rng_seed(&rng, hx_hash_mix(seed, round));
    for (size_t i = 0; i < n; i++) {
        size_t row = (size_t)hx_rng_below(&rng, n);
        drawn[i] = labels[row];
        drawn[n + i] = predictions[row];
    }
}

hx_status hx_bootstrap(const uint32_t *labels, const uint32_t *predictions, size_t n,
                       size_t n_classes, hx_figure_fn *figure, void *context, size_t rounds,
                       double level, uint64_t seed, hx_metric_interval *out, hx_error *err) {
    size_t kept = 0;
    if (n == 0 || rounds == 0 || !(level > 0 && level < 1))
        return hx_fail(err, HX_EINVAL,
                       "a bootstrap needs rows, rounds and a level between 0 and 1");
    uint32_t *drawn = n <= SIZE_MAX / 8 ? calloc(n, 2 * sizeof *drawn) : NULL;
    double *figures = calloc(rounds, sizeof *figures);
    for (size_t r = 0; drawn && figures && r < rounds; r++) {
        draw(labels, predictions, n, seed, r, drawn);
        double value = figure(drawn, drawn + n, n, n_classes, context);
        if (!isnan(value)) figures[kept++] = value;
    }
    bool done = drawn && figures;
    if (kept > 0) qsort(figures, kept, sizeof *figures, compare_doubles);
    if (done)
        *out = kept ? (hx_metric_interval){quantile(figures, kept, (1 - level) / 2),
                                           quantile(figures, kept, (1 + level) / 2)}
                    : (hx_metric_interval){NAN, NAN};
    free(drawn);
    free(figures);
    return done ? HX_OK
                : hx_fail(err, HX_ENOMEM, "not enough memory for the figures of %zu rows", n);
}

/* P(X <= k) of the binomial (n, 1/2), k < n / 2. */
static double lower_tail(uint64_t k, uint64_t n) {
    int sign;
    double size = (double)n, at = (double)k;
    double term = exp(lgamma_r(size + 1, &sign) - lgamma_r(at + 1, &sign) -
                      lgamma_r(size - at + 1, &sign) - size * log(2));
    double sum = 0;
    for (uint64_t i = k;; i--) {
        sum += term;
        if (i == 0 || term < sum * 1e-18) return sum;
        term *= (double)i / (size - (double)i + 1);
    }
}

hx_mcnemar hx_mcnemar_of(const uint32_t *labels, const uint32_t *first, const uint32_t *second,
                         size_t n) {
    hx_mcnemar m = {0, 0, 1};
    for (size_t i = 0; i < n; i++) {
        bool a = labels[i] == first[i], b = labels[i] == second[i];
        m.b += a && !b;
        m.c += b && !a;
    }
    if (m.b != m.c) m.p = fmin(1, 2 * lower_tail(m.b < m.c ? m.b : m.c, m.b + m.c));
    return m;
}
