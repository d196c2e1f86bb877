/* group_set.c - groups and their running aggregates, of one thread's rows; and two such sets made one.
 *
 *     key bytes -> number g (hx_group_names); states[g * n_aggregates + a]
 *     distinct: the pairs (g, value) seen, as names too
 *
 * Rows come in batches: first the groups of all rows are found, then one aggregate after the other runs over the rows. A row that is
 * refused cuts the batch there, so the aggregates that follow may still refuse an earlier one: the first refused row is what counts.
 *
 * A key of several columns is each cell's length (4 bytes) and bytes. Merging is exact and does not depend on the order: sums are
 * integers, minima and maxima total orders with the text as the tie-break, first and last compare row numbers, distinct counts are of
 * sets. */
#include "frame/group.h"

#include <string.h>

#define COMPOSED_MAX ((size_t)HX_GROUP_BATCH * 2 * HX_ROW_MAX)

/* ------------------------------------------------------------------ life */
bool hx_group_set_init(hx_group_set *s, const hx_group_plan *plan) {
    memset(s, 0, sizeof *s);
    s->plan = plan;
    hx_buf_init(&s->states, 2 * HX_GROUP_BYTES_MAX);
    hx_buf_init(&s->composed, COMPOSED_MAX);
    hx_buf_init(&s->trouble_value, HX_CELL_MAX);
    bool good = hx_group_names_init(&s->keys);
    for (size_t a = 0; a < plan->n_aggregates; a++)
        if (plan->aggregates[a].kind == HX_AGGREGATE_DISTINCT)
            good &= hx_group_names_init(&s->pairs[a]);
    s->texts = hx_arena_new(2 * HX_GROUP_BYTES_MAX);
    return good && s->texts != NULL;
}

void hx_group_set_release(hx_group_set *s) {
    hx_group_names_release(&s->keys);
    hx_buf_release(&s->states);
    hx_buf_release(&s->composed);
    hx_buf_release(&s->trouble_value);
    for (size_t a = 0; a < HX_GROUP_AGGREGATES_MAX; a++)
        hx_group_names_release(&s->pairs[a]);
    hx_arena_free(s->texts);
    s->texts = NULL;
}

static bool in_trouble(hx_group_set *s, hx_group_trouble trouble, size_t column, hx_str value) {
    s->trouble = trouble;
    s->trouble_column = column;
    hx_buf_reset(&s->trouble_value);
    hx_buf_append_str(&s->trouble_value, value);
    return false;
}

static bool no_memory(hx_group_set *s) {
    return in_trouble(s, HX_GROUP_NO_MEMORY, 0, (hx_str){NULL, 0});
}

/* ------------------------------------------------------------------ groups */
static hx_group_state *states_of(const hx_group_set *s, uint32_t g) {
    return (hx_group_state *)(void *)s->states.ptr + (size_t)g * s->plan->n_aggregates;
}

static bool is_within_cap(hx_group_set *s) {
    size_t n = s->keys.held + s->states.len;
    for (size_t a = 0; a < s->plan->n_aggregates; a++)
        n += s->pairs[a].held;
    return n <= HX_GROUP_BYTES_MAX || in_trouble(s, HX_GROUP_TOO_MANY, 0, (hx_str){NULL, 0});
}

/* The groups of those keys, made where they are new. */
static bool find_groups(hx_group_set *s, const hx_str *keys, size_t n, uint32_t *groups) {
    if (!hx_group_names_put(&s->keys, keys, n, groups)) return no_memory(s);
    const size_t have = s->states.len,
                 need = s->keys.n * s->plan->n_aggregates * sizeof(hx_group_state);
    if (need > have) {
        if (!hx_buf_reserve(&s->states, need - have)) return no_memory(s);
        memset(s->states.ptr + have, 0, need - have);
        s->states.len = need;
    }
    for (size_t r = 0; r < n; r++)
        __builtin_prefetch(states_of(s, groups[r]), 1);
    return true;
}

/* Room in s->composed for `len` bytes that stay where they are until the next call. */
static char *composed_room(hx_group_set *s, size_t len) {
    hx_buf_reset(&s->composed);
    return hx_buf_reserve(&s->composed, len + 1) ? s->composed.ptr : NULL;
}

static size_t put_part(char *to, uint32_t number, hx_str bytes) {
    memcpy(to, &number, sizeof number);
    if (bytes.len > 0) memcpy(to + sizeof number, bytes.ptr, bytes.len);
    return sizeof number + bytes.len;
}

