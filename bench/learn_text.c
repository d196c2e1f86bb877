/* learn_text.c - a linear SVM on TF-IDF of character n-grams, end to end from a file; learn.py puts it beside scikit-learn.
 *
 *     bench_learn_text TRAIN TEST LABEL_COLUMN THREADS      a JSON object: seconds of reading, learning, predicting; accuracy; peak memory
 *
 * C is 1, as in the peer. Learning here takes a second, smaller fit for the temperature of the probabilities, which the peer does not have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "huaxiang/huaxiang.h"

#define ROWS_MAX 1000000
#define LABELS_MAX 1000

typedef struct {
    hx_str *texts;
    uint32_t *labels;
    size_t n;
} rows;

typedef struct {
    const char *names[LABELS_MAX];
    size_t n;
} names;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void stop(const char *why) {
    fprintf(stderr, "bench_learn_text: %s\n", why);
    exit(1);
}

static uint32_t label_of(names *all, hx_str s, hx_arena *arena) {
    for (size_t i = 0; i < all->n; i++)
        if (hx_str_equal(hx_str_of(all->names[i]), s)) return (uint32_t)i;
    if (all->n == LABELS_MAX) stop("too many labels");
    all->names[all->n] = hx_arena_str(arena, s).ptr;
    return (uint32_t)all->n++;
}

static size_t column_of(const hx_reader *r, const char *name) {
    const hx_column *columns;
    size_t n = hx_reader_columns(r, &columns);
    for (size_t i = 0; i < n; i++)
        if (hx_str_equal(columns[i].name, hx_str_of(name))) return i;
    stop("no such column");
    return 0;
}

static rows read_file(const char *path, const char *label, names *all, hx_arena *arena) {
    rows out = {hx_arena_alloc(arena, ROWS_MAX * sizeof(hx_str)),
                hx_arena_alloc(arena, ROWS_MAX * sizeof(uint32_t)), 0};
    const hx_reader_options options = {.format = HX_FORMAT_AUTO};
    hx_error err = {0};
    hx_reader *r;
    hx_chunk *chunk;
    if (hx_reader_open(&r, path, &options, &err) != HX_OK) stop(err.message);
    size_t text_at = column_of(r, "text"), label_at = column_of(r, label);
    while (hx_reader_next(r, &chunk, &err) == HX_OK && chunk) {
        hx_rows some;
        if (hx_chunk_rows(r, chunk, arena, &some, &err) != HX_OK) stop(err.message);
        for (size_t i = 0; i < some.n_rows && out.n < ROWS_MAX; i++) {
            if (some.rows[i].bad) continue;
            out.texts[out.n] = hx_arena_str(arena, some.rows[i].cells[text_at]);
            out.labels[out.n++] = label_of(all, some.rows[i].cells[label_at], arena);
        }
        hx_chunk_free(chunk);
    }
    hx_reader_close(r);
    return out;
}

static double accuracy(const rows *t, const float *p, size_t n_labels) {
    size_t right = 0;
    for (size_t i = 0; i < t->n; i++) {
        size_t best = 0;
        for (size_t k = 1; k < n_labels; k++)
            if (p[i * n_labels + k] > p[i * n_labels + best]) best = k;
        right += best == t->labels[i];
    }
    return (double)right / (double)t->n;
}

int main(int argc, char **argv) {
    static names all;
    hx_text_learner *l;
    hx_error err = {0};
    struct rusage used;
    if (argc != 5) stop("TRAIN TEST LABEL_COLUMN THREADS");
    hx_arena *arena = hx_arena_new((size_t)4 << 30);
    double t0 = now();
    rows train = read_file(argv[1], argv[3], &all, arena);
    rows test = read_file(argv[2], argv[3], &all, arena);
    double t1 = now();
    size_t threads = (size_t)strtoul(argv[4], NULL, 10);
    const hx_text_rows given = {train.texts, train.labels, train.n, all.names, all.n};
    const hx_text_learner_options o = {
        .kind = HX_TEXT_LEARNER_SVM, .cost = 1, .seed = 1, .n_threads = threads};
    if (hx_text_learner_fit(&l, &given, NULL, &o, &err) != HX_OK) stop(err.message);
    double t2 = now();
    float *p = hx_arena_alloc(arena, test.n * all.n * sizeof *p);
    if (!p || hx_text_learner_predict(l, test.texts, test.n, threads, p, &err) != HX_OK)
        stop(err.message);
    double t3 = now();
    getrusage(RUSAGE_SELF, &used);
    printf("{\"read\":%.3f,\"learn\":%.3f,\"predict\":%.3f,\"total\":%.3f,\"accuracy\":%.4f,"
           "\"peak_mb\":%ld}\n",
           t1 - t0, t2 - t1, t3 - t2, t3 - t0, accuracy(&test, p, all.n), used.ru_maxrss >> 10);
    hx_text_learner_free(l);
    hx_arena_free(arena);
    return 0;
}
