/* test_tagger.c - sentences and words of texts cover any bytes; a user's words stay whole; parts of speech and trees are those that the model says of
 * just these words, whatever is beside the text; CoNLL-U of it is read again.
 *
 * The model is gguf_classes of the golden files, its head read as one for tags, for words, or, with weights put in here, for trees. */
#include <unistd.h>

#include "unit/base/base_test.h"
#include "unit/text/random_text.h"

#include "base/file.h"
#include "llama/model.h"
#include "text/model.h"
#include "text/small.h"
#include "text/tagger.h"

enum { WIDTH = 2, LABELS_MOST = 8, EMBEDDING_MOST = 64 };

typedef struct {
    hx_text_model *model;
    hx_tagger *tagger;
    hx_arena *arena;
    float mlp[4 * WIDTH * EMBEDDING_MOST], bias[4 * WIDTH], arc[(WIDTH + 1) * WIDTH],
        relation[LABELS_MOST * (WIDTH + 1) * (WIDTH + 1)];
} tagger_fixture;

static void fill(hx_rng *r, float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        x[i] = (float)hx_rng_below(r, 2001) / 500 - 2;
}

static void make_tree_head(tagger_fixture *f, hx_llama *m) {
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    assert_true(m->config.n_embd <= EMBEDDING_MOST && m->config.n_labels <= LABELS_MOST);
    fill(&r, f->mlp, sizeof f->mlp / sizeof *f->mlp);
    fill(&r, f->bias, sizeof f->bias / sizeof *f->bias);
    fill(&r, f->arc, sizeof f->arc / sizeof *f->arc);
    fill(&r, f->relation, sizeof f->relation / sizeof *f->relation);
    m->config.tasks[0].is_score = false;
    m->heads[0].width = WIDTH;
    m->heads[0].n_out = m->config.tasks[0].n_labels;
    m->heads[0].mlp = f->mlp;
    m->heads[0].mlp_bias = f->bias;
    m->heads[0].arc = f->arc;
    m->heads[0].relation = f->relation;
}

static hx_small *small_with(tagger_fixture *f, hx_llama_head_kind kind, const hx_small_task *tasks,
                            size_t n) {
    const hx_llama_options options = {.precision = HX_PRECISION_EXACT, .n_threads = 1};
    hx_small *s = calloc(1, sizeof *s);
    hx_error err = {0};
    assert_non_null(s);
    if (hx_llama_open(&s->llama, HX_SOURCE_DIR "/tests/golden/llama/gguf_classes.gguf", &options,
                      &err) != HX_OK)
        fail_msg("%s", err.message);
    hx_llama *m = s->llama;
    m->config.head_is_token = true;
    m->config.tasks[0].kind = m->heads[0].info.kind = kind;
    m->heads[0].info.of_words = true;
    if (kind == HX_LLAMA_TREE) make_tree_head(f, m);
    for (int i = 0; i < HX_SMALL_N; i++)
        s->heads[i] = HX_SMALL_NONE;
    for (size_t i = 0; i < n; i++)
        s->heads[tasks[i]] = 0;
    return s;
}

/* A tagger with the model's only head for those tasks; n = 0: without a model. */
static tagger_fixture *open_tagger(const char *user_words, hx_llama_head_kind kind,
                                   const hx_small_task *tasks, size_t n) {
    tagger_fixture *f = calloc(1, sizeof *f);
    char directory[32], path[64];
    hx_text_model_options options = {.engine = HX_ENGINE_RULES};
    hx_error err = {0};
    assert_non_null(f);
    test_directory(directory);
    snprintf(path, sizeof path, "%s/words", directory);
    if (user_words) {
        assert_int_equal(hx_file_write(path, hx_str_of(user_words), true, NULL), HX_OK);
        options.user_words = path;
    }
    if (hx_text_model_open(&f->model, HX_SHARE_DIR, &options, &err) != HX_OK)
        fail_msg("%s", err.message);
    unlink(path);
    rmdir(directory);
    if (n > 0) f->model->small = small_with(f, kind, tasks, n);
    if (hx_tagger_open(&f->tagger, f->model, HX_WORDS_UD, &err) != HX_OK)
        fail_msg("%s", err.message);
    f->arena = hx_arena_new(0);
    assert_non_null(f->arena);
    return f;
}

static void close_tagger(tagger_fixture *f) {
    hx_tagger_close(f->tagger);
    if (f->model->small) f->model->small->llama->heads[0].mlp = NULL;
    hx_text_model_close(f->model);
    hx_arena_free(f->arena);
    free(f);
}

