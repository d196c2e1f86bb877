/* test_run_report.c - the page of a run: what stands in it, in both languages, and that nothing of the data can become markup.
 * With HX_REPORT_OUT=FILE in the environment the example page is written there, to be looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "huaxiang/learn.h"
#include "model/run_report.h"

enum { ROWS = 600, LABELS = 4, WRONG = 8 };

typedef struct {
    uint32_t labels[ROWS], said[ROWS];
    float p[ROWS * LABELS];
    hx_report_wrong wrong[WRONG];
    hx_report_leak leak;
    hx_dataset_check check;
    hx_buf log;
    hx_arena *arena;
    hx_run_report report;
} example;

static const char *const names[LABELS] = {"物流", "质量", "服务", "<b>价格"};

static void make_answers(example *x) {
    hx_rng rng;
    hx_rng_seed(&rng, 8);
    for (size_t i = 0; i < ROWS; i++) {
        float sum = 0, *p = x->p + i * LABELS;
        x->labels[i] = (uint32_t)hx_rng_below(&rng, LABELS);
        for (uint32_t k = 0; k < LABELS; k++) {
            double z = 2.5 * hx_rng_uniform(&rng) + (k == x->labels[i] ? 2 : 0);
            p[k] = (float)exp(z);
            sum += p[k];
        }
        for (uint32_t k = 0; k < LABELS; k++) {
            p[k] /= sum;
            if (p[k] > p[x->said[i]]) x->said[i] = k;
        }
    }
}

static void make_log(example *x) {
    hx_buf_init(&x->log, 1 << 20);
    for (int step = 10; step <= 1500; step += 10) {
        double share = step / 1500.0;
        hx_buf_printf(&x->log,
                      "{\"step\":%d,\"loss\":%.4f,\"rate\":%.6f,\"norm\":%.3f,\"tokens\":9}\n",
                      step, 0.3 + 1.1 * exp(-4 * share) + 0.05 * sin(step), 3e-4 * (1 - share),
                      1 + 0.4 * cos(step));
        if (step % 300 == 0)
            hx_buf_printf(&x->log,
                          "{\"step\":%d,\"validation\":{\"loss\":%.4f,\"accuracy\":%.4f,"
                          "\"macro_f1\":%.4f}}\n",
                          step, 0.42 + 0.9 * exp(-5 * share), 0.92 - 0.3 * exp(-4 * share),
                          0.9 - 0.32 * exp(-4 * share));
    }
    hx_buf_append_lit(&x->log, "{\"step\":1510,\"loss\":null}\nnot json\n");
}

static void make_wrong(example *x) {
    uint32_t rows[WRONG];
    size_t n = hx_report_worst(x->labels, x->said, x->p, ROWS, LABELS, WRONG, rows);
    for (size_t i = 0; i < n; i++)
        x->wrong[i] = (hx_report_wrong){
            HX_STR_LIT("快递三天才到，<script>alert(1)</script> 包装也破了 & 没人管 \xff"),
            names[x->labels[rows[i]]], names[x->said[rows[i]]],
            (double)x->p[rows[i] * LABELS + x->said[rows[i]]], rows[i] + 1};
    x->report.wrong = x->wrong;
    x->report.n_wrong = n;
}

static void example_open(example *x) {
    hx_error err = {0};
    memset(x, 0, sizeof *x);
    x->arena = hx_arena_new(0);
    make_answers(x);
    make_log(x);
    make_wrong(x);
    const hx_evaluation e = {.labels = x->labels,
                             .predictions = x->said,
                             .probabilities = x->p,
                             .n = ROWS,
                             .n_labels = LABELS,
                             .names = names,
                             .rounds = 100};
    assert_int_equal(hx_evaluate(&e, x->arena, &x->report.evaluation, &err), HX_OK);
    x->check = (hx_dataset_check){.n_leaks = 3, .n_conflicts = 2, .imbalance = 7.5};
    x->leak = (hx_report_leak){HX_STR_LIT("好评！"), 12, 34};
    x->report.title = "runs/意图";
    x->report.config = HX_STR_LIT("{\"base\":\"huaxiang-small\",\"epochs\":3,\"rate\":0.0003}");
    x->report.log = hx_buf_str(&x->log);
    x->report.part = "test";
    x->report.check = &x->check;
    x->report.n_train = 4000;
    x->report.leaks = &x->leak;
    x->report.n_leaks = 1;
}

static void example_close(example *x) {
    hx_buf_release(&x->log);
    hx_arena_free(x->arena);
}

static hx_buf page_of(const example *x) {
    hx_buf page;
    hx_error err = {0};
    hx_buf_init(&page, 16 << 20);
    if (hx_run_report_make(&x->report, &page, &err) != HX_OK) fail_msg("%s", err.message);
    assert_true(hx_buf_append_byte(&page, 0));
    return page;
}

static void has(const hx_buf *page, const char *wanted) {
    if (!strstr(page->ptr, wanted)) fail_msg("the page lacks: %s", wanted);
}

static void test_sections(void **state) {
    (void)state;
    static example x;
    example_open(&x);
    hx_buf page = page_of(&x);
    static const char *const wanted[] = {"id=warnings",
                                         "id=curves",
                                         "id=confusion",
                                         "id=labels",
                                         "id=calibration",
                                         "id=wrong",
                                         "id=leaks",
                                         "id=made",
                                         "Loss by step",
                                         "损失（按步）",
                                         "validation.accuracy",
                                         "out of train): 3<",
                                         "可从训练集去掉）：3<",
                                         "7.5 times",
                                         "huaxiang-small",
                                         "Lines of the log that can't be read: 1<",
                                         "Records of the log whose loss is no number: 1<"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        has(&page, wanted[i]);
    assert_null(strstr(page.ptr, "nan"));
    assert_null(strstr(page.ptr, "inf\""));
    assert_null(strstr(page.ptr, "tokens"));
    const char *out = getenv("HX_REPORT_OUT");
    hx_error err = {0};
    if (out) assert_int_equal(hx_run_report_write(&x.report, out, &err), HX_OK);
    hx_buf_release(&page);
    example_close(&x);
}

/* The log as hx_train() writes it: evaluations have curves, of one task and of several. */
static void test_evaluations_have_curves(void **state) {
    static const char *const logs[] = {
        "{\"step\":1,\"epoch\":1,\"loss\":0.5,\"rate\":0.1,\"norm\":1}\n"
        "{\"step\":1,\"epoch\":1,\"loss\":0.7123,\"part\":\"validation\",\"tasks\":{\"mood\":{"
        "\"loss\":"
        "0.25,\"n\":9,\"accuracy\":0.875,\"f1\":0.8}},\"figure\":0.8}\n",
        "{\"step\":1,\"loss\":0.7123,\"part\":\"validation\",\"tasks\":{\"lm\":{\"loss\":2,"
        "\"perplexity\":7.4},\"mood\":{\"loss\":0.25,\"f1\":0.8}}}\n"};
    static const char *const wanted[][3] = {
        {"Figures by step", "validation accuracy <b>0.875<", "validation loss <b>0.25<"},
        {"Perplexity by step", "validation lm perplexity <b>7.4<", "validation mood f1 <b>0.8<"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const hx_run_report r = {.title = "run", .log = hx_str_of(logs[i])};
        hx_buf page;
        hx_error err = {0};
        hx_buf_init(&page, 16 << 20);
        assert_int_equal(hx_run_report_make(&r, &page, &err), HX_OK);
        assert_true(hx_buf_append_byte(&page, 0));
        for (size_t k = 0; k < 3; k++)
            has(&page, wanted[i][k]);
        assert_null(strstr(page.ptr, "0.7123"));
        hx_buf_release(&page);
    }
}

/* What comes from outside is text, and the page asks for nothing. */
static void test_nothing_runs(void **state) {
    (void)state;
    static example x;
    example_open(&x);
    hx_buf page = page_of(&x);
    has(&page, "&lt;script&gt;alert(1)&lt;/script&gt;");
    has(&page, "&lt;b&gt;价格");
    static const char *const banned[] = {
        "<script", "<b>价格", "http:", "https:", "src=", "url(", "@import", "\xff"};
    for (size_t i = 0; i < sizeof banned / sizeof *banned; i++)
        if (strstr(page.ptr, banned[i])) fail_msg("the page holds %s", banned[i]);
    hx_buf_release(&page);
    example_close(&x);
}

static void test_little(void **state) {
    (void)state;
    static example x;
    memset(&x, 0, sizeof x);
    x.report.title = "empty";
    x.report.log = HX_STR_LIT("{\"loss\":0.5}\n");
    hx_buf page = page_of(&x);
    has(&page, "id=curves");
    assert_null(strstr(page.ptr, "id=confusion"));
    assert_null(strstr(page.ptr, "id=warnings"));
    hx_buf_release(&page);
    x.report.log =
        HX_STR_LIT("{\"step\":1,\"loss\":null}\n{\"step\":2,\"loss\":1e308}\n\n{}\n[]\n");
    page = page_of(&x);
    has(&page, "Lines of the log that can't be read: 1<");
    hx_buf_release(&page);
}

static void test_refused(void **state) {
    (void)state;
    hx_run_report r = {.title = "t", .evaluation = HX_STR_LIT("[1]")};
    hx_buf page;
    hx_error err = {0};
    hx_buf_init(&page, 1 << 20);
    assert_int_equal(hx_run_report_make(&r, &page, &err), HX_EFORMAT);
    assert_string_equal(err.message, "the evaluation is no JSON object");
    hx_buf_release(&page);
}

static void test_many_labels(void **state) {
    (void)state;
    enum { MANY = 30 };
    static char spelt[MANY][8];
    static const char *many[MANY];
    uint32_t labels[3 * MANY], said[3 * MANY];
    for (uint32_t k = 0; k < MANY; k++) {
        snprintf(spelt[k], sizeof spelt[k], "L%02u", k);
        many[k] = spelt[k];
        for (uint32_t i = 0; i < 3; i++) {
            labels[3 * k + i] = k;
            said[3 * k + i] = i < 2 && k == 7 ? 9 : k;
        }
    }
    static example x;
    memset(&x, 0, sizeof x);
    x.arena = hx_arena_new(0);
    hx_error err = {0};
    const hx_evaluation e = {
        .labels = labels, .predictions = said, .n = 3 * MANY, .n_labels = MANY, .names = many};
    assert_int_equal(hx_evaluate(&e, x.arena, &x.report.evaluation, &err), HX_OK);
    x.report.title = "many";
    hx_buf page = page_of(&x);
    has(&page, "<td>L07</td><td>L09</td><td class=number>2</td>");
    assert_null(strstr(page.ptr, "class=matrix"));
    hx_buf_release(&page);
    hx_arena_free(x.arena);
}

static void test_worst(void **state) {
    (void)state;
    const uint32_t labels[] = {0, 0, 0, 1, 1}, said[] = {0, 1, 1, 0, 0};
    const float p[] = {1, 0, .4f, .6f, .1f, .9f, .7f, .3f, .7f, .3f};
    uint32_t rows[3];
    assert_int_equal(hx_report_worst(labels, said, p, 5, 2, 3, rows), 3);
    assert_int_equal(rows[0], 2);
    assert_int_equal(rows[1], 3);
    assert_int_equal(rows[2], 4);
    assert_int_equal(hx_report_worst(labels, labels, p, 5, 2, 3, rows), 0);
}

static void test_warnings_of_steps(void **state) {
    (void)state;
    hx_error err = {0};
    hx_buf page;
    hx_run_report r = {.title = "run", .log = HX_STR_LIT("{\"step\":1,\"loss\":1}\n")};
    hx_buf_init(&page, 16 << 20);
    assert_int_equal(hx_run_report_make(&r, &page, &err), HX_OK);
    assert_true(hx_buf_append_byte(&page, 0));
    assert_null(strstr(page.ptr, "id=warnings"));
    hx_buf_reset(&page);
    r.timing = HX_STR_LIT(
        "{\"step\":1,\"seconds\":2}\n{\"step\":21,\"warning\":\"norm <b>9\"}\nnothing\n");
    assert_int_equal(hx_run_report_make(&r, &page, &err), HX_OK);
    assert_true(hx_buf_append_byte(&page, 0));
    assert_non_null(strstr(page.ptr, "id=warnings"));
    assert_non_null(strstr(page.ptr, "<li>norm &lt;b&gt;9</li>"));
    hx_buf_release(&page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sections),          cmocka_unit_test(test_evaluations_have_curves),
        cmocka_unit_test(test_nothing_runs),      cmocka_unit_test(test_little),
        cmocka_unit_test(test_refused),           cmocka_unit_test(test_many_labels),
        cmocka_unit_test(test_warnings_of_steps), cmocka_unit_test(test_worst)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
