/* test_kernels.c - the choice of kernels, and each loop of the group gemm in every set against the scalar one, bit for bit. */
#include "unit/tensor/linear_test.h"

#include "base/error.h"
#include "tensor/gemm_kernels.h"

static void the_best_set_is_the_default(void **state) {
    (void)state;
    const hx_kernels *best = NULL, *named = NULL, *sets[HX_KERNELS_N];
    assert_int_equal(hx_kernels_choose(NULL, &best, NULL), HX_OK);
    assert_int_equal(hx_kernels_choose("", &named, NULL), HX_OK);
    assert_ptr_equal(best, named);
    size_t n = test_sets(sets);
    assert_ptr_equal(sets[n - 1], best);
    assert_int_equal(hx_kernels_choose(hx_kernels_name(best), &named, NULL), HX_OK);
    assert_ptr_equal(best, named);
    assert_true(hx_kernels_has(HX_KERNELS_SCALAR));
    assert_false(hx_kernels_has(HX_KERNELS_N));
}

static void names_that_do_not_fit_are_refused(void **state) {
    (void)state;
    const hx_kernels *k = NULL;
    hx_error err = {0};
    assert_int_equal(hx_kernels_choose("sse9", &k, &err), HX_EINVAL);
    assert_string_equal(
        err.message, "there are no kernels 'sse9'; there are scalar, avx2, avx512, vnni and neon");
    static const char *const names[] = {"scalar", "avx2", "avx512", "vnni", "neon"};
    for (int i = 0; i < HX_KERNELS_N; i++)
        if (!hx_kernels_has((hx_kernels_set)i)) {
            assert_int_equal(hx_kernels_choose(names[i], &k, &err), HX_EUNSUPPORTED);
            assert_non_null(strstr(err.message, names[i]));
        }
    assert_null(k);
}

static void every_group_is_there(void **state) {
    (void)state;
    const hx_kernels *sets[HX_KERNELS_N];
    for (size_t n = test_sets(sets); n-- > 0;) {
        assert_non_null(sets[n]->gemm);
        assert_non_null(sets[n]->vector);
        assert_non_null(sets[n]->attention);
        assert_non_null(sets[n]->stored);
    }
}

typedef void set_check(const hx_gemm_kernels *g, const hx_gemm_kernels *scalar, hx_rng *r);

static void in_every_set(set_check *check, unsigned seed) {
    const hx_kernels *sets[HX_KERNELS_N];
    size_t n = test_sets(sets);
    for (size_t i = 1; i < n; i++) {
        hx_rng r;
        hx_rng_seed(&r, seed);
        check(sets[i]->gemm, sets[0]->gemm, &r);
    }
}

static void check_decode(const hx_gemm_kernels *g, const hx_gemm_kernels *scalar, hx_rng *r) {
    static const size_t lengths[] = {256, 1536, 32, 96, 13, 1};
    for (size_t t = 0; t < N_TEST_TYPES; t++)
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            size_t n = lengths[i];
            if (n % hx_dtype_describe((uint32_t)test_types[t])->block != 0) continue;
            void *w = test_weights(test_types[t], n, r);
            float *a = calloc(n, sizeof *a), *b = calloc(n, sizeof *b);
            g->decode(test_types[t], w, n, a);
            scalar->decode(test_types[t], w, n, b);
            assert_memory_equal(a, b, n * sizeof *a);
            free(a);
            free(b);
            free(w);
        }
}

static void stored_types_decode_to_the_same_bits(void **state) {
    (void)state;
    in_every_set(check_decode, TEST_SEED);
}

/* Lengths around every register width; exact heap blocks, so that a write past the end is seen. */
static void check_rows(const hx_gemm_kernels *g, const hx_gemm_kernels *scalar, hx_rng *r) {
    for (size_t k = 1; k <= 70; k++) {
        float *x = test_floats(k, 2.0f, r), *w = test_floats(k, 1.0f, r);
        float *a = test_floats(k, 1.0f, r), *b = malloc(k * sizeof *b);
        int8_t *qa = malloc(k), *qb = malloc(k);
        int32_t ta, tb;
        memcpy(b, a, k * sizeof *b);
        g->add(x, k, 1, k, a, k);
        scalar->add(x, k, 1, k, b, k);
        assert_memory_equal(a, b, k * sizeof *a);
        g->norm(x, k, w, 1e-6f, a);
        scalar->norm(x, k, w, 1e-6f, b);
        assert_memory_equal(a, b, k * sizeof *a);
        g->swiglu(x, w, k, 1, k, a, k);
        scalar->swiglu(x, w, k, 1, k, b, k);
        assert_memory_equal(a, b, k * sizeof *a);
        float sa = g->ready(x, k, k % 2 ? w : NULL, 1e-6f, 1, (uint8_t)k, a, qa, &ta);
        float sb = scalar->ready(x, k, k % 2 ? w : NULL, 1e-6f, 1, (uint8_t)k, b, qb, &tb);
        assert_memory_equal(&sa, &sb, sizeof sa);
        assert_int_equal(ta, tb);
        assert_memory_equal(qa, qb, k);
        free(x);
        free(w);
        free(a);
        free(b);
        free(qa);
        free(qb);
    }
}

