/* als.c - alternating least squares over implicit feedback; see als.h.
 *
 *     items, people by turns: gram of the others + what this one took up -> Cholesky -> his factors
 *
 * One thread and one order of sums. The interactions are turned over once, so items see their people as people see their items. */
#include "insight/als.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "learn/solve.h"

#define SEED 20261123

/* One side: rows of interactions with the other side's factors. */
typedef struct {
    size_t n, n_others;
    const size_t *start;
    const uint32_t *other;
    const double *weight;
} als_side;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for recommendations");
}

static hx_status check(const hx_interactions *x, const hx_als_setting *s, hx_error *err) {
    if (s->factors == 0 || s->factors > HX_ALS_MAX_FACTORS || s->rounds == 0 || !(s->penalty > 0) ||
        !isfinite(s->penalty) || !(s->alpha > 0) || !isfinite(s->alpha))
        return hx_fail(
            err, HX_EINVAL,
            "factors of items need 1 to %d factors and a penalty and a confidence above 0",
            HX_ALS_MAX_FACTORS);
    for (size_t k = 0; k < x->start[x->n_people]; k++)
        if (x->item[k] >= x->n_items || !(x->weight[k] >= 0) || !isfinite(x->weight[k]))
            return hx_fail(err, HX_EINVAL, "interaction %zu has an item or a weight out of range",
                           k);
    return HX_OK;
}

/* ------------------------------------------------------------------ one solution */
/* gram (f, f), lower triangle: F'F + penalty I */
static void sum_gram(const double *factors, size_t n, size_t f, double penalty, double *gram) {
    memset(gram, 0, f * f * sizeof *gram);
    for (size_t k = 0; k < n; k++) {
        const double *q = factors + k * f;
        for (size_t i = 0; i < f; i++)
            for (size_t j = 0; j <= i; j++)
                gram[i * f + j] += q[i] * q[j];
    }
    for (size_t i = 0; i < f; i++)
        gram[i * f + i] += penalty;
}

/* a becomes the Cholesky factor of row r's matrix, out its factors. */
static bool solve_row(const als_side *s, size_t r, const double *others, const double *gram,
                      const hx_als_setting *set, double *a, double *out) {
    const size_t f = set->factors;
    memcpy(a, gram, f * f * sizeof *a);
    memset(out, 0, f * sizeof *out);
    for (size_t k = s->start[r]; k < s->start[r + 1]; k++) {
        const double *q = others + s->other[k] * f, c = set->alpha * s->weight[k];
        for (size_t i = 0; i < f; i++) {
            const double cq = c * q[i];
            for (size_t j = 0; j <= i; j++)
                a[i * f + j] += cq * q[j];
            out[i] += (1 + c) * q[i];
        }
    }
    if (!hx_cholesky(a, f)) return false;
    hx_cholesky_solve(a, f, out);
    return true;
}

static bool solve_side(const als_side *s, const double *others, const hx_als_setting *set,
                       double *room, double *factors) {
    const size_t f = set->factors;
    double *gram = room, *a = room + f * f;
    sum_gram(others, s->n_others, f, set->penalty, gram);
    for (size_t r = 0; r < s->n; r++)
        if (!solve_row(s, r, others, gram, set, a, factors + r * f)) return false;
    return true;
}

/* ------------------------------------------------------------------ a fit */
typedef struct {
    size_t *start;
    uint32_t *person;
    double *weight;
} turned;

static void release_turned(turned *t) {
    free(t->start);
    free(t->person);
    free(t->weight);
}

static bool turn_over(const hx_interactions *x, turned *t) {
    const size_t n = x->start[x->n_people];
    t->start = calloc(x->n_items + 2, sizeof *t->start);
    t->person = calloc(n + 1, sizeof *t->person);
    t->weight = calloc(n + 1, sizeof *t->weight);
    if (!t->start || !t->person || !t->weight) return false;
    for (size_t k = 0; k < n; k++)
        t->start[x->item[k] + 2]++;
    for (size_t i = 0; i < x->n_items; i++)
        t->start[i + 2] += t->start[i + 1];
    for (size_t u = 0; u < x->n_people; u++)
        for (size_t k = x->start[u]; k < x->start[u + 1]; k++) {
            const size_t at = t->start[x->item[k] + 1]++;
            t->person[at] = (uint32_t)u;
            t->weight[at] = x->weight[k];
        }
    return true;
}

