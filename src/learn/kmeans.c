/* kmeans.c - k-means by Lloyd's steps, all restarts at once, and by mini-batches; see kmeans.h.
 *
 * Rows lose their mean first, so that |c|^2 - 2 x.c keeps its digits. Sums of a cluster change by the rows that change their cluster alone: after a few
 * steps few do. A segment's changes are added in the order of the segments. A centre without rows moves to the row that is farthest from its own
 * centre. Mini-batch (Sculley 2010): each row of a batch draws its nearest centre towards itself by 1 / rows the centre has seen. */
#include "learn/kmeans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "learn/kmeans_run.h"

#define GROUPS_TOGETHER ((size_t)64)
#define RESTARTS_USUAL 10
#define ROUNDS_USUAL 300
#define BATCH_ROUNDS 100
#define TOLERANCE_USUAL 1e-4

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the clusters");
}

/* ------------------------------------------------------------------ making ready */
static double *doubles(hx_kmeans_run *r, size_t n) {
    return hx_arena_alloc(r->arena, (n + 1) * sizeof(double));
}

static bool make_restart(hx_kmeans_run *r, size_t i) {
    hx_kmeans_restart *s = &r->restarts[i];
    size_t lanes = r->n_groups * HX_LANES;
    s->centres = doubles(r, r->k * r->d);
    s->minus2 = doubles(r, r->k_full * r->d);
    s->norms = doubles(r, r->k_full);
    s->sums = doubles(r, r->k * r->d);
    s->counts = doubles(r, r->k);
    s->labels = hx_arena_alloc(r->arena, lanes * sizeof *s->labels);
    s->closest = doubles(r, lanes);
    s->active = true;
    hx_rng_seed(&s->rng, hx_hash_mix(r->o->seed, i));
    bool ok =
        s->centres && s->minus2 && s->norms && s->sums && s->counts && s->labels && s->closest;
    for (size_t j = 0; j < lanes && ok; j++)
        s->labels[j] = UINT32_MAX;
    return ok;
}

static bool make_room(hx_kmeans_run *r) {
    size_t seeds = 1 + HX_CANDIDATES_MAX * HX_LANES, steps = r->k * (r->d + 1) + 1;
    r->part = (seeds > steps ? seeds : steps) + 8;
    r->x = doubles(r, r->n * r->d);
    r->groups = doubles(r, r->n_groups * r->d * HX_LANES);
    r->means = doubles(r, r->d);
    r->restarts = hx_arena_alloc(r->arena, r->n_restarts * sizeof *r->restarts);
    r->parts = doubles(r, HX_KMEANS_SEGMENTS * r->n_restarts * r->part);
    r->points = doubles(r, r->n_restarts * HX_CANDIDATES_MAX * r->d);
    r->chosen = hx_arena_alloc(r->arena, r->n_restarts * HX_CANDIDATES_MAX * sizeof *r->chosen);
    bool ok = r->x && r->groups && r->means && r->restarts && r->parts && r->points && r->chosen;
    for (size_t i = 0; i < r->n_restarts && ok; i++)
        ok = make_restart(r, i);
    return ok;
}

static void load(hx_kmeans_run *r, const double *x) {
    double squares = 0, n = (double)r->n;
    for (size_t i = 0; i < r->n; i++)
        for (size_t j = 0; j < r->d; j++)
            r->means[j] += x[i * r->d + j];
    for (size_t j = 0; j < r->d; j++)
        r->means[j] /= n;
    for (size_t i = 0; i < r->n; i++)
        for (size_t j = 0; j < r->d; j++) {
            double v = x[i * r->d + j] - r->means[j];
            r->x[i * r->d + j] = v;
            r->groups[(i / HX_LANES * r->d + j) * HX_LANES + i % HX_LANES] = v;
            squares += v * v;
        }
    double tolerance = r->o->tolerance < 0 ? TOLERANCE_USUAL : r->o->tolerance;
    r->limit = tolerance * squares / n / (double)(r->d ? r->d : 1);
}

