/* test_syntax.c - parts of speech, trees and sentences by the words around: features of any words stay within their room, what is joined with a
 * head decides, sentences are read the same alone and beside others, a damaged file is refused. */
#include "text_test.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "huaxiang/llama.h"
#include "text/arcs.h"
#include "text/beside.h"
#include "text/breaks.h"
#include "text/model.h"
#include "text/relations.h"
#include "text/small.h"
#include "text/tagger.h"
#include "text/upos.h"

typedef struct {
    hx_text_model *model;
    hx_tagger *tagger;
    hx_arena *arena;
    const hx_syntax *syntax;
} fixture;

static void open_all(fixture *f) {
    const hx_text_model_options options = {.engine = HX_ENGINE_LLAMA};
    hx_error err = {0};
    assert_int_equal(hx_text_model_open(&f->model, HX_SHARE_DIR, &options, &err), HX_OK);
    assert_int_equal(hx_tagger_open(&f->tagger, f->model, HX_WORDS_UD, &err), HX_OK);
    f->arena = hx_arena_new(0);
    assert_non_null(f->arena);
    assert_non_null(f->model->beside);
    f->syntax = f->model->beside->syntax;
    assert_non_null(f->syntax);
}

static void close_all(fixture *f) {
    hx_tagger_close(f->tagger);
    hx_text_model_close(f->model);
    hx_arena_free(f->arena);
}

static const char *conllu_of(fixture *f, const char *text) {
    const hx_str s = hx_str_of(text);
    hx_tagged_text said;
    hx_error err = {0};
    hx_str out;
    assert_int_equal(hx_tagger_read(f->tagger, &s, 1, f->arena, &said, &err), HX_OK);
    assert_int_equal(hx_tagged_conllu(s, &said, f->arena, &out, &err), HX_OK);
    return hx_arena_str(f->arena, out).ptr;
}

/* ------------------------------------------------------------------ features */
enum { WORDS = 40 };

static size_t made_words(hx_rng *r, hx_str *forms, const char **upos, char (*bytes)[16]) {
    static const char *const names[] = {"NOUN", "VERB", "PUNCT", "ADJ", NULL, "none of these"};
    size_t n = 1 + hx_rng_below(r, WORDS);
    for (size_t i = 0; i < n; i++) {
        size_t len = 1 + hx_rng_below(r, 15);
        for (size_t k = 0; k < len; k++)
            bytes[i][k] = (char)hx_rng_below(r, 256);
        forms[i] = (hx_str){bytes[i], len};
        upos[i] = names[hx_rng_below(r, sizeof names / sizeof *names)];
    }
    return n;
}

static void check_sentence(const fixture *f, hx_rng *r, size_t lang) {
    static char bytes[WORDS][16];
    hx_str forms[WORDS];
    const char *upos[WORDS];
    hx_syntax_word words[WORDS];
    uint32_t heads[WORDS];
    hx_arc_sentence s;
    uint64_t out[HX_ARC_FEATURES];
    double logits[HX_SYNTAX_LABELS_MAX];
    size_t n = made_words(r, forms, upos, bytes);
    hx__syntax_words(forms, upos, n, words);
    hx__arc_sentence(&s, words, n);
    for (size_t i = 0; i < n; i++) {
        heads[i] = (uint32_t)hx_rng_below(r, n + 1);
        if (heads[i] == i + 1) heads[i] = 0;
    }
    for (size_t i = 0; i < n; i++) {
        size_t some = hx__upos_features(forms, n, i, lang == 0, out);
        assert_true(some > 0 && some <= HX_UPOS_FEATURES);
        some = hx__relation_features(words, heads, n, i, out);
        assert_true(some > 0 && some <= HX_RELATION_FEATURES);
        hx__syntax_logits(&f->syntax->part[HX_SYNTAX_RELATIONS][lang], out, some, logits);
        some = hx__arc_features(&s, heads[i], i + 1, out);
        assert_true(some > 0 && some <= HX_ARC_FEATURES);
        hx__syntax_logits(&f->syntax->part[HX_SYNTAX_ARCS][lang], out, some, &logits[0]);
        assert_true(isfinite(logits[0]) && fabs(logits[0]) < 1e3);
    }
}

