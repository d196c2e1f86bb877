/* Learners of tables: features of columns, missing and unseen values, recipes, files, refusals. */
#include "golden.h"
#include "huaxiang/learn.h"
#include "learn/learner.h"

#include <unistd.h>

#define N 200

static void put_number(hx_table *t, const char *name, const double *x, hx_kind kind) {
    hx_error err = {0};
    if (hx_table_put_numbers(t, hx_str_of(name), kind, x, -1, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static void put_text(hx_table *t, const char *name, const uint32_t *codes,
                     const char *const *values, size_t n) {
    hx_str v[8];
    hx_error err = {0};
    for (size_t i = 0; i < n; i++)
        v[i] = hx_str_of(values[i]);
    if (hx_table_put_texts(t, hx_str_of(name), codes, v, n, &err) != HX_OK)
        fail_msg("%s", err.message);
}

/* age with holes, city with a rare and a missing value, member; spends = 3 age + 50 of Shanghai + 20 of members, buys = spends > 200. */
static hx_table *shop(size_t n) {
    static const char *const cities[] = {"上海", "北京", "Lhasa"}, *const answers[] = {"yes", "no"};
    double age[N], member[N], spends[N], grade[N];
    uint32_t city[N], buys[N];
    hx_table *t = NULL;
    hx_error err = {0};
    if (hx_table_new(&t, n, &err) != HX_OK) fail_msg("%s", err.message);
    for (size_t i = 0; i < n; i++) {
        double years = 20 + (double)(i * 7 % 60);
        age[i] = i % 9 == 4 ? NAN : years;
        member[i] = i % 3 == 0;
        city[i] = i == 11 ? 2 : i % 13 == 5 ? HX_CODE_MISSING : (uint32_t)(i % 2);
        spends[i] = 3 * years + (city[i] == 0 ? 50 : 0) + 20 * member[i];
        buys[i] = spends[i] > 180 ? 0 : 1;
        grade[i] = spends[i] < 120 ? 1 : spends[i] < 200 ? 2 : 5;
    }
    put_number(t, "age", age, HX_KIND_NUMBER);
    put_text(t, "city", city, cities, 3);
    put_number(t, "member", member, HX_KIND_BOOLEAN);
    put_number(t, "spends", spends, HX_KIND_NUMBER);
    put_number(t, "grade", grade, HX_KIND_NUMBER);
    put_text(t, "buys", buys, answers, 2);
    return t;
}

static hx_learner *fitted(const hx_table *t, const hx_learn_options *o) {
    hx_learner *l = NULL;
    hx_error err = {0};
    if (hx_learner_fit(&l, t, NULL, o, &err) != HX_OK) fail_msg("%s", err.message);
    return l;
}

static void refused(const hx_table *t, const hx_learn_options *o, hx_status code,
                    const char *message) {
    hx_learner *l = NULL;
    hx_error err = {0};
    assert_int_equal(hx_learner_fit(&l, t, NULL, o, &err), code);
    assert_string_equal(err.message, message);
    assert_null(l);
}

static void features_by_name(void **st) {
    (void)st;
    static const char *const wanted[] = {"age",        "age is missing",  "city=北京",
                                         "city=other", "city is missing", "member"};
    hx_table *t = shop(N);
    hx_learner *l = fitted(
        t, &(hx_learn_options){.model = "linear", .target = "spends", .use = "age,city,member"});
    assert_int_equal(l->n_features, 6);
    for (size_t i = 0; i < 6; i++) /* 上海 comes first in bytewise order: differences to it */
        assert_string_equal(l->features[i], wanted[i]);
    assert_int_equal(hx_learner_task(l), HX_TASK_REGRESSION);
    assert_string_equal(hx_learner_target(l), "spends");
    hx_learner_free(l);
    l = fitted(t,
               &(hx_learn_options){.model = "logistic", .target = "buys", .drop = "spends,grade"});
    assert_int_equal(hx_learner_task(l), HX_TASK_CLASSES);
    assert_int_equal(l->n_classes, 2);
    assert_string_equal(l->classes[0], "no");
    hx_learner_free(l);
    hx_table_free(t);
}

static double accuracy(const hx_learner *l, const hx_table *t, const char *target) {
    hx_predictions p;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    size_t right = 0, n = hx_table_rows(t), column = hx_table_find(t, hx_str_of(target));
    char room[64];
    if (hx_learner_predict(l, t, 1, arena, &p, &err) != HX_OK) fail_msg("%s", err.message);
    for (size_t i = 0; i < n; i++) {
        hx_str truth = hx_table_cell(t, i, column, room);
        right += hx_str_equal(truth, hx_str_of(p.classes[(size_t)p.values[i]]));
    }
    hx_arena_free(arena);
    return (double)right / (double)n;
}

static void learns_each_kind_of_target(void **st) {
    (void)st;
    hx_table *t = shop(N);
    hx_learner *l = fitted(
        t, &(hx_learn_options){.model = "logistic", .target = "buys", .use = "age,city,member"});
    assert_true(accuracy(l, t, "buys") > 0.9);
    hx_learner_free(l);
    l = fitted(t,
               &(hx_learn_options){.model = "tree", .target = "grade", .use = "age,city,member"});
    assert_int_equal(l->n_classes, 3);
    assert_string_equal(l->classes[2], "5");
    assert_true(accuracy(l, t, "grade") > 0.9);
    hx_learner_free(l);
    l = fitted(
        t, &(hx_learn_options){
               .model = "forest", .target = "member", .use = "age,city,spends", .n_threads = 2});
    assert_string_equal(l->classes[1], "true");
    hx_learner_free(l);
    hx_table_free(t);
}

/* What was never seen is "other"; a column without any value counts as missing. */
static void unseen_values(void **st) {
    (void)st;
    static const char *const cities[] = {"Urumqi"};
    double age[2] = {30, 30}, member[2] = {1, 1};
    uint32_t city[2] = {0, HX_CODE_MISSING};
    hx_predictions p;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = shop(N), *few = NULL;
    hx_learner *l = fitted(
        t, &(hx_learn_options){.model = "linear", .target = "spends", .use = "age,city,member"});
    assert_int_equal(hx_table_new(&few, 2, &err), HX_OK);
    put_number(few, "age", age, HX_KIND_NUMBER);
    put_number(few, "member", member, HX_KIND_BOOLEAN);
    put_text(few, "city", city, cities, 1);
    assert_int_equal(hx_learner_predict(l, few, 1, arena, &p, &err), HX_OK);
    assert_true(p.values[0] > 100 && p.values[0] < 140 && p.values[1] > 100 && p.values[1] < 140);
    double nothing[2] = {NAN, NAN};
    put_number(few, "city", nothing, HX_KIND_NUMBER);
    double before = p.values[1];
    assert_int_equal(hx_learner_predict(l, few, 1, arena, &p, &err), HX_OK);
    golden_near(p.values[0], before, 1e-12, "a column without values");
    put_number(few, "city", age, HX_KIND_NUMBER);
    assert_int_equal(hx_learner_predict(l, few, 1, arena, &p, &err), HX_EFORMAT);
    assert_string_equal(
        err.message, "column 'city' holds values of kind number, but the model learnt from text");
    hx_table_remove(few, hx_table_find(few, HX_STR_LIT("age")));
    assert_int_equal(hx_learner_predict(l, few, 1, arena, &p, &err), HX_ENOTFOUND);
    assert_string_equal(err.message, "the model needs a column 'age', which is not there");
    hx_learner_free(l);
    hx_table_free(t);
    hx_table_free(few);
    hx_arena_free(arena);
}

static void recipe_goes_along(void **st) {
    (void)st;
    hx_table *t = shop(N);
    hx_learner *l = fitted(
        t, &(hx_learn_options){
               .model = "linear",
               .target = "spends",
               .recipe = HX_STR_LIT("[{\"step\":\"drop\",\"columns\":[\"grade\",\"buys\"]}]")});
    assert_int_equal(l->n_features, 6);
    assert_int_not_equal(hx_table_find(t, HX_STR_LIT("grade")),
                         HX_COLUMN_NONE); /* the caller's table stays */
    hx_learner_free(l);
    hx_table_free(t);
}

static hx_kind kind_of(const hx_column_kind *kinds, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (hx_str_equal(kinds[i].name, hx_str_of(name))) return kinds[i].kind;
    fail_msg("no kind of %s", name);
    return HX_KIND_NUMBER;
}

/* A recipe makes numbers of the city: the file has texts there, and is to be read so. */
static void kinds_go_along(void **st) {
    (void)st;
    hx_table *t = shop(N);
    hx_learner *l = fitted(
        t, &(hx_learn_options){.model = "logistic",
                               .target = "buys",
                               .drop = "grade",
                               .recipe = HX_STR_LIT("[{\"step\":\"encode\",\"columns\":[\"city\"],"
                                                    "\"method\":\"ordinal\"}]")});
    hx_arena *arena = hx_arena_new(0);
    hx_column_kind *kinds = NULL;
    size_t n = 0;
    assert_int_equal(hx_learner_kinds(l, arena, &kinds, &n, NULL), HX_OK);
    assert_int_equal(kind_of(kinds, n, "city"), HX_KIND_TEXT);
    assert_int_equal(kind_of(kinds, n, "age"), HX_KIND_NUMBER);
    assert_int_equal(kind_of(kinds, n, "member"), HX_KIND_BOOLEAN);
    assert_int_equal(kind_of(kinds, n, "buys"), HX_KIND_TEXT);
    hx_arena_free(arena);
    hx_learner_free(l);
    hx_table_free(t);
}

/* A text whose values hardly ever occur twice tells rows apart: it is left out, and the summary says so; --use keeps it. */
static void ids_are_left_out(void **st) {
    (void)st;
    hx_table *t = shop(N);
    hx_arena *arena = hx_arena_new(0);
    hx_str ids[N];
    uint32_t codes[N];
    hx_error err = {0};
    for (size_t i = 0; i < N; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "C%03zu", i);
        ids[i] = hx_arena_str(arena, hx_str_of(id));
        codes[i] = (uint32_t)(i / 3);
    }
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("order"), codes, ids, N / 3 + 1, &err),
                     HX_OK);
    hx_learn_options o = {.model = "linear", .target = "spends", .drop = "grade,buys"};
    hx_learner *l = fitted(t, &o);
    assert_int_equal(l->n_features, 6);
    assert_non_null(strstr(hx_learner_summary(l).ptr, "\"left_out\":[\"order\"]"));
    hx_learner_free(l);
    o = (hx_learn_options){.model = "linear", .target = "spends", .use = "age,order"};
    l = fitted(t, &o);
    assert_true(l->n_features > 50);
    assert_null(strstr(hx_learner_summary(l).ptr, "left_out"));
    hx_learner_free(l);
    hx_arena_free(arena);
    hx_table_free(t);
}

