/* test_augment.c - noise in texts: each kind by itself, the same text from the same seed, origins that point back, bad lists.
 *
 * Properties over many seeds: valid UTF-8, never empty, one origin a character, and every character with an origin that no list or key
 * changed is the one that stands there. */
#include "unit/base/base_test.h"

#include "base/utf8.h"
#include "model/augment.h"

static const hx_augment_lists lists = {
    .synonyms = {"好\t棒\t佳\n手机\t电话\ncheap\tinexpensive\n", 0},
    .homophones = {"很\t狠恨\n好\t号郝\n", 0},
    .shapes = {"很\t狼\n己\t已巳\n", 0}};

static hx_augmenter *make(void) {
    hx_augment_lists l = lists;
    hx_augmenter *a = NULL;
    hx_error err = {0};
    l.synonyms.len = strlen(l.synonyms.ptr);
    l.homophones.len = strlen(l.homophones.ptr);
    l.shapes.len = strlen(l.shapes.ptr);
    if (hx_augmenter_new(&a, &l, &err) != HX_OK) fail_msg("%s", err.message);
    return a;
}

/* The text at rate 1 with one kind and seed `number`; in `out`. */
static hx_str noisy(const hx_augmenter *a, const char *text, unsigned kinds, double rate,
                    uint64_t number, hx_buf *out, hx_buf *origin) {
    hx_error err = {0};
    hx_buf_reset(out);
    if (origin) hx_buf_reset(origin);
    if (hx_augment_text(a, hx_str_of(text), kinds, rate, TEST_SEED, number, out, origin, &err) !=
        HX_OK)
        fail_msg("%s", err.message);
    return hx_buf_str(out);
}

static void each_kind_does_its_change(void **state) {
    (void)state;
    static const struct {
        unsigned kind;
        const char *text;
        const char *one_of[4];
    } cases[] = {
        {HX_AUGMENT_SYNONYM, "手机", {"电话"}},
        {HX_AUGMENT_SYNONYM, "好", {"棒", "佳"}},
        {HX_AUGMENT_SYNONYM, "cheap", {"inexpensive"}},
        {HX_AUGMENT_SYNONYM, "无此词", {"无此词"}},
        {HX_AUGMENT_SWAP, "天地", {"地天"}},
        {HX_AUGMENT_SWAP, "one two", {"two one"}},
        {HX_AUGMENT_SWAP, "天, 地", {"天, 地"}},
        {HX_AUGMENT_DELETE, "天地", {"地"}},
        {HX_AUGMENT_DELETE, "one two", {"two"}},
        {HX_AUGMENT_DELETE, "天", {"天"}},
        {HX_AUGMENT_INSERT, "天", {"天天"}},
        {HX_AUGMENT_INSERT, "one", {"one one"}},
        {HX_AUGMENT_HOMOPHONE, "很", {"狠", "恨"}},
        {HX_AUGMENT_SHAPE, "己", {"已", "巳"}},
        {HX_AUGMENT_SHAPE, "很!", {"狼!"}},
        {HX_AUGMENT_KEYBOARD, "a1", {"a1"}},
        {HX_AUGMENT_JOIN, "天地", {"天地"}},
        {HX_AUGMENT_SWAP, "", {""}},
    };
    hx_augmenter *a = make();
    hx_buf out;
    hx_buf_init(&out, 1u << 16);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint64_t seed = 0; seed < 8; seed++) {
            hx_str got = noisy(a, cases[i].text, cases[i].kind, 1, seed, &out, NULL);
            bool found = false;
            for (size_t k = 0; k < 4 && cases[i].one_of[k]; k++)
                found = found || hx_str_equal(got, hx_str_of(cases[i].one_of[k]));
            if (!found)
                fail_msg("%zu: '%s' became '%.*s'", i, cases[i].text, (int)got.len, got.ptr);
        }
    hx_buf_release(&out);
    hx_augmenter_free(a);
}

static void keys_slip_to_their_neighbours(void **state) {
    (void)state;
    static const char *const near_a = "qwsz";
    hx_augmenter *a = make();
    hx_buf out;
    unsigned longer = 0, shorter = 0, other = 0;
    hx_buf_init(&out, 1u << 16);
    for (uint64_t seed = 0; seed < 200; seed++) {
        hx_str got = noisy(a, "AaAaA", HX_AUGMENT_KEYBOARD, 1, seed, &out, NULL);
        if (got.len == 6) longer++;
        if (got.len == 4) shorter++;
        if (got.len != 5) continue;
        size_t changed = 0;
        for (size_t k = 0; k < 5; k++) {
            char c = got.ptr[k];
            if ((c | 0x20) == 'a') continue;
            assert_non_null(strchr(near_a, c | 0x20));
            assert_int_equal(c & 0x20, "AaAaA"[k] & 0x20);
            changed++;
        }
        assert_int_equal(changed, 1);
        other++;
    }
    assert_true(longer > 40 && shorter > 40 && other > 40);
    hx_buf_release(&out);
    hx_augmenter_free(a);
}

