/* fields.h - members of a JSON object that came from a file, checked; a wrong one makes *ok false and stays so. For src/learn. */
#ifndef HX_LEARN_FIELDS_H
#define HX_LEARN_FIELDS_H

#include "base/json.h"

/* A finite number; an integer in [0, most]; 0 where it is neither. */
double hx_field_number(const json_t *object, const char *key, bool *ok);
size_t hx_field_count(const json_t *object, const char *key, size_t most, bool *ok);
bool hx_field_bool(const json_t *object, const char *key, bool *ok);
/* In the arena; "" where it is wrong. */
const char *hx_field_text(const json_t *object, const char *key, hx_arena *arena, bool *ok);
/* An array of numbers in the arena, exactly `n` of them, all finite; or of texts, however many up to `most`. NULL where it is wrong. */
double *hx_field_numbers(const json_t *object, const char *key, size_t n, hx_arena *arena,
                         bool *ok);
const char **hx_field_texts(const json_t *object, const char *key, size_t most, hx_arena *arena,
                            size_t *n, bool *ok);
/* Writing: a member that is an array. */
void hx_put_numbers(hx_json_writer *w, const char *key, const double *x, size_t n);
void hx_put_texts(hx_json_writer *w, const char *key, const char *const *x, size_t n);

#endif
