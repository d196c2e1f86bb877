/* model.h - inside hx_text_model: what hx_text_model_open() maps and builds; immutable afterwards, shared by threads. */
#ifndef HX_TEXT_MODEL_H
#define HX_TEXT_MODEL_H

#include "base/map.h"
#include "huaxiang/text.h"
#include "text/datafile.h"

/* lexicon.c: sentiment, negation, intent word lists under share_dir. */
typedef struct hx_lexicon hx_lexicon;
hx_status hx__lexicon_open(hx_lexicon **out, const char *share_dir, const char *aspects,
                           hx_error *err) HX_MUST_USE; /* aspects: the user's table or NULL */
void hx__lexicon_close(hx_lexicon *l); /* NULL is fine */
uint64_t hx__lexicon_hash(const hx_lexicon *l);

struct hx_wordseg; /* dictionary, HMM, user words, idf: wordseg_data.h */
struct hx_t2s; /* traditional -> simplified: t2s.h */
struct hx_charclass; /* what cleaning does with each code point: charclass.h */

#define HX_STOP_FILTER_BITS 14

struct hx_text_model {
    struct hx_charclass *charclass; /* owned, as all below */
    struct hx_t2s *t2s;
    struct hx_wordseg *wordseg;
    hx_map stop_words; /* hx_hash(word) -> 1 */
    uint64_t stop_hash; /* of the user's list, 0 = the built-in one */
    /* A clear bit: no stop word (stopwords.c). */
    uint64_t stop_filter[(1u << HX_STOP_FILTER_BITS) / 64];
    hx_lexicon *lexicon;
    struct hx_learned *learned; /* learned.h; NULL: the engine is rules */
    struct hx_beside *beside; /* beside.h; NULL: the language model speaks alone */
    struct hx_emotions *emotions; /* emotion.h */
    struct hx_small *small; /* small.h; NULL: the engine is not llama */
    struct hx_adapted *adapted; /* adapted.h; NULL = none */
    struct hx_memory *memory; /* memory.h; NULL = none */
    struct hx_correct_model *corrects; /* correct.h; NULL: texts are read as given */
    hx_correct_mode correct;
    uint64_t hash;
};

#endif
