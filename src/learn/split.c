/* split.c - folds and shares; see split.h.
 *
 * Rows are put in one order, by stratum or group, then time, then a number drawn from the seed for each row, and dealt from its beginning: to
 * folds in turn (so that strata are spread and sizes differ by one), to parts by rounded borders. Groups go whole, the largest first, to the
 * part that lacks most of its share. */
#include "learn/split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"

typedef struct {
    double time;
    uint64_t draw; /* rows of equal keys in the order of this */
    uint32_t key, row;
} place;

static int by_key(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    if (x->draw != y->draw) return x->draw < y->draw ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static hx_status no_memory(size_t n, hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory to learn from %zu rows", n);
}

/* The rows by stratum or group, then time, then as drawn. The caller frees. */
static hx_status ordered(size_t n, const hx_fold_options *o, place **out, hx_error *err) {
    hx_rng rng;
    if (n >= UINT32_MAX) return hx_fail(err, HX_ELIMIT, "%zu rows are too many to be split", n);
    if ((o->strata != NULL) + (o->groups != NULL) + (o->times != NULL) > 1)
        return hx_fail(err, HX_EINVAL,
                       "rows are split by strata, by groups or by time: one of the three");
    place *p = calloc(n + 1, sizeof *p);
    if (!p) return no_memory(n, err);
    hx_rng_seed(&rng, o->seed);
    for (size_t i = 0; i < n; i++) {
        p[i] = (place){.row = (uint32_t)i, .draw = o->times ? i : hx_rng_next(&rng)};
        if (o->times && isnan(o->times[i])) {
            free(p);
            return hx_fail(err, HX_EINVAL, "row %zu has no time to be ordered by", i + 1);
        }
        if (o->times) p[i].time = o->times[i];
        if (o->strata) p[i].key = o->strata[i];
        if (o->groups) p[i].key = o->groups[i];
    }
    qsort(p, n, sizeof *p, by_key);
    *out = p;
    return HX_OK;
}

/* ------------------------------------------------------------------ groups */
typedef struct {
    size_t first, n; /* rows of the group in the order */
    uint64_t draw;
} group;

static int larger_first(const void *a, const void *b) {
    const group *x = a, *y = b;
    if (x->n != y->n) return x->n > y->n ? -1 : 1;
    return (x->draw > y->draw) - (x->draw < y->draw);
}

static size_t find_groups(const place *p, size_t n, group *groups) {
    size_t n_groups = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || p[i].key != p[i - 1].key)
            groups[n_groups++] = (group){.first = i, .draw = p[i].draw};
        groups[n_groups - 1].n++;
    }
    qsort(groups, n_groups, sizeof *groups, larger_first);
    return n_groups;
}

/* Each group goes to the part that lacks most of its share. */
static hx_status deal_groups(const place *p, size_t n, const double *shares, size_t n_parts,
                             uint32_t *parts, hx_error *err) {
    group *groups = calloc(n + 1, sizeof *groups);
    double *lack = calloc(n_parts, sizeof *lack);
    size_t n_groups = groups ? find_groups(p, n, groups) : 0;
    hx_status st = groups && lack ? HX_OK : no_memory(n, err);
    if (st == HX_OK && n_groups < n_parts)
        st = hx_fail(err, HX_EINVAL, "%zu groups can't be split into %zu parts", n_groups, n_parts);
    for (size_t k = 0; k < n_parts && lack; k++)
        lack[k] = shares[k] * (double)n;
    for (size_t g = 0; g < n_groups && st == HX_OK; g++) {
        size_t most = 0;
        for (size_t k = 1; k < n_parts; k++)
            if (lack[k] > lack[most]) most = k;
        lack[most] -= (double)groups[g].n;
        for (size_t i = 0; i < groups[g].n; i++)
            parts[p[groups[g].first + i].row] = (uint32_t)most;
    }
    free(groups);
    free(lack);
    return st;
}

/* ------------------------------------------------------------------ folds */
hx_status hx_split_folds(size_t n, size_t n_folds, const hx_fold_options *o, uint32_t *folds,
                         hx_error *err) {
    place *p = NULL;
    hx_status st = HX_OK;
    if (n_folds < 2)
        return hx_fail(err, HX_EINVAL, "cross-validation needs two folds or more, not %zu",
                       n_folds);
    if (n < n_folds)
        return hx_fail(err, HX_EINVAL, "%zu rows can't be split into %zu folds", n, n_folds);
    HX_TRY(ordered(n, o, &p, err));
    if (o->groups) {
        double *shares = calloc(n_folds, sizeof *shares);
        for (size_t k = 0; k < n_folds && shares; k++)
            shares[k] = 1 / (double)n_folds;
        st = shares ? deal_groups(p, n, shares, n_folds, folds, err) : no_memory(n, err);
        free(shares);
    } else {
        for (size_t i = 0; i < n; i++)
            folds[p[i].row] = (uint32_t)(o->times ? i * n_folds / n : i % n_folds);
    }
    free(p);
    return st;
}

/* Rows [first, first + n) of the order to parts by shares: the borders are rounded sums of shares. */
static void deal_shares(const place *p, size_t n, const double *shares, size_t n_shares,
                        uint32_t *parts) {
    double sum = 0;
    size_t at = 0;
    for (size_t k = 0; k < n_shares; k++) {
        sum += shares[k];
        size_t end = k + 1 == n_shares ? n : (size_t)llround(fmin(sum, 1) * (double)n);
        for (; at < end; at++)
            parts[p[at].row] = (uint32_t)k;
    }
}

hx_status hx_split_shares(size_t n, const double *shares, size_t n_shares, const hx_fold_options *o,
                          uint32_t *parts, hx_error *err) {
    place *p = NULL;
    double sum = 0;
    hx_status st = HX_OK;
    for (size_t k = 0; k < n_shares; k++) {
        if (!(shares[k] > 0))
            return hx_fail(err, HX_EINVAL, "a share is a number above 0, not %g", shares[k]);
        sum += shares[k];
    }
    if (n_shares < 2 || fabs(sum - 1) > 1e-6)
        return hx_fail(err, HX_EINVAL, "the shares of a split sum to 1, not %g", sum);
    HX_TRY(ordered(n, o, &p, err));
    if (o->groups) st = deal_groups(p, n, shares, n_shares, parts, err);
    for (size_t i = 0, end; i < n && !o->groups; i = end) {
        for (end = i; end < n && p[end].key == p[i].key;)
            end++;
        deal_shares(p + i, end - i, shares, n_shares, parts);
    }
    free(p);
    return st;
}

void hx_split_rows(const uint32_t *folds, size_t n, uint32_t fold, bool by_time, size_t *train,
                   size_t *n_train, size_t *test, size_t *n_test) {
    *n_train = *n_test = 0;
    for (size_t i = 0; i < n; i++)
        if (folds[i] == fold)
            test[(*n_test)++] = i;
        else if (!by_time || folds[i] < fold)
            train[(*n_train)++] = i;
}
