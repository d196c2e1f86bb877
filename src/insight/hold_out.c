/* hold_out.c - purchases behind the calibration, met and foretold: mean errors, correlations, the total.
 *
 * Pearson's correlation from centred sums; Spearman's is Pearson's of mean ranks. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "huaxiang/insight.h"

typedef struct {
    double value;
    size_t at;
} ranked;

static int ascending(const void *l, const void *r) {
    const ranked *a = l, *b = r;
    return (a->value > b->value) - (a->value < b->value);
}

/* Mean ranks in place of the values. */
static void to_ranks(double *v, size_t n, ranked *room) {
    for (size_t i = 0; i < n; i++)
        room[i] = (ranked){v[i], i};
    qsort(room, n, sizeof *room, ascending);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && room[to].value == room[from].value; to++) {
        }
        for (size_t i = from; i < to; i++)
            v[room[i].at] = (double)(from + to + 1) / 2;
    }
}

static double correlation(const double *a, const double *b, size_t n) {
    double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < n; i++) {
        ma += a[i] / (double)n;
        mb += b[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
        ab += (a[i] - ma) * (b[i] - mb);
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

hx_status hx_purchase_hold_out(const hx_purchase_fit *f, const hx_buyer *buyers, size_t n,
                               double horizon, hx_hold_out *out, hx_error *err) {
    if (!n || !(horizon > 0))
        return hx_fail(err, HX_EINVAL,
                       "there is no time behind the calibration to hold the model against");
    double *met = calloc(2 * n, sizeof *met), *said = met + n;
    ranked *room = calloc(n, sizeof *room);
    hx_status st =
        met && room ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for transactions");
    *out = (hx_hold_out){.horizon = horizon};
    for (size_t i = 0; st == HX_OK && i < n; i++) {
        met[i] = buyers[i].held;
        said[i] = hx_purchase_expected(f, &buyers[i].purchases, horizon);
        double off = said[i] - met[i];
        out->met += met[i];
        out->expected += said[i];
        out->mae += fabs(off) / (double)n;
        out->rmse += off * off / (double)n;
    }
    if (st == HX_OK) {
        out->rmse = sqrt(out->rmse);
        out->correlation = correlation(met, said, n);
        to_ranks(met, n, room);
        to_ranks(said, n, room);
        out->rank_correlation = correlation(met, said, n);
    }
    free(met);
    free(room);
    return st;
}
