/* test_encoding.c - which encoding a head is in, and decoding in pieces of any size, against the C library's iconv. */
#include "unit/frame/frame_test.h"

#include <iconv.h>

#include "base/rng.h"
#include "base/utf8.h"
#include "frame/encoding.h"

static hx_buf convert(hx_str s, const char *to) {
    hx_buf b;
    hx_buf_init(&b, 64u << 20);
    iconv_t cd = iconv_open(to, "UTF-8");
    assert_true(cd != (iconv_t)-1);
    assert_true(hx_buf_reserve(&b, s.len * 4 + 16));
    char *in = (char *)(uintptr_t)s.ptr, *out = b.ptr;
    size_t left = s.len, room = b.alloc;
    assert_int_equal(iconv(cd, &in, &left, &out, &room), 0);
    b.len = (size_t)(out - b.ptr);
    iconv_close(cd);
    return b;
}

static void check_detect(hx_str s, bool whole, hx_encoding encoding, size_t bom) {
    hx_encoding_guess g = hx_encoding_detect(s, whole);
    assert_int_equal(g.encoding, encoding);
    assert_int_equal(g.bom, bom);
    assert_false(g.utf32);
}

static const char chinese[] =
    "编号,评论\n1,质量不错，物流很快\n2,\"太差了，要退款\"\n3,emoji 😀 ok\n";

static void test_detect(void **state) {
    (void)state;
    hx_str s = HX_STR_LIT(chinese);
    check_detect(s, true, HX_ENCODING_UTF8, 0);
    check_detect(HX_STR_LIT("id,text\n1,plain\n"), true, HX_ENCODING_UTF8, 0);
    check_detect(HX_STR_LIT("\xEF\xBB\xBFid,text\n"), true, HX_ENCODING_UTF8, 3);
    /* A head may end within a sequence. */
    for (size_t cut = 9; cut < 15; cut++)
        check_detect((hx_str){s.ptr, cut}, false, HX_ENCODING_UTF8, 0);
    static const struct {
        const char *name;
        hx_encoding encoding;
    } others[] = {{"GB18030", HX_ENCODING_GB18030},
                  {"UTF-16LE", HX_ENCODING_UTF16LE},
                  {"UTF-16BE", HX_ENCODING_UTF16BE}};
    for (size_t i = 0; i < 3; i++) {
        hx_buf b = convert(s, others[i].name);
        check_detect(hx_buf_str(&b), true, others[i].encoding, 0);
        check_detect((hx_str){b.ptr, b.len - 1}, false, others[i].encoding, 0);
        hx_buf_release(&b);
    }
    check_detect(HX_STR_LIT("\xFF\xFE"
                            "a\0"),
                 true, HX_ENCODING_UTF16LE, 2);
    check_detect(HX_STR_LIT("\xFE\xFF\0a"), true, HX_ENCODING_UTF16BE, 2);
    assert_true(hx_encoding_detect(HX_STR_LIT("\0\0\xFE\xFF\0\0\0a"), true).utf32);
    /* A stray NUL makes no UTF-16. */
    check_detect(HX_STR_LIT("id,text\n1,a\0b\n"), true, HX_ENCODING_UTF8, 0);
}

/* UTF-8 with a wrong row in it is UTF-8, GB18030 with one is GB18030. */
static void test_detect_damaged(void **state) {
    (void)state;
    hx_buf b = convert(HX_STR_LIT(chinese), "GB18030"), mixed;
    hx_buf_init(&mixed, 1 << 20);
    for (int i = 0; i < 5; i++)
        (void)hx_buf_append_lit(&mixed, chinese);
    (void)hx_buf_append_lit(&mixed, "4,\xB2\xBB\xB4\xED\n");
    check_detect(hx_buf_str(&mixed), true, HX_ENCODING_UTF8, 0);
    hx_buf_reset(&mixed);
    for (int i = 0; i < 5; i++)
        (void)hx_buf_append_str(&mixed, hx_buf_str(&b));
    (void)hx_buf_append_lit(&mixed, "4,\xFF,\n");
    check_detect(hx_buf_str(&mixed), true, HX_ENCODING_GB18030, 0);
    hx_buf_release(&mixed);
    hx_buf_release(&b);
}

