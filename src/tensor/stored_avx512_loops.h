/* stored_avx512_loops.h - stored.h for AVX-512, included by stored_avx512.c and stored_vnni.c, which differ in the instructions
 * of the integer sums only (the compiler's flags decide), not in their bits.
 *
 * Weights come in units of 64 elements: one vector of unsigned codes, one of F32 scales (a lane holds the sum of 4 products). A step is
 * one unit of the simple formats (two blocks; one at the end of an odd row) or four units of the K formats (one block). Nibbles are
 * spread by one permutation of 16-bit words, since all blocks are of even size. */
#ifndef HX_TENSOR_STORED_AVX512_LOOPS_H
#define HX_TENSOR_STORED_AVX512_LOOPS_H

#include "tensor/simd_avx512.h"
#include "tensor/stored_kernels.h"

#include <string.h>

typedef enum { F_Q4_0, F_Q4_1, F_Q5_0, F_Q8_0, F_Q4_K, F_Q6_K } format;

typedef struct {
    __m512i q[4];
    __m512 d[4];
    __m512 m; /* minima, lanes as in load_sums */
} unit;

HX_INLINE size_t units_of(format f) {
    return f == F_Q4_K || f == F_Q6_K ? 4 : 1;
}
HX_INLINE size_t block_bytes(format f) {
    return f == F_Q4_0   ? 18
           : f == F_Q4_1 ? 20
           : f == F_Q5_0 ? 22
           : f == F_Q8_0 ? 34
           : f == F_Q4_K ? 144
                         : 210;
}
HX_INLINE int offset_of(format f) {
#ifndef __AVX512VNNI__
    if (f == F_Q8_0) return 0;
#endif
    return f == F_Q4_0 ? 8 : f == F_Q5_0 ? 16 : f == F_Q8_0 ? 128 : f == F_Q6_K ? 32 : 0;
}
HX_INLINE bool has_minimum(format f) {
    return f == F_Q4_1 || f == F_Q4_K;
}

/* sum + the sums of 4 products of q (unsigned; signed for Q8_0 without VNNI) and x (signed). */
HX_INLINE __m512i dot4(format f, __m512i sum, __m512i q, __m512i x) {
#ifdef __AVX512VNNI__
    (void)f;
    return _mm512_dpbusd_epi32(sum, q, x);
#else
    if (f == F_Q8_0) {
        x = _mm512_mask_sub_epi8(x, _mm512_movepi8_mask(q), _mm512_setzero_si512(), x);
        q = _mm512_abs_epi8(q);
    }
    __m512i pairs = _mm512_maddubs_epi16(q, x);
    return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
#endif
}

/* Words w, w + 1, ..., w + 7 in each of lanes 2 * half and 2 * half + 1. */
#define WORDS_TWICE(a, b)                                                                          \
    _mm512_set_epi16((b) + 7, (b) + 6, (b) + 5, (b) + 4, (b) + 3, (b) + 2, (b) + 1, (b), (b) + 7,  \
                     (b) + 6, (b) + 5, (b) + 4, (b) + 3, (b) + 2, (b) + 1, (b), (a) + 7, (a) + 6,  \
                     (a) + 5, (a) + 4, (a) + 3, (a) + 2, (a) + 1, (a), (a) + 7, (a) + 6, (a) + 5,  \
                     (a) + 4, (a) + 3, (a) + 2, (a) + 1, (a))
/* 8 times word 0, then 8 times word b. */
#define SCALES(b)                                                                                  \
    _mm512_set_epi16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (b), (b), (b), (b), (b), (b), \
                     (b), (b), 0, 0, 0, 0, 0, 0, 0, 0)

HX_INLINE __m512i low_then_high(__m512i bytes) {
    const __m512i shift = _mm512_set_epi64(0x0004000400040004, 0x0004000400040004, 0, 0,
                                           0x0004000400040004, 0x0004000400040004, 0, 0);
    return _mm512_and_si512(_mm512_srlv_epi16(bytes, shift), _mm512_set1_epi8(15));
}

