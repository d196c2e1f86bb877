/* test_golden.c - outputs and gradients beside PyTorch's, to 1e-5: tests/golden/nn/vectors.txt, made by make_vectors.py there. */
#include "nn_test.h"

#include "nn/attention.h"
#include "nn/layers.h"
#include "nn/loss.h"
#include "nn/optimiser.h"

enum { T = 6, D = 10, N = 7, V = 9 };

static void test_linear(void **state) {
    (void)state;
    nn_test t;
    nn_open(&t, NULL, 1);
    float y[T * N], dx[T * D], dw[N * D] = {0}, db[N] = {0};
    const float *x = nn_golden(&t, "linear.x", T * D), *w = nn_golden(&t, "linear.w", N * D);
    const float *b = nn_golden(&t, "linear.b", N), *c = nn_golden(&t, "linear.c", T * N);
    hx_nn_linear(&t.nn, x, T, D, N, w, b, y);
    hx_nn_linear_grad g = {x, w, c, T, D, N, dx, dw, db, false};
    hx_nn_linear_back(&t.nn, &g);
    nn_check_golden(&t, y, T * N, "linear.y");
    nn_check_golden(&t, dx, T * D, "linear.dx");
    nn_check_golden(&t, dw, N * D, "linear.dw");
    nn_check_golden(&t, db, N, "linear.db");
    nn_close(&t);
}

static void test_norms(void **state) {
    (void)state;
    nn_test t;
    nn_open(&t, NULL, 1);
    float y[T * D], dx[T * D], dw[D] = {0}, db[D] = {0}, r[T], mean[T];
    const float *x = nn_golden(&t, "rms.x", T * D), *w = nn_golden(&t, "rms.w", D);
    hx_nn_rms_norm(&t.nn, x, T, D, w, 1e-5f, r, y);
    hx_nn_rms_norm_back(&t.nn, x, T, D, w, r, nn_golden(&t, "rms.c", T * D), dx, dw);
    nn_check_golden(&t, y, T * D, "rms.y");
    nn_check_golden(&t, dx, T * D, "rms.dx");
    nn_check_golden(&t, dw, D, "rms.dw");
    x = nn_golden(&t, "layer.x", T * D);
    w = nn_golden(&t, "layer.w", D);
    memset(dw, 0, sizeof dw);
    hx_nn_layer_norm(&t.nn, x, T, D, w, nn_golden(&t, "layer.b", D), 1e-5f, mean, r, y);
    hx_nn_layer_norm_back(&t.nn, x, T, D, w, mean, r, nn_golden(&t, "layer.c", T * D), dx, dw, db);
    nn_check_golden(&t, y, T * D, "layer.y");
    nn_check_golden(&t, dx, T * D, "layer.dx");
    nn_check_golden(&t, dw, D, "layer.dw");
    nn_check_golden(&t, db, D, "layer.db");
    nn_close(&t);
}

static void test_activations(void **state) {
    (void)state;
    nn_test t;
    nn_open(&t, NULL, 1);
    float y[T * D], dx[2 * T * D];
    const float *x = nn_golden(&t, "gelu.x", T * D);
    hx_nn_gelu(&t.nn, x, T * D, y);
    hx_nn_gelu_back(&t.nn, x, nn_golden(&t, "gelu.c", T * D), T * D, dx);
    nn_check_golden(&t, y, T * D, "gelu.y");
    nn_check_golden(&t, dx, T * D, "gelu.dx");
    x = nn_golden(&t, "swiglu.x", 2 * T * D);
    hx_nn_swiglu(&t.nn, x, T, D, y);
    hx_nn_swiglu_back(&t.nn, x, nn_golden(&t, "swiglu.c", T * D), T, D, dx);
    nn_check_golden(&t, y, T * D, "swiglu.y");
    nn_check_golden(&t, dx, 2 * T * D, "swiglu.dx");
    nn_close(&t);
}

static float *named(nn_test *t, const char *layer, const char *array, size_t n) {
    char name[64];
    snprintf(name, sizeof name, "%s.%s", layer, array);
    return nn_golden(t, name, n);
}

static void check(nn_test *t, const float *got, const char *layer, const char *array, size_t n) {
    nn_check_near(got, named(t, layer, array, n), n, layer);
}

