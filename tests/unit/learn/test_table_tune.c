/* Tuning: never below the models as they are, settings within their ranges, the same search for any number of threads, nested, refusals. */
#include "base/rng.h"
#include "golden.h"
#include "huaxiang/learn.h"

#include <jansson.h>

#define N 150

static void put(hx_table *t, const char *name, const double *x) {
    hx_error err = {0};
    if (hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, x, -1, &err) != HX_OK)
        fail_msg("%s", err.message);
}

/* y = whether a wave of u is above v: trees do well, and depth matters; number = the wave. */
static hx_table *waves(void) {
    double u[N], v[N], y[N], number[N];
    hx_table *t = NULL;
    hx_error err = {0};
    if (hx_table_new(&t, N, &err) != HX_OK) fail_msg("%s", err.message);
    for (size_t i = 0; i < N; i++) {
        u[i] = (double)(i * 61 % N) / N * 6;
        v[i] = (double)(i * 37 % 101) / 50 - 1;
        number[i] = sin(u[i]) + 0.3 * v[i];
        y[i] = sin(u[i]) > v[i];
    }
    put(t, "u", u);
    put(t, "v", v);
    put(t, "y", y);
    put(t, "number", number);
    return t;
}

static json_t *tuned(const hx_table *t, const hx_tune_options *o, hx_arena *arena, hx_str *text,
                     hx_learner **best) {
    hx_error err = {0};
    if (hx_learner_tune(best, t, o, arena, text, &err) != HX_OK) fail_msg("%s", err.message);
    json_t *e = json_loadb(text->ptr, text->len, 0, NULL);
    assert_non_null(e);
    return e;
}

static double number(const json_t *object, const char *key) {
    const json_t *v = json_object_get(object, key);
    if (!json_is_number(v)) fail_msg("no number %s", key);
    return json_number_value(v);
}

static void in_range(const json_t *setting) {
    const hx_model_kind *kind =
        hx_model_kind_of(json_string_value(json_object_get(setting, "model")));
    assert_non_null(kind);
    for (size_t i = 0; i < kind->n_params; i++) {
        const hx_model_param *p = &kind->params[i];
        const json_t *v = json_object_get(json_object_get(setting, "params"), p->name);
        assert_non_null(v);
        if (p->tune_high <= p->tune_low || !json_is_number(v)) continue;
        double x = json_number_value(v);
        assert_true(x == p->fallback || (x >= p->tune_low && x <= p->tune_high));
        if (p->kind == HX_PARAM_COUNT) assert_true(x == floor(x));
    }
}

static void search(void **st) {
    (void)st;
    hx_table *t = waves();
    hx_arena *arena = hx_arena_new(0);
    hx_learner *best = NULL;
    hx_str text;
    const hx_tune_options o = {
        .cross = {.models = "tree,logistic",
                  .n_folds = 5,
                  .learn = {.target = "y", .drop = "number", .seed = 2, .n_threads = 2}},
        .n_trials = 20};
    json_t *e = tuned(t, &o, arena, &text, &best), *tried = json_object_get(e, "tried");
    const json_t *won = json_object_get(e, "best");
    assert_int_equal(json_array_size(tried), 20);
    size_t whole = 0, different = 0;
    double most = -1;
    for (size_t i = 0; i < 20; i++) {
        const json_t *one = json_array_get(tried, i);
        size_t folds = json_array_size(json_object_get(one, "folds"));
        assert_true(folds == 1 || folds == 2 || folds == 5);
        in_range(one);
        different += !json_equal(json_object_get(one, "params"),
                                 json_object_get(json_array_get(tried, i % 2), "params"));
        if (folds < 5) continue;
        whole++;
        most = fmax(most, number(one, "mean"));
    }
    assert_int_equal(json_array_size(json_object_get(json_array_get(tried, 0), "folds")), 5);
    assert_int_equal(json_array_size(json_object_get(json_array_get(tried, 1), "folds")), 5);
    assert_true(whole >= 4 && whole < 20 && different > 10);
    golden_near(number(won, "mean"), most, 1e-15, "best");
    assert_true(number(won, "mean") >= number(json_array_get(tried, 0), "mean"));
    assert_true(number(won, "mean") > 0.9);
    assert_true(hx_learner_task(best) == HX_TASK_CLASSES);
    json_decref(e);
    hx_learner_free(best);
    hx_arena_free(arena);
    hx_table_free(t);
}

