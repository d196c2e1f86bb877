/* hash.c - XXH3, 64 bits (Y. Collet, xxHash 0.8: the algorithm's output is frozen since 0.8.0).
 *
 * Stored files hold these hashes: neither the function nor the seeds may change. Compiled in rather than called,
 * since most keys are short and the call would cost as much as the hash. */
#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hx_hash(hx_str s) {
    return XXH3_64bits(s.len ? s.ptr : "", s.len);
}

uint64_t hx_hash_seed(hx_str s, uint64_t seed) {
    return XXH3_64bits_withSeed(s.len ? s.ptr : "", s.len, seed);
}

uint64_t hx_hash_mix(uint64_t a, uint64_t b) {
    unsigned char bytes[16]; /* little-endian on every machine: the result is stored */
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(a >> (8 * i));
        bytes[8 + i] = (unsigned char)(b >> (8 * i));
    }
    return XXH3_64bits(bytes, sizeof bytes);
}
