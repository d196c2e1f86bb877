/* rope.h - frequencies of rotary positions under every scaling, and the cosines and sines of positions. */
#ifndef HX_LLAMA_ROPE_H
#define HX_LLAMA_ROPE_H

#include "llama/config.h"

/* frequency (dims / 2): radians a position. `factors` (dims / 2; NULL = 1): rope_freqs.weight of a GGUF file, dividing them.
 * Returns what cosines and sines are multiplied with (yarn's attention factor, else 1). */
float hx_rope_frequencies(const hx_rope_config *r, const float *factors, float *frequency);

/* Cosines and sines of positions [0, n); they only ever grow. */
typedef struct {
    float *cos_, *sin_; /* (n, half); one block, owned */
    size_t n, half;
} hx_rope_table;

void hx_rope_table_release(hx_rope_table *t);
/* Makes the table hold at least n positions, n <= HX_CONFIG_POSITIONS_MAX. */
hx_status hx_rope_table_grow(hx_rope_table *t, const float *frequency, size_t half, float amplitude,
                             size_t n, hx_error *err) HX_MUST_USE;
/* One position, negative to turn back. cos_, sin_ (half). */
void hx_rope_angles(const float *frequency, size_t half, float amplitude, double position,
                    float *cos_, float *sin_);

#endif
