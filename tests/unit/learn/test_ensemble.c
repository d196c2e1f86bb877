/* Voting, blending, stacking: against what their members say, done here by hand; files, refusals. */
#include "golden.h"
#include "learn/learner.h"
#include "learn/split.h"

#include <unistd.h>

#define N 160

static void put(hx_table *t, const char *name, const double *x) {
    hx_error err = {0};
    if (hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, x, -1, &err) != HX_OK)
        fail_msg("%s", err.message);
}

/* number: a line and a step; label: three of them. */
static hx_table *steps(void) {
    double u[N], v[N], number[N], label[N], two[N];
    hx_table *t = NULL;
    hx_error err = {0};
    if (hx_table_new(&t, N, &err) != HX_OK) fail_msg("%s", err.message);
    for (size_t i = 0; i < N; i++) {
        u[i] = (double)(i * 61 % N) / N;
        v[i] = (double)(i * 37 % 101) / 101;
        number[i] = 2 * u[i] + (v[i] > 0.6 ? 1.5 : 0) + (double)(i * 29 % 13) / 40;
        label[i] = number[i] < 0.9 ? 0 : number[i] < 1.9 ? 1 : 2;
        two[i] = number[i] > 1.4;
    }
    put(t, "u", u);
    put(t, "v", v);
    put(t, "number", number);
    put(t, "label", label);
    put(t, "two", two);
    return t;
}

static hx_learner *fitted(const hx_table *t, const char *model, const char *params,
                          const char *target) {
    hx_learner *l = NULL;
    hx_error err = {0};
    const hx_learn_options o = {.model = model,
                                .params = hx_str_of(params),
                                .target = target,
                                .use = "u,v",
                                .seed = 7,
                                .n_threads = 2};
    if (hx_learner_fit(&l, t, NULL, &o, &err) != HX_OK) fail_msg("%s", err.message);
    return l;
}

static hx_predictions said(const hx_learner *l, const hx_table *t, hx_arena *arena) {
    hx_predictions p;
    hx_error err = {0};
    if (hx_learner_predict(l, t, 1, arena, &p, &err) != HX_OK) fail_msg("%s", err.message);
    return p;
}

static void voting_is_the_mean(void **st) {
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = steps();
    hx_learner *both =
        fitted(t, "voting", "{\"logistic\":true,\"tree\":true,\"forest\":false,\"boosting\":false}",
               "label");
    hx_learner *a = fitted(t, "logistic", "", "label"), *b = fitted(t, "tree", "", "label");
    const hx_predictions p = said(both, t, arena), x = said(a, t, arena), y = said(b, t, arena);
    assert_int_equal(p.n_classes, 3);
    for (size_t i = 0; i < N * 3; i++)
        golden_near(p.probabilities[i], (x.probabilities[i] + y.probabilities[i]) / 2, 1e-9,
                    "probability");
    hx_learner_free(both);
    hx_learner_free(a);
    hx_learner_free(b);
    hx_table_free(t);
    hx_arena_free(arena);
}

/* The rows that are held out, by the same shares; the best weight of two members has a closed form for squares. */
static double best_weight(const hx_problem *p, const hx_estimator *a, const hx_estimator *b,
                          hx_arena *arena) {
    static const double shares[] = {0.8, 0.2};
    uint32_t parts[N], none[N] = {0};
    size_t train[N], test[N], n_train, n_test;
    double values[32], f[2][N], up = 0, down = 0;
    hx_problem seen, rest;
    hx_error err = {0};
    const hx_fold_options o = {.seed = 7, .strata = none};
    assert_int_equal(hx_split_shares(N, shares, 2, &o, parts, &err), HX_OK);
    hx_split_rows(parts, N, 1, false, train, &n_train, test, &n_test);
    assert_int_equal(n_test, N / 5);
    assert_int_equal(hx_problem_pick(p, train, n_train, arena, &seen, &err), HX_OK);
    assert_int_equal(hx_problem_pick(p, test, n_test, arena, &rest, &err), HX_OK);
    for (int m = 0; m < 2; m++) {
        const hx_estimator *e = m ? b : a;
        void *state = NULL;
        for (size_t i = 0; i < e->kind.n_params; i++)
            values[i] = e->kind.params[i].fallback;
        const hx_fit_options fit = {.params = values, .n_threads = 1};
        assert_int_equal(e->fit(&state, &seen, NULL, &fit, &err), HX_OK);
        assert_int_equal(e->predict(state, rest.x, n_test, 1, f[m], &err), HX_OK);
        e->release(state);
    }
    for (size_t i = 0; i < n_test; i++) {
        up += (rest.y[i] - f[1][i]) * (f[0][i] - f[1][i]);
        down += (f[0][i] - f[1][i]) * (f[0][i] - f[1][i]);
    }
    return fmin(fmax(up / down, 0), 1);
}

