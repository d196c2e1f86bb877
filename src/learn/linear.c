/* linear.c - dual coordinate descent for linear SVM and logistic regression, and naive Bayes.
 *
 * SVM with squared hinge (Hsieh et al. 2008, ICML; liblinear's solver 1): one dual variable a_i >= 0 a row, w = sum a_i y_i x_i;
 *
 *     G = y_i w.x_i - 1 + a_i / 2C,   a_i = max(a_i - G / (x_i.x_i + 1 / 2C), 0)
 *
 * Rows whose a_i stays 0 are left out until the others are done (shrinking). Logistic regression (Yu, Huang, Lin 2011; solver 7): a_i in (0, C), each
 * step solves its one-dimensional problem by Newton. Both stop once the greatest violation in a pass is below the tolerance. */
#include "learn/linear.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/rng.h"

#define TOLERANCE_USUAL 0.1
#define PASSES_USUAL 1000

typedef struct {
    const hx_csr *x;
    const int8_t *y;
    const float *scale;
    double *w;
    double *squares; /* (n_rows): x.x with the constant */
    double *dual; /* (n_rows, 1 or 2) */
    uint32_t *order;
    size_t n; /* rows that weigh something: so many of `order` */
    hx_rng rng;
    double cost, tolerance;
    const float *weights;
    size_t max_passes;
    const volatile int *cancel;
} problem;

static double value_at(const problem *p, size_t j) {
    double v = (double)p->x->values[j];
    return p->scale ? v * (double)p->scale[p->x->columns[j]] : v;
}

static double cost_of(const problem *p, size_t i) {
    return p->weights ? p->cost * (double)p->weights[i] : p->cost;
}

static double dot(const problem *p, size_t i) {
    double sum = p->w[p->x->n_columns];
    for (size_t j = p->x->starts[i]; j < p->x->starts[i + 1]; j++)
        sum += p->w[p->x->columns[j]] * value_at(p, j);
    return sum;
}

/* The row that comes next stands anywhere. */
static void fetch(const problem *p, size_t i) {
    for (size_t j = p->x->starts[i]; j < p->x->starts[i + 1]; j += 16) {
        __builtin_prefetch(p->x->columns + j);
        __builtin_prefetch(p->x->values + j);
    }
}

static void add(problem *p, size_t i, double step) {
    for (size_t j = p->x->starts[i]; j < p->x->starts[i + 1]; j++)
        p->w[p->x->columns[j]] += step * value_at(p, j);
    p->w[p->x->n_columns] += step;
}

static void measure(problem *p) {
    for (size_t i = 0; i < p->x->n_rows; i++) {
        double sum = 1;
        for (size_t j = p->x->starts[i]; j < p->x->starts[i + 1]; j++)
            sum += value_at(p, j) * value_at(p, j);
        p->squares[i] = sum;
        if (cost_of(p, i) > 0) p->order[p->n++] = (uint32_t)i;
    }
}

static void shuffle(problem *p, size_t n) {
    for (size_t i = 0; i + 1 < n; i++) {
        size_t j = i + (size_t)hx_rng_below(&p->rng, n - i);
        uint32_t swap = p->order[i];
        p->order[i] = p->order[j];
        p->order[j] = swap;
    }
}

typedef struct {
    double most, least; /* of the projected gradients in a pass */
} violation;

/* One row of the SVM; false: it may be left out. */
static bool step_svm(problem *p, size_t i, double bound, violation *seen) {
    double diagonal = 0.5 / cost_of(p, i), *a = &p->dual[i];
    double g = p->y[i] * dot(p, i) - 1 + *a * diagonal;
    if (*a == 0 && g > bound) return false;
    double projected = *a == 0 && g > 0 ? 0 : g;
    seen->most = fmax(seen->most, projected);
    seen->least = fmin(seen->least, projected);
    if (fabs(projected) > 1e-12) {
        double before = *a;
        *a = fmax(*a - g / (p->squares[i] + diagonal), 0);
        add(p, i, (*a - before) * p->y[i]);
    }
    return true;
}

static void solve_svm(problem *p) {
    size_t n = p->n, active = n;
    double bound = INFINITY;
    for (size_t pass = 0; pass < p->max_passes && !hx_flag_is_raised(p->cancel); pass++) {
        violation seen = {-INFINITY, INFINITY};
        shuffle(p, active);
        for (size_t s = 0; s < active; s++) {
            if (s + 1 < active) fetch(p, p->order[s + 1]);
            if (step_svm(p, p->order[s], bound, &seen)) continue;
            active--;
            uint32_t swap = p->order[s];
            p->order[s--] = p->order[active];
            p->order[active] = swap;
        }
        if (seen.most - seen.least <= p->tolerance || active == 0) {
            if (active == n) return;
            active = n;
            bound = INFINITY;
            continue;
        }
        bound = seen.most > 0 ? seen.most : INFINITY;
    }
}

