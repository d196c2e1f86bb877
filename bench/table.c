/* table.c - describe, impute and scale a table from CSV in one process: what bench/table.py measures beside pandas and polars.
 *
 *     bench_table FILE THREADS [OUT.csv]
 *
 * Reads FILE, describes all columns, puts the median where a number is missing, scales numbers to mean 0 and standard deviation 1, and
 * prints the sum of each scaled column's cells times a fixed pattern, so that results can be compared. Seconds of each part go to
 * standard error. With OUT the table is written too. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/pool.h"
#include "huaxiang/frame.h"

typedef struct {
    hx_table *t;
    const hx_description *d;
    double **values; /* [columns]; NULL where it is no number */
    size_t first;
} job;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool is_number(const job *j, size_t c) {
    return hx_table_column_at(j->t, c)->kind == HX_KIND_NUMBER;
}

/* Standard deviation behind imputation, from the description: the missing ones are the median now. */
static void moments(const hx_description *d, double *mean, double *std) {
    const double n = (double)d->count, m = (double)d->missing, all = n + m;
    *mean = (d->sum + m * d->q50) / all;
    const double a = d->mean - *mean, b = d->q50 - *mean;
    const double square = d->std * d->std * (n - 1) + n * a * a + m * b * b;
    *std = sqrt(square / (all - 1));
}

static hx_status scale_column(void *context, size_t i, size_t worker, hx_error *err) {
    const job *j = context;
    const size_t c = j->first + i, rows = hx_table_rows(j->t);
    const double median = j->d[c].q50;
    double mean = 0, std = 1, *v = j->values[i];
    (void)worker;
    (void)err;
    if (!is_number(j, c)) return HX_OK;
    moments(&j->d[c], &mean, &std);
    for (size_t at = 0; at < rows; at += 65536) {
        const size_t n = rows - at < 65536 ? rows - at : 65536;
        hx_table_numbers(j->t, c, at, n, v + at);
        for (size_t k = at; k < at + n; k++)
            v[k] = ((v[k] == v[k] ? v[k] : median) - mean) / std;
    }
    return HX_OK;
}

/* As many columns at a time as there are threads: their doubles are all that is needed beside the table. */
static hx_status scale(job *j, size_t threads, hx_error *err) {
    const size_t columns = hx_table_columns(j->t), rows = hx_table_rows(j->t);
    hx_status status = HX_OK;
    for (j->first = 0; j->first < columns && status == HX_OK; j->first += threads) {
        const size_t n = columns - j->first < threads ? columns - j->first : threads;
        status = hx_pool_run(threads, n, scale_column, j, err);
        for (size_t i = 0; i < n && status == HX_OK; i++) {
            if (!is_number(j, j->first + i)) continue;
            const hx_str name = hx_table_column_at(j->t, j->first + i)->name;
            double sum = 0;
            for (size_t k = 0; k < rows; k++)
                sum += j->values[i][k] * (double)(k % 7);
            printf("%.*s %.9e\n", (int)name.len, name.ptr, sum);
            status = hx_table_put_numbers(j->t, name, HX_KIND_NUMBER, j->values[i], -1, err);
        }
    }
    return status;
}

static hx_status put(void *context, const char *bytes, size_t n, hx_error *err) {
    (void)err;
    return fwrite(bytes, 1, n, context) == n ? HX_OK : HX_EIO;
}

static hx_status run(job *j, char **argv, size_t threads, hx_arena *arena, hx_error *err) {
    const hx_table_options options = {.n_threads = threads};
    hx_description *d = NULL;
    const double start = now();
    hx_status status = hx_table_read(&j->t, argv[1], &options, err);
    const double read = now();
    if (status == HX_OK) status = hx_table_describe(j->t, threads, arena, &d, err);
    const double described = now();
    j->d = d;
    for (size_t i = 0; i < threads && status == HX_OK; i++) {
        j->values[i] = calloc(hx_table_rows(j->t) + 1, sizeof **j->values);
        if (j->values[i] == NULL) status = HX_ENOMEM;
    }
    if (status == HX_OK) status = scale(j, threads, err);
    fprintf(stderr, "read %.2f s, describe %.2f s, impute and scale %.2f s\n", read - start,
            described - read, now() - described);
    if (status != HX_OK || argv[3] == NULL) return status;
    FILE *f = fopen(argv[3], "wb");
    if (f == NULL) return HX_EIO;
    status = hx_table_write(j->t, HX_FORMAT_CSV, 0, SIZE_MAX, threads, put, f, err);
    return fclose(f) == 0 ? status : HX_EIO;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "bench_table FILE THREADS [OUT.csv]\n");
        return 2;
    }
    size_t threads = 0;
    for (const char *p = argv[2]; *p >= '0' && *p <= '9'; p++)
        threads = threads * 10 + (size_t)(*p - '0');
    if (threads == 0 || threads > 256) threads = 2;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_arena *arena = hx_arena_new(0);
    job j = {.values = calloc(threads, sizeof(double *))};
    const hx_status status =
        arena != NULL && j.values != NULL ? run(&j, argv, threads, arena, &err) : HX_ENOMEM;
    if (status != HX_OK) fprintf(stderr, "bench_table: %s\n", err.message);
    hx_table_free(j.t);
    for (size_t i = 0; j.values != NULL && i < threads; i++)
        free(j.values[i]);
    free(j.values);
    hx_arena_free(arena);
    return status == HX_OK ? 0 : 1;
}
