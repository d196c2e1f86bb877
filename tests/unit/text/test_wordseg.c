/* test_wordseg.c - words: jieba's stored results, Latin words and numbers, user words, and on random bytes that the words' spans are the text. */
#include "golden.h"
#include "random_text.h"
#include "text_test.h"

#include "text/annotator.h"
#include "text/wordseg.h"

/* The original bytes of the words with | between. */
static hx_str cut_with(hx_annotator *a, hx_arena *arena, hx_str text) {
    const hx_word *words;
    size_t n, len = 0;
    hx_error err = {0};
    if (hx_text_words(a, text, arena, &words, &n, &err) != HX_OK) fail_msg("%s", err.message);
    char *out = hx_arena_alloc(arena, text.len + n + 1);
    assert_non_null(out);
    for (size_t i = 0; i < n; i++) {
        if (i) out[len++] = '|';
        size_t bytes = words[i].span.end - words[i].span.start;
        memcpy(out + len, text.ptr + words[i].span.start, bytes);
        len += bytes;
    }
    return (hx_str){out, len};
}

static void assert_words(void *context, hx_str text, hx_str want) {
    text_fixture *f = context;
    hx_str got = cut_with(f->annotator, f->arena, text);
    if (!hx_str_equal(got, want))
        fail_msg("'%.*s', not '%.*s'", (int)got.len, got.ptr, (int)want.len, want.ptr);
}

static void equals_jieba_on_the_stored_sentences(void **state) {
    assert_true(golden_each(HX_SOURCE_DIR "/tests/golden/words.tsv", assert_words, *state) >= 50);
}

static void keeps_latin_words_and_numbers_whole(void **state) {
    static const char *const cases[][2] = {
        {"I don't like it, it’s bad.", "I|don't|like|it|,|it’s|bad|."},
        {"Wi-Fi 5w-30 e-mail", "Wi-Fi|5w-30|e-mail"},
        {"C++ C# F# c", "C++|C#|F#|c"},
        {"R&D AT&T black&white", "R&D|AT&T|black|&|white"},
        {"$1,234.50 打8.5折 50%off 5kg", "$|1,234.50|打|8.5|折|50%|off|5kg"},
        {"2026-03-05 12:30 1/2 3.14.15", "2026-03-05|12:30|1/2|3.14.15"},
        {"1,23 1, 2 end.Start", "1|,|23|1|,|2|end|.|Start"},
        {"写信到a.b+c@shop.com.cn吧", "写信|到|a.b+c@shop.com.cn|吧"},
        {"café Straße Привет ελληνικά", "café|Straße|Привет|ελληνικά"},
        {"ひらがなカタカナ한국어", "ひらがな|カタカナ|한국어"},
        {"T恤做B超AT&T", "T恤|做|B超|AT&T"},
        {"user_name _x_", "user_name|_|x_"},
        {"太好了...真的--好", "太好了|...|真的|--|好"},
        {"太好了……", "太好了|…|…"},
        {"好！！！", "好|！|！|！"},
        {"👍🏽👨‍👩‍👧🇨🇳🇺🇸❤️1️⃣#️⃣好",
         "👍🏽|👨‍👩‍👧|🇨🇳|🇺🇸|❤️|1️⃣|#️⃣|好"},
        {"😀😀", "😀|😀"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_words(*state, hx_str_of(cases[i][0]), hx_str_of(cases[i][1]));
}

static void what_cleaning_drops_are_words_without_text(void **state) {
    static const char *const cases[][2] = {
        {"<p>价格&nbsp;很<b>便宜</b></p>", "<p>|价格|&nbsp;|很|<b>|便宜|</b></p>"},
        {"看http://t.cn/x，@张三 好", "看|http://t.cn/x|，|@张三|好"},
        {"<a href=\"x y\"> <br>", "<a href=\"x y\">|<br>"},
        {"手\xE2\x80\x8B机\xFF 壳", "手\xE2\x80\x8B机|\xFF|壳"},
        {"\x01 <3", "\x01|<|3"},
    };
    text_fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_str want = hx_str_of(cases[i][1]), text = hx_str_of(cases[i][0]);
        if (i == 0) want = HX_STR_LIT("<p>|价格|&nbsp;|很|<b>|便宜|</b>|</p>");
        assert_words(f, text, want);
    }
    const hx_word *words;
    size_t n;
    assert_int_equal(
        hx_text_words(f->annotator, HX_STR_LIT("<br>ＧＯＯＤ的㎏"), f->arena, &words, &n, NULL),
        HX_OK);
    assert_int_equal(n, 4);
    assert_true(words[0].text.len == 0 && words[0].stop);
    assert_true(hx_str_equal(words[1].text, HX_STR_LIT("good")) && !words[1].stop);
    assert_true(hx_str_equal(words[2].text, HX_STR_LIT("的")) && words[2].stop);
    assert_true(hx_str_equal(words[3].text, HX_STR_LIT("kg")));
}

static bool is_blank(uint32_t cp) {
    return cp == ' ' || (cp >= 9 && cp <= 13) || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

/* `s` without white space, in place. */
static size_t squeeze(char *s, size_t len) {
    size_t kept = 0;
    for (size_t at = 0; at < len;) {
        size_t from = at;
        if (is_blank(hx_utf8_next((hx_str){s, len}, &at))) continue;
        memmove(s + kept, s + from, at - from);
        kept += at - from;
    }
    return kept;
}

static void assert_covered(text_fixture *f, hx_annotator *a, hx_str text) {
    const hx_word *words;
    size_t n, at = 0;
    char all[1024], want[1024];
    assert_int_equal(hx_text_words(a, text, f->arena, &words, &n, NULL), HX_OK);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(words[i].span.start >= at && words[i].span.end > words[i].span.start &&
                    words[i].span.end <= text.len);
        at = words[i].span.end;
        memcpy(all + len, text.ptr + words[i].span.start, at - words[i].span.start);
        len += at - words[i].span.start;
    }
    memcpy(want, text.ptr, text.len);
    size_t want_len = squeeze(want, text.len);
    len = squeeze(all, len);
    assert_int_equal(len, want_len);
    assert_memory_equal(all, want, len);
}

static void words_are_the_text_on_random_bytes(void **state) {
    text_fixture *f = *state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    char memory[1024];
    for (int round = 0; round < 100000; round++) {
        assert_covered(f, f->annotator, random_text(&r, memory, sizeof memory));
        if (round % 64 == 0) hx_arena_reset(f->arena);
    }
}

static void a_long_text_without_a_pause_is_cut_as_a_short_one(void **state) {
    text_fixture *f = *state;
    static const char unit[] = "研究生命的起源";
    size_t n = sizeof unit - 1, times = 3000;
    char *text = malloc(n * times);
    assert_non_null(text);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * n, unit, n);
    const hx_word *words;
    size_t count;
    assert_int_equal(
        hx_text_words(f->annotator, (hx_str){text, n * times}, f->arena, &words, &count, NULL),
        HX_OK);
    assert_int_equal(count, 4 * times);
    for (size_t i = 0; i < count; i += 4)
        assert_true(hx_str_equal(words[i].text, HX_STR_LIT("研究")));
    memset(text, 'x', n * times);
    assert_int_equal(
        hx_text_words(f->annotator, (hx_str){text, n * times}, f->arena, &words, &count, NULL),
        HX_OK);
    assert_int_equal(count, 1);
    free(text);
    hx_arena_reset(f->arena);
}

