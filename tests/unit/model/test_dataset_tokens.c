/* test_dataset_tokens.c - token lists of examples: specials, cutting, pairs, words; the same at any number of threads.
 *
 * Tokenizers are those of tests/golden/llama/tokens; that ids are right is tested there, here that lists hold what the tokenizer gives. */
#include "unit/model/dataset_test.h"

#define TOKENS HX_SOURCE_DIR "/tests/golden/llama/tokens/"

static hx_tokenizer *open_tokenizer(const char *name) {
    char path[512];
    hx_error err = {0};
    hx_tokenizer *t = NULL;
    (void)snprintf(path, sizeof path, TOKENS "%s", name);
    if (hx_tokenizer_open_folder(&t, path, &err) != HX_OK) fail_msg("%s", err.message);
    return t;
}

/* The ids of one text as the tokenizer gives them. */
static size_t encode(const hx_tokenizer *t, hx_str text, bool special, hx_buf *ids) {
    hx_error err = {0};
    const hx_token_options o = {.special = special};
    hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
    hx_buf_reset(ids);
    if (hx_tokenizer_encode(t, s, text, &o, ids, &err) != HX_OK) fail_msg("%s", err.message);
    hx_tokenizer_scratch_free(s);
    return ids->len / sizeof(int32_t);
}

static void lists_are_those_of_the_tokenizer(void **state) {
    (void)state;
    static const char *const names[] = {"llama2", "qwen2", "llama3", "unigram"};
    char folder[32];
    path_buf path;
    hx_error err = {0};
    test_directory(folder);
    make_numbered(folder, 300, 3, path);
    hx_dataset *d = must_read(path, NULL);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        hx_tokenizer *t = open_tokenizer(names[k]);
        hx_arena *arena = hx_arena_new(0);
        hx_token_lists one, three;
        hx_buf ids;
        hx_buf_init(&ids, 1u << 20);
        assert_int_equal(hx_dataset_tokens(d, t, HX_PART_TRAIN, 0, 1, arena, &one, &err), HX_OK);
        assert_int_equal(hx_dataset_tokens(d, t, HX_PART_TRAIN, 0, 3, arena, &three, &err), HX_OK);
        assert_int_equal(one.n, 300);
        assert_memory_equal(one.starts, three.starts, 301 * sizeof *one.starts);
        assert_memory_equal(one.ids, three.ids, one.starts[300] * sizeof *one.ids);
        for (size_t i = 0; i < 300; i++) {
            size_t n = encode(t, hx_dataset_at(d, HX_PART_TRAIN, i)->text, true, &ids);
            assert_int_equal(one.starts[i + 1] - one.starts[i], n);
            assert_memory_equal(one.ids + one.starts[i], ids.ptr, ids.len);
        }
        assert_null(one.words);
        hx_buf_release(&ids);
        hx_arena_free(arena);
        hx_tokenizer_close(t);
    }
    assert_int_equal(hx_dataset_checked(d)->n_long, 0);
    hx_dataset_free(d);
    test_remove_tree(folder);
}

static void long_texts_are_cut(void **state) {
    (void)state;
    static const char csv[] = "text\none two three four five six seven eight nine ten eleven\nok\n";
    char folder[32];
    path_buf path;
    hx_error err = {0};
    test_directory(folder);
    make_file(folder, "l.csv", csv, sizeof csv - 1, path);
    hx_dataset *d = must_read(path, NULL);
    hx_tokenizer *t = open_tokenizer("sp_bpe");
    hx_arena *arena = hx_arena_new(0);
    hx_token_lists l;
    assert_int_equal(hx_dataset_tokens(d, t, HX_PART_TRAIN, 5, 1, arena, &l, &err), HX_OK);
    assert_int_equal(l.starts[1], 5);
    assert_int_equal(l.ids[0], hx_tokenizer_bos(t));
    assert_int_equal(hx_dataset_checked(d)->n_long, 1);
    hx_arena_free(arena);
    hx_tokenizer_close(t);
    hx_dataset_free(d);
    test_remove_tree(folder);
}

