/* kmeans_run.h - what the restarts of one k-means share. For src/learn/kmeans*.c only. */
#ifndef HX_LEARN_KMEANS_RUN_H
#define HX_LEARN_KMEANS_RUN_H

#include "base/rng.h"
#include "learn/kmeans.h"
#include "learn/kmeans_rows.h"
#include "nn/nn.h"

typedef struct {
    double *centres; /* (k, d), of centred rows */
    double *minus2, *norms; /* (k_full, d), (k_full): as assign() reads them */
    double *sums, *counts; /* (k, d), (k) of the rows by `labels` */
    uint32_t *labels; /* (n_groups * HX_LANES); UINT32_MAX = none yet */
    double *
        closest; /* likewise: squared distance to the nearest centre so far; 0 behind the last row */
    hx_rng rng;
    size_t rounds;
    bool active, settled; /* settled: labels are those of the centres */
    double inertia;
} hx_kmeans_restart;

typedef struct {
    const hx_kmeans_options *o;
    const hx_kmeans_rows *rows;
    hx_team *team;
    hx_arena *arena; /* owned: scratch */
    size_t n, d, k, k_full, n_groups, n_restarts;
    double *x; /* (n, d), less the means */
    double *groups; /* (n_groups, d, HX_LANES): the same rows */
    double *means; /* (d) */
    double limit; /* squared movement below which a restart ends */
    hx_kmeans_restart *restarts; /* (n_restarts) */
    double *parts; /* (HX_KMEANS_SEGMENTS, n_restarts, part) */
    size_t part; /* numbers a segment leaves of a restart */
    size_t step; /* seeding: the centre that is chosen */
    double *points; /* (n_restarts, HX_CANDIDATES_MAX, d) */
    size_t *chosen; /* (n_restarts, HX_CANDIDATES_MAX) rows */
    size_t n_candidates;
} hx_kmeans_run;

/* Groups [*first, *last) of a segment. */
static inline void hx_kmeans_segment(const hx_kmeans_run *r, size_t segment, size_t *first,
                                     size_t *last) {
    *first = r->n_groups * segment / HX_KMEANS_SEGMENTS;
    *last = r->n_groups * (segment + 1) / HX_KMEANS_SEGMENTS;
}

/* What a segment leaves of a restart. */
static inline double *hx_kmeans_part(const hx_kmeans_run *r, size_t segment, size_t restart) {
    return r->parts + (segment * r->n_restarts + restart) * r->part;
}

void hx_kmeans_seed(hx_kmeans_run *r); /* centres of all restarts */

#endif
