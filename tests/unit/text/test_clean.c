/* test_clean.c - cleaning: cases by hand, NFKC against utf8proc, all HTML entities, and on random mixtures of everything that has a rule:
 * idempotence and an exact map back. */
#include "random_text.h"
#include "text_test.h"

#include <utf8proc.h>

#include "base/rng.h"
#include "base/utf8.h"
#include "text/annotator.h"
#include "text/charclass.h"
#include "text/clean.h"

static hx_str clean_with(text_fixture *f, hx_str text, const hx_clean_options *options) {
    hx_clean_text out = {0};
    hx_error err = {0};
    assert_int_equal(hx_text_clean(f->annotator, text, options, f->arena, &out, &err), HX_OK);
    return out.text;
}

typedef struct {
    const char *text, *want;
} clean_case;

static const clean_case cases[] = {
    {"", ""},
    {"   \t\n ", ""},
    {"  好  吃 \r\n 便宜 ", "好 吃 便宜"},
    {"全角　空格\xC2\xA0不换行", "全角 空格 不换行"},
    {"太好了！！！！！真的？？", "太好了!真的?"},
    {"等等。。。。再说……", "等等。再说..."},
    {"a......b -------- c", "a...b --- c"},
    {"<p>很<b>好</b>吃</p><br/>不贵", "很好吃 不贵"},
    {"good<br>bad<BR />ugly", "good bad ugly"},
    {"<a href=\"http://x.cn/?a>b\" title='q'>链接</a>", "链接"},
    {"前<script type=\"text/javascript\">if (a < b) { x = \"</p>\"; }</script>后", "前 后"},
    {"前<style>p > a { color: red }</style>后", "前 后"},
    {"甲<!-- 注释 > 还是 <b>注释</b> -->乙", "甲 乙"},
    {"<!DOCTYPE html><?xml version=\"1.0\"?>丙", "丙"},
    {"价格<100元且>50元, 1 < 2 > 0, I <3 you", "价格<100元且>50元, 1 < 2 > 0, i <3 you"},
    {"<真的好>", "<真的好>"},
    {"a &lt; b &amp;&amp; c&nbsp;d", "a < b && c d"},
    {"&amp;lt;b&amp;gt;粗&amp;lt;/b&amp;gt;", "粗"},
    {"&amp;amp;amp;amp;", "&"},
    {"caf&Eacute; &eacute; &Dagger;&dagger; &rArr;&rarr;", "café é ‡† ⇒→"},
    {"&#39;&#x27;&#20013;&#x6587;&#128512;&#150;", "''中文😀–"},
    {"x&nbsp&nbsp y &copy 2024 &notanentity; AT&T R&D;", "x y © 2024 &notanentity; at&t r&d;"},
    {"&#0;&#xD800;&#x110000;&#99999999999;z", "z"},
    {"看 https://item.jd.com/100.html?a=1&b=2 这里", "看 这里"},
    {"看https://t.cn/abc，不错", "看 ,不错"},
    {"见www.taobao.com。好", "见 。好"},
    {"HTTP://A.B/C (http://x.y).", "( )."},
    {"@张三 你好 @bob_1, 邮箱 me@shop.com", "你好 , 邮箱 me@shop.com"},
    {"谢谢@客服小王 单价@5元", "谢谢 单价@5元"},
    {"ＡＢＣ１２３，ｋｇ ㎏ ﬁ ½ ① ℃", "abc123,kg kg fi 1⁄2 1 °c"},
    {"ｶﾞｷﾞ ｱｲｳ", "ガギ アイウ"},
    {"e\xCC\x81 A\xCC\x8A \xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "é å 한"},
    {"J\xCC\x8C", "ǰ"},
    {"ΑΒΓ ÀÉ Ж", "αβγ àé ж"},
    {"零\xE2\x80\x8B宽\xEF\xBB\xBF字\xC2\xADs\x01\x02\x7F", "零宽字s"},
    {"坏\xFF\xFE字\xE4\xBD节\xED\xA0\x80\xC0\x80", "坏字节"},
    {"這家餐廳的電視機、計算機與滑鼠", "这家餐厅的电视机、计算机与滑鼠"},
    {"乾隆年間的乾貨，頭髮發財", "乾隆年间的干货,头发发财"},
    {"👍👍🏽👨‍👩‍👧🇨🇳❤️1️⃣#️⃣",
     "👍👍🏽👨‍👩‍👧🇨🇳❤️1️⃣#️⃣"},
    {"好\xE2\x80\x8D\xEF\xB8\x8F吃 5\xEF\xB8\x8F 👍\xE2\x80\x8D好", "好吃 5 👍好"},
    {"don’t ‘quote’", "don't ‘quote'"},
};

static void cleans_the_cases(void **state) {
    text_fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_str got = clean_with(f, hx_str_of(cases[i].text), NULL);
        if (!hx_str_equal(got, hx_str_of(cases[i].want)))
            fail_msg("'%s' became '%.*s', not '%s'", cases[i].text, (int)got.len, got.ptr,
                     cases[i].want);
    }
    hx_arena_reset(f->arena);
}

