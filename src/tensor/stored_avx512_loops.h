/* stored_avx512_loops.h - stored.h for AVX-512, included by stored_avx512.c and stored_vnni.c, which differ in the instructions
 * of the integer sums only (the compiler's flags decide), not in their bits.
 *
 * One row of weights at a time, since the processor fetches one stream of memory ahead best; each step is unpacked once for up to 4 rows
 * of activations. A lane of the integer sums holds the products of one scale:
 *
 *   Q4_0, Q4_1, Q5_0   4 blocks, 128 elements: their 64 bytes of nibbles are gathered by one permutation of 16-bit words (all blocks
 *                      are of even size); low and high nibbles meet activations in the same order (hx__stored_nibbles) and fall
 *                      into the same 4 lanes a block
 *   Q8_0               2 blocks; codes become unsigned by + 128, and 128 times the sum of x is subtracted, both as integers
 *   Q4_K, Q6_K         one block of 256, in 4 vectors
 *
 * Offsets of Q4_0 and Q5_0 and minima go through the sums of the activations, in F32, added at the end of the row. */
#ifndef HX_TENSOR_STORED_AVX512_LOOPS_H
#define HX_TENSOR_STORED_AVX512_LOOPS_H

#include "tensor/simd_avx512.h"
#include "tensor/stored_formats.h"

#include <string.h>

enum {
    AHEAD = 12288
}; /* bytes: what memory delivers to a thread in 300 ns, its latency under load */

/* Where the rows end, and how far behind that the next ones begin. */
typedef struct {
    uintptr_t end, jump;
} horizon;

typedef struct {
    const int8_t *q, *nibbles;
    const float *scale, *sum, *pairs;
} activations;

/* One output: lanes of codes times activations, lanes of minima (or d) times sums of activations. */
typedef struct {
    __m512 dot;
    __m256 low; /* of nibbles: odd lanes alone count */
} output;

HX_INLINE bool has_nibbles(format f) {
    return f <= F_Q5_0;
}
HX_INLINE size_t blocks_of(format f) { /* of the file, a step */
    return has_nibbles(f) ? 4 : f == F_Q8_0 ? 2 : 1;
}
HX_INLINE size_t elements_of(format f) {
    return has_nibbles(f) ? 128 : f == F_Q8_0 ? 64 : 256;
}

/* sum + the sums of 4 products of q (unsigned, below 128) and x (signed). */
HX_INLINE __m512i dot4(__m512i sum, __m512i q, __m512i x) {
#ifdef __AVX512VNNI__
    return _mm512_dpbusd_epi32(sum, q, x);
#else
    __m512i pairs = _mm512_maddubs_epi16(q, x);
    return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
#endif
}

/* The same for q signed. */
HX_INLINE __m512i dot4_signed(__m512i q, __m512i x) {
#ifdef __AVX512VNNI__
    const __m512i top = _mm512_set1_epi8(-128);
    __m512i zero = _mm512_setzero_si512(), more = _mm512_dpbusd_epi32(zero, top, x);
    return _mm512_sub_epi32(_mm512_dpbusd_epi32(zero, _mm512_xor_si512(q, top), x), more);
#else
    x = _mm512_mask_sub_epi8(x, _mm512_movepi8_mask(q), _mm512_setzero_si512(), x);
    return dot4(_mm512_setzero_si512(), _mm512_abs_epi8(q), x);
#endif
}

/* ---------------------------------------------------------------- Q4_0, Q4_1, Q5_0 */

/* Words w to w + 7 and v to v + 7. */
#define RUN(w, v)                                                                                  \
    (short)((v) + 7), (short)((v) + 6), (short)((v) + 5), (short)((v) + 4), (short)((v) + 3),      \
        (short)((v) + 2), (short)((v) + 1), (short)(v), (short)((w) + 7), (short)((w) + 6),        \
        (short)((w) + 5), (short)((w) + 4), (short)((w) + 3), (short)((w) + 2), (short)((w) + 1),  \
        (short)(w)

typedef struct {
    __m512i low, high; /* codes of elements 0-15, 16-31 of 4 blocks */
    __m256 heads; /* d, m of each block; m is d where the format has no minimum */
} nibbles;

/* What of 4 blocks is read: all, or what is left at the end of a row. Two vectors: from the first byte on, and up to the last. */
typedef struct {
    __mmask32 words, words_2;
} extent;

