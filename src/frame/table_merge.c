/* table_merge.c - the dictionaries that workers filled become one, in order of first appearance in the file.
 *
 * Each worker took its chunks in ascending order, so its values stand in the order in which it met them: the dictionaries are merged
 * like sorted lists. Then the cells, which hold codes of the worker that read their rows, are put right range by range. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "frame/table_read.h"

#define BLOCK 4096

typedef struct {
    const hx_growing *g;
    const uint64_t *first;
    int64_t *codes; /* [g->values->n]: of the merged dictionary; HX_CELL_NONE = missing; owned */
    size_t at; /* the next value */
} source;

static bool sources_init(source *s, const hx_read_job *j, size_t column) {
    bool good = true;
    for (size_t i = 0; i < j->n_workers; i++) {
        const hx_growing *g = &j->workers[i].growing[column];
        if (g->values == NULL) return false;
        s[i] = (source){.g = g, .first = (const uint64_t *)(const void *)g->first.ptr};
        s[i].codes = calloc(g->values->n + 1, sizeof *s[i].codes);
        good &= s[i].codes != NULL;
    }
    return good;
}

/* The source whose next value appeared first, or n. */
static size_t earliest(const source *s, size_t n) {
    size_t best = n;
    for (size_t i = 0; i < n; i++)
        if (s[i].at < s[i].g->values->n &&
            (best == n || s[i].first[s[i].at] < s[best].first[s[best].at]))
            best = i;
    return best;
}

static bool merge(source *s, size_t n, hx_growing *all) {
    const hx_missing_words none = {NULL, 0};
    for (size_t i = earliest(s, n); i < n; i = earliest(s, n)) {
        const size_t at = s[i].at++;
        if (s[i].g->is_missing.ptr[at]) {
            s[i].codes[at] = HX_CELL_NONE;
            continue;
        }
        const hx_str value = hx_dictionary_value(s[i].g->values, at);
        const int64_t code = hx_growing_code(all, value, &none, s[i].first[at]);
        if (code == -1) return false;
        s[i].codes[at] = code;
    }
    return true;
}

static bool put_codes(hx_read_job *j, hx_joined *x, const source *s) {
    const hx_row_range *ranges = (const hx_row_range *)(const void *)j->ranges.ptr;
    const size_t n_ranges = j->ranges.len / sizeof *ranges;
    int64_t cells[BLOCK];
    for (size_t r = 0; r < n_ranges; r++) {
        const int64_t *codes = s[ranges[r].worker].codes;
        for (size_t at = 0; at < ranges[r].n; at += BLOCK) {
            const size_t first = ranges[r].first + at;
            const size_t n = ranges[r].n - at < BLOCK ? ranges[r].n - at : BLOCK;
            hx_cells_wide(&x->c, first, n, cells);
            for (size_t i = 0; i < n; i++)
                if (cells[i] != HX_CELL_NONE) cells[i] = codes[cells[i]];
            hx_buf place = x->c.cells;
            place.len = first * x->c.width;
            if (!hx_cells_append(&place, x->c.width, cells, n)) return false;
        }
    }
    return true;
}

static bool merge_column(hx_read_job *j, hx_joined *x, source *s, hx_growing *all, size_t column) {
    if (!sources_init(s, j, column) || !merge(s, j->n_workers, all)) return false;
    const size_t n = all->values->n;
    const unsigned char width = hx_cell_width(0, n == 0 ? 0 : (int64_t)n - 1);
    if (!hx_cells_widen(&x->c, x->n, width) || !put_codes(j, x, s)) return false;
    x->c.dictionary = hx_dictionary_share(all->values);
    x->c.about.n_values = n;
    return true;
}

hx_status hx_merge_texts(hx_read_job *j, size_t column, hx_error *err) {
    hx_growing all;
    source *s = calloc(j->n_workers, sizeof *s);
    if (s == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_growing_init(&all, j->max_bytes);
    const bool good = all.values != NULL && merge_column(j, &j->joined[column], s, &all, column);
    for (size_t i = 0; i < j->n_workers; i++) {
        free(s[i].codes);
        hx_growing_release(&j->workers[i].growing[column]);
    }
    free(s);
    hx_growing_release(&all);
    return good ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

hx_status hx_make_empty_text(hx_joined *x, hx_error *err) {
    x->c.about.kind = HX_KIND_TEXT;
    x->c.about.integer = false;
    x->c.about.decimals = -1;
    x->c.dictionary = hx_dictionary_new(HX_TABLE_BYTES_MAX);
    return x->c.dictionary != NULL ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}
