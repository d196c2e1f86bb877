/* trees_shap_base.c - Shapley values of eight rows for any processor, and the choice among the walks of the instruction sets; see trees_shap.h and
 * trees_shap_body.inc. */
#include "nn/nn.h"

#define HX_WALK hx_shap_walk_base

typedef struct {
    double at[8];
} vec;
typedef unsigned mask; /* bit l = row l */

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

static inline vec v_add(vec a, vec b) {
    for (int l = 0; l < 8; l++)
        a.at[l] += b.at[l];
    return a;
}

static inline vec v_mul(vec a, vec b) {
    for (int l = 0; l < 8; l++)
        a.at[l] *= b.at[l];
    return a;
}

static inline vec v_pick(mask m, vec a, vec b) {
    for (int l = 0; l < 8; l++)
        a.at[l] = m & 1u << l ? a.at[l] : b.at[l];
    return a;
}

static inline mask m_less(vec a, vec b) {
    mask m = 0;
    for (int l = 0; l < 8; l++)
        m |= (unsigned)(a.at[l] < b.at[l]) << l;
    return m;
}

static inline mask m_missing(vec a) {
    mask m = 0;
    for (int l = 0; l < 8; l++)
        m |= (unsigned)(a.at[l] != a.at[l]) << l;
    return m;
}

static inline mask m_and(mask a, mask b) {
    return a & b;
}

static inline mask m_or(mask a, mask b) {
    return a | b;
}

static inline mask m_not(mask a) {
    return ~a & 255u;
}

static inline mask m_load(const unsigned char *p) {
    return *p;
}

static inline void m_store(unsigned char *p, mask m) {
    *p = (unsigned char)m;
}

#include "learn/trees_shap_body.inc"

hx_shap_walk *hx_shap_walk_choose(void) {
#if defined(__x86_64__)
    if (hx_kernels_has(HX_KERNELS_AVX512)) return hx_shap_walk_avx512;
    if (hx_kernels_has(HX_KERNELS_AVX2)) return hx_shap_walk_avx2;
#endif
    return hx_shap_walk_base;
}
