/* test_product.c - hx_gemm() against sums of doubles in all four forms, odd sizes, gaps between rows, alpha and beta; the same bytes from
 * every kernel set and any number of threads; what C held with beta = 0 is never read. With factors of bfloat16: the same bytes as the
 * definition of gemm.h written out, for processors that have the instructions and for the reference. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tensor/gemm.h"

typedef struct {
    size_t m, n, k;
} sizes;

static const sizes all_sizes[] = {{1, 1, 1},  {12, 32, 256}, {13, 33, 257},
                                  {5, 70, 3}, {49, 15, 40},  {100, 290, 530},
                                  {3, 16, 0}, {97, 257, 64}, {31, 45, 1029}};

static float *random_floats(hx_rng *rng, size_t n) {
    float *x = malloc((n + 1) * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(hx_rng_uniform(rng) * 2 - 1);
    return x;
}

static double reference(const hx_gemm_call *g, const float *old, size_t i, size_t j,
                        double *magnitude) {
    double sum = 0;
    *magnitude = 1;
    for (size_t k = 0; k < g->k; k++) {
        double a = g->trans_a ? g->a[k * g->lda + i] : g->a[i * g->lda + k];
        double b = g->trans_b ? g->b[j * g->ldb + k] : g->b[k * g->ldb + j];
        sum += a * b;
        *magnitude += fabs(a * b);
    }
    double before = g->beta == 0.0f ? 0 : g->beta * (double)old[i * g->ldc + j];
    return g->alpha * sum + before;
}

static void run(const hx_kernels *kernels, hx_team *team, const hx_gemm_call *call) {
    size_t bytes = (hx_gemm_scratch(call->m, call->n, hx_team_size(team)) + 63) / 64 * 64;
    void *scratch = aligned_alloc(64, bytes);
    assert_non_null(scratch);
    hx_gemm(kernels, team, call, scratch);
    free(scratch);
}

/* Relative error of a product: two roundings to 8 bits, or sums in F32. */
static void check_values(const hx_gemm_call *g, const float *old) {
    double most = g->bf16 ? 0x1p-7 + 0x1p-16 : 1e-6;
    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->ldc; j++) {
            double magnitude, got = g->c[i * g->ldc + j];
            if (j >= g->n)
                assert_true(got == old[i * g->ldc + j]);
            else
                assert_true(fabs(got - reference(g, old, i, j, &magnitude)) < most * magnitude);
        }
}

static void check_same_everywhere(const hx_gemm_call *g, const float *old) {
    size_t bytes = g->m * g->ldc * sizeof *g->c;
    float *again = malloc(bytes + 1);
    assert_non_null(again);
    static const char *const names[] = {"scalar", "avx2", "avx512", "vnni", "neon"};
    for (int set = 0; set < HX_KERNELS_N; set++) {
        if (!hx_kernels_has((hx_kernels_set)set)) continue;
        const hx_kernels *kernels;
        hx_error err = {0};
        assert_int_equal(hx_kernels_choose(names[set], &kernels, &err), HX_OK);
        for (size_t threads = 1; threads <= 3; threads += 2) {
            hx_team *team;
            assert_int_equal(hx_team_new(&team, threads, &err), HX_OK);
            memcpy(again, old, bytes);
            hx_gemm_call call = *g;
            call.c = again;
            run(kernels, team, &call);
            assert_memory_equal(again, g->c, bytes);
            hx_team_free(team);
        }
    }
    free(again);
}

/* One element by the words of gemm.h. */
static float flushed(float x) {
    return fabsf(x) < 0x1p-126f ? copysignf(0.0f, x) : x;
}

static float rounded(float x) {
    uint32_t u;
    float up, down, y = flushed(x);
    memcpy(&u, &y, sizeof u);
    uint32_t low = u & 0xffff0000u, high = low + 0x10000u;
    memcpy(&down, &low, sizeof down);
    memcpy(&up, &high, sizeof up);
    double to_down = fabs((double)y - (double)down), to_up = fabs((double)up - (double)y);
    return to_down < to_up || (!(to_up < to_down) && (low >> 16 & 1u) == 0) ? down : up;
}

static float factor_a(const hx_gemm_call *g, size_t i, size_t k) {
    return rounded(g->alpha * (g->trans_a ? g->a[k * g->lda + i] : g->a[i * g->lda + k]));
}

static float factor_b(const hx_gemm_call *g, size_t k, size_t j) {
    return rounded(g->trans_b ? g->b[j * g->ldb + k] : g->b[k * g->ldb + j]);
}

