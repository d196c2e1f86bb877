/* linear_test.h - matrices of every stored type, and products checked against arithmetic written here. */
#ifndef HX_TESTS_TENSOR_LINEAR_TEST_H
#define HX_TESTS_TENSOR_LINEAR_TEST_H

#include "unit/base/base_test.h"

#include <math.h>

#include "base/rng.h"
#include "tensor/linear.h"

static const hx_dtype test_types[] = {HX_DTYPE_F32,  HX_DTYPE_F16,  HX_DTYPE_BF16, HX_DTYPE_Q8_0,
                                      HX_DTYPE_Q4_0, HX_DTYPE_Q4_1, HX_DTYPE_Q5_0, HX_DTYPE_Q5_1,
                                      HX_DTYPE_Q2_K, HX_DTYPE_Q3_K, HX_DTYPE_Q4_K, HX_DTYPE_Q5_K,
                                      HX_DTYPE_Q6_K};
#define N_TEST_TYPES (sizeof test_types / sizeof test_types[0])

static inline float test_normal(hx_rng *r) { /* about: the sum of 12 uniform numbers */
    double s = -6.0;
    for (int i = 0; i < 12; i++)
        s += hx_rng_uniform(r);
    return (float)s;
}

/* F16 fields of a block of the type: their offsets, -1 = none. */
static inline void test_scale_offsets(hx_dtype type, int at[2]) {
    at[0] = at[1] = -1;
    switch (type) {
    case HX_DTYPE_Q8_0:
    case HX_DTYPE_Q4_0:
    case HX_DTYPE_Q5_0:
        at[0] = 0;
        break;
    case HX_DTYPE_Q4_1:
    case HX_DTYPE_Q5_1:
    case HX_DTYPE_Q4_K:
    case HX_DTYPE_Q5_K:
        at[0] = 0, at[1] = 2;
        break;
    case HX_DTYPE_Q2_K:
        at[0] = 80, at[1] = 82;
        break;
    case HX_DTYPE_Q3_K:
        at[0] = 108;
        break;
    case HX_DTYPE_Q6_K:
        at[0] = 208;
        break;
    default:
        break;
    }
}

/* n elements of the type, any bits but for sensible scales; free() it. */
static inline void *test_weights(hx_dtype type, size_t n, hx_rng *r) {
    const hx_dtype_info *info = hx_dtype_describe((uint32_t)type);
    size_t blocks = n / info->block;
    assert_int_equal(n % info->block, 0);
    uint8_t *w = malloc(blocks * info->bytes);
    assert_non_null(w);
    int at[2];
    test_scale_offsets(type, at);
    for (size_t b = 0; b < blocks; b++) {
        uint8_t *p = w + b * info->bytes;
        for (size_t i = 0; i < info->bytes; i++)
            p[i] = (uint8_t)hx_rng_next(r);
        for (int i = 0; i < 2; i++) {
            uint16_t h = hx_f32_to_f16(0.01f * test_normal(r));
            if (at[i] >= 0) memcpy(p + at[i], &h, 2);
        }
        float f = test_normal(r);
        uint16_t h = type == HX_DTYPE_BF16 ? hx_f32_to_bf16(f) : hx_f32_to_f16(f);
        if (type == HX_DTYPE_F32) memcpy(p, &f, 4);
        if (type == HX_DTYPE_F16 || type == HX_DTYPE_BF16) memcpy(p, &h, 2);
    }
    return w;
}

