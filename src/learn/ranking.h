/* ranking.h - rows in the order of their scores. For src/learn only. */
#ifndef HX_LEARN_RANKING_H
#define HX_LEARN_RANKING_H

#include "huaxiang/base.h"

typedef struct {
    double score;
    uint32_t row; /* equal scores stay in the order of the rows */
    uint32_t label; /* the caller's */
} hx_ranked;

/* Ascending. Scores are no NaN. */
void hx_rank(hx_ranked *rows, size_t n);

#endif
