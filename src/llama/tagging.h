/* tagging.h - a head for words over pieces that somebody else runs (head_read.c): hx_llama_tag() and hx_llama_parse() of a pass shared with others. For
 * src/llama only. */
#ifndef HX_LLAMA_TAGGING_H
#define HX_LLAMA_TAGGING_H

#include "llama/context.h"

typedef struct hx_tagging hx_tagging;

/* A text whose piece has run: all its rows are hidden states. */
typedef struct {
    hx_str text;
    size_t index; /* which text that is, for sentences */
    const int32_t *ids; /* (n), borrowed for the call */
    size_t n, piece; /* SIZE_MAX = no tokens */
} hx_tagged;

/* The head of options->head, or the first that fits; options->words is not for this. Results go to `arena`. */
hx_status hx_tagging_open(hx_tagging **out, hx_llama_context *c, const hx_tag_options *options,
                          bool tree, hx_arena *arena, hx_error *err) HX_MUST_USE;
const hx_config_task *hx_tagging_task(const hx_tagging *g);
/* One of tags and tree, as hx_llama_tag() and hx_llama_parse() give them. */
hx_status hx_tagging_take(hx_tagging *g, const hx_tagged *t, hx_tags *tags,
                          hx_tree *tree) HX_MUST_USE;
void hx_tagging_close(hx_tagging *g); /* NULL is fine */

#endif
