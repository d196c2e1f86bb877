/* test_text_learner.c - every kind of learner through its one interface: learns what can be learned, says the same with any number of threads, comes
 * back from its file, and refuses what it can't use. */
#include "golden.h"

#include <unistd.h>

#include "base/file.h"
#include "base/rng.h"
#include "huaxiang/learn.h"

enum { ROWS = 240, LABELS = 3, MOST = 96 };

typedef struct {
    char bytes[ROWS][MOST];
    hx_str texts[ROWS];
    uint32_t labels[ROWS];
    hx_text_rows train, held;
} corpus;

static const char *const names[LABELS] = {"delivery", "quality", "service"};

/* A few words that tell the label among words that don't. */
static void make_corpus(corpus *c, size_t n_labels) {
    static const char *const telling[LABELS][3] = {
        {"快递", "parcel", "物流"}, {"质量", "broken", "做工"}, {"客服", "staff", "态度"}};
    static const char *const idle[] = {"今天", "the ", "很", "了", "a day ", "东西", "it ", "，"};
    hx_rng rng;
    hx_rng_seed(&rng, 17);
    for (size_t i = 0; i < ROWS; i++) {
        size_t at = 0, mark = hx_rng_below(&rng, 6);
        c->labels[i] = (uint32_t)(i % n_labels);
        for (size_t j = 0; j < 6; j++) {
            const char *word = j == mark ? telling[c->labels[i]][hx_rng_below(&rng, 3)]
                                         : idle[hx_rng_below(&rng, 8)];
            at += (size_t)snprintf(c->bytes[i] + at, MOST - at, "%s", word);
        }
        c->texts[i] = (hx_str){c->bytes[i], at};
    }
    c->train = (hx_text_rows){c->texts, c->labels, 180, names, n_labels};
    c->held = (hx_text_rows){c->texts + 180, c->labels + 180, 60, names, n_labels};
}

static hx_text_learner *fit(const corpus *c, hx_text_learner_kind kind, bool held, size_t threads) {
    const hx_text_learner_options o = {.kind = kind,
                                       .seed = 3,
                                       .n_threads = threads,
                                       .n_epochs = 15,
                                       .rate = 0.005,
                                       .width = 32,
                                       .batch = 16};
    hx_text_learner *l = NULL;
    hx_error err = {0};
    if (hx_text_learner_fit(&l, &c->train, held ? &c->held : NULL, &o, &err) != HX_OK)
        fail_msg("%s: %s", hx_text_learner_name(kind), err.message);
    return l;
}

static size_t right_of(const hx_text_learner *l, const hx_text_rows *rows, float *p) {
    size_t right = 0, k = rows->n_labels;
    hx_error err = {0};
    assert_int_equal(hx_text_learner_predict(l, rows->texts, rows->n, 2, p, &err), HX_OK);
    for (size_t i = 0; i < rows->n; i++) {
        size_t best = 0;
        double sum = 0;
        for (size_t j = 0; j < k; j++) {
            sum += (double)p[i * k + j];
            if (p[i * k + j] > p[i * k + best]) best = j;
        }
        golden_near(sum, 1, 1e-5, "sum of probabilities");
        right += best == rows->labels[i];
    }
    return right;
}

static void check_kind(hx_text_learner_kind kind, size_t n_labels, bool held) {
    static corpus c;
    static float p[60 * LABELS], again[60 * LABELS];
    char path[] = "/tmp/hx-learner-XXXXXX";
    hx_text_learner *back;
    hx_error err = {0};
    make_corpus(&c, n_labels);
    hx_text_learner *l = fit(&c, kind, held, 1), *m = fit(&c, kind, held, 3);
    size_t right = right_of(l, &c.held, p);
    if (right < 57) fail_msg("%s: %zu of 60", hx_text_learner_name(kind), right);
    (void)right_of(m, &c.held, again);
    assert_memory_equal(p, again, 60 * n_labels * sizeof *p);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(hx_text_learner_save(l, path, &err), HX_OK);
    assert_true(hx_text_learner_is_file(path));
    assert_int_equal(hx_text_learner_load(&back, path, &err), HX_OK);
    (void)right_of(back, &c.held, again);
    assert_memory_equal(p, again, 60 * n_labels * sizeof *p);
    assert_int_equal(hx_text_learner_kind_of(back), kind);
    assert_int_equal(hx_text_learner_labels(back), n_labels);
    assert_string_equal(hx_text_learner_label(back, 1), "quality");
    assert_null(hx_text_learner_label(back, n_labels));
    assert_true(hx_str_equal(hx_text_learner_summary(l), hx_text_learner_summary(back)));
    unlink(path);
    hx_text_learner_free(back);
    hx_text_learner_free(l);
    hx_text_learner_free(m);
}

static void test_linear(void **state) {
    (void)state;
    for (int k = HX_TEXT_LEARNER_SVM; k <= HX_TEXT_LEARNER_NBSVM; k++) {
        check_kind((hx_text_learner_kind)k, 3, true);
        check_kind((hx_text_learner_kind)k, 2, true);
        check_kind((hx_text_learner_kind)k, 2, false);
    }
}

static void test_neural(void **state) {
    (void)state;
    for (int k = HX_TEXT_LEARNER_MLP; k < HX_TEXT_LEARNER_N; k++)
        check_kind((hx_text_learner_kind)k, 3, true);
    check_kind(HX_TEXT_LEARNER_MLP, 2, false);
}

