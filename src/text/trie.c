/* trie.c - building and reading the double-array trie of trie.h.
 *
 * The builder turns the keys into code sequences, sorts them, and places one node's children at a time, breadth first: a node is a
 * range [first, last) of sorted keys that share `depth` codes. A place for the children c1 < c2 < ... is the first base b for which
 * all b + ci are free; free nodes are found by walking a doubly linked list of them, kept beside the array. */
#include "text/trie.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

#define CODES_MAX 65534u
#define NODES_CAP ((size_t)1 << 28) /* bytes */
#define TRIES_MAX 512u /* free nodes tried in vain before the cursor moves on */

/* ------------------------------------------------------------------ reading */
uint32_t hx__trie_rare_code(const hx_trie *t, uint32_t cp) {
    size_t low = 0, high = t->n_rare;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->rare[middle].cp == cp) return t->rare[middle].code;
        if (t->rare[middle].cp < cp)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

uint64_t hx__trie_get(const hx_trie *t, hx_str key) {
    uint32_t node = 0;
    for (size_t at = 0; at < key.len;) {
        uint32_t cp = hx_utf8_next(key, &at);
        if (cp == HX_UTF8_BAD) return 0;
        node = hx__trie_step(t, node, hx__trie_code(t, cp));
        if (node == 0) return 0;
    }
    return node ? t->nodes[node].value : 0;
}

hx_status hx__trie_view(hx_trie *t, hx_str codes, hx_str rare, hx_str nodes, hx_error *err) {
    if (codes.len != 65536 * sizeof(uint16_t) || rare.len % sizeof(hx_trie_rare) != 0 ||
        nodes.len % sizeof(hx_trie_node) != 0 || nodes.len == 0)
        return hx_fail(err, HX_EFORMAT,
                       "a dictionary in a data file has a wrong size; build the data again");
    *t = (hx_trie){.codes = (const uint16_t *)(const void *)codes.ptr,
                   .rare = (const hx_trie_rare *)(const void *)rare.ptr,
                   .n_rare = rare.len / sizeof(hx_trie_rare),
                   .nodes = (const hx_trie_node *)(const void *)nodes.ptr,
                   .n_nodes = nodes.len / sizeof(hx_trie_node)};
    return HX_OK;
}

void hx__trie_parts_release(hx_trie_parts *p) {
    hx_buf_release(&p->codes);
    hx_buf_release(&p->rare);
    hx_buf_release(&p->nodes);
}

/* ------------------------------------------------------------------ codes */
typedef struct {
    uint32_t cp;
    uint64_t weight;
} char_count;

static int by_weight(const void *a, const void *b) {
    const char_count *x = a, *y = b;
    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    return x->cp < y->cp ? -1 : x->cp > y->cp;
}

static int by_cp(const void *a, const void *b) {
    const hx_trie_rare *x = a, *y = b;
    return x->cp < y->cp ? -1 : x->cp > y->cp;
}

static hx_status count_chars(uint64_t *counts, const hx_trie_entry *entries, size_t n,
                             hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        size_t at = 0, length = 0;
        for (; at < entries[i].key.len; length++) {
            uint32_t cp = hx_utf8_next(entries[i].key, &at);
            if (cp == HX_UTF8_BAD || length == HX_TRIE_KEY_MAX)
                return hx_fail(err, HX_EINVAL,
                               "the word '%.*s' is not UTF-8 or is longer than %u characters",
                               HX_STR_ARG(entries[i].key), HX_TRIE_KEY_MAX);
            counts[cp] += entries[i].weight + 1;
        }
        if (length == 0) return hx_fail(err, HX_EINVAL, "a dictionary has an empty word");
    }
    return HX_OK;
}

static hx_status order_chars(char_count *used, const uint64_t *counts, size_t *n_used,
                             hx_error *err) {
    for (uint32_t cp = 0; cp < 0x110000u; cp++) {
        if (counts[cp] == 0) continue;
        if (*n_used == CODES_MAX)
            return hx_fail(err, HX_ELIMIT, "a dictionary has more than %u different characters",
                           CODES_MAX);
        used[(*n_used)++] = (char_count){cp, counts[cp]};
    }
    qsort(used, *n_used, sizeof *used, by_weight);
    return HX_OK;
}

static void put_codes(hx_trie_parts *out, const char_count *used, size_t n) {
    uint16_t *table = (uint16_t *)(void *)out->codes.ptr;
    memset(table, 0, 65536 * sizeof *table);
    out->codes.len = 65536 * sizeof *table;
    for (size_t i = 0; i < n; i++) {
        if (used[i].cp < 0x10000u) {
            table[used[i].cp] = (uint16_t)(i + 1);
        } else {
            hx_trie_rare rare = {used[i].cp, (uint32_t)(i + 1)};
            hx_buf_append(&out->rare, &rare, sizeof rare);
        }
    }
    if (out->rare.len)
        qsort(out->rare.ptr, out->rare.len / sizeof(hx_trie_rare), sizeof(hx_trie_rare), by_cp);
}

