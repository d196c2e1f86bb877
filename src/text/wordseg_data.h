/* wordseg_data.h - what cutting into words reads: the dictionary, the hidden Markov model and inverse document frequencies of words.hxd,
 * and the user's own words. Written by tools/compile_text.c. */
#ifndef HX_TEXT_WORDSEG_DATA_H
#define HX_TEXT_WORDSEG_DATA_H

#include "huaxiang/text.h"
#include "text/datafile.h"
#include "text/trie.h"

/* States of the hidden Markov model: begin, middle, end of a word, or a word of its own. */
enum { HX_HMM_B = 0, HX_HMM_M, HX_HMM_E, HX_HMM_S };
#define HX_HMM_NEVER (-3.14e100) /* jieba's logarithm of zero */
#define HX_EMIT_FIRST 0x4E00u /* the code point of row 0 */
#define HX_EMIT_ROWS 20992u

#define HX_IDF_SLOTS ((size_t)1 << 19)
typedef struct {
    uint32_t tag; /* upper half of the word's hash; the lower half chose the slot */
    float idf; /* 0 = free */
} hx_idf_slot;

typedef struct {
    double log_total; /* ln of the sum of all frequencies */
    double median_idf;
    uint64_t n_words;
} hx_words_meta;

#define HX_USER_WORDS_MAX 1000000u
#define HX_USER_FILE_MAX ((size_t)64 << 20) /* bytes */

typedef struct hx_wordseg {
    hx_datafile file; /* owned */
    hx_trie trie; /* value: bits of ln(frequency / total) */
    const double *start; /* (4) */
    const double *trans; /* (4, 4) from, to */
    const double *emit; /* (HX_EMIT_ROWS, 4) */
    const hx_idf_slot *idf; /* (HX_IDF_SLOTS) */
    hx_words_meta meta;
    hx_str stop; /* built-in stop words, one a line */
    bool has_user;
    hx_trie user; /* views user_parts */
    hx_trie_parts user_parts; /* owned */
    struct hx_taught_words *taught; /* taught_words.h, owned; NULL = none */
    uint64_t user_hash; /* of user words and of what was taught; 0 = none of both */
} hx_wordseg;

hx_status hx__wordseg_open(hx_wordseg **out, const char *share_dir, hx_error *err) HX_MUST_USE;
void hx__wordseg_close(hx_wordseg *w); /* NULL is fine */

/* Adds the words of a file, one a line, optionally TAB weight (a frequency as in jieba's dictionary), and what a memory has of words; each path may be
 * NULL. Once, before first use; `a` belongs to the model under construction and cleans and scores the words. */
hx_status hx__wordseg_add_user(hx_wordseg *w, hx_annotator *a, const char *path, const char *memory,
                               hx_error *err) HX_MUST_USE;

static inline double hx__trie_weight(const hx_trie *t, uint32_t node) {
    union {
        uint64_t bits;
        double weight;
    } v = {t->nodes[node].value};
    return v.weight;
}

/* hmm.c: the best states of `n` Han code points; states[i] is HX_HMM_*. `back` has room for 4 n. */
void hx__hmm_viterbi(const hx_wordseg *w, const uint32_t *cps, size_t n, uint8_t *back,
                     uint8_t *states);

#endif