/* ------------------------------------------------------------------ a step of all restarts */
static void prepare(const hx_kmeans_run *r, hx_kmeans_restart *s) {
    for (size_t c = 0; c < r->k_full; c++) {
        s->norms[c] = c < r->k ? 0 : INFINITY;
        for (size_t j = 0; j < r->d && c < r->k; j++) {
            double v = s->centres[c * r->d + j];
            s->norms[c] += v * v;
            s->minus2[c * r->d + j] = -2 * v;
        }
    }
}

static void add_row(double *sums, const double *x, size_t d, double sign) {
    for (size_t j = 0; j < d; j++)
        sums[j] += sign * x[j];
}

/* New labels of some rows; what they change goes to part: sums (k, d), counts (k), rows that changed. */
static void relabel(const hx_kmeans_run *r, hx_kmeans_restart *s, const uint32_t *now, size_t from,
                    size_t to, double *part) {
    double *counts = part + r->k * r->d;
    for (size_t i = from; i < to; i++) {
        uint32_t before = s->labels[i], after = now[i - from];
        if (before == after) continue;
        s->labels[i] = after;
        counts[r->k]++;
        add_row(part + after * r->d, r->x + i * r->d, r->d, 1);
        counts[after]++;
        if (before == UINT32_MAX) continue;
        add_row(part + before * r->d, r->x + i * r->d, r->d, -1);
        counts[before]--;
    }
}

static void assign_segment(void *context, size_t segment, size_t worker) {
    const hx_kmeans_run *r = context;
    uint32_t now[GROUPS_TOGETHER * HX_LANES];
    size_t first, last;
    (void)worker;
    hx_kmeans_segment(r, segment, &first, &last);
    for (size_t i = 0; i < r->n_restarts; i++)
        memset(hx_kmeans_part(r, segment, i), 0, r->part * sizeof(double));
    for (size_t g = first; g < last; g += GROUPS_TOGETHER) {
        size_t n = last - g < GROUPS_TOGETHER ? last - g : GROUPS_TOGETHER;
        size_t to = (g + n) * HX_LANES < r->n ? (g + n) * HX_LANES : r->n;
        for (size_t i = 0; i < r->n_restarts; i++) {
            hx_kmeans_restart *s = &r->restarts[i];
            if (!s->active) continue;
            r->rows->assign(r->groups + g * r->d * HX_LANES, n, r->d, s->minus2, s->norms,
                            r->k_full, now);
            relabel(r, s, now, g * HX_LANES, to, hx_kmeans_part(r, segment, i));
        }
    }
}

/* Sums of the segments; returns how many rows changed. */
static double add_up(const hx_kmeans_run *r, size_t restart) {
    hx_kmeans_restart *s = &r->restarts[restart];
    double changed = 0;
    for (size_t g = 0; g < HX_KMEANS_SEGMENTS; g++) {
        const double *part = hx_kmeans_part(r, g, restart);
        for (size_t j = 0; j < r->k * r->d; j++)
            s->sums[j] += part[j];
        for (size_t c = 0; c < r->k; c++)
            s->counts[c] += part[r->k * r->d + c];
        changed += part[r->k * (r->d + 1)];
    }
    return changed;
}

