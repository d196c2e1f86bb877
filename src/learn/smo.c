/* smo.c - sequential minimal optimisation; see smo.h. With G = Qa + p, I_up = {i: a_i may grow along y_i}, I_low likewise down:
 *
 *     i = argmax over I_up of -y_i G_i;   j = argmin over I_low of -(b^2 / c),   b = -y_i G_i + y_j G_j > 0,  c = K_ii + K_jj - 2 K_ij
 *
 * ends where the greatest -y_i G_i of I_up less the least of I_low is below the tolerance. rho is the mean of y_i G_i over free variables. */
#include "learn/smo.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define LEAST_CURVE 1e-12
#define STEPS_MIN ((size_t)10000000)
#define NO_SLOT SIZE_MAX

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}

/* ------------------------------------------------------------------ kernels */
static double power(double x, unsigned n) {
    double y = 1;
    for (; n; n >>= 1, x *= x)
        if (n & 1) y *= x;
    return y;
}

double hx_kernel_value(const hx_kernel *k, const double *a, const double *b, size_t d) {
    double sum = 0;
    if (k->kind == HX_KERNEL_RBF) {
        for (size_t j = 0; j < d; j++)
            sum += (a[j] - b[j]) * (a[j] - b[j]);
        return exp(-k->gamma * sum);
    }
    for (size_t j = 0; j < d; j++)
        sum += a[j] * b[j];
    return k->kind == HX_KERNEL_LINEAR ? sum : power(k->gamma * sum + k->coef0, k->degree);
}

struct hx_kernel_rows {
    hx_kernel kernel;
    const double *x;
    size_t n, d, n_slots, next; /* next: the slot that is given away first */
    double **slots; /* (n_slots) of (n) */
    size_t *slot_of, *row_of; /* (n), (n_slots) */
    double *diagonal; /* (n) */
};

hx_status hx_kernel_rows_new(hx_kernel_rows **out, const hx_kernel *k, const double *x, size_t n,
                             size_t d, size_t cache, hx_error *err) {
    hx_kernel_rows *r = calloc(1, sizeof *r);
    if (!r) return no_memory(err);
    size_t fit = cache / ((n + 1) * sizeof(double));
    *r = (hx_kernel_rows){.kernel = *k, .x = x, .n = n, .d = d};
    r->n_slots = fit < 3 ? 3 : fit < n ? fit : n + 1;
    r->slots = calloc(r->n_slots, sizeof *r->slots);
    r->slot_of = calloc(n + 1, sizeof *r->slot_of);
    r->row_of = calloc(r->n_slots, sizeof *r->row_of);
    r->diagonal = calloc(n + 1, sizeof *r->diagonal);
    if (!r->slots || !r->slot_of || !r->row_of || !r->diagonal) {
        hx_kernel_rows_free(r);
        return no_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        r->slot_of[i] = NO_SLOT;
        r->diagonal[i] = hx_kernel_value(k, x + i * d, x + i * d, d);
    }
    for (size_t i = 0; i < r->n_slots; i++)
        r->row_of[i] = NO_SLOT;
    *out = r;
    return HX_OK;
}

void hx_kernel_rows_free(hx_kernel_rows *r) {
    if (!r) return;
    for (size_t i = 0; i < r->n_slots && r->slots; i++)
        free(r->slots[i]);
    free(r->slots);
    free(r->slot_of);
    free(r->row_of);
    free(r->diagonal);
    free(r);
}

/* K(i, .) of all rows; the row `keep` stays where it is. NULL = out of memory. */
static const double *row_of(hx_kernel_rows *r, size_t i, size_t keep) {
    if (r->slot_of[i] != NO_SLOT) return r->slots[r->slot_of[i]];
    size_t slot = r->next;
    if (r->row_of[slot] == keep && keep != NO_SLOT) slot = (slot + 1) % r->n_slots;
    r->next = (slot + 1) % r->n_slots;
    if (!r->slots[slot]) r->slots[slot] = calloc(r->n + 1, sizeof *r->slots[slot]);
    if (!r->slots[slot]) return NULL;
    if (r->row_of[slot] != NO_SLOT) r->slot_of[r->row_of[slot]] = NO_SLOT;
    r->row_of[slot] = i;
    r->slot_of[i] = slot;
    for (size_t j = 0; j < r->n; j++)
        r->slots[slot][j] = hx_kernel_value(&r->kernel, r->x + i * r->d, r->x + j * r->d, r->d);
    return r->slots[slot];
}

/* ------------------------------------------------------------------ the pair */
typedef struct {
    const hx_smo *s;
    hx_kernel_rows *k;
    double *a, *g;
} solver;

