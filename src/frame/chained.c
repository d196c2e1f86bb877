/* chained.c - imputation by chained equations (van Buuren 2011), as scikit-learn's IterativeImputer with BayesianRidge does it.
 *
 *     start: every missing value is its column's mean
 *     round: for each column, fewest missing first: Bayesian ridge on all others, over the rows that have it; predict those that lack it
 *
 * The regression works on sums alone: with X'X = V diag(e) V' (Jacobi) and c = V'X'y, precision a of the noise and b of the weights,
 *
 *     w = V (c / (e + b/a)),   rest = y'y - 2 w'X'y + w'X'X w,   g = sum a e / (b + a e)
 *     b <- (g + 2e-6) / (|w|^2 + 2e-6),   a <- (n - g + 2e-6) / (rest + 2e-6)                  until the weights move by less than 0.001
 *
 * Sums are over centred columns in a fixed order, so the result is the same for any number of threads. */
#include "frame/chained.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "frame/step_fit.h"

#define SWEEPS_MAX 60
#define RIDGE_ROUNDS 300
#define RIDGE_TOLERANCE 1e-3
#define PRIOR 1e-6

/* ------------------------------------------------------------------ eigenvalues */
static void rotate(double *a, double *v, size_t d, size_t p, size_t q) {
    const double apq = a[p * d + q];
    const double theta = (a[q * d + q] - a[p * d + p]) / (2 * apq);
    const double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c;
    for (size_t k = 0; k < d; k++) {
        const double x = a[k * d + p], y = a[k * d + q];
        a[k * d + p] = c * x - s * y;
        a[k * d + q] = s * x + c * y;
    }
    for (size_t k = 0; k < d; k++) {
        const double x = a[p * d + k], y = a[q * d + k];
        a[p * d + k] = c * x - s * y;
        a[q * d + k] = s * x + c * y;
        const double u = v[k * d + p], z = v[k * d + q];
        v[k * d + p] = c * u - s * z;
        v[k * d + q] = s * u + c * z;
    }
}

/* A symmetric matrix becomes diagonal, v its vectors as columns (Jacobi, cyclic; Golub, Van Loan 8.5). */
static void diagonalise(double *a, double *v, size_t d) {
    memset(v, 0, d * d * sizeof *v);
    for (size_t i = 0; i < d; i++)
        v[i * d + i] = 1;
    for (int sweep = 0; sweep < SWEEPS_MAX; sweep++) {
        bool moved = false;
        for (size_t p = 0; p + 1 < d; p++)
            for (size_t q = p + 1; q < d; q++) {
                const double small = DBL_EPSILON * sqrt(fabs(a[p * d + p] * a[q * d + q]));
                if (!(fabs(a[p * d + q]) > small) || fabs(a[p * d + q]) < DBL_MIN) continue;
                rotate(a, v, d, p, q);
                moved = true;
            }
        if (!moved) return;
    }
}

/* ------------------------------------------------------------------ Bayesian ridge */
typedef struct {
    const double *gram, *moment, *vectors, *values, *turned; /* turned = V'X'y */
    double square;
    size_t d;
} sums;

static void solve(const sums *s, double ratio, double *w) {
    for (size_t i = 0; i < s->d; i++) {
        w[i] = 0;
        for (size_t k = 0; k < s->d; k++)
            w[i] += s->vectors[i * s->d + k] * s->turned[k] / (s->values[k] + ratio);
    }
}

static double rest_of(const sums *s, const double *w) {
    double rest = s->square;
    for (size_t i = 0; i < s->d; i++) {
        double row = 0;
        for (size_t k = 0; k < s->d; k++)
            row += s->gram[i * s->d + k] * w[k];
        rest += w[i] * (row - 2 * s->moment[i]);
    }
    return rest > 0 ? rest : 0;
}

static void update(const sums *s, const double *w, size_t n, double *noise, double *weight) {
    double used = 0, length = 0;
    for (size_t k = 0; k < s->d; k++) {
        used += *noise * s->values[k] / (*weight + *noise * s->values[k]);
        length += w[k] * w[k];
    }
    *weight = (used + 2 * PRIOR) / (length + 2 * PRIOR);
    *noise = ((double)n - used + 2 * PRIOR) / (rest_of(s, w) + 2 * PRIOR);
}

