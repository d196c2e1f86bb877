/* group.c - measures hx_group_file(): writes the result as CSV to a file and seconds and peak memory to standard output.
 *
 *     bench_group FILE BY AGGREGATES THREADS OUT
 *
 * The seconds span the whole: opening, reading, grouping, sorting, rendering and writing. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "huaxiang/frame.h"

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void write_cell(FILE *out, hx_str s, size_t column) {
    if (column > 0) putc(',', out);
    fwrite(s.ptr, 1, s.len, out);
}

static int write_table(const hx_group_table *t, const char *path) {
    FILE *out = fopen(path, "wb");
    if (out == NULL) return -1;
    const size_t n_columns = hx_group_table_columns(t);
    for (size_t c = 0; c < n_columns; c++)
        write_cell(out, hx_str_of(hx_group_table_column_name(t, c)), c);
    putc('\n', out);
    for (size_t r = 0; r < hx_group_table_rows(t); r++) {
        for (size_t c = 0; c < n_columns; c++)
            write_cell(out, hx_group_table_cell(t, r, c), c);
        putc('\n', out);
    }
    return fclose(out);
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: bench_group FILE BY AGGREGATES THREADS OUT\n");
        return 2;
    }
    const double start = seconds();
    hx_group_options options = {
        .by = argv[2], .aggregates = argv[3], .n_threads = strtoul(argv[4], NULL, 10)};
    hx_group_table *table = NULL;
    hx_error err = {.ui = HX_UI_EN};
    if (hx_group_file(&table, argv[1], &options, &err) != HX_OK) {
        fprintf(stderr, "bench_group: %s\n", err.message);
        return 1;
    }
    const size_t n_rows = hx_group_table_rows(table);
    if (write_table(table, argv[5]) != 0) {
        fprintf(stderr, "bench_group: %s can't be written\n", argv[5]);
        return 1;
    }
    hx_group_table_free(table);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%.3f seconds, %zu groups, %ld MB\n", seconds() - start, n_rows, usage.ru_maxrss / 1024);
    return 0;
}
