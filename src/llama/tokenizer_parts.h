/* tokenizer_parts.h - the inside of a tokenizer, shared by its files.
 *
 *     text -> [bad bytes replaced] -> parts between added tokens -> normalised -> words -> segments -> ids -> [specials, cut, pad]
 *             tokenizer.c             tokenizer.c                   normalise     pretokenize.c  bpe.c, unigram.c
 *
 * Files that fill it: tokenizer_gguf.c, tokenizer_json.c, sentencepiece.c; all end in hx__tokenizer_finish(). */
#ifndef HX_LLAMA_TOKENIZER_PARTS_H
#define HX_LLAMA_TOKENIZER_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "llama/pretokenize.h"
#include "llama/tokenizer.h"
#include "llama/vocab.h"

#define HX_AROUND_MAX 8 /* special tokens before or behind a text */
#define HX_ENDS_MAX 16 /* tokens that end a generation */
#define HX_ADDED_LEN_MAX 256 /* bytes of a token that is looked for in texts */
#define HX_SPARES 8
#define HX_NORMS_MAX 8 /* steps of a normaliser */

/* Steps a normaliser takes, in their order. */
typedef enum {
    HX_NORM_NFC = 1,
    HX_NORM_NFKC,
    HX_NORM_NFD,
    HX_NORM_NFKD,
    HX_NORM_LOWER, /* utf8proc's simple lower case */
    HX_NORM_PREPEND, /* `from` before a text that is not empty */
    HX_NORM_REPLACE, /* `from` by `to` */
    HX_NORM_SPACES, /* two and more spaces by `to` */
    HX_NORM_STRIP_LEFT,
    HX_NORM_STRIP_RIGHT,
    HX_NORM_CHARSMAP, /* grapheme by grapheme, as `tokenizers` */
    HX_NORM_METASPACE, /* spaces become U+2581, one is put before what has none; see prefix_* */
    HX_NORM_WORDS, /* white space goes, each word gets U+2581 in front */
    HX_NORM_SENTENCEPIECE /* the whole of SentencePiece's: charsmap, spaces, dummy prefix */
} hx_norm_kind;

typedef struct {
    hx_norm_kind kind;
    hx_str from, to; /* arena */
} hx_norm;

/* SentencePiece's compiled character map: a double-array trie and the texts its values point to. */
typedef struct {
    const uint8_t *units; /* n_units little-endian u32, unaligned; arena or mapping */
    size_t n_units;
    hx_str texts; /* each ends in NUL; the last byte is NUL */
} hx_charsmap;

typedef struct {
    bool add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces, whitespace_as_suffix;
} hx_sp_flags;

/* How the decoder treats spaces. */
typedef struct {
    bool metaspace; /* U+2581 is a space */
    bool strip_first; /* the space before the first token was put there by the encoder */
} hx_decode_flags;

struct hx_tokenizer {
    hx_arena *arena;
    hx_tokenizer_kind kind;
    const char *what; /* the file, for messages; arena */
    hx_vocab vocab;
    int32_t byte_ids[256]; /* the token of a byte; -1 = none */
    bool has_bytes; /* all 256 are there */

    /* BPE */
    hx_pairs pairs; /* (id, id) -> rank << 32 | id of both together; the lower rank first */
    hx_pairs
        chars; /* (code point, 0) -> id; not for byte-level. Ids from vocab.n on: characters that are only parts of tokens */
    uint64_t *
        crossed; /* bits by hash of two neighbouring characters: some token has both, or may have */
    bool crossed_lead
        [256]; /* a token has a part of a character before one that begins with this byte, or may have */
    bool ignore_merges; /* a word that is a token is that token */
    int32_t
        unknown; /* what stands for characters that no token has; -1 = nothing: they are left out */
    bool fuse_unknown; /* neighbouring unknown characters are one unknown token */
    bool byte_fallback;

    /* unigram */
    hx_pairs trie; /* (node, byte) -> (id + 1) << 32 | node */
    uint64_t *
        begins; /* (256 + 65536): the same of one byte from the root, then of two; HX_PAIR_NONE where absent */
    double *scores; /* (n); SentencePiece BPE has them too; NULL = none */
    double *steps; /* (n) what taking a piece adds to a sum */
    double unknown_score; /* the same of an unknown character */
    double step_most; /* largest size of all of these */
    bool single; /* sums are rounded to float, as SentencePiece's */
    bool cuts_at_meta; /* no piece has U+2581 behind another character */

