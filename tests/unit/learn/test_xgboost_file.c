/* Models in XGBoost's JSON: those it saved say here what they say there; ours, exported, say in its library what they say here; and what is damaged
 * or foreign is refused. */
#include <dlfcn.h>
#include <unistd.h>

#include "golden.h"
#include "huaxiang/learn.h"
#include "learn/learner.h"

#define N 120
#define D 4
#define FILE_MAX_ (1u << 22)

static const char *const names[] = {"a", "b b", "城市", "d\""};
static const char *const plain[] = {"f0", "f1", "f2", "f3"};

static void path_of(const char *name, char out[1024]) {
    snprintf(out, 1024, "%s/tests/golden/learn/xgboost_%s.json", HX_SOURCE_DIR, name);
}

static double *matrix(golden *g) {
    size_t n = 0;
    double *x = golden_array(g, "x", &n);
    assert_int_equal(n, N * D);
    for (size_t i = 0; i < n; i++)
        if (x[i] == -999) x[i] = NAN;
    return x;
}

static hx_table *table_of(const double *x, const char *const *columns) {
    hx_table *t = NULL;
    hx_error err = {0};
    double v[N];
    assert_int_equal(hx_table_new(&t, N, &err), HX_OK);
    for (size_t j = 0; j < D; j++) {
        for (size_t i = 0; i < N; i++)
            v[i] = x[i * D + j];
        assert_int_equal(
            hx_table_put_numbers(t, hx_str_of(columns[j]), HX_KIND_NUMBER, v, -1, &err), HX_OK);
    }
    return t;
}

static void near_enough(double is, double wanted, const char *name, size_t i) {
    if (!(fabs(is - wanted) <= 1e-6 * fmax(1, fabs(wanted))))
        fail_msg("%s, %zu: %.9g, not %.9g", name, i, is, wanted);
}

static hx_learner *imported(const char *name) {
    char path[1024];
    hx_learner *l = NULL;
    hx_error err = {0};
    path_of(name, path);
    if (hx_learner_import(&l, path, "y", &err) != HX_OK) fail_msg("%s: %s", name, err.message);
    return l;
}

