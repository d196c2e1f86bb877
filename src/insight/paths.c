/* paths.c - a Markov model of variable order; see paths.h.
 *
 * Histories are hashes of their symbols, one map an order; where fewer symbols came before than the order asks for, a start symbol
 * stands in their place, so that the start of a sequence is a history like others. A count below the highest order rises when its
 * history with one symbol more in front is met for the first time: it counts left neighbours. */
#include "insight/paths.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"

#define START UINT32_MAX

typedef struct {
    hx_map counts; /* history and symbol -> c */
    hx_map totals, types; /* history -> c, t */
    double n1, n2;
} level;

struct hx_paths {
    unsigned order;
    uint32_t n_symbols;
    level levels[HX_PATHS_ORDER_MAX + 1];
};

hx_paths *hx_paths_new(unsigned order, uint32_t n_symbols) {
    hx_paths *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->order = order < HX_PATHS_ORDER_MAX ? order : HX_PATHS_ORDER_MAX;
    p->n_symbols = n_symbols;
    for (size_t k = 0; k <= HX_PATHS_ORDER_MAX; k++) {
        hx_map_init(&p->levels[k].counts);
        hx_map_init(&p->levels[k].totals);
        hx_map_init(&p->levels[k].types);
    }
    return p;
}

void hx_paths_free(hx_paths *p) {
    if (!p) return;
    for (size_t k = 0; k <= HX_PATHS_ORDER_MAX; k++) {
        hx_map_release(&p->levels[k].counts);
        hx_map_release(&p->levels[k].totals);
        hx_map_release(&p->levels[k].types);
    }
    free(p);
}

/* Of the k symbols before symbols[n]. */
static uint64_t history_of(const uint32_t *symbols, size_t n, unsigned k) {
    uint64_t hash = UINT64_C(0x9E3779B97F4A7C15) + k;
    for (unsigned i = k; i > 0; i--)
        hash = hx_hash_mix(hash, n >= i ? symbols[n - i] : START);
    return hash;
}

static uint64_t with(uint64_t history, uint32_t symbol) {
    return hx_hash_mix(history ^ UINT64_C(0xD1B54A32D192ED03), symbol);
}

/* *fresh: the symbol was not met behind this history before. */
static bool add(level *l, uint64_t history, uint32_t symbol, bool *fresh) {
    uint64_t *c = hx_map_put(&l->counts, with(history, symbol));
    uint64_t *total = hx_map_put(&l->totals, history);
    uint64_t *types = hx_map_put(&l->types, history);
    if (!c || !total || !types) return false;
    *fresh = *c == 0;
    ++*c;
    ++*total;
    *types += *fresh;
    l->n1 += *c == 1 ? 1 : *c == 2 ? -1 : 0;
    l->n2 += *c == 2 ? 1 : *c == 3 ? -1 : 0;
    return true;
}

bool hx_paths_learn(hx_paths *p, const uint32_t *symbols, size_t from, size_t n) {
    for (size_t i = from; i < n; i++) {
        bool fresh = true;
        for (unsigned k = p->order + 1; k > 0 && fresh; k--)
            if (!add(&p->levels[k - 1], history_of(symbols, i, k - 1), symbols[i], &fresh))
                return false;
    }
    return true;
}

static void interpolate(const level *l, uint64_t history, uint32_t n_symbols, double *p) {
    const uint64_t *total = hx_map_get(&l->totals, history),
                   *types = hx_map_get(&l->types, history);
    if (!total || !types || *total == 0) return;
    const double most = 0.9, plain = l->n1 > 0 ? l->n1 / (l->n1 + 2 * l->n2) : 0.5;
    const double discount = plain < most ? plain : most, n = (double)*total;
    for (uint32_t s = 0; s < n_symbols; s++) {
        const uint64_t *c = hx_map_get(&l->counts, with(history, s));
        const double seen = c ? (double)*c - discount : 0;
        p[s] = (seen > 0 ? seen : 0) / n + discount * (double)*types / n * p[s];
    }
}

void hx_paths_predict(const hx_paths *p, const uint32_t *history, size_t n, double *out) {
    for (uint32_t s = 0; s < p->n_symbols; s++)
        out[s] = 1.0 / p->n_symbols;
    for (unsigned k = 0; k <= p->order; k++)
        interpolate(&p->levels[k], history_of(history, n, k), p->n_symbols, out);
}
