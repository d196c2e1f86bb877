/* test_boundary.c - where Chinese words begin by the characters around: standards differ where people do, wide forms read as narrow ones, what is far
 * away changes nothing, any bytes give finite logits, and a damaged list is refused. */
#include "text_test.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "text/boundary.h"
#include "text/model.h"
#include "text/tagger.h"

typedef struct {
    hx_text_model *model;
    hx_arena *arena;
} fixture;

static void open_all(fixture *f) {
    const hx_text_model_options options = {.engine = HX_ENGINE_LEARN};
    hx_error err = {0};
    assert_int_equal(hx_text_model_open(&f->model, HX_SHARE_DIR, &options, &err), HX_OK);
    f->arena = hx_arena_new(0);
    assert_non_null(f->arena);
}

static void close_all(fixture *f) {
    hx_text_model_close(f->model);
    hx_arena_free(f->arena);
}

/* Words with blanks between, in the arena. */
static const char *words_of(fixture *f, const char *text, hx_words_standard standard) {
    hx_tagger *t = NULL;
    hx_tagged_text said;
    hx_error err = {0};
    const hx_str s = hx_str_of(text);
    char *out = hx_arena_alloc(f->arena, 2 * s.len + 1);
    size_t at = 0;
    assert_int_equal(hx_tagger_open(&t, f->model, standard, &err), HX_OK);
    assert_true(hx_tagger_cuts(t));
    assert_int_equal(hx_tagger_cut(t, &s, 1, f->arena, &said, &err), HX_OK);
    for (size_t i = 0; i < said.n; i++)
        for (size_t k = 0; k < said.sentences[i].n; k++) {
            hx_span w = said.sentences[i].words[k].span;
            if (at > 0) out[at++] = ' ';
            memcpy(out + at, text + w.start, w.end - w.start);
            at += w.end - w.start;
        }
    out[at] = '\0';
    hx_tagger_close(t);
    return out;
}

static void test_standards(void **state) {
    fixture f;
    (void)state;
    open_all(&f);
    assert_string_equal(words_of(&f, "他在北京大学读书。", HX_WORDS_PKU), "他 在 北京大学 读书 。");
    assert_string_equal(words_of(&f, "他在北京大学读书。", HX_WORDS_SXU),
                        "他 在 北京 大学 读书 。");
    assert_string_equal(words_of(&f, "ＡＢＣ手机１２台，abc手机12台", HX_WORDS_PKU),
                        "ＡＢＣ 手机 １２ 台 ， abc 手机 12 台");
    assert_string_equal(words_of(&f, "真 的 好", HX_WORDS_PKU), "真 的 好");
    close_all(&f);
}

static hx_boundary_char *chars_of(fixture *f, hx_words_standard standard, hx_str text, size_t *n) {
    hx_boundary_char *chars = hx__boundary_chars(&f->model->learned->boundary[standard],
                                                 f->model->wordseg, text, f->arena, n);
    assert_non_null(chars);
    return chars;
}

static void test_wide_forms_are_narrow_ones(void **state) {
    uint64_t wide[HX_BOUNDARY_FEATURES], narrow[HX_BOUNDARY_FEATURES];
    fixture f;
    size_t n, k;
    (void)state;
    open_all(&f);
    hx_boundary_char *a = chars_of(&f, HX_WORDS_PKU, hx_str_of("买Ｚ５！好"), &n);
    hx_boundary_char *b = chars_of(&f, HX_WORDS_PKU, hx_str_of("买a7!好"), &k);
    assert_int_equal(n, 5);
    assert_int_equal(k, 5);
    for (size_t i = 1; i < n; i++) {
        size_t some = hx__boundary_features(a, n, i, wide);
        assert_int_equal(hx__boundary_features(b, k, i, narrow), some);
        assert_true(some > 0 && some <= HX_BOUNDARY_FEATURES);
        assert_memory_equal(wide, narrow, some * sizeof *wide);
    }
    close_all(&f);
}

