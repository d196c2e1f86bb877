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

typedef struct {
    size_t n;
    const char *text; /* spellings lie in it; the file's or the arena's */
    hx_vocab_span *spans; /* (n) */
    uint8_t *types; /* (n) hx_token_type */
    const char *bytes; /* what the tokens stand for */
    hx_vocab_span *byte_spans; /* (n) */
    uint64_t *slots; /* upper half of the spelling's hash, id + 1; 0 = free */
    uint64_t mask; /* slots - 1; at most 2/3 are taken */
} hx_vocab;

static inline hx_str hx_vocab_spelling(const hx_vocab *v, size_t id) {
    return (hx_str){v->text + v->spans[id].at, v->spans[id].len};
}

/* Whether n bytes are equal: of 16 and fewer without a call. */
static inline bool hx_same_bytes(const char *a, const char *b, size_t n) {
    uint64_t x[2], y[2];
    if (n > 16) return memcmp(a, b, n) == 0;
    if (n >= 8) {
        memcpy(&x[0], a, 8);
        memcpy(&y[0], b, 8);
        memcpy(&x[1], a + n - 8, 8);
        memcpy(&y[1], b + n - 8, 8);
        return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
    }
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i]) return false;
    return true;
}

/* Hashes the n spellings. Empty, too long and repeated ones are errors; `what` names the file. */
hx_status hx_vocab_index(hx_vocab *v, const char *what, hx_arena *arena, hx_error *err) HX_MUST_USE;
int32_t hx_vocab_find(const hx_vocab *v, hx_str spelling); /* -1 = none */
/* The same in two steps, for many at once: the hash with its memory fetched ahead, then the search. */
uint64_t hx_vocab_hash(const hx_vocab *v, hx_str spelling);
int32_t hx_vocab_find_hashed(const hx_vocab *v, hx_str spelling, uint64_t hash);
/* Between the two: fetches where the likeliest token's spelling is said (step 0), then the spelling (step 1). */
void hx_vocab_prefetch(const hx_vocab *v, uint64_t hash, int step);

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
