/* test_table_group.c - groups in memory against a plain count of the same rows, and against the groups of the file. */
#include <math.h>

#include "step_test.h"

#include "base/rng.h"

enum { ROWS = 5000, CITIES = 7, SHOPS = 3 };

typedef struct {
    size_t rows, values, orders;
    double sum, product, least;
    int64_t first, last;
} naive;

static void naive_row(naive *x, size_t i, double price, double quantity) {
    x->rows++;
    if (isnan(price)) return;
    x->values++;
    x->sum += price;
    x->product += price * quantity;
    if (x->values == 1 || price < x->least) x->least = price;
    if (x->values == 1) x->first = (int64_t)i;
    x->last = (int64_t)i;
}

static double at(const hx_table *t, const char *name, size_t row) {
    double v = 0;
    const size_t c = hx_table_find(t, hx_str_of(name));
    if (c == HX_COLUMN_NONE) fail_msg("no column %s", name);
    hx_table_numbers(t, c, row, 1, &v);
    return v;
}

static bool same(double a, double b) {
    return a == b || (isnan(a) && isnan(b)) || fabs(a - b) < 1e-9 * fabs(b);
}

static void check(bool real, uint64_t orders, size_t threads) {
    const hx_str names[] = {HX_STR_LIT("z"), HX_STR_LIT("a"), HX_STR_LIT("m"), HX_STR_LIT("b"),
                            HX_STR_LIT("y"), HX_STR_LIT("c"), HX_STR_LIT("x")};
    static const size_t by_name[] = {1, 3, 5, 2, 6, 4, 0}; /* in their order */
    static double price[ROWS], quantity[ROWS], shop[ROWS], order[ROWS];
    static uint32_t city[ROWS];
    static naive want[CITIES][SHOPS];
    static unsigned char seen[CITIES][SHOPS][400];
    hx_rng r;
    hx_rng_seed(&r, orders);
    memset(want, 0, sizeof want);
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < ROWS; i++) {
        city[i] = (uint32_t)hx_rng_below(&r, CITIES);
        shop[i] = (double)hx_rng_below(&r, SHOPS) - 1;
        price[i] = hx_rng_below(&r, 10) == 0 ? NAN : (double)hx_rng_below(&r, 10000) / 100;
        if (real) price[i] *= 1 + hx_rng_uniform(&r);
        quantity[i] = (double)hx_rng_below(&r, 9) - 2;
        order[i] = (double)(hx_rng_below(&r, orders) * 1000003);
        naive *x = &want[city[i]][(size_t)(shop[i] + 1)];
        naive_row(x, i, price[i], quantity[i]);
        unsigned char *mark = &seen[city[i]][(size_t)(shop[i] + 1)][(size_t)(order[i] / 1000003)];
        x->orders += *mark == 0;
        *mark = 1;
    }
    hx_table *t = NULL, *g = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    assert_int_equal(hx_table_new(&t, ROWS, NULL), HX_OK);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("city"), city, names, CITIES, NULL), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("shop"), HX_KIND_NUMBER, shop, -1, NULL),
                     HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("p"), HX_KIND_NUMBER, price, -1, NULL),
                     HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("q"), HX_KIND_NUMBER, quantity, -1, NULL),
                     HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("o"), HX_KIND_NUMBER, order, -1, NULL),
                     HX_OK);
    const hx_status status =
        hx_table_group(&g, t, "city,shop",
                       "count,count(p),sum(p),sum(p*q),mean(p),min(p),first(p),last(p),distinct(o)",
                       threads, &err);
    if (status != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(hx_table_rows(g), CITIES * SHOPS);
    for (size_t k = 0; k < CITIES * SHOPS; k++) {
        char room[64];
        const naive *x = &want[by_name[k / SHOPS]][k % SHOPS];
        assert_true(hx_str_equal(hx_table_cell(g, k, 0, room), names[by_name[k / SHOPS]]));
        assert_true(at(g, "shop", k) == (double)(k % SHOPS) - 1);
        assert_true(at(g, "count", k) == (double)x->rows &&
                    at(g, "count(p)", k) == (double)x->values);
        assert_true(same(at(g, "sum(p)", k), x->sum) && same(at(g, "sum(p*q)", k), x->product));
        assert_true(same(at(g, "mean(p)", k), x->sum / (double)x->values));
        assert_true(at(g, "min(p)", k) == x->least);
        assert_true(at(g, "first(p)", k) == price[x->first] &&
                    at(g, "last(p)", k) == price[x->last]);
        assert_true(at(g, "distinct(o)", k) == (double)x->orders);
    }
    hx_table_free(g);
    hx_table_free(t);
}

static void test_against_a_plain_count(void **state) {
    (void)state;
    check(false, 400, 1);
    check(false, 20, 3);
    check(true, 300, 2);
}