static void blending_weighs_best(void **st) {
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = steps();
    hx_problem problem;
    hx_error err = {0};
    hx_learner *both =
        fitted(t, "blending", "{\"ridge\":true,\"tree\":true,\"forest\":false,\"boosting\":false}",
               "number");
    hx_learner *a = fitted(t, "ridge", "", "number");
    assert_int_equal(hx_design_problem(a->design, t, true, arena, &problem, &err), HX_OK);
    double w = best_weight(&problem, hx_estimator_of("ridge"), hx_estimator_of("tree"), arena);
    assert_true(w > 0.01 && w < 0.99);
    json_t *s = json_loads(hx_learner_summary(both).ptr, 0, NULL);
    const json_t *weights = json_object_get(s, "weights");
    golden_near(json_number_value(json_array_get(weights, 0)), w, 1e-5, "weight of ridge");
    golden_near(json_number_value(json_array_get(weights, 1)), 1 - w, 1e-5, "weight of tree");
    json_decref(s);
    hx_learner_free(both);
    hx_learner_free(a);
    hx_table_free(t);
    hx_arena_free(arena);
}

static double squares(const hx_predictions *p, const double *y) {
    double sum = 0;
    for (size_t i = 0; i < p->n; i++)
        sum += (p->values[i] - y[i]) * (p->values[i] - y[i]);
    return sum;
}

