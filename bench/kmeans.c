/* kmeans.c - k-means on a file of doubles, row after row; kmeans.py puts it beside scikit-learn.
 *
 *     bench_kmeans FILE ROWS COLUMNS K RESTARTS THREADS      a JSON object: seconds, inertia, rounds of the best restart */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "learn/kmeans.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t count_of(const char *text) {
    return (size_t)strtoull(text, NULL, 10);
}

static double *read_rows(const char *path, size_t n) {
    double *x = malloc(n * sizeof *x);
    FILE *file = fopen(path, "rb");
    bool whole = x && file && fread(x, sizeof *x, n, file) == n;
    if (file) fclose(file);
    if (whole) return x;
    free(x);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 7) return 2;
    size_t n = count_of(argv[2]), d = count_of(argv[3]);
    const hx_kmeans_options o = {.k = count_of(argv[4]),
                                 .restarts = count_of(argv[5]),
                                 .tolerance = -1,
                                 .seed = 1,
                                 .n_threads = count_of(argv[6])};
    hx_error err = {0};
    hx_kmeans_result r;
    hx_arena *arena = hx_arena_new((size_t)4 << 30);
    double *x = read_rows(argv[1], n * d);
    if (!arena || !x) return 1;
    double start = now();
    hx_status st = hx_kmeans(x, n, d, &o, arena, &r, &err);
    if (st == HX_OK)
        printf("{\"seconds\":%.4f,\"inertia\":%.9g,\"rounds\":%zu}\n", now() - start, r.inertia,
               r.rounds);
    else
        fprintf(stderr, "bench_kmeans: %s\n", err.message);
    hx_arena_free(arena);
    free(x);
    return st == HX_OK ? 0 : 1;
}
