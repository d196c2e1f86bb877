/* design_file.c - a fitted design as a JSON object, and back:
 *
 *     {"task":"classes","wants":3,"target":"churn","target_kind":"text","event":"","weight":"","classes":[...],"class_values":[...],
 *      "columns":[{"name":"age","kind":"number","missing":true,"mean":41.5},
 *                 {"name":"city","kind":"text","missing":false,"levels":[...],"others":true},
 *                 {"name":"review","kind":"text","missing":false,"levels":[...],"others":false,"tokens":120,"items":""}],
 *      "means":[...],"deviations":[...]}
 *
 * class_values only where the target is no text, means and deviations only where features are scaled. Names and numbers of features follow
 * from the columns. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/design.h"
#include "learn/fields.h"

#define ARENA_MAX ((size_t)4 << 30)
#define WANTS_ALL 127

static const char *const task_names[] = {"auto", "regression", "classes", "survival", "outliers"};
#define TASKS (sizeof task_names / sizeof *task_names)

static void write_column(const hx_design_column *c, hx_json_writer *w) {
    hx_json_object(w);
    hx_json_key(w, "name");
    hx_json_cstr(w, c->name);
    hx_json_key(w, "kind");
    hx_json_cstr(w, hx_kind_name(c->kind));
    hx_json_key(w, "missing");
    hx_json_bool(w, c->had_missing);
    if (c->kind == HX_KIND_TEXT) {
        hx_put_texts(w, "levels", c->levels, c->n_levels);
        hx_json_key(w, "others");
        hx_json_bool(w, c->others);
        if (c->tokens) {
            hx_json_key(w, "tokens");
            hx_json_int(w, (int64_t)c->tokens);
            hx_json_key(w, "items");
            hx_json_cstr(w, c->mark);
        }
    } else {
        hx_json_key(w, "mean");
        hx_json_double(w, c->mean);
    }
    hx_json_end_object(w);
}

static void write_text(hx_json_writer *w, const char *key, const char *value) {
    hx_json_key(w, key);
    hx_json_cstr(w, value);
}

void hx_design_write(const hx_design *d, hx_json_writer *w) {
    hx_json_object(w);
    write_text(w, "task", task_names[d->task]);
    hx_json_key(w, "wants");
    hx_json_int(w, d->wants);
    write_text(w, "target", d->target);
    write_text(w, "target_kind", hx_kind_name(d->target_kind));
    write_text(w, "event", d->event);
    write_text(w, "weight", d->weight);
    hx_put_texts(w, "classes", d->classes, d->n_classes);
    if (d->class_values) hx_put_numbers(w, "class_values", d->class_values, d->n_classes);
    hx_json_key(w, "columns");
    hx_json_array(w);
    for (size_t i = 0; i < d->n_columns; i++)
        write_column(&d->columns[i], w);
    hx_json_end_array(w);
    if (d->means) {
        hx_put_numbers(w, "means", d->means, d->d);
        hx_put_numbers(w, "deviations", d->deviations, d->d);
    }
    hx_json_end_object(w);
}

/* ------------------------------------------------------------------ reading */
static hx_status damaged(hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "the model's features are damaged");
}

static hx_kind read_kind(const json_t *json, const char *key, hx_arena *arena, bool *ok) {
    const char *name = hx_field_text(json, key, arena, ok);
    for (int k = 0; k <= HX_KIND_TEXT; k++)
        if (strcmp(name, hx_kind_name((hx_kind)k)) == 0) return (hx_kind)k;
    *ok = false;
    return HX_KIND_NUMBER;
}

static bool sorted(const char *const *names, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (strcmp(names[i - 1], names[i]) >= 0) return false;
    return true;
}

static bool ascending(const double *x, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (!(x[i - 1] < x[i])) return false;
    return true;
}