/* Where the second vector begins, in words. */
HX_INLINE int second_of(format f) {
    return (int)block_bytes(f) * 2 - 32;
}

HX_INLINE extent extent_of(format f, size_t blocks) {
    size_t words = blocks * block_bytes(f) / 2, before = (size_t)second_of(f);
    uint64_t first = words < 32 ? words : 32, second = words > before ? words - before : 0;
    return (extent){(__mmask32)((1ull << first) - 1), (__mmask32)((1ull << second) - 1)};
}

/* In a register: gcc loads again for every use what lies in memory, and a load that crosses two lines of the cache takes twice as long. */
HX_INLINE __m512i keep(__m512i v) {
    __asm__("" : "+v"(v));
    return v;
}

/* 16 where the high bit of a code is set. */
HX_INLINE void add_fifth_bits(nibbles *u, __m512i raw, __m512i raw_2) {
    const short n = 11, b = 2 * 11, c = 32 + 3 * 11 - 12; /* words of blocks 1, 2 and 3 */
    const __m512i order =
        _mm512_castsi128_si512(_mm_set_epi16(c + 2, b + 2, n + 2, 2, c + 1, b + 1, n + 1, 1));
    const __m512i sixteen = _mm512_set1_epi8(16);
    __m128i bits = _mm512_castsi512_si128(_mm512_permutex2var_epi16(raw, order, raw_2));
    __mmask64 low = (__mmask64)_mm_cvtsi128_si64(bits);
    __mmask64 high = (__mmask64)_mm_extract_epi64(bits, 1);
    u->low = _mm512_mask_add_epi8(u->low, low, u->low, sixteen);
    u->high = _mm512_mask_add_epi8(u->high, high, u->high, sixteen);
}

/* 4 blocks, or those of `part`; the others are 0. */
HX_INLINE nibbles unpack_nibbles(format f, const uint8_t *w, const extent *part) {
    const int n = (int)block_bytes(f) / 2,
              first = n - 8; /* words of a block; where its nibbles begin */
    const int b = 2 * n, c = 32 + 3 * n - second_of(f); /* blocks 2 and 3, in the two vectors */
    const uint8_t *second = w + 2 * second_of(f);
    __m512i raw = part ? _mm512_maskz_loadu_epi16(part->words, w) : _mm512_loadu_si512(w);
    __m512i raw_2 =
        part ? _mm512_maskz_loadu_epi16(part->words_2, second) : _mm512_loadu_si512(second);
    raw = keep(raw);
    raw_2 = keep(raw_2);
    const int b_2 = 32 + b - second_of(f); /* block 2 in the second vector */
    const __m512i order = _mm512_set_epi16(RUN(b_2 + first, c + first), RUN(first, n + first));
    const short m = f == F_Q4_1 ? 1 : 0, d = (short)(3 * n + m < 32 ? 3 * n : c);
    const __m512i head = _mm512_castsi128_si512(
        _mm_set_epi16((short)(d + m), d, (short)(b + m), (short)b, (short)(n + m), (short)n, m, 0));
    const __m512i nibble = _mm512_set1_epi8(15);
    __m512i codes = _mm512_permutex2var_epi16(raw, order, raw_2);
    nibbles u = {.low = _mm512_and_si512(codes, nibble),
                 .high = _mm512_and_si512(_mm512_srli_epi16(codes, 4), nibble)};
    __m512i heads =
        d < 32 ? _mm512_permutexvar_epi16(head, raw) : _mm512_permutex2var_epi16(raw, head, raw_2);
    u.heads = _mm256_cvtph_ps(_mm512_castsi512_si128(heads));
    if (f == F_Q5_0) add_fifth_bits(&u, raw, raw_2);
    return u;
}

HX_INLINE void step_nibbles(format f, size_t n_x, const uint8_t *w, const extent *part,
                            const activations *a, size_t at, output *out) {
    const __m512i four_times = _mm512_set_epi32(6, 6, 6, 6, 4, 4, 4, 4, 2, 2, 2, 2, 0, 0, 0, 0);
    nibbles u = unpack_nibbles(f, w, part);
    HX_UNROLL
    for (size_t i = 0; i < n_x; ++i) {
        __m512i sum = dot4(_mm512_setzero_si512(), u.low, _mm512_loadu_si512(a[i].nibbles + at));
        sum = dot4(sum, u.high, _mm512_loadu_si512(a[i].nibbles + at + 64));
        __m256 both = _mm256_mul_ps(u.heads, _mm256_loadu_ps(a[i].pairs + at / 16));
        __m512 scale = _mm512_permutexvar_ps(four_times, _mm512_castps256_ps512(both));
        out[i].dot = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), scale, out[i].dot);
        out[i].low = _mm256_add_ps(both, out[i].low);
    }
}

