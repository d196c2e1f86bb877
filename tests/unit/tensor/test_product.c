/* test_product.c - hx_gemm() against sums of doubles in all four forms, odd sizes, gaps between rows, alpha and beta; the same bytes from
 * every kernel set and any number of threads; what C held with beta = 0 is never read. */
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

static const sizes all_sizes[] = {{1, 1, 1},    {12, 32, 256},   {13, 33, 257}, {5, 70, 3},
                                  {49, 15, 40}, {100, 290, 530}, {3, 16, 0},    {97, 257, 64}};

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

static void check_values(const hx_gemm_call *g, const float *old) {
    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->ldc; j++) {
            double magnitude, got = g->c[i * g->ldc + j];
            if (j >= g->n)
                assert_true(got == old[i * g->ldc + j]);
            else
                assert_true(fabs(got - reference(g, old, i, j, &magnitude)) < 1e-6 * magnitude);
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

static void check_one(hx_rng *rng, sizes s, bool trans_a, bool trans_b, float alpha, float beta) {
    hx_gemm_call g = {.trans_a = trans_a,
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
        for (int form = 0; form < 4; form++) {
            check_one(&rng, all_sizes[i], form & 1, form & 2, 1.0f, 0.0f);
            check_one(&rng, all_sizes[i], form & 1, form & 2, 1.0f, 1.0f);
            check_one(&rng, all_sizes[i], form & 1, form & 2, -0.5f, 0.25f);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_old_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
