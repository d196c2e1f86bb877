/* test_word_tokens.c - words encoded one by one give the tokens of the text as people write it, and each word's place is its first token with text.
 *
 * A model's heads for words read the same tokens in training, from lists of words, as in use, from plain texts. That holds of vocabularies in which no
 * token joins two words, such as the one learnt here, where Han characters stay alone. */
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "llama/tokenizer_train.h"
#include "llama/word_tokens.h"
#include "unit/llama/golden_test.h"

typedef struct {
    const char *words, *text;
} pair;

static const pair pairs[] = {
    {"The delivery was late .", "The delivery was late."},
    {"she 's ( quite ) sure", "she's (quite) sure"},
    {"one", "one"},
    {"paid $ 120 , or 5 % more", "paid $120, or 5% more"},
    {"我 爱 北京", "我爱北京"},
    {"很 好 ， 再 来 。", "很好，再来。"},
    {"用 iPhone 15 拍照", "用iPhone 15拍照"},
    {"good 东西 ok", "good东西ok"},
};

static hx_tokenizer *tokenizer_of(const char *name) {
    char path[512];
    hx_tokenizer *t = NULL;
    snprintf(path, sizeof path, "%s/tests/golden/llama/tokens/%s", HX_SOURCE_DIR, name);
    assert_int_equal(hx_tokenizer_open_folder(&t, path, NULL), HX_OK);
    return t;
}

/* Places rise, and each one's token begins with a character of its word. */
static void check_places(const hx_tokenizer *t, hx_str words, const hx_buf *ids,
                         const hx_buf *places) {
    const uint32_t *place = (const uint32_t *)(const void *)places->ptr;
    const int32_t *id = (const int32_t *)(const void *)ids->ptr;
    size_t at = 0, i = 0;
    hx_str word;
    for (; hx_word_next(words, &at, &word); i++) {
        assert_true(place[i] < ids->len / sizeof *id);
        assert_true(i == 0 || place[i] > place[i - 1]);
        hx_str s = hx_tokenizer_bytes(t, id[place[i]]);
        while (s.len > 0 && s.ptr[0] == ' ')
            s = (hx_str){s.ptr + 1, s.len - 1};
        assert_true(s.len > 0 && s.ptr[0] == word.ptr[0]);
    }
    assert_int_equal(places->len / sizeof *place, i);
}

static void check_pair(const hx_tokenizer *t, hx_tokenizer_scratch *s, const pair *p) {
    const hx_token_options plain = {0};
    hx_text_frame frame = {.n_before = 0};
    hx_buf of_words, places, of_text;
    bool cut;
    hx_buf_init(&of_words, 1u << 16);
    hx_buf_init(&places, 1u << 16);
    hx_buf_init(&of_text, 1u << 16);
    hx_str words = hx_str_of(p->words);
    assert_int_equal(hx_words_encode(t, s, &frame, words, 0, &of_words, &places, &cut, NULL),
                     HX_OK);
    assert_int_equal(hx_tokenizer_encode(t, s, hx_str_of(p->text), &plain, &of_text, NULL), HX_OK);
    assert_false(cut);
    if (of_words.len != of_text.len || memcmp(of_words.ptr, of_text.ptr, of_text.len) != 0)
        fail_msg("\"%s\" has other tokens than \"%s\"", p->words, p->text);
    check_places(t, words, &of_words, &places);
    hx_buf_release(&of_words);
    hx_buf_release(&places);
    hx_buf_release(&of_text);
}

/* A vocabulary of its own, learnt from the texts themselves. */
static hx_tokenizer *learnt(void) {
    char folder[] = "/tmp/hx-words-XXXXXX", path[64];
    const hx_tokenizer_train_options options = {
        .vocab = 512, .coverage = 1, .han_alone = true, .split_digits = true, .n_threads = 1};
    hx_tokenizer_trainer *trainer;
    hx_tokenizer *t = NULL;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/tokenizer.model", folder);
    assert_int_equal(hx_tokenizer_trainer_new(&trainer, &options, NULL), HX_OK);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(hx_tokenizer_trainer_add(trainer, hx_str_of(pairs[i].text), NULL),
                             HX_OK);
    assert_int_equal(hx_tokenizer_trainer_write(trainer, path, NULL), HX_OK);
    hx_tokenizer_trainer_free(trainer);
    assert_int_equal(hx_tokenizer_open_folder(&t, folder, NULL), HX_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    return t;
}

static void words_have_the_tokens_of_the_text(void **state) {
    (void)state;
    hx_tokenizer *t = learnt();
    hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
    assert_non_null(s);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        check_pair(t, s, &pairs[i]);
    hx_tokenizer_scratch_free(s);
    hx_tokenizer_close(t);
}

/* Right behind a word, no tokenizer puts a blank in front: begin and inside joined are the whole. */
static void inside_has_no_blank_in_front(void **state) {
    (void)state;
    static const char *const names[] = {"gpt2_prefix", "llama2", "llama2_metaspace", "sp_bpe",
                                        "sp_unigram"};
    const hx_token_options inside = {.inside = true}, first = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        hx_tokenizer *t = tokenizer_of(names[i]);
        hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
        hx_buf a, b;
        hx_buf_init(&a, 1u << 16);
        hx_buf_init(&b, 1u << 16);
        assert_int_equal(hx_tokenizer_encode(t, s, HX_STR_LIT("a"), &inside, &a, NULL), HX_OK);
        assert_int_equal(hx_tokenizer_encode(t, s, HX_STR_LIT("a"), &first, &b, NULL), HX_OK);
        hx_str alone = hx_tokenizer_spelling(t, ((const int32_t *)(const void *)a.ptr)[0]);
        assert_true(hx_str_equal(alone, HX_STR_LIT("a")));
        assert_true(a.len != b.len || memcmp(a.ptr, b.ptr, a.len) != 0);
        hx_buf_release(&a);
        hx_buf_release(&b);
        hx_tokenizer_scratch_free(s);
        hx_tokenizer_close(t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_have_the_tokens_of_the_text),
        cmocka_unit_test(inside_has_no_blank_in_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