static void options_keep_what_they_say(void **state) {
    text_fixture *f = *state;
    hx_str text = HX_STR_LIT("Ｔ恤 電視 http://A.cn/B @Bob É");
    hx_clean_options keep = {.keep_case = true};
    assert_true(hx_str_equal(clean_with(f, text, &keep), HX_STR_LIT("T恤 电视 É")));
    keep = (hx_clean_options){.keep_traditional = true};
    assert_true(hx_str_equal(clean_with(f, text, &keep), HX_STR_LIT("t恤 電視 é")));
    keep = (hx_clean_options){.keep_urls = true};
    assert_true(
        hx_str_equal(clean_with(f, text, &keep), HX_STR_LIT("t恤 电视 http://a.cn/b @bob é")));
    hx_arena_reset(f->arena);
}

/* ------------------------------------------------------------------ entities */
typedef struct {
    const char *name, *text;
    bool bare;
} entity;

static const entity entities[] = {
#include "text/html_entities.inc"
};

static void every_entity_is_its_character(void **state) {
    text_fixture *f = *state;
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        char source[64], direct[32];
        snprintf(source, sizeof source, "x&%s;y", entities[i].name);
        snprintf(direct, sizeof direct, "x%sy", entities[i].text);
        hx_str got = clean_with(f, hx_str_of(source), NULL),
               want = clean_with(f, hx_str_of(direct), NULL);
        if (!hx_str_equal(got, want))
            fail_msg("&%s; became '%.*s'", entities[i].name, (int)got.len, got.ptr);
        if (!entities[i].bare) continue;
        snprintf(source, sizeof source, "x&%s ", entities[i].name);
        snprintf(direct, sizeof direct, "x%s ", entities[i].text);
        assert_true(hx_str_equal(clean_with(f, hx_str_of(source), NULL),
                                 clean_with(f, hx_str_of(direct), NULL)));
    }
    assert_int_equal(sizeof entities / sizeof *entities, 2125);
    hx_arena_reset(f->arena);
}

/* ------------------------------------------------------------------ NFKC */
/* Whether cleaning with all options to keep does nothing to cp but normalise it. */
static bool only_normalised(const hx_text_model *m, uint32_t cp) {
    utf8proc_int32_t parts[64];
    int boundary = 0;
    if (cp >= 0xD800 && cp <= 0xDFFF) return false;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)cp, parts, 64,
                                                 UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE, &boundary);
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        hx_cc class = hx__charclass_of(m->charclass, m->t2s, (uint32_t)parts[i]);
        if (class != HX_CC_PLAIN && class != HX_CC_NORM && class != HX_CC_UPPER &&
            class != HX_CC_TRADITIONAL)
            return false;
    }
    hx_cc own = hx__charclass_of(m->charclass, m->t2s, cp);
    return own != HX_CC_DROP && own != HX_CC_JOINER;
}

