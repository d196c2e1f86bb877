/* table_group.c - the rows of a table in memory grouped: keys, aggregates, on all processors.
 *
 *     key columns -> a dense number a row, in order of the keys -> aggregates, each an array by group -> table
 *
 * A key's values are numbered by their order (missing first), several keys one after the other; small ranges by marking, others by a hash
 * map and a sort. An aggregate is the work of one thread, so that it is the same at any number of them; sums of decimals are exact (128
 * bits, divided once), sums of doubles compensated.
 *
 * Distinct values of a group: a bit a pair of group and value where that fits; else each value remembers the first group it was seen in,
 * and only pairs with another group go into a hash map: an order has one customer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/map.h"
#include "base/pool.h"
#include "frame/group.h"
#include "frame/table.h"

#define BLOCK 2048
#define MARKED_MAX ((uint64_t)1 << 22) /* keys that are marked, not hashed */
#define PAIR_BITS_MAX ((uint64_t)1 << 31)
#define THREADS_MAX 64

typedef struct aggregate aggregate;

typedef struct {
    const hx_table *t;
    hx_group_plan plan;
    hx_arena *arena; /* all arrays */
    size_t n_threads;
    uint32_t *ids; /* [rows]: the group of a row */
    size_t n_groups;
    int64_t *first_rows; /* [groups] */
    aggregate *aggregates; /* [plan.n_aggregates] */
} grouping;

static const hx_table_cells *column_of(const grouping *g, size_t k) {
    return g->t->columns[g->plan.columns[k]];
}

/* ------------------------------------------------------------------ values in order, as numbers */
/* What the cells of a column are numbered by. */
typedef struct {
    const hx_table_cells *c;
    int64_t low;
    uint64_t range; /* numbers are below it */
    uint32_t *ranks; /* TEXT: of the codes; NULL = codes as they are, in no order */
} ordering;

typedef struct {
    hx_str s;
    uint32_t code;
} ranked;

static int compare_ranked(const void *a, const void *b) {
    return hx_str_compare(((const ranked *)a)->s, ((const ranked *)b)->s);
}

static bool rank_texts(ordering *o, hx_arena *arena) {
    const size_t n = o->c->about.n_values;
    ranked *all = hx_arena_alloc(arena, (n + 1) * sizeof *all);
    o->ranks = hx_arena_alloc(arena, (n + 1) * sizeof *o->ranks);
    if (all == NULL || o->ranks == NULL) return false;
    for (size_t i = 0; i < n; i++)
        all[i] = (ranked){hx_dictionary_value(o->c->dictionary, i), (uint32_t)i};
    qsort(all, n, sizeof *all, compare_ranked);
    for (size_t i = 0; i < n; i++)
        o->ranks[all[i].code] = (uint32_t)i;
    return true;
}

#define RANGE(type, none)                                                                          \
    do {                                                                                           \
        const type *from = (const type *)(const void *)c->cells.ptr;                               \
        type least = (type) ~(none), most = (none);                                                \
        for (size_t i = 0; i < n_rows; i++) {                                                      \
            const type v = from[i] == (none) ? (type) ~(none) : from[i];                           \
            least = v < least ? v : least;                                                         \
            most = from[i] > most ? from[i] : most;                                                \
        }                                                                                          \
        *low = least, *high = most == (none) ? INT64_MIN : most;                                   \
    } while (0)

/* The least and the greatest cell; low > high where all are missing. */
static void range_of_cells(const hx_table_cells *c, size_t n_rows, int64_t *low, int64_t *high) {
    switch (c->width) {
    case 1:
        RANGE(int8_t, INT8_MIN);
        break;
    case 2:
        RANGE(int16_t, INT16_MIN);
        break;
    case 4:
        RANGE(int32_t, INT32_MIN);
        break;
    default:
        RANGE(int64_t, INT64_MIN);
    }
}

static bool ordering_init(ordering *o, const hx_table_cells *c, size_t n_rows, bool in_order,
                          hx_arena *arena) {
    int64_t low = INT64_MAX, high = INT64_MIN;
    *o = (ordering){.c = c, .range = UINT64_MAX};
    if (c->real) return true;
    if (c->about.kind == HX_KIND_TEXT) {
        o->range = c->about.n_values + 1;
        return !in_order || rank_texts(o, arena);
    }
    if (n_rows > 0) range_of_cells(c, n_rows, &low, &high);
    o->low = low;
    o->range = low > high ? 1 : (uint64_t)high - (uint64_t)low + 2;
    if (o->range < 2 && low <= high) o->range = UINT64_MAX; /* the whole range of 64 bits */
    return true;
}

