/* Rows ranked within groups: equal to scikit-learn with ties, groups without a relevant row, refusals. */
#include "golden.h"
#include "learn/assess.h"

#include <jansson.h>

static json_t *ranked(const hx_scored *s, const uint32_t *groups, size_t at) {
    hx_buf b;
    hx_json_writer w;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    const hx_ranking r = {"query", groups, at};
    hx_buf_init(&b, 1u << 20);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    if (hx_ranking_write(s, &r, 5, arena, &w, &err) != HX_OK) fail_msg("%s", err.message);
    hx_json_end_object(&w);
    json_t *e = json_loadb(b.ptr, b.len, 0, NULL);
    assert_non_null(e);
    json_t *found = json_incref(json_object_get(e, "ranking"));
    json_decref(e);
    hx_buf_release(&b);
    hx_arena_free(arena);
    return found;
}

static double number(const json_t *object, const char *key) {
    const json_t *v = json_object_get(object, key);
    if (!json_is_number(v)) fail_msg("no number %s", key);
    return json_number_value(v);
}

static void as_scikit_learn(void **st) {
    (void)st;
    static const char *const keys[] = {"ndcg", "map", "recall", "precision"};
    golden g;
    size_t n, m;
    golden_open(&g, "evaluation.txt");
    const uint32_t *groups = golden_u32(&g, "rank.group", &n);
    const hx_scored s = {.task = HX_TASK_REGRESSION,
                         .n = n,
                         .truth = golden_array(&g, "rank.gain", &m),
                         .values = golden_array(&g, "rank.score", &m)};
    for (size_t at = 3; at <= 5; at += 2) {
        const double *wanted = golden_array(&g, at == 3 ? "rank.at3" : "rank.at5", &m);
        json_t *r = ranked(&s, groups, at);
        assert_int_equal(number(r, "groups"), 11);
        assert_int_equal(number(r, "groups_without"), 1);
        for (size_t k = 0; k < 4; k++) {
            golden_near(number(r, keys[k]), wanted[k], 1e-12, keys[k]);
            const json_t *ends = json_object_get(json_object_get(r, "intervals"), keys[k]);
            assert_true(json_number_value(json_array_get(ends, 0)) < wanted[k]);
            assert_true(json_number_value(json_array_get(ends, 1)) > wanted[k]);
        }
        json_decref(r);
    }
    golden_close(&g);
}

/* Two classes: the second is relevant. The best order has 1 everywhere; no relevant row has nothing. */
static void two_classes(void **st) {
    (void)st;
    const double truth[] = {1, 0, 0, 1, 0, 0},
                 p[] = {0.1, 0.9, 0.8, 0.2, 0.7, 0.3, 0.2, 0.8, 0.6, 0.4, 0.9, 0.1};
    const uint32_t groups[] = {0, 0, 0, 1, 1, 2};
    const hx_scored s = {HX_TASK_CLASSES, 6, 2, truth, truth, p, 0};
    json_t *r = ranked(&s, groups, 1);
    assert_int_equal(number(r, "groups"), 2);
    golden_near(number(r, "ndcg"), 1, 0, "ndcg");
    golden_near(number(r, "map"), 1, 0, "map");
    golden_near(number(r, "precision"), 1, 0, "precision");
    json_decref(r);
    const double none[6] = {0};
    const hx_scored empty = {HX_TASK_CLASSES, 6, 2, none, none, p, 0};
    r = ranked(&empty, groups, 1);
    assert_int_equal(number(r, "groups_without"), 3);
    assert_true(json_is_null(json_object_get(r, "ndcg")));
    json_decref(r);
    const hx_scored no_row = {HX_TASK_CLASSES, 0, 2, none, none, p, 0};
    r = ranked(&no_row, groups, 1);
    assert_int_equal(number(r, "groups"), 0);
    json_decref(r);
}

static void refusals(void **st) {
    (void)st;
    const double truth[] = {0, 1, -2}, p[9] = {0};
    const uint32_t groups[3] = {0};
    hx_buf b;
    hx_json_writer w;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    const hx_ranking r = {"query", groups, 3};
    const hx_scored three = {HX_TASK_CLASSES, 2, 3, truth, truth, p, 0};
    const hx_scored below = {HX_TASK_REGRESSION, 3, 0, truth, truth, NULL, 0};
    hx_buf_init(&b, 1u << 20);
    hx_json_begin(&w, &b);
    assert_int_equal(hx_ranking_write(&three, &r, 1, arena, &w, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "a ranking needs a target of numbers or of two classes, not of 3");
    assert_int_equal(hx_ranking_write(&below, &r, 1, arena, &w, &err), HX_EINVAL);
    assert_string_equal(err.message, "row 3: the gain of a ranking is below 0");
    hx_buf_release(&b);
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_scikit_learn),
                                       cmocka_unit_test(two_classes), cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
