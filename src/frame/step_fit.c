/* step_fit.c - groups of rows and the small change of steps that learn; see step_fit.h.
 *
 * A key of a group is the texts of its values as they are written, joined by U+001F, so that a recipe can keep it and another table be matched
 * against it. One text column is grouped by its codes; others by the hash of the key, two keys of one hash apart by probing.
 *
 * Ownership: all results lie in the arenas that are handed in. */
#include "frame/step_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "frame/table.h"

#define ROOM_BYTES_MAX ((size_t)32 << 30)
#define KEY_BYTES_MAX ((size_t)1 << 20)
#define CELL_ROOM 64

hx_arena *hx_step_room(void) {
    return hx_arena_new(ROOM_BYTES_MAX);
}

hx_status hx_step_array(hx_arena *room, size_t n, size_t size, void *out, hx_error *err) {
    void *p =
        room != NULL && n < SIZE_MAX / (size + 1) ? hx_arena_alloc(room, (n + 1) * size) : NULL;
    if (p == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    memcpy(out, &p, sizeof p);
    return HX_OK;
}

hx_status hx_step_values(const hx_table *t, size_t column, hx_arena *room, double **out,
                         hx_error *err) {
    HX_TRY(hx_step_array(room, hx_table_rows(t), sizeof **out, out, err));
    hx_table_numbers(t, column, 0, hx_table_rows(t), *out);
    return HX_OK;
}

hx_status hx_step_codes(const hx_table *t, size_t column, hx_arena *room, uint32_t **out,
                        hx_error *err) {
    HX_TRY(hx_step_array(room, hx_table_rows(t), sizeof **out, out, err));
    hx_table_codes(t, column, 0, hx_table_rows(t), *out);
    return HX_OK;
}

hx_status hx_step_names_of(const hx_table *t, const size_t *columns, size_t n, hx_arena *arena,
                           hx_names *out, hx_error *err) {
    HX_TRY(hx_step_array(arena, n, sizeof *out->names, &out->names, err));
    for (size_t i = 0; i < n; i++) {
        out->names[i] = hx_arena_str(arena, hx_table_column_at(t, columns[i])->name);
        if (out->names[i].ptr == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    out->n = n;
    return HX_OK;
}

static hx_status wrong_kind(const hx_table_column *about, hx_error *err) {
    static const char *const zh[] = {"数值", "时间", "真假值", "文本"};
    const char *word =
        err != NULL && err->ui == HX_UI_ZH ? zh[about->kind] : hx_kind_name(about->kind);
    return hx_fail(err, HX_EINVAL,
                   "the column '%.*s' is of the kind %s, which this method does not take",
                   HX_STR_ARG(about->name), word);
}

hx_status hx_step_columns_of(const hx_table *t, hx_names names, unsigned kinds, hx_arena *arena,
                             size_t **columns, size_t *n, hx_error *err) {
    HX_TRY(hx_step_columns(t, names, kinds, arena, columns, n, err));
    for (size_t i = 0; i < *n; i++) {
        const hx_table_column *about = hx_table_column_at(t, (*columns)[i]);
        if ((kinds >> about->kind & 1) == 0) return wrong_kind(about, err);
        for (size_t k = 0; k < i; k++)
            if ((*columns)[k] == (*columns)[i])
                return hx_fail(err, HX_EINVAL, "the column '%.*s' is named twice",
                               HX_STR_ARG(about->name));
    }
    return HX_OK;
}

hx_status hx_step_add_numbers(hx_table *t, hx_str name, hx_kind kind, const double *v, int decimals,
                              hx_error *err) {
    if (hx_table_find(t, name) != HX_COLUMN_NONE)
        return hx_fail(err, HX_ECONFLICT, "the step would add a column '%.*s', but there is one",
                       HX_STR_ARG(name));
    return hx_table_put_numbers(t, name, kind, v, decimals, err);
}

hx_status hx_step_keep_rows(hx_table *t, const bool *keep, hx_error *err) {
    const size_t n = hx_table_rows(t);
    hx_arena *room = hx_step_room();
    size_t *rows = NULL, count = 0;
    hx_status status = hx_step_array(room, n, sizeof *rows, &rows, err);
    for (size_t i = 0; i < n && status == HX_OK; i++)
        if (keep[i]) rows[count++] = i;
    if (status == HX_OK && count < n) status = hx_table_keep(t, rows, count, err);
    hx_arena_free(room);
    return status;
}

/* ------------------------------------------------------------------ groups */
typedef struct {
    const hx_table *t;
    size_t columns[8];
    size_t n_columns;
    hx_buf key;
    hx_map map; /* hash of a key -> 1 + its group */
    hx_groups *g;
    size_t room; /* of g->keys */
    hx_arena *keep; /* NULL: unknown keys are no group */
} grouping;

static hx_status grouping_init(grouping *s, const hx_table *t, hx_groups *g, hx_arena *keep,
                               hx_error *err) {
    *s = (grouping){.t = t, .g = g, .keep = keep};
    hx_buf_init(&s->key, KEY_BYTES_MAX);
    hx_map_init(&s->map);
    s->n_columns = g->by.n;
    if (g->by.n > sizeof s->columns / sizeof *s->columns)
        return hx_fail(err, HX_ELIMIT, "'by' takes at most %zu columns",
                       sizeof s->columns / sizeof *s->columns);
    for (size_t i = 0; i < g->by.n; i++)
        HX_TRY(hx_step_column(t, g->by.names[i], &s->columns[i], err));
    return HX_OK;
}

static void grouping_release(grouping *s) {
    hx_buf_release(&s->key);
    hx_map_release(&s->map);
}

static hx_str key_of(grouping *s, size_t row) {
    char room[CELL_ROOM];
    hx_buf_reset(&s->key);
    for (size_t i = 0; i < s->n_columns; i++) {
        if (i > 0) (void)hx_buf_append_byte(&s->key, 0x1F);
        (void)hx_buf_append_str(&s->key, hx_table_cell(s->t, row, s->columns[i], room));
    }
    return hx_buf_str(&s->key);
}

static bool add_key(grouping *s, hx_str key) {
    if (s->g->n == s->room) {
        const size_t more = s->room == 0 ? 16 : s->room * 2;
        hx_str *wider = hx_arena_alloc(s->keep, more * sizeof *wider);
        if (wider == NULL) return false;
        if (s->g->n > 0) memcpy(wider, s->g->keys, s->g->n * sizeof *wider);
        s->g->keys = wider;
        s->room = more;
    }
    const hx_str copy = hx_arena_str(s->keep, key);
    s->g->keys[s->g->n] = copy;
    s->g->n += copy.ptr != NULL;
    return copy.ptr != NULL;
}

/* The group of a key, made where it is new and keys are kept. False: out of memory. */
static bool find_key(grouping *s, hx_str key, uint32_t *group) {
    for (uint64_t probe = 0;; probe++) {
        const uint64_t hash = hx_hash_seed(key, probe);
        const uint64_t *there = hx_map_get(&s->map, hash);
        *group = HX_GROUP_NONE;
        if (there != NULL && hx_str_equal(s->g->keys[*there - 1], key)) {
            *group = (uint32_t)(*there - 1);
            return true;
        }
        if (there != NULL) continue;
        if (s->keep == NULL) return true;
        uint64_t *place = hx_map_put(&s->map, hash);
        if (place == NULL || !add_key(s, key)) return false;
        *place = s->g->n;
        *group = (uint32_t)(s->g->n - 1);
        return true;
    }
}

static bool know_keys(grouping *s) {
    for (size_t i = 0; i < s->g->n; i++) {
        uint64_t probe = 0;
        while (hx_map_get(&s->map, hx_hash_seed(s->g->keys[i], probe)) != NULL)
            probe++;
        uint64_t *place = hx_map_put(&s->map, hx_hash_seed(s->g->keys[i], probe));
        if (place == NULL) return false;
        *place = i + 1;
    }
    return true;
}

/* One text column: a group for each code, looked up once. */
static bool group_codes(grouping *s, hx_arena *room, uint32_t *of_row) {
    const size_t n = hx_table_rows(s->t),
                 n_values = hx_table_column_at(s->t, s->columns[0])->n_values;
    uint64_t *of_code = hx_arena_alloc(room, (n_values + 2) * sizeof *of_code); /* 1 + group */
    if (of_code == NULL) return false;
    hx_table_codes(s->t, s->columns[0], 0, n, of_row);
    for (size_t i = 0; i < n; i++) {
        const uint32_t code = of_row[i];
        uint64_t *known = &of_code[code == HX_CODE_MISSING ? n_values : code];
        if (*known == 0) {
            const hx_str value = code == HX_CODE_MISSING
                                     ? HX_STR_LIT("")
                                     : hx_table_value(s->t, s->columns[0], code);
            uint32_t group = 0;
            if (!find_key(s, value, &group)) return false;
            *known = (uint64_t)group + 1;
        }
        of_row[i] = (uint32_t)(*known - 1);
    }
    return true;
}

static bool group_cells(grouping *s, uint32_t *of_row) {
    for (size_t i = 0; i < hx_table_rows(s->t); i++) {
        const hx_str key = key_of(s, i);
        if (s->key.failed || !find_key(s, key, &of_row[i])) return false;
    }
    return true;
}

static hx_status group_rows(grouping *s, hx_arena *room, uint32_t **of_row, hx_error *err) {
    HX_TRY(hx_step_array(room, hx_table_rows(s->t), sizeof **of_row, of_row, err));
    if (s->n_columns == 0) return HX_OK;
    const bool codes =
        s->n_columns == 1 && hx_table_column_at(s->t, s->columns[0])->kind == HX_KIND_TEXT;
    const bool good =
        know_keys(s) && (codes ? group_codes(s, room, *of_row) : group_cells(s, *of_row));
    return good ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

hx_status hx_groups_find(const hx_table *t, hx_names by, hx_arena *keep, hx_arena *room,
                         hx_groups *out, uint32_t **of_row, hx_error *err) {
    grouping s;
    *out = (hx_groups){.by = by};
    hx_status status = grouping_init(&s, t, out, keep, err);
    if (status == HX_OK) status = group_rows(&s, room, of_row, err);
    if (by.n == 0) out->n = 1;
    grouping_release(&s);
    return status;
}

hx_status hx_groups_match(const hx_table *t, const hx_groups *g, hx_arena *room, uint32_t **of_row,
                          hx_error *err) {
    grouping s;
    hx_groups known = *g;
    hx_status status = grouping_init(&s, t, &known, NULL, err);
    if (status == HX_OK) status = group_rows(&s, room, of_row, err);
    grouping_release(&s);
    return status;
}

hx_status hx_groups_sort(const uint32_t *of_row, size_t n, size_t n_groups, hx_arena *room,
                         size_t **rows, size_t **start, hx_error *err) {
    HX_TRY(hx_step_array(room, n, sizeof **rows, rows, err));
    HX_TRY(hx_step_array(room, n_groups + 1, sizeof **start, start, err));
    size_t *at = *start;
    for (size_t i = 0; i < n; i++)
        if (of_row[i] != HX_GROUP_NONE) at[of_row[i] + 1]++;
    for (size_t g = 0; g < n_groups; g++)
        at[g + 1] += at[g];
    for (size_t i = 0; i < n; i++)
        if (of_row[i] != HX_GROUP_NONE) (*rows)[at[of_row[i]]++] = i;
    for (size_t g = n_groups; g > 0; g--)
        at[g] = at[g - 1];
    at[0] = 0;
    return HX_OK;
}

/* ------------------------------------------------------------------ order of rows */
typedef struct {
    double at;
    size_t row;
} placed;

static int by_place(const void *a, const void *b) {
    const placed *x = a, *y = b;
    const bool no_x = x->at != x->at, no_y = y->at != y->at;
    if (no_x != no_y) return no_x - no_y;
    if (!no_x && x->at != y->at) return x->at < y->at ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

hx_status hx_step_order(const hx_table *t, hx_str name, const size_t *start, size_t n_groups,
                        size_t *rows, hx_arena *room, hx_error *err) {
    size_t column = 0;
    double *at = NULL;
    placed *p = NULL;
    if (name.len == 0) return HX_OK;
    HX_TRY(hx_step_column(t, name, &column, err));
    const hx_kind kind = hx_table_column_at(t, column)->kind;
    if (kind != HX_KIND_NUMBER && kind != HX_KIND_TIME)
        return hx_fail(err, HX_EINVAL,
                       "the column '%.*s' gives no order: it holds neither times nor numbers",
                       HX_STR_ARG(name));
    HX_TRY(hx_step_values(t, column, room, &at, err));
    HX_TRY(hx_step_array(room, start[n_groups], sizeof *p, &p, err));
    for (size_t i = 0; i < start[n_groups]; i++)
        p[i] = (placed){at[rows[i]], rows[i]};
    for (size_t g = 0; g < n_groups; g++)
        qsort(p + start[g], start[g + 1] - start[g], sizeof *p, by_place);
    for (size_t i = 0; i < start[n_groups]; i++)
        rows[i] = p[i].row;
    return HX_OK;
}

/* ------------------------------------------------------------------ columns put back */
int hx_step_decimals(int old, double value) {
    if (old < 0 || old > 15 || value != value) return old < 0 || old > 15 ? -1 : old;
    const double power = (double)hx_power_of_ten(old);
    return rint(value * power) / power == value ? old : -1;
}

uint32_t hx_step_code_of(const hx_table *t, size_t column, hx_str value) {
    const size_t n = hx_table_column_at(t, column)->n_values;
    for (size_t i = 0; i < n; i++)
        if (hx_str_equal(hx_table_value(t, column, (uint32_t)i), value)) return (uint32_t)i;
    return (uint32_t)n;
}

hx_status hx_step_put_codes(hx_table *t, size_t column, const uint32_t *codes, const hx_str *extra,
                            size_t n_extra, hx_error *err) {
    const hx_table_column *about = hx_table_column_at(t, column);
    const size_t n = about->n_values;
    hx_str *values = NULL;
    hx_arena *room = hx_step_room();
    hx_status status = hx_step_array(room, n + n_extra, sizeof *values, &values, err);
    for (size_t i = 0; i < n + n_extra && status == HX_OK; i++)
        values[i] = i < n ? hx_table_value(t, column, (uint32_t)i) : extra[i - n];
    if (status == HX_OK)
        status = hx_table_put_texts(t, about->name, codes, values, n + n_extra, err);
    hx_arena_free(room);
    return status;
}

/* ------------------------------------------------------------------ JSON */
void hx_step_write_reals(hx_json_writer *w, const char *key, const double *v, size_t n) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t i = 0; i < n; i++)
        hx_json_double(w, v[i]);
    hx_json_end_array(w);
}

void hx_step_write_names(hx_json_writer *w, const char *key, const hx_str *v, size_t n) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t i = 0; i < n; i++)
        hx_json_str(w, v[i]);
    hx_json_end_array(w);
}

hx_status hx_step_damaged(const char *key, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "the recipe is damaged: '%s' is not what it has to be", key);
}

hx_status hx_step_read_reals(const json_t *o, const char *key, hx_arena *arena, double **out,
                             size_t *n, hx_error *err) {
    const json_t *v = json_object_get(o, key);
    if (!json_is_array(v)) return hx_step_damaged(key, err);
    *n = json_array_size(v);
    HX_TRY(hx_step_array(arena, *n, sizeof **out, out, err));
    for (size_t i = 0; i < *n; i++) {
        const json_t *item = json_array_get(v, i);
        if (!json_is_number(item) && !json_is_null(item)) return hx_step_damaged(key, err);
        (*out)[i] = json_is_null(item) ? NAN : json_number_value(item);
    }
    return HX_OK;
}

hx_status hx_step_read_n(const json_t *o, const char *key, size_t n, hx_arena *arena, double **out,
                         hx_error *err) {
    size_t there = 0;
    HX_TRY(hx_step_read_reals(o, key, arena, out, &there, err));
    return there == n ? HX_OK : hx_step_damaged(key, err);
}
