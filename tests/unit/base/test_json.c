/* test_json.c - parsing with its caps and sentences; the writer, checked by reading back. */
#include "unit/base/base_test.h"

#include "base/json.h"
#include "base/rng.h"
#include "base/utf8.h"

#include <math.h>

static void assert_refused(hx_str text, hx_status status, const char *sentence) {
    hx_error err = {0};
    json_t *json = (json_t *)1;
    hx_str exact = test_exact(text.ptr, text.len);
    assert_int_equal(hx_json_parse(exact, 10000, "the plan", &json, &err), status);
    assert_null(json);
    assert_string_equal(err.message, sentence);
    free((void *)(uintptr_t)exact.ptr);
}

static void refuses_with_a_place(void **state) {
    (void)state;
    assert_refused(HX_STR_LIT("{\"a\": 1,\n \"b\": nope}"), HX_EFORMAT,
                   "the plan: not valid JSON at line 2, column 10");
    assert_refused(HX_STR_LIT("{\"a\": 1"), HX_EFORMAT,
                   "the plan: the JSON breaks off at line 1, column 7");
    assert_refused(HX_STR_LIT("\"abc"), HX_EFORMAT,
                   "the plan: the JSON breaks off at line 1, column 4");
    assert_refused(HX_STR_LIT("[1] 2"), HX_EFORMAT, "the plan: not valid JSON at line 1, column 5");
    assert_refused(HX_STR_LIT("{\"a\":1,\"a\":2}"), HX_EFORMAT,
                   "the plan: the key that ends at line 1, column 10 appears twice");
    assert_refused(HX_STR_LIT("[\"\xFF\"]"), HX_EFORMAT,
                   "the plan: not valid UTF-8 at line 1, column 2");
    assert_refused(HX_STR_LIT("[99999999999999999999]"), HX_EFORMAT,
                   "the plan: the number at line 1, column 21 is out of range");
    assert_refused(HX_STR_LIT("[1e999]"), HX_EFORMAT,
                   "the plan: the number at line 1, column 6 is out of range");
    assert_refused(HX_STR_LIT("[\"\\u0000\"]"), HX_EFORMAT,
                   "the plan: \\u0000 at line 1, column 9 is not allowed");
    assert_refused(HX_STR_LIT(""), HX_EFORMAT, "the plan: empty where JSON is expected");
    assert_refused(HX_STR_LIT("\xEF\xBB\xBF"), HX_EFORMAT,
                   "the plan: empty where JSON is expected");
    assert_refused((hx_str){NULL, 0}, HX_EFORMAT, "the plan: empty where JSON is expected");
}

static void does_not_repeat_the_input(void **state) {
    (void)state;
    hx_error err = {0};
    json_t *json;
    hx_str text = HX_STR_LIT("{\"phone\": 13800138000x}");
    assert_int_equal(hx_json_parse(text, 1000, "reply", &json, &err), HX_EFORMAT);
    assert_null(strstr(err.message, "138"));
    assert_int_equal(err.byte, 22);
    err.ui = HX_UI_ZH;
    assert_int_equal(hx_json_parse(text, 1000, "回答", &json, &err), HX_EFORMAT);
    assert_string_equal(err.message, "回答：第 1 行第 22 列不是合法的 JSON");
}

static void caps_size_and_depth(void **state) {
    (void)state;
    json_t *json;
    hx_error err = {0};
    assert_int_equal(hx_json_parse(HX_STR_LIT("[1,2]"), 4, "x", &json, &err), HX_ELIMIT);
    assert_string_equal(err.message, "x: larger than the limit of 4 bytes");
    for (int depth = 60; depth < 70; depth++) {
        char text[200];
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        hx_status want = depth <= HX_JSON_DEPTH_MAX ? HX_OK : HX_ELIMIT;
        assert_int_equal(hx_json_parse((hx_str){text, 2 * (size_t)depth}, 1000, "x", &json, &err),
                         want);
        if (want == HX_OK) json_decref(json);
        if (want != HX_OK)
            assert_string_equal(err.message, "x: the JSON is nested deeper than 64 levels");
    }
    /* brackets in strings, also behind escaped quotes, are no nesting */
    char text[400] = "[\"\\\\\", \"\\\"";
    memset(text + strlen(text), '[', 200);
    strncat(text, "\"]", 3);
    assert_int_equal(hx_json_parse(hx_str_of(text), 1000, "x", &json, &err), HX_OK);
    json_decref(json);
}

