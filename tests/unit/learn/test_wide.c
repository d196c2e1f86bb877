/* n-grams of a text beside other features: against a count done here by hand, svm and logistic regression on them, files, explanation, refusals. */
#include "golden.h"
#include "learn/families.h"
#include "learn/learner.h"
#include "learn/ngrams.h"
#include "learn/wide.h"

#include <unistd.h>

#define N 240

/* ------------------------------------------------------------------ n-grams */
/* One number, then tokens: 1 2 1, 2 (unknown) 2, nothing. */
static const double few[] = {5, 1, 2, 1, /**/ 0, 2, 0, 2, /**/ 7, -1, -1, -1};

static hx_problem few_rows(void) {
    return (hx_problem){.x = (double *)(uintptr_t)few, .n = 3, .d = 4, .n_tokens = 3, .n_known = 2};
}

static float value_of(const hx_csr *x, size_t row, size_t column) {
    for (size_t j = x->starts[row]; j < x->starts[row + 1]; j++)
        if (x->columns[j] == column) return x->values[j];
    return 0;
}

static void counted_by_hand(void **st) {
    (void)st;
    hx_ngrams g;
    hx_csr x;
    hx_error err = {0};
    hx_problem p = few_rows();
    assert_int_equal(hx_ngrams_fit(&g, &p, 2, 1, &err), HX_OK);
    assert_int_equal(g.n, 4); /* 1, 2, 1 2, 2 1: nothing goes over what is not known */
    assert_int_equal(hx_ngrams_columns(&g), 5);
    const uint32_t rows_with[] = {1, 2, 1, 1};
    assert_memory_equal(g.counts, rows_with, sizeof rows_with);
    assert_int_equal(hx_ngrams_rows(&g, few, 3, &x, &err), HX_OK);
    const double idf1 = log(4 / 2.0) + 1, idf2 = log(4 / 3.0) + 1;
    const double one = (1 + log(2)) * idf1, two = idf2, pair = idf1;
    const double length = sqrt(one * one + two * two + 2 * pair * pair);
    golden_near((double)value_of(&x, 0, 0), 5, 0, "the number");
    golden_near((double)value_of(&x, 0, 1), one / length, 1e-7, "1");
    golden_near((double)value_of(&x, 0, 2), two / length, 1e-7, "2");
    golden_near((double)value_of(&x, 0, 3), pair / length, 1e-7, "1 2");
    golden_near((double)value_of(&x, 0, 4), pair / length, 1e-7, "2 1");
    assert_int_equal(x.starts[2] - x.starts[1], 1); /* 2, twice; the number is 0 */
    golden_near((double)value_of(&x, 1, 2), 1, 1e-7, "2 alone");
    assert_int_equal(x.starts[3] - x.starts[2], 1);
    hx_csr_release(&x);
    hx_ngrams_release(&g);
    assert_int_equal(hx_ngrams_fit(&g, &p, 3, 2, &err), HX_OK);
    assert_int_equal(g.n, 1); /* in two rows: 2 */
    hx_ngrams_release(&g);
}

/* ------------------------------------------------------------------ tables */
static const char *const good[] = {"质量很好", "很喜欢", "物流快 good", "值得买", "fast and Good"},
                         *const bad[] = {"质量不好", "不喜欢", "物流慢 bad", "不值得",
                                         "slow and bad"};

/* label by text, but for those with "neutral"; there by the sign of `number`. stars: a number by both. */
static hx_table *comments(void) {
    char texts[N][80];
    hx_str values[N], names[3] = {HX_STR_LIT("neg"), HX_STR_LIT("pos"), HX_STR_LIT("mixed")};
    uint32_t codes[N], label[N], three[N];
    double number[N], stars[N];
    hx_table *t = NULL;
    hx_error err = {0};
    assert_int_equal(hx_table_new(&t, N, &err), HX_OK);
    for (size_t i = 0; i < N; i++) {
        const bool yes = i * 7 % 5 < 2;
        const size_t one = i % 5, other = i / 5 % 5;
        number[i] = (yes ? 1 : -1) * (0.2 + (double)(i % 11) / 10);
        if (i % 4 == 0)
            snprintf(texts[i], sizeof texts[i], "neutral %zu", i % 3);
        else
            snprintf(texts[i], sizeof texts[i], "%s，%s", (yes ? good : bad)[one],
                     (yes ? good : bad)[other]);
        values[i] = hx_str_of(texts[i]);
        codes[i] = (uint32_t)i;
        label[i] = yes;
        three[i] = i % 4 == 0 ? 2 : yes;
        stars[i] = 3 + (i % 4 == 0 ? 0 : yes ? 1.5 : -1.5) + number[i] / 4;
    }
    codes[5] = HX_CODE_MISSING;
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("text"), codes, values, N, &err), HX_OK);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("label"), label, names, 2, &err), HX_OK);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("three"), three, names, 3, &err), HX_OK);
    assert_int_equal(
        hx_table_put_numbers(t, HX_STR_LIT("number"), HX_KIND_NUMBER, number, -1, &err), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("stars"), HX_KIND_NUMBER, stars, -1, &err),
                     HX_OK);
    return t;
}