/* On top of both the line and the step are known: better than the line alone. Two members that are one say the same as it. */
static void stacking_learns_from_both(void **st) {
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = steps();
    double y[N];
    hx_table_numbers(t, hx_table_find(t, HX_STR_LIT("number")), 0, N, y);
    hx_learner *both =
        fitted(t, "stacking", "{\"ridge\":true,\"tree\":true,\"forest\":false,\"boosting\":false}",
               "number");
    hx_learner *a = fitted(t, "ridge", "", "number");
    const hx_predictions p = said(both, t, arena), x = said(a, t, arena);
    assert_true(squares(&p, y) < 0.7 * squares(&x, y));
    hx_learner_free(both);
    both = fitted(t, "stacking", "{\"ridge\":true,\"forest\":false,\"boosting\":false}", "number");
    const hx_predictions alone = said(both, t, arena);
    for (size_t i = 0; i < N; i++)
        golden_near(alone.values[i], x.values[i], 1e-12, "one member");
    hx_learner_free(both);
    hx_learner_free(a);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void kept_in_files(void **st) {
    (void)st;
    static const char *const ways[] = {"voting", "blending", "stacking"};
    static const char *const targets[] = {"number", "label", "two"};
    char path[] = "/tmp/hx-ensemble-XXXXXX";
    int fd = mkstemp(path);
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = steps();
    hx_error err = {0};
    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < 9; i++) {
        hx_learner *again = NULL;
        hx_learner *l = fitted(
            t, ways[i / 3], "{\"tree\":true,\"forest\":false,\"boosting\":false}", targets[i % 3]);
        assert_int_equal(hx_learner_save(l, path, &err), HX_OK);
        if (hx_learner_load(&again, path, &err) != HX_OK) fail_msg("%s", err.message);
        const hx_predictions p = said(l, t, arena), q = said(again, t, arena);
        size_t cells = p.probabilities ? N * p.n_classes : N;
        assert_memory_equal(p.probabilities ? p.probabilities : p.values,
                            q.probabilities ? q.probabilities : q.values, cells * sizeof(double));
        for (size_t k = 0; p.probabilities && k < N; k++) {
            double sum = 0;
            for (size_t c = 0; c < p.n_classes; c++)
                sum += p.probabilities[k * p.n_classes + c];
            golden_near(sum, 1, 1e-12, "sum of probabilities");
        }
        hx_learner_free(l);
        hx_learner_free(again);
    }
    unlink(path);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void damaged(void **st) {
    (void)st;
    static const char *const states[] = {
        "{}",
        "{\"way\":\"voting\",\"members\":[],\"weights\":[],\"states\":[],\"top\":null}",
        "{\"way\":\"voting\",\"members\":[\"ridge\"],\"weights\":[1],\"states\":[],\"top\":null}",
        "{\"way\":\"voting\",\"members\":[\"rige\"],\"weights\":[1],\"states\":[{}],\"top\":null}",
        "{\"way\":\"voting\",\"members\":[\"ridge\"],\"weights\":[\"x\"],\"states\":[{}],\"top\":"
        "null}",
        "{\"way\":\"voting\",\"members\":[\"ridge\"],\"weights\":[1],\"states\":[{}],\"top\":"
        "null}"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        void *state = NULL;
        hx_error err = {0};
        json_t *json = json_loads(states[i], 0, NULL);
        assert_non_null(json);
        assert_int_equal(hx_estimator_of("voting")->read(&state, json, 2, 0, &err), HX_EFORMAT);
        assert_true(err.message[0] != '\0');
        assert_null(state);
        json_decref(json);
    }
}

static void refusals(void **st) {
    (void)st;
    hx_table *t = steps();
    hx_learner *l = NULL;
    hx_error err = {0};
    const hx_learn_options o = {
        .model = "stacking",
        .params = HX_STR_LIT("{\"logistic\":false,\"forest\":false,\"boosting\":false}"),
        .target = "label"};
    assert_int_equal(hx_learner_fit(&l, t, NULL, &o, &err), HX_EINVAL);
    assert_string_equal(err.message, "an ensemble needs a member that can learn this target");
    hx_table_free(t);
}

/* The mean of members that learnt from other rows each; a member alone on all rows drawn anew is no mean of anything else; files. */
static void bagging(void **st) {
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = steps();
    hx_error err = {0};
    static const char *const targets[] = {"number", "label"};
    for (size_t k = 0; k < 2; k++) {
        char path[] = "/tmp/hx-bagging-XXXXXX";
        hx_learner *many = fitted(t, "bagging", "{\"members\":20}", targets[k]), *again = NULL;
        hx_learner *one = fitted(t, "bagging", "{\"members\":1,\"share\":0.5}", targets[k]);
        const hx_predictions p = said(many, t, arena), q = said(one, t, arena);
        const double *a = k ? p.probabilities : p.values, *b = k ? q.probabilities : q.values;
        const size_t n = k ? N * 3 : N;
        size_t between = 0, whole = 0;
        for (size_t i = 0; i < n; i++) {
            between += k && a[i] > 0.01 && a[i] < 0.99;
            whole += b[i] == 0 || b[i] == 1;
        }
        if (k) assert_true(between > 20 && whole > n / 2);
        close(mkstemp(path));
        assert_int_equal(hx_learner_save(many, path, &err), HX_OK);
        if (hx_learner_load(&again, path, &err) != HX_OK) fail_msg("%s", err.message);
        const hx_predictions same = said(again, t, arena);
        for (size_t i = 0; i < N; i++)
            assert_true(same.values[i] == p.values[i]);
        unlink(path);
        hx_learner_free(many);
        hx_learner_free(one);
        hx_learner_free(again);
    }
    hx_learner *l = NULL;
    const hx_learn_options o = {.model = "bagging",
                                .params = HX_STR_LIT("{\"base\":\"ridge\"}"),
                                .target = "two",
                                .task = HX_TASK_CLASSES,
                                .use = "u,v"};
    assert_int_equal(hx_learner_fit(&l, t, NULL, &o, &err), HX_EINVAL);
    assert_string_equal(err.message, "an ensemble needs a member that can learn this target");
    hx_table_free(t);
    hx_arena_free(arena);
}

/* ------------------------------------------------------------------ every model of the list can be a member */
static bool can_be_member(const hx_estimator *e, hx_learn_task task) {
    static const char *const ways[] = {"voting", "blending", "stacking", "bagging"};
    for (size_t i = 0; i < 4; i++)
        if (strcmp(e->kind.name, ways[i]) == 0) return false;
    return e->kind.tasks & 1u << task && !(e->wants & (HX_WANTS_TOKENS | HX_WANTS_EMBEDDING));
}

/* A number, a column of two texts, and gaps. */
static hx_table *mixed(void) {
    const hx_str words[] = {HX_STR_LIT("old"), HX_STR_LIT("new")};
    hx_table *t = steps();
    uint32_t word[N];
    double gaps[N];
    hx_error err = {0};
    for (size_t i = 0; i < N; i++) {
        word[i] = i * 7 % 5 < 2;
        gaps[i] = i % 9 == 0 ? (double)NAN : (double)(i * 13 % 50);
    }
    put(t, "gaps", gaps);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("word"), word, words, 2, &err), HX_OK);
    return t;
}

static hx_learner *member_alone(const hx_table *t, const char *way, const char *member,
                                const char *target) {
    char params[2048] = "{";
    const hx_model_kind *kind = hx_model_kind_of(way);
    hx_learner *l = NULL;
    hx_error err = {0};
    size_t at = 1;
    if (strcmp(way, "bagging") == 0)
        at += (size_t)snprintf(params + at, sizeof params - at, "\"base\":\"%s\",\"members\":3,",
                               member);
    for (size_t i = 0; i < kind->n_params; i++)
        if (kind->params[i].kind == HX_PARAM_SWITCH)
            at += (size_t)snprintf(params + at, sizeof params - at, "\"%s\":%s,",
                                   kind->params[i].name,
                                   strcmp(kind->params[i].name, member) == 0 ||
                                           strcmp(kind->params[i].name, "tree") == 0
                                       ? "true"
                                       : "false");
    params[at - 1] = '}';
    const hx_learn_options o = {.model = way,
                                .params = hx_str_of(params),
                                .target = target,
                                .use = "u,v,word,gaps",
                                .seed = 7,
                                .n_threads = 2};
    if (hx_learner_fit(&l, t, NULL, &o, &err) != HX_OK)
        fail_msg("%s of %s: %s", way, member, err.message);
    return l;
}

