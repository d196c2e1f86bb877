/* test_t2s.c - traditional to simplified: stored results of `opencc -c t2s.json`, and, where that program is installed, its live results on
 * random Han text and on shared data. */
#include "golden.h"
#include "text_test.h"

#include "base/rng.h"
#include "base/utf8.h"
#include "text/annotator.h"
#include "text/t2s.h"

static void assert_converts(void *context, hx_str text, hx_str want) {
    text_fixture *f = context;
    hx_buf out;
    hx_buf_init(&out, (size_t)1 << 24);
    hx__t2s_convert(f->model->t2s, text, &out);
    if (!hx_str_equal(hx_buf_str(&out), want))
        fail_msg("'%.*s' became '%.*s', OpenCC says '%.*s'", (int)text.len, text.ptr, (int)out.len,
                 out.ptr, (int)want.len, want.ptr);
    hx_buf_release(&out);
}

static void equals_the_stored_results(void **state) {
    assert_true(golden_each(HX_SOURCE_DIR "/tests/golden/t2s.tsv", assert_converts, *state) >= 30);
}

/* Cleaning converts as OpenCC does, but what it gives it leaves alone. */
static void cleaning_is_stable_where_opencc_is_not(void **state) {
    text_fixture *f = *state;
    static const char *const texts[][2] = {
        {"乾清宮", "乾清宫"}, {"蕭乾", "萧乾"}, {"於倫", "於伦"}, {"瞭解答覆", "了解答复"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hx_clean_text once, twice;
        assert_int_equal(
            hx_text_clean(f->annotator, hx_str_of(texts[i][0]), NULL, f->arena, &once, NULL),
            HX_OK);
        assert_true(hx_str_equal(once.text, hx_str_of(texts[i][1])));
        assert_int_equal(hx_text_clean(f->annotator, once.text, NULL, f->arena, &twice, NULL),
                         HX_OK);
        assert_true(hx_str_equal(once.text, twice.text));
    }
}

/* ------------------------------------------------------------------ live */
static bool have_opencc(void) {
    return system("opencc --version >/dev/null 2>&1") == 0;
}

static void assert_equals_opencc(text_fixture *f, hx_str text) {
    char directory[32], path[64], out[64], command[256];
    hx_error err = {0};
    hx_buf want;
    hx_buf_init(&want, (size_t)64 << 20);
    test_directory(directory);
    snprintf(path, sizeof path, "%s/in", directory);
    snprintf(out, sizeof out, "%s/out", directory);
    assert_int_equal(hx_file_write(path, text, true, &err), HX_OK);
    snprintf(command, sizeof command, "opencc -c t2s.json -i %s -o %s", path, out);
    assert_int_equal(system(command), 0);
    assert_int_equal(hx_file_read(out, &want, &err), HX_OK);
    assert_converts(f, text, hx_buf_str(&want));
    hx_buf_release(&want);
    unlink(path);
    unlink(out);
    rmdir(directory);
}

/* Characters of phrases more often than others, so that phrases and their beginnings meet. */
static void equals_opencc_on_random_text(void **state) {
    static const char common[] = "乾坤隆清宮宫年間於是倫期蕭萧覆答反回重瞭解然望藉口由此麼什么些徵"
                                 "羽角變之聲沈默船髮發頭昇畢著名裏裡乘除后後神祇衹";
    if (!have_opencc()) skip();
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    hx_buf text;
    hx_buf_init(&text, (size_t)1 << 22);
    for (int i = 0; i < 100000; i++) {
        char bytes[4];
        if (hx_rng_below(&r, 3)) {
            memcpy(bytes, common + 3 * hx_rng_below(&r, (sizeof common - 1) / 3), 3);
            hx_buf_append(&text, bytes, 3);
        } else {
            uint32_t cp = hx_rng_below(&r, 8) ? 0x4E00 + (uint32_t)hx_rng_below(&r, 0x5200)
                                              : 0x20000 + (uint32_t)hx_rng_below(&r, 0xA6D0);
            hx_buf_append(&text, bytes, hx_utf8_put(cp, bytes));
        }
        if (i % 40 == 39) hx_buf_append_byte(&text, '\n');
    }
    assert_equals_opencc(*state, hx_buf_str(&text));
    hx_buf_release(&text);
}

static void equals_opencc_on_shared_data(void **state) {
    const char *shared = getenv("HX_SHARED_DATA");
    char path[512];
    hx_buf text;
    hx_buf_init(&text, (size_t)64 << 20);
    snprintf(path, sizeof path, "%s/online_shopping/dev.tsv",
             shared ? shared : HX_SOURCE_DIR "/../shared/data");
    if (!have_opencc() || !hx_file_exists(path)) {
        print_message("no opencc or no %s: skipped\n", path);
        skip();
    }
    assert_int_equal(hx_file_read(path, &text, NULL), HX_OK);
    assert_equals_opencc(*state, hx_buf_str(&text));
    hx_buf_release(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_stored_results),
        cmocka_unit_test(cleaning_is_stable_where_opencc_is_not),
        cmocka_unit_test(equals_opencc_on_random_text),
        cmocka_unit_test(equals_opencc_on_shared_data),
    };
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
