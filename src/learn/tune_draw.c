/* tune_draw.c - the next setting of a search; see tune.h.
 *
 * A setting is a place in the unit cube of the ranges that the model's table of parameters gives, on a logarithmic scale where it says so.
 *
 *     halving   every other one by chance, the others around the best of the model so far, with a deviation of 0.15; behind the first round every other
 *               setting is of the model that leads, the others by turns
 *     random    all by chance
 *     grid      every combination of evenly spaced levels, as many as fit
 *     tpe       by chance at first; then, one parameter after the other, the one of 24 draws from the density of good settings at which that density is
 *               highest beside the density of the others (Bergstra et al. 2011). Good: the best quarter, 25 at most. A density is the mean of a normal
 *               around each setting, cut off at the ends of the range and as wide as the distance to its neighbours, and of the even one. */
#include "learn/tune.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learn/special.h"

#define NEAR 0.15
#define GOOD_SHARE 0.25
#define GOOD_MAX 25
#define CANDIDATES 24
#define LEVELS_MAX 5
#define TPE_LEAST 4 /* settings of a model with a figure */
#define WIDTH_LEAST 0.02

bool hx_param_is_tuned(const hx_model_param *p) {
    return p->tune_high > p->tune_low;
}

double hx_param_at(const hx_model_param *p, double unit) {
    if (isnan(unit)) return p->fallback;
    double v = p->tune_log && p->tune_low > 0 ? p->tune_low * pow(p->tune_high / p->tune_low, unit)
                                              : p->tune_low + unit * (p->tune_high - p->tune_low);
    if (p->kind != HX_PARAM_NUMBER) v = round(v);
    return fmin(fmax(v, p->low), p->high);
}

static double normal(hx_rng *rng) {
    double radius = sqrt(-2 * log(1 - hx_rng_uniform(rng)));
    return radius * cos(2 * acos(-1) * hx_rng_uniform(rng));
}

const hx_setting *hx_setting_best(const hx_tuning *s, const hx_model_kind *kind) {
    const hx_setting *best = NULL;
    for (size_t i = 0; i < s->n_tried; i++) {
        const hx_setting *one = &s->tried[i];
        if ((kind && one->kind != kind) || one->done < s->folds.n_folds || isnan(one->mean))
            continue;
        if (!best || one->mean > best->mean) best = one;
    }
    return best;
}

/* ------------------------------------------------------------------ by chance */
static void draw_freely(const hx_setting *best, hx_rng *rng, hx_setting *one) {
    for (size_t i = 0; i < one->kind->n_params; i++) {
        if (!hx_param_is_tuned(&one->kind->params[i])) continue;
        bool near = best && !isnan(best->unit[i]);
        double u = hx_rng_uniform(rng), off = NEAR * normal(rng);
        one->unit[i] = near ? fmin(fmax(best->unit[i] + off, 0), 1) : u;
    }
}

/* ------------------------------------------------------------------ a grid */
static size_t levels_of(const hx_model_param *p, size_t most) {
    if (p->kind == HX_PARAM_NUMBER || p->tune_log) return most;
    double values = p->tune_high - p->tune_low + 1;
    return values < (double)most ? (size_t)values : most;
}

static double points_of(const hx_model_kind *kind, size_t levels) {
    double points = 1;
    for (size_t i = 0; i < kind->n_params; i++)
        if (hx_param_is_tuned(&kind->params[i]))
            points *= (double)levels_of(&kind->params[i], levels);
    return points;
}

hx_status hx_grid_plan(hx_tuning *s, size_t most, size_t *points, hx_error *err) {
    *points = 0;
    for (size_t m = 0; m < s->n_tuned; m++) {
        const hx_model_kind *kind = hx_model_kind_of(s->tuned[m]);
        size_t levels = LEVELS_MAX;
        double share = (double)most / (double)s->n_tuned;
        while (levels > 2 && points_of(kind, levels) > share)
            levels--;
        if (points_of(kind, levels) > share)
            return hx_fail(err, HX_EINVAL,
                           "a grid of %s has %.0f points or more, and %.0f may be tried; raise "
                           "--trials or take another --search",
                           kind->name, points_of(kind, levels), share);
        s->levels[m] = levels;
        *points += (size_t)points_of(kind, levels);
    }
    return HX_OK;
}

/* Point `at` of all models' grids one after another; its model too. */
static void draw_grid(const hx_tuning *s, size_t at, hx_setting *one) {
    size_t m = 0;
    for (; m + 1 < s->n_tuned; m++) {
        size_t points = (size_t)points_of(hx_model_kind_of(s->tuned[m]), s->levels[m]);
        if (at < points) break;
        at -= points;
    }
    for (size_t i = 0; i < one->kind->n_params; i++) {
        const hx_model_param *p = &one->kind->params[i];
        if (!hx_param_is_tuned(p)) continue;
        size_t levels = levels_of(p, s->levels[m]);
        one->unit[i] = (double)(at % levels) / (double)(levels - 1);
        at /= levels;
    }
}

/* ------------------------------------------------------------------ TPE */
typedef struct {
    size_t n;
    double *at, *width; /* (n) */
} density;

static double bell(double x) {
    return exp(-x * x / 2) / sqrt(2 * acos(-1));
}

/* At u: the mean over settings and the even density. */
static double density_at(const density *d, double u) {
    double sum = 1;
    for (size_t i = 0; i < d->n; i++) {
        double inside =
            hx_normal_cdf((1 - d->at[i]) / d->width[i]) - hx_normal_cdf(-d->at[i] / d->width[i]);
        sum += bell((u - d->at[i]) / d->width[i]) / (d->width[i] * inside);
    }
    return sum / ((double)d->n + 1);
}

