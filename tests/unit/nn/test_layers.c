/* test_layers.c - embedding, linear, norms, activations, rotary positions and dropout: slopes by differences, PyTorch's numbers, that
 * gradients of weights accumulate, and the same bytes from every kernel set and any number of threads. */
#include "nn_test.h"

#include "nn/layers.h"

#define T 37
#define D 20
#define N 9

typedef struct {
    nn_test *test;
    float *x, *w, *b, *r, *mean, *y, *c; /* loss = sum c y */
    int kind;
} layer_case;

enum { LINEAR, RMS, LAYER, GELU, RELU, TANH, SIGMOID, SWIGLU, N_KINDS };

static size_t width_of(int kind) {
    return kind == LINEAR ? N : kind == SWIGLU ? D / 2 : D;
}

static double forward(void *context) {
    layer_case *c = context;
    const hx_nn *nn = &c->test->nn;
    switch (c->kind) {
    case LINEAR:
        hx_nn_linear(nn, c->x, T, D, N, c->w, c->b, c->y);
        break;
    case RMS:
        hx_nn_rms_norm(nn, c->x, T, D, c->w, 1e-5f, c->r, c->y);
        break;
    case LAYER:
        hx_nn_layer_norm(nn, c->x, T, D, c->w, c->b, 1e-5f, c->mean, c->r, c->y);
        break;
    case GELU:
        hx_nn_gelu(nn, c->x, T * D, c->y);
        break;
    case RELU:
        hx_nn_relu(nn, c->x, T * D, c->y);
        break;
    case TANH:
        hx_nn_tanh(nn, c->x, T * D, c->y);
        break;
    case SIGMOID:
        hx_nn_sigmoid(nn, c->x, T * D, c->y);
        break;
    default:
        hx_nn_swiglu(nn, c->x, T, D / 2, c->y);
        break;
    }
    return nn_dot(c->y, c->c, T * width_of(c->kind));
}

static void backward(layer_case *c, float *dx, float *dw, float *db) {
    const hx_nn *nn = &c->test->nn;
    hx_nn_linear_grad g = {
        .x = c->x, .w = c->w, .dy = c->c, .t = T, .k = D, .n = N, .dx = dx, .dw = dw, .db = db};
    switch (c->kind) {
    case LINEAR:
        hx_nn_linear_back(nn, &g);
        break;
    case RMS:
        hx_nn_rms_norm_back(nn, c->x, T, D, c->w, c->r, c->c, dx, dw);
        break;
    case LAYER:
        hx_nn_layer_norm_back(nn, c->x, T, D, c->w, c->mean, c->r, c->c, dx, dw, db);
        break;
    case GELU:
        hx_nn_gelu_back(nn, c->x, c->c, T * D, dx);
        break;
    case RELU:
        hx_nn_relu_back(nn, c->x, c->c, T * D, dx);
        break;
    case TANH:
        hx_nn_tanh_back(nn, c->y, c->c, T * D, dx);
        break;
    case SIGMOID:
        hx_nn_sigmoid_back(nn, c->y, c->c, T * D, dx);
        break;
    default:
        hx_nn_swiglu_back(nn, c->x, c->c, T, D / 2, dx);
        break;
    }
}

static layer_case case_of(nn_test *test, int kind) {
    layer_case c = {.test = test, .kind = kind};
    c.x = nn_random(test, T * D);
    c.w = nn_random(test, D * N);
    c.b = nn_random(test, D);
    c.c = nn_random(test, T * D);
    c.r = nn_zeros(test, T);
    c.mean = nn_zeros(test, T);
    c.y = nn_zeros(test, T * D);
    for (size_t i = 0; kind == RELU && i < T * D; i++)
        c.x[i] += c.x[i] > 0 ? 0.05f : -0.05f;
    return c;
}

static void test_slopes(void **state) {
    (void)state;
    static const char *const names[] = {"linear", "rms",  "layer",   "gelu",
                                        "relu",   "tanh", "sigmoid", "swiglu"};
    for (int kind = 0; kind < N_KINDS; kind++) {
        nn_test test;
        nn_open(&test, NULL, 2);
        layer_case c = case_of(&test, kind);
        float *dx = nn_zeros(&test, T * D), *dw = nn_zeros(&test, D * N), *db = nn_zeros(&test, D);
        forward(&c);
        backward(&c, dx, dw, db);
        nn_check_slopes(forward, &c, c.x, T * D, dx, names[kind]);
        if (kind == LINEAR || kind == RMS || kind == LAYER) {
            nn_check_slopes(forward, &c, c.w, kind == LINEAR ? D * N : D, dw, names[kind]);
            float first = dw[3];
            forward(&c);
            backward(&c, dx, dw, db);
            assert_true(fabsf(dw[3] - 2 * first) < 1e-5f);
            for (size_t i = 0; i < D; i++)
                db[i] *= 0.5f;
        }
        if (kind == LINEAR || kind == LAYER)
            nn_check_slopes(forward, &c, c.b, kind == LINEAR ? N : D, db, names[kind]);
        nn_close(&test);
    }
}

