/* test_optim.c - steps of whole lists of weights: the same bytes from any number of threads and after saving and loading, rates by layer,
 * clipping, averages, gradients that are not finite, gradients of single examples, files that do not fit. */
#include "nn_test.h"

#include <unistd.h>

#include "nn/optim.h"

#define STATE_PATH "test_optim.safetensors"
enum { N_TENSORS = 5, STEPS = 6 };

typedef struct {
    nn_test t;
    hx_params *params;
    hx_optim *optim;
} optim_test;

static const struct {
    const char *name;
    uint32_t n_dims;
    uint64_t dims[2];
    int32_t layer;
    bool trained;
} tensors[N_TENSORS] = {
    {"embed.weight", 2, {301, 40}, 0, true}, {"block.frozen", 2, {8, 40}, 1, false},
    {"block.up", 2, {50, 40}, 1, true},      {"block.norm", 1, {40, 1}, 2, true},
    {"score.weight", 2, {3, 40}, 3, true},
};

static void open_optim(optim_test *o, const char *kernels, size_t threads,
                       const hx_optim_options *options) {
    hx_error err = {0};
    nn_open(&o->t, kernels, threads);
    assert_int_equal(hx_params_new(&o->params, &err), HX_OK);
    for (int i = 0; i < N_TENSORS; i++) {
        size_t at;
        assert_int_equal(hx_params_add(o->params, tensors[i].name, tensors[i].n_dims,
                                       tensors[i].dims, tensors[i].layer, tensors[i].trained, &at,
                                       &err),
                         HX_OK);
        hx_param_randomise(hx_params_at(o->params, at), 0.5f, 3);
    }
    assert_int_equal(hx_optim_new(&o->optim, o->params, options, &err), HX_OK);
    assert_true(hx_optim_scratch(o->optim, threads) <= SCRATCH_BYTES);
}

static void close_optim(optim_test *o) {
    hx_optim_free(o->optim);
    hx_params_free(o->params);
    nn_close(&o->t);
}

static float *weights(const optim_test *o, int i) {
    return hx_params_at(o->params, (size_t)i)->w;
}

static float *gradients(const optim_test *o, int i) {
    return hx_params_at(o->params, (size_t)i)->g;
}

/* Of step `step` alone. */
static void fill_gradients(const optim_test *o, uint64_t step) {
    hx_rng rng;
    hx_rng_seed(&rng, step);
    for (int i = 0; i < N_TENSORS; i++)
        for (size_t k = 0; gradients(o, i) && k < hx_params_at(o->params, (size_t)i)->n; k++)
            gradients(o, i)[k] = (float)(hx_rng_uniform(&rng) - 0.5);
}

static hx_optim_result step_once(const optim_test *o, uint64_t step, double rate) {
    hx_optim_result r;
    fill_gradients(o, step);
    hx_optim_step(o->optim, &o->t.nn, step, rate, 0.5f, &r);
    return r;
}

static void check_same(const optim_test *a, const optim_test *b) {
    for (int i = 0; i < N_TENSORS; i++)
        assert_memory_equal(weights(a, i), weights(b, i),
                            hx_params_at(a->params, (size_t)i)->n * sizeof(float));
}

static hx_optim_options options_of(hx_optim_kind kind, int average) {
    hx_optim_options o;
    hx_optim_defaults(&o, kind);
    o.layer_rate = 0.9f;
    o.decay = 0.1f;
    if (average == 1) o.ema = 0.9f;
    if (average == 2) o.swa_from = o.swa_every = 2;
    return o;
}

/* Six steps at once beside three, a file, and three more; with other threads and kernels. */
static void test_resume(void **state) {
    (void)state;
    for (int kind = HX_OPTIM_ADAMW; kind <= HX_OPTIM_ADAFACTOR; kind++) {
        hx_error err = {0};
        hx_optim_options options = options_of((hx_optim_kind)kind, kind % 3);
        optim_test whole, first, second;
        open_optim(&whole, NULL, 1, &options);
        open_optim(&first, "scalar", 2, &options);
        open_optim(&second, NULL, 3, &options);
        for (uint64_t s = 1; s <= STEPS; s++)
            assert_true(step_once(&whole, s, 0.01).finite);
        for (uint64_t s = 1; s <= STEPS / 2; s++)
            step_once(&first, s, 0.01);
        assert_int_equal(hx_optim_save(first.optim, STATE_PATH, &err), HX_OK);
        assert_int_equal(hx_optim_load(second.optim, STATE_PATH, &err), HX_OK);
        for (int i = 0; i < N_TENSORS; i++)
            memcpy(weights(&second, i), weights(&first, i),
                   hx_params_at(first.params, (size_t)i)->n * sizeof(float));
        for (uint64_t s = STEPS / 2 + 1; s <= STEPS; s++)
            step_once(&second, s, 0.01);
        check_same(&whole, &second);
        assert_true(hx_optim_swap_average(whole.optim) == (kind % 3 > 0));
        assert_true(hx_optim_swap_average(second.optim) == (kind % 3 > 0));
        check_same(&whole, &second);
        close_optim(&whole);
        close_optim(&first);
        close_optim(&second);
    }
    unlink(STATE_PATH);
}

