/* test_vocab_prune.c - smaller vocabularies: for each kind of tokenizer, the given texts are cut as before, special tokens stay, and texts
 * never seen still come back from their ids where the tokenizer has bytes.
 *
 * Tokenizers are those of tests/golden/llama/tokens. */
#include "unit/model/dataset_test.h"

#include "base/error.h"
#include "model/vocab_prune.h"

#define TOKENS HX_SOURCE_DIR "/tests/golden/llama/tokens/"

static const char *const kinds[] = {"llama2", "llama3",     "qwen2",   "smollm",
                                    "sp_bpe", "sp_unigram", "unigram", "gpt2"};
static const char texts[] = "The quick brown foxes jumped over 123 lazy dogs, didn't they?\n"
                            "这家店的服务态度很好，下次还会再来。\n"
                            "prices went up\tagain & again: 19.99!\n";

static void copy(const char *from, const char *folder, const char *name) {
    char path[512];
    path_buf to;
    hx_error err = {0};
    hx_buf b;
    hx_buf_init(&b, 1u << 28);
    (void)snprintf(path, sizeof path, "%s/%s", from, name);
    if (hx_file_exists(path)) {
        assert_int_equal(hx_file_read(path, &b, &err), HX_OK);
        make_file(folder, name, b.ptr, b.len, to);
    }
    hx_buf_release(&b);
}

static void encode(const hx_tokenizer *t, hx_str text, hx_buf *ids) {
    const hx_token_options o = {.special = true};
    hx_error err = {0};
    hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
    hx_buf_reset(ids);
    if (hx_tokenizer_encode(t, s, text, &o, ids, &err) != HX_OK) fail_msg("%s", err.message);
    hx_tokenizer_scratch_free(s);
}

static void check_texts(const char *kind, const hx_dataset *d, const hx_tokenizer *old,
                        const hx_tokenizer *pruned, const uint32_t *tokens, size_t n_tokens) {
    hx_buf a, b;
    hx_buf_init(&a, 1u << 20);
    hx_buf_init(&b, 1u << 20);
    for (size_t i = 0; i < hx_dataset_count(d, HX_PART_TRAIN); i++) {
        hx_str text = hx_dataset_at(d, HX_PART_TRAIN, i)->text;
        encode(old, text, &a);
        encode(pruned, text, &b);
        if (a.len != b.len) fail_msg("%s: text %zu has other tokens", kind, i);
        const int32_t *x = (const int32_t *)(const void *)a.ptr,
                      *y = (const int32_t *)(const void *)b.ptr;
        for (size_t k = 0; k < a.len / sizeof *x; k++) {
            assert_true(y[k] >= 0 && (size_t)y[k] < n_tokens);
            assert_int_equal(tokens[y[k]], x[k]);
            assert_true(hx_str_equal(hx_tokenizer_spelling(old, x[k]),
                                     hx_tokenizer_spelling(pruned, y[k])));
        }
    }
    hx_buf_release(&a);
    hx_buf_release(&b);
}

static void check_unseen(const hx_tokenizer *pruned) {
    static const char unseen[] = "Zürich 2026: 龙 \xF0\x9F\x90\x89";
    hx_error err = {0};
    hx_buf ids, text;
    hx_buf_init(&ids, 1u << 20);
    hx_buf_init(&text, 1u << 20);
    encode(pruned, (hx_str){unseen, sizeof unseen - 1}, &ids);
    assert_int_equal(hx_tokenizer_decode(pruned, (const int32_t *)(const void *)ids.ptr,
                                         ids.len / sizeof(int32_t), false, &text, &err),
                     HX_OK);
    assert_non_null(memmem(text.ptr, text.len, unseen, sizeof unseen - 1));
    hx_buf_release(&ids);
    hx_buf_release(&text);
}

static void texts_are_cut_as_before(void **state) {
    (void)state;
    char folder[32], from[512];
    path_buf path;
    hx_error err = {0};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        hx_tokenizer *old = NULL, *pruned = NULL;
        hx_arena *arena = hx_arena_new(0);
        uint32_t *tokens = NULL;
        size_t n = 0;
        test_directory(folder);
        (void)snprintf(from, sizeof from, TOKENS "%s", kinds[k]);
        copy(from, folder, "tokenizer.json");
        copy(from, folder, "tokenizer.model");
        make_file(folder, "texts.txt", texts, sizeof texts - 1, path);
        hx_dataset *d = must_read(path, NULL);
        assert_int_equal(hx_tokenizer_open_folder(&old, from, &err), HX_OK);
        size_t n_old = hx_tokenizer_n_vocab(old);
        if (hx__vocab_choose(d, old, folder, n_old, arena, &tokens, &n, &err) != HX_OK ||
            hx__vocab_rewrite(folder, tokens, n, &err) != HX_OK ||
            hx_tokenizer_open_folder(&pruned, folder, &err) != HX_OK)
            fail_msg("%s: %s", kinds[k], err.message);
        assert_true(n <= n_old);
        for (size_t i = 1; i < n; i++)
            assert_true(tokens[i] > tokens[i - 1]);
        assert_int_equal(hx_tokenizer_n_vocab(pruned), n);
        assert_int_equal(hx_tokenizer_bos(old) < 0, hx_tokenizer_bos(pruned) < 0);
        assert_int_equal(hx_tokenizer_eos(old) < 0, hx_tokenizer_eos(pruned) < 0);
        check_texts(kinds[k], d, old, pruned, tokens, n);
        if (hx_tokenizer_kind_of(old) == HX_TOKENIZER_BPE_BYTES) check_unseen(pruned);
        hx_tokenizer_close(old);
        hx_tokenizer_close(pruned);
        hx_dataset_free(d);
        hx_arena_free(arena);
        test_remove_tree(folder);
    }
}

static void what_is_no_tokenizer_is_named(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"tokenizer.json", "{\"model\":{\"vocab\":{},\"merges\":[3]}}"},
        {"tokenizer.model", "\x0a\x7f"}};
    static const uint32_t tokens[] = {0};
    char folder[32];
    path_buf path;
    hx_error err = {0};
    test_directory(folder);
    assert_int_equal(hx__vocab_rewrite(folder, tokens, 1, &err), HX_ENOTFOUND);
    for (size_t i = 2; i-- > 0;) {
        make_file(folder, bad[i][0], bad[i][1], strlen(bad[i][1]), path);
        assert_int_equal(hx__vocab_rewrite(folder, tokens, 1, &err), HX_EFORMAT);
        assert_non_null(strstr(err.message, bad[i][0]));
    }
    test_remove_tree(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_cut_as_before),
        cmocka_unit_test(what_is_no_tokenizer_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