HX_INLINE __m512 to_scales(__m512i words) {
    return _mm512_cvtph_ps(_mm512_castsi512_si256(words));
}

/* Two blocks (or one) of a simple format with nibbles. */
HX_INLINE void unpack_nibbles(format f, const uint8_t *w, size_t blocks, unit *u) {
    const int words = (int)block_bytes(f) / 2;
    const int first = words - 8; /* word where the nibbles begin */
    __mmask32 m = (__mmask32)((1ull << (blocks * (size_t)words)) - 1);
    __m512i raw = _mm512_maskz_loadu_epi16(m, w);
    const __m512i order = WORDS_TWICE((short)first, (short)(first + words));
    u->q[0] = low_then_high(_mm512_permutexvar_epi16(order, raw));
    u->d[0] = to_scales(_mm512_permutexvar_epi16(SCALES((short)words), raw));
    if (f == F_Q4_1) {
        const __m512i minima =
            _mm512_set_epi32(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11 << 16 | 1);
        u->m = to_scales(_mm512_maskz_permutexvar_epi16(3, minima, raw));
    }
    if (f == F_Q5_0) {
        uint32_t h[2] = {0, 0};
        memcpy(&h[0], w + 2, 4);
        if (blocks == 2) memcpy(&h[1], w + 24, 4);
        __mmask64 high = (__mmask64)h[0] | (__mmask64)h[1] << 32;
        u->q[0] = _mm512_mask_add_epi8(u->q[0], high, u->q[0], _mm512_set1_epi8(16));
    }
}

HX_INLINE void unpack_q8_0(const uint8_t *w, size_t blocks, unit *u) {
    const uint8_t *next = blocks == 2 ? w + 34 : w;
    __m256i low = _mm256_loadu_si256((const void *)(w + 2));
    __m256i high =
        blocks == 2 ? _mm256_loadu_si256((const void *)(w + 36)) : _mm256_setzero_si256();
    __m512i q = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    u->q[0] = offset_of(F_Q8_0) ? _mm512_xor_si512(q, _mm512_set1_epi8(-128)) : q;
    __m128i d0 = _mm_broadcastw_epi16(_mm_loadu_si16(w));
    __m128i d1 = _mm_broadcastw_epi16(_mm_loadu_si16(next));
    u->d[0] = _mm512_cvtph_ps(_mm256_set_m128i(d1, d0));
}

/* Lanes 2 j (8 times) and 2 j + 1 (8 times) of groups of 32. */
HX_INLINE __m512i pair_of(int j) {
    return _mm512_set_epi32(2 * j + 1, 2 * j + 1, 2 * j + 1, 2 * j + 1, 2 * j + 1, 2 * j + 1,
                            2 * j + 1, 2 * j + 1, 2 * j, 2 * j, 2 * j, 2 * j, 2 * j, 2 * j, 2 * j,
                            2 * j);
}

/* Scales and minima are 6-bit numbers in 12 bytes: of groups 0-3 in the low bits of bytes 0-3 and 4-7; of groups 4-7 four bits in
 * bytes 8-11 and two bits on top of the others. Lanes: scales 0-3, minima 0-3, scales 4-7, minima 4-7. */
HX_INLINE void unpack_q4_k(const uint8_t *w, unit *u) {
    uint64_t ab;
    uint32_t c;
    memcpy(&ab, w + 4, 8);
    memcpy(&c, w + 12, 4);
    uint64_t cc = (uint64_t)(c & 0x0f0f0f0f) | (uint64_t)(c >> 4 & 0x0f0f0f0f) << 32;
    uint64_t low = ab & 0x3f3f3f3f3f3f3f3f, high = cc | (ab >> 2 & 0x3030303030303030);
    __m128i bytes = _mm_set_epi64x((long long)high, (long long)low);
    __m512 d = _mm512_set1_ps(hx__scale_f16(w)), dmin = _mm512_set1_ps(-hx__scale_f16(w + 2));
    __m512 all = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes)),
                               _mm512_mask_mov_ps(d, 0xf0f0, dmin));
    u->m = _mm512_maskz_mov_ps(0xf0f0, all);
    HX_UNROLL
    for (int j = 0; j < 4; ++j) {
        __m512i raw = _mm512_broadcast_i64x4(_mm256_loadu_si256((const void *)(w + 16 + 32 * j)));
        const __m512i shift = _mm512_set_epi64(0x0004000400040004, 0x0004000400040004,
                                               0x0004000400040004, 0x0004000400040004, 0, 0, 0, 0);
        u->q[j] = _mm512_and_si512(_mm512_srlv_epi16(raw, shift), _mm512_set1_epi8(15));
        u->d[j] = _mm512_permutexvar_ps(pair_of(j < 2 ? j : j + 2), all);
    }
}