static void answers_in_file(const hx_learner *l, const hx_table *t, const char *member,
                            hx_arena *arena) {
    char path[] = "/tmp/hx-ensemble-XXXXXX";
    hx_learner *again = NULL;
    hx_error err = {0};
    close(mkstemp(path));
    assert_int_equal(hx_learner_save(l, path, &err), HX_OK);
    if (hx_learner_load(&again, path, &err) != HX_OK) fail_msg("%s: %s", member, err.message);
    const hx_predictions p = said(l, t, arena), q = said(again, t, arena);
    for (size_t i = 0; i < N; i++) {
        double sum = 0;
        assert_true(isfinite(p.values[i]) && p.values[i] == q.values[i]);
        for (size_t c = 0; c < p.n_classes; c++)
            sum += p.probabilities[i * p.n_classes + c];
        if (p.n_classes) golden_near(sum, 1, 1e-12, member);
    }
    unlink(path);
    hx_learner_free(again);
}

static void every_model_can_be_a_member(void **st) {
    (void)st;
    static const char *const ways[] = {"voting", "blending", "stacking", "bagging"};
    static const char *const targets[] = {"number", "two", "label"};
    size_t n, tried = 0;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = mixed();
    const hx_estimator *const *all = hx_estimators(&n);
    for (size_t i = 0; i < n * 12; i++) {
        const hx_estimator *e = all[i / 12];
        size_t target = i % 3;
        if (!can_be_member(e, target ? HX_TASK_CLASSES : HX_TASK_REGRESSION)) continue;
        hx_learner *l = member_alone(t, ways[i / 3 % 4], e->kind.name, targets[target]);
        answers_in_file(l, t, e->kind.name, arena);
        json_t *s = json_loads(hx_learner_summary(l).ptr, 0, NULL);
        const size_t members = json_array_size(json_object_get(s, "members"));
        if (i / 3 % 4 < 3) assert_int_equal(members, strcmp(e->kind.name, "tree") == 0 ? 1 : 2);
        json_decref(s);
        hx_learner_free(l);
        tried++;
    }
    assert_true(tried >= 90); /* kinds with their tasks, in four ways */
    hx_table_free(t);
    hx_arena_free(arena);
}

/* Members see what they see alone: naive Bayes takes scaled values of yes and no for yes and no. */
static void members_say_what_they_say_alone(void **st) {
    (void)st;
    static const char *const kinds[] = {"bayes", "svm", "kernel-svm", "mlp"};
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = mixed();
    for (size_t k = 0; k < 4; k++) {
        char params[160];
        hx_learner *a, *b, *c;
        hx_error err = {0};
        snprintf(params, sizeof params,
                 "{\"%s\":true,\"tree\":true,\"logistic\":false,\"forest\":false,"
                 "\"boosting\":false}",
                 kinds[k]);
        hx_learn_options o = {
            .params = hx_str_of(params), .target = "two", .use = "u,word", .seed = 7};
        o.model = "voting";
        if (hx_learner_fit(&a, t, NULL, &o, &err) != HX_OK) fail_msg("%s", err.message);
        o.params = (hx_str){0};
        o.model = kinds[k];
        assert_int_equal(hx_learner_fit(&b, t, NULL, &o, &err), HX_OK);
        o.model = "tree";
        assert_int_equal(hx_learner_fit(&c, t, NULL, &o, &err), HX_OK);
        const hx_predictions p = said(a, t, arena), x = said(b, t, arena), y = said(c, t, arena);
        for (size_t i = 0; i < 2 * N; i++)
            golden_near(p.probabilities[i], (x.probabilities[i] + y.probabilities[i]) / 2, 1e-9,
                        kinds[k]);
        hx_learner_free(a);
        hx_learner_free(b);
        hx_learner_free(c);
    }
    hx_table_free(t);
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(voting_is_the_mean),
        cmocka_unit_test(bagging),
        cmocka_unit_test(blending_weighs_best),
        cmocka_unit_test(stacking_learns_from_both),
        cmocka_unit_test(kept_in_files),
        cmocka_unit_test(damaged),
        cmocka_unit_test(refusals),
        cmocka_unit_test(every_model_can_be_a_member),
        cmocka_unit_test(members_say_what_they_say_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
