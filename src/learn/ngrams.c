/* ngrams.c - n-grams of tokens as sparse columns; see ngrams.h.
 *
 *     fit     a map of all keys to how many rows have them (the row that was last counted beside it), then those with enough in ascending order
 *     rows    a key's column by a map; counts of a row in an array of all columns, of which only those that were touched are cleared
 *
 * Rows are bounded by the tokens that the design keeps (`length`), columns by the n-grams of all training rows. */
#include "learn/ngrams.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define ID_BITS 15
#define COLUMNS_MAX ((size_t)1 << 27)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
}

void hx_ngrams_release(hx_ngrams *g) {
    free(g->keys);
    free(g->counts);
    free(g->idf);
    hx_map_release(&g->places);
    *g = (hx_ngrams){.n = 0};
}

size_t hx_ngrams_columns(const hx_ngrams *g) {
    return g->d - g->n_tokens + g->n;
}

/* Keys of the n-grams that end at token i, shortest first; returns how many. An id that is none ends the walk back. */
static size_t keys_at(const double *ids, size_t i, size_t grams, uint64_t *keys) {
    size_t n = 0;
    uint64_t key = 0;
    for (size_t back = 0; back < grams && back <= i; back++) {
        const double id = ids[i - back];
        if (!(id >= 1 && id < (double)(1 << ID_BITS))) break;
        key |= (uint64_t)id << (ID_BITS * back);
        keys[n++] = key;
    }
    return n;
}

/* ------------------------------------------------------------------ which there are */
/* Values: rows with the key << 32 | the row that was counted last + 1. */
static bool count_row(hx_map *seen, const double *ids, size_t n_tokens, size_t grams, size_t row) {
    uint64_t keys[HX_GRAMS_MAX];
    for (size_t i = 0; i < n_tokens && ids[i] >= 0; i++) {
        const size_t n = keys_at(ids, i, grams, keys);
        for (size_t k = 0; k < n; k++) {
            uint64_t *place = hx_map_put(seen, keys[k]);
            if (!place) return false;
            if ((*place & UINT32_MAX) != row + 1) *place = ((*place >> 32) + 1) << 32 | (row + 1);
        }
    }
    return true;
}

static int ascending(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static hx_status keep(hx_ngrams *g, const hx_map *seen, size_t least, hx_error *err) {
    uint64_t key, value;
    size_t n = 0;
    for (size_t at = 0; hx_map_next(seen, &at, &key, &value);)
        n += value >> 32 >= least;
    if (n > COLUMNS_MAX)
        return hx_fail(err, HX_ELIMIT, "the texts have %zu n-grams; at most %zu", n, COLUMNS_MAX);
    g->keys = calloc(n + 1, sizeof *g->keys);
    if (!g->keys) return no_memory(err);
    for (size_t at = 0; hx_map_next(seen, &at, &key, &value);)
        if (value >> 32 >= least) g->keys[g->n++] = key;
    qsort(g->keys, g->n, sizeof *g->keys, ascending);
    g->counts = calloc(g->n + 1, sizeof *g->counts);
    if (!g->counts) return no_memory(err);
    for (size_t k = 0; k < g->n; k++)
        g->counts[k] = (uint32_t)(*hx_map_get(seen, g->keys[k]) >> 32);
    return HX_OK;
}

hx_status hx_ngrams_index(hx_ngrams *g, hx_error *err) {
    hx_map_init(&g->places);
    g->idf = calloc(g->n + 1, sizeof *g->idf);
    if (!g->idf) return no_memory(err);
    for (size_t k = 0; k < g->n; k++) {
        uint64_t *place = hx_map_put(&g->places, g->keys[k]);
        if (!place) return no_memory(err);
        if ((k > 0 && g->keys[k] <= g->keys[k - 1]) || g->counts[k] > g->n_rows)
            return hx_fail(err, HX_EFORMAT, "the model's n-grams are damaged");
        *place = k + 1;
        g->idf[k] = log((1 + (double)g->n_rows) / (1 + (double)g->counts[k])) + 1;
    }
    return HX_OK;
}

hx_status hx_ngrams_fit(hx_ngrams *g, const hx_problem *p, size_t grams, size_t least,
                        hx_error *err) {
    hx_map seen;
    bool ok = true;
    *g = (hx_ngrams){.d = p->d, .n_tokens = p->n_tokens, .grams = grams, .n_rows = p->n};
    if (p->n >= UINT32_MAX) return hx_fail(err, HX_ELIMIT, "too many rows for n-grams");
    hx_map_init(&seen);
    for (size_t i = 0; i < p->n && ok; i++)
        ok = count_row(&seen, p->x + (i + 1) * p->d - p->n_tokens, p->n_tokens, grams, i);
    hx_status st = ok ? keep(g, &seen, least, err) : no_memory(err);
    hx_map_release(&seen);
    return st == HX_OK ? hx_ngrams_index(g, err) : st;
}

/* ------------------------------------------------------------------ rows */
typedef struct {
    const hx_ngrams *g;
    uint32_t *counts; /* (n) of the row at hand, else 0 */
    hx_csr *out;
    size_t n; /* entries */
} filling;

/* Entries that n rows have at most. */
static size_t room_for(const hx_ngrams *g, const double *x, size_t n) {
    const size_t first = g->d - g->n_tokens;
    size_t room = n * first;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < g->n_tokens && x[i * g->d + first + k] >= 0; k++)
            room += g->grams;
    return room;
}

