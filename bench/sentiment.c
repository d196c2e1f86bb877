/* sentiment.c - accuracy and speed of the engine `rules` over labelled reviews.
 *
 * usage: bench_sentiment SHARE_DIR FILE.tsv [THREADS]
 *
 * FILE has a head line with the columns `label` (0 or 1; or `recommended`) and `text`. Each text is cleaned, cut into words and
 * scored; a text counts as positive where its logit is above 0. Prints one JSON record: texts, accuracy (forced, and how many
 * were called neutral), log_loss, ece (10 bins), and texts/s of the best of three rounds, each thread with its own annotator. */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/file.h"
#include "huaxiang/text.h"

enum { THREADS_MAX = 64, BINS = 10, ROUNDS = 3 };

typedef struct {
    hx_str text;
    int label;
    double logit;
    bool neutral;
} review;

typedef struct {
    const hx_text_model *model;
    review *list;
    size_t from, to;
    int failed;
} job;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static hx_str cell(hx_str line, int column) {
    size_t from = 0;
    for (size_t i = 0; i <= line.len; i++) {
        if (i < line.len && line.ptr[i] != '\t') continue;
        if (column-- == 0) return (hx_str){line.ptr + from, i - from};
        from = i + 1;
    }
    return (hx_str){NULL, 0};
}

static int column_of(hx_str head, const char *name) {
    for (int i = 0;; i++) {
        hx_str c = cell(head, i);
        if (!c.ptr) return -1;
        if (hx_str_equal(c, hx_str_of(name))) return i;
    }
}

static hx_str take_line(hx_str *rest) {
    const char *end = memchr(rest->ptr, '\n', rest->len);
    hx_str line = {rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
    size_t used = line.len + (end != NULL);
    *rest = (hx_str){rest->ptr + used, rest->len - used};
    return line;
}

static size_t read_reviews(hx_str rest, review *list) {
    hx_str head = take_line(&rest);
    int label = column_of(head, "label");
    int text = column_of(head, "text");
    size_t n = 0;
    if (label < 0) label = column_of(head, "recommended");
    while (rest.len && label >= 0 && text >= 0) {
        hx_str line = take_line(&rest);
        hx_str y = cell(line, label);
        if (y.len == 1 && cell(line, text).ptr)
            list[n++] = (review){.text = cell(line, text), .label = y.ptr[0] == '1'};
    }
    return n;
}

static void *run(void *context) {
    job *j = context;
    hx_annotator *a = NULL;
    hx_arena *arena = hx_arena_new(0);
    j->failed = !arena || hx_annotator_new(&a, j->model, NULL) != HX_OK;
    for (size_t i = j->from; i < j->to && !j->failed; i++) {
        hx_sentiment s;
        j->failed = hx_text_sentiment(a, j->list[i].text, arena, &s, NULL) != HX_OK;
        j->list[i].logit = s.logit;
        j->list[i].neutral = s.label == HX_SENTIMENT_NEUTRAL;
        hx_arena_reset(arena);
    }
    hx_annotator_free(a);
    hx_arena_free(arena);
    return NULL;
}

static double run_all(const hx_text_model *model, review *list, size_t n, size_t threads) {
    pthread_t id[THREADS_MAX];
    job jobs[THREADS_MAX];
    double start = now();
    int failed = 0;
    for (size_t t = 0; t < threads; t++) {
        jobs[t] = (job){model, list, n * t / threads, n * (t + 1) / threads, 0};
        if (pthread_create(&id[t], NULL, run, &jobs[t]) != 0) return -1;
    }
    for (size_t t = 0; t < threads; t++) {
        pthread_join(id[t], NULL);
        failed |= jobs[t].failed;
    }
    return failed ? -1 : now() - start;
}

static void print_record(const char *path, const review *list, size_t n, double seconds,
                         double open_ms, size_t threads) {
    double loss = 0, ece = 0, sum_p[BINS] = {0}, sum_y[BINS] = {0};
    size_t right = 0, neutral = 0;
    for (size_t i = 0; i < n; i++) {
        double p = 1 / (1 + exp(-list[i].logit));
        int bin = p >= 1 ? BINS - 1 : (int)(p * BINS);
        right += (list[i].logit > 0) == (list[i].label == 1);
        neutral += list[i].neutral;
        loss -= log(fmax(list[i].label ? p : 1 - p, 1e-12));
        sum_p[bin] += p;
        sum_y[bin] += list[i].label;
    }
    for (int b = 0; b < BINS; b++)
        ece += fabs(sum_p[b] - sum_y[b]);
    printf("{\"file\":\"%s\",\"n\":%zu,\"accuracy\":%.4f,\"neutral\":%zu,\"log_loss\":%.4f,\"ece\":"
           "%.4f,\"open_ms\":%.1f,\"threads\":%zu,"
           "\"texts_per_second\":%.0f}\n",
           path, n, (double)right / (double)n, neutral, loss / (double)n, ece / (double)n, open_ms,
           threads, (double)n / seconds);
}

static int bench(const char *share, const char *path, size_t threads) {
    hx_error err = {0};
    hx_text_model *model;
    hx_buf bytes;
    hx_buf_init(&bytes, (size_t)1 << 30);
    double start = now();
    if (hx_text_model_open(&model, share, NULL, &err) != HX_OK ||
        hx_file_read(path, &bytes, &err) != HX_OK) {
        fprintf(stderr, "bench_sentiment: %s\n", err.message);
        return 1;
    }
    double open_ms = (now() - start) * 1000;
    review *list = calloc(bytes.len / 2 + 1, sizeof *list);
    size_t n = list ? read_reviews(hx_buf_str(&bytes), list) : 0;
    double best = 0;
    for (int i = 0; i < ROUNDS && n > 0; i++) {
        double seconds = run_all(model, list, n, threads);
        if (i == 0 || seconds < best) best = seconds;
    }
    if (n > 0 && best > 0) print_record(path, list, n, best, open_ms, threads);
    free(list);
    hx_buf_release(&bytes);
    hx_text_model_close(model);
    return n > 0 && best > 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fputs("usage: bench_sentiment SHARE_DIR FILE.tsv [THREADS]\n", stderr);
        return 2;
    }
    size_t threads = argc > 3 ? strtoul(argv[3], NULL, 10) : 2;
    return bench(argv[1], argv[2], threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads);
}
