/* test_text_vectors.c - features and linear learners beside scikit-learn's: tests/golden/learn/text.txt, made by make_text.py there. TF-IDF and naive
 * Bayes to 1e-9 (1e-5 where weights are floats), optima of SVM and logistic regression to 1e-6. */
#include "golden.h"

#include "base/rng.h"
#include "learn/linear.h"

enum { ROWS = 8 };
#define TEXT(s)                                                                                    \
    { s, sizeof(s) - 1 }

static const hx_str texts[ROWS] = {TEXT("快递很慢，包装也破了"),
                                   TEXT("快递  很快，很满意！"),
                                   TEXT("The ROOM was clean; staff 很 nice"),
                                   TEXT("room was dirty, the staff rude"),
                                   TEXT("质量很差 退货退货退货"),
                                   TEXT("nice room, nice staff\u3000\u3000很满意"),
                                   TEXT("É x_1 the  the   THE"),
                                   TEXT("差差差，dirty room")};
static const uint32_t labels[ROWS] = {0, 1, 1, 0, 0, 1, 1, 0};

static hx_features fitted(uint32_t characters, uint32_t words, size_t n_threads) {
    const hx_feature_schema schema = {characters, words, 1};
    hx_features f;
    hx_error err = {0};
    if (hx_features_fit(&f, texts, ROWS, &schema, n_threads, NULL, &err) != HX_OK)
        fail_msg("%s", err.message);
    return f;
}

/* Columns of the terms, in the order of the generator. */
static size_t *term_columns(golden *g, const hx_features *f, size_t *n) {
    char path[1024];
    hx_buf file;
    hx_error err = {0};
    snprintf(path, sizeof path, "%s/tests/golden/learn/text_terms.tsv", HX_SOURCE_DIR);
    hx_buf_init(&file, 1 << 20);
    assert_int_equal(hx_file_read(path, &file, &err), HX_OK);
    size_t *columns = hx_arena_alloc(g->arena, (file.len + 1) * sizeof *columns);
    *n = 0;
    for (size_t at = 0; at < file.len;) {
        const char *end = memchr(file.ptr + at, '\n', file.len - at);
        size_t len = (size_t)(end - file.ptr) - at;
        hx_str term = {file.ptr + at + 5, len - 5};
        columns[*n] = hx_features_column(f, file.ptr[at] == 'w', term);
        if (columns[(*n)++] == SIZE_MAX) fail_msg("no column for %.*s", (int)len, file.ptr + at);
        at += len + 1;
    }
    hx_buf_release(&file);
    return columns;
}

static double entry(const hx_feature_room *room, size_t n, size_t column) {
    const uint32_t *columns = (const uint32_t *)(const void *)room->columns.ptr;
    const double *values = (const double *)(const void *)room->values.ptr;
    for (size_t i = 0; i < n; i++)
        if (columns[i] == column) return values[i];
    return NAN;
}

static void test_tfidf(void **state) {
    (void)state;
    golden g;
    size_t n_terms, n, seen = 0;
    golden_open(&g, "text.txt");
    hx_features f = fitted(3, 2, 2);
    const size_t *columns = term_columns(&g, &f, &n_terms);
    const double *want = golden_array(&g, "tfidf", &n);
    assert_int_equal(f.n, n_terms);
    for (size_t row = 0; row < ROWS; row++) {
        hx_feature_room room;
        size_t entries;
        hx_feature_room_init(&room);
        assert_true(hx_features_row(&f, &room, texts[row], HX_VALUES_TFIDF, &entries));
        seen += entries;
        for (size_t i = 0; i < n / 3; i++)
            if ((size_t)want[3 * i] == row)
                golden_near(entry(&room, entries, columns[(size_t)want[3 * i + 1]]),
                            want[3 * i + 2], 1e-9, "TF-IDF");
        hx_feature_room_release(&room);
    }
    assert_int_equal(seen, n / 3);
    hx_features_release(&f);
    golden_close(&g);
}

static void test_bayes(void **state) {
    (void)state;
    golden g;
    size_t n;
    hx_csr x;
    hx_error err = {0};
    golden_open(&g, "text.txt");
    const double *want = golden_array(&g, "bayes", &n);
    hx_features f = fitted(3, 0, 1);
    assert_int_equal(hx_features_rows(&f, texts, ROWS, HX_VALUES_COUNTS, 1, &x, &err), HX_OK);
    float *w = hx_arena_alloc(g.arena, (f.n + 1) * 2 * sizeof *w);
    assert_int_equal(hx_bayes_fit(&x, labels, 2, w, &err), HX_OK);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; k < 2; k++) {
            double sum = (double)w[2 * f.n + k];
            for (size_t j = x.starts[i]; j < x.starts[i + 1]; j++)
                sum += (double)x.values[j] * (double)w[2 * x.columns[j] + k];
            golden_near(sum, want[2 * i + k], 1e-6, "naive Bayes");
        }
    hx_csr_release(&x);
    hx_features_release(&f);
    golden_close(&g);
}

