/* rng.c - xoshiro256** 1.0 (D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators", 2018;
 * public-domain reference at prng.di.unimi.it), seeded by splitmix64 as its authors advise, so that the all-zero
 * state cannot arise. Bounded numbers by D. Lemire's multiply-and-reject (2019). Not for secrets. */
#include "base/rng.h"

__extension__ typedef unsigned __int128 rng_wide;

static uint64_t rng_rotl(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

void hx_rng_seed(hx_rng *r, uint64_t seed) {
    for (int i = 0; i < 4; i++) {
        seed += 0x9E3779B97F4A7C15u;
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        r->s[i] = z ^ (z >> 31);
    }
}

uint64_t hx_rng_next(hx_rng *r) {
    uint64_t *s = r->s;
    uint64_t result = rng_rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rng_rotl(s[3], 45);
    return result;
}

uint64_t hx_rng_below(hx_rng *r, uint64_t n) {
    rng_wide m = (rng_wide)hx_rng_next(r) * n;
    if ((uint64_t)m < n) {
        uint64_t reject = (0 - n) % n;
        while ((uint64_t)m < reject)
            m = (rng_wide)hx_rng_next(r) * n;
    }
    return (uint64_t)(m >> 64);
}

double hx_rng_uniform(hx_rng *r) {
    return (double)(hx_rng_next(r) >> 11) * 0x1p-53;
}
