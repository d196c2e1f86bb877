/* test_cases.c - runs tests/cases/ (one .tsv a topic): text TAB task TAB expected, in any language. Tasks: sentiment, intent, noise: the label's
 * name; keywords: words that must be among the best ten, joined by a bar. Lines that begin with "# " are comments. */
#include "unit/text/text_test.h"

#include "base/buf.h"
#include "base/file.h"

enum { FIELDS = 3 };

static const char *noise_name(hx_noise n) {
    static const char *const names[HX_NOISE_N] = {
        "none", "empty", "default_praise", "advert", "repeated", "spam", "bot", "off_topic"};
    return names[n];
}

static bool has_keyword(const hx_annotation *r, hx_str word) {
    for (size_t i = 0; i < r->n_keywords; i++)
        if (hx_str_equal(r->keywords[i].text, word)) return true;
    return false;
}

static bool has_keywords(const hx_annotation *r, hx_str expected) {
    size_t from = 0;
    for (size_t i = 0; i <= expected.len; i++) {
        if (i < expected.len && expected.ptr[i] != '|') continue;
        if (!has_keyword(r, (hx_str){expected.ptr + from, i - from})) return false;
        from = i + 1;
    }
    return true;
}

/* What the engine says to field[0]; the answer to print, or NULL where it is as expected. */
static const char *wrong_answer(text_fixture *f, const hx_str field[FIELDS]) {
    hx_annotation r;
    hx_error err = {0};
    if (hx_text_annotate(f->annotator, field[0], f->arena, &r, &err) != HX_OK) return "an error";
    const char *got = NULL;
    if (hx_str_equal(field[1], HX_STR_LIT("sentiment"))) {
        got = hx_sentiment_name(r.sentiment.label);
    } else if (hx_str_equal(field[1], HX_STR_LIT("intent"))) {
        got = hx_intent_name(r.intent.label);
    } else if (hx_str_equal(field[1], HX_STR_LIT("noise"))) {
        got = noise_name(r.noise);
    } else if (hx_str_equal(field[1], HX_STR_LIT("keywords"))) {
        return has_keywords(&r, field[2]) ? NULL : "other keywords";
    } else {
        return "no such task";
    }
    return hx_str_equal(hx_str_of(got), field[2]) ? NULL : got;
}

static void split(hx_str line, hx_str field[FIELDS]) {
    size_t n = 0, from = 0;
    for (size_t i = 0; i <= line.len; i++) {
        if (i < line.len && line.ptr[i] != '\t') continue;
        assert_true(n < FIELDS);
        field[n++] = (hx_str){line.ptr + from, i - from};
        from = i + 1;
    }
    assert_int_equal(n, FIELDS);
}

static void run_file(text_fixture *f, const char *name, size_t at_least) {
    hx_buf bytes;
    hx_buf_init(&bytes, 1 << 20);
    char path[512];
    snprintf(path, sizeof path, "%s/tests/cases/%s", HX_SOURCE_DIR, name);
    assert_int_equal(hx_file_read(path, &bytes, NULL), HX_OK);
    size_t n = 0, wrong = 0;
    for (size_t pos = 0; pos < bytes.len;) {
        const char *end = memchr(bytes.ptr + pos, '\n', bytes.len - pos);
        hx_str line = {bytes.ptr + pos, end ? (size_t)(end - bytes.ptr) - pos : bytes.len - pos};
        pos += line.len + 1;
        if (line.len == 0 || (line.ptr[0] == '#' && line.len > 1 && line.ptr[1] == ' ')) continue;
        hx_str field[FIELDS];
        split(line, field);
        const char *got = wrong_answer(f, field);
        if (got) print_error("%s: %.*s: got %s\n", name, (int)line.len, line.ptr, got);
        wrong += got != NULL;
        n++;
        hx_arena_reset(f->arena);
    }
    hx_buf_release(&bytes);
    assert_int_equal(wrong, 0);
    assert_true(n >= at_least);
}