/* ---------------------------------------------------------------- Q8_0 */

HX_INLINE void step_q8_0(size_t n_x, const uint8_t *w, size_t blocks, const activations *a,
                         size_t at, output *out) {
    const uint8_t *next = blocks == 2 ? w + 34 : w;
    const __m512i eight_times = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    __m256i low = _mm256_loadu_si256((const void *)(w + 2));
    __m256i high =
        blocks == 2 ? _mm256_loadu_si256((const void *)(next + 2)) : _mm256_setzero_si256();
    __m512i q = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    __m128 d = _mm_cvtph_ps(_mm_unpacklo_epi16(_mm_loadu_si16(w), _mm_loadu_si16(next)));
    HX_UNROLL
    for (size_t i = 0; i < n_x; ++i) {
        __m512i sum = dot4_signed(q, _mm512_loadu_si512(a[i].q + at));
        __m128 two = _mm_castsi128_ps(_mm_loadl_epi64((const void *)(a[i].scale + at / 32)));
        __m512 scale =
            _mm512_permutexvar_ps(eight_times, _mm512_castps128_ps512(_mm_mul_ps(d, two)));
        out[i].dot = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), scale, out[i].dot);
    }
}

/* ---------------------------------------------------------------- Q4_K */

/* Scales and minima are 6-bit numbers in 12 bytes: of groups 0-3 in the low bits of bytes 0-3 and 4-7; of groups 4-7 four bits in
 * bytes 8-11 and two bits on top of the others. */
HX_INLINE void scales_q4_k(const uint8_t *w, __m256 *d, __m256 *m) {
    uint64_t ab;
    uint32_t c;
    memcpy(&ab, w + 4, 8);
    memcpy(&c, w + 12, 4);
    uint64_t top = ab >> 2 & 0x3030303030303030, low = ab & 0x3f3f3f3f3f3f3f3f;
    uint64_t scales = (low & 0xffffffff) | ((c & 0x0f0f0f0f) | (top & 0xffffffff)) << 32;
    uint64_t minima = low >> 32 | ((top >> 32) | (c >> 4 & 0x0f0f0f0f)) << 32;
    __m256i s = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)scales));
    __m256i t = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)minima));
    *d = _mm256_mul_ps(_mm256_cvtepi32_ps(s), _mm256_set1_ps(hx__scale_f16(w)));
    *m = _mm256_mul_ps(_mm256_cvtepi32_ps(t), _mm256_set1_ps(hx__scale_f16(w + 2)));
}

HX_INLINE void step_q4_k(size_t n_x, const uint8_t *w, const activations *a, size_t at,
                         output *out) {
    const __m512i right = _mm512_set_epi64(0x0004000400040004, 0x0004000400040004,
                                           0x0004000400040004, 0x0004000400040004, 0, 0, 0, 0);
    const __m512i eight_times = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    __m256 d, m, scale[4];
    scales_q4_k(w, &d, &m);
    HX_UNROLL
    for (size_t i = 0; i < n_x; ++i) {
        scale[i] = _mm256_mul_ps(d, _mm256_loadu_ps(a[i].scale + at / 32));
        out[i].low = _mm256_fmadd_ps(m, _mm256_loadu_ps(a[i].sum + at / 32), out[i].low);
    }
    HX_UNROLL
    for (int j = 0; j < 4; ++j) {
        __m512i raw = _mm512_broadcast_i64x4(_mm256_loadu_si256((const void *)(w + 16 + 32 * j)));
        __m512i q = _mm512_and_si512(_mm512_srlv_epi16(raw, right), _mm512_set1_epi8(15));
        const __m512i order = _mm512_add_epi32(eight_times, _mm512_set1_epi32(2 * j));
        HX_UNROLL
        for (size_t i = 0; i < n_x; ++i) {
            __m512i x = _mm512_loadu_si512(a[i].q + at + 64 * (size_t)j);
            __m512 sum = _mm512_cvtepi32_ps(dot4(_mm512_setzero_si512(), q, x));
            __m512 s = _mm512_permutexvar_ps(order, _mm512_castps256_ps512(scale[i]));
            out[i].dot = _mm512_fmadd_ps(sum, s, out[i].dot);
        }
    }
}

