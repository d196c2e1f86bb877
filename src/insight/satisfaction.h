/* satisfaction.h - how satisfied the customers of a group are, and how many come back, from opinions of every kind.
 *
 * An opinion is an event that says how somebody found it: the mean of its rating (from the lowest to the highest of its scale as 0 to
 * 1), the sentiment of its text ((1 + signed probability) / 2) and 0 where it complains. The index is the mean over opinions x 100, with
 * Student's interval from sums by cluster, since opinions of one customer are not independent (Liang and Zeger 1986). The
 * score is the index drawn to that of all by the ratio of the variances within and between groups (one-way random effects,
 * Searle 1971): few opinions move it little.
 *
 * CSAT is the share of 4 and 5 among answers of 1 to 5, NPS the share of 9 and 10 less that of 0 to 6 among answers of 0 to 10, in
 * points of -100 to 100, with the adjusted Wald interval (Rocks 2016: 3/4, 3/2 and 3/4 answers more).
 * Loyalty is the share of days of purchase that another one followed within HX_RETURN_DAYS, of those watched for so long. */
#ifndef HX_INSIGHT_SATISFACTION_H
#define HX_INSIGHT_SATISFACTION_H

#include "insight/dynamic.h"

#define HX_RETURN_DAYS 90

typedef enum { HX_SCALE_NONE = 0, HX_SCALE_FIVE, HX_SCALE_TEN, HX_SCALE_HUNDRED } hx_scale;
/* By the greatest answer that a source gives (1/1,000). */
hx_scale hx_scale_of(int32_t greatest);

typedef struct {
    bool has_rating, has_mood, complains;
    double rating; /* on its scale */
    hx_scale scale;
    double mood; /* [-1, 1] */
    bool has_nps, has_csat; /* answers beside the rating */
    double nps, csat;
} hx_opinion;

/* Sums of a group; start from zeros. */
typedef struct {
    uint64_t customers, last_customer; /* who speak or buy; the caller gives numbers from 1 */
    double n, sum, squares; /* opinions */
    uint64_t clusters, open; /* the last cluster, whose sums are not added yet */
    double open_n, open_sum;
    double cluster_squares, cluster_products, cluster_sizes; /* sums of S^2, S n, n^2 */
    double ratings, rating_sum; /* as shares of their scales */
    double five, five_top, ten, promoters, detractors;
    uint64_t texts, positive, negative, complaints;
    double watched, returned; /* days of purchase */
} hx_satisfaction;

void hx_satisfaction_see(hx_satisfaction *s, uint64_t customer); /* he is of the group */
/* Clusters of one number must come behind one another. */
void hx_satisfaction_add(hx_satisfaction *s, const hx_opinion *o, uint64_t cluster);
void hx_satisfaction_bought(hx_satisfaction *s, bool came_back);
/* Closes the last cluster; nothing may be added behind. */
void hx_satisfaction_finish(hx_satisfaction *s);

/* Of finished sums; NANs where there is nothing to tell it by. */
hx_interval hx_satisfaction_index(const hx_satisfaction *s); /* 0 to 100 */
hx_interval hx_satisfaction_csat(const hx_satisfaction *s); /* share */
hx_interval hx_satisfaction_nps(const hx_satisfaction *s); /* -100 to 100 */
hx_interval hx_satisfaction_loyalty(const hx_satisfaction *s); /* share */

/* How strongly groups are drawn to the whole: opinions of it that are added. INFINITY where groups differ no more than chance. */
double hx_satisfaction_pull(const hx_satisfaction *const *groups, size_t n);
double hx_satisfaction_score(const hx_satisfaction *group, double overall,
                             double pull); /* 0 to 100 */

#endif
