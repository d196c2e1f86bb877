/* Cross-validation: equal to scikit-learn on folds in order of time, no row predicted by a model that saw it, paired tests, threads, refusals. */
#include "golden.h"
#include "learn/cross_validate.h"

#include <jansson.h>

#define N 120

static void put(hx_table *t, const char *name, const double *x) {
    hx_error err = {0};
    if (hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, x, -1, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static json_t *crossed(const hx_table *t, const hx_cross_options *o, hx_arena *arena,
                       hx_table **out) {
    hx_str json;
    hx_error err = {0};
    if (hx_cross_validate(t, o, arena, &json, out, &err) != HX_OK) fail_msg("%s", err.message);
    json_t *e = json_loadb(json.ptr, json.len, 0, NULL);
    assert_non_null(e);
    return e;
}

static void refused(const hx_table *t, const hx_cross_options *o, hx_status code,
                    const char *message) {
    hx_str json;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    assert_int_equal(hx_cross_validate(t, o, arena, &json, NULL, &err), code);
    assert_string_equal(err.message, message);
    hx_arena_free(arena);
}

/* class: a (0), b (1), rarely c; x tells a from b; group: 12 of 10 rows; day in steps. */
static hx_table *people(void) {
    static const char *const names[] = {"a", "b", "c"};
    double x[N], group[N], day[N], number[N];
    uint32_t label[N];
    hx_str values[3];
    hx_table *t = NULL;
    hx_error err = {0};
    if (hx_table_new(&t, N, &err) != HX_OK) fail_msg("%s", err.message);
    for (size_t i = 0; i < N; i++) {
        label[i] = i % 20 == 7 ? 2 : (uint32_t)(i % 2);
        x[i] = (double)(i * 37 % 50) + 20 * (label[i] == 1);
        group[i] = (double)(i / 10);
        day[i] = (double)(i / 3);
        number[i] = 3 * x[i] + (double)(i * 13 % 7);
    }
    for (size_t k = 0; k < 3; k++)
        values[k] = hx_str_of(names[k]);
    put(t, "x", x);
    put(t, "group", group);
    put(t, "day", day);
    put(t, "number", number);
    if (hx_table_put_texts(t, HX_STR_LIT("class"), label, values, 3, &err) != HX_OK)
        fail_msg("%s", err.message);
    return t;
}

static double at(const json_t *object, const char *a, const char *b) {
    const json_t *v = json_object_get(json_object_get(object, a), b);
    if (!json_is_number(v)) fail_msg("no number %s.%s", a, b);
    return json_number_value(v);
}

static void as_scikit_learn(void **st) {
    (void)st;
    golden g;
    size_t n, k, d;
    hx_table *t = NULL, *out = NULL;
    hx_error err = {0};
    golden_open(&g, "assess.txt");
    const double *x = golden_array(&g, "time.x", &d), *y = golden_array(&g, "time.y", &n);
    double first[N], second[N], row[N], said[N];
    for (size_t i = 0; i < n; i++) {
        first[i] = x[2 * i];
        second[i] = x[2 * i + 1];
        row[i] = (double)i;
    }
    assert_int_equal(hx_table_new(&t, n, &err), HX_OK);
    put(t, "u", first);
    put(t, "v", second);
    put(t, "row", row);
    put(t, "y", y);
    const hx_cross_options o = {.models = "linear",
                                .n_folds = 4,
                                .time = "row",
                                .learn = {.target = "y", .use = "u,v", .n_threads = 2}};
    json_t *e = crossed(t, &o, g.arena, &out), *m = json_array_get(json_object_get(e, "models"), 0);
    const double *r2 = golden_array(&g, "time.r2", &k), *rmse = golden_array(&g, "time.rmse", &k);
    for (size_t i = 0; i < 4; i++) {
        const json_t *a = json_object_get(json_object_get(m, "r2"), "folds");
        const json_t *b = json_object_get(json_object_get(m, "rmse"), "folds");
        golden_near(json_number_value(json_array_get(a, i)), r2[i], 1e-9, "r2");
        golden_near(json_number_value(json_array_get(b, i)), rmse[i], 1e-9, "rmse");
    }
    const double *sums = golden_array(&g, "time.sums", &k),
                 *wanted = golden_array(&g, "time.out", &k);
    golden_near(at(m, "r2", "mean"), sums[0], 1e-9, "mean");
    golden_near(at(m, "r2", "sd"), sums[1], 1e-9, "sd");
    size_t column = hx_table_find(out, HX_STR_LIT("prediction linear"));
    assert_true(column != HX_COLUMN_NONE);
    hx_table_numbers(out, column, 0, n, said);
    assert_true(isnan(said[0]) && isnan(said[n - k - 1]));
    for (size_t i = 0; i < k; i++)
        golden_near(said[n - k + i], wanted[i], 1e-9, "out of fold");
    json_decref(e);
    hx_table_free(out);
    hx_table_free(t);
    golden_close(&g);
}

static void paired(void **st) {
    (void)st;
    golden g;
    size_t n, k;
    golden_open(&g, "assess.txt");
    const double *a = golden_array(&g, "paired.a", &n), *b = golden_array(&g, "paired.b", &n);
    const double *wanted = golden_array(&g, "paired.test", &k);
    hx_paired t = hx_paired_test(a, b, n, 0.25);
    golden_near(t.mean, wanted[0], 1e-12, "mean");
    golden_near(t.sd, wanted[1], 1e-12, "sd");
    golden_near(t.t, wanted[2], 1e-11, "t");
    golden_near(t.p, wanted[3], 1e-11, "p");
    t = hx_paired_test(a, a, n, 0.25);
    assert_true(t.t == 0 && fabs(t.p - 1) < 1e-15);
    t = hx_paired_test(a, b, 1, 0.25);
    assert_true(isnan(t.sd) && isnan(t.t) && isnan(t.p));
    golden_close(&g);
}

/* Folds: strata even, groups whole, every row tested once a repeat. */
static void folds(void **st) {
    (void)st;
    hx_folds f;
    hx_error err = {0};
    hx_table *t = people();
    hx_cross_options o = {.n_folds = 3, .n_repeats = 2, .learn = {.target = "class"}};
    assert_int_equal(hx_folds_open(&f, t, &o, &err), HX_OK);
    assert_int_equal(f.truth.n_classes, 3);
    for (size_t r = 0; r < 2; r++) {
        size_t rare[3] = {0}, all[3] = {0};
        for (size_t i = 0; i < N; i++) {
            uint32_t k = f.folds[r * N + i];
            assert_true(k < 3);
            all[k]++;
            rare[k] += f.truth.y[i] == 2;
        }
        for (size_t k = 0; k < 3; k++)
            assert_true(rare[k] == 2 && all[k] >= 39 && all[k] <= 41);
    }
    assert_memory_not_equal(f.folds, f.folds + N, N * sizeof *f.folds);
    hx_folds_close(&f);
    o = (hx_cross_options){.n_folds = 4, .group = "group", .learn = {.target = "number"}};
    assert_int_equal(hx_folds_open(&f, t, &o, &err), HX_OK);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(f.folds[i], f.folds[i / 10 * 10]);
    hx_folds_close(&f);
    hx_table_free(t);
}

/* A tree of one row a leaf knows what it saw: out of fold it is no better than chance on a target of chance. */
static void no_leak(void **st) {
    (void)st;
    hx_table *t = people();
    hx_arena *arena = hx_arena_new(0);
    double chance[N];
    for (size_t i = 0; i < N; i++)
        chance[i] = (double)((i * 7919 + 13) * 104729 % 1000);
    put(t, "chance", chance);
    const hx_cross_options o = {.models = "tree",
                                .params = HX_STR_LIT("{\"depth\":30}"),
                                .learn = {.target = "chance", .use = "x,number", .n_threads = 2}};
    json_t *e = crossed(t, &o, arena, NULL);
    assert_true(at(json_array_get(json_object_get(e, "models"), 0), "r2", "mean") < 0.3);
    json_decref(e);
    hx_arena_free(arena);
    hx_table_free(t);
}

static void same_bytes(void **st) {
    (void)st;
    hx_table *t = people();
    hx_arena *arena = hx_arena_new(0);
    hx_str one, four;
    hx_error err = {0};
    hx_cross_options o = {.models = "logistic,forest",
                          .params = HX_STR_LIT("{\"forest\":{\"trees\":20}}"),
                          .n_folds = 3,
                          .n_repeats = 2,
                          .learn = {.target = "class", .use = "x", .seed = 4, .n_threads = 1}};
    assert_int_equal(hx_cross_validate(t, &o, arena, &one, NULL, &err), HX_OK);
    o.learn.n_threads = 4;
    assert_int_equal(hx_cross_validate(t, &o, arena, &four, NULL, &err), HX_OK);
    assert_true(hx_str_equal(one, four));
    json_t *e = json_loadb(one.ptr, one.len, 0, NULL);
    const json_t *test = json_array_get(json_object_get(e, "tests"), 0);
    assert_string_equal(json_string_value(json_object_get(e, "figure")), "auc");
    assert_int_equal(json_integer_value(json_object_get(test, "freedom")), 5);
    double first = at(json_array_get(json_object_get(e, "models"), 0), "auc", "mean");
    double second = at(json_array_get(json_object_get(e, "models"), 1), "auc", "mean");
    golden_near(json_number_value(json_object_get(test, "difference")), first - second, 1e-12,
                "difference");
    assert_string_equal(json_string_value(json_object_get(e, "best")),
                        first >= second ? "logistic" : "forest");
    json_decref(e);
    hx_arena_free(arena);
    hx_table_free(t);
}

static void out_of_fold(void **st) {
    (void)st;
    hx_table *t = people(), *out = NULL;
    hx_arena *arena = hx_arena_new(0);
    double p[N], fold[N];
    const hx_cross_options o = {
        .models = "tree,logistic", .n_folds = 4, .learn = {.target = "class", .use = "x"}};
    json_t *e = crossed(t, &o, arena, &out);
    assert_int_equal(hx_table_rows(out), N);
    assert_int_equal(hx_table_columns(out), hx_table_columns(t) + 5);
    hx_table_numbers(out, hx_table_find(out, HX_STR_LIT("probability tree")), 0, N, p);
    hx_table_numbers(out, hx_table_find(out, HX_STR_LIT("fold")), 0, N, fold);
    for (size_t i = 0; i < N; i++)
        assert_true(p[i] > 1.0 / 3 - 1e-9 && p[i] <= 1 && fold[i] >= 1 && fold[i] <= 4);
    json_decref(e);
    hx_table_free(out);
    hx_arena_free(arena);
    hx_table_free(t);
}

static void refusals(void **st) {
    (void)st;
    hx_table *t = people();
    hx_cross_options o = {.models = "ridge,ridge", .learn = {.target = "number"}};
    refused(t, &o, HX_EINVAL, "the model 'ridge' is named twice");
    o.models = "ridge,ridgge";
    refused(t, &o, HX_EINVAL,
            "there is no model 'ridgge'; did you mean ridge? see huaxiang learn fit --help");
    o.models = "ridge";
    o.learn.target = NULL;
    refused(t, &o, HX_EINVAL, "say which column is to be learnt by --target");
    o.learn.target = "number";
    o.n_folds = 101;
    refused(t, &o, HX_EINVAL, "at most 100 folds and 100 repeats");
    o.n_folds = 13;
    o.group = "group";
    refused(t, &o, HX_EINVAL, "12 groups can't be split into 13 parts");
    o.group = "grop";
    refused(t, &o, HX_ENOTFOUND, "there is no column 'grop'");
    o.group = NULL;
    o.time = "class";
    refused(t, &o, HX_EINVAL, "the column 'class' holds texts, not numbers");
    o.time = "day";
    o.n_folds = 3;
    o.n_repeats = 2;
    refused(t, &o, HX_EINVAL, "folds in order of time are the same in every repeat");
    o = (hx_cross_options){.models = "ridge,tree",
                           .params = HX_STR_LIT("{\"forest\":{}}"),
                           .learn = {.target = "number"}};
    refused(t, &o, HX_EINVAL,
            "parameters of several models stand under their names: 'forest' is none");
    o.params = HX_STR_LIT("{\"tree\":{\"dept\":3}}");
    refused(t, &o, HX_EINVAL, "tree has no parameter 'dept'; see huaxiang learn fit --help");
    hx_table_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_scikit_learn), cmocka_unit_test(paired),
        cmocka_unit_test(folds),           cmocka_unit_test(no_leak),
        cmocka_unit_test(same_bytes),      cmocka_unit_test(out_of_fold),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
