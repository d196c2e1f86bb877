/* donors.h - missing values from the rows nearest in the columns that both have. */
#ifndef HX_FRAME_DONORS_H
#define HX_FRAME_DONORS_H

#include "huaxiang/base.h"

typedef struct {
    size_t n, d; /* rows that are learnt from, columns */
    const double *x; /* (n, d), NaN = missing; borrowed */
    const double *means; /* [d], of what is there; NaN = nothing */
    size_t k; /* >= 1 */
    bool by_distance; /* weights 1 / distance, else all alike */
} hx_neighbours;

/* Fills the NaNs of a row (d). room: 3 n doubles. What no column tells stays NaN. */
void hx_neighbours_fill(const hx_neighbours *m, double *row, double *room);

#endif