static void origins_point_back(void **state) {
    (void)state;
    static const char text[] = "这手机很好，cheap and 好用! \xF0\x9F\x98\x80 tea time";
    const unsigned safe = HX_AUGMENT_SWAP | HX_AUGMENT_DELETE | HX_AUGMENT_INSERT;
    hx_augmenter *a = make();
    hx_buf out, origin;
    hx_buf_init(&out, 1u << 16);
    hx_buf_init(&origin, 1u << 16);
    for (uint64_t seed = 0; seed < 500; seed++) {
        bool plain = seed % 2 == 0;
        hx_str got = noisy(a, text, plain ? safe : 127, .4, seed, &out, &origin);
        const uint32_t *from = (const uint32_t *)(const void *)origin.ptr;
        assert_true(hx_utf8_is_valid(got));
        assert_true(got.len > 0);
        assert_int_equal(hx_utf8_count(got), origin.len / sizeof *from);
        for (size_t at = 0, k = 0; at < got.len; k++) {
            size_t there = from[k];
            uint32_t cp = hx_utf8_next(got, &at);
            if (from[k] == UINT32_MAX) continue;
            assert_true(there < sizeof text - 1);
            uint32_t was = hx_utf8_next((hx_str){text, sizeof text - 1}, &there);
            assert_true(was != HX_UTF8_BAD);
            if (plain) assert_int_equal(was, cp);
        }
    }
    hx_buf_release(&out);
    hx_buf_release(&origin);
    hx_augmenter_free(a);
}

static void seeds_decide(void **state) {
    (void)state;
    static const char text[] = "这手机很好，cheap and 好用! tea time for all of us";
    hx_augmenter *a = make();
    hx_buf x, y;
    unsigned differ = 0;
    hx_buf_init(&x, 1u << 16);
    hx_buf_init(&y, 1u << 16);
    for (uint64_t seed = 0; seed < 50; seed++) {
        hx_str one = noisy(a, text, 127, .3, seed, &x, NULL);
        assert_true(hx_str_equal(one, noisy(a, text, 127, .3, seed, &y, NULL)));
        differ += !hx_str_equal(one, noisy(a, text, 127, .3, seed + 1, &y, NULL));
        assert_true(hx_str_equal(noisy(a, text, 127, 0, seed, &y, NULL), hx_str_of(text)));
    }
    assert_true(differ > 45);
    hx_buf_release(&x);
    hx_buf_release(&y);
    hx_augmenter_free(a);
}

/* A fifth of 2,000 characters, each by one kind that always can: 400 +- 5 standard deviations. */
static void the_rate_is_kept(void **state) {
    (void)state;
    hx_augmenter *a = make();
    hx_buf text, out;
    size_t changed = 0, at = 0;
    hx_buf_init(&text, 1u << 16);
    hx_buf_init(&out, 1u << 16);
    for (size_t i = 0; i < 2000; i++)
        (void)hx_buf_append_lit(&text, "己");
    (void)hx_buf_append_byte(&text, '\0');
    hx_str got = noisy(a, text.ptr, HX_AUGMENT_SHAPE, .2, 1, &out, NULL);
    while (at < got.len)
        changed += hx_utf8_next(got, &at) != 0x5DF1;
    assert_true(changed > 310 && changed < 490);
    hx_buf_release(&text);
    hx_buf_release(&out);
    hx_augmenter_free(a);
}

static void names_and_lists_are_checked(void **state) {
    (void)state;
    unsigned kinds = 0;
    hx_error err = {0};
    hx_augmenter *a = NULL;
    assert_int_equal(hx_augment_parse(HX_STR_LIT("swap,keyboard"), &kinds, &err), HX_OK);
    assert_int_equal(kinds, HX_AUGMENT_SWAP | HX_AUGMENT_KEYBOARD);
    assert_int_equal(hx_augment_parse(HX_STR_LIT("all"), &kinds, &err), HX_OK);
    assert_int_equal(kinds, 255);
    assert_int_equal(hx_augment_parse(HX_STR_LIT("swap,"), &kinds, &err), HX_EINVAL);
    assert_int_equal(hx_augment_parse(HX_STR_LIT("swop"), &kinds, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "'swop'"));
    hx_augment_lists l = {.shapes = HX_STR_LIT("己\t已\n己已\n")};
    assert_int_equal(hx_augmenter_new(&a, &l, &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "line 2 of the list of shapes"));
    l = (hx_augment_lists){.homophones = HX_STR_LIT("a\t\xFF\n")};
    assert_int_equal(hx_augmenter_new(&a, &l, &err), HX_EFORMAT);
    assert_int_equal(hx_augmenter_new(&a, NULL, &err), HX_OK);
    hx_buf out;
    hx_buf_init(&out, 64);
    assert_int_equal(hx_augment_text(a, HX_STR_LIT("x"), 127, 1.5, 1, 1, &out, NULL, &err),
                     HX_EINVAL);
    hx_buf_release(&out);
    hx_augmenter_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_does_its_change),
        cmocka_unit_test(keys_slip_to_their_neighbours),
        cmocka_unit_test(origins_point_back),
        cmocka_unit_test(seeds_decide),
        cmocka_unit_test(the_rate_is_kept),
        cmocka_unit_test(names_and_lists_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
