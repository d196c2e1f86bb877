/* test_sequences_nn.c - convolution, the greatest over time, GRU and LSTM: PyTorch's numbers to 1e-5, slopes by differences, borders of
 * sequences, the same bytes from any number of threads. */
#include "nn_test.h"

#include "nn/conv.h"
#include "nn/recurrent.h"

enum { T = 6, D = 10, N = 7, WIDTH = 3 };

static float *named(nn_test *t, const char *layer, const char *array, size_t n) {
    char name[64];
    snprintf(name, sizeof name, "%s.%s", layer, array);
    return nn_golden(t, name, n);
}

static void check(nn_test *t, const float *got, const char *layer, const char *array, size_t n) {
    nn_check_near(got, named(t, layer, array, n), n, layer);
}

static void check_cell(hx_nn_cell cell, const char *name, size_t threads) {
    nn_test t;
    nn_open(&t, NULL, threads);
    size_t g = (size_t)cell * N;
    assert_true(hx_nn_recurrent_scratch(T, D, N, threads) <= SCRATCH_BYTES);
    hx_nn_recurrent r = {.cell = cell,
                         .x = named(&t, name, "x", T * D),
                         .w = named(&t, name, "w", g * D),
                         .u = named(&t, name, "u", g * N),
                         .a = named(&t, name, "b", g),
                         .b = named(&t, name, "a", g),
                         .t = T,
                         .k = D,
                         .h = N,
                         .y = nn_zeros(&t, T * N),
                         .gates = nn_zeros(&t, T * 4 * N),
                         .cells = nn_zeros(&t, T * N)};
    float *dx = nn_random(&t, T * D), *dw = nn_zeros(&t, g * D), *du = nn_zeros(&t, g * N);
    float *da = nn_zeros(&t, g), *db = nn_zeros(&t, g);
    hx_nn_recur(&t.nn, &r);
    hx_nn_recur_back(&t.nn, &r, named(&t, name, "c", T * N), dx, dw, du, da, db);
    check(&t, r.y, name, "y", T * N);
    check(&t, dx, name, "dx", T * D);
    check(&t, dw, name, "dw", g * D);
    check(&t, du, name, "du", g * N);
    check(&t, da, name, "db", g);
    check(&t, db, name, "da", g);
    nn_close(&t);
}

static void test_cells(void **state) {
    (void)state;
    for (size_t threads = 1; threads <= 2; threads++) {
        check_cell(HX_NN_GRU, "gru", threads);
        check_cell(HX_NN_LSTM, "lstm", threads);
    }
}

typedef struct {
    nn_test *test;
    hx_nn_recurrent r;
    const float *c;
} cell_case;

static double cell_loss(void *context) {
    cell_case *c = context;
    hx_nn_recur(&c->test->nn, &c->r);
    return nn_dot(c->r.y, c->c, T * N);
}

static void test_cell_slopes(void **state) {
    (void)state;
    for (int cell = HX_NN_GRU; cell <= HX_NN_LSTM; cell++) {
        nn_test t;
        nn_open(&t, NULL, 2);
        size_t g = (size_t)cell * N;
        float *x = nn_random(&t, T * D), *w = nn_random(&t, g * D), *u = nn_random(&t, g * N);
        float *a = nn_random(&t, g), *b = nn_random(&t, g), *gates = nn_zeros(&t, T * 4 * N);
        cell_case c = {&t,
                       {(hx_nn_cell)cell, x, w, u, a, b, T, D, N, nn_zeros(&t, T * N), gates,
                        nn_zeros(&t, T * N)},
                       nn_random(&t, T * N)};
        float *dx = nn_zeros(&t, T * D), *dw = nn_zeros(&t, g * D), *du = nn_zeros(&t, g * N);
        float *da = nn_zeros(&t, g), *db = nn_zeros(&t, g);
        cell_loss(&c);
        hx_nn_recur_back(&t.nn, &c.r, c.c, dx, dw, du, da, db);
        nn_check_slopes(cell_loss, &c, x, T * D, dx, "x");
        nn_check_slopes(cell_loss, &c, w, g * D, dw, "w");
        nn_check_slopes(cell_loss, &c, u, g * N, du, "u");
        nn_check_slopes(cell_loss, &c, a, g, da, "a");
        nn_check_slopes(cell_loss, &c, b, g, db, "b");
        nn_close(&t);
    }
}

