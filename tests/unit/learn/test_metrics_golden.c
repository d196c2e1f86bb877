/* test_metrics_golden.c - figures beside scikit-learn's and scipy's, to 1e-9: tests/golden/learn/metrics.txt, made by make_metrics.py there. */
#include "golden.h"

#include "learn/metrics.h"

#define NEAR 1e-9

static const char *name_of(char *out, const char *set, const char *array) {
    snprintf(out, 64, "%s.%s", set, array);
    return out;
}

static void check_figures(golden *g, const char *set, const hx_classification *c) {
    char name[64];
    size_t n;
    const double *want = golden_array(g, name_of(name, set, "figures"), &n);
    const double got[] = {c->accuracy,
                          c->balanced_accuracy,
                          c->kappa,
                          c->mcc,
                          c->macro_precision,
                          c->macro_recall,
                          c->macro_f1,
                          c->micro_precision,
                          c->micro_recall,
                          c->micro_f1,
                          c->weighted_precision,
                          c->weighted_recall,
                          c->weighted_f1,
                          c->log_loss,
                          c->brier,
                          c->ece,
                          c->auc,
                          c->pr_auc};
    assert_int_equal(n, sizeof got / sizeof *got);
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s figure %zu", set, i);
        golden_near(got[i], want[i], NEAR, name);
    }
}

static void check_classes(golden *g, const char *set, const hx_classification *c) {
    char name[64];
    size_t n;
    const double *confusion = golden_array(g, name_of(name, set, "confusion"), &n);
    assert_int_equal(n, c->n_classes * c->n_classes);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(c->confusion[i], (uint64_t)confusion[i]);
    const double *classes = golden_array(g, name_of(name, set, "classes"), &n);
    assert_int_equal(n, 3 * c->n_classes);
    for (size_t k = 0; k < c->n_classes; k++) {
        golden_near(c->classes[k].precision, classes[3 * k], NEAR, "precision");
        golden_near(c->classes[k].recall, classes[3 * k + 1], NEAR, "recall");
        golden_near(c->classes[k].f1, classes[3 * k + 2], NEAR, "F1");
    }
}

static void check_pairs(golden *g, const char *set, const uint32_t *labels, const uint32_t *said,
                        const float *logits, size_t n, size_t n_classes) {
    char name[64];
    size_t m;
    const uint32_t *other = golden_u32(g, name_of(name, set, "other"), &m);
    const double *want = golden_array(g, name_of(name, set, "mcnemar"), &m);
    hx_mcnemar test = hx_mcnemar_of(labels, said, other, n);
    assert_int_equal(test.b, (uint64_t)want[0]);
    assert_int_equal(test.c, (uint64_t)want[1]);
    golden_near(test.p, want[2], NEAR, "p");
    want = golden_array(g, name_of(name, set, "temperature"), &m);
    golden_near(hx_temperature_fit(logits, labels, n, n_classes), want[0], 1e-7, "temperature");
}

static void check_set(const char *set, size_t n_classes) {
    golden g;
    char name[64];
    size_t n, m;
    hx_error err = {0};
    hx_classification c;
    golden_open(&g, "metrics.txt");
    const uint32_t *labels = golden_u32(&g, name_of(name, set, "labels"), &n);
    const float *p = golden_f32(&g, name_of(name, set, "p"), &m);
    const float *logits = golden_f32(&g, name_of(name, set, "logits"), &m);
    uint32_t *said = hx_arena_alloc(g.arena, n * sizeof *said);
    assert_int_equal(m, n * n_classes);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 1; k < n_classes; k++)
            if (p[i * n_classes + k] > p[i * n_classes + said[i]]) said[i] = (uint32_t)k;
    assert_int_equal(hx_classification_of(labels, said, p, n, n_classes, g.arena, &c, &err), HX_OK);
    check_figures(&g, set, &c);
    check_classes(&g, set, &c);
    check_pairs(&g, set, labels, said, logits, n, n_classes);
    golden_close(&g);
}

static void test_two(void **state) {
    (void)state;
    check_set("two", 2);
}
static void test_ties(void **state) {
    (void)state;
    check_set("ties", 2);
}
static void test_five(void **state) {
    (void)state;
    check_set("five", 5);
}

static void test_ks(void **state) {
    (void)state;
    golden g;
    size_t n, m;
    golden_open(&g, "metrics.txt");
    const char *const sets[] = {"two", "ties"};
    for (size_t s = 0; s < 2; s++) {
        char name[64];
        const uint32_t *labels = golden_u32(&g, name_of(name, sets[s], "labels"), &n);
        const double *p = golden_array(&g, name_of(name, sets[s], "p"), &m);
        const double *want = golden_array(&g, name_of(name, sets[s], "ks"), &m);
        uint8_t *is = hx_arena_alloc(g.arena, n);
        double *scores = hx_arena_alloc(g.arena, n * sizeof *scores);
        for (size_t i = 0; i < n; i++) {
            is[i] = (uint8_t)labels[i];
            scores[i] = p[2 * i + 1];
        }
        golden_near(hx_ks(is, scores, n, g.arena), want[0], NEAR, "KS");
    }
    golden_close(&g);
}

static void test_many(void **state) {
    (void)state;
    golden g;
    size_t n, m;
    hx_error err = {0};
    hx_multilabel f;
    golden_open(&g, "metrics.txt");
    const float *labels = golden_f32(&g, "many.labels", &n), *p = golden_f32(&g, "many.p", &m);
    const double *want = golden_array(&g, "many.figures", &m);
    assert_int_equal(hx_multilabel_of(labels, p, n / 6, 6, 0.5f, g.arena, &f, &err), HX_OK);
    const double got[] = {f.micro_f1, f.macro_f1,  f.sample_f1, f.exact,
                          f.hamming,  f.macro_auc, f.micro_auc};
    assert_int_equal(m, sizeof got / sizeof *got);
    for (size_t i = 0; i < m; i++)
        golden_near(got[i], want[i], NEAR, "several labels");
    golden_close(&g);
}

static void test_numbers(void **state) {
    (void)state;
    golden g;
    size_t n, m;
    hx_error err = {0};
    hx_regression f;
    golden_open(&g, "metrics.txt");
    const double *y = golden_array(&g, "number.y", &n), *e = golden_array(&g, "number.e", &m);
    const double *want = golden_array(&g, "number.figures", &m);
    assert_int_equal(hx_regression_of(y, e, n, &f, &err), HX_OK);
    const double got[] = {f.rmse, f.mae, f.r2, f.median_error, f.max_error, f.mape};
    assert_int_equal(m, sizeof got / sizeof *got);
    for (size_t i = 0; i < m; i++)
        golden_near(got[i], want[i], NEAR, "numbers");
    golden_close(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_two),  cmocka_unit_test(test_ties),
                                       cmocka_unit_test(test_five), cmocka_unit_test(test_ks),
                                       cmocka_unit_test(test_many), cmocka_unit_test(test_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
