/* binning.c - the best bins of a column: prebins joined exactly, under a trend of the share of bads.
 *
 * Dynamic programming over the last bin [i, j] of the prebins before j: best[phase][bins][i][j] is the greatest information value of `bins` bins that
 * cover prebins 0..j and end with that one. The bin before it, [k, i - 1], must differ in the right direction and pass the z test. Phases make peaks
 * and valleys: phase 0 goes one way, phase 1 the other, and there is no way back. O(bins n^3) for n <= 64 prebins: exact, no solver needed.
 *
 * Weight of evidence ln((g/G)/(b/B)); information value sum (g/G - b/B) woe. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "huaxiang/insight.h"
#include "learn/special.h"

#define BINS_MAX 20
#define PEAK_TIMES 1.25 /* a peak must tell so much more than the best straight trend, */
#define PEAK_CHANCE 4 /* and more than chance by this chi-square (5 %, one degree of freedom) */

const char *hx_trend_id(hx_trend t) {
    static const char *const names[] = {"auto", "ascending", "descending",
                                        "peak", "valley",    "none"};
    return (unsigned)t < HX_TRENDS ? names[t] : "auto";
}

double hx_bin_woe(hx_bin_counts bin, hx_bin_counts all) {
    if (!(bin.good + bin.bad > 0) || !(all.good > 0 && all.bad > 0)) return 0;
    const double half = bin.good > 0 && bin.bad > 0 ? 0 : 0.5;
    return log((bin.good + half) / all.good / ((bin.bad + half) / all.bad));
}

double hx_bin_iv(hx_bin_counts bin, hx_bin_counts all) {
    if (!(all.good > 0 && all.bad > 0)) return 0;
    return (bin.good / all.good - bin.bad / all.bad) * hx_bin_woe(bin, all);
}

typedef struct {
    size_t n, max_bins;
    double z; /* least |z| between neighbours */
    hx_bin_counts all;
    hx_bin_counts before[HX_PREBINS_MAX + 1]; /* sums */
    double iv[HX_PREBINS_MAX][HX_PREBINS_MAX], rate[HX_PREBINS_MAX][HX_PREBINS_MAX];
    bool fine[HX_PREBINS_MAX][HX_PREBINS_MAX];
    double best[2][BINS_MAX][HX_PREBINS_MAX][HX_PREBINS_MAX];
    signed char from[2][BINS_MAX][HX_PREBINS_MAX][HX_PREBINS_MAX]; /* k + phase * 64 */
} plan;

static hx_bin_counts between(const plan *p, size_t i, size_t j) {
    return (hx_bin_counts){p->before[j + 1].good - p->before[i].good,
                           p->before[j + 1].bad - p->before[i].bad};
}

static void weigh(plan *p, const hx_bin_options *o) {
    const double least = (o->min_share > 0 ? o->min_share : 0.05) * (p->all.good + p->all.bad);
    const double bads = o->min_bad > 0 ? o->min_bad : 1;
    for (size_t i = 0; i < p->n; i++) {
        for (size_t j = i; j < p->n; j++) {
            const hx_bin_counts c = between(p, i, j);
            p->fine[i][j] = c.good + c.bad >= least && c.good >= bads && c.bad >= bads;
            p->iv[i][j] = hx_bin_iv(c, p->all);
            p->rate[i][j] = c.good + c.bad > 0 ? c.bad / (c.good + c.bad) : 0;
        }
    }
}

/* Whether [k, i - 1] may stand before [i, j]. direction: 1 up, -1 down, 0 either. */
static bool may_follow(const plan *p, size_t k, size_t i, size_t j, int direction) {
    const double left = p->rate[k][i - 1], right = p->rate[i][j];
    if (direction > 0 ? !(left < right) : direction < 0 ? !(left > right) : left == right)
        return false;
    if (!(p->z > 0)) return true;
    const hx_bin_counts a = between(p, k, i - 1), b = between(p, i, j);
    const double m = a.good + a.bad, n = b.good + b.bad, pooled = (a.bad + b.bad) / (m + n);
    return fabs(left - right) >= p->z * sqrt(pooled * (1 - pooled) * (1 / m + 1 / n));
}

/* Direction of each phase; the second is 2 where there is none. */
static void directions(hx_trend t, int way[2]) {
    way[0] = t == HX_TREND_ASCENDING || t == HX_TREND_PEAK      ? 1
             : t == HX_TREND_DESCENDING || t == HX_TREND_VALLEY ? -1
                                                                : 0;
    way[1] = t == HX_TREND_PEAK ? -1 : t == HX_TREND_VALLEY ? 1 : 2;
}

static void extend(plan *p, size_t phase, size_t b, size_t i, size_t j, int way) {
    double *best = &p->best[phase][b][i][j];
    *best = -1;
    if (!p->fine[i][j]) return;
    if (b == 0) {
        if (i == 0 && phase == 0) *best = p->iv[i][j];
        return;
    }
    for (size_t k = 0; k < i; k++) {
        if (!p->fine[k][i - 1]) continue;
        for (size_t before = 0; before <= phase; before++) {
            const double value = p->best[before][b - 1][k][i - 1] + p->iv[i][j];
            if (p->best[before][b - 1][k][i - 1] < 0 || value <= *best) continue;
            if (!may_follow(p, k, i, j, way)) continue;
            *best = value;
            p->from[phase][b][i][j] = (signed char)(k + before * HX_PREBINS_MAX);
        }
    }
}

