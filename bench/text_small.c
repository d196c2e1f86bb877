/* text_small.c - what the engine llama says of texts, and its model's bare forward pass over the same texts, for bench/text.py.
 *
 * usage: bench_text_small SHARE_DIR MODEL|- FILE WORK THREADS
 *
 * FILE: a text a line. WORK: annotate (all tasks), sentiment (alone), forward: the hidden states of all tokens of texts that were
 * tokenised before, by one context a thread, as the annotators have. Each line "run" on standard input reads all texts once and answers with a JSON record:
 * seconds, texts, tokens; "quit" or the end closes with {"peak_mb"}. The first record is {"ready"}.
 *
 * Threads take runs of HX_TEXT_AHEAD texts each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/pool.h"
#include "huaxiang/llama.h"
#include "huaxiang/text.h"

enum { TEXTS_MOST = 1 << 20, THREADS_MOST = 64 };

typedef struct {
    hx_str *texts; /* (n) */
    hx_tokens *tokens; /* (n) */
    size_t n, n_tokens;
    const char *work;
    hx_text_model *model;
    hx_llama *llama; /* of forward */
    size_t n_threads;
    hx_annotator *annotators[THREADS_MOST];
    hx_llama_context *contexts[THREADS_MOST];
    hx_arena *arenas[THREADS_MOST];
    hx_arena *arena;
    hx_error err;
} bench;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ------------------------------------------------------------------ the works */
static hx_status annotate_run(bench *b, size_t worker, size_t from, size_t n, hx_error *err) {
    hx_annotation said[HX_TEXT_AHEAD];
    return hx_text_annotate_many(b->annotators[worker], b->texts + from, n, b->arenas[worker], said,
                                 err);
}

static hx_status sentiment_run(bench *b, size_t worker, size_t from, size_t n, hx_error *err) {
    hx_annotator *a = b->annotators[worker];
    hx_sentiment said;
    HX_TRY(hx_text_ahead(a, b->texts + from, n, HX_ASKS_SENTIMENT, err));
    for (size_t i = from; i < from + n; i++)
        HX_TRY(hx_text_sentiment(a, b->texts[i], b->arenas[worker], &said, err));
    return HX_OK;
}

static hx_status forward_run(bench *b, size_t worker, size_t from, size_t n, hx_error *err) {
    hx_llama_piece pieces[HX_TEXT_AHEAD];
    for (size_t i = 0; i < n; i++)
        pieces[i] = (hx_llama_piece){.sequence = -1,
                                     .ids = b->tokens[from + i].ids,
                                     .n = b->tokens[from + i].n,
                                     .want = HX_WANT_HIDDEN_MEAN,
                                     .bidirectional = true};
    return hx_llama_run(b->contexts[worker], pieces, n, err);
}

static hx_status run_some(void *context, size_t run, size_t worker, hx_error *err) {
    bench *b = context;
    size_t from = run * HX_TEXT_AHEAD;
    size_t n = b->n - from < HX_TEXT_AHEAD ? b->n - from : HX_TEXT_AHEAD;
    hx_arena_reset(b->arenas[worker]);
    if (strcmp(b->work, "forward") == 0) return forward_run(b, worker, from, n, err);
    return strcmp(b->work, "annotate") == 0 ? annotate_run(b, worker, from, n, err)
                                            : sentiment_run(b, worker, from, n, err);
}

/* ------------------------------------------------------------------ opening */
static hx_status read_texts(bench *b, const char *path) {
    hx_buf file;
    hx_buf_init(&file, (size_t)1 << 30);
    HX_TRY(hx_file_read(path, &file, &b->err));
    hx_str all = hx_arena_str(b->arena, hx_buf_str(&file));
    hx_buf_release(&file);
    b->texts = hx_arena_alloc(b->arena, TEXTS_MOST * sizeof *b->texts);
    if (!all.ptr || !b->texts) return HX_ENOMEM;
    while (all.len > 0 && b->n < TEXTS_MOST) {
        const char *end = memchr(all.ptr, '\n', all.len);
        hx_str line = {all.ptr, end ? (size_t)(end - all.ptr) : all.len};
        size_t used = line.len + (end ? 1 : 0);
        all = (hx_str){all.ptr + used, all.len - used};
        if (line.len > 0) b->texts[b->n++] = line;
    }
    return HX_OK;
}

