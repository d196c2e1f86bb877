/* mixture.c - Gaussian mixtures by expectation-maximisation (Dempster, Laird, Rubin 1977), as scikit-learn's GaussianMixture reckons them.
 *
 *     E:  r_ik = w_k N(x_i; m_k, S_k) / sum over components          M:  n_k = sum_i r_ik,  m_k = sum_i r_ik x_i / n_k,
 *         S_k = sum_i r_ik (x_i - m_k)(x_i - m_k)' / n_k + floor I,  w_k = n_k / n
 *
 * Every kind of covariance is kept as the Cholesky factor L of S: with L z = x - m the density is -(d log 2 pi + z.z) / 2 - sum log L_jj. Tied is the
 * mean of S_k weighted by n_k; diagonal and spherical ones drop what is beside the diagonal, spherical ones take its mean. */
#include "learn/mixture.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/solve.h"

#define FLOOR_USUAL 1e-6
#define TOLERANCE_USUAL 1e-3
#define ROUNDS_USUAL 100
#define LOG_TWO_PI 1.837877066409345484

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the clusters");
}

/* ------------------------------------------------------------------ E */
/* Log of the density of a row in component k; z (d) is room. */
static double log_density(const hx_mixture *m, size_t k, const double *x, double *z) {
    const double *l = m->factors + k * m->d * m->d, *mean = m->means + k * m->d;
    double sum = (double)m->d * LOG_TWO_PI;
    for (size_t i = 0; i < m->d; i++) {
        double v = x[i] - mean[i];
        for (size_t j = m->kind == HX_COVARIANCE_FULL || m->kind == HX_COVARIANCE_TIED ? 0 : i;
             j < i; j++)
            v -= l[i * m->d + j] * z[j];
        z[i] = v / l[i * m->d + i];
        sum += z[i] * z[i] + 2 * log(l[i * m->d + i]);
    }
    return -sum / 2;
}

void hx_mixture_shares(const hx_mixture *m, const double *x, size_t n, double *room, double *shares,
                       double *densities) {
    double *z = room, *logs = room + m->d;
    for (size_t i = 0; i < n; i++) {
        double most = -INFINITY, sum = 0;
        for (size_t k = 0; k < m->k; k++) {
            logs[k] = log(m->weights[k]) + log_density(m, k, x + i * m->d, z);
            most = fmax(most, logs[k]);
        }
        for (size_t k = 0; k < m->k; k++)
            sum += exp(logs[k] - most);
        for (size_t k = 0; k < m->k; k++)
            shares[i * m->k + k] = exp(logs[k] - most) / sum;
        if (densities) densities[i] = most + log(sum);
    }
}

/* ------------------------------------------------------------------ M */
typedef struct {
    const double *x;
    size_t n;
    double floor;
    double *shares, *densities; /* (n, k), (n) */
    double *counts, *room, *pooled; /* (k), (d + k), (d, d) */
} fitting;

static void means_of(hx_mixture *m, const fitting *f) {
    size_t d = m->d;
    memset(m->means, 0, m->k * d * sizeof *m->means);
    for (size_t k = 0; k < m->k; k++)
        f->counts[k] = 10 * DBL_EPSILON;
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < m->k; k++) {
            double r = f->shares[i * m->k + k];
            f->counts[k] += r;
            for (size_t j = 0; j < d && r > 0; j++)
                m->means[k * d + j] += r * f->x[i * d + j];
        }
    for (size_t j = 0; j < m->k * d; j++)
        m->means[j] /= f->counts[j / d];
}

static void add_outer(double *s, const double *v, double by, size_t d, bool diagonal) {
    for (size_t i = 0; i < d; i++)
        for (size_t j = diagonal ? i : 0; j <= i; j++)
            s[i * d + j] += by * v[i] * v[j];
}

/* Lower triangles of n_k S_k. */
static void scatters_of(hx_mixture *m, const fitting *f) {
    size_t d = m->d;
    bool diagonal = m->kind == HX_COVARIANCE_DIAG || m->kind == HX_COVARIANCE_SPHERICAL;
    memset(m->factors, 0, m->k * d * d * sizeof *m->factors);
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < m->k; k++) {
            double r = f->shares[i * m->k + k];
            if (!(r > 0)) continue;
            for (size_t j = 0; j < d; j++)
                f->room[j] = f->x[i * d + j] - m->means[k * d + j];
            add_outer(m->factors + k * d * d, f->room, r, d, diagonal);
        }
}

