/* hash.h - XXH3 (xxHash 0.8) as the one non-cryptographic hash. Stable: hashes are stored. */
#ifndef HX_BASE_HASH_H
#define HX_BASE_HASH_H

#include "huaxiang/base.h"

uint64_t hx_hash(hx_str s);
uint64_t hx_hash_seed(hx_str s, uint64_t seed);
uint64_t hx_hash_mix(uint64_t a, uint64_t b); /* of two hashes; order matters */

#endif
