/* members_choose.c - which settings of a search are put together, and how often each counts: greedy selection with replacement
 * (Caruana, Niculescu-Mizil, Crew, Ksikes 2004).
 *
 *     start with none; add the candidate with which the mean of all that are in has the best figure; STEPS times; the best of these sets wins
 *
 * The figure is the usual one, AUC or R2, of what the candidates said out of fold, reckoned fold by fold and averaged. Of more than ROWS_MAX rows
 * every k-th counts. Equal figures: the earlier candidate, the smaller set. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "learn/members.h"

#define STEPS 25
#define ROWS_MAX ((size_t)60000)
#define ARENA_MAX ((size_t)8 << 30)

typedef struct {
    const hx_folds *f;
    const double *const *said; /* (n) */
    size_t n, columns;
    size_t *rows, *ends; /* rows by fold; fold k's are [ends[k], ends[k + 1]) */
    double *sum; /* (rows, columns): what those that are in said, added up */
    double *means; /* (n): of the figures with each candidate */
} choosing;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for an ensemble");
}

/* ------------------------------------------------------------------ rows */
static hx_status list_rows(choosing *c, hx_arena *arena, hx_error *err) {
    const hx_folds *f = c->f;
    size_t n = f->truth.n, cells = n * c->columns, kept = 0;
    size_t every = cells > ROWS_MAX * 2 ? (cells + ROWS_MAX * 2 - 1) / (ROWS_MAX * 2) : 1;
    c->rows = hx_arena_alloc(arena, (n + 1) * sizeof *c->rows);
    c->ends = hx_arena_alloc(arena, (f->n_folds + 1) * sizeof *c->ends);
    if (!c->rows || !c->ends) return no_memory(err);
    for (size_t k = 0; k < f->n_folds; k++) {
        size_t seen = 0;
        for (size_t i = 0; i < n; i++)
            if (f->folds[i] == k + f->by_time && seen++ % every == 0) c->rows[kept++] = i;
        c->ends[k + 1] = kept;
    }
    c->sum = hx_arena_alloc(arena, (kept * c->columns + 1) * sizeof *c->sum);
    return c->sum ? HX_OK : no_memory(err);
}

/* ------------------------------------------------------------------ figures */
/* Room of one job, as long as the longest fold. */
typedef struct {
    uint8_t *is;
    double *scores;
    hx_arena *arena;
} desk;

static double auc_of(const choosing *c, const double *said, size_t fold, desk *room) {
    size_t first = c->ends[fold], n = c->ends[fold + 1] - first, defined = 0;
    double sum = 0;
    for (size_t k = c->columns == 2; k < c->columns; k++) {
        for (size_t i = 0; i < n; i++) {
            size_t row = c->rows[first + i];
            room->is[i] = (size_t)c->f->truth.y[row] == k;
            room->scores[i] = c->sum[(first + i) * c->columns + k] + said[row * c->columns + k];
        }
        double one = hx_auc(room->is, room->scores, n, room->arena);
        if (isnan(one)) continue;
        sum += one;
        defined++;
    }
    return defined ? sum / (double)defined : NAN;
}

static double r2_of(const choosing *c, const double *said, size_t fold, double weight) {
    size_t first = c->ends[fold], n = c->ends[fold + 1] - first;
    double mean = 0, squares = 0, off = 0;
    for (size_t i = 0; i < n; i++)
        mean += c->f->truth.y[c->rows[first + i]] / (double)n;
    for (size_t i = 0; i < n; i++) {
        size_t row = c->rows[first + i];
        double y = c->f->truth.y[row], e = y - (c->sum[first + i] + said[row]) * weight;
        squares += (y - mean) * (y - mean);
        off += e * e;
    }
    return squares > 0 ? 1 - off / squares : NAN;
}

