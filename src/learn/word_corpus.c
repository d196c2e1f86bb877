/* word_corpus.c - texts as lists of words, kept as numbers: what vectors of words are learnt from; see word_vectors.h.
 *
 * A word is known by a hash of its bytes; two words of one hash are told apart by a probe (hash_seed(word, 0), hash_seed(word, 1), ...), so that
 * the map itself needs no bytes. A word with white space or a control character in it, or longer than HX_WORD_BYTES_MAX, is no word: files of vectors could not
 * hold it. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "learn/word_vectors.h"

#define WORD_STORE_MAX ((size_t)8 << 30)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the words of the texts");
}

size_t hx_word_find(const hx_map *ids, const hx_str *words, hx_str word) {
    for (uint64_t probe = 0;; probe++) {
        const uint64_t *place = hx_map_get(ids, hx_hash_seed(word, probe));
        if (place == NULL) return SIZE_MAX;
        if (hx_str_equal(words[*place - 1], word)) return (size_t)*place - 1;
    }
}

bool hx_word_place(hx_map *ids, const hx_str *words, hx_str word, uint64_t **place) {
    for (uint64_t probe = 0;; probe++) {
        *place = hx_map_put(ids, hx_hash_seed(word, probe));
        if (*place == NULL) return false;
        if (**place == 0 || hx_str_equal(words[**place - 1], word)) return true;
    }
}

hx_status hx_word_corpus_new(hx_word_corpus **out, hx_error *err) {
    hx_word_corpus *c = calloc(1, sizeof *c);
    if (c == NULL) return no_memory(err);
    c->arena = hx_arena_new(WORD_STORE_MAX);
    if (c->arena == NULL) {
        free(c);
        return no_memory(err);
    }
    hx_map_init(&c->ids);
    hx_buf_init(&c->words, HX_WORDS_MAX * sizeof(hx_str));
    hx_buf_init(&c->counts, HX_WORDS_MAX * sizeof(uint64_t));
    hx_buf_init(&c->tokens, HX_WORD_TOKENS_MAX * sizeof(uint32_t));
    *out = c;
    return HX_OK;
}

void hx_word_corpus_free(hx_word_corpus *c) {
    if (c == NULL) return;
    hx_map_release(&c->ids);
    hx_buf_release(&c->words);
    hx_buf_release(&c->counts);
    hx_buf_release(&c->tokens);
    hx_arena_free(c->arena);
    free(c);
}

size_t hx_word_corpus_words(const hx_word_corpus *c) {
    return c->n_tokens;
}

size_t hx_word_corpus_vocabulary(const hx_word_corpus *c) {
    return c->words.len / sizeof(hx_str);
}

static bool is_word(hx_str word) {
    if (word.len == 0 || word.len > HX_WORD_BYTES_MAX) return false;
    for (size_t i = 0; i < word.len; i++)
        if ((unsigned char)word.ptr[i] <= ' ' || word.ptr[i] == 0x7F) return false;
    return hx_utf8_is_valid(word);
}

/* 1 + the number of the word; 0: out of memory. */
static uint64_t number_of(hx_word_corpus *c, hx_str word) {
    static const uint64_t none = 0;
    uint64_t *place;
    if (!hx_word_place(&c->ids, (const hx_str *)(const void *)c->words.ptr, word, &place)) return 0;
    if (*place > 0) return *place;
    const hx_str kept = hx_arena_str(c->arena, word);
    if (kept.ptr == NULL || !hx_buf_append(&c->words, &kept, sizeof kept) ||
        !hx_buf_append(&c->counts, &none, sizeof none))
        return 0;
    return *place = c->words.len / sizeof(hx_str);
}

hx_status hx_word_corpus_add(hx_word_corpus *c, const hx_str *words, size_t n, hx_error *err) {
    static const uint32_t end = HX_WORD_END;
    size_t added = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_word(words[i])) continue;
        const uint64_t number = number_of(c, words[i]);
        if (number == 0) return no_memory(err);
        const uint32_t id = (uint32_t)(number - 1);
        ((uint64_t *)(void *)c->counts.ptr)[id]++;
        hx_buf_append(&c->tokens, &id, sizeof id);
        added++;
    }
    if (added > 0) hx_buf_append(&c->tokens, &end, sizeof end);
    c->n_tokens += added;
    return hx_buf_status(&c->tokens, "the words of the texts", err);
}
