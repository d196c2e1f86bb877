/* linkage.c - weights of agreement: EM over patterns of levels; see linkage.h for the method and its sources.
 *
 *     odds(one person) = prior / (1 - prior) * product over fields of m(level) / u(level)
 *
 * Patterns stand for many pairs, so a round costs what there are different patterns (at most 5^6), whatever the number of pairs. */
#include "profile/linkage.h"

#include <math.h>
#include <string.h>

#define ROUNDS 100
#define USUAL_WEIGHT 10.0 /* pairs */
#define RANDOM_WEIGHT 100.0
#define SHARE_MIN 1e-9
#define SHARE_MAX 0.999

static const char *const field_names[HX_LINK_FIELDS] = {"name",    "phone",    "email",
                                                        "address", "birthday", "device"};
static const double usual_m[HX_LINK_LEVELS] = {0.03, 0.03, 0.09, 0.85};
/* Two people of a few thousand, roughly: names and birthdays as in lists of customers, ids that hardly ever are alike. */
static const double usual_u[HX_LINK_FIELDS][HX_LINK_LEVELS] = {
    {0.93, 0.063, 0.005, 0.002},    {0.9989, 0.001, 0.00005, 0.00005},
    {0.998, 0.001, 0.0009, 0.0001}, {0.95, 0.04, 0.008, 0.002},
    {0.977, 0.018, 0.0049, 0.0001}, {0.9997, 0.0001, 0.0001, 0.0001}};

const char *hx_link_field_name(hx_link_field f) {
    return (unsigned)f < HX_LINK_FIELDS ? field_names[f] : "";
}

void hx_link_fit_u(hx_link_model *model, const hx_link_counts *random) {
    for (int f = 0; f < HX_LINK_FIELDS; f++) {
        double n[HX_LINK_LEVELS], all = 0;
        for (int k = 0; k < HX_LINK_LEVELS; k++)
            n[k] = RANDOM_WEIGHT * usual_u[f][k];
        for (size_t i = 0; i < random->n; i++)
            if (random->patterns[i].level[f] < HX_LINK_LEVELS)
                n[random->patterns[i].level[f]] += (double)random->counts[i];
        for (int k = 0; k < HX_LINK_LEVELS; k++)
            all += n[k];
        for (int k = 0; k < HX_LINK_LEVELS; k++)
            model->u[f][k] = n[k] / all;
    }
}

static double odds_of(const hx_link_model *u, double m[HX_LINK_FIELDS][HX_LINK_LEVELS],
                      unsigned masked, const hx_link_pattern *p, double share) {
    double log_odds = log(share / (1 - share));
    for (int f = 0; f < HX_LINK_FIELDS; f++)
        if (p->level[f] < HX_LINK_LEVELS && !(masked >> f & 1))
            log_odds += log(m[f][p->level[f]] / u->u[f][p->level[f]]);
    return exp(log_odds > 500 ? 500 : log_odds);
}

static double one_round(const hx_link_model *u, unsigned masked, const hx_link_counts *pairs,
                        double share, double m[HX_LINK_FIELDS][HX_LINK_LEVELS]) {
    double next[HX_LINK_FIELDS][HX_LINK_LEVELS], matches = 0, all = 0;
    for (int f = 0; f < HX_LINK_FIELDS; f++)
        for (int k = 0; k < HX_LINK_LEVELS; k++)
            next[f][k] = USUAL_WEIGHT * usual_m[k];
    for (size_t i = 0; i < pairs->n; i++) {
        const hx_link_pattern *p = &pairs->patterns[i];
        const double odds = odds_of(u, m, masked, p, share), n = (double)pairs->counts[i],
                     expected = n * odds / (1 + odds);
        matches += expected;
        all += n;
        for (int f = 0; f < HX_LINK_FIELDS; f++)
            if (p->level[f] < HX_LINK_LEVELS) next[f][p->level[f]] += expected;
    }
    for (int f = 0; f < HX_LINK_FIELDS; f++) {
        double sum = 0;
        for (int k = 0; k < HX_LINK_LEVELS; k++)
            sum += next[f][k];
        for (int k = 0; k < HX_LINK_LEVELS; k++)
            m[f][k] = next[f][k] / sum;
    }
    return all > 0 ? matches / all : 0;
}

double hx_link_fit_m(const hx_link_model *u, unsigned masked, const hx_link_counts *pairs,
                     double m[HX_LINK_FIELDS][HX_LINK_LEVELS]) {
    double share = 0.1;
    for (int f = 0; f < HX_LINK_FIELDS; f++)
        memcpy(m[f], usual_m, sizeof usual_m);
    for (int round = 0; round < ROUNDS; round++) {
        const double before = share;
        share = one_round(u, masked, pairs, share, m);
        share = share < SHARE_MIN ? SHARE_MIN : share > SHARE_MAX ? SHARE_MAX : share;
        if (fabs(share - before) < 1e-9) break;
    }
    return share;
}

void hx_link_weights(const hx_link_model *model, hx_link_pattern p, double name_share,
                     double weights[HX_LINK_FIELDS]) {
    for (int f = 0; f < HX_LINK_FIELDS; f++) {
        const uint8_t level = p.level[f];
        weights[f] = 0;
        if (level >= HX_LINK_LEVELS) continue;
        double u = model->u[f][level];
        if (f == HX_LINK_NAME && level == HX_LINK_LEVELS - 1 && name_share > 0) u = name_share;
        weights[f] = log2(model->m[f][level] / u);
    }
}

double hx_link_probability(double prior, const double weights[HX_LINK_FIELDS]) {
    double bits = log2(prior / (1 - prior));
    for (int f = 0; f < HX_LINK_FIELDS; f++)
        bits += weights[f];
    return 1 / (1 + exp2(-bits));
}
