/* Vectors of words: steps against numpy (tests/golden/learn/make_words.py), files and answers against gensim, the same bytes with any number of
 * threads and any instruction set, damaged files. */
#include <unistd.h>

#include "base/rng.h"
#include "golden.h"
#include "learn/word_vectors.h"
#include "tensor/kernels.h"

#define D 37
#define STRIDE 48
#define N 6

typedef struct {
    _Alignas(64) float at[N][STRIDE];
} rows_of_floats;

static void fill(rows_of_floats *r, golden *g, const char *name, size_t n) {
    size_t all;
    const double *x = golden_array(g, name, &all);
    memset(r, 0, sizeof *r);
    assert_int_equal(all, n * D);
    for (size_t i = 0; i < all; i++)
        r->at[i / D][i % D] = (float)x[i];
}

static void near_floats(golden *g, const char *name, const float *got, size_t n) {
    size_t all;
    const double *wanted = golden_array(g, name, &all);
    assert_int_equal(all, n);
    for (size_t i = 0; i < n; i++)
        golden_near((double)got[i], wanted[i], 1e-6, name);
}

/* ------------------------------------------------------------------ steps */
static void step_of(golden *g, const char *name, size_t n_inputs) {
    rows_of_floats rows, inputs;
    _Alignas(64) float h[STRIDE], e[STRIDE];
    float factors[N], shares[3] = {1.0F / 3, 1.0F / 3, 1.0F / 3};
    const float *pointers[N], *hidden[3];
    char key[64];
    size_t n;
    const hx_word_kernels *kernels = hx_word_kernels_choose();
    const hx_word_step step = {kernels, N, STRIDE, 0.025F};
    fill(&rows, g, "rows", N);
    fill(&inputs, g, "inputs", 3);
    for (size_t i = 0; i < N; i++)
        pointers[i] = rows.at[i];
    for (size_t i = 0; i < 3; i++)
        hidden[i] = inputs.at[i];
    if (n_inputs == 1) shares[0] = 1;
    kernels->mix(h, hidden, shares, n_inputs, STRIDE);
    const double loss = hx_word_sample(&step, h, pointers, factors, e);
    for (size_t i = 0; i < N; i++)
        kernels->add(rows.at[i], h, factors[i], STRIDE);
    snprintf(key, sizeof key, "%s.loss", name);
    golden_near(loss, *golden_array(g, key, &n), 1e-5, key);
    snprintf(key, sizeof key, "%s.g", name);
    near_floats(g, key, factors, N);
    snprintf(key, sizeof key, "%s.e", name);
    near_floats(g, key, e, D);
    snprintf(key, sizeof key, "%s.rows", name);
    const double *wanted = golden_array(g, key, &n);
    for (size_t i = 0; i < n; i++)
        golden_near((double)rows.at[i / D][i % D], wanted[i], 1e-6, key);
}

static void steps(void **st) {
    golden *g = *st;
    size_t n;
    step_of(g, "skipgram", 1);
    step_of(g, "cbow", 3);
    const double *slope = golden_array(g, "slope", &n), *e = golden_array(g, "skipgram.e", &n);
    for (size_t k = 0; k < D; k++)
        golden_near(-e[k] / 0.025, slope[k], 1e-6, "slope");
}

static void glove_steps(void **st) {
    golden *g = *st;
    size_t n;
    float all[4][D + 1];
    const double *w = golden_array(g, "glove.w", &n), *c = golden_array(g, "glove.c", &n);
    const double *x = golden_array(g, "glove.x", &n), *l = golden_array(g, "glove.losses", &n);
    const hx_glove_step step = {(float)x[0], (float)x[1], (float)x[2], D};
    for (size_t k = 0; k <= D; k++) {
        all[0][k] = (float)w[k];
        all[1][k] = (float)c[k];
        all[2][k] = all[3][k] = 1;
    }
    for (size_t i = 0; i < 2; i++)
        golden_near(hx_glove_sample(&step, all[0], all[2], all[1], all[3]), l[i], 1e-5, "loss");
    near_floats(g, "glove.after", all[0], 4 * (D + 1));
}