/* PyTorch's has no padding: its rows are those of ours whose window lies inside. */
static void test_conv_golden(void **state) {
    (void)state;
    nn_test t;
    nn_open(&t, NULL, 2);
    const uint32_t starts[2] = {0, T};
    hx_nn_conv_call c = {.x = named(&t, "conv", "x", T * D),
                         .w = named(&t, "conv", "w", N * 3 * D),
                         .b = named(&t, "conv", "b", N),
                         .k = D,
                         .n = N,
                         .width = 3,
                         .before = 0,
                         .starts = starts,
                         .n_sequences = 1};
    float y[T * N], dy[T * N] = {0}, dx[T * D], dw[N * 3 * D] = {0}, db[N] = {0};
    memcpy(dy, named(&t, "conv", "c", (T - 2) * N), (T - 2) * N * sizeof *dy);
    hx_nn_conv(&t.nn, &c, y);
    hx_nn_conv_back(&t.nn, &c, dy, dx, dw, db);
    check(&t, y, "conv", "y", (T - 2) * N);
    check(&t, dx, "conv", "dx", T * D);
    check(&t, dw, "conv", "dw", N * 3 * D);
    check(&t, db, "conv", "db", N);
    nn_close(&t);
}

typedef struct {
    nn_test *test;
    hx_nn_conv_call call;
    float *y, *most;
    uint32_t *at;
    const float *c;
} conv_case;

static double conv_loss(void *context) {
    conv_case *c = context;
    hx_nn_conv(&c->test->nn, &c->call, c->y);
    hx_nn_max_over_time(&c->test->nn, c->y, N, c->call.starts, 3, c->at, c->most);
    return nn_dot(c->most, c->c, 3 * N);
}

static void test_conv_slopes(void **state) {
    (void)state;
    float first[T * D];
    for (size_t threads = 1; threads <= 3; threads++) {
        nn_test t;
        nn_open(&t, NULL, threads);
        const uint32_t starts[4] = {0, 2, 2, T};
        float *x = nn_random(&t, T * D), *w = nn_random(&t, N * WIDTH * D);
        float *b = nn_random(&t, N), *y = nn_zeros(&t, T * N), *dy = nn_zeros(&t, T * N);
        conv_case c = {&t,
                       {x, w, b, D, N, WIDTH, 1, starts, 3},
                       y,
                       nn_zeros(&t, 3 * N),
                       (uint32_t *)(void *)nn_zeros(&t, 3 * N),
                       nn_random(&t, 3 * N)};
        float *dx = nn_random(&t, T * D), *dw = nn_zeros(&t, N * WIDTH * D);
        float *db = nn_zeros(&t, N);
        conv_loss(&c);
        assert_true(c.most[N] == 0 && c.at[N] == UINT32_MAX);
        double want = b[0] + nn_dot(w + D, x, 2 * D);
        assert_true(fabs(y[0] - want) < 1e-5);
        hx_nn_max_over_time_back(&t.nn, c.c, c.at, N, T, 3, dy);
        hx_nn_conv_back(&t.nn, &c.call, dy, dx, dw, db);
        if (threads == 1) {
            nn_check_slopes(conv_loss, &c, x, T * D, dx, "x");
            nn_check_slopes(conv_loss, &c, w, N * WIDTH * D, dw, "w");
            nn_check_slopes(conv_loss, &c, b, N, db, "b");
            memcpy(first, dx, sizeof first);
        }
        assert_memory_equal(first, dx, sizeof first);
        nn_close(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_cell_slopes),
        cmocka_unit_test(test_conv_golden),
        cmocka_unit_test(test_conv_slopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
