/* blocks.h - the block formats of ggml as structures, and their decoding to F32. For src/tensor only.
 *
 * All numbers little-endian; every structure is without padding and a multiple of two bytes, so that an array of blocks that begins
 * at an even address is aligned. `d` is always an F16 scale, `m` an F16 minimum. w = weight, q = the unsigned code.
 *
 *   Q4_0  w = d (q - 8)            Q4_1  w = d q + m         nibble i: low half of qs[i], for i >= 16 high half of qs[i - 16]
 *   Q5_0  w = d (q - 16)           Q5_1  w = d q + m         likewise; bit 4 of q is bit i of qh
 *   Q8_0  w = d q, q signed
 *   Q2_K  w = d s q - dmin m       16 groups of 16; scales[g] = s | m << 4
 *   Q3_K  w = d (s - 32) (q - 4)   16 groups of 16; 6-bit s; bit 2 of q in hmask
 *   Q4_K, Q5_K  w = d s q - dmin m  8 groups of 32; 6-bit s and m packed into 12 bytes
 *   Q6_K  w = d s (q - 32)         16 groups of 16; s signed 8-bit */
#ifndef HX_TENSOR_BLOCKS_H
#define HX_TENSOR_BLOCKS_H

#include <string.h>

#include "tensor/dtype.h"

#define HX_BLOCK 32 /* elements of the simple formats */
#define HX_BLOCK_K 256 /* elements of a K block */
#define HX_K_SCALES 12 /* bytes of eight 6-bit scales and minima, or of sixteen 6-bit scales */

typedef struct {
    uint16_t d;
    uint8_t qs[16];
} hx_block_q4_0;

typedef struct {
    uint16_t d, m;
    uint8_t qs[16];
} hx_block_q4_1;

typedef struct {
    uint16_t d;
    uint8_t qh[4];
    uint8_t qs[16];
} hx_block_q5_0;

typedef struct {
    uint16_t d, m;
    uint8_t qh[4];
    uint8_t qs[16];
} hx_block_q5_1;

typedef struct {
    uint16_t d;
    int8_t qs[32];
} hx_block_q8_0;

typedef struct {
    uint8_t scales[16];
    uint8_t qs[64]; /* element i: bits 2 (i / 32 % 4) of qs[i / 128 * 32 + i % 32] */
    uint16_t d, dmin;
} hx_block_q2_k;

typedef struct {
    uint8_t hmask[32]; /* element i: bit i / 32 of hmask[i % 32] */
    uint8_t qs[64]; /* as in Q2_K */
    uint8_t scales[HX_K_SCALES];
    uint16_t d;
} hx_block_q3_k;

typedef struct {
    uint16_t d, dmin;
    uint8_t scales[HX_K_SCALES];
    uint8_t qs[128]; /* element i: nibble i / 32 % 2 of qs[i / 64 * 32 + i % 32] */
} hx_block_q4_k;

typedef struct {
    uint16_t d, dmin;
    uint8_t scales[HX_K_SCALES];
    uint8_t qh[32]; /* element i: bit i / 32 of qh[i % 32] */
    uint8_t qs[128]; /* as in Q4_K */
} hx_block_q5_k;

typedef struct {
    uint8_t ql[128]; /* element i: nibble i / 64 % 2 of ql[i / 128 * 64 + i % 64] */
    uint8_t qh[64]; /* element i: bits 2 (i / 32 % 4) of qh[i / 128 * 32 + i % 32] */
    int8_t scales[16];
    uint16_t d;
} hx_block_q6_k;

/* Scale and minimum of group j (0..7) of Q4_K and Q5_K. */
static inline void hx_k_scale_min(const uint8_t s[HX_K_SCALES], size_t j, uint8_t *scale,
                                  uint8_t *min) {
    if (j < 4) {
        *scale = s[j] & 63;
        *min = s[j + 4] & 63;
    } else {
        *scale = (uint8_t)((s[j + 4] & 15) | (s[j - 4] >> 6 << 4));
        *min = (uint8_t)((s[j + 4] >> 4) | (s[j] >> 6 << 4));
    }
}

/* Scale of group j (0..15) of Q3_K: 0..63, to be lessened by 32. */
static inline uint8_t hx_q3_k_scale(const uint8_t s[HX_K_SCALES], size_t j) {
    return (uint8_t)((s[j % 8] >> (j / 8 * 4) & 15) | ((s[8 + j % 4] >> (j / 4 * 2) & 3) << 4));
}

/* F16 to F32 without branches, so that loops over it become vectors. Exact, without help from subnormal F32. */
static inline float hx_f16_widen(uint16_t h) {
    uint32_t magnitude = h & 0x7fffu, sign = (uint32_t)(h & 0x8000u) << 16;
    float small = (float)(int32_t)magnitude * 0x1p-24f;
    uint32_t rebias = magnitude >= 0x7c00u ? 2u * (112u << 23) : 112u << 23;
    uint32_t bits, normal = (magnitude << 13) + rebias;
    memcpy(&bits, &small, sizeof bits);
    bits = (magnitude < 0x400u ? bits : normal) | sign;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* n elements, a multiple of the block. The sources of the first two may be unaligned. */
void hx_decode_f16(const void *src, size_t n, float *dst);
void hx_decode_bf16(const void *src, size_t n, float *dst);
void hx_decode_q4_0(const void *src, size_t n, float *dst);
void hx_decode_q4_1(const void *src, size_t n, float *dst);
void hx_decode_q5_0(const void *src, size_t n, float *dst);
void hx_decode_q5_1(const void *src, size_t n, float *dst);
void hx_decode_q8_0(const void *src, size_t n, float *dst);
void hx_decode_q2_k(const void *src, size_t n, float *dst);
void hx_decode_q3_k(const void *src, size_t n, float *dst);
void hx_decode_q4_k(const void *src, size_t n, float *dst);
void hx_decode_q5_k(const void *src, size_t n, float *dst);
void hx_decode_q6_k(const void *src, size_t n, float *dst);

#endif
