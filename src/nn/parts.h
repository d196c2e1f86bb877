/* parts.h - work cut into ranges for the team. For src/nn only. */
#ifndef HX_NN_PARTS_H
#define HX_NN_PARTS_H

#include "nn/loops.h"
#include "nn/nn.h"

/* work(context, first, end, worker) for consecutive ranges of at most `piece` that cover [0, n). */
typedef void hx_nn_range_fn(void *context, size_t first, size_t end, size_t worker);
void hx_nn_ranges(const hx_nn *nn, size_t n, size_t piece, hx_nn_range_fn *work, void *context);

/* The double chain of n floats' products with themselves by blocks of 4096: the same for any number of threads. `sums` is room for
 * hx_nn_blocks(n) doubles. */
size_t hx_nn_blocks(size_t n);
double hx_nn_sum_squares(const hx_nn *nn, const float *x, size_t n, double *sums);

/* Arrays that are mostly zero are looked at in pieces of so many floats: a small page. */
#define HX_NN_SPARSE 1024
bool hx_nn_is_zero(const float *x, size_t n); /* params.c */

#define HX_NN_ROWS 16 /* rows a piece */
#define HX_NN_COLUMNS 128 /* columns a piece, where rows are added in order */

#endif