static void assert_nfkc(text_fixture *f, hx_str text) {
    const hx_clean_options keep = {.keep_case = true, .keep_traditional = true, .keep_urls = true};
    char copy[256];
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    char *want = (char *)utf8proc_NFKC((const utf8proc_uint8_t *)copy);
    hx_str got = clean_with(f, text, &keep);
    if (!hx_str_equal(got, hx_str_of(want)))
        fail_msg("'%s' became '%.*s', not '%s'", copy, (int)got.len, got.ptr, want);
    free(want);
}

static void is_nfkc_for_every_code_point(void **state) {
    text_fixture *f = *state;
    for (uint32_t cp = 33; cp < 0x110000; cp++) {
        if (cp == 0x3400 || cp == 0x4E00 + 256) cp += 6000;
        if (cp == 0xE1000) break;
        if (!only_normalised(f->model, cp)) continue;
        char text[8] = "x";
        size_t n = 1 + hx_utf8_put(cp, text + 1);
        text[n++] = 'z';
        assert_nfkc(f, (hx_str){text, n});
        if (cp % 256 == 0) hx_arena_reset(f->arena);
    }
}

static void is_nfkc_for_random_clusters(void **state) {
    text_fixture *f = *state;
    hx_rng r;
    hx_rng_seed(&r, 7);
    static const uint32_t ranges[][2] = {
        {0xC0, 0x250},    {0x300, 0x362},   {0x370, 0x3FF},   {0x900, 0x9FF},   {0x1100, 0x1200},
        {0x1E00, 0x2000}, {0x3041, 0x30FF}, {0xAC00, 0xAC80}, {0xFF61, 0xFFA0}, {'a', 'z'}};
    for (int round = 0; round < 20000; round++) {
        char text[64];
        size_t n = 0;
        for (uint64_t left = 1 + hx_rng_below(&r, 8); left > 0; left--) {
            const uint32_t *range = ranges[hx_rng_below(&r, sizeof ranges / sizeof *ranges)];
            uint32_t cp = range[0] + (uint32_t)hx_rng_below(&r, range[1] - range[0]);
            if (only_normalised(f->model, cp)) n += hx_utf8_put(cp, text + n);
        }
        if (n > 0) assert_nfkc(f, (hx_str){text, n});
        if (round % 256 == 0) hx_arena_reset(f->arena);
    }
}

