/* test_evaluate.c - the record of an evaluation: its members, its intervals, and temperatures. */
#include "golden.h"

#include "base/json.h"
#include "base/rng.h"
#include "huaxiang/learn.h"

static double number_at(const json_t *o, const char *key) {
    const json_t *v = json_object_get(o, key);
    if (!v) fail_msg("no %s", key);
    return json_is_null(v) ? NAN : json_number_value(v);
}

static json_t *evaluate(const hx_evaluation *e, hx_arena *arena) {
    hx_str json;
    json_t *record;
    hx_error err = {0};
    if (hx_evaluate(e, arena, &json, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(hx_json_parse(json, 1 << 20, "record", &record, &err), HX_OK);
    return record;
}

/* scikit-learn: precision_score([0, 0, 0, 1, 2], [0, 0, 1, 1, 0], average="macro") = 0.38889, weighted f1 = 0.53333. */
static void of_three_labels_the_mean(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b", "c"};
    const uint32_t labels[] = {0, 0, 0, 1, 2}, said[] = {0, 0, 1, 1, 0};
    hx_arena *arena = hx_arena_new(0);
    const hx_evaluation e = {
        .labels = labels, .predictions = said, .n = 5, .n_labels = 3, .names = names};
    json_t *r = evaluate(&e, arena);
    golden_near(number_at(r, "precision"), (2.0 / 3 + 0.5) / 3, 1e-12, "precision");
    golden_near(number_at(r, "recall"), (2.0 / 3 + 1) / 3, 1e-12, "recall");
    golden_near(number_at(r, "f1"), number_at(r, "macro_f1"), 0, "F1");
    golden_near(number_at(r, "weighted_f1"), 8.0 / 15, 1e-12, "weighted F1");
    assert_true(json_is_null(json_object_get(r, "positive")));
    json_decref(r);
    hx_arena_free(arena);
}

/* ece_before is the error of the probabilities as they were before they were divided by the temperature. */
static void test_before_temperature(void **state) {
    (void)state;
    static const char *const names[] = {"negative", "positive"};
    const uint32_t labels[] = {0, 0, 1, 1, 1}, said[] = {0, 1, 1, 1, 0};
    const float plain[] = {.9f, .1f, .4f, .6f, .2f, .8f, .3f, .7f, .55f, .45f};
    float cooled[10];
    hx_arena *arena = hx_arena_new(0);
    memcpy(cooled, plain, sizeof cooled);
    hx_temperature_apply(2.5, cooled, 5, 2);
    hx_evaluation e = {labels, said, plain, NULL, 5, 2, names, 20, 1, 0};
    json_t *before = evaluate(&e, arena);
    assert_null(json_object_get(before, "ece_before"));
    e.probabilities = cooled;
    e.temperature = 2.5;
    json_t *after = evaluate(&e, arena);
    golden_near(number_at(after, "temperature"), 2.5, 0, "temperature");
    golden_near(number_at(after, "ece_before"), number_at(before, "ece"), 1e-6, "ece_before");
    assert_true(fabs(number_at(after, "ece") - number_at(before, "ece")) > 1e-3);
    json_decref(before);
    json_decref(after);
    hx_arena_free(arena);
}

/* Probabilities that say what is true are within the limit; those that are far too sure are not; the limit is that of the seed. */
static void test_within_limit(void **state) {
    (void)state;
    enum { ROWS = 400 };
    static const char *const names[] = {"negative", "positive"};
    static uint32_t labels[ROWS], said[ROWS];
    static float right[2 * ROWS], sure[2 * ROWS];
    hx_arena *arena = hx_arena_new(0);
    for (size_t i = 0; i < ROWS; i++) {
        said[i] = 1;
        labels[i] = i % 10 < 7; /* 70 % */
        right[2 * i + 1] = 0.7f + 0.0001f * (float)(i / 10);
        right[2 * i] = 1 - right[2 * i + 1];
        sure[2 * i + 1] = 0.95f + 0.0001f * (float)(i / 10);
        sure[2 * i] = 1 - sure[2 * i + 1];
    }
    hx_evaluation e = {labels, said, right, NULL, ROWS, 2, names, 20, 7, 0};
    json_t *good = evaluate(&e, arena), *again = evaluate(&e, arena);
    assert_true(json_is_true(json_object_get(good, "ece_within")));
    assert_true(number_at(good, "ece") <= number_at(good, "ece_limit"));
    golden_near(number_at(again, "ece_limit"), number_at(good, "ece_limit"), 0, "the same seed");
    e.probabilities = sure;
    json_t *bad = evaluate(&e, arena);
    assert_true(json_is_false(json_object_get(bad, "ece_within")));
    assert_true(number_at(bad, "ece") > 0.2);
    json_decref(good);
    json_decref(again);
    json_decref(bad);
    hx_arena_free(arena);
}

static void test_record(void **state) {
    (void)state;
    static const char *const names[] = {"negative", "positive"};
    const uint32_t labels[] = {0, 0, 1, 1, 1}, said[] = {0, 1, 1, 1, 0}, other[] = {0, 0, 1, 1, 1};
    const float p[] = {.9f, .1f, .4f, .6f, .2f, .8f, .3f, .7f, .55f, .45f};
    hx_arena *arena = hx_arena_new(0);
    const hx_evaluation e = {labels, said, p, other, 5, 2, names, 200, 1, 0};
    json_t *r = evaluate(&e, arena);
    golden_near(number_at(r, "n"), 5, 0, "n");
    golden_near(number_at(r, "accuracy"), 0.6, 1e-12, "accuracy");
    golden_near(number_at(r, "precision"), 2.0 / 3, 1e-12, "precision");
    golden_near(number_at(r, "macro_precision"), 7.0 / 12, 1e-12, "macro precision");
    assert_string_equal(json_string_value(json_object_get(r, "positive")), "positive");
    golden_near(number_at(r, "auc"), 5.0 / 6, 1e-12, "AUC");
    const json_t *labels_of = json_object_get(r, "labels"), *second = json_array_get(labels_of, 1);
    assert_string_equal(json_string_value(json_object_get(second, "label")), "positive");
    const json_t *interval = json_object_get(second, "recall_interval");
    /* Wilson's of 2 in 3, R: binom.confint(2, 3, method = "wilson") */
    golden_near(json_number_value(json_array_get(interval, 0)), 0.20765, 1e-4, "low");
    golden_near(json_number_value(json_array_get(interval, 1)), 0.93851, 1e-4, "high");
    const json_t *against = json_object_get(r, "against");
    golden_near(number_at(against, "accuracy"), 1, 0, "the other's accuracy");
    golden_near(number_at(against, "only_second"), 2, 0, "only the second");
    golden_near(number_at(against, "p"), 0.5, 1e-12, "p");
    json_decref(r);
    hx_arena_free(arena);
}

static void test_without_rows(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b", "c"};
    hx_arena *arena = hx_arena_new(0);
    const hx_evaluation e = {.n_labels = 3, .names = names};
    json_t *r = evaluate(&e, arena);
    assert_true(isnan(number_at(r, "accuracy")) && isnan(number_at(r, "log_loss")));
    assert_null(json_object_get(r, "against"));
    json_decref(r);
    hx_arena_free(arena);
}

static void test_against_out_of_range(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b"};
    const uint32_t labels[] = {0}, other[] = {2};
    hx_arena *arena = hx_arena_new(0);
    hx_str json;
    hx_error err = {0};
    const hx_evaluation e = {labels, labels, NULL, other, 1, 2, names, 0, 0, 0};
    assert_int_equal(hx_evaluate(&e, arena, &json, &err), HX_EINVAL);
    hx_arena_free(arena);
}

/* Probabilities that were made too sure by a known temperature come back to what they were. */
static void test_temperature(void **state) {
    (void)state;
    enum { ROWS = 20000 };
    hx_arena *arena = hx_arena_new(0);
    float *p = hx_arena_alloc(arena, ROWS * 2 * sizeof *p);
    uint32_t *labels = hx_arena_alloc(arena, ROWS * sizeof *labels);
    hx_rng rng;
    hx_rng_seed(&rng, 5);
    for (size_t i = 0; i < ROWS; i++) {
        p[2 * i] = (float)(0.05 + 0.9 * hx_rng_uniform(&rng));
        p[2 * i + 1] = 1 - p[2 * i];
        labels[i] = hx_rng_uniform(&rng) >= (double)p[2 * i];
    }
    float first = p[0];
    hx_temperature_apply(0.5, p, ROWS, 2);
    double found = hx_temperature_of(labels, p, ROWS, 2, arena);
    golden_near(found, 2, 0.05, "temperature");
    hx_temperature_apply(2, p, ROWS, 2);
    golden_near((double)p[0], (double)first, 1e-5, "there and back");
    golden_near((double)(p[0] + p[1]), 1, 1e-6, "sum");
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before_temperature),   cmocka_unit_test(test_record),
        cmocka_unit_test(of_three_labels_the_mean),  cmocka_unit_test(test_without_rows),
        cmocka_unit_test(test_against_out_of_range), cmocka_unit_test(test_temperature),
        cmocka_unit_test(test_within_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
