/* quantile.h - exact order statistics of integers.
 *
 * The lower quantile of n sorted values at k/parts is the value at index floor((n - 1) k / parts): a value that occurs. Classes
 * made with it (how many thresholds are smaller than the value) are those of pandas.qcut, which interpolates linearly: no
 * value lies strictly between two neighbours, so "greater than the interpolated edge" and "greater than the lower
 * neighbour" say the same. Where edges coincide, ties stay in one class and the classes between are empty. */
#ifndef HX_INSIGHT_QUANTILE_H
#define HX_INSIGHT_QUANTILE_H

#include "huaxiang/base.h"

/* Sorts ascending in linear time (radix, 8 bits a pass; passes in which all bytes agree are skipped). `scratch` has room for n. */
void hx_quantile_sort(int64_t *values, size_t n, int64_t *scratch);
/* The lower quantile at k/parts (0 <= k <= parts, parts > 0) of n >= 1 sorted values. */
int64_t hx_quantile_lower(const int64_t *sorted, size_t n, size_t k, size_t parts);

#endif
