/* prefer.h - inside of preferences for a new item: the model, everybody's features and the chances told of opinions. For prefer*.c alone.
 *
 *     tastes + the new item -> past (the new item is the last one) -> features of (person, new item) -> scores in millionths of log-odds
 *
 * Rows have room for one opinion more, which a counterfactual adds. */
#ifndef HX_INSIGHT_PREFER_H
#define HX_INSIGHT_PREFER_H

#include "insight/churn.h"
#include "insight/preference.h"
#include "insight/tastes.h"

#define HX_PREFER_COLUMNS 32 /* of features, at most */

struct hx_preferring {
    const hx_tastes *tastes; /* borrowed */
    hx_new_item item; /* texts borrowed */
    hx_preference_past past; /* points at the owned: */
    uint32_t *people, *items, *categories; /* (n + 1), (n + 1), (n_items) */
    double *liked, *times, *prices; /* (n + 1), (n + 1), (n_items) */
    float *vectors, *said; /* (n_items, dim), (n + 1, dim); said NULL = too many to keep */
    double now; /* behind all that was */
    hx_churn *model; /* owned */
    double low[HX_PREFER_COLUMNS],
        high[HX_PREFER_COLUMNS]; /* of features, as they were learnt from */
    double *told, *told_liked; /* (n_told) ascending by told, and what became of it */
    size_t n_told;
    hx_table *rows; /* of people and the new item; owned */
    int64_t *scores, *phi; /* (people), (people, columns + 1) */
    hx_prefer_about about;
};

/* Score and features of one person, by the past as it is now; row (HX_PREFERENCE columns of a table of one row) is the caller's. */
hx_status hx_prefer_score(const hx_preferring *p, uint32_t person, int64_t *score,
                          hx_error *err) HX_MUST_USE;
double hx_prefer_likeness(const hx_preferring *p, uint32_t item); /* cosine to the new item */
hx_str hx_prefer_name(const hx_preferring *p, uint32_t item); /* its text, else its id */

/* What of a person's own past a reason can point at: numbers of rows, SIZE_MAX = none. */
typedef struct {
    size_t liked, disliked, bought; /* the closest of each */
} hx_prefer_closest;
hx_prefer_closest hx_prefer_find_closest(const hx_preferring *p, uint32_t person);

/* ---- prefer_words.c: a term in words; value NaN = nothing known. */
void hx_prefer_say(const hx_preferring *p, const hx_prefer_closest *closest, hx_str column,
                   double value, hx_ui_lang ui, hx_buf *out);

#endif
