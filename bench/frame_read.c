/* frame_read.c - measures reading on one thread: cutting chunks, and parsing them into rows.
 *
 *     bench_frame_read FILE
 *
 * Prints rows, bad rows, MB/s (of decoded text) of parsing alone and of the whole, and peak memory. */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "huaxiang/frame.h"

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

typedef struct {
    size_t rows, bad;
    double parsing;
    double bytes;
} totals;

static hx_status read_chunks(hx_reader *r, hx_arena *arena, totals *t, hx_error *err) {
    hx_status st = HX_OK;
    for (;;) {
        hx_chunk *c = NULL;
        hx_rows rows = {NULL, 0, 0};
        st = hx_reader_next(r, &c, err);
        if (st != HX_OK || !c) return st;
        const double start = seconds();
        hx_arena_reset(arena);
        st = hx_chunk_rows(r, c, arena, &rows, err);
        t->parsing += seconds() - start;
        t->bytes = (double)hx_chunk_end(c).offset;
        t->rows += rows.n_rows;
        for (size_t i = 0; i < rows.n_rows; i++)
            t->bad += rows.rows[i].bad != NULL;
        hx_chunk_free(c);
        if (st != HX_OK) return st;
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: bench_frame_read FILE\n");
        return 2;
    }
    const double start = seconds();
    hx_reader *r = NULL;
    hx_error err = {.ui = HX_UI_EN};
    totals t = {0, 0, 0, 0};
    hx_arena *arena = hx_arena_new(0);
    if (!arena || hx_reader_open(&r, argv[1], NULL, &err) != HX_OK ||
        read_chunks(r, arena, &t, &err) != HX_OK) {
        fprintf(stderr, "bench_frame_read: %s\n", err.message);
        return 1;
    }
    const double all = seconds() - start;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%s, %s: %zu rows, %zu bad, parsing %.0f MB/s, all %.0f MB/s, %ld MB\n",
           hx_reader_format_name(r), hx_reader_encoding_name(r), t.rows, t.bad,
           t.bytes / t.parsing / 1e6, t.bytes / all / 1e6, usage.ru_maxrss / 1024);
    hx_reader_close(r);
    hx_arena_free(arena);
    return 0;
}
