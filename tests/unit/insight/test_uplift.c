/* test_uplift.c - the worth of splits as the paper defines it, trees that find what was planted, three ways that beat chance, and a sentence for each mistake. */
#include "unit/insight/insight_test.h"

#include <math.h>

#include "base/rng.h"
#include "huaxiang/insight.h"
#include "insight/uplift_tree.h"

#define ROWS 1500

static hx_table *table;
static double truth[ROWS];

/* tests/golden/insight/make_uplift_gain.py */
static const struct {
    hx_uplift_counts left, right;
    double worth;
} splits[] = {
    {{{50, 50}, {10, 30}}, {{60, 40}, {30, 10}}, 0.19102556487797545},
    {{{5, 90}, {1, 40}}, {{200, 7}, {100, 7}}, 0.17484897525052348},
    {{{30, 30}, {15, 15}}, {{30, 30}, {15, 15}}, 0.0},
};

static void splits_are_worth_what_the_paper_says(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
        assert_true(fabs(hx_uplift_gain(&splits[i].left, &splits[i].right) - splits[i].worth) <
                    1e-14);
        assert_true(fabs(hx_uplift_gain(&splits[i].right, &splits[i].left) -
                         hx_uplift_gain(&splits[i].left, &splits[i].right)) < 1e-14);
    }
}

/* A contact helps where x is above 0.6, harms below 0.2; noise tells nothing. */
static int make_rows(void **state) {
    static double x[ROWS], noise[ROWS], sent[ROWS], stayed[ROWS], id[ROWS];
    hx_rng r;
    (void)state;
    hx_rng_seed(&r, TEST_SEED);
    for (size_t i = 0; i < ROWS; i++) {
        x[i] = hx_rng_uniform(&r);
        noise[i] = hx_rng_uniform(&r);
        sent[i] = hx_rng_uniform(&r) < 0.4;
        truth[i] = x[i] > 0.6 ? 0.5 : x[i] < 0.2 ? -0.3 : 0;
        stayed[i] = hx_rng_uniform(&r) < 0.4 + truth[i] * sent[i];
        id[i] = (double)i;
    }
    if (hx_table_new(&table, ROWS, NULL) != HX_OK) return -1;
    const struct {
        hx_str name;
        hx_kind kind;
        const double *values;
    } columns[] = {{HX_STR_LIT("id"), HX_KIND_NUMBER, id},
                   {HX_STR_LIT("x"), HX_KIND_NUMBER, x},
                   {HX_STR_LIT("noise"), HX_KIND_NUMBER, noise},
                   {HX_STR_LIT("sent"), HX_KIND_BOOLEAN, sent},
                   {HX_STR_LIT("stayed"), HX_KIND_BOOLEAN, stayed}};
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        if (hx_table_put_numbers(table, columns[k].name, columns[k].kind, columns[k].values, -1,
                                 NULL) != HX_OK)
            return -1;
    return 0;
}

static int drop_rows(void **state) {
    (void)state;
    hx_table_free(table);
    return 0;
}

static void one_tree_finds_the_borders(void **state) {
    (void)state;
    double x[ROWS];
    bool sides[2 * ROWS];
    const hx_uplift_tree_options o = {.trees = 1, .depth = 2, .least = 50};
    hx_uplift_trees *t;
    hx_table_numbers(table, 1, 0, ROWS, x);
    for (size_t k = 0; k < 2; k++) {
        double v[ROWS];
        hx_table_numbers(table, 3 + k, 0, ROWS, v);
        for (size_t i = 0; i < ROWS; i++)
            sides[k * ROWS + i] = v[i] > 0;
    }
    assert_int_equal(hx_uplift_trees_fit(&t, x, ROWS, 1, sides, sides + ROWS, &o, NULL), HX_OK);
    assert_true(hx_uplift_trees_leaves(t) >= 3 && hx_uplift_trees_leaves(t) <= 4);
    const double low = 0.05, middle = 0.4, high = 0.9;
    assert_true(fabs(hx_uplift_trees_score(t, &high) - 0.5) < 0.12);
    assert_true(fabs(hx_uplift_trees_score(t, &middle)) < 0.12);
    assert_true(fabs(hx_uplift_trees_score(t, &low) + 0.3) < 0.15);
    hx_uplift_trees_free(t);
    const hx_uplift_tree_options deep = {.trees = 1, .depth = 99};
    assert_int_equal(hx_uplift_trees_fit(&t, x, ROWS, 1, sides, sides + ROWS, &deep, NULL),
                     HX_EINVAL);
}