static void pairs_have_a_separator(void **state) {
    (void)state;
    static const char csv[] = "a,b\none two three four five six seven eight,nine\n";
    char folder[32];
    path_buf path;
    hx_error err = {0};
    test_directory(folder);
    make_file(folder, "p.csv", csv, sizeof csv - 1, path);
    const hx_dataset_options o = {.text = "a", .text2 = "b"};
    hx_dataset *d = must_read(path, &o);
    hx_tokenizer *t = open_tokenizer("sp_bpe");
    hx_arena *arena = hx_arena_new(0);
    hx_token_lists l;
    hx_buf a, b;
    hx_buf_init(&a, 1u << 20);
    hx_buf_init(&b, 1u << 20);
    const hx_example *e = hx_dataset_at(d, HX_PART_TRAIN, 0);
    size_t n = encode(t, e->text, false, &a), m = encode(t, e->text2, false, &b);
    assert_int_equal(hx_dataset_tokens(d, t, HX_PART_TRAIN, 0, 1, arena, &l, &err), HX_OK);
    assert_int_equal(l.starts[1], 1 + n + 1 + m);
    assert_memory_equal(l.ids + 1, a.ptr, a.len);
    assert_int_equal(l.ids[1 + n], hx_tokenizer_eos(t));
    assert_memory_equal(l.ids + 2 + n, b.ptr, b.len);
    assert_int_equal(hx_dataset_tokens(d, t, HX_PART_TRAIN, m + 5, 1, arena, &l, &err), HX_OK);
    assert_int_equal(l.starts[1], m + 5);
    assert_memory_equal(l.ids + 5, b.ptr, b.len);
    hx_buf_release(&a);
    hx_buf_release(&b);
    hx_arena_free(arena);
    hx_tokenizer_close(t);
    hx_dataset_free(d);
    test_remove_tree(folder);
}

static void words_know_their_first_token(void **state) {
    (void)state;
    static const char *const names[] = {"llama2", "qwen2"};
    static const char csv[] = "text,label\nunbelievable cats sleep,A B C\n北 京 cats,A B C\n";
    char folder[32];
    path_buf path;
    hx_error err = {0};
    test_directory(folder);
    make_file(folder, "t.csv", csv, sizeof csv - 1, path);
    const hx_dataset_options o = {.target = HX_TARGET_TAGS};
    hx_dataset *d = must_read(path, &o);
    for (size_t k = 0; k < 2; k++) {
        hx_tokenizer *t = open_tokenizer(names[k]);
        hx_arena *arena = hx_arena_new(0);
        hx_token_lists l;
        hx_buf text;
        hx_buf_init(&text, 4096);
        assert_int_equal(hx_dataset_tokens(d, t, HX_PART_TRAIN, 0, 2, arena, &l, &err), HX_OK);
        assert_int_equal(l.word_starts[2], 6);
        for (size_t i = 0; i < 2; i++) {
            const uint32_t *w = l.words + l.word_starts[i], *ids = l.ids + l.starts[i];
            assert_true(w[0] < w[1] && w[1] < w[2] && w[2] < l.starts[i + 1] - l.starts[i]);
            hx_buf_reset(&text);
            assert_int_equal(hx_tokenizer_decode(t, (const int32_t *)(const void *)(ids + w[1]),
                                                 w[2] - w[1], false, &text, &err),
                             HX_OK);
            hx_str s = hx_buf_str(&text);
            if (s.len && *s.ptr == ' ') s = (hx_str){s.ptr + 1, s.len - 1};
            assert_str(s, i == 0 ? "cats" : "京");
        }
        assert_int_equal(hx_dataset_tokens(d, t, HX_PART_TRAIN, l.words[2] + 0, 2, arena, &l, &err),
                         HX_OK);
        assert_int_equal(l.words[2], HX_NO_TOKEN);
        hx_buf_release(&text);
        hx_arena_free(arena);
        hx_tokenizer_close(t);
    }
    hx_dataset_free(d);
    test_remove_tree(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_those_of_the_tokenizer),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(pairs_have_a_separator),
        cmocka_unit_test(words_know_their_first_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
