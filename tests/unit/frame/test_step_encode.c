/* test_step_encode.c - categories, outliers and units as steps: against scikit-learn and numpy, and every rule on small tables. */
#include "step_test.h"

/* ------------------------------------------------------------------ encode */
static void test_onehot(void **state) {
    (void)state;
    hx_table *train = step_csv("c,v\nb,1\na,2\nb,3\n,4\nc,5\n"),
             *test = step_csv("c,v\nz,1\na,2\n,3\n");
    step_run_free("[{\"step\":\"encode\"}]", train, test);
    assert_csv(train, "v,c_a,c_b,c_c\n1,0,1,0\n2,1,0,0\n3,0,1,0\n4,0,0,0\n5,0,0,1\n");
    assert_csv(test, "v,c_a,c_b,c_c\n1,0,0,0\n2,1,0,0\n3,0,0,0\n");
    hx_table_free(train);
    hx_table_free(test);
    assert_step("[{\"step\":\"encode\",\"drop_first\":true}]", "c\nb\na\nc\n",
                "c_b,c_c\n1,0\n0,0\n0,1\n");
    train = step_csv("c\nb\na\nb\nc\n"), test = step_csv("c\nz\nb\nNA\n");
    step_run_free("[{\"step\":\"encode\",\"least\":2,\"keep\":true}]", train, test);
    assert_csv(train, "c,c_b,c_other\nb,1,0\na,0,1\nb,1,0\nc,0,1\n");
    assert_csv(test, "c,c_b,c_other\nz,0,1\nb,1,0\n,0,0\n");
    hx_table_free(train);
    hx_table_free(test);
    assert_step("[{\"step\":\"encode\",\"most\":1}]", "c\nother\nother\nb\n",
                "c_other,c_(other)\n1,0\n1,0\n0,1\n");
    assert_step("[{\"step\":\"encode\",\"columns\":\"n,t\"}]", "n,t\n1.5,true\n2,false\n",
                "n_1.5,n_2.0,t_false,t_true\n1,0,0,1\n0,1,1,0\n");
}

/* No column is overwritten by one that a step adds. */
static void test_taken_names(void **state) {
    (void)state;
    assert_step_fails("[{\"step\":\"encode\"}]", "c,c_a\na,1\nb,2\n",
                      "the step would add a column 'c_a', but there is one");
    assert_step_fails("[{\"step\":\"outliers\",\"columns\":\"v\"}]", "v,v_outlier\n1,1\n2,2\n",
                      "the step would add a column 'v_outlier', but there is one");
    assert_step_fails("[{\"step\":\"impute\",\"columns\":\"v\",\"mask\":true}]",
                      "v,v_missing\n1,1\n2,2\n",
                      "the step would add a column 'v_missing', but there is one");
}

static void test_ordinal_and_frequency(void **state) {
    (void)state;
    hx_table *train = step_csv("c\nlow\nhigh\nmid\nlow\nNA\n"),
             *test = step_csv("c\nmid\nhuge\nNA\n");
    step_run_free(
        "[{\"step\":\"encode\",\"method\":\"ordinal\",\"order\":[\"low\",\"mid\",\"high\"]}]",
        train, test);
    assert_csv(train, "c\n0\n2\n1\n0\n\"\"\n");
    assert_csv(test, "c\n1\n\"\"\n\"\"\n");
    hx_table_free(train);
    hx_table_free(test);
    assert_step("[{\"step\":\"encode\",\"method\":\"ordinal\"}]", "c\nlow\nhigh\nmid\n",
                "c\n1\n0\n2\n");
    assert_step("[{\"step\":\"encode\",\"method\":\"frequency\"}]", "c\nx\ny\nx\nNA\n",
                "c\n0.5\n0.25\n0.5\n0.25\n");
}

static void test_means_as_scikit_learn(void **state) {
    golden g;
    size_t n = 0;
    double zeros[60] = {0};
    (void)state;
    golden_open(&g, STEP_GOLDEN);
    for (int k = 0; k < 2; k++) {
        hx_table *train = step_table(zeros, 60, 1), *test = step_table(zeros, 20, 1);
        step_add_texts(train, "c", golden_array(&g, "category", &n));
        step_add(train, "y", golden_array(&g, "score", &n));
        step_add_texts(test, "c", golden_array(&g, "category_late", &n));
        step_run_free(k == 0 ? "[{\"step\":\"encode\",\"method\":\"target\",\"target\":\"y\"}]"
                             : "[{\"step\":\"encode\",\"method\":\"frequency\",\"columns\":\"c\"}]",
                      train, test);
        assert_golden(&g, k == 0 ? "target" : "frequency", test, "c", 1e-12);
        hx_table_free(train);
        hx_table_free(test);
    }
    golden_close(&g);
}

