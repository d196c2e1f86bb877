/* table_split.c - rows to training, validation and test.
 *
 * Shares of n rows become counts by rounding their running sums, so that counts always add up. Stratified: classes one after the other, the
 * running sums going on over all of them, so that each class and the whole are both as close to the shares as whole rows allow. Grouped:
 * groups in random order, each to the part that lacks most rows. By time: rows in order of time, cut where the running sums are, a cut
 * moved behind the rows of the same time. Chance comes from the seed alone (Fisher-Yates over xoshiro256**). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "frame/step.h"
#include "frame/table.h"

#define PARTS 3
#define CLASSES_OF_NUMBERS_MAX 100
#define TENTHS 10

typedef struct {
    double key;
    uint32_t row;
} keyed;

typedef struct {
    const hx_table *t;
    hx_arena *arena;
    double until[PARTS]; /* running sums of the shares */
    hx_rng rng;
    uint32_t *classes; /* [rows] */
    size_t n_classes;
    unsigned char *part; /* [rows] */
} splitter;

static int compare_keys(const void *a, const void *b) {
    const keyed *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Rows by ascending value, missing ones first. */
static keyed *rows_by_value(const splitter *s, size_t column) {
    const size_t n = s->t->n_rows;
    keyed *rows = hx_arena_alloc(s->arena, (n + 1) * sizeof *rows);
    if (rows == NULL) return NULL;
    for (size_t i = 0; i < n; i++) {
        double v = 0;
        hx_table_numbers(s->t, column, i, 1, &v);
        rows[i] = (keyed){v == v ? v : -INFINITY, (uint32_t)i};
    }
    qsort(rows, n, sizeof *rows, compare_keys);
    return rows;
}

static void shuffle(splitter *s, uint32_t *rows, size_t n) {
    for (size_t i = n; i > 1; i--) {
        const size_t k = (size_t)hx_rng_below(&s->rng, i);
        const uint32_t row = rows[i - 1];
        rows[i - 1] = rows[k];
        rows[k] = row;
    }
}

/* ------------------------------------------------------------------ classes of a column */
static bool classes_of_codes(splitter *s, size_t column) {
    const size_t n = s->t->n_rows;
    hx_table_codes(s->t, column, 0, n, s->classes);
    s->n_classes = s->t->columns[column]->about.n_values + 1;
    for (size_t i = 0; i < n; i++)
        if (s->classes[i] == HX_CODE_MISSING) s->classes[i] = (uint32_t)s->n_classes - 1;
    return true;
}

static bool classes_of_numbers(splitter *s, size_t column, bool tenths) {
    const size_t n = s->t->n_rows;
    const keyed *rows = rows_by_value(s, column);
    if (rows == NULL) return false;
    uint32_t k = 0;
    for (size_t i = 0; i < n; i++) {
        k += i > 0 && rows[i].key != rows[i - 1].key;
        s->classes[rows[i].row] = k;
    }
    s->n_classes = (size_t)k + 1;
    if (!tenths || s->n_classes <= CLASSES_OF_NUMBERS_MAX) return true;
    for (size_t i = 0; i < n; i++)
        s->classes[rows[i].row] = (uint32_t)(i * TENTHS / n);
    s->n_classes = TENTHS;
    return true;
}

static hx_status find_classes(splitter *s, const char *name, bool tenths, hx_error *err) {
    size_t column = 0;
    HX_TRY(hx_step_column(s->t, hx_str_of(name), &column, err));
    s->classes = hx_arena_alloc(s->arena, (s->t->n_rows + 1) * sizeof *s->classes);
    const bool text = s->t->columns[column]->about.kind == HX_KIND_TEXT;
    if (s->classes == NULL ||
        !(text ? classes_of_codes(s, column) : classes_of_numbers(s, column, tenths)))
        return hx_fail(err, HX_ENOMEM, "out of memory");
    return HX_OK;
}

/* Rows ordered by class (stable), and where each class ends. */
static uint32_t *rows_by_class(const splitter *s, size_t **ends) {
    const size_t n = s->t->n_rows;
    uint32_t *rows = hx_arena_alloc(s->arena, (n + 1) * sizeof *rows);
    size_t *at = hx_arena_alloc(s->arena, (s->n_classes + 1) * sizeof *at);
    if (rows == NULL || at == NULL) return NULL;
    for (size_t i = 0; i < n; i++)
        at[s->classes[i] + 1]++;
    for (size_t k = 0; k < s->n_classes; k++)
        at[k + 1] += at[k];
    for (size_t i = 0; i < n; i++)
        rows[at[s->classes[i]]++] = (uint32_t)i;
    *ends = at; /* each start has moved to its end */
    return rows;
}

/* ------------------------------------------------------------------ the ways to split */
/* Rows of [first, end) to parts; `given` counts those of the parts so far. */
static void share_out(splitter *s, const uint32_t *rows, size_t first, size_t end,
                      size_t given[PARTS]) {
    size_t at = first;
    for (unsigned char p = 0; p < PARTS; p++) {
        const size_t target = (size_t)floor(s->until[p] * (double)end + 0.5);
        size_t before = 0;
        for (unsigned char q = 0; q <= p; q++)
            before += given[q];
        while (at < end && before < target) {
            s->part[rows[at++]] = p;
            given[p]++;
            before++;
        }
    }
    for (; at < end; at++) { /* rounding only: the last part that has a share */
        unsigned char p = PARTS - 1;
        while (p > 0 && s->until[p] == s->until[p - 1])
            p--;
        s->part[rows[at]] = p;
        given[p]++;
    }
}

static bool split_by_class(splitter *s) {
    size_t *ends = NULL, given[PARTS] = {0}, first = 0;
    uint32_t *rows = rows_by_class(s, &ends);
    if (rows == NULL) return false;
    for (size_t k = 0; k < s->n_classes; first = ends[k++]) {
        shuffle(s, rows + first, ends[k] - first);
        share_out(s, rows, first, ends[k], given);
    }
    return true;
}

static bool split_by_group(splitter *s) {
    const size_t n = s->t->n_rows;
    size_t *ends = NULL, given[PARTS] = {0};
    uint32_t *rows = rows_by_class(s, &ends);
    uint32_t *order = hx_arena_alloc(s->arena, (s->n_classes + 1) * sizeof *order);
    if (rows == NULL || order == NULL) return false;
    for (size_t k = 0; k < s->n_classes; k++)
        order[k] = (uint32_t)k;
    shuffle(s, order, s->n_classes);
    for (size_t i = 0; i < s->n_classes; i++) {
        const size_t k = order[i], first = k == 0 ? 0 : ends[k - 1];
        unsigned char best = 0;
        double most = -INFINITY;
        for (unsigned char p = 0; p < PARTS; p++) {
            const double share = s->until[p] - (p > 0 ? s->until[p - 1] : 0);
            const double lacks = share > 0 ? share * (double)n - (double)given[p] : -INFINITY;
            if (lacks > most) {
                most = lacks;
                best = p;
            }
        }
        for (size_t r = first; r < ends[k]; r++)
            s->part[rows[r]] = best;
        given[best] += ends[k] - first;
    }
    return true;
}

static bool split_by_time(splitter *s, size_t column) {
    const size_t n = s->t->n_rows;
    const keyed *rows = rows_by_value(s, column);
    if (rows == NULL) return false;
    unsigned char p = 0;
    for (size_t i = 0; i < n; i++) {
        const bool same = i > 0 && rows[i].key == rows[i - 1].key;
        while (!same && p < PARTS - 1 && i >= (size_t)floor(s->until[p] * (double)n + 0.5))
            p++;
        s->part[rows[i].row] = p;
    }
    return true;
}

static bool split_by_chance(splitter *s) {
    s->classes = hx_arena_alloc(s->arena, (s->t->n_rows + 1) * sizeof *s->classes);
    s->n_classes = 1;
    return s->classes != NULL && split_by_class(s);
}

static hx_status split(splitter *s, const hx_split_options *o, hx_error *err) {
    bool good = false;
    size_t column = 0;
    if (o->time != NULL) {
        HX_TRY(hx_step_column(s->t, hx_str_of(o->time), &column, err));
        if (s->t->columns[column]->about.kind != HX_KIND_NUMBER)
            HX_TRY(hx_step_column_of(s->t, hx_str_of(o->time), HX_KIND_TIME, &column, err));
        good = split_by_time(s, column);
    } else if (o->group != NULL) {
        HX_TRY(find_classes(s, o->group, false, err));
        good = split_by_group(s);
    } else if (o->stratify != NULL) {
        HX_TRY(find_classes(s, o->stratify, true, err));
        good = split_by_class(s);
    } else {
        good = split_by_chance(s);
    }
    return good ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

hx_status hx_table_split(const hx_table *t, const hx_split_options *o, hx_arena *arena,
                         unsigned char **part, hx_error *err) {
    double sum = 0;
    bool good = true;
    for (size_t p = 0; p < PARTS; p++) {
        good &= o->shares[p] >= 0 && isfinite(o->shares[p]);
        sum += o->shares[p];
    }
    if (!good || !(sum > 0))
        return hx_fail(
            err, HX_EINVAL,
            "the shares of a split have to be numbers of 0 or more, one of them above 0");
    if ((o->stratify != NULL) + (o->group != NULL) + (o->time != NULL) > 1)
        return hx_fail(err, HX_EINVAL,
                       "a split is by values, by groups or by time: only one of them");
    splitter s = {.t = t, .arena = hx_arena_new((size_t)64 << 30)};
    s.part = hx_arena_alloc(arena, t->n_rows + 1);
    for (size_t p = 0; p < PARTS; p++)
        s.until[p] = o->shares[p] / sum + (p > 0 ? s.until[p - 1] : 0);
    s.until[PARTS - 1] = 1;
    hx_rng_seed(&s.rng, o->seed);
    const hx_status status = s.arena == NULL || s.part == NULL
                                 ? hx_fail(err, HX_ENOMEM, "out of memory")
                                 : split(&s, o, err);
    hx_arena_free(s.arena);
    if (status == HX_OK) *part = s.part;
    return status;
}