/* An order without a range, for extremes: nothing is read. */
static void ordering_plain(ordering *o, const hx_table_cells *c) {
    *o = (ordering){.c = c, .low = HX_CELL_NONE + 1, .range = UINT64_MAX};
}

static uint64_t key_of_real(double v) {
    uint64_t bits = 0;
    if (v != v) return 0;
    v = v == 0 ? 0 : v;
    memcpy(&bits, &v, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

#define NUMBER(type, none)                                                                         \
    do {                                                                                           \
        const type *from = (const type *)(const void *)o->c->cells.ptr + first;                    \
        for (size_t i = 0; i < n; i++)                                                             \
            out[i] = from[i] == (none) ? 0 : (uint64_t)(int64_t)from[i] - below;                   \
    } while (0)

/* Numbers of rows [first, first + n): 0 = missing, else in the order of the values. */
static void number_rows(const ordering *o, size_t first, size_t n, uint64_t *out) {
    const uint64_t below = (uint64_t)o->low - 1; /* modulo 2^64 */
    if (o->c->real) {
        for (size_t i = 0; i < n; i++)
            out[i] = key_of_real(hx_cell_real(o->c, first + i));
        return;
    }
    switch (n > 0 ? o->c->width : 0) {
    case 0:
        return;
    case 1:
        NUMBER(int8_t, INT8_MIN);
        break;
    case 2:
        NUMBER(int16_t, INT16_MIN);
        break;
    case 4:
        NUMBER(int32_t, INT32_MIN);
        break;
    default:
        NUMBER(int64_t, INT64_MIN);
    }
    if (o->ranks == NULL) return;
    for (size_t i = 0; i < n; i++)
        out[i] = out[i] == 0 ? 0 : (uint64_t)o->ranks[out[i] - 1] + 1;
}

/* ------------------------------------------------------------------ dense numbers of keys */
typedef struct {
    const ordering *o; /* of a column, or NULL: */
    const uint32_t *before, *own; /* [rows]: of the keys in front and of this one */
    uint64_t range; /* numbers of `own` are below it */
    size_t n_rows;
    unsigned char *marks; /* [threads][limit] */
    uint64_t limit;
    uint32_t *numbers; /* [limit]: of a marked key */
    hx_map *map; /* of keys that are not marked */
    uint32_t *ids; /* out */
} numbering;

static void keys_of_rows(const numbering *x, size_t first, size_t n, uint64_t *keys) {
    if (x->o != NULL) {
        number_rows(x->o, first, n, keys);
        return;
    }
    for (size_t i = 0; i < n; i++)
        keys[i] = x->before[first + i] * x->range + x->own[first + i];
}

static hx_status number_block(void *context, size_t block, size_t worker, hx_error *err) {
    const numbering *x = context;
    uint64_t keys[BLOCK];
    const size_t first = block * BLOCK * 64;
    const size_t end = first + BLOCK * 64 < x->n_rows ? first + BLOCK * 64 : x->n_rows;
    (void)worker;
    (void)err;
    for (size_t at = first; at < end; at += BLOCK) {
        const size_t n = end - at < BLOCK ? end - at : BLOCK;
        keys_of_rows(x, at, n, keys);
        for (size_t i = 0; i < n; i++)
            x->ids[at + i] =
                x->map == NULL ? x->numbers[keys[i]] : (uint32_t)*hx_map_get(x->map, keys[i]);
    }
    return HX_OK;
}

static hx_status mark_block(void *context, size_t block, size_t worker, hx_error *err) {
    const numbering *x = context;
    uint64_t keys[BLOCK];
    unsigned char *marks = x->marks + worker * x->limit;
    const size_t first = block * BLOCK * 64;
    const size_t end = first + BLOCK * 64 < x->n_rows ? first + BLOCK * 64 : x->n_rows;
    (void)err;
    for (size_t at = first; at < end; at += BLOCK) {
        const size_t n = end - at < BLOCK ? end - at : BLOCK;
        keys_of_rows(x, at, n, keys);
        for (size_t i = 0; i < n; i++)
            marks[keys[i]] = 1;
    }
    return HX_OK;
}

static size_t number_marks(const numbering *x, size_t n_threads) {
    size_t count = 0;
    for (uint64_t k = 0; k < x->limit; k++) {
        bool marked = false;
        for (size_t w = 0; w < n_threads; w++)
            marked |= x->marks[w * x->limit + k];
        if (marked) x->numbers[k] = (uint32_t)count++;
    }
    return count;
}

static int compare_keys(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool hash_keys(const numbering *x, hx_arena *arena, size_t *count) {
    uint64_t keys[BLOCK], key = 0, value = 0;
    for (size_t at = 0; at < x->n_rows; at += BLOCK) {
        const size_t n = x->n_rows - at < BLOCK ? x->n_rows - at : BLOCK;
        keys_of_rows(x, at, n, keys);
        for (size_t i = 0; i < n; i++)
            if (hx_map_put(x->map, keys[i]) == NULL) return false;
    }
    uint64_t *all = hx_arena_alloc(arena, (x->map->n + 1) * sizeof *all);
    if (all == NULL) return false;
    size_t n = 0;
    for (size_t i = 0; hx_map_next(x->map, &i, &key, &value);)
        all[n++] = key;
    qsort(all, n, sizeof *all, compare_keys);
    for (size_t i = 0; i < n; i++)
        *hx_map_get(x->map, all[i]) = i;
    *count = n;
    return true;
}

static hx_status number_keys(grouping *g, numbering *x, uint64_t limit, size_t *count,
                             hx_error *err) {
    hx_map map;
    hx_map_init(&map);
    bool good = true;
    hx_status status = HX_OK;
    const size_t blocks = (x->n_rows + BLOCK * 64 - 1) / (BLOCK * 64);
    if (limit <= MARKED_MAX) {
        x->limit = limit;
        x->marks = hx_arena_alloc(g->arena, (size_t)limit * g->n_threads + 1);
        x->numbers = hx_arena_alloc(g->arena, ((size_t)limit + 1) * sizeof *x->numbers);
        good = x->marks != NULL && x->numbers != NULL;
        if (good) status = hx_pool_run(g->n_threads, blocks, mark_block, x, err);
        if (good) *count = number_marks(x, g->n_threads);
    } else {
        x->map = &map;
        good = hash_keys(x, g->arena, count);
    }
    if (!good) status = hx_fail(err, HX_ENOMEM, "out of memory");
    if (status == HX_OK) status = hx_pool_run(g->n_threads, blocks, number_block, x, err);
    hx_map_release(&map);
    return status;
}

/* The groups of rows: keys one after the other, each joined to those in front. */
static hx_status find_groups(grouping *g, hx_error *err) {
    const size_t rows = g->t->n_rows;
    for (size_t k = 0; k < g->plan.n_by; k++) {
        ordering o;
        size_t n_own = 0;
        numbering x = {.o = &o, .n_rows = rows};
        x.ids = hx_arena_alloc(g->arena, (rows + 1) * sizeof *x.ids);
        if (x.ids == NULL || !ordering_init(&o, column_of(g, k), rows, true, g->arena))
            return hx_fail(err, HX_ENOMEM, "out of memory");
        HX_TRY(number_keys(g, &x, o.range, &n_own, err));
        if (k == 0) {
            g->ids = x.ids;
            g->n_groups = n_own;
            continue;
        }
        numbering both = {.before = g->ids, .own = x.ids, .range = n_own, .n_rows = rows};
        both.ids = hx_arena_alloc(g->arena, (rows + 1) * sizeof *both.ids);
        if (both.ids == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
        HX_TRY(number_keys(g, &both, (uint64_t)g->n_groups * n_own, &g->n_groups, err));
        g->ids = both.ids;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ aggregates: one a thread */
struct aggregate {
    grouping *g;
    const hx_aggregate *a;
    const hx_table_cells *value, *factor; /* NULL where there is none */
    uint64_t *counts; /* [groups]: rows or values */
    int64_t
        *cells; /* [groups]: extremes as numbers of `order`, rows of first and last; -1 = none */
    double *numbers; /* [groups]: sums and means, extremes of doubles */
    ordering order; /* of extremes and distinct values */
};

static void count_rows(aggregate *x, size_t n_rows) {
    int64_t cells[BLOCK];
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t n = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        const uint32_t *ids = x->g->ids + at;
        if (x->value != NULL && !x->value->real) hx_cells_wide(x->value, at, n, cells);
        for (size_t i = 0; i < n; i++) {
            bool there = true;
            if (x->value != NULL && x->value->real) {
                const double v = hx_cell_real(x->value, at + i);
                there = v == v;
            } else if (x->value != NULL) {
                there = cells[i] != HX_CELL_NONE;
            }
            x->counts[ids[i]] += there;
        }
    }
}

/* Whole cells, or products of them: exact. */
static bool sum_cells(aggregate *x, size_t n_rows) {
    int64_t cells[BLOCK], factors[BLOCK];
    hx_int128 *sums = calloc(x->g->n_groups + 1, sizeof *sums);
    if (sums == NULL) return false;
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t n = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        const uint32_t *ids = x->g->ids + at;
        hx_cells_wide(x->value, at, n, cells);
        if (x->factor != NULL) hx_cells_wide(x->factor, at, n, factors);
        for (size_t i = 0; i < n; i++) {
            const int64_t f = x->factor != NULL ? factors[i] : 1;
            if (cells[i] == HX_CELL_NONE || f == HX_CELL_NONE) continue;
            sums[ids[i]] += (hx_int128)cells[i] * f;
            x->counts[ids[i]]++;
        }
    }
    const int scale = x->value->scale + (x->factor != NULL ? x->factor->scale : 0);
    const int second = scale > HX_SCALE_MAX ? scale - HX_SCALE_MAX : 0;
    const double power = (double)hx_power_of_ten(scale - second) * (double)hx_power_of_ten(second);
    for (size_t k = 0; k < x->g->n_groups; k++)
        x->numbers[k] = (double)sums[k] / power;
    free(sums);
    return true;
}

static double number_at(const hx_table_cells *c, size_t row) {
    return c->real ? hx_cell_real(c, row) : hx_cell_value(c, hx_cell_get(c, row));
}

/* Doubles in the order of the rows, compensated (Neumaier). */
static bool sum_reals(aggregate *x, size_t n_rows) {
    double *lost = calloc(x->g->n_groups + 1, sizeof *lost);
    if (lost == NULL) return false;
    for (size_t i = 0; i < n_rows; i++) {
        const double f = x->factor != NULL ? number_at(x->factor, i) : 1;
        const double v = number_at(x->value, i) * f;
        if (v != v) continue;
        double *sum = &x->numbers[x->g->ids[i]];
        const double next = *sum + v;
        if (isfinite(next))
            lost[x->g->ids[i]] += fabs(*sum) >= fabs(v) ? (*sum - next) + v : (v - next) + *sum;
        *sum = next;
        x->counts[x->g->ids[i]]++;
    }
    for (size_t k = 0; k < x->g->n_groups; k++)
        x->numbers[k] += lost[k];
    free(lost);
    return true;
}

static bool sum(aggregate *x, size_t n_rows) {
    const bool real = x->value->real || (x->factor != NULL && x->factor->real);
    if (!(real ? sum_reals(x, n_rows) : sum_cells(x, n_rows))) return false;
    for (size_t k = 0; k < x->g->n_groups; k++) {
        if (x->a->kind == HX_AGGREGATE_MEAN) x->numbers[k] /= (double)x->counts[k];
        if (x->counts[k] == 0) x->numbers[k] = NAN;
    }
    return true;
}

/* The row of the smallest or largest value, the first of equals; of first and last: of the first or last value. */
static void find_rows(aggregate *x, size_t n_rows) {
    uint64_t keys[BLOCK], *best = x->counts; /* 0 = none so far */
    const bool largest = x->a->kind == HX_AGGREGATE_MAX;
    const bool place = x->a->kind == HX_AGGREGATE_FIRST || x->a->kind == HX_AGGREGATE_LAST;
    const bool last = x->a->kind == HX_AGGREGATE_LAST;
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t n = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        const uint32_t *ids = x->g->ids + at;
        number_rows(&x->order, at, n, keys);
        for (size_t i = 0; i < n; i++) {
            const uint64_t key = keys[i], b = best[ids[i]];
            if (key == 0 || (b != 0 && (place ? !last : largest ? key <= b : key >= b))) continue;
            best[ids[i]] = key;
            x->cells[ids[i]] = (int64_t)(at + i);
        }
    }
}

/* ---- distinct values */
static bool count_bits(aggregate *x, size_t n_rows) {
    uint64_t keys[BLOCK];
    const uint64_t bits = x->order.range * x->g->n_groups;
    uint64_t *seen = calloc((size_t)(bits / 64) + 1, sizeof *seen);
    if (seen == NULL) return false;
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t n = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        number_rows(&x->order, at, n, keys);
        for (size_t i = 0; i < n; i++) {
            const uint32_t id = x->g->ids[at + i];
            const uint64_t pair = id * x->order.range + keys[i], bit = UINT64_C(1) << (pair & 63);
            x->counts[id] += keys[i] != 0 && (seen[pair >> 6] & bit) == 0;
            seen[pair >> 6] |= bit;
        }
    }
    free(seen);
    return true;
}

/* Pairs of value and group: owners[value] = 1 + the first group it was seen in; further ones in `map`, under a number of their own. */
typedef struct {
    uint32_t *owners; /* [values], owned */
    hx_map map;
} pairs;

static bool count_owners(aggregate *x, pairs *seen, size_t first, size_t n,
                         const uint64_t *values) {
    const uint32_t *ids = x->g->ids + first;
    for (size_t i = 0; i < n; i++) {
        const uint32_t id = ids[i];
        const uint64_t value = values[i];
        if (value == 0 || seen->owners[value] == id + 1) continue;
        if (seen->owners[value] == 0) {
            seen->owners[value] = id + 1;
            x->counts[id]++;
            continue;
        }
        uint64_t *place = hx_map_put(&seen->map, value << 32 | id);
        if (place == NULL) return false;
        x->counts[id] += *place == 0;
        *place = 1;
    }
    return true;
}

/* Numbers of any range as numbers below the rows, 0 = missing. */
static bool number_values(hx_map *map, size_t n, uint64_t *keys) {
    for (size_t i = 0; i < n; i++) {
        if (keys[i] == 0) continue;
        uint64_t *place = hx_map_put(map, keys[i]);
        if (place == NULL) return false;
        if (*place == 0) *place = map->n;
        keys[i] = *place;
    }
    return true;
}

static bool count_pairs(aggregate *x, size_t n_rows) {
    uint64_t keys[BLOCK];
    const bool direct = x->order.range <= 16 * (uint64_t)n_rows && x->order.range < UINT32_MAX;
    pairs seen = {.owners =
                      calloc((direct ? (size_t)x->order.range : n_rows) + 1, sizeof *seen.owners)};
    hx_map values;
    hx_map_init(&seen.map);
    hx_map_init(&values);
    bool good = seen.owners != NULL;
    for (size_t at = 0; good && at < n_rows; at += BLOCK) {
        const size_t n = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        number_rows(&x->order, at, n, keys);
        good = (direct || number_values(&values, n, keys)) && count_owners(x, &seen, at, n, keys);
    }
    hx_map_release(&values);
    hx_map_release(&seen.map);
    free(seen.owners);
    return good;
}

static bool count_distinct(aggregate *x, size_t n_rows) {
    if (x->order.range <= PAIR_BITS_MAX / (x->g->n_groups + 1)) return count_bits(x, n_rows);
    return count_pairs(x, n_rows);
}

static bool is_ordered(hx_aggregate_kind kind) {
    return kind != HX_AGGREGATE_SUM && kind != HX_AGGREGATE_MEAN && kind != HX_AGGREGATE_COUNT &&
           kind < HX_AGGREGATE_STREAMED;
}

static bool look_at_values(const aggregate *x) {
    const grouping *g = x->g;
    return hx_group_values_run(&(hx_group_values){.t = g->t,
                                                  .column = g->plan.columns[x->a->value],
                                                  .ids = g->ids,
                                                  .n_groups = g->n_groups,
                                                  .a = x->a,
                                                  .numbers = x->numbers,
                                                  .rows = x->cells});
}

/* The first row of each group, where its keys are read. */
static void find_first_rows(grouping *g) {
    for (size_t i = g->t->n_rows; i-- > 0;)
        g->first_rows[g->ids[i]] = (int64_t)i;
}

static hx_status run_aggregate(void *context, size_t i, size_t worker, hx_error *err) {
    grouping *g = context;
    const size_t rows = g->t->n_rows;
    bool good = true;
    (void)worker;
    if (i == g->plan.n_aggregates) {
        find_first_rows(g);
        return HX_OK;
    }
    aggregate *x = &g->aggregates[i];
    if (x->order.c == NULL && x->a->kind == HX_AGGREGATE_DISTINCT) /* no TEXT: without the arena */
        (void)ordering_init(&x->order, x->value, rows, true, NULL);
    else if (x->order.c == NULL && is_ordered(x->a->kind))
        ordering_plain(&x->order, x->value);
    switch (x->a->kind) {
    case HX_AGGREGATE_COUNT:
        count_rows(x, rows);
        break;
    case HX_AGGREGATE_SUM:
    case HX_AGGREGATE_MEAN:
        good = sum(x, rows);
        break;
    case HX_AGGREGATE_DISTINCT:
        good = count_distinct(x, rows);
        break;
    case HX_AGGREGATE_STD:
    case HX_AGGREGATE_VAR:
    case HX_AGGREGATE_MEDIAN:
    case HX_AGGREGATE_QUANTILE:
    case HX_AGGREGATE_MODE:
        good = look_at_values(x);
        break;
    default:
        find_rows(x, rows);
    }
    return good ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

/* ------------------------------------------------------------------ the result */
/* The cells of `from` in `rows` (HX_COLUMN_NONE: missing) as a column of the result. */
static hx_status put_rows(hx_table *out, hx_str name, const hx_table_cells *from,
                          const int64_t *rows, size_t n, hx_error *err) {
    hx_table_cells *c = NULL;
    HX_TRY(hx_table_place(out, name, &c, err));
    const hx_str kept = c->about.name;
    *c = *from;
    c->about.name = kept;
    c->about.missing = 0;
    hx_buf_init(&c->cells, SIZE_MAX);
    if (c->dictionary != NULL) c->dictionary = hx_dictionary_share(c->dictionary);
    for (size_t i = 0; i < n; i++) {
        const double none = NAN,
                     v = c->real && rows[i] >= 0 ? hx_cell_real(from, (size_t)rows[i]) : none;
        const int64_t cell =
            c->real || rows[i] < 0 ? HX_CELL_NONE : hx_cell_get(from, (size_t)rows[i]);
        const bool good = c->real ? hx_buf_append(&c->cells, &v, sizeof v)
                                  : hx_cells_append(&c->cells, c->width, &cell, 1);
        if (!good) return hx_fail(err, HX_ENOMEM, "out of memory");
        c->about.missing += c->real ? v != v : cell == HX_CELL_NONE;
    }
    return HX_OK;
}

static hx_status put_keys(const grouping *g, hx_table *out, hx_error *err) {
    for (size_t k = 0; k < g->plan.n_by; k++) {
        const hx_table_cells *c = column_of(g, k);
        HX_TRY(put_rows(out, c->about.name, c, g->first_rows, g->n_groups, err));
    }
    return HX_OK;
}

static hx_status put_aggregate(const grouping *g, hx_table *out, aggregate *x, hx_error *err) {
    const hx_aggregate_kind kind = x->a->kind;
    if (kind == HX_AGGREGATE_MIN || kind == HX_AGGREGATE_MAX || kind == HX_AGGREGATE_FIRST ||
        kind == HX_AGGREGATE_LAST || kind == HX_AGGREGATE_MODE)
        return put_rows(out, x->a->name, x->value, x->cells, g->n_groups, err);
    int decimals = 0;
    if (kind == HX_AGGREGATE_COUNT || kind == HX_AGGREGATE_DISTINCT)
        for (size_t k = 0; k < g->n_groups; k++)
            x->numbers[k] = (double)x->counts[k];
    else
        decimals = -1;
    return hx_table_put_numbers(out, x->a->name, HX_KIND_NUMBER, x->numbers, decimals, err);
}

static hx_status aggregate_init(grouping *g, aggregate *x, const hx_aggregate *a, hx_error *err) {
    *x = (aggregate){.g = g, .a = a};
    if (a->value != HX_GROUP_NO_COLUMN) x->value = column_of(g, a->value);
    if (a->factor != HX_GROUP_NO_COLUMN) x->factor = column_of(g, a->factor);
    const bool sums = a->kind == HX_AGGREGATE_SUM || a->kind == HX_AGGREGATE_MEAN ||
                      (a->kind >= HX_AGGREGATE_STREAMED && a->kind != HX_AGGREGATE_MODE);
    const hx_table_cells *wrong =
        sums && x->value->about.kind != HX_KIND_NUMBER                         ? x->value
        : sums && x->factor != NULL && x->factor->about.kind != HX_KIND_NUMBER ? x->factor
                                                                               : NULL;
    if (wrong != NULL)
        return hx_fail(err, HX_EINVAL, "%.*s: the column '%.*s' holds no numbers",
                       HX_STR_ARG(a->name), HX_STR_ARG(wrong->about.name));
    x->counts = hx_arena_alloc(g->arena, (g->n_groups + 1) * sizeof *x->counts);
    x->cells = hx_arena_alloc(g->arena, (g->n_groups + 1) * sizeof *x->cells);
    x->numbers = hx_arena_alloc(g->arena, (g->n_groups + 1) * sizeof *x->numbers);
    if (x->counts == NULL || x->cells == NULL || x->numbers == NULL)
        return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t k = 0; k < g->n_groups; k++)
        x->cells[k] = -1;
    if (is_ordered(a->kind) && x->value->about.kind == HX_KIND_TEXT &&
        !ordering_init(&x->order, x->value, g->t->n_rows,
                       a->kind == HX_AGGREGATE_MIN || a->kind == HX_AGGREGATE_MAX, g->arena))
        return hx_fail(err, HX_ENOMEM, "out of memory");
    return HX_OK;
}

static hx_status group_rows(grouping *g, hx_table **out, hx_error *err) {
    g->aggregates = hx_arena_alloc(g->arena, (g->plan.n_aggregates + 1) * sizeof *g->aggregates);
    if (g->aggregates == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(find_groups(g, err));
    if (g->t->n_rows == 0) g->n_groups = 0;
    g->first_rows = hx_arena_alloc(g->arena, (g->n_groups + 1) * sizeof *g->first_rows);
    if (g->first_rows == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < g->plan.n_aggregates; i++)
        HX_TRY(aggregate_init(g, &g->aggregates[i], &g->plan.aggregates[i], err));
    HX_TRY(hx_pool_run(g->n_threads, g->plan.n_aggregates + 1, run_aggregate, g, err));
    HX_TRY(hx_table_new(out, g->n_groups, err));
    hx_status status = put_keys(g, *out, err);
    for (size_t i = 0; i < g->plan.n_aggregates && status == HX_OK; i++)
        status = put_aggregate(g, *out, &g->aggregates[i], err);
    if (status == HX_OK) return HX_OK;
    hx_table_free(*out);
    return status;
}

static hx_status plan_groups(grouping *g, const char *by, const char *aggregates, hx_error *err) {
    static const hx_type types[] = {HX_TYPE_NUMBER, HX_TYPE_TIME, HX_TYPE_BOOLEAN, HX_TYPE_TEXT};
    hx_column *columns = hx_arena_alloc(g->arena, (g->t->n_columns + 1) * sizeof *columns);
    if (columns == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t c = 0; c < g->t->n_columns; c++) {
        columns[c].name = g->t->columns[c]->about.name;
        columns[c].type = types[g->t->columns[c]->about.kind];
    }
    return hx_group_plan_parse(&g->plan, by, aggregates, columns, g->t->n_columns, g->arena, err);
}

hx_status hx_table_group(hx_table **out, const hx_table *t, const char *by, const char *aggregates,
                         size_t n_threads, hx_error *err) {
    if (n_threads == 0) n_threads = hx_processors();
    grouping *g = calloc(1, sizeof *g);
    if (g == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    g->t = t;
    g->n_threads = n_threads < THREADS_MAX ? n_threads : THREADS_MAX;
    g->arena = hx_arena_new((size_t)64 << 30);
    hx_table *made = NULL;
    hx_status status = g->arena == NULL ? hx_fail(err, HX_ENOMEM, "out of memory")
                                        : plan_groups(g, by, aggregates, err);
    if (status == HX_OK) status = group_rows(g, &made, err);
    hx_arena_free(g->arena);
    free(g);
    if (status == HX_OK) *out = made;
    return status;
}
