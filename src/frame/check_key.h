/* check_key.h - keys of rows over some columns: for rules, duplicates and the matching of sources.
 *
 * A key's hash is over the cells as text, so that a key which one file holds as numbers and another as texts is the same key. */
#ifndef HX_FRAME_CHECK_KEY_H
#define HX_FRAME_CHECK_KEY_H

#include "huaxiang/frame.h"

#define HX_KEY_TEXT_MAX 64
/* A cell as a key has it: shortest numbers, milliseconds of times, true/false, texts; empty = missing. */
hx_str hx_key_cell(const hx_table *t, size_t row, size_t column, char room[HX_KEY_TEXT_MAX]);
/* hashes (rows) in the arena; 0 = all of the columns are missing. */
hx_status hx_key_hashes(const hx_table *t, const size_t *columns, size_t n, hx_arena *arena,
                        uint64_t **hashes, hx_error *err) HX_MUST_USE;
/* first (rows) in the arena: the first row with equal cells, itself where there is none before; HX_COLUMN_NONE where all cells are missing. */
hx_status hx_key_first(const hx_table *t, const size_t *columns, size_t n, hx_arena *arena,
                       size_t **first, hx_error *err) HX_MUST_USE;
/* "a,b" of columns, in the arena; {NULL, 0} when out of memory. */
hx_str hx_key_names(const hx_table *t, const size_t *columns, size_t n, hx_arena *arena);

#endif