static hx_status tokenize(bench *b) {
    static const hx_token_options options = {.special = true, .max_length = 256};
    b->tokens = hx_arena_alloc(b->arena, (b->n + 1) * sizeof *b->tokens);
    if (!b->tokens) return HX_ENOMEM;
    for (size_t i = 0; i < b->n; i++) {
        HX_TRY(hx_llama_tokenize(b->llama, b->texts[i], &options, b->arena, &b->tokens[i], NULL,
                                 &b->err));
        b->n_tokens += b->tokens[i].n;
    }
    return HX_OK;
}

static hx_status open_workers(bench *b) {
    for (size_t i = 0; i < b->n_threads; i++) {
        b->arenas[i] = hx_arena_new(0);
        HX_TRY(b->llama ? hx_llama_context_open(&b->contexts[i], b->llama, NULL, &b->err)
                        : hx_annotator_new(&b->annotators[i], b->model, &b->err));
    }
    return HX_OK;
}

static hx_status open_all(bench *b, const char *share, const char *model, const char *file) {
    const hx_text_model_options options = {.engine = HX_ENGINE_LLAMA,
                                           .model = strcmp(model, "-") == 0 ? NULL : model};
    const hx_llama_options one = {.n_threads = 1};
    char path[4096];
    snprintf(path, sizeof path, "%s/models/huaxiang-small/model.gguf", share);
    HX_TRY(read_texts(b, file));
    if (strcmp(b->work, "forward") != 0)
        HX_TRY(hx_text_model_open(&b->model, share, &options, &b->err));
    else
        HX_TRY(hx_llama_open(&b->llama, options.model ? options.model : path, &one, &b->err));
    if (b->llama) HX_TRY(tokenize(b));
    return open_workers(b);
}

static void close_all(bench *b) {
    for (size_t i = 0; i < b->n_threads; i++) {
        hx_annotator_free(b->annotators[i]);
        hx_llama_context_close(b->contexts[i]);
        hx_arena_free(b->arenas[i]);
    }
    hx_text_model_close(b->model);
    hx_llama_close(b->llama);
    hx_arena_free(b->arena);
}

static hx_status serve(bench *b) {
    char line[64];
    struct rusage usage;
    printf("{\"ready\":true}\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) && strncmp(line, "run", 3) == 0) {
        double start = now();
        size_t runs = (b->n + HX_TEXT_AHEAD - 1) / HX_TEXT_AHEAD;
        HX_TRY(hx_pool_run(b->n_threads, runs, run_some, b, &b->err));
        printf("{\"seconds\":%.6f,\"texts\":%zu,\"tokens\":%zu}\n", now() - start, b->n,
               b->n_tokens);
        fflush(stdout);
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"peak_mb\":%.1f}\n", (double)usage.ru_maxrss / 1024);
    return HX_OK;
}

int main(int argc, char **argv) {
    bench b = {.arena = hx_arena_new(0)};
    if (argc != 6) {
        fputs("usage: bench_text_small SHARE_DIR MODEL|- FILE annotate|sentiment|forward THREADS\n",
              stderr);
        return 2;
    }
    int64_t threads = 0;
    b.work = argv[4];
    for (const char *c = argv[5]; *c >= '0' && *c <= '9' && threads < THREADS_MOST; c++)
        threads = threads * 10 + (*c - '0');
    b.n_threads = threads < 1 ? 1 : threads > THREADS_MOST ? THREADS_MOST : (size_t)threads;
    hx_status st = b.arena ? open_all(&b, argv[1], argv[2], argv[3]) : HX_ENOMEM;
    if (st == HX_OK) st = serve(&b);
    if (st != HX_OK) fprintf(stderr, "bench_text_small: %s\n", b.err.message);
    close_all(&b);
    return st == HX_OK ? 0 : 1;
}