static void check_decoded(hx_encoding encoding, hx_str in, hx_str want, hx_rng *rng) {
    hx_decoder d;
    hx_buf out;
    hx_buf_init(&out, 64u << 20);
    assert_int_equal(hx_decoder_init(&d, encoding, NULL), HX_OK);
    for (size_t at = 0; at < in.len;) {
        size_t n = 1 + hx_rng_below(rng, 9);
        if (n > in.len - at) n = in.len - at;
        assert_int_equal(hx_decoder_write(&d, (hx_str){in.ptr + at, n}, false, &out, NULL), HX_OK);
        at += n;
    }
    assert_int_equal(hx_decoder_write(&d, (hx_str){"", 0}, true, &out, NULL), HX_OK);
    assert_int_equal(out.len, want.len);
    assert_memory_equal(out.ptr, want.ptr, want.len);
    hx_decoder_release(&d);
    hx_buf_release(&out);
}

/* Every code point, in pieces of 1 to 9 bytes. */
static void test_decode_all(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, 3);
    hx_buf all;
    hx_buf_init(&all, 64u << 20);
    for (uint32_t cp = 1; cp <= 0x10FFFF; cp += cp < 0x30000 ? 1 : 997) {
        char bytes[4];
        if (cp == 0xE766) cp = 0xE865; /* private use, some of which GB18030 has no code for */
        size_t n = hx_utf8_put(cp, bytes);
        (void)hx_buf_append(&all, bytes, n);
    }
    hx_buf b = convert(hx_buf_str(&all), "UTF-16LE");
    check_decoded(HX_ENCODING_UTF16LE, hx_buf_str(&b), hx_buf_str(&all), &rng);
    hx_buf_release(&b);
    b = convert(hx_buf_str(&all), "UTF-16BE");
    check_decoded(HX_ENCODING_UTF16BE, hx_buf_str(&b), hx_buf_str(&all), &rng);
    hx_buf_release(&b);
    b = convert(hx_buf_str(&all), "GB18030");
    check_decoded(HX_ENCODING_GB18030, hx_buf_str(&b), hx_buf_str(&all), &rng);
    hx_buf_release(&b);
    hx_buf_release(&all);
}

static void test_decode_bad(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, 4);
    check_decoded(HX_ENCODING_GB18030, HX_STR_LIT("a\xFF,\xB2\xBB\xB4,\n\x81"),
                  HX_STR_LIT("a\xFF,不\xFF,\n\xFF"), &rng);
    check_decoded(HX_ENCODING_GB18030, HX_STR_LIT("\x81\x30\x81,\x80"),
                  HX_STR_LIT("\xFF"
                             "0\xFF,\xFF"),
                  &rng);
    check_decoded(HX_ENCODING_UTF16LE,
                  HX_STR_LIT("a\0\x00\xD8"
                             "b\0\x00\xDC"
                             "c\0d"),
                  HX_STR_LIT("a\xFF"
                             "b\xFF"
                             "c\xFF"),
                  &rng);
}

