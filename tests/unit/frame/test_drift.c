/* test_drift.c - distances of distributions equal to SciPy's (tests/golden/frame/make_drift.py), laws of chance, and series of runs: what alarms,
 * what does not, and files that are refused. */
#include <math.h>

#include "base/rng.h"
#include "frame/drift.h"
#include "frame_test.h"

#define GOLDEN HX_SOURCE_DIR "/tests/golden/frame/"

static hx_table *read_text(const char *text) {
    const hx_table_options options = {.n_threads = 1};
    test_file f = test_file_new("a.csv", hx_str_of(text));
    hx_table *t = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_table_read(&t, f.path, &options, &err) != HX_OK) fail_msg("%s", err.message);
    test_file_remove(&f);
    return t;
}

/* "values a b c" as a table of one column x. */
static hx_table *read_values(FILE *f) {
    static const char head[] = "values ";
    char line[1 << 15];
    assert_non_null(fgets(line, sizeof line, f));
    assert_int_equal(strncmp(line, head, strlen(head)), 0);
    for (char *p = line; *p != '\0'; p++)
        if (*p == ' ') *p = '\n';
    line[strlen(head) - 1] = '\0';
    char text[(1 << 15) + 8];
    snprintf(text, sizeof text, "x\n%s", line + strlen(head));
    return read_text(text);
}

/* Written and read back before it is used. */
static const hx_profile_column *profile_of(const hx_table *t, hx_arena *arena) {
    hx_profile_table p, *back = hx_arena_alloc(arena, sizeof *back);
    hx_buf b;
    hx_json_writer w;
    json_t *root = NULL;
    assert_int_equal(hx_profile_take(t, 1, arena, &p, NULL), HX_OK);
    hx_buf_init(&b, (size_t)1 << 24);
    hx_json_begin(&w, &b);
    hx_profile_put(&p, &w);
    assert_int_equal(hx_json_parse(hx_buf_str(&b), (size_t)1 << 24, "profile", &root, NULL), HX_OK);
    assert_int_equal(hx_profile_get(root, arena, back, NULL), HX_OK);
    json_decref(root);
    hx_buf_release(&b);
    return &back->columns[0];
}

static void test_equal_to_scipy(void **state) {
    (void)state;
    FILE *f = fopen(GOLDEN "drift.txt", "r");
    char line[256];
    double a = 0, b = 0;
    size_t n = 0;
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    for (; fgets(line, sizeof line, f) != NULL; n++) {
        const bool ks = strncmp(line, "ks ", 3) == 0;
        char *second = NULL;
        a = strtod(strchr(line, ' '), &second);
        b = strtod(second, NULL);
        hx_arena *arena = hx_arena_new(0);
        hx_table *before = read_values(f), *now = read_values(f);
        hx_drift d;
        hx_drift_bins bins;
        assert_int_equal(hx_drift_of(profile_of(before, arena), now, 0, arena, &d, &bins, NULL),
                         HX_OK);
        assert_true(fabs((ks ? d.ks : d.psi) - a) < 1e-12);
        assert_true(fabs((ks ? d.ks_p : d.js) - b) < 1e-9);
        hx_table_free(before);
        hx_table_free(now);
        hx_arena_free(arena);
    }
    assert_int_equal(n, 6);
    fclose(f);
}

/* R: qchisq, qnorm; the limit law at 1 is 0.26999967167735456. */
static void test_laws(void **state) {
    (void)state;
    assert_true(fabs(hx_kolmogorov_tail(1) - 0.26999967167735456) < 1e-14);
    assert_true(fabs(hx_kolmogorov_tail(0.999999) - hx_kolmogorov_tail(1)) < 1e-5);
    assert_true(hx_kolmogorov_tail(0) == 1);
    assert_true(fabs(hx_normal_above(0.025) - 1.959963984540054) < 1e-12);
    assert_true(fabs(hx_normal_above(0.5)) < 1e-12);
    /* the approximation errs to the quiet side: exact are 27.877 and 10.828 */
    assert_true(hx_chi_square_above(9, 0.001) >= 27.877 &&
                hx_chi_square_above(9, 0.001) < 27.877 * 1.01);
    assert_true(hx_chi_square_above(1, 0.001) >= 10.828 &&
                hx_chi_square_above(1, 0.001) < 10.828 * 1.04);
}

