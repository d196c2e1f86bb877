/* test_metrics.c - figures where they are not defined, hostile input, and properties that hold for all rows. */
#include "golden.h"

#include "base/rng.h"
#include "learn/metrics.h"

static hx_arena *arena;

static int open_arena(void **state) {
    (void)state;
    arena = hx_arena_new(0);
    return arena ? 0 : -1;
}
static int close_arena(void **state) {
    (void)state;
    hx_arena_free(arena);
    return 0;
}

static void test_one_class(void **state) {
    (void)state;
    const uint32_t labels[] = {1, 1, 1}, said[] = {1, 1, 1};
    const float p[] = {0.25f, 0.75f, 0.5f, 0.5f, 0, 1};
    hx_error err = {0};
    hx_classification c;
    assert_int_equal(hx_classification_of(labels, said, p, 3, 2, arena, &c, &err), HX_OK);
    golden_near(c.accuracy, 1, 0, "accuracy");
    golden_near(c.macro_f1, 1, 0, "macro F1");
    assert_true(isnan(c.auc) && isnan(c.kappa) && isnan(c.mcc));
    golden_near(c.pr_auc, 1, 0, "average precision");
    assert_true(isnan(c.classes[0].precision) && isnan(c.classes[0].recall));
    golden_near(c.log_loss, -(log(0.75) + log(0.5) + log(1 - 1.1920928955078125e-07)) / 3, 1e-12,
                "log loss");
}

static void test_never_predicted(void **state) {
    (void)state;
    const uint32_t labels[] = {0, 1, 2, 2}, said[] = {0, 0, 2, 0};
    hx_error err = {0};
    hx_classification c;
    assert_int_equal(hx_classification_of(labels, said, NULL, 4, 4, arena, &c, &err), HX_OK);
    assert_true(isnan(c.classes[1].precision));
    golden_near(c.classes[1].recall, 0, 0, "recall");
    assert_true(isnan(c.classes[3].f1));
    golden_near(c.macro_precision, (1.0 / 3 + 0 + 1) / 3, 1e-15, "macro precision");
    assert_true(isnan(c.log_loss) && isnan(c.auc) && isnan(c.ece));
}

static void test_no_rows(void **state) {
    (void)state;
    hx_error err = {0};
    hx_classification c;
    hx_regression r;
    hx_multilabel m;
    hx_span_metrics s;
    double ece;
    assert_int_equal(hx_classification_of(NULL, NULL, NULL, 0, 3, arena, &c, &err), HX_OK);
    assert_true(isnan(c.accuracy) && isnan(c.macro_f1) && c.confusion[8] == 0);
    assert_int_equal(hx_regression_of(NULL, NULL, 0, &r, &err), HX_OK);
    assert_true(isnan(r.rmse) && isnan(r.median_error));
    assert_int_equal(hx_multilabel_of(NULL, NULL, 0, 3, 0.5f, arena, &m, &err), HX_OK);
    assert_true(isnan(m.micro_f1) && isnan(m.micro_auc));
    assert_int_equal(hx_spans_of(NULL, 0, NULL, 0, arena, &s, &err), HX_OK);
    assert_true(isnan(s.precision) && isnan(s.f1));
    assert_int_equal(hx_calibration_bins(NULL, NULL, 0, 2, 10, arena, NULL, &ece), 0);
    assert_true(isnan(ece) && isnan(hx_ece_limit(NULL, 0, 2, 10, 5, 1, arena)));
    assert_true(isnan(hx_auc(NULL, NULL, 0, arena)) && isnan(hx_ks(NULL, NULL, 0, arena)));
    assert_true(isnan(hx_temperature_fit(NULL, NULL, 0, 2)));
}

