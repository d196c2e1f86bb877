/* correct_spell.h - the words an unknown English word may stand for, by what slips cost (correct_spell.c). */
#ifndef HX_TEXT_CORRECT_SPELL_H
#define HX_TEXT_CORRECT_SPELL_H

#include "text/correct_data.h"

#define HX_SPELL_MAX 32 /* letters of a word that is looked at */
#define HX_SPELL_RANK 0.17 /* what ln frequency weighs against a cost of 1 */

/* The costs of letters as tables; immutable once made. */
typedef struct {
    float other[26][26]; /* right, wrong */
    uint8_t order[128]; /* spellings of one sound, by the last letter of the right one */
    uint8_t first_sound[27];
    size_t n_order;
} hx_spell_costs;

void hx__spell_costs_init(hx_spell_costs *t);

/* A word as written, in lower case, with what each of its letters costs as one too many. */
typedef struct {
    hx_str text; /* borrowed, cut at HX_SPELL_MAX */
    float more[HX_SPELL_MAX];
} hx_spell_query;
void hx__spell_query_init(hx_spell_query *q, hx_str wrong);

/* The cheapest way from `right` (lower case) to what was written; more than `most`: some number above it. */
double hx__spell_cost(const hx_spell_costs *t, hx_str right, const hx_spell_query *wrong,
                      double most);

typedef struct {
    uint32_t word;
    double cost, rank; /* rank: the higher, the likelier */
} hx_spelt;

/* The likeliest `most` words for `wrong` (lower case), best first, without itself; returns how many. */
size_t hx__spell_candidates(const hx_correct_data *d, const hx_spell_costs *t, hx_str wrong,
                            hx_spelt *out, size_t most);

#endif
