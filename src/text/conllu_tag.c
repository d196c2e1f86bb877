/* conllu_tag.c - parts of speech and trees for the words of a file in CoNLL-U; see hx_tagger_conllu_file in huaxiang/text.h.
 *
 *     sentences as read -> their words with one blank between, each a text of its own -> hx_tagger_parse() -> the same rows with UPOS, HEAD, DEPREL
 *
 * Comments, ids, ranges, empty nodes, lemmas, XPOS, features and MISC stay byte for byte. Enhanced dependencies (DEPS) were of the old tree: where a
 * tree is written, they become "_". What a language has no head for stays as given. */
#include "huaxiang/text.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"
#include "text/tagger.h"

enum { SENTENCES_A_PASS = 64 };

#define CONLLU_FILE_MAX ((size_t)1 << 30) /* bytes */

static hx_status conllu_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
}

/* By its characters: Han ones, and at least half as many as ASCII letters. */
static bool is_chinese(hx_str text) {
    size_t han = 0, letters = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t cp = hx_utf8_next(text, &at);
        han += hx_utf8_is_han(cp);
        letters += (cp | 32) >= 'a' && (cp | 32) <= 'z';
    }
    return han > 0 && 2 * han >= letters;
}

/* A text of one sentence that has the words of `from`. */
static hx_status take_words(const hx_conllu_sentence *from, hx_arena *arena, hx_str *text,
                            hx_tagged_text *out, hx_error *err) {
    size_t bytes = 1, at = 0;
    for (size_t i = 0; i < from->n_rows; i++)
        if (from->rows[i].kind == HX_CONLLU_WORD)
            bytes += from->rows[i].columns[HX_CONLLU_FORM].len + 1;
    char *line = hx_arena_alloc(arena, bytes);
    hx_tagged_sentence *s = hx_arena_alloc(arena, sizeof *s);
    hx_tagged_word *words = hx_arena_alloc(arena, (from->n_words + 1) * sizeof *words);
    if (!line || !s || !words) return conllu_memory(err);
    if (bytes > HX_TEXT_MAX || from->n_words > HX_TAGGED_WORDS_MAX)
        return hx_fail(err, HX_ELIMIT, "line %zu: the sentence has more than %d words", from->line,
                       (int)HX_TAGGED_WORDS_MAX);
    *s = (hx_tagged_sentence){.words = words};
    for (size_t i = 0; i < from->n_rows; i++) {
        hx_str form = from->rows[i].columns[HX_CONLLU_FORM];
        if (from->rows[i].kind != HX_CONLLU_WORD) continue;
        if (s->n > 0) line[at++] = ' ';
        words[s->n++] = (hx_tagged_word){.span = {(uint32_t)at, (uint32_t)(at + form.len)}};
        memcpy(line + at, form.ptr, form.len);
        at += form.len;
    }
    *text = (hx_str){line, at};
    s->chinese = is_chinese(*text);
    *out = (hx_tagged_text){s, 1};
    return HX_OK;
}

static void put_words(const hx_tagged_sentence *s, bool trees, hx_conllu_sentence *to) {
    bool tags = false;
    for (size_t i = 0; i < s->n; i++)
        tags = tags || s->words[i].upos;
    for (size_t i = 0; i < to->n_rows; i++) {
        hx_conllu_row *row = &to->rows[i];
        if (row->kind != HX_CONLLU_WORD) continue;
        const hx_tagged_word *w = &s->words[row->id - 1];
        if (tags) row->columns[HX_CONLLU_UPOS] = hx_str_of(w->upos ? w->upos : "_");
        if (!trees || !w->deprel) continue;
        row->head = w->head;
        row->columns[HX_CONLLU_DEPREL] = hx_str_of(w->deprel);
        row->columns[HX_CONLLU_DEPS] = HX_STR_LIT("_");
    }
}

static hx_status tag_group(hx_tagger *t, bool trees, hx_conllu_sentence *sentences, size_t n,
                           hx_arena *arena, hx_error *err) {
    hx_tagged_text said[SENTENCES_A_PASS];
    hx_str texts[SENTENCES_A_PASS];
    for (size_t i = 0; i < n; i++)
        HX_TRY(take_words(&sentences[i], arena, &texts[i], &said[i], err));
    hx_tagger_trees(t, trees);
    hx_status st = hx_tagger_parse(t, texts, said, n, err);
    hx_tagger_trees(t, true);
    if (st != HX_OK) return st;
    for (size_t i = 0; i < n; i++)
        put_words(&said[i].sentences[0], trees, &sentences[i]);
    return HX_OK;
}

static hx_status tag_bank(hx_tagger *t, const char *path, hx_str bank, const hx_conllu_options *o,
                          hx_arena *arena, hx_str *out, size_t *n, hx_error *err) {
    hx_conllu_sentence *sentences;
    HX_TRY(hx_conllu_read(bank, arena, &sentences, n, err));
    if (*n == 0) return hx_fail(err, HX_EINVAL, "%s has no sentence in CoNLL-U", path);
    if (o->limit > 0 && *n > o->limit) *n = o->limit;
    for (size_t at = 0, some; at < *n; at += some) {
        some = *n - at < SENTENCES_A_PASS ? *n - at : SENTENCES_A_PASS;
        if (o->cancel && hx_flag_is_raised(o->cancel))
            return hx_fail(err, HX_ECANCELLED, "stopped on request");
        HX_TRY(tag_group(t, o->trees, sentences + at, some, arena, err));
    }
    return hx_conllu_write(sentences, *n, arena, out, err);
}

static hx_status tag_texts(hx_tagger *t, const char *path, hx_str bank, const hx_conllu_options *o,
                           hx_arena *arena, hx_str *out, size_t *n, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, SIZE_MAX / 2);
    hx_status st = hx__conllu_raw(t, path, bank, o, &b, n, err);
    if (st == HX_OK) st = hx_buf_status(&b, path, err);
    *out = hx_arena_str(arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return st == HX_OK && !out->ptr ? conllu_memory(err) : st;
}

hx_status hx_tagger_conllu_file(hx_tagger *t, const char *path, const hx_conllu_options *o,
                                hx_arena *arena, hx_str *out, size_t *n, hx_error *err) {
    hx_buf bytes;
    hx_buf_init(&bytes, CONLLU_FILE_MAX);
    hx_status st = hx_file_read_input(path, &bytes, err);
    if (st == HX_OK)
        st = o->raw ? tag_texts(t, path, hx_buf_str(&bytes), o, arena, out, n, err)
                    : tag_bank(t, path, hx_buf_str(&bytes), o, arena, out, n, err);
    hx_buf_release(&bytes);
    return st;
}
