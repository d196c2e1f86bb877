/* monitor_alarms.c - how often `table monitor` alarms where nothing changed, and how often where something did.
 *
 *     monitor_alarms [PAIRS [ROWS]]
 *
 * Draws pairs of tables from one distribution (a normal number, a skewed one with ties, eight categories of unequal shares, a code with many
 * values, a number of which 5 % are missing), compares each pair by hx_table_monitor() at several alpha, and prints the share of pairs with an
 * alarm, which tests they were of, and beside that the share of the usual fixed limit PSI > 0.2; then the same where the normal number is moved by
 * half a standard deviation (a tenth as many pairs). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "huaxiang/frame.h"

#define CODES 200

static double normal(hx_rng *r) {
    const double u = hx_rng_uniform(r), v = hx_rng_uniform(r);
    return sqrt(-2 * log(1 - u)) * cos(2 * 3.14159265358979323846 * v);
}

static void draw_texts(hx_table *t, hx_rng *r, const char *name, size_t n, size_t values,
                       double bend) {
    uint32_t *codes = calloc(n, sizeof *codes);
    hx_str *texts = calloc(values, sizeof *texts);
    char(*rooms)[8] = calloc(values, sizeof *rooms);
    if (codes == NULL || texts == NULL || rooms == NULL) exit(1);
    for (size_t i = 0; i < values; i++) {
        snprintf(rooms[i], sizeof rooms[i], "v%zu", i);
        texts[i] = hx_str_of(rooms[i]);
    }
    for (size_t i = 0; i < n; i++)
        codes[i] = (uint32_t)((double)values * pow(hx_rng_uniform(r), bend));
    if (hx_table_put_texts(t, hx_str_of(name), codes, texts, values, NULL) != HX_OK) exit(1);
    free(codes);
    free(texts);
    free(rooms);
}

static hx_table *draw(hx_rng *r, size_t n, double shift) {
    hx_table *t = NULL;
    double *v = calloc(n, sizeof *v);
    if (v == NULL || hx_table_new(&t, n, NULL) != HX_OK) exit(1);
    for (int c = 0; c < 3; c++) {
        static const char *const names[] = {"normal", "skewed", "holes"};
        for (size_t i = 0; i < n; i++) {
            v[i] = c == 0   ? normal(r) + shift
                   : c == 1 ? floor(exp(normal(r)) * 10) / 10
                            : normal(r);
            if (c == 2 && hx_rng_uniform(r) < 0.05) v[i] = NAN;
        }
        if (hx_table_put_numbers(t, hx_str_of(names[c]), HX_KIND_NUMBER, v, -1, NULL) != HX_OK)
            exit(1);
    }
    draw_texts(t, r, "category", n, 8, 2);
    draw_texts(t, r, "code", n, CODES, 1.5);
    free(v);
    return t;
}

#define KINDS 5
static const unsigned kinds[KINDS] = {HX_ALARM_PSI, HX_ALARM_JS, HX_ALARM_KS, HX_ALARM_MISSING,
                                      HX_ALARM_NEW_VALUES};
typedef struct {
    size_t alarms, naive, of[KINDS];
} outcome;

/* One pair: `now` against `before`. */
static void compare(hx_rng *r, size_t n, double shift, double alpha, outcome *o) {
    char folder[] = "/tmp/hx-alarms-XXXXXX", path[64];
    hx_arena *arena = hx_arena_new(0);
    hx_table *before = draw(r, n, 0), *now = draw(r, n, shift);
    const hx_monitor_options options = {mkdtemp(folder), "run", NULL, alpha, 0, 1};
    hx_monitor_report report;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_table_monitor(before, &options, arena, &report, &err) != HX_OK ||
        hx_table_monitor(now, &options, arena, &report, &err) != HX_OK) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    bool naive = false;
    unsigned raised = 0;
    for (size_t i = 0; i < report.n; i++) {
        naive |= report.columns[i].drift.psi > 0.2;
        raised |= report.columns[i].alarms;
    }
    for (int k = 0; k < KINDS; k++)
        o->of[k] += (raised & kinds[k]) != 0;
    o->alarms += report.n_alarms > 0;
    o->naive += naive;
    for (int i = 1; i <= 2; i++) {
        snprintf(path, sizeof path, "%s/run.%06d.json", folder, i);
        unlink(path);
    }
    rmdir(folder);
    hx_table_free(before);
    hx_table_free(now);
    hx_arena_free(arena);
}

int main(int argc, char **argv) {
    static const double alphas[] = {0.05, 0.01, 0.001};
    static const size_t sizes[] = {50, 200, 1000, 2000, 5000};
    const size_t only = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    const size_t pairs = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    printf("rows\talpha\tfalse alarms\tpsi\tjs\tks\tmissing\tnew\tPSI > 0.2 alone\tfound (half a "
           "deviation)\n");
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t a = 0; a < sizeof alphas / sizeof *alphas; a++) {
            outcome same = {.alarms = 0}, moved = {.alarms = 0};
            hx_rng r;
            if (only > 0 && sizes[s] != only) continue;
            hx_rng_seed(&r, 1 + s);
            for (size_t i = 0; i < pairs; i++)
                compare(&r, sizes[s], 0, alphas[a], &same);
            for (size_t i = 0; i < pairs / 10; i++)
                compare(&r, sizes[s], 0.5, alphas[a], &moved);
            const double n = (double)pairs;
            printf("%zu\t%g\t%.4f\t", sizes[s], alphas[a], (double)same.alarms / n);
            for (int k = 0; k < KINDS; k++)
                printf("%zu\t", same.of[k]);
            printf("%.4f\t%.3f\n", (double)same.naive / n,
                   (double)moved.alarms / (double)(pairs / 10));
            fflush(stdout);
        }
    return 0;
}