static void test_frozen_and_zeroed(void **state) {
    (void)state;
    for (int kind = HX_OPTIM_ADAMW; kind <= HX_OPTIM_ADAFACTOR; kind++) {
        hx_optim_options options = options_of((hx_optim_kind)kind, 0);
        optim_test o;
        open_optim(&o, NULL, 2, &options);
        float frozen[320];
        memcpy(frozen, weights(&o, 1), sizeof frozen);
        float old = weights(&o, 2)[7];
        step_once(&o, 1, 0.01);
        assert_memory_equal(frozen, weights(&o, 1), sizeof frozen);
        assert_true(weights(&o, 2)[7] != old);
        assert_true(hx_params_gradient_norm(&o.t.nn, o.params) == 0);
        close_optim(&o);
    }
}

/* What the list's step does is what the rule does with the clipped gradient and the layer's rate. */
static void test_rates_and_clip(void **state) {
    (void)state;
    hx_optim_options options = options_of(HX_OPTIM_ADAMW, 0);
    options.layer_rate = 0.5f;
    options.clip = 0.25;
    optim_test o;
    open_optim(&o, NULL, 1, &options);
    fill_gradients(&o, 1);
    double norm = hx_params_gradient_norm(&o.t.nn, o.params) * 0.5;
    const int layers[] = {0, 2, 3, 4};
    float *want[4];
    for (int i = 0; i < 4; i++) {
        const hx_param *p = hx_params_at(o.params, (size_t)layers[i]);
        want[i] = nn_zeros(&o.t, p->n);
        memcpy(want[i], p->w, p->n * sizeof(float));
        hx_nn_adamw rule = {.rate = (float)(0.01 * pow(0.5, 3 - p->layer)),
                            .beta1 = 0.9f,
                            .beta2 = 0.999f,
                            .eps = 1e-8f,
                            .decay = p->n_dims == 2 ? 0.1f : 0,
                            .scale = 0.5f * (float)(0.25 / norm),
                            .step = 1};
        hx_nn_adamw_step(&o.t.nn, &rule, want[i], p->g, p->n, nn_zeros(&o.t, p->n),
                         nn_zeros(&o.t, p->n));
    }
    hx_optim_result r = step_once(&o, 1, 0.01);
    assert_true(fabs(r.norm - norm) < 1e-9 * norm);
    for (int i = 0; i < 4; i++)
        assert_memory_equal(want[i], weights(&o, layers[i]),
                            hx_params_at(o.params, (size_t)layers[i])->n * sizeof(float));
    close_optim(&o);
}

static void test_not_finite(void **state) {
    (void)state;
    const float bad[] = {NAN, INFINITY};
    hx_optim_options options = options_of(HX_OPTIM_ADAMW, 1);
    for (int i = 0; i < 2; i++) {
        optim_test o, untouched;
        open_optim(&o, NULL, 2, &options);
        open_optim(&untouched, NULL, 2, &options);
        hx_optim_result r;
        fill_gradients(&o, 1);
        gradients(&o, 4)[5] = bad[i];
        hx_optim_step(o.optim, &o.t.nn, 1, 0.01, 1, &r);
        assert_false(r.finite);
        check_same(&o, &untouched);
        assert_true(hx_params_gradient_norm(&o.t.nn, o.params) == 0);
        assert_true(step_once(&o, 1, 0.01).finite);
        step_once(&untouched, 1, 0.01);
        check_same(&o, &untouched);
        close_optim(&o);
        close_optim(&untouched);
    }
}