/* A row's own target does not reach its value: changing it changes the values of other rows alone. */
static void test_out_of_fold(void **state) {
    golden g;
    size_t n = 0;
    double before[60], after[60], y[60], zeros[60] = {0};
    (void)state;
    golden_open(&g, STEP_GOLDEN);
    memcpy(y, golden_array(&g, "score", &n), sizeof y);
    for (int k = 0; k < 2; k++) {
        hx_table *t = step_table(zeros, 60, 1);
        y[17] += 1000 * k;
        step_add_texts(t, "c", golden_array(&g, "category", &n));
        step_add(t, "y", y);
        step_run_free(
            "[{\"step\":\"encode\",\"method\":\"target\",\"target\":\"y\",\"columns\":\"c\"}]", t,
            NULL);
        hx_table_numbers(t, hx_table_find(t, HX_STR_LIT("c")), 0, 60, k == 0 ? before : after);
        hx_table_free(t);
    }
    size_t changed = 0;
    for (size_t i = 0; i < 60; i++)
        changed += before[i] != after[i];
    assert_true(before[17] == after[17]);
    assert_true(changed > 40);
    golden_close(&g);
}

static void test_target_of_texts(void **state) {
    (void)state;
    hx_table *train = step_csv("c,y\nu,no\nu,yes\nv,no\nv,no\n"), *test = step_csv("c\nu\nv\nw\n");
    step_run_free("[{\"step\":\"encode\",\"method\":\"target\",\"target\":\"y\",\"smoothing\":0}]",
                  train, test);
    assert_csv(test, "c\n0.5\n0\n0.25\n");
    hx_table_free(train);
    hx_table_free(test);
    assert_step_fails("[{\"step\":\"encode\",\"method\":\"target\",\"target\":\"y\"}]",
                      "c,y\na,x\nb,y\nc,z\n",
                      "the target 'y' has 3 values: name the one that counts as 'positive'");
    assert_step_fails("[{\"step\":\"encode\",\"method\":\"target\"}]", "c,y\na,x\n",
                      "the method 'target' needs a 'target' column");
}

static void test_hash(void **state) {
    (void)state;
    hx_table *t = step_csv("c\n上海\n北京\n上海\nNA\n");
    step_run_free("[{\"step\":\"encode\",\"method\":\"hash\",\"width\":4}]", t, NULL);
    assert_int_equal(hx_table_columns(t), 4);
    double rows[4][4];
    for (size_t j = 0; j < 4; j++)
        for (size_t i = 0; i < 4; i++)
            hx_table_numbers(t, j, i, 1, &rows[i][j]);
    for (size_t i = 0; i < 4; i++) {
        double sum = 0;
        for (size_t j = 0; j < 4; j++)
            sum += fabs(rows[i][j]);
        assert_true(sum == (i < 3 ? 1 : 0));
    }
    assert_memory_equal(rows[0], rows[2], sizeof rows[0]);
    hx_table_free(t);
}

/* Ten thousand values: one column each is refused with what to do; the rest of the methods take them. */
static void test_many_values(void **state) {
    static const char *const methods[] = {"ordinal", "frequency", "hash"};
    const size_t n = 10000;
    char steps[120];
    (void)state;
    for (int k = 0; k < 4; k++) {
        hx_table *t = NULL;
        hx_str *names = calloc(n, sizeof *names);
        uint32_t *codes = calloc(n, sizeof *codes);
        char(*texts)[12] = calloc(n, sizeof *texts);
        for (size_t i = 0; i < n; i++) {
            snprintf(texts[i], sizeof texts[i], "v%zu", i);
            names[i] = hx_str_of(texts[i]);
            codes[i] = (uint32_t)i;
        }
        assert_int_equal(hx_table_new(&t, n, NULL), HX_OK);
        assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("c"), codes, names, n, NULL), HX_OK);
        if (k < 3) {
            snprintf(steps, sizeof steps, "[{\"step\":\"encode\",\"method\":\"%s\"}]", methods[k]);
            step_run_free(steps, t, NULL);
        } else {
            hx_recipe *r = NULL;
            hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
            assert_int_equal(hx_recipe_open(&r, HX_STR_LIT("[{\"step\":\"encode\",\"most\":50}]"),
                                            NULL, 0, NULL),
                             HX_OK);
            assert_int_equal(hx_recipe_fit(r, t, NULL, &err), HX_OK);
            assert_int_equal(hx_table_columns(t), 51);
            hx_recipe_free(r);
        }
        hx_table_free(t);
        free(names);
        free(codes);
        free(texts);
    }
}