static void test_any_words(void **state) {
    fixture f;
    hx_rng r;
    (void)state;
    open_all(&f);
    hx_rng_seed(&r, TEST_SEED);
    for (size_t round = 0; round < 200; round++)
        check_sentence(&f, &r, round % 2);
    close_all(&f);
}

/* An arc's features are of the two words, their neighbours, what is between them and the last word. */
static void test_what_is_far_from_an_arc(void **state) {
    const hx_str one[] = {HX_STR_LIT("old"),  HX_STR_LIT("dogs"), HX_STR_LIT("sleep"),
                          HX_STR_LIT("here"), HX_STR_LIT("and"),  HX_STR_LIT("there"),
                          HX_STR_LIT(".")};
    hx_str two[7];
    const char *const upos[] = {"ADJ", "NOUN", "VERB", "ADV", "CCONJ", "ADV", "PUNCT"};
    hx_syntax_word a[7], b[7];
    hx_arc_sentence s, t;
    uint64_t x[HX_ARC_FEATURES], y[HX_ARC_FEATURES];
    (void)state;
    memcpy(two, one, sizeof two);
    two[5] = HX_STR_LIT("everywhere");
    hx__syntax_words(one, upos, 7, a);
    hx__syntax_words(two, upos, 7, b);
    hx__arc_sentence(&s, a, 7);
    hx__arc_sentence(&t, b, 7);
    size_t n = hx__arc_features(&s, 3, 2, x);
    assert_int_equal(hx__arc_features(&t, 3, 2, y), n);
    assert_memory_equal(x, y, n * sizeof *x);
    n = hx__arc_features(&s, 3, 6, x);
    assert_int_equal(hx__arc_features(&t, 3, 6, y), n);
    assert_memory_not_equal(x, y, n * sizeof *x);
    n = hx__arc_features(&s, 2, 3, y); /* the other way round is another arc */
    assert_memory_not_equal(x, y, n * sizeof *x);
}

/* ------------------------------------------------------------------ what stands beside a head */
/* Each word hangs on the next, the last on the root; every relation is the head's second label. */
static hx_status chain_arcs(void *self, size_t text, size_t n, float *scores, hx_error *err) {
    (void)err;
    ((size_t *)self)[text] = n;
    for (size_t i = 1; i <= n; i++) {
        double sum = 0;
        for (size_t h = 0; h <= n; h++) {
            sum += exp((double)scores[i * (n + 1) + h]);
            scores[i * (n + 1) + h] = h == (i < n ? i + 1 : 0) ? 0.0f : -50.0f;
        }
        assert_true(fabs(sum - 1) < 1e-3);
    }
    return HX_OK;
}

static hx_status second_label(void *self, size_t text, const uint32_t *heads, size_t n, float *logs,
                              hx_error *err) {
    size_t labels = ((size_t *)self)[8];
    (void)text;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(heads[i], i + 1 < n ? i + 2 : 0);
        for (size_t k = 0; k < labels; k++)
            logs[i * labels + k] = k == 1 ? 1.0f : 0.0f;
    }
    return HX_OK;
}

static void test_beside_decides(void **state) {
    const hx_str texts[] = {HX_STR_LIT("old dogs sleep here"), HX_STR_LIT("yes"),
                            HX_STR_LIT("she came .")};
    static const size_t wanted[] = {4, 1, 3};
    size_t seen[9] = {0};
    hx_tree trees[3];
    fixture f;
    hx_error err = {0};
    hx_llama_context *context;
    (void)state;
    open_all(&f);
    const hx_small *small = hx__tagger_small(f.tagger, &context);
    const hx_llama_head_info *head =
        hx_llama_head_of(small->llama, small->heads[HX_SMALL_TREES_EN]);
    seen[8] = head->n_labels;
    const hx_tree_beside beside = {seen, chain_arcs, second_label};
    const hx_tag_options options = {.words = true, .beside = &beside, .head = head->name};
    assert_int_equal(hx_llama_parse(context, texts, 3, &options, f.arena, trees, &err), HX_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(seen[i], wanted[i]);
        assert_int_equal(trees[i].n, wanted[i]);
        for (size_t k = 0; k < trees[i].n; k++) {
            assert_int_equal(trees[i].arcs[k].head, k + 1 < trees[i].n ? k + 2 : 0);
            assert_int_equal(trees[i].arcs[k].label, 1);
            assert_true(trees[i].arcs[k].score > 0.99f);
        }
    }
    close_all(&f);
}

