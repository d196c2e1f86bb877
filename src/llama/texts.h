/* texts.h - texts to pieces of runs, and their rows to whoever takes them. For src/llama only. */
#ifndef HX_LLAMA_TEXTS_H
#define HX_LLAMA_TEXTS_H

#include "base/buf.h"
#include "llama/context.h"
#include "llama/word_tokens.h"

#define HX_TEXTS_GROUP 512

/* A text's piece of the last run, SIZE_MAX for a text without tokens. False where the numbers are not all finite. */
typedef bool hx_text_take(const hx_llama_context *c, size_t piece, void *to, size_t text);

typedef struct {
    size_t worker, first, n; /* ids [first, first + n) of the worker's */
} hx_text_ids;

/* How texts are read: set between hx_texts_open() and hx_texts_run(). */
typedef struct {
    hx_llama_context *c;
    hx_token_options tokens;
    unsigned want;
    bool bidirectional, lower;
    size_t tap; /* as in hx_llama_run_tapped() */
    hx_precision precision; /* the model's, unless changed */
    hx_text_take *take;
    hx_text_take *is_near; /* whether a text must be read again, exactly; NULL = none is */
    void *to; /* of both */
    const hx_str
        *seconds; /* of all texts: the other text of a pair, empty = none; NULL = no pairs */
    /* inside */
    const hx_str *texts, *others; /* of the group; others: of `seconds` */
    hx_text_frame frame; /* what stands around a pair */
    struct hx_text_worker *workers; /* (team size) */
    hx_text_ids ids[HX_TEXTS_GROUP];
    hx_llama_piece pieces[HX_TEXTS_GROUP];
    size_t piece_of[HX_TEXTS_GROUP]; /* SIZE_MAX = no tokens, no piece */
    size_t near[HX_TEXTS_GROUP];
} hx_text_job;

hx_status hx_texts_open(hx_text_job **out, hx_llama_context *c, hx_error *err) HX_MUST_USE;
hx_status hx_texts_run(hx_text_job *j, const hx_str *texts, size_t n_texts,
                       hx_error *err) HX_MUST_USE;
void hx_texts_close(hx_text_job *j);

hx_status hx_texts_check(const hx_llama_context *c, hx_error *err) HX_MUST_USE; /* a tokenizer */
hx_token_options hx_texts_options(const hx_llama *m, size_t max_length);
/* Characters whose small form has as many bytes, so that spans stay: all but a handful. */
void hx_text_lower(hx_str text, hx_buf *out);

#endif