static void draw(double *factors, size_t n) {
    hx_rng rng;
    hx_rng_seed(&rng, SEED);
    for (size_t k = 0; k < n; k++)
        factors[k] =
            0.2 * (hx_rng_uniform(&rng) + hx_rng_uniform(&rng) + hx_rng_uniform(&rng) - 1.5);
}

static hx_status alternate(hx_als *a, const hx_interactions *x, const turned *t, double *people,
                           double *room, hx_error *err) {
    const als_side by_person = {x->n_people, x->n_items, x->start, x->item, x->weight},
                   by_item = {x->n_items, x->n_people, t->start, t->person, t->weight};
    const hx_als_setting *s = &a->setting;
    draw(a->items, x->n_items * s->factors);
    for (size_t round = 0; round < s->rounds; round++)
        if (!solve_side(&by_person, a->items, s, room, people) ||
            !solve_side(&by_item, people, s, room, a->items))
            return hx_fail(err, HX_EINVAL, "the penalty %g is too small for these interactions",
                           s->penalty);
    sum_gram(a->items, x->n_items, s->factors, s->penalty, a->gram);
    return HX_OK;
}

hx_status hx_als_fit(hx_als *out, const hx_interactions *x, const hx_als_setting *setting,
                     hx_error *err) {
    turned t = {NULL, NULL, NULL};
    *out = (hx_als){.setting = *setting, .n_items = x->n_items};
    HX_TRY(check(x, setting, err));
    const size_t f = setting->factors;
    double *people = calloc(x->n_people * f + 1, sizeof *people),
           *room = calloc(2 * f * f, sizeof *room);
    out->items = calloc(x->n_items * f + 1, sizeof *out->items);
    out->gram = calloc(f * f, sizeof *out->gram);
    hx_status st = people && room && out->items && out->gram && turn_over(x, &t)
                       ? alternate(out, x, &t, people, room, err)
                       : no_memory(err);
    release_turned(&t);
    free(people);
    free(room);
    if (st != HX_OK) hx_als_release(out);
    return st;
}

void hx_als_release(hx_als *a) {
    free(a->items);
    free(a->gram);
    *a = (hx_als){.n_items = 0};
}

/* ------------------------------------------------------------------ a person */
hx_status hx_als_fold(const hx_als *a, const hx_interactions *x, size_t u, hx_als_person *out,
                      hx_error *err) {
    const size_t f = a->setting.factors;
    const als_side s = {x->n_people, x->n_items, x->start, x->item, x->weight};
    *out = (hx_als_person){calloc(f * f, sizeof(double)), calloc(f, sizeof(double))};
    if (!out->factor || !out->taste) {
        hx_als_person_release(out);
        return no_memory(err);
    }
    if (solve_row(&s, u, a->items, a->gram, &a->setting, out->factor, out->taste)) return HX_OK;
    hx_als_person_release(out);
    return hx_fail(err, HX_EINVAL, "the penalty %g is too small for these interactions",
                   a->setting.penalty);
}

void hx_als_person_release(hx_als_person *p) {
    free(p->factor);
    free(p->taste);
    *p = (hx_als_person){NULL, NULL};
}

void hx_als_score(const hx_als *a, const hx_als_person *p, double *score) {
    for (size_t i = 0; i < a->n_items; i++)
        score[i] = hx_dot(a->items + i * a->setting.factors, p->taste, a->setting.factors);
}

void hx_als_terms(const hx_als *a, const hx_interactions *x, size_t u, const hx_als_person *p,
                  size_t item, double *room, double *term) {
    const size_t f = a->setting.factors;
    memcpy(room, a->items + item * f, f * sizeof *room);
    hx_cholesky_solve(p->factor, f, room);
    for (size_t k = x->start[u]; k < x->start[u + 1]; k++)
        term[k - x->start[u]] =
            (1 + a->setting.alpha * x->weight[k]) * hx_dot(room, a->items + x->item[k] * f, f);
}