static void same_bytes(void **st) {
    (void)st;
    hx_table *t = waves();
    hx_arena *arena = hx_arena_new(0);
    hx_learner *a = NULL, *b = NULL;
    hx_str one, three;
    hx_tune_options o = {.cross = {.models = "tree",
                                   .n_folds = 3,
                                   .learn = {.target = "number", .drop = "y", .n_threads = 1}},
                         .n_trials = 12};
    json_decref(tuned(t, &o, arena, &one, &a));
    o.cross.learn.n_threads = 3;
    json_decref(tuned(t, &o, arena, &three, &b));
    assert_true(hx_str_equal(one, three));
    hx_learner_free(a);
    hx_learner_free(b);
    hx_arena_free(arena);
    hx_table_free(t);
}

static void nested(void **st) {
    (void)st;
    hx_table *t = waves();
    hx_arena *arena = hx_arena_new(0);
    hx_learner *best = NULL;
    hx_str text;
    const hx_tune_options o = {
        .cross = {.models = "tree",
                  .n_folds = 3,
                  .learn = {.target = "number", .drop = "y", .n_threads = 2}},
        .n_trials = 6,
        .n_outer = 3};
    json_t *e = tuned(t, &o, arena, &text, &best), *of = json_object_get(e, "nested");
    const json_t *folds = json_object_get(of, "folds");
    assert_int_equal(json_array_size(folds), 3);
    double sum = 0;
    for (size_t i = 0; i < 3; i++)
        sum += json_number_value(json_array_get(folds, i));
    golden_near(number(of, "mean"), sum / 3, 1e-12, "mean");
    assert_true(number(of, "mean") > 0.5 && number(of, "mean") < 1);
    json_decref(e);
    hx_learner_free(best);
    hx_arena_free(arena);
    hx_table_free(t);
}

static double weights_of(const json_t *members) {
    size_t i;
    json_t *m;
    double sum = 0;
    json_array_foreach(members, i, m) {
        in_range(m);
        sum += number(m, "weight");
    }
    return sum;
}

/* Those that are best together are kept, better than the best alone on the folds; alone where that is asked for. */
static void together(void **st) {
    (void)st;
    hx_table *t = waves();
    hx_arena *arena = hx_arena_new(0);
    hx_learner *best = NULL;
    hx_str text;
    hx_tune_options o = {.cross = {.models = "tree,ridge,neighbours",
                                   .n_folds = 3,
                                   .learn = {.target = "number", .drop = "y", .n_threads = 2}},
                         .n_trials = 12};
    json_t *e = tuned(t, &o, arena, &text, &best), *of = json_object_get(e, "ensemble");
    assert_non_null(of);
    golden_near(weights_of(json_object_get(of, "members")), 1, 1e-12, "weights");
    assert_true(number(of, "mean") > number(json_object_get(e, "best"), "mean"));
    assert_true(json_array_size(json_object_get(of, "members")) >= 2);
    assert_non_null(strstr(hx_learner_summary(best).ptr, "\"model\":\"ensemble\""));
    json_decref(e);
    hx_learner_free(best);
    o.single = true;
    e = tuned(t, &o, arena, &text, &best);
    assert_null(json_object_get(e, "ensemble"));
    assert_null(strstr(hx_learner_summary(best).ptr, "\"model\":\"ensemble\""));
    json_decref(e);
    hx_learner_free(best);
    hx_arena_free(arena);
    hx_table_free(t);
}

/* Where no model is named; a machine without XGBoost goes on with the others. */
static void usual_models(void **st) {
    static const char *const names[] = {"boosting", "elastic", "forest"};
    (void)st;
    hx_table *t = waves();
    hx_arena *arena = hx_arena_new(0);
    hx_learner *best = NULL;
    hx_str text;
    const hx_tune_options o = {
        .cross = {.n_folds = 2, .learn = {.target = "number", .drop = "y", .n_threads = 2}},
        .n_trials = 3};
    json_t *e = tuned(t, &o, arena, &text, &best), *tried = json_object_get(e, "tried");
    assert_int_equal(json_array_size(tried), 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(tried, i), "model")),
                            names[i]);
    json_decref(e);
    hx_learner_free(best);
    hx_arena_free(arena);
    hx_table_free(t);
}

static void last_share(void *context, const hx_learn_progress *p) {
    double *share = context;
    assert_true((double)p->epoch >= *share && p->epoch <= p->n_epochs);
    *share = (double)p->epoch;
}

