/* kmeans_avx512.c - the loops of k-means for AVX-512: eight rows in one register. See kmeans_rows.h and kmeans_body.inc. The flags are in
 * cmake/kernels.cmake; which processor may run it is decided in kmeans_rows.c. */
#if defined(__x86_64__)
#include <immintrin.h>

#define HX_ROWS hx_kmeans_rows_avx512
#define HX_ROWS_NAME "avx512"
#define AT_ONCE 8

typedef __m512d vec;

static inline vec v_load(const double *x) {
    return _mm512_loadu_pd(x);
}

static inline void v_store(double *x, vec v) {
    _mm512_storeu_pd(x, v);
}

static inline vec v_all(double x) {
    return _mm512_set1_pd(x);
}

static inline vec v_fma(vec a, vec b, vec c) {
    return _mm512_fmadd_pd(a, b, c);
}

static inline vec v_sub(vec a, vec b) {
    return _mm512_sub_pd(a, b);
}

static inline vec v_add(vec a, vec b) {
    return _mm512_add_pd(a, b);
}

static inline vec v_min(vec a, vec b) {
    return _mm512_min_pd(a, b);
}

static inline void v_take(vec *best, vec score, vec *which, vec centre) {
    __mmask8 less = _mm512_cmp_pd_mask(score, *best, _CMP_LT_OQ);
    *best = _mm512_mask_mov_pd(*best, less, score);
    *which = _mm512_mask_mov_pd(*which, less, centre);
}

#include "learn/kmeans_body.inc"
#else
typedef int hx_kmeans_avx512_is_for_x86; /* ISO C wants a declaration */
#endif
