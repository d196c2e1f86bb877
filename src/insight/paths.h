/* paths.h - what comes next in a sequence: a Markov model of variable order, with interpolated Kneser-Ney smoothing.
 *
 *     p_k(s | h) = max(c(h s) - D_k, 0) / c(h) + D_k t(h) / c(h) p_(k-1)(s | h without its first),   p_(-1) = 1 / symbols
 *
 * c counts sequences at the highest order and distinct left neighbours below it, t how many symbols follow h, D_k = n1 / (n1 + 2 n2), at
 * most 0.9, from how many counts are 1 and 2 (Kneser and Ney 1995; Chen and Goodman 1999, interpolated, one discount an order). A history that was
 * never seen falls back to a shorter one. Order 1 is the Markov chain that longer ones are held against. */
#ifndef HX_INSIGHT_PATHS_H
#define HX_INSIGHT_PATHS_H

#include "huaxiang/base.h"

#define HX_PATHS_ORDER_MAX 6
#define HX_PATHS_SYMBOLS_MAX 4096

typedef struct hx_paths hx_paths;

/* `order`: symbols looked back at, 0 to HX_PATHS_ORDER_MAX. Symbols are 0 to n_symbols - 1. NULL when out of memory. */
hx_paths *hx_paths_new(unsigned order, uint32_t n_symbols);
void hx_paths_free(hx_paths *p); /* NULL is fine */
/* Learns symbols[from..n) behind symbols[0..from). False when out of memory. */
bool hx_paths_learn(hx_paths *p, const uint32_t *symbols, size_t from, size_t n);
/* Probabilities of what follows: out (n_symbols), sum 1. */
void hx_paths_predict(const hx_paths *p, const uint32_t *history, size_t n, double *out);

#endif
