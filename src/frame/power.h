/* power.h - power transforms with their best exponents, and the normal distribution. */
#ifndef HX_FRAME_POWER_H
#define HX_FRAME_POWER_H

#include "huaxiang/base.h"

/* (x^l - 1) / l, log x for l = 0; x > 0 (Box, Cox 1964). The inverse is NaN outside its range. */
double hx_box_cox(double x, double l);
double hx_box_cox_inverse(double y, double l);
/* The same of 1 + x for x >= 0 and of 1 - x, with 2 - l and a minus, below (Yeo, Johnson 2000). */
double hx_yeo_johnson(double x, double l);
double hx_yeo_johnson_inverse(double y, double l);
/* The exponent of greatest likelihood; x (n) finite, > 0 for Box-Cox; 1 where x is constant. room: n doubles. */
double hx_box_cox_fit(const double *x, size_t n, double *room);
double hx_yeo_johnson_fit(const double *x, size_t n, double *room);

double hx_probit(double p); /* the normal quantile, p in (0, 1) */
double hx_probit_inverse(double z);

#endif
