/* table_list.c - lists of names as users write them, and the name they may have meant.
 *
 * An item may stand in double quotes where it holds a comma; blanks around items are dropped. Names are compared by edit distance over
 * bytes (Levenshtein), each at most NAME_COMPARED bytes of it. */
#include <string.h>

#include "base/error.h"
#include "frame/table.h"

#define NAME_COMPARED 64

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static hx_str trimmed(hx_str s) {
    while (s.len > 0 && is_blank(s.ptr[0]))
        s.ptr++, s.len--;
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool hx_list_next(hx_str *rest, hx_str *item) {
    while (rest->len > 0 && (is_blank(rest->ptr[0]) || rest->ptr[0] == ','))
        rest->ptr++, rest->len--;
    if (rest->len == 0) return false;
    const char *end = NULL;
    if (rest->ptr[0] == '"') end = memchr(rest->ptr + 1, '"', rest->len - 1);
    if (end != NULL) {
        *item = (hx_str){rest->ptr + 1, (size_t)(end - rest->ptr) - 1};
        rest->len -= (size_t)(end - rest->ptr) + 1;
        rest->ptr = end + 1;
        return true;
    }
    end = memchr(rest->ptr, ',', rest->len);
    const size_t len = end == NULL ? rest->len : (size_t)(end - rest->ptr);
    *item = trimmed((hx_str){rest->ptr, len});
    rest->ptr += len;
    rest->len -= len;
    return true;
}

static size_t distance(hx_str a, hx_str b) {
    size_t row[NAME_COMPARED + 1];
    for (size_t k = 0; k <= b.len; k++)
        row[k] = k;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b.len; k++) {
            const size_t above = row[k];
            size_t best = diagonal + (a.ptr[i - 1] != b.ptr[k - 1]);
            if (above + 1 < best) best = above + 1;
            if (row[k - 1] + 1 < best) best = row[k - 1] + 1;
            row[k] = best;
            diagonal = above;
        }
    }
    return row[b.len];
}

hx_str hx_nearest_name(hx_str name, const hx_str *names, size_t n) {
    hx_str best = {"", 0};
    if (name.len > NAME_COMPARED) return best;
    size_t least = name.len / 2 + 1;
    for (size_t i = 0; i < n; i++) {
        if (names[i].len > NAME_COMPARED) continue;
        const size_t d = distance(name, names[i]);
        if (d < least) {
            least = d;
            best = names[i];
        }
    }
    return best;
}

static hx_status no_column(const hx_table *t, hx_str name, hx_arena *arena, hx_error *err) {
    hx_str *names = hx_arena_alloc(arena, (t->n_columns + 1) * sizeof *names);
    if (names == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < t->n_columns; i++)
        names[i] = t->columns[i]->about.name;
    const hx_str near = hx_nearest_name(name, names, t->n_columns);
    if (near.len > 0)
        return hx_fail(err, HX_ENOTFOUND, "there is no column '%.*s'; did you mean '%.*s'?",
                       HX_STR_ARG(name), HX_STR_ARG(near));
    return hx_fail(err, HX_ENOTFOUND, "there is no column '%.*s'", HX_STR_ARG(name));
}

hx_status hx_table_find_list(const hx_table *t, const char *list, hx_arena *arena, size_t **columns,
                             size_t *n, hx_error *err) {
    hx_str rest = hx_str_of(list), item;
    size_t count = 0;
    while (hx_list_next(&rest, &item))
        count++;
    const bool all = count == 0;
    if (all) count = t->n_columns;
    size_t *out = hx_arena_alloc(arena, (count + 1) * sizeof *out);
    if (out == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    rest = hx_str_of(list);
    for (size_t i = 0; i < count; i++) {
        out[i] = i;
        if (all) continue;
        (void)hx_list_next(&rest, &item);
        out[i] = hx_table_find(t, item);
        if (out[i] == HX_COLUMN_NONE) return no_column(t, item, arena, err);
        for (size_t k = 0; k < i; k++)
            if (out[k] == out[i])
                return hx_fail(err, HX_EINVAL, "the column '%.*s' is named twice",
                               HX_STR_ARG(item));
    }
    *columns = out;
    *n = count;
    return HX_OK;
}