static bool compose_keys(hx_group_set *s, const hx_str *cells, size_t n, hx_str *keys) {
    const size_t n_by = s->plan->n_by, n_columns = s->plan->n_columns;
    size_t len = 0;
    for (size_t r = 0; r < n; r++)
        for (size_t k = 0; k < n_by; k++)
            len += sizeof(uint32_t) + cells[r * n_columns + k].len;
    char *to = composed_room(s, len);
    if (to == NULL) return no_memory(s);
    for (size_t r = 0; r < n; r++) {
        keys[r].ptr = to;
        for (size_t k = 0; k < n_by; k++) {
            const hx_str cell = cells[r * n_columns + k];
            to += put_part(to, (uint32_t)cell.len, cell);
        }
        keys[r].len = (size_t)(to - keys[r].ptr);
    }
    return true;
}

static bool groups_of_rows(hx_group_set *s, const hx_str *cells, size_t n, uint32_t *groups) {
    hx_str keys[HX_GROUP_BATCH];
    if (s->plan->n_by > 1) {
        if (!compose_keys(s, cells, n, keys)) return false;
    } else {
        for (size_t r = 0; r < n; r++)
            keys[r] = cells[r * s->plan->n_columns];
    }
    return find_groups(s, keys, n, groups);
}

hx_str hx_group_set_key(const hx_group_set *s, uint32_t g, size_t k) {
    const hx_str all = hx_group_names_at(&s->keys, g);
    if (s->plan->n_by == 1) return all;
    const char *p = all.ptr;
    for (;; k--) {
        uint32_t len;
        memcpy(&len, p, sizeof len);
        if (k == 0) return (hx_str){p + sizeof len, len};
        p += sizeof len + len;
    }
}

/* ------------------------------------------------------------------ distinct */
/* Counts those pairs (groups[i], values[i]) for aggregate `a` that are new. */
static bool add_pairs(hx_group_set *s, size_t a, const uint32_t *groups, const hx_str *values,
                      size_t n) {
    hx_str keys[HX_GROUP_BATCH];
    uint32_t ids[HX_GROUP_BATCH];
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += sizeof(uint32_t) + values[i].len;
    char *to = composed_room(s, len);
    if (to == NULL) return no_memory(s);
    for (size_t i = 0; i < n; i++) {
        keys[i] = (hx_str){to, put_part(to, groups[i], values[i])};
        to += keys[i].len;
    }
    uint32_t next = s->pairs[a].n;
    if (!hx_group_names_put(&s->pairs[a], keys, n, ids)) return no_memory(s);
    for (size_t i = 0; i < n; i++) {
        if (ids[i] < next) continue;
        next = ids[i] + 1;
        states_of(s, groups[i])[a].count++;
    }
    return true;
}

static bool add_distinct(hx_group_set *s, size_t a, const hx_str *cells, size_t n,
                         const uint32_t *groups) {
    const size_t column = s->plan->aggregates[a].value;
    hx_str values[HX_GROUP_BATCH];
    uint32_t owners[HX_GROUP_BATCH];
    size_t n_values = 0;
    for (size_t r = 0; r < n; r++) {
        values[n_values] = cells[r * s->plan->n_columns + column];
        owners[n_values] = groups[r];
        n_values += values[n_values].len > 0;
    }
    return add_pairs(s, a, owners, values, n_values);
}

/* ------------------------------------------------------------------ aggregates of a row */
static bool keep_text(hx_group_set *s, hx_group_state *st, hx_str v) {
    if (v.len > st->best.cap) {
        const size_t cap = (v.len + 15) / 16 * 16;
        char *text = hx_arena_alloc(s->texts, cap);
        if (text == NULL) return no_memory(s);
        st->best.text = text;
        st->best.cap = (uint32_t)cap;
    }
    memcpy(st->best.text, v.ptr, v.len);
    st->best.len = (uint32_t)v.len;
    return true;
}

static hx_str best_text(const hx_group_state *st) {
    return (hx_str){st->best.text, st->best.len};
}

