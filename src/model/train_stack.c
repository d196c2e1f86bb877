/* train_stack.c - several learners put together by what each is worth on validation.
 *
 *     log p(c | x)  =  sum over learners k of w_k log p_k(c | x)  +  b_c  -  log of the sum over classes
 *
 * A pool of opinions with a weight a learner and a bias a class (Wolpert 1992, stacking; Genest & Zidek 1986, logarithmic pools): few enough
 * for the few texts of validation. Weights start at 1/K and are drawn there by PULL, so that where validation says nothing the mean is left.
 * The loss is convex; gradient steps are halved until it falls. What is said of validation comes from folds that did not see the text. */
#include "model/train_stack.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

#define FOLDS 5
#define STEPS 100
#define HALVINGS 30
#define PULL 1.0 /* of the squares, against the sum of the losses */
#define LEAST 1e-6f /* of a probability */

typedef struct {
    const hx_stack *s;
    size_t n; /* K + V: weights, then biases */
    size_t fold, n_folds; /* texts i with i % n_folds == fold are left out; n_folds 0 = none */
    double *at, *next, *gradient; /* (n) */
    double *row; /* (V) */
} pool;

void hx_stack_row(const float *const *models, size_t n_models, size_t n_labels, size_t i,
                  const double *weights, double *row) {
    double most = -INFINITY, sum = 0;
    for (size_t c = 0; c < n_labels; c++) {
        row[c] = weights[n_models + c];
        for (size_t m = 0; m < n_models; m++)
            row[c] += weights[m] * log((double)fmaxf(models[m][i * n_labels + c], LEAST));
        if (row[c] > most) most = row[c];
    }
    for (size_t c = 0; c < n_labels; c++)
        sum += row[c] = exp(row[c] - most);
    for (size_t c = 0; c < n_labels; c++)
        row[c] /= sum;
}

/* Probabilities of text i, in place of `row`. */
static void pool_row(const pool *p, const float *const *models, size_t i, const double *w,
                     double *row) {
    hx_stack_row(models, p->s->n_models, p->s->n_labels, i, w, row);
}

static double pull(const pool *p, const double *w, double *gradient) {
    double sum = 0, mean = 1.0 / (double)p->s->n_models;
    for (size_t i = 0; i < p->n; i++) {
        double away = w[i] - (i < p->s->n_models ? mean : 0);
        sum += PULL / 2 * away * away;
        if (gradient) gradient[i] = PULL * away;
    }
    return sum;
}

static double loss_of(const pool *p, const double *w, double *gradient) {
    const hx_stack *s = p->s;
    size_t v = s->n_labels, k = s->n_models;
    double loss = pull(p, w, gradient);
    for (size_t i = 0; i < s->n_validation; i++) {
        if (p->n_folds > 0 && i % p->n_folds == p->fold) continue;
        pool_row(p, s->validation, i, w, p->row);
        loss -= log(fmax(p->row[s->labels[i]], 1e-300));
        for (size_t c = 0; gradient && c < v; c++) {
            double d = p->row[c] - (s->labels[i] == c);
            gradient[k + c] += d;
            for (size_t m = 0; m < k; m++)
                gradient[m] += d * log((double)fmaxf(s->validation[m][i * v + c], LEAST));
        }
    }
    return loss;
}

static void fit(pool *p) {
    double rate = 1;
    for (size_t i = 0; i < p->n; i++)
        p->at[i] = i < p->s->n_models ? 1.0 / (double)p->s->n_models : 0;
    for (int step = 0; step < STEPS; step++) {
        double loss = loss_of(p, p->at, p->gradient);
        bool falls = false;
        for (int halving = 0; !falls && halving < HALVINGS; halving++) {
            for (size_t i = 0; i < p->n; i++)
                p->next[i] = p->at[i] - rate * p->gradient[i];
            falls = loss_of(p, p->next, NULL) < loss;
            if (!falls) rate /= 2;
        }
        if (!falls) return;
        memcpy(p->at, p->next, p->n * sizeof *p->at);
        rate *= 2;
    }
}

static void put_row(const pool *p, const float *const *models, size_t i, float *out) {
    pool_row(p, models, i, p->at, p->row);
    for (size_t c = 0; c < p->s->n_labels; c++)
        out[i * p->s->n_labels + c] = (float)p->row[c];
}

hx_status hx_train_stack(const hx_stack *s, hx_arena *arena, float *validation, float *test,
                         const double **weights, hx_error *err) {
    pool p = {.s = s, .n = s->n_models + s->n_labels};
    p.at = hx_arena_alloc(arena, (3 * p.n + s->n_labels) * sizeof *p.at);
    if (!p.at) return hx_fail(err, HX_ENOMEM, "out of memory");
    p.next = p.at + p.n;
    p.gradient = p.next + p.n;
    p.row = p.gradient + p.n;
    p.n_folds = FOLDS;
    for (p.fold = 0; p.fold < FOLDS; p.fold++) {
        fit(&p);
        for (size_t i = p.fold; i < s->n_validation; i += FOLDS)
            put_row(&p, s->validation, i, validation);
    }
    p.n_folds = 0;
    fit(&p);
    *weights = p.at;
    for (size_t i = 0; i < s->n_test; i++)
        put_row(&p, s->test, i, test);
    return HX_OK;
}
