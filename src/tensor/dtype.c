/* dtype.c - the table of element types, sizes of rows, and the conversions of single half-precision numbers.
 *
 * Numbers of types are GGUF's. What the table does not name cannot be opened. Rounding to F16 and BF16 is to nearest, ties to even;
 * what is too large becomes infinite. */
#include "tensor/blocks.h"

#include <string.h>
#include <strings.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files are read as they lie in memory");

#define DTYPES_N 31

static const hx_dtype_info dtypes[DTYPES_N] = {
    [HX_DTYPE_F32] = {"F32", 1, 4, true},
    [HX_DTYPE_F16] = {"F16", 1, 2, true},
    [HX_DTYPE_Q4_0] = {"Q4_0", HX_BLOCK, sizeof(hx_block_q4_0), true},
    [HX_DTYPE_Q4_1] = {"Q4_1", HX_BLOCK, sizeof(hx_block_q4_1), true},
    [HX_DTYPE_Q5_0] = {"Q5_0", HX_BLOCK, sizeof(hx_block_q5_0), true},
    [HX_DTYPE_Q5_1] = {"Q5_1", HX_BLOCK, sizeof(hx_block_q5_1), true},
    [HX_DTYPE_Q8_0] = {"Q8_0", HX_BLOCK, sizeof(hx_block_q8_0), true},
    [HX_DTYPE_Q2_K] = {"Q2_K", HX_BLOCK_K, sizeof(hx_block_q2_k), true},
    [HX_DTYPE_Q3_K] = {"Q3_K", HX_BLOCK_K, sizeof(hx_block_q3_k), true},
    [HX_DTYPE_Q4_K] = {"Q4_K", HX_BLOCK_K, sizeof(hx_block_q4_k), true},
    [HX_DTYPE_Q5_K] = {"Q5_K", HX_BLOCK_K, sizeof(hx_block_q5_k), true},
    [HX_DTYPE_Q6_K] = {"Q6_K", HX_BLOCK_K, sizeof(hx_block_q6_k), true},
    [HX_DTYPE_I8] = {"I8", 1, 1, false},
    [HX_DTYPE_I16] = {"I16", 1, 2, false},
    [HX_DTYPE_I32] = {"I32", 1, 4, false},
    [HX_DTYPE_I64] = {"I64", 1, 8, false},
    [HX_DTYPE_F64] = {"F64", 1, 8, false},
    [HX_DTYPE_BF16] = {"BF16", 1, 2, true},
};

static const hx_dtype_info dtype_unknown = {NULL, 0, 0, false};

const hx_dtype_info *hx_dtype_describe(uint32_t type) {
    return type < DTYPES_N ? &dtypes[type] : &dtype_unknown;
}

bool hx_dtype_of_name(hx_str name, hx_dtype *out) {
    for (uint32_t i = 0; i < DTYPES_N; i++) {
        const char *s = dtypes[i].name;
        if (!s || strlen(s) != name.len || strncasecmp(s, name.ptr, name.len) != 0) continue;
        *out = (hx_dtype)i;
        return true;
    }
    return false;
}

bool hx_dtype_size(hx_dtype type, uint64_t n, uint64_t *bytes) {
    const hx_dtype_info *t = hx_dtype_describe((uint32_t)type);
    if (t->block == 0 || n % t->block != 0) return false;
    return !__builtin_mul_overflow(n / t->block, (uint64_t)t->bytes, bytes);
}

void hx_dtype_decode(hx_dtype type, const void *src, size_t n, float *dst) {
    switch (type) {
    case HX_DTYPE_F32:
        if (n) memcpy(dst, src, n * sizeof *dst);
        return;
    case HX_DTYPE_F16:
        hx_decode_f16(src, n, dst);
        return;
    case HX_DTYPE_BF16:
        hx_decode_bf16(src, n, dst);
        return;
    case HX_DTYPE_Q4_0:
        hx_decode_q4_0(src, n, dst);
        return;
    case HX_DTYPE_Q4_1:
        hx_decode_q4_1(src, n, dst);
        return;
    case HX_DTYPE_Q5_0:
        hx_decode_q5_0(src, n, dst);
        return;
    case HX_DTYPE_Q5_1:
        hx_decode_q5_1(src, n, dst);
        return;
    case HX_DTYPE_Q8_0:
        hx_decode_q8_0(src, n, dst);
        return;
    case HX_DTYPE_Q2_K:
        hx_decode_q2_k(src, n, dst);
        return;
    case HX_DTYPE_Q3_K:
        hx_decode_q3_k(src, n, dst);
        return;
    case HX_DTYPE_Q4_K:
        hx_decode_q4_k(src, n, dst);
        return;
    case HX_DTYPE_Q5_K:
        hx_decode_q5_k(src, n, dst);
        return;
    case HX_DTYPE_Q6_K:
        hx_decode_q6_k(src, n, dst);
        return;
    case HX_DTYPE_I8:
    case HX_DTYPE_I16:
    case HX_DTYPE_I32:
    case HX_DTYPE_I64:
    case HX_DTYPE_F64:
        break; /* no weights: the caller has asked hx_dtype_describe() */
    }
}

float hx_f16_to_f32(uint16_t h) {
    return hx_f16_widen(h);
}

uint16_t hx_f32_to_f16(float f) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00u); /* NaN, quiet */
    if (magnitude >= 0x47800000u) return (uint16_t)(sign | 0x7c00u); /* 65536 and more */
    if (magnitude < 0x38800000u) {
        /* Below 2^-14: adding 1/2 leaves multiples of 2^-24 in the last bits, rounded by the addition. */
        float shifted;
        memcpy(&shifted, &magnitude, sizeof shifted);
        shifted += 0.5f;
        memcpy(&bits, &shifted, sizeof bits);
        return (uint16_t)(sign | (bits - 0x3f000000u));
    }
    uint32_t rounded = magnitude - (112u << 23) + 0xfffu + (magnitude >> 13 & 1);
    return (uint16_t)(sign | rounded >> 13);
}

float hx_bf16_to_f32(uint16_t h) {
    uint32_t bits = (uint32_t)h << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

uint16_t hx_f32_to_bf16(float f) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}
