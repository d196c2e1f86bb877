/* rfm.h - recency, frequency, monetary: three measures in five classes each, and eight groups.
 *
 * Population: customers with at least one order and a dated purchase at as_of. Each measure has four thresholds, its lower
 * quantiles at 1/5 .. 4/5 (quantile.h). F and M: score = 1 + thresholds below the value. R: score = 5 - thresholds below the value
 * (few days are good). Ties share one class, so a class may be empty.
 *
 * A score is high from 4 on (the upper two fifths). The eight combinations of high and low are the groups that Chinese
 * marketing texts use: 重要 (important) = M high, 一般 (general) = M low; value = R and F high, develop = R high, keep = F high, win back =
 * neither. */
#ifndef HX_INSIGHT_RFM_H
#define HX_INSIGHT_RFM_H

#include "insight/customer.h"

#define HX_RFM_THRESHOLDS 4
#define HX_RFM_HIGH 4
#define HX_RFM_GROUPS 8

typedef struct {
    uint64_t n; /* customers it was taken from; 0 = all thresholds 0 */
    int64_t recency[HX_RFM_THRESHOLDS]; /* days, ascending */
    int64_t frequency[HX_RFM_THRESHOLDS]; /* orders */
    int64_t monetary[HX_RFM_THRESHOLDS]; /* 1/10,000 */
} hx_rfm;

bool hx_rfm_is_scored(const hx_customer *c);
/* Thresholds of a population; HX_ENOMEM. */
hx_status hx_rfm_fit(const hx_customer *customers, size_t n, hx_rfm *out,
                     hx_error *err) HX_MUST_USE;
/* Sets r, f and m (0 where the customer is not scored). */
void hx_rfm_score(const hx_rfm *rfm, hx_customer *c);

/* The group 0-7 (bit 2 = R high, bit 1 = F high, bit 0 = M high), or -1 where not scored. */
int hx_rfm_group(const hx_customer *c);
const char *hx_rfm_group_id(int group); /* "important_value", ...; NULL for -1 */
const char *hx_rfm_group_name(int group, hx_ui_lang ui); /* "重要价值客户" or "important: value" */

#endif