static hx_tagged_text read_one(tagger_fixture *f, hx_str text) {
    hx_tagged_text out;
    hx_error err = {0};
    if (hx_tagger_read(f->tagger, &text, 1, f->arena, &out, &err) != HX_OK)
        fail_msg("%s", err.message);
    return out;
}

/* "a b|c": sentences with '|' between them, words with '/'. */
static void check_words(tagger_fixture *f, const char *text, const char *wanted) {
    char got[1024];
    size_t n = 0;
    hx_tagged_text said = read_one(f, hx_str_of(text));
    for (size_t i = 0; i < said.n; i++)
        for (size_t k = 0; k < said.sentences[i].n; k++) {
            const hx_tagged_word *w = &said.sentences[i].words[k];
            int len = (int)(w->span.end - w->span.start);
            n += (size_t)snprintf(got + n, sizeof got - n, "%s%.*s",
                                  k > 0 ? w->joins ? "+" : "/"
                                  : i   ? "|"
                                        : "",
                                  len, text + w->span.start);
        }
    assert_string_equal(got, wanted);
}

/* ------------------------------------------------------------------ words */
static void sentences_and_words_by_rules(void **state) {
    (void)state;
    tagger_fixture *f = open_tagger(NULL, HX_LLAMA_TAG, NULL, 0);
    check_words(f, "手机很好。物流太慢！", "手机/很/好/。|物流/太慢/！");
    check_words(f, "他说：“好吃！！”我也觉得", "他/说/：/“/好吃/！/！/”|我/也/觉得");
    check_words(f, "好吃\n\n物流慢", "好吃|物流/慢");
    check_words(f, "I don't know. Ask him!", "I/do+n't/know/.|Ask/him/!");
    check_words(f, "Good.\n手机好\nBad.", "Good/.|手机/好|Bad/.");
    assert_int_equal(read_one(f, HX_STR_LIT("")).n, 0);
    assert_int_equal(read_one(f, HX_STR_LIT(" \n\t　")).n, 0);
    hx_tagged_text said = read_one(f, HX_STR_LIT("手机好"));
    assert_true(said.sentences[0].chinese);
    assert_null(said.sentences[0].words[0].upos);
    assert_null(said.sentences[0].words[0].deprel);
    assert_true(said.sentences[0].words[0].head == HX_TAGGED_NO_HEAD);
    close_tagger(f);
}

static bool is_space_at(hx_str s, size_t at) {
    unsigned char c = (unsigned char)s.ptr[at];
    static const char *const wide[] = {"\xC2\x85", "\xC2\xA0", "\xE3\x80\x80", "\xE1\x9A\x80"};
    if (c == ' ' || (c >= 9 && c <= 13)) return true;
    for (size_t i = 0; i < 4; i++)
        for (size_t back = 0; back < strlen(wide[i]); back++)
            if (at >= back && at - back + strlen(wide[i]) <= s.len &&
                memcmp(s.ptr + at - back, wide[i], strlen(wide[i])) == 0)
                return true;
    for (size_t back = 0; back < 3; back++) {
        if (at < back || at - back + 3 > s.len) continue;
        const unsigned char *p = (const unsigned char *)s.ptr + at - back;
        bool quad =
            p[0] == 0xE2 && p[1] == 0x80 &&
            ((p[2] >= 0x80 && p[2] <= 0x8A) || p[2] == 0xA8 || p[2] == 0xA9 || p[2] == 0xAF);
        if (quad || (p[0] == 0xE2 && p[1] == 0x81 && p[2] == 0x9F)) return true;
    }
    return false;
}

/* Words are in order, do not overlap and leave out white space alone; a sentence is not too long and has a tree or none. */
static void check_cover(hx_str text, const hx_tagged_text *said) {
    size_t at = 0;
    for (size_t i = 0; i < said->n; i++) {
        const hx_tagged_sentence *s = &said->sentences[i];
        assert_true(s->n > 0 && s->n <= HX_TAGGED_WORDS_MAX);
        size_t roots = 0, trees = 0;
        for (size_t k = 0; k < s->n; k++) {
            hx_span span = s->words[k].span;
            assert_true(span.start >= at && span.end > span.start && span.end <= text.len);
            for (; at < span.start; at++)
                assert_true(is_space_at(text, at));
            at = span.end;
            trees += s->words[k].deprel != NULL;
            roots += s->words[k].deprel != NULL && s->words[k].head == 0;
            assert_true(!s->words[k].deprel || s->words[k].head <= s->n);
        }
        assert_true(trees == 0 || (trees == s->n && roots == 1));
    }
    for (; at < text.len; at++)
        assert_true(is_space_at(text, at));
}

