/* tokenizer_train_words.c - texts cut into words, words and characters counted.
 *
 * A word is a run of blanks, or a run of characters of one script with the blanks before it: what a piece may at most span. Characters
 * that stand alone (Han, digits, where asked) and symbols end it. Common characters (punctuation, emoji, digits) are a script of their
 * own, so "好吃！！" is two words. Inherited ones (combining marks, variation selectors) go with what is before them.
 *
 *     " hello,  世界 2nd"  ->  " hello" "," "  世界" " 2" "nd"
 *
 * A word is counted under its hash (XXH3); where two words share one, the second takes the next seed: counts are exact. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "llama/tokenizer_train_parts.h"

#define COUNTS_TEXT_MAX ((size_t)4 << 30)
#define ESCAPED_BLANK 0x2581u

/* clang-format off */
static const uint32_t script_starts[] = {
#include "llama/tokenizer_train_scripts.inc"
};
/* clang-format on */
#define N_STARTS (sizeof script_starts / sizeof *script_starts)
#define SCRIPT_INHERITED 1u

/* ------------------------------------------------------------------ cutter */
static void fill_scripts(uint8_t *classes) {
    for (size_t i = 0; i < N_STARTS; i++) {
        uint32_t end = i + 1 < N_STARTS ? script_starts[i + 1] >> 8 : HX_TRAIN_CODE_POINTS;
        uint32_t at = script_starts[i] >> 8;
        uint8_t script = (uint8_t)(script_starts[i] & 0xFF);
        memset(classes + at, script == SCRIPT_INHERITED ? HX_TRAIN_INHERITED : script, end - at);
    }
}

static void fill_classes(uint8_t *classes, const hx_tokenizer_train_options *o) {
    fill_scripts(classes);
    memset(classes, HX_TRAIN_BREAK, 0x20);
    classes[0x7F] = HX_TRAIN_BREAK;
    classes[' '] = classes[ESCAPED_BLANK] = HX_TRAIN_BLANK;
    if (o->split_digits) {
        memset(&classes['0'], HX_TRAIN_ALONE, 10);
        memset(classes + 0xFF10, HX_TRAIN_ALONE, 10);
    }
    if (!o->han_alone) return;
    for (uint32_t cp = 0x2E80; cp < HX_TRAIN_CODE_POINTS; cp++)
        if (hx_utf8_is_han(cp)) classes[cp] = HX_TRAIN_ALONE;
}

hx_status hx__train_cutter_init(hx_train_cutter *c, const hx_tokenizer_train_options *options,
                                hx_error *err) {
    *c = (hx_train_cutter){.symbols = options->symbols, .n_symbols = options->n_symbols};
    c->classes = calloc(HX_TRAIN_CODE_POINTS, 1);
    if (!c->classes) return hx_fail(err, HX_ENOMEM, "out of memory while a tokenizer is trained");
    fill_classes(c->classes, options);
    for (size_t i = 0; i < c->n_symbols; i++)
        c->opens_symbol[(uint8_t)c->symbols[i].ptr[0]] = true;
    return HX_OK;
}

void hx__train_cutter_release(hx_train_cutter *c) {
    free(c->classes);
    c->classes = NULL;
}

/* Bytes of the longest symbol that stands here, or 0. */
static size_t symbol_at(const hx_train_cutter *c, const char *p, size_t left) {
    size_t best = 0;
    if (!c->opens_symbol[(uint8_t)*p]) return 0;
    for (size_t i = 0; i < c->n_symbols; i++) {
        hx_str s = c->symbols[i];
        if (s.len > best && s.len <= left && memcmp(s.ptr, p, s.len) == 0) best = s.len;
    }
    return best;
}

/* ------------------------------------------------------------------ counts */
hx_status hx__train_counts_init(hx_train_counts *c, hx_error *err) {
    *c = (hx_train_counts){0};
    hx_map_init(&c->index);
    hx_buf_init(&c->text, COUNTS_TEXT_MAX);
    c->characters = calloc(HX_TRAIN_CODE_POINTS, sizeof *c->characters);
    if (c->characters) return HX_OK;
    return hx_fail(err, HX_ENOMEM, "out of memory while a tokenizer is trained");
}

void hx__train_counts_release(hx_train_counts *c) {
    hx_map_release(&c->index);
    hx_buf_release(&c->text);
    free(c->words);
    free(c->characters);
    *c = (hx_train_counts){0};
}