static hx_learner *fitted(const hx_table *t, const char *model, const char *target, const char *use,
                          const char *params, size_t threads) {
    hx_learner *l = NULL;
    hx_error err = {0};
    const hx_learn_options o = {.model = model,
                                .target = target,
                                .use = use,
                                .text = "text",
                                .params = hx_str_of(params),
                                .seed = 3,
                                .n_threads = threads};
    if (hx_learner_fit(&l, t, NULL, &o, &err) != HX_OK) fail_msg("%s: %s", model, err.message);
    return l;
}

static size_t right(const hx_learner *l, const hx_table *t, const char *target, hx_arena *arena) {
    hx_predictions p;
    hx_error err = {0};
    uint32_t codes[N];
    size_t n = 0;
    if (hx_learner_predict(l, t, 2, arena, &p, &err) != HX_OK) fail_msg("%s", err.message);
    const size_t column = hx_table_find(t, hx_str_of(target));
    hx_table_codes(t, column, 0, N, codes);
    for (size_t i = 0; i < N; i++) {
        double sum = 0;
        for (size_t k = 0; k < p.n_classes; k++)
            sum += p.probabilities[i * p.n_classes + k];
        golden_near(sum, 1, 1e-12, "sum of probabilities");
        n += hx_str_equal(hx_str_of(p.classes[(size_t)p.values[i]]),
                          hx_table_value(t, column, codes[i]));
    }
    return n;
}

/* Text and number together tell every row; each alone does not. */
static void text_and_numbers_together(void **st) {
    (void)st;
    static const char *const models[] = {"svm", "logistic", "nbsvm"};
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = comments();
    for (size_t m = 0; m < 3; m++) {
        const char *params = m == 1 ? "{\"C\":100}" : "{\"C\":10}";
        hx_learner *both = fitted(t, models[m], "label", "text,number", params, 2);
        hx_learner *text = fitted(t, models[m], "label", "text", params, 2);
        hx_learner *three = fitted(t, models[m], "three", "text,number", params, 2);
        assert_int_equal(right(both, t, "label", arena), N);
        assert_true(right(text, t, "label", arena) < N - N / 16);
        assert_true(right(three, t, "three", arena) >= N - 1); /* but for the missing text */
        hx_learner_free(both);
        hx_learner_free(text);
        hx_learner_free(three);
    }
    hx_table_free(t);
    hx_arena_free(arena);
}

