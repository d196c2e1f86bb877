/* tagger_words.h - sentences and words of a text, for the tagger alone.
 *
 *     text -> runs of lines: those with a Han character are Chinese -> sentences behind 。！？；!?; and what closes them -> words
 *
 * A cutter is one thread's. Words of a text, put together, are the text without its white space. */
#ifndef HX_TEXT_TAGGER_WORDS_H
#define HX_TEXT_TAGGER_WORDS_H

#include "huaxiang/llama.h"
#include "text/tagger.h"

typedef struct hx_word_cutter hx_word_cutter;

/* context: borrowed until the close; NULL = no model. */
hx_status hx__word_cutter_open(hx_word_cutter **out, const hx_text_model *m,
                               hx_llama_context *context, hx_words_standard standard,
                               hx_error *err) HX_MUST_USE;
void hx__word_cutter_close(hx_word_cutter *c); /* NULL is fine */

bool hx__word_cutter_reads(const hx_word_cutter *c); /* by the model; else by the rules */

hx_annotator *hx__word_cutter_annotator(const hx_word_cutter *c); /* borrowed */

/* Words without parts of speech and trees; out (n). The model reads all texts together, and says of each the same alone. HX_ELIMIT for texts above
 * HX_TEXT_MAX. */
hx_status hx__word_cutter_cut(hx_word_cutter *c, const hx_str *texts, size_t n, hx_arena *arena,
                              hx_tagged_text *out, hx_error *err) HX_MUST_USE;

#endif