/* Of those that are in and one more; a fold without a figure leaves NAN there. */
static double mean_with(const choosing *c, const double *said, size_t n_in, desk *room,
                        double *found) {
    double sum = 0;
    for (size_t k = 0; k < c->f->n_folds; k++) {
        double one = c->f->truth.task == HX_TASK_CLASSES
                         ? auc_of(c, said, k, room)
                         : r2_of(c, said, k, 1 / (double)(n_in + 1));
        if (found) found[k] = one;
        sum += one;
    }
    return sum / (double)c->f->n_folds;
}

static hx_status open_desk(const choosing *c, desk *room, hx_error *err) {
    size_t longest = 0;
    for (size_t k = 0; k < c->f->n_folds; k++) {
        size_t n = c->ends[k + 1] - c->ends[k];
        longest = n > longest ? n : longest;
    }
    *room = (desk){.arena = hx_arena_new(ARENA_MAX)};
    if (!room->arena) return no_memory(err);
    room->is = hx_arena_alloc(room->arena, longest + 1);
    room->scores = hx_arena_alloc(room->arena, (longest + 1) * sizeof(double));
    if (room->is && room->scores) return HX_OK;
    hx_arena_free(room->arena);
    return no_memory(err);
}

/* ------------------------------------------------------------------ steps */
typedef struct {
    choosing *c;
    size_t n_in;
} step;

static hx_status try_one(void *context, size_t i, size_t worker, hx_error *err) {
    const step *s = context;
    desk room;
    (void)worker;
    HX_TRY(open_desk(s->c, &room, err));
    s->c->means[i] = mean_with(s->c, s->c->said[i], s->n_in, &room, NULL);
    hx_arena_free(room.arena);
    return HX_OK;
}

static size_t best_of(const choosing *c) {
    size_t best = c->n;
    for (size_t i = 0; i < c->n; i++)
        if (!isnan(c->means[i]) && (best == c->n || c->means[i] > c->means[best])) best = i;
    return best;
}

static void add(choosing *c, const double *said) {
    for (size_t i = 0; i < c->ends[c->f->n_folds]; i++)
        for (size_t k = 0; k < c->columns; k++)
            c->sum[i * c->columns + k] += said[c->rows[i] * c->columns + k];
}

static hx_status choose(choosing *c, size_t n_threads, uint32_t *counts, double *found,
                        uint32_t *now, hx_error *err) {
    double most = -INFINITY;
    desk room;
    HX_TRY(open_desk(c, &room, err));
    hx_status st = HX_OK;
    for (size_t r = 0; r < STEPS && st == HX_OK; r++) {
        step s = {c, r};
        st = hx_pool_run(n_threads, c->n, try_one, &s, err);
        size_t best = st == HX_OK ? best_of(c) : c->n;
        if (best == c->n) break;
        now[best]++;
        if (c->means[best] > most) {
            most = c->means[best];
            memcpy(counts, now, c->n * sizeof *counts);
            (void)mean_with(c, c->said[best], r, &room, found);
        }
        add(c, c->said[best]);
    }
    hx_arena_free(room.arena);
    if (st == HX_OK && most == -INFINITY)
        return hx_fail(err, HX_EINVAL,
                       "no setting gave a figure: some folds have too few rows, or rows of one "
                       "class alone; take fewer --folds, or more rows");
    return st;
}

hx_status hx_members_choose(const hx_folds *f, const double *const *said, size_t n,
                            size_t n_threads, uint32_t *counts, double *found, hx_error *err) {
    choosing c = {.f = f, .said = said, .n = n};
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    if (!arena) return no_memory(err);
    c.columns = f->truth.task == HX_TASK_CLASSES ? f->truth.n_classes : 1;
    c.means = hx_arena_alloc(arena, (n + 1) * sizeof *c.means);
    uint32_t *now = hx_arena_alloc(arena, (n + 1) * sizeof *now);
    hx_status st = c.means && now ? list_rows(&c, arena, err) : no_memory(err);
    if (st == HX_OK) st = choose(&c, n_threads, counts, found, now, err);
    hx_arena_free(arena);
    return st;
}
