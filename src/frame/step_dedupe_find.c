/* step_dedupe_find.c - groups of rows that are the same thing, and which row of each survives.
 *
 *     equal keys (check_key.c) -> near ones joined (step_dedupe_near.c) -> groups in the order of their first rows -> survivors
 *
 * Invariants: survivor[i] is in the group of i; exactly one row of a group is its own survivor; rows that are alone have group 0 and are
 * their own. Among rows that are as good as each other the first survives. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "frame/check_key.h"
#include "frame/step.h"
#include "frame/step_dedupe.h"

typedef enum { FIRST, LAST, COMPLETE, LATEST } keep_kind;

typedef struct {
    keep_kind kind;
    size_t column; /* LATEST */
} keeper;

static hx_status parse_keep(const hx_table *t, const char *text, keeper *k, hx_error *err) {
    static const char latest[] = "latest:";
    *k = (keeper){FIRST, 0};
    if (text == NULL || strcmp(text, "first") == 0) return HX_OK;
    k->kind = LAST;
    if (strcmp(text, "last") == 0) return HX_OK;
    k->kind = COMPLETE;
    if (strcmp(text, "complete") == 0) return HX_OK;
    k->kind = LATEST;
    if (strncmp(text, latest, strlen(latest)) != 0)
        return hx_fail(err, HX_EINVAL,
                       "'%.*s' does not say which row stays; there are: first, last, complete, "
                       "latest:COLUMN",
                       HX_STR_ARG(hx_str_of(text)));
    HX_TRY(hx_step_column(t, hx_str_of(text + strlen(latest)), &k->column, err));
    if (hx_table_column_at(t, k->column)->kind == HX_KIND_TEXT)
        return hx_fail(err, HX_EINVAL, "the column '%.*s' holds texts, not numbers or times",
                       HX_STR_ARG(hx_table_column_at(t, k->column)->name));
    return HX_OK;
}

/* How good a row is; the best of a group survives. */
static double worth(const hx_table *t, const keeper *k, size_t row) {
    double v = 0;
    if (k->kind == FIRST) return 0;
    if (k->kind == LAST) return (double)row;
    if (k->kind == COMPLETE) {
        for (size_t c = 0; c < hx_table_columns(t); c++)
            v -= hx_table_is_missing(t, c, row);
        return v;
    }
    hx_table_numbers(t, k->column, row, 1, &v);
    return v == v ? v : -INFINITY;
}

/* The keys: those named, or all columns; for near ones all of texts. */
static hx_status find_keys(const hx_table *t, const hx_duplicate_options *o, hx_arena *arena,
                           size_t **keys, size_t *n, hx_error *err) {
    HX_TRY(hx_table_find_list(t, o->keys, arena, keys, n, err));
    if (o->near <= 0 || (o->keys != NULL && o->keys[0] != '\0')) return HX_OK;
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (hx_table_column_at(t, (*keys)[i])->kind == HX_KIND_TEXT) (*keys)[kept++] = (*keys)[i];
    *n = kept;
    return HX_OK;
}

static bool allot(hx_duplicates *out, size_t rows, hx_arena *arena) {
    out->group = hx_arena_alloc(arena, (rows + 1) * sizeof *out->group);
    out->survivor = hx_arena_alloc(arena, (rows + 1) * sizeof *out->survivor);
    out->similarity = hx_arena_alloc(arena, (rows + 1) * sizeof *out->similarity);
    return out->group != NULL && out->survivor != NULL && out->similarity != NULL;
}

/* parent -> numbers of groups and their best rows; `best` and `size` by root. */
static void number_groups(hx_duplicates *out, const hx_table *t, const keeper *k, size_t *parent,
                          size_t *best, uint32_t *size) {
    const size_t rows = hx_table_rows(t);
    for (size_t i = 0; i < rows; i++) {
        const size_t root = hx_near_root(parent, i);
        if (size[root]++ == 0 || worth(t, k, i) > worth(t, k, best[root])) best[root] = i;
    }
    for (size_t i = 0; i < rows; i++) {
        const size_t root = hx_near_root(parent, i);
        out->survivor[i] = best[root];
        out->similarity[i] = 1;
        if (size[root] < 2) continue;
        if (root == i) out->group[root] = (uint32_t)++out->n_groups;
        out->group[i] = out->group[root];
        out->n_surplus += best[root] != i;
    }
}

hx_status hx_table_duplicates(const hx_table *t, const hx_duplicate_options *options,
                              hx_arena *arena, hx_duplicates *out, hx_error *err) {
    const size_t rows = hx_table_rows(t);
    size_t *keys = NULL, n = 0, *first = NULL;
    hx_near_rows near = {.t = t};
    keeper k;
    *out = (hx_duplicates){0};
    if (options->near != 0 && !(options->near >= 0.5 && options->near <= 1))
        return hx_fail(err, HX_EINVAL, "'near' is a similarity: from 0.5 to 1");
    HX_TRY(parse_keep(t, options->keep, &k, err));
    HX_TRY(find_keys(t, options, arena, &keys, &n, err));
    HX_TRY(hx_key_first(t, keys, n, arena, &first, err));
    if (options->near > 0) HX_TRY(hx_near_prepare(&near, t, keys, n, arena, err));
    size_t *parent = hx_arena_alloc(arena, (rows + 1) * sizeof *parent);
    size_t *best = hx_arena_alloc(arena, (rows + 1) * sizeof *best);
    uint32_t *size = hx_arena_alloc(arena, (rows + 1) * sizeof *size);
    if (parent == NULL || best == NULL || size == NULL || !allot(out, rows, arena))
        return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < rows; i++)
        parent[i] = first[i] == HX_COLUMN_NONE ? i : first[i];
    if (options->near > 0) HX_TRY(hx_near_join(&near, first, options->near, parent, err));
    number_groups(out, t, &k, parent, best, size);
    for (size_t i = 0; options->near > 0 && i < rows; i++)
        if (first[i] != HX_COLUMN_NONE && first[i] != first[out->survivor[i]])
            out->similarity[i] = hx_near_similarity(&near, first[i], first[out->survivor[i]], 0);
    return HX_OK;
}
