/* tagger_syntax.h - joins what the words around say (syntax.h) with what the model's heads say, for parts of speech and trees.
 *
 *     z = llama x log p of the head + learn x logit of the features      the numbers are those of beside.tsv (beside.h)
 *
 * A label that the features don't know has the least of what they say. Where one of the two is missing the head speaks alone. */
#ifndef HX_TEXT_TAGGER_SYNTAX_H
#define HX_TEXT_TAGGER_SYNTAX_H

#include "huaxiang/llama.h"
#include "text/beside.h"

typedef struct {
    const hx_syntax_part *part; /* NULL = the head alone */
    hx_beside_mix mix;
    bool chinese;
    size_t n; /* labels of the head; 1 of arcs */
    size_t place
        [HX_SYNTAX_LABELS_MAX]; /* where a label of the head stands in the part; part->n = nowhere */
} hx_syntax_joiner;

/* b may be NULL. `head`: the model's, for parts of speech or for trees. */
hx_syntax_joiner hx__syntax_joiner(const hx_beside *b, hx_syntax_kind kind, const hx_llama *llama,
                                   size_t head, bool chinese);
/* The label of word i of a sentence's words (n): logs (j->n) of the head. Only where j->part is there. */
uint32_t hx__join_upos(const hx_syntax_joiner *j, const hx_str *words, size_t n, size_t i,
                       const float *logs);

/* Sentences whose trees are wanted; all borrowed. */
typedef struct {
    hx_syntax_joiner arcs, relations;
    const hx_str *const *words; /* (texts): (n_words) */
    const size_t *n_words; /* (texts) */
    const char *const *(*upos)(void *self, size_t text); /* (n_words); NULL when out of memory */
    void *self;
} hx_tree_joiner;

/* As hx_llama_parse() calls it; self = j, which must live as long. Sentences that are not read whole, or are too long, are the head's alone. */
hx_tree_beside hx__join_trees(hx_tree_joiner *j);

#endif
