/* sentences.h - where the sentences of an analysed text end. */
#ifndef HX_TEXT_SENTENCES_H
#define HX_TEXT_SENTENCES_H

#include "text/wordseg.h"

/* Whether a sentence ends behind word i. */
bool hx__ends_sentence(const hx_analysis *text, size_t i);

#endif
