/* test_stored.c - rows of activations times stored weights: every type and set against doubles, and bits that do not depend on
 * what else is computed. */
#include "unit/tensor/kernel_test.h"

#include "tensor/kernel_table.h"
#include "tensor/stored.h"

static const hx_dtype types[] = {
    HX_DTYPE_F32,  HX_DTYPE_F16,  HX_DTYPE_BF16, HX_DTYPE_Q4_0, HX_DTYPE_Q4_1,
    HX_DTYPE_Q5_0, HX_DTYPE_Q5_1, HX_DTYPE_Q8_0, HX_DTYPE_Q2_K, HX_DTYPE_Q3_K,
    HX_DTYPE_Q4_K, HX_DTYPE_Q5_K, HX_DTYPE_Q6_K,
};
#define N_TYPES (sizeof types / sizeof types[0])

/* Types that read x itself, not its int8 form. */
static bool is_exact(hx_dtype t) {
    return t == HX_DTYPE_F32 || t == HX_DTYPE_F16 || t == HX_DTYPE_BF16 || t == HX_DTYPE_Q5_1 ||
           t == HX_DTYPE_Q2_K || t == HX_DTYPE_Q3_K || t == HX_DTYPE_Q5_K;
}

typedef struct {
    hx_dtype type;
    size_t n, k, m, ldx, ldy, row_bytes;
    uint8_t *w, *rows;
    float *x, *y, *scratch;
} problem;

/* Any bytes are a block; only its F16 numbers (an even place for all formats) must be finite, so exponents are kept small. */
static void fill_weights(hx_rng *r, problem *p) {
    const hx_dtype_info *info = hx_dtype_describe((uint32_t)p->type);
    p->row_bytes = p->k / info->block * info->bytes;
    p->w = test_bytes(p->n * p->row_bytes);
    for (size_t i = 0; i < p->n * p->row_bytes; ++i)
        p->w[i] = (uint8_t)hx_rng_next(r);
    size_t step = info->block == 1 ? info->bytes : 2;
    if (p->type == HX_DTYPE_F32 || p->type == HX_DTYPE_BF16) {
        for (size_t i = step - 1; i < p->n * p->row_bytes; i += step)
            p->w[i] = (uint8_t)(0x3d + hx_rng_below(r, 3) + 128 * hx_rng_below(r, 2));
        return;
    }
    static const uint8_t places[][3] = {
        /* type, byte of the exponent of d, of m */
        {HX_DTYPE_F16, 1, 1},    {HX_DTYPE_Q4_0, 1, 1},     {HX_DTYPE_Q4_1, 1, 3},
        {HX_DTYPE_Q5_0, 1, 1},   {HX_DTYPE_Q5_1, 1, 3},     {HX_DTYPE_Q8_0, 1, 1},
        {HX_DTYPE_Q2_K, 81, 83}, {HX_DTYPE_Q3_K, 109, 109}, {HX_DTYPE_Q4_K, 1, 3},
        {HX_DTYPE_Q5_K, 1, 3},   {HX_DTYPE_Q6_K, 209, 209}};
    for (size_t t = 0; t < sizeof places / sizeof places[0]; ++t)
        if (places[t][0] == (uint8_t)p->type)
            for (size_t b = 0; b < p->n * p->row_bytes; b += info->bytes)
                for (size_t j = 1; j < 3; ++j)
                    p->w[b + places[t][j]] =
                        (uint8_t)(0x24 + hx_rng_below(r, 8) + 128 * hx_rng_below(r, 2));
}

static problem problem_of(hx_rng *r, hx_dtype type, size_t n, size_t k, size_t m) {
    problem p = {.type = type, .n = n, .k = k, .m = m, .ldx = k + 3, .ldy = n + 5};
    fill_weights(r, &p);
    p.x = test_values(r, m * p.ldx);
    p.rows = test_bytes(m * hx_stored_row_bytes(k));
    p.y = test_values(r, m * p.ldy);
    p.scratch = test_values(r, k);
    return p;
}

static void problem_free(problem *p) {
    free(p->w);
    free(p->x);
    free(p->rows);
    free(p->y);
    free(p->scratch);
}