static void rows_are_made_ready_to_the_same_bits(void **state) {
    (void)state;
    in_every_set(check_rows, TEST_SEED + 1);
}

static void check_rotate(const hx_gemm_kernels *g, const hx_gemm_kernels *scalar, hx_rng *r) {
    for (size_t block = 1; block <= 512; block *= 2)
        for (size_t n = 1; n <= 5; n++) {
            size_t k = n * block;
            float *a = calloc(k, sizeof *a), *b = calloc(k, sizeof *b),
                  *x = test_floats(k, 1.0f, r);
            float *w = n % 2 ? test_floats(k, 1.0f, r) : NULL;
            int8_t *qa = malloc(k), *qb = malloc(k);
            int32_t ta, tb;
            float sa = g->ready(x, k, w, 1e-5f, block, 0x80, a, qa, &ta);
            float sb = scalar->ready(x, k, w, 1e-5f, block, 0x80, b, qb, &tb);
            assert_memory_equal(&sa, &sb, sizeof sa);
            assert_int_equal(ta, tb);
            assert_int_equal(ta, tb);
            assert_memory_equal(qa, qb, k);
            assert_memory_equal(a, b, k * sizeof *a);
            g->ready(a, k, NULL, 0.0f, block, 0, a, qa,
                     &ta); /* twice is `block` times the identity */
            for (size_t i = 0; !w && i < k; i++)
                assert_true(fabsf(a[i] / (float)block - x[i]) < 1e-5f);
            free(a);
            free(b);
            free(x);
            free(w);
            free(qa);
            free(qb);
        }
}

static void transforms_are_the_same_and_undo_themselves(void **state) {
    (void)state;
    in_every_set(check_rotate, TEST_SEED + 2);
}

static void check_pack(const hx_gemm_kernels *g, const hx_gemm_kernels *scalar, hx_rng *r) {
    for (size_t k = 4; k <= 140; k += 4) {
        size_t stride = k + 4, bytes = k * HX_GEMM_LANES * sizeof(float);
        float *rows = test_floats(HX_GEMM_HALF * stride, 1.0f, r);
        float *a = aligned_alloc(64, bytes), *b = aligned_alloc(64, bytes);
        memset(a, 7, bytes);
        memset(b, 7, bytes);
        g->pack32(rows, stride, k, a + 16);
        scalar->pack32(rows, stride, k, b + 16);
        assert_memory_equal(a, b, bytes);
        g->pack8((int8_t *)rows, stride, k, (int8_t *)a);
        scalar->pack8((int8_t *)rows, stride, k, (int8_t *)b);
        assert_memory_equal(a, b, bytes);
        free(a);
        free(b);
        free(rows);
    }
}

static void rows_are_packed_alike(void **state) {
    (void)state;
    in_every_set(check_pack, TEST_SEED + 3);
}

/* The largest sums there can be: all 127 by all -127, and x at both ends. */
static void check_extremes(const hx_gemm_kernels *g, const hx_gemm_kernels *scalar, hx_rng *r) {
    (void)r;
    size_t k = 4096;
    int8_t *w = aligned_alloc(64, k * HX_GEMM_LANES);
    uint8_t *x = malloc(HX_GEMM_ROWS * k);
    float a[HX_GEMM_ROWS * HX_GEMM_LANES], b[HX_GEMM_ROWS * HX_GEMM_LANES], one[HX_GEMM_LANES],
        zero[HX_GEMM_LANES] = {0};
    int32_t start[HX_GEMM_LANES];
    for (size_t i = 0; i < HX_GEMM_LANES; i++) {
        one[i] = 1.0f;
        start[i] = -128 * (int32_t)k * (i % 2 ? 127 : -127);
    }
    for (size_t i = 0; i < k * HX_GEMM_LANES; i++)
        w[i] = i / 4 % 2 ? 127 : -127;
    for (size_t m = 0; m < HX_GEMM_ROWS; m++)
        memset(x + m * k, m % 2 ? 255 : 1, k);
    for (size_t rows = 1; rows <= HX_GEMM_ROWS; rows++) {
        hx_int8_tile t = {.x = x,
                          .ldx = k,
                          .rows = rows,
                          .scale_x = one,
                          .w = w,
                          .next = w,
                          .k = k,
                          .start = start,
                          .scale_w = one,
                          .bias = zero,
                          .out = a,
                          .ldo = HX_GEMM_LANES};
        g->int8(&t);
        t.out = b;
        scalar->int8(&t);
        assert_memory_equal(a, b, rows * HX_GEMM_LANES * sizeof *a);
        assert_true(a[0] == (float)(127 * 127 * (int)k));
    }
    free(w);
    free(x);
}

static void the_largest_sums_do_not_saturate(void **state) {
    (void)state;
    in_every_set(check_extremes, TEST_SEED + 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_set_is_the_default),
        cmocka_unit_test(names_that_do_not_fit_are_refused),
        cmocka_unit_test(every_group_is_there),
        cmocka_unit_test(stored_types_decode_to_the_same_bits),
        cmocka_unit_test(rows_are_made_ready_to_the_same_bits),
        cmocka_unit_test(transforms_are_the_same_and_undo_themselves),
        cmocka_unit_test(rows_are_packed_alike),
        cmocka_unit_test(the_largest_sums_do_not_saturate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
