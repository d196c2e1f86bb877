/* test_noise.c - the borders of the noise rules; typical texts stand in tests/cases/noise.tsv. */
#include "unit/text/text_test.h"

static hx_noise noise(void **state, hx_str text) {
    text_fixture *f = *state;
    hx_annotation r;
    assert_int_equal(hx_text_annotate(f->annotator, text, f->arena, &r, NULL), HX_OK);
    hx_arena_reset(f->arena);
    return r.noise;
}

static hx_noise noise_of(void **state, const char *text) {
    return noise(state, hx_str_of(text));
}

static void default_praise_may_have_few_letters_beside_it(void **state) {
    assert_int_equal(noise_of(state, "系统默认好评"), HX_NOISE_DEFAULT_PRAISE);
    assert_int_equal(noise_of(state, "系统默认好评，好"), HX_NOISE_DEFAULT_PRAISE);
    assert_int_equal(noise_of(state, "系统默认好评，其实质量很差"), HX_NOISE_NONE);
    assert_int_equal(noise_of(state, "系统默认好评！系统默认好评！"), HX_NOISE_DEFAULT_PRAISE);
}

static void an_advert_needs_a_way_to_make_contact(void **state) {
    assert_int_equal(noise_of(state, "客服让我加微信"), HX_NOISE_NONE);
    assert_int_equal(noise_of(state, "加微信 hx12345"), HX_NOISE_ADVERT);
    assert_int_equal(noise_of(state, "加微信 hx1"), HX_NOISE_NONE);
    assert_int_equal(noise_of(state, "加微信，加微信，加微信"),
                     HX_NOISE_NONE); /* one and the same */
    assert_int_equal(noise_of(state, "加微信，免费领取"), HX_NOISE_ADVERT);
    assert_int_equal(noise_of(state, "兼职刷单看 https://example.com/x"), HX_NOISE_ADVERT);
    assert_int_equal(noise_of(state, "见 https://example.com/x"), HX_NOISE_NONE);
}

static void repetition_begins_at_a_length(void **state) {
    assert_int_equal(noise_of(state, "哈哈哈哈哈哈哈"), HX_NOISE_NONE); /* 7 */
    assert_int_equal(noise_of(state, "哈哈哈哈哈哈哈哈"), HX_NOISE_REPEATED); /* 8 */
    assert_int_equal(noise_of(state, "价廉物美 价廉物美 价廉物美"),
                     HX_NOISE_NONE); /* three times */
    assert_int_equal(noise_of(state, "价廉物美 价廉物美 价廉物美 价廉物美"), HX_NOISE_REPEATED);
    assert_int_equal(noise_of(state, "asdfg"), HX_NOISE_NONE);
    assert_int_equal(noise_of(state, "asdfgh"), HX_NOISE_REPEATED);
    assert_int_equal(noise_of(state, "property"), HX_NOISE_NONE);
}

static void empty_means_no_letter_digit_or_emoji(void **state) {
    assert_int_equal(noise_of(state, ""), HX_NOISE_EMPTY);
    assert_int_equal(noise_of(state, " \t\n。！？"), HX_NOISE_EMPTY);
    assert_int_equal(noise_of(state, "<br/>&nbsp;"), HX_NOISE_EMPTY);
    assert_int_equal(noise_of(state, "👍"), HX_NOISE_NONE);
    assert_int_equal(noise_of(state, "5"), HX_NOISE_NONE);
}

/* Many patterns in one long text: linear, and no count runs over. */
static void long_texts_are_fine(void **state) {
    enum { TIMES = 20000 };
    static const char unit[] = "系统默认好评，加微信。";
    size_t len = sizeof unit - 1;
    char *text = malloc(len * TIMES);
    assert_non_null(text);
    for (size_t i = 0; i < TIMES; i++)
        memcpy(text + i * len, unit, len);
    assert_int_equal(noise(state, (hx_str){text, len * TIMES}), HX_NOISE_REPEATED);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_praise_may_have_few_letters_beside_it),
        cmocka_unit_test(an_advert_needs_a_way_to_make_contact),
        cmocka_unit_test(repetition_begins_at_a_length),
        cmocka_unit_test(empty_means_no_letter_digit_or_emoji),
        cmocka_unit_test(long_texts_are_fine),
    };
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
