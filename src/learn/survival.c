/* survival.c - Kaplan-Meier curves and the log-rank test; see survival.h.
 *
 *     S(t) = product over times up to t of 1 - d / n          d ended, n at risk; who is cut off at t was at risk at t
 *     Greenwood: V = sum d / (n (n - d));   interval = S ^ exp(-+ z sqrt(V) / log S)      (log-log)
 *     H(t) = sum over times of 1 / n + 1 / (n - 1) + ... + 1 / (n - d + 1)                (Nelson-Aalen)
 *
 *     log-rank: O_k - E_k summed over times, E_k = d n_k / n, with the covariance of draws without replacement; its square by the inverse covariance is
 *     chi-square with one degree of freedom less than groups.
 *
 * Equal to lifelines' KaplanMeierFitter, NelsonAalenFitter and multivariate_logrank_test. */
#include "learn/survival.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "learn/solve.h"
#include "learn/special.h"

typedef struct {
    double time;
    size_t row;
} placed;

static int compare_placed(const void *a, const void *b) {
    const placed *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* order (n) gets the rows by time; false where memory ran out. */
static bool sort_rows(const hx_lives *l, size_t *order) {
    placed *p = calloc(l->n + 1, sizeof *p);
    if (!p) return false;
    for (size_t i = 0; i < l->n; i++)
        p[i] = (placed){l->times[i], i};
    qsort(p, l->n, sizeof *p, compare_placed);
    for (size_t i = 0; i < l->n; i++)
        order[i] = p[i].row;
    free(p);
    return true;
}

/* ------------------------------------------------------------------ Kaplan-Meier */
static void put_interval(hx_survival_point *p, double variance, double z) {
    p->low = p->high = p->survival;
    if (p->survival >= 1) return;
    if (!(p->survival > 0)) {
        p->low = p->high = NAN;
        return;
    }
    const double log_s = log(p->survival), off = z * sqrt(variance) / log_s;
    p->low = exp(log_s * exp(-off));
    p->high = exp(log_s * exp(off));
}

size_t hx_kaplan_meier(const hx_lives *l, double level, size_t *order, hx_survival_point *points) {
    const double z = hx_normal_quantile((1 + level) / 2);
    double survival = 1, variance = 0, hazard = 0;
    size_t n = 0;
    if (!sort_rows(l, order)) return 0;
    for (size_t i = 0; i < l->n; n++) {
        hx_survival_point *p = &points[n];
        *p = (hx_survival_point){.time = l->times[order[i]], .at_risk = l->n - i};
        for (; i < l->n && l->times[order[i]] == p->time; i++) {
            p->events += l->events[order[i]];
            p->censored += !l->events[order[i]];
        }
        const double at_risk = (double)p->at_risk, left = at_risk - (double)p->events;
        survival *= left / at_risk;
        variance += p->events ? (double)p->events / (at_risk * left) : 0;
        for (size_t k = 0; k < p->events; k++)
            hazard += 1 / (double)(p->at_risk - k);
        p->survival = survival;
        p->hazard = hazard;
        put_interval(p, variance, z);
    }
    return n;
}

double hx_survival_quantile(const hx_survival_point *points, size_t n, double share, int end) {
    for (size_t i = 0; i < n; i++) {
        const double at = end < 0 ? points[i].low : end > 0 ? points[i].high : points[i].survival;
        if (at <= share) return points[i].time;
    }
    return INFINITY;
}

/* ------------------------------------------------------------------ log-rank */
typedef struct {
    size_t n_groups;
    double *at_risk, *ended, *off, *covariance; /* (n_groups), the last (n_groups, n_groups) */
} ranks;

static void add_time(ranks *r) {
    double n = 0, d = 0;
    for (size_t k = 0; k < r->n_groups; k++) {
        n += r->at_risk[k];
        d += r->ended[k];
    }
    if (d == 0) return;
    const double share = n > 1 ? d * (n - d) / (n * n * (n - 1)) : 0;
    for (size_t k = 0; k < r->n_groups; k++) {
        r->off[k] += r->ended[k] - d * r->at_risk[k] / n;
        for (size_t j = 0; j < r->n_groups; j++)
            r->covariance[k * r->n_groups + j] +=
                share * r->at_risk[k] * ((k == j ? n : 0) - r->at_risk[j]);
    }
}

/* The statistic over the groups with rows but one of them; used (n_groups) is room. */
static void finish(const ranks *r, const double *sizes, double *matrix, double *off, size_t *used,
                   hx_log_rank *out) {
    size_t m = 0;
    for (size_t k = 0; k < r->n_groups; k++)
        if (sizes[k] > 0) used[m++] = k;
    *out = (hx_log_rank){NAN, NAN, m > 0 ? m - 1 : 0};
    if (m < 2) return;
    m--;
    for (size_t k = 0; k < m; k++) {
        off[k] = r->off[used[k]];
        for (size_t j = 0; j < m; j++)
            matrix[k * m + j] = r->covariance[used[k] * r->n_groups + used[j]];
    }
    if (!hx_cholesky(matrix, m)) return;
    hx_cholesky_solve(matrix, m, off);
    out->statistic = 0;
    for (size_t k = 0; k < m; k++)
        out->statistic += off[k] * r->off[used[k]];
    out->p = hx_chi2_tail(out->statistic, (double)m);
}

static void walk(const hx_lives *l, const uint32_t *groups, const size_t *order, ranks *r) {
    for (size_t i = 0; i < l->n; i++)
        r->at_risk[groups[i]]++;
    for (size_t i = 0; i < l->n;) {
        const double time = l->times[order[i]];
        size_t end = i;
        for (size_t k = 0; k < r->n_groups; k++)
            r->ended[k] = 0;
        for (; end < l->n && l->times[order[end]] == time; end++)
            r->ended[groups[order[end]]] += l->events[order[end]];
        add_time(r);
        for (; i < end; i++)
            r->at_risk[groups[order[i]]]--;
    }
}

hx_status hx_log_rank_of(const hx_lives *l, const uint32_t *groups, size_t n_groups,
                         hx_log_rank *out, hx_error *err) {
    const size_t g = n_groups;
    double *room = calloc(5 * g + 2 * g * g + 1, sizeof *room);
    size_t *order = calloc(l->n + g + 1, sizeof *order);
    hx_status st = room && order && sort_rows(l, order)
                       ? HX_OK
                       : hx_fail(err, HX_ENOMEM, "not enough memory for survival");
    if (st == HX_OK) {
        ranks r = {g, room, room + g, room + 2 * g, room + 5 * g};
        double *sizes = room + 3 * g;
        for (size_t i = 0; i < l->n; i++)
            sizes[groups[i]]++;
        walk(l, groups, order, &r);
        finish(&r, sizes, room + 5 * g + g * g, room + 4 * g, order, out);
    }
    free(room);
    free(order);
    return st;
}
