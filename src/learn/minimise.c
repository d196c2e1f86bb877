/* minimise.c - limited-memory BFGS; see minimise.h.
 *
 * The last MEMORY pairs of step and change of the gradient stand for the inverse curvature (two loops); a step is searched until it meets the strong
 * Wolfe conditions: doubled while the slope falls, then a parabola between the two ends. Where no step is better the memory is dropped and
 * the search goes along the gradient once more; where that fails, too, the least value is reached as far as doubles can tell. */
#include "learn/minimise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define MEMORY 10 /* pairs that are kept */
#define DECREASE 1e-4 /* Wolfe: of the slope */
#define CURVATURE 0.9
#define TRIALS 40 /* of a line search */

typedef struct {
    hx_objective_fn *f;
    void *context;
    size_t n;
    double *x, *g, *p; /* point, gradient, direction */
    double *next, *next_g; /* those of a trial */
    double *s, *y; /* (MEMORY, n) */
    double rho[MEMORY], alpha[MEMORY];
    size_t pairs, newest;
    double value, slope;
} search;

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static double greatest(const double *a, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(a[i]));
    return most;
}

/* p = -H g by the two loops. */
static void direction(search *m) {
    size_t n = m->n;
    for (size_t i = 0; i < n; i++)
        m->p[i] = -m->g[i];
    for (size_t k = 0; k < m->pairs; k++) {
        size_t j = (m->newest + MEMORY - k) % MEMORY;
        m->alpha[j] = m->rho[j] * dot(m->s + j * n, m->p, n);
        for (size_t i = 0; i < n; i++)
            m->p[i] -= m->alpha[j] * m->y[j * n + i];
    }
    if (m->pairs > 0) {
        const double *y = m->y + m->newest * n;
        double scale = 1 / (m->rho[m->newest] * dot(y, y, n));
        for (size_t i = 0; i < n; i++)
            m->p[i] *= scale;
    }
    for (size_t k = m->pairs; k-- > 0;) {
        size_t j = (m->newest + MEMORY - k) % MEMORY;
        double beta = m->rho[j] * dot(m->y + j * n, m->p, n);
        for (size_t i = 0; i < n; i++)
            m->p[i] += (m->alpha[j] - beta) * m->s[j * n + i];
    }
    m->slope = dot(m->g, m->p, n);
    if (m->slope < 0) return;
    m->pairs = 0; /* no way down: steepest descent again */
    for (size_t i = 0; i < n; i++)
        m->p[i] = -m->g[i];
    m->slope = -dot(m->g, m->g, n);
}

/* Value and slope a step away; next and next_g are that point's. */
static double probe(search *m, double step, double *slope) {
    for (size_t i = 0; i < m->n; i++)
        m->next[i] = m->x[i] + step * m->p[i];
    double value = m->f(m->context, m->next, m->next_g);
    *slope = dot(m->next_g, m->p, m->n);
    return value;
}

typedef struct {
    double step, value, slope;
} point;

/* Between a good step and one that is too long: the least of a parabola where that lies well inside, else the middle. */
static bool zoom(search *m, point low, point high, double *value) {
    for (int i = 0; i < TRIALS && low.step != high.step; i++) {
        double width = high.step - low.step;
        double share = -low.slope * width / 2 / (high.value - low.value - low.slope * width);
        if (!(share > 0.1 && share < 0.9)) share = 0.5;
        point at = {.step = low.step + share * width};
        at.value = *value = probe(m, at.step, &at.slope);
        if (!(at.value <= m->value + DECREASE * at.step * m->slope) || at.value >= low.value) {
            high = at;
            continue;
        }
        if (fabs(at.slope) <= -CURVATURE * m->slope) return true;
        if (at.slope * width >= 0) high = low;
        low = at;
    }
    *value = probe(m, low.step, &low.slope);
    return low.step > 0 && *value < m->value;
}

/* A step that meets the strong Wolfe conditions; next, next_g, *value are its. */
static bool line_search(search *m, double *value) {
    point before = {.step = 0, .value = m->value, .slope = m->slope};
    double step = m->pairs > 0 ? 1 : fmin(1, 1 / greatest(m->g, m->n));
    for (int i = 0; i < TRIALS; i++, step *= 2) {
        point at = {.step = step};
        at.value = *value = probe(m, step, &at.slope);
        if (!(at.value <= m->value + DECREASE * step * m->slope) ||
            (i > 0 && at.value >= before.value))
            return zoom(m, before, at, value);
        if (fabs(at.slope) <= -CURVATURE * m->slope) return true;
        if (at.slope >= 0) return zoom(m, at, before, value);
        before = at;
    }
    return *value < m->value;
}

static void remember(search *m) {
    size_t n = m->n, at = m->pairs ? (m->newest + 1) % MEMORY : 0;
    double *s = m->s + at * n, *y = m->y + at * n;
    for (size_t i = 0; i < n; i++) {
        s[i] = m->next[i] - m->x[i];
        y[i] = m->next_g[i] - m->g[i];
    }
    double curvature = dot(s, y, n);
    if (!(curvature > 1e-300)) return;
    m->rho[at] = 1 / curvature;
    m->newest = at;
    if (m->pairs < MEMORY) m->pairs++;
}

static hx_status run(search *m, const hx_minimise_options *o, size_t *taken, hx_error *err) {
    size_t most = o->rounds ? o->rounds : 1000;
    m->value = m->f(m->context, m->x, m->g);
    if (!isfinite(m->value))
        return hx_fail(err, HX_EINVAL,
                       "the features hold values too large to compute with; scale them");
    for (*taken = 0; *taken < most && greatest(m->g, m->n) > o->tolerance; ++*taken) {
        double value;
        if (hx_flag_is_raised(o->cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        direction(m);
        if (!line_search(m, &value)) {
            if (m->pairs == 0) break;
            m->pairs = 0; /* once more along the gradient */
            continue;
        }
        remember(m);
        memcpy(m->x, m->next, m->n * sizeof *m->x);
        memcpy(m->g, m->next_g, m->n * sizeof *m->g);
        m->value = value;
    }
    return HX_OK;
}

hx_status hx_minimise(hx_objective_fn *f, void *context, const hx_minimise_options *o, double *x,
                      double *value, size_t *rounds, hx_error *err) {
    size_t n = o->n, taken = 0;
    search m = {.f = f, .context = context, .n = n, .x = x};
    double *room = calloc((4 + 2 * MEMORY) * (n + 1), sizeof *room);
    if (!room) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    double **parts[] = {&m.g, &m.p, &m.next, &m.next_g};
    for (size_t k = 0; k < 4; k++)
        *parts[k] = room + k * n;
    m.s = room + 4 * n;
    m.y = m.s + MEMORY * n;
    hx_status st = run(&m, o, &taken, err);
    free(room);
    if (value) *value = m.value;
    if (rounds) *rounds = taken;
    return st;
}
