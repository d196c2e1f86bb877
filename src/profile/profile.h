/* profile.h - a customer as a fold over events: profile' = fold(profile, event).
 *
 * Pure: no clock, no I/O, no randomness. All sums are integers, so that one batch, a thousand batches and a stream give the same
 * bytes. Events are folded in event order (event.h); hx_profile_can_extend() says whether a later event can be folded on, else
 * the person is folded again from the first event.
 *
 * A profile holds what was seen. What is concluded from it (RFM, segments, scores) is src/insight's and depends on an as-of time. */
#ifndef HX_PROFILE_PROFILE_H
#define HX_PROFILE_PROFILE_H

#include "base/map.h"
#include "profile/event.h"

#define HX_INTERESTS_MAX 64 /* kept by the Space-Saving algorithm (Metwally et al. 2005) */
#define HX_TOP_WORDS_MAX 64 /* likewise */
#define HX_TRAITS_MAX 512
#define HX_CURRENCIES_MAX 16
#define HX_CONFLICTS_MAX 32
#define HX_PROFILE_IDS_MAX 64 /* ids listed; more are joined, but not listed */

typedef struct {
    hx_str name;
    hx_str value;
    hx_value_type type;
    int64_t at; /* time of the event that said so, or HX_TIME_NONE */
    uint64_t event; /* its message id */
    uint64_t key; /* of the id of which it was said */
} hx_trait;

/* Two statements about one id disagree and time does not say which is newer (two ids of a person may well have two names): `value` lost against the trait's value. */
typedef struct {
    hx_str name;
    hx_str value;
    uint64_t event;
} hx_conflict;

typedef struct {
    hx_str currency; /* "" = not said */
    hx_money amount; /* net of refunds */
    hx_money refunded; /* >= 0 */
} hx_spent;

/* What a customer turned to: a category, or an item where no category is known. */
typedef struct {
    hx_str name;
    int64_t
        weight; /* order line 4, review 2 (0 when negative), view or search 1; Space-Saving: an upper bound */
    int64_t error; /* ... and by how much it may be too large */
    bool
        is_item; /* no category was said: the name is an item's; such entries come after the categories */
    uint64_t last_event;
    uint32_t orders, views, reviews;
    hx_money amount;
} hx_interest;

typedef struct {
    hx_str text;
    int64_t count, error;
    int32_t positive, negative; /* texts of that sentiment in which it stands */
} hx_top_word;

/* Texts that a trained model gave one label of a set, or a number. */
typedef struct {
    hx_str set, label; /* label empty: numbers, the only entry of its set */
    uint64_t count;
    int64_t score_sum; /* of the model's probabilities, or of the numbers, x 1,000,000 */
    int64_t at; /* time of the last of them, or HX_TIME_NONE */
    uint64_t event; /* its message id */
} hx_label_count;

#define HX_PROFILE_ASPECTS_MAX 64 /* of one customer that are counted */

/* Texts that speak of one side of a purchase. */
typedef struct {
    hx_str id, name; /* name: as in the first of the texts */
    uint64_t count;
    int64_t sum; /* of signed probability x 1,000: positive +score, negative -score, else 0 */
    int64_t at; /* time of the last of them, or HX_TIME_NONE */
    uint64_t event; /* its message id */
} hx_aspect_count;

