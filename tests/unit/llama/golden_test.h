/* golden_test.h - tiny models of tests/golden/llama and what transformers says of them; comparing rows. */
#ifndef HX_TESTS_GOLDEN_TEST_H
#define HX_TESTS_GOLDEN_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "huaxiang/llama.h"

#define GOLDEN_SEQUENCES_MAX 8

typedef struct {
    uint32_t n;
    const int32_t *ids;
    const float *hidden; /* (n, n_embd) */
    const float *logits; /* (n, n_logits) */
    const float *head; /* (1 or n, n_labels) */
    const float *padded; /* (n, n_embd): of one padded batch */
} golden_sequence;

typedef struct {
    hx_buf bytes;
    uint32_t n, n_embd, n_logits, n_labels, head; /* head: 0 none, 1 text, 2 token */
    golden_sequence sequences[GOLDEN_SEQUENCES_MAX];
} golden;

static const char *const golden_names[] = {
    "llama_mha",       "llama_llama3",  "llama_linear", "llama_yarn",
    "llama_bias",      "llama_shards",  "qwen2_tied",   "qwen3_wide",
    "llama_classes",   "qwen2_classes", "llama_tokens", "gguf_llama3",
    "gguf_qwen2_yarn", "gguf_qwen3",    "gguf_chat",    "gguf_classes"};
#define GOLDEN_N (sizeof golden_names / sizeof *golden_names)

static inline void golden_path(const char *name, const char *suffix, char out[512]) {
    snprintf(out, 512, "%s/tests/golden/llama/%s%s", HX_SOURCE_DIR, name, suffix);
}

static inline void golden_read(golden *g, const char *name) {
    char path[512];
    golden_path(name, ".golden", path);
    hx_buf_init(&g->bytes, 1u << 20);
    assert_int_equal(hx_file_read(path, &g->bytes, NULL), HX_OK);
    const uint32_t *at = (const uint32_t *)(const void *)g->bytes.ptr;
    assert_int_equal(at[0], 0x56475848);
    g->n = at[1];
    g->n_embd = at[2];
    g->n_logits = at[3];
    g->n_labels = at[4];
    g->head = at[5];
    assert_true(g->n <= GOLDEN_SEQUENCES_MAX);
    at += 6;
    for (uint32_t i = 0; i < g->n; i++) {
        golden_sequence *s = &g->sequences[i];
        s->n = *at++;
        s->ids = (const int32_t *)(const void *)at;
        at += s->n;
        s->hidden = (const float *)(const void *)at;
        at += s->n * g->n_embd;
        s->logits = (const float *)(const void *)at;
        at += s->n * g->n_logits;
        s->head = (const float *)(const void *)at;
        at += (g->head == 2 ? s->n : 1) * g->n_labels;
        s->padded = (const float *)(const void *)at;
        at += s->n * g->n_embd;
    }
    assert_ptr_equal((const char *)at, g->bytes.ptr + g->bytes.len);
}

static inline void golden_release(golden *g) {
    hx_buf_release(&g->bytes);
}

static inline hx_llama *golden_open_with(const char *name, const hx_llama_options *options) {
    char path[512];
    hx_llama *m = NULL;
    hx_error err = {0};
    golden_path(name, strncmp(name, "gguf", 4) == 0 ? ".gguf" : "", path);
    if (hx_llama_open(&m, path, options, &err) != HX_OK) fail_msg("%s: %s", name, err.message);
    return m;
}

static inline hx_llama *golden_open(const char *name, hx_precision precision, size_t n_threads) {
    hx_llama_options options = {.precision = precision, .n_threads = n_threads};
    return golden_open_with(name, &options);
}

static inline hx_llama_context *golden_context(hx_llama *m, const hx_context_options *options) {
    hx_llama_context *c = NULL;
    hx_error err = {0};
    if (hx_llama_context_open(&c, m, options, &err) != HX_OK) fail_msg("%s", err.message);
    return c;
}

static inline void golden_run(hx_llama_context *c, const hx_llama_piece *pieces, size_t n) {
    hx_error err = {0};
    if (hx_llama_run(c, pieces, n, &err) != HX_OK) fail_msg("%s", err.message);
}

/* The greatest difference, relative to the greatest magnitude of `want`. */
static inline double golden_error(const float *got, const float *want, size_t n) {
    double worst = 0, most = 1e-30;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)got[i] - (double)want[i]), a = fabs((double)want[i]);
        if (!(d <= worst)) worst = d;
        if (a > most) most = a;
    }
    return worst / most;
}

static inline double golden_cosine(const float *a, const float *b, size_t n) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return ab / sqrt(aa * bb);
}

/* A copy of rows of a run; free() it. */
static inline float *golden_copy(const float *rows, size_t n) {
    assert_non_null(rows);
    float *copy = malloc(n * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, rows, n * sizeof *copy);
    return copy;
}

#endif