static void shape(hx_mixture *m, const fitting *f) {
    size_t d = m->d, size = d * d;
    double total = 0;
    memset(f->pooled, 0, size * sizeof *f->pooled);
    for (size_t k = 0; k < m->k; k++) {
        double *s = m->factors + k * size, trace = 0;
        total += f->counts[k];
        for (size_t j = 0; j < size; j++)
            f->pooled[j] += s[j];
        for (size_t j = 0; j < d; j++)
            trace += s[j * d + j];
        for (size_t j = 0; j < size; j++)
            s[j] /= f->counts[k];
        for (size_t j = 0; j < d && m->kind == HX_COVARIANCE_SPHERICAL; j++)
            s[j * d + j] = trace / f->counts[k] / (double)d;
    }
    for (size_t k = 0; k < m->k && m->kind == HX_COVARIANCE_TIED; k++)
        for (size_t j = 0; j < size; j++)
            m->factors[k * size + j] = f->pooled[j] / total;
    for (size_t k = 0; k < m->k; k++) {
        m->weights[k] = f->counts[k] / total;
        for (size_t j = 0; j < d; j++)
            m->factors[k * size + j * d + j] += f->floor;
    }
}

static hx_status maximise(hx_mixture *m, const fitting *f, hx_error *err) {
    means_of(m, f);
    scatters_of(m, f);
    shape(m, f);
    for (size_t k = 0; k < m->k; k++)
        if (!hx_cholesky(m->factors + k * m->d * m->d, m->d))
            return hx_fail(err, HX_EINVAL,
                           "a component of the mixture has no volume; use fewer clusters or "
                           "another covariance");
    return HX_OK;
}

static double expect(const hx_mixture *m, const fitting *f) {
    double sum = 0;
    hx_mixture_shares(m, f->x, f->n, f->room, f->shares, f->densities);
    for (size_t i = 0; i < f->n; i++)
        sum += f->densities[i];
    return sum / (double)f->n;
}

/* ------------------------------------------------------------------ fitting */
static hx_status run(hx_mixture *m, fitting *f, const hx_mixture_options *o, hx_error *err) {
    double tolerance = o->tolerance > 0 ? o->tolerance : TOLERANCE_USUAL, before = -INFINITY;
    size_t most = o->rounds ? o->rounds : ROUNDS_USUAL;
    for (size_t i = 0; i < f->n; i++)
        f->shares[i * m->k + o->start[i]] = 1;
    HX_TRY(maximise(m, f, err));
    for (m->rounds = 1; m->rounds <= most; m->rounds++) {
        if (hx_flag_is_raised(o->cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        m->log_likelihood = expect(m, f);
        HX_TRY(maximise(m, f, err));
        if (fabs(m->log_likelihood - before) < tolerance) break;
        before = m->log_likelihood;
    }
    m->log_likelihood = expect(m, f);
    return HX_OK;
}

static double *numbers(hx_arena *a, size_t n) {
    return hx_arena_alloc(a, (n + 1) * sizeof(double));
}

hx_status hx_mixture_fit(const double *x, size_t n, size_t d, const hx_mixture_options *o,
                         hx_arena *arena, hx_mixture *out, hx_error *err) {
    if (d > HX_MIXTURE_FEATURES_MAX)
        return hx_fail(err, HX_ELIMIT, "a mixture takes %d features at most, not %zu",
                       HX_MIXTURE_FEATURES_MAX, d);
    if (o->k == 0 || o->k > n)
        return hx_fail(err, HX_EINVAL, "%zu rows can't be put into %zu clusters", n, o->k);
    hx_mixture m = {.k = o->k, .d = d, .kind = o->kind};
    hx_arena *scratch = hx_arena_new((size_t)16 << 30);
    if (!scratch) return no_memory(err);
    fitting f = {.x = x,
                 .n = n,
                 .floor = o->floor > 0 ? o->floor : FLOOR_USUAL,
                 .shares = numbers(scratch, n * o->k),
                 .densities = numbers(scratch, n),
                 .counts = numbers(scratch, o->k),
                 .room = numbers(scratch, d + o->k),
                 .pooled = numbers(scratch, d * d)};
    m.weights = numbers(arena, o->k);
    m.means = numbers(arena, o->k * d);
    m.factors = numbers(arena, o->k * d * d);
    bool room = f.shares && f.densities && f.counts && f.room && f.pooled && m.weights && m.means &&
                m.factors;
    hx_status st = room ? run(&m, &f, o, err) : no_memory(err);
    hx_arena_free(scratch);
    if (st == HX_OK) *out = m;
    return st;
}

double hx_mixture_bic(const hx_mixture *m, size_t n) {
    double k = (double)m->k, d = (double)m->d, shapes = k;
    if (m->kind == HX_COVARIANCE_FULL) shapes = k * d * (d + 1) / 2;
    if (m->kind == HX_COVARIANCE_DIAG) shapes = k * d;
    if (m->kind == HX_COVARIANCE_TIED) shapes = d * (d + 1) / 2;
    return -2 * m->log_likelihood * (double)n + (shapes + k * d + k - 1) * log((double)n);
}
