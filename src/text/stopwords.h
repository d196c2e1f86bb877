/* stopwords.h - words that carry grammar, not content. */
#ifndef HX_TEXT_STOPWORDS_H
#define HX_TEXT_STOPWORDS_H

#include "text/model.h"

#define HX_STOPWORDS_FILE_MAX ((size_t)8 << 20) /* bytes */

/* Fills the model's set from `path` (one word a line, lines with # are comments), or from words.hxd where it is NULL. */
hx_status hx__stopwords_read(hx_text_model *m, const char *path, hx_error *err) HX_MUST_USE;

#endif
