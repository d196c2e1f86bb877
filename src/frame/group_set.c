/* group_set.c - groups and their running aggregates, of one thread's rows; and two such sets made one.
 *
 *     key bytes -> number g (hx_group_names); states[g * n_aggregates + a]
 *     distinct: value bytes -> number v; the pairs (g, v) seen
 *
 * Rows that stand together often share key and values (the lines of an invoice), so the group and the pair of the row before are
 * tried first. A key of several columns is each cell's length (4 bytes) and bytes.
 *
 * Merging is exact and does not depend on the order: sums are integers, minima and maxima total orders with the text as the
 * tie-break, first and last compare row numbers, distinct counts are of sets. */
#include "frame/group.h"

#include <string.h>

#include "base/error.h"

#define KEY_MAX ((size_t)HX_GROUP_BY_MAX * (HX_CELL_MAX + 4))
#define PAIR_BYTES 34 /* of a pair in hx_map, at half load */

/* ------------------------------------------------------------------ life */
bool hx_group_set_init(hx_group_set *s, const hx_group_plan *plan) {
    memset(s, 0, sizeof *s);
    s->plan = plan;
    s->last_group = HX_GROUP_NONE;
    hx_buf_init(&s->states, 2 * HX_GROUP_BYTES_MAX);
    hx_buf_init(&s->key, KEY_MAX);
    hx_buf_init(&s->trouble_value, HX_CELL_MAX);
    bool good = hx_group_names_init(&s->keys);
    for (size_t a = 0; a < plan->n_aggregates; a++) {
        hx_group_distinct *d = &s->distinct[a];
        d->last_group = HX_GROUP_NONE;
        hx_map_init(&d->pairs);
        if (plan->aggregates[a].kind == HX_AGGREGATE_DISTINCT)
            good &= hx_group_names_init(&d->values);
    }
    s->texts = hx_arena_new(2 * HX_GROUP_BYTES_MAX);
    return good && s->texts != NULL;
}