/* Columns of the n-grams of a row behind f->n, each once; counts are kept in f->counts. */
static size_t find_columns(filling *f, const double *ids) {
    uint64_t keys[HX_GRAMS_MAX];
    size_t n = 0;
    uint32_t *columns = f->out->columns + f->n;
    for (size_t i = 0; i < f->g->n_tokens && ids[i] >= 0; i++) {
        const size_t some = keys_at(ids, i, f->g->grams, keys);
        for (size_t k = 0; k < some; k++) {
            const uint64_t *place = hx_map_get(&f->g->places, keys[k]);
            if (place && f->counts[*place - 1]++ == 0) columns[n++] = (uint32_t)(*place - 1);
        }
    }
    return n;
}

static void weigh(filling *f, size_t n, size_t first) {
    uint32_t *columns = f->out->columns + f->n;
    float *values = f->out->values + f->n;
    double squares = 0;
    for (size_t k = 0; k < n; k++) {
        const double v = (1 + log((double)f->counts[columns[k]])) * f->g->idf[columns[k]];
        squares += v * v;
        values[k] = (float)v;
    }
    for (size_t k = 0; k < n; k++) {
        values[k] = (float)((double)values[k] / sqrt(squares));
        f->counts[columns[k]] = 0;
        columns[k] += (uint32_t)first;
    }
    f->n += n;
}

static void put_row(filling *f, const double *x) {
    const size_t first = f->g->d - f->g->n_tokens;
    for (size_t j = 0; j < first; j++) {
        if (x[j] == 0) continue;
        f->out->columns[f->n] = (uint32_t)j;
        f->out->values[f->n++] = (float)x[j];
    }
    weigh(f, find_columns(f, x + first), first);
}

hx_status hx_ngrams_rows(const hx_ngrams *g, const double *x, size_t n, hx_csr *out,
                         hx_error *err) {
    filling f = {.g = g, .out = out, .counts = calloc(g->n + 1, sizeof *f.counts)};
    *out = (hx_csr){.n_rows = n, .n_columns = hx_ngrams_columns(g)};
    const size_t room = room_for(g, x, n);
    out->starts = calloc(n + 1, sizeof *out->starts);
    out->columns = calloc(room + 1, sizeof *out->columns);
    out->values = calloc(room + 1, sizeof *out->values);
    const bool ok = f.counts && out->starts && out->columns && out->values;
    for (size_t i = 0; i < n && ok; i++) {
        put_row(&f, x + i * g->d);
        out->starts[i + 1] = f.n;
    }
    free(f.counts);
    if (ok) return HX_OK;
    hx_csr_release(out);
    return no_memory(err);
}
