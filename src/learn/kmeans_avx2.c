/* kmeans_avx2.c - the loops of k-means for AVX2 with FMA: eight rows in two registers. See kmeans_rows.h and kmeans_body.inc. The flags are in
 * cmake/kernels.cmake; which processor may run it is decided in kmeans_rows.c. */
#if defined(__x86_64__)
#include <immintrin.h>

#define HX_ROWS hx_kmeans_rows_avx2
#define HX_ROWS_NAME "avx2"
#define AT_ONCE 4

typedef struct {
    __m256d a, b;
} vec;

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

static inline vec v_fma(vec a, vec b, vec c) {
    return (vec){_mm256_fmadd_pd(a.a, b.a, c.a), _mm256_fmadd_pd(a.b, b.b, c.b)};
}

static inline vec v_sub(vec a, vec b) {
    return (vec){_mm256_sub_pd(a.a, b.a), _mm256_sub_pd(a.b, b.b)};
}

static inline vec v_add(vec a, vec b) {
    return (vec){_mm256_add_pd(a.a, b.a), _mm256_add_pd(a.b, b.b)};
}

static inline vec v_min(vec a, vec b) {
    return (vec){_mm256_min_pd(a.a, b.a), _mm256_min_pd(a.b, b.b)};
}

static inline void v_take(vec *best, vec score, vec *which, vec centre) {
    __m256d a = _mm256_cmp_pd(score.a, best->a, _CMP_LT_OQ);
    __m256d b = _mm256_cmp_pd(score.b, best->b, _CMP_LT_OQ);
    best->a = _mm256_blendv_pd(best->a, score.a, a);
    best->b = _mm256_blendv_pd(best->b, score.b, b);
    which->a = _mm256_blendv_pd(which->a, centre.a, a);
    which->b = _mm256_blendv_pd(which->b, centre.b, b);
}

#include "learn/kmeans_body.inc"
#else
typedef int hx_kmeans_avx2_is_for_x86; /* ISO C wants a declaration */
#endif