static void test_refused(void **state) {
    (void)state;
    const uint32_t labels[] = {0, 5}, said[] = {0, 0}, fine[] = {0, 1};
    const float p[] = {1, 0, NAN, 0.5f};
    const double values[] = {1, NAN};
    const uint8_t is[] = {0, 1};
    hx_error err = {0};
    hx_classification c;
    hx_regression r;
    hx_multilabel m;
    assert_int_equal(hx_classification_of(labels, said, NULL, 2, 2, arena, &c, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "row 2: label 5 or prediction 0 is not below the number of classes, 2");
    assert_int_equal(hx_classification_of(fine, said, p, 2, 2, arena, &c, &err), HX_EINVAL);
    assert_string_equal(err.message, "row 2: a probability is not a number");
    assert_int_equal(hx_multilabel_of(p, p, 2, 2, 0.5f, arena, &m, &err), HX_EINVAL);
    assert_int_equal(hx_regression_of(values, values, 2, &r, &err), HX_EINVAL);
    assert_string_equal(err.message, "row 2: a value or prediction is not a number");
    assert_true(isnan(hx_auc(is, values, 2, arena)));
    assert_true(isnan(hx_average_precision(is, values, 2, arena)));
}

static void test_ties(void **state) {
    (void)state;
    const uint8_t is[] = {0, 1, 0, 1, 1};
    const double all_same[] = {2, 2, 2, 2, 2}, best[] = {0, 1, 0, 1, 1}, worst[] = {1, 0, 1, 0, 0};
    golden_near(hx_auc(is, all_same, 5, arena), 0.5, 0, "AUC of ties");
    golden_near(hx_average_precision(is, all_same, 5, arena), 0.6, 1e-15, "AP of ties");
    golden_near(hx_ks(is, all_same, 5, arena), 0, 0, "KS of ties");
    golden_near(hx_auc(is, best, 5, arena), 1, 0, "best AUC");
    golden_near(hx_auc(is, worst, 5, arena), 0, 0, "worst AUC");
    golden_near(hx_ks(is, worst, 5, arena), 1, 0, "worst KS");
}

/* Of all pairs, as the definition has it. */
static void test_auc_by_pairs(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, 3);
    for (int round = 0; round < 200; round++) {
        uint8_t is[12];
        double scores[12], pairs = 0, right = 0;
        size_t n = 2 + hx_rng_below(&rng, 11);
        for (size_t i = 0; i < n; i++) {
            is[i] = (uint8_t)hx_rng_below(&rng, 2);
            scores[i] = (double)hx_rng_below(&rng, 5);
        }
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) {
                if (!is[i] || is[j]) continue;
                pairs++;
                right += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
            }
        double auc = hx_auc(is, scores, n, arena);
        if (pairs > 0)
            golden_near(auc, right / pairs, 1e-12, "AUC");
        else
            assert_true(isnan(auc));
    }
}

static void test_bootstrap(void **state) {
    (void)state;
    enum { ROWS = 400 };
    uint32_t labels[ROWS], said[ROWS];
    uint64_t room[6];
    hx_error err = {0};
    hx_metric_interval a, b, f;
    for (uint32_t i = 0; i < ROWS; i++) {
        labels[i] = i % 2;
        said[i] = i % 10 == 0 ? !labels[i] : labels[i]; /* 90 % right */
    }
    assert_int_equal(
        hx_bootstrap(labels, said, ROWS, 2, hx_figure_accuracy, NULL, 2000, 0.95, 7, &a, &err),
        HX_OK);
    assert_int_equal(
        hx_bootstrap(labels, said, ROWS, 2, hx_figure_accuracy, NULL, 2000, 0.95, 7, &b, &err),
        HX_OK);
    assert_memory_equal(&a, &b, sizeof a);
    /* 0.9 -+ 1.96 sqrt(0.9 * 0.1 / 400) */
    golden_near(a.low, 0.9 - 0.0294, 0.006, "low");
    golden_near(a.high, 0.9 + 0.0294, 0.006, "high");
    assert_int_equal(
        hx_bootstrap(labels, said, ROWS, 2, hx_figure_macro_f1, room, 500, 0.9, 7, &f, &err),
        HX_OK);
    assert_true(f.low < f.high && f.low > 0.85 && f.high < 0.95);
    assert_int_equal(
        hx_bootstrap(labels, said, 0, 2, hx_figure_accuracy, NULL, 10, 0.9, 7, &a, &err),
        HX_EINVAL);
    assert_int_equal(
        hx_bootstrap(labels, said, ROWS, 2, hx_figure_accuracy, NULL, 10, 1, 7, &a, &err),
        HX_EINVAL);
    assert_string_equal(err.message, "a bootstrap needs rows, rounds and a level between 0 and 1");
}