/* ql[64 h + i], qh[32 h + i]: see blocks.h. Scales of 16 elements = 4 lanes. */
HX_INLINE void unpack_q6_k(const uint8_t *w, unit *u) {
    __m128i bytes = _mm_loadu_si128((const void *)(w + 192));
    __m512 all = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)),
                               _mm512_set1_ps(hx__scale_f16(w + 208)));
    const __m512i left = _mm512_set_epi64(
        0x0002000200020002, 0x0002000200020002, 0x0002000200020002, 0x0002000200020002,
        0x0004000400040004, 0x0004000400040004, 0x0004000400040004, 0x0004000400040004);
    const __m512i right = _mm512_set_epi64(0x0002000200020002, 0x0002000200020002,
                                           0x0002000200020002, 0x0002000200020002, 0, 0, 0, 0);
    const __m512i nibble = _mm512_set1_epi8(15), upper = _mm512_set1_epi8(0x30);
    HX_UNROLL
    for (int h = 0; h < 2; ++h) {
        __m512i l = _mm512_loadu_si512(w + 64 * h);
        __m512i top = _mm512_broadcast_i64x4(_mm256_loadu_si256((const void *)(w + 128 + 32 * h)));
        __m512i low = _mm512_and_si512(l, nibble);
        __m512i high = _mm512_and_si512(_mm512_srli_epi16(l, 4), nibble);
        /* (a and b) or c */
        u->q[2 * h] = _mm512_ternarylogic_epi32(_mm512_sllv_epi16(top, left), upper, low, 0xea);
        u->q[2 * h + 1] =
            _mm512_ternarylogic_epi32(_mm512_srlv_epi16(top, right), upper, high, 0xea);
    }
    HX_UNROLL
    for (int j = 0; j < 4; ++j) {
        const __m512i order =
            _mm512_add_epi32(_mm512_set1_epi32(4 * j),
                             _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0));
        u->d[j] = _mm512_permutexvar_ps(order, all);
    }
}

HX_INLINE void unpack(format f, const uint8_t *w, size_t blocks, unit *u) {
    if (f == F_Q4_K)
        unpack_q4_k(w, u);
    else if (f == F_Q6_K)
        unpack_q6_k(w, u);
    else if (f == F_Q8_0)
        unpack_q8_0(w, blocks, u);
    else
        unpack_nibbles(f, w, blocks, u);
}

/* Sums of the step's blocks in the lanes where unpack has their minima. */
HX_INLINE __m512 load_sums(format f, const float *sum) {
    if (f != F_Q4_K) return _mm512_maskz_loadu_ps(3, sum);
    const __m512i order = _mm512_set_epi32(7, 6, 5, 4, 0, 0, 0, 0, 3, 2, 1, 0, 0, 0, 0, 0);
    return _mm512_maskz_permutexvar_ps(0xf0f0, order, _mm512_castps256_ps512(_mm256_loadu_ps(sum)));
}

HX_INLINE __m512 load_scales(const float *scale) {
    __m128 two = _mm_castpd_ps(_mm_load_sd((const double *)(const void *)scale));
    return _mm512_permutexvar_ps(pair_of(0), _mm512_castps128_ps512(two));
}

typedef struct {
    const int8_t *q;
    const float *scale, *sum;
} activations;