static void run(const hx_kernels *kernels, problem *p) {
    for (size_t m = 0; m < p->m; ++m)
        hx_stored_quantise(kernels, p->x + m * p->ldx, p->k,
                           p->rows + m * hx_stored_row_bytes(p->k));
    hx_stored_run(kernels, p->type, p->w, p->n, p->k, p->rows, p->x, p->ldx, p->m, p->y, p->ldy,
                  p->scratch, NULL);
}

/* What a quantised activation stands for, by the definition of the form. */
static double activation(const float *x, size_t i) {
    const float *block = x + i / 32 * 32;
    float amax = 0;
    for (size_t j = 0; j < 32; ++j)
        amax = fmaxf(amax, fabsf(block[j]));
    if (!(amax > 0)) return 0;
    return (double)(amax / 127.0f) * nearbyint((double)(x[i] * (127.0f / amax)));
}

static void check(const problem *p) {
    float *w = malloc(p->k * sizeof *w);
    assert_non_null(w);
    for (size_t n = 0; n < p->n; ++n) {
        hx_dtype_decode(p->type, p->w + n * p->row_bytes, p->k, w);
        for (size_t m = 0; m < p->m; ++m) {
            const float *x = p->x + m * p->ldx;
            double sum = 0, size = 0;
            for (size_t i = 0; i < p->k; ++i) {
                double a = is_exact(p->type) ? x[i] : activation(x, i);
                sum += a * w[i];
                size += fabs(a * w[i]);
            }
            test_close(p->y[m * p->ldy + n], sum, size, 1e-6);
        }
    }
    free(w);
}

static void every_type_and_set_agrees_with_doubles(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set)
        for (size_t t = 0; t < N_TYPES; ++t)
            for (size_t i = 0; i < 12; ++i) {
                size_t block = hx_dtype_describe((uint32_t)types[t])->block;
                size_t unit = block < 32 ? 32 : block; /* activations come in blocks of 32 */
                size_t n = 1 + hx_rng_below(&r, 9), m = 1 + hx_rng_below(&r, HX_STORED_ROWS_MAX);
                problem p = problem_of(&r, types[t], n, unit * (1 + i % 7), m);
                run(k, &p);
                check(&p);
                problem_free(&p);
            }
}

/* Rows of weights in any pieces, rows of activations one by one: the same bits. */
static void bits_do_not_depend_on_the_company(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set)
        for (size_t t = 0; t < N_TYPES; ++t) {
            problem p = problem_of(&r, types[t], 11, 768, HX_STORED_ROWS_MAX);
            run(k, &p);
            for (size_t m = 0; m < p.m; ++m)
                for (size_t n = 0, step; n < p.n; n += step) {
                    float y[11];
                    step = 1 + hx_rng_below(&r, p.n - n);
                    hx_stored_run(k, p.type, p.w + n * p.row_bytes, step, p.k,
                                  p.rows + m * hx_stored_row_bytes(p.k), p.x + m * p.ldx, p.ldx, 1,
                                  y, 11, p.scratch, NULL);
                    assert_memory_equal(y, p.y + m * p.ldy + n, step * sizeof *y);
                }
            problem_free(&p);
        }
}

/* Tensors of a safetensors file may begin at any byte: the same bits from there. */
static void weights_lie_at_any_byte(void **state) {
    (void)state;
    static const hx_dtype floats[] = {HX_DTYPE_F32, HX_DTYPE_F16, HX_DTYPE_BF16};
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set)
        for (size_t t = 0; t < 3; ++t) {
            problem p = problem_of(&r, floats[t], 5, 96, 3);
            float want[3 * 10];
            run(k, &p);
            memcpy(want, p.y, sizeof want);
            uint8_t *aligned = p.w, *shifted = test_bytes(p.n * p.row_bytes + 1);
            memcpy(shifted + 1, p.w, p.n * p.row_bytes);
            p.w = shifted + 1;
            run(k, &p);
            p.w = aligned;
            assert_memory_equal(p.y, want, sizeof want);
            free(shifted);
            problem_free(&p);
        }
}

