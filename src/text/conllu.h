/* conllu.h - words and trees of sentences in CoNLL-U (universaldependencies.org/format.html), and how right they are.
 *
 *     text in CoNLL-U -> sentences of rows -> text in CoNLL-U, byte for byte
 *     gold sentences, a system's sentences -> counts as the CoNLL 2018 shared task takes them
 *     raw English text -> words and sentences as UD English EWT has them
 *
 * Everything returned lives in the caller's arena; columns of what was read point into the text that was given. */
#ifndef HX_TEXT_CONLLU_H
#define HX_TEXT_CONLLU_H

#include "huaxiang/text.h"

#define HX_CONLLU_WORDS_MAX 65535 /* of a sentence, else HX_ELIMIT */
#define HX_CONLLU_NO_HEAD UINT32_MAX /* "_" */

typedef enum {
    HX_CONLLU_ID = 0,
    HX_CONLLU_FORM,
    HX_CONLLU_LEMMA,
    HX_CONLLU_UPOS,
    HX_CONLLU_XPOS,
    HX_CONLLU_FEATS,
    HX_CONLLU_HEAD,
    HX_CONLLU_DEPREL,
    HX_CONLLU_DEPS,
    HX_CONLLU_MISC,
    HX_CONLLU_COLUMNS
} hx_conllu_column;

typedef enum {
    HX_CONLLU_COMMENT = 0, /* columns[0] is the line */
    HX_CONLLU_WORD,
    HX_CONLLU_RANGE, /* 1-2: one word as written, several of grammar */
    HX_CONLLU_EMPTY /* 1.1: nothing written */
} hx_conllu_kind;

typedef struct {
    hx_conllu_kind kind;
    uint32_t id, last; /* from 1; last of a RANGE >= id; an EMPTY stands behind word id, from 0 */
    uint32_t head; /* of a WORD: 0 = the root, or HX_CONLLU_NO_HEAD */
    hx_str columns[HX_CONLLU_COLUMNS];
} hx_conllu_row;

typedef struct {
    hx_conllu_row *rows; /* in the order of the file */
    size_t n_rows;
    size_t n_words; /* rows that are a WORD: 1, 2, ... n_words */
    size_t line; /* of its first row, from 1 */
} hx_conllu_sentence;

/* HX_EFORMAT with the line of the first row that is wrong: not ten columns, invalid UTF-8, ids out of order, ranges that overlap, heads that are
 * not there, two roots, a cycle. A sentence has heads for all its words or for none. */
hx_status hx_conllu_read(hx_str text, hx_arena *arena, hx_conllu_sentence **out, size_t *n,
                         hx_error *err) HX_MUST_USE;
/* Columns as they stand in the rows; only the head is written from `head`. */
hx_status hx_conllu_write(const hx_conllu_sentence *sentences, size_t n, hx_arena *arena,
                          hx_str *out, hx_error *err) HX_MUST_USE;
/* The raw text: blanks where MISC has no SpaceAfter=No, an empty line before what a comment calls newdoc or newpar. */
hx_status hx_conllu_text(const hx_conllu_sentence *sentences, size_t n, hx_arena *arena,
                         hx_str *out, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ how right a system is */
typedef struct {
    size_t gold, system, right; /* F1 = 2 right / (gold + system) */
} hx_conllu_count;

typedef struct {
    hx_conllu_count words, sentences;
    hx_conllu_count upos, uas, las; /* right: of words that both have */
} hx_conllu_scores;

/* As conll18_ud_eval.py: words are the same where their characters are, within multiword words by the longest common subsequence of lower-case
 * forms; a relation counts up to its ':'. HX_EINVAL where the two are not of one text, blanks aside. */
hx_status hx_conllu_score(const hx_conllu_sentence *gold, size_t n_gold,
                          const hx_conllu_sentence *system, size_t n_system, hx_conllu_scores *out,
                          hx_error *err) HX_MUST_USE;
double hx_conllu_f1(hx_conllu_count c); /* 0 where there is nothing */

/* ------------------------------------------------------------------ words of English text */
typedef struct {
    hx_span span;
    bool begins; /* a sentence */
    bool joins; /* with the word before it is one word as written: do|n't */
} hx_english_word;

/* By rules that follow UD English EWT: every byte that is no white space belongs to one word; invalid bytes are words. */
hx_status hx_english_words(hx_str text, hx_arena *arena, hx_english_word **out, size_t *n,
                           hx_error *err) HX_MUST_USE;

#endif