/* ------------------------------------------------------------------ user words */
static hx_status open_with(const char *user_words, const char *stop_words, hx_text_model **m,
                           hx_error *err) {
    char directory[32], paths[2][64];
    test_directory(directory);
    const char *contents[] = {user_words, stop_words};
    for (int i = 0; i < 2; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%d", directory, i);
        assert_int_equal(hx_file_write(paths[i], hx_str_of(contents[i]), true, NULL), HX_OK);
    }
    hx_text_model_options options = {.engine = HX_ENGINE_RULES,
                                     .user_words = user_words ? paths[0] : NULL,
                                     .stop_words = stop_words ? paths[1] : NULL};
    hx_status status = hx_text_model_open(m, HX_SHARE_DIR, &options, err);
    for (int i = 0; i < 2; i++)
        unlink(paths[i]);
    rmdir(directory);
    return status;
}

static void user_words_hold_together(void **state) {
    text_fixture *f = *state;
    hx_text_model *m;
    hx_annotator *a;
    hx_error err = {0};
    if (open_with("Edu Trust认证\n5w-30\r\niphone\n云计算平台\nC#语言\nA股 "
                  "行情\n买一送一\n大桥\t1\n\n👍好\n電競椅\n",
                  NULL, &m, &err) != HX_OK)
        fail_msg("%s", err.message);
    assert_int_equal(hx_annotator_new(&a, m, &err), HX_OK);
    static const char *const cases[][2] = {
        {"通过edu trust认证了", "通过|edu trust认证|了"},
        {"通过Edu  Trust认证", "通过|Edu  Trust认证"},
        {"Edu Trust", "Edu|Trust"},
        {"加5W-30机油，不是15w-30", "加|5W-30|机油|，|不是|15w-30"},
        {"iPhone iphones myiphone iphone15", "iPhone|iphones|myiphone|iphone15"},
        {"做云计算平台的", "做|云计算平台|的"},
        {"学C#语言和C#", "学|C#语言|和|C#"},
        {"看A股 行情吧", "看|A股 行情|吧"},
        {"看A股行情", "看|A股|行情"},
        {"买一送一划算", "买一送一|划算"},
        {"南京市长江大桥", "南京市|长江大桥"},
        {"👍👍好", "👍|👍好"},
        {"电竞椅和電競椅", "电竞椅|和|電競椅"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_str got = cut_with(a, f->arena, hx_str_of(cases[i][0]));
        if (!hx_str_equal(got, hx_str_of(cases[i][1])))
            fail_msg("'%.*s', not '%s'", (int)got.len, got.ptr, cases[i][1]);
    }
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    char memory[1024];
    for (int round = 0; round < 20000; round++)
        assert_covered(f, a, random_text(&r, memory, sizeof memory));
    assert_true(hx_text_model_hash(m) != hx_text_model_hash(f->model));
    hx_annotator_free(a);
    hx_text_model_close(m);
    hx_arena_reset(f->arena);
}

static void bad_user_files_are_refused(void **state) {
    (void)state;
    char big[300] = "";
    for (size_t i = 0; i < 65; i++)
        memcpy(big + 3 * i, "词", 4);
    const struct {
        const char *words;
        hx_status status;
        const char *tail;
    } cases[] = {
        {"好\nx\t-1\n", HX_EFORMAT, ":2: '-1' is not a weight (a number above 0)"},
        {"x\tviel\n", HX_EFORMAT, ":1: 'viel' is not a weight (a number above 0)"},
        {"x\t\n\xFF\n", HX_EFORMAT, ":2 is not UTF-8"},
        {big, HX_ELIMIT, ":1: a word has at most 64 characters"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_text_model *m = NULL;
        hx_error err = {0};
        assert_int_equal(open_with(cases[i].words, NULL, &m, &err), cases[i].status);
        size_t n = strlen(err.message), tail = strlen(cases[i].tail);
        assert_true(n > tail);
        assert_string_equal(err.message + n - tail, cases[i].tail);
    }
    hx_text_model_options missing = {.user_words = "/nonexistent/words.txt"};
    hx_text_model *m = NULL;
    assert_int_not_equal(hx_text_model_open(&m, HX_SHARE_DIR, &missing, NULL), HX_OK);
}

static void stop_words_can_be_replaced(void **state) {
    text_fixture *f = *state;
    hx_text_model *m;
    hx_error err = {0};
    assert_true(hx__stopwords_has(f->model, HX_STR_LIT("的")) &&
                hx__stopwords_has(f->model, HX_STR_LIT("the")));
    assert_false(hx__stopwords_has(f->model, HX_STR_LIT("餐厅")) ||
                 hx__stopwords_has(f->model, HX_STR_LIT("")));
    assert_int_equal(open_with(NULL, "# ours\n餐厅 \r\nphone\n", &m, &err), HX_OK);
    assert_true(hx__stopwords_has(m, HX_STR_LIT("餐厅")) &&
                hx__stopwords_has(m, HX_STR_LIT("phone")));
    assert_false(hx__stopwords_has(m, HX_STR_LIT("的")));
    hx_text_model_close(m);
    assert_int_equal(open_with(NULL, "\xFF", &m, &err), HX_EFORMAT);
}

static void idf_is_known_or_the_median(void **state) {
    text_fixture *f = *state;
    double common = hx__words_idf(f->model, HX_STR_LIT("中国")),
           rare = hx__words_idf(f->model, HX_STR_LIT("劳动防护"));
    assert_true(common < 4 && rare > 13.8 && rare < 14);
    assert_true(hx__words_idf(f->model, HX_STR_LIT("没有这个词呀")) > 11);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_jieba_on_the_stored_sentences),
        cmocka_unit_test(keeps_latin_words_and_numbers_whole),
        cmocka_unit_test(what_cleaning_drops_are_words_without_text),
        cmocka_unit_test(words_are_the_text_on_random_bytes),
        cmocka_unit_test(a_long_text_without_a_pause_is_cut_as_a_short_one),
        cmocka_unit_test(user_words_hold_together),
        cmocka_unit_test(bad_user_files_are_refused),
        cmocka_unit_test(stop_words_can_be_replaced),
        cmocka_unit_test(idf_is_known_or_the_median),
    };
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
