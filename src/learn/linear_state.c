/* linear_state.c - what fitted linear models of a number have in common; see linear_state.h. */
#include "learn/linear_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/fields.h"
#include "learn/model_state.h"

void *hx_linear_state_new(size_t size, size_t d) {
    hx_linear_state *s = hx_state_new(size);
    if (!s) return NULL;
    s->d = d;
    s->weights = hx_arena_alloc(s->arena, (d + 1) * sizeof *s->weights);
    if (s->weights) s->means = hx_arena_alloc(s->arena, (d + 1) * sizeof *s->means);
    if (s->means) return s;
    hx_state_release(s);
    return NULL;
}

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

hx_status hx_linear_predict(const void *state, const double *x, size_t n, size_t n_threads,
                            double *out, hx_error *err) {
    const hx_linear_state *s = state;
    (void)n_threads;
    (void)err;
    for (size_t i = 0; i < n; i++)
        out[i] = s->intercept + dot(s->weights, x + i * s->d, s->d);
    return HX_OK;
}

hx_status hx_linear_contributions(const void *state, const double *x, size_t n, size_t class,
                                  size_t n_threads, double *out, hx_error *err) {
    const hx_linear_state *s = state;
    (void)class;
    (void)n_threads;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        double *row = out + i * (s->d + 1);
        row[s->d] = s->intercept + dot(s->weights, s->means, s->d);
        for (size_t j = 0; j < s->d; j++)
            row[j] = s->weights[j] * (x[i * s->d + j] - s->means[j]);
    }
    return HX_OK;
}

void hx_linear_write(const void *state, hx_json_writer *w) {
    const hx_linear_state *s = state;
    hx_json_object(w);
    hx_json_key(w, "intercept");
    hx_json_double(w, s->intercept);
    hx_put_numbers(w, "weights", s->weights, s->d);
    hx_put_numbers(w, "means", s->means, s->d);
    hx_json_end_object(w);
}

void hx_linear_formula(const void *state, hx_formula *out) {
    const hx_linear_state *s = state;
    *out = (hx_formula){.n_outputs = 1,
                        .stride = s->d,
                        .weights = s->weights,
                        .intercepts = &s->intercept,
                        .intercept_last = true,
                        .link = HX_LINK_NUMBER};
}

hx_status hx_linear_read(void **out, const json_t *json, size_t d, size_t n_classes,
                         hx_error *err) {
    (void)n_classes;
    bool ok = true;
    hx_linear_state *s = hx_linear_state_new(sizeof *s, d);
    if (!s) return hx_state_no_memory(err);
    s->intercept = hx_field_number(json, "intercept", &ok);
    s->weights = hx_field_numbers(json, "weights", d, s->arena, &ok);
    s->means = hx_field_numbers(json, "means", d, s->arena, &ok);
    return hx_state_give(out, s, hx_state_release, ok ? HX_OK : hx_state_damaged(err), err);
}

double hx_row_weight(const hx_problem *p, size_t i) {
    return p->weights ? p->weights[i] : 1;
}

double hx_means_of(const hx_problem *p, double *means) {
    double total = 0, y = 0;
    memset(means, 0, p->d * sizeof *means);
    for (size_t i = 0; i < p->n; i++) {
        double w = hx_row_weight(p, i);
        total += w;
        y += w * p->y[i];
        for (size_t j = 0; j < p->d; j++)
            means[j] += w * p->x[i * p->d + j];
    }
    for (size_t j = 0; j < p->d; j++)
        means[j] /= total;
    return y / total;
}

double hx_intercept_of(const hx_linear_state *s, double mean_y) {
    return mean_y - dot(s->weights, s->means, s->d);
}
