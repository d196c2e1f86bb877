/* kmeans_seed.c - where k-means begins: k-means++ with several candidates a centre (Arthur, Vassilvitskii 2007; "greedy").
 *
 * The first centre is any row. For each further one 2 + ln k rows are drawn with probability proportional to the squared distance to the nearest
 * centre so far, and the one that makes the sum of those distances least is kept. All restarts take the same step at once. */
#include <math.h>
#include <string.h>

#include "learn/kmeans_run.h"

static void sum_up(void *context, size_t segment, size_t worker) {
    const hx_kmeans_run *r = context;
    size_t first, last;
    (void)worker;
    hx_kmeans_segment(r, segment, &first, &last);
    for (size_t i = 0; i < r->n_restarts; i++) {
        const hx_kmeans_restart *s = &r->restarts[i];
        double *part = hx_kmeans_part(r, segment, i), lanes[HX_LANES] = {0};
        r->rows->come_closer(r->groups + first * r->d * HX_LANES, last - first, r->d,
                             s->centres + r->step * r->d, s->closest + first * HX_LANES);
        for (size_t g = first; g < last; g++)
            for (size_t l = 0; l < HX_LANES; l++)
                lanes[l] += s->closest[g * HX_LANES + l];
        part[0] = 0;
        for (size_t l = 0; l < HX_LANES; l++)
            part[0] += lanes[l];
    }
}

static void try_candidates(void *context, size_t segment, size_t worker) {
    const hx_kmeans_run *r = context;
    size_t first, last;
    (void)worker;
    hx_kmeans_segment(r, segment, &first, &last);
    for (size_t i = 0; i < r->n_restarts; i++) {
        double *part = hx_kmeans_part(r, segment, i) + 1;
        memset(part, 0, HX_CANDIDATES_MAX * HX_LANES * sizeof *part);
        r->rows->potential(r->groups + first * r->d * HX_LANES, last - first, r->d,
                           r->points + i * HX_CANDIDATES_MAX * r->d, r->n_candidates,
                           r->restarts[i].closest + first * HX_LANES, part);
    }
}

/* A row with probability proportional to its closest[]; any where all are 0. */
static size_t draw(const hx_kmeans_run *r, size_t restart, double total) {
    hx_kmeans_restart *s = &r->restarts[restart];
    double at = hx_rng_uniform(&s->rng) * total;
    size_t segment = 0, first, last, found = 0;
    if (!(total > 0) || !isfinite(total)) return (size_t)hx_rng_below(&s->rng, r->n);
    for (; segment + 1 < HX_KMEANS_SEGMENTS; segment++) {
        double here = hx_kmeans_part(r, segment, restart)[0];
        if (at < here) break;
        at -= here;
    }
    hx_kmeans_segment(r, segment, &first, &last);
    for (size_t i = first * HX_LANES; i < last * HX_LANES && i < r->n; i++) {
        if (s->closest[i] > 0) found = i;
        at -= s->closest[i];
        if (at < 0 && s->closest[i] > 0) break;
    }
    return found;
}

static void draw_candidates(hx_kmeans_run *r, size_t restart) {
    double total = 0;
    for (size_t s = 0; s < HX_KMEANS_SEGMENTS; s++)
        total += hx_kmeans_part(r, s, restart)[0];
    for (size_t c = 0; c < r->n_candidates; c++) {
        size_t place = restart * HX_CANDIDATES_MAX + c, row = draw(r, restart, total);
        r->chosen[place] = row;
        memcpy(r->points + place * r->d, r->x + row * r->d, r->d * sizeof *r->x);
    }
}

static void keep_best(hx_kmeans_run *r, size_t restart) {
    size_t best = 0;
    double least = INFINITY;
    for (size_t c = 0; c < r->n_candidates; c++) {
        double sum = 0;
        for (size_t s = 0; s < HX_KMEANS_SEGMENTS; s++)
            for (size_t l = 0; l < HX_LANES; l++)
                sum += hx_kmeans_part(r, s, restart)[1 + c * HX_LANES + l];
        if (sum >= least) continue;
        least = sum;
        best = c;
    }
    memcpy(r->restarts[restart].centres + r->step * r->d,
           r->points + (restart * HX_CANDIDATES_MAX + best) * r->d, r->d * sizeof *r->x);
}

void hx_kmeans_seed(hx_kmeans_run *r) {
    size_t wanted = 2 + (size_t)log((double)r->k);
    r->n_candidates = wanted < HX_CANDIDATES_MAX ? wanted : HX_CANDIDATES_MAX;
    for (size_t i = 0; i < r->n_restarts; i++) {
        hx_kmeans_restart *s = &r->restarts[i];
        size_t row = (size_t)hx_rng_below(&s->rng, r->n);
        for (size_t j = 0; j < r->n_groups * HX_LANES; j++)
            s->closest[j] = j < r->n ? INFINITY : 0;
        memcpy(s->centres, r->x + row * r->d, r->d * sizeof *r->x);
    }
    for (r->step = 0; r->step + 1 < r->k;) {
        hx_team_run(r->team, HX_KMEANS_SEGMENTS, sum_up, r);
        for (size_t i = 0; i < r->n_restarts; i++)
            draw_candidates(r, i);
        hx_team_run(r->team, HX_KMEANS_SEGMENTS, try_candidates, r);
        r->step++;
        for (size_t i = 0; i < r->n_restarts; i++)
            keep_best(r, i);
    }
}