    /* text */
    hx_norm norms[HX_NORMS_MAX];
    size_t n_norms;
    hx_charsmap charsmap;
    hx_sp_flags sp;
    bool
        sentencepiece; /* user-defined symbols pass the normaliser as they are, and are found behind it */
    bool
        prefix_first; /* metaspace: U+2581 goes before the text; else before each part between added tokens */
    bool prefix_any; /* metaspace: it goes there at all */
    hx_pretokens pre;
    hx_str pre_name; /* of GGUF */
    hx_decode_flags decode;

    /* specials */
    int32_t bos, eos, unk, pad;
    bool add_bos, add_eos;
    int32_t before[HX_AROUND_MAX], after[HX_AROUND_MAX];
    size_t n_before, n_after;
    int32_t ends[HX_ENDS_MAX];
    size_t n_ends;
    uint16_t
        added_lens[HX_ADDED_LEN_MAX]; /* lengths of tokens looked for in texts, longest first */
    size_t n_added_lens;
    uint8_t *added; /* (n) HX_ADDED_* bits */
    bool first_user[256], first_special[256]; /* bytes such a token starts with */
    bool plain[128]; /* SentencePiece's normaliser does nothing to it before ASCII */
    bool pad_left;
    hx_chat_kind chat;
    bool chat_thinks; /* chatml of Qwen3 */
    hx_str chat_template; /* jinja, as in the file */
    hx_str
        chat_system; /* what a conversation without a system message gets; a view of chat_template */

    _Atomic(hx_tokenizer_scratch *)
        spares[HX_SPARES]; /* kept between calls of hx_llama_tokenize() */
};

enum { HX_ADDED = 1, HX_ADDED_SPECIAL = 2, HX_ADDED_LSTRIP = 4, HX_ADDED_RSTRIP = 8 };

/* Bits of `crossed`; HX_CROSS_ANY stands for a character that a token has only a part of. */
#define HX_CROSS_BITS 20u
#define HX_CROSS_ANY 0x110000u
static inline uint32_t hx_cross_bit(uint32_t left, uint32_t right) {
    uint32_t h = left * 0x9E3779B1u ^ right * 0x85EBCA77u;
    return (h ^ h >> 15) * 0xC2B2AE3Du >> (32 - HX_CROSS_BITS);
}

/* Ids that are being written. */
typedef struct {
    hx_buf *ids; /* of int32_t */
    size_t word; /* ids before this belong to other words */
} hx_id_out;

static inline const int32_t *hx_ids_of(const hx_buf *b) {
    return (const int32_t *)(const void *)b->ptr;
}

#define HX_WORD_BYTES 30 /* longest word the cache keeps */
#define HX_WORD_IDS 8
#define HX_WORD_SLOTS ((size_t)1 << 15)

typedef struct {
    uint64_t key[4]; /* the bytes, zero-padded; byte 30: number of ids, byte 31: length; 0 = free */
    int32_t ids[HX_WORD_IDS]; /* of unigram the last is a float, see unigram.c */
} hx_token_word;

/* A piece of a word while pairs are merged. */
typedef struct {
    int32_t id; /* -1 = a character that no token has */
    uint32_t at; /* its first byte */
} hx_symbol;

struct hx_tokenizer_scratch {
    hx_token_word *words; /* (HX_WORD_SLOTS) pairs of neighbours are one bucket */
    void *words_memory;
    hx_buf text; /* the text with bad bytes replaced */
    hx_buf normal[2]; /* normaliser steps go from one to the other */
    size_t normal_left; /* bytes that the rest of the text may be, normalised */
    hx_buf points; /* code points of a chunk that a Unicode form is made of */
    hx_buf symbols; /* of BPE and unigram */
    hx_buf heap;
    hx_buf window[2];
};

/* ------------------------------------------------------------------ the steps */
hx_tokenizer *hx__tokenizer_new(const char *what, hx_error *err); /* with an arena, ids -1 */
/* Checks and fills what follows from the rest: byte ids, added tokens, what stands around a text, ends, the chat kind. */
hx_status hx__tokenizer_finish(hx_tokenizer *t, hx_error *err) HX_MUST_USE;
/* Fills bytes, byte_spans and crossed of a BPE from spellings and types, on a thread of its own where that is worth it. */
typedef struct {
    hx_tokenizer *t;
    pthread_t thread;
    bool runs; /* the thread; until hx__vocab_bytes_end() nothing it reads may change */
} hx_byte_work;
hx_status hx__vocab_bytes_begin(hx_byte_work *w, hx_tokenizer *t, hx_error *err) HX_MUST_USE;
void hx__vocab_bytes_end(hx_byte_work *w); /* also after a failure */
void hx__cross_token(hx_tokenizer *t, size_t id); /* marks its neighbouring characters */