static inline float *test_floats(size_t n, float scale, hx_rng *r) {
    float *x = malloc((n ? n : 1) * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = scale * test_normal(r);
    return x;
}

/* The kernel sets that this processor has. */
static inline size_t test_sets(const hx_kernels *sets[HX_KERNELS_N]) {
    static const char *const names[] = {"scalar", "avx2", "avx512", "vnni", "neon"};
    size_t n = 0;
    for (int i = 0; i < HX_KERNELS_N; i++)
        if (hx_kernels_has((hx_kernels_set)i))
            assert_int_equal(hx_kernels_choose(names[i], &sets[n++], NULL), HX_OK);
    return n;
}

/* One product and all it needs. */
typedef struct {
    size_t n_parts, rows[3], n, k, m, ldx, ldy;
    hx_dtype types[3];
    void *data[3];
    float *bias[3]; /* or NULL */
    float *x, *norm, *y; /* y: (m, ldy) before the call */
    hx_linear_kind kind;
} test_product;

#define TEST_EPS 1e-5f

static inline size_t test_outputs(const test_product *p) {
    return p->kind == HX_LINEAR_SWIGLU ? p->n / 2 : p->n;
}

/* Types t, t + 1, ... of the table; bias on every second part. */
static inline test_product test_product_new(hx_linear_kind kind, size_t n_parts, const size_t *rows,
                                            size_t k, size_t m, size_t type, bool normed,
                                            hx_rng *r) {
    test_product p = {.n_parts = n_parts, .k = k, .m = m, .ldx = k + 3, .kind = kind};
    for (size_t i = 0; i < n_parts; i++) {
        hx_dtype t = test_types[(type + i) % N_TEST_TYPES];
        if (k % hx_dtype_describe((uint32_t)t)->block != 0) t = HX_DTYPE_F16;
        p.types[i] = t;
        p.rows[i] = rows[i];
        p.n += rows[i];
        p.data[i] = test_weights(t, rows[i] * k, r);
        if (i % 2 == 0) p.bias[i] = test_floats(rows[i], 1.0f, r);
    }
    p.ldy = test_outputs(&p) + 5;
    p.x = test_floats(m * p.ldx, 1.0f, r);
    if (normed) p.norm = test_floats(k, 1.0f, r);
    p.y = test_floats(m * p.ldy, 1.0f, r);
    return p;
}

static inline void test_product_free(test_product *p) {
    for (size_t i = 0; i < p->n_parts; i++) {
        free(p->data[i]);
        free(p->bias[i]);
    }
    free(p->x);
    free(p->norm);
    free(p->y);
}

static inline hx_linear *test_linear_new(const test_product *p, const hx_kernels *kernels,
                                         hx_team *team, bool packed) {
    hx_linear_part parts[3];
    for (size_t i = 0; i < p->n_parts; i++)
        parts[i] = (hx_linear_part){p->types[i], p->rows[i], p->data[i], p->bias[i]};
    hx_linear *l = NULL;
    assert_int_equal(hx_linear_new(&l, kernels, parts, p->n_parts, p->k, p->kind, NULL), HX_OK);
    assert_int_equal(hx_linear_rows(l), p->n);
    assert_int_equal(hx_linear_columns(l), p->k);
    if (packed) assert_int_equal(hx_linear_pack(l, team, NULL, NULL, NULL), HX_OK);
    assert_int_equal(hx_linear_is_packed(l), packed);
    return l;
}

/* Rows [from, from + m) of x and rows [first, first + n) of W to y, in scratch of exactly the size asked for. */
static inline void test_run(const test_product *p, const hx_linear *l, hx_form form, hx_team *team,
                            size_t from, size_t m, size_t first, size_t n, float *y) {
    size_t bytes = hx_linear_scratch(l, form, m, hx_team_size(team));
    void *scratch = aligned_alloc(64, (bytes + 63) / 64 * 64);
    assert_non_null(scratch);
    memset(scratch, 0xff, bytes);
    hx_linear_call call = {.x = p->x + from * p->ldx,
                           .m = m,
                           .ldx = p->ldx,
                           .norm = p->norm,
                           .eps = TEST_EPS,
                           .y = y,
                           .ldy = p->ldy,
                           .first = first,
                           .n = n};
    hx_linear_run(l, form, &call, scratch, team);
    free(scratch);
}

/* All of it into a copy of p->y; free() it. */
static inline float *test_result(const test_product *p, const hx_linear *l, hx_form form,
                                 hx_team *team) {
    float *y = malloc(p->m * p->ldy * sizeof *y);
    assert_non_null(y);
    memcpy(y, p->y, p->m * p->ldy * sizeof *y);
    test_run(p, l, form, team, 0, p->m, 0, 0, y);
    return y;
}

/* W as F32 (n, k), and the bias (n); free() both. */
static inline float *test_decoded(const test_product *p, float **bias) {
    float *w = malloc(p->n * p->k * sizeof *w);
    *bias = calloc(p->n, sizeof **bias);
    assert_non_null(w);
    assert_non_null(*bias);
    size_t at = 0;
    for (size_t i = 0; i < p->n_parts; i++) {
        hx_dtype_decode(p->types[i], p->data[i], p->rows[i] * p->k, w + at * p->k);
        if (p->bias[i]) memcpy(*bias + at, p->bias[i], p->rows[i] * sizeof(float));
        at += p->rows[i];
    }
    return w;
}

#endif