static hx_uplift_options usual(void) {
    return (hx_uplift_options){.treatment = "sent",
                               .outcome = "stayed",
                               .customer = "id",
                               .method = HX_UPLIFT_METHODS,
                               .rounds = 50,
                               .seed = 3,
                               .n_threads = 1};
}

static double correlation(const double *a, const double *b) {
    double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < ROWS; i++) {
        ma += a[i] / ROWS;
        mb += b[i] / ROWS;
    }
    for (size_t i = 0; i < ROWS; i++) {
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
        ab += (a[i] - ma) * (b[i] - mb);
    }
    return ab / sqrt(aa * bb);
}

static void each_way_finds_whom_a_contact_changes(void **state) {
    (void)state;
    double scores[ROWS], again[ROWS];
    hx_uplift_report r;
    hx_uplift_options o = usual();
    for (int m = 0; m < HX_UPLIFT_METHODS; m++) {
        o.method = (hx_uplift_method)m;
        assert_int_equal(hx_uplift_learn(table, NULL, &o, scores, &r, NULL), HX_OK);
        assert_int_equal(r.best, m);
        assert_true(r.quality[m].qini.low > 0);
        assert_true(correlation(scores, truth) > 0.7);
        assert_true(r.bands[0].met > 0.3 && r.bands[HX_UPLIFT_BANDS - 1].met < 0);
    }
    assert_int_equal(r.rows, ROWS);
    o = usual();
    assert_int_equal(hx_uplift_learn(table, NULL, &o, scores, &r, NULL), HX_OK);
    for (int m = 0; m < HX_UPLIFT_METHODS; m++)
        assert_true(r.quality[r.best].qini.value >= r.quality[m].qini.value);
    o.n_threads = 3;
    assert_int_equal(hx_uplift_learn(table, NULL, &o, again, &r, NULL), HX_OK);
    assert_memory_equal(scores, again, sizeof scores);
}

/* Rows of another table, without side and outcome, by models of all rows. */
static void scores_other_rows(void **state) {
    (void)state;
    const double x[3] = {0.05, 0.4, 0.9}, noise[3] = {0.5, 0.5, 0.5};
    double scores[3];
    hx_table *fresh;
    hx_uplift_report r;
    const hx_uplift_options o = usual();
    assert_int_equal(hx_table_new(&fresh, 3, NULL), HX_OK);
    assert_int_equal(hx_table_put_numbers(fresh, HX_STR_LIT("x"), HX_KIND_NUMBER, x, -1, NULL),
                     HX_OK);
    assert_int_equal(
        hx_table_put_numbers(fresh, HX_STR_LIT("noise"), HX_KIND_NUMBER, noise, -1, NULL), HX_OK);
    assert_int_equal(hx_uplift_learn(table, fresh, &o, scores, &r, NULL), HX_OK);
    assert_true(scores[0] < scores[1] && scores[1] < scores[2]);
    assert_true(scores[0] < 0 && scores[2] > 0.3);
    hx_table_free(fresh);
}

static void refused(const hx_table *t, hx_uplift_options o, const char *part) {
    hx_uplift_report r;
    hx_error err = {.ui = HX_UI_EN};
    assert_true(hx_uplift_learn(t, NULL, &o, NULL, &r, &err) != HX_OK);
    assert_non_null(strstr(err.message, part));
}

static void says_what_is_missing(void **state) {
    (void)state;
    hx_table *few;
    size_t rows[60];
    hx_uplift_options o = usual();
    o.outcome = NULL;
    refused(table, o, "say which columns tell who was treated");
    o.outcome = "nobody";
    refused(table, o, "there is no column 'nobody'");
    for (size_t i = 0; i < 60; i++)
        rows[i] = i;
    assert_int_equal(hx_table_pick(&few, table, rows, 60, NULL), HX_OK);
    refused(few, usual(), "at least 50 treated and 50 untreated rows");
    hx_table_free(few);
    const hx_str words[2] = {HX_STR_LIT("mail"), HX_STR_LIT("none")};
    uint32_t codes[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        codes[i] = i % 2;
    assert_int_equal(hx_table_put_texts(table, HX_STR_LIT("group"), codes, words, 2, NULL), HX_OK);
    o = usual();
    o.treatment = "group";
    refused(table, o, "'group' holds texts: say by --treated which of them means yes");
    o.treated = "post";
    refused(table, o, "'post' is no value");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_are_worth_what_the_paper_says),
        cmocka_unit_test(one_tree_finds_the_borders),
        cmocka_unit_test(each_way_finds_whom_a_contact_changes),
        cmocka_unit_test(scores_other_rows),
        cmocka_unit_test(says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, make_rows, drop_rows);
}
