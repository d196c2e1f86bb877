/* group_table.c - the result of a grouping: sorted rows of rendered cells.
 *
 * Order: the key's columns one after the other, bytes compared as memcmp does, shorter first. Most keys differ in their first eight
 * bytes, which are compared as one big-endian number.
 *
 * Empty cells: the sum, mean, minimum, maximum, first and last of a group that has no value. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "frame/group.h"

#define TEXT_BLOCK ((size_t)64 << 10)

struct hx_group_table {
    hx_arena *arena; /* owned: names, cells, numbers */
    hx_arena *keys, *texts; /* owned: taken over from the set */
    const char **names; /* [n_columns] */
    hx_str *cells; /* [n_rows][n_columns] */
    size_t n_rows, n_columns;
    char *room; /* for numbers: what is free of the last block */
    size_t room_len;
};

/* ------------------------------------------------------------------ sorting */
typedef struct {
    uint64_t prefix;
    uint32_t group;
} sort_item;

static uint64_t prefix_of(hx_str s) {
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++)
        v = v << 8 | (i < s.len ? (unsigned char)s.ptr[i] : 0);
    return v;
}

static int compare_items(const void *a, const void *b, void *context) {
    const sort_item *x = a, *y = b;
    const hx_group_set *s = context;
    if (x->prefix != y->prefix) return x->prefix < y->prefix ? -1 : 1;
    for (size_t k = 0; k < s->plan->n_by; k++) {
        const int order =
            hx_str_compare(hx_group_set_key(s, x->group, k), hx_group_set_key(s, y->group, k));
        if (order != 0) return order;
    }
    return 0;
}

static bool sorted_groups(hx_group_set *s, hx_buf *out) {
    hx_buf_init(out, 2 * HX_GROUP_BYTES_MAX);
    if (!hx_buf_reserve(out, (s->keys.n + 1) * sizeof(sort_item))) return false;
    sort_item *items = (sort_item *)(void *)out->ptr;
    for (uint32_t g = 0; g < s->keys.n; g++)
        items[g] = (sort_item){prefix_of(hx_group_set_key(s, g, 0)), g};
    qsort_r(items, s->keys.n, sizeof *items, compare_items, s);
    return true;
}

/* ------------------------------------------------------------------ cells */
static bool put_text(hx_group_table *t, const char *text, size_t len, hx_str *out) {
    if (len == 0) {
        *out = (hx_str){"", 0};
        return true;
    }
    if (len > t->room_len) {
        t->room = hx_arena_alloc(t->arena, TEXT_BLOCK);
        t->room_len = t->room == NULL ? 0 : TEXT_BLOCK;
        if (t->room == NULL) return false;
    }
    *out = (hx_str){memcpy(t->room, text, len), len};
    t->room += len;
    t->room_len -= len;
    return true;
}

static bool put_state(hx_group_table *t, const hx_aggregate *a, const hx_group_state *st,
                      hx_str *out) {
    char text[HX_GROUP_TEXT_MAX];
    const unsigned places = a->factor == HX_GROUP_NO_COLUMN ? 4 : 8;
    const bool counts = a->kind == HX_AGGREGATE_COUNT || a->kind == HX_AGGREGATE_DISTINCT;
    *out = (hx_str){"", 0};
    if (counts) return put_text(t, text, hx_group_sum_text((hx_int128)st->count, 0, text), out);
    if (st->count == 0) return true;
    if (a->kind == HX_AGGREGATE_SUM)
        return put_text(t, text, hx_group_sum_text(st->sum, places, text), out);
    if (a->kind == HX_AGGREGATE_MEAN)
        return put_text(t, text, hx_group_mean_text(st->sum, places, st->count, text), out);
    if (st->best.text == NULL) return put_text(t, text, hx_group_sum_text(st->rank, 4, text), out);
    *out = (hx_str){st->best.text, st->best.len};
    return true;
}

static bool put_rows(hx_group_table *t, hx_group_set *s) {
    const hx_group_plan *plan = s->plan;
    hx_buf order;
    bool good = sorted_groups(s, &order);
    const sort_item *items = (const sort_item *)(const void *)order.ptr;
    for (size_t r = 0; good && r < t->n_rows; r++) {
        hx_str *cells = t->cells + r * t->n_columns;
        const uint32_t g = items[r].group;
        const hx_group_state *st =
            (const hx_group_state *)(const void *)s->states.ptr + (size_t)g * plan->n_aggregates;
        for (size_t k = 0; k < plan->n_by; k++)
            cells[k] = hx_group_set_key(s, g, k);
        for (size_t i = 0; good && i < plan->n_aggregates; i++)
            good = put_state(t, &plan->aggregates[i], &st[i], &cells[plan->n_by + i]);
    }
    hx_buf_release(&order);
    return good;
}

static bool put_names(hx_group_table *t, const hx_group_plan *plan) {
    t->names = hx_arena_alloc(t->arena, t->n_columns * sizeof *t->names);
    for (size_t k = 0; t->names != NULL && k < t->n_columns; k++) {
        const hx_str name =
            k < plan->n_by ? plan->column_names[k] : plan->aggregates[k - plan->n_by].name;
        t->names[k] = hx_arena_str(t->arena, name).ptr;
        if (t->names[k] == NULL) return false;
    }
    return t->names != NULL;
}

static bool fill(hx_group_table *t, hx_group_set *s) {
    t->arena = hx_arena_new(4 * HX_GROUP_BYTES_MAX);
    if (t->arena == NULL || !put_names(t, s->plan)) return false;
    t->cells = hx_arena_alloc(t->arena, t->n_rows * t->n_columns * sizeof *t->cells);
    if (t->cells == NULL || !put_rows(t, s)) return false;
    t->keys = s->keys.bytes;
    t->texts = s->texts;
    s->keys.bytes = s->texts = NULL;
    return true;
}

hx_status hx_group_table_make(hx_group_table **out, hx_group_set *s, hx_error *err) {
    hx_group_table *t = calloc(1, sizeof *t);
    if (t == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    t->n_rows = s->keys.n;
    t->n_columns = s->plan->n_by + s->plan->n_aggregates;
    if (!fill(t, s)) {
        hx_group_table_free(t);
        return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    *out = t;
    return HX_OK;
}

void hx_group_table_free(hx_group_table *t) {
    if (t == NULL) return;
    hx_arena_free(t->arena);
    hx_arena_free(t->keys);
    hx_arena_free(t->texts);
    free(t);
}

size_t hx_group_table_rows(const hx_group_table *t) {
    return t->n_rows;
}

size_t hx_group_table_columns(const hx_group_table *t) {
    return t->n_columns;
}

const char *hx_group_table_column_name(const hx_group_table *t, size_t column) {
    return t->names[column];
}

hx_str hx_group_table_cell(const hx_group_table *t, size_t row, size_t column) {
    return t->cells[row * t->n_columns + column];
}