static void read_column(hx_design *d, hx_design_column *c, const json_t *json, bool *ok) {
    c->name = hx_field_text(json, "name", d->arena, ok);
    c->kind = read_kind(json, "kind", d->arena, ok);
    c->had_missing = hx_field_bool(json, "missing", ok);
    if (c->kind != HX_KIND_TEXT) {
        c->mean = hx_field_number(json, "mean", ok);
        return;
    }
    bool reads = json_object_get(json, "tokens") != NULL;
    size_t most = reads ? HX_TOKENS_MAX : HX_LEVELS_MAX;
    c->levels = hx_field_texts(json, "levels", most, d->arena, &c->n_levels, ok);
    if (reads) {
        c->tokens = hx_field_count(json, "tokens", HX_TOKENS_LENGTH_MAX, ok);
        c->mark = hx_field_text(json, "items", d->arena, ok);
        *ok = *ok && c->tokens > 0;
    }
    c->others = hx_field_bool(json, "others", ok);
    if (*ok && !sorted(c->levels, c->n_levels)) *ok = false;
}

static void read_columns(hx_design *d, const json_t *json, bool *ok) {
    size_t n = json_array_size(json);
    if (!json_is_array(json) || n == 0 || n > HX_COLUMNS_MAX) *ok = false;
    if (!*ok) return;
    d->columns = hx_arena_alloc(d->arena, n * sizeof *d->columns);
    d->column_names = hx_arena_alloc(d->arena, n * sizeof *d->column_names);
    *ok = d->columns && d->column_names;
    for (size_t i = 0; i < n && *ok; i++) {
        read_column(d, &d->columns[i], json_array_get(json, i), ok);
        if (d->columns[i].tokens && i + 1 < n) *ok = false;
        d->column_names[i] = d->columns[i].name;
    }
    d->n_columns = n;
}

static void read_target(hx_design *d, const json_t *json, bool *ok) {
    const char *task = hx_field_text(json, "task", d->arena, ok);
    size_t k = 1;
    while (k < TASKS && strcmp(task, task_names[k]) != 0)
        k++;
    *ok = *ok && k < TASKS;
    d->task = (hx_learn_task)k;
    d->wants = (unsigned)hx_field_count(json, "wants", WANTS_ALL, ok);
    d->target = hx_field_text(json, "target", d->arena, ok);
    d->target_kind = read_kind(json, "target_kind", d->arena, ok);
    d->event = hx_field_text(json, "event", d->arena, ok);
    d->weight = hx_field_text(json, "weight", d->arena, ok);
    d->classes = hx_field_texts(json, "classes", HX_CLASSES_MAX, d->arena, &d->n_classes, ok);
    if (!*ok || d->task != HX_TASK_CLASSES) return;
    *ok = d->n_classes >= 2;
    if (d->target_kind == HX_KIND_TEXT) {
        *ok = *ok && sorted(d->classes, d->n_classes);
        return;
    }
    d->class_values = hx_field_numbers(json, "class_values", d->n_classes, d->arena, ok);
    *ok = *ok && ascending(d->class_values, d->n_classes);
}

static hx_status read_design(hx_design *d, const json_t *json, hx_error *err) {
    bool ok = json_is_object(json);
    read_target(d, json, &ok);
    read_columns(d, json_object_get(json, "columns"), &ok);
    if (!ok) return damaged(err);
    HX_TRY(hx_design_name_features(d, err));
    if (!(d->wants & HX_WANTS_SCALED)) return HX_OK;
    d->means = hx_field_numbers(json, "means", d->d, d->arena, &ok);
    d->deviations = hx_field_numbers(json, "deviations", d->d, d->arena, &ok);
    return ok ? HX_OK : damaged(err);
}

hx_status hx_design_read(hx_design **out, const json_t *json, hx_error *err) {
    hx_design *d = calloc(1, sizeof *d);
    hx_status st = HX_OK;
    if (!d || !(d->arena = hx_arena_new(ARENA_MAX))) {
        free(d);
        return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    }
    st = read_design(d, json, err);
    if (st != HX_OK) {
        hx_design_free(d);
        return st;
    }
    *out = d;
    return HX_OK;
}