static void words_cover_any_bytes(void **state) {
    (void)state;
    static const hx_small_task words[] = {HX_SMALL_WORDS_UD},
                               trees[] = {HX_SMALL_TREES_ZH, HX_SMALL_TREES_EN};
    const struct {
        hx_llama_head_kind kind;
        const hx_small_task *tasks;
        size_t n;
    } cases[] = {{HX_LLAMA_TAG, NULL, 0}, {HX_LLAMA_SEGMENT, words, 1}, {HX_LLAMA_TREE, trees, 2}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        tagger_fixture *f =
            open_tagger("Edu Trust认证\n好。吃\n", cases[c].kind, cases[c].tasks, cases[c].n);
        hx_rng r;
        char memory[1024];
        hx_rng_seed(&r, TEST_SEED);
        for (int round = 0; round < 1000; round++) {
            hx_str text = random_text(&r, memory, sizeof memory);
            hx_tagged_text said = read_one(f, text);
            check_cover(text, &said);
            hx_arena_reset(f->arena);
        }
        close_tagger(f);
    }
}

static void words_of_a_user_stay_whole(void **state) {
    (void)state;
    static const hx_small_task words[] = {HX_SMALL_WORDS_UD};
    for (size_t n = 0; n < 2; n++) {
        tagger_fixture *f =
            open_tagger("Edu Trust认证\n好。吃\n云计算平台\n", HX_LLAMA_SEGMENT, words, n);
        hx_str text = HX_STR_LIT("通过Edu  Trust认证，做云计算平台，好。吃了");
        hx_tagged_text said = read_one(f, text);
        size_t found = 0;
        for (size_t i = 0; i < said.n; i++)
            for (size_t k = 0; k < said.sentences[i].n; k++) {
                hx_span span = said.sentences[i].words[k].span;
                hx_str word = {text.ptr + span.start, span.end - span.start};
                found += hx_str_equal(word, HX_STR_LIT("Edu  Trust认证")) ||
                         hx_str_equal(word, HX_STR_LIT("好。吃")) ||
                         hx_str_equal(word, HX_STR_LIT("云计算平台"));
            }
        assert_int_equal(found, 3);
        close_tagger(f);
    }
}

/* ------------------------------------------------------------------ what heads say */
static hx_str line_of(hx_arena *arena, hx_str text, const hx_tagged_sentence *s) {
    char *line = hx_arena_alloc(arena, text.len + s->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        hx_span span = s->words[i].span;
        if (i > 0) line[n++] = ' ';
        memcpy(line + n, text.ptr + span.start, span.end - span.start);
        n += span.end - span.start;
    }
    return (hx_str){line, n};
}

static const char *const spoken[] = {"the delivery was late. I don't like it", "手机很好，物流慢。",
                                     "", "good\n好"};
enum { N_SPOKEN = 4 };

static void parts_of_speech_are_of_the_words_given(void **state) {
    (void)state;
    static const hx_small_task tasks[] = {HX_SMALL_POS_ZH, HX_SMALL_POS_EN};
    tagger_fixture *f = open_tagger(NULL, HX_LLAMA_TAG, tasks, 2);
    const hx_tag_options options = {.words = true, .apart = true};
    hx_str texts[N_SPOKEN];
    hx_tagged_text all[N_SPOKEN];
    hx_llama_context *c;
    size_t words = 0;
    for (size_t i = 0; i < N_SPOKEN; i++)
        texts[i] = hx_str_of(spoken[i]);
    assert_int_equal(hx_llama_context_open(&c, f->model->small->llama, NULL, NULL), HX_OK);
    assert_int_equal(hx_tagger_read(f->tagger, texts, N_SPOKEN, f->arena, all, NULL), HX_OK);
    for (size_t i = 0; i < N_SPOKEN; i++)
        for (size_t k = 0; k < all[i].n; k++) {
            const hx_tagged_sentence *s = &all[i].sentences[k];
            hx_str line = line_of(f->arena, texts[i], s);
            hx_tags tags;
            assert_int_equal(hx_llama_tag(c, &line, 1, &options, f->arena, &tags, NULL), HX_OK);
            assert_int_equal(tags.n, s->n);
            for (size_t w = 0; w < s->n; w++, words++)
                assert_string_equal(s->words[w].upos, hx_llama_head_label(f->model->small->llama, 0,
                                                                          tags.tags[w].label));
        }
    assert_true(words > 15);
    hx_llama_context_close(c);
    close_tagger(f);
}

