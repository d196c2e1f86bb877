/* kmeans_rows.c - the loops of k-means for any processor, and the choice among those of the instruction sets; see kmeans_rows.h. fma() is the
 * processor's own where it has one, and exact where it has not. */
#include <math.h>

#include "nn/nn.h"

#define HX_ROWS hx_kmeans_rows_base
#define HX_ROWS_NAME "base"
#define AT_ONCE 4

typedef struct {
    double at[8];
} vec;

static inline vec v_load(const double *x) {
    vec v;
    for (int l = 0; l < 8; l++)
        v.at[l] = x[l];
    return v;
}

static inline void v_store(double *x, vec v) {
    for (int l = 0; l < 8; l++)
        x[l] = v.at[l];
}

static inline vec v_all(double x) {
    vec v;
    for (int l = 0; l < 8; l++)
        v.at[l] = x;
    return v;
}

static inline vec v_fma(vec a, vec b, vec c) {
    for (int l = 0; l < 8; l++)
        c.at[l] = fma(a.at[l], b.at[l], c.at[l]);
    return c;
}

static inline vec v_sub(vec a, vec b) {
    for (int l = 0; l < 8; l++)
        a.at[l] -= b.at[l];
    return a;
}

static inline vec v_add(vec a, vec b) {
    for (int l = 0; l < 8; l++)
        a.at[l] += b.at[l];
    return a;
}

static inline vec v_min(vec a, vec b) {
    for (int l = 0; l < 8; l++)
        a.at[l] = a.at[l] < b.at[l] ? a.at[l] : b.at[l];
    return a;
}

static inline void v_take(vec *best, vec score, vec *which, vec centre) {
    for (int l = 0; l < 8; l++) {
        bool less = score.at[l] < best->at[l];
        best->at[l] = less ? score.at[l] : best->at[l];
        which->at[l] = less ? centre.at[l] : which->at[l];
    }
}

#include "learn/kmeans_body.inc"

const hx_kmeans_rows *hx_kmeans_rows_choose(void) {
#if defined(__x86_64__)
    if (hx_kernels_has(HX_KERNELS_AVX512)) return &hx_kmeans_rows_avx512;
    if (hx_kernels_has(HX_KERNELS_AVX2)) return &hx_kmeans_rows_avx2;
#endif
    return &hx_kmeans_rows_base;
}
