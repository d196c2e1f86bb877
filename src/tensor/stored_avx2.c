/* stored_avx2.c - stored.h for AVX2.
 *
 * One block of 32 at a time: a vector of unsigned codes times a vector of activations, pairs of products in 16 bits (codes below 64
 * times at most 127 cannot overflow; Q8_0 moves the sign of the weight to the activation), then sums of 4 products in 32 bits.
 * Integer sums are exact, so they equal those of every other set; the float sums over blocks have one order. */
#include "tensor/stored_kernels.h"

#if defined(__x86_64__)

#include "tensor/simd_avx2.h"
#include "tensor/stored_formats.h"

#include <string.h>

HX_INLINE int offset_of(format f) {
    return f == F_Q4_0 ? 8 : f == F_Q5_0 ? 16 : f == F_Q6_K ? 32 : 0;
}

HX_INLINE __m256i dot4(format f, __m256i q, __m256i x) {
    __m256i pairs = f == F_Q8_0 ? _mm256_maddubs_epi16(_mm256_abs_epi8(q), _mm256_sign_epi8(x, q))
                                : _mm256_maddubs_epi16(q, x);
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

/* The scales of one block of the file: d of simple formats in all lanes; of Q4_K 8 scales and 8 minima; of Q6_K 16 scales. */
typedef struct {
    __m256 a, b;
} head;

HX_INLINE head read_q4_k(const uint8_t *w) {
    uint64_t ab;
    uint32_t c;
    memcpy(&ab, w + 4, 8);
    memcpy(&c, w + 12, 4);
    uint64_t top = ab >> 2 & 0x3030303030303030, low = ab & 0x3f3f3f3f3f3f3f3f;
    uint64_t scales = (low & 0xffffffff) | ((c & 0x0f0f0f0f) | (top & 0xffffffff)) << 32;
    uint64_t minima = low >> 32 | ((uint64_t)(c >> 4 & 0x0f0f0f0f) | top >> 32) << 32;
    __m256i s = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)scales));
    __m256i m = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)minima));
    return (head){_mm256_mul_ps(_mm256_cvtepi32_ps(s), _mm256_set1_ps(hx__scale_f16_avx2(w))),
                  _mm256_mul_ps(_mm256_cvtepi32_ps(m), _mm256_set1_ps(-hx__scale_f16_avx2(w + 2)))};
}

HX_INLINE head read_head(format f, const uint8_t *w) {
    if (f == F_Q4_K) return read_q4_k(w);
    if (f == F_Q6_K) {
        __m256 d = _mm256_set1_ps(hx__scale_f16_avx2(w + 208));
        __m256i low = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)(w + 192)));
        __m256i high = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)(w + 200)));
        return (head){_mm256_mul_ps(_mm256_cvtepi32_ps(low), d),
                      _mm256_mul_ps(_mm256_cvtepi32_ps(high), d)};
    }
    __m256 d = _mm256_set1_ps(hx__scale_f16_avx2(w));
    __m256 m = f == F_Q4_1 ? _mm256_set1_ps(hx__scale_f16_avx2(w + 2)) : d;
    return (head){d, m};
}

/* Scales of block j in the lanes of the sums. */
HX_INLINE __m256 scales_of(format f, const head *h, int j) {
    if (f == F_Q4_K) return _mm256_permutevar8x32_ps(h->a, _mm256_set1_epi32(j));
    if (f != F_Q6_K) return h->a;
    int s = j % 4 * 2;
    return _mm256_permutevar8x32_ps(j < 4 ? h->a : h->b,
                                    _mm256_setr_epi32(s, s, s, s, s + 1, s + 1, s + 1, s + 1));
}

HX_INLINE __m256i nibbles_of(const uint8_t *p) {
    __m128i raw = _mm_loadu_si128((const void *)p);
    return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(raw, 4), raw), _mm256_set1_epi8(15));
}

/* Byte i = 16 where bit i is set. */
HX_INLINE __m256i fifth_bits(const uint8_t *p) {
    uint32_t bits;
    memcpy(&bits, p, 4);
    const __m256i byte =
        _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201);
    __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32((int)bits), byte);
    __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(spread, bit), bit);
    return _mm256_and_si256(set, _mm256_set1_epi8(16));
}

