/* conjugate.c - conjugate gradients on the normal equations without making them (CGLS; Bjoerck, Numerical Methods for Least Squares Problems, 7.4).
 *
 * Columns count less their means and at length 1, which neither changes the least value nor fills zeroes in: A = (X - 1 means') S. It ends where
 * |A'r - penalty| is TINY times what it was at w = 0, so that answers are those of the closed form to about as many digits. */
#include "learn/conjugate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/solve.h"

#define TINY 1e-10

typedef struct {
    const hx_problem *p;
    const double *means;
    double alpha, *w; /* (d) */
    double *scales; /* (d): 1 / length of the column less its mean, 0 of a constant one */
    double *g, *s, *along; /* (d): gradient, direction, it times the scales */
    double *r, *q; /* (n): what is left of y, A s */
} search;

static double root_weight(const search *c, size_t i) {
    return c->p->weights ? sqrt(c->p->weights[i]) : 1;
}

static double squares(const double *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

static void forward(search *c) {
    const size_t d = c->p->d;
    for (size_t j = 0; j < d; j++)
        c->along[j] = c->s[j] * c->scales[j];
    const double off = hx_dot(c->along, c->means, d);
    for (size_t i = 0; i < c->p->n; i++)
        c->q[i] = root_weight(c, i) * (hx_dot(c->along, c->p->x + i * d, d) - off);
}

static void backward(search *c) {
    const size_t d = c->p->d;
    double sum = 0;
    memset(c->g, 0, d * sizeof *c->g);
    for (size_t i = 0; i < c->p->n; i++) {
        const double *x = c->p->x + i * d;
        const double by = root_weight(c, i) * c->r[i];
        sum += by;
        for (size_t j = 0; j < d; j++)
            c->g[j] += by * x[j];
    }
    for (size_t j = 0; j < d; j++)
        c->g[j] = (c->g[j] - sum * c->means[j] - c->alpha * c->w[j]) * c->scales[j];
}

static void scales_of(search *c) {
    const hx_problem *p = c->p;
    for (size_t i = 0; i < p->n; i++) {
        const double w = p->weights ? p->weights[i] : 1;
        for (size_t j = 0; j < p->d; j++) {
            const double off = p->x[i * p->d + j] - c->means[j];
            c->scales[j] += w * off * off;
        }
    }
    for (size_t j = 0; j < p->d; j++)
        c->scales[j] = c->scales[j] > 0 ? 1 / sqrt(c->scales[j]) : 0;
}

static hx_status go(search *c, const volatile int *cancel, size_t *rounds, hx_error *err) {
    const size_t d = c->p->d, most = 2 * d + 1000;
    backward(c);
    double now = squares(c->g, d);
    const double enough = now * TINY * TINY;
    memcpy(c->s, c->g, d * sizeof *c->s);
    for (*rounds = 0; *rounds < most && now > enough; ++*rounds) {
        if (hx_flag_is_raised(cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        forward(c);
        const double before = now,
                     step = now / (squares(c->q, c->p->n) + c->alpha * squares(c->along, d));
        if (!isfinite(step))
            return hx_fail(err, HX_EINVAL,
                           "the features hold values too large to compute with; scale them");
        for (size_t j = 0; j < d; j++)
            c->w[j] += step * c->along[j];
        for (size_t i = 0; i < c->p->n; i++)
            c->r[i] -= step * c->q[i];
        backward(c);
        now = squares(c->g, d);
        for (size_t j = 0; j < d; j++)
            c->s[j] = c->g[j] + now / before * c->s[j];
    }
    return HX_OK;
}

bool hx_closed_is_long(const hx_problem *p) {
    const double d = (double)p->d;
    return d * d * ((double)p->n + 3 * d) > HX_CLOSED_MAX;
}

hx_status hx_conjugate(const hx_problem *p, const double *means, double mean_y, double alpha,
                       const volatile int *cancel, double *w, double *residual, size_t *rounds,
                       hx_error *err) {
    double *room = calloc(4 * p->d + 2 * p->n + 1, sizeof *room);
    if (!room) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    search c = {.p = p, .means = means, .alpha = alpha, .w = w, .scales = room};
    c.g = c.scales + p->d;
    c.s = c.g + p->d;
    c.along = c.s + p->d;
    c.r = c.along + p->d;
    c.q = c.r + p->n;
    memset(w, 0, p->d * sizeof *w);
    scales_of(&c);
    for (size_t i = 0; i < p->n; i++)
        c.r[i] = root_weight(&c, i) * (p->y[i] - mean_y);
    const hx_status st = go(&c, cancel, rounds, err);
    *residual = squares(c.r, p->n);
    free(room);
    return st;
}
