/* wordseg_scratch.h - the working memory of cutting into words: one chunk of text as code points, and the cuts made so far. */
#ifndef HX_TEXT_WORDSEG_SCRATCH_H
#define HX_TEXT_WORDSEG_SCRATCH_H

#include "base/buf.h"
#include "huaxiang/text.h"

#define HX_CHUNK_MAX 4096u /* code points looked at together */

typedef struct hx_wordseg_scratch {
    uint32_t cps[HX_CHUNK_MAX];
    uint32_t codes[HX_CHUNK_MAX]; /* in the dictionary's trie */
    uint32_t first[HX_CHUNK_MAX]; /* the trie's node of this one code point, 0 = none */
    uint32_t at[HX_CHUNK_MAX + 1]; /* byte in the clean text; at[n] = end of the chunk */
    uint8_t kind[HX_CHUNK_MAX + 1]; /* of the atom that begins here, CHUNK_INSIDE in its middle */
    double best[HX_CHUNK_MAX + 1]; /* ln p of the best path from here to the end */
    uint32_t next[HX_CHUNK_MAX + 1]; /* end of its first word */
    bool user[HX_CHUNK_MAX + 1]; /* that word is the user's */
    uint8_t back[4 * HX_CHUNK_MAX];
    uint8_t states[HX_CHUNK_MAX];
    size_t n;
    hx_buf cuts; /* of hx_cut */
    hx_buf taught; /* of hx_cut: with what was taught */
} hx_wordseg_scratch;

hx_wordseg_scratch *hx__wordseg_scratch_new(void); /* NULL when out of memory */
void hx__wordseg_scratch_free(hx_wordseg_scratch *s); /* NULL is fine */

/* ln p of the best path over a cleaned text by the dictionary alone; uses the annotator's scratch. */
double hx__wordseg_score(hx_annotator *a, hx_str clean);

#endif
