/* step_dedupe_near.c - rows that are alike, without comparing every two of them.
 *
 *     row -> pairs of neighbouring characters -> 48 least hashes -> 24 bands of two -> rows that share a band are compared
 *
 * Two rows whose sets of pairs overlap by J share a band with probability 1 - (1 - J^2)^24: 99.9 % at J = 0.5, 90 % at 0.3 (Broder 1997;
 * Leskovec, Rajaraman, Ullman, ch. 3). Within a crowded band, and once over all rows, each is compared with its neighbours in the order of
 * their texts only, so the work is at most rows * (bands + 1) * WINDOW comparisons. A bound from the kinds of characters and the lengths
 * spares most of them. Hashes do not depend on threads or on the order of the file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "frame/step_dedupe.h"

#define BANDS 24
#define HASHES (2 * BANDS)
#define WINDOW 12

/* ------------------------------------------------------------------ texts as they are compared */
static uint64_t mask_of(const uint32_t *points, size_t n) {
    uint64_t mask = 0;
    for (size_t i = 0; i < n; i++)
        mask |= UINT64_C(1) << ((points[i] * UINT32_C(2654435761)) >> 26);
    return mask;
}

static bool prepare_column(hx_plain_column *p, const hx_table *t, size_t column, hx_arena *arena) {
    const size_t n = hx_table_column_at(t, column)->n_values;
    uint32_t room[HX_SIMILAR_MAX];
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += hx_plain_points(hx_table_value(t, column, (uint32_t)i), room);
    p->points = hx_arena_alloc(arena, (total + 1) * sizeof *p->points);
    p->ends = hx_arena_alloc(arena, (n + 1) * sizeof *p->ends);
    p->masks = hx_arena_alloc(arena, (n + 1) * sizeof *p->masks);
    if (p->points == NULL || p->ends == NULL || p->masks == NULL) return false;
    total = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t k = hx_plain_points(hx_table_value(t, column, (uint32_t)i), room);
        memcpy(p->points + total, room, k * sizeof *room);
        p->masks[i] = mask_of(room, k);
        p->ends[i] = total += k;
    }
    return true;
}