/* A place sees five characters on each side. */
static void test_what_is_far_away_changes_nothing(void **state) {
    const hx_str whole = HX_STR_LIT("今天天气很好我们去公园玩了一天吃了很多东西"),
                 part = {whole.ptr, (size_t)14 * 3};
    float all[32], some[32];
    fixture f;
    size_t n, k;
    (void)state;
    open_all(&f);
    const hx_learned_boundary *m = &f.model->learned->boundary[HX_WORDS_SXU];
    hx__boundary_logits(m, chars_of(&f, HX_WORDS_SXU, whole, &n), n = whole.len / 3, all);
    hx__boundary_logits(m, chars_of(&f, HX_WORDS_SXU, part, &k), k = part.len / 3, some);
    for (size_t i = 0; i + 5 < k; i++)
        assert_true(all[i] >= some[i] && all[i] <= some[i]);
    assert_true(all[2] > 0 && all[1] < 0); /* 今天 天气 */
    close_all(&f);
}

static void test_any_bytes(void **state) {
    uint64_t hashes[HX_BOUNDARY_FEATURES];
    char bytes[120];
    float logits[sizeof bytes];
    fixture f;
    hx_rng r;
    (void)state;
    open_all(&f);
    hx_rng_seed(&r, TEST_SEED);
    for (int round = 0; round < 300; round++) {
        size_t len = hx_rng_below(&r, sizeof bytes), n;
        for (size_t i = 0; i < len; i++)
            bytes[i] =
                (char)(hx_rng_below(&r, 2) ? 0xE4 + hx_rng_below(&r, 5) : hx_rng_below(&r, 256));
        hx_boundary_char *c = chars_of(&f, round % 3, (hx_str){bytes, len}, &n);
        for (size_t i = 1; i < n; i++)
            assert_true(hx__boundary_features(c, n, i, hashes) <= HX_BOUNDARY_FEATURES);
        hx__boundary_logits(&f.model->learned->boundary[round % 3], c, n, logits);
        for (size_t i = 0; i < n; i++)
            assert_true(fabsf(logits[i]) <= 30);
        hx_arena_reset(f.arena);
    }
    close_all(&f);
}

/* ------------------------------------------------------------------ damaged files */
static void expect_refused(const char *name, hx_str bytes) {
    static const char *const kept[] = {"grams.check", "grams.weight", "grams.scale", "words.pku.c",
                                       "words.pku.w", "words.pku.k",  "words.pku.s"};
    enum { N = sizeof kept / sizeof *kept };
    const char *path = "boundary_damaged.hxd";
    hx_datafile_part parts[N];
    hx_datafile file = {0};
    hx_learned *l = NULL;
    hx_error err = {0};
    assert_int_equal(hx__datafile_open(&file, HX_SHARE_DIR "/models/huaxiang-learn/learn.hxd",
                                       HX_LEARNED_KIND, &err),
                     HX_OK);
    for (size_t i = 0; i < N; i++) {
        parts[i].name = kept[i];
        assert_int_equal(hx__datafile_section(&file, kept[i], 1, &parts[i].bytes, &err), HX_OK);
        if (strcmp(kept[i], name) == 0) parts[i].bytes = bytes;
    }
    assert_int_equal(hx__datafile_write(path, HX_LEARNED_KIND, parts, N, &err), HX_OK);
    hx__datafile_close(&file);
    assert_int_equal(hx__learned_open_file(&l, path, &err), bytes.ptr ? HX_EFORMAT : HX_OK);
    assert_true(bytes.ptr ? strstr(err.message, "holds no sound model") != NULL : l != NULL);
    hx__learned_close(l);
    (void)remove(path);
}

static void test_damaged_files(void **state) {
    static const uint32_t full[4] = {1, 1, 1, 1};
    static const double bad[2] = {0, NAN};
    static const char odd[12] = {0};
    (void)state;
    expect_refused("words.pku.k", (hx_str){(const char *)full, sizeof full});
    expect_refused("words.pku.k", (hx_str){odd, sizeof odd});
    expect_refused("words.pku.s", (hx_str){(const char *)bad, sizeof bad});
    expect_refused("words.pku.s", (hx_str){odd, 8});
    expect_refused("words.pku.w", (hx_str){odd, sizeof odd});
    expect_refused("words.pku.c", (hx_str){odd, sizeof odd});
    expect_refused("", (hx_str){NULL, 0});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standards), cmocka_unit_test(test_wide_forms_are_narrow_ones),
        cmocka_unit_test(test_what_is_far_away_changes_nothing), cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_damaged_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