/* Rows of floats are of any length, and nothing behind the last is read (the blocks end there). */
static void rows_of_floats_have_any_length(void **state) {
    (void)state;
    static const hx_dtype floats[] = {HX_DTYPE_F32, HX_DTYPE_F16, HX_DTYPE_BF16};
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *kernels;
    for (size_t set = 0; (kernels = test_kernels(set)); ++set)
        for (size_t t = 0; t < 3; ++t)
            for (size_t k = 1; k < 75; ++k) {
                problem p = problem_of(&r, floats[t], 3, k, 2);
                free(p.x);
                p.ldx = k;
                p.x = test_values(&r, p.m * k);
                hx_stored_run(kernels, p.type, p.w, p.n, k, p.rows, p.x, k, p.m, p.y, p.ldy,
                              p.scratch, NULL);
                check(&p);
                problem_free(&p);
            }
}

/* Nothing behind the results is written. */
static void only_results_are_written(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set)
        for (size_t t = 0; t < N_TYPES; ++t) {
            problem p = problem_of(&r, types[t], 6, 256, 5);
            float *before = test_values(&r, p.m * p.ldy);
            memcpy(before, p.y, p.m * p.ldy * sizeof *before);
            run(k, &p);
            for (size_t m = 0; m < p.m; ++m)
                assert_memory_equal(p.y + m * p.ldy + p.n, before + m * p.ldy + p.n,
                                    (p.ldy - p.n) * sizeof *before);
            free(before);
            problem_free(&p);
        }
}

static void every_set_quantises_to_the_same_bytes(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *k;
    for (size_t n = 32; n <= 1056; n += 32) {
        float *x = test_values(&r, n);
        if (n > 64) memset(x + 32, 0, 32 * sizeof *x);
        if (n > 96) x[70] = 1e-38f;
        size_t bytes = hx_stored_row_bytes(n);
        assert_int_equal(bytes % 64, 0);
        uint8_t *first = test_bytes(bytes), *row = test_bytes(bytes);
        for (size_t set = 0; (k = test_kernels(set)); ++set) {
            memset(row, 0xa5, bytes);
            hx_stored_quantise(k, x, n, set ? row : first);
            if (set) assert_memory_equal(row, first, bytes);
        }
        for (size_t i = 0; i < n; ++i)
            assert_in_range((int8_t)first[i] + 127, 0, 254);
        free(first);
        free(row);
        free(x);
    }
}

static void hostile_values_pass(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    static const float hostile[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-45f, -0.0f, 0};
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set)
        for (size_t t = 0; t < N_TYPES; ++t) {
            problem p = problem_of(&r, types[t], 5, 512, 3);
            for (size_t i = 0; i < p.n * p.row_bytes; ++i)
                p.w[i] = (uint8_t)hx_rng_next(&r);
            for (size_t i = 0; i < p.ldx; ++i)
                p.x[i] = hostile[hx_rng_below(&r, 8)];
            run(k, &p);
            for (size_t i = 0; i < p.ldx; ++i)
                p.x[i] = 0;
            memset(p.w, 0, p.n * p.row_bytes);
            run(k, &p);
            for (size_t n = 0; n < p.n; ++n)
                assert_true(p.y[n] == 0);
            problem_free(&p);
        }
}

/* Results alone would not show a set that falls back to the loops without vectors. */
static void no_set_falls_back_to_the_scalar_loops(void **state) {
    (void)state;
    const hx_kernels *scalar = test_kernels(0), *k;
    for (size_t set = 1; (k = test_kernels(set)); ++set) {
        assert_ptr_not_equal(k->gemm, scalar->gemm);
        assert_ptr_not_equal(k->vector, scalar->vector);
        assert_ptr_not_equal(k->attention, scalar->attention);
        assert_ptr_not_equal(k->stored, scalar->stored);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_and_set_agrees_with_doubles),
        cmocka_unit_test(bits_do_not_depend_on_the_company),
        cmocka_unit_test(weights_lie_at_any_byte),
        cmocka_unit_test(rows_of_floats_have_any_length),
        cmocka_unit_test(only_results_are_written),
        cmocka_unit_test(every_set_quantises_to_the_same_bytes),
        cmocka_unit_test(hostile_values_pass),
        cmocka_unit_test(no_set_falls_back_to_the_scalar_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