void hx_group_set_release(hx_group_set *s) {
    hx_group_names_release(&s->keys);
    hx_buf_release(&s->states);
    hx_buf_release(&s->key);
    hx_buf_release(&s->trouble_value);
    for (size_t a = 0; a < HX_GROUP_AGGREGATES_MAX; a++) {
        hx_group_names_release(&s->distinct[a].values);
        hx_map_release(&s->distinct[a].pairs);
    }
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

static size_t bytes_held(const hx_group_set *s) {
    size_t n = s->keys.held + s->states.len;
    for (size_t a = 0; a < s->plan->n_aggregates; a++)
        n += s->distinct[a].values.held + s->distinct[a].pairs.n * PAIR_BYTES;
    return n;
}

/* The group of that key, made where it is new. */
static uint32_t group_of(hx_group_set *s, hx_str key) {
    const uint32_t g = hx_group_names_put(&s->keys, key);
    const size_t size = s->plan->n_aggregates * sizeof(hx_group_state);
    if (g == HX_GROUP_NONE || (size_t)g * size < s->states.len) return g;
    if (!hx_buf_reserve(&s->states, size)) return HX_GROUP_NONE;
    memset(s->states.ptr + s->states.len, 0, size);
    s->states.len += size;
    return g;
}

static bool compose_key(hx_group_set *s, const hx_str *cells, hx_str *key) {
    hx_buf_reset(&s->key);
    for (size_t k = 0; k < s->plan->n_by; k++) {
        const uint32_t len = (uint32_t)cells[k].len;
        hx_buf_append(&s->key, &len, sizeof len);
        hx_buf_append_str(&s->key, cells[k]);
    }
    *key = hx_buf_str(&s->key);
    return !s->key.failed;
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

static bool add_pair(hx_group_set *s, hx_group_distinct *d, uint32_t g, uint32_t v,
                     hx_group_state *st) {
    const size_t before = d->pairs.n;
    if (v == HX_GROUP_NONE || hx_map_put(&d->pairs, (uint64_t)g << 32 | v) == NULL)
        return no_memory(s);
    st->count += d->pairs.n - before;
    return true;
}

static bool add_distinct(hx_group_set *s, hx_group_distinct *d, uint32_t g, hx_str v,
                         hx_group_state *st) {
    if (d->last_group == g && hx_str_equal(hx_group_names_at(&d->values, d->last_value), v))
        return true;
    d->last_value = hx_group_names_put(&d->values, v);
    d->last_group = g;
    return add_pair(s, d, g, d->last_value, st);
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

/* The cell of the aggregate is not empty. */
static bool add_value(hx_group_set *s, size_t i, uint32_t g, const hx_str *cells, int64_t ordinal,
                      hx_group_state *st) {
    const hx_aggregate *a = &s->plan->aggregates[i];
    switch (a->kind) {
    case HX_AGGREGATE_DISTINCT:
        return add_distinct(s, &s->distinct[i], g, cells[a->value], st);
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

bool hx_group_set_add(hx_group_set *s, const hx_str *cells, int64_t ordinal) {
    hx_str key = cells[0];
    if (s->plan->n_by > 1 && !compose_key(s, cells, &key)) return no_memory(s);
    uint32_t g = s->last_group;
    if (g == HX_GROUP_NONE || !hx_str_equal(key, hx_group_names_at(&s->keys, g))) {
        g = group_of(s, key);
        if (g == HX_GROUP_NONE) return no_memory(s);
        s->last_group = g;
        if (bytes_held(s) > HX_GROUP_BYTES_MAX)
            return in_trouble(s, HX_GROUP_TOO_MANY, 0, (hx_str){NULL, 0});
    }
    hx_group_state *st = states_of(s, g);
    for (size_t i = 0; i < s->plan->n_aggregates; i++) {
        const size_t value = s->plan->aggregates[i].value;
        if (value == HX_GROUP_NO_COLUMN)
            st[i].count++;
        else if (cells[value].len > 0 && !add_value(s, i, g, cells, ordinal, &st[i]))
            return false;
    }
    return true;
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

/* The numbers in `to` of the names of `from`: ids[old] = new. */
static bool merge_names(hx_group_names *to, const hx_group_names *from, hx_buf *ids) {
    hx_buf_init(ids, 2 * HX_GROUP_BYTES_MAX);
    if (!hx_buf_reserve(ids, (from->n + 1) * sizeof(uint32_t))) return false;
    uint32_t *id = (uint32_t *)(void *)ids->ptr;
    for (uint32_t v = 0; v < from->n; v++) {
        id[v] = hx_group_names_put(to, hx_group_names_at(from, v));
        if (id[v] == HX_GROUP_NONE) return false;
    }
    return true;
}

static bool merge_distinct(hx_group_set *s, size_t i, const hx_group_distinct *from,
                           const uint32_t *groups) {
    hx_group_distinct *d = &s->distinct[i];
    hx_buf ids;
    bool good = merge_names(&d->values, &from->values, &ids);
    const uint32_t *values = (const uint32_t *)(const void *)ids.ptr;
    uint64_t pair, unused;
    for (size_t k = 0; good && hx_map_next(&from->pairs, &k, &pair, &unused);) {
        const uint32_t g = groups[pair >> 32];
        good = add_pair(s, d, g, values[(uint32_t)pair], states_of(s, g) + i);
    }
    hx_buf_release(&ids);
    return good || no_memory(s);
}

static bool merge_groups(hx_group_set *s, const hx_group_set *from, uint32_t *groups) {
    const hx_group_plan *plan = s->plan;
    for (uint32_t f = 0; f < from->keys.n; f++) {
        groups[f] = group_of(s, hx_group_names_at(&from->keys, f));
        if (groups[f] == HX_GROUP_NONE) return no_memory(s);
        hx_group_state *st = states_of(s, groups[f]);
        const hx_group_state *old = states_of(from, f);
        for (size_t i = 0; i < plan->n_aggregates; i++)
            if (!merge_state(s, &plan->aggregates[i], &st[i], &old[i])) return false;
    }
    for (size_t i = 0; i < plan->n_aggregates; i++)
        if (plan->aggregates[i].kind == HX_AGGREGATE_DISTINCT &&
            !merge_distinct(s, i, &from->distinct[i], groups))
            return false;
    return bytes_held(s) <= HX_GROUP_BYTES_MAX ||
           in_trouble(s, HX_GROUP_TOO_MANY, 0, (hx_str){NULL, 0});
}

bool hx_group_set_merge(hx_group_set *s, const hx_group_set *from) {
    hx_buf groups;
    hx_buf_init(&groups, 2 * HX_GROUP_BYTES_MAX);
    const bool room = hx_buf_reserve(&groups, (from->keys.n + 1) * sizeof(uint32_t));
    const bool good = room && merge_groups(s, from, (uint32_t *)(void *)groups.ptr);
    hx_buf_release(&groups);
    s->last_group = HX_GROUP_NONE;
    return good || (room ? false : no_memory(s));
}
