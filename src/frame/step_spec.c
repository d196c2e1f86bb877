/* step_spec.c - what steps have in common: reading the members of their JSON, finding their columns, their notes.
 *
 * All sentences name the key or the column at fault; recipe.c puts the step in front of them. A column that is missing from a table is
 * answered with the nearest name there is.
 *
 * Texts that are given out belong to the JSON tree, lists to the arena. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "frame/step.h"
#include "frame/table.h"

/* ------------------------------------------------------------------ members */
static const json_t *member(const json_t *spec, const char *key) {
    const json_t *v = json_object_get(spec, key);
    return json_is_null(v) ? NULL : v;
}

static hx_str text_of(const json_t *v) {
    return (hx_str){json_string_value(v), json_string_length(v)};
}

hx_status hx_step_text(const json_t *spec, const char *key, const char *otherwise, hx_str *out,
                       hx_error *err) {
    const json_t *v = member(spec, key);
    if (v != NULL && !json_is_string(v))
        return hx_fail(err, HX_EINVAL, "'%s' has to be a text", key);
    *out = v != NULL ? text_of(v) : hx_str_of(otherwise);
    return HX_OK;
}

hx_status hx_step_number(const json_t *spec, const char *key, double otherwise, double *out,
                         hx_error *err) {
    const json_t *v = member(spec, key);
    if (v != NULL && !json_is_number(v))
        return hx_fail(err, HX_EINVAL, "'%s' has to be a number", key);
    *out = v != NULL ? json_number_value(v) : otherwise;
    return HX_OK;
}

hx_status hx_step_count(const json_t *spec, const char *key, int64_t otherwise, int64_t low,
                        int64_t high, int64_t *out, hx_error *err) {
    const json_t *v = member(spec, key);
    const int64_t n = v != NULL ? (int64_t)json_integer_value(v) : otherwise;
    if (v != NULL && (!json_is_integer(v) || n < low || n > high))
        return hx_fail(err, HX_EINVAL, "'%s' has to be a whole number from %lld to %lld", key,
                       (long long)low, (long long)high);
    *out = n;
    return HX_OK;
}

hx_status hx_step_flag(const json_t *spec, const char *key, bool otherwise, bool *out,
                       hx_error *err) {
    const json_t *v = member(spec, key);
    if (v != NULL && !json_is_boolean(v))
        return hx_fail(err, HX_EINVAL, "'%s' has to be true or false", key);
    *out = v != NULL ? json_is_true(v) : otherwise;
    return HX_OK;
}

hx_status hx_step_choice(const json_t *spec, const char *key, const char *const *choices,
                         int otherwise, int *out, hx_error *err) {
    hx_str s;
    *out = otherwise;
    if (member(spec, key) == NULL) return HX_OK;
    HX_TRY(hx_step_text(spec, key, NULL, &s, err));
    char all[HX_STR_SHOWN_MAX];
    size_t len = 0;
    for (int i = 0; choices[i] != NULL; i++) {
        if (hx_str_equal(s, hx_str_of(choices[i]))) {
            *out = i;
            return HX_OK;
        }
        const int n = snprintf(all + len, sizeof all - len, "%s%s", i > 0 ? ", " : "", choices[i]);
        if (n > 0 && (size_t)n < sizeof all - len) len += (size_t)n;
    }
    all[len] = '\0';
    return hx_fail(err, HX_EINVAL, "'%s' can't be '%.*s'; there are: %s", key, HX_STR_ARG(s), all);
}