static void test_holes(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_table *full = read_text("x\n1\n2\n3\n4\n"), *empty = read_text("x,y\n,1\n,2\n"),
             *none = read_text("x\n");
    hx_drift d;
    hx_drift_bins bins;
    assert_int_equal(hx_drift_of(profile_of(full, arena), empty, 0, arena, &d, &bins, NULL), HX_OK);
    assert_true(isnan(d.psi) && isnan(d.ks) && d.missing_now == 1 && d.missing_before == 0 &&
                d.missing_p < 0.05);
    assert_int_equal(hx_drift_of(profile_of(none, arena), full, 0, arena, &d, &bins, NULL), HX_OK);
    assert_true(isnan(d.psi) && isnan(d.missing_p));
    hx_table *texts = read_text("x\na\nb\n");
    assert_int_equal(hx_drift_of(profile_of(full, arena), texts, 0, arena, &d, &bins, NULL),
                     HX_EINVAL);
    hx_table_free(full);
    hx_table_free(empty);
    hx_table_free(none);
    hx_table_free(texts);
    hx_arena_free(arena);
}

/* ------------------------------------------------------------------ series */
typedef struct {
    char folder[40];
    hx_arena *arena;
    int64_t day;
} series;

static hx_monitor_report run(series *s, hx_table *t, const char *baseline) {
    const hx_monitor_options o = {s->folder, "orders", baseline, 0.001, ++s->day * 86400000, 1};
    hx_monitor_report r;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_table_monitor(t, &o, s->arena, &r, &err) != HX_OK) fail_msg("%s", err.message);
    hx_table_free(t);
    return r;
}

/* n rows of amount, channel; `shift` moves the amounts, every `hole`-th is missing, `channels` of them. */
static hx_table *day(size_t n, double shift, size_t hole, size_t channels, uint64_t seed) {
    static const char *const names[] = {"web", "app", "shop", "kiosk"};
    hx_buf b;
    hx_buf_init(&b, (size_t)1 << 24);
    (void)hx_buf_append_lit(&b, "amount,channel\n");
    for (size_t i = 0; i < n; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const double u = (double)(seed >> 11) / 9007199254740992.0;
        if (hole == 0 || i % hole != 0) (void)hx_buf_printf(&b, "%.4f", 10 * u + shift);
        (void)hx_buf_printf(&b, ",%s\n", names[i % channels]);
    }
    (void)hx_buf_append_byte(&b, '\0');
    hx_table *t = read_text(b.ptr);
    hx_buf_release(&b);
    return t;
}

static void series_end(series *s) {
    char path[80];
    for (int i = 1; i < 20; i++) {
        snprintf(path, sizeof path, "%s/orders.%06d.json", s->folder, i);
        unlink(path);
    }
    assert_int_equal(rmdir(s->folder), 0);
    hx_arena_free(s->arena);
}

static series series_new(void) {
    series s = {.folder = "/tmp/hx-frame-XXXXXX", .arena = hx_arena_new(0)};
    assert_non_null(mkdtemp(s.folder));
    assert_int_equal(rmdir(s.folder), 0); /* monitoring makes it */
    return s;
}

