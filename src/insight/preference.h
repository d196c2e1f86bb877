/* preference.h - whether a person would like an item that nobody has had yet, by what the item's text says and by what people made of others.
 *
 * A pair (person, item) becomes a row of features read off opinions that were given before it, none of them of that very item: so every row that a
 * model learns from is of an item it has not seen, as the new one will be (leave-item-out). The model on top is that of churn.h: boosted trees and
 * a logistic regression weighed on folds of whole items, whose contributions sum exactly to the score.
 *
 * Taste is a kernel mean over a person's own opinions, weights = squared cosine of the items' texts; shares are drawn to those of all
 * where opinions are few (Nadaraya 1964, On Estimating Regression; Efron, Morris 1975 for the drawing). */
#ifndef HX_INSIGHT_PREFERENCE_H
#define HX_INSIGHT_PREFERENCE_H

#include "huaxiang/insight.h"

#define HX_PREFERENCE_MAX_ITEMS ((size_t)10000)
#define HX_PREFERENCE_NO_CATEGORY UINT32_MAX

/* Opinions that were given, in any order, and the items there are. Nothing is owned. */
typedef struct {
    size_t n; /* opinions */
    const uint32_t *people, *items; /* (n) below n_people, n_items */
    const double *
        liked; /* (n) 1 or 0; NaN = had it and said nothing: tells of what one buys, not of what one likes */
    const double *times; /* (n) any unit, finite */
    const float *said; /* (n, dim) vectors of the comments; NULL = none */
    const double *prices; /* (n_items) > 0, NaN = unknown; NULL = none */
    size_t n_people, n_items, dim;
    const float *vectors; /* (n_items, dim) of length 1, or 0 where an item has no text */
    const uint32_t *categories; /* (n_items), HX_PREFERENCE_NO_CATEGORY; NULL = none */
    size_t n_categories;
} hx_preference_past;

/* Pairs to be told: opinions at or behind `times` count for nothing, nor do those of items that are `held` (n_items; NULL = none). */
typedef struct {
    size_t n;
    const uint32_t *people, *items; /* (n) */
    const double *times; /* (n) */
    const bool *held;
} hx_preference_pairs;

/* vectors (n, dim): words and pairs of Han characters, hashed and weighed by their rarity among the n texts (TF-IDF), length 1; 0 where nothing was said.
 * Weinberger et al. 2009, Feature Hashing for Large Scale Multitask Learning. For where no language model is at hand. */
hx_status hx_preference_grams(const hx_str *texts, size_t n, size_t dim, float *vectors,
                              hx_error *err) HX_MUST_USE;

/* A table of features, a row a pair; the caller's, hx_table_free(). Columns: opinions, own_share, own_latest, own_days, taste, closest_liked,
 * closest_disliked, words, category_own, category_all, near_share, near_count, price_fit, orders, closest_bought; missing where nothing is known. */
hx_status hx_preference_features(hx_table **out, const hx_preference_past *past,
                                 const hx_preference_pairs *pairs, hx_error *err) HX_MUST_USE;

/* How hx_preference_learn() learns: columns "a,b" of the features (NULL = all). */
typedef struct {
    const char *use;
    uint64_t seed;
    size_t n_threads; /* 0 = one a processor; any number gives the same bytes */
    double *told; /* (pairs) the chance told by folds that did not see the item; NULL */
} hx_preference_way;
/* The model of features t, to which the columns item and liked (pairs, 1 or 0) are added. */
hx_status hx_preference_learn(hx_churn **out, hx_table *t, const hx_preference_pairs *pairs,
                              const double *liked, const hx_preference_way *way,
                              hx_error *err) HX_MUST_USE;

/* Learns from all opinions, each without its own item. Explain and verify by hx_churn_explain(), hx_churn_verify(); HX_EINVAL: fewer
 * than 10 that liked or 10 that did not, one person alone, no item with a text. */
hx_status hx_preference_fit(hx_churn **out, const hx_preference_past *past, uint64_t seed,
                            size_t n_threads, hx_error *err) HX_MUST_USE;

/* How well it tells opinions of the items that came latest. */
typedef hx_prefer_quality hx_preference_quality;
/* Items in the order of their first opinion: the latest 30 % are the test's, the 20 % before them dev's. Nothing of held items is known to anybody,
 * and only opinions from before the first of them are learnt from. content: taste, closeness and near items alone; hybrid: factors of people and of
 * words; way->use: columns of the model (Kula 2015, Metadata Embeddings for User and Item Cold-start Recommendations). */
hx_status hx_preference_judge(const hx_preference_past *past, bool on_test,
                              const hx_preference_way *way, hx_preference_quality *out,
                              hx_error *err) HX_MUST_USE;

#endif
