/* population.h - every customer at one time, in one walk over the store: 48 bytes a customer and the totals.
 *
 * Events later than as_of are not seen: a profile whose last event is later is folded again from its events up to as_of (undated
 * events always count); people whose events are all later are left out. Money is compared in one currency, the main one: the
 * currency with the largest sum of absolute amounts over all customers (ties: bytewise first). Guests are no customers.
 *
 *     hx_population *pop;
 *     HX_TRY(hx__population_open(&pop, store, as_of, err));
 *     for (size_t i = 0; i < pop->n; i++) ... pop->customers[i].monetary ...
 *     hx__population_close(pop); */
#ifndef HX_ANSWER_POPULATION_H
#define HX_ANSWER_POPULATION_H

#include "answer/person.h"
#include "insight/segment.h"

#define HX_POPULATION_CURRENCIES_MAX 200 /* further ones are counted in no sum */
#define HX_CURRENCY_TEXT_MAX 16

typedef struct {
    char currency[HX_CURRENCY_TEXT_MAX]; /* "" = not said */
    hx_money amount; /* net over all customers, saturated */
    hx_money refunded;
    double weight; /* sum of absolute amounts a customer, by which the main one is chosen */
} hx_population_spent;

/* What trained models said of everybody's texts, a label at a time: by set, most texts first. */
#define HX_LABEL_SUMS_MAX 1024

typedef struct {
    hx_str set, label;
    uint64_t texts;
    uint64_t customers; /* whose last label of the set it is */
    double micro; /* sum of the scores x 1,000,000: of a number's entry, whose label is empty */
} hx_label_sum;

typedef struct {
    hx_label_sum at[HX_LABEL_SUMS_MAX];
    size_t n;
    hx_arena *arena; /* owns the strings; NULL while there are none */
    bool failed; /* out of memory */
} hx_label_sums;

typedef struct hx_population {
    int64_t as_of; /* ms; HX_TIME_NONE in a store without dated events */
    bool latest; /* nothing had to be folded again: the stored profiles are the profiles at as_of */
    hx_customer *customers; /* ascending by (int64_t)person; scored, with segments; owned */
    size_t n;
    hx_segment_population thresholds;
    uint64_t hash; /* of all customers' measures, as_of and main currency: receipts name it */

    char currency[HX_CURRENCY_TEXT_MAX]; /* the main one; "" = not said */
    hx_population_spent spent[HX_POPULATION_CURRENCIES_MAX]; /* main first, then by weight */
    size_t n_spent;

    /* totals over customers */
    uint64_t events, undated, orders, lines, discounted, refunds, buyers, texts, noise;
    uint64_t kinds[HX_KIND_N];
    uint64_t sentiments[HX_SENTIMENT_N];
    uint64_t intents[HX_INTENT_N];
    uint64_t langs[HX_LANG_N];
    uint64_t by_hour[24], by_weekday[7]; /* UTC */
    int64_t first, last; /* ms; HX_TIME_NONE */
    uint64_t segment_sizes[HX_SEGMENT_N];
    uint64_t group_sizes[HX_RFM_GROUPS]; /* by hx_rfm_group() */
    uint64_t rfm_cells[5][5]; /* [r - 1][f - 1]: customers */
    hx_label_sums labels;

    hx_store *store; /* borrowed */
} hx_population;

/* `as_of` may be HX_AS_OF_LATEST. HX_ELIMIT over 100 million customers. Keeps `s` until close. */
hx_status hx__population_open(hx_population **out, hx_store *s, int64_t as_of,
                              hx_error *err) HX_MUST_USE;
void hx__population_close(hx_population *pop); /* NULL is fine */

/* The record of a person, or NULL. */
const hx_customer *hx__population_find(const hx_population *pop, uint64_t person);
/* Every customer with the profile as of pop->as_of, in the order of pop->customers. Stops at the first status other than HX_OK. */
typedef hx_status hx_population_fn(void *context, const hx_customer *c, const hx_profile *p,
                                   hx_error *err);
hx_status hx__population_each(const hx_population *pop, hx_population_fn *fn, void *context,
                              hx_error *err) HX_MUST_USE;

/* Indexes of the `limit` best (0 = all) by `compare` into *out (arena); *n = how many. `compare(context, a, b)` < 0 puts a first;
 * `keep` says who takes part (NULL = all). */
typedef int hx_customer_compare(const void *context, const hx_customer *a, const hx_customer *b);
typedef bool hx_customer_keep(const void *context, const hx_customer *c);
hx_status hx__population_top(const hx_population *pop, hx_customer_keep *keep,
                             hx_customer_compare *compare, const void *context, size_t limit,
                             hx_arena *arena, uint32_t **out, size_t *n, hx_error *err) HX_MUST_USE;
/* Ready-made orders: most spent first (buyers alone), unhappiest first (customers with texts and a mean below 0). */
hx_status hx__population_best(const hx_population *pop, size_t limit, hx_arena *arena,
                              uint32_t **out, size_t *n, hx_error *err) HX_MUST_USE;
hx_status hx__population_unhappiest(const hx_population *pop, size_t limit, hx_arena *arena,
                                    uint32_t **out, size_t *n, hx_error *err) HX_MUST_USE;

/* model_labels.c: adds a profile (`customer` false: guests, who are nobody), then sorts. */
void hx__label_sums_add(hx_label_sums *sums, const hx_profile *p, bool customer);
double hx__label_mean_of(const hx_label_sum *s); /* of numbers */
hx_status hx__label_sums_finish(hx_label_sums *sums, hx_error *err) HX_MUST_USE;

#endif