static bool add_number(hx_group_set *s, const hx_aggregate *a, const hx_str *cells,
                       hx_group_state *st) {
    int64_t x = 0, y = 0;
    if (!hx_group_number(cells[a->value], &x))
        return in_trouble(s, HX_GROUP_NOT_A_NUMBER, a->value, cells[a->value]);
    hx_int128 term = x;
    if (a->factor != HX_GROUP_NO_COLUMN) {
        if (cells[a->factor].len == 0) return true;
        if (!hx_group_number(cells[a->factor], &y))
            return in_trouble(s, HX_GROUP_NOT_A_NUMBER, a->factor, cells[a->factor]);
        term *= y;
    }
    if (__builtin_add_overflow(st->sum, term, &st->sum))
        return in_trouble(s, HX_GROUP_SUM_TOO_LARGE, a->value, cells[a->value]);
    st->count++;
    return true;
}

/* The order of a value and the best so far: < 0 = smaller. Both of the aggregate's type and valid. */
static int compare(const hx_group_plan *plan, const hx_aggregate *a, hx_str x, hx_str y) {
    if (a->order == HX_TYPE_TIME)
        return hx_group_time_compare(x, y, plan->date_order[a->value],
                                     plan->excel_serial[a->value]);
    return hx_str_compare(x, y);
}

static bool is_better(const hx_aggregate *a, int order) {
    return a->kind == HX_AGGREGATE_MIN ? order < 0 : order > 0;
}

static bool add_extreme_number(hx_group_set *s, const hx_aggregate *a, hx_str v,
                               hx_group_state *st) {
    int64_t x;
    if (!hx_group_number(v, &x)) return in_trouble(s, HX_GROUP_NOT_A_NUMBER, a->value, v);
    if (st->count++ == 0 || is_better(a, (x > st->rank) - (x < st->rank))) st->rank = x;
    return true;
}

static bool add_extreme(hx_group_set *s, const hx_aggregate *a, hx_str v, hx_group_state *st) {
    if (a->order == HX_TYPE_NUMBER) return add_extreme_number(s, a, v, st);
    if (st->count > 0 && hx_str_equal(v, best_text(st))) return true;
    if (a->order == HX_TYPE_TIME &&
        !hx_group_time_is_valid(v, s->plan->date_order[a->value], s->plan->excel_serial[a->value]))
        return in_trouble(s, HX_GROUP_NOT_A_TIME, a->value, v);
    if (st->count > 0 && !is_better(a, compare(s->plan, a, v, best_text(st)))) return true;
    st->count = 1;
    return keep_text(s, st, v);
}

static bool add_edge(hx_group_set *s, const hx_aggregate *a, hx_str v, int64_t ordinal,
                     hx_group_state *st) {
    if (st->count > 0 && a->kind == HX_AGGREGATE_FIRST) return true;
    st->count = 1;
    st->rank = ordinal;
    return keep_text(s, st, v);
}

static bool add_value(hx_group_set *s, const hx_aggregate *a, const hx_str *cells, int64_t ordinal,
                      hx_group_state *st) {
    switch (a->kind) {
    case HX_AGGREGATE_SUM:
    case HX_AGGREGATE_MEAN:
        return add_number(s, a, cells, st);
    case HX_AGGREGATE_MIN:
    case HX_AGGREGATE_MAX:
        return add_extreme(s, a, cells[a->value], st);
    case HX_AGGREGATE_FIRST:
    case HX_AGGREGATE_LAST:
        return add_edge(s, a, cells[a->value], ordinal, st);
    default:
        st->count++;
        return true;
    }
}

/* One aggregate over the rows; returns n or the first refused row. */
static size_t add_aggregate(hx_group_set *s, size_t i, const hx_str *cells, const int64_t *ordinals,
                            size_t n, const uint32_t *groups) {
    const hx_aggregate *a = &s->plan->aggregates[i];
    if (a->kind == HX_AGGREGATE_DISTINCT) return add_distinct(s, i, cells, n, groups) ? n : 0;
    for (size_t r = 0; r < n; r++, cells += s->plan->n_columns) {
        hx_group_state *st = states_of(s, groups[r]) + i;
        if (a->value == HX_GROUP_NO_COLUMN)
            st->count++;
        else if (cells[a->value].len > 0 && !add_value(s, a, cells, ordinals[r], st))
            return r;
    }
    return n;
}