static void test_same_bytes(void **state) {
    (void)state;
    for (int kind = 0; kind < N_KINDS; kind++) {
        float first[3][T * D];
        size_t runs = 0;
        static const char *const sets[] = {"scalar", "avx2", "avx512", "vnni", "neon"};
        for (int set = 0; set < HX_KERNELS_N; set++)
            for (size_t threads = 1; threads <= 3 && hx_kernels_has((hx_kernels_set)set);
                 threads++) {
                nn_test test;
                nn_open(&test, sets[set], threads);
                layer_case c = case_of(&test, kind);
                float *dx = nn_zeros(&test, T * D), *dw = nn_zeros(&test, T * D);
                forward(&c);
                backward(&c, dx, dw, nn_zeros(&test, D));
                const float *got[3] = {c.y, dx, dw};
                for (int i = 0; i < 3; i++) {
                    if (runs == 0)
                        memcpy(first[i], got[i], sizeof first[i]);
                    else
                        assert_memory_equal(first[i], got[i], sizeof first[i]);
                }
                runs++;
                nn_close(&test);
            }
        assert_true(runs >= 3);
    }
}

static void test_embedding(void **state) {
    (void)state;
    nn_test test;
    nn_open(&test, NULL, 2);
    const uint32_t ids[5] = {3, 0, 3, 1, 3};
    float *table = nn_random(&test, 4 * 300), *y = nn_zeros(&test, 5 * 300);
    float *dy = nn_random(&test, 5 * 300), *dtable = nn_zeros(&test, 4 * 300);
    hx_nn_embedding(&test.nn, ids, 5, 300, table, y);
    for (size_t i = 0; i < 5; i++)
        assert_memory_equal(y + i * 300, table + ids[i] * 300, 300 * sizeof *y);
    hx_nn_embedding_back(&test.nn, ids, 5, 300, dy, dtable);
    for (size_t j = 0; j < 300; j++) {
        assert_true(dtable[900 + j] == dy[j] + dy[600 + j] + dy[1200 + j]);
        assert_true(dtable[j] == dy[300 + j] && dtable[600 + j] == 0);
    }
    nn_close(&test);
}

static void test_rope(void **state) {
    (void)state;
    nn_test test;
    nn_open(&test, NULL, 2);
    const uint32_t positions[3] = {0, 2, 1};
    float cos_[9], sin_[9];
    for (size_t i = 0; i < 9; i++) {
        cos_[i] = cosf((float)i * 0.3f);
        sin_[i] = sinf((float)i * 0.3f);
    }
    hx_nn_rope_call call = {positions, cos_, sin_, 3, 2, 6, 14, false, 0};
    float *x = nn_random(&test, 42), *old = nn_zeros(&test, 42);
    memcpy(old, x, 42 * sizeof *x);
    hx_nn_rope(&test.nn, &call, x);
    float a = old[14], b = old[17], c = cosf(1.8f), s = sinf(1.8f);
    assert_true(fabsf(x[14] - (a * c - b * s)) < 1e-6f);
    assert_true(fabsf(x[17] - (b * c + a * s)) < 1e-6f);
    assert_true(x[12] == old[12]);
    assert_true(fabs(nn_dot(x + 20, x + 20, 6) - nn_dot(old + 20, old + 20, 6)) < 1e-5);
    call.inverse = true;
    hx_nn_rope(&test.nn, &call, x);
    for (size_t i = 0; i < 42; i++)
        assert_true(fabsf(x[i] - old[i]) < 1e-6f);
    nn_close(&test);
}

static void test_dropout(void **state) {
    (void)state;
    nn_test test;
    nn_open(&test, NULL, 2);
    enum { MANY = 20000 };
    float *x = nn_random(&test, MANY), *y = nn_zeros(&test, MANY), *other = nn_zeros(&test, MANY);
    hx_nn_dropout_key key = {1, 2, 3};
    hx_nn_dropout(&test.nn, &key, 0.25f, x, MANY, y);
    size_t dropped = 0, differ = 0;
    for (size_t i = 0; i < MANY; i++) {
        assert_true(y[i] == 0 || fabsf(y[i] - x[i] / 0.75f) < 1e-6f);
        dropped += y[i] == 0;
    }
    assert_in_range(dropped, MANY / 4 - 300, MANY / 4 + 300);
    for (int change = 0; change < 3; change++) {
        hx_nn_dropout_key k = key;
        if (change == 0) k.seed++;
        if (change == 1) k.step++;
        if (change == 2) k.layer++;
        hx_nn_dropout(&test.nn, &k, 0.25f, x, MANY, other);
        differ = 0;
        for (size_t i = 0; i < MANY; i++)
            differ += (other[i] == 0) != (y[i] == 0);
        assert_in_range(differ, MANY * 3 / 8 - 400, MANY * 3 / 8 + 400);
    }
    hx_nn_dropout(&test.nn, &key, 0.0f, x, MANY, y);
    assert_memory_equal(x, y, MANY * sizeof *x);
    nn_close(&test);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slopes),    cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_embedding), cmocka_unit_test(test_rope),
        cmocka_unit_test(test_dropout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