static void test_missing_and_empty(void **state) {
    (void)state;
    test_file f = test_file_new(
        "a.csv",
        HX_STR_LIT("k,s,t,v\nb,x,2026-01-02,1\n,y,2026-01-01,2\na,,,\nb,w,2026-01-03,0.5\n"));
    hx_table *t = NULL, *g = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    char room[64];
    assert_int_equal(hx_table_read(&t, f.path, NULL, NULL), HX_OK);
    test_file_remove(&f);
    assert_int_equal(hx_table_group(&g, t, "k", "sum(v),min(s),max(t),distinct(s)", 2, NULL),
                     HX_OK);
    assert_int_equal(hx_table_rows(g), 3);
    assert_true(hx_table_is_missing(g, 0, 0));
    assert_true(hx_table_is_missing(g, 1, 1) && hx_table_is_missing(g, 2, 1) &&
                hx_table_is_missing(g, 3, 1));
    assert_true(at(g, "sum(v)", 2) == 1.5 && at(g, "distinct(s)", 2) == 2 &&
                at(g, "distinct(s)", 1) == 0);
    assert_true(hx_str_equal(hx_table_cell(g, 2, 2, room), HX_STR_LIT("w")));
    assert_true(hx_str_equal(hx_table_cell(g, 2, 3, room), HX_STR_LIT("2026-01-03")));
    hx_table_free(g);
    assert_int_equal(hx_table_group(&g, t, "k", "sum(s)", 2, &err), HX_EINVAL);
    assert_string_equal(err.message, "sum(s): the column 's' holds no numbers");
    assert_int_equal(hx_table_group(&g, t, "kk", "count", 2, &err), HX_ENOTFOUND);
    assert_int_equal(hx_table_keep(t, NULL, 0, NULL), HX_OK);
    assert_int_equal(hx_table_group(&g, t, "k,v", "count,max(t)", 2, NULL), HX_OK);
    assert_int_equal(hx_table_rows(g), 0);
    assert_int_equal(hx_table_columns(g), 4);
    hx_table_free(g);
    hx_table_free(t);
}

/* Keys and values in cells of 1, 2, 4 and 8 bytes, negative ones too: every value its own group, and its own least and greatest. */
static void test_cells_of_any_width(void **state) {
    static const double steps[] = {1, 100, 1e6, 1e12};
    (void)state;
    for (size_t w = 0; w < 4; w++) {
        double v[101];
        hx_table *t = NULL, *g = NULL;
        for (size_t i = 0; i < 101; i++)
            v[i] = i == 100 ? NAN : ((double)(i % 50) - 25) * steps[w];
        assert_int_equal(hx_table_new(&t, 101, NULL), HX_OK);
        assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("v"), HX_KIND_NUMBER, v, -1, NULL),
                         HX_OK);
        assert_int_equal(
            hx_table_group(&g, t, "v", "count,min(v),max(v),sum(v),distinct(v)", 2, NULL), HX_OK);
        assert_int_equal(hx_table_rows(g), 51);
        assert_true(hx_table_is_missing(g, 0, 0) && hx_table_is_missing(g, 2, 0));
        for (size_t k = 1; k < 51; k++) {
            const double want = ((double)k - 26) * steps[w];
            assert_true(at(g, "v", k) == want && at(g, "count", k) == 2);
            assert_true(at(g, "min(v)", k) == want && at(g, "max(v)", k) == want);
            assert_true(at(g, "sum(v)", k) == 2 * want && at(g, "distinct(v)", k) == 1);
        }
        hx_table_free(g);
        hx_table_free(t);
    }
}

/* tests/golden/frame/make_group.py */
static void test_values_as_pandas(void **state) {
    static const char *const names[] = {"std", "var", "median", "q25", "q97.5", "nunique", "mode"};
    golden g;
    hx_table *t = NULL, *out = NULL;
    hx_error err = {0};
    size_t n = 0, groups = 0;
    (void)state;
    golden_open(&g, "../frame/group.txt");
    const double *key = golden_array(&g, "key", &n);
    assert_int_equal(hx_table_new(&t, n, NULL), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("key"), HX_KIND_NUMBER, key, -1, NULL), 0);
    for (size_t i = 0; i < 2; i++) {
        const char *name = i == 0 ? "value" : "whole";
        const double *v = golden_array(&g, name, &n);
        assert_int_equal(hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, v, -1, NULL), 0);
    }
    if (hx_table_group(&out, t, "key",
                       "std(value),var(value),median(value),q25(value),Q97.5(value),nunique(value),"
                       "mode(whole)",
                       2, &err) != HX_OK)
        fail_msg("%s", err.message);
    for (size_t k = 0; k < 7; k++) {
        const double *want = golden_array(&g, names[k], &groups);
        assert_int_equal(hx_table_rows(out), groups);
        for (size_t i = 0; i < groups; i++) {
            double v = 0;
            hx_table_numbers(out, k + 1, i, 1, &v);
            assert_true(same(v, want[i]));
        }
    }
    hx_table_free(out);
    hx_table_free(t);
    golden_close(&g);
}

/* Texts and times: the commonest, the least among equals; what holds no numbers is said; which ones a stream can reckon. */
static void test_mode_of_texts(void **state) {
    hx_table *out = NULL;
    hx_error err = {0};
    (void)state;
    hx_table *t =
        step_csv("k,c,d\n1,b,2026-01-03\n1,a,2026-01-03\n1,,2026-01-01\n2,x,\n2,b,\n2,x,\n");
    assert_int_equal(hx_table_group(&out, t, "k", "mode(c),mode(d)", 1, &err), HX_OK);
    assert_csv(out, "k,mode(c),mode(d)\n1,a,2026-01-03\n2,x,\n");
    hx_table_free(out);
    assert_int_equal(hx_table_group(&out, t, "k", "median(c)", 1, &err), HX_EINVAL);
    assert_string_equal(err.message, "median(c): the column 'c' holds no numbers");
    assert_int_equal(hx_table_group(&out, t, "k", "q100(k)", 1, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "there is no aggregate 'q100'"));
    assert_true(hx_group_is_streamed("count,sum(a), nunique(\"q5,std(x)\"),last(std)"));
    assert_false(hx_group_is_streamed("count, Q97.5(a)"));
    assert_false(hx_group_is_streamed("mode(a)"));
    hx_table_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_a_plain_count), cmocka_unit_test(test_missing_and_empty),
        cmocka_unit_test(test_cells_of_any_width),    cmocka_unit_test(test_values_as_pandas),
        cmocka_unit_test(test_mode_of_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