static void test_encode_nothing(void **state) {
    static const char *const methods[] = {"onehot", "ordinal", "frequency", "hash", "target"};
    char steps[120];
    (void)state;
    for (size_t k = 0; k < 5; k++) {
        hx_table *t = NULL, *one = step_csv("c,y\nx,1\n");
        snprintf(steps, sizeof steps,
                 "[{\"step\":\"encode\",\"columns\":\"c\",\"method\":\"%s\",\"target\":\"y\"}]",
                 methods[k]);
        assert_int_equal(hx_table_new(&t, 0, NULL), HX_OK);
        assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("c"), NULL, NULL, 0, NULL), HX_OK);
        assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("y"), HX_KIND_NUMBER, NULL, -1, NULL),
                         HX_OK);
        step_run_free(steps, t, one);
        assert_int_equal(hx_table_rows(one), 1);
        hx_table_free(one);
        one = step_csv("c,y\nx,1\n");
        step_run_free(steps, one, NULL);
        hx_table_free(t);
        hx_table_free(one);
    }
}

/* ------------------------------------------------------------------ outliers */
static void check_bounds(const char *method, const char *array, hx_table *t, golden *g) {
    char steps[120];
    size_t n = 0;
    double v[43], w[43];
    const double *bounds = golden_array(g, array, &n);
    snprintf(steps, sizeof steps, "[{\"step\":\"outliers\",\"action\":\"clip\",\"method\":\"%s\"}]",
             method);
    hx_table_numbers(t, 0, 0, 43, w);
    step_run_free(steps, t, NULL);
    hx_table_numbers(t, 0, 0, 43, v);
    size_t clipped = 0;
    for (size_t i = 0; i < 43; i++) {
        golden_near(v[i], fmin(fmax(w[i], bounds[0]), bounds[1]), 1e-12, array);
        clipped += v[i] != w[i];
    }
    assert_true(clipped > 0);
}

static void test_bounds(void **state) {
    static const char *const methods[] = {"iqr", "z", "mad"};
    golden g;
    size_t n = 0;
    char array[40];
    (void)state;
    golden_open(&g, STEP_GOLDEN);
    for (size_t k = 0; k < 3; k++) {
        hx_table *t = step_table(golden_array(&g, "wild", &n), 43, 1);
        snprintf(array, sizeof array, "bounds_%s", methods[k]);
        check_bounds(methods[k], array, t, &g);
        hx_table_free(t);
    }
    golden_close(&g);
}

static void test_actions(void **state) {
    const char *csv = "k,v\na,1\na,2\na,3\na,100\nb,100\nb,101\nb,\n";
    (void)state;
    assert_step("[{\"step\":\"outliers\",\"by\":\"k\",\"factor\":0.9}]", csv,
                "k,v,v_outlier\na,1,false\na,2,false\na,3,false\na,100,true\nb,100,false\nb,101,"
                "false\nb,,false\n");
    assert_step("[{\"step\":\"outliers\",\"by\":\"k\",\"factor\":0.9,\"action\":\"remove\"}]", csv,
                "k,v\na,1\na,2\na,3\nb,100\nb,101\nb,\n");
    assert_step("[{\"step\":\"outliers\",\"by\":\"k\",\"factor\":0.9,\"action\":\"missing\"}]", csv,
                "k,v\na,1\na,2\na,3\na,\nb,100\nb,101\nb,\n");
    hx_table *train = step_csv("v\n1\n2\n3\n4\n"), *test = step_csv("v\n-50\n2\n50\n");
    step_run_free("[{\"step\":\"outliers\",\"action\":\"clip\"}]", train, test);
    assert_csv(test, "v\n-0.5\n2\n5.5\n");
    hx_table_free(train);
    hx_table_free(test);
    assert_step_fails("[{\"step\":\"outliers\",\"factor\":0}]", "v\n1\n",
                      "'factor' has to be above 0");
}

static void test_outliers_nothing(void **state) {
    static const char *const methods[] = {"iqr", "z", "mad"};
    const double same[] = {7, 7, 7}, nothing[] = {NAN, NAN}, wild[] = {1, 2, 3, 4, INFINITY};
    char steps[120];
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        hx_table *a = step_table(same, 3, 1), *b = step_table(nothing, 2, 1),
                 *c = step_table(same, 0, 1);
        hx_table *d = step_table(wild, 5, 1);
        snprintf(steps, sizeof steps,
                 "[{\"step\":\"outliers\",\"method\":\"%s\",\"action\":\"remove\"}]", methods[k]);
        step_run_free(steps, b, a);
        assert_int_equal(hx_table_rows(a), 3);
        step_run_free(steps, a, b);
        step_run_free(steps, c, NULL);
        assert_int_equal(hx_table_rows(a) + hx_table_rows(b), 5);
        step_run_free(steps, d, NULL);
        assert_int_equal(hx_table_rows(d), 4);
        hx_table_free(a);
        hx_table_free(b);
        hx_table_free(c);
        hx_table_free(d);
    }
}

