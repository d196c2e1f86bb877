/* explain_kernel.c - Shapley values of any model, from its answers alone: columns of a coalition are the row's, all others those of background rows, and
 * the coalition's worth is the mean answer (interventional values, as KernelExplainer of shap has them).
 *
 * m = columns in which the row differs from some background row; the others get nothing. Where 2^m is within the budget all coalitions are asked
 * and the value is Shapley's own sum, exactly
 *
 *     phi_i = sum over S without i of |S|! (m - |S| - 1)! / m! (worth(S + i) - worth(S))
 *
 * Else it is the weighted least squares of Lundberg and Lee 2017, weight (m - 1) / (C(m, s) s (m - s)) of a coalition of s columns: sizes 1, m - 1, 2,
 * m - 2, ... are asked in full while the budget lasts, what is left goes to coalitions drawn with their complements. That phi sums to worth(all) -
 * worth(none) is kept exactly, by eliminating the last column. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "base/rng.h"
#include "learn/explain.h"
#include "learn/solve.h"

#define EXACT_MAX 20 /* columns */
#define BLOCK ((size_t)32) /* coalitions a job */

typedef struct {
    const hx_explaining *e;
    const double *cells; /* (n_columns) of the row */
    size_t *varying, m; /* columns that differ */
    unsigned char *members; /* (n, m): 1 = of the row */
    double *weights, *worth; /* (n) */
    size_t n, room;
    double none, all; /* worth of nobody and of everybody */
} game;

/* ------------------------------------------------------------------ worth */
static void fill_rows(const game *g, size_t first, size_t n, double *cells) {
    const size_t width = g->e->n_columns, rows = g->e->n_background;
    for (size_t k = 0; k < n; k++) {
        const unsigned char *in = g->members + (first + k) * g->m;
        double *to = cells + k * rows * width;
        memcpy(to, g->e->background, rows * width * sizeof *to);
        for (size_t j = 0; j < g->m; j++)
            for (size_t b = 0; b < rows && in[j]; b++)
                to[b * width + g->varying[j]] = g->cells[g->varying[j]];
    }
}

static hx_status ask_block(void *context, size_t block, size_t worker, hx_error *err) {
    const game *g = context;
    const size_t first = block * BLOCK, n = g->n - first < BLOCK ? g->n - first : BLOCK;
    const size_t rows = g->e->n_background, asked = n * rows;
    double *cells = calloc(asked * g->e->n_columns + 1, sizeof *cells);
    double *x = calloc(asked * g->e->d + 1, sizeof *x), *said = calloc(asked + 1, sizeof *said);
    hx_status st = cells && x && said ? HX_OK : hx_explain_no_memory(err);
    (void)worker;
    if (st == HX_OK && hx_flag_is_raised(g->e->o->cancel))
        st = hx_fail(err, HX_ECANCELLED, "the explanation was stopped");
    if (st == HX_OK) {
        fill_rows(g, first, n, cells);
        hx_explain_features(g->e, cells, asked, x);
        st = hx_explain_answers(g->e, x, asked, 1, said, err);
    }
    for (size_t k = 0; k < n && st == HX_OK; k++) {
        double sum = 0;
        for (size_t b = 0; b < rows; b++)
            sum += said[k * rows + b];
        g->worth[first + k] = sum / (double)rows;
    }
    free(cells);
    free(x);
    free(said);
    return st;
}

static hx_status ask_all(game *g, hx_error *err) {
    return hx_pool_run(g->e->n_threads, (g->n + BLOCK - 1) / BLOCK, ask_block, g, err);
}

static bool make_room(game *g, size_t n) {
    g->room = n;
    g->members = calloc(n * g->m + 1, 1);
    g->weights = calloc(n + 1, sizeof *g->weights);
    g->worth = calloc(n + 1, sizeof *g->worth);
    return g->members && g->weights && g->worth;
}

