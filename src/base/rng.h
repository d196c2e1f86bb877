/* rng.h - xoshiro256** (Blackman, Vigna 2018), seeded by splitmix64: same seed, same numbers everywhere. */
#ifndef HX_BASE_RNG_H
#define HX_BASE_RNG_H

#include <stdint.h>

typedef struct {
    uint64_t s[4];
} hx_rng;

void hx_rng_seed(hx_rng *r, uint64_t seed);
uint64_t hx_rng_next(hx_rng *r);
uint64_t hx_rng_below(hx_rng *r, uint64_t n); /* uniform in [0, n), n > 0, without modulo bias */
double hx_rng_uniform(hx_rng *r); /* [0, 1) with 53 bits */

#endif
