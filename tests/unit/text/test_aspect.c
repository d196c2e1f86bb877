/* test_aspect.c - aspects, the user's own table, the sentiment towards a named thing. */
#include "unit/text/text_test.h"

#include <math.h>

static const hx_aspect *find(const hx_aspect *list, size_t n, const char *id) {
    for (size_t i = 0; i < n; i++)
        if (hx_str_equal(list[i].id, hx_str_of(id))) return &list[i];
    return NULL;
}

static hx_sentiment_label about(text_fixture *f, const char *text, const char *id) {
    const hx_aspect *list;
    size_t n;
    assert_int_equal(hx_text_aspects(f->annotator, hx_str_of(text), f->arena, &list, &n, NULL),
                     HX_OK);
    const hx_aspect *a = find(list, n, id);
    return a ? a->label : HX_SENTIMENT_NONE;
}

static void clauses_part_opinions(void **state) {
    text_fixture *f = *state;
    const char *text = "物流很快，就是太贵了";
    assert_int_equal(about(f, text, "delivery"), HX_SENTIMENT_POSITIVE);
    assert_int_equal(about(f, text, "price"), HX_SENTIMENT_NEGATIVE);
    assert_int_equal(about(f, "价格和服务都很好", "price"), HX_SENTIMENT_POSITIVE);
    assert_int_equal(about(f, "价格和服务都很好", "service"), HX_SENTIMENT_POSITIVE);
    assert_int_equal(about(f, "Great battery life, screen is terrible", "battery"),
                     HX_SENTIMENT_POSITIVE);
    assert_int_equal(about(f, "Great battery life, screen is terrible", "screen"),
                     HX_SENTIMENT_NEGATIVE);
    assert_int_equal(about(f, "请问价格多少", "price"), HX_SENTIMENT_NEUTRAL);
}

static void aspects_need_no_name(void **state) {
    text_fixture *f = *state;
    assert_int_equal(about(f, "太贵了", "price"), HX_SENTIMENT_NEGATIVE);
    assert_int_equal(about(f, "不贵", "price"), HX_SENTIMENT_POSITIVE);
    assert_int_equal(about(f, "送得慢", "delivery"), HX_SENTIMENT_NEGATIVE);
    assert_int_equal(about(f, "too expensive", "price"), HX_SENTIMENT_NEGATIVE);
    assert_int_equal(about(f, "贵州的山很高", "price"), HX_SENTIMENT_NONE);
}

static void spans_and_evidence_hold(void **state) {
    text_fixture *f = *state;
    const hx_aspect *list;
    size_t n;
    hx_str text = HX_STR_LIT("<b>物流</b>很快，質量卻很差");
    assert_int_equal(hx_text_aspects(f->annotator, text, f->arena, &list, &n, NULL), HX_OK);
    const hx_aspect *a = find(list, n, "quality");
    assert_non_null(a);
    assert_memory_equal(text.ptr + a->span.start, "質量", 6);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t k = 0; k < list[i].n_evidence; k++) {
            sum += list[i].evidence[k].weight;
            assert_true(list[i].evidence[k].span.end <= text.len);
        }
        assert_true(sum == list[i].logit && list[i].score > 0 && list[i].score <= 1);
    }
    assert_int_equal(hx_text_aspects(f->annotator, HX_STR_LIT(""), f->arena, &list, &n, NULL),
                     HX_OK);
    assert_int_equal(n, 0);
}

static void long_texts_end(void **state) {
    text_fixture *f = *state;
    const hx_aspect *list;
    size_t n, len = 1 << 20;
    char *text = calloc(len + 1, 1);
    assert_non_null(text);
    for (size_t i = 0; i + 12 <= len; i += 12)
        memcpy(text + i, "质量好差", 12);
    assert_int_equal(hx_text_aspects(f->annotator, hx_str_of(text), f->arena, &list, &n, NULL),
                     HX_OK);
    assert_int_equal(n, 1);
    free(text);
}

