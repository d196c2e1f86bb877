/* test_step_interpolate.c - curves against scipy and the printed reference, gaps of tables against pandas, edges. */
#include "step_test.h"

#include "frame/spline.h"

static const struct {
    const char *name;
    hx_spline_kind kind;
} kinds[] = {{"linear", HX_SPLINE_LINEAR},   {"nearest", HX_SPLINE_NEAREST},
             {"natural", HX_SPLINE_NATURAL}, {"not-a-knot", HX_SPLINE_NOT_A_KNOT},
             {"clamped", HX_SPLINE_CLAMPED}, {"pchip", HX_SPLINE_PCHIP},
             {"akima", HX_SPLINE_AKIMA}};
#define N_KINDS (sizeof kinds / sizeof *kinds)

static void check_curve(golden *g, hx_spline_kind kind, const double *x, const double *y, size_t n,
                        const double *at, const char *array) {
    double slopes[64], room[4 * 64 + 8];
    size_t n_at = 0;
    const double *want = golden_array(g, array, &n_at);
    hx_spline s = {kind, n, x, y, slopes};
    hx_spline_fit(&s, room);
    for (size_t i = 0; i < n_at; i++)
        golden_near(hx_spline_at(&s, at[i]), want[i], 1e-9, array);
}

static void test_curves_as_scipy(void **state) {
    golden g;
    size_t n = 0, n_at = 0, n_rough = 0;
    char name[64];
    (void)state;
    golden_open(&g, STEP_GOLDEN);
    const double *x = golden_array(&g, "knots_x", &n), *y = golden_array(&g, "knots_y", &n);
    const double *at = golden_array(&g, "at", &n_at), from_first = 0.3;
    for (size_t i = 0; i < N_KINDS; i++) {
        snprintf(name, sizeof name, "spline_%s", kinds[i].name);
        check_curve(&g, kinds[i].kind, x, y, n, at, name);
        for (size_t k = 2;
             k <= 4 && kinds[i].kind >= HX_SPLINE_NATURAL && kinds[i].kind != HX_SPLINE_CLAMPED;
             k++) {
            snprintf(name, sizeof name, "short_%zu_%s", k, kinds[i].name);
            check_curve(&g, kinds[i].kind, x, y, k, &from_first, name);
        }
    }
    const double *rough = golden_array(&g, "rough", &n_rough),
                 *mid = golden_array(&g, "mid", &n_at);
    const double places[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    check_curve(&g, HX_SPLINE_PCHIP, places, rough, n_rough, mid, "rough_pchip");
    check_curve(&g, HX_SPLINE_AKIMA, places, rough, n_rough, mid, "rough_akima");
    golden_close(&g);
}

/* The printed reference: values at .5, 3, 6.2, 9 and the integral from 0 to 10, by Simpson's rule on each piece, which is exact for cubics. */
static void test_curves_as_printed(void **state) {
    static const struct {
        hx_spline_kind kind;
        double at[4], integral;
    } printed[] = {
        {HX_SPLINE_NOT_A_KNOT, {.5219840895, .1465325218, -.0547096707, .5713105737}, 2.0677703758},
        {HX_SPLINE_NATURAL, {.4822174371, .1430285912, -.0634186181, .4707858413}, 1.9256646843},
        {HX_SPLINE_CLAMPED, {.3169746810, .1287259900, -.0901044759, .1680655954}, 1.4854694354}};
    static const double places[] = {.5, 3, 6.2, 9}, x[] = {0, 1, 2.5, 3.6, 5, 7, 8.1, 10};
    double y[8], slopes[8], room[40];
    (void)state;
    for (size_t i = 0; i < 8; i++)
        y[i] = sin(x[i]);
    for (size_t k = 0; k < 3; k++) {
        hx_spline s = {printed[k].kind, 8, x, y, slopes};
        double integral = 0;
        hx_spline_fit(&s, room);
        for (size_t i = 0; i < 4; i++)
            assert_true(fabs(hx_spline_at(&s, places[i]) - printed[k].at[i]) < 1e-10);
        for (size_t i = 0; i + 1 < 8; i++)
            integral += (x[i + 1] - x[i]) / 6 *
                        (y[i] + 4 * hx_spline_at(&s, (x[i] + x[i + 1]) / 2) + y[i + 1]);
        assert_true(fabs(integral - printed[k].integral) < 1e-10);
    }
}

/* Curves go through their points, and PCHIP never beyond its neighbours. */
static void test_properties(void **state) {
    double x[30], y[30], slopes[30], room[4 * 30 + 8];
    uint64_t seed = 9;
    (void)state;
    for (size_t i = 0; i < 30; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        y[i] = (double)(seed >> 40 & 15);
        x[i] = (i > 0 ? x[i - 1] : 0) + 0.1 + (double)(seed >> 50 & 7);
    }
    for (size_t k = 0; k < N_KINDS; k++) {
        hx_spline s = {kinds[k].kind, 30, x, y, slopes};
        hx_spline_fit(&s, room);
        for (size_t i = 0; i < 30; i++)
            assert_true(fabs(hx_spline_at(&s, x[i]) - y[i]) < 1e-9);
        for (size_t i = 0; i + 1 < 30 && kinds[k].kind == HX_SPLINE_PCHIP; i++)
            for (double share = 0.1; share < 1; share += 0.1) {
                const double v = hx_spline_at(&s, x[i] + share * (x[i + 1] - x[i]));
                assert_true(v >= fmin(y[i], y[i + 1]) - 1e-12 && v <= fmax(y[i], y[i + 1]) + 1e-12);
            }
    }
}

static void test_gaps_as_pandas(void **state) {
    golden g;
    size_t n = 0;
    (void)state;
    golden_open(&g, STEP_GOLDEN);
    hx_table *t = step_table(golden_array(&g, "train", &n), 60, 4);
    step_run_free("[{\"step\":\"interpolate\"}]", t, NULL);
    assert_golden(&g, "gaps_linear", t, "abcd", 1e-12);
    hx_table_free(t);
    t = step_table(golden_array(&g, "train", &n), 60, 4);
    step_run_free("[{\"step\":\"interpolate\",\"limit\":2}]", t, NULL);
    assert_golden(&g, "gaps_linear_2", t, "abcd", 1e-12);
    hx_table_free(t);
    golden_close(&g);
}

static void test_over_time(void **state) {
    (void)state;
    assert_step("[{\"step\":\"interpolate\",\"columns\":\"v\",\"order_by\":\"t\"}]",
                "t,v\n2025-01-05,\n2025-01-01,0\n2025-01-09,8\n2025-01-02,\nNA,\n2025-01-10,\n",
                "t,v\n2025-01-05,4\n2025-01-01,0\n2025-01-09,8\n2025-01-02,1\n,\n2025-01-10,\n");
    assert_step(
        "[{\"step\":\"interpolate\",\"columns\":\"v\",\"order_by\":\"t\",\"extrapolate\":true}]",
        "t,v\n2025-01-01,0\n2025-01-09,8\n2025-01-10,\n",
        "t,v\n2025-01-01,0\n2025-01-09,8\n2025-01-10,9\n");
    assert_step("[{\"step\":\"interpolate\",\"by\":\"k\"}]",
                "k,v\na,1\nb,10\na,\nb,\na,3\nb,30\na,\n",
                "k,v\na,1\nb,10\na,2\nb,20\na,3\nb,30\na,\n");
    assert_step("[{\"step\":\"interpolate\",\"order_by\":\"x\"}]", "x,v\n1,2\n1,4\n2,\n3,5\n",
                "x,v\n1,2\n1,4\n2,4\n3,5\n");
}

static void test_edges(void **state) {
    char steps[160];
    (void)state;
    for (size_t k = 0; k < N_KINDS; k++) {
        snprintf(steps, sizeof steps,
                 "[{\"step\":\"interpolate\",\"method\":\"%s\",\"extrapolate\":true}]",
                 kinds[k].name);
        const double one[] = {NAN, 3, NAN}, none[] = {0};
        hx_table *t = step_table(one, 3, 1), *empty = step_table(none, 0, 1);
        step_run_free(steps, t, empty);
        assert_int_equal(hx_table_column_at(t, 0)->missing,
                         kinds[k].kind == HX_SPLINE_NEAREST ? 0 : 2);
        hx_table_free(t);
        hx_table_free(empty);
        const double wild[] = {1, INFINITY, NAN, 3, NAN, NAN};
        t = step_table(wild, 6, 1);
        step_run_free(steps, t, NULL);
        double v[6];
        hx_table_numbers(t, 0, 0, 6, v);
        assert_true(isinf(v[1]) && isfinite(v[2]) && isfinite(v[5]));
        hx_table_free(t);
    }
    assert_step_fails("[{\"step\":\"interpolate\",\"columns\":\"b\"}]", "a,b\n1,x\n",
                      "the column 'b' is of the kind text, which this method does not take");
    assert_step_fails("[{\"step\":\"interpolate\",\"order_by\":\"bb\"}]", "a,b\n1,x\n",
                      "there is no column 'bb'; did you mean 'b'?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curves_as_scipy), cmocka_unit_test(test_curves_as_printed),
        cmocka_unit_test(test_properties),      cmocka_unit_test(test_gaps_as_pandas),
        cmocka_unit_test(test_over_time),       cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
