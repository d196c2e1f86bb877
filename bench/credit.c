/* credit.c - bins of many columns of a scorecard: what bench/credit.py measures beside optbinning.
 *
 *     bench_credit FILE ROWS COLUMNS THREADS ROUNDS
 *
 * FILE holds doubles, the columns one behind the other, the last one 0 or 1. Finds the bins of all columns and counts their rows ROUNDS times, without a
 * regression, and prints the seconds of each round, then the information value of each column. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/pool.h"
#include "insight/scorecard.h"

typedef struct {
    hx_table *t;
    const double *good, *bad;
    uint16_t *codes; /* (columns, rows) */
    size_t rows;
    hx_bin_counts all;
    double *iv;
} job;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t number_of(const char *s) {
    size_t n = 0;
    for (; *s >= '0' && *s <= '9' && n < 1000000000; s++)
        n = n * 10 + (size_t)(*s - '0');
    return n;
}

static hx_status one_column(void *context, size_t i, size_t worker, hx_error *err) {
    job *j = context;
    hx_card_variable v = {0};
    const hx_bin_options o = {.trend = HX_TREND_AUTO};
    hx_arena *arena = hx_arena_new(0);
    (void)worker;
    hx_status status = hx_card_find_bins(&v, j->t, i, j->good, j->bad, &o, arena, err);
    uint16_t *codes = j->codes + i * j->rows;
    if (status == HX_OK) status = hx_card_codes(&v, j->t, i, codes, err);
    for (size_t row = 0; status == HX_OK && row < j->rows; row++) {
        v.bins[codes[row]].count.good += j->good[row];
        v.bins[codes[row]].count.bad += j->bad[row];
    }
    j->iv[i] = 0;
    for (size_t k = 0; status == HX_OK && k < hx_card_all_bins(&v); k++)
        j->iv[i] += hx_bin_iv(v.bins[k].count, j->all);
    hx_arena_free(arena);
    return status;
}

static bool run(job *j, const double *values, size_t columns, size_t threads, size_t rounds) {
    const double *target = values + columns * j->rows;
    double *good = calloc(j->rows, sizeof *good);
    char name[24];
    for (size_t i = 0; good && i < j->rows; i++) {
        good[i] = 1 - target[i];
        j->all = (hx_bin_counts){j->all.good + good[i], j->all.bad + target[i]};
    }
    j->good = good;
    j->bad = target;
    for (size_t i = 0; good && i < columns; i++) {
        (void)snprintf(name, sizeof name, "x%zu", i);
        if (hx_table_put_numbers(j->t, hx_str_of(name), HX_KIND_NUMBER, values + i * j->rows, -1,
                                 NULL) != HX_OK)
            return false;
    }
    for (size_t round = 0; good && round < rounds; round++) {
        const double start = now();
        if (hx_pool_run(threads, columns, one_column, j, NULL) != HX_OK) return false;
        printf("%.4f\n", now() - start);
    }
    for (size_t i = 0; i < columns; i++)
        printf("%s%.6f", i ? " " : "", j->iv[i]);
    printf("\n");
    free(good);
    return good != NULL;
}

int main(int argc, char **argv) {
    hx_mapping file;
    job j = {0};
    if (argc != 6 || hx_mapping_open(&file, argv[1], NULL) != HX_OK) return 1;
    const size_t columns = number_of(argv[3]);
    j.rows = number_of(argv[2]);
    if (file.bytes.len != (columns + 1) * j.rows * sizeof(double)) return 1;
    j.codes = calloc(columns * j.rows, sizeof *j.codes);
    j.iv = calloc(columns, sizeof *j.iv);
    bool good = j.codes && j.iv && hx_table_new(&j.t, j.rows, NULL) == HX_OK;
    good = good && run(&j, (const double *)(const void *)file.bytes.ptr, columns,
                       number_of(argv[4]), number_of(argv[5]));
    hx_table_free(j.t);
    free(j.codes);
    free(j.iv);
    hx_mapping_close(&file);
    return good ? 0 : 1;
}