static hx_status open_with(text_fixture *f, const char *table, hx_error *err) {
    char path[] = "/tmp/hx_aspectsXXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    assert_non_null(file);
    fputs(table, file);
    fclose(file);
    hx_text_model_options options = {.engine = HX_ENGINE_RULES, .aspects = path};
    hx_text_model *m = NULL;
    hx_status st = hx_text_model_open(&m, HX_SHARE_DIR, &options, err);
    if (st == HX_OK) {
        hx_annotator *a = NULL;
        const hx_aspect *list;
        size_t n;
        assert_int_equal(hx_annotator_new(&a, m, NULL), HX_OK);
        assert_int_equal(
            hx_text_aspects(a, HX_STR_LIT("琴弦很好，太贵了"), f->arena, &list, &n, NULL), HX_OK);
        assert_non_null(find(list, n, "strings"));
        assert_non_null(find(list, n, "money"));
        assert_null(find(list, n, "price"));
        hx_annotator_free(a);
    }
    hx_text_model_close(m);
    (void)remove(path);
    return st;
}

static void the_users_table_comes_first(void **state) {
    hx_error err = {0};
    assert_int_equal(open_with(*state,
                               "# mine\nstrings\tmusic\t琴弦\tstrings\t琴弦\tstring|strings\n"
                               "money\tall\t钱\tmoney\t太贵-\t-\n",
                               &err),
                     HX_OK);
    assert_int_equal(open_with(*state, "strings\tmusic\t琴弦\n", &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "line 1"));
    assert_int_equal(open_with(*state, "a\tb\tc\td\te||f\t-\n", &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "an empty term"));
}

static hx_sentiment_label towards(text_fixture *f, const char *text, const char *target) {
    hx_sentiment s;
    assert_int_equal(
        hx_text_sentiment_of(f->annotator, hx_str_of(text), hx_str_of(target), f->arena, &s, NULL),
        HX_OK);
    double sum = s.bias;
    for (size_t i = 0; i < s.n_evidence; i++)
        sum += s.evidence[i].weight;
    assert_true(sum == s.logit);
    return s.label;
}

static void a_target_has_its_own_sentiment(void **state) {
    text_fixture *f = *state;
    assert_int_equal(towards(f, "手机很好，但是耳机很差", "手机"), HX_SENTIMENT_POSITIVE);
    assert_int_equal(towards(f, "手机很好，但是耳机很差", "耳机"), HX_SENTIMENT_NEGATIVE);
    assert_int_equal(towards(f, "手机很好，但是耳机很差", "键盘"), HX_SENTIMENT_NONE);
    assert_int_equal(towards(f, "小米不如华为", "小米"), HX_SENTIMENT_NEGATIVE);
    assert_int_equal(towards(f, "小米不如华为", "华为"), HX_SENTIMENT_POSITIVE);
    assert_int_equal(towards(f, "没这个好看", "这个"), HX_SENTIMENT_POSITIVE);
    assert_int_equal(towards(f, "The Nokia is worse than the Sony", "Sony"), HX_SENTIMENT_POSITIVE);
    hx_sentiment s;
    hx_error err = {0};
    assert_int_equal(
        hx_text_sentiment_of(f->annotator, HX_STR_LIT("好"), HX_STR_LIT(" "), f->arena, &s, &err),
        HX_EINVAL);
    assert_non_null(strstr(err.message, "has no letter"));
}

static void irony_turns_praise(void **state) {
    text_fixture *f = *state;
    hx_sentiment s;
    static const char *const texts[] = {"真是“好”啊", "Yeah right, great quality",
                                        "呵呵，真好，等了一个月"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(hx_text_sentiment(f->annotator, hx_str_of(texts[i]), f->arena, &s, NULL),
                         HX_OK);
        assert_true(s.label != HX_SENTIMENT_POSITIVE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clauses_part_opinions),
        cmocka_unit_test(aspects_need_no_name),
        cmocka_unit_test(spans_and_evidence_hold),
        cmocka_unit_test(long_texts_end),
        cmocka_unit_test(the_users_table_comes_first),
        cmocka_unit_test(a_target_has_its_own_sentiment),
        cmocka_unit_test(irony_turns_praise),
    };
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
