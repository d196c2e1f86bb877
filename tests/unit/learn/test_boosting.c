/* Boosting: trees taken over from XGBoost say what XGBoost says (its own losses, from ours), files, early stopping, missing values, Shapley sums. */
#include "base/rng.h"
#include "golden.h"
#include "learn/families.h"

#define N 400
#define D 5

static void make(hx_problem *p, hx_learn_task task, size_t n_classes, uint64_t seed) {
    static const char *const classes[] = {"a", "b", "c"};
    hx_rng rng;
    hx_rng_seed(&rng, seed);
    *p = (hx_problem){.n = N, .d = D, .task = task, .classes = classes, .n_classes = n_classes};
    p->x = calloc(N * D, sizeof *p->x);
    p->y = calloc(N, sizeof *p->y);
    for (size_t i = 0; i < N; i++) {
        double *x = p->x + i * D;
        for (size_t j = 0; j < D; j++)
            x[j] = hx_rng_uniform(&rng) * 4 - 2;
        double y = sin(2 * x[0]) + x[1] * (x[2] > 0) + 0.5 * hx_rng_uniform(&rng);
        if (i % 7 == 0) x[3] = NAN;
        if (i % 11 == 0) x[0] = (double)(float)x[0]; /* on a border */
        p->y[i] = task == HX_TASK_REGRESSION ? y
                  : n_classes == 2           ? y > 0.2
                  : y < -0.3                 ? 0
                  : y < 0.7                  ? 1
                                             : 2;
    }
}

static void release(hx_problem *p) {
    free(p->x);
    free(p->y);
}

static void *fitted(const hx_problem *p, const hx_problem *validation, const char *json) {
    double params[16];
    void *state = NULL;
    hx_error err = {0};
    if (hx_params_of(&hx_estimator_boosting.kind, hx_str_of(json), params, &err) != HX_OK)
        fail_msg("%s", err.message);
    hx_fit_options o = {.params = params, .seed = 3, .n_threads = 2};
    hx_status st = hx_estimator_boosting.fit(&state, p, validation, &o, &err);
    if (st == HX_EUNSUPPORTED) {
        print_message("skipped: %s\n", err.message);
        skip();
    }
    if (st != HX_OK) fail_msg("%s", err.message);
    return state;
}

static json_t *told(const void *state, bool file) {
    hx_buf b;
    hx_json_writer w;
    json_t *json = NULL;
    hx_error err = {0};
    hx_buf_init(&b, 64u << 20);
    hx_json_begin(&w, &b);
    if (file) {
        hx_estimator_boosting.write(state, &w);
    } else {
        hx_json_object(&w);
        hx_estimator_boosting.summary(state, &w);
        hx_json_end_object(&w);
    }
    if (hx_json_parse(hx_buf_str(&b), 64u << 20, "state", &json, &err) != HX_OK)
        fail_msg("%s", err.message);
    hx_buf_release(&b);
    return json;
}

/* The loss of our predictions, in XGBoost's figure. */
static double loss_of(const hx_problem *p, const double *said) {
    double sum = 0;
    for (size_t i = 0; i < p->n; i++)
        sum += p->task == HX_TASK_REGRESSION ? (said[i] - p->y[i]) * (said[i] - p->y[i])
                                             : -log(said[i * p->n_classes + (size_t)p->y[i]]);
    return p->task == HX_TASK_REGRESSION ? sqrt(sum / (double)p->n) : sum / (double)p->n;
}

static void check(hx_learn_task task, size_t n_classes, const char *json) {
    hx_problem p;
    double said[N * 3], again_said[N * 3], parts[N * (D + 1)];
    void *again = NULL;
    hx_error err = {0};
    make(&p, task, n_classes, 5);
    void *state = fitted(&p, NULL, json);
    json_t *s = told(state, false), *file = told(state, true), *loss = json_object_get(s, "loss");
    assert_int_equal(hx_estimator_boosting.predict(state, p.x, N, 2, said, &err), HX_OK);
    golden_near(loss_of(&p, said),
                json_number_value(json_array_get(loss, json_array_size(loss) - 1)), 2e-6, "loss");
    assert_int_equal(hx_estimator_boosting.read(&again, file, D, n_classes, &err), HX_OK);
    assert_int_equal(hx_estimator_boosting.predict(again, p.x, N, 1, again_said, &err), HX_OK);
    assert_memory_equal(said, again_said, N * (n_classes ? n_classes : 1) * sizeof *said);
    assert_int_equal(hx_estimator_boosting.contributions(state, p.x, N, 1, 2, parts, &err), HX_OK);
    for (size_t i = 0; i < N && n_classes != 3; i++) {
        double sum = 0;
        for (size_t j = 0; j <= D; j++)
            sum += parts[i * (D + 1) + j];
        golden_near(sum, n_classes == 2 ? log(said[2 * i + 1] / said[2 * i]) : said[i], 1e-9,
                    "sum");
    }
    json_decref(s);
    json_decref(file);
    hx_estimator_boosting.release(state);
    hx_estimator_boosting.release(again);
    release(&p);
}