/* ---------------------------------------------------------------- Q6_K */

/* Codes, 64 elements a vector, from ql (128 bytes) and qh (64): see blocks.h. */
HX_INLINE void unpack_q6_k(const uint8_t *w, __m512i *q) {
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
        q[2 * h] = _mm512_ternarylogic_epi32(_mm512_sllv_epi16(top, left), upper, low, 0xea);
        q[2 * h + 1] = _mm512_ternarylogic_epi32(_mm512_srlv_epi16(top, right), upper, high, 0xea);
    }
}

HX_INLINE void step_q6_k(size_t n_x, const uint8_t *w, const activations *a, size_t at,
                         output *out) {
    const __m512i four_times = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
    const __m512i twice = _mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0);
    __m128i bytes = _mm_loadu_si128((const void *)(w + 192));
    __m512 d = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)),
                             _mm512_set1_ps(hx__scale_f16(w + 208)));
    __m512i q[4];
    __m512 scale[4];
    unpack_q6_k(w, q);
    HX_UNROLL
    for (size_t i = 0; i < n_x; ++i) {
        __m256 eight = _mm256_loadu_ps(a[i].scale + at / 32);
        scale[i] = _mm512_mul_ps(d, _mm512_permutexvar_ps(twice, _mm512_castps256_ps512(eight)));
    }
    HX_UNROLL
    for (int j = 0; j < 4; ++j) {
        const __m512i order = _mm512_add_epi32(four_times, _mm512_set1_epi32(4 * j));
        HX_UNROLL
        for (size_t i = 0; i < n_x; ++i) {
            __m512i x = _mm512_loadu_si512(a[i].q + at + 64 * (size_t)j),
                    zero = _mm512_setzero_si512();
            __m512i less = dot4(zero, _mm512_set1_epi8(32), x);
            __m512i sum = _mm512_sub_epi32(dot4(zero, q[j], x), less);
            __m512 s = _mm512_permutexvar_ps(order, scale[i]);
            out[i].dot = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), s, out[i].dot);
        }
    }
}

/* ---------------------------------------------------------------- rows */

/* `part`: NULL for a whole step, else what is left of the row; Q8_0 has half a step there. */
HX_INLINE void step(format f, size_t n_x, const uint8_t *w, const horizon *h, const extent *part,
                    const activations *a, size_t at, output *out) {
    uintptr_t ahead = (uintptr_t)w + AHEAD;
    ahead += ahead < h->end ? 0 : h->jump;
    HX_UNROLL
    for (size_t line = 0; line < block_bytes(f) * blocks_of(f); line += 64)
        _mm_prefetch((const char *)ahead + line, _MM_HINT_T0);
    if (f == F_Q4_K)
        step_q4_k(n_x, w, a, at, out);
    else if (f == F_Q6_K)
        step_q6_k(n_x, w, a, at, out);
    else if (f == F_Q8_0)
        step_q8_0(n_x, w, part ? 1 : 2, a, at, out);
    else
        step_nibbles(f, n_x, w, part, a, at, out);
}

/* The lanes of an output together. */
HX_INLINE __m512 join(format f, const output *out) {
    if (f == F_Q8_0 || f == F_Q6_K) return out->dot;
    __m512 low = f == F_Q4_K ? _mm512_zextps256_ps512(out->low)
                             : _mm512_maskz_mov_ps(0xaa, _mm512_castps256_ps512(out->low));
    float factor = f == F_Q4_1 ? 1 : f == F_Q4_0 ? -8 : f == F_Q5_0 ? -16 : -1;
    return _mm512_fmadd_ps(low, _mm512_set1_ps(factor), out->dot);
}

/* Four outputs, each summed in the same order. */
HX_INLINE __m128 finish(format f, const output out[4]) {
    __m512 a = join(f, &out[0]), b = join(f, &out[1]), c = join(f, &out[2]), d = join(f, &out[3]);
    a = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    c = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    __m512d e = _mm512_castps_pd(a), g = _mm512_castps_pd(c);
    __m512 all = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(e, g)),
                               _mm512_castpd_ps(_mm512_unpackhi_pd(e, g)));
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
    return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}