static bool may_rise(const solver *v, size_t i) { /* along y */
    return v->s->y[i] > 0 ? v->a[i] < v->s->cost[i] : v->a[i] > 0;
}

static bool may_fall(const solver *v, size_t i) {
    return v->s->y[i] > 0 ? v->a[i] > 0 : v->a[i] < v->s->cost[i];
}

static size_t most_violating(const solver *v, double *most) {
    size_t best = SIZE_MAX;
    *most = -INFINITY;
    for (size_t i = 0; i < v->s->n; i++) {
        double value = -v->s->y[i] * v->g[i];
        if (!may_rise(v, i) || value <= *most) continue;
        *most = value;
        best = i;
    }
    return best;
}

/* The partner of i; *least = the least -y G of those that may fall. */
static size_t partner(const solver *v, size_t i, const double *ki, double most, double *least) {
    const hx_smo *s = v->s;
    size_t best = SIZE_MAX;
    double gain = 0;
    *least = INFINITY;
    for (size_t j = 0; j < s->n; j++) {
        double value = -s->y[j] * v->g[j], b = most - value;
        if (!may_fall(v, j)) continue;
        *least = fmin(*least, value);
        if (b <= 0) continue;
        double c = v->k->diagonal[s->rows[i]] + v->k->diagonal[s->rows[j]] - 2 * ki[s->rows[j]];
        double g = b * b / fmax(c, LEAST_CURVE);
        if (g <= gain) continue;
        gain = g;
        best = j;
    }
    return best;
}

/* Moves a_i along y_i and a_j against y_j as far as is best and allowed. */
static void move(solver *v, size_t i, size_t j, const double *ki, const double *kj) {
    const hx_smo *s = v->s;
    double c = fmax(v->k->diagonal[s->rows[i]] + v->k->diagonal[s->rows[j]] - 2 * ki[s->rows[j]],
                    LEAST_CURVE);
    double step = (-s->y[i] * v->g[i] + s->y[j] * v->g[j]) / c;
    double room_i = s->y[i] > 0 ? s->cost[i] - v->a[i] : v->a[i];
    double room_j = s->y[j] > 0 ? v->a[j] : s->cost[j] - v->a[j];
    step = fmin(step, fmin(room_i, room_j));
    v->a[i] = step == room_i ? (s->y[i] > 0 ? s->cost[i] : 0) : v->a[i] + s->y[i] * step;
    v->a[j] = step == room_j ? (s->y[j] > 0 ? 0 : s->cost[j]) : v->a[j] - s->y[j] * step;
    for (size_t t = 0; t < s->n; t++)
        v->g[t] += s->y[t] * step * (ki[s->rows[t]] - kj[s->rows[t]]);
}

static double threshold(const solver *v) {
    double free_sum = 0, above = INFINITY, below = -INFINITY;
    size_t n_free = 0;
    for (size_t i = 0; i < v->s->n; i++) {
        double value = v->s->y[i] * v->g[i];
        bool up = may_rise(v, i), down = may_fall(v, i);
        if (up && down) {
            free_sum += value;
            n_free++;
        } else if (up) {
            above = fmin(above, value);
        } else {
            below = fmax(below, value);
        }
    }
    if (n_free) return free_sum / (double)n_free;
    return isinf(above) ? (isinf(below) ? 0 : below) : isinf(below) ? above : (above + below) / 2;
}

static hx_status run(solver *v, hx_error *err) {
    size_t most_steps = v->s->n > STEPS_MIN / 100 ? 100 * v->s->n : STEPS_MIN;
    for (size_t step = 0; step < most_steps; step++) {
        double most, least;
        if (step % 8 == 0 && hx_flag_is_raised(v->s->cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        size_t i = most_violating(v, &most);
        if (i == SIZE_MAX) return HX_OK;
        const double *ki = row_of(v->k, v->s->rows[i], NO_SLOT), *kj;
        if (!ki) return no_memory(err);
        size_t j = partner(v, i, ki, most, &least);
        if (j == SIZE_MAX || most - least < v->s->tolerance) return HX_OK;
        kj = row_of(v->k, v->s->rows[j], v->s->rows[i]);
        if (!kj) return no_memory(err);
        move(v, i, j, ki, kj);
    }
    return HX_OK;
}

hx_status hx_smo_solve(const hx_smo *s, hx_kernel_rows *k, double *a, double *rho, hx_error *err) {
    solver v = {.s = s, .k = k, .a = a, .g = calloc(s->n + 1, sizeof(double))};
    if (!v.g) return no_memory(err);
    memcpy(v.g, s->p, s->n * sizeof *v.g);
    memset(a, 0, s->n * sizeof *a);
    hx_status st = run(&v, err);
    if (st == HX_OK) *rho = threshold(&v);
    free(v.g);
    return st;
}