/* The share that is told only grows, and reaches the end where it ends by trials. */
static void progress(void **st) {
    (void)st;
    double share = 0;
    hx_table *t = waves();
    hx_arena *arena = hx_arena_new(0);
    hx_learner *best = NULL;
    hx_str text;
    const hx_tune_options o = {.cross = {.models = "tree,ridge",
                                         .n_folds = 4,
                                         .learn = {.target = "number",
                                                   .drop = "y",
                                                   .n_threads = 1,
                                                   .progress = last_share,
                                                   .context = &share}},
                               .n_trials = 21,
                               .n_outer = 2};
    json_decref(tuned(t, &o, arena, &text, &best));
    assert_true(share == 1000);
    hx_learner_free(best);
    hx_arena_free(arena);
    hx_table_free(t);
}

/* 10,000 values of a text in 20,000 rows. */
static void many_values(void **st) {
    enum { ROWS = 20000, VALUES = 10000 };
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = NULL;
    hx_learner *best = NULL;
    hx_error err = {0};
    hx_str text, *values = hx_arena_alloc(arena, VALUES * sizeof *values);
    uint32_t *codes = hx_arena_alloc(arena, ROWS * sizeof *codes);
    double *y = hx_arena_alloc(arena, ROWS * sizeof *y);
    char name[16];
    for (size_t i = 0; i < VALUES; i++) {
        (void)snprintf(name, sizeof name, "value %zu", i);
        values[i] = hx_arena_str(arena, hx_str_of(name));
    }
    for (size_t i = 0; i < ROWS; i++) {
        codes[i] = i % 4 == 0 ? (uint32_t)(i / 4 % 9) : (uint32_t)(i * 7919 % VALUES);
        y[i] = codes[i] % 2;
    }
    if (hx_table_new(&t, ROWS, &err) != HX_OK ||
        hx_table_put_texts(t, HX_STR_LIT("place"), codes, values, VALUES, &err) != HX_OK)
        fail_msg("%s", err.message);
    put(t, "y", y);
    const hx_tune_options o = {
        .cross = {.models = "tree,bayes",
                  .n_folds = 2,
                  .learn = {.target = "y", .task = HX_TASK_CLASSES, .n_threads = 2}},
        .n_trials = 4};
    json_t *e = tuned(t, &o, arena, &text, &best);
    assert_true(number(json_object_get(e, "best"), "mean") > 0.55);
    json_decref(e);
    hx_learner_free(best);
    hx_arena_free(arena);
    hx_table_free(t);
}

/* The first round is finished whatever the time is, so that there is always an answer. */
static void time_runs_out(void **st) {
    (void)st;
    hx_table *t = waves();
    hx_arena *arena = hx_arena_new(0);
    hx_learner *best = NULL;
    hx_str text;
    const hx_tune_options o = {
        .cross = {.models = "tree", .n_folds = 2, .learn = {.target = "number", .drop = "y"}},
        .seconds = 1e-9};
    json_t *e = tuned(t, &o, arena, &text, &best);
    assert_int_equal(json_array_size(json_object_get(e, "tried")), 9);
    json_decref(e);
    hx_learner_free(best);
    hx_arena_free(arena);
    hx_table_free(t);
}