static void takes_any_value_and_a_byte_order_mark(void **state) {
    (void)state;
    json_t *json;
    assert_int_equal(hx_json_parse(HX_STR_LIT("\xEF\xBB\xBF 12 "), 100, "x", &json, NULL), HX_OK);
    assert_int_equal(json_integer_value(json), 12);
    json_decref(json);
    assert_int_equal(hx_json_parse(HX_STR_LIT("null"), 100, "x", &json, NULL), HX_OK);
    assert_true(json_is_null(json));
    json_decref(json);
}

/* Damaged documents: no crash, no leak, no read past the end, and an error is a sentence. */
static void survives_damage(void **state) {
    (void)state;
    static const char good[] =
        "{\"a\": [1, -2.5e3, \"\\u4e2d\\n\", true], \"b\": {\"c\": null, \"中\": \"文\"}}";
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (int i = 0; i < 20000; i++) {
        hx_str text = test_exact(good, (size_t)hx_rng_below(&r, sizeof good));
        char *bytes = (char *)(uintptr_t)text.ptr;
        for (uint64_t n = hx_rng_below(&r, 4); n > 0 && text.len; n--)
            bytes[hx_rng_below(&r, text.len)] = hx_rng_below(&r, 2)
                                                    ? good[hx_rng_below(&r, sizeof good - 1)]
                                                    : (char)hx_rng_next(&r);
        json_t *json;
        hx_error err = {0};
        hx_status status = hx_json_parse(text, 1000, "x", &json, &err);
        if (status == HX_OK)
            json_decref(json);
        else
            assert_true(err.code == status && strncmp(err.message, "x: ", 3) == 0);
        free(bytes);
    }
}

static void writes_the_expected_text(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 10000);
    hx_json_writer w;
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx_json_key(&w, "n");
    hx_json_int(&w, INT64_MIN);
    hx_json_key_str(&w, HX_STR_LIT("a\"b"));
    hx_json_array(&w);
    hx_json_array(&w);
    hx_json_end_array(&w);
    hx_json_bool(&w, true);
    hx_json_bool(&w, false);
    hx_json_null(&w);
    hx_json_raw(&w, HX_STR_LIT("{\"raw\":1}"));
    hx_json_object(&w);
    hx_json_end_object(&w);
    hx_json_cstr(&w, "中文 \\ \" / \n\r\t\b\f\x01\x1F\x7F");
    hx_json_str(&w, HX_STR_LIT("nul\0 bad\xFF\xE4\xB8"));
    hx_json_str(&w, (hx_str){NULL, 0});
    hx_json_end_array(&w);
    hx_json_key(&w, "d");
    hx_json_double(&w, 0.1);
    hx_json_end_object(&w);
    static const char want[] =
        "{\"n\":-9223372036854775808,\"a\\\"b\":[[],true,false,null,{\"raw\":1},{},"
        "\"中文 \\\\ \\\" / \\n\\r\\t\\b\\f\\u0001\\u001f\x7F\",\"nul\\u0000 "
        "bad\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\",\"\"],"
        "\"d\":0.1}";
    assert_int_equal(b.len, sizeof want - 1);
    assert_memory_equal(b.ptr, want, b.len);
    hx_buf_release(&b);
}

static void assert_double(double v, const char *want) {
    hx_buf b;
    hx_buf_init(&b, 100);
    hx_json_writer w;
    hx_json_begin(&w, &b);
    hx_json_double(&w, v);
    assert_true(hx_str_equal(hx_buf_str(&b), hx_str_of(want)));
    hx_buf_release(&b);
}

