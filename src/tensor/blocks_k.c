/* blocks_k.c - decoding of the K formats: blocks of 256 elements whose groups have quantised scales.
 *
 * The scale of a group is d times its small integer, rounded once to F32; then one multiplication a weight and one subtraction where
 * there is a minimum: the order of gguf/quants.py, whose bits are matched. */
#include "tensor/blocks.h"

_Static_assert(sizeof(hx_block_q2_k) == 84 && sizeof(hx_block_q3_k) == 110,
               "blocks have no padding");
_Static_assert(sizeof(hx_block_q4_k) == 144 && sizeof(hx_block_q5_k) == 176,
               "blocks have no padding");
_Static_assert(sizeof(hx_block_q6_k) == 210, "blocks have no padding");

void hx_decode_q2_k(const void *src, size_t n, float *dst) {
    const hx_block_q2_k *b = src;
    for (size_t k = 0; k < n / HX_BLOCK_K; k++) {
        float d = hx_f16_widen(b[k].d), dmin = hx_f16_widen(b[k].dmin);
        for (int g = 0; g < 16; g++, dst += 16) {
            float scale = d * (float)(b[k].scales[g] & 15);
            float min = dmin * (float)(b[k].scales[g] >> 4);
            const uint8_t *qs = b[k].qs + g / 8 * 32 + g % 2 * 16;
            int shift = g / 2 % 4 * 2;
            for (int i = 0; i < 16; i++)
                dst[i] = scale * (float)(qs[i] >> shift & 3) - min;
        }
    }
}

void hx_decode_q3_k(const void *src, size_t n, float *dst) {
    const hx_block_q3_k *b = src;
    for (size_t k = 0; k < n / HX_BLOCK_K; k++) {
        float d = hx_f16_widen(b[k].d);
        for (size_t g = 0; g < 16; g++, dst += 16) {
            float scale = d * (float)(hx_q3_k_scale(b[k].scales, g) - 32);
            const uint8_t *qs = b[k].qs + g / 8 * 32 + g % 2 * 16;
            const uint8_t *mask = b[k].hmask + g % 2 * 16;
            int shift = (int)(g / 2 % 4 * 2), bit = (int)(g / 2);
            for (int i = 0; i < 16; i++) {
                int q = (qs[i] >> shift & 3) | (mask[i] >> bit & 1) << 2;
                dst[i] = scale * (float)(q - 4);
            }
        }
    }
}

void hx_decode_q4_k(const void *src, size_t n, float *dst) {
    const hx_block_q4_k *b = src;
    for (size_t k = 0; k < n / HX_BLOCK_K; k++) {
        float d = hx_f16_widen(b[k].d), dmin = hx_f16_widen(b[k].dmin);
        for (size_t g = 0; g < 8; g++, dst += 32) {
            uint8_t s, m;
            hx_k_scale_min(b[k].scales, g, &s, &m);
            float scale = d * (float)s, min = dmin * (float)m;
            const uint8_t *qs = b[k].qs + g / 2 * 32;
            int shift = (int)(g % 2 * 4);
            for (int i = 0; i < 32; i++)
                dst[i] = scale * (float)(qs[i] >> shift & 15) - min;
        }
    }
}

void hx_decode_q5_k(const void *src, size_t n, float *dst) {
    const hx_block_q5_k *b = src;
    for (size_t k = 0; k < n / HX_BLOCK_K; k++) {
        float d = hx_f16_widen(b[k].d), dmin = hx_f16_widen(b[k].dmin);
        for (size_t g = 0; g < 8; g++, dst += 32) {
            uint8_t s, m;
            hx_k_scale_min(b[k].scales, g, &s, &m);
            float scale = d * (float)s, min = dmin * (float)m;
            const uint8_t *qs = b[k].qs + g / 2 * 32;
            int shift = (int)(g % 2 * 4), bit = (int)g;
            for (int i = 0; i < 32; i++) {
                int q = (qs[i] >> shift & 15) | (b[k].qh[i] >> bit & 1) << 4;
                dst[i] = scale * (float)q - min;
            }
        }
    }
}

void hx_decode_q6_k(const void *src, size_t n, float *dst) {
    const hx_block_q6_k *b = src;
    for (size_t k = 0; k < n / HX_BLOCK_K; k++) {
        float d = hx_f16_widen(b[k].d);
        for (int g = 0; g < 16; g++, dst += 16) {
            float scale = d * (float)b[k].scales[g];
            const uint8_t *ql = b[k].ql + g / 8 * 64 + g % 4 * 16;
            const uint8_t *qh = b[k].qh + g / 8 * 32 + g % 2 * 16;
            int low = g / 4 % 2 * 4, high = g / 2 % 4 * 2;
            for (int i = 0; i < 16; i++) {
                int q = (ql[i] >> low & 15) | (qh[i] >> high & 3) << 4;
                dst[i] = scale * (float)(q - 32);
            }
        }
    }
}
