/* uplift_curve.c - how well scores of uplift order customers: normalised Qini and uplift areas.
 *
 * Customers are sorted by score, the greatest first; a point of a curve stands behind each score that differs (ties are one step). With n_t, n_c
 * treated and untreated so far and y_t, y_c of them with the outcome:
 *
 *     Qini curve      y_t - y_c n_t / n_c                  Radcliffe 2007, Using Control Groups to Target on Predicted Lift
 *     uplift curve    (y_t / n_t - y_c / n_c) (n_t + n_c)  Gutierrez, Gerardy 2017, Causal Inference and Uplift Modelling
 *
 * (0 where a quotient has nothing beneath). An area is that between the curve and the straight line to its end, over the same area of the best
 * order there is: 0 = no better than at random, 1 = the best. Best order of the uplift curve: treated with and untreated without the outcome first.
 *
 * Intervals are percentiles of a bootstrap of customers; a round that lacks treated or untreated ones has no areas and does not count. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/rng.h"
#include "huaxiang/insight.h"

enum { ORDER_SCORE = 0, ORDER_QINI, ORDER_UPLIFT, ORDERS };

typedef struct {
    double key;
    size_t at;
} uplift_rank;

typedef struct {
    const hx_uplift_row *rows;
    size_t n;
    uplift_rank *order[ORDERS];
    uint32_t *times; /* (n): how often a row counts */
} uplift_work;

static int greatest_key_first(const void *l, const void *r) {
    const uplift_rank *a = l, *b = r;
    if (a->key != b->key) return a->key > b->key ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

/* Area between the curve and the line to its end, times 2. */
static double area_of(const uplift_work *w, int by, bool qini) {
    const uplift_rank *order = w->order[by];
    double n[2] = {0, 0}, y[2] = {0, 0}, at = 0, height = 0, area = 0;
    for (size_t i = 0; i < w->n; i++) {
        const hx_uplift_row *r = &w->rows[order[i].at];
        n[r->treated] += w->times[order[i].at];
        y[r->treated] += r->outcome ? w->times[order[i].at] : 0;
        if (i + 1 < w->n && order[i + 1].key == order[i].key) continue;
        const double untreated = n[0] > 0 ? y[0] / n[0] : 0;
        const double next = qini ? y[1] - untreated * n[1]
                                 : ((n[1] > 0 ? y[1] / n[1] : 0) - untreated) * (n[0] + n[1]);
        area += (n[0] + n[1] - at) * (next + height);
        height = next;
        at = n[0] + n[1];
    }
    return n[0] > 0 && n[1] > 0 ? area - at * height : NAN;
}

static double normalised(const uplift_work *w, bool qini) {
    const double best = area_of(w, qini ? ORDER_QINI : ORDER_UPLIFT, qini);
    return best > 0 ? area_of(w, ORDER_SCORE, qini) / best : NAN;
}

static double best_key(const hx_uplift_row *r, int by, bool outcome_second) {
    const bool second = outcome_second ? r->outcome : r->treated;
    if (by == ORDER_QINI) return r->outcome ? (r->treated ? 1 : -1) : 0;
    return (r->outcome == r->treated ? 2 : 0) + (second ? 1 : 0);
}

static void sort_orders(uplift_work *w) {
    size_t untreated_with = 0, treated_without = 0;
    for (size_t i = 0; i < w->n; i++) {
        untreated_with += !w->rows[i].treated && w->rows[i].outcome;
        treated_without += w->rows[i].treated && !w->rows[i].outcome;
    }
    for (int by = 0; by < ORDERS; by++) {
        for (size_t i = 0; i < w->n; i++) {
            const hx_uplift_row *r = &w->rows[i];
            w->order[by][i].at = i;
            w->order[by][i].key =
                by == ORDER_SCORE ? r->score : best_key(r, by, untreated_with > treated_without);
        }
        qsort(w->order[by], w->n, sizeof **w->order, greatest_key_first);
    }
}

static int ascending_area(const void *l, const void *r) {
    const double a = *(const double *)l, b = *(const double *)r;
    return (a > b) - (a < b);
}

static void interval_of(double *values, size_t n, hx_uplift_area *out) {
    out->low = out->high = NAN;
    if (!n) return;
    qsort(values, n, sizeof *values, ascending_area);
    out->low = values[(size_t)(0.025 * (double)(n - 1) + 0.5)];
    out->high = values[(size_t)(0.975 * (double)(n - 1) + 0.5)];
}

static void bootstrap(uplift_work *w, size_t rounds, uint64_t seed, double *areas,
                      hx_uplift_quality *out) {
    hx_rng rng;
    size_t n[2] = {0, 0};
    hx_rng_seed(&rng, seed);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < w->n; i++)
            w->times[i] = 0;
        for (size_t i = 0; i < w->n; i++)
            w->times[hx_rng_below(&rng, w->n)]++;
        for (size_t k = 0; k < 2; k++) {
            const double area = normalised(w, k == 0);
            if (isfinite(area)) areas[k * rounds + n[k]++] = area;
        }
    }
    interval_of(areas, n[0], &out->qini);
    interval_of(areas + rounds, n[1], &out->auuc);
}

static hx_status check_rows(const hx_uplift_row *rows, size_t n, hx_error *err) {
    size_t treated = 0;
    for (size_t i = 0; i < n; i++) {
        treated += rows[i].treated;
        if (!isfinite(rows[i].score))
            return hx_fail(err, HX_EINVAL, "row %zu has no finite score of uplift", i + 1);
    }
    if (treated && treated < n) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "uplift needs rows that were treated and rows that were not: %zu of %zu were",
                   treated, n);
}

hx_status hx_uplift_measure(const hx_uplift_row *rows, size_t n, size_t rounds, uint64_t seed,
                            hx_arena *arena, hx_uplift_quality *out, hx_error *err) {
    uplift_work w = {.rows = rows, .n = n};
    bool fine = true;
    HX_TRY(check_rows(rows, n, err));
    if (!rounds) rounds = 1000;
    if (rounds > 100000)
        return hx_fail(err, HX_ELIMIT, "at most 100000 rounds of the bootstrap, not %zu", rounds);
    for (int by = 0; by < ORDERS; by++)
        fine = (w.order[by] = hx_arena_alloc(arena, n * sizeof **w.order)) != NULL && fine;
    w.times = hx_arena_alloc(arena, n * sizeof *w.times);
    double *areas = hx_arena_alloc(arena, 2 * rounds * sizeof *areas);
    if (!fine || !w.times || !areas) return hx_fail(err, HX_ENOMEM, "not enough memory for uplift");
    for (size_t i = 0; i < n; i++)
        w.times[i] = 1;
    sort_orders(&w);
    out->qini.value = normalised(&w, true);
    out->auuc.value = normalised(&w, false);
    bootstrap(&w, rounds, seed, areas, out);
    return HX_OK;
}
