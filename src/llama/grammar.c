/* grammar.c - a grammar's life, and reading its arrays.
 *
 * The arrays are growing buffers while the text is read; afterwards nothing changes and threads share them. Depth: a text may nest 1,024
 * frames deep, which no text of customers' does; deeper ones are refused like any other wrong byte. */
#include "llama/grammar.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { DEPTH_MAX = 1024 };

const hx_rule *hx_grammar_rule(const hx_grammar *g, uint32_t i) {
    return (const hx_rule *)(const void *)g->rules.ptr + i;
}

const hx_alternative *hx_grammar_alternative(const hx_grammar *g, uint32_t i) {
    return (const hx_alternative *)(const void *)g->alternatives.ptr + i;
}

const hx_element *hx_grammar_element(const hx_grammar *g, uint32_t i) {
    return (const hx_element *)(const void *)g->elements.ptr + i;
}

size_t hx_grammar_n_rules(const hx_grammar *g) {
    return g->rules.len / sizeof(hx_rule);
}

size_t hx_grammar_n_alternatives(const hx_grammar *g) {
    return g->alternatives.len / sizeof(hx_alternative);
}

bool hx_grammar_meets(const hx_grammar *g, const hx_element *e, uint32_t lo, uint32_t hi) {
    if (e->kind == HX_ELEMENT_CHAR) return e->arg >= lo && e->arg <= hi;
    const hx_code_set *set = (const hx_code_set *)(const void *)g->sets.ptr + e->arg;
    if (lo == hi && lo < 128) return (set->ascii[lo >> 6] >> (lo & 63) & 1) != 0;
    const hx_code_range *r = (const hx_code_range *)(const void *)g->ranges.ptr + set->first;
    size_t a = 0, b = set->n; /* the first range that ends at lo or later */
    while (a < b) {
        size_t middle = (a + b) / 2;
        if (r[middle].hi < lo)
            a = middle + 1;
        else
            b = middle;
    }
    return a < set->n && r[a].lo <= hi;
}

hx_grammar *hx_grammar_keep(const hx_grammar *g) {
    hx_grammar *kept = (hx_grammar *)(uintptr_t)g; /* only the count of users changes */
    atomic_fetch_add(&kept->n_users, 1);
    return kept;
}

static bool same_array(const hx_buf *a, const hx_buf *b) {
    return a->len == b->len && (a->len == 0 || memcmp(a->ptr, b->ptr, a->len) == 0);
}

bool hx_grammar_equal(const hx_grammar *a, const hx_grammar *b) {
    return a == b ||
           (a->root == b->root && a->depth_max == b->depth_max &&
            a->bracket_depth_max == b->bracket_depth_max && same_array(&a->rules, &b->rules) &&
            same_array(&a->alternatives, &b->alternatives) &&
            same_array(&a->elements, &b->elements) && same_array(&a->sets, &b->sets) &&
            same_array(&a->ranges, &b->ranges));
}

void hx_grammar_free(hx_grammar *g) {
    if (!g || atomic_fetch_sub(&g->n_users, 1) > 1) return;
    hx_buf_release(&g->rules);
    hx_buf_release(&g->alternatives);
    hx_buf_release(&g->elements);
    hx_buf_release(&g->sets);
    hx_buf_release(&g->ranges);
    free(g);
}

hx_status hx_grammar_new(hx_grammar **out, hx_str gbnf, hx_error *err) {
    *out = NULL;
    if (gbnf.len > HX_GRAMMAR_BYTES_MAX)
        return hx_fail(err, HX_ELIMIT, "grammar: larger than the limit of %d bytes",
                       HX_GRAMMAR_BYTES_MAX);
    hx_grammar *g = calloc(1, sizeof *g);
    if (!g) return hx_fail(err, HX_ENOMEM, "not enough memory for the grammar");
    hx_buf_init(&g->rules, HX_GRAMMAR_RULES_MAX * sizeof(hx_rule));
    hx_buf_init(&g->alternatives, HX_GRAMMAR_ELEMENTS_MAX * sizeof(hx_alternative));
    hx_buf_init(&g->elements, HX_GRAMMAR_ELEMENTS_MAX * sizeof(hx_element));
    hx_buf_init(&g->sets, HX_GRAMMAR_RANGES_MAX * sizeof(hx_code_set));
    hx_buf_init(&g->ranges, HX_GRAMMAR_RANGES_MAX * sizeof(hx_code_range));
    atomic_init(&g->n_users, 1);
    g->depth_max = DEPTH_MAX;
    g->bracket_depth_max = DEPTH_MAX;
    hx_status status = hx_grammar_parse(g, gbnf, err);
    if (status == HX_OK) status = hx_grammar_check(g, gbnf, err);
    if (status != HX_OK) {
        hx_grammar_free(g);
        return status;
    }
    *out = g;
    return HX_OK;
}