static void refusals(void **st) {
    (void)st;
    hx_table *t = waves();
    hx_arena *arena = hx_arena_new(0);
    hx_learner *best = NULL;
    hx_str text;
    hx_error err = {0};
    volatile int stop = 1;
    hx_tune_options o = {.cross = {.models = "tree", .learn = {.target = "number"}}, .n_outer = 1};
    assert_int_equal(hx_learner_tune(&best, t, &o, arena, &text, &err), HX_EINVAL);
    assert_string_equal(err.message, "a nested search needs 2 to 100 outer folds");
    o.n_outer = 0;
    o.cross.learn.cancel = &stop;
    assert_int_equal(hx_learner_tune(&best, t, &o, arena, &text, &err), HX_ECANCELLED);
    assert_null(best);
    o.cross.learn.cancel = NULL;
    o.cross.models = "logistic";
    o.cross.learn.task = HX_TASK_REGRESSION;
    assert_int_equal(hx_learner_tune(&best, t, &o, arena, &text, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "logistic can't learn numbers (regression); see huaxiang learn fit --help");
    hx_arena_free(arena);
    hx_table_free(t);
}

/* Every setting of the other searches goes through all folds; the result is never below the model as it is. */
static void other_searches(void **st) {
    (void)st;
    hx_table *t = waves();
    hx_arena *arena = hx_arena_new(0);
    for (int how = HX_SEARCH_RANDOM; how <= HX_SEARCH_TPE; how++) {
        hx_learner *best = NULL, *again = NULL;
        hx_str text, same;
        hx_tune_options o = {.search = (hx_tune_search)how,
                             .cross = {.models = "tree,ridge",
                                       .n_folds = 3,
                                       .learn = {.target = "number", .drop = "y", .n_threads = 1}},
                             .n_trials = 40};
        json_t *e = tuned(t, &o, arena, &text, &best), *tried = json_object_get(e, "tried");
        const size_t n = json_array_size(tried);
        if (how != HX_SEARCH_GRID) assert_int_equal(n, 40);
        assert_true(n > 12 && n <= 42);
        for (size_t i = 0; i < n; i++) {
            const json_t *one = json_array_get(tried, i);
            assert_int_equal(json_array_size(json_object_get(one, "folds")), 3);
            in_range(one);
            for (size_t k = 2; k < i && how == HX_SEARCH_GRID; k++)
                assert_false(json_equal(json_object_get(one, "params"),
                                        json_object_get(json_array_get(tried, k), "params")) &&
                             json_equal(json_object_get(one, "model"),
                                        json_object_get(json_array_get(tried, k), "model")));
        }
        assert_true(number(json_object_get(e, "best"), "mean") >=
                    number(json_array_get(tried, 0), "mean"));
        json_decref(e);
        o.cross.learn.n_threads = 3;
        json_decref(tuned(t, &o, arena, &same, &again));
        assert_true(hx_str_equal(text, same));
        hx_learner_free(best);
        hx_learner_free(again);
    }
    hx_arena_free(arena);
    hx_table_free(t);
}

/* TPE draws near what was good: its later settings are better on the mean than its first ones by chance, over several seeds. */
static void tpe_learns(void **st) {
    (void)st;
    hx_table *t = waves();
    hx_arena *arena = hx_arena_new(0);
    double early = 0, late = 0;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        hx_learner *best = NULL;
        hx_str text;
        const hx_tune_options o = {
            .search = HX_SEARCH_TPE,
            .cross = {.models = "tree",
                      .n_folds = 3,
                      .learn = {.target = "number", .drop = "y", .seed = seed, .n_threads = 2}},
            .n_trials = 41};
        json_t *e = tuned(t, &o, arena, &text, &best), *tried = json_object_get(e, "tried");
        for (size_t i = 0; i < 8; i++) {
            early += number(json_array_get(tried, 1 + i), "mean");
            late += number(json_array_get(tried, 33 + i), "mean");
        }
        json_decref(e);
        hx_learner_free(best);
    }
    assert_true(late > early);
    hx_arena_free(arena);
    hx_table_free(t);
}

/* Boosting as it is says no more than 400 rows bear: a column that tells a little among nine that tell nothing. Its log loss stays below that of
 * the share of each class, and near the best there is (0.61); five levels at a rate of 0.1 come to 0.94 on such rows. */
static void boosting_as_it_is(void **st) {
    (void)st;
    enum { ROWS = 400, COLUMNS = 10 };
    hx_table *t = NULL;
    hx_error err = {0};
    hx_rng rng;
    hx_str text;
    double columns[COLUMNS][ROWS], y[ROWS];
    char name[] = "a";
    hx_rng_seed(&rng, 11);
    if (hx_table_new(&t, ROWS, &err) != HX_OK) fail_msg("%s", err.message);
    for (size_t k = 0; k < COLUMNS; k++, name[0]++) {
        for (size_t i = 0; i < ROWS; i++)
            columns[k][i] = 2 * hx_rng_uniform(&rng) - 1;
        put(t, name, columns[k]);
    }
    for (size_t i = 0; i < ROWS; i++)
        y[i] = hx_rng_uniform(&rng) < 1 / (1 + exp(-1.5 * columns[0][i]));
    put(t, "y", y);
    hx_arena *arena = hx_arena_new(0);
    const hx_cross_options o = {.models = "boosting",
                                .learn = {.target = "y", .seed = 1, .n_threads = 2}};
    if (hx_cross_validate(t, &o, arena, &text, NULL, &err) != HX_OK) fail_msg("%s", err.message);
    json_t *e = json_loadb(text.ptr, text.len, 0, NULL);
    const json_t *m = json_array_get(json_object_get(e, "models"), 0);
    const double loss = number(json_object_get(m, "log_loss"), "mean");
    if (!(loss < 0.75)) fail_msg("log loss %g", loss);
    json_decref(e);
    hx_arena_free(arena);
    hx_table_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search),       cmocka_unit_test(other_searches),
        cmocka_unit_test(tpe_learns),   cmocka_unit_test(same_bytes),
        cmocka_unit_test(nested),       cmocka_unit_test(time_runs_out),
        cmocka_unit_test(refusals),     cmocka_unit_test(together),
        cmocka_unit_test(progress),     cmocka_unit_test(many_values),
        cmocka_unit_test(usual_models), cmocka_unit_test(boosting_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
