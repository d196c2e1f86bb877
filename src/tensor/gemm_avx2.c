/* gemm_avx2.c - the loops of linear.h for AVX2 and FMA: 8 lanes a register, 16 registers.
 *
 * A tile is done in pieces of 6 rows by 16 lanes (12 accumulators, 2 registers of W, one of x).
 * int8: vpmaddubsw multiplies unsigned by signed bytes and saturates at 16 bits. With |w| as the unsigned operand and x with the sign of
 * w as the other, both at most 127, a pair is at most 2 * 127^2 = 32258: never saturated, so the sums are exact. */
#if defined(__x86_64__)
#include "tensor/gemm_kernels.h"

#include <immintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define ROWS 6

static float sum_halves(__m256 s) {
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_shuffle_ps(b, b, 1)));
}

/* 64 chains; those past k add nothing. */
static float sum_of_squares(const float *x, size_t k) {
    __m256 s[8];
    for (size_t j = 0; j < 8; j++)
        s[j] = _mm256_setzero_ps();
    for (size_t i = 0; i < k; i += 64) {
        float rest[64] = {0};
        const float *from = x + i;
        if (k - i < 64) from = memcpy(rest, x + i, (k - i) * sizeof *x);
        for (size_t j = 0; j < 8; j++) {
            __m256 v = _mm256_loadu_ps(from + 8 * j);
            s[j] = _mm256_fmadd_ps(v, v, s[j]);
        }
    }
    for (size_t h = 4; h > 0; h /= 2)
        for (size_t j = 0; j < h; j++)
            s[j] = _mm256_add_ps(s[j], s[j + h]);
    return sum_halves(s[0]);
}

static void norm_avx2(const float *x, size_t k, const float *w, float eps, float *out) {
    float sum = sum_of_squares(x, k);
    size_t i;
    float r = 1.0f / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(sum / (float)k + eps)));
    for (i = 0; i + 8 <= k; i += 8) {
        __m256 v = _mm256_mul_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(r));
        _mm256_storeu_ps(out + i, _mm256_mul_ps(v, _mm256_loadu_ps(w + i)));
    }
    for (; i < k; i++)
        out[i] = x[i] * r * w[i];
}

/* Distances 1, 2, 4. */
INLINE __m256 rotate8(__m256 v) {
    const __m256 one = _mm256_setr_ps(1, -1, 1, -1, 1, -1, 1, -1);
    const __m256 two = _mm256_setr_ps(1, 1, -1, -1, 1, 1, -1, -1);
    const __m256 four = _mm256_setr_ps(1, 1, 1, 1, -1, -1, -1, -1);
    v = _mm256_fmadd_ps(v, one, _mm256_permute_ps(v, 0xB1));
    v = _mm256_fmadd_ps(v, two, _mm256_permute_ps(v, 0x4E));
    return _mm256_fmadd_ps(v, four, _mm256_permute2f128_ps(v, v, 1));
}

static void rotate_avx2(float *x, size_t k, size_t block) {
    if (block < 8) {
        hx_gemm_rotate_scalar(x, k, block);
        return;
    }
    for (size_t i = 0; i < k; i += 8)
        _mm256_storeu_ps(x + i, rotate8(_mm256_loadu_ps(x + i)));
    for (size_t h = 8; h < block; h *= 2)
        for (size_t i = 0; i < k; i += 2 * h)
            for (size_t j = i; j < i + h; j += 8) {
                __m256 a = _mm256_loadu_ps(x + j), b = _mm256_loadu_ps(x + j + h);
                _mm256_storeu_ps(x + j, _mm256_add_ps(a, b));
                _mm256_storeu_ps(x + j + h, _mm256_sub_ps(a, b));
            }
}

INLINE __m256i eight_of(const float *x, size_t n, __m256 r) {
    float rest[8] = {0};
    if (n < 8) {
        memcpy(rest, x, n * sizeof *x);
        x = rest;
    }
    return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), r));
}