HX_INLINE __m256i codes_of(format f, const uint8_t *w, int j) {
    const __m256i nibble = _mm256_set1_epi8(15);
    if (f == F_Q4_0) return nibbles_of(w + 2);
    if (f == F_Q4_1) return nibbles_of(w + 4);
    if (f == F_Q5_0) return _mm256_or_si256(nibbles_of(w + 6), fifth_bits(w + 2));
    if (f == F_Q8_0) return _mm256_loadu_si256((const void *)(w + 2));
    if (f == F_Q4_K) {
        __m256i raw = _mm256_loadu_si256((const void *)(w + 16 + j / 2 * 32));
        return _mm256_and_si256(j % 2 ? _mm256_srli_epi16(raw, 4) : raw, nibble);
    }
    __m256i low = _mm256_loadu_si256((const void *)(w + j / 4 * 64 + j % 2 * 32));
    __m256i high = _mm256_loadu_si256((const void *)(w + 128 + j / 4 * 32));
    low = _mm256_and_si256(j % 4 / 2 ? _mm256_srli_epi16(low, 4) : low, nibble);
    high = _mm256_and_si256(_mm256_srli_epi16(high, j % 4 * 2), _mm256_set1_epi8(3));
    return _mm256_or_si256(low, _mm256_slli_epi16(high, 4));
}

typedef struct {
    const int8_t *q;
    const float *scale, *sum;
} activations;

enum { AHEAD = 4096 }; /* bytes fetched ahead: past the end that does nothing */

/* One block of the file and n_x rows of activations. */
HX_INLINE void step(format f, size_t n_x, const uint8_t *w, const activations *a, size_t at,
                    __m256 *acc) {
    HX_UNROLL
    for (size_t line = 0; line < block_bytes(f); line += 64)
        _mm_prefetch((const char *)w + AHEAD + line, _MM_HINT_T0);
    head h = read_head(f, w);
    HX_UNROLL
    for (int j = 0; j < (int)block_parts(f); ++j) {
        size_t i = at / 32 + (size_t)j;
        __m256i q = codes_of(f, w, j);
        __m256 d = scales_of(f, &h, j);
        HX_UNROLL
        for (size_t m = 0; m < n_x; ++m) {
            __m256i x = _mm256_loadu_si256((const void *)(a[m].q + 32 * i));
            __m256i sum = dot4(f, q, x);
            if (offset_of(f))
                sum = _mm256_sub_epi32(sum, dot4(f, _mm256_set1_epi8((char)offset_of(f)), x));
            __m256 scale = _mm256_mul_ps(d, _mm256_set1_ps(a[m].scale[i]));
            acc[m] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), scale, acc[m]);
            if (f == F_Q4_1) /* the minimum counts once, in lane 0 */
                acc[m] =
                    _mm256_fmadd_ps(h.b, _mm256_zextps128_ps256(_mm_load_ss(a[m].sum + i)), acc[m]);
        }
    }
    if (f != F_Q4_K) return;
    HX_UNROLL
    for (size_t m = 0; m < n_x; ++m)
        acc[4 + m] = _mm256_fmadd_ps(h.b, _mm256_loadu_ps(a[m].sum + at / 32), acc[4 + m]);
}

/* A row of weights x rows [m, m + n_x) of the activations; those past the end are computed again and dropped. */
HX_INLINE void run_row(format f, size_t n_x, const hx_stored_job *job, size_t n, size_t m) {
    const uint8_t *w = job->w + n * job->row_bytes;
    activations a[4];
    __m256 acc[8]; /* codes times activations; minima times sums of activations */
    size_t stride = hx__stored_stride(job->k);
    HX_UNROLL
    for (size_t i = 0; i < n_x; ++i) {
        const uint8_t *row = job->rows + (m + i < job->m_rows ? m + i : job->m_rows - 1) * stride;
        a[i] = (activations){(const int8_t *)row, hx__stored_scale(row, job->k),
                             hx__stored_sum(row, job->k)};
        acc[i] = acc[4 + i] = _mm256_setzero_ps();
    }
    for (size_t at = 0; at < job->k; at += 32 * block_parts(f), w += block_bytes(f))
        step(f, n_x, w, a, at, acc);
    for (size_t i = 0; i < n_x && m + i < job->m_rows; ++i)
        job->y[(m + i) * job->ldy + n] = hx__sum_256(_mm256_add_ps(acc[i], acc[4 + i]));
}

