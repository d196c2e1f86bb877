/* blocks.c - decoding of the simple formats: F16, BF16 and blocks of 32 elements.
 *
 * One multiplication a weight, then one addition where there is a minimum, in this order and without fusing: that is what
 * gguf/quants.py does, whose bits are matched. Loops of fixed length over both halves of a block, which compilers turn into vectors. */
#include "tensor/blocks.h"

_Static_assert(sizeof(hx_block_q4_0) == 18 && sizeof(hx_block_q4_1) == 20,
               "blocks have no padding");
_Static_assert(sizeof(hx_block_q5_0) == 22 && sizeof(hx_block_q5_1) == 24,
               "blocks have no padding");
_Static_assert(sizeof(hx_block_q8_0) == 34, "blocks have no padding");

void hx_decode_f16(const void *src, size_t n, float *dst) {
    const char *bytes = src;
    for (size_t i = 0; i < n; i++) {
        uint16_t h;
        memcpy(&h, bytes + 2 * i, sizeof h);
        dst[i] = hx_f16_widen(h);
    }
}

void hx_decode_bf16(const void *src, size_t n, float *dst) {
    const char *bytes = src;
    for (size_t i = 0; i < n; i++) {
        uint16_t h;
        memcpy(&h, bytes + 2 * i, sizeof h);
        uint32_t bits = (uint32_t)h << 16;
        memcpy(dst + i, &bits, sizeof bits);
    }
}

void hx_decode_q4_0(const void *src, size_t n, float *dst) {
    const hx_block_q4_0 *b = src;
    for (size_t k = 0; k < n / HX_BLOCK; k++, dst += HX_BLOCK) {
        float d = hx_f16_widen(b[k].d);
        for (int i = 0; i < 16; i++) {
            dst[i] = d * (float)((b[k].qs[i] & 15) - 8);
            dst[i + 16] = d * (float)((b[k].qs[i] >> 4) - 8);
        }
    }
}

void hx_decode_q4_1(const void *src, size_t n, float *dst) {
    const hx_block_q4_1 *b = src;
    for (size_t k = 0; k < n / HX_BLOCK; k++, dst += HX_BLOCK) {
        float d = hx_f16_widen(b[k].d), m = hx_f16_widen(b[k].m);
        for (int i = 0; i < 16; i++) {
            dst[i] = d * (float)(b[k].qs[i] & 15) + m;
            dst[i + 16] = d * (float)(b[k].qs[i] >> 4) + m;
        }
    }
}

static uint32_t high_bits(const uint8_t qh[4]) {
    uint32_t bits;
    memcpy(&bits, qh, sizeof bits);
    return bits;
}

void hx_decode_q5_0(const void *src, size_t n, float *dst) {
    const hx_block_q5_0 *b = src;
    for (size_t k = 0; k < n / HX_BLOCK; k++, dst += HX_BLOCK) {
        float d = hx_f16_widen(b[k].d);
        uint32_t qh = high_bits(b[k].qh);
        for (int i = 0; i < 16; i++) {
            int low = (b[k].qs[i] & 15) | (int)((qh >> i & 1) << 4);
            int high = (b[k].qs[i] >> 4) | (int)((qh >> (i + 16) & 1) << 4);
            dst[i] = d * (float)(low - 16);
            dst[i + 16] = d * (float)(high - 16);
        }
    }
}

void hx_decode_q5_1(const void *src, size_t n, float *dst) {
    const hx_block_q5_1 *b = src;
    for (size_t k = 0; k < n / HX_BLOCK; k++, dst += HX_BLOCK) {
        float d = hx_f16_widen(b[k].d), m = hx_f16_widen(b[k].m);
        uint32_t qh = high_bits(b[k].qh);
        for (int i = 0; i < 16; i++) {
            int low = (b[k].qs[i] & 15) | (int)((qh >> i & 1) << 4);
            int high = (b[k].qs[i] >> 4) | (int)((qh >> (i + 16) & 1) << 4);
            dst[i] = d * (float)low + m;
            dst[i + 16] = d * (float)high + m;
        }
    }
}

void hx_decode_q8_0(const void *src, size_t n, float *dst) {
    const hx_block_q8_0 *b = src;
    for (size_t k = 0; k < n / HX_BLOCK; k++, dst += HX_BLOCK) {
        float d = hx_f16_widen(b[k].d);
        for (int i = 0; i < HX_BLOCK; i++)
            dst[i] = d * (float)b[k].qs[i];
    }
}
