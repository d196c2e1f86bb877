/* tagger.h - sentences of texts, their words, parts of speech and trees, as Universal Dependencies have them.
 *
 *     text -> runs of lines, Chinese or not -> sentences -> words -> UPOS and tree by the model's heads, on just these words
 *
 * Chinese words: by the model's head where it has one, else by the rules; a user's words stay whole. English words and sentences: by the rules of
 * english_words.c. A text's words, put together, are the text without its white space, whatever it holds. Without a model, or without a head for
 * the language, words have no part of speech and no tree. What is said of a text depends on nothing beside it. */
#ifndef HX_TEXT_TAGGER_H
#define HX_TEXT_TAGGER_H

#include "base/buf.h"
#include "huaxiang/text.h"
#include "text/conllu.h"
#include "text/small.h"

/* As sentences of CoNLL-U, with SpaceAfter=No, and ranges for words that join. Its columns are in the arena, or names of the model. */
hx_status hx__tagged_conllu(hx_str text, const hx_tagged_text *said, hx_arena *arena,
                            hx_conllu_sentence **out, size_t *n, hx_error *err) HX_MUST_USE;

/* conllu_raw.c: the texts of sentences in CoNLL-U, read anew; *n of them, at most o->limit. */
hx_status hx__conllu_raw(hx_tagger *t, const char *path, hx_str bank, const hx_conllu_options *o,
                         hx_buf *out, size_t *n, hx_error *err) HX_MUST_USE;
/* The tagger's annotator: the rules, and the user's words. Borrowed. */
hx_annotator *hx__tagger_annotator(const hx_tagger *t);
/* The tagger's model and its context; NULL = none. */
const hx_small *hx__tagger_small(const hx_tagger *t, hx_llama_context **context);

#endif