/* One step of n_w rows of weights and n_x rows of activations. */
HX_INLINE void step(format f, size_t n_w, size_t n_x, const uint8_t *const *w, size_t blocks,
                    const activations *a, size_t at, __m512 *acc) {
    unit u[4];
    HX_UNROLL
    for (size_t r = 0; r < n_w; ++r)
        unpack(f, w[r], blocks, &u[r]);
    HX_UNROLL
    for (size_t m = 0; m < n_x; ++m) {
        HX_UNROLL
        for (size_t j = 0; j < units_of(f); ++j) {
            __m512i x = _mm512_loadu_si512(a[m].q + at + j * 64);
            __m512 scale = load_scales(a[m].scale + at / 32 + j * 2);
            __m512i zero = _mm512_setzero_si512(), less = zero;
            if (offset_of(f))
                less =
                    _mm512_sub_epi32(zero, dot4(f, zero, _mm512_set1_epi8((char)offset_of(f)), x));
            HX_UNROLL
            for (size_t r = 0; r < n_w; ++r) {
                __m512 sum = _mm512_cvtepi32_ps(dot4(f, less, u[r].q[j], x));
                acc[r * n_x + m] =
                    _mm512_fmadd_ps(sum, _mm512_mul_ps(u[r].d[j], scale), acc[r * n_x + m]);
            }
        }
        if (!has_minimum(f)) continue;
        __m512 sums = load_sums(f, a[m].sum + at / 32);
        HX_UNROLL
        for (size_t r = 0; r < n_w; ++r)
            acc[r * n_x + m] = _mm512_fmadd_ps(u[r].m, sums, acc[r * n_x + m]);
    }
}

/* Rows [n, n + n_w) of the weights x rows [m, m + n_x) of the activations; those past the end are computed again and dropped. */
HX_INLINE void run_tile(format f, size_t n_w, size_t n_x, const hx_stored_job *job, size_t n,
                        size_t m) {
    const uint8_t *w[4];
    activations a[4];
    __m512 acc[4];
    size_t stride = hx__stored_stride(job->k), units = units_of(f);
    for (size_t r = 0; r < n_w; ++r)
        w[r] = job->w + (n + r < job->n_rows ? n + r : job->n_rows - 1) * job->row_bytes;
    for (size_t i = 0; i < n_x; ++i) {
        const uint8_t *row = job->rows + (m + i < job->m_rows ? m + i : job->m_rows - 1) * stride;
        a[i] = (activations){(const int8_t *)row, hx__stored_scale(row, job->k),
                             hx__stored_sum(row, job->k)};
    }
    HX_UNROLL
    for (size_t i = 0; i < n_w * n_x; ++i)
        acc[i] = _mm512_setzero_ps();
    size_t bytes = block_bytes(f) * (units == 1 ? 2 : 1), at = 0;
    for (; at + 64 * units <= job->k; at += 64 * units) {
        step(f, n_w, n_x, w, 2, a, at, acc);
        HX_UNROLL
        for (size_t r = 0; r < n_w; ++r)
            w[r] += bytes;
    }
    if (units == 1 && at < job->k) step(f, n_w, n_x, w, 1, a, at, acc);
    for (size_t r = 0; r < n_w && n + r < job->n_rows; ++r)
        for (size_t i = 0; i < n_x && m + i < job->m_rows; ++i)
            job->y[(m + i) * job->ldy + n + r] = _mm512_reduce_add_ps(acc[r * n_x + i]);
}

HX_INLINE void run_format(format f, size_t n_w, const hx_stored_job *job) {
    if (job->m_rows == 1) {
        for (size_t n = 0; n < job->n_rows; n += n_w)
            run_tile(f, n_w, 1, job, n, 0);
        return;
    }
    for (size_t n = 0; n < job->n_rows; ++n)
        for (size_t m = 0; m < job->m_rows; m += 4)
            run_tile(f, 1, 4, job, n, m);
}

