/* words.c - speed of cleaning and word segmentation over a file of texts, one a line, on one thread.
 *
 * usage: bench_words SHARE_DIR FILE ROUNDS [--print]
 *
 * Prints one JSON record: bytes, code points, words, and of the best of ROUNDS rounds the seconds of cleaning alone and of words (which
 * cleans too). With --print instead the words of each line with TABs between, as bench/words.py compares them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/utf8.h"
#include "huaxiang/text.h"

#define FILE_CAP ((size_t)1 << 30)

typedef struct {
    hx_annotator *annotator;
    hx_arena *arena;
    size_t n_words;
    hx_error err;
} bench;

typedef hx_status line_fn(bench *b, hx_str line);

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static hx_status clean_line(bench *b, hx_str line) {
    hx_clean_text out;
    return hx_text_clean(b->annotator, line, NULL, b->arena, &out, &b->err);
}

static hx_status words_line(bench *b, hx_str line) {
    const hx_word *words;
    size_t n;
    hx_status status = hx_text_words(b->annotator, line, b->arena, &words, &n, &b->err);
    if (status == HX_OK) b->n_words += n;
    return status;
}

static hx_status print_line(bench *b, hx_str line) {
    const hx_word *words;
    size_t n;
    hx_status status = hx_text_words(b->annotator, line, b->arena, &words, &n, &b->err);
    for (size_t i = 0; status == HX_OK && i < n; i++) {
        if (i) putchar('\t');
        fwrite(line.ptr + words[i].span.start, 1, words[i].span.end - words[i].span.start, stdout);
    }
    putchar('\n');
    return status;
}

static void each_line(bench *b, hx_str text, line_fn *run) {
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        hx_str line = {text.ptr, end ? (size_t)(end - text.ptr) : text.len};
        hx_arena_reset(b->arena);
        if (run(b, line) != HX_OK) {
            fprintf(stderr, "bench_words: %s\n", b->err.message);
            exit(1);
        }
        size_t used = line.len + (end ? 1 : 0);
        text = (hx_str){text.ptr + used, text.len - used};
    }
}

static double best_of(bench *b, hx_str text, line_fn *run, int rounds) {
    double best = 1e9;
    for (int i = 0; i < rounds; i++) {
        b->n_words = 0;
        double start = now();
        each_line(b, text, run);
        double seconds = now() - start;
        if (seconds < best) best = seconds;
    }
    return best;
}

int main(int argc, char **argv) {
    bench b = {0};
    hx_text_model *model;
    hx_buf file;
    hx_buf_init(&file, FILE_CAP);
    if (argc < 4) {
        fprintf(stderr, "usage: bench_words SHARE_DIR FILE ROUNDS [--print]\n");
        return 2;
    }
    if (hx_text_model_open(&model, argv[1], NULL, &b.err) != HX_OK ||
        hx_annotator_new(&b.annotator, model, &b.err) != HX_OK ||
        hx_file_read(argv[2], &file, &b.err) != HX_OK) {
        fprintf(stderr, "bench_words: %s\n", b.err.message);
        return 1;
    }
    b.arena = hx_arena_new(0);
    hx_str text = hx_buf_str(&file);
    if (argc > 4 && strcmp(argv[4], "--print") == 0) {
        each_line(&b, text, print_line);
    } else {
        int rounds = argv[3][0] >= '1' && argv[3][0] <= '9' ? argv[3][0] - '0' : 1;
        double clean = best_of(&b, text, clean_line, rounds),
               words = best_of(&b, text, words_line, rounds);
        printf("{\"bytes\":%zu,\"characters\":%zu,\"words\":%zu,\"clean_seconds\":%.6f,\"words_"
               "seconds\":%.6f}\n",
               text.len, hx_utf8_count(text), b.n_words, clean, words);
    }
    hx_arena_free(b.arena);
    hx_annotator_free(b.annotator);
    hx_text_model_close(model);
    hx_buf_release(&file);
    return 0;
}