static void test_runs(void **state) {
    (void)state;
    series s = series_new();
    hx_monitor_report r = run(&s, day(2000, 0, 0, 3, 1), NULL);
    assert_true(r.run == 1 && r.baseline == 0 && r.n_alarms == 0 && r.n == 0 && r.n_history == 1);
    r = run(&s, day(2000, 0, 0, 3, 2), NULL);
    assert_true(r.run == 2 && r.baseline == 1 && r.n_alarms == 0 && r.n == 2);
    r = run(&s, day(2000, 2, 0, 3, 3), NULL); /* shifted */
    assert_int_equal(r.n_alarms, 1);
    assert_true((r.columns[0].alarms & HX_ALARM_KS) && (r.columns[0].alarms & HX_ALARM_PSI));
    r = run(&s, day(2000, 0, 0, 4, 4), NULL); /* run 3 alarmed: compared with run 2 */
    assert_int_equal(r.baseline, 2);
    assert_true(r.columns[0].alarms == 0 && (r.columns[1].alarms & HX_ALARM_NEW_VALUES));
    assert_true(r.columns[1].drift.new_values == 1 && r.columns[1].drift.new_rows == 500);
    assert_true(hx_str_equal(r.columns[1].drift.new_value, HX_STR_LIT("kiosk")));
    r = run(&s, day(2000, 0, 10, 3, 5), "first"); /* a tenth missing */
    assert_int_equal(r.baseline, 1);
    assert_int_equal(r.columns[0].alarms, HX_ALARM_MISSING);
    r = run(&s, day(900, 0, 0, 3, 6), "2");
    assert_true(r.baseline == 2 && r.rows_alarm && r.n_alarms == 1);
    r = run(&s, read_text("amount,note\na,b\n"), "2");
    assert_true(r.columns[0].alarms == HX_ALARM_KIND && r.columns[1].is_new &&
                r.columns[1].alarms == 0);
    assert_true(r.n == 3 && r.columns[2].alarms == HX_ALARM_GONE);
    assert_true(r.n_history == 7 && r.history[6].run == 7 && r.history[2].alarms == 1);
    hx_str html;
    assert_int_equal(hx_monitor_html(&r, HX_STR_LIT("a<b"), HX_UI_EN, s.arena, &html, NULL), HX_OK);
    assert_non_null(strstr(html.ptr, "<h1>a&lt;b</h1>"));
    assert_non_null(strstr(html.ptr, "column is gone"));
    series_end(&s);
}

static void test_refused(void **state) {
    (void)state;
    series s = series_new();
    (void)run(&s, day(50, 0, 0, 3, 1), NULL);
    hx_table *t = day(50, 0, 0, 3, 2);
    hx_monitor_report r;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_monitor_options o = {s.folder, "../x", NULL, 0.001, 0, 1};
    assert_int_equal(hx_table_monitor(t, &o, s.arena, &r, &err), HX_EINVAL);
    o = (hx_monitor_options){s.folder, "orders", "9", 0.001, 0, 1};
    assert_int_equal(hx_table_monitor(t, &o, s.arena, &r, &err), HX_ENOTFOUND);
    o = (hx_monitor_options){s.folder, "orders", NULL, 0, 0, 1};
    assert_int_equal(hx_table_monitor(t, &o, s.arena, &r, &err), HX_EINVAL);
    char path[80], text[1 << 16];
    snprintf(path, sizeof path, "%s/orders.000001.json", s.folder);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    const size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    char *rows = strstr(text, "\"rows\":50");
    assert_non_null(rows);
    fseek(f, rows - text + 7, SEEK_SET);
    fputc('6', f);
    fclose(f);
    o = (hx_monitor_options){s.folder, "orders", NULL, 0.001, 0, 1};
    assert_int_equal(hx_table_monitor(t, &o, s.arena, &r, &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "its hash does not match"));
    hx_table_free(t);
    series_end(&s);
}

/* Unchanged data hardly ever alarm, however few the rows. */
static void test_false_alarms(void **state) {
    (void)state;
    for (size_t n = 30; n <= 480; n *= 4) {
        size_t alarms = 0;
        series s = series_new();
        (void)run(&s, day(n, 0, 7, 3, 999), NULL);
        for (uint64_t i = 1; i <= 15; i++)
            alarms += run(&s, day(n, 0, 7, 3, i * 7919), "first").n_alarms > 0;
        assert_true(alarms <= 1);
        series_end(&s);
    }
}