hx_status hx_near_prepare(hx_near_rows *r, const hx_table *t, const size_t *columns, size_t n,
                          hx_arena *arena, hx_error *err) {
    size_t texts = 0;
    *r = (hx_near_rows){t, columns, n, hx_arena_alloc(arena, (n + 1) * sizeof *r->plain)};
    if (r->plain == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        if (hx_table_column_at(t, columns[i])->kind != HX_KIND_TEXT) continue;
        texts++;
        if (!prepare_column(&r->plain[i], t, columns[i], arena))
            return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    if (texts == 0 && hx_table_rows(t) > 0)
        return hx_fail(err, HX_EINVAL,
                       "to find near rows one key at least has to be a column of texts");
    return HX_OK;
}

static const uint32_t *text_at(const hx_near_rows *r, size_t key, size_t row, size_t *n,
                               uint64_t *mask) {
    const hx_plain_column *p = &r->plain[key];
    uint32_t code = 0;
    hx_table_codes(r->t, r->columns[key], row, 1, &code);
    *n = 0;
    if (code == HX_CODE_MISSING) return NULL;
    const size_t start = code > 0 ? p->ends[code - 1] : 0;
    *n = p->ends[code] - start;
    *mask = p->masks[code];
    return p->points + start;
}

/* ------------------------------------------------------------------ similarity */
static double equal_numbers(const hx_near_rows *r, size_t key, size_t a, size_t b) {
    double x = 0, y = 0;
    hx_table_numbers(r->t, r->columns[key], a, 1, &x);
    hx_table_numbers(r->t, r->columns[key], b, 1, &y);
    if (x != x || y != y) return NAN;
    return x == y;
}

/* Of one key; NaN where one of the rows has none. `exact` or an upper bound of it. */
static double key_similarity(const hx_near_rows *r, size_t key, size_t a, size_t b, bool exact) {
    size_t n = 0, m = 0;
    uint64_t in_a = 0, in_b = 0;
    if (r->plain[key].points == NULL) return equal_numbers(r, key, a, b);
    const uint32_t *x = text_at(r, key, a, &n, &in_a), *y = text_at(r, key, b, &m, &in_b);
    if (x == NULL || y == NULL) return NAN;
    if (exact) return hx_text_similarity(x, n, y, m);
    const size_t longer = n > m ? n : m, shorter = n > m ? m : n;
    size_t edits = longer - shorter;
    const size_t only_a = (size_t)__builtin_popcountll(in_a & ~in_b);
    const size_t only_b = (size_t)__builtin_popcountll(in_b & ~in_a);
    if (only_a > edits) edits = only_a;
    if (only_b > edits) edits = only_b;
    return longer > 0 ? 1 - (double)edits / (double)longer / 2 : 1;
}

static double row_similarity(const hx_near_rows *r, size_t a, size_t b, bool exact) {
    double sum = 0;
    size_t n = 0;
    for (size_t key = 0; key < r->n; key++) {
        const double s = key_similarity(r, key, a, b, exact);
        if (s != s) continue;
        sum += s;
        n++;
    }
    return n > 0 ? sum / (double)n : 0;
}

double hx_near_similarity(const hx_near_rows *r, size_t a, size_t b, double floor) {
    if (row_similarity(r, a, b, false) < floor) return 0;
    return row_similarity(r, a, b, true);
}

/* ------------------------------------------------------------------ the forest */
size_t hx_near_root(size_t *parent, size_t i) {
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

static void join(size_t *parent, size_t a, size_t b) {
    const size_t x = hx_near_root(parent, a), y = hx_near_root(parent, b);
    if (x < y)
        parent[y] = x;
    else
        parent[x] = y;
}

/* ------------------------------------------------------------------ bands */
typedef struct {
    uint64_t band;
    uint64_t rank; /* of the row in the order of texts */
    size_t row;
} entry;

static int compare_entries(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->band != y->band) return x->band < y->band ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static void take_hash(uint64_t least[HASHES], uint64_t hash) {
    for (size_t i = 0; i < HASHES; i++) {
        uint64_t h =
            hash * (2 * i + UINT64_C(0x9E3779B97F4A7C15)) + i * UINT64_C(0xD6E8FEB86659FD93);
        h ^= h >> 32;
        h *= UINT64_C(0xD6E8FEB86659FD93);
        h ^= h >> 32;
        if (h < least[i]) least[i] = h;
    }
}

static void row_hashes(const hx_near_rows *r, size_t row, uint64_t least[HASHES]) {
    memset(least, 0xFF, HASHES * sizeof *least);
    for (size_t key = 0; key < r->n; key++) {
        size_t n = 0;
        uint64_t mask = 0;
        const uint32_t *text =
            r->plain[key].points != NULL ? text_at(r, key, row, &n, &mask) : NULL;
        if (text == NULL) continue;
        for (size_t i = 0; i <= n; i++) {
            const uint32_t pair[3] = {i > 0 ? text[i - 1] : 0, i < n ? text[i] : 0, (uint32_t)key};
            take_hash(least, hx_hash((hx_str){(const char *)pair, sizeof pair}));
        }
    }
}

typedef struct {
    const hx_near_rows *r;
    double near;
    size_t *parent;
    size_t *rows; /* [n] that are compared */
    size_t n;
    uint64_t *ranks; /* [n] */
    uint64_t *hashes; /* [n][BANDS] */
    entry *entries; /* [n] */
} search;

static int compare_texts(const hx_near_rows *r, size_t a, size_t b) {
    for (size_t key = 0; key < r->n; key++) {
        size_t n = 0, m = 0;
        uint64_t mask = 0;
        if (r->plain[key].points == NULL) continue;
        const uint32_t *x = text_at(r, key, a, &n, &mask), *y = text_at(r, key, b, &m, &mask);
        for (size_t i = 0; i < n && i < m; i++)
            if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
        if (n != m) return n < m ? -1 : 1;
    }
    return a < b ? -1 : a > b;
}

static int compare_by_text(const void *a, const void *b, void *context) {
    return compare_texts(context, *(const size_t *)a, *(const size_t *)b);
}

/* Compares each entry with those behind it in its band, WINDOW at most. */
static void compare_neighbours(search *s, const entry *e, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n && k <= i + WINDOW && e[k].band == e[i].band; k++) {
            const size_t a = e[i].row, b = e[k].row;
            if (hx_near_root(s->parent, a) == hx_near_root(s->parent, b)) continue;
            if (hx_near_similarity(s->r, a, b, s->near) >= s->near) join(s->parent, a, b);
        }
}

static void search_band(search *s, size_t band) {
    for (size_t i = 0; i < s->n; i++)
        s->entries[i] =
            (entry){band < BANDS ? s->hashes[i * BANDS + band] : 0, s->ranks[i], s->rows[i]};
    qsort(s->entries, s->n, sizeof *s->entries, compare_entries);
    compare_neighbours(s, s->entries, s->n);
}

static bool search_open(search *s, const size_t *first) {
    const size_t rows = hx_table_rows(s->r->t);
    uint64_t least[HASHES];
    s->rows = calloc(rows + 1, sizeof *s->rows);
    if (s->rows == NULL) return false;
    for (size_t i = 0; i < rows; i++)
        if (first[i] == i) s->rows[s->n++] = i;
    qsort_r(s->rows, s->n, sizeof *s->rows, compare_by_text, (void *)(uintptr_t)s->r);
    s->ranks = calloc(s->n + 1, sizeof *s->ranks);
    s->hashes = calloc(s->n + 1, BANDS * sizeof *s->hashes);
    s->entries = calloc(s->n + 1, sizeof *s->entries);
    if (s->ranks == NULL || s->hashes == NULL || s->entries == NULL) return false;
    for (size_t i = 0; i < s->n; i++) {
        s->ranks[i] = i;
        row_hashes(s->r, s->rows[i], least);
        for (size_t b = 0; b < BANDS; b++)
            s->hashes[i * BANDS + b] = hx_hash_mix(least[2 * b], least[2 * b + 1]);
    }
    return true;
}

hx_status hx_near_join(const hx_near_rows *r, const size_t *first, double near, size_t *parent,
                       hx_error *err) {
    search s = {.r = r, .near = near, .parent = parent};
    const bool good = search_open(&s, first);
    for (size_t band = 0; good && band <= BANDS; band++)
        search_band(&s, band);
    free(s.rows);
    free(s.ranks);
    free(s.hashes);
    free(s.entries);
    return good ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}