static float most_of(const float *x, size_t k) {
    __m256i top = _mm256_setzero_si256(), bits = _mm256_set1_epi32(0x7fffffff);
    size_t i = 0;
    for (; i + 8 <= k; i += 8) {
        __m256i v =
            _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(const void *)(x + i)), bits);
        top = _mm256_max_epu32(top, v);
    }
    uint32_t lanes[8], most = 0;
    _mm256_storeu_si256((__m256i *)(void *)lanes, top);
    for (size_t j = 0; j < 8; j++)
        most = lanes[j] > most ? lanes[j] : most;
    for (; i < k; i++) {
        uint32_t u;
        memcpy(&u, x + i, sizeof u);
        most = (u & 0x7fffffffu) > most ? u & 0x7fffffffu : most;
    }
    float f;
    memcpy(&f, &most, sizeof f);
    return f;
}

static float quantise_avx2(const float *x, size_t k, uint8_t flip, int8_t *out, int32_t *sum) {
    const __m256i order = _mm256_setr_epi32(0, 4, 0, 0, 0, 0, 0, 0);
    const __m256i low =
        _mm256_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 12, 8, 4, 0, -1, -1, -1, -1,
                        -1, -1, -1, -1, -1, -1, -1, -1, 12, 8, 4, 0);
    float most = most_of(x, k);
    __m256 r = _mm256_set1_ps(most > 1e-30f ? 127.0f / most : 0.0f);
    __m256i total = _mm256_setzero_si256();
    for (size_t i = 0; i < k; i += 8) {
        size_t n = k - i < 8 ? k - i : 8;
        __m256i q = eight_of(x + i, n, r);
        total = _mm256_add_epi32(total, q);
        q = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(q, low), order);
        int64_t v = _mm_cvtsi128_si64(_mm256_castsi256_si128(q));
        v ^= (int64_t)(flip * 0x0101010101010101u);
        memcpy(out + i, &v, n);
    }
    __m128i t = _mm_add_epi32(_mm256_castsi256_si128(total), _mm256_extracti128_si256(total, 1));
    t = _mm_add_epi32(t, _mm_shuffle_epi32(t, 0x4E));
    *sum = _mm_cvtsi128_si32(_mm_add_epi32(t, _mm_shuffle_epi32(t, 0xB1)));
    return most > 1e-30f || most != most ? most / 127.0f : 0.0f;
}

static float ready_avx2(const float *x, size_t k, const float *w, float eps, size_t block,
                        uint8_t flip, float *scratch, int8_t *out, int32_t *sum) {
    if (w)
        norm_avx2(x, k, w, eps, scratch);
    else if (scratch != x)
        memcpy(scratch, x, k * sizeof *x);
    rotate_avx2(scratch, k, block);
    return quantise_avx2(scratch, k, flip, out, sum);
}

