/* test_vector.c - norms, rotations, conversions and sums of every set against doubles, at every length up to some tails. */
#include "unit/tensor/kernel_test.h"

#include "tensor/vector.h"

#define N_MAX 200

typedef void check(const hx_kernels *k, hx_rng *r, size_t n, float *x, float *y, float *z);

/* Three vectors of random values, of every length from `least` on, for every set. */
static void at_every_length(size_t least, check *one) {
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set)
        for (size_t n = least; n <= N_MAX; ++n) {
            float *x = test_values(&r, n), *y = test_values(&r, n), *z = test_values(&r, n);
            one(k, &r, n, x, y, z);
            free(x);
            free(y);
            free(z);
        }
}

static void check_norms(const hx_kernels *k, hx_rng *r, size_t n, float *x, float *w, float *out) {
    (void)r;
    double sum = 0;
    for (size_t i = 0; i < n; ++i)
        sum += (double)x[i] * x[i];
    double inverse = 1 / sqrt(sum / (double)n + 1e-5);
    hx_vector_rms_norm(k, x, n, w, 1e-5f, out);
    for (size_t i = 0; i < n; ++i)
        test_close(out[i], x[i] * inverse * w[i], fabs(x[i] * inverse * w[i]), 1e-6);
    hx_vector_rms_norm(k, x, n, NULL, 1e-5f, out);
    hx_vector_rms_norm(k, x, n, NULL, 1e-5f, x); /* in place */
    assert_memory_equal(x, out, n * sizeof *x);
}

static void norms_are_those_of_the_formula(void **state) {
    (void)state;
    at_every_length(1, check_norms);
}

static void check_rope(const hx_kernels *k, hx_rng *r, size_t head_dim, bool interleaved) {
    size_t half = head_dim / 2;
    float *x = test_values(r, head_dim), *c = test_values(r, half), *s = test_values(r, half);
    float *before = test_values(r, head_dim);
    memcpy(before, x, head_dim * sizeof *x);
    hx_vector_rope(k, x, head_dim, c, s, interleaved);
    for (size_t i = 0; i < half; ++i) {
        size_t a = interleaved ? 2 * i : i, b = interleaved ? 2 * i + 1 : i + half;
        double p = before[a], q = before[b], size = (fabs(p) + fabs(q)) * (fabs(c[i]) + fabs(s[i]));
        test_close(x[a], p * c[i] - q * s[i], size, 1e-6);
        test_close(x[b], p * s[i] + q * c[i], size, 1e-6);
    }
    free(x);
    free(c);
    free(s);
    free(before);
}

static void rotations_turn_both_kinds_of_pairs(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set)
        for (size_t head_dim = 2; head_dim <= 256; head_dim += 2) {
            check_rope(k, &r, head_dim, false);
            check_rope(k, &r, head_dim, true);
        }
}

static void halves_are_rounded_as_the_codec_does(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set)
        for (size_t n = 1; n <= N_MAX; ++n) {
            float *x = test_values(&r, n);
            x[0] = n % 3 == 0 ? 1e6f : n % 3 == 1 ? 3e-7f : -INFINITY;
            uint16_t *h = test_bytes(n * 2);
            hx_vector_store(k, HX_DTYPE_F16, x, n, h);
            for (size_t i = 0; i < n; ++i)
                assert_int_equal(h[i], hx_f32_to_f16(fminf(fmaxf(x[i], -65504), 65504)));
            free(h);
            free(x);
        }
}

/* A masked key weighs 0, and 0 times infinity would be NaN. NaN itself is not hidden. */
static void halves_are_never_infinite(void **state) {
    (void)state;
    static const float wide[] = {INFINITY, -INFINITY, 65504, 65519, 65520, -3e38f, NAN, 1};
    static const uint16_t want[] = {0x7bff, 0xfbff, 0x7bff, 0x7bff, 0x7bff, 0xfbff, 0x7e00, 0x3c00};
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set)
        for (size_t n = 1; n <= 40; ++n) {
            float x[40];
            uint16_t h[40];
            for (size_t i = 0; i < n; ++i)
                x[i] = wide[(i + n) % 8];
            hx_vector_store(k, HX_DTYPE_F16, x, n, h);
            for (size_t i = 0; i < n; ++i)
                assert_int_equal(h[i], want[(i + n) % 8]);
        }
}

static void blocks_of_eight_bits_are_near(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    const hx_kernels *k;
    uint8_t first[N_MAX / 32 * 34];
    for (size_t n = 0; n <= N_MAX; n += 32) {
        float *x = test_values(&r, n), *back = test_values(&r, n);
        if (n >= 64) memset(x + 32, 0, 32 * sizeof *x);
        uint8_t *block = test_bytes(n / 32 * 34);
        for (size_t set = 0; (k = test_kernels(set)); ++set) {
            hx_vector_store(k, HX_DTYPE_Q8_0, x, n, block);
            if (set == 0) memcpy(first, block, n / 32 * 34);
            assert_memory_equal(block, first, n / 32 * 34);
        }
        hx_dtype_decode(HX_DTYPE_Q8_0, block, n, back);
        for (size_t b = 0; b < n; b += 32) {
            double amax = 0;
            for (size_t i = b; i < b + 32; ++i)
                amax = fmax(amax, fabs(x[i]));
            for (size_t i = b; i < b + 32; ++i)
                test_close(back[i], x[i], amax, 0.5 / 127 + 0.001);
        }
        free(block);
        free(back);
        free(x);
    }
}