static void all_sets_agree(void **st) {
    rows_of_floats rows;
    _Alignas(64) float sums[2][STRIDE];
    float dots[2][N];
    const float *pointers[N];
    hx_rng rng;
    (void)st;
    const hx_word_kernels *sets[2] = {&hx_word_kernels_base, hx_word_kernels_choose()};
    hx_rng_seed(&rng, 3);
    for (size_t i = 0; i < N * STRIDE; i++)
        rows.at[i / STRIDE][i % STRIDE] = (float)hx_rng_uniform(&rng) - 0.4F;
    for (size_t i = 0; i < N; i++)
        pointers[i] = rows.at[i];
    for (size_t k = 0; k < 2; k++) {
        sets[k]->dots(rows.at[1], pointers, N, STRIDE, dots[k]);
        sets[k]->mix(sums[k], pointers, dots[k], N, STRIDE);
        sets[k]->add(sums[k], rows.at[2], 0.3F, STRIDE);
    }
    assert_memory_equal(dots[0], dots[1], sizeof dots[0]);
    assert_memory_equal(sums[0], sums[1], sizeof sums[0]);
}

/* ------------------------------------------------------------------ learning */
/* Words of two worlds that never meet: a0 .. a9 and b0 .. b9. */
static hx_word_corpus *two_worlds(size_t texts) {
    hx_word_corpus *c;
    hx_error err = {0};
    hx_rng rng;
    assert_int_equal(hx_word_corpus_new(&c, &err), HX_OK);
    hx_rng_seed(&rng, 11);
    for (size_t t = 0; t < texts; t++) {
        char room[12][4];
        hx_str words[12];
        for (size_t i = 0; i < 12; i++) {
            snprintf(room[i], sizeof room[i], "%c%u", t % 2 == 0 ? 'a' : 'b',
                     (unsigned)hx_rng_below(&rng, 10));
            words[i] = hx_str_of(room[i]);
        }
        assert_int_equal(hx_word_corpus_add(c, words, 12, &err), HX_OK);
    }
    return c;
}

static hx_word_vectors *learn(const hx_word_corpus *c, hx_word_method method, size_t threads) {
    hx_word_vectors *v = NULL;
    hx_error err = {0};
    const hx_word_options o = {.method = method,
                               .dimension = 12,
                               .n_epochs = 4,
                               .rate = 0.05,
                               .sample = 0.05,
                               .seed = 5,
                               .n_threads = threads};
    if (hx_word_vectors_fit(&v, c, &o, &err) != HX_OK) fail_msg("%s", err.message);
    return v;
}

static void worlds_stay_apart(void **st) {
    golden *g = *st;
    hx_word_corpus *c = two_worlds(2000);
    assert_int_equal(hx_word_corpus_words(c), 24000);
    assert_int_equal(hx_word_corpus_vocabulary(c), 20);
    for (int m = 0; m < HX_WORDS_N; m++) {
        hx_word_vectors *v = learn(c, (hx_word_method)m, 2);
        hx_near_word *near;
        size_t n;
        hx_error err = {0};
        const hx_str word = HX_STR_LIT("b3");
        const hx_word_question q = {.plus = &word, .n_plus = 1};
        assert_int_equal(hx_word_vectors_count(v), 20);
        assert_int_equal(hx_word_vectors_similar(v, &q, 9, g->arena, &near, &n, &err), HX_OK);
        assert_int_equal(n, 9);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(near[i].word.ptr[0], 'b');
            assert_true(i == 0 || near[i].similarity <= near[i - 1].similarity);
        }
        hx_word_vectors_free(v);
    }
    hx_word_corpus_free(c);
}

static void threads_do_not_matter(void **st) {
    (void)st;
    hx_word_corpus *c = two_worlds(300);
    for (int m = 0; m < HX_WORDS_N; m++) {
        hx_word_vectors *one = learn(c, (hx_word_method)m, 1);
        for (size_t threads = 2; threads < 6; threads += 3) {
            hx_word_vectors *more = learn(c, (hx_word_method)m, threads);
            assert_memory_equal(one->rows, more->rows, 20 * 12 * sizeof(float));
            assert_true(hx_str_equal(one->summary, more->summary));
            hx_word_vectors_free(more);
        }
        hx_word_vectors_free(one);
    }
    hx_word_corpus_free(c);
}

