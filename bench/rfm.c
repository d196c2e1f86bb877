/* rfm.c - the RFM table of customers from orders in memory: what bench/rfm.py measures beside DuckDB.
 *
 *     bench_rfm FILE THREADS ROUNDS
 *
 * Reads the orders once, then groups them by customer ROUNDS times: latest time, distinct invoices, sum of quantity times price. Prints
 * the seconds of each round, then the groups and sums over their columns, so that results can be compared. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "huaxiang/frame.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t number_of(const char *s) {
    size_t n = 0;
    for (; *s >= '0' && *s <= '9' && n < 100000; s++)
        n = n * 10 + (size_t)(*s - '0');
    return n;
}

static double sum_of(const hx_table *t, size_t column) {
    double sum = 0, v = 0;
    for (size_t i = 0; i < hx_table_rows(t); i++) {
        hx_table_numbers(t, column, i, 1, &v);
        sum += v == v ? v : 0;
    }
    return sum;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "bench_rfm FILE THREADS ROUNDS\n");
        return 2;
    }
    const size_t threads = number_of(argv[2]), rounds = number_of(argv[3]);
    const hx_table_options options = {.columns = "customer_id,datetime,invoice,quantity,unit_price",
                                      .n_threads = threads};
    hx_table *t = NULL, *g = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_status status = hx_table_read(&t, argv[1], &options, &err);
    for (size_t i = 0; i < rounds && status == HX_OK; i++) {
        hx_table_free(g);
        g = NULL;
        const double start = now();
        status = hx_table_group(&g, t, "customer_id",
                                "max(datetime),distinct(invoice),sum(quantity*unit_price)", threads,
                                &err);
        printf("%.4f\n", now() - start);
    }
    if (status != HX_OK) fprintf(stderr, "bench_rfm: %s\n", err.message);
    if (status == HX_OK && g != NULL)
        printf("groups %zu orders %.0f amount %.2f\n", hx_table_rows(g), sum_of(g, 2),
               sum_of(g, 3));
    hx_table_free(g);
    hx_table_free(t);
    return status == HX_OK ? 0 : 1;
}
