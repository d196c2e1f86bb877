/* tokenizer_cache.h - words whose ids are known: HX_WORD_SLOTS of them, in pairs of neighbours; a word has one pair, the older gives way.
 *
 * A word of at most HX_WORD_BYTES bytes and its ids are one line of the processor's cache. What the ids depend on beside the word's bytes
 * is for the caller to check. */
#ifndef HX_LLAMA_TOKENIZER_CACHE_H
#define HX_LLAMA_TOKENIZER_CACHE_H

#include "llama/tokenizer_parts.h"

#define HX_WORD_COUNT_SHIFT 48
#define HX_WORD_COUNT_MASK ((uint64_t)0xFF << HX_WORD_COUNT_SHIFT)

static inline void hx_word_key(hx_str w, uint64_t key[4]) {
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        size_t k = w.len - at < 8 ? w.len - at : 8;
        key[i] = hx_load_bytes(w.ptr + at, k);
        at += k;
    }
    key[3] |= (uint64_t)w.len << 56;
}

/* The pair of places a word may have. */
static inline hx_token_word *hx_word_bucket(hx_tokenizer_scratch *s, const uint64_t key[4]) {
    uint64_t h = (key[0] ^ 0x9E3779B97F4A7C15u) * 0xA0761D6478BD642Fu;
    h = (h ^ h >> 32 ^ key[1]) * 0xE7037ED1A0B428DBu;
    h = (h ^ h >> 32 ^ key[2] ^ (key[3] << 7 | key[3] >> 57)) * 0x8EBC6AF09C88C6E3u;
    return &s->words[(size_t)(h >> 40) & (HX_WORD_SLOTS - 1) & ~(size_t)1];
}

static inline bool hx_word_is(const hx_token_word *w, const uint64_t key[4]) {
    return w->key[0] == key[0] && w->key[1] == key[1] && w->key[2] == key[2] &&
           (w->key[3] & ~HX_WORD_COUNT_MASK) == key[3];
}

static inline size_t hx_word_count(const hx_token_word *w) {
    return (size_t)(w->key[3] >> HX_WORD_COUNT_SHIFT) & 0xFF;
}

static inline hx_token_word hx_word_of(const uint64_t key[4], const int32_t *ids, size_t n) {
    hx_token_word w = {{key[0], key[1], key[2], key[3] | (uint64_t)n << HX_WORD_COUNT_SHIFT}, {0}};
    if (n) memcpy(w.ids, ids, n * sizeof *ids);
    return w;
}

static inline void hx_word_keep(hx_token_word *bucket, const hx_token_word *w) {
    bucket[1] = bucket[0];
    bucket[0] = *w;
}

/* Appends the ids from `skip` on. */
static inline bool hx_word_put(const hx_token_word *w, size_t skip, hx_buf *ids) {
    if (ids->alloc - ids->len < sizeof w->ids && !hx_buf_reserve(ids, sizeof w->ids)) return false;
    memcpy(ids->ptr + ids->len, w->ids + skip, sizeof w->ids - skip * sizeof *w->ids);
    ids->len += (hx_word_count(w) - skip) * sizeof(int32_t);
    return true;
}

#endif
