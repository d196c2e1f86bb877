/* arcs.h - which word hangs on which, by the words and parts of speech of both and of what is around and between them (syntax.h).
 *
 * Features after McDonald, Crammer, Pereira ("Online large-margin training of dependency parsers", ACL 2005) and how many words of the head's own
 * kind lie between, which says whether a nearer head was left out. Each word chooses its head by itself, p(head) ~ exp(logit), so the logits join
 * with those of the model's head; the tree is then the best of all (llama/tree.h). */
#ifndef HX_TEXT_ARCS_H
#define HX_TEXT_ARCS_H

#include "text/syntax.h"

#define HX_ARC_FEATURES 128u
#define HX_ARC_WORDS_MAX ((size_t)256) /* of longer sentences nothing is said */

/* A sentence of at most HX_ARC_WORDS_MAX words. */
typedef struct {
    const hx_syntax_word *words; /* (n), borrowed */
    size_t n;
    uint16_t before[HX_ARC_WORDS_MAX + 1]
                   [HX_UPOS_N + 1]; /* words of a part of speech before word i */
    uint16_t commas[HX_ARC_WORDS_MAX + 1];
} hx_arc_sentence;

void hx__arc_sentence(hx_arc_sentence *s, const hx_syntax_word *words, size_t n);
/* What is true of word `word` hanging on `head`; both count from 1, head 0 is the root. Returns how many. */
size_t hx__arc_features(const hx_arc_sentence *s, size_t head, size_t word,
                        uint64_t out[HX_ARC_FEATURES]);

#endif