/* 8 x 8 elements of 32 bits. */
INLINE void transpose8(__m256 *v) {
    __m256 t[8];
    for (size_t i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_ps(v[i], v[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(v[i], v[i + 1]);
    }
    for (size_t i = 0; i < 8; i += 4) {
        v[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        v[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xEE);
        v[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        v[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xEE);
    }
    for (size_t i = 0; i < 4; i++) {
        __m256 a = v[i], b = v[i + 4];
        v[i] = _mm256_permute2f128_ps(a, b, 0x20);
        v[i + 4] = _mm256_permute2f128_ps(a, b, 0x31);
    }
}

static void pack_words(const uint8_t *rows, size_t stride, size_t n, uint8_t *out) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t lane = 0; lane < HX_GEMM_HALF; lane += 8) {
            __m256 v[8];
            for (size_t j = 0; j < 8; j++)
                v[j] = _mm256_loadu_ps(
                    (const float *)(const void *)(rows + (lane + j) * stride + 4 * i));
            transpose8(v);
            for (size_t j = 0; j < 8; j++)
                _mm256_storeu_ps((float *)(void *)(out + ((i + j) * HX_GEMM_LANES + lane) * 4),
                                 v[j]);
        }
    for (; i < n; i++)
        for (size_t lane = 0; lane < HX_GEMM_HALF; lane++)
            memcpy(out + (i * HX_GEMM_LANES + lane) * 4, rows + lane * stride + 4 * i, 4);
}

static void pack8_avx2(const int8_t *rows, size_t stride, size_t k, int8_t *out) {
    pack_words((const uint8_t *)rows, stride, k / 4, (uint8_t *)out);
}

static void pack32_avx2(const float *rows, size_t stride, size_t k, float *out) {
    pack_words((const uint8_t *)rows, stride * 4, k, (uint8_t *)out);
}

INLINE __m256i four(const uint8_t *x) {
    int32_t v;
    memcpy(&v, x, sizeof v);
    return _mm256_xor_si256(_mm256_set1_epi32(v), _mm256_set1_epi8(-128));
}

INLINE __m256i add_products(__m256i sum, __m256i x, __m256i w, __m256i w_abs) {
    __m256i pairs = _mm256_maddubs_epi16(w_abs, _mm256_sign_epi8(x, w));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* `rows` rows from `first` on, lanes [lane, lane + 16). */
INLINE void int8_part(const hx_int8_tile *t, size_t first, size_t rows, size_t lane) {
    __m256i s[ROWS][2];
    for (size_t m = 0; m < rows; m++)
        s[m][0] = s[m][1] = _mm256_setzero_si256();
    const int8_t *w = t->w + 4 * lane;
    const uint8_t *x = t->x + first * t->ldx;
    for (size_t i = 0; i < t->k; i += 4, w += HX_GEMM_LANES * 4) {
        __m256i w0 = _mm256_load_si256((const __m256i *)(const void *)w);
        __m256i w1 = _mm256_load_si256((const __m256i *)(const void *)(w + 32));
        __m256i a0 = _mm256_abs_epi8(w0), a1 = _mm256_abs_epi8(w1);
#pragma GCC unroll 6
        for (size_t m = 0; m < rows; m++) {
            __m256i v = four(x + m * t->ldx + i);
            s[m][0] = add_products(s[m][0], v, w0, a0);
            s[m][1] = add_products(s[m][1], v, w1, a1);
        }
    }
    for (size_t m = 0; m < rows; m++)
        for (size_t h = 0; h < 2; h++) {
            size_t at = lane + 8 * h;
            __m256 v =
                _mm256_mul_ps(_mm256_cvtepi32_ps(s[m][h]), _mm256_set1_ps(t->scale_x[first + m]));
            v = _mm256_fmadd_ps(v, _mm256_loadu_ps(t->scale_w + at), _mm256_loadu_ps(t->bias + at));
            _mm256_storeu_ps(t->out + (first + m) * t->ldo + at, v);
        }
}

void hx_gemm_int8_avx2(const hx_int8_tile *t) {
    for (size_t m = 0; m < t->rows; m += ROWS)
        for (size_t lane = 0; lane < HX_GEMM_LANES; lane += 16)
            switch (t->rows - m) {
            case 1:
                int8_part(t, m, 1, lane);
                break;
            case 2:
                int8_part(t, m, 2, lane);
                break;
            case 3:
                int8_part(t, m, 3, lane);
                break;
            case 4:
                int8_part(t, m, 4, lane);
                break;
            case 5:
                int8_part(t, m, 5, lane);
                break;
            default:
                int8_part(t, m, ROWS, lane);
                break;
            }
}

INLINE void exact_part(const hx_exact_tile *t, size_t first, size_t rows, size_t lane) {
    __m256 s[ROWS][2];
    for (size_t m = 0; m < rows; m++)
        s[m][0] = s[m][1] = _mm256_setzero_ps();
    const float *x = t->x + first * t->ldx, *w = t->w + lane;
    for (size_t i = 0; i < t->k; i++, w += HX_GEMM_LANES) {
        __m256 w0 = _mm256_load_ps(w), w1 = _mm256_load_ps(w + 8);
#pragma GCC unroll 6
        for (size_t m = 0; m < rows; m++) {
            __m256 v = _mm256_broadcast_ss(x + m * t->ldx + i);
            s[m][0] = _mm256_fmadd_ps(v, w0, s[m][0]);
            s[m][1] = _mm256_fmadd_ps(v, w1, s[m][1]);
        }
    }
    for (size_t m = 0; m < rows; m++)
        for (size_t h = 0; h < 2; h++) {
            size_t at = lane + 8 * h;
            __m256 v = _mm256_add_ps(s[m][h], _mm256_loadu_ps(t->bias + at));
            _mm256_storeu_ps(t->out + (first + m) * t->ldo + at, v);
        }
}

static void exact_avx2(const hx_exact_tile *t) {
    for (size_t m = 0; m < t->rows; m += ROWS)
        for (size_t lane = 0; lane < HX_GEMM_LANES; lane += 16)
            switch (t->rows - m) {
            case 1:
                exact_part(t, m, 1, lane);
                break;
            case 2:
                exact_part(t, m, 2, lane);
                break;
            case 3:
                exact_part(t, m, 3, lane);
                break;
            case 4:
                exact_part(t, m, 4, lane);
                break;
            case 5:
                exact_part(t, m, 5, lane);
                break;
            default:
                exact_part(t, m, ROWS, lane);
                break;
            }
}

static void add_avx2(const float *x, size_t ldx, size_t rows, size_t n, float *y, size_t ldy) {
    for (size_t m = 0; m < rows; m++, x += ldx, y += ldy) {
        size_t i = 0;
        for (; i + 8 <= n; i += 8)
            _mm256_storeu_ps(y + i, _mm256_add_ps(_mm256_loadu_ps(y + i), _mm256_loadu_ps(x + i)));
        for (; i < n; i++)
            y[i] += x[i];
    }
}

/* exp as gemm_scalar.c defines it. */
INLINE __m256 exp8(__m256 x) {
    const __m256 rounder = _mm256_set1_ps(12582912.0f);
    x = _mm256_min_ps(_mm256_max_ps(x, _mm256_set1_ps(-86.0f)), _mm256_set1_ps(88.0f));
    __m256 t = _mm256_fmadd_ps(x, _mm256_set1_ps(1.44269504f), rounder);
    __m256 n = _mm256_sub_ps(t, rounder);
    __m256 r = _mm256_fmadd_ps(n, _mm256_set1_ps(-0.693359375f), x);
    r = _mm256_fmadd_ps(n, _mm256_set1_ps(2.12194440e-4f), r);
    __m256 p =
        _mm256_fmadd_ps(_mm256_set1_ps(1.9875691500e-4f), r, _mm256_set1_ps(1.3981999507e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1f));
    p = _mm256_add_ps(_mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r), _mm256_set1_ps(1.0f));
    __m256i power = _mm256_slli_epi32(_mm256_castps_si256(t), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), power));
}

