/* neon_test.c - the NEON kernels against the scalar ones, in one program that needs nothing but the C library: it is compiled
 * for another processor and run under emulation (run.sh). Products of gemm_kernels.h must have the same bits, all others agree to 1e-5
 * of the magnitudes that go in. Says each failure and returns 1. */
#include "base/rng.h"
#include "tensor/attention.h"
#include "tensor/attention_kernels.h"
#include "tensor/gemm_kernels.h"
#include "tensor/stored.h"
#include "tensor/stored_kernels.h"
#include "tensor/vector.h"
#include "tensor/vector_kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const hx_kernels scalar = {"scalar",          HX_KERNELS_SCALAR,    &hx_gemm_scalar,
                                  &hx_vector_scalar, &hx_attention_scalar, &hx_stored_scalar};
static const hx_kernels neon = {"neon",          HX_KERNELS_NEON,    &hx_gemm_neon,
                                &hx_vector_neon, &hx_attention_neon, &hx_stored_neon};

typedef struct {
    hx_rng rng;
    int failures;
} run_state;

static void *bytes_of(size_t n) {
    void *p = aligned_alloc(64, (n + 63) / 64 * 64);
    if (!p) exit(2);
    memset(p, 0, n);
    return p;
}

static float *values(run_state *t, size_t n) {
    float *x = bytes_of(n * sizeof *x + 64);
    for (size_t i = 0; i < n; ++i)
        x[i] = (float)(2 * hx_rng_uniform(&t->rng) - 1);
    return x;
}

static void fail(run_state *t, const char *what, size_t size) {
    printf("neon and scalar differ: %s, size %zu\n", what, size);
    t->failures++;
}

static void expect_near(run_state *t, const char *what, size_t size, const float *a, const float *b,
                        size_t n, double limit) {
    for (size_t i = 0; i < n; ++i)
        if (!(fabs((double)a[i] - (double)b[i]) <= limit)) {
            printf("[%zu] %.9g %.9g\n", i, (double)a[i], (double)b[i]);
            fail(t, what, size);
            return;
        }
}

static void expect_same(run_state *t, const char *what, size_t size, const void *a, const void *b,
                        size_t bytes) {
    if (memcmp(a, b, bytes) != 0) fail(t, what, size);
}

/* ---------------------------------------------------------------- vector.h */

static void check_rows(run_state *t, size_t n) {
    float *x = values(t, n), *w = values(t, n), *a = values(t, n), *b = values(t, n);
    hx_vector_rms_norm(&scalar, x, n, w, 1e-5f, a);
    hx_vector_rms_norm(&neon, x, n, w, 1e-5f, b);
    expect_near(t, "norm", n, a, b, n, 1e-5);
    memcpy(a, x, n * sizeof *a);
    memcpy(b, x, n * sizeof *b);
    hx_vector_add(&scalar, w, n, a);
    hx_vector_add(&neon, w, n, b);
    expect_same(t, "add", n, a, b, n * sizeof *a);
    float one = hx_vector_dot(&scalar, x, w, n), two = hx_vector_dot(&neon, x, w, n);
    expect_near(t, "dot", n, &one, &two, 1, 1e-6 * (double)n);
    one = hx_vector_log_sum_exp(&scalar, x, n);
    two = hx_vector_log_sum_exp(&neon, x, n);
    expect_near(t, "log of a sum", n, &one, &two, 1, 1e-5);
    if (hx_vector_argmax(&scalar, x, n) != hx_vector_argmax(&neon, x, n)) fail(t, "argmax", n);
    hx_vector_store(&scalar, HX_DTYPE_F16, x, n, a);
    hx_vector_store(&neon, HX_DTYPE_F16, x, n, b);
    expect_same(t, "store F16", n, a, b, 2 * n);
    if (n % 32 == 0) {
        hx_vector_store(&scalar, HX_DTYPE_Q8_0, x, n, a);
        hx_vector_store(&neon, HX_DTYPE_Q8_0, x, n, b);
        expect_same(t, "store Q8_0", n, a, b, n / 32 * 34);
    }
    free(x);
    free(w);
    free(a);
    free(b);
}