void hx_bayesian_ridge(const double *gram, const double *moment, double square, size_t n, size_t d,
                       double *w, double *room) {
    double *a = room, *v = a + d * d, *values = v + d * d, *turned = values + d,
           *before = turned + d;
    memcpy(a, gram, d * d * sizeof *a);
    diagonalise(a, v, d);
    for (size_t k = 0; k < d; k++) {
        values[k] = fmax(a[k * d + k], 0);
        turned[k] = 0;
        for (size_t i = 0; i < d; i++)
            turned[k] += v[i * d + k] * moment[i];
    }
    const sums s = {gram, moment, v, values, turned, square, d};
    double noise = 1 / (square / (double)n + DBL_EPSILON), weight = 1;
    for (int round = 0; round < RIDGE_ROUNDS; round++) {
        double moved = 0;
        solve(&s, weight / noise, w);
        update(&s, w, n, &noise, &weight);
        for (size_t k = 0; k < d; k++)
            moved += fabs(w[k] - before[k]);
        if (round > 0 && moved < RIDGE_TOLERANCE) break;
        memcpy(before, w, d * sizeof *w);
    }
    solve(&s, weight / noise, w);
}

/* ------------------------------------------------------------------ the chain */
typedef struct {
    const double *x; /* (n, d) as given */
    double *filled; /* (n, d) */
    double *before; /* (n, d) as it was a round ago */
    size_t n, d;
    double *mean; /* [d] over the rows that have the column at hand */
    double *product; /* (d, d) centred sums over those rows */
    double *gram, *moment, *weights, *room;
} chain;

static hx_status chain_init(chain *c, const double *x, size_t n, size_t d, hx_arena *room,
                            hx_error *err) {
    *c = (chain){.x = x, .n = n, .d = d};
    HX_TRY(hx_step_array(room, n * d, sizeof(double), &c->filled, err));
    HX_TRY(hx_step_array(room, n * d, sizeof(double), &c->before, err));
    HX_TRY(hx_step_array(room, d, sizeof(double), &c->mean, err));
    HX_TRY(hx_step_array(room, d * d, sizeof(double), &c->product, err));
    HX_TRY(hx_step_array(room, d * d, sizeof(double), &c->gram, err));
    HX_TRY(hx_step_array(room, d, sizeof(double), &c->moment, err));
    HX_TRY(hx_step_array(room, d, sizeof(double), &c->weights, err));
    return hx_step_array(room, 2 * d * d + 4 * d, sizeof(double), &c->room, err);
}

static void add_row(const chain *c, const double *row) {
    for (size_t i = 0; i < c->d; i++) {
        const double a = row[i] - c->mean[i];
        for (size_t k = 0; k <= i; k++)
            c->product[i * c->d + k] += a * (row[k] - c->mean[k]);
    }
}

/* Means and centred products over the rows that have column j. */
static size_t sum_up(const chain *c, size_t j) {
    size_t count = 0;
    memset(c->mean, 0, c->d * sizeof *c->mean);
    memset(c->product, 0, c->d * c->d * sizeof *c->product);
    for (size_t i = 0; i < c->n; i++) {
        if (c->x[i * c->d + j] != c->x[i * c->d + j]) continue;
        for (size_t k = 0; k < c->d; k++)
            c->mean[k] += c->filled[i * c->d + k];
        count++;
    }
    for (size_t k = 0; k < c->d; k++)
        c->mean[k] /= (double)count;
    for (size_t i = 0; i < c->n; i++)
        if (c->x[i * c->d + j] == c->x[i * c->d + j]) add_row(c, c->filled + i * c->d);
    return count;
}

/* The model of column j: weights of all columns, then the constant. */
static void regress(const chain *c, size_t j, double *model) {
    const size_t d = c->d, count = sum_up(c, j);
    for (size_t i = 0, r = 0; i < d; i++) {
        if (i == j) continue;
        c->moment[r] = c->product[i > j ? i * d + j : j * d + i];
        for (size_t k = 0, q = 0; k < d; k++)
            if (k != j) c->gram[r * (d - 1) + q++] = c->product[i > k ? i * d + k : k * d + i];
        r++;
    }
    hx_bayesian_ridge(c->gram, c->moment, c->product[j * d + j], count, d - 1, c->weights, c->room);
    model[j] = 0;
    model[d] = c->mean[j];
    for (size_t i = 0, r = 0; i < d; i++) {
        if (i == j) continue;
        model[i] = c->weights[r++];
        model[d] -= model[i] * c->mean[i];
    }
}

