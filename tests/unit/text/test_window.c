/* test_window.c - windows over long texts: they cover, end at sentences, and what is joined from them is what one pass over the whole would say. */
#include "unit/base/base_test.h"

#include "base/rng.h"
#include "base/utf8.h"
#include "text/window.h"

#define TOKENS 4000

static int open_arena(void **state) {
    *state = hx_arena_new(0);
    return *state ? 0 : -1;
}

static int close_arena(void **state) {
    hx_arena_free(*state);
    return 0;
}

/* A text of n characters, a token each, white space none; marks now and then. */
static hx_str make_text(hx_rng *rng, size_t n, hx_arena *arena, hx_token_span *tokens,
                        size_t *n_tokens) {
    static const char *const some[] = {"好", "差", "屏", "a", "b", "。", "，", " ", "\n", "é"};
    char *text = hx_arena_alloc(arena, 4 * n + 1);
    size_t at = 0, count = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t k = hx_rng_below(rng, 40);
        const char *c = some[k < 10 ? k : k % 5];
        size_t len = strlen(c);
        memcpy(text + at, c, len);
        if (c[0] != ' ' && c[0] != '\n')
            tokens[count++] = (hx_token_span){(uint32_t)at, (uint32_t)(at + len)};
        at += len;
    }
    *n_tokens = count;
    return (hx_str){text, at};
}

static void check_cover(const hx_window *w, size_t n, hx_str text) {
    assert_int_equal(w[0].start, 0);
    assert_int_equal(w[0].from, 0);
    assert_int_equal(w[n - 1].end, text.len);
    assert_int_equal(w[n - 1].to, text.len);
    for (size_t i = 0; i < n; i++) {
        assert_true(w[i].start <= w[i].from && w[i].from <= w[i].to && w[i].to <= w[i].end);
        if (i == 0) continue;
        assert_int_equal(w[i].from, w[i - 1].to);
        assert_true(w[i].start > w[i - 1].start && w[i].start <= w[i - 1].end);
        assert_true(w[i].start == text.len || ((unsigned char)text.ptr[w[i].start] & 0xC0) != 0x80);
    }
}

static void windows_cover_the_text(void **state) {
    hx_arena *arena = *state;
    hx_token_span tokens[TOKENS];
    hx_rng rng;
    hx_error err = {0};
    hx_rng_seed(&rng, 3);
    for (int round = 0; round < 300; round++) {
        hx_arena_reset(arena);
        size_t n_tokens, n = 0, length = 4 + hx_rng_below(&rng, 200),
                         overlap = hx_rng_below(&rng, length);
        hx_str text = make_text(&rng, hx_rng_below(&rng, TOKENS), arena, tokens, &n_tokens);
        hx_window *w = NULL;
        assert_int_equal(
            hx__windows_cut(text, tokens, n_tokens, length, overlap, arena, &w, &n, &err), HX_OK);
        check_cover(w, n, text);
        assert_true(n <= 2 * n_tokens / length + 2);
        for (size_t i = 0; i < n; i++)
            assert_true(w[i].tokens <= length);
        if (n_tokens <= length) assert_int_equal(n, 1);
    }
}

static void a_window_ends_behind_a_sentence(void **state) {
    hx_arena *arena = *state;
    static const char text[] = "aaaaaaa.bbbb bbbb. cccccccccccccccccccc";
    hx_token_span tokens[64];
    hx_error err = {0};
    hx_window *w = NULL;
    size_t n = 0, count = 0;
    for (uint32_t i = 0; text[i]; i++)
        if (text[i] != ' ') tokens[count++] = (hx_token_span){i, i + 1};
    assert_int_equal(hx__windows_cut(hx_str_of(text), tokens, count, 20, 5, arena, &w, &n, &err),
                     HX_OK);
    assert_true(n >= 2);
    assert_int_equal(w[0].end, strlen("aaaaaaa.bbbb bbbb. "));
    assert_int_equal(w[1].start, strlen("aaaaaaa.bbbb ")); /* a blank is the best there */
}

static void an_empty_text_has_one_window(void **state) {
    hx_window *w = NULL;
    hx_error err = {0};
    size_t n = 0;
    assert_int_equal(hx__windows_cut(HX_STR_LIT(""), NULL, 0, 100, 10, *state, &w, &n, &err),
                     HX_OK);
    assert_int_equal(n, 1);
    assert_int_equal(w[0].end, 0);
}

/* Tags of one to six tokens, as a reader of the whole text gives them; the window's reader sees those it holds whole, and the rest of one that its
 * edge cuts. */