static hx_status names_of_text(hx_str list, hx_arena *arena, hx_names *out, hx_error *err) {
    hx_str rest = list, item;
    while (hx_list_next(&rest, &item))
        out->n++;
    out->names = hx_arena_alloc(arena, (out->n + 1) * sizeof *out->names);
    if (out->names == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    rest = list;
    for (size_t i = 0; i < out->n; i++)
        (void)hx_list_next(&rest, &out->names[i]);
    return HX_OK;
}

hx_status hx_step_names(const json_t *spec, const char *key, hx_arena *arena, hx_names *out,
                        hx_error *err) {
    const json_t *v = member(spec, key);
    *out = (hx_names){NULL, 0};
    if (v == NULL) return HX_OK;
    if (json_is_string(v)) return names_of_text(text_of(v), arena, out, err);
    if (!json_is_array(v)) return hx_fail(err, HX_EINVAL, "'%s' has to be a list of names", key);
    out->n = json_array_size(v);
    out->names = hx_arena_alloc(arena, (out->n + 1) * sizeof *out->names);
    if (out->names == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < out->n; i++) {
        const json_t *item = json_array_get(v, i);
        if (!json_is_string(item))
            return hx_fail(err, HX_EINVAL, "'%s' has to be a list of names", key);
        out->names[i] = text_of(item);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ columns */
#define NAMES_COMPARED 256

hx_status hx_step_column(const hx_table *t, hx_str name, size_t *column, hx_error *err) {
    *column = hx_table_find(t, name);
    if (*column != HX_COLUMN_NONE) return HX_OK;
    hx_str names[NAMES_COMPARED];
    const size_t n = t->n_columns < NAMES_COMPARED ? t->n_columns : NAMES_COMPARED;
    for (size_t i = 0; i < n; i++)
        names[i] = t->columns[i]->about.name;
    const hx_str near = hx_nearest_name(name, names, n);
    if (near.len > 0)
        return hx_fail(err, HX_ENOTFOUND, "there is no column '%.*s'; did you mean '%.*s'?",
                       HX_STR_ARG(name), HX_STR_ARG(near));
    return hx_fail(err, HX_ENOTFOUND, "there is no column '%.*s'", HX_STR_ARG(name));
}

/* The words for kinds in sentences; hx_kind_name() is for files. */
static const char *kind_word(hx_kind kind, hx_ui_lang ui) {
    static const char *const zh[] = {"数值", "时间", "真假值", "文本"};
    return ui == HX_UI_ZH ? zh[kind] : hx_kind_name(kind);
}

hx_status hx_step_column_of(const hx_table *t, hx_str name, hx_kind kind, size_t *column,
                            hx_error *err) {
    HX_TRY(hx_step_column(t, name, column, err));
    const hx_kind there = t->columns[*column]->about.kind;
    const hx_ui_lang ui = err != NULL ? err->ui : HX_UI_EN;
    if (there == kind) return HX_OK;
    return hx_fail(err, HX_EINVAL, "the column '%.*s' is of the kind %s, not %s", HX_STR_ARG(name),
                   kind_word(there, ui), kind_word(kind, ui));
}

hx_status hx_step_columns(const hx_table *t, hx_names names, unsigned kinds, hx_arena *arena,
                          size_t **columns, size_t *n, hx_error *err) {
    const size_t most = names.n > 0 ? names.n : t->n_columns;
    size_t *out = hx_arena_alloc(arena, (most + 1) * sizeof *out), count = 0;
    if (out == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < names.n; i++)
        HX_TRY(hx_step_column(t, names.names[i], &out[count++], err));
    for (size_t c = 0; names.n == 0 && c < t->n_columns; c++)
        if ((kinds >> t->columns[c]->about.kind & 1) != 0) out[count++] = c;
    *columns = out;
    *n = count;
    return HX_OK;
}

/* ------------------------------------------------------------------ notes */
void hx_step_say(hx_step_run *run, const char *en, const char *zh, ...) {
    va_list arguments, again;
    va_start(arguments, zh);
    va_copy(again, arguments);
    (void)vsnprintf(run->note[HX_UI_EN], sizeof run->note[HX_UI_EN], en, arguments);
    (void)vsnprintf(run->note[HX_UI_ZH], sizeof run->note[HX_UI_ZH], zh, again);
    va_end(again);
    va_end(arguments);
}