static void chinese_sentiment(void **state) {
    run_file(*state, "sentiment_zh.tsv", 100);
}

static void english_sentiment(void **state) {
    run_file(*state, "sentiment_en.tsv", 60);
}

static void intents(void **state) {
    run_file(*state, "intent.tsv", 100);
}

static void noise(void **state) {
    run_file(*state, "noise.tsv", 30);
}

static void keywords(void **state) {
    run_file(*state, "keywords.tsv", 10);
}

/* ------------------------------------------------------------------ files with figures */
typedef void case_fn(text_fixture *f, const hx_str field[], void *context);

/* Calls `fn` for each record of `n_fields` fields. */
static void each_case(text_fixture *f, const char *name, size_t n_fields, case_fn *fn,
                      void *context) {
    hx_buf bytes;
    hx_buf_init(&bytes, 1 << 20);
    char path[512];
    snprintf(path, sizeof path, "%s/tests/cases/%s", HX_SOURCE_DIR, name);
    assert_int_equal(hx_file_read(path, &bytes, NULL), HX_OK);
    for (size_t pos = 0; pos < bytes.len;) {
        const char *end = memchr(bytes.ptr + pos, '\n', bytes.len - pos);
        hx_str line = {bytes.ptr + pos, end ? (size_t)(end - bytes.ptr) - pos : bytes.len - pos};
        pos += line.len + 1;
        if (line.len == 0 || line.ptr[0] == '#') continue;
        hx_str field[4] = {{NULL, 0}};
        size_t n = 0, from = 0;
        for (size_t i = 0; i <= line.len; i++) {
            if (i < line.len && line.ptr[i] != '\t') continue;
            assert_true(n < n_fields);
            field[n++] = (hx_str){line.ptr + from, i - from};
            from = i + 1;
        }
        assert_int_equal(n, n_fields);
        fn(f, field, context);
        hx_arena_reset(f->arena);
    }
    hx_buf_release(&bytes);
}

typedef struct {
    size_t n, said[HX_NOISE_N], is[HX_NOISE_N], both[HX_NOISE_N];
} noise_figures;

static void count_noise(text_fixture *f, const hx_str field[], void *context) {
    noise_figures *c = context;
    hx_annotation r;
    assert_int_equal(hx_text_annotate(f->annotator, field[0], f->arena, &r, NULL), HX_OK);
    size_t is = HX_NOISE_N;
    for (size_t k = 0; k < HX_NOISE_N; k++)
        if (hx_str_equal(field[2], hx_str_of(noise_name((hx_noise)k)))) is = k;
    assert_true(is < HX_NOISE_N);
    c->n++;
    c->is[is]++;
    c->said[r.noise]++;
    c->both[is] += is == (size_t)r.noise;
}

/* Precision at least 0.95 and recall at least 0.9 of each kind that the cases have. */
static void kinds_of_noise(void **state) {
    static const hx_noise kinds[] = {HX_NOISE_NONE,   HX_NOISE_DEFAULT_PRAISE,
                                     HX_NOISE_ADVERT, HX_NOISE_SPAM,
                                     HX_NOISE_BOT,    HX_NOISE_OFF_TOPIC};
    noise_figures c = {0};
    each_case(*state, "noise_kinds.tsv", 3, count_noise, &c);
    assert_true(c.n >= 500 && c.is[HX_NOISE_NONE] >= 250);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        hx_noise k = kinds[i];
        print_message("%s: n %zu, precision %.3f, recall %.3f\n", noise_name(k), c.is[k],
                      (double)c.both[k] / (double)c.said[k], (double)c.both[k] / (double)c.is[k]);
        assert_true(c.is[k] >= 40);
        assert_true((double)c.both[k] >= 0.95 * (double)c.said[k]);
        assert_true((double)c.both[k] >= 0.9 * (double)c.is[k]);
    }
}

typedef struct {
    size_t n, sentiment, intents, intent, aspects, said, right;
} own_figures;