static void test_mcnemar(void **state) {
    (void)state;
    const uint32_t labels[] = {0, 0, 0, 0, 0, 0}, a[] = {0, 0, 0, 0, 0, 1},
                   b[] = {1, 1, 1, 1, 1, 0};
    hx_mcnemar same = hx_mcnemar_of(labels, a, a, 6), m = hx_mcnemar_of(labels, a, b, 6);
    assert_int_equal(same.b + same.c, 0);
    golden_near(same.p, 1, 0, "p of the same");
    assert_int_equal(m.b, 5);
    assert_int_equal(m.c, 1);
    golden_near(m.p, 2 * (1 + 6) / 64.0, 1e-12, "p");
}

static void test_calibration(void **state) {
    (void)state;
    enum { ROWS = 2000 };
    static const float levels[] = {0.55f, 0.7f, 0.85f, 0.95f};
    float p[2 * ROWS];
    uint32_t calibrated[ROWS], boasting[ROWS];
    double ece, bad;
    hx_rng rng;
    hx_rng_seed(&rng, 11);
    for (size_t i = 0; i < ROWS; i++) {
        p[2 * i + 1] = levels[i % 4];
        p[2 * i] = 1 - p[2 * i + 1];
        calibrated[i] = hx_rng_uniform(&rng) < (double)p[2 * i + 1];
        boasting[i] = hx_rng_uniform(&rng) < 0.6;
    }
    hx_calibration_bin bins[10];
    assert_int_equal(hx_calibration_bins(calibrated, p, ROWS, 2, 10, arena, bins, &ece), 10);
    (void)hx_calibration_bins(boasting, p, ROWS, 2, 10, arena, bins, &bad);
    double limit = hx_ece_limit(p, ROWS, 2, 10, 200, 1, arena);
    assert_true(ece < limit && limit < bad);
    size_t rows = 0;
    for (size_t b = 0; b < 10; b++)
        rows += bins[b].n;
    assert_int_equal(rows, ROWS);
    assert_int_equal(hx_calibration_bins(calibrated, p, 3, 2, 10, arena, bins, &ece), 3);
}

static void test_temperature_ends(void **state) {
    (void)state;
    const float sure[] = {5, 0, 5, 0}, wrong[] = {0, 5, 0, 5};
    const uint32_t labels[] = {0, 0};
    golden_near(hx_temperature_fit(sure, labels, 2, 2), 0.05, 0, "always right");
    golden_near(hx_temperature_fit(wrong, labels, 2, 2), 20, 0, "always wrong");
}

static void test_spans(void **state) {
    (void)state;
    const hx_labelled_span gold[] = {{0, 0, 2, 1}, {0, 3, 5, 2}, {1, 0, 4, 1}};
    const hx_labelled_span found[] = {{1, 0, 4, 1}, {0, 0, 2, 1}, {0, 3, 5, 1}, {0, 0, 2, 1}};
    hx_error err = {0};
    hx_span_metrics s;
    assert_int_equal(hx_spans_of(gold, 3, found, 4, arena, &s, &err), HX_OK);
    assert_int_equal(s.n_right, 2);
    golden_near(s.precision, 0.5, 0, "precision");
    golden_near(s.recall, 2.0 / 3, 1e-15, "recall");
    golden_near(s.f1, 4.0 / 7, 1e-15, "F1");
    assert_int_equal(hx_spans_of(gold, 3, NULL, 0, arena, &s, &err), HX_OK);
    assert_true(isnan(s.precision));
    golden_near(s.f1, 0, 0, "F1 of nothing found");
}

static void test_numbers(void **state) {
    (void)state;
    const double same[] = {2, 2, 2}, said[] = {1, 2, 4}, zero[] = {0, 1, 2};
    hx_error err = {0};
    hx_regression r;
    assert_int_equal(hx_regression_of(same, said, 3, &r, &err), HX_OK);
    assert_true(isnan(r.r2));
    golden_near(r.mae, 1, 1e-15, "MAE");
    golden_near(r.max_error, 2, 0, "greatest error");
    assert_int_equal(hx_regression_of(zero, said, 3, &r, &err), HX_OK);
    assert_true(isnan(r.mape) && !isnan(r.r2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_class),   cmocka_unit_test(test_never_predicted),
        cmocka_unit_test(test_no_rows),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_ties),        cmocka_unit_test(test_auc_by_pairs),
        cmocka_unit_test(test_bootstrap),   cmocka_unit_test(test_mcnemar),
        cmocka_unit_test(test_calibration), cmocka_unit_test(test_temperature_ends),
        cmocka_unit_test(test_spans),       cmocka_unit_test(test_numbers)};
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
