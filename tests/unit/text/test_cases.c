/* test_cases.c - runs tests/cases/ (one .tsv a topic): text TAB task TAB expected, in any language. Tasks: sentiment, intent, noise: the label's
 * name; keywords: words that must be among the best ten, joined by a bar. Lines that begin with "# " are comments. */
#include "unit/text/text_test.h"

#include "base/buf.h"
#include "base/file.h"

enum { FIELDS = 3 };

static const char *noise_name(hx_noise n) {
    static const char *const names[] = {"none", "empty", "default_praise", "advert", "repeated"};
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chinese_sentiment), cmocka_unit_test(english_sentiment),
        cmocka_unit_test(intents),           cmocka_unit_test(noise),
        cmocka_unit_test(keywords),
    };
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
