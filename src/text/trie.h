/* trie.h - a double-array trie (Aoe 1989) over code points, 16 bytes a node, readable straight from a mapped file.
 *
 * Code points are first mapped to small codes, frequent ones to the smallest, so that the nodes that are visited most lie side by
 * side. The child of node t by code c is base[t] + c - HX_TRIE_BIAS, if that node's check says t. Node 0 is the root; code 0 is "in no
 * key". */
#ifndef HX_TEXT_TRIE_H
#define HX_TEXT_TRIE_H

#include "base/buf.h"

#define HX_TRIE_BIAS 65536u /* greater than any code, so that a child may have any place */
#define HX_TRIE_KEY_MAX 64u /* code points of one key */

typedef struct {
    uint32_t base; /* 0 = no children */
    uint32_t check; /* parent + 1; 0 = free */
    uint64_t value; /* 0 = no key ends here */
} hx_trie_node;

typedef struct {
    uint32_t cp;
    uint32_t code;
} hx_trie_rare;

typedef struct {
    const uint16_t *codes; /* (65536) code of each BMP code point */
    const hx_trie_rare *rare; /* code points above the BMP, ascending */
    size_t n_rare;
    const hx_trie_node *nodes;
    size_t n_nodes;
} hx_trie;

uint32_t hx__trie_rare_code(const hx_trie *t, uint32_t cp);

static inline uint32_t hx__trie_code(const hx_trie *t, uint32_t cp) {
    return cp < 0x10000u ? t->codes[cp] : hx__trie_rare_code(t, cp);
}

/* The child, or 0. */
static inline uint32_t hx__trie_step(const hx_trie *t, uint32_t node, uint32_t code) {
    uint32_t base = t->nodes[node].base;
    size_t child = (size_t)base + code - HX_TRIE_BIAS;
    if (base == 0 || code == 0 || child >= t->n_nodes || t->nodes[child].check != node + 1)
        return 0;
    return (uint32_t)child;
}

/* Asks for the child's memory ahead of hx__trie_step(). */
static inline void hx__trie_prefetch(const hx_trie *t, uint32_t node, uint32_t code) {
    size_t child = (size_t)t->nodes[node].base + code - HX_TRIE_BIAS;
    if (child < t->n_nodes) __builtin_prefetch(&t->nodes[child]);
}

/* The value of the whole key, 0 = none. */
uint64_t hx__trie_get(const hx_trie *t, hx_str key);

/* ------------------------------------------------------------------ building */
typedef struct {
    hx_str key; /* UTF-8, 1 to HX_TRIE_KEY_MAX code points */
    uint64_t value; /* not 0; of equal keys the greatest wins */
    uint64_t weight; /* how often it is looked up: orders the codes */
} hx_trie_entry;

/* The three arrays of hx_trie, as they go into a file or stay in memory. */
typedef struct {
    hx_buf codes, rare, nodes;
} hx_trie_parts;

/* At most 65,534 different code points. On failure nothing is kept. */
hx_status hx__trie_build(hx_trie_parts *out, const hx_trie_entry *entries, size_t n,
                         hx_error *err) HX_MUST_USE;
void hx__trie_parts_release(hx_trie_parts *p);
/* A view of three sections; refuses wrong sizes. */
hx_status hx__trie_view(hx_trie *t, hx_str codes, hx_str rare, hx_str nodes,
                        hx_error *err) HX_MUST_USE;

#endif