static void swiglu_avx2(const float *g, const float *u, size_t ldx, size_t rows, size_t n, float *y,
                        size_t ldy) {
    for (size_t m = 0; m < rows; m++, g += ldx, u += ldx, y += ldy) {
        size_t i = 0;
        for (; i + 8 <= n; i += 8) {
            __m256 v = _mm256_loadu_ps(g + i);
            __m256 e = exp8(_mm256_xor_ps(v, _mm256_set1_ps(-0.0f)));
            __m256 s = _mm256_div_ps(v, _mm256_add_ps(_mm256_set1_ps(1.0f), e));
            _mm256_storeu_ps(y + i, _mm256_mul_ps(s, _mm256_loadu_ps(u + i)));
        }
        for (; i < n; i++)
            y[i] = hx_gemm_swiglu_one(g[i], u[i]);
    }
}

const hx_gemm_kernels hx_gemm_avx2 = {
    .decode = hx_gemm_decode_avx2,
    .norm = norm_avx2,
    .ready = ready_avx2,
    .pack8 = pack8_avx2,
    .pack32 = pack32_avx2,
    .int8 = hx_gemm_int8_avx2,
    .exact = exact_avx2,
    .add = add_avx2,
    .swiglu = swiglu_avx2,
};
#else
typedef int hx_gemm_avx2_is_for_x86; /* ISO C wants a declaration */
#endif
