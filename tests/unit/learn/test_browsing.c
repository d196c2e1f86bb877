/* The worked example of docs/learn.md: hour of a visit and page, cleaned, scaled, gradient descent, closed form; equal to NumPy to 1e-9. */
#include "golden.h"
#include "huaxiang/learn.h"

#include <jansson.h>

#define ROWS 200
#define BAD_TIME "2026-10-15 27:61:00"

static const char clean[] =
    "[{\"step\":\"where\",\"condition\":\"time >= 2026-10-01 and time < 2026-11-01 and not page is "
    "missing\"},"
    "{\"step\":\"hour\",\"column\":\"time\"},"
    "{\"step\":\"where\",\"condition\":\"hour >= 6\"},"
    "{\"step\":\"encode\",\"columns\":[\"page\"],\"method\":\"ordinal\","
    "\"order\":[\"首页\",\"商品列表\",\"商品详情\",\"购物车\",\"新闻资讯\"]},"
    "{\"step\":\"keep\",\"columns\":[\"hour\",\"page\"]}]";

static hx_table *visits(void) {
    char path[1024];
    hx_table *t = NULL;
    hx_recipe *r = NULL;
    hx_error err = {0};
    const hx_table_options o = {.missing = BAD_TIME};
    const hx_recipe_run run = {.n_threads = 1};
    snprintf(path, sizeof path, "%s/samples/browsing.csv", HX_SOURCE_DIR);
    if (hx_table_read(&t, path, &o, &err) != HX_OK ||
        hx_recipe_open(&r, hx_str_of(clean), NULL, 0, &err) != HX_OK ||
        hx_recipe_fit(r, t, &run, &err) != HX_OK)
        fail_msg("%s", err.message);
    hx_recipe_free(r);
    return t;
}

typedef struct {
    hx_table *train, *test;
} halves;

static halves split(const hx_table *t, size_t n_train) {
    halves h = {NULL, NULL};
    size_t rows[ROWS], n = hx_table_rows(t);
    hx_error err = {0};
    for (size_t i = 0; i < n; i++)
        rows[i] = i;
    assert_int_equal(hx_table_pick(&h.train, t, rows, n_train, &err), HX_OK);
    assert_int_equal(hx_table_pick(&h.test, t, rows + n_train, n - n_train, &err), HX_OK);
    return h;
}

static hx_learner *fitted(const halves *h, const char *params) {
    hx_learner *l = NULL;
    hx_error err = {0};
    const hx_learn_options o = {.model = "linear",
                                .target = "page",
                                .task = HX_TASK_REGRESSION,
                                .params = hx_str_of(params),
                                .recipe =
                                    HX_STR_LIT("[{\"step\":\"scale\",\"method\":\"minmax\"}]"),
                                .n_threads = 1};
    if (hx_learner_fit(&l, h->train, NULL, &o, &err) != HX_OK) fail_msg("%s", err.message);
    return l;
}

static void line(const json_t *s, const double *wanted, double tolerance) {
    golden_near(json_number_value(json_object_get(s, "intercept")), wanted[0], tolerance, "b0");
    golden_near(json_number_value(json_array_get(json_object_get(s, "coefficients"), 0)), wanted[1],
                tolerance, "b1");
}

static void equal_to_numpy(void **st) {
    (void)st;
    golden g;
    size_t n;
    golden_open(&g, "browsing.txt");
    hx_table *t = visits();
    const double *rows = golden_array(&g, "rows", &n), *descent = golden_array(&g, "descent", &n);
    assert_int_equal(hx_table_rows(t), (size_t)rows[0]);
    halves h = split(t, (size_t)rows[1]);
    char params[128];
    snprintf(params, sizeof params, "{\"solver\":\"gd\",\"rate\":%g,\"epochs\":%g}", descent[0],
             descent[1]);
    hx_learner *gd = fitted(&h, params), *closed = fitted(&h, "");
    json_t *a = json_loads(hx_learner_summary(gd).ptr, 0, NULL);
    json_t *b = json_loads(hx_learner_summary(closed).ptr, 0, NULL);
    assert_true(a && b);
    line(a, golden_array(&g, "gd", &n), 1e-9);
    line(b, golden_array(&g, "closed", &n), 1e-9);
    line(a, golden_array(&g, "closed", &n), 1e-9);
    const json_t *loss = json_object_get(a, "loss");
    const double *trace = golden_array(&g, "trace", &n);
    assert_int_equal(json_array_size(loss), (size_t)descent[1]);
    for (size_t i = 0; i + 1 < n; i++)
        golden_near(json_number_value(json_array_get(loss, i)), trace[i], 1e-9, "J");
    golden_near(json_number_value(json_array_get(loss, json_array_size(loss) - 1)), trace[n - 1],
                1e-9, "the last J");
    hx_str json;
    hx_error err = {0};
    const hx_assess_options o = {.rounds = 50, .n_threads = 1};
    if (hx_learner_assess(closed, h.test, &o, g.arena, &json, &err) != HX_OK)
        fail_msg("%s", err.message);
    json_t *e = json_loadb(json.ptr, json.len, 0, NULL);
    const double *test = golden_array(&g, "test", &n), *near = golden_array(&g, "nearest", &n);
    golden_near(json_number_value(json_object_get(e, "sum_loss")), test[0], 1e-9, "summed loss");
    golden_near(json_number_value(json_object_get(e, "mean_loss")), test[1], 1e-9, "mean loss");
    golden_near(json_number_value(json_object_get(e, "nearest_accuracy")), near[0], 1e-12,
                "accuracy");
    json_decref(a);
    json_decref(b);
    json_decref(e);
    hx_learner_free(gd);
    hx_learner_free(closed);
    hx_table_free(h.train);
    hx_table_free(h.test);
    hx_table_free(t);
    golden_close(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(equal_to_numpy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