static double draw_from(const density *d, hx_rng *rng) {
    size_t which = (size_t)hx_rng_below(rng, d->n + 1);
    if (which == d->n) return hx_rng_uniform(rng);
    for (;;) {
        double u = d->at[which] + d->width[which] * normal(rng);
        if (u >= 0 && u <= 1) return u;
    }
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* As wide as the farther neighbour or end of the range is away. */
static void find_widths(density *d) {
    qsort(d->at, d->n, sizeof *d->at, compare_doubles);
    for (size_t i = 0; i < d->n; i++) {
        double below = d->at[i] - (i > 0 ? d->at[i - 1] : 0);
        double above = (i + 1 < d->n ? d->at[i + 1] : 1) - d->at[i];
        d->width[i] = fmax(fmax(below, above), fmax(WIDTH_LEAST, 1 / ((double)d->n + 1) / 4));
    }
}

static int by_mean(const void *a, const void *b) {
    const hx_setting *x = *(const hx_setting *const *)a, *y = *(const hx_setting *const *)b;
    if (x->mean != y->mean) return x->mean > y->mean ? -1 : 1;
    return (x > y) - (x < y);
}

/* Settings of a model that were drawn and judged, the best first. */
static size_t judged(const hx_tuning *s, const hx_model_kind *kind, const hx_setting **list) {
    size_t n = 0;
    for (size_t i = 0; i < s->n_tried; i++) {
        const hx_setting *one = &s->tried[i];
        if (one->kind == kind && !one->plain && one->done == s->folds.n_folds && !isnan(one->mean))
            list[n++] = one;
    }
    qsort(list, n, sizeof *list, by_mean);
    return n;
}

static void gather(density *d, const hx_setting *const *list, size_t n, size_t param) {
    d->n = n;
    for (size_t i = 0; i < n; i++)
        d->at[i] = list[i]->unit[param];
    find_widths(d);
}

static hx_status draw_tpe(const hx_tuning *s, hx_rng *rng, hx_setting *one, hx_error *err) {
    const hx_setting **list = calloc(s->n_tried + 1, sizeof *list);
    double *room = calloc(4 * s->n_tried + 4, sizeof *room);
    hx_status st =
        list && room ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for the search");
    size_t n = st == HX_OK ? judged(s, one->kind, list) : 0;
    size_t n_good = (size_t)ceil(GOOD_SHARE * (double)n);
    n_good = n_good < GOOD_MAX ? n_good : GOOD_MAX;
    if (st == HX_OK && n < TPE_LEAST) draw_freely(NULL, rng, one);
    for (size_t i = 0; i < one->kind->n_params && n >= TPE_LEAST; i++) {
        if (!hx_param_is_tuned(&one->kind->params[i])) continue;
        density good = {0, room, room + n_good}, rest = {0, room + 2 * n, room + 3 * n};
        gather(&good, list, n_good, i);
        gather(&rest, list + n_good, n - n_good, i);
        double most = -1;
        for (int k = 0; k < CANDIDATES; k++) {
            double u = draw_from(&good, rng), ratio = density_at(&good, u) / density_at(&rest, u);
            if (ratio <= most) continue;
            most = ratio;
            one->unit[i] = u;
        }
    }
    free(list);
    free(room);
    return st;
}

/* ------------------------------------------------------------------ any */
hx_status hx_setting_draw(const hx_tuning *s, size_t index, hx_setting *one, hx_error *err) {
    hx_rng rng;
    hx_rng_seed(&rng, hx_hash_mix(s->seed, index));
    for (size_t i = 0; i < one->kind->n_params; i++)
        one->unit[i] = NAN;
    if (one->plain) return HX_OK;
    if (s->how == HX_SEARCH_GRID) draw_grid(s, index - s->n_models, one);
    if (s->how == HX_SEARCH_TPE) return draw_tpe(s, &rng, one, err);
    size_t earlier = 0; /* drawn of this model */
    for (size_t i = s->n_models; i < index; i++)
        earlier += s->tried[i].kind == one->kind;
    bool near = s->how == HX_SEARCH_HALVING && earlier % 2 == 1;
    if (s->how != HX_SEARCH_GRID)
        draw_freely(near ? hx_setting_best(s, one->kind) : NULL, &rng, one);
    return HX_OK;
}

static const char *halving_model(const hx_tuning *s, size_t drawn) {
    const hx_setting *best = hx_setting_best(s, NULL);
    if (!best) return s->tuned[drawn % s->n_tuned];
    for (size_t m = 0; m < s->n_tuned && drawn % 2; m++)
        if (hx_model_kind_of(s->tuned[m]) == best->kind) return s->tuned[m];
    return s->tuned[drawn / 2 % s->n_tuned];
}

const char *hx_setting_model(const hx_tuning *s, size_t index) {
    if (index < s->n_models) return s->models[index];
    size_t at = index - s->n_models, m = 0;
    if (s->how == HX_SEARCH_HALVING) return halving_model(s, at);
    if (s->how != HX_SEARCH_GRID) return s->tuned[at % s->n_tuned];
    for (; m + 1 < s->n_tuned; m++) {
        size_t points = (size_t)points_of(hx_model_kind_of(s->tuned[m]), s->levels[m]);
        if (at < points) break;
        at -= points;
    }
    return s->tuned[m];
}
