/* test_loss.c - losses: slopes by differences, the fused output loss beside the plain one, labels that do not count, values that can be
 * computed by hand, the same bytes from any number of threads. */
#include "nn_test.h"

#include "nn/loss.h"

#define T 21
#define V 7
#define D 5

enum { PLAIN, SMOOTH, WEIGHTED, FOCAL, BINARY, SQUARES, DISTIL, N_KINDS };

typedef struct {
    nn_test *test;
    int kind;
    uint32_t labels[T];
    float *x, *y, *weights, *rows;
    hx_nn_classes classes;
} loss_case;

static loss_case *case_of(nn_test *test, int kind) {
    loss_case *c = (loss_case *)(void *)nn_zeros(test, sizeof(loss_case) / sizeof(float) + 1);
    *c = (loss_case){.test = test, .kind = kind};
    c->x = nn_random(test, T * V);
    c->y = nn_random(test, T * V);
    c->weights = nn_random(test, V);
    c->rows = nn_zeros(test, T);
    for (size_t i = 0; i < V; i++)
        c->weights[i] = fabsf(c->weights[i]) + 0.5f;
    for (size_t i = 0; i < T; i++)
        c->labels[i] = i % 5 == 4 ? HX_NN_IGNORE : (uint32_t)(i * 3 % V);
    for (size_t i = 0; kind == BINARY && i < T * V; i++)
        c->y[i] = fabsf(c->y[i]);
    c->classes = (hx_nn_classes){.labels = c->labels, .scale = 1};
    if (kind == SMOOTH || kind == WEIGHTED) c->classes.smoothing = 0.2f;
    if (kind == WEIGHTED) c->classes.weights = c->weights;
    if (kind == FOCAL) c->classes.gamma = 2;
    return c;
}

static double run(const loss_case *c, float *dx) {
    const hx_nn *nn = &c->test->nn;
    switch (c->kind) {
    case BINARY:
        return hx_nn_binary(nn, c->x, c->y, c->weights, T, V, 1, c->rows, dx);
    case SQUARES:
        return hx_nn_squares(nn, c->x, c->y, T, V, 1, c->rows, dx);
    case DISTIL: {
        float d[T * V];
        return hx_nn_distil(nn, c->x, c->y, T, V, 2, 1, c->rows, dx ? dx : d);
    }
    default:
        return hx_nn_cross_entropy(nn, &c->classes, c->x, T, V, c->rows, dx);
    }
}

static double loss_alone(void *context) {
    return run(context, NULL);
}

static void test_slopes(void **state) {
    (void)state;
    static const char *const names[] = {"plain",  "smooth",  "weighted", "focal",
                                        "binary", "squares", "distil"};
    for (int kind = 0; kind < N_KINDS; kind++) {
        nn_test test;
        nn_open(&test, NULL, 2);
        loss_case *c = case_of(&test, kind);
        float *dx = nn_random(&test, T * V);
        double with = run(c, dx), without = run(c, NULL);
        assert_true(fabs(with - without) < 1e-5 * (1 + fabs(without)));
        nn_check_slopes(loss_alone, c, c->x, T * V, dx, names[kind]);
        nn_close(&test);
    }
}

static void test_values(void **state) {
    (void)state;
    nn_test test;
    nn_open(&test, NULL, 1);
    float z[4] = {1, 1, 1, 1}, rows[1], d[4];
    uint32_t label = 2;
    hx_nn_classes c = {.labels = &label, .scale = 0.5f};
    assert_true(fabs(hx_nn_cross_entropy(&test.nn, &c, z, 1, 4, rows, d) - log(4)) < 1e-6);
    assert_true(fabsf(d[0] - 0.125f) < 1e-6f && fabsf(d[2] + 0.375f) < 1e-6f);
    z[2] = 1000;
    assert_true(hx_nn_cross_entropy(&test.nn, &c, z, 1, 4, rows, d) == 0);
    z[2] = -1000;
    assert_true(fabs(hx_nn_cross_entropy(&test.nn, &c, z, 1, 4, rows, d) - 1001 - log(3)) < 1e-3);
    label = HX_NN_IGNORE;
    assert_true(hx_nn_cross_entropy(&test.nn, &c, z, 1, 4, rows, d) == 0 && d[2] == 0);
    assert_true(hx_nn_class_weight(&c, 1) == 0);
    nn_close(&test);
}