static float exact_bf16(const hx_gemm_call *g, float old, size_t i, size_t j) {
    float c = g->beta == 0.0f ? 0.0f : g->beta == 1.0f ? old : g->beta * old;
    for (size_t first = 0; first < g->k; first += 512) {
        size_t end = g->k - first < 512 ? g->k : first + 512;
        float sum = 0;
        for (size_t k = first; k < end; k += 2) {
            if (k + 1 < end) sum = flushed(fmaf(factor_a(g, i, k + 1), factor_b(g, k + 1, j), sum));
            sum = flushed(fmaf(factor_a(g, i, k), factor_b(g, k, j), sum));
        }
        c = sum + c;
    }
    return c;
}

static void check_bits_bf16(const hx_gemm_call *g, const float *old) {
    for (size_t i = 0; g->bf16 && i < g->m; i++)
        for (size_t j = 0; j < g->n; j++) {
            float want = exact_bf16(g, old[i * g->ldc + j], i, j);
            assert_true(want == g->c[i * g->ldc + j]);
        }
}

static void check_one(hx_rng *rng, sizes s, int form, float alpha, float beta) {
    bool trans_a = form & 1, trans_b = form & 2;
    hx_gemm_call g = {.trans_a = trans_a,
                      .bf16 = form & 4,
                      .trans_b = trans_b,
                      .m = s.m,
                      .n = s.n,
                      .k = s.k,
                      .alpha = alpha,
                      .beta = beta};
    g.lda = (trans_a ? s.m : s.k) + 3;
    g.ldb = (trans_b ? s.k : s.n) + 1;
    g.ldc = s.n + 2;
    float *a = random_floats(rng, (trans_a ? s.k : s.m) * g.lda);
    float *b = random_floats(rng, (trans_b ? s.n : s.k) * g.ldb);
    float *old = random_floats(rng, s.m * g.ldc);
    g.c = random_floats(rng, s.m * g.ldc);
    memcpy(g.c, old, s.m * g.ldc * sizeof *old);
    g.a = a;
    g.b = b;
    const hx_kernels *best;
    hx_error err = {0};
    assert_int_equal(hx_kernels_choose(NULL, &best, &err), HX_OK);
    run(best, NULL, &g);
    check_values(&g, old);
    check_bits_bf16(&g, old);
    check_same_everywhere(&g, old);
    free(a);
    free(b);
    free(old);
    free(g.c);
}

static void test_forms(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, 5);
    for (size_t i = 0; i < sizeof all_sizes / sizeof all_sizes[0]; i++)
        for (int form = 0; form < 8; form++) {
            check_one(&rng, all_sizes[i], form, 1.0f, 0.0f);
            check_one(&rng, all_sizes[i], form, 1.0f, 1.0f);
            check_one(&rng, all_sizes[i], form, -0.5f, 0.25f);
        }
}

static void test_old_is_not_read(void **state) {
    (void)state;
    float a[1] = {2}, b[1] = {3}, c[1] = {NAN};
    const hx_kernels *best;
    hx_error err = {0};
    assert_int_equal(hx_kernels_choose(NULL, &best, &err), HX_OK);
    hx_gemm_call g = {
        .m = 1, .n = 1, .k = 1, .alpha = 1, .a = a, .lda = 1, .b = b, .ldb = 1, .c = c, .ldc = 1};
    run(best, NULL, &g);
    assert_true(c[0] == 6.0f);
    a[0] = INFINITY;
    run(best, NULL, &g);
    assert_true(isinf(c[0]));
}

/* Denormal factors and sums are zeros, for every set; ties go to even; infinity comes through. */
static void test_bf16_edges(void **state) {
    (void)state;
    static const char *const names[] = {"scalar", "avx2", "avx512", "vnni", "neon"};
    float b[2] = {1, 1}, c[1];
    hx_gemm_call g = {
        .bf16 = true, .m = 1, .n = 1, .k = 2, .alpha = 1, .lda = 2, .ldb = 1, .ldc = 1};
    static const struct {
        float a[2], b, want;
    } cases[] = {
        {{0x1p-127f, 1}, 1, 1},
        {{0x1p-127f, 0}, 0x1p100f, 0},
        {{0x1p-70f, 0}, 0x1p-60f, 0},
        {{1 + 0x1p-8f, 0}, 1, 1},
        {{1 + 3 * 0x1p-8f, 0}, 1, 1 + 0x1p-6f},
        {{1 + 0x1p-8f + 0x1p-20f, 0}, 1, 1 + 0x1p-7f},
        {{0x1.fffffep127f, 0}, 1, INFINITY},
    };
    for (int set = 0; set < HX_KERNELS_N; set++) {
        const hx_kernels *kernels;
        hx_error err = {0};
        if (!hx_kernels_has((hx_kernels_set)set)) continue;
        assert_int_equal(hx_kernels_choose(names[set], &kernels, &err), HX_OK);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            b[0] = cases[i].b;
            b[1] = 1;
            g.a = cases[i].a;
            g.b = b;
            g.c = c;
            run(kernels, NULL, &g);
            assert_true(c[0] == cases[i].want);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_old_is_not_read),
        cmocka_unit_test(test_bf16_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
