/* test_normal.c - normalised texts: forms are utf8proc's for any run of marks, long runs take linear time (sorting them by swaps would take
 * far more than a test may), what a text may become is bounded, and large scratch is not kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "base/rng.h"
#include "base/utf8.h"
#include "llama/model.h"
#include "llama/tokenizer_folder.h"

static hx_error error;

static hx_tokenizer *open_kind(const char *kind) {
    char path[512];
    hx_tokenizer *t = NULL;
    snprintf(path, sizeof path, HX_SOURCE_DIR "/tests/golden/llama/tokens/%s", kind);
    if (hx_tokenizer_open_folder(&t, path, &error) != HX_OK) fail_msg("%s", error.message);
    return t;
}

/* ------------------------------------------------------------------ forms */
static const int forms[] = {UTF8PROC_COMPOSE, UTF8PROC_COMPOSE | UTF8PROC_COMPAT,
                            UTF8PROC_DECOMPOSE, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT};

static void check_forms(hx_str text) {
    hx_buf points, got;
    hx_buf_init(&points, 1u << 24);
    hx_buf_init(&got, 1u << 24);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        utf8proc_uint8_t *want = NULL;
        utf8proc_ssize_t n =
            utf8proc_map((const utf8proc_uint8_t *)text.ptr, (utf8proc_ssize_t)text.len, &want,
                         (utf8proc_option_t)(forms[i] | UTF8PROC_STABLE));
        assert_true(n >= 0);
        hx_buf_reset(&got);
        assert_true(hx__put_form(text, forms[i], &points, &got));
        assert_true(hx_str_equal(hx_buf_str(&got), (hx_str){(const char *)want, (size_t)n}));
        free(want);
    }
    hx_buf_release(&points);
    hx_buf_release(&got);
}

/* Marks of many classes, also such as decompose to marks; letters they compose with; Hangul; what has compatible forms. */
static uint32_t any_character(hx_rng *r) {
    static const uint32_t some[] = {'a',    'e',    0xC5,   0x1EA5, 0x344,  0xF73,   0xF75,
                                    0xF81,  0xFDFA, 0xAC00, 0x1100, 0x1161, 0x11A8,  0x4E2D,
                                    0x6587, 0x212B, 0x3099, 0x304B, 0x9C7,  0x1D15E, 0x2FA1D};
    uint64_t kind = hx_rng_below(r, 4);
    if (kind == 0) return some[hx_rng_below(r, sizeof some / sizeof *some)];
    if (kind == 1) return (uint32_t)(0x591 + hx_rng_below(r, 44));
    return (uint32_t)(0x300 + hx_rng_below(r, 0x70));
}

static void test_forms(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, 7);
    hx_buf text;
    hx_buf_init(&text, 1u << 20);
    for (int round = 0; round < 300; round++) {
        hx_buf_reset(&text);
        size_t n = 1 + hx_rng_below(&r, 200), letters = 1 + hx_rng_below(&r, 60);
        for (size_t i = 0; i < n * (round % 50 ? 1 : 60); i++) {
            char c[4];
            uint32_t cp = any_character(&r);
            if (i % letters && cp < 0x300) cp = 0x300 + cp % 0x70;
            assert_true(hx_buf_append(&text, c, hx_utf8_put(cp, c)));
        }
        check_forms(hx_buf_str(&text));
    }
    hx_buf_release(&text);
}

/* ------------------------------------------------------------------ long runs */
#define MARKS ((size_t)1 << 18) /* of each of two kinds: 1 MB */

static void test_long_run(void **state) {
    (void)state;
    struct hx_llama m = {.tokenizer = open_kind("qwen2")};
    hx_arena *arena = hx_arena_new(0);
    char *text = hx_arena_alloc(arena, 4 * MARKS), *sorted = hx_arena_alloc(arena, 4 * MARKS);
    hx_tokens got, want;
    for (size_t i = 0; i < MARKS; i++) {
        memcpy(text + 2 * i, "\xCC\x81", 2);
        memcpy(text + 2 * (MARKS + i), "\xCC\x96", 2);
        memcpy(sorted + 2 * i, "\xCC\x96", 2);
        memcpy(sorted + 2 * (MARKS + i), "\xCC\x81", 2);
    }
    assert_int_equal(
        hx_llama_tokenize(&m, (hx_str){text, 4 * MARKS}, NULL, arena, &got, NULL, &error), HX_OK);
    assert_int_equal(
        hx_llama_tokenize(&m, (hx_str){sorted, 4 * MARKS}, NULL, arena, &want, NULL, &error),
        HX_OK);
    assert_true(got.n > 0 && got.n == want.n);
    assert_memory_equal(got.ids, want.ids, got.n * sizeof *got.ids);
    hx_arena_free(arena);
    hx_tokenizer_close(m.tokenizer);
}

