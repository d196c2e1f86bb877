/* merge.c - see merge.h. */
#include "pipeline/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define FOLD_BATCH 256 /* events decoded before the scratch arena is reset */

static int compare_fresh(const void *a, const void *b) {
    const hx_merge_item *x = a, *y = b;
    if (x->head.row_hash != y->head.row_hash) return x->head.row_hash < y->head.row_hash ? -1 : 1;
    if (x->import != y->import) return x->import < y->import ? -1 : 1;
    return hx_str_compare(x->head.body, y->head.body);
}

/* Of equal events the one that was there comes first, then that of the earlier import. */
static int compare_identity(const void *a, const void *b) {
    const hx_merge_item *p = a, *q = b;
    const hx_event_head *x = &p->head, *y = &q->head;
    if (x->row_hash != y->row_hash) return x->row_hash < y->row_hash ? -1 : 1;
    if (x->ordinal != y->ordinal) return x->ordinal < y->ordinal ? -1 : 1;
    if (p->fresh != q->fresh) return p->fresh ? 1 : -1;
    return p->import < q->import ? -1 : p->import > q->import;
}

static int compare_order(const void *a, const void *b) {
    const hx_event_head *x = &((const hx_merge_item *)a)->head,
                        *y = &((const hx_merge_item *)b)->head;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* Ordinals of fresh events: their place among the equal rows of their import. An event with its source's own id has none. */
static void number_fresh(hx_merge_item *items, size_t n) {
    qsort(items, n, sizeof *items, compare_fresh);
    for (size_t i = 0; i < n; i++) {
        hx_event_head *h = &items[i].head;
        bool repeats = i > 0 && items[i - 1].head.row_hash == h->row_hash &&
                       items[i - 1].import == items[i].import;
        h->ordinal = repeats && !h->own_id ? items[i - 1].head.ordinal + 1 : 0;
        h->id = hx_hash_mix(h->row_hash, h->ordinal);
    }
}

/* Fresh items come first in the array after this; returns their number. */
static size_t fresh_first(hx_merge_item *items, size_t n) {
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (!items[i].fresh) continue;
        hx_merge_item t = items[k];
        items[k++] = items[i];
        items[i] = t;
    }
    return k;
}

static int compare_u32(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static bool join_imports(hx_event_head *into, const hx_event_head *other, hx_arena *arena) {
    uint32_t *both = hx_arena_alloc(arena, 2 * HX_EVENT_IMPORTS_MAX * sizeof *both);
    hx_buf list;
    if (!both) return false;
    size_t n = hx_imports_read(into->imports, both, HX_EVENT_IMPORTS_MAX);
    n += hx_imports_read(other->imports, both + n, HX_EVENT_IMPORTS_MAX);
    qsort(both, n, sizeof *both, compare_u32);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || both[kept - 1] != both[i]) both[kept++] = both[i];
    hx_buf_init(&list, 10 * HX_EVENT_IMPORTS_MAX);
    hx_imports_write(both, kept < HX_EVENT_IMPORTS_MAX ? kept : HX_EVENT_IMPORTS_MAX, &list);
    into->imports = hx_arena_str(arena, hx_buf_str(&list));
    bool ok = !list.failed && into->imports.ptr;
    hx_buf_release(&list);
    return ok;
}

/* The row that came later, by import, is the duplicate. */
static bool count_duplicate(hx_map *duplicates, hx_merge_item *kept, const hx_merge_item *other) {
    uint32_t import = kept->import > other->import ? kept->import : other->import;
    uint64_t *count = hx_map_put(duplicates, import);
    if (count) (*count)++;
    kept->import = import;
    return count != NULL;
}

size_t hx_merge_events(hx_merge_item *items, size_t n, hx_arena *arena, hx_map *duplicates) {
    size_t kept = 0;
    number_fresh(items, fresh_first(items, n));
    if (n > 1) qsort(items, n, sizeof *items, compare_identity);
    for (size_t i = 0; i < n; i++) {
        hx_event_head *h = &items[i].head, *last = kept > 0 ? &items[kept - 1].head : NULL;
        if (last && last->row_hash == h->row_hash && last->ordinal == h->ordinal) {
            if (!join_imports(last, h, arena)) return SIZE_MAX;
            if (!count_duplicate(duplicates, &items[kept - 1], &items[i])) return SIZE_MAX;
        } else {
            items[kept++] = items[i];
        }
    }
    if (kept > 1) qsort(items, kept, sizeof *items, compare_order);
    return kept;
}

bool hx_fold_heads(const hx_event_head *heads, size_t n, hx_arena *scratch, hx_profile *out) {
    hx_profile_reset(out);
    for (size_t i = 0; i < n; i++) {
        hx_event e;
        if (i % FOLD_BATCH == 0) hx_arena_reset(scratch);
        if (!hx_event_body_read(&heads[i], scratch, &e)) return false;
        hx_profile_fold(out, &e);
    }
    return !out->failed;
}
