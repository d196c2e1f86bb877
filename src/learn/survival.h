/* survival.h - times until something happens, some of them cut off: Kaplan-Meier, log-rank, Cox. For src/learn. */
#ifndef HX_LEARN_SURVIVAL_H
#define HX_LEARN_SURVIVAL_H

#include "learn/problem.h"

/* n rows: how long each was seen (>= 0, finite), and whether it ended then (1) or was only seen so long (0). Borrowed. */
typedef struct {
    size_t n;
    const double *times;
    const unsigned char *events;
} hx_lives;

/* One of the different times; survival and its interval just behind it. */
typedef struct {
    double time;
    size_t at_risk, events, censored; /* at_risk: just before it */
    double survival, low, high; /* NAN: not defined (survival 0) */
    double hazard; /* cumulative, Nelson-Aalen; rows that ended together one after another */
} hx_survival_point;
/* points (n) at most, room the caller's; returns how many. order (n): rows by time, room too. */
size_t hx_kaplan_meier(const hx_lives *l, double level, size_t *order, hx_survival_point *points);
/* The first time at which `survival` (or an end of its interval: -1 low, 1 high) is at most `share`; INFINITY where it never is. */
double hx_survival_quantile(const hx_survival_point *points, size_t n, double share, int end);

/* groups (n) below n_groups; p = NAN where there are fewer than two groups with rows. */
typedef struct {
    double statistic, p;
    size_t freedom;
} hx_log_rank;
hx_status hx_log_rank_of(const hx_lives *l, const uint32_t *groups, size_t n_groups,
                         hx_log_rank *out, hx_error *err) HX_MUST_USE;

#define HX_COX_FEATURES_MAX 500
/* Proportional hazards, h(t, x) = h0(t) exp(b x). All (d), in the arena. */
typedef struct {
    double *coefficients, *errors;
    double log_likelihood, null_log_likelihood; /* partial */
    double
        concordance; /* of pairs whose order is known, the share in which the earlier end has the greater risk; ties half */
    size_t rounds;
    bool
        converged; /* false: a coefficient runs off, as where a feature tells all that ended from all others */
} hx_cox;
/* x (n, d) row-major without NaN. HX_EINVAL: nothing ended, a feature is constant or a sum of others. */
hx_status hx_cox_fit(const hx_lives *l, const double *x, size_t d, bool breslow, hx_arena *arena,
                     hx_cox *out, hx_error *err) HX_MUST_USE;
/* How good risks are on rows of a problem with event, as members of an open object: n, events, concordance. */
hx_status hx_survival_assess(const hx_problem *p, const double *risks, hx_arena *arena,
                             hx_json_writer *w, hx_error *err) HX_MUST_USE;
/* risks (n); NAN where no pair is known. */
double hx_concordance(const hx_lives *l, const double *risks, hx_arena *arena);

#endif
