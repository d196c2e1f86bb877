/* test_lang.c - the language of a cleaned text. */
#include "text_test.h"

typedef struct {
    const char *text;
    hx_lang want;
} lang_case;

static const lang_case cases[] = {
    {"", HX_LANG_UNKNOWN},
    {"12345 !!! 😀", HX_LANG_UNKNOWN},
    {"这家餐厅很棒", HX_LANG_ZH},
    {"好", HX_LANG_ZH},
    {"这个iphone很好用，推荐购买", HX_LANG_ZH},
    {"t恤质量不错", HX_LANG_ZH},
    {"给孩子买的の，很可爱", HX_LANG_ZH},
    {"good", HX_LANG_EN},
    {"ok", HX_LANG_EN},
    {"this phone is great and i love it", HX_LANG_EN},
    {"samsung galaxy s21 ultra 256gb", HX_LANG_EN},
    {"the café was a bit too noisy", HX_LANG_EN},
    {"客服很nice, the quality is very good 推荐", HX_LANG_MIXED},
    {"i love 这家餐厅 so much", HX_LANG_MIXED},
    {"とても美味しいです", HX_LANG_OTHER},
    {"カメラの画質が良い", HX_LANG_OTHER},
    {"배송이 빨라요", HX_LANG_OTHER},
    {"очень хороший телефон", HX_LANG_OTHER},
    {"منتج ممتاز", HX_LANG_OTHER},
    {"el producto es muy bueno pero la batería no dura", HX_LANG_OTHER},
    {"das handy ist sehr gut und ich bin zufrieden", HX_LANG_OTHER},
    {"le produit est arrivé avec un jour de retard", HX_LANG_OTHER},
    {"il telefono è bello ma non funziona con la mia scheda", HX_LANG_OTHER},
    {"o produto não veio como eu queria", HX_LANG_OTHER},
    {"rất hài lòng với sản phẩm này", HX_LANG_OTHER},
};

static void knows_the_cases(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_lang got = hx_text_lang(hx_str_of(cases[i].text));
        if (got != cases[i].want)
            fail_msg("'%s' is %s, not %s", cases[i].text, hx_lang_name(got),
                     hx_lang_name(cases[i].want));
    }
}

static void has_a_name_for_each(void **state) {
    (void)state;
    static const char *const names[HX_LANG_N] = {"unknown", "zh", "en", "mixed", "other"};
    for (int l = 0; l < HX_LANG_N; l++)
        assert_string_equal(hx_lang_name((hx_lang)l), names[l]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(knows_the_cases),
                                       cmocka_unit_test(has_a_name_for_each)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
