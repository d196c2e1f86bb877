/* test_utf8.c - strict UTF-8 against utf8proc_iterate() as an independent decoder, widths, Han. */
#include "unit/base/base_test.h"

#include "base/rng.h"
#include "base/utf8.h"

#include <utf8proc.h>

static void round_trips_every_scalar_value(void **state) {
    (void)state;
    for (uint32_t cp = 0; cp < 0x110800; cp++) {
        char bytes[4];
        size_t n = hx_utf8_put(cp, bytes);
        bool scalar = cp < 0x110000 && (cp < 0xD800 || cp > 0xDFFF);
        if (!scalar) {
            assert_int_equal(n, 0);
            continue;
        }
        utf8proc_uint8_t want[4];
        assert_int_equal(n, utf8proc_encode_char((utf8proc_int32_t)cp, want));
        assert_memory_equal(bytes, want, n);
        size_t pos = 0;
        assert_int_equal(hx_utf8_next((hx_str){bytes, n}, &pos), cp);
        assert_int_equal(pos, n);
    }
    char bytes[4];
    assert_int_equal(hx_utf8_put(HX_UTF8_BAD, bytes), 0);
}

/* Length of the valid sequence at p by utf8proc, 0 if none. */
static size_t reference_step(const char *p, size_t n) {
    utf8proc_int32_t cp;
    utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)p, (utf8proc_ssize_t)n, &cp);
    return len > 0 && cp >= 0 ? (size_t)len : 0;
}

static void judges_all_leads_as_the_reference(void **state) {
    (void)state;
    static const unsigned char tails[] = {0x00, 0x41, 0x7F, 0x80, 0x81, 0x8F, 0x90, 0x9F,
                                          0xA0, 0xBF, 0xC0, 0xC2, 0xE4, 0xF0, 0xFF};
    const size_t n_tails = sizeof tails;
    for (unsigned lead = 0; lead < 256; lead++)
        for (size_t i = 0; i < n_tails * n_tails * n_tails; i++) {
            char text[4] = {(char)lead, (char)tails[i % n_tails],
                            (char)tails[i / n_tails % n_tails], (char)tails[i / n_tails / n_tails]};
            for (size_t len = 1; len <= 4; len++) {
                size_t pos = 0, want = reference_step(text, len);
                uint32_t cp = hx_utf8_next((hx_str){text, len}, &pos);
                if ((cp != HX_UTF8_BAD) != (want != 0) || pos != (want ? want : 1))
                    fail_msg("lead %02X, tails %zu, length %zu", lead, i, len);
            }
        }
}

static size_t reference_prefix(hx_str s) {
    size_t i = 0;
    while (i < s.len) {
        size_t step = reference_step(s.ptr + i, s.len - i);
        if (step == 0) break;
        i += step;
    }
    return i;
}

/* Random mixtures of ASCII runs, Chinese runs, other sequences and some broken bytes, at every alignment. */
static hx_str random_text(hx_rng *r, char *out, size_t max, bool broken) {
    size_t n = 0, want = (size_t)hx_rng_below(r, max - 4);
    while (n < want) {
        uint64_t kind = hx_rng_below(r, 20), run = hx_rng_below(r, 24);
        for (uint64_t k = 0; k <= run && n < want; k++) {
            if (kind < 8)
                out[n++] = (char)hx_rng_below(r, 128);
            else if (kind < 15)
                n += hx_utf8_put(0x4E00 + (uint32_t)hx_rng_below(r, 20000), out + n);
            else
                n += hx_utf8_put((uint32_t)hx_rng_below(r, 0x110000), out + n);
        }
    }
    if (broken && n) out[hx_rng_below(r, n)] = (char)hx_rng_next(r);
    return test_exact(out, n);
}

static void finds_the_valid_prefix(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (int i = 0; i < 30000; i++) {
        char text[200];
        hx_str s = random_text(&r, text, sizeof text, i % 3 == 0);
        /* cut anywhere, also inside a sequence */
        s.len = i % 2 ? s.len : (size_t)hx_rng_below(&r, s.len + 1);
        size_t want = reference_prefix(s);
        assert_int_equal(hx_utf8_valid_prefix(s), want);
        assert_int_equal(hx_utf8_is_valid(s), want == s.len);
        size_t count = 0, pos = 0;
        while (pos < s.len) {
            hx_utf8_next(s, &pos);
            count++;
        }
        assert_int_equal(pos, s.len);
        assert_int_equal(hx_utf8_count(s), count);
        free((void *)(uintptr_t)s.ptr);
    }
    assert_true(hx_utf8_is_valid((hx_str){NULL, 0}));
    assert_int_equal(hx_utf8_count((hx_str){NULL, 0}), 0);
}

static void refuses_what_the_rfc_forbids(void **state) {
    (void)state;
    static const hx_str bad[] = {
        {"\xC0\x80", 2},
        {"\xC1\xBF", 2},
        {"\xE0\x9F\xBF", 3},
        {"\xED\xA0\x80", 3},
        {"\xED\xBF\xBF", 3},
        {"\xF0\x8F\xBF\xBF", 4},
        {"\xF4\x90\x80\x80", 4},
        {"\xF5\x80\x80\x80", 4},
        {"\xE4\xB8", 2},
        {"\x80", 1},
        {"\xFF", 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        hx_str s = test_exact(bad[i].ptr, bad[i].len);
        assert_int_equal(hx_utf8_valid_prefix(s), 0);
        size_t pos = 0;
        assert_int_equal(hx_utf8_next(s, &pos), HX_UTF8_BAD);
        assert_int_equal(pos, 1);
        free((void *)(uintptr_t)s.ptr);
    }
    assert_int_equal(hx_utf8_count(HX_STR_LIT("中\xFF\xFE文")), 4);
}

static void knows_terminal_columns(void **state) {
    (void)state;
    static const struct {
        uint32_t cp;
        int width;
    } cases[] = {{'a', 1},    {0x4E2D, 2}, {0xFF0C, 2},  {0x3002, 2},  {0xE9, 1},    {0x0301, 0},
                 {0x200D, 0}, {0xFE0F, 0}, {0x1F600, 2}, {0x1F680, 2}, {0x1F9E7, 2}, {0x1FAE0, 2},
                 {0xAC00, 2}, {0x3042, 2}, {0x0A, 0},    {0x7F, 0},    {0x9F, 0},    {0x20000, 2},
                 {0x2026, 1}, {0x410, 1},  {0x110000, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (hx_utf8_width(cases[i].cp) != cases[i].width)
            fail_msg("U+%04X: %d columns, not %d", cases[i].cp, hx_utf8_width(cases[i].cp),
                     cases[i].width);
}

static void knows_han(void **state) {
    (void)state;
    static const uint32_t yes[] = {0x3007, 0x3400,  0x4DBF,  0x4E00,  0x9FFF,
                                   0xF900, 0x20000, 0x2F800, 0x30000, 0x323AF};
    static const uint32_t no[] = {'a',    0x3002, 0x3006,  0x3042,  0xAC00,
                                  0xFF21, 0x4DC0, 0x1F600, 0x1FFFF, 0x323B0};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_true(hx_utf8_is_han(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        assert_false(hx_utf8_is_han(no[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips_every_scalar_value),
        cmocka_unit_test(judges_all_leads_as_the_reference),
        cmocka_unit_test(finds_the_valid_prefix),
        cmocka_unit_test(refuses_what_the_rfc_forbids),
        cmocka_unit_test(knows_terminal_columns),
        cmocka_unit_test(knows_han),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
