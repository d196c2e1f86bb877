/* step_fit.h - what steps that learn share: groups of rows, columns as doubles, order statistics, arrays in JSON.
 *
 * Scratch of a step that is applied lives in an arena of its own (hx_step_room()), what is learnt in the recipe's. */
#ifndef HX_FRAME_STEP_FIT_H
#define HX_FRAME_STEP_FIT_H

#include "frame/step.h"

#define HX_GROUP_NONE UINT32_MAX
#define HX_KINDS_NUMBER (1u << HX_KIND_NUMBER)
#define HX_KINDS_ALL                                                                               \
    (1u << HX_KIND_NUMBER | 1u << HX_KIND_TIME | 1u << HX_KIND_BOOLEAN | 1u << HX_KIND_TEXT)

/* Rows of equal values in the columns `by`; a missing value is a value of its own. Without columns all rows are group 0. */
typedef struct {
    hx_names by;
    size_t n; /* groups */
    hx_str *keys; /* [n] their values as texts, joined by U+001F */
} hx_groups;

/* An arena for the time of one call; freed with hx_arena_free(). NULL: out of memory. */
hx_arena *hx_step_room(void);
/* The groups of a table and each row's (rows); groups in order of first appearance. Keys in `keep`, of_row in `room`. */
hx_status hx_groups_find(const hx_table *t, hx_names by, hx_arena *keep, hx_arena *room,
                         hx_groups *out, uint32_t **of_row, hx_error *err) HX_MUST_USE;
/* Each row's group among known ones; HX_GROUP_NONE where it is none of them. */
hx_status hx_groups_match(const hx_table *t, const hx_groups *g, hx_arena *room, uint32_t **of_row,
                          hx_error *err) HX_MUST_USE;
/* Rows in order of their groups: rows (n), group g is rows[start[g], start[g + 1]); those of no group are left out. */
hx_status hx_groups_sort(const uint32_t *of_row, size_t n, size_t n_groups, hx_arena *room,
                         size_t **rows, size_t **start, hx_error *err) HX_MUST_USE;

/* All values of a column (rows) in `room`; infinities as they are. */
hx_status hx_step_values(const hx_table *t, size_t column, hx_arena *room, double **out,
                         hx_error *err) HX_MUST_USE;
hx_status hx_step_codes(const hx_table *t, size_t column, hx_arena *room, uint32_t **out,
                        hx_error *err) HX_MUST_USE;
/* An array of n items of `size` bytes, zeroed. */
hx_status hx_step_array(hx_arena *room, size_t n, size_t size, void *out,
                        hx_error *err) HX_MUST_USE;
/* The names of columns, copied. */
hx_status hx_step_names_of(const hx_table *t, const size_t *columns, size_t n, hx_arena *arena,
                           hx_names *out, hx_error *err) HX_MUST_USE;
/* The columns, all of those kinds; another is refused with its name. None given: all of those kinds. */
hx_status hx_step_columns_of(const hx_table *t, hx_names names, unsigned kinds, hx_arena *arena,
                             size_t **columns, size_t *n, hx_error *err) HX_MUST_USE;
/* Adds a column that must not be there yet: nothing is overwritten silently. */
hx_status hx_step_add_numbers(hx_table *t, hx_str name, hx_kind kind, const double *v, int decimals,
                              hx_error *err) HX_MUST_USE;
/* Rows for which keep[row] is true stay. */
hx_status hx_step_keep_rows(hx_table *t, const bool *keep, hx_error *err) HX_MUST_USE;

/* Digits behind the point for a column that had `old` and gets `value` too. */
int hx_step_decimals(int old, double value);
/* Replaces the codes of a TEXT column by `codes`; those from n_values on mean `extra` (n_extra), which are no values of it yet. */
hx_status hx_step_put_codes(hx_table *t, size_t column, const uint32_t *codes, const hx_str *extra,
                            size_t n_extra, hx_error *err) HX_MUST_USE;
/* The code of a value in a TEXT column, or its n_values. */
uint32_t hx_step_code_of(const hx_table *t, size_t column, hx_str value);
/* Rows of each group in order of a column of numbers or times, or as they stand (name.len = 0); rows without an order come last. */
hx_status hx_step_order(const hx_table *t, hx_str name, const size_t *start, size_t n_groups,
                        size_t *rows, hx_arena *room, hx_error *err) HX_MUST_USE;

/* JSON. A NaN is null. */
void hx_step_write_reals(hx_json_writer *w, const char *key, const double *v, size_t n);
void hx_step_write_names(hx_json_writer *w, const char *key, const hx_str *v, size_t n);
/* An array of numbers or null. */
hx_status hx_step_read_reals(const json_t *o, const char *key, hx_arena *arena, double **out,
                             size_t *n, hx_error *err) HX_MUST_USE;
/* An array of exactly n. */
hx_status hx_step_read_n(const json_t *o, const char *key, size_t n, hx_arena *arena, double **out,
                         hx_error *err) HX_MUST_USE;
/* "the recipe is damaged: ..." */
hx_status hx_step_damaged(const char *key, hx_error *err) HX_MUST_USE;

/* ---- order.c: values without NaN, moved about in place. NaN where n = 0. */
/* The p-quantile, interpolated linearly as numpy and pandas do by default; p in [0, 1]. */
double hx_quantile(double *v, size_t n, double p);
double hx_median(double *v, size_t n);
void hx_sort_reals(double *v, size_t n);
/* The p-quantile of sorted values. */
double hx_quantile_sorted(const double *v, size_t n, double p);
/* Values that are no NaN to the front; how many. */
size_t hx_drop_missing(double *v, size_t n);
/* Mean and sum of squared deviations, in two passes. */
void hx_mean_squares(const double *v, size_t n, double *mean, double *squares);
/* The mean of v[0], v[step], ... (n), `count` of them no NaN, whose sum is `sum`; safe where that is beyond doubles. */
double hx_mean_of_sum(double sum, const double *v, size_t step, size_t n, size_t count);
/* The commonest value, the least among equals; sorts. */
double hx_mode(double *v, size_t n);

#endif