static void test_averages(void **state) {
    (void)state;
    for (int average = 1; average <= 2; average++) {
        hx_optim_options options = options_of(HX_OPTIM_SGD, average);
        optim_test o;
        if (average == 1) options.ema = 0.3f; /* 3 / 12 in the second step, from the third on 0.3 */
        open_optim(&o, NULL, 1, &options);
        double want = 0;
        assert_false(hx_optim_swap_average(o.optim));
        for (uint64_t s = 1; s <= STEPS; s++) {
            step_once(&o, s, 0.1);
            double w = (double)weights(&o, 3)[11];
            double early = (1 + (double)s) / (10 + (double)s), keep = early < 0.3 ? early : 0.3;
            if (average == 1)
                want = s == 1 ? w : want * keep + w * (1 - keep);
            else if (s % 2 == 0)
                want += w / 3;
        }
        float last = weights(&o, 3)[11];
        assert_true(hx_optim_swap_average(o.optim));
        assert_true(fabs((double)weights(&o, 3)[11] - want) < 1e-6);
        assert_true(weights(&o, 3)[11] != last);
        hx_error err = {0};
        assert_int_equal(hx_optim_save(o.optim, STATE_PATH, &err), HX_EINVAL);
        assert_non_null(strstr(err.message, "averages"));
        assert_true(hx_optim_swap_average(o.optim));
        assert_true(weights(&o, 3)[11] == last);
        close_optim(&o);
    }
}

/* Two examples, one longer than `most` and one shorter; a third that is not finite counts nothing. */
static void test_examples(void **state) {
    (void)state;
    hx_error err = {0};
    hx_optim_options options = options_of(HX_OPTIM_ADAMW, 0);
    optim_test o;
    open_optim(&o, NULL, 2, &options);
    assert_int_equal(hx_optim_examples_begin(o.optim, 0, &err), HX_EINVAL);
    assert_int_equal(hx_optim_examples_begin(o.optim, 2, &err), HX_OK);
    gradients(&o, 4)[0] = 30;
    gradients(&o, 2)[1] = 40;
    assert_true(hx_optim_example(o.optim, &o.t.nn) == 50);
    gradients(&o, 4)[0] = 0.5f;
    assert_true(hx_optim_example(o.optim, &o.t.nn) == 0.5);
    gradients(&o, 0)[0] = NAN;
    assert_true(isnan(hx_optim_example(o.optim, &o.t.nn)));
    assert_true(hx_params_gradient_norm(&o.t.nn, o.params) == 0);
    hx_optim_examples_end(o.optim, &o.t.nn, 0, 1, 1);
    assert_true(fabsf(gradients(&o, 4)[0] - 1.7f) < 1e-6f);
    assert_true(fabsf(gradients(&o, 2)[1] - 1.6f) < 1e-6f);
    assert_true(gradients(&o, 0)[0] == 0);
    close_optim(&o);
}

static void test_noise(void **state) {
    (void)state;
    hx_error err = {0};
    hx_optim_options options = options_of(HX_OPTIM_ADAMW, 0);
    optim_test o[3];
    for (size_t i = 0; i < 3; i++) {
        open_optim(&o[i], NULL, i + 1, &options);
        assert_int_equal(hx_optim_examples_begin(o[i].optim, 0.5, &err), HX_OK);
        hx_optim_examples_end(o[i].optim, &o[i].t.nn, 4, 9, i < 2 ? 1 : 2);
    }
    const size_t n = 301 * 40;
    const float *a = gradients(&o[0], 0), *b = gradients(&o[1], 0), *c = gradients(&o[2], 0);
    assert_memory_equal(a, b, n * sizeof *a);
    double mean = 0, between = nn_dot(a, c, n) / (double)n;
    for (size_t i = 0; i < n; i++)
        mean += (double)a[i] / (double)n;
    assert_true(fabs(mean) < 0.1 && fabs(between) < 0.2);
    assert_true(fabs(nn_dot(a, a, n) / (double)n - 4) < 0.3);
    for (size_t i = 0; i < 3; i++)
        close_optim(&o[i]);
}

static void test_bad_options(void **state) {
    (void)state;
    hx_optim *optim = NULL;
    hx_params *params = NULL;
    hx_error err = {0};
    hx_optim_options good, bad;
    hx_optim_defaults(&good, HX_OPTIM_ADAMW);
    assert_int_equal(hx_params_new(&params, &err), HX_OK);
    assert_int_equal(hx_optim_new(&optim, params, &good, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "frozen"));
    const uint64_t dims[2] = {4, 4};
    assert_int_equal(hx_params_add(params, "w", 2, dims, 1, true, NULL, &err), HX_OK);
    bad = good;
    bad.beta2 = 1;
    assert_int_equal(hx_optim_new(&optim, params, &bad, &err), HX_EINVAL);
    bad = good;
    bad.ema = NAN;
    assert_int_equal(hx_optim_new(&optim, params, &bad, &err), HX_EINVAL);
    bad = good;
    bad.clip = -1;
    assert_int_equal(hx_optim_new(&optim, params, &bad, &err), HX_EINVAL);
    bad = good;
    bad.kind = (hx_optim_kind)9;
    assert_int_equal(hx_optim_new(&optim, params, &bad, &err), HX_EINVAL);
    assert_null(optim);
    hx_params_free(params);
}

