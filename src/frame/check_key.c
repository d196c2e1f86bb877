/* check_key.c - keys of rows; see check_key.h.
 *
 *     cells -> hash of each column's text -> mixed in the order of the columns -> map from hash to the first row
 *
 * A text column is hashed once a value of its dictionary, not once a row. Two rows with one hash are compared cell by cell before they
 * count as equal; should they differ, the second one looks for its place behind the first (linear probing over hashes). */
#include "frame/check_key.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/number.h"

#define BLOCK 4096

static hx_str number_text(double v, char room[HX_KEY_TEXT_MAX]) {
    return (hx_str){room, v == v ? hx_double_put(v == 0 ? 0 : v, room) : 0};
}

hx_str hx_key_cell(const hx_table *t, size_t row, size_t column, char room[HX_KEY_TEXT_MAX]) {
    const hx_kind kind = hx_table_column_at(t, column)->kind;
    double v = 0;
    if (kind == HX_KIND_TEXT) {
        uint32_t code = 0;
        hx_table_codes(t, column, row, 1, &code);
        return code == HX_CODE_MISSING ? (hx_str){NULL, 0} : hx_table_value(t, column, code);
    }
    hx_table_numbers(t, column, row, 1, &v);
    if (kind == HX_KIND_BOOLEAN && v == v) return hx_str_of(v != 0 ? "true" : "false");
    return number_text(v, room);
}

static void mix(uint64_t *hash, hx_str cell, size_t column) {
    if (cell.len > 0) *hash = hx_hash_mix(*hash, hx_hash_seed(cell, column + 1));
}

static bool hash_texts(const hx_table *t, size_t column, size_t place, hx_arena *arena,
                       uint64_t *hashes) {
    const size_t n_rows = hx_table_rows(t), n = hx_table_column_at(t, column)->n_values;
    uint64_t *of_code = hx_arena_alloc(arena, (n + 1) * sizeof *of_code);
    uint32_t codes[BLOCK];
    if (of_code == NULL) return false;
    for (size_t i = 0; i < n; i++)
        of_code[i] = hx_hash_seed(hx_table_value(t, column, (uint32_t)i), place + 1);
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t k = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        hx_table_codes(t, column, at, k, codes);
        for (size_t i = 0; i < k; i++)
            if (codes[i] != HX_CODE_MISSING)
                hashes[at + i] = hx_hash_mix(hashes[at + i], of_code[codes[i]]);
    }
    return true;
}

static void hash_numbers(const hx_table *t, size_t column, size_t place, uint64_t *hashes) {
    const size_t n_rows = hx_table_rows(t);
    const bool is_truth = hx_table_column_at(t, column)->kind == HX_KIND_BOOLEAN;
    double values[BLOCK];
    char room[HX_KEY_TEXT_MAX];
    for (size_t at = 0; at < n_rows; at += BLOCK) {
        const size_t k = n_rows - at < BLOCK ? n_rows - at : BLOCK;
        hx_table_numbers(t, column, at, k, values);
        for (size_t i = 0; i < k; i++) {
            const double v = values[i];
            mix(&hashes[at + i],
                is_truth && v == v ? hx_str_of(v != 0 ? "true" : "false") : number_text(v, room),
                place);
        }
    }
}

hx_status hx_key_hashes(const hx_table *t, const size_t *columns, size_t n, hx_arena *arena,
                        uint64_t **hashes, hx_error *err) {
    *hashes = hx_arena_alloc(arena, (hx_table_rows(t) + 1) * sizeof **hashes);
    if (*hashes == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        if (hx_table_column_at(t, columns[i])->kind != HX_KIND_TEXT)
            hash_numbers(t, columns[i], i, *hashes);
        else if (!hash_texts(t, columns[i], i, arena, *hashes))
            return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    return HX_OK;
}

static bool rows_equal(const hx_table *t, const size_t *columns, size_t n, size_t a, size_t b) {
    char rooms[2][HX_KEY_TEXT_MAX];
    for (size_t i = 0; i < n; i++)
        if (!hx_str_equal(hx_key_cell(t, a, columns[i], rooms[0]),
                          hx_key_cell(t, b, columns[i], rooms[1])))
            return false;
    return true;
}

hx_status hx_key_first(const hx_table *t, const size_t *columns, size_t n, hx_arena *arena,
                       size_t **first, hx_error *err) {
    const size_t n_rows = hx_table_rows(t);
    uint64_t *hashes = NULL;
    hx_map map;
    HX_TRY(hx_key_hashes(t, columns, n, arena, &hashes, err));
    *first = hx_arena_alloc(arena, (n_rows + 1) * sizeof **first);
    if (*first == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_map_init(&map);
    hx_status status = HX_OK;
    for (size_t i = 0; i < n_rows && status == HX_OK; i++) {
        (*first)[i] = HX_COLUMN_NONE;
        for (uint64_t key = hashes[i]; hashes[i] != 0; key++) {
            uint64_t *at = hx_map_put(&map, key);
            if (at == NULL) {
                status = hx_fail(err, HX_ENOMEM, "out of memory");
                break;
            }
            if (*at == 0) *at = i + 1;
            (*first)[i] = (size_t)*at - 1;
            if ((*first)[i] == i || rows_equal(t, columns, n, (*first)[i], i)) break;
        }
    }
    hx_map_release(&map);
    return status;
}

hx_str hx_key_names(const hx_table *t, const size_t *columns, size_t n, hx_arena *arena) {
    size_t len = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        len += hx_table_column_at(t, columns[i])->name.len + 1;
    char *out = hx_arena_alloc(arena, len + 1);
    if (out == NULL) return (hx_str){NULL, 0};
    for (size_t i = 0; i < n; i++) {
        const hx_str name = hx_table_column_at(t, columns[i])->name;
        if (i > 0) out[at++] = ',';
        memcpy(out + at, name.ptr, name.len);
        at += name.len;
    }
    return (hx_str){out, at};
}