static hx_tags clip(const hx_tag *all, size_t n, const hx_window *w, hx_arena *arena) {
    hx_tags t = {hx_arena_alloc(arena, (n + 1) * sizeof *t.tags), 0, NULL};
    for (size_t i = 0; i < n; i++) {
        hx_token_span s = all[i].span;
        if (s.end <= w->start || s.start >= w->end) continue;
        if (s.start < w->start) s.start = w->start;
        if (s.end > w->end) s.end = w->end;
        t.tags[t.n++] =
            (hx_tag){{s.start - w->start, s.end - w->start}, all[i].label, all[i].score};
    }
    return t;
}

static void joined_tags_are_those_of_the_whole(void **state) {
    hx_arena *arena = *state;
    hx_token_span tokens[TOKENS];
    hx_tag all[TOKENS];
    hx_rng rng;
    hx_error err = {0};
    hx_rng_seed(&rng, 8);
    for (int round = 0; round < 200; round++) {
        hx_arena_reset(arena);
        size_t n_tokens, n = 0, count = 0, length = 40 + hx_rng_below(&rng, 100);
        hx_str text = make_text(&rng, 1 + hx_rng_below(&rng, TOKENS - 1), arena, tokens, &n_tokens);
        hx_window *w = NULL;
        for (size_t i = 0; i < n_tokens;) {
            size_t end = i + 1 + hx_rng_below(&rng, 6);
            if (end > n_tokens) end = n_tokens;
            all[count] = (hx_tag){
                {tokens[i].start, tokens[end - 1].end}, (uint32_t)count, (float)(count % 7)};
            count += hx_rng_below(&rng, 4) != 0;
            i = end;
        }
        assert_int_equal(hx__windows_cut(text, tokens, n_tokens, length, 18, arena, &w, &n, &err),
                         HX_OK);
        hx_tags *parts = hx_arena_alloc(arena, n * sizeof *parts), got;
        for (size_t i = 0; i < n; i++)
            parts[i] = clip(all, count, &w[i], arena);
        assert_int_equal(hx__windows_join_tags(w, n, parts, arena, &got, &err), HX_OK);
        assert_int_equal(got.n, count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(got.tags[i].span.start, all[i].span.start);
            assert_int_equal(got.tags[i].span.end, all[i].span.end);
            assert_int_equal(got.tags[i].label, all[i].label);
        }
    }
}

/* One tag as long as the overlap: said once, whole, however the sides disagree. */
static void tags_never_overlap(void **state) {
    hx_window w[2] = {{0, 60, 0, 50, 60}, {40, 100, 50, 100, 60}};
    hx_tag left[] = {{{0, 30}, 0, 1}, {{38, 60}, 1, 1}};
    hx_tag right[] = {{{2, 30}, 2, 1}, {{30, 60}, 3, 1}};
    hx_tags parts[2] = {{left, 2, NULL}, {right, 2, NULL}}, got;
    hx_error err = {0};
    assert_int_equal(hx__windows_join_tags(w, 2, parts, *state, &got, &err), HX_OK);
    assert_int_equal(got.n, 3);
    assert_int_equal(got.tags[1].span.end, 60);
    assert_int_equal(got.tags[2].span.start, 70);
}

static void probabilities_are_joined_by_what_windows_decide(void **state) {
    (void)state;
    hx_window w[2] = {{0, 40, 0, 30, 40}, {20, 40, 30, 40, 20}};
    const float each[4] = {0.8f, 0.2f, 0.2f, 0.8f};
    float out[2];
    hx__windows_join(w, 2, HX_LLAMA_LABEL, each, 2, out);
    /* logits +-ln 4, weights 3/4 and 1/4: ln 2 -> 2/3 */
    assert_float_equal(out[0], 2.0f / 3, 1e-6f);
    assert_float_equal(out[0] + out[1], 1, 1e-6f);
    hx__windows_join(w, 2, HX_LLAMA_LABELS, each, 2, out);
    assert_float_equal(out[0], 0.8f, 0);
    assert_float_equal(out[1], 0.8f, 0);
    hx__windows_join(w, 2, HX_LLAMA_NUMBER, each, 2, out);
    assert_float_equal(out[0], 0.65f, 1e-6f);
    hx__windows_join(w, 1, HX_LLAMA_LABEL, each, 2, out);
    assert_float_equal(out[0], 0.8f, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(windows_cover_the_text, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_window_ends_behind_a_sentence, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(an_empty_text_has_one_window, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(joined_tags_are_those_of_the_whole, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(tags_never_overlap, open_arena, close_arena),
        cmocka_unit_test(probabilities_are_joined_by_what_windows_decide)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
