/* trees_shap_avx2.c - Shapley values of eight rows for AVX2: two registers of rows. See trees_shap.h and trees_shap_body.inc. The flags are in
 * cmake/kernels.cmake; which processor may run it is decided in trees_shap_base.c.
 *
 * Multiplications and additions stay apart (no fused ones), so that every instruction set gives the same bits. */
#if defined(__x86_64__)
#include <immintrin.h>

#define HX_WALK hx_shap_walk_avx2

typedef struct {
    __m256d a, b;
} vec;
typedef vec mask;

static inline vec v_load(const double *x) {
    return (vec){_mm256_loadu_pd(x), _mm256_loadu_pd(x + 4)};
}

static inline void v_store(double *x, vec v) {
    _mm256_storeu_pd(x, v.a);
    _mm256_storeu_pd(x + 4, v.b);
}

static inline vec v_all(double x) {
    return (vec){_mm256_set1_pd(x), _mm256_set1_pd(x)};
}

static inline vec v_add(vec a, vec b) {
    return (vec){_mm256_add_pd(a.a, b.a), _mm256_add_pd(a.b, b.b)};
}

static inline vec v_mul(vec a, vec b) {
    return (vec){_mm256_mul_pd(a.a, b.a), _mm256_mul_pd(a.b, b.b)};
}

static inline vec v_pick(mask m, vec a, vec b) {
    return (vec){_mm256_blendv_pd(b.a, a.a, m.a), _mm256_blendv_pd(b.b, a.b, m.b)};
}

static inline mask m_less(vec a, vec b) {
    return (mask){_mm256_cmp_pd(a.a, b.a, _CMP_LT_OQ), _mm256_cmp_pd(a.b, b.b, _CMP_LT_OQ)};
}

static inline mask m_missing(vec a) {
    return (mask){_mm256_cmp_pd(a.a, a.a, _CMP_UNORD_Q), _mm256_cmp_pd(a.b, a.b, _CMP_UNORD_Q)};
}

static inline mask m_and(mask a, mask b) {
    return (mask){_mm256_and_pd(a.a, b.a), _mm256_and_pd(a.b, b.b)};
}

static inline mask m_or(mask a, mask b) {
    return (mask){_mm256_or_pd(a.a, b.a), _mm256_or_pd(a.b, b.b)};
}

static inline mask m_not(mask a) {
    const __m256d all = _mm256_castsi256_pd(_mm256_set1_epi64x(-1));
    return (mask){_mm256_xor_pd(a.a, all), _mm256_xor_pd(a.b, all)};
}

static inline mask m_load(const unsigned char *p) {
    return v_load((const double *)(const void *)p);
}

static inline void m_store(unsigned char *p, mask m) {
    v_store((double *)(void *)p, m);
}

#include "learn/trees_shap_body.inc"
#else
typedef int hx_trees_shap_avx2_is_for_x86; /* ISO C wants a declaration */
#endif
