/* reject.c - reject inference: what the rejected would have done, whom nobody watched.
 *
 *     simple       bad below the score that as many accepted stand under as they have bads (times the factor), good above
 *     parcelling   bands of score; in each the rejected are bad at the accepted's share times the factor, drawn with the seed
 *     fuzzy        each counts as bad by the card's chance times the factor, as good by the rest
 *
 * The factor (2 unless said) is the caution that rejected people are worse than accepted ones of the same score. (Siddiqi, Credit Risk
 * Scorecards, 2006, ch. 6.) */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "insight/quantile.h"
#include "insight/scorecard.h"

#define BANDS 10

typedef struct {
    int64_t *sorted; /* scores of the accepted, then room to sort */
    size_t n_accepted;
    double bads;
} accepted;

static hx_status collect(accepted *a, const int64_t *scores, size_t rows, const double *good,
                         const double *bad, hx_error *err) {
    a->sorted = calloc(2 * rows + 2, sizeof *a->sorted);
    if (!a->sorted) return hx_fail(err, HX_ENOMEM, "not enough memory for reject inference");
    for (size_t i = 0; i < rows; i++) {
        if (!(good[i] + bad[i] > 0)) continue;
        a->sorted[a->n_accepted++] = scores[i];
        a->bads += bad[i];
    }
    hx_quantile_sort(a->sorted, a->n_accepted, a->sorted + rows + 1);
    return HX_OK;
}

static size_t band_of(const int64_t *edges, int64_t score) {
    size_t band = 0;
    while (band < BANDS - 1 && score >= edges[band])
        band++;
    return band;
}

/* Share of bads of the accepted in each band; an empty one has that of all. */
static void band_rates(const accepted *a, const int64_t *edges, const int64_t *scores, size_t rows,
                       const double *good, const double *bad, double *rates) {
    hx_bin_counts bands[BANDS] = {{0, 0}};
    for (size_t i = 0; i < rows; i++) {
        const size_t band = band_of(edges, scores[i]);
        bands[band].good += good[i];
        bands[band].bad += bad[i];
    }
    for (size_t k = 0; k < BANDS; k++) {
        const double n = bands[k].good + bands[k].bad;
        rates[k] = n > 0 ? bands[k].bad / n : a->bads / (double)a->n_accepted;
    }
}

hx_status hx_reject_infer(const hx_scorecard *card, const int64_t *scores, size_t rows,
                          hx_reject_method method, double factor, uint64_t seed, double *good,
                          double *bad, double *n, hx_error *err) {
    accepted a = {0};
    int64_t edges[BANDS - 1];
    double rates[BANDS];
    hx_rng rng;
    HX_TRY(collect(&a, scores, rows, good, bad, err));
    for (size_t k = 0; k < BANDS - 1; k++)
        edges[k] = hx_quantile_lower(a.sorted, a.n_accepted, k + 1, BANDS);
    band_rates(&a, edges, scores, rows, good, bad, rates);
    const double under = fmin((double)a.n_accepted - 1, a.bads * factor);
    const int64_t cut = a.sorted[(size_t)under];
    hx_rng_seed(&rng, seed);
    *n = 0;
    for (size_t i = 0; i < rows; i++) {
        if (good[i] + bad[i] > 0) continue;
        double p = scores[i] < cut ? 1 : 0;
        if (method == HX_REJECT_FUZZY) p = fmin(1, hx_scorecard_bad(card, scores[i]) * factor);
        if (method == HX_REJECT_PARCELLING)
            p = hx_rng_uniform(&rng) < rates[band_of(edges, scores[i])] * factor ? 1 : 0;
        bad[i] = p;
        good[i] = 1 - p;
        *n += 1;
    }
    free(a.sorted);
    return HX_OK;
}