static void test_attention(void **state) {
    (void)state;
    nn_test t;
    nn_open(&t, NULL, 1);
    enum { ROWS = 5, Q = 24, KV = 12 };
    static const char *const names[] = {"whole", "causal"};
    const uint32_t starts[] = {0, ROWS};
    for (int i = 0; i < 2; i++) {
        bool causal[1] = {i == 1};
        float out[ROWS * Q], lse[ROWS * 4], dq[ROWS * Q], dk[ROWS * KV], dv[ROWS * KV];
        hx_nn_attention_call c = {.q = named(&t, names[i], "q", ROWS * Q),
                                  .k = named(&t, names[i], "k", ROWS * KV),
                                  .v = named(&t, names[i], "v", ROWS * KV),
                                  .ldq = Q,
                                  .ldkv = KV,
                                  .n_heads = 4,
                                  .n_kv = 2,
                                  .head_dim = 6,
                                  .starts = starts,
                                  .n_sequences = 1,
                                  .causal = causal,
                                  .scale = 0.408248290f,
                                  .out = out,
                                  .ldo = Q,
                                  .lse = lse};
        hx_nn_attention(&t.nn, &c);
        hx_nn_attention_back(&t.nn, &c, named(&t, names[i], "c", ROWS * Q), dq, dk, dv);
        check(&t, out, names[i], "y", ROWS * Q);
        check(&t, dq, names[i], "dq", ROWS * Q);
        check(&t, dk, names[i], "dk", ROWS * KV);
        check(&t, dv, names[i], "dv", ROWS * KV);
    }
    nn_close(&t);
}

static void test_classes(void **state) {
    (void)state;
    nn_test t;
    nn_open(&t, NULL, 1);
    static const char *const names[] = {"plain", "smooth", "weighted"};
    const uint32_t labels[T] = {3, HX_NN_IGNORE, 8, 0, 1, 3};
    for (int i = 0; i < 3; i++) {
        float rows[T], dx[T * V];
        hx_nn_classes c = {.labels = labels, .smoothing = i > 0 ? 0.1f : 0};
        if (i == 2) c.weights = named(&t, names[i], "w", V);
        double weight = hx_nn_class_weight(&c, T);
        c.scale = (float)(1 / weight);
        double sum =
            hx_nn_cross_entropy(&t.nn, &c, named(&t, names[i], "x", T * V), T, V, rows, dx);
        float loss = (float)(sum / weight);
        check(&t, &loss, names[i], "loss", 1);
        check(&t, dx, names[i], "dx", T * V);
    }
    nn_close(&t);
}

static void test_other_losses(void **state) {
    (void)state;
    nn_test t;
    nn_open(&t, NULL, 1);
    float rows[T], dx[T * V], loss;
    loss = (float)hx_nn_binary(&t.nn, nn_golden(&t, "binary.x", T * V),
                               nn_golden(&t, "binary.y", T * V), nn_golden(&t, "binary.p", V), T, V,
                               1, rows, dx);
    nn_check_golden(&t, &loss, 1, "binary.loss");
    nn_check_golden(&t, dx, T * V, "binary.dx");
    loss = (float)hx_nn_distil(&t.nn, nn_golden(&t, "distil.x", T * V),
                               nn_golden(&t, "distil.y", T * V), T, V, 2, 1, rows, dx);
    nn_check_golden(&t, &loss, 1, "distil.loss");
    nn_check_golden(&t, dx, T * V, "distil.dx");
    nn_close(&t);
}

static void test_steps(void **state) {
    (void)state;
    nn_test t;
    nn_open(&t, NULL, 1);
    enum { W = 2 * D };
    const float *g = nn_golden(&t, "steps.g", 4 * W);
    float *w[3], m[3][W] = {{0}}, v[W] = {0};
    for (int i = 0; i < 3; i++)
        w[i] = nn_golden(&t, "steps.w", W);
    for (uint64_t step = 1; step <= 4; step++, g += W) {
        hx_nn_adamw adam = {0.02f, 0.9f, 0.95f, 1e-8f, 0.1f, 1, step};
        hx_nn_adamw_step(&t.nn, &adam, w[0], g, W, m[0], v);
        hx_nn_sgd sgd = {0.02f, 0.9f, 0.1f, 1, false};
        hx_nn_sgd_step(&t.nn, &sgd, w[1], g, W, m[1]);
        sgd.nesterov = true;
        hx_nn_sgd_step(&t.nn, &sgd, w[2], g, W, m[2]);
    }
    nn_check_golden(&t, w[0], W, "adamw.w");
    nn_check_golden(&t, w[1], W, "sgd.w");
    nn_check_golden(&t, w[2], W, "nesterov.w");
    nn_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),      cmocka_unit_test(test_norms),
        cmocka_unit_test(test_activations), cmocka_unit_test(test_attention),
        cmocka_unit_test(test_classes),     cmocka_unit_test(test_other_losses),
        cmocka_unit_test(test_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
