/* mixture.h - mixtures of normal distributions, fitted by expectation-maximisation. For src/learn. */
#ifndef HX_LEARN_MIXTURE_H
#define HX_LEARN_MIXTURE_H

#include "huaxiang/base.h"

#define HX_MIXTURE_FEATURES_MAX 1000

typedef enum {
    HX_COVARIANCE_FULL = 0,
    HX_COVARIANCE_DIAG, /* no correlations */
    HX_COVARIANCE_TIED, /* one matrix for all */
    HX_COVARIANCE_SPHERICAL /* one variance each */
} hx_covariance;

typedef struct {
    size_t k, d;
    hx_covariance kind;
    double *weights; /* (k) */
    double *means; /* (k, d) */
    double *factors; /* (k, d, d): lower Cholesky factors of the covariances */
    double log_likelihood; /* a row's mean */
    size_t rounds;
} hx_mixture;

typedef struct {
    hx_covariance kind;
    size_t k;
    double floor; /* added to variances; 0 = 1e-6 */
    double tolerance; /* done where the mean log-likelihood rises by less; 0 = 1e-3 */
    size_t rounds; /* at most, 0 = 100 */
    const uint32_t *start; /* (n): the component of each row at first, below k */
    const volatile int *cancel;
} hx_mixture_options;

/* x (n, d), finite. All of *out is in the arena. */
hx_status hx_mixture_fit(const double *x, size_t n, size_t d, const hx_mixture_options *o,
                         hx_arena *arena, hx_mixture *out, hx_error *err) HX_MUST_USE;
/* shares (n, k) of the components, rows summing to 1; densities (n) logs, may be NULL. room (d + k). */
void hx_mixture_shares(const hx_mixture *m, const double *x, size_t n, double *room, double *shares,
                       double *densities);
/* n rows' Bayesian information criterion; less is better. */
double hx_mixture_bic(const hx_mixture *m, size_t n);

#endif
