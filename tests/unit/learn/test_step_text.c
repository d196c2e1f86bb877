/* The step "text": TF-IDF as scikit-learn (tests/golden/learn/make_text_step.py), hashing, means of vectors; kept and read again; damaged recipes. */
#include <unistd.h>

#include "golden.h"
#include "frame/step.h"
#include "huaxiang/learn.h"

#define N_TERMS 17
static const char *const terms[N_TERMS] = {"好", " ", "看", "用", "好看", "好用", "不", "p", "oo",
                                           "od", "o", "go", "g",  "e",    "d ",   "d",  " p"};
static const char *const train[] = {"好看 好用",  "好用 不贵",       "不好看",
                                    "good phone", "good good price", "好"};
static const char *const other[] = {"good 好看好看", "新的 nothing", NULL};

/* NULL = missing. */
static hx_table *table_of(const char *const *texts, size_t n) {
    hx_table *t;
    hx_error err = {0};
    hx_str values[8];
    uint32_t codes[8];
    size_t n_values = 0;
    assert_int_equal(hx_table_new(&t, n, &err), HX_OK);
    for (size_t i = 0; i < n; i++) {
        codes[i] = texts[i] != NULL ? (uint32_t)n_values : HX_CODE_MISSING;
        if (texts[i] != NULL) values[n_values++] = hx_str_of(texts[i]);
    }
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("t"), codes, values, n_values, &err), HX_OK);
    return t;
}

static hx_recipe *open_recipe(const char *json) {
    hx_recipe *r = NULL;
    hx_error err = {0};
    size_t n;
    const hx_step_kind *const *more = hx_learn_steps(&n);
    if (hx_recipe_open(&r, hx_str_of(json), more, n, &err) != HX_OK) fail_msg("%s", err.message);
    return r;
}

static void apply(const hx_recipe *r, hx_table *t) {
    const hx_recipe_run run = {.n_threads = 2};
    hx_error err = {0};
    if (hx_recipe_apply(r, t, &run, &err) != HX_OK) fail_msg("%s", err.message);
}