static hx_status broken_arcs(void *self, size_t text, size_t n, float *scores, hx_error *err) {
    (void)self;
    (void)text;
    (void)n;
    (void)scores;
    if (err) memcpy(err->message, "no", 3);
    return HX_EIO;
}

static void test_beside_may_fail(void **state) {
    const hx_str text = HX_STR_LIT("she came .");
    const hx_tree_beside beside = {NULL, broken_arcs, second_label};
    hx_llama_context *context;
    hx_error err = {0};
    hx_tree tree;
    fixture f;
    (void)state;
    open_all(&f);
    const hx_small *small = hx__tagger_small(f.tagger, &context);
    const hx_tag_options options = {
        .words = true,
        .beside = &beside,
        .head = hx_llama_head_of(small->llama, small->heads[HX_SMALL_TREES_EN])->name};
    assert_int_equal(hx_llama_parse(context, &text, 1, &options, f.arena, &tree, &err), HX_EIO);
    close_all(&f);
}

/* ------------------------------------------------------------------ all together */
static void test_alone_and_beside_others(void **state) {
    static const char *const texts[] = {"The soup was cold. I will not come again!",
                                        "这家店的服务很好，我们都喜欢。", "yes",
                                        "物流太慢了 the box was broken"};
    enum { N = sizeof texts / sizeof *texts };
    hx_str list[N];
    hx_tagged_text all[N];
    fixture f;
    hx_error err = {0};
    (void)state;
    open_all(&f);
    for (size_t i = 0; i < N; i++)
        list[i] = hx_str_of(texts[i]);
    assert_int_equal(hx_tagger_read(f.tagger, list, N, f.arena, all, &err), HX_OK);
    for (size_t i = 0; i < N; i++) {
        hx_str out;
        assert_int_equal(hx_tagged_conllu(list[i], &all[i], f.arena, &out, &err), HX_OK);
        assert_string_equal(hx_arena_str(f.arena, out).ptr, conllu_of(&f, texts[i]));
    }
    close_all(&f);
}

static void test_what_it_says(void **state) {
    fixture f;
    (void)state;
    open_all(&f);
    const char *said = conllu_of(&f, "The soup was cold and the waiter ignored us.");
    assert_non_null(strstr(said, "2\tsoup\t_\tNOUN\t_\t_\t4\tnsubj"));
    assert_non_null(strstr(said, "4\tcold\t_\tADJ\t_\t_\t0\troot"));
    assert_non_null(strstr(said, "7\twaiter\t_\tNOUN\t_\t_\t8\tnsubj"));
    said = conllu_of(&f, "我们喜欢这家酒店。");
    assert_non_null(strstr(said, "1\t我们\t_\tPRON\t_\t_\t2\tnsubj"));
    assert_non_null(strstr(said, "2\t喜欢\t_\tVERB\t_\t_\t0\troot"));
    close_all(&f);
}

/* Nothing is said of more than HX_ARC_WORDS_MAX words; the head still is. */
static void test_a_long_sentence(void **state) {
    char text[4096] = "";
    fixture f;
    (void)state;
    open_all(&f);
    for (size_t i = 0; i < HX_ARC_WORDS_MAX + 40; i++)
        memcpy(text + 5 * i, i % 2 ? "and  " : "dogs ", 5);
    const char *said = conllu_of(&f, text);
    assert_non_null(strstr(said, "\troot\t"));
    close_all(&f);
}

/* ------------------------------------------------------------------ sentences */
static size_t sentences_of(fixture *f, const char *text) {
    const hx_str s = hx_str_of(text);
    hx_tagged_text said;
    hx_error err = {0};
    assert_int_equal(hx_tagger_cut(f->tagger, &s, 1, f->arena, &said, &err), HX_OK);
    return said.n;
}

static void test_sentences(void **state) {
    fixture f;
    (void)state;
    open_all(&f);
    assert_int_equal(sentences_of(&f, "Great food.\n\nGreat service"), 2);
    assert_int_equal(sentences_of(&f, "I bought it for the U.S. Army."), 1);
    assert_int_equal(
        sentences_of(&f, "the food was great!! thanks for the quick delivery, I will be back"), 2);
    assert_int_equal(sentences_of(&f, "I didn't like it. It wasn't what I ordered."), 2);
    assert_int_equal(sentences_of(&f, ""), 0);
    close_all(&f);
}

