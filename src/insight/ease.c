/* ease.c - item-item weights by ridge regression; see ease.h.
 *
 * X'X is summed person by person, lower triangle alone, in the order of people: one order of sums, so the same bytes whatever
 * the machine does beside it. Its factor and inverse are those of learn/solve.h. What comes from outside is looked at once,
 * before anything is written by its numbers. */
#include "insight/ease.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "learn/solve.h"

static hx_status check(const hx_interactions *x, double lambda, hx_error *err) {
    if (x->n_items == 0 || x->n_items > HX_EASE_MAX_ITEMS)
        return hx_fail(err, HX_EINVAL, "weights of items need 1 to %d items; here are %zu",
                       HX_EASE_MAX_ITEMS, x->n_items);
    if (!(lambda > 0) || !isfinite(lambda))
        return hx_fail(err, HX_EINVAL, "the penalty of item weights is above 0; here it is %g",
                       lambda);
    if (x->n_people == 0 || x->start[x->n_people] == 0)
        return hx_fail(err, HX_EINVAL,
                       "nobody has bought or rated anything, so no item has a weight");
    for (size_t k = 0; k < x->start[x->n_people]; k++)
        if (x->item[k] >= x->n_items || !isfinite(x->weight[k]))
            return hx_fail(err, HX_EINVAL, "interaction %zu has an item or a weight out of range",
                           k);
    return HX_OK;
}

static void add_person(const hx_interactions *x, size_t u, double *gram) {
    for (size_t k = x->start[u]; k < x->start[u + 1]; k++)
        for (size_t m = x->start[u]; m < x->start[u + 1]; m++)
            if (x->item[m] <= x->item[k])
                gram[x->item[k] * x->n_items + x->item[m]] += x->weight[k] * x->weight[m];
}

static void to_weights(double *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (i != j) p[i * n + j] /= -p[j * n + j];
    for (size_t i = 0; i < n; i++)
        p[i * n + i] = 0;
}

/* An item that nobody here has keeps a hundredth of the mean. */
static void add_penalty(double *gram, size_t n, double lambda, double power) {
    double mean = 0;
    for (size_t i = 0; i < n; i++)
        mean += gram[i * n + i] / (double)n;
    for (size_t i = 0; i < n; i++)
        gram[i * n + i] += lambda * pow(fmax(gram[i * n + i] / mean, 0.01), power);
}

hx_status hx_ease_fit(const hx_interactions *x, double lambda, double power, double *b,
                      hx_error *err) {
    HX_TRY(check(x, lambda, err));
    if (!(power >= 0 && power <= 1))
        return hx_fail(err, HX_EINVAL, "the power of item weights is from 0 to 1; here it is %g",
                       power);
    size_t n = x->n_items;
    memset(b, 0, n * n * sizeof *b);
    for (size_t u = 0; u < x->n_people; u++)
        add_person(x, u, b);
    add_penalty(b, n, lambda, power);
    if (!hx_cholesky(b, n))
        return hx_fail(err, HX_EINVAL, "the penalty %g is too small for these interactions",
                       lambda);
    hx_cholesky_invert(b, n);
    to_weights(b, n);
    return HX_OK;
}

void hx_ease_score(const hx_interactions *x, const double *b, size_t u, double *score) {
    memset(score, 0, x->n_items * sizeof *score);
    for (size_t k = x->start[u]; k < x->start[u + 1]; k++)
        for (size_t j = 0; j < x->n_items; j++)
            score[j] += x->weight[k] * b[x->item[k] * x->n_items + j];
}