typedef struct {
    double iv; /* -1 = none */
    size_t bins, ends[HX_PREBINS_MAX];
} cutting;

static void trace(const plan *p, size_t phase, size_t b, size_t i, cutting *c) {
    size_t j = p->n - 1;
    c->bins = b + 1;
    for (;; b--) {
        c->ends[b] = j + 1;
        if (b == 0) return;
        const size_t from = (size_t)p->from[phase][b][i][j];
        j = i - 1;
        i = from % HX_PREBINS_MAX;
        phase = from / HX_PREBINS_MAX;
    }
}

static void solve(plan *p, hx_trend trend, cutting *c) {
    int way[2];
    directions(trend, way);
    const size_t phases = way[1] == 2 ? 1 : 2;
    c->iv = -1;
    for (size_t b = 0; b < p->max_bins; b++)
        for (size_t phase = 0; phase < phases; phase++)
            for (size_t i = 0; i < p->n; i++)
                for (size_t j = i; j < p->n; j++)
                    extend(p, phase, b, i, j, way[phase]);
    for (size_t b = 0; b < p->max_bins; b++)
        for (size_t phase = 0; phase < phases; phase++)
            for (size_t i = 0; i < p->n; i++)
                if (p->best[phase][b][i][p->n - 1] > c->iv + (c->iv < 0 ? 0 : 1e-12)) {
                    c->iv = p->best[phase][b][i][p->n - 1];
                    trace(p, phase, b, i, c);
                }
}

static hx_trend solve_auto(plan *p, cutting *c) {
    cutting other;
    hx_trend found = HX_TREND_ASCENDING;
    solve(p, HX_TREND_ASCENDING, c);
    solve(p, HX_TREND_DESCENDING, &other);
    if (other.iv > c->iv) *c = other, found = HX_TREND_DESCENDING;
    const double straight = c->iv > 0 ? c->iv : 0,
                 chance = PEAK_CHANCE * (1 / p->all.good + 1 / p->all.bad);
    for (int t = HX_TREND_PEAK; t <= HX_TREND_VALLEY; t++) {
        solve(p, (hx_trend)t, &other);
        if (other.iv > c->iv && other.iv > straight * PEAK_TIMES + chance)
            *c = other, found = (hx_trend)t;
    }
    return found;
}

static hx_status check_options(const hx_bin_options *o, size_t n, hx_error *err) {
    if (n == 0 || n > HX_PREBINS_MAX)
        return hx_fail(err, HX_EINVAL, "%zu prebins: there may be 1 to %d", n, HX_PREBINS_MAX);
    if (o->max_bins > BINS_MAX)
        return hx_fail(err, HX_EINVAL, "%zu bins: there may be at most %d", o->max_bins, BINS_MAX);
    if (!(o->min_share >= 0 && o->min_share <= 0.5))
        return hx_fail(err, HX_EINVAL, "a bin's least share must be between 0 and 0.5, not %g",
                       o->min_share);
    if (!(o->max_p >= 0 && o->max_p <= 1 && o->min_bad >= 0) || (unsigned)o->trend >= HX_TRENDS)
        return hx_fail(err, HX_EINVAL, "limits of bins make no sense: p %g, bads %g", o->max_p,
                       o->min_bad);
    return HX_OK;
}

hx_status hx_bins_join(const hx_bin_counts *prebins, size_t n, hx_bin_counts all,
                       const hx_bin_options *options, size_t ends[HX_PREBINS_MAX], size_t *n_bins,
                       hx_trend *found, hx_error *err) {
    cutting c = {.iv = -1};
    HX_TRY(check_options(options, n, err));
    plan *p = calloc(1, sizeof *p);
    if (!p) return hx_fail(err, HX_ENOMEM, "not enough memory for bins");
    p->n = n;
    p->all = all;
    p->max_bins = options->max_bins ? options->max_bins : 8;
    if (p->max_bins > n) p->max_bins = n;
    if (options->max_p > 0 && options->max_p < 1) p->z = hx_normal_quantile(1 - options->max_p / 2);
    for (size_t i = 0; i < n; i++)
        p->before[i + 1] =
            (hx_bin_counts){p->before[i].good + prebins[i].good, p->before[i].bad + prebins[i].bad};
    weigh(p, options);
    *found = options->trend;
    if (options->trend == HX_TREND_AUTO)
        *found = solve_auto(p, &c);
    else
        solve(p, options->trend, &c);
    free(p);
    if (c.iv < 0) c.bins = 1, c.ends[0] = n;
    *n_bins = c.bins;
    memcpy(ends, c.ends, c.bins * sizeof *ends);
    return HX_OK;
}
