/* model_state.c - what the states of estimators have in common; see model_state.h.
 *
 * Every state owns an arena as its first member, so that one function gives any of them back. Exponentials are taken of numbers that are not
 * positive: no sum overflows, and 1 - p of a far score is not lost.
 */
#include "learn/model_state.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"

#define ARENA_MAX ((size_t)64 << 30)

typedef struct {
    hx_arena *arena;
} owner;

void *hx_state_new(size_t size) {
    owner *s = calloc(1, size);
    if (s == NULL) return NULL;
    s->arena = hx_arena_new(ARENA_MAX);
    if (s->arena != NULL) return s;
    free(s);
    return NULL;
}

void hx_state_release(void *state) {
    owner *s = state;
    hx_arena_free(s->arena);
    free(s);
}

hx_status hx_state_no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}

hx_status hx_state_damaged(hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "the model's weights are damaged");
}

hx_status hx_state_give(void **out, void *state, void (*release)(void *), hx_status status,
                        hx_error *err) {
    if (state == NULL) return hx_state_no_memory(err);
    if (status == HX_OK)
        *out = state;
    else
        release(state);
    return status;
}

double hx_score_of(const double *weights, const double *x, size_t d) {
    double sum = weights[d];
    for (size_t j = 0; j < d; j++)
        sum += weights[j] * x[j];
    return sum;
}

double hx_sigmoid_of(double z) {
    const double e = exp(-fabs(z));
    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

double hx_softmax_of(double *scores, size_t n) {
    double most = -INFINITY, sum = 0;
    for (size_t k = 0; k < n; k++)
        most = fmax(most, scores[k]);
    for (size_t k = 0; k < n; k++)
        sum += scores[k] = exp(scores[k] - most);
    for (size_t k = 0; k < n; k++)
        scores[k] /= sum;
    return most + log(sum);
}

void hx_class_weights(const hx_problem *p, bool balanced, double *out) {
    for (size_t k = 0; k < p->n_classes; k++)
        out[k] = 0;
    for (size_t i = 0; i < p->n; i++)
        out[(size_t)p->y[i]]++;
    for (size_t k = 0; k < p->n_classes; k++)
        out[k] = balanced && out[k] > 0 ? (double)p->n / ((double)p->n_classes * out[k]) : 1;
}