static void check_sums(const hx_kernels *k, hx_rng *r, size_t n, float *x, float *y, float *z) {
    (void)r;
    double dot = 0, size = 0;
    for (size_t i = 0; i < n; ++i) {
        dot += (double)x[i] * y[i];
        size += fabs((double)x[i] * y[i]);
        z[i] = y[i];
    }
    test_close(hx_vector_dot(k, x, y, n), dot, size, 1e-6);
    hx_vector_add(k, x, n, z);
    for (size_t i = 0; i < n; ++i)
        assert_true(z[i] == y[i] + x[i]);
    memcpy(z, x, n * sizeof *x);
    hx_vector_scale(k, 0.3f, n, z);
    for (size_t i = 0; i < n; ++i)
        assert_true(z[i] == x[i] * 0.3f);
}

static void sums_agree_with_doubles(void **state) {
    (void)state;
    at_every_length(0, check_sums);
}

static void check_greatest(const hx_kernels *k, hx_rng *r, size_t n, float *x, float *y, float *z) {
    (void)y;
    (void)z;
    size_t at = hx_rng_below(r, n), again = hx_rng_below(r, n);
    x[at] = x[again] = 100;
    assert_int_equal(hx_vector_argmax(k, x, n), at < again ? at : again);
    if (n > 1) {
        size_t other = (at + 1) % n;
        x[at] = 100;
        x[other] = NAN;
        x[again] = again == other ? NAN : x[again];
        size_t want = again != other && again < at ? again : at;
        assert_int_equal(hx_vector_argmax(k, x, n), want);
    }
    for (size_t i = 0; i < n; ++i)
        x[i] = NAN;
    assert_true(hx_vector_argmax(k, x, n) < n);
}

static void the_first_of_the_greatest_wins(void **state) {
    (void)state;
    at_every_length(1, check_greatest);
}

static void check_logarithm(const hx_kernels *k, hx_rng *r, size_t n, float *x, float *y,
                            float *z) {
    (void)r;
    (void)y;
    (void)z;
    float away = n % 3 == 0 ? 1000.0f : n % 3 == 1 ? -1000.0f : 0;
    double sum = 0;
    for (size_t i = 0; i < n; ++i) {
        x[i] += away;
        sum += exp((double)x[i] - away);
    }
    double want = log(sum) + away;
    test_close(hx_vector_log_sum_exp(k, x, n), want, 1 + fabs(want), 1e-6);
}

static void the_logarithm_of_a_sum_is_stable(void **state) {
    (void)state;
    const hx_kernels *k;
    at_every_length(1, check_logarithm);
    for (size_t set = 0; (k = test_kernels(set)); ++set) {
        float none[3] = {-INFINITY, -INFINITY, -INFINITY}, wide[2] = {0, -500};
        assert_true(hx_vector_log_sum_exp(k, none, 3) < -1e38f);
        test_close(hx_vector_log_sum_exp(k, wide, 2), 0, 1, 1e-7);
    }
}

static void hostile_values_pass(void **state) {
    (void)state;
    static const float hostile[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-45f, -0.0f, 0};
    const hx_kernels *k;
    for (size_t set = 0; (k = test_kernels(set)); ++set) {
        float x[64], out[64];
        uint8_t block[128];
        for (size_t i = 0; i < 64; ++i)
            x[i] = hostile[i * 5 % 8];
        hx_vector_rms_norm(k, x, 64, x, 1e-5f, out);
        assert_true(isnan(out[0]));
        hx_vector_store(k, HX_DTYPE_Q8_0, x, 64, block);
        hx_vector_store(k, HX_DTYPE_F16, x, 64, block);
        hx_vector_store(k, HX_DTYPE_F32, x, 64, out);
        assert_memory_equal(x, out, sizeof out);
        hx_vector_rope(k, x, 64, out, out, false);
        assert_true(isnan(hx_vector_dot(k, x, x, 64)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norms_are_those_of_the_formula),
        cmocka_unit_test(rotations_turn_both_kinds_of_pairs),
        cmocka_unit_test(halves_are_rounded_as_the_codec_does),
        cmocka_unit_test(halves_are_never_infinite),
        cmocka_unit_test(blocks_of_eight_bits_are_near),
        cmocka_unit_test(sums_agree_with_doubles),
        cmocka_unit_test(the_first_of_the_greatest_wins),
        cmocka_unit_test(the_logarithm_of_a_sum_is_stable),
        cmocka_unit_test(hostile_values_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