static void numbers(void **st) {
    (void)st;
    check(HX_TASK_REGRESSION, 0, "{\"rounds\":40}");
}

static void two(void **st) {
    (void)st;
    check(HX_TASK_CLASSES, 2, "{\"rounds\":60,\"rows\":0.8,\"features\":0.7}");
}

static void three(void **st) {
    (void)st;
    check(HX_TASK_CLASSES, 3, "{\"rounds\":30,\"balanced\":false}");
}

static void stops_early(void **st) {
    hx_problem p, v;
    (void)st;
    make(&p, HX_TASK_CLASSES, 2, 5);
    make(&v, HX_TASK_CLASSES, 2, 6);
    void *state = fitted(&p, &v, "{\"rounds\":2000,\"patience\":5}");
    json_t *s = told(state, false), *loss = json_object_get(s, "validation_loss");
    size_t rounds = (size_t)json_integer_value(json_object_get(s, "rounds")),
           done = json_array_size(loss);
    assert_true(done < 2000 && rounds <= done);
    for (size_t r = 0; r < done; r++)
        assert_true(json_number_value(json_array_get(loss, r)) >=
                    json_number_value(json_array_get(loss, rounds - 1)));
    assert_int_equal(json_integer_value(json_object_get(s, "trees")), (json_int_t)rounds);
    json_decref(s);
    hx_estimator_boosting.release(state);
    release(&p);
    release(&v);
}

/* Numbers beyond 32 bits: a sentence that names the column, or the target. */
static void too_large(void **st) {
    (void)st;
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (int k = 0; k < 2; k++) {
        hx_problem p;
        double params[16];
        void *state = NULL;
        hx_error err = {0};
        make(&p, HX_TASK_REGRESSION, 0, 1);
        p.names = names;
        p.x[3 * D + 1] = INFINITY; /* that is as good as a large number */
        *(k ? &p.y[6] : &p.x[4 * D + 2]) = 1e39;
        assert_int_equal(hx_params_of(&hx_estimator_boosting.kind, HX_STR_LIT("{}"), params, &err),
                         HX_OK);
        const hx_fit_options o = {.params = params, .n_threads = 1};
        assert_int_equal(hx_estimator_boosting.fit(&state, &p, NULL, &o, &err), HX_ELIMIT);
        assert_string_equal(err.message,
                            k ? "row 7: the target is 1e+39; boosting takes numbers up to 1e38: "
                                "scale it (huaxiang table scale), or take --model forest"
                              : "row 5: 'c' is 1e+39; boosting takes numbers up to 1e38: scale "
                                "the column (huaxiang table scale), leave it out by --drop, or "
                                "take --model forest");
        release(&p);
    }
}

/* Infinite features are the least and the greatest; beside missing ones they are refused by a sentence. */
static void infinite(void **st) {
    (void)st;
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    hx_problem p;
    double said[2 * N], params[16];
    hx_error err = {0};
    make(&p, HX_TASK_CLASSES, 2, 8);
    p.names = names;
    for (size_t i = 0; i < N; i++) {
        p.x[i * D + 1] = i % 5 == 1 ? INFINITY : i % 5 == 2 ? -INFINITY : 1;
        p.y[i] = i % 5 == 1;
    }
    void *state = fitted(&p, NULL, "{\"rounds\":40,\"depth\":4}");
    assert_int_equal(hx_estimator_boosting.predict(state, p.x, N, 1, said, &err), HX_OK);
    for (size_t i = 0; i < N; i++)
        assert_true((said[2 * i + 1] > 0.5) == (i % 5 == 1));
    hx_estimator_boosting.release(state);
    p.x[1] = NAN;
    assert_int_equal(hx_params_of(&hx_estimator_boosting.kind, HX_STR_LIT("{}"), params, &err),
                     HX_OK);
    const hx_fit_options o = {.params = params, .n_threads = 1};
    assert_int_equal(hx_estimator_boosting.fit(&state, &p, NULL, &o, &err), HX_EUNSUPPORTED);
    assert_string_equal(err.message,
                        "row 2: 'b' is infinite, and missing in other rows; boosting can't tell "
                        "the two apart: name it by --missing inf, or take --model forest");
    release(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),     cmocka_unit_test(two),       cmocka_unit_test(three),
        cmocka_unit_test(stops_early), cmocka_unit_test(too_large), cmocka_unit_test(infinite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