/* One row of the logistic problem: its two duals sum to C; the smaller end is moved. Returns how far it was from its optimum. */
static double step_logistic(problem *p, size_t i, double inner, size_t *newton) {
    double *dual = p->dual + 2 * i, c = cost_of(p, i), a = p->squares[i], b = p->y[i] * dot(p, i);
    bool second = 0.5 * a * (dual[1] - dual[0]) + b < 0;
    double sign = second ? -1 : 1, old = dual[second], z = old;
    if (c - z < 0.5 * c) z *= 0.1;
    double g = a * (z - old) + sign * b + log(z / (c - z)), violated = fabs(g);
    int steps = 0;
    for (; steps <= 100 && fabs(g) >= inner; steps++) {
        double next = z - g / (a + c / (c - z) / z);
        z = next <= 0 ? z * 0.1 : next;
        g = a * (z - old) + sign * b + log(z / (c - z));
    }
    if (steps > 0) {
        dual[second] = z;
        dual[!second] = c - z;
        add(p, i, sign * (z - old) * p->y[i]);
        *newton += (size_t)steps;
    }
    return violated;
}

static void solve_logistic(problem *p) {
    size_t n = p->n;
    double least = fmin(1e-8, p->tolerance), inner = 1e-2;
    for (size_t k = 0; k < n; k++) {
        const size_t i = p->order[k];
        p->dual[2 * i] = fmin(0.001 * cost_of(p, i), 1e-8);
        p->dual[2 * i + 1] = cost_of(p, i) - p->dual[2 * i];
        add(p, i, p->y[i] * p->dual[2 * i]);
    }
    for (size_t pass = 0; pass < p->max_passes && !hx_flag_is_raised(p->cancel); pass++) {
        double most = 0;
        size_t newton = 0;
        shuffle(p, n);
        for (size_t s = 0; s < n; s++) {
            if (s + 1 < n) fetch(p, p->order[s + 1]);
            most = fmax(most, step_logistic(p, p->order[s], inner, &newton));
        }
        if (most < p->tolerance) return;
        if (newton <= n / 10) inner = fmax(least, 0.1 * inner);
    }
}

hx_status hx_linear_fit(const hx_csr *x, const int8_t *targets, const float *scale,
                        const hx_linear_options *o, double *w, hx_error *err) {
    problem p = {.x = x,
                 .y = targets,
                 .scale = scale,
                 .w = w,
                 .cost = o->cost,
                 .weights = o->weights,
                 .cancel = o->cancel};
    p.tolerance = o->tolerance > 0 ? o->tolerance : TOLERANCE_USUAL;
    p.max_passes = o->max_passes ? o->max_passes : PASSES_USUAL;
    p.squares = calloc(x->n_rows + 1, sizeof *p.squares);
    p.dual = calloc(x->n_rows + 1, 2 * sizeof *p.dual);
    p.order = calloc(x->n_rows + 1, sizeof *p.order);
    bool room = p.squares && p.dual && p.order;
    for (size_t j = 0; j <= x->n_columns; j++)
        w[j] = 0;
    if (room) {
        hx_rng_seed(&p.rng, o->seed);
        measure(&p);
        if (o->loss == HX_LINEAR_SVM)
            solve_svm(&p);
        else
            solve_logistic(&p);
    }
    free(p.squares);
    free(p.dual);
    free(p.order);
    if (!room)
        return hx_fail(err, HX_ENOMEM, "not enough memory to learn from %zu rows", x->n_rows);
    if (hx_flag_is_raised(o->cancel)) return hx_fail(err, HX_ECANCELLED, "stopped on request");
    return HX_OK;
}

/* ------------------------------------------------------------------ naive Bayes */
hx_status hx_bayes_fit(const hx_csr *x, const uint32_t *labels, size_t n_classes, float *w,
                       hx_error *err) {
    size_t n = x->n_columns;
    double *counts = calloc((n + 1) * n_classes, sizeof *counts),
           *sums = calloc(n_classes, sizeof *sums);
    bool room = counts && sums;
    for (size_t i = 0; room && i < x->n_rows; i++) {
        for (size_t j = x->starts[i]; j < x->starts[i + 1]; j++) {
            counts[x->columns[j] * n_classes + labels[i]] += (double)x->values[j];
            sums[labels[i]] += (double)x->values[j];
        }
        counts[n * n_classes + labels[i]] += 1;
    }
    for (size_t j = 0; room && j < n * n_classes; j++)
        w[j] = (float)log((counts[j] + 1) / (sums[j % n_classes] + (double)n));
    for (size_t k = 0; room && k < n_classes; k++)
        w[n * n_classes + k] =
            (float)log(fmax(counts[n * n_classes + k], 1e-9) / (double)x->n_rows);
    free(counts);
    free(sums);
    return room ? HX_OK
                : hx_fail(err, HX_ENOMEM, "not enough memory to learn from %zu rows", x->n_rows);
}

hx_status hx_count_ratios(const hx_csr *x, const uint32_t *labels, uint32_t label, float *ratios,
                          hx_error *err) {
    size_t n = x->n_columns;
    double *in = calloc(n + 1, sizeof *in), *out = calloc(n + 1, sizeof *out);
    bool room = in && out;
    double all_in = (double)n, all_out = (double)n;
    for (size_t i = 0; room && i < x->n_rows; i++) {
        double *to = labels[i] == label ? in : out;
        for (size_t j = x->starts[i]; j < x->starts[i + 1]; j++)
            to[x->columns[j]] += 1;
        *(labels[i] == label ? &all_in : &all_out) += (double)(x->starts[i + 1] - x->starts[i]);
    }
    for (size_t j = 0; room && j < n; j++)
        ratios[j] = (float)(log((in[j] + 1) / all_in) - log((out[j] + 1) / all_out));
    free(in);
    free(out);
    return room ? HX_OK
                : hx_fail(err, HX_ENOMEM, "not enough memory to learn from %zu rows", x->n_rows);
}