static hx_status make_codes(hx_trie_parts *out, const hx_trie_entry *entries, size_t n,
                            hx_error *err) {
    uint64_t *counts = calloc(0x110000u, sizeof *counts);
    char_count *used = calloc(CODES_MAX, sizeof *used);
    size_t n_used = 0;
    hx_status status = HX_ENOMEM;
    if (!counts || !used || !hx_buf_reserve(&out->codes, 65536 * sizeof(uint16_t))) {
        status = hx_fail(err, HX_ENOMEM, "out of memory while building a dictionary");
        goto done;
    }
    status = count_chars(counts, entries, n, err);
    if (status == HX_OK) status = order_chars(used, counts, &n_used, err);
    if (status == HX_OK) {
        put_codes(out, used, n_used);
        status = hx_buf_status(&out->rare, "a dictionary", err);
    }
done:
    free(counts);
    free(used);
    return status;
}

/* ------------------------------------------------------------------ keys as codes */
typedef struct {
    const uint16_t *codes; /* `len` of them */
    uint32_t len;
    uint64_t value;
} coded_key;

static int by_codes(const void *a, const void *b) {
    const coded_key *x = a, *y = b;
    uint32_t n = x->len < y->len ? x->len : y->len;
    for (uint32_t i = 0; i < n; i++)
        if (x->codes[i] != y->codes[i]) return x->codes[i] < y->codes[i] ? -1 : 1;
    if (x->len != y->len) return x->len < y->len ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value;
}

static void code_keys(const hx_trie *view, const hx_trie_entry *entries, size_t n, uint16_t *pool,
                      coded_key *keys) {
    for (size_t i = 0; i < n; i++) {
        keys[i] = (coded_key){.codes = pool, .value = entries[i].value};
        for (size_t at = 0; at < entries[i].key.len; pool++, keys[i].len++)
            *pool = (uint16_t)hx__trie_code(view, hx_utf8_next(entries[i].key, &at));
    }
    qsort(keys, n, sizeof *keys, by_codes);
}

/* ------------------------------------------------------------------ placing */
typedef struct {
    size_t first, last; /* keys */
    uint32_t depth;
    uint32_t node;
} range;

typedef struct {
    hx_buf *nodes; /* of hx_trie_node; a free one has check 0 */
    hx_buf queue; /* of range */
    size_t n_nodes;
} builder;

static hx_trie_node *node_at(builder *b, size_t i) {
    return (hx_trie_node *)(void *)b->nodes->ptr + i;
}

/* The ring of free nodes; node 0, the root, is never free and serves as its head. */
typedef struct {
    hx_buf prev_memory, next_memory; /* own the two arrays */
    uint32_t *prev, *next;
    size_t cursor; /* a node from which places for several children are looked for */
} free_ring;

static bool grow_array(hx_buf *b, uint32_t **array, size_t n) {
    if (!hx_buf_reserve(b, n * sizeof **array - b->len)) return false;
    b->len = n * sizeof **array;
    *array = (uint32_t *)(void *)b->ptr;
    return true;
}

static void append_free(free_ring *r, size_t i) {
    uint32_t tail = r->prev[0];
    r->next[tail] = (uint32_t)i;
    r->prev[i] = tail;
    r->next[i] = 0;
    r->prev[0] = (uint32_t)i;
}

static bool grow(builder *b, free_ring *r, size_t want) {
    if (want <= b->n_nodes) return true;
    size_t n = b->n_nodes + b->n_nodes / 2 + 1024;
    if (n < want) n = want;
    if (!hx_buf_reserve(b->nodes, n * sizeof(hx_trie_node) - b->nodes->len) ||
        !grow_array(&r->prev_memory, &r->prev, n) || !grow_array(&r->next_memory, &r->next, n))
        return false;
    memset(b->nodes->ptr + b->nodes->len, 0, n * sizeof(hx_trie_node) - b->nodes->len);
    b->nodes->len = n * sizeof(hx_trie_node);
    if (b->n_nodes == 0) {
        r->prev[0] = r->next[0] = 0;
        b->n_nodes = 1;
    }
    for (size_t i = b->n_nodes; i < n; i++)
        append_free(r, i);
    b->n_nodes = n;
    return true;
}

static void take(builder *b, free_ring *r, size_t i, uint32_t parent) {
    node_at(b, i)->check = parent + 1;
    r->next[r->prev[i]] = r->next[i];
    r->prev[r->next[i]] = r->prev[i];
}

static bool fits(builder *b, const uint16_t *children, size_t n, size_t base) {
    for (size_t i = 1; i < n; i++) {
        size_t at = base + children[i] - HX_TRIE_BIAS;
        if (at < b->n_nodes && node_at(b, at)->check != 0) return false;
    }
    return true;
}