static void check_linear(hx_linear_loss loss, double cost, const char *name) {
    golden g;
    size_t n;
    hx_csr x;
    int8_t targets[ROWS];
    hx_error err = {0};
    golden_open(&g, "text.txt");
    const double *want = golden_array(&g, name, &n);
    hx_features f = fitted(3, 0, 1);
    assert_int_equal(hx_features_rows(&f, texts, ROWS, HX_VALUES_TFIDF, 1, &x, &err), HX_OK);
    double *w = hx_arena_alloc(g.arena, (f.n + 1) * sizeof *w);
    for (size_t i = 0; i < ROWS; i++)
        targets[i] = labels[i] ? 1 : -1;
    const hx_linear_options o = {
        .loss = loss, .cost = cost, .tolerance = 1e-10, .max_passes = 100000, .seed = 4};
    assert_int_equal(hx_linear_fit(&x, targets, NULL, &o, w, &err), HX_OK);
    for (size_t i = 0; i < ROWS; i++) {
        double sum = w[f.n];
        for (size_t j = x.starts[i]; j < x.starts[i + 1]; j++)
            sum += (double)x.values[j] * w[x.columns[j]];
        golden_near(sum, want[i], 1e-6, name);
    }
    hx_csr_release(&x);
    hx_features_release(&f);
    golden_close(&g);
}

static void test_svm(void **state) {
    (void)state;
    check_linear(HX_LINEAR_SVM, 0.3, "svm.0.3");
    check_linear(HX_LINEAR_SVM, 5, "svm.5");
}
static void test_logistic(void **state) {
    (void)state;
    check_linear(HX_LINEAR_LOGISTIC, 0.3, "logistic.0.3");
    check_linear(HX_LINEAR_LOGISTIC, 5, "logistic.5");
}

/* Any number of threads finds the same vocabulary, which survives being written. */
static void test_threads_and_bytes(void **state) {
    (void)state;
    hx_features a = fitted(3, 2, 1), b = fitted(3, 2, 4), c;
    hx_buf bytes;
    hx_error err = {0};
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.keys, b.keys, a.n * sizeof *a.keys);
    assert_memory_equal(a.idf, b.idf, a.n * sizeof *a.idf);
    hx_buf_init(&bytes, 1 << 24);
    hx_features_write(&a, &bytes);
    hx_cursor in = hx_cursor_of(hx_buf_str(&bytes));
    assert_int_equal(hx_features_read(&c, &in, &err), HX_OK);
    assert_memory_equal(a.keys, c.keys, a.n * sizeof *a.keys);
    for (size_t cut = 0; cut < bytes.len; cut += 97) {
        hx_features d;
        in = hx_cursor_of((hx_str){bytes.ptr, cut});
        assert_int_equal(hx_features_read(&d, &in, &err), HX_EFORMAT);
    }
    assert_string_equal(err.message, "the learner's features are damaged");
    hx_buf_release(&bytes);
    hx_features_release(&a);
    hx_features_release(&b);
    hx_features_release(&c);
}

/* A long text takes the long way of sorting; rows stay ascending and of length 1, whatever the bytes are. */
static void test_any_bytes(void **state) {
    (void)state;
    enum { LONG = 9000 };
    static char noise[LONG];
    hx_rng rng;
    hx_rng_seed(&rng, 2);
    for (size_t i = 0; i < LONG; i++)
        noise[i] = (char)hx_rng_below(&rng, i < LONG / 2 ? 256 : 90);
    const hx_str one[2] = {{noise, LONG}, {noise, 200}};
    const hx_feature_schema schema = {3, 2, 1};
    hx_features f;
    hx_csr x;
    hx_error err = {0};
    assert_int_equal(hx_features_fit(&f, one, 2, &schema, 2, NULL, &err), HX_OK);
    assert_int_equal(hx_features_rows(&f, one, 2, HX_VALUES_TFIDF, 2, &x, &err), HX_OK);
    assert_true(x.starts[1] > 4096);
    for (size_t i = 0; i < 2; i++) {
        double sum = 0;
        for (size_t j = x.starts[i]; j < x.starts[i + 1]; j++) {
            sum += (double)x.values[j] * (double)x.values[j];
            if (j > x.starts[i]) assert_true(x.columns[j] > x.columns[j - 1]);
        }
        golden_near(sum, 2, 1e-5, "both parts of length 1");
    }
    for (size_t i = 1; i < f.n; i++)
        assert_true(f.keys[i] > f.keys[i - 1]);
    hx_csr_release(&x);
    hx_features_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tfidf),     cmocka_unit_test(test_bayes),
        cmocka_unit_test(test_svm),       cmocka_unit_test(test_logistic),
        cmocka_unit_test(test_any_bytes), cmocka_unit_test(test_threads_and_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