static void check_rope(run_state *t, size_t head_dim) {
    float *a = values(t, head_dim), *b = values(t, head_dim);
    float *c = values(t, head_dim), *s = values(t, head_dim);
    for (int interleaved = 0; interleaved < 2; ++interleaved) {
        memcpy(b, a, head_dim * sizeof *a);
        hx_vector_rope(&scalar, a, head_dim, c, s, interleaved);
        hx_vector_rope(&neon, b, head_dim, c, s, interleaved);
        expect_near(t, "rope", head_dim, a, b, head_dim, 1e-5);
    }
    free(a);
    free(b);
    free(c);
    free(s);
}

/* ---------------------------------------------------------------- stored.h */

/* Random blocks; the exponents of their half-precision numbers are kept small. */
static void fill_blocks(run_state *t, hx_dtype type, uint8_t *w, size_t bytes) {
    const hx_dtype_info *info = hx_dtype_describe((uint32_t)type);
    for (size_t i = 0; i < bytes; ++i)
        w[i] = (uint8_t)hx_rng_next(&t->rng);
    size_t first = type == HX_DTYPE_Q6_K ? 209 : info->bytes == 4 ? 3 : 1;
    bool second = type == HX_DTYPE_Q4_1 || type == HX_DTYPE_Q4_K;
    for (size_t b = 0; b < bytes; b += info->bytes) {
        uint8_t exponent = (uint8_t)(0x28 + hx_rng_below(&t->rng, 8));
        w[b + first] = exponent;
        if (second) w[b + 3] = exponent;
    }
}

static void check_stored(run_state *t, hx_dtype type, size_t k) {
    enum { N = 5, M = 3 };
    const hx_dtype_info *info = hx_dtype_describe((uint32_t)type);
    size_t row = hx_stored_row_bytes(k), bytes = k / info->block * info->bytes * N;
    float *x = values(t, M * k), a[M * N], b[M * N], *scratch = values(t, k);
    uint8_t *rows = bytes_of(2 * M * row), *w = bytes_of(bytes);
    fill_blocks(t, type, w, bytes);
    for (size_t m = 0; m < M; ++m) {
        hx_stored_quantise(&scalar, x + m * k, k, rows + m * row);
        hx_stored_quantise(&neon, x + m * k, k, rows + (M + m) * row);
    }
    expect_same(t, "quantise", k, rows, rows + M * row, M * row);
    hx_stored_run(&scalar, type, w, N, k, rows, x, k, M, a, N, scratch, NULL);
    hx_stored_run(&neon, type, w, N, k, rows, x, k, M, b, N, scratch, NULL);
    hx_dtype_decode(type, w, k, scratch);
    double size = 0;
    for (size_t i = 0; i < k; ++i)
        size += fabs((double)scratch[i]);
    expect_near(t, info->name, k, a, b, M * N, 1e-5 * size);
    free(x);
    free(scratch);
    free(rows);
    free(w);
}

/* ---------------------------------------------------------------- attention.h */

static void check_attention(run_state *t, hx_dtype type, size_t n, size_t n_heads, size_t head_dim,
                            bool causal) {
    uint64_t row = 0;
    size_t width = n_heads * head_dim, past = 37, total = n + past;
    if (!hx_dtype_size(type, head_dim, &row)) exit(2);
    float *q = values(t, n * width), *a = values(t, n * width), *b = values(t, n * width);
    uint8_t *kv = bytes_of(2 * total * row);
    for (size_t i = 0; i < 2 * total; ++i) {
        float *x = values(t, head_dim);
        hx_vector_store(&scalar, type, x, head_dim, kv + i * row);
        free(x);
    }
    hx_attention_span spans[2] = {
        {type, kv, kv + row, 2 * row, past},
        {type, kv + 2 * past * row, kv + (2 * past + 1) * row, 2 * row, n}};
    hx_attention_call call = {.q = q,
                              .out = a,
                              .n_queries = n,
                              .n_heads = n_heads,
                              .head_dim = head_dim,
                              .ldq = width,
                              .ldo = width,
                              .spans = spans,
                              .n_spans = 2,
                              .first = past,
                              .causal = causal,
                              .scale = 0.3f};
    void *scratch = bytes_of(hx_attention_scratch(head_dim, n_heads));
    hx_attention_run(&scalar, &call, scratch);
    call.out = b;
    hx_attention_run(&neon, &call, scratch);
    expect_near(t, "attention", n, a, b, n * width, 1e-5);
    free(q);
    free(a);
    free(b);
    free(kv);
    free(scratch);
}