/* What people call models, and what they meant. */
static void other_names(void **st) {
    (void)st;
    static const char *const names[][2] = {{"knn", "neighbours"},   {"Random_Forest", "forest"},
                                           {"xgboost", "boosting"}, {"lr", "logistic"},
                                           {"SVC", "svm"},          {"BOOSTING", "boosting"},
                                           {"naive bayes", "bayes"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_string_equal(hx_model_kind_of(names[i][0])->name, names[i][1]);
    size_t n = 0;
    const hx_estimator *const *all = hx_estimators(&n);
    for (size_t i = 0; i < n; i++) /* no other name hides a model */
        assert_ptr_equal(hx_estimator_of(all[i]->kind.name), all[i]);
    hx_table *t = shop(N);
    refused(t, &(hx_learn_options){.model = "forrest", .target = "buys"}, HX_EINVAL,
            "there is no model 'forrest'; did you mean forest? see huaxiang learn fit --help");
    refused(t, &(hx_learn_options){.model = "xgbost", .target = "buys"}, HX_EINVAL,
            "there is no model 'xgbost'; did you mean boosting? see huaxiang learn fit --help");
    refused(t, &(hx_learn_options){.model = "quux", .target = "buys"}, HX_EINVAL,
            "there is no model 'quux'; see huaxiang learn fit --help");
    hx_table_free(t);
}

/* ------------------------------------------------------------------ files */
static void same_after_file(const char *model, const char *target, const char *recipe) {
    char path[] = "/tmp/huaxiang-learner-XXXXXX";
    hx_predictions a, b;
    hx_error err = {0};
    hx_learner *again = NULL;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = shop(N);
    hx_learner *l = fitted(t, &(hx_learn_options){.model = model,
                                                  .target = target,
                                                  .drop = "grade",
                                                  .params = strcmp(model, "forest") == 0
                                                                ? HX_STR_LIT("{\"trees\":5}")
                                                                : (hx_str){0},
                                                  .recipe = hx_str_of(recipe)});
    close(mkstemp(path));
    if (hx_learner_save(l, path, &err) != HX_OK) fail_msg("%s", err.message);
    if (hx_learner_load(&again, path, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(hx_learner_predict(l, t, 2, arena, &a, &err), HX_OK);
    assert_int_equal(hx_learner_predict(again, t, 1, arena, &b, &err), HX_OK);
    assert_memory_equal(a.values, b.values, N * sizeof *a.values);
    if (a.probabilities)
        assert_memory_equal(a.probabilities, b.probabilities, N * a.n_classes * sizeof *a.values);
    assert_string_equal(hx_learner_target(again), target);
    hx_str s = hx_learner_summary(again);
    assert_true(s.len > 10 && s.ptr[0] == '{');
    hx_learner_free(l);
    hx_learner_free(again);
    hx_table_free(t);
    hx_arena_free(arena);
    unlink(path);
}

static void files(void **st) {
    (void)st;
    same_after_file("linear", "spends", "");
    same_after_file("lasso", "spends", "");
    same_after_file("logistic", "buys", "[{\"step\":\"drop\",\"columns\":[\"spends\"]}]");
    same_after_file("forest", "buys", "");
    same_after_file("tree", "member", "");
}

/* Each byte changed on its own, and each length: refused with a sentence, nothing else. */
static void damaged_files(void **st) {
    (void)st;
    char path[] = "/tmp/huaxiang-learner-XXXXXX";
    hx_error err = {0};
    hx_buf whole;
    hx_table *t = shop(30);
    hx_learner *l = fitted(
                   t,
                   &(hx_learn_options){.model = "linear", .target = "spends", .use = "age,city"}),
               *again = NULL;
    close(mkstemp(path));
    assert_int_equal(hx_learner_save(l, path, &err), HX_OK);
    hx_buf_init(&whole, 1u << 20);
    assert_int_equal(hx_file_read(path, &whole, &err), HX_OK);
    for (size_t i = 0; i < whole.len; i += 7) {
        char was = whole.ptr[i];
        whole.ptr[i] = (char)(was ^ 1);
        assert_int_equal(hx_file_write(path, hx_buf_str(&whole), false, &err), HX_OK);
        assert_int_equal(hx_learner_load(&again, path, &err), HX_EFORMAT);
        whole.ptr[i] = was;
        assert_int_equal(hx_file_write(path, (hx_str){whole.ptr, i}, false, &err), HX_OK);
        assert_int_equal(hx_learner_load(&again, path, &err), HX_EFORMAT);
    }
    assert_int_equal(
        hx_file_write(path, HX_STR_LIT("{\"format\":\"huaxiang/recipe/1\"}"), false, &err), HX_OK);
    assert_int_equal(hx_learner_load(&again, path, &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "is no model that huaxiang learn fit made"));
    hx_buf_release(&whole);
    hx_learner_free(l);
    hx_table_free(t);
    unlink(path);
}

/* ------------------------------------------------------------------ refusals */
static void refusals(void **st) {
    (void)st;
    hx_table *t = shop(N), *none = shop(0);
    refused(t, &(hx_learn_options){.model = "magic", .target = "spends"}, HX_EINVAL,
            "there is no model 'magic'; see huaxiang learn fit --help");
    refused(t, &(hx_learn_options){.model = "linear", .target = "spend"}, HX_ENOTFOUND,
            "there is no column 'spend'");
    refused(t, &(hx_learn_options){.model = "linear", .target = "buys"}, HX_EINVAL,
            "linear can't learn classes; see huaxiang learn fit --help");
    refused(t, &(hx_learn_options){.model = "logistic", .target = "spends"}, HX_EINVAL,
            "logistic can't learn numbers (regression); see huaxiang learn fit --help");
    refused(t, &(hx_learn_options){.model = "linear", .target = "spends", .use = "spends"},
            HX_EINVAL, "no column is left to learn from; say which ones by --use");
    refused(t, &(hx_learn_options){.model = "linear", .target = "age"}, HX_EINVAL,
            "row 5 has no value of 'age'; leave such rows out by --where 'age is not missing'");
    refused(t, &(hx_learn_options){.model = "linear"}, HX_EINVAL,
            "say which column is to be learnt by --target");
    refused(none, &(hx_learn_options){.model = "linear", .target = "spends"}, HX_EINVAL,
            "the table has no rows to learn from");
    refused(t, &(hx_learn_options){.model = "ridge", .target = "spends", .weight = "city"},
            HX_EINVAL, "the column 'city' holds texts, not numbers");
    double same[N], huge[N];
    for (size_t i = 0; i < N; i++) {
        same[i] = 3;
        huge[i] = i == 6 ? INFINITY : (double)i;
    }
    put_number(t, "same", same, HX_KIND_NUMBER);
    put_number(t, "huge", huge, HX_KIND_NUMBER);
    refused(t, &(hx_learn_options){.model = "logistic", .target = "same"}, HX_EINVAL,
            "the target 'same' has only one class, '3': nothing can be told apart");
    refused(t, &(hx_learn_options){.model = "linear", .target = "huge", .task = HX_TASK_REGRESSION},
            HX_EINVAL, "row 7: 'huge' is infinite, nothing can be learnt from that");
    hx_table_free(t);
    hx_table_free(none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_by_name), cmocka_unit_test(learns_each_kind_of_target),
        cmocka_unit_test(unseen_values),    cmocka_unit_test(recipe_goes_along),
        cmocka_unit_test(kinds_go_along),   cmocka_unit_test(ids_are_left_out),
        cmocka_unit_test(other_names),      cmocka_unit_test(files),
        cmocka_unit_test(damaged_files),    cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