typedef struct {
    size_t ends;
    double first, last;
} heard;

static void hear(void *context, const hx_word_progress *p) {
    heard *h = context;
    assert_true(p->epoch >= 1 && p->epoch <= p->n_epochs && p->share >= 0 && p->share <= 1);
    if (isnan(p->loss)) return;
    if (h->ends++ == 0) h->first = p->loss;
    h->last = p->loss;
}

static void losses_fall(void **st) {
    (void)st;
    hx_word_corpus *c = two_worlds(400);
    for (int m = 0; m < HX_WORDS_N; m++) {
        heard h = {0};
        hx_error err = {0};
        hx_word_vectors *v;
        const hx_word_options o = {.method = (hx_word_method)m,
                                   .dimension = 8,
                                   .n_epochs = 10,
                                   .sample = -1,
                                   .rate = 0.05,
                                   .n_threads = 2,
                                   .progress = hear,
                                   .context = &h};
        assert_int_equal(hx_word_vectors_fit(&v, c, &o, &err), HX_OK);
        assert_int_equal(h.ends, 10);
        assert_true(h.last < 0.97 * h.first);
        hx_word_vectors_free(v);
    }
    hx_word_corpus_free(c);
}

/* "x y z y": x-y and y-z at 1 (y-z twice), x-z and y-y at 2, x-y at 3; both ways. */
static void pairs_of_glove(void **st) {
    hx_str words[4] = {HX_STR_LIT("x"), HX_STR_LIT("y"), HX_STR_LIT("z"), HX_STR_LIT("y")};
    hx_word_corpus *c;
    hx_word_vectors *v;
    hx_error err = {0};
    (void)st;
    assert_int_equal(hx_word_corpus_new(&c, &err), HX_OK);
    assert_int_equal(hx_word_corpus_add(c, words, 4, &err), HX_OK);
    const hx_word_options o = {.method = HX_WORDS_GLOVE,
                               .dimension = 6,
                               .min_count = 1,
                               .window = 2,
                               .n_epochs = 400,
                               .n_threads = 1};
    assert_int_equal(hx_word_vectors_fit(&v, c, &o, &err), HX_OK);
    /* x-y, x-z, y-y, y-z: all but y-y in two directions */
    assert_non_null(strstr(v->summary.ptr, "\"samples\":7}"));
    assert_true(hx_str_equal(hx_word_vectors_word(v, 0), HX_STR_LIT("y")));
    assert_true(hx_str_equal(hx_word_vectors_word(v, 1), HX_STR_LIT("x")));
    assert_int_equal(hx_word_vectors_word(v, 3).len, 0);
    assert_null(hx_word_vectors_row(v, 3));
    hx_word_vectors_free(v);
    hx_word_corpus_free(c);
}