static double distance(const double *a, const double *b, size_t d) {
    double sum = 0;
    for (size_t j = 0; j < d; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

/* The row farthest from its centre, that no centre before `centre` has been moved to. */
static size_t farthest(const hx_kmeans_run *r, const hx_kmeans_restart *s, const double *centres,
                       size_t centre) {
    size_t best = 0;
    double most = -1;
    for (size_t i = 0; i < r->n; i++) {
        const double *x = r->x + i * r->d;
        double far = distance(x, s->centres + s->labels[i] * r->d, r->d);
        bool taken = false;
        if (far <= most) continue;
        for (size_t c = 0; c < centre && !taken; c++)
            taken = s->counts[c] < 0.5 && memcmp(centres + c * r->d, x, r->d * sizeof *x) == 0;
        if (taken) continue;
        most = far;
        best = i;
    }
    return best;
}

/* Centres become means; returns how far they moved, squared. */
static double move_centres(const hx_kmeans_run *r, hx_kmeans_restart *s, double *room) {
    double moved = 0;
    for (size_t c = 0; c < r->k; c++) {
        double *to = room + c * r->d;
        if (s->counts[c] < 0.5)
            memcpy(to, r->x + farthest(r, s, room, c) * r->d, r->d * sizeof *to);
        for (size_t j = 0; j < r->d && s->counts[c] >= 0.5; j++)
            to[j] = s->sums[c * r->d + j] / s->counts[c];
        moved += distance(to, s->centres + c * r->d, r->d);
    }
    memcpy(s->centres, room, r->k * r->d * sizeof *room);
    return moved;
}

static bool any_active(const hx_kmeans_run *r) {
    for (size_t i = 0; i < r->n_restarts; i++)
        if (r->restarts[i].active) return true;
    return false;
}

static void label_all(hx_kmeans_run *r) {
    for (size_t i = 0; i < r->n_restarts; i++)
        if (r->restarts[i].active) prepare(r, &r->restarts[i]);
    hx_team_run(r->team, HX_KMEANS_SEGMENTS, assign_segment, r);
}

static hx_status lloyd(hx_kmeans_run *r, hx_error *err) {
    size_t most = r->o->rounds ? r->o->rounds : ROUNDS_USUAL;
    double *room = doubles(r, r->k * r->d);
    if (!room) return no_memory(err);
    for (size_t round = 1; round <= most && any_active(r); round++) {
        if (hx_flag_is_raised(r->o->cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        label_all(r);
        for (size_t i = 0; i < r->n_restarts; i++) {
            hx_kmeans_restart *s = &r->restarts[i];
            if (!s->active) continue;
            s->rounds = round;
            s->settled = add_up(r, i) == 0;
            if (s->settled || move_centres(r, s, room) <= r->limit) s->active = false;
        }
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ mini-batches */
static size_t nearest(const double *x, const double *centres, size_t k, size_t d) {
    size_t best = 0;
    double least = INFINITY;
    for (size_t c = 0; c < k; c++) {
        double far = distance(x, centres + c * d, d);
        if (far >= least) continue;
        least = far;
        best = c;
    }
    return best;
}

static void one_batch(const hx_kmeans_run *r, hx_kmeans_restart *s, size_t *rows, uint32_t *near) {
    size_t n = r->o->batch;
    for (size_t i = 0; i < n; i++) {
        rows[i] = (size_t)hx_rng_below(&s->rng, r->n);
        near[i] = (uint32_t)nearest(r->x + rows[i] * r->d, s->centres, r->k, r->d);
    }
    for (size_t i = 0; i < n; i++) {
        double *centre = s->centres + near[i] * r->d, rate = 1 / ++s->counts[near[i]];
        for (size_t j = 0; j < r->d; j++)
            centre[j] += rate * (r->x[rows[i] * r->d + j] - centre[j]);
    }
}

static hx_status mini_batches(hx_kmeans_run *r, hx_error *err) {
    size_t most = r->o->rounds ? r->o->rounds : BATCH_ROUNDS;
    size_t *rows = hx_arena_alloc(r->arena, r->o->batch * sizeof *rows);
    uint32_t *near = hx_arena_alloc(r->arena, r->o->batch * sizeof *near);
    if (!rows || !near) return no_memory(err);
    for (size_t i = 0; i < r->n_restarts; i++) {
        hx_kmeans_restart *s = &r->restarts[i];
        for (size_t round = 0; round < most; round++) {
            if (hx_flag_is_raised(r->o->cancel))
                return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
            one_batch(r, s, rows, near);
        }
        s->rounds = most;
        s->active = false;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ the end */
static void measure_segment(void *context, size_t segment, size_t worker) {
    const hx_kmeans_run *r = context;
    size_t first, last;
    (void)worker;
    hx_kmeans_segment(r, segment, &first, &last);
    for (size_t i = 0; i < r->n_restarts; i++) {
        const hx_kmeans_restart *s = &r->restarts[i];
        double sum = 0;
        for (size_t row = first * HX_LANES; row < last * HX_LANES && row < r->n; row++)
            sum += distance(r->x + row * r->d, s->centres + s->labels[row] * r->d, r->d);
        hx_kmeans_part(r, segment, i)[0] = sum;
    }
}

/* Labels of the last centres, and which restart is best. */
static size_t finish(hx_kmeans_run *r) {
    size_t best = 0;
    for (size_t i = 0; i < r->n_restarts; i++)
        r->restarts[i].active = !r->restarts[i].settled;
    if (any_active(r)) label_all(r);
    hx_team_run(r->team, HX_KMEANS_SEGMENTS, measure_segment, r);
    for (size_t i = 0; i < r->n_restarts; i++) {
        r->restarts[i].inertia = 0;
        for (size_t s = 0; s < HX_KMEANS_SEGMENTS; s++)
            r->restarts[i].inertia += hx_kmeans_part(r, s, i)[0];
        if (r->restarts[i].inertia < r->restarts[best].inertia) best = i;
    }
    return best;
}

static hx_status give(const hx_kmeans_run *r, size_t best, hx_arena *arena, hx_kmeans_result *out,
                      hx_error *err) {
    const hx_kmeans_restart *s = &r->restarts[best];
    out->centres = hx_arena_alloc(arena, (r->k * r->d + 1) * sizeof *out->centres);
    out->labels = hx_arena_alloc(arena, (r->n + 1) * sizeof *out->labels);
    if (!out->centres || !out->labels) return no_memory(err);
    for (size_t j = 0; j < r->k * r->d; j++)
        out->centres[j] = s->centres[j] + r->means[j % r->d];
    memcpy(out->labels, s->labels, r->n * sizeof *out->labels);
    out->inertia = s->inertia;
    out->rounds = s->rounds;
    return HX_OK;
}

static hx_status run(hx_kmeans_run *r, const double *x, hx_arena *arena, hx_kmeans_result *out,
                     hx_error *err) {
    if (!make_room(r)) return no_memory(err);
    load(r, x);
    if (r->o->start)
        for (size_t j = 0; j < r->k * r->d; j++)
            r->restarts[0].centres[j] = r->o->start[j] - r->means[j % r->d];
    else
        hx_kmeans_seed(r);
    HX_TRY(r->o->batch ? mini_batches(r, err) : lloyd(r, err));
    return give(r, finish(r), arena, out, err);
}

hx_status hx_kmeans(const double *x, size_t n, size_t d, const hx_kmeans_options *o,
                    hx_arena *arena, hx_kmeans_result *out, hx_error *err) {
    if (o->k == 0 || o->k > n)
        return hx_fail(err, HX_EINVAL, "%zu rows can't be put into %zu clusters", n, o->k);
    hx_kmeans_run r = {.o = o, .rows = hx_kmeans_rows_choose(), .n = n, .d = d, .k = o->k};
    r.k_full = (o->k + HX_CENTRES_TOGETHER - 1) / HX_CENTRES_TOGETHER * HX_CENTRES_TOGETHER;
    r.n_groups = (n + HX_LANES - 1) / HX_LANES;
    r.n_restarts = o->start ? 1 : o->restarts ? o->restarts : RESTARTS_USUAL;
    r.arena = hx_arena_new((size_t)64 << 30);
    hx_status st = r.arena ? hx_team_new(&r.team, o->n_threads, err) : no_memory(err);
    if (st == HX_OK) st = run(&r, x, arena, out, err);
    hx_team_free(r.team);
    hx_arena_free(r.arena);
    return st;
}

void hx_kmeans_nearest(const double *x, size_t n, size_t d, const double *centres, size_t k,
                       uint32_t *labels) {
    for (size_t i = 0; i < n; i++)
        labels[i] = (uint32_t)nearest(x + i * d, centres, k, d);
}
