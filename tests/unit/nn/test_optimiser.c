/* test_optimiser.c - schedules at their corners, clipping, averages, Muon's singular values, steps that are the same bytes from any
 * number of threads and kernel set (AdamW and SGD beside PyTorch: test_golden.c). */
#include "nn_test.h"

#include "nn/optimiser.h"

static void check_rate(const hx_nn_schedule *s, uint64_t step, double want) {
    assert_true(fabs(hx_nn_rate(s, step) - want) < 1e-12);
}

static void test_schedules(void **state) {
    (void)state;
    hx_nn_schedule s = {HX_NN_COSINE, 10, 110, 0, 1.0, 0.1};
    check_rate(&s, 1, 0.1);
    check_rate(&s, 10, 1.0);
    check_rate(&s, 60, 0.55);
    check_rate(&s, 110, 0.1);
    check_rate(&s, 500, 0.1);
    s.kind = HX_NN_LINEAR;
    check_rate(&s, 35, 0.775);
    check_rate(&s, 110, 0.1);
    s.kind = HX_NN_CONSTANT;
    check_rate(&s, 5, 0.5);
    check_rate(&s, 110, 1.0);
    s.kind = HX_NN_WSD;
    s.decay = 20;
    check_rate(&s, 90, 1.0);
    check_rate(&s, 100, 0.55);
    check_rate(&s, 111, 0.1);
    s.warmup = 0;
    s.total = s.decay = 0;
    check_rate(&s, 1, 0.1);
}

static void test_norm(void **state) {
    (void)state;
    float first[2][20001];
    double norms[3];
    for (size_t threads = 1; threads <= 3; threads++) {
        nn_test t;
        nn_open(&t, threads == 2 ? "scalar" : NULL, threads);
        float *w = nn_random(&t, 20001), *g = nn_random(&t, 20001), *average = nn_zeros(&t, 20001);
        const float *arrays[2] = {w, g};
        const size_t sizes[2] = {20001, 7};
        norms[threads - 1] = hx_nn_global_norm(&t.nn, arrays, sizes, 2);
        double want = sqrt(nn_dot(w, w, 20001) + nn_dot(g, g, 7));
        assert_true(fabs(norms[threads - 1] - want) < 1e-9 * want);
        assert_true(norms[threads - 1] == norms[0]);
        hx_nn_average(&t.nn, w, 20001, 0.75f, average);
        assert_true(fabsf(average[20000] - 0.25f * w[20000]) < 1e-7f);
        hx_nn_adamw o = {0.1f, 0.9f, 0.99f, 1e-8f, 0.1f, 0.5f, 3};
        hx_nn_adamw_step(&t.nn, &o, w, g, 20001, nn_zeros(&t, 20001), nn_zeros(&t, 20001));
        if (threads == 1) {
            memcpy(first[0], w, sizeof first[0]);
            memcpy(first[1], average, sizeof first[1]);
        }
        assert_memory_equal(first[0], w, sizeof first[0]);
        assert_memory_equal(first[1], average, sizeof first[1]);
        nn_close(&t);
    }
    assert_true(hx_nn_clip_scale(4, 1) == 0.25f);
    assert_true(hx_nn_clip_scale(0.5, 1) == 1.0f && hx_nn_clip_scale(9, 0) == 1.0f);
}

/* The step of Muon has singular values near 1, so step step^T is near the identity on the small side, whichever way the matrix lies. */
static void test_muon(void **state) {
    (void)state;
    const size_t sizes[2][2] = {{5, 40}, {40, 5}};
    for (int i = 0; i < 2; i++) {
        nn_test t;
        nn_open(&t, NULL, 2);
        size_t rows = sizes[i][0], columns = sizes[i][1], n = rows * columns;
        assert_true(hx_nn_muon_scratch(rows, columns, 2) <= SCRATCH_BYTES);
        float *w = nn_zeros(&t, n), *g = nn_random(&t, n), *m = nn_zeros(&t, n);
        hx_nn_muon o = {.rate = 1, .momentum = 0.9f, .scale = 3, .nesterov = true};
        hx_nn_muon_step(&t.nn, &o, w, g, rows, columns, m);
        assert_true(fabsf(m[3] - 3 * g[3]) < 1e-6f);
        assert_true(nn_dot(w, g, n) < 0);
        double scale = rows > columns ? (double)rows / (double)columns : 1;
        for (size_t a = 0; a < 5; a++)
            for (size_t b = 0; b < 5; b++) {
                double sum = 0;
                for (size_t k = 0; k < 40; k++)
                    sum += (double)w[i ? k * 5 + a : a * 40 + k] *
                           (double)w[i ? k * 5 + b : b * 40 + k] / scale;
                assert_true(fabs(sum - (a == b)) < 0.55);
            }
        nn_close(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_norm),
        cmocka_unit_test(test_muon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