/* ------------------------------------------------------------------ bounds */
static hx_tokenizer *open_json(const char *json) {
    hx_tokenizer *t = hx__tokenizer_new("tokenizer.json", &error);
    assert_non_null(t);
    assert_int_equal(hx__tokenizer_json_read(t, hx_str_of(json), &error), HX_OK);
    assert_int_equal(hx__tokenizer_complete(t, &error), HX_OK);
    return t;
}

/* Twice, each "a" becomes 100. */
static void test_replacements_are_bounded(void **state) {
    (void)state;
    char json[2048], many[101];
    memset(many, 'a', 100);
    many[100] = '\0';
    snprintf(
        json, sizeof json,
        "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":["
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"%s\"},"
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"%s\"}]},"
        "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"]}}",
        many, many);
    struct hx_llama m = {.tokenizer = open_json(json)};
    hx_arena *arena = hx_arena_new(0);
    hx_token_options few = {.max_length = 8};
    hx_tokens got;
    char text[1000];
    memset(text, 'a', sizeof text);
    assert_int_equal(hx_llama_tokenize(&m, HX_STR_LIT("b"), NULL, arena, &got, NULL, &error),
                     HX_OK);
    assert_int_equal(got.n, 1);
    for (int i = 0; i < 2; i++) {
        hx_status status = hx_llama_tokenize(&m, (hx_str){text, sizeof text}, i ? &few : NULL,
                                             arena, &got, NULL, &error);
        assert_int_equal(status, HX_ELIMIT);
        assert_non_null(strstr(error.message, "makes the text too long"));
    }
    /* a longer text before leaves larger buffers, not a larger bound */
    char *zs = hx_arena_alloc(arena, 100000);
    memset(zs, 'b', 100000);
    assert_int_equal(hx_llama_tokenize(&m, (hx_str){zs, 100000}, NULL, arena, &got, NULL, &error),
                     HX_OK);
    assert_int_equal(hx_llama_tokenize(&m, HX_STR_LIT("a"), NULL, arena, &got, NULL, &error),
                     HX_ELIMIT);
    hx_arena_free(arena);
    hx_tokenizer_close(m.tokenizer);
}

static void test_most(void **state) {
    (void)state;
    size_t most = hx__normal_most(HX_LLAMA_TEXT_MAX);
    assert_true(most >= 3 * (size_t)HX_LLAMA_TEXT_MAX);
    for (size_t n = 0; n <= HX_LLAMA_TEXT_MAX; n += n / 3 + 1) {
        assert_true(hx__normal_most(n) >= 3 * n + 3);
        assert_true(hx__normal_most(n) <= most);
    }
}

/* ------------------------------------------------------------------ scratch */
static void test_large_scratch_is_freed(void **state) {
    (void)state;
    hx_tokenizer *t = open_kind("qwen2");
    hx_tokenizer_scratch *s = hx__scratch_take(t);
    assert_non_null(s);
    assert_true(hx_buf_reserve(&s->symbols, 1000));
    hx__scratch_give(t, s);
    assert_ptr_equal(hx__scratch_take(t), s);
    assert_true(s->symbols.alloc >= 1000);
    assert_true(hx_buf_reserve(&s->heap, HX_SCRATCH_KEPT));
    hx__scratch_give(t, s);
    assert_ptr_equal(hx__scratch_take(t), s);
    assert_int_equal(s->heap.alloc, 0);
    assert_int_equal(s->symbols.alloc, 0);
    assert_true(hx_buf_reserve(&s->heap, 10));
    hx__scratch_give(t, s);
    hx_tokenizer_close(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_long_run),
        cmocka_unit_test(test_replacements_are_bounded),
        cmocka_unit_test(test_most),
        cmocka_unit_test(test_large_scratch_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