/* ------------------------------------------------------------------ all coalitions */
static void sum_exactly(const game *g, double *phi) {
    double weights[EXACT_MAX + 1]; /* |S|! (m - |S| - 1)! / m! */
    weights[0] = 1 / (double)g->m;
    for (size_t s = 1; s < g->m; s++)
        weights[s] = weights[s - 1] * (double)s / (double)(g->m - s);
    for (size_t j = 0; j < g->m; j++)
        for (size_t k = 0; k < g->n; k++) {
            if (k >> j & 1) continue;
            const double gain = g->worth[k | (size_t)1 << j] - g->worth[k];
            phi[g->varying[j]] += weights[(size_t)__builtin_popcountll(k)] * gain;
        }
}

static hx_status explain_exactly(game *g, double *phi, hx_error *err) {
    if (!make_room(g, (size_t)1 << g->m)) return hx_explain_no_memory(err);
    g->n = g->room;
    for (size_t k = 0; k < g->n; k++)
        for (size_t j = 0; j < g->m; j++)
            g->members[k * g->m + j] = k >> j & 1;
    HX_TRY(ask_all(g, err));
    sum_exactly(g, phi);
    return HX_OK;
}

/* ------------------------------------------------------------------ a sample of coalitions */
static double choose(size_t n, size_t k) {
    double c = 1;
    for (size_t i = 1; i <= k; i++)
        c = c * (double)(n - k + i) / (double)i;
    return c;
}

/* One coalition, and its complement where `both`. */
static void add(game *g, const size_t *in, size_t size, double weight, bool both) {
    unsigned char *to = g->members + g->n * g->m;
    for (size_t j = 0; j < size; j++)
        to[in[j]] = 1;
    g->weights[g->n++] = weight;
    for (size_t j = 0; j < g->m && both; j++)
        to[g->m + j] = !to[j];
    if (both) g->weights[g->n++] = weight;
}

/* The next combination of `size` below m in order; false behind the last. */
static bool next_combination(size_t *in, size_t size, size_t m) {
    size_t i = size;
    while (i > 0 && in[i - 1] == m - size + i - 1)
        i--;
    if (i == 0) return false;
    in[i - 1]++;
    for (; i < size; i++)
        in[i] = in[i - 1] + 1;
    return true;
}

static void add_size(game *g, size_t size, double weight, size_t *in) {
    const bool both = 2 * size != g->m;
    const double each = weight / (choose(g->m, size) * (both ? 2 : 1));
    for (size_t j = 0; j < size; j++)
        in[j] = j;
    do
        add(g, in, size, each, both);
    while (next_combination(in, size, g->m));
}

/* Pairs of coalitions of sizes `from` and up until the room is full; of all their weight together `left`. */
static void draw(game *g, size_t from, const double *shares, double left, hx_rng *rng, size_t *in) {
    const size_t sizes = g->m / 2, start = g->n;
    double all = 0;
    for (size_t s = from; s <= sizes; s++)
        all += shares[s];
    while (g->n + 2 <= g->room) {
        double at = hx_rng_uniform(rng) * all;
        size_t size = from;
        while (size < sizes && at >= shares[size])
            at -= shares[size++];
        for (size_t j = 0; j < g->m; j++)
            in[j] = j;
        for (size_t j = 0; j < size; j++) {
            const size_t k = j + hx_rng_below(rng, g->m - j), was = in[j];
            in[j] = in[k];
            in[k] = was;
        }
        add(g, in, size, 1, true);
    }
    for (size_t k = start; k < g->n; k++)
        g->weights[k] = left / (double)(g->n - start);
}

/* Sizes in full while they fit; the rest drawn. shares (m / 2 + 1), in (m). */
static void choose_coalitions(game *g, uint64_t seed, double *shares, size_t *in) {
    const size_t sizes = g->m / 2;
    double all = 0, left = 1;
    size_t s = 1;
    hx_rng rng;
    for (size_t k = 1; k <= sizes; k++)
        all += shares[k] =
            (double)(g->m - 1) / ((double)k * (double)(g->m - k)) * (2 * k == g->m ? 1 : 2);
    for (size_t k = 1; k <= sizes; k++)
        shares[k] /= all;
    for (; s <= sizes; s++) {
        const double n = choose(g->m, s) * (2 * s == g->m ? 1 : 2);
        if (n > (double)(g->room - g->n)) break;
        add_size(g, s, shares[s], in);
        left -= shares[s];
    }
    hx_rng_seed(&rng, seed);
    if (s <= sizes) draw(g, s, shares, left, &rng, in);
}