static void writes_the_shortest_double(void **state) {
    (void)state;
    assert_double(0, "0");
    assert_double(-0.0, "0");
    assert_double(3, "3");
    assert_double(-1e15, "-1000000000000000");
    assert_double(0.1, "0.1");
    assert_double(0.1 + 0.2, "0.30000000000000004");
    assert_double(1e21, "1e+21");
    assert_double(1.7976931348623157e308, "1.7976931348623157e+308");
    assert_double(5e-324, "5e-324");
    assert_double(-2.5e-320, "-2.5e-320");
    assert_double((double)NAN, "null");
    assert_double((double)INFINITY, "null");
    assert_double(-(double)INFINITY, "null");
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    hx_buf b;
    hx_buf_init(&b, 100);
    for (int i = 0; i < 50000; i++) {
        uint64_t bits = hx_rng_next(&r);
        double v, back;
        memcpy(&v, &bits, sizeof v);
        if (i % 2) v = (double)(int64_t)(bits >> 30) / 10000;
        if (!isfinite(v)) continue;
        hx_json_writer w;
        hx_buf_reset(&b);
        hx_json_begin(&w, &b);
        hx_json_double(&w, v);
        hx_buf_append_byte(&b, '\0');
        back = strtod(b.ptr, NULL);
        assert_true(back == v);
    }
    hx_buf_release(&b);
}

/* Random trees written and parsed: the parser accepts all and counts the same values. */
static void is_read_back_by_the_parser(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED + 2);
    for (int i = 0; i < 2000; i++) {
        hx_buf b;
        hx_buf_init(&b, 1 << 20);
        hx_json_writer w;
        hx_json_begin(&w, &b);
        hx_json_array(&w);
        size_t n = (size_t)hx_rng_below(&r, 20);
        for (size_t k = 0; k < n; k++) {
            char noise[20];
            for (size_t j = 0; j < sizeof noise; j++)
                noise[j] = (char)(1 + hx_rng_below(&r, 255));
            if (hx_rng_below(&r, 2)) {
                hx_json_str(&w, (hx_str){noise, (size_t)hx_rng_below(&r, sizeof noise)});
            } else {
                hx_json_object(&w);
                hx_json_key_str(&w, (hx_str){noise, sizeof noise});
                hx_json_int(&w, (int64_t)hx_rng_next(&r));
                hx_json_end_object(&w);
            }
        }
        hx_json_end_array(&w);
        assert_true(hx_utf8_is_valid(hx_buf_str(&b)));
        json_t *json;
        hx_error err = {0};
        if (hx_json_parse(hx_buf_str(&b), b.len, "x", &json, &err) != HX_OK)
            fail_msg("%s", err.message);
        assert_int_equal(json_array_size(json), n);
        json_decref(json);
        hx_buf_release(&b);
    }
}

static void unbalanced_writing_fails_the_buffer(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 10000);
    hx_json_writer w;
    hx_json_begin(&w, &b);
    hx_json_end_array(&w);
    assert_true(b.failed);
    hx_buf_reset(&b);
    hx_json_begin(&w, &b);
    for (int i = 0; i < HX_JSON_DEPTH_MAX; i++)
        hx_json_array(&w);
    assert_false(b.failed);
    hx_json_array(&w);
    assert_true(b.failed);
    assert_int_equal(w.depth, HX_JSON_DEPTH_MAX);
    hx_buf_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_with_a_place),
        cmocka_unit_test(does_not_repeat_the_input),
        cmocka_unit_test(caps_size_and_depth),
        cmocka_unit_test(takes_any_value_and_a_byte_order_mark),
        cmocka_unit_test(survives_damage),
        cmocka_unit_test(writes_the_expected_text),
        cmocka_unit_test(writes_the_shortest_double),
        cmocka_unit_test(is_read_back_by_the_parser),
        cmocka_unit_test(unbalanced_writing_fails_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
