/* nn_test.h - what the tests of layers share: random arrays, slopes by differences, vectors of PyTorch, runs with other threads.
 *
 * A slope is (loss(w + h) - loss(w - h)) / 2 h with the loss summed in doubles of float results; h = 0.01 keeps both the rounding of
 * floats and the curvature below the tolerance of 0.003. Exactness is the business of tests/golden/nn/vectors.txt. */
#ifndef NN_TEST_H
#define NN_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "nn/nn.h"

#define SCRATCH_BYTES ((size_t)8 << 20)
#define ARRAYS_MAX 256

typedef struct {
    hx_nn nn;
    hx_rng rng;
    void *arrays[ARRAYS_MAX]; /* owned, freed by nn_close */
    size_t n_arrays;
} nn_test;

static inline void nn_open(nn_test *t, const char *kernels, size_t threads) {
    hx_error err = {0};
    memset(t, 0, sizeof *t);
    assert_int_equal(hx_kernels_choose(kernels, &t->nn.kernels, &err), HX_OK);
    assert_int_equal(hx_team_new(&t->nn.team, threads, &err), HX_OK);
    t->nn.scratch = aligned_alloc(64, SCRATCH_BYTES);
    assert_non_null(t->nn.scratch);
    hx_rng_seed(&t->rng, 7);
}

static inline void nn_close(nn_test *t) {
    for (size_t i = 0; i < t->n_arrays; i++)
        free(t->arrays[i]);
    free(t->nn.scratch);
    hx_team_free(t->nn.team);
}

static inline float *nn_zeros(nn_test *t, size_t n) {
    float *x = calloc(n + 1, sizeof *x);
    assert_non_null(x);
    assert_true(t->n_arrays < ARRAYS_MAX);
    t->arrays[t->n_arrays++] = x;
    return x;
}

static inline float *nn_random(nn_test *t, size_t n) {
    float *x = nn_zeros(t, n);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(hx_rng_uniform(&t->rng) * 2 - 1);
    return x;
}

static inline double nn_dot(const float *x, const float *y, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

/* `gradient` (n) must be the slopes of loss(context) in w (n). */
static inline void nn_check_slopes(double (*loss)(void *context), void *context, float *w, size_t n,
                                   const float *gradient, const char *what) {
    const float h = 0.01f;
    for (size_t i = 0; i < n; i++) {
        float old = w[i], up = old + h, down = old - h;
        w[i] = up;
        double above = loss(context);
        w[i] = down;
        double below = loss(context);
        w[i] = old;
        double slope = (above - below) / ((double)up - (double)down);
        if (!(fabs(slope - (double)gradient[i]) <= 0.003 * (1 + fabs(slope))))
            fail_msg("%s[%zu]: gradient %g, slope %g", what, i, (double)gradient[i], slope);
    }
}

/* Array `name` of tests/golden/nn/vectors.txt: a line `# name`, then one number a line. */
static inline float *nn_golden(nn_test *t, const char *name, size_t count) {
    FILE *f = fopen(HX_SOURCE_DIR "/tests/golden/nn/vectors.txt", "r");
    assert_non_null(f);
    char line[192], head[192];
    snprintf(head, sizeof head, "# %s\n", name);
    float *x = nn_zeros(t, count);
    while (fgets(line, sizeof line, f) && strcmp(line, head) != 0)
        ;
    assert_string_equal(line, head);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(fgets(line, sizeof line, f));
        assert_true(line[0] != '#');
        x[i] = strtof(line, NULL);
    }
    assert_true(!fgets(line, sizeof line, f) || line[0] == '#');
    fclose(f);
    return x;
}

static inline void nn_check_near(const float *got, const float *want, size_t n, const char *what) {
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(got[i] - want[i]) <= 1e-5f * (1 + fabsf(want[i]))))
            fail_msg("%s[%zu]: %.9g, PyTorch has %.9g", what, i, (double)got[i], (double)want[i]);
}

static inline void nn_check_golden(nn_test *t, const float *got, size_t n, const char *name) {
    nn_check_near(got, nn_golden(t, name, n), n, name);
}

#endif