HX_INLINE void run_format(format f, const hx_stored_job *job) {
    for (size_t n = 0; n < job->n_rows; ++n) {
        if (job->m_rows == 1)
            run_row(f, 1, job, n, 0);
        else
            for (size_t m = 0; m < job->m_rows; m += 4)
                run_row(f, 4, job, n, m);
    }
}

/* ---------------------------------------------------------------- float formats */

HX_INLINE __m256 load_float(hx_dtype type, const uint8_t *w) {
    if (type == HX_DTYPE_F32) return _mm256_loadu_ps((const float *)(const void *)w);
    __m128i h = _mm_loadu_si128((const void *)w);
    if (type == HX_DTYPE_F16) return _mm256_cvtph_ps(h);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16));
}

/* The last n < 8 elements and zeros. */
HX_INLINE __m256 load_last(hx_dtype type, const uint8_t *w, size_t n) {
    uint8_t last[32] = {0};
    memcpy(last, w, n * (type == HX_DTYPE_F32 ? 4 : 2));
    return load_float(type, last);
}

HX_INLINE float dot_float(hx_dtype type, const uint8_t *w, const float *x, size_t k) {
    const size_t bytes = type == HX_DTYPE_F32 ? 4 : 2;
    __m256 acc[4];
    HX_UNROLL
    for (size_t j = 0; j < 4; ++j)
        acc[j] = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + 32 <= k; i += 32) {
        HX_UNROLL
        for (size_t j = 0; j < 4; ++j)
            acc[j] = _mm256_fmadd_ps(load_float(type, w + bytes * (i + 8 * j)),
                                     _mm256_loadu_ps(x + i + 8 * j), acc[j]);
    }
    for (; i + 8 <= k; i += 8)
        acc[0] = _mm256_fmadd_ps(load_float(type, w + bytes * i), _mm256_loadu_ps(x + i), acc[0]);
    if (i < k)
        acc[1] = _mm256_fmadd_ps(load_last(type, w + bytes * i, k - i),
                                 _mm256_maskload_ps(x + i, hx__lanes_8(k - i)), acc[1]);
    return hx__sum_256(_mm256_add_ps(_mm256_add_ps(acc[0], acc[1]), _mm256_add_ps(acc[2], acc[3])));
}

HX_INLINE void run_float(hx_dtype type, const hx_stored_job *job) {
    for (size_t n = 0; n < job->n_rows; ++n)
        for (size_t m = 0; m < job->m_rows; ++m)
            job->y[m * job->ldy + n] =
                dot_float(type, job->w + n * job->row_bytes, job->x + m * job->ldx, job->k);
}

/* ---------------------------------------------------------------- activations */

static void quantise(const float *x, size_t k, int8_t *q, float *scale, float *sum) {
    for (size_t b = 0; b < k / 32; ++b, x += 32, q += 32) {
        __m256 v[4], most = _mm256_setzero_ps();
        HX_UNROLL
        for (size_t i = 0; i < 4; ++i) {
            v[i] = _mm256_loadu_ps(x + 8 * i);
            most = _mm256_max_ps(most, hx__abs_256(v[i]));
        }
        float amax = hx__max_256(most);
        bool some = amax > 1e-30f;
        __m256i codes = hx__to_int8_256(v, some ? 127.0f / amax : 0);
        _mm256_storeu_si256((void *)q, codes);
        int total = 0;
        for (size_t i = 0; i < 32; ++i)
            total += q[i];
        scale[b] = some ? amax / 127.0f : 0;
        sum[b] = scale[b] * (float)total;
    }
}

HX_STORED_RUNS

const hx_stored_kernels hx_stored_avx2 = HX_STORED_TABLE;

#endif
