/* step_repair.c - the step that replaces misspelt values of text columns by a mapping.
 *
 *     {"step":"repair","mapping":[{"column":"city","from":"上海市","to":"上海"}, ...]}      as somebody read and kept it
 *     {"step":"repair","columns":["city"]}                                                as the training table proposes
 *
 * A column of the mapping has to be there and hold texts; values that the mapping does not name stay. What was learnt is the mapping itself,
 * so a fitted recipe shows it. Replacement is once, not again and again: a -> b and b -> c make a to b. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "frame/step.h"

#define MAPPING_MAX 1000000

typedef struct {
    hx_str column, from, to;
} pair;

typedef struct {
    const char *columns; /* in the arena; NULL */
    pair *pairs; /* [n] */
    size_t n;
    bool given; /* by the step, nothing to learn */
} repair;

static hx_status parse_pair(const json_t *item, pair *p, hx_arena *arena, hx_error *err) {
    hx_str column, from, to;
    if (!json_is_object(item))
        return hx_fail(err, HX_EINVAL, "'mapping' has to be a list of column, from, to");
    HX_TRY(hx_step_text(item, "column", NULL, &column, err));
    HX_TRY(hx_step_text(item, "from", NULL, &from, err));
    HX_TRY(hx_step_text(item, "to", NULL, &to, err));
    if (column.len == 0 || from.len == 0)
        return hx_fail(err, HX_EINVAL, "'mapping' has to be a list of column, from, to");
    *p = (pair){hx_arena_str(arena, column), hx_arena_str(arena, from), hx_arena_str(arena, to)};
    return p->column.ptr != NULL && p->from.ptr != NULL && p->to.ptr != NULL
               ? HX_OK
               : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status parse_pairs(const json_t *list, repair *r, hx_arena *arena, hx_error *err) {
    if (!json_is_array(list) || json_array_size(list) > MAPPING_MAX)
        return hx_fail(err, HX_EINVAL, "'mapping' has to be a list of column, from, to");
    r->pairs = hx_arena_alloc(arena, (json_array_size(list) + 1) * sizeof *r->pairs);
    if (r->pairs == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (r->n = 0; r->n < json_array_size(list); r->n++)
        HX_TRY(parse_pair(json_array_get(list, r->n), &r->pairs[r->n], arena, err));
    return HX_OK;
}

static hx_status join_names(const hx_names *names, hx_arena *arena, const char **out,
                            hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, (size_t)1 << 20);
    for (size_t i = 0; i < names->n; i++) {
        (void)hx_buf_append_lit(&b, i > 0 ? ",\"" : "\"");
        (void)hx_buf_append_str(&b, names->names[i]);
        (void)hx_buf_append_byte(&b, '"');
    }
    hx_status status = hx_buf_status(&b, "columns", err);
    if (status == HX_OK && names->n > 0) {
        *out = hx_arena_str(arena, hx_buf_str(&b)).ptr;
        if (*out == NULL) status = hx_fail(err, HX_ENOMEM, "out of memory");
    }
    hx_buf_release(&b);
    return status;
}

static hx_status parse_repair(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    repair *r = state;
    hx_names names;
    const json_t *mapping = json_object_get(spec, "mapping");
    HX_TRY(hx_step_names(spec, "columns", arena, &names, err));
    HX_TRY(join_names(&names, arena, &r->columns, err));
    r->given = mapping != NULL;
    return r->given ? parse_pairs(mapping, r, arena, err) : HX_OK;
}

static hx_status check_pairs(const repair *r, const hx_table *t, hx_error *err) {
    size_t column = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (i > 0 && hx_str_equal(r->pairs[i].column, r->pairs[i - 1].column)) continue;
        HX_TRY(hx_step_column(t, r->pairs[i].column, &column, err));
    }
    return HX_OK;
}

