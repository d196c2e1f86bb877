/* fields.c - members of JSON objects from files; see fields.h. */
#include "learn/fields.h"

#include <math.h>

static double finite_number(const json_t *value, bool *ok) {
    double x = json_is_number(value) ? json_number_value(value) : NAN;
    if (isfinite(x)) return x;
    *ok = false;
    return 0;
}

double hx_field_number(const json_t *object, const char *key, bool *ok) {
    return finite_number(json_object_get(object, key), ok);
}

size_t hx_field_count(const json_t *object, const char *key, size_t most, bool *ok) {
    const json_t *value = json_object_get(object, key);
    json_int_t x = json_is_integer(value) ? json_integer_value(value) : -1;
    if (x >= 0 && (uint64_t)x <= most) return (size_t)x;
    *ok = false;
    return 0;
}

bool hx_field_bool(const json_t *object, const char *key, bool *ok) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_boolean(value)) *ok = false;
    return json_is_true(value);
}

static const char *text(const json_t *value, hx_arena *arena, bool *ok) {
    const char *copy = NULL;
    if (json_is_string(value))
        copy =
            hx_arena_str(arena, (hx_str){json_string_value(value), json_string_length(value)}).ptr;
    if (copy) return copy;
    *ok = false;
    return "";
}

const char *hx_field_text(const json_t *object, const char *key, hx_arena *arena, bool *ok) {
    return text(json_object_get(object, key), arena, ok);
}

double *hx_field_numbers(const json_t *object, const char *key, size_t n, hx_arena *arena,
                         bool *ok) {
    const json_t *value = json_object_get(object, key);
    double *x = NULL;
    if (json_is_array(value) && json_array_size(value) == n)
        x = hx_arena_alloc(arena, (n + 1) * sizeof *x);
    if (!x) *ok = false;
    for (size_t i = 0; i < n && x; i++)
        x[i] = finite_number(json_array_get(value, i), ok);
    return x;
}

const char **hx_field_texts(const json_t *object, const char *key, size_t most, hx_arena *arena,
                            size_t *n, bool *ok) {
    const json_t *value = json_object_get(object, key);
    const char **x = NULL;
    *n = json_array_size(value);
    if (json_is_array(value) && *n <= most) x = hx_arena_alloc(arena, (*n + 1) * sizeof *x);
    if (!x) *ok = false;
    for (size_t i = 0; i < *n && x; i++)
        x[i] = text(json_array_get(value, i), arena, ok);
    return x;
}

void hx_put_numbers(hx_json_writer *w, const char *key, const double *x, size_t n) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t i = 0; i < n; i++)
        hx_json_double(w, x[i]);
    hx_json_end_array(w);
}

void hx_put_texts(hx_json_writer *w, const char *key, const char *const *x, size_t n) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t i = 0; i < n; i++)
        hx_json_cstr(w, x[i]);
    hx_json_end_array(w);
}