static void too_many_marks_are_dropped(void **state) {
    text_fixture *f = *state;
    char text[2001] = "x";
    for (size_t i = 1; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xCC\x95", 2);
    hx_str once = clean_with(f, (hx_str){text, 2001}, NULL);
    assert_in_range(once.len, 20, 64);
    assert_true(hx_str_equal(clean_with(f, once, NULL), once));
    hx_arena_reset(f->arena);
}

/* ------------------------------------------------------------------ random mixtures */
static void print_bytes(const char *what, hx_str s) {
    print_error("%s:", what);
    for (size_t i = 0; i < s.len; i++)
        print_error(" %02X", (unsigned char)s.ptr[i]);
    print_error(" '%.*s'\n", (int)s.len, s.ptr);
}

static void is_idempotent(void **state) {
    text_fixture *f = *state;
    hx_rng r;
    hx_rng_seed(&r, 20261122);
    char memory[1024];
    for (int round = 0; round < 200000; round++) {
        hx_str text = random_text(&r, memory, sizeof memory);
        hx_clean_options options = {.keep_case = round % 4 == 1,
                                    .keep_traditional = round % 4 == 2,
                                    .keep_urls = round % 4 == 3};
        hx_str once = clean_with(f, text, &options), twice = clean_with(f, once, &options);
        if (!hx_str_equal(once, twice)) {
            print_bytes("text", text);
            print_bytes("once", once);
            print_bytes("twice", twice);
            fail_msg("cleaning is not idempotent (round %d)", round);
        }
        assert_true(hx_utf8_is_valid(once));
        if (round % 64 == 0) hx_arena_reset(f->arena);
    }
}

/* Starts and ends ascend and lie in the text; a byte that maps to one byte that is no capital or full-width letter is that byte. */
static void maps_back_exactly(void **state) {
    text_fixture *f = *state;
    hx_rng r;
    hx_rng_seed(&r, 99);
    char memory[1024];
    const hx_clean_rules rules = {.keep_case = true};
    for (int round = 0; round < 50000; round++) {
        hx_str text = random_text(&r, memory, sizeof memory);
        hx_clean c;
        assert_int_equal(hx__clean(f->annotator, text, &rules, &c, NULL), HX_OK);
        for (size_t i = 0; i < c.text.len; i++) {
            assert_true(c.starts[i] < c.ends[i] && c.ends[i] <= text.len);
            if (i > 0) assert_true(c.starts[i] >= c.starts[i - 1] && c.ends[i] >= c.ends[i - 1]);
            bool copied = c.ends[i] == c.starts[i] + 1 && c.text.ptr[i] != ' ';
            if (copied) assert_int_equal(c.text.ptr[i], text.ptr[c.starts[i]]);
        }
    }
}

static void spans_point_at_what_was_meant(void **state) {
    text_fixture *f = *state;
    const hx_clean_rules rules = {0};
    hx_str text = HX_STR_LIT("<p>這家&nbsp;<b>餐廳</b>１２㎏！！！</p>");
    hx_clean c;
    assert_int_equal(hx__clean(f->annotator, text, &rules, &c, NULL), HX_OK);
    assert_true(hx_str_equal(c.text, HX_STR_LIT("这家 餐厅12kg!")));
    const struct {
        const char *clean, *original;
    } parts[] = {{"这家", "這家"}, {"餐厅", "餐廳"}, {"12", "１２"},
                 {"kg", "㎏"},     {"k", "㎏"},      {"!", "！！！"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *at = memmem(c.text.ptr, c.text.len, parts[i].clean, strlen(parts[i].clean));
        size_t start = (size_t)(at - c.text.ptr);
        hx_span span = hx__clean_span(&c, start, start + strlen(parts[i].clean));
        assert_true(hx_str_equal((hx_str){text.ptr + span.start, span.end - span.start},
                                 hx_str_of(parts[i].original)));
    }
}

static void offsets_tile_the_text(void **state) {
    text_fixture *f = *state;
    hx_clean_text out;
    assert_int_equal(
        hx_text_clean(f->annotator, HX_STR_LIT(" 好 <b>吃</b>"), NULL, f->arena, &out, NULL),
        HX_OK);
    const uint32_t want[] = {1, 2, 3, 4, 8, 9, 10, 11};
    assert_int_equal(out.text.len, 7);
    assert_memory_equal(out.offsets, want, sizeof want);
    assert_int_equal(hx_text_clean(f->annotator, HX_STR_LIT("<br>"), NULL, f->arena, &out, NULL),
                     HX_OK);
    assert_int_equal(out.text.len, 0);
    assert_int_equal(out.offsets[0], 0);
}

static void long_texts_are_refused(void **state) {
    text_fixture *f = *state;
    hx_error err = {0};
    hx_clean_text out;
    char *big = calloc(1, HX_TEXT_MAX + 1);
    assert_non_null(big);
    assert_int_equal(
        hx_text_clean(f->annotator, (hx_str){big, HX_TEXT_MAX + 1}, NULL, f->arena, &out, &err),
        HX_ELIMIT);
    assert_string_equal(err.message,
                        "a text has 16777217 bytes, more than the 16777216 that are read");
    free(big);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleans_the_cases),
        cmocka_unit_test(options_keep_what_they_say),
        cmocka_unit_test(every_entity_is_its_character),
        cmocka_unit_test(is_nfkc_for_every_code_point),
        cmocka_unit_test(is_nfkc_for_random_clusters),
        cmocka_unit_test(too_many_marks_are_dropped),
        cmocka_unit_test(is_idempotent),
        cmocka_unit_test(maps_back_exactly),
        cmocka_unit_test(spans_point_at_what_was_meant),
        cmocka_unit_test(offsets_tile_the_text),
        cmocka_unit_test(long_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
