/* satisfaction.c - satisfaction and loyalty of a group; see satisfaction.h.
 *
 * Sums are taken in the order of the events, which is one order; a cluster is closed when the next one opens. The variance of a mean
 * over clusters needs three sums of them alone: of S^2, S n and n^2, S the sum and n the number of a cluster's opinions.
 * Figures are asked for when the last cluster is closed. */
#include "insight/satisfaction.h"

#include <math.h>

#include "learn/special.h"

#define FIVE 5000
#define TEN 10000

hx_scale hx_scale_of(int32_t greatest) {
    return greatest <= FIVE ? HX_SCALE_FIVE : greatest <= TEN ? HX_SCALE_TEN : HX_SCALE_HUNDRED;
}

static double within(double v) {
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

static double share_of_scale(double rating, hx_scale scale) {
    if (scale == HX_SCALE_FIVE) return within((rating - 1) / 4);
    return within(rating / (scale == HX_SCALE_TEN ? 10 : 100));
}

/* --- adding -------------------------------------------------------------- */
static void answer_five(hx_satisfaction *s, double answer) {
    s->five++;
    s->five_top += answer >= 4;
}

static void answer_ten(hx_satisfaction *s, double answer) {
    s->ten++;
    s->promoters += answer >= 9;
    s->detractors += answer < 7;
}

static void add_answers(hx_satisfaction *s, const hx_opinion *o) {
    if (o->has_rating) {
        s->ratings++;
        s->rating_sum += share_of_scale(o->rating, o->scale);
    }
    if (o->has_rating && o->scale == HX_SCALE_FIVE) answer_five(s, o->rating);
    if (o->has_rating && o->scale == HX_SCALE_TEN) answer_ten(s, o->rating);
    if (o->has_csat) answer_five(s, o->csat);
    if (o->has_nps) answer_ten(s, o->nps);
}

static double value_of(const hx_opinion *o) {
    double sum = 0, n = 0;
    if (o->has_rating) {
        sum += share_of_scale(o->rating, o->scale);
        n++;
    }
    if (o->has_csat) {
        sum += share_of_scale(o->csat, HX_SCALE_FIVE);
        n++;
    }
    if (o->has_nps) {
        sum += share_of_scale(o->nps, HX_SCALE_TEN);
        n++;
    }
    if (o->has_mood) {
        sum += (1 + o->mood) / 2;
        n++;
    }
    n += o->complains;
    return n > 0 ? sum / n : NAN;
}

static void close_cluster(hx_satisfaction *s) {
    if (!(s->open_n > 0)) return;
    s->clusters++;
    s->cluster_squares += s->open_sum * s->open_sum;
    s->cluster_products += s->open_sum * s->open_n;
    s->cluster_sizes += s->open_n * s->open_n;
    s->open_n = s->open_sum = 0;
}

void hx_satisfaction_see(hx_satisfaction *s, uint64_t customer) {
    s->customers += s->last_customer != customer;
    s->last_customer = customer;
}

void hx_satisfaction_add(hx_satisfaction *s, const hx_opinion *o, uint64_t cluster) {
    const double x = value_of(o);
    add_answers(s, o);
    s->texts += o->has_mood || o->complains;
    s->positive += o->has_mood && o->mood > 0;
    s->negative += o->has_mood && o->mood < 0;
    s->complaints += o->complains;
    if (isnan(x)) return;
    if (cluster != s->open) close_cluster(s);
    s->open = cluster;
    s->open_n++;
    s->open_sum += x;
    s->n++;
    s->sum += x;
    s->squares += x * x;
}

void hx_satisfaction_bought(hx_satisfaction *s, bool came_back) {
    s->watched++;
    s->returned += came_back;
}

void hx_satisfaction_finish(hx_satisfaction *s) {
    close_cluster(s);
}

/* --- figures ------------------------------------------------------------- */
static hx_interval unknown(void) {
    return (hx_interval){NAN, NAN, NAN};
}

hx_interval hx_satisfaction_index(const hx_satisfaction *s) {
    if (!(s->n > 0)) return unknown();
    const double mean = s->sum / s->n, g = (double)s->clusters;
    if (s->clusters < 2) return (hx_interval){100 * mean, NAN, NAN};
    const double rest =
        s->cluster_squares - 2 * mean * s->cluster_products + mean * mean * s->cluster_sizes;
    const double error = sqrt(fmax(0, rest) * g / (g - 1)) / s->n;
    const double half = hx_student_quantile((1 + HX_DYNAMIC_LEVEL) / 2, g - 1) * error;
    return (hx_interval){100 * mean, 100 * within(mean - half), 100 * within(mean + half)};
}

hx_interval hx_satisfaction_csat(const hx_satisfaction *s) {
    return s->five > 0 ? hx_wilson(s->five_top / s->five, s->five, HX_DYNAMIC_LEVEL) : unknown();
}

hx_interval hx_satisfaction_nps(const hx_satisfaction *s) {
    if (!(s->ten > 0)) return unknown();
    const double n = s->ten + 3, p = (s->promoters + 0.75) / n, d = (s->detractors + 0.75) / n;
    const double half =
        hx_normal_quantile((1 + HX_DYNAMIC_LEVEL) / 2) * sqrt((p + d - (p - d) * (p - d)) / n);
    const double value = (s->promoters - s->detractors) / s->ten;
    return (hx_interval){100 * value, 100 * fmax(-1, fmin(value, p - d - half)),
                         100 * fmin(1, fmax(value, p - d + half))};
}

hx_interval hx_satisfaction_loyalty(const hx_satisfaction *s) {
    return s->watched > 0 ? hx_wilson(s->returned / s->watched, s->watched, HX_DYNAMIC_LEVEL)
                          : unknown();
}

/* --- groups and the whole ------------------------------------------------ */
double hx_satisfaction_pull(const hx_satisfaction *const *groups, size_t n) {
    double all = 0, sum = 0, sizes = 0, inside = 0, between = 0, g = 0;
    for (size_t i = 0; i < n; i++) {
        all += groups[i]->n;
        sum += groups[i]->sum;
    }
    for (size_t i = 0; i < n; i++) {
        const hx_satisfaction *s = groups[i];
        if (!(s->n > 0)) continue;
        const double mean = s->sum / s->n, off = mean - sum / all;
        g++;
        sizes += s->n * s->n;
        inside += fmax(0, s->squares - s->n * mean * mean);
        between += s->n * off * off;
    }
    if (!(g > 1 && all > g)) return INFINITY;
    const double usual = (all - sizes / all) / (g - 1), within_groups = inside / (all - g);
    const double variance = (between / (g - 1) - within_groups) / usual;
    return variance > 0 ? within_groups / variance : INFINITY;
}

double hx_satisfaction_score(const hx_satisfaction *group, double overall, double pull) {
    if (isinf(pull) || !(group->n > 0)) return overall;
    return (100 * group->sum + pull * overall) / (group->n + pull);
}
