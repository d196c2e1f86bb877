/* reconcile_merge.c - the merged table: a row a key, each field from the source that survives.
 *
 *     field -> numbers, times, true/false where all sources say so -> doubles
 *           -> else -> texts as they are written, one code a different text
 *
 * Columns stand in the order in which the sources bring them. A number is written with as many places as the source that has most,
 * but where the sources are there as written: then every field is a text, as it stands in its source. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "frame/reconcile.h"

static bool one_kind(const hx_match *m, const hx_field *f, hx_kind *kind, int *decimals) {
    bool any = false;
    *decimals = 0;
    for (size_t s = 0; s < m->n; s++) {
        if (f->at[s] == HX_COLUMN_NONE) continue;
        const hx_table_column *about = hx_table_column_at(m->tables[s], f->at[s]);
        if (about->missing == hx_table_rows(m->tables[s])) continue;
        if (about->kind == HX_KIND_TEXT || (any && about->kind != *kind)) return false;
        *kind = about->kind;
        any = true;
        if (about->decimals < 0)
            *decimals = -1;
        else if (*decimals >= 0 && about->decimals > *decimals)
            *decimals = about->decimals;
    }
    return any;
}

static hx_status merge_numbers(const hx_match *m, size_t field, hx_kind kind, int decimals,
                               hx_table *out, hx_error *err) {
    double *values = calloc(m->n_keys + 1, sizeof *values);
    char room[64];
    hx_str text;
    if (values == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t key = 0; key < m->n_keys; key++) {
        const size_t s = hx_match_survivor(m, key, field);
        values[key] = NAN;
        if (s != HX_COLUMN_NONE) (void)hx_match_value(m, key, field, s, &values[key], &text, room);
    }
    const hx_status status =
        hx_table_put_numbers(out, m->fields[field].name, kind, values, decimals, err);
    free(values);
    return status;
}

typedef struct {
    uint32_t *codes;
    hx_str *values;
    size_t n;
    hx_map map;
} texts;

/* The code of a text; a new one is copied to the arena. */
static bool code_of(texts *x, hx_str text, hx_arena *arena, uint32_t *code) {
    for (uint64_t hash = hx_hash(text);; hash++) {
        uint64_t *at = hx_map_put(&x->map, hash);
        if (at == NULL) return false;
        if (*at != 0 && !hx_str_equal(x->values[*at - 1], text)) continue;
        if (*at == 0) {
            x->values[x->n] = hx_arena_str(arena, text);
            if (x->values[x->n].ptr == NULL) return false;
            *at = ++x->n;
        }
        *code = (uint32_t)*at - 1;
        return true;
    }
}

static hx_status merge_texts(const hx_match *m, size_t field, hx_table *out, hx_error *err) {
    texts x = {
        calloc(m->n_keys + 1, sizeof *x.codes), calloc(m->n_keys + 1, sizeof *x.values), 0, {0}};
    bool good = x.codes != NULL && x.values != NULL;
    char room[64];
    hx_map_init(&x.map);
    for (size_t key = 0; good && key < m->n_keys; key++) {
        const size_t s = hx_match_survivor(m, key, field);
        hx_str text;
        x.codes[key] = HX_CODE_MISSING;
        if (s != HX_COLUMN_NONE && hx_match_written(m, key, field, s, &text, room))
            good = code_of(&x, text, m->arena, &x.codes[key]);
    }
    const hx_status status =
        good ? hx_table_put_texts(out, m->fields[field].name, x.codes, x.values, x.n, err)
             : hx_fail(err, HX_ENOMEM, "out of memory");
    hx_map_release(&x.map);
    free(x.codes);
    free(x.values);
    return status;
}

hx_status hx_match_merge(const hx_match *m, hx_table **out, hx_error *err) {
    HX_TRY(hx_table_new(out, m->n_keys, err));
    hx_status status = HX_OK;
    for (size_t f = 0; f < m->n_fields && status == HX_OK; f++) {
        hx_kind kind = HX_KIND_NUMBER;
        int decimals = -1;
        status = m->options->written == NULL && one_kind(m, &m->fields[f], &kind, &decimals)
                     ? merge_numbers(m, f, kind, decimals, *out, err)
                     : merge_texts(m, f, *out, err);
    }
    if (status != HX_OK) {
        hx_table_free(*out);
        *out = NULL;
    }
    return status;
}