/* ---------------------------------------------------------------- gemm_kernels.h */

static void check_int8(run_state *t, size_t rows, size_t k) {
    enum { LANES = HX_GEMM_LANES };
    uint8_t *x = bytes_of(rows * k);
    int8_t *w = bytes_of(k * LANES);
    int32_t start[LANES] = {0};
    float *scale = values(t, LANES), *bias = values(t, LANES), *scale_x = values(t, rows);
    float *a = values(t, rows * LANES), *b = values(t, rows * LANES);
    for (size_t i = 0; i < rows * k; ++i)
        x[i] = (uint8_t)(1 + hx_rng_below(&t->rng, 255));
    for (size_t i = 0; i < k * LANES; ++i) {
        w[i] = (int8_t)((int)hx_rng_below(&t->rng, 255) - 127);
        start[i / 4 % LANES] -= 128 * w[i];
    }
    hx_int8_tile tile = {.x = x,
                         .ldx = k,
                         .rows = rows,
                         .scale_x = scale_x,
                         .w = w,
                         .next = w,
                         .k = k,
                         .start = start,
                         .scale_w = scale,
                         .bias = bias,
                         .out = a,
                         .ldo = LANES};
    scalar.gemm->int8(&tile);
    tile.out = b;
    neon.gemm->int8(&tile);
    expect_same(t, "int8 product", k, a, b, rows * LANES * sizeof *a);
    free(x);
    free(w);
    free(scale);
    free(bias);
    free(scale_x);
    free(a);
    free(b);
}

static void check_exact(run_state *t, size_t rows, size_t k) {
    enum { LANES = HX_GEMM_LANES };
    float *x = values(t, rows * k), *w = values(t, k * LANES), *bias = values(t, LANES);
    float *a = values(t, rows * LANES), *b = values(t, rows * LANES);
    hx_exact_tile tile = {
        .x = x, .ldx = k, .rows = rows, .w = w, .k = k, .bias = bias, .out = a, .ldo = LANES};
    scalar.gemm->exact(&tile);
    tile.out = b;
    neon.gemm->exact(&tile);
    expect_same(t, "exact product", k, a, b, rows * LANES * sizeof *a);
    free(x);
    free(w);
    free(bias);
    free(a);
    free(b);
}

int main(void) {
    static const hx_dtype types[] = {HX_DTYPE_F32,  HX_DTYPE_F16,  HX_DTYPE_BF16,
                                     HX_DTYPE_Q4_0, HX_DTYPE_Q4_1, HX_DTYPE_Q5_0,
                                     HX_DTYPE_Q8_0, HX_DTYPE_Q4_K, HX_DTYPE_Q6_K};
    run_state t = {.failures = 0};
    hx_rng_seed(&t.rng, 20240229);
    for (size_t n = 1; n <= 100; ++n)
        check_rows(&t, n);
    for (size_t n = 2; n <= 136; n += 2)
        check_rope(&t, n);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; ++i)
        for (size_t k = 256; k <= 1024; k += 256)
            check_stored(&t, types[i], k);
    for (size_t i = 0; i < 24; ++i)
        check_attention(&t,
                        i % 3 == 0   ? HX_DTYPE_F32
                        : i % 3 == 1 ? HX_DTYPE_F16
                                     : HX_DTYPE_Q8_0,
                        1 + 7 * i % 80, 1 + i % 7, 32 * (1 + i % 4), i % 2);
    for (size_t rows = 1; rows <= HX_GEMM_ROWS; ++rows) {
        check_int8(&t, rows, 4 * rows + 60);
        check_exact(&t, rows, 7 * rows);
    }
    if (t.failures == 0) puts("neon and scalar agree");
    return t.failures != 0;
}
