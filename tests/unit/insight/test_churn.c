/* test_churn.c - figures against those of scikit-learn, a model whose contributions sum to its scores exactly, saved and read again, receipts
 * replayed, hostile text, and a sentence for each mistake. */
#include "unit/insight/insight_test.h"

#include <math.h>

#include "base/json.h"
#include "base/rng.h"
#include "huaxiang/insight.h"

#define ROWS 400
/* tests/golden/insight/make_risk.py */
#define GOLDEN_AUC 0.6355263814705735
#define GOLDEN_LOW 0.58532469386063501
#define GOLDEN_BRIER 0.26341200000000004
#define GOLDEN_LOG_LOSS 0.77082855323999433

static hx_arena *arena;
static hx_table *table;
static hx_churn *model;

/* Who stays long leaves less; "b" leaves more; noise tells nothing; the last ten rows have no outcome. */
static hx_table *make_table(void) {
    const hx_str kinds[2] = {HX_STR_LIT("a"), HX_STR_LIT("b")};
    static double years[ROWS], noise[ROWS], left[ROWS], ids[ROWS];
    static uint32_t codes[ROWS];
    hx_table *t;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (size_t i = 0; i < ROWS; i++) {
        years[i] = floor(10 * hx_rng_uniform(&r));
        noise[i] = hx_rng_uniform(&r);
        codes[i] = (uint32_t)hx_rng_below(&r, 2);
        const double z = 1 - 0.4 * years[i] + 1.5 * codes[i];
        left[i] = hx_rng_uniform(&r) < 1 / (1 + exp(-z));
        if (i >= ROWS - 10) left[i] = NAN;
        if (i % 17 == 0) years[i] = NAN;
        ids[i] = (double)(1000 + i);
    }
    assert_int_equal(hx_table_new(&t, ROWS, NULL), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("id"), HX_KIND_NUMBER, ids, 0, NULL),
                     HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("years"), HX_KIND_NUMBER, years, -1, NULL),
                     HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("noise"), HX_KIND_NUMBER, noise, -1, NULL),
                     HX_OK);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("plan"), codes, kinds, 2, NULL), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("left"), HX_KIND_BOOLEAN, left, -1, NULL),
                     HX_OK);
    return t;
}

static const hx_churn_options options = {
    .target = "left", .customer = "id", .seed = 1, .n_threads = 1};

static int make_model(void **state) {
    (void)state;
    arena = hx_arena_new(0);
    table = make_table();
    return hx_churn_fit(&model, table, &options, NULL) == HX_OK ? 0 : -1;
}

static int drop_model(void **state) {
    (void)state;
    hx_churn_free(model);
    hx_table_free(table);
    hx_arena_free(arena);
    return 0;
}

/* tests/golden/insight/make_risk.py: scikit-learn 1.9.1 */
static void figures_are_those_of_scikit_learn(void **state) {
    (void)state;
    enum { N = 500 };
    double p[N];
    bool left[N];
    hx_risk_quality q;
    for (size_t i = 0; i < N; i++) {
        p[i] = (double)(i * 7919 % 97 + 1) / 100;
        left[i] = i * 104729 % 89 < 20 + i * 7919 % 97 / 3;
    }
    assert_int_equal(hx_risk_measure(p, left, N, &q, NULL), HX_OK);
    assert_true(fabs(q.auc - GOLDEN_AUC) < 1e-12);
    assert_true(fabs(q.brier - GOLDEN_BRIER) < 1e-12);
    assert_true(fabs(q.log_loss - GOLDEN_LOG_LOSS) < 1e-12);
    assert_true(q.low < q.auc && q.auc < q.high);
    assert_true(fabs(q.low - GOLDEN_LOW) < 1e-12);
    double rows = 0, gone = 0;
    for (size_t k = 0; k < q.n_bands; k++) {
        rows += (double)q.bands[k].rows;
        gone += q.bands[k].left;
    }
    assert_true(rows == N && gone == q.left);
    assert_true(fabs(q.bands[0].lift - q.bands[0].left / 50 / (q.left / N)) < 1e-12);
}

static void figures_of_nonsense_are_refused(void **state) {
    (void)state;
    const double p[3] = {0.1, 0.5, 1.5};
    const bool left[3] = {true, false, true}, all[3] = {true, true, true};
    hx_risk_quality q;
    assert_int_equal(hx_risk_measure(p, left, 3, &q, NULL), HX_EINVAL);
    assert_int_equal(hx_risk_measure(p, all, 2, &q, NULL), HX_EINVAL);
    assert_int_equal(hx_risk_measure(p, left, 0, &q, NULL), HX_EINVAL);
}

static double mean_of(const double *p, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += p[i] / (double)n;
    return sum;
}

static void learns_and_is_calibrated(void **state) {
    (void)state;
    double p[ROWS];
    const hx_risk_quality q = hx_churn_out_of_fold(model);
    assert_int_equal(q.rows, ROWS - 10);
    assert_true(q.auc > 0.75 && q.auc < 0.95);
    assert_true(q.brier < q.brier_even * 0.85);
    assert_int_equal(hx_churn_apply(model, table, 1, p, NULL), HX_OK);
    assert_true(fabs(mean_of(p, ROWS) - q.left / (double)q.rows) < 0.04);
}