static void test_breaks_of_any_bytes(void **state) {
    char bytes[200];
    bool said[sizeof bytes];
    uint64_t out[HX_BREAK_FEATURES];
    fixture f;
    hx_rng r;
    hx_error err = {0};
    (void)state;
    open_all(&f);
    hx_rng_seed(&r, TEST_SEED);
    for (int round = 0; round < 300; round++) {
        hx_english_word *words;
        size_t n, len = hx_rng_below(&r, sizeof bytes);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)(hx_rng_below(&r, 3) ? "ab .!\nA'"[hx_rng_below(&r, 8)]
                                                  : (int)hx_rng_below(&r, 256));
        const hx_str text = {bytes, len};
        assert_int_equal(hx_english_words(text, f.arena, &words, &n, &err), HX_OK);
        for (size_t i = 1; i < n; i++)
            assert_true(hx__break_features(text, words, n, i, out) <= HX_BREAK_FEATURES);
        hx__break_words(&f.syntax->part[HX_SYNTAX_BREAKS][1], 0, text, words, n, said);
        for (size_t i = 0; i < n; i++) {
            if (hx__break_is_sure(text, words, i)) assert_true(words[i].begins);
            if (i > 0 && words[i].joins && !hx__break_is_sure(text, words, i))
                assert_false(words[i].begins);
        }
        hx_arena_reset(f.arena);
    }
    close_all(&f);
}

/* ------------------------------------------------------------------ damaged files */
static void expect_refused(const char *name, hx_str bytes) {
    static const char *const kept[] = {"upos.en.c", "upos.en.w", "upos.en.s", "upos.en.l",
                                       "arcs.en.c", "arcs.en.w", "arcs.en.s"};
    enum { N = sizeof kept / sizeof *kept };
    const char *path = "syntax_damaged.hxd";
    hx_datafile_part parts[N];
    hx_datafile file = {0};
    hx_syntax *s = NULL;
    hx_error err = {0};
    assert_int_equal(hx__datafile_open(&file, HX_SHARE_DIR "/models/huaxiang-learn/syntax.hxd",
                                       HX_SYNTAX_KIND, &err),
                     HX_OK);
    for (size_t i = 0; i < N; i++) {
        parts[i].name = kept[i];
        assert_int_equal(hx__datafile_section(&file, kept[i], 1, &parts[i].bytes, &err), HX_OK);
        if (strcmp(kept[i], name) == 0) parts[i].bytes = bytes;
    }
    assert_int_equal(hx__datafile_write(path, HX_SYNTAX_KIND, parts, N, &err), HX_OK);
    hx__datafile_close(&file);
    assert_int_equal(hx__syntax_open_file(&s, path, &err), bytes.ptr ? HX_EFORMAT : HX_OK);
    assert_true(bytes.ptr ? strstr(err.message, "holds no sound model") != NULL : s != NULL);
    hx__syntax_close(s);
    (void)remove(path);
}

static void test_damaged_files(void **state) {
    static const double bad[2] = {NAN, 0};
    static const char odd[12] = {0},
                      many[65] = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
                                 "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";
    (void)state;
    expect_refused("upos.en.s", (hx_str){(const char *)bad, sizeof bad[0]});
    expect_refused("upos.en.s", (hx_str){odd, 4});
    expect_refused("upos.en.l", (hx_str){odd, sizeof odd});
    expect_refused("upos.en.l", (hx_str){many, sizeof many});
    expect_refused("arcs.en.w", (hx_str){odd, sizeof odd});
    expect_refused("arcs.en.c", (hx_str){odd, sizeof odd});
    expect_refused("", (hx_str){NULL, 0});
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_words),
                                       cmocka_unit_test(test_what_is_far_from_an_arc),
                                       cmocka_unit_test(test_beside_decides),
                                       cmocka_unit_test(test_beside_may_fail),
                                       cmocka_unit_test(test_alone_and_beside_others),
                                       cmocka_unit_test(test_what_it_says),
                                       cmocka_unit_test(test_a_long_sentence),
                                       cmocka_unit_test(test_sentences),
                                       cmocka_unit_test(test_breaks_of_any_bytes),
                                       cmocka_unit_test(test_damaged_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