/* A text in which nothing is known gets the shares of the labels in training. */
static void test_unknown(void **state) {
    (void)state;
    static corpus c;
    const hx_str odd[] = {HX_STR_LIT(""), HX_STR_LIT("\xff\xfe"), HX_STR_LIT("ΩΩΩ")};
    float p[3 * LABELS];
    hx_error err = {0};
    make_corpus(&c, 3);
    hx_text_learner *l = fit(&c, HX_TEXT_LEARNER_SVM, true, 2);
    assert_int_equal(hx_text_learner_predict(l, odd, 3, 1, p, &err), HX_OK);
    for (size_t i = 0; i < 9; i++)
        golden_near((double)p[i], 1.0 / 3, 1e-5, "prior");
    hx_text_learner_free(l);
}

static void test_refused(void **state) {
    (void)state;
    static corpus c;
    hx_text_learner *l;
    hx_error err = {0};
    make_corpus(&c, 3);
    hx_text_rows one = c.train;
    one.n = 1;
    hx_text_learner_options o = {.n_threads = 1};
    assert_int_equal(hx_text_learner_fit(&l, &one, NULL, &o, &err), HX_EINVAL);
    assert_string_equal(err.message, "a learner needs training texts of two labels or more");
    one = c.train;
    one.n_labels = 2;
    assert_int_equal(hx_text_learner_fit(&l, &one, NULL, &o, &err), HX_EINVAL);
    assert_string_equal(err.message, "row 3: label 2 is not below the number of labels, 2");
    volatile int stop = 1;
    o.cancel = &stop;
    assert_int_equal(hx_text_learner_fit(&l, &c.train, NULL, &o, &err), HX_ECANCELLED);
    o.kind = HX_TEXT_LEARNER_CNN;
    assert_int_equal(hx_text_learner_fit(&l, &c.train, NULL, &o, &err), HX_ECANCELLED);
    o.width = 13;
    assert_int_equal(hx_text_learner_fit(&l, &c.train, NULL, &o, &err), HX_EINVAL);
    o.kind = HX_TEXT_LEARNER_N;
    assert_int_equal(hx_text_learner_fit(&l, &c.train, NULL, &o, &err), HX_EINVAL);
    assert_int_equal(hx_text_learner_of_name("bert"), HX_TEXT_LEARNER_TRANSFORMER);
    assert_int_equal(hx_text_learner_of_name("forest"), HX_TEXT_LEARNER_N);
}

static void write_bytes(const char *path, const char *bytes, size_t n) {
    hx_error err = {0};
    assert_int_equal(hx_file_write(path, (hx_str){bytes, n}, false, &err), HX_OK);
}

/* Every cut and every changed byte is found. */
static void check_damage(hx_text_learner_kind kind) {
    static corpus c;
    char path[] = "/tmp/hx-learner-XXXXXX";
    hx_text_learner *back;
    hx_buf file;
    hx_error err = {0};
    make_corpus(&c, 3);
    hx_text_learner *l = fit(&c, kind, true, 2);
    int fd = mkstemp(path);
    close(fd);
    assert_int_equal(hx_text_learner_save(l, path, &err), HX_OK);
    hx_buf_init(&file, 1 << 24);
    assert_int_equal(hx_file_read(path, &file, &err), HX_OK);
    for (size_t cut = 8; cut < file.len; cut += file.len / 23 + 1) {
        write_bytes(path, file.ptr, cut);
        assert_int_equal(hx_text_learner_load(&back, path, &err), HX_EFORMAT);
    }
    for (size_t at = 8; at < file.len; at += file.len / 31 + 1) {
        file.ptr[at] ^= 16;
        write_bytes(path, file.ptr, file.len);
        assert_int_equal(hx_text_learner_load(&back, path, &err), HX_EFORMAT);
        file.ptr[at] ^= 16;
    }
    assert_non_null(strstr(err.message, "is damaged; train it again or copy it anew"));
    write_bytes(path, "label,text\n", 11);
    assert_int_equal(hx_text_learner_load(&back, path, &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "is no learner that huaxiang trained"));
    assert_false(hx_text_learner_is_file(path));
    unlink(path);
    hx_buf_release(&file);
    hx_text_learner_free(l);
}

static void test_damage(void **state) {
    (void)state;
    check_damage(HX_TEXT_LEARNER_NBSVM);
    check_damage(HX_TEXT_LEARNER_GRU);
}

/* A file that an earlier version wrote says what it said: tests/golden/learn/tiny.learner, written by this test with HX_LEARNER_OUT=FILE. */
static void test_golden_file(void **state) {
    (void)state;
    static corpus c;
    float p[60 * LABELS], again[60 * LABELS];
    char path[1024];
    hx_text_learner *old;
    hx_error err = {0};
    make_corpus(&c, 3);
    hx_text_learner *l = fit(&c, HX_TEXT_LEARNER_NB, true, 1);
    const char *out = getenv("HX_LEARNER_OUT");
    if (out) assert_int_equal(hx_text_learner_save(l, out, &err), HX_OK);
    snprintf(path, sizeof path, "%s/tests/golden/learn/tiny.learner", HX_SOURCE_DIR);
    if (hx_text_learner_load(&old, path, &err) != HX_OK) fail_msg("%s", err.message);
    (void)right_of(l, &c.held, p);
    (void)right_of(old, &c.held, again);
    for (size_t i = 0; i < 60 * LABELS; i++)
        golden_near((double)again[i], (double)p[i], 1e-5, "probability");
    hx_text_learner_free(l);
    hx_text_learner_free(old);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),  cmocka_unit_test(test_neural),
        cmocka_unit_test(test_unknown), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_damage),  cmocka_unit_test(test_golden_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