static void test_bad_files(void **state) {
    (void)state;
    hx_error err = {0};
    hx_optim_options adam = options_of(HX_OPTIM_ADAMW, 0), sgd = options_of(HX_OPTIM_SGD, 0);
    hx_optim_options averaged = options_of(HX_OPTIM_ADAMW, 1);
    optim_test a, s, e;
    open_optim(&a, NULL, 1, &adam);
    open_optim(&s, NULL, 1, &sgd);
    open_optim(&e, NULL, 1, &averaged);
    assert_int_not_equal(hx_optim_load(a.optim, "no-such.safetensors", &err), HX_OK);
    assert_int_equal(hx_optim_save(a.optim, STATE_PATH, &err), HX_OK);
    assert_int_equal(hx_optim_load(s.optim, STATE_PATH, &err), HX_ECONFLICT);
    assert_int_equal(hx_optim_load(e.optim, STATE_PATH, &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "average.embed.weight"));
    assert_int_equal(hx_optim_save(s.optim, STATE_PATH, &err), HX_OK);
    assert_int_equal(hx_optim_load(a.optim, STATE_PATH, &err), HX_EFORMAT);
    close_optim(&a);
    close_optim(&s);
    close_optim(&e);
    unlink(STATE_PATH);
}

/* transformers' Adafactor with its two ways of scaling, of a matrix and a vector. */
static void test_adafactor(void **state) {
    (void)state;
    nn_test t;
    nn_open(&t, NULL, 2);
    enum { ROWS = 7, COLUMNS = 10, N = ROWS * COLUMNS };
    static const char *const names[] = {"adafactor.matrix", "adafactor.vector",
                                        "adafactor.relative"};
    for (int i = 0; i < 3; i++) {
        const float *g = nn_golden(&t, "adafactor.g", 4 * N);
        float *w = nn_golden(&t, "adafactor.w", N), row[N] = {0}, column[COLUMNS] = {0};
        size_t rows = i == 1 ? 1 : ROWS, columns = i == 1 ? N : COLUMNS;
        for (uint64_t step = 1; step <= 4; step++, g += N) {
            hx_nn_adafactor o = {
                .rate = 0.05f, .decay = 0.1f, .scale = 1, .relative = i == 2, .step = step};
            hx_nn_adafactor_step(&t.nn, &o, w, g, rows, columns, row, i == 1 ? NULL : column);
        }
        nn_check_golden(&t, w, N, names[i]);
    }
    nn_close(&t);
}

/* Momentum, five Newton-Schulz steps, decay: beside the same in doubles. */
static void test_muon(void **state) {
    (void)state;
    enum { SHORT = 5, LONG = 14, N = SHORT * LONG };
    static const char *const names[] = {"muon.wide", "muon.tall"};
    for (int i = 0; i < 2; i++) {
        nn_test t;
        char name[32];
        nn_open(&t, NULL, 2);
        snprintf(name, sizeof name, "%s.g", names[i]);
        const float *g = nn_golden(&t, name, 3 * N);
        snprintf(name, sizeof name, "%s.w", names[i]);
        float *w = nn_golden(&t, name, N), m[N] = {0};
        hx_nn_muon o = {
            .rate = 0.02f, .momentum = 0.9f, .decay = 0.1f, .scale = 1, .nesterov = true};
        for (int step = 0; step < 3; step++, g += N)
            hx_nn_muon_step(&t.nn, &o, w, g, i ? LONG : SHORT, i ? SHORT : LONG, m);
        snprintf(name, sizeof name, "%s.end", names[i]);
        nn_check_golden(&t, w, N, name);
        nn_close(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resume),         cmocka_unit_test(test_frozen_and_zeroed),
        cmocka_unit_test(test_rates_and_clip), cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_averages),       cmocka_unit_test(test_examples),
        cmocka_unit_test(test_noise),          cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_bad_files),      cmocka_unit_test(test_adafactor),
        cmocka_unit_test(test_muon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