/* One child goes to the first free node. Several are tried from the cursor on, which leaves crowded stretches behind. */
static size_t find_base(builder *b, free_ring *r, const uint16_t *children, size_t n) {
    if (n == 1 && r->next[0]) return r->next[0] + HX_TRIE_BIAS - children[0];
    while (r->cursor < b->n_nodes && node_at(b, r->cursor)->check != 0)
        r->cursor++;
    size_t tries = 0;
    for (size_t i = r->cursor < b->n_nodes ? r->cursor : 0; i != 0; i = r->next[i]) {
        if (fits(b, children, n, i + HX_TRIE_BIAS - children[0]))
            return i + HX_TRIE_BIAS - children[0];
        if (++tries == TRIES_MAX) r->cursor = i;
    }
    return b->n_nodes + HX_TRIE_BIAS - children[0];
}

/* The different codes at `depth` of the range's keys; keys that end there come first and give the node its value. */
static size_t children_of(builder *b, const coded_key *keys, range *g, uint16_t *children) {
    size_t n = 0;
    while (g->first < g->last && keys[g->first].len == g->depth)
        node_at(b, g->node)->value = keys[g->first++].value;
    for (size_t i = g->first; i < g->last; i++)
        if (n == 0 || children[n - 1] != keys[i].codes[g->depth])
            children[n++] = keys[i].codes[g->depth];
    return n;
}

static bool place(builder *b, free_ring *r, const coded_key *keys, range g, uint16_t *children) {
    size_t n = children_of(b, keys, &g, children);
    if (n == 0) return true;
    size_t base = find_base(b, r, children, n);
    if (!grow(b, r, base + children[n - 1] + 1 - HX_TRIE_BIAS)) return false;
    node_at(b, g.node)->base = (uint32_t)base;
    size_t from = g.first;
    for (size_t i = 0; i < n; i++) {
        size_t to = from;
        while (to < g.last && keys[to].codes[g.depth] == children[i])
            to++;
        size_t at = base + children[i] - HX_TRIE_BIAS;
        take(b, r, at, g.node);
        range child = {from, to, g.depth + 1, (uint32_t)at};
        if (!hx_buf_append(&b->queue, &child, sizeof child)) return false;
        from = to;
    }
    return true;
}

static bool place_all(builder *b, const coded_key *keys, size_t n, uint16_t *children) {
    free_ring r = {.cursor = 1};
    hx_buf_init(&r.prev_memory, NODES_CAP);
    hx_buf_init(&r.next_memory, NODES_CAP);
    range root = {0, n, 0, 0};
    bool ok = grow(b, &r, 1024) && hx_buf_append(&b->queue, &root, sizeof root);
    for (size_t at = 0; ok && at < b->queue.len; at += sizeof root) {
        range g;
        memcpy(&g, b->queue.ptr + at, sizeof g);
        ok = place(b, &r, keys, g, children);
    }
    hx_buf_release(&r.prev_memory);
    hx_buf_release(&r.next_memory);
    size_t used = b->n_nodes;
    while (ok && used > 1 && node_at(b, used - 1)->check == 0)
        used--;
    b->nodes->len = used * sizeof(hx_trie_node);
    return ok;
}

static hx_status make_nodes(hx_trie_parts *out, const hx_trie_entry *entries, size_t n,
                            hx_error *err) {
    hx_trie view = {.codes = (const uint16_t *)(void *)out->codes.ptr,
                    .rare = (const hx_trie_rare *)(void *)out->rare.ptr,
                    .n_rare = out->rare.len / sizeof(hx_trie_rare)};
    size_t n_codes = 1;
    for (size_t i = 0; i < n; i++)
        n_codes += hx_utf8_count(entries[i].key);
    uint16_t *pool = calloc(n_codes, sizeof *pool);
    uint16_t *children = calloc(65536, sizeof *children);
    coded_key *keys = calloc(n + 1, sizeof *keys);
    builder b = {.nodes = &out->nodes};
    hx_buf_init(&b.queue, NODES_CAP);
    bool ok = pool && children && keys;
    if (ok) {
        code_keys(&view, entries, n, pool, keys);
        ok = place_all(&b, keys, n, children);
    }
    hx_buf_release(&b.queue);
    free(pool);
    free(children);
    free(keys);
    return ok ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory while building a dictionary");
}

hx_status hx__trie_build(hx_trie_parts *out, const hx_trie_entry *entries, size_t n,
                         hx_error *err) {
    hx_buf_init(&out->codes, NODES_CAP);
    hx_buf_init(&out->rare, NODES_CAP);
    hx_buf_init(&out->nodes, NODES_CAP);
    hx_status status = make_codes(out, entries, n, err);
    if (status == HX_OK) status = make_nodes(out, entries, n, err);
    if (status != HX_OK) hx__trie_parts_release(out);
    return status;
}