static bool new_word(hx_train_counts *c, hx_str word, uint64_t n) {
    void *words = c->words;
    bool fine = hx__train_grow(&words, &c->room, c->n_words + 1, sizeof *c->words);
    c->words = words;
    if (!fine) return false;
    c->words[c->n_words++] = (hx_train_word){n, c->text.len, (uint32_t)word.len};
    return hx_buf_append_str(&c->text, word);
}

static bool count_word(hx_train_counts *c, hx_str word, uint64_t n) {
    for (uint64_t seed = 0;; seed++) {
        uint64_t *place = hx_map_put(&c->index, hx_hash_seed(word, seed));
        if (!place) return false;
        if (*place == 0) {
            *place = c->n_words + 1;
            return new_word(c, word, n);
        }
        hx_train_word *known = &c->words[*place - 1];
        if (known->len == word.len && memcmp(c->text.ptr + known->at, word.ptr, word.len) == 0) {
            known->n += n;
            return true;
        }
    }
}

hx_status hx__train_counts_join(hx_train_counts *c, const hx_train_counts *from, hx_error *err) {
    for (size_t i = 0; i < from->n_words; i++) {
        const hx_train_word *w = &from->words[i];
        if (!count_word(c, (hx_str){from->text.ptr + w->at, w->len}, w->n))
            return hx_fail(err, HX_ENOMEM, "out of memory while a tokenizer is trained");
    }
    for (size_t cp = 0; cp < HX_TRAIN_CODE_POINTS; cp++)
        c->characters[cp] += from->characters[cp];
    return HX_OK;
}

/* ------------------------------------------------------------------ one text */
typedef struct {
    hx_train_counts *counts;
    bool failed;
    uint8_t script; /* of the word so far; HX_TRAIN_ANY = none yet */
    bool blank; /* the word so far is blanks alone */
    size_t len;
    char word[HX_TRAIN_WORD_MAX + 4];
} cutting;

static void end_word(cutting *c) {
    /* A lone character can't be merged: it is in the count of characters. */
    bool is_pair = c->len > 1;
    if (is_pair && !c->failed && !count_word(c->counts, (hx_str){c->word, c->len}, 1))
        c->failed = true;
    c->len = 0;
    c->script = HX_TRAIN_ANY;
    c->blank = true;
}

static void put_blank(cutting *c) {
    if (!c->blank || c->len >= HX_TRAIN_WORD_MAX) end_word(c);
    c->word[c->len++] = ' ';
    c->counts->characters[' ']++;
}

static void put_character(cutting *c, uint8_t kind, uint32_t cp, const char *p, size_t len) {
    c->counts->characters[cp]++;
    if (kind == HX_TRAIN_ALONE) {
        end_word(c);
        return;
    }
    bool joins = kind == HX_TRAIN_INHERITED || c->script == HX_TRAIN_ANY || c->script == kind;
    if (!joins || c->len >= HX_TRAIN_WORD_MAX) end_word(c);
    memcpy(c->word + c->len, p, len);
    c->len += len;
    c->blank = false;
    if (kind != HX_TRAIN_INHERITED) c->script = kind;
}

hx_status hx__train_count(const hx_train_cutter *cutter, hx_train_counts *counts, hx_str text,
                          bool opens, hx_error *err) {
    cutting c = {.counts = counts, .script = HX_TRAIN_ANY, .blank = true};
    if (opens && text.len) put_blank(&c);
    for (size_t at = 0; at < text.len;) {
        size_t from = at, symbol = symbol_at(cutter, text.ptr + at, text.len - at);
        if (symbol) {
            end_word(&c);
            at += symbol;
            continue;
        }
        uint8_t byte = (uint8_t)text.ptr[at];
        uint32_t cp = byte < 0x80 ? (at++, byte) : hx_utf8_next(text, &at);
        uint8_t kind = cp == HX_UTF8_BAD ? HX_TRAIN_BREAK : cutter->classes[cp];
        if (kind == HX_TRAIN_BREAK)
            end_word(&c);
        else if (kind == HX_TRAIN_BLANK)
            put_blank(&c);
        else
            put_character(&c, kind, cp, text.ptr + from, at - from);
    }
    end_word(&c);
    if (!c.failed) return HX_OK;
    return hx_fail(err, HX_ENOMEM, "out of memory while a tokenizer is trained");
}
