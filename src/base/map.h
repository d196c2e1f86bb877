/* map.h - open-addressing hash map from 64-bit keys (usually hashes) to 64-bit values. Not thread-safe.
 * Any key is legal. Iteration order is unspecified: sort what you show. */
#ifndef HX_BASE_MAP_H
#define HX_BASE_MAP_H

#include "huaxiang/base.h"

typedef struct {
    uint64_t *keys;
    uint64_t *values;
    uint8_t *used;
    size_t n;
    size_t slots; /* power of two, or 0 */
} hx_map;

void hx_map_init(hx_map *m);
void hx_map_release(hx_map *m);
void hx_map_reset(hx_map *m); /* empties, keeps the slots */
/* The value's place, made (zero) where absent; NULL when out of memory. Valid until the next put. */
uint64_t *hx_map_put(hx_map *m, uint64_t key);
/* The value's place or NULL. */
uint64_t *hx_map_get(const hx_map *m, uint64_t key);
/* Walks: start with *i = 0; false at the end. */
bool hx_map_next(const hx_map *m, size_t *i, uint64_t *key, uint64_t *value);

#endif
