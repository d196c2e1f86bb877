/* vocab.h - the tokens of a tokenizer: spellings as the file has them, the bytes they stand for, types; found by spelling. And a hash table
 * from two 32-bit numbers to a 64-bit value, which is what merges, tries and character maps are kept in.
 *
 * Spellings are spans of one text, in GGUF files the mapping itself: opening allocates nothing per token. */
#ifndef HX_LLAMA_VOCAB_H
#define HX_LLAMA_VOCAB_H

#include <string.h>

#include "huaxiang/base.h"

#define HX_VOCAB_MAX ((size_t)1 << 22) /* tokens; the largest known vocabulary has 262,144 */
#define HX_TOKEN_LEN_MAX 4096u /* bytes of one spelling */

/* Numbered as in GGUF and SentencePiece. */
typedef enum {
    HX_TOKEN_NORMAL = 1,
    HX_TOKEN_UNKNOWN,
    HX_TOKEN_CONTROL,
    HX_TOKEN_USER,
    HX_TOKEN_UNUSED,
    HX_TOKEN_BYTE
} hx_token_type;

typedef struct {
    uint32_t at, len;
} hx_vocab_span;

/* A spelling in the hash table: of 8 bytes and fewer `key` is the bytes themselves, so that length and key say all; else a hash. */
typedef struct {
    uint64_t key;
    uint32_t len, next_id; /* id + 1; 0 = free */
} hx_vocab_slot;

typedef struct {
    size_t n;
    const char *text; /* spellings lie in it; the file's or the arena's */
    const char *end; /* of the last one there; NULL until hx_vocab_measure() */
    hx_vocab_span *spans; /* (n) */
    uint8_t *types; /* (n) hx_token_type */
    const char *bytes; /* what the tokens stand for */
    hx_vocab_span *byte_spans; /* (n) */
    hx_vocab_slot *slots;
    uint64_t mask; /* slots - 1; at most 2/3 are taken */
} hx_vocab;

static inline hx_str hx_vocab_spelling(const hx_vocab *v, size_t id) {
    return (hx_str){v->text + v->spans[id].at, v->spans[id].len};
}

/* k <= 8 bytes at p as a number. */
static inline uint64_t hx_load_bytes(const char *p, size_t k) {
    if (k == 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        return v;
    }
    if (k >= 4) {
        uint32_t low, high;
        memcpy(&low, p, 4);
        memcpy(&high, p + k - 4, 4);
        return low | (uint64_t)high << 8 * (k - 4);
    }
    if (k == 0) return 0;
    return (unsigned char)p[0] | (uint64_t)(unsigned char)p[k / 2] << 8 * (k / 2) |
           (uint64_t)(unsigned char)p[k - 1] << 8 * (k - 1);
}

/* The same, with one load where memory up to `end` may be read: no branch on k. */
static inline uint64_t hx_load_within(const char *p, size_t k, const char *end) {
    uint64_t v;
    if (k == 0 || end - p < 8) return hx_load_bytes(p, k);
    memcpy(&v, p, 8);
    return v & UINT64_MAX >> (64 - 8 * k);
}

/* Whether n bytes are equal: of 16 and fewer without a call. */
static inline bool hx_same_bytes(const char *a, const char *b, size_t n) {
    if (n > 16) return memcmp(a, b, n) == 0;
    if (n <= 8) return hx_load_bytes(a, n) == hx_load_bytes(b, n);
    return hx_load_bytes(a, 8) == hx_load_bytes(b, 8) &&
           hx_load_bytes(a + n - 8, 8) == hx_load_bytes(b + n - 8, 8);
}

void hx_vocab_measure(hx_vocab *v); /* sets `end` */
/* Hashes the n spellings. Empty, too long and repeated ones are errors; `what` names the file. */
hx_status hx_vocab_index(hx_vocab *v, const char *what, hx_arena *arena, hx_error *err) HX_MUST_USE;
int32_t hx_vocab_find(const hx_vocab *v, hx_str spelling); /* -1 = none */
/* The same in two steps, for many at once: the hash with its memory fetched ahead, then the search. Memory up to `end`, not before the end of
 * the spelling, may be read. */
typedef struct {
    uint64_t key, home; /* of a slot */
} hx_vocab_hash;
hx_vocab_hash hx_vocab_hash_of(const hx_vocab *v, hx_str spelling, const char *end);
int32_t hx_vocab_find_hashed(const hx_vocab *v, hx_str spelling, hx_vocab_hash hash);

/* ------------------------------------------------------------------ pairs */
#define HX_PAIR_NONE UINT64_MAX

typedef struct {
    uint64_t key, value;
} hx_pair_slot;

typedef struct {
    hx_pair_slot *slots;
    uint64_t mask;
    unsigned shift;
    size_t n;
} hx_pairs;

/* Zeroed room of an arena that all will be used: its pages are asked for at once. NULL when out of memory. */
void *hx_table_alloc(hx_arena *arena, size_t bytes);
/* Room for n pairs. False when out of memory. */
bool hx_pairs_init(hx_pairs *p, size_t n, hx_arena *arena);

static inline uint64_t hx_pair_key(uint32_t a, uint32_t b) {
    return (uint64_t)a << 32 | b;
}

static inline size_t hx_pair_home(const hx_pairs *p, uint64_t key) {
    return (size_t)(((key ^ key >> 29) * 0x9E3779B97F4A7C15u) >> p->shift);
}

/* HX_PAIR_NONE where absent; so for the key of all ones, which marks free slots. */
static inline uint64_t hx_pairs_get(const hx_pairs *p, uint32_t a, uint32_t b) {
    uint64_t key = hx_pair_key(a, b);
    for (size_t i = hx_pair_home(p, key);; i = (i + 1) & p->mask) {
        if (p->slots[i].key == key) return p->slots[i].value;
        if (p->slots[i].key == HX_PAIR_NONE) return HX_PAIR_NONE;
    }
}

/* The value's place, made (HX_PAIR_NONE) where absent. At most as many as hx_pairs_init() was told. */
uint64_t *hx_pairs_put(hx_pairs *p, uint32_t a, uint32_t b);

#endif
