/* correct.h - inside correction: passages, what might be wrong in them, and how likely that is.
 *
 *     text -> passages (correct_passage.c) -> fixes: of Chinese (correct_zh.c), of English (correct_en.c), of a language model (correct_llama.c)
 *          -> a probability each (correct_weights.c) -> the likeliest ones that don't overlap become edits -> again, until nothing changes (correct.c)
 *
 * A fix replaces bytes of a passage by others. Fixes of one site (a character, a word) exclude each other: with s = weights of its kind x features
 *
 *     p(fix) = exp(s) / (1 + sum over the site's fixes of exp(s'))          the 1 is "it is right as it stands"
 *
 * What is said of a passage depends on its bytes and on which of them are kept alone, never on rounds before or on its neighbours. */
#ifndef HX_TEXT_CORRECT_H
#define HX_TEXT_CORRECT_H

#include "base/map.h"
#include "huaxiang/llama.h"
#include "huaxiang/text.h"
#include "text/correct_data.h"
#include "text/correct_spell.h"

typedef enum {
    HX_FIX_ZH_OTHER = 0, /* one character for another */
    HX_FIX_ZH_GONE, /* written twice */
    HX_FIX_ZH_SWAPPED,
    HX_FIX_ZH_SAID, /* what the language model alone says, also of what is missing */
    HX_FIX_EN_SPELT, /* no word, or a rare one */
    HX_FIX_EN_OTHER, /* a word for another one that it is taken for */
    HX_FIX_EN_SPLIT, /* two words in one */
    HX_FIX_EN_TWICE,
    HX_FIX_EN_SAID,
    HX_FIX_N
} hx_fix_kind;
extern const char *const hx__fix_names[HX_FIX_N]; /* as files of weights call them: "zh.other" */

/* Features of a fix; what A to H are depends on the kind. */
enum {
    HX_FIX_BIAS = 0,
    HX_FIX_UNITS, /* gain in ln p by the n-grams, whole passage */
    HX_FIX_CHANNEL, /* cost of the slip */
    HX_FIX_FREQUENCY, /* gain in ln frequency */
    HX_FIX_SURPRISE, /* the least ln p about what stands there */
    HX_FIX_HEAD, /* ln p(to) - ln p(as it stands) by the language model's `correct`, -9 to 9; 0 without one */
    HX_FIX_HEAD_TO, /* ln p(to) by it, -9 to 0 */
    HX_FIX_CAUSAL, /* gain in ln p by the language model, whole passage, -15 to 15; 0 where it wasn't asked */
    HX_FIX_A,
    HX_FIX_B,
    HX_FIX_C,
    HX_FIX_D,
    HX_FIX_E,
    HX_FIX_F,
    HX_FIX_G,
    HX_FIX_H,
    HX_FIX_FEATURES
};

typedef struct {
    uint32_t start, end; /* bytes of the passage */
    hx_str to;
    uint32_t site; /* byte where its site begins */
    uint8_t kind; /* hx_fix_kind */
    float f[HX_FIX_FEATURES];
    double score; /* probability */
} hx_fix;

typedef struct {
    hx_str text;
    const uint8_t *kept; /* (text.len) 1 = this byte stays as it is */
    hx_fix *fixes; /* in the round's arena */
    size_t n_fixes, room;
    size_t owner, at; /* which text, at which byte of it as it stands */
} hx_passage;

#define HX_PASSAGE_MAX 1500 /* bytes; longer ones without a mark of an end are left alone */
#define HX_FIXES_MAX 4096 /* of a passage */

/* ------------------------------------------------------------------ correct_passage.c */
/* Which bytes stay as they are: links, addresses, numbers and codes, @names, #tags#, 《titles》, words of `phrases`. (text.len) bytes of `kept`. */
void hx__correct_keep(hx_str text, const hx_map *phrases, const uint64_t *lengths, uint8_t *kept);
/* The end of the passage that begins at `at`. */
size_t hx__passage_end(hx_str text, const uint8_t *kept, size_t at);
/* Adds lines of a file to `phrases` (hx_hash of the folded phrase -> 1) and their lengths in bytes (a bit each, 1 to 63). */
hx_status hx__correct_phrases(const char *path, hx_map *phrases, uint64_t *lengths,
                              hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ candidates */
/* `to` is copied where it doesn't outlive the round. NULL: no memory, or too many (then it is left out). */
hx_fix *hx__fix_add(hx_passage *p, hx_arena *arena, hx_fix_kind kind, uint32_t start, uint32_t end,
                    hx_str to);
typedef struct {
    const hx_correct_data *data;
    const hx_text_model *words; /* Chinese words; NULL = none */
    const hx_spell_costs *costs;
    hx_arena *arena; /* the round's */
    bool model; /* a language model looks too: what is doubtful by n-grams is wanted as well */
} hx_fix_finder;
hx_status hx__fixes_zh(const hx_fix_finder *f, hx_passage *p, hx_error *err) HX_MUST_USE;
hx_status hx__fixes_en(const hx_fix_finder *f, hx_passage *p, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ weights */
#define HX_FIX_RATES_MAX 16
typedef struct {
    double weight[HX_FIX_N][HX_FIX_FEATURES];
    double slope[HX_FIX_N], shift[HX_FIX_N]; /* calibration: logit' = slope x logit + shift */
    double rate[HX_FIX_RATES_MAX]; /* false alarms */
    double threshold[HX_FIX_RATES_MAX][2]; /* of Chinese, of English */
    size_t n_rates;
    double usual[2]; /* thresholds where none is asked for */
} hx_fix_weights;
/* Lines: "weight KIND w0 ... w15", "calibration KIND slope shift", "rate R ZH EN", "usual ZH EN"; tabs between. */
hx_status hx__fix_weights_open(hx_fix_weights *w, const char *path, hx_error *err) HX_MUST_USE;
void hx__fixes_score(const hx_fix_weights *w, hx_passage *p);
/* The thresholds for a share of right sentences that may be changed. */
void hx__fix_thresholds(const hx_fix_weights *w, double false_alarms, double out[2]);
static inline bool hx__fix_is_chinese(const hx_fix *x) {
    return x->kind <= HX_FIX_ZH_SAID;
}

/* ------------------------------------------------------------------ a language model (correct_llama.c) */
typedef struct hx_correct_reader hx_correct_reader; /* one thread's */
hx_status hx__correct_reader_open(hx_correct_reader **out, hx_llama *m,
                                  hx_error *err) HX_MUST_USE; /* keeps m until close */
void hx__correct_reader_close(hx_correct_reader *r); /* NULL is fine */
/* Adds its own fixes and the features HEAD, HEAD_TO and CAUSAL of all. */
hx_status hx__correct_read(hx_correct_reader *r, hx_passage *passages, size_t n, hx_arena *arena,
                           hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ the handles */
struct hx_correct_model {
    hx_correct_data data;
    hx_spell_costs costs;
    hx_fix_weights weights;
    const hx_text_model *words; /* borrowed; NULL = none */
    hx_llama *llama; /* owned; NULL: the engine is rules */
    hx_map phrases;
    uint64_t lengths;
    double threshold[2]; /* of Chinese, of English */
};

/* The fixes of passages, with scores, in `arena`: what hx_correct_texts() chooses from. For training. */
hx_status hx__corrector_fixes(hx_corrector *c, hx_passage *passages, size_t n, hx_arena *arena,
                              hx_error *err) HX_MUST_USE;

#endif