static void says(const char *name, size_t n_classes) {
    golden g;
    hx_predictions p;
    hx_error err = {0};
    size_t n = 0;
    golden_open(&g, "xgboost.txt");
    const double *wanted = golden_array(&g, name, &n);
    hx_table *t = table_of(matrix(&g), strcmp(name, "two") == 0 ? plain : names);
    hx_learner *l = imported(name);
    if (hx_learner_predict(l, t, 2, g.arena, &p, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(p.n_classes, n_classes);
    assert_int_equal(n, n_classes > 2 ? N * n_classes : N);
    for (size_t i = 0; i < n; i++)
        near_enough(n_classes == 0   ? p.values[i]
                    : n_classes == 2 ? p.probabilities[2 * i + 1]
                                     : p.probabilities[i],
                    wanted[i], name, i);
    if (n_classes > 0) assert_string_equal(p.classes[1], "1");
    hx_learner_free(l);
    hx_table_free(t);
    golden_close(&g);
}

static void saved_by_xgboost(void **st) {
    (void)st;
    says("number", 0);
    says("two", 2);
    says("three", 3);
    says("parallel", 2);
}

/* A kept and loaded one says the same, to the bit. */
static void kept(void **st) {
    (void)st;
    char path[] = "/tmp/hx-import-XXXXXX";
    golden g;
    hx_predictions a, b;
    hx_error err = {0};
    hx_learner *again = NULL;
    golden_open(&g, "xgboost.txt");
    hx_table *t = table_of(matrix(&g), names);
    hx_learner *l = imported("three");
    assert_int_equal(close(mkstemp(path)), 0);
    assert_int_equal(hx_learner_save(l, path, &err), HX_OK);
    assert_int_equal(hx_learner_load(&again, path, &err), HX_OK);
    assert_int_equal(hx_learner_predict(l, t, 1, g.arena, &a, &err), HX_OK);
    assert_int_equal(hx_learner_predict(again, t, 2, g.arena, &b, &err), HX_OK);
    assert_memory_equal(a.probabilities, b.probabilities, 3 * N * sizeof *a.probabilities);
    hx_learner_free(l);
    hx_learner_free(again);
    hx_table_free(t);
    golden_close(&g);
    unlink(path);
}

/* ------------------------------------------------------------------ there and back */
static hx_str exported(const hx_learner *l, hx_arena *arena) {
    hx_str text = {0};
    hx_error err = {0};
    const hx_export_options o = {.kind = HX_EXPORT_XGBOOST};
    if (hx_learner_export(l, &o, arena, &text, &err) != HX_OK) fail_msg("%s", err.message);
    return text;
}

static void there_and_back(void **st) {
    (void)st;
    static const char *const all[] = {"number", "two", "three"};
    for (size_t k = 0; k < 3; k++) {
        golden g;
        hx_predictions a, b;
        hx_error err = {0};
        hx_learner *again = NULL, *l = imported(all[k]);
        golden_open(&g, "xgboost.txt");
        hx_table *t = table_of(matrix(&g), k == 1 ? plain : names);
        if (hx_learner_import_text(&again, exported(l, g.arena), "export", "y", &err) != HX_OK)
            fail_msg("%s", err.message);
        assert_int_equal(hx_learner_predict(l, t, 1, g.arena, &a, &err), HX_OK);
        assert_int_equal(hx_learner_predict(again, t, 1, g.arena, &b, &err), HX_OK);
        for (size_t i = 0; i < N; i++)
            near_enough(b.values[i], a.values[i], all[k], i);
        hx_learner_free(l);
        hx_learner_free(again);
        hx_table_free(t);
        golden_close(&g);
    }
}

typedef struct {
    int (*matrix_new)(const float *, uint64_t, uint64_t, float, void **);
    int (*booster_new)(void *const *, uint64_t, void **);
    int (*load)(void *, const void *, uint64_t);
    int (*predict)(void *, void *, int, unsigned, int, uint64_t *, const float **);
    int (*booster_free)(void *);
    int (*matrix_free)(void *);
} library;

static void *symbol(void *handle, const char *name) {
    void *s = dlsym(handle, name);
    if (!s) fail_msg("no %s", name);
    return s;
}

static void open_library(library *x) {
    void *handle = dlopen("libxgboost.so.0", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!handle) {
        print_message("skipped: the library XGBoost is not installed\n");
        skip();
    }
    *(void **)&x->matrix_new = symbol(handle, "XGDMatrixCreateFromMat");
    *(void **)&x->booster_new = symbol(handle, "XGBoosterCreate");
    *(void **)&x->load = symbol(handle, "XGBoosterLoadModelFromBuffer");
    *(void **)&x->predict = symbol(handle, "XGBoosterPredict");
    *(void **)&x->booster_free = symbol(handle, "XGBoosterFree");
    *(void **)&x->matrix_free = symbol(handle, "XGDMatrixFree");
}

/* Exported models in XGBoost's own library. */
static void in_xgboost(void **st) {
    (void)st;
    static const char *const all[] = {"number", "two"};
    library x;
    open_library(&x);
    for (size_t k = 0; k < 2; k++) {
        golden g;
        size_t n = 0;
        float values[N * D];
        void *m = NULL, *b = NULL;
        uint64_t len = 0;
        const float *said = NULL;
        golden_open(&g, "xgboost.txt");
        const double *from = matrix(&g), *wanted = golden_array(&g, all[k], &n);
        hx_learner *l = imported(all[k]);
        const hx_str json = exported(l, g.arena);
        for (size_t i = 0; i < N * D; i++)
            values[i] = (float)from[i];
        assert_int_equal(x.matrix_new(values, N, D, NAN, &m), 0);
        assert_int_equal(x.booster_new(NULL, 0, &b), 0);
        assert_int_equal(x.load(b, json.ptr, json.len), 0);
        assert_int_equal(x.predict(b, m, 0, 0, 0, &len, &said), 0);
        assert_int_equal(len, N);
        for (size_t i = 0; i < N; i++)
            near_enough((double)said[i], wanted[i], all[k], i);
        x.booster_free(b);
        x.matrix_free(m);
        hx_learner_free(l);
        golden_close(&g);
    }
}

/* ------------------------------------------------------------------ refusals */
static void refused(const char *json, hx_status code, const char *message) {
    hx_learner *l = NULL;
    hx_error err = {0};
    assert_int_equal(hx_learner_import_text(&l, hx_str_of(json), "m.json", "y", &err), code);
    assert_null(l);
    if (message) assert_string_equal(err.message, message);
    assert_true(strlen(err.message) > 10);
}

/* The text with one place changed. */
static char *changed(const char *text, const char *from, const char *to) {
    const char *at = strstr(text, from);
    if (!at) fail_msg("there is no %s", from);
    const size_t size = strlen(text) + strlen(to) + 1;
    char *out = calloc(1, size);
    snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

static void refusals(void **st) {
    (void)st;
    static const char foreign[] =
        "this is no model that XGBoost saved as JSON (1.6 to 3.x), or it is damaged";
    static const struct {
        const char *from, *to;
        hx_status code;
        const char *message;
    } cases[] = {
        {"\"gbtree\"", "\"gblinear\"", HX_EUNSUPPORTED,
         "models of the booster 'gblinear' are not read; those of gbtree are"},
        {"\"reg:squarederror\"", "\"count:poisson\"", HX_EUNSUPPORTED,
         "models of the objective 'count:poisson' are not read; reg:squarederror, binary:logistic "
         "and multi:softprob are"},
        {"\"num_target\":\"1\"", "\"num_target\":\"2\"", HX_EUNSUPPORTED,
         "a model of several targets is not read"},
        {"\"split_type\":[0", "\"split_type\":[1", HX_EUNSUPPORTED,
         "the model splits categories (enable_categorical), which is not read; train it on columns "
         "of numbers"},
        {"\"left_children\":[1", "\"left_children\":[0", HX_EFORMAT, foreign},
        {"\"left_children\":[1", "\"left_children\":[900", HX_EFORMAT, foreign},
        {"\"split_indices\":[0", "\"split_indices\":[4", HX_EFORMAT, foreign},
        {"\"num_feature\":\"4\",\"num_target", "\"num_feature\":\"x\",\"num_target", HX_EFORMAT,
         foreign},
        {"\"base_score\":\"", "\"base_score\":\"q", HX_EFORMAT, foreign},
        {"\"tree_info\":[0", "\"tree_info\":[7", HX_EFORMAT, foreign},
        {"\"a\",\"b b\"", "\"a\",\"a\"", HX_EFORMAT,
         "the model's feature names are not one a feature, all different"}};
    char path[1024];
    hx_buf b;
    hx_error err = {0};
    path_of("number", path);
    hx_buf_init(&b, FILE_MAX_);
    assert_int_equal(hx_file_read(path, &b, &err), HX_OK);
    assert_true(hx_buf_append_byte(&b, 0));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = changed(b.ptr, cases[i].from, cases[i].to);
        refused(text, cases[i].code, cases[i].message);
        free(text);
    }
    refused("{}", HX_EFORMAT, foreign);
    refused("[1,2]", HX_EFORMAT, foreign);
    refused("{\"learner\":{", HX_EFORMAT, NULL);
    for (size_t cut = 0; cut + 2 < b.len; cut += b.len / 40 + 1) {
        char *text = calloc(1, cut + 1);
        memcpy(text, b.ptr, cut);
        refused(text, HX_EFORMAT, NULL);
        free(text);
    }
    hx_learner *l = NULL;
    assert_int_equal(hx_learner_import(&l, path, "", &err), HX_EINVAL);
    assert_string_equal(err.message, "say which column is to be learnt by --target");
    assert_int_not_equal(hx_learner_import(&l, "/nowhere/m.json", "y", &err), HX_OK);
    hx_buf_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(saved_by_xgboost), cmocka_unit_test(kept),
                                       cmocka_unit_test(there_and_back),
                                       cmocka_unit_test(in_xgboost), cmocka_unit_test(refusals)};
    return cmocka_run_group_tests_name("learn/xgboost_file", tests, NULL, NULL);
}