/* BPE */
hx_status hx__bpe_index(hx_tokenizer *t, hx_error *err) HX_MUST_USE; /* chars */
/* All splits of all tokens in two tokens, by scores, as SentencePiece merges. */
hx_status hx__bpe_pairs_of_scores(hx_tokenizer *t, hx_error *err) HX_MUST_USE;
/* One merge after the other, in rank order. */
typedef struct {
    hx_tokenizer *t;
    int32_t last; /* result of the merge before */
    uint32_t rank;
    const char *end; /* up to which all merges' memory may be read; NULL = not beyond each */
} hx_merge_reader;
hx_status hx__merges_begin(hx_merge_reader *r, hx_tokenizer *t, size_t n,
                           hx_error *err) HX_MUST_USE;
hx_status hx__merges_add(hx_merge_reader *r, const hx_str *left, const hx_str *right, size_t n,
                         hx_error *err) HX_MUST_USE;
void hx__merge_split(hx_str merge, hx_str *left,
                     hx_str *right); /* "a b"; right empty = it is none */
/* A word (valid UTF-8). False when out of memory. */
bool hx__bpe_word(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str word, hx_id_out *out);
bool hx__put_unknown(const hx_tokenizer *t, hx_str text, hx_id_out *out);

/* Unigram */
hx_status hx__unigram_index(hx_tokenizer *t, hx_error *err) HX_MUST_USE;
bool hx__unigram_word(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str word, hx_id_out *out);

/* Where a part of a text stands: at its begin, behind a special token, or right behind a word, where no normaliser puts a blank in front. */
typedef enum { HX_PLACE_FIRST = 0, HX_PLACE_LATER, HX_PLACE_INSIDE } hx_text_place;
/* Normalisers: from `in` to a view of the result, in `in` itself or in s->normal. */
hx_status hx__normalise(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str in,
                        hx_text_place place, hx_str *out, hx_error *err) HX_MUST_USE;
/* The most bytes a text of `len` may become. */
size_t hx__normal_most(size_t len);
/* Appends a Unicode form of `in` (valid UTF-8): options of utf8proc. False when `points` or `out` failed. */
bool hx__put_form(hx_str in, int options, hx_buf *points, hx_buf *out) HX_MUST_USE;
hx_status hx__charsmap_read(hx_tokenizer *t, hx_str blob, hx_error *err) HX_MUST_USE;
void hx__plain_index(hx_tokenizer *t); /* fills `plain`, from first_user and the map */

/* <0x00>..<0xFF>, upper-case hex, exactly; -1 for all else. */
int hx__byte_token(hx_str spelling);
/* "Ġ" and the like, of byte-level spellings: the byte of a code point, -1 = none; and the code point of a byte. */
int hx__spelt_byte(uint32_t cp);
uint32_t hx__byte_spelling(uint8_t byte);

/* The longest added token at the begin of `rest`; -1 = none. `wanted`: HX_ADDED for user-defined ones, with HX_ADDED_SPECIAL also the others. */
int32_t hx__added_at(const hx_tokenizer *t, hx_str rest, uint8_t wanted);

#define HX_SCRATCH_KEPT ((size_t)16 << 20) /* bytes of buffers that are kept between calls */
/* Scratch of a finished call for the next one. NULL when out of memory. Buffers that a long text made large are freed at once. */
hx_tokenizer_scratch *hx__scratch_take(hx_tokenizer *t);
void hx__scratch_give(hx_tokenizer *t, hx_tokenizer_scratch *s);

void hx__chat_recognise(hx_tokenizer *t);
hx_status hx__chat_encode(const hx_tokenizer *t, hx_tokenizer_scratch *s,
                          const hx_chat_message *messages, size_t n, bool reply, hx_buf *ids,
                          hx_error *err) HX_MUST_USE;
/* Encodes; `real` = ids before padding and `left` = padding in front. */
hx_status hx__tokenizer_encode(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str text,
                               const hx_token_options *options, hx_buf *ids, size_t *real,
                               size_t *left, hx_error *err) HX_MUST_USE;

#endif
