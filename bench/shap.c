/* shap.c - Shapley values of a boosted model of XGBoost on a file of doubles, row after row; shap.py puts it beside XGBoost's own.
 *
 *     bench_shap MODEL.json FILE ROWS COLUMNS ROUNDS THREADS OUT      a JSON object: seconds; OUT: (rows, columns + 1) doubles, the last the base */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "learn/trees.h"
#include "learn/xgboost.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t count_of(const char *text) {
    return (size_t)strtoull(text, NULL, 10);
}

/* All of a file, or into a file. */
static bool move(const char *path, const char *mode, double *x, size_t n) {
    FILE *file = fopen(path, mode);
    const bool ok = file && (mode[0] == 'r' ? fread(x, sizeof *x, n, file) == n
                                            : fwrite(x, sizeof *x, n, file) == n);
    return file && fclose(file) == 0 && ok;
}

static hx_status read_trees(const char *path, size_t columns, size_t rounds, hx_trees *out,
                            hx_error *err) {
    hx_buf text;
    json_t *json = NULL;
    hx_buf_init(&text, (size_t)1 << 30);
    hx_status st = hx_trees_init(out, columns, 1, true, err);
    if (st == HX_OK) st = hx_file_read(path, &text, err);
    if (st == HX_OK) st = hx_json_parse(hx_buf_str(&text), (size_t)1 << 30, path, &json, err);
    if (st == HX_OK) st = hx_xgboost_trees(out, json, 2, rounds, err);
    json_decref(json);
    hx_buf_release(&text);
    return st;
}

int main(int argc, char **argv) {
    if (argc != 8) return 2;
    const size_t n = count_of(argv[3]), d = count_of(argv[4]);
    hx_error err = {0};
    hx_trees trees = {0};
    double *x = malloc(n * d * sizeof *x), *out = malloc(n * (d + 1) * sizeof *out);
    if (!x || !out || !move(argv[2], "rb", x, n * d)) return 1;
    hx_status st = read_trees(argv[1], d, count_of(argv[5]), &trees, &err);
    const double start = now();
    if (st == HX_OK) st = hx_trees_shap(&trees, x, n, 0, count_of(argv[6]), out, &err);
    const double seconds = now() - start;
    if (st == HX_OK)
        printf("{\"seconds\":%.4f}\n", seconds);
    else
        fprintf(stderr, "bench_shap: %s\n", err.message);
    const bool kept = st == HX_OK && move(argv[7], "wb", out, n * (d + 1));
    hx_trees_release(&trees);
    free(x);
    free(out);
    return kept ? 0 : 1;
}