static void test_files(void **state) {
    (void)state;
    static const char want[] = "1|1|质量不错，物流很快\n2|2|太差了，要退款\n3|3|emoji 😀 ok\n";
    static const struct {
        const char *encoding, *mark, *name;
        size_t n_mark;
    } cases[] = {{"UTF-8", "", "UTF-8", 0},
                 {"UTF-8", "\xEF\xBB\xBF", "UTF-8 with BOM", 3},
                 {"GB18030", "", "GB18030", 0},
                 {"UTF-16LE", "", "UTF-16LE", 0},
                 {"UTF-16BE", "", "UTF-16BE", 0},
                 {"UTF-16LE", "\xFF\xFE", "UTF-16LE with BOM", 2},
                 {"UTF-16BE", "\xFE\xFF", "UTF-16BE with BOM", 2},
                 {"GB18030", "\x84\x31\x95\x33", "GB18030 with BOM", 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_buf b = convert(HX_STR_LIT(chinese), cases[i].encoding), file;
        hx_buf_init(&file, 1 << 20);
        (void)hx_buf_append(&file, cases[i].mark, cases[i].n_mark);
        (void)hx_buf_append_str(&file, hx_buf_str(&b));
        assert_rows("a.csv", hx_buf_str(&file), NULL, want);
        test_file f = test_file_new("a.csv", hx_buf_str(&file));
        for (size_t chunk = 1; chunk < 40; chunk += 7) {
            hx_reader_options o = {.chunk_bytes = chunk};
            hx_reader *r = test_open(&f, &o);
            assert_string_equal(hx_reader_encoding_name(r), cases[i].name);
            assert_roles(r, "编号=other,评论=text");
            hx_chunk *c = NULL;
            assert_int_equal(hx_reader_next(r, &c, NULL), HX_OK);
            hx_position end = hx_chunk_end(c);
            hx_chunk_free(c);
            hx_reader_close(r);
            /* Going on behind the first row. */
            hx_buf rest;
            hx_buf_init(&rest, 1 << 20);
            r = test_open(&f, &o);
            assert_int_equal(hx_reader_seek(r, end, NULL), HX_OK);
            assert_int_equal(test_read_all(r, &rest, NULL), HX_OK);
            size_t skipped = sizeof want - 1 - rest.len;
            assert_memory_equal(rest.ptr, want + skipped, rest.len);
            assert_in_range(skipped, 30, 60);
            hx_buf_release(&rest);
            hx_reader_close(r);
        }
        test_file_remove(&f);
        hx_buf_release(&file);
        hx_buf_release(&b);
    }
}

static void assert_detected(hx_buf *b, hx_encoding want) {
    assert_int_equal(hx_encoding_detect(hx_buf_str(b), true).encoding, want);
    hx_buf_release(b);
}

/* One row of GBK, however long, is a bad row of a UTF-8 file, and the other way round. */
static void test_foreign_rows(void **state) {
    (void)state;
    static const hx_encoding kinds[] = {HX_ENCODING_UTF8, HX_ENCODING_GB18030};
    static const char *const names[] = {"UTF-8", "GB18030"};
    for (size_t own = 0; own < 2; own++) {
        hx_buf row = convert(HX_STR_LIT("质量非常差，退货了"), names[1 - own]), b;
        hx_buf good = convert(HX_STR_LIT("用户,评论\nu1,很好的东西\nu2,不错\n"), names[own]);
        hx_buf_init(&b, 1 << 20);
        (void)hx_buf_append_str(&b, hx_buf_str(&good));
        for (int i = 0; i < (own ? 1 : 100); i++)
            (void)hx_buf_append_str(&b, hx_buf_str(&row));
        (void)hx_buf_append_lit(&b, "\n");
        assert_detected(&b, kinds[own]);
        hx_buf_release(&row);
        hx_buf_release(&good);
    }
    /* English with one word of GBK is GBK; so is a column of single characters, some of which are UTF-8 by chance. */
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    (void)hx_buf_append_lit(&b, "id,text\n1,good\n2,bad\n3,\xBA\xC3\n");
    assert_detected(&b, HX_ENCODING_GB18030);
    hx_buf_init(&b, 1 << 20);
    (void)hx_buf_append_lit(&b, "\xB6\xFE\n\xD2\xBB\n\xC8\xFD\n\xCB\xC4\n\xCE\xE5\n");
    assert_detected(&b, HX_ENCODING_GB18030);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detect),     cmocka_unit_test(test_detect_damaged),
        cmocka_unit_test(test_decode_all), cmocka_unit_test(test_decode_bad),
        cmocka_unit_test(test_files),      cmocka_unit_test(test_foreign_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