/* Enough rows and classes for several chunks and slices. */
static void test_output(void **state) {
    (void)state;
    enum { ROWS = 600, CLASSES = 8200, WIDE = 3 };
    float *first[3] = {0};
    nn_test tests[2];
    for (size_t threads = 1; threads <= 2; threads++) {
        nn_test *test = &tests[threads - 1];
        nn_open(test, NULL, threads);
        free(test->nn.scratch);
        size_t bytes = hx_nn_output_loss_scratch(ROWS, WIDE, CLASSES, threads);
        test->nn.scratch = aligned_alloc(64, (bytes + 63) / 64 * 64);
        assert_non_null(test->nn.scratch);
        uint32_t *labels = (uint32_t *)(void *)nn_zeros(test, ROWS);
        for (size_t i = 0; i < ROWS; i++)
            labels[i] = i % 7 == 3 ? HX_NN_IGNORE : (uint32_t)(i * 131 % CLASSES);
        hx_nn_output_loss c = {.classes = {.labels = labels, .smoothing = 0.1f, .scale = 0.01f},
                               .t = ROWS,
                               .d = WIDE,
                               .v = CLASSES};
        float *w = nn_random(test, CLASSES * WIDE), *x = nn_random(test, ROWS * WIDE);
        c.w = w;
        c.hidden = x;
        c.rows = nn_zeros(test, ROWS);
        c.dhidden = nn_random(test, ROWS * WIDE);
        c.dw = nn_zeros(test, CLASSES * WIDE);
        double loss = hx_nn_output_cross_entropy(&test->nn, &c);
        float *plain = nn_zeros(test, ROWS);
        float *logits = nn_zeros(test, (size_t)ROWS * CLASSES);
        for (size_t i = 0; i < ROWS; i++)
            for (size_t j = 0; j < CLASSES; j++)
                logits[i * CLASSES + j] = (float)nn_dot(x + i * WIDE, w + j * WIDE, WIDE);
        double want =
            hx_nn_cross_entropy(&test->nn, &c.classes, logits, ROWS, CLASSES, plain, logits);
        assert_true(fabs(loss - want) < 1e-5 * want);
        for (size_t i = 0; i < ROWS * WIDE; i += 11) {
            double sum = 0;
            for (size_t j = 0; j < CLASSES; j++)
                sum += (double)logits[i / WIDE * CLASSES + j] * (double)w[j * WIDE + i % WIDE];
            assert_true(fabs(sum - (double)c.dhidden[i]) < 1e-6);
        }
        for (size_t j = 0; j < CLASSES * WIDE; j += 101) {
            double sum = 0;
            for (size_t i = 0; i < ROWS; i++)
                sum += (double)logits[i * CLASSES + j / WIDE] * (double)x[i * WIDE + j % WIDE];
            assert_true(fabs(sum - (double)c.dw[j]) < 1e-6);
        }
        float *got[3] = {c.rows, c.dhidden, c.dw};
        size_t sizes[3] = {ROWS, ROWS * WIDE, CLASSES * WIDE};
        for (int i = 0; i < 3; i++) {
            if (threads == 1) first[i] = got[i];
            assert_memory_equal(first[i], got[i], sizes[i] * sizeof(float));
        }
    }
    nn_close(&tests[0]);
    nn_close(&tests[1]);
}

typedef struct {
    nn_test *test;
    hx_nn_contrast call;
} contrast_case;

static double contrast(void *context) {
    contrast_case *c = context;
    return hx_nn_info_nce(&c->test->nn, &c->call);
}

static void test_contrast(void **state) {
    (void)state;
    nn_test test;
    nn_open(&test, NULL, 2);
    float *a = nn_random(&test, 6 * D), *b = nn_random(&test, 9 * D);
    float *da = nn_zeros(&test, 6 * D), *db = nn_zeros(&test, 9 * D);
    contrast_case c = {&test, {a, b, 6, 9, D, 0.5f, 1, nn_zeros(&test, 6), da, db}};
    contrast(&c);
    float *ga = nn_zeros(&test, 6 * D), *gb = nn_zeros(&test, 9 * D);
    memcpy(ga, da, 6 * D * sizeof *da);
    memcpy(gb, db, 9 * D * sizeof *db);
    nn_check_slopes(contrast, &c, a, 6 * D, ga, "a");
    nn_check_slopes(contrast, &c, b, 9 * D, gb, "b");
    nn_close(&test);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slopes),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_contrast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