/* ------------------------------------------------------------------ convert */
static void test_units(void **state) {
    (void)state;
    assert_step("[{\"step\":\"convert\",\"columns\":\"h\",\"from\":\"cm\",\"to\":\"m\"}]",
                "h\n180\nNA\n165.5\n", "h\n1.8\n\"\"\n1.655\n");
    assert_step("[{\"step\":\"convert\",\"columns\":\"h\",\"from\":\"in\",\"to\":\"厘米\"}]",
                "h\n1\n10\n", "h\n2.54\n25.4\n");
    assert_step("[{\"step\":\"convert\",\"columns\":\"w\",\"from\":\"斤\",\"to\":\"kg\"}]",
                "w\n120\n", "w\n60\n");
    assert_step("[{\"step\":\"convert\",\"columns\":\"t\",\"from\":\"C\",\"to\":\"F\"}]",
                "t\n25\n-40\n", "t\n77\n-40\n");
    assert_step("[{\"step\":\"convert\",\"columns\":\"t\",\"from\":\"F\",\"to\":\"摄氏度\"}]",
                "t\n212\n32\n", "t\n100\n0\n");
    assert_step("[{\"step\":\"convert\",\"columns\":\"a\",\"from\":\"元\",\"to\":\"万\"}]",
                "a\n12000\n", "a\n1.2\n");
    assert_step("[{\"step\":\"convert\",\"columns\":\"a\",\"from\":\"元\",\"to\":\"元\"}]",
                "a\n1.2万\n3亿\n\"1,500\"\nabc\n￥99.00\n１２元\n",
                "a\n12000\n300000000\n1500\n\"\"\n99\n12\n");
    assert_step("[{\"step\":\"convert\",\"columns\":\"h\",\"from\":\"cm\",\"to\":\"cm\"}]",
                "h\n1.8m\n175 cm\n170\n6 kg\n", "h\n180\n175\n170\n\"\"\n");
    assert_step(
        "[{\"step\":\"convert\",\"columns\":\"a\",\"from\":\"USD\",\"to\":\"CNY\",\"rate\":7.25}]",
        "a\n$2\n10 USD\n3 EUR\n", "a\n14.5\n72.5\n\"\"\n");
}

/* The number of values, and what to do, are in the sentence; with either advice it works. */
static void test_too_many_values(void **state) {
    hx_buf csv;
    hx_buf_init(&csv, 1 << 20);
    (void)state;
    (void)hx_buf_append_lit(&csv, "c,v\n");
    for (int i = 0; i < 10000; i++) {
        char row[32];
        (void)snprintf(row, sizeof row, "v%d,%d\n", i, i);
        (void)hx_buf_append_lit(&csv, row);
    }
    (void)hx_buf_append(&csv, "v7,1\n", 6);
    assert_step_fails("[{\"step\":\"encode\"}]", csv.ptr,
                      "'c' has 10000 values, and a column each is possible for 4095 at most: keep "
                      "the commonest by --set most=50, or use --method hash or target");
    hx_table *t = step_csv(csv.ptr);
    step_run_free("[{\"step\":\"encode\",\"most\":1}]", t, NULL);
    assert_int_equal(hx_table_columns(t), 3);
    double v = 0;
    hx_table_numbers(t, hx_table_find(t, hx_str_of("c_v7")), 10000, 1, &v);
    assert_true(v == 1);
    hx_table_free(t);
    hx_buf_release(&csv);
}

static void test_unit_sentences(void **state) {
    (void)state;
    assert_step_fails("[{\"step\":\"convert\",\"columns\":\"a\",\"from\":\"cm\",\"to\":\"kg\"}]",
                      "a\n1\n", "'cm' and 'kg' do not measure the same");
    assert_step_fails("[{\"step\":\"convert\",\"columns\":\"a\",\"from\":\"USD\",\"to\":\"CNY\"}]",
                      "a\n1\n", "there is no unit 'USD'; for currencies give a 'rate'");
    assert_step_fails("[{\"step\":\"convert\",\"columns\":\"a\",\"to\":\"CNY\"}]", "a\n1\n",
                      "a conversion needs 'from' and 'to'");
    assert_step_fails("[{\"step\":\"convert\",\"from\":\"cm\",\"to\":\"m\"}]", "a\n1\n",
                      "'columns' has to name one column at least");
    assert_step_fails("[{\"step\":\"convert\",\"columns\":\"a\",\"from\":\"cm\",\"to\":\"m\"}]",
                      "a\n2025-01-01\n",
                      "the column 'a' is of the kind time, which this method does not take");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onehot),
        cmocka_unit_test(test_taken_names),
        cmocka_unit_test(test_ordinal_and_frequency),
        cmocka_unit_test(test_means_as_scikit_learn),
        cmocka_unit_test(test_out_of_fold),
        cmocka_unit_test(test_target_of_texts),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_encode_nothing),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_outliers_nothing),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_too_many_values),
        cmocka_unit_test(test_unit_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
