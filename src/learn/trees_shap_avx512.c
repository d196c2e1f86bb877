/* trees_shap_avx512.c - Shapley values of eight rows for AVX-512: one register of rows. See trees_shap.h and trees_shap_body.inc. The flags are in
 * cmake/kernels.cmake; which processor may run it is decided in trees_shap_base.c.
 *
 * Multiplications and additions stay apart (no fused ones), so that every instruction set gives the same bits. */
#if defined(__x86_64__)
#include <immintrin.h>

#define HX_WALK hx_shap_walk_avx512

typedef __m512d vec;
typedef __mmask8 mask;

static inline vec v_load(const double *x) {
    return _mm512_loadu_pd(x);
}

static inline void v_store(double *x, vec v) {
    _mm512_storeu_pd(x, v);
}

static inline vec v_all(double x) {
    return _mm512_set1_pd(x);
}

static inline vec v_add(vec a, vec b) {
    return _mm512_add_pd(a, b);
}

static inline vec v_mul(vec a, vec b) {
    return _mm512_mul_pd(a, b);
}

static inline vec v_pick(mask m, vec a, vec b) {
    return _mm512_mask_mov_pd(b, m, a);
}

static inline mask m_less(vec a, vec b) {
    return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ);
}

static inline mask m_missing(vec a) {
    return _mm512_cmp_pd_mask(a, a, _CMP_UNORD_Q);
}

static inline mask m_and(mask a, mask b) {
    return (mask)(a & b);
}

static inline mask m_or(mask a, mask b) {
    return (mask)(a | b);
}

static inline mask m_not(mask a) {
    return (mask)~a;
}

static inline mask m_load(const unsigned char *p) {
    return *p;
}

static inline void m_store(unsigned char *p, mask m) {
    *p = m;
}

#include "learn/trees_shap_body.inc"
#else
typedef int hx_trees_shap_avx512_is_for_x86; /* ISO C wants a declaration */
#endif
