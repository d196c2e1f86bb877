/* beside.h - what the engine learn adds to the language model of the engine llama.
 *
 * Grams and language model err in different places, so one number out of both is right more often than either (a product of experts; Hinton,
 * "Training Products of Experts by Minimizing Contrastive Divergence", 2002). With the logits of a label
 *
 *     logit = bias + llama x the head's + learn x the grams' + rules x the rules'
 *
 * (the last of sentiment alone) and of emotions, whose labels exclude each other, p ~ head^llama x grams^learn. Where a Chinese word begins is a label of each character
 * (boundary.h). The numbers stand in models/huaxiang-small/beside.tsv, a row `task TAB zh|en TAB bias TAB llama TAB learn`, of sentiment also `TAB rules`, for sentiment, emotion,
 * words of each standard, and sets of labels (set_grams.h); tools/train/small/beside fits them on dev parts. Without that file, or without models/huaxiang-learn, or of a user's
 * own model, the language model speaks alone. */
#ifndef HX_TEXT_BESIDE_H
#define HX_TEXT_BESIDE_H

#include "text/learned.h"
#include "text/syntax.h"

typedef enum {
    HX_BESIDE_SENTIMENT = 0,
    HX_BESIDE_EMOTION,
    HX_BESIDE_WORDS, /* + hx_words_standard, ud to sxu */
    HX_BESIDE_SYNTAX = HX_BESIDE_WORDS + (int)HX_BOUNDARY_N, /* + hx_syntax_kind (syntax.h) */
    HX_BESIDE_SETS = HX_BESIDE_SYNTAX + (int)HX_SYNTAX_N, /* set_grams.h */
    HX_BESIDE_N = HX_BESIDE_SETS + 8
} hx_beside_task;

typedef struct {
    bool is_set;
    double bias, llama, learn, rules;
} hx_beside_mix;

/* Immutable, shared by threads. */
typedef struct hx_beside {
    hx_learned *learned; /* owned */
    hx_syntax *syntax; /* owned; NULL where it isn't there */
    hx_beside_mix mix[HX_BESIDE_N][2]; /* Chinese, English */
    uint64_t hash; /* of the numbers and of what was learnt */
} hx_beside;

/* NULL in *out where one of the two files isn't there. HX_EFORMAT: a line is none of the above. */
hx_status hx__beside_open(hx_beside **out, const char *share_dir, hx_error *err) HX_MUST_USE;
void hx__beside_close(hx_beside *b); /* NULL is fine */

/* The numbers of a task and language; NULL = the language model alone. b may be NULL. */
const hx_beside_mix *hx__beside_mix(const hx_beside *b, hx_beside_task task, hx_lang lang);

/* The numbers of a set by its task's name; is_set false where there are none. */
hx_status hx__beside_set(const char *share_dir, const char *task, hx_beside_mix *out,
                         hx_error *err) HX_MUST_USE;

/* *out has the head's logit as its bias; becomes the sum of all, with the grams and what the rules found as evidence in `arena`. */
hx_status hx__beside_mood(hx_annotator *a, const hx_analysis *text, const hx_sentiment *rules,
                          hx_arena *arena, hx_sentiment *out, hx_error *err) HX_MUST_USE;
/* The head's emotion becomes that of both; the evidence is the grams', where they say the same. */
hx_status hx__beside_feeling(hx_annotator *a, const hx_analysis *text, hx_arena *arena,
                             hx_emotion *out, hx_error *err) HX_MUST_USE;

#endif
