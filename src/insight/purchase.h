/* purchase.h - inside of the models of purchases: what each model gives, and the search for the most likely parameters.
 *
 * A model's log-likelihood of a customer (x, last, age) has a part that hangs on x alone, found once for each x and reused by all its
 * customers, and a part that hangs on the times. Both come with their derivatives by the four parameters. Hypergeometric functions are
 * summed as series, integrals by Gauss-Legendre rules; see purchase_bg.c and purchase_pareto.c for the formulas. */
#ifndef HX_INSIGHT_PURCHASE_H
#define HX_INSIGHT_PURCHASE_H

#include "huaxiang/insight.h"

typedef struct {
    double value;
    double by[4]; /* derivatives by the parameters */
} hx_slope;

typedef struct {
    const char *id, *name;
    const char *parameters[4];
    bool two_times; /* the third and fourth parameter: s and a time; else two shapes */
    hx_slope (*of_count)(const double *p, uint32_t x);
    /* logs: of p[1] + last, p[1] + age */
    hx_slope (*of_times)(const double *p, const hx_purchases *row, const double logs[2]);
    double (*alive)(const double *p, const hx_purchases *row);
    double (*expected)(const double *p, const hx_purchases *row, double t);
    double (*fresh)(const double *p, double t);
    double (*count)(const double *p, uint32_t x, double t);
} hx_purchase_kind;

extern const hx_purchase_kind hx_purchase_bg, hx_purchase_mbg, hx_purchase_pareto;
const hx_purchase_kind *hx__purchase_kind(hx_purchase_model m);

/* 2F1(a, b; c; z), 0 <= z < 1, c no integer below 1: the series to the last bit. */
double hx__hypergeometric(double a, double b, double c, double z);

/* The most likely point: f gives minus the mean log-likelihood and its gradient at logarithms of k <= 4 positive parameters. `start` (k) are
 * logarithms, too. Ends with Newton steps on a Hessian by differences of the gradient, so that nothing is left to the line search's
 * tolerance. error (k): standard errors of the parameters themselves, n customers. */
typedef double hx_likely_fn(void *context, const double *logs, double *gradient);
typedef struct {
    hx_likely_fn *f;
    void *context;
    size_t k;
    const double *start;
    double spread; /* of the random starts around it, in logarithms */
    double n;
} hx_likely_problem;
typedef struct {
    double parameter[4], error[4];
    double value; /* of f at the best point */
    size_t starts, reached;
} hx_likely;
hx_status hx__likely(const hx_likely_problem *p, const hx_purchase_options *o, hx_likely *out,
                     hx_error *err) HX_MUST_USE;

#endif
