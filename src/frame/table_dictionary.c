/* table_dictionary.c - the distinct values of a TEXT column, in order of first appearance.
 *
 * All values lie behind each other in one buffer; ends[i] is the offset behind value i. A dictionary is filled by one thread and then
 * never changes; how many columns hold it is counted, since tables picked from one may live in several threads. */
#include "frame/table.h"

#include <stdlib.h>
#include <string.h>

hx_dictionary *hx_dictionary_new(size_t max_bytes) {
    hx_dictionary *d = calloc(1, sizeof *d);
    if (d == NULL) return NULL;
    atomic_init(&d->refs, 1);
    hx_buf_init(&d->bytes, max_bytes);
    hx_buf_init(&d->ends, max_bytes);
    return d;
}

hx_dictionary *hx_dictionary_share(hx_dictionary *d) {
    (void)atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
    return d;
}

void hx_dictionary_drop(hx_dictionary *d) {
    if (d == NULL || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) > 1) return;
    hx_buf_release(&d->bytes);
    hx_buf_release(&d->ends);
    free(d);
}

bool hx_dictionary_add(hx_dictionary *d, hx_str value) {
    if (!hx_buf_append(&d->bytes, value.ptr, value.len)) return false;
    const uint64_t end = d->bytes.len;
    if (!hx_buf_append(&d->ends, &end, sizeof end)) return false;
    d->n++;
    return true;
}

hx_str hx_dictionary_value(const hx_dictionary *d, size_t code) {
    const uint64_t *ends = (const uint64_t *)(const void *)d->ends.ptr;
    const uint64_t start = code == 0 ? 0 : ends[code - 1];
    const size_t len = (size_t)(ends[code] - start);
    return (hx_str){len == 0 ? "" : d->bytes.ptr + start, len};
}