typedef struct {
    uint64_t key; /* of the first id in canonical order */
    hx_id ids[HX_PROFILE_IDS_MAX]; /* canonical order */
    uint32_t n_ids;

    /* activity */
    uint64_t n_events, n_undated;
    int64_t first, last; /* ms; HX_TIME_NONE where no event has a time */
    uint32_t by_hour[24]; /* UTC */
    uint32_t by_weekday[7]; /* Monday first */
    uint64_t kinds[HX_KIND_N];
    uint64_t
        n_orders; /* distinct order ids with a line of positive amount (lines without order id: distinct days) */
    uint64_t n_lines, n_refunds;
    int64_t quantity; /* 1/10,000, net */
    hx_spent spent[HX_CURRENCIES_MAX];
    uint32_t n_spent;
    hx_money discount;
    uint64_t n_discounted;
    hx_map order_ids; /* hashes of order ids seen with a positive line */
    /* inter-purchase sums, by day (UTC), for purchase models: x = purchase_days - 1, t_x = last - first */
    int64_t first_purchase, last_purchase; /* ms; HX_TIME_NONE */
    int64_t purchase_days;
    int64_t gap_sum, gap_square_sum; /* days, days^2 */

    /* voice */
    uint64_t n_texts, n_noise;
    uint64_t sentiments[HX_SENTIMENT_N];
    int64_t sentiment_sum; /* of signed probability x 1,000: positive +score, negative -score */
    int64_t trend_t, trend_tt, trend_s, trend_ts,
        trend_n; /* least squares over days since first text; t in days, s in 1/1,000 */
    int64_t trend_origin; /* day of the first text */
    uint64_t intents[HX_INTENT_N];
    uint64_t langs[HX_LANG_N];
    int64_t rating_sum; /* 1/1,000 */
    uint64_t n_ratings;
    hx_top_word words[HX_TOP_WORDS_MAX];
    uint64_t word_hashes[HX_TOP_WORDS_MAX];
    uint32_t n_words;

    hx_interest interests[HX_INTERESTS_MAX];
    uint64_t interest_hashes[HX_INTERESTS_MAX]; /* of the names, for the look-up */
    uint32_t n_interests;
    hx_trait traits[HX_TRAITS_MAX];
    uint32_t n_traits;
    hx_conflict conflicts[HX_CONFLICTS_MAX];
    uint32_t n_conflicts;
    hx_label_count labels[HX_LABELS_MAX]; /* in the order of their first texts */
    uint32_t n_labels;
    hx_aspect_count aspects[HX_PROFILE_ASPECTS_MAX]; /* in the order of their first texts */
    uint32_t n_aspects;

    /* where the fold stands */
    int64_t folded_time;
    uint64_t folded_id;
    hx_arena *arena; /* owns the strings */
    bool failed; /* out of memory: the profile is not usable */
} hx_profile;

/* A profile is large (tens of kB): keep one a thread and reset it. */
hx_profile *hx_profile_new(void); /* NULL when out of memory */
void hx_profile_free(hx_profile *p);
void hx_profile_reset(hx_profile *p);

void hx_profile_fold(hx_profile *p, const hx_event *e);
/* The event comes behind all that were folded. */
bool hx_profile_can_extend(const hx_profile *p, const hx_event *e);

void hx_profile_write(const hx_profile *p,
                      hx_buf *out); /* canonical bytes: equal profiles, equal bytes */
hx_status hx_profile_read(hx_str bytes, hx_profile *p, hx_error *err) HX_MUST_USE;

/* Interests (categories first, then items) and words in order of weight (descending, then by name). `order` has room for all. */
size_t hx_profile_interests(const hx_profile *p, uint32_t order[HX_INTERESTS_MAX]);
size_t hx_profile_words(const hx_profile *p, uint32_t order[HX_TOP_WORDS_MAX]);
/* Aspects in order of count (descending, then by id). `out` has room for all; its strings are the profile's. */
size_t hx_profile_aspects(const hx_profile *p, hx_aspect_count out[HX_PROFILE_ASPECTS_MAX]);
int64_t hx_aspect_milli(const hx_aspect *a); /* what one text adds to `sum` */
double hx_profile_aspect_mean(const hx_aspect_count *a); /* [-1, 1] */
int64_t hx_profile_aspect_micro(const hx_aspect_count *a); /* the mean x 1,000,000; 0 for NULL */
/* By id or name; NULL where no text speaks of it. */
const hx_aspect_count *hx_profile_aspect(const hx_profile *p, hx_str name);
/* Mean signed sentiment in [-1, 1] (0 without texts) and its slope a 30 days (0 with fewer than 3 dated texts). */
double hx_profile_sentiment_mean(const hx_profile *p);
double hx_profile_sentiment_trend(const hx_profile *p);
/* The currency with most orders' money, by absolute amount then name; "" if none; and what was spent in it. */
hx_money hx_profile_spent(const hx_profile *p, hx_str *currency);
/* Of a set of labels: the label of its last text (NULL without one), a label's count (NULL = 0), how many texts have one. */
const hx_label_count *hx_profile_last_label(const hx_profile *p, hx_str set);
const hx_label_count *hx_profile_label(const hx_profile *p, hx_str set, hx_str label);
uint64_t hx_profile_labelled(const hx_profile *p, hx_str set);
/* Of numbers: their mean x 1,000,000, rounded down. */
bool hx_label_is_number(const hx_label_count *c);
int64_t hx_label_mean(const hx_label_count *c);
const hx_trait *hx_profile_trait(const hx_profile *p, const char *name); /* NULL if unknown */

#endif
