/* rope.c - rotary positions: position p turns pair i of a head by p * f_i.
 *
 *     plain    f_i = theta^(-2i/d)                                                       arXiv 2104.09864
 *     linear   f_i / factor                                                              arXiv 2306.15595
 *     llama3   long waves (above original / low_freq_factor) / factor, short ones (below original / high_freq_factor) as they are,
 *              a linear blend by wave length between them                                Llama 3.1
 *     yarn     a blend of f_i / factor and f_i by a ramp between the dimensions that turn beta_fast and beta_slow times in the original
 *              length; cosines and sines times the attention factor                      arXiv 2309.00071
 *
 * Formulas as in modeling_rope_utils.py of transformers; frequencies are F32 as there, since models were trained with them. Angles are
 * products in double precision: F32 ones are wrong by 0.004 radians at position 100,000. */
#include "llama/rope.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const double TAU = 6.283185307179586;

static double llama3_frequency(const hx_rope_config *r, double f) {
    double wave = TAU / f, original = (double)r->original_positions;
    if (wave < original / r->high_freq_factor) return f;
    if (wave > original / r->low_freq_factor) return f / r->factor;
    double smooth =
        (original / wave - r->low_freq_factor) / (r->high_freq_factor - r->low_freq_factor);
    return (1.0 - smooth) * f / r->factor + smooth * f;
}

/* The (fractional) pair that turns `turns` times in the original length. */
static double yarn_pair(const hx_rope_config *r, double turns) {
    return (double)r->dims * log((double)r->original_positions / (turns * TAU)) /
           (2.0 * log(r->theta));
}

static double yarn_frequency(const hx_rope_config *r, double f, size_t i) {
    double low = yarn_pair(r, r->beta_fast), high = yarn_pair(r, r->beta_slow);
    if (!r->keep_fractions) {
        low = floor(low);
        high = ceil(high);
    }
    low = fmax(low, 0.0);
    high = fmin(high, (double)r->dims - 1.0);
    if (low == high) high += 0.001;
    double ramp = fmin(fmax(((double)i - low) / (high - low), 0.0), 1.0);
    return f / r->factor * ramp + f * (1.0 - ramp);
}

float hx_rope_frequencies(const hx_rope_config *r, const float *factors, float *frequency) {
    for (size_t i = 0; i < r->dims / 2; i++) {
        double f = pow(r->theta, -2.0 * (double)i / (double)r->dims);
        if (r->scaling == HX_ROPE_LINEAR) f /= r->factor;
        if (r->scaling == HX_ROPE_LLAMA3) f = llama3_frequency(r, f);
        if (r->scaling == HX_ROPE_YARN) f = yarn_frequency(r, f, i);
        frequency[i] = (float)(factors ? f / (double)factors[i] : f);
    }
    if (r->scaling != HX_ROPE_YARN) return 1.0f;
    if (r->attention_factor > 0.0) return (float)r->attention_factor;
    return (float)(1.0 + 0.1 * log(r->factor));
}

void hx_rope_angles(const float *frequency, size_t half, float amplitude, double position,
                    float *cos_, float *sin_) {
    for (size_t i = 0; i < half; i++) {
        double angle = position * (double)frequency[i];
        cos_[i] = (float)(cos(angle) * (double)amplitude);
        sin_[i] = (float)(sin(angle) * (double)amplitude);
    }
}

void hx_rope_table_release(hx_rope_table *t) {
    free(t->cos_);
    memset(t, 0, sizeof *t);
}

hx_status hx_rope_table_grow(hx_rope_table *t, const float *frequency, size_t half, float amplitude,
                             size_t n, hx_error *err) {
    if (n <= t->n) return HX_OK;
    size_t room = n > 2 * t->n ? n : 2 * t->n;
    float *block = calloc(2 * room * half, sizeof *block);
    if (!block)
        return hx_fail(err, HX_ENOMEM, "out of memory for the rotations of %zu positions", room);
    hx_rope_table grown = {block, block + room * half, room, half};
    if (t->n) {
        memcpy(grown.cos_, t->cos_, t->n * half * sizeof *block);
        memcpy(grown.sin_, t->sin_, t->n * half * sizeof *block);
    }
    for (size_t p = t->n; p < room; p++)
        hx_rope_angles(frequency, half, amplitude, (double)p, grown.cos_ + p * half,
                       grown.sin_ + p * half);
    hx_rope_table_release(t);
    *t = grown;
    return HX_OK;
}
