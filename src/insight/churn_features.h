/* churn_features.h - what is known of a customer at a cut-off, and what became of him behind it. For src/insight/churn_*.c and the pipeline.
 *
 *     hx_churn_person p;
 *     if (hx_churn_person_at(events, n, &definition, cut, &p)) ...   reads events up to the cut-off alone
 *     HX_TRY(hx_churn_population_of(people, n, &population, err));   typical gap, MBG/NBD of all of them at that cut-off
 *     hx_churn_person_finish(&p, &definition, &population);          features that need the others
 *     hx_churn_outcome_of(events, n, &definition, &p, end)           1 left, 0 stayed, NaN can't be known by `end`
 *
 * Nothing behind the cut-off, and nothing without a time, is a feature: adding such events changes none (tests/unit/insight/test_churn_features.c). */
#ifndef HX_INSIGHT_CHURN_FEATURES_H
#define HX_INSIGHT_CHURN_FEATURES_H

#include "huaxiang/insight.h"
#include "profile/event.h"

typedef enum {
    HX_CHURN_SILENT_DAYS = 0,
    HX_CHURN_QUIET_DAYS,
    HX_CHURN_AGE_DAYS,
    HX_CHURN_ORDERS,
    HX_CHURN_GAP_DAYS,
    HX_CHURN_SILENCE,
    HX_CHURN_LAST_GAP,
    HX_CHURN_ORDERS_30,
    HX_CHURN_ORDERS_90,
    HX_CHURN_ORDERS_CHANGE,
    HX_CHURN_SPENT,
    HX_CHURN_ORDER_VALUE,
    HX_CHURN_SPENT_90,
    HX_CHURN_LAST_VALUE,
    HX_CHURN_DISCOUNT_SHARE,
    HX_CHURN_REFUNDS,
    HX_CHURN_REFUNDS_SINCE,
    HX_CHURN_VIEWS_30,
    HX_CHURN_VIEWS_90,
    HX_CHURN_VIEWS_SINCE,
    HX_CHURN_SEARCHES_90,
    HX_CHURN_CONTACTS_90,
    HX_CHURN_CONTACTS_SINCE,
    HX_CHURN_COMPLAINTS,
    HX_CHURN_COMPLAINTS_SINCE,
    HX_CHURN_SENTIMENT,
    HX_CHURN_SENTIMENT_SINCE,
    HX_CHURN_LAST_SENTIMENT,
    HX_CHURN_RATING,
    HX_CHURN_RATING_SINCE,
    HX_CHURN_LAST_RATING,
    HX_CHURN_CATEGORIES,
    HX_CHURN_ALIVE,
    HX_CHURN_EXPECTED,
    HX_CHURN_CONTRACT_DAYS, /* of HX_CHURN_CONTRACT alone */
    HX_CHURN_FEATURES
} hx_churn_feature;
const char *hx_churn_feature_name(hx_churn_feature f); /* "silent_days" */

typedef struct {
    int64_t cut; /* ms */
    double v[HX_CHURN_FEATURES]; /* NaN = not known */
    uint32_t repeats; /* purchase days behind the first */
    double last, age; /* days since the first purchase: of the last one, of the cut-off */
    int64_t last_purchase, contract_end; /* ms; HX_TIME_NONE */
    double horizon; /* days behind the cut-off that decide; set by finish */
} hx_churn_person;

/* False: not to be scored at that cut-off (bought nothing by then; no contract that ends in time). `events` in event order. */
bool hx_churn_person_at(const hx_event *events, size_t n, const hx_churn_definition *d, int64_t cut,
                        hx_churn_person *out);

typedef struct {
    double gap; /* median over customers of their mean gap, days; NaN where nobody bought twice */
    hx_purchase_fit fit;
    bool has_fit;
} hx_churn_population;
hx_status hx_churn_population_of(const hx_churn_person *people, size_t n, hx_churn_population *out,
                                 hx_error *err) HX_MUST_USE;
void hx_churn_person_finish(hx_churn_person *p, const hx_churn_definition *d,
                            const hx_churn_population *pop);
/* The gap to expect: own gaps and HX_CHURN_PRIOR_GAPS of the population's median. */
#define HX_CHURN_PRIOR_GAPS 2
double hx_churn_gap(const hx_churn_person *p, double median);
/* Longer silent at the cut-off than the definition allows. */
bool hx_churn_is_gone(const hx_churn_person *p);
double hx_churn_outcome_of(const hx_event *events, size_t n, const hx_churn_definition *d,
                           const hx_churn_person *p, int64_t end);
/* The longest time that a definition looks ahead, in days. */
double hx_churn_reach(const hx_churn_definition *d);

#endif