static void trees_are_of_the_words_given(void **state) {
    (void)state;
    static const hx_small_task tasks[] = {HX_SMALL_TREES_ZH, HX_SMALL_TREES_EN};
    tagger_fixture *f = open_tagger(NULL, HX_LLAMA_TREE, tasks, 2);
    const hx_tag_options options = {.words = true};
    hx_llama_context *c;
    assert_int_equal(hx_llama_context_open(&c, f->model->small->llama, NULL, NULL), HX_OK);
    for (size_t i = 0; i < N_SPOKEN; i++) {
        hx_str text = hx_str_of(spoken[i]);
        hx_tagged_text said = read_one(f, text);
        check_cover(text, &said);
        for (size_t k = 0; k < said.n; k++) {
            const hx_tagged_sentence *s = &said.sentences[k];
            hx_str line = line_of(f->arena, text, s);
            hx_tree tree;
            assert_int_equal(hx_llama_parse(c, &line, 1, &options, f->arena, &tree, NULL), HX_OK);
            assert_int_equal(tree.n, s->n);
            for (size_t w = 0; w < s->n; w++)
                assert_int_equal(s->words[w].head, tree.arcs[w].head);
        }
    }
    hx_llama_context_close(c);
    close_tagger(f);
}

/* Longer than the model reads: every word has a head all the same. */
static void words_that_are_not_read_hang_on_the_root(void **state) {
    (void)state;
    static const hx_small_task tasks[] = {HX_SMALL_TREES_ZH, HX_SMALL_TREES_EN};
    tagger_fixture *f = open_tagger(NULL, HX_LLAMA_TREE, tasks, 2);
    char text[4096] = "";
    size_t n = 0;
    for (int i = 0; i < 300; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "unreadable ");
    hx_tagged_text said = read_one(f, (hx_str){text, n});
    check_cover((hx_str){text, n}, &said);
    assert_int_equal(said.n, 3);
    size_t hanging = 0;
    for (size_t k = 0; k < said.sentences[0].n; k++) {
        assert_non_null(said.sentences[0].words[k].deprel);
        hanging += strcmp(said.sentences[0].words[k].deprel, "dep") == 0;
    }
    assert_true(hanging > 0);
    close_tagger(f);
}

/* ------------------------------------------------------------------ CoNLL-U */
static void what_is_written_is_read_again(void **state) {
    (void)state;
    static const hx_small_task tasks[] = {HX_SMALL_TREES_ZH, HX_SMALL_TREES_EN};
    tagger_fixture *f = open_tagger(NULL, HX_LLAMA_TREE, tasks, 2);
    for (size_t i = 0; i < N_SPOKEN; i++) {
        hx_str text = hx_str_of(spoken[i]), written;
        hx_tagged_text said = read_one(f, text);
        hx_conllu_sentence *made, *again;
        hx_conllu_scores scores;
        hx_error err = {0};
        size_t n, n_again;
        assert_int_equal(hx__tagged_conllu(text, &said, f->arena, &made, &n, &err), HX_OK);
        assert_int_equal(hx_conllu_write(made, n, f->arena, &written, &err), HX_OK);
        if (hx_conllu_read(written, f->arena, &again, &n_again, &err) != HX_OK)
            fail_msg("%s", err.message);
        assert_int_equal(n, n_again);
        if (hx_conllu_score(made, n, again, n_again, &scores, &err) != HX_OK)
            fail_msg("%s", err.message);
        assert_int_equal(scores.las.right, scores.las.gold);
        if (i != 0) continue;
        assert_non_null(memmem(written.ptr, written.len, "2-3\tdon't\t_", 10));
        assert_non_null(memmem(written.ptr, written.len, "\tlate\t", 6));
        assert_true(again[0].rows[3].columns[HX_CONLLU_MISC].len > 1); /* late|. */
    }
    close_tagger(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_and_words_by_rules),
        cmocka_unit_test(words_cover_any_bytes),
        cmocka_unit_test(words_of_a_user_stay_whole),
        cmocka_unit_test(parts_of_speech_are_of_the_words_given),
        cmocka_unit_test(trees_are_of_the_words_given),
        cmocka_unit_test(words_that_are_not_read_hang_on_the_root),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