static void numbers_too(void **st) {
    (void)st;
    double stars[N], off = 0, all = 0;
    hx_predictions p;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = comments();
    hx_learner *l = fitted(t, "svm", "stars", "text,number", "{\"C\":10}", 1);
    assert_int_equal(hx_learner_predict(l, t, 1, arena, &p, &err), HX_OK);
    hx_table_numbers(t, hx_table_find(t, HX_STR_LIT("stars")), 0, N, stars);
    for (size_t i = 0; i < N; i++) {
        off += (p.values[i] - stars[i]) * (p.values[i] - stars[i]);
        all += (stars[i] - 2.6) * (stars[i] - 2.6);
    }
    assert_true(off < 0.05 * all);
    hx_learner_free(l);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void same_in_files_and_threads(void **st) {
    (void)st;
    static const char *const models[] = {"svm", "logistic", "nbsvm", "bagging"};
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = comments();
    for (size_t m = 0; m < 4; m++) {
        char path[] = "/tmp/hx-wide-XXXXXX";
        hx_predictions p, q, r;
        hx_error err = {0};
        const char *params = m == 3 ? "{\"base\":\"svm\",\"members\":2}" : "";
        hx_learner *l = fitted(t, models[m], "three", "text,number", params, 1), *again = NULL;
        hx_learner *many = fitted(t, models[m], "three", "text,number", params, 3);
        close(mkstemp(path));
        assert_int_equal(hx_learner_save(l, path, &err), HX_OK);
        if (hx_learner_load(&again, path, &err) != HX_OK) fail_msg("%s", err.message);
        assert_int_equal(hx_learner_predict(l, t, 1, arena, &p, &err), HX_OK);
        assert_int_equal(hx_learner_predict(again, t, 2, arena, &q, &err), HX_OK);
        assert_int_equal(hx_learner_predict(many, t, 2, arena, &r, &err), HX_OK);
        assert_memory_equal(p.probabilities, q.probabilities, 3 * N * sizeof(double));
        assert_memory_equal(p.probabilities, r.probabilities, 3 * N * sizeof(double));
        unlink(path);
        hx_learner_free(l);
        hx_learner_free(again);
        hx_learner_free(many);
    }
    hx_table_free(t);
    hx_arena_free(arena);
}

/* Contributions add up to the log-odds; the text's stands in one place. */
static void contributions_add_up(void **st) {
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = comments();
    hx_learner *l = fitted(t, "svm", "label", "text,number", "", 1);
    hx_problem p;
    hx_error err = {0};
    assert_int_equal(hx_design_problem(l->design, t, false, arena, &p, &err), HX_OK);
    double *parts = hx_arena_alloc(arena, N * (p.d + 1) * sizeof *parts);
    double *said = hx_arena_alloc(arena, N * 2 * sizeof *said);
    assert_int_equal(l->estimator->predict(l->state, p.x, N, 1, said, &err), HX_OK);
    for (size_t class = 0; class < 2; class ++) {
        assert_int_equal(l->estimator->contributions(l->state, p.x, N, class, 1, parts, &err),
                         HX_OK);
        for (size_t i = 0; i < N; i++) {
            double sum = 0;
            for (size_t j = 0; j <= p.d; j++)
                sum += parts[i * (p.d + 1) + j];
            golden_near(sum, log(said[2 * i + class]) - log(said[2 * i + 1 - class]), 1e-9, "sum");
            for (size_t j = p.d - p.n_tokens + 1; j < p.d; j++)
                assert_true(parts[i * (p.d + 1) + j] == 0);
        }
    }
    hx_learner_free(l);
    hx_table_free(t);
    hx_arena_free(arena);
}

/* Values of other texts: zeros and ones beside n-grams, of mean 0 and deviation 1 without; numbers are scaled either way. */
static void values_beside_a_text(void **st) {
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = comments();
    for (int reads = 0; reads < 2; reads++) {
        hx_design *d = NULL;
        hx_problem p;
        hx_error err = {0};
        const hx_design_options o = {.target = "label",
                                     .use = "three,number,text",
                                     .wants = HX_WANTS_FILLED | HX_WANTS_SCALED |
                                              (reads ? HX_WANTS_TOKENS_TOO : 0),
                                     .text = reads ? "text" : NULL,
                                     .length = 8,
                                     .min_count = 2};
        if (hx_design_fit(&d, t, &o, &err) != HX_OK) fail_msg("%s", err.message);
        if (hx_design_problem(d, t, true, arena, &p, &err) != HX_OK) fail_msg("%s", err.message);
        assert_int_equal(p.n_tokens > 0, reads);
        for (size_t j = 0; j + p.n_tokens < p.d; j++) {
            const bool number = strcmp(p.names[j], "number") == 0;
            double sum = 0, squares = 0;
            for (size_t i = 0; i < p.n; i++) {
                const double x = p.x[i * p.d + j];
                if (reads && !number) assert_true(x == 0 || x == 1);
                sum += x;
                squares += x * x;
            }
            if (reads && !number) continue;
            golden_near(sum / N, 0, 1e-12, "mean");
            golden_near(squares / N, 1, 1e-12, "variance");
        }
        hx_design_free(d);
    }
    hx_table_free(t);
    hx_arena_free(arena);
}

/* ------------------------------------------------------------------ refusals */
static void refusals(void **st) {
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = comments();
    hx_learner *l = NULL;
    hx_str text;
    hx_error err = {0};
    const hx_learn_options none = {.model = "nbsvm", .target = "label", .use = "number"};
    assert_int_equal(hx_learner_fit(&l, t, NULL, &none, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "nbsvm reads a text, and no column holds texts: name one by --text (of "
                        "numbers by --as-text, too), or leave this model out");
    l = fitted(t, "logistic", "label", "text,number", "", 1);
    assert_int_equal(
        hx_learner_export(l, &(hx_export_options){.kind = HX_EXPORT_C}, arena, &text, &err),
        HX_EUNSUPPORTED);
    assert_string_equal(err.message,
                        "the model reads the text 'text', which can't be written as SQL or C");
    hx_learner_free(l);
    hx_table_free(t);
    hx_arena_free(arena);
}

/* Every part of a kept state that is missing or of another size is refused. */
static void damaged(void **st) {
    (void)st;
    hx_table *t = comments();
    hx_learner *l = fitted(t, "svm", "label", "text,number", "", 1);
    static const char *const keys[] = {"keys",       "counts", "weights", "platt", "means",
                                       "text_means", "terms",  "tokens",  "grams", "rows"};
    hx_problem p;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    assert_int_equal(hx_design_problem(l->design, t, false, arena, &p, &err), HX_OK);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        hx_buf b;
        hx_json_writer w;
        void *state = NULL;
        hx_buf_init(&b, 1u << 26);
        hx_json_begin(&w, &b);
        l->estimator->write(l->state, &w);
        json_t *json = json_loadb(b.ptr, b.len, 0, NULL);
        json_object_set_new(json_object_get(json, "wide"), keys[i],
                            i < 3   ? json_string("AAAA")
                            : i < 6 ? json_array()
                                    : json_integer(0));
        assert_int_equal(l->estimator->read(&state, json, p.d, 2, &err), HX_EFORMAT);
        assert_null(state);
        json_decref(json);
        hx_buf_release(&b);
    }
    hx_learner_free(l);
    hx_table_free(t);
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_by_hand),
        cmocka_unit_test(text_and_numbers_together),
        cmocka_unit_test(numbers_too),
        cmocka_unit_test(same_in_files_and_threads),
        cmocka_unit_test(contributions_add_up),
        cmocka_unit_test(values_beside_a_text),
        cmocka_unit_test(refusals),
        cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests_name("learn/wide", tests, NULL, NULL);
}