size_t hx_group_set_add(hx_group_set *s, const hx_str *cells, const int64_t *ordinals, size_t n) {
    uint32_t groups[HX_GROUP_BATCH];
    if (!groups_of_rows(s, cells, n, groups)) return 0;
    size_t good = n;
    for (size_t i = 0; i < s->plan->n_aggregates; i++)
        good = add_aggregate(s, i, cells, ordinals, good, groups);
    return good < n || is_within_cap(s) ? good : 0;
}

/* ------------------------------------------------------------------ merging */
static bool merge_best(hx_group_set *s, const hx_aggregate *a, hx_group_state *st,
                       const hx_group_state *from) {
    bool better = st->count == 0;
    if (!better && a->kind == HX_AGGREGATE_FIRST)
        better = from->rank < st->rank;
    else if (!better && a->kind == HX_AGGREGATE_LAST)
        better = from->rank > st->rank;
    else if (!better && a->order == HX_TYPE_NUMBER)
        better = is_better(a, (from->rank > st->rank) - (from->rank < st->rank));
    else if (!better)
        better = is_better(a, compare(s->plan, a, best_text(from), best_text(st)));
    if (!better) return true;
    st->count = from->count;
    st->rank = from->rank;
    return from->best.text == NULL || keep_text(s, st, best_text(from));
}

static bool merge_state(hx_group_set *s, const hx_aggregate *a, hx_group_state *st,
                        const hx_group_state *from) {
    if (from->count == 0) return true;
    switch (a->kind) {
    case HX_AGGREGATE_DISTINCT:
        return true; /* counted from the pairs */
    case HX_AGGREGATE_COUNT:
        st->count += from->count;
        return true;
    case HX_AGGREGATE_SUM:
    case HX_AGGREGATE_MEAN:
        if (__builtin_add_overflow(st->sum, from->sum, &st->sum))
            return in_trouble(s, HX_GROUP_SUM_TOO_LARGE, a->value, (hx_str){NULL, 0});
        st->count += from->count;
        return true;
    default:
        return merge_best(s, a, st, from);
    }
}

static bool merge_pairs(hx_group_set *s, size_t a, const hx_group_names *from,
                        const uint32_t *groups) {
    hx_str values[HX_GROUP_BATCH];
    uint32_t owners[HX_GROUP_BATCH];
    for (uint32_t at = 0; at < from->n;) {
        size_t n = 0;
        for (; n < HX_GROUP_BATCH && at < from->n; n++, at++) {
            const hx_str pair = hx_group_names_at(from, at);
            uint32_t g;
            memcpy(&g, pair.ptr, sizeof g);
            owners[n] = groups[g];
            values[n] = (hx_str){pair.ptr + sizeof g, pair.len - sizeof g};
        }
        if (!add_pairs(s, a, owners, values, n)) return false;
    }
    return true;
}

/* groups[f] = the number here of group f there. */
static bool merge_keys(hx_group_set *s, const hx_group_set *from, uint32_t *groups) {
    hx_str keys[HX_GROUP_BATCH];
    for (uint32_t at = 0; at < from->keys.n;) {
        const uint32_t first = at;
        size_t n = 0;
        for (; n < HX_GROUP_BATCH && at < from->keys.n; at++)
            keys[n++] = hx_group_names_at(&from->keys, at);
        if (!find_groups(s, keys, n, groups + first)) return false;
    }
    return true;
}

static bool merge_groups(hx_group_set *s, const hx_group_set *from, uint32_t *groups) {
    const hx_group_plan *plan = s->plan;
    if (!merge_keys(s, from, groups)) return false;
    for (uint32_t f = 0; f < from->keys.n; f++) {
        hx_group_state *st = states_of(s, groups[f]);
        const hx_group_state *old = states_of(from, f);
        for (size_t i = 0; i < plan->n_aggregates; i++)
            if (!merge_state(s, &plan->aggregates[i], &st[i], &old[i])) return false;
    }
    for (size_t i = 0; i < plan->n_aggregates; i++)
        if (!merge_pairs(s, i, &from->pairs[i], groups)) return false;
    return is_within_cap(s);
}

bool hx_group_set_merge(hx_group_set *s, const hx_group_set *from) {
    hx_buf groups;
    hx_buf_init(&groups, 2 * HX_GROUP_BYTES_MAX);
    const bool room = hx_buf_reserve(&groups, (from->keys.n + 1) * sizeof(uint32_t));
    const bool good = room ? merge_groups(s, from, (uint32_t *)(void *)groups.ptr) : no_memory(s);
    hx_buf_release(&groups);
    return good;
}
