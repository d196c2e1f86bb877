/* spline.h - curves through points: lines, cubic splines, PCHIP, Akima. */
#ifndef HX_FRAME_SPLINE_H
#define HX_FRAME_SPLINE_H

#include "huaxiang/base.h"

typedef enum {
    HX_SPLINE_LINEAR = 0,
    HX_SPLINE_NEAREST, /* of two equally near the one before */
    HX_SPLINE_NATURAL, /* second derivative 0 at both ends */
    HX_SPLINE_NOT_A_KNOT, /* third derivative continuous at the second and the last but one */
    HX_SPLINE_CLAMPED, /* slope 0 at both ends */
    HX_SPLINE_PCHIP, /* keeps the shape: no overshoot (Fritsch, Butland 1984) */
    HX_SPLINE_AKIMA /* local (Akima 1970) */
} hx_spline_kind;

/* The curve through (x, y), x ascending, n >= 1; borrows all three. slopes [n]: dy/dx at each point; of LINEAR and NEAREST unused. */
typedef struct {
    hx_spline_kind kind;
    size_t n;
    const double *x, *y;
    double *slopes;
} hx_spline;

/* Fills s->slopes; room: 4 n + 8 doubles. */
void hx_spline_fit(hx_spline *s, double *room);
/* The value at `at`; outside [x_0, x_{n-1}] the end pieces are carried on. One point gives its value. */
double hx_spline_at(const hx_spline *s, double at);

#endif
