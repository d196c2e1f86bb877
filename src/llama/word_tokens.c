/* word_tokens.c - words to token ids one by one; see word_tokens.h.
 *
 * A word is encoded by itself, so that its first token is known, and so that the tokens are those of the text as people write it, which other
 * heads of the same model read: a blank in front where both words are of a script with blanks, and none before "," or "n't" or behind "(".
 * The lone space marker that SentencePiece puts before a text that begins with a Han character stays; it is no word's. */
#include "llama/word_tokens.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

static const int32_t *ids_of(const hx_buf *b) {
    return (const int32_t *)(const void *)b->ptr;
}

/* "a" with specials, against "a" without. */
hx_status hx_text_frame_of(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_text_frame *out,
                           hx_error *err) {
    const hx_token_options with = {.special = true}, without = {0};
    hx_buf a, b;
    *out = (hx_text_frame){.n_before = 0};
    hx_buf_init(&a, 1u << 16);
    hx_buf_init(&b, 1u << 16);
    hx_status st = hx_tokenizer_encode(t, s, HX_STR_LIT("a"), &with, &a, err);
    if (st == HX_OK) st = hx_tokenizer_encode(t, s, HX_STR_LIT("a"), &without, &b, err);
    size_t n = a.len / sizeof(int32_t), m = b.len / sizeof(int32_t), at = 0;
    while (st == HX_OK && m > 0 && at + m < n && memcmp(ids_of(&a) + at, b.ptr, b.len) != 0)
        at++;
    if (st == HX_OK && m > 0 && n >= m && at <= HX_WORD_SPECIALS_MAX &&
        n - m - at <= HX_WORD_SPECIALS_MAX) {
        out->n_before = at;
        out->n_after = n - m - at;
        memcpy(out->before, ids_of(&a), at * sizeof(int32_t));
        memcpy(out->after, ids_of(&a) + at + m, out->n_after * sizeof(int32_t));
    }
    hx_buf_release(&a);
    hx_buf_release(&b);
    return st;
}

/* ------------------------------------------------------------------ words */
static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool hx_word_next(hx_str text, size_t *at, hx_str *word) {
    while (*at < text.len && is_blank(text.ptr[*at]))
        ++*at;
    size_t from = *at;
    while (*at < text.len && !is_blank(text.ptr[*at]))
        ++*at;
    *word = (hx_str){text.ptr + from, *at - from};
    return word->len > 0;
}

static uint32_t first_character(hx_str s) {
    size_t at = 0;
    return s.len ? hx_utf8_next(s, &at) : 0;
}

static uint32_t last_character(hx_str s) {
    size_t at = s.len;
    while (at > 0 && ((unsigned char)s.ptr[at - 1] & 0xC0) == 0x80)
        at--;
    at -= at > 0 ? 1 : 0;
    return s.len ? hx_utf8_next(s, &at) : 0;
}

/* Scripts that are written without blanks: Han, kana, CJK punctuation, full-width forms. */
static bool has_no_blanks(uint32_t cp) {
    return hx_utf8_is_han(cp) || (cp >= 0x3000 && cp <= 0x30FF) || (cp >= 0xFF00 && cp <= 0xFFEF);
}

typedef struct {
    const hx_tokenizer *tokenizer;
    hx_tokenizer_scratch *scratch;
    hx_buf text, one;
} encoding;

/* Marks that stand right behind a word, and words that are written as one with it: 's, n't. */
static bool leans_back(hx_str word) {
    hx_str rest = {word.ptr + 1, word.len - 1};
    if (strchr(".,;:!?%)]}", word.ptr[0])) return true;
    if (word.ptr[0] == '\'') return word.len > 1 && word.len <= 3;
    return word.len == 3 && (word.ptr[0] == 'n' || word.ptr[0] == 'N') &&
           (hx_str_equal(rest, HX_STR_LIT("'t")) || hx_str_equal(rest, HX_STR_LIT("'T")));
}

static bool opens(hx_str word) {
    return word.len == 1 && strchr("([{$#", word.ptr[0]) != NULL;
}

static bool stands_apart(hx_str before, hx_str word) {
    return !has_no_blanks(last_character(before)) && !has_no_blanks(first_character(word)) &&
           !leans_back(word) && !opens(before);
}

/* The ids of a word, in `one`; the first *skip are the blank in front of it; `before` = the word in front of it, empty at the start. */
static hx_status encode_word(encoding *e, hx_str before, hx_str word, size_t *skip, hx_error *err) {
    bool apart = before.len > 0 && stands_apart(before, word);
    bool bytes = hx_tokenizer_kind_of(e->tokenizer) == HX_TOKENIZER_BPE_BYTES;
    const hx_token_options options = {.inside = before.len > 0 && !apart};
    hx_buf_reset(&e->text);
    hx_buf_reset(&e->one);
    if (apart && bytes) (void)hx_buf_append_byte(&e->text, ' ');
    (void)hx_buf_append_str(&e->text, word);
    HX_TRY(hx_buf_status(&e->text, "a word", err));
    HX_TRY(hx_tokenizer_encode(e->tokenizer, e->scratch, hx_buf_str(&e->text), &options, &e->one,
                               err));
    *skip = 0;
    if (bytes || e->one.len <= sizeof(int32_t)) return HX_OK;
    hx_str spelling = hx_tokenizer_spelling(e->tokenizer, ids_of(&e->one)[0]);
    if (hx_str_equal(spelling, HX_STR_LIT("\xE2\x96\x81"))) *skip = 1;
    return HX_OK;
}

static hx_status encode_words(encoding *e, const hx_text_frame *f, hx_str text, size_t room,
                              hx_buf *ids, hx_buf *places, bool *cut, hx_error *err) {
    hx_str before = {NULL, 0}, word;
    size_t used = 0, skip = 0;
    for (size_t at = 0; hx_word_next(text, &at, &word); before = word) {
        uint32_t place = HX_WORD_NO_TOKEN;
        if (!*cut) HX_TRY(encode_word(e, before, word, &skip, err));
        size_t n = *cut ? 0 : e->one.len / sizeof(int32_t);
        *cut = *cut || n > room - used;
        if (!*cut && n > skip) {
            place = (uint32_t)(f->n_before + used + skip);
            (void)hx_buf_append(ids, e->one.ptr, n * sizeof(int32_t));
            used += n;
        }
        (void)hx_buf_append(places, &place, sizeof place);
    }
    return HX_OK;
}

hx_status hx_words_encode(const hx_tokenizer *t, hx_tokenizer_scratch *s, const hx_text_frame *f,
                          hx_str text, size_t max_length, hx_buf *ids, hx_buf *places, bool *cut,
                          hx_error *err) {
    encoding e = {.tokenizer = t, .scratch = s};
    size_t around = f->n_before + f->n_after;
    size_t room = max_length == 0 ? SIZE_MAX : max_length > around ? max_length - around : 0;
    *cut = false;
    hx_buf_init(&e.text, SIZE_MAX / 2);
    hx_buf_init(&e.one, SIZE_MAX / 2);
    (void)hx_buf_append(ids, f->before, f->n_before * sizeof(int32_t));
    hx_status st = encode_words(&e, f, text, room, ids, places, cut, err);
    (void)hx_buf_append(ids, f->after, f->n_after * sizeof(int32_t));
    hx_buf_release(&e.text);
    hx_buf_release(&e.one);
    return st;
}