/* Weighted least squares with the last column's value = (all - none) - the others'. a (m - 1, m - 1), b (m - 1). */
static bool solve(const game *g, double *a, double *b, double *phi) {
    const size_t k = g->m - 1;
    const double whole = g->all - g->none;
    for (size_t i = 0; i < g->n; i++) {
        const unsigned char *in = g->members + i * g->m;
        const double y = g->worth[i] - g->none - in[k] * whole;
        for (size_t p = 0; p < k; p++) {
            const double u = g->weights[i] * (double)(in[p] - in[k]);
            if (u == 0) continue;
            b[p] += u * y;
            for (size_t q = 0; q <= p; q++)
                a[p * k + q] += u * (double)(in[q] - in[k]);
        }
    }
    if (!hx_cholesky(a, k)) return false;
    hx_cholesky_solve(a, k, b);
    double rest = whole;
    for (size_t p = 0; p < k; p++) {
        phi[g->varying[p]] = b[p];
        rest -= b[p];
    }
    phi[g->varying[k]] = rest;
    return true;
}

static hx_status explain_by_sample(game *g, uint64_t seed, size_t budget, double *phi,
                                   hx_error *err) {
    const size_t k = g->m - 1;
    double *shares = calloc(g->m / 2 + 2, sizeof *shares), *a = calloc(k * k + 1, sizeof *a),
           *b = calloc(k + 1, sizeof *b);
    size_t *in = calloc(g->m + 1, sizeof *in);
    hx_status st = shares && a && b && in && make_room(g, budget + 2 * g->m)
                       ? HX_OK
                       : hx_explain_no_memory(err);
    if (st == HX_OK) {
        choose_coalitions(g, seed, shares, in);
        st = ask_all(g, err);
    }
    if (st == HX_OK && !solve(g, a, b, phi))
        st = hx_fail(err, HX_EINTERNAL, "the coalitions do not tell the columns apart");
    free(shares);
    free(a);
    free(b);
    free(in);
    return st;
}

/* ------------------------------------------------------------------ one row */
static bool same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

static void find_varying(game *g) {
    const size_t width = g->e->n_columns;
    for (size_t c = 0; c < width; c++)
        for (size_t i = 0; i < g->e->n_background; i++)
            if (!same(g->cells[c], g->e->background[i * width + c])) {
                g->varying[g->m++] = c;
                break;
            }
}

/* worth of nobody and everybody: coalitions 0 and 1 of a small game. */
static hx_status ask_ends(game *g, hx_error *err) {
    if (!make_room(g, 2)) return hx_explain_no_memory(err);
    memset(g->members + g->m, 1, g->m);
    g->n = 2;
    HX_TRY(ask_all(g, err));
    g->none = g->worth[0];
    g->all = g->worth[1];
    return HX_OK;
}

static void release(game *g) {
    free(g->members);
    free(g->weights);
    free(g->worth);
    g->members = NULL;
    g->weights = g->worth = NULL;
    g->n = 0;
}

static hx_status play(game *g, uint64_t seed, size_t budget, double *phi, hx_error *err) {
    find_varying(g);
    hx_status st = ask_ends(g, err);
    release(g);
    if (st != HX_OK) return st;
    phi[g->e->n_columns] = g->none;
    if (g->m == 0) return HX_OK;
    if (g->m <= EXACT_MAX && (size_t)1 << g->m <= budget)
        st = explain_exactly(g, phi, err);
    else
        st = explain_by_sample(g, seed, budget, phi, err);
    release(g);
    return st;
}

hx_status hx_explain_kernel(const hx_explaining *e, const double *cells, uint64_t seed,
                            size_t budget, double *out, hx_error *err) {
    game g = {.e = e, .cells = cells, .varying = calloc(e->n_columns + 1, sizeof *g.varying)};
    if (!g.varying) return hx_explain_no_memory(err);
    memset(out, 0, (e->n_columns + 1) * sizeof *out);
    const hx_status st = play(&g, seed, budget, out, err);
    free(g.varying);
    return st;
}
