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

/* Fills the NaNs of out (d), at first a copy of row (d), and returns how many are left. room: 3 n doubles. A column is left where fewer
 * than `least` rows near have it; with least = 0 one that no row tells takes its mean. */
size_t hx_neighbours_fill(const hx_neighbours *m, const double *row, double *out, size_t least,
                          double *room);

#endif