/* A row of weights x n_x rows of activations. */
HX_INLINE void run_row(format f, size_t n_x, const uint8_t *w, size_t k, const horizon *h,
                       const extent *part, const activations *a, output *out) {
    HX_UNROLL
    for (size_t i = 0; i < n_x; ++i)
        out[i] = (output){_mm512_setzero_ps(), _mm256_setzero_ps()};
    size_t at = 0, n_step = elements_of(f);
    for (; at + n_step <= k; at += n_step, w += block_bytes(f) * blocks_of(f))
        step(f, n_x, w, h, NULL, a, at, out);
    if (n_step < 256 && at < k) step(f, n_x, w, h, part, a, at, out);
}

HX_INLINE activations activations_of(const hx_stored_job *job, size_t m) {
    const uint8_t *row = job->rows + m * hx__stored_stride(job->k);
    return (activations){(const int8_t *)row, hx__stored_nibbles(row, job->k),
                         hx__stored_scale(row, job->k), hx__stored_sum(row, job->k),
                         hx__stored_pairs(row, job->k)};
}

HX_INLINE horizon horizon_of(const hx_stored_job *job) {
    uintptr_t end = (uintptr_t)(job->w + job->n_rows * job->row_bytes);
    return (horizon){end, (uintptr_t)job->after - end};
}

HX_INLINE void put(__m128 four, size_t n, float *y, size_t stride) {
    float each[4];
    _mm_storeu_ps(each, four);
    for (size_t i = 0; i < n; ++i)
        y[i * stride] = each[i];
}

/* One row of activations; four rows of weights, one after the other, are summed together. */
HX_INLINE void run_one(format f, const hx_stored_job *job, const extent *part) {
    const activations a = activations_of(job, 0);
    const horizon h = horizon_of(job);
    const uint8_t *w = job->w;
    output out[4] = {{_mm512_setzero_ps(), _mm256_setzero_ps()}};
    for (size_t n = 0; n < job->n_rows; n += 4) {
        size_t here = job->n_rows - n < 4 ? job->n_rows - n : 4;
        if (here == 4) {
            HX_UNROLL
            for (size_t i = 0; i < 4; ++i, w += job->row_bytes)
                run_row(f, 1, w, job->k, &h, part, &a, &out[i]);
            _mm_storeu_ps(job->y + n, finish(f, out));
        } else {
            for (size_t i = 0; i < here; ++i, w += job->row_bytes)
                run_row(f, 1, w, job->k, &h, part, &a, &out[i]);
            put(finish(f, out), here, job->y + n, 1);
        }
    }
}

/* Rows [m, m + 4) of the activations; those past the end are computed again and dropped. */
HX_INLINE void run_four(format f, const hx_stored_job *job, const extent *part, size_t m) {
    const horizon h = horizon_of(job);
    activations a[4];
    output out[4];
    size_t here = job->m_rows - m < 4 ? job->m_rows - m : 4;
    for (size_t i = 0; i < 4; ++i)
        a[i] = activations_of(job, i < here ? m + i : job->m_rows - 1);
    for (size_t n = 0; n < job->n_rows; ++n) {
        run_row(f, 4, job->w + n * job->row_bytes, job->k, &h, part, a, out);
        put(finish(f, out), here, job->y + m * job->ldy + n, job->ldy);
    }
}

HX_INLINE void run_format(format f, const hx_stored_job *job) {
    extent part = has_nibbles(f) ? extent_of(f, job->k / 32 % 4) : (extent){0, 0};
    if (job->m_rows == 1) {
        run_one(f, job, &part);
        return;
    }
    for (size_t m = 0; m < job->m_rows; m += 4)
        run_four(f, job, &part, m);
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

/* ---------------------------------------------------------------- activations */

/* The sum of 32 int8: of q + 128 by one instruction, less 32 times 128. */
HX_INLINE int sum_32(const int8_t *q) {
    __m256i bytes = _mm256_xor_si256(_mm256_loadu_si256((const void *)q), _mm256_set1_epi8(-128));
    __m256i four = _mm256_sad_epu8(bytes, _mm256_setzero_si256());
    __m128i two = _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    return _mm_cvtsi128_si32(two) + _mm_extract_epi32(two, 2) - 32 * 128;
}

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
        sum[b] = scale[b] * (float)sum_32(q);
    }
}

HX_STORED_RUNS

#endif
