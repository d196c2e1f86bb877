/* churn_measure.c - how good probabilities of leaving are: order (AUC, lift by tenths), size (Brier score, log loss, calibration by tenths).
 *
 *     auc           chance that one who left has a higher probability than one who stayed, ties half; its 95 % interval by the standard error of
 *                   Hanley, McNeil 1982, The Meaning and Use of the Area under a ROC Curve
 *     brier         mean of (p - left)^2, beside that of the same share for everybody
 *     calibration   sum over tenths of rows |expected - met| / rows */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "insight/churn.h"
#include "insight/scorecard.h"

typedef struct {
    double p;
    bool left;
} risk_row;

static int riskiest_first(const void *l, const void *r) {
    const risk_row *a = l, *b = r;
    return (a->p < b->p) - (a->p > b->p);
}

static void add_area(const risk_row *rows, size_t n, hx_risk_quality *q) {
    const double left = q->left, stayed = (double)n - left;
    double above = 0, area = 0;
    for (size_t from = 0, to; from < n; from = to) {
        double l = 0, s = 0;
        for (to = from; to < n && rows[to].p == rows[from].p; to++) {
            l += rows[to].left;
            s += !rows[to].left;
        }
        area += s * (above + l / 2);
        above += l;
    }
    const double a = q->auc = area / (left * stayed);
    const double q1 = a / (2 - a), q2 = 2 * a * a / (1 + a);
    const double variance =
        (a * (1 - a) + (left - 1) * (q1 - a * a) + (stayed - 1) * (q2 - a * a)) / (left * stayed);
    const double half = 1.959963984540054 * sqrt(fmax(0, variance));
    q->low = fmax(0, a - half);
    q->high = fmin(1, a + half);
}

static void add_bands(const risk_row *rows, size_t n, hx_risk_quality *q) {
    const double share = q->left / (double)n;
    q->calibration = NAN;
    if (n < HX_RISK_BANDS) return;
    q->n_bands = HX_RISK_BANDS;
    q->calibration = 0;
    for (size_t k = 0; k < HX_RISK_BANDS; k++) {
        hx_risk_band *b = &q->bands[k];
        for (size_t i = n * k / HX_RISK_BANDS; i < n * (k + 1) / HX_RISK_BANDS; i++) {
            b->rows++;
            b->left += rows[i].left;
            b->expected += rows[i].p;
        }
        b->lift = b->left / (double)b->rows / share;
        q->calibration += fabs(b->expected - b->left) / (double)n;
    }
}

static void add_sums(const risk_row *rows, size_t n, hx_risk_quality *q) {
    const double share = q->left / (double)n;
    q->brier_even = share * (1 - share);
    for (size_t i = 0; i < n; i++) {
        const double y = rows[i].left, p = rows[i].p;
        const double safe = fmax(1e-12, fmin(1 - 1e-12, p));
        q->expected += p;
        q->brier += (p - y) * (p - y) / (double)n;
        q->log_loss -= log(rows[i].left ? safe : 1 - safe) / (double)n;
    }
}

hx_status hx_risk_measure(const double *p, const bool *left, size_t n, hx_risk_quality *out,
                          hx_error *err) {
    hx_risk_quality q = {.rows = n};
    for (size_t i = 0; i < n; i++) {
        q.left += left[i];
        if (!(p[i] >= 0 && p[i] <= 1))
            return hx_fail(err, HX_EINVAL, "row %zu has no probability from 0 to 1", i + 1);
    }
    if (!(q.left > 0 && q.left < (double)n))
        return hx_fail(err, HX_EINVAL,
                       "a forecast of churn is judged by customers who left and customers who "
                       "stayed: here are %.0f and %.0f",
                       q.left, (double)n - q.left);
    risk_row *rows = calloc(n, sizeof *rows);
    if (!rows) return hx_fail(err, HX_ENOMEM, "not enough memory for scores");
    for (size_t i = 0; i < n; i++)
        rows[i] = (risk_row){p[i], left[i]};
    qsort(rows, n, sizeof *rows, riskiest_first);
    add_area(rows, n, &q);
    add_bands(rows, n, &q);
    add_sums(rows, n, &q);
    free(rows);
    *out = q;
    return HX_OK;
}

hx_status hx_churn_judge(const hx_churn *m, const hx_table *t, size_t n_threads,
                         hx_risk_quality *out, hx_error *err) {
    const size_t rows = hx_table_rows(t);
    hx_str churned = m->churned;
    hx_arena *arena = hx_arena_new((size_t)1 << 30);
    double *marks = calloc(3 * rows + 1, sizeof *marks), *p = marks ? marks + 2 * rows : NULL;
    bool *left = calloc(rows + 1, sizeof *left);
    size_t n = 0;
    hx_status st =
        arena && marks && left ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for scores");
    if (st == HX_OK) st = hx_card_outcomes(t, m->target, &churned, arena, marks, marks + rows, err);
    if (st == HX_OK) st = hx_churn_apply(m, t, n_threads, p, err);
    for (size_t i = 0; st == HX_OK && i < rows; i++) {
        if (!(marks[i] + marks[rows + i] > 0)) continue;
        p[n] = p[i];
        left[n++] = marks[rows + i] > 0;
    }
    if (st == HX_OK) st = hx_risk_measure(p, left, n, out, err);
    hx_arena_free(arena);
    free(marks);
    free(left);
    return st;
}

hx_status hx_churn_outcomes(const hx_table *t, const char *target, const char *churned,
                            double *left, hx_error *err) {
    const size_t rows = hx_table_rows(t);
    hx_str value = hx_str_of(churned);
    hx_arena *arena = hx_arena_new((size_t)1 << 30);
    double *good = calloc(rows + 1, sizeof *good);
    hx_status st = arena && good ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for scores");
    if (st == HX_OK) st = hx_card_outcomes(t, hx_str_of(target), &value, arena, good, left, err);
    for (size_t i = 0; st == HX_OK && i < rows; i++)
        if (!(good[i] + left[i] > 0)) left[i] = NAN;
    hx_arena_free(arena);
    free(good);
    return st;
}

hx_risk_quality hx_churn_out_of_fold(const hx_churn *m) {
    return (hx_risk_quality){.rows = (size_t)m->rows,
                             .left = m->left,
                             .auc = m->figures.auc,
                             .low = NAN,
                             .high = NAN,
                             .brier = m->figures.brier,
                             .brier_even = m->left / m->rows * (1 - m->left / m->rows),
                             .log_loss = m->figures.log_loss,
                             .calibration = NAN};
}
