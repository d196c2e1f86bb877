/* customer.h - what insight looks at of one customer at one time: a profile squeezed into 48 bytes.
 *
 * Scores and segments depend on a time (as_of) and on everybody else, so they are not in the profile. A hx_customer holds the
 * measures they are made of, as integers, so that 10 million customers fit in memory and every sum is exact. It is filled in
 * two steps: hx_customer_measure() from the profile alone, then hx_rfm_score() and hx_segment_mask() once the population's
 * thresholds are known.
 *
 * Days are whole days before as_of (floor of the elapsed time), saturated; HX_DAYS_UNKNOWN where nothing of the kind has a time. */
#ifndef HX_INSIGHT_CUSTOMER_H
#define HX_INSIGHT_CUSTOMER_H

#include "profile/profile.h"

#define HX_DAYS_UNKNOWN (-1)
#define HX_DAYS_MAX 4000000 /* more than the years 0001 to 9999 */
#define HX_SHARE_ONE 1000 /* shares and sentiment are in 1/1,000 */

typedef struct {
    uint64_t person; /* key of the profile */
    hx_money monetary; /* net of refunds, in the population's main currency, 1/10,000 */
    uint32_t orders; /* frequency */
    uint32_t texts; /* with a sentiment */
    int32_t recency; /* days since the last purchase */
    int32_t
        age; /* days since the first purchase; since the first event of those who never bought */
    int32_t silent; /* days since the last event of any kind */
    uint16_t
        gap; /* mean days between purchase days, rounded half up; 0 = fewer than two purchase days */
    int16_t sentiment; /* mean signed sentiment, -1,000 to 1,000; 0 without texts */
    uint16_t
        price_share; /* 1/1,000: discounted order lines and price questions among order lines and price questions */
    uint8_t price_signals; /* discounted order lines and price questions, saturated */
    uint8_t r, f, m; /* 1 (worst) to 5, all 0 = not scored (no dated purchase) */
    uint16_t segments; /* bit 1 << hx_segment_id */
} hx_customer;
_Static_assert(sizeof(hx_customer) == 48, "a customer is 48 bytes without padding");

/* Measures of `p` at `as_of` (ms; HX_TIME_NONE = no event has a time): all but scores and segments. `currency` = whose money
 * `monetary` is. Events after as_of must not have been folded. */
void hx_customer_measure(const hx_profile *p, int64_t as_of, hx_str currency, hx_customer *out);
/* Whole days from `then` to `now`, 0 where then > now; HX_DAYS_UNKNOWN where either is HX_TIME_NONE. */
int32_t hx_customer_days(int64_t now, int64_t then);
/* What was spent in `currency`; 0 if nothing. */
hx_money hx_customer_spent(const hx_profile *p, hx_str currency);

#endif