/* Two tables of `n` rows over ten bins, the second drawn like the first: how often its PSI is beyond the limit of `tail`. */
static void test_limits(void **state) {
    enum { BINS = 10, PAIRS = 4000 };
    static const size_t rows[] = {60, 200};
    (void)state;
    for (size_t s = 0; s < 2; s++) {
        const size_t n = rows[s];
        hx_drift_bins b = {.n = BINS};
        size_t beyond = 0, beyond_js = 0, by_chi = 0;
        double psi, js, limit, js_limit, chi, chi_js;
        hx_rng r;
        for (size_t i = 0; i < BINS; i++)
            b.before[i] = b.now[i] = n / BINS;
        hx_drift_limits(&b, 0.005, true, &limit, &js_limit);
        hx_drift_limits(&b, 0.005, false, &chi, &chi_js);
        assert_true(limit > 0 && js_limit > 0);
        hx_rng_seed(&r, 5 + s);
        for (size_t pair = 0; pair < PAIRS; pair++) {
            /* bins hold equal numbers of the first table's rows: shares between its order statistics, then rows of the second */
            double edges[BINS], at = 0;
            for (size_t i = 0, k = 0; i < n; i++) {
                at += -log(1 - hx_rng_uniform(&r));
                if ((i + 1) % (n / BINS) == 0) edges[k++] = at;
            }
            at += -log(1 - hx_rng_uniform(&r));
            memset(b.now, 0, sizeof b.now);
            for (size_t i = 0; i < n; i++) {
                const double v = at * hx_rng_uniform(&r);
                size_t k = 0;
                while (k + 1 < BINS && v > edges[k])
                    k++;
                b.now[k]++;
            }
            hx_drift_distances(&b, &psi, &js);
            beyond += psi > limit;
            beyond_js += js > js_limit;
            by_chi += psi > chi;
        }
        /* 20 are to be expected */
        assert_in_range(beyond, 6, 40);
        assert_in_range(beyond_js, 6, 40);
        assert_true(by_chi > 0);
    }
    /* many rows: chi2 far below what matters, nothing is drawn */
    hx_drift_bins b = {.n = 2, .before = {50000, 50000}, .now = {50000, 50000}};
    double one[2], other[2];
    hx_drift_limits(&b, 1e-4, true, &one[0], &one[1]);
    hx_drift_limits(&b, 1e-4, false, &other[0], &other[1]);
    assert_true(one[0] == other[0] && one[1] == other[1]);
}

static double choose(size_t n, size_t k) {
    double c = 1;
    for (size_t i = 0; i < k; i++)
        c = c * (double)(n - i) / (double)(i + 1);
    return c;
}

/* Fisher's law by counting: beyond the limit chance comes in at most tail / 2, at the limit in more. */
static void test_missing_limit(void **state) {
    const size_t n = 30, m = 20;
    (void)state;
    for (size_t missing = 1; missing <= 12; missing++) {
        const double limit = hx_drift_missing_limit(n, 0, m, missing, 0.02);
        double beyond = 0, at = 0;
        for (size_t y = 0; y <= missing; y++) {
            const double p = choose(m, y) * choose(n, missing - y) / choose(n + m, missing);
            const double off = (double)y / (double)m - (double)(missing - y) / (double)n;
            if (off > limit + 1e-12) beyond += p;
            if (off > limit - 1e-12) at += p;
        }
        assert_true(beyond <= 0.01 && at > 0.01);
    }
    /* the other side; none, all, and no room for either */
    assert_true(fabs(hx_drift_missing_limit(20, 9, 30, 0, 0.02) -
                     hx_drift_missing_limit(30, 0, 20, 9, 0.02)) < 1e-12);
    assert_true(hx_drift_missing_limit(30, 0, 20, 0, 0.02) == 0);
    assert_true(hx_drift_missing_limit(30, 30, 20, 20, 0.02) == 0);
    assert_true(isfinite(hx_drift_missing_limit(1, 0, 1, 1, 0.02)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),         cmocka_unit_test(test_missing_limit),
        cmocka_unit_test(test_equal_to_scipy), cmocka_unit_test(test_laws),
        cmocka_unit_test(test_holes),          cmocka_unit_test(test_runs),
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_false_alarms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
