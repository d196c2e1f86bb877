/* tagger.h - sentences of texts, their words, parts of speech and trees, as Universal Dependencies have them.
 *
 *     text -> runs of lines, Chinese or not -> sentences -> words -> UPOS and tree by the model's heads, on just these words
 *
 * Chinese words: by the model's head where it has one, else by the rules; a user's words stay whole. English words and sentences: by the rules of
 * english_words.c. A text's words, put together, are the text without its white space, whatever it holds. Without a model, or without a head for
 * the language, words have no part of speech and no tree. What is said of a text depends on nothing beside it. */
#ifndef HX_TEXT_TAGGER_H
#define HX_TEXT_TAGGER_H

#include "huaxiang/text.h"
#include "text/conllu.h"

#define HX_TAGGED_WORDS_MAX 120 /* of a sentence; longer ones are cut behind a comma or there */
#define HX_TAGGED_NO_HEAD UINT32_MAX

/* Which convention Chinese words follow. */
typedef enum {
    HX_WORDS_UD = 0, /* each: where the model has such a head, else the rules' */
    HX_WORDS_PKU,
    HX_WORDS_SXU,
    HX_WORDS_RULES
} hx_words_standard;

typedef struct {
    hx_span span;
    const char *upos; /* of the model; NULL = not said */
    const char *deprel; /* of the model; NULL = no tree */
    uint32_t head; /* 0 = the root, i = the sentence's i-th word; HX_TAGGED_NO_HEAD = no tree */
    bool joins; /* one word as written with the word before it: do|n't */
} hx_tagged_word;

typedef struct {
    hx_tagged_word *words;
    size_t n;
    bool chinese;
} hx_tagged_sentence;

typedef struct {
    hx_tagged_sentence *sentences;
    size_t n;
} hx_tagged_text;

/* One thread's, over a shared model, which is kept until the close. */
typedef struct hx_tagger hx_tagger;
hx_status hx__tagger_open(hx_tagger **out, const hx_text_model *m, hx_words_standard standard,
                          hx_error *err) HX_MUST_USE;
void hx__tagger_close(hx_tagger *t); /* NULL is fine */

/* out (n), the caller's; what it points to is in the arena. HX_ELIMIT for texts above HX_TEXT_MAX. */
hx_status hx__tagger_read(hx_tagger *t, const hx_str *texts, size_t n, hx_arena *arena,
                          hx_tagged_text *out, hx_error *err) HX_MUST_USE;
/* Parts of speech and trees of given words; texts[i] is that of out[i], whose sentences have words. Heads are made anew. */
hx_status hx__tagger_parse(hx_tagger *t, const hx_str *texts, hx_tagged_text *out, size_t n,
                           hx_error *err) HX_MUST_USE;

/* As sentences of CoNLL-U, with SpaceAfter=No, and ranges for words that join. Its columns are in the arena, or names of the model. */
hx_status hx__tagged_conllu(hx_str text, const hx_tagged_text *said, hx_arena *arena,
                            hx_conllu_sentence **out, size_t *n, hx_error *err) HX_MUST_USE;

#endif