static void bad_questions(void **st) {
    golden *g = *st;
    hx_word_corpus *c = two_worlds(4);
    hx_word_vectors *v = NULL;
    hx_error err = {0};
    hx_near_word *near;
    size_t n;
    const hx_str unknown = HX_STR_LIT("nobody"),
                 spaced[3] = {HX_STR_LIT("a b"), HX_STR_LIT(""), HX_STR_LIT("\xff")};
    hx_word_options o = {.min_count = 1000};
    assert_int_equal(hx_word_corpus_add(c, spaced, 3, &err), HX_OK);
    assert_int_equal(hx_word_corpus_words(c), 48);
    assert_int_equal(hx_word_vectors_fit(&v, c, &o, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "0 words occur 1000 times or more; vectors need two at least, so give more "
                        "text or a smaller least count");
    o = (hx_word_options){.dimension = 5000};
    assert_int_equal(hx_word_vectors_fit(&v, c, &o, &err), HX_EINVAL);
    o = (hx_word_options){.rate = NAN};
    assert_int_equal(hx_word_vectors_fit(&v, c, &o, &err), HX_EINVAL);
    o = (hx_word_options){.min_count = 1, .sample = 1e-12, .seed = 1};
    assert_int_equal(hx_word_vectors_fit(&v, c, &o, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "no word was learnt from: texts hold one known word each, or common words "
                        "were thinned out (sample 1e-12); give more text, or keep all words "
                        "(sample 0)");
    const int stop = 1;
    o = (hx_word_options){.min_count = 1, .cancel = &stop};
    for (int m = 0; m < HX_WORDS_N; m++) {
        o.method = (hx_word_method)m;
        assert_int_equal(hx_word_vectors_fit(&v, c, &o, &err), HX_ECANCELLED);
    }
    assert_null(v);
    v = learn(c, HX_WORDS_CBOW, 1);
    hx_word_question q = {.plus = &unknown, .n_plus = 1};
    assert_int_equal(hx_word_vectors_similar(v, &q, 3, g->arena, &near, &n, &err), HX_ENOTFOUND);
    assert_non_null(strstr(err.message, "do not have the word 'nobody'"));
    q.n_plus = 0;
    assert_int_equal(hx_word_vectors_similar(v, &q, 3, g->arena, &near, &n, &err), HX_EINVAL);
    hx_word_vectors_free(v);
    hx_word_corpus_free(c);
}

/* ------------------------------------------------------------------ files */
static hx_word_vectors *load(const char *path) {
    hx_word_vectors *v = NULL;
    hx_error err = {0};
    if (hx_word_vectors_load(&v, path, &err) != HX_OK) fail_msg("%s", err.message);
    return v;
}

static void answers_of_gensim(golden *g, const hx_word_vectors *v, const char *name,
                              const hx_word_question *q) {
    char key[64];
    size_t n, found;
    hx_error err = {0};
    hx_near_word *near;
    assert_int_equal(hx_word_vectors_similar(v, q, 4, g->arena, &near, &found, &err), HX_OK);
    snprintf(key, sizeof key, "%s.index", name);
    const double *index = golden_array(g, key, &n);
    snprintf(key, sizeof key, "%s.similarity", name);
    const double *similarity = golden_array(g, key, &n);
    assert_int_equal(found, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(near[i].index, (size_t)index[i]);
        golden_near(near[i].similarity, similarity[i], 1e-6, key);
    }
}

static void files_of_gensim(void **st) {
    static const char *const names[2] = {"words_gensim.bin", "words_gensim.vec"};
    golden *g = *st;
    const hx_str plus[2] = {HX_STR_LIT("king"), HX_STR_LIT("woman")}, minus = HX_STR_LIT("man");
    const hx_word_question near = {.plus = plus, .n_plus = 1};
    const hx_word_question analogy = {.plus = plus, .minus = &minus, .n_plus = 2, .n_minus = 1};
    for (size_t k = 0; k < 2; k++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/tests/golden/learn/%s", HX_SOURCE_DIR, names[k]);
        hx_word_vectors *v = load(path);
        assert_int_equal(hx_word_vectors_count(v), 8);
        assert_int_equal(hx_word_vectors_dimension(v), 5);
        near_floats(g, "gensim.vectors", v->rows, 40);
        assert_int_equal(hx_word_vectors_find(v, HX_STR_LIT("emoji😀")), 6);
        assert_int_equal(hx_word_vectors_find(v, HX_STR_LIT("emoji")), SIZE_MAX);
        answers_of_gensim(g, v, "near", &near);
        answers_of_gensim(g, v, "analogy", &analogy);
        double mean[5];
        assert_int_equal(hx_word_vectors_mean(v, plus, 2, mean), 2);
        golden_near(mean[1], ((double)v->rows[2 * 5 + 1] + (double)v->rows[5 * 5 + 1]) / 2, 1e-12,
                    "mean");
        hx_word_vectors_free(v);
    }
}

static void round_trips(void **st) {
    (void)st;
    hx_word_corpus *c = two_worlds(50);
    hx_word_vectors *v = learn(c, HX_WORDS_SKIPGRAM, 1);
    hx_error err = {0};
    for (int format = 0; format < 2; format++) {
        char path[] = "/tmp/hx-words-XXXXXX";
        close(mkstemp(path));
        assert_int_equal(hx_word_vectors_save(v, path, (hx_word_format)format, &err), HX_OK);
        hx_word_vectors *again = load(path);
        assert_memory_equal(v->rows, again->rows, v->n * v->dimension * sizeof(float));
        for (size_t i = 0; i < v->n; i++)
            assert_true(hx_str_equal(hx_word_vectors_word(v, i), hx_word_vectors_word(again, i)));
        hx_word_vectors_free(again);
        unlink(path);
    }
    hx_word_vectors_free(v);
    hx_word_corpus_free(c);
}

static hx_word_vectors *load_bytes(const char *bytes, size_t n, hx_error *err) {
    char path[] = "/tmp/hx-words-XXXXXX";
    hx_word_vectors *v = NULL;
    const int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    close(fd);
    *err = (hx_error){0};
    if (hx_word_vectors_load(&v, path, err) != HX_OK) assert_null(v);
    unlink(path);
    return v;
}

static void damaged_files(void **st) {
    static const struct {
        const char *bytes, *says;
    } all[] = {{"", "holds no vectors of words"},
               {"hello\n", "holds no vectors of words"},
               {"{\"format\":\"huaxiang/model/1\"}\n", "holds no vectors of words"},
               {"2 3", "holds no vectors of words"},
               {"0 3\n", "says that it has 0 words"},
               {"2 99999\na 1\n", "says that it has 2 words of 99999 values"},
               {"99999999999 3\na 1 2 3\n", "says that it has 99999999999 words"},
               {"9 3\na 1 2 3\nb 1 2 3\n", "breaks off"},
               {"2 3\na 1 2 3\nb 1 2\n", "row 2 has too few values"},
               {"2 3\na 1 2 3\nb 1 2 3 4\n", "row 2 has too many values"},
               {"2 3\na 1 2 3\nb 1 2 x3\n", "row 2 has too few values, or one that is no number"},
               {"2 3\na 1 2 3\nb 1 2 inf\n", "row 2 has too few values, or one that is no number"},
               {"2 3\na 1 2 3\nbbbbbb\n", "row 2 has no word"},
               {"1 1\na \xff\xff\xff\xff\n", "row 1 has a value that is no number"}};
    hx_error err;
    (void)st;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_null(load_bytes(all[i].bytes, strlen(all[i].bytes), &err));
        if (strstr(err.message, all[i].says) == NULL)
            fail_msg("%zu: '%s', not '%s'", i, err.message, all[i].says);
    }
    static const char cut[] = "2 2\na \0\0\0\0\0\0\200\077b \0\0\0\0\0\0";
    assert_null(load_bytes(cut, sizeof cut - 1, &err));
    assert_non_null(strstr(err.message, "breaks off"));
}

static void unusual_files(void **st) {
    hx_error err;
    (void)st;
    /* GloVe's own: no first line */
    hx_word_vectors *v = load_bytes("the 0.5 -1e-3 2\r\nof 1 2 3\r\n", 27, &err);
    assert_non_null(v);
    assert_int_equal(v->n, 2);
    assert_int_equal(v->dimension, 3);
    assert_true(v->rows[1] == -1e-3F && v->rows[5] == 3);
    hx_word_vectors_free(v);
    /* a word twice, one that is no UTF-8 */
    v = load_bytes("4 1\na 1\n\xff 2\na 3\nb 4\n", 20, &err);
    assert_non_null(v);
    assert_int_equal(v->n, 2);
    assert_true(v->rows[0] == 1 && v->rows[1] == 4);
    assert_int_equal(hx_word_vectors_find(v, HX_STR_LIT("b")), 1);
    hx_word_vectors_free(v);
}

static int open_golden(void **st) {
    static golden g;
    golden_open(&g, "words.txt");
    *st = &g;
    return 0;
}

static int close_golden(void **st) {
    golden_close(*st);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps),           cmocka_unit_test(glove_steps),
        cmocka_unit_test(all_sets_agree),  cmocka_unit_test(worlds_stay_apart),
        cmocka_unit_test(losses_fall),     cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(pairs_of_glove),  cmocka_unit_test(bad_questions),
        cmocka_unit_test(files_of_gensim), cmocka_unit_test(round_trips),
        cmocka_unit_test(damaged_files),   cmocka_unit_test(unusual_files)};
    return cmocka_run_group_tests(tests, open_golden, close_golden);
}
