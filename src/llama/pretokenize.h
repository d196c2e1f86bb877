/* pretokenize.h - cuts a text into the words that byte pairs are merged in.
 *
 * Each kind is a hand-written scanner equal to the regular expression of its models (written at the scanner), with the character classes
 * of the `tokenizers` package. Texts are valid UTF-8. */
#ifndef HX_LLAMA_PRETOKENIZE_H
#define HX_LLAMA_PRETOKENIZE_H

#include "huaxiang/base.h"

typedef enum {
    HX_PRE_NONE = 0, /* one word */
    HX_PRE_GPT2,
    HX_PRE_LLAMA3,
    HX_PRE_QWEN2,
    HX_PRE_SMOLLM, /* gpt2 with digits alone */
    HX_PRE_METASPACE /* before each U+2581, which stands for spaces */
} hx_pre_kind;

enum {
    HX_CLASS_L = 1,
    HX_CLASS_N = 2,
    HX_CLASS_S = 4,
    HX_CLASS_DIGIT = 8,
    HX_CLASS_NFC = 16, /* NFC may change it, or what stands before it */
    HX_CLASS_NEWER = 32 /* a mark to our NFC, not yet one to that of `tokenizers` */
};

typedef struct {
    hx_pre_kind kind;
    bool add_prefix_space; /* gpt2: a space before a text that has none */
    const uint8_t *classes; /* (65536) of the first plane */
} hx_pretokens;

/* Fills the class table. False when out of memory. */
bool hx_pretokens_init(hx_pretokens *p, hx_arena *arena);
uint8_t hx_char_class(const hx_pretokens *p, uint32_t cp); /* HX_CLASS_ bits */
/* Whether NFC may change the (valid) text: it has a character that NFC looks at. */
bool hx_text_needs_nfc(const hx_pretokens *p, hx_str text);
/* The end of the word that starts at `at` (< text.len). Kinds gpt2 to metaspace. */
size_t hx_pretoken_end(const hx_pretokens *p, hx_str text, size_t at);

/* The code point at p of a valid text, and its length. */
static inline uint32_t hx_char_at(const char *text, unsigned *len) {
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80) {
        *len = 1;
        return p[0];
    }
    if (p[0] < 0xE0) {
        *len = 2;
        return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    }
    if (p[0] < 0xF0) {
        *len = 3;
        return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    }
    *len = 4;
    return (p[0] & 7u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
}

#endif
