/* span_score.c - entities and tags found, against those that are right.
 *
 * A span is found where text, start, end and label are all equal to those of a gold span that no other found span has taken: both lists are
 * sorted and walked together. Precision is over the found ones, recall over the gold ones, F1 = 2 right / (gold + found). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/metrics.h"

static int compare_u32(uint32_t a, uint32_t b) {
    return (a > b) - (a < b);
}

static int compare_spans(const void *a, const void *b) {
    const hx_labelled_span *x = a, *y = b;
    int order = compare_u32(x->text, y->text);
    if (order == 0) order = compare_u32(x->start, y->start);
    if (order == 0) order = compare_u32(x->end, y->end);
    return order ? order : compare_u32(x->label, y->label);
}

static hx_labelled_span *sorted(const hx_labelled_span *spans, size_t n, hx_arena *arena) {
    hx_labelled_span *copy =
        n < SIZE_MAX / sizeof *copy ? hx_arena_alloc(arena, (n + 1) * sizeof *copy) : NULL;
    if (!copy) return NULL;
    if (n) memcpy(copy, spans, n * sizeof *copy);
    qsort(copy, n, sizeof *copy, compare_spans);
    return copy;
}

static uint64_t count_equal(const hx_labelled_span *a, size_t n, const hx_labelled_span *b,
                            size_t m) {
    uint64_t equal = 0;
    for (size_t i = 0, j = 0; i < n && j < m;) {
        int order = compare_spans(&a[i], &b[j]);
        if (order == 0) equal++;
        i += order <= 0;
        j += order >= 0;
    }
    return equal;
}

hx_status hx_spans_of(const hx_labelled_span *gold, size_t n_gold, const hx_labelled_span *found,
                      size_t n_found, hx_arena *arena, hx_span_metrics *out, hx_error *err) {
    const hx_labelled_span *a = sorted(gold, n_gold, arena), *b = sorted(found, n_found, arena);
    if (!a || !b)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the figures of %zu rows",
                       n_gold + n_found);
    uint64_t right = count_equal(a, n_gold, b, n_found);
    *out = (hx_span_metrics){.precision = n_found ? (double)right / (double)n_found : NAN,
                             .recall = n_gold ? (double)right / (double)n_gold : NAN,
                             .f1 = n_gold + n_found ? 2 * (double)right / (double)(n_gold + n_found)
                                                    : NAN,
                             .n_gold = n_gold,
                             .n_found = n_found,
                             .n_right = right};
    return HX_OK;
}