/* Fitted on the training texts, kept and read again; *trained = the table it was fitted on. */
static hx_recipe *fit(const char *json, hx_arena *arena, hx_table **trained) {
    hx_recipe *r = open_recipe(json), *again = NULL;
    const hx_recipe_run run = {.n_threads = 2};
    hx_error err = {0};
    hx_str kept;
    size_t n;
    const hx_step_kind *const *more = hx_learn_steps(&n);
    *trained = table_of(train, 6);
    if (hx_recipe_fit(r, *trained, &run, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(hx_recipe_json(r, arena, &kept, &err), HX_OK);
    if (hx_recipe_read(&again, kept, more, n, &err) != HX_OK) fail_msg("%s", err.message);
    hx_recipe_free(r);
    return again;
}

static double cell(const hx_table *t, const char *column, size_t row) {
    double v;
    const size_t at = hx_table_find(t, hx_str_of(column));
    if (at == HX_COLUMN_NONE) fail_msg("no column '%s'", column);
    hx_table_numbers(t, at, row, 1, &v);
    return v;
}

static void assert_terms(const hx_table *t, const double *wanted, size_t rows) {
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < N_TERMS; k++) {
            char name[32];
            snprintf(name, sizeof name, "t~%s", terms[k]);
            golden_near(cell(t, name, i), wanted[i * N_TERMS + k], 1e-7, name);
        }
}

static void tfidf_as_scikit_learn(void **st) {
    golden *g = *st;
    size_t n;
    hx_table *trained, *t = table_of(other, 3);
    hx_recipe *r = fit("[{\"step\":\"text\",\"column\":\"t\",\"characters\":2,\"words\":0}]",
                       g->arena, &trained);
    apply(r, t);
    assert_int_equal(hx_table_columns(trained), 1 + N_TERMS);
    assert_int_equal(hx_table_columns(t), 1 + N_TERMS);
    assert_terms(trained, golden_array(g, "train", &n), 6);
    assert_terms(t, golden_array(g, "other", &n), 3);
    hx_table_free(trained);
    hx_table_free(t);
    hx_recipe_free(r);
}

/* The commonest alone, words beside characters; the column goes where it is asked to. */
static void most_and_words(void **st) {
    golden *g = *st;
    hx_table *trained;
    hx_recipe *r = fit("[{\"step\":\"text\",\"column\":\"t\",\"characters\":1,\"words\":2,"
                       "\"least\":1,\"most\":2,\"remove\":true,\"prefix\":\"x\"}]",
                       g->arena, &trained);
    assert_int_equal(hx_table_columns(trained), 2);
    assert_true(cell(trained, "x~好", 5) == 1);
    assert_true(cell(trained, "x~ ", 5) == 0);
    hx_table_free(trained);
    hx_recipe_free(r);
    r = fit("[{\"step\":\"text\",\"column\":\"t\",\"characters\":0,\"words\":2,\"least\":1}]",
            g->arena, &trained);
    assert_true(cell(trained, "t:good good", 4) > 0);
    assert_true(cell(trained, "t:good phone", 3) > 0 && cell(trained, "t:good phone", 4) == 0);
    hx_table_free(trained);
    hx_recipe_free(r);
}

static void hashes(void **st) {
    golden *g = *st;
    hx_table *trained, *t = table_of(other, 3);
    hx_recipe *r = fit("[{\"step\":\"text\",\"column\":\"t\",\"method\":\"hash\",\"width\":7}]",
                       g->arena, &trained);
    apply(r, t);
    for (size_t i = 0; i < 3; i++) {
        double sum = 0;
        for (size_t k = 0; k < 7; k++) {
            char name[8];
            snprintf(name, sizeof name, "t#%zu", k);
            sum += cell(t, name, i) * cell(t, name, i);
        }
        golden_near(sum, i < 2, 1e-12, "length"); /* the third is missing */
    }
    hx_table_free(trained);
    hx_table_free(t);
    hx_recipe_free(r);
}

static void means_of_vectors(void **st) {
    golden *g = *st;
    char path[] = "/tmp/hx-vectors-XXXXXX", json[200];
    static const char vectors[] = "4 2\n好 1 2\n好看 3 -4\ngood 0.5 0\ngo 9 9\n";
    const int fd = mkstemp(path);
    hx_table *trained, *t = table_of(other, 3);
    assert_true(fd >= 0 && write(fd, vectors, sizeof vectors - 1) == (ssize_t)sizeof vectors - 1);
    close(fd);
    snprintf(json, sizeof json,
             "[{\"step\":\"text\",\"column\":\"t\",\"method\":\"vectors\",\"file\":\"%s\"}]", path);
    hx_recipe *r = fit(json, g->arena, &trained);
    unlink(path); /* the recipe has what it needs */
    apply(r, t);
    /* "好看 好用": 好看, 好; "good good price": good twice, not go; "good 好看好看" */
    assert_true(cell(trained, "t@0", 0) == 2 && cell(trained, "t@1", 0) == -1);
    assert_true(cell(trained, "t@0", 4) == 0.5 && cell(trained, "t@1", 4) == 0);
    golden_near(cell(t, "t@0", 0), 6.5 / 3, 1e-12, "mean");
    golden_near(cell(t, "t@1", 0), -8.0 / 3, 1e-12, "mean");
    assert_true(cell(t, "t@0", 1) == 0 && cell(t, "t@1", 2) == 0);
    hx_table_free(trained);
    hx_table_free(t);
    hx_recipe_free(r);
}

static void refused(void **st) {
    static const struct {
        const char *json, *says;
    } all[] = {
        {"[{\"step\":\"text\"}]", "'column' is missing"},
        {"[{\"step\":\"text\",\"column\":\"t\",\"method\":\"lsa\"}]", "lsa"},
        {"[{\"step\":\"text\",\"column\":\"t\",\"characters\":0,\"words\":0}]",
         "no n-gram is left"},
        {"[{\"step\":\"text\",\"column\":\"t\",\"method\":\"vectors\"}]", "'file' is missing"},
        {"[{\"step\":\"text\",\"column\":\"t\",\"most\":5000}]", "most"}};
    hx_error err = {0};
    size_t n;
    const hx_step_kind *const *more = hx_learn_steps(&n);
    (void)st;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        hx_recipe *r = NULL;
        assert_int_equal(hx_recipe_open(&r, hx_str_of(all[i].json), more, n, &err), HX_EINVAL);
        if (strstr(err.message, all[i].says) == NULL) fail_msg("%s", err.message);
    }
}

/* What is kept is checked by itself, also where the hash over it is right. */
static void damaged(void **st) {
    static const char *const all[] = {
        "{\"of_characters\":1,\"terms\":[\"a\",\"b\"],\"idf\":[1]}",
        "{\"of_characters\":3,\"terms\":[\"a\",\"b\"],\"idf\":[1,2]}",
        "{\"of_characters\":2,\"terms\":[\"a\",\"a\"],\"idf\":[1,2]}",
        "{\"of_characters\":2,\"terms\":[\"a\",\"b\"],\"idf\":[null,2]}"};
    hx_error err = {0};
    size_t n;
    golden *g = *st;
    const hx_step_kind *kind = hx_learn_steps(&n)[0];
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        _Alignas(16) char state[512] = {0};
        json_t *spec = json_loads("{\"step\":\"text\",\"column\":\"t\"}", 0, NULL);
        json_t *fitted = json_loads(all[i], 0, NULL);
        assert_true(kind->size <= sizeof state);
        assert_int_equal(kind->parse(state, spec, g->arena, &err), HX_OK);
        assert_int_equal(kind->read(state, fitted, g->arena, &err), HX_EFORMAT);
        kind->release(state);
        json_decref(spec);
        json_decref(fitted);
    }
}

static int open_golden(void **st) {
    static golden g;
    golden_open(&g, "text_step.txt");
    *st = &g;
    return 0;
}

static int close_golden(void **st) {
    golden_close(*st);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(tfidf_as_scikit_learn),
                                       cmocka_unit_test(most_and_words),
                                       cmocka_unit_test(hashes),
                                       cmocka_unit_test(means_of_vectors),
                                       cmocka_unit_test(refused),
                                       cmocka_unit_test(damaged)};
    return cmocka_run_group_tests(tests, open_golden, close_golden);
}