static double predict(const double *model, const double *row, size_t d) {
    double y = 0;
    for (size_t k = 0; k < d; k++)
        y += model[k] * row[k];
    return y + model[d];
}

static void start(const chain *c, const hx_chained *m) {
    for (size_t i = 0; i < c->n * c->d; i++)
        c->filled[i] = c->x[i] == c->x[i] ? c->x[i] : m->means[i % c->d];
    memcpy(c->before, c->filled, c->n * c->d * sizeof *c->filled);
}

/* The greatest change of a row. */
static double change(const chain *c) {
    double most = 0;
    for (size_t i = 0; i < c->n; i++) {
        double sum = 0;
        for (size_t k = i * c->d; k < (i + 1) * c->d; k++)
            sum += fabs(c->filled[k] - c->before[k]);
        if (sum > most) most = sum;
    }
    memcpy(c->before, c->filled, c->n * c->d * sizeof *c->filled);
    return most;
}

static void run_round(const chain *c, const hx_chained *m, double *models) {
    for (size_t at = 0; at < c->d; at++) {
        const size_t j = (size_t)m->order[at];
        double *model = models + at * (c->d + 1);
        regress(c, j, model);
        for (size_t i = 0; i < c->n; i++)
            if (c->x[i * c->d + j] != c->x[i * c->d + j])
                c->filled[i * c->d + j] = predict(model, c->filled + i * c->d, c->d);
    }
}

static void means_and_order(const double *x, size_t n, hx_chained *m, double *missing,
                            double *greatest) {
    for (size_t j = 0; j < m->d; j++) {
        double sum = 0;
        missing[j] = 0;
        for (size_t i = 0; i < n; i++) {
            const double v = x[i * m->d + j];
            if (v == v && fabs(v) > *greatest) *greatest = fabs(v);
            if (v == v)
                sum += v;
            else
                missing[j]++;
        }
        m->means[j] = hx_mean_of_sum(sum, x + j, m->d, n, n - (size_t)missing[j]);
        size_t at = j;
        for (; at > 0 && missing[(size_t)m->order[at - 1]] > missing[j]; at--)
            m->order[at] = m->order[at - 1];
        m->order[at] = (double)j;
    }
}

static hx_status fit(hx_chained *m, const double *x, size_t n, size_t rounds, double tolerance,
                     const volatile int *cancel, hx_arena *room, hx_error *err) {
    const size_t d = m->d;
    double *missing = NULL, greatest = 0;
    chain c;
    HX_TRY(chain_init(&c, x, n, d, room, err));
    HX_TRY(hx_step_array(room, d, sizeof *missing, &missing, err));
    means_and_order(x, n, m, missing, &greatest);
    start(&c, m);
    for (m->rounds = 0; m->rounds < rounds;) {
        if (hx_flag_is_raised(cancel)) return hx_fail(err, HX_ECANCELLED, "stopped on request");
        run_round(&c, m, m->models + m->rounds * d * (d + 1));
        m->rounds++;
        if (change(&c) < tolerance * greatest) break;
    }
    return HX_OK;
}

hx_status hx_chained_fit(hx_chained *m, const double *x, size_t n, size_t d, size_t rounds,
                         double tolerance, const volatile int *cancel, hx_arena *arena,
                         hx_error *err) {
    hx_arena *room = hx_step_room();
    *m = (hx_chained){.d = d};
    hx_status status = hx_step_array(arena, d, sizeof(double), &m->means, err);
    if (status == HX_OK) status = hx_step_array(arena, d, sizeof(double), &m->order, err);
    if (status == HX_OK)
        status = hx_step_array(arena, rounds * d * (d + 1), sizeof(double), &m->models, err);
    if (status == HX_OK) status = fit(m, x, n, rounds, tolerance, cancel, room, err);
    hx_arena_free(room);
    return status;
}

void hx_chained_fill(const hx_chained *m, double *row, double *room) {
    const size_t d = m->d;
    for (size_t j = 0; j < d; j++) {
        room[j] = row[j] == row[j] ? 0 : 1;
        if (room[j] > 0) row[j] = m->means[j];
    }
    for (size_t i = 0; i < m->rounds * d; i++) {
        const size_t j = (size_t)m->order[i % d];
        if (room[j] > 0) row[j] = predict(m->models + i * (d + 1), row, d);
    }
}