static size_t count_aspects(const hx_annotation *r, hx_str wanted, size_t *right) {
    size_t n = 0;
    for (size_t from = 0, i = 0; i <= wanted.len && wanted.len > 1; i++) {
        if (i < wanted.len && wanted.ptr[i] != '|') continue;
        hx_str one = {wanted.ptr + from, i - from};
        const char *colon = memchr(one.ptr, ':', one.len);
        assert_non_null(colon);
        hx_str id = {one.ptr, (size_t)(colon - one.ptr)};
        hx_str label = {colon + 1, one.len - id.len - 1};
        bool found = false;
        for (size_t k = 0; k < r->n_aspects; k++)
            found =
                found || (hx_str_equal(r->aspects[k].id, id) &&
                          hx_str_equal(hx_str_of(hx_sentiment_name(r->aspects[k].label)), label));
        if (!found) print_message("  no %.*s\n", (int)one.len, one.ptr);
        *right += found;
        n++;
        from = i + 1;
    }
    return n;
}

static void count_own(text_fixture *f, const hx_str field[], void *context) {
    own_figures *c = context;
    hx_annotation r;
    assert_int_equal(hx_text_annotate(f->annotator, field[0], f->arena, &r, NULL), HX_OK);
    const char *label = hx_sentiment_name(r.sentiment.label);
    bool good = hx_str_equal(field[1], hx_str_of(label));
    bool has_intent = !hx_str_equal(field[3], HX_STR_LIT("-"));
    bool same = hx_str_equal(field[3], hx_str_of(hx_intent_name(r.intent.label)));
    if (!good || (has_intent && !same))
        print_message("%.*s: %s, %s\n", (int)field[0].len, field[0].ptr, label,
                      hx_intent_name(r.intent.label));
    c->n++;
    c->sentiment += good;
    c->intents += has_intent;
    c->intent += has_intent && same;
    c->said += r.n_aspects;
    c->aspects += count_aspects(&r, field[2], &c->right);
}

/* Negation, irony, slang, mixed feelings, typos in two languages: the score is printed, and does not fall below what it was. */
static void own_texts(void **state) {
    own_figures c = {0};
    each_case(*state, "own_texts.tsv", 4, count_own, &c);
    assert_int_equal(c.n, 50);
    double p = (double)c.right / (double)c.said, r = (double)c.right / (double)c.aspects;
    print_message("50 texts: sentiment %zu of 50, intent %zu of %zu, aspects precision %.2f recall "
                  "%.2f of %zu\n",
                  c.sentiment, c.intent, c.intents, p, r, c.aspects);
    assert_true(c.sentiment >= 41);
    assert_true(c.intent * 10 >= c.intents * 7);
    assert_true(p >= 0.65 && r >= 0.7);
}

typedef struct {
    size_t n, right;
} target_figures;

static void count_target(text_fixture *f, const hx_str field[], void *context) {
    target_figures *c = context;
    hx_sentiment s;
    assert_int_equal(hx_text_sentiment_of(f->annotator, field[0], field[1], f->arena, &s, NULL),
                     HX_OK);
    const char *got = hx_sentiment_name(s.label);
    bool good = hx_str_equal(field[2], hx_str_of(got));
    if (!good)
        print_message("%.*s, of %.*s: %s\n", (int)field[0].len, field[0].ptr, (int)field[1].len,
                      field[1].ptr, got);
    c->n++;
    c->right += good;
}

/* What a text says of one thing of several, in two languages. */
static void targets(void **state) {
    target_figures c = {0};
    each_case(*state, "targets.tsv", 3, count_target, &c);
    print_message("%zu of %zu targets\n", c.right, c.n);
    assert_true(c.n >= 40 && c.right * 10 >= c.n * 9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chinese_sentiment), cmocka_unit_test(english_sentiment),
        cmocka_unit_test(intents),           cmocka_unit_test(noise),
        cmocka_unit_test(keywords),          cmocka_unit_test(kinds_of_noise),
        cmocka_unit_test(own_texts),         cmocka_unit_test(targets),
    };
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