static hx_status fit_repair(void *state, const hx_table *t, hx_arena *arena, hx_step_run *run,
                            hx_error *err) {
    repair *r = state;
    hx_repair *found = NULL;
    size_t n = 0;
    (void)run;
    if (r->given) return check_pairs(r, t, err);
    HX_TRY(hx_table_propose_repairs(t, r->columns, arena, &found, &n, err));
    r->pairs = hx_arena_alloc(arena, (n + 1) * sizeof *r->pairs);
    if (r->pairs == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (r->n = 0; r->n < n; r->n++)
        r->pairs[r->n] = (pair){found[r->n].column, found[r->n].from, found[r->n].to};
    return HX_OK;
}

/* ------------------------------------------------------------------ replacing */
typedef struct {
    uint32_t *places; /* code -> code */
    hx_str *values; /* [n_values] then added ones */
    size_t n;
    size_t changed; /* codes */
} renaming;

static uint32_t find_value(const renaming *m, hx_str s) {
    for (size_t i = 0; i < m->n; i++)
        if (hx_str_equal(m->values[i], s)) return (uint32_t)i;
    return HX_CODE_MISSING;
}

/* The pairs of one column over its dictionary; an empty `to` makes it missing. */
static void rename_values(renaming *m, const repair *r, hx_str column) {
    const size_t before = m->n;
    for (size_t i = 0; i < r->n; i++) {
        const pair *p = &r->pairs[i];
        if (!hx_str_equal(p->column, column)) continue;
        const uint32_t from = find_value(m, p->from);
        if (from == HX_CODE_MISSING || from >= before) continue;
        uint32_t to = HX_CODE_MISSING;
        if (p->to.len > 0) {
            to = find_value(m, p->to);
            if (to == HX_CODE_MISSING) m->values[to = (uint32_t)m->n++] = p->to;
        }
        m->changed += m->places[from] != to;
        m->places[from] = to;
    }
}

static hx_status replace_column(const repair *r, hx_table *t, size_t column, size_t *rows,
                                hx_error *err) {
    const hx_table_column *about = hx_table_column_at(t, column);
    const size_t n = hx_table_rows(t), values = about->n_values;
    uint32_t *codes = calloc(n + 1, sizeof *codes);
    renaming m = {calloc(values + 1, sizeof *m.places), calloc(values + r->n + 1, sizeof *m.values),
                  values, 0};
    hx_status status = HX_OK;
    if (codes == NULL || m.places == NULL || m.values == NULL) {
        status = hx_fail(err, HX_ENOMEM, "out of memory");
    } else {
        for (size_t i = 0; i < values; i++) {
            m.places[i] = (uint32_t)i;
            m.values[i] = hx_table_value(t, column, (uint32_t)i);
        }
        rename_values(&m, r, about->name);
        hx_table_codes(t, column, 0, n, codes);
        for (size_t i = 0; i < n; i++) {
            if (codes[i] == HX_CODE_MISSING) continue;
            *rows += m.places[codes[i]] != codes[i];
            codes[i] = m.places[codes[i]];
        }
        if (m.changed > 0) status = hx_table_put_texts(t, about->name, codes, m.values, m.n, err);
    }
    free(codes);
    free(m.places);
    free(m.values);
    return status;
}

static bool is_named(const repair *r, hx_str column) {
    for (size_t i = 0; i < r->n; i++)
        if (hx_str_equal(r->pairs[i].column, column)) return true;
    return false;
}

static hx_status apply_repair(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    const repair *r = state;
    size_t rows = 0;
    for (size_t c = 0; c < hx_table_columns(t); c++) {
        const hx_table_column *about = hx_table_column_at(t, c);
        if (about->kind == HX_KIND_TEXT && is_named(r, about->name))
            HX_TRY(replace_column(r, t, c, &rows, err));
    }
    hx_step_say(run, "values repaired: %zu, by a mapping of %zu", "修正 %zu 个值（映射共 %zu 条）",
                rows, r->n);
    return HX_OK;
}

static void write_repair(const void *state, hx_json_writer *w) {
    const repair *r = state;
    hx_json_object(w);
    hx_json_key(w, "mapping");
    hx_json_array(w);
    for (size_t i = 0; i < r->n; i++) {
        hx_json_object(w);
        hx_json_key(w, "column");
        hx_json_str(w, r->pairs[i].column);
        hx_json_key(w, "from");
        hx_json_str(w, r->pairs[i].from);
        hx_json_key(w, "to");
        hx_json_str(w, r->pairs[i].to);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static hx_status read_repair(void *state, const json_t *fitted, hx_arena *arena, hx_error *err) {
    return parse_pairs(json_object_get(fitted, "mapping"), state, arena, err);
}

static const char *const repair_keys[] = {"columns", "mapping", NULL};

const hx_step_kind hx_step_repair = {.name = "repair",
                                     .keys = repair_keys,
                                     .size = sizeof(repair),
                                     .parse = parse_repair,
                                     .fit = fit_repair,
                                     .apply = apply_repair,
                                     .write = write_repair,
                                     .read = read_repair};