static void run_q4_0(const hx_stored_job *job) {
    run_format(F_Q4_0, 4, job);
}
static void run_q4_1(const hx_stored_job *job) {
    run_format(F_Q4_1, 4, job);
}
static void run_q5_0(const hx_stored_job *job) {
    run_format(F_Q5_0, 4, job);
}
static void run_q8_0(const hx_stored_job *job) {
    run_format(F_Q8_0, 4, job);
}
static void run_q4_k(const hx_stored_job *job) {
    run_format(F_Q4_K, 1, job);
}
static void run_q6_k(const hx_stored_job *job) {
    run_format(F_Q6_K, 2, job);
}

/* ---------------------------------------------------------------- float formats */

HX_INLINE __m512 load_float(hx_dtype type, const uint8_t *w, size_t i, __mmask16 m) {
    if (type == HX_DTYPE_F32) return _mm512_maskz_loadu_ps(m, w + 4 * i);
    __m256i h = _mm256_maskz_loadu_epi16(m, w + 2 * i);
    if (type == HX_DTYPE_F16) return _mm512_cvtph_ps(h);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16));
}

HX_INLINE float dot_float(hx_dtype type, const uint8_t *w, const float *x, size_t k) {
    __m512 acc[4];
    HX_UNROLL
    for (size_t j = 0; j < 4; ++j)
        acc[j] = _mm512_setzero_ps();
    size_t i = 0;
    for (; i + 64 <= k; i += 64) {
        HX_UNROLL
        for (size_t j = 0; j < 4; ++j)
            acc[j] = _mm512_fmadd_ps(load_float(type, w, i + 16 * j, 0xffff),
                                     _mm512_loadu_ps(x + i + 16 * j), acc[j]);
    }
    for (; i < k; i += 16) {
        __mmask16 m = hx__lanes(k - i < 16 ? k - i : 16);
        acc[0] =
            _mm512_fmadd_ps(load_float(type, w, i, m), _mm512_maskz_loadu_ps(m, x + i), acc[0]);
    }
    return _mm512_reduce_add_ps(
        _mm512_add_ps(_mm512_add_ps(acc[0], acc[1]), _mm512_add_ps(acc[2], acc[3])));
}

HX_INLINE void run_float(hx_dtype type, const hx_stored_job *job) {
    for (size_t n = 0; n < job->n_rows; ++n)
        for (size_t m = 0; m < job->m_rows; ++m)
            job->y[m * job->ldy + n] =
                dot_float(type, job->w + n * job->row_bytes, job->x + m * job->ldx, job->k);
}

static void run_f32(const hx_stored_job *job) {
    run_float(HX_DTYPE_F32, job);
}
static void run_f16(const hx_stored_job *job) {
    run_float(HX_DTYPE_F16, job);
}
static void run_bf16(const hx_stored_job *job) {
    run_float(HX_DTYPE_BF16, job);
}

/* ---------------------------------------------------------------- activations */

static void quantise(const float *x, size_t k, int8_t *q, float *scale, float *sum) {
    for (size_t b = 0; b < k / 32; ++b, x += 32, q += 32) {
        __m512 low = _mm512_loadu_ps(x), high = _mm512_loadu_ps(x + 16);
        float amax = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(low), _mm512_abs_ps(high)));
        bool some = amax > 1e-30f;
        __m512 inverse = _mm512_set1_ps(some ? 127.0f / amax : 0);
        __m512i a = _mm512_cvtps_epi32(_mm512_mul_ps(low, inverse));
        __m512i c = _mm512_cvtps_epi32(_mm512_mul_ps(high, inverse));
        _mm_storeu_si128((void *)q, _mm512_cvtsepi32_epi8(a));
        _mm_storeu_si128((void *)(q + 16), _mm512_cvtsepi32_epi8(c));
        scale[b] = some ? amax / 127.0f : 0;
        sum[b] = scale[b] * (float)_mm512_reduce_add_epi32(_mm512_add_epi32(a, c));
    }
}

#define HX_STORED_TABLE                                                                            \
    {                                                                                              \
        .quantise = quantise, .f32 = run_f32, .f16 = run_f16, .bf16 = run_bf16, .q4_0 = run_q4_0,  \
        .q4_1 = run_q4_1, .q5_0 = run_q5_0, .q8_0 = run_q8_0, .q4_k = run_q4_k, .q6_k = run_q6_k   \
    }

#endif
