/* golden.h - arrays of numbers out of tests/golden/learn/NAME.txt: a line `# name`, then one number a line. */
#ifndef HX_TEST_LEARN_GOLDEN_H
#define HX_TEST_LEARN_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "huaxiang/base.h"

typedef struct {
    hx_buf text;
    hx_arena *arena;
} golden;

static inline void golden_open(golden *g, const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/golden/learn/%s", HX_SOURCE_DIR, name);
    hx_buf_init(&g->text, 64u << 20);
    g->arena = hx_arena_new(0);
    assert_non_null(g->arena);
    hx_error err = {0};
    if (hx_file_read(path, &g->text, &err) != HX_OK) fail_msg("%s", err.message);
    assert_true(hx_buf_append_byte(&g->text, 0));
}

static inline void golden_close(golden *g) {
    hx_buf_release(&g->text);
    hx_arena_free(g->arena);
}

/* The numbers of an array; *n = how many. */
static inline double *golden_array(golden *g, const char *name, size_t *n) {
    char head[128];
    snprintf(head, sizeof head, "# %s\n", name);
    const char *at = strstr(g->text.ptr, head);
    if (!at) fail_msg("no array %s", name);
    at += strlen(head);
    double *x = hx_arena_alloc(g->arena, strlen(at) * sizeof *x / 2 + 16);
    assert_non_null(x);
    char *end;
    for (*n = 0; *at && *at != '#'; at = end + (*end == '\n')) {
        x[*n] = strtod(at, &end);
        assert_true(end > at);
        (*n)++;
    }
    return x;
}

static inline uint32_t *golden_u32(golden *g, const char *name, size_t *n) {
    double *x = golden_array(g, name, n);
    uint32_t *y = hx_arena_alloc(g->arena, (*n + 1) * sizeof *y);
    for (size_t i = 0; i < *n; i++)
        y[i] = (uint32_t)x[i];
    return y;
}

static inline float *golden_f32(golden *g, const char *name, size_t *n) {
    double *x = golden_array(g, name, n);
    float *y = hx_arena_alloc(g->arena, (*n + 1) * sizeof *y);
    for (size_t i = 0; i < *n; i++)
        y[i] = (float)x[i];
    return y;
}

static inline void golden_near(double got, double wanted, double tolerance, const char *what) {
    double room = tolerance * fmax(1, fabs(wanted));
    if (!(fabs(got - wanted) <= room)) fail_msg("%s: %.15g, not %.15g", what, got, wanted);
}

#endif