/* The weighing itself: expected and met numbers are equal over the rows out of fold, so the fit of one thread and of three is the same to the byte. */
static void threads_change_no_byte(void **state) {
    (void)state;
    hx_churn *other;
    hx_churn_options o = options;
    hx_str a, b;
    o.n_threads = 3;
    assert_int_equal(hx_churn_fit(&other, table, &o, NULL), HX_OK);
    assert_int_equal(hx_churn_text(model, arena, &a, NULL), HX_OK);
    assert_int_equal(hx_churn_text(other, arena, &b, NULL), HX_OK);
    assert_true(hx_str_equal(a, b));
    hx_churn_free(other);
}

static int64_t millionths(const json_t *o, const char *key) {
    return llround(json_number_value(json_object_get(o, key)) * 1e6);
}

static void contributions_sum_to_the_score(void **state) {
    (void)state;
    hx_str receipts[ROWS];
    double p[ROWS];
    assert_int_equal(hx_churn_apply(model, table, 1, p, NULL), HX_OK);
    assert_int_equal(hx_churn_explain(model, table, NULL, 0, 0, 2, arena, receipts, NULL), HX_OK);
    for (size_t i = 0; i < ROWS; i++) {
        json_t *r;
        assert_int_equal(hx_json_parse(receipts[i], 1u << 20, "it", &r, NULL), HX_OK);
        const json_t *list = json_object_get(r, "contributions");
        int64_t sum = millionths(r, "base");
        for (size_t k = 0; k < json_array_size(list); k++)
            sum += millionths(json_array_get(list, k), "contribution");
        assert_int_equal(json_array_size(list), 3); /* the id is none of them */
        assert_int_equal(sum, millionths(r, "score"));
        const double score = (double)sum / 1e6;
        assert_true(fabs(1 / (1 + exp(-score)) - p[i]) < 1e-9);
        assert_true(fabs(json_number_value(json_object_get(r, "probability")) - p[i]) < 1e-6);
        json_decref(r);
    }
}

static void receipts_come_out_again(void **state) {
    (void)state;
    hx_str text, receipts[ROWS], why;
    hx_churn *again;
    bool same;
    assert_int_equal(hx_churn_text(model, arena, &text, NULL), HX_OK);
    assert_int_equal(hx_churn_read(&again, text, NULL), HX_OK);
    assert_int_equal(hx_churn_explain(model, table, NULL, 0, 0, 1, arena, receipts, NULL), HX_OK);
    for (size_t i = 0; i < ROWS; i += 40) {
        assert_int_equal(hx_churn_verify(again, table, receipts[i], arena, &same, &why, NULL),
                         HX_OK);
        assert_true(same);
    }
    char *forged = hx_arena_alloc(arena, receipts[0].len + 1);
    memcpy(forged, receipts[0].ptr, receipts[0].len);
    char *digit = strstr(forged, "\"score\":") + 8;
    while (*digit < '1' || *digit > '8')
        digit++;
    ++*digit;
    assert_int_equal(hx_churn_verify(again, table, hx_str_of(forged), arena, &same, &why, NULL),
                     HX_OK);
    assert_false(same);
    assert_true(hx_str_equal(why, HX_STR_LIT("score")));
    assert_int_equal(hx_churn_verify(again, table, HX_STR_LIT("{}"), arena, &same, &why, NULL),
                     HX_EFORMAT);
    hx_churn_free(again);
}

/* Each byte of the head line turned into another one is refused, or makes a model that can be used. */
static void hostile_models_are_refused(void **state) {
    (void)state;
    hx_str text;
    double p[ROWS];
    assert_int_equal(hx_churn_text(model, arena, &text, NULL), HX_OK);
    char *bytes = hx_arena_alloc(arena, text.len + 1);
    const size_t head = (size_t)(strchr(text.ptr, '\n') - text.ptr);
    size_t refused = 0, tried = 0;
    for (size_t at = 0; at < head; at += 7) {
        hx_churn *m = NULL;
        memcpy(bytes, text.ptr, text.len);
        bytes[at] = (char)(bytes[at] == '7' ? '1' : '7');
        const hx_status st = hx_churn_read(&m, (hx_str){bytes, text.len}, NULL);
        tried++;
        refused += st != HX_OK;
        if (st == HX_OK) (void)!hx_churn_apply(m, table, 1, p, NULL);
        hx_churn_free(m);
    }
    assert_int_equal(refused, tried);
    hx_churn *m = NULL;
    assert_int_equal(hx_churn_read(&m, (hx_str){text.ptr, text.len / 2}, NULL), HX_EFORMAT);
    assert_int_equal(hx_churn_read(&m, HX_STR_LIT("{}"), NULL), HX_EFORMAT);
}

static void says_what_is_missing(void **state) {
    (void)state;
    hx_churn *m;
    hx_table *few;
    hx_error err = {.ui = HX_UI_EN};
    const size_t rows[3] = {1, 2, 3};
    hx_churn_options o = {.seed = 1};
    assert_int_equal(hx_churn_fit(&m, table, &o, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "say which column tells who left"));
    o.target = "nobody";
    assert_int_equal(hx_churn_fit(&m, table, &o, &err), HX_ENOTFOUND);
    o.target = "left";
    assert_int_equal(hx_table_pick(&few, table, rows, 3, NULL), HX_OK);
    assert_true(hx_churn_fit(&m, few, &o, &err) != HX_OK);
    hx_table_free(few);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_scikit_learn),
        cmocka_unit_test(figures_of_nonsense_are_refused),
        cmocka_unit_test(learns_and_is_calibrated),
        cmocka_unit_test(threads_change_no_byte),
        cmocka_unit_test(contributions_sum_to_the_score),
        cmocka_unit_test(receipts_come_out_again),
        cmocka_unit_test(hostile_models_are_refused),
        cmocka_unit_test(says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, make_model, drop_model);
}
