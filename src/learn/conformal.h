/* conformal.h - how far off a learner is on rows that were kept from it; intervals and sets of a wanted coverage come from these. For src/learn. */
#ifndef HX_LEARN_CONFORMAL_H
#define HX_LEARN_CONFORMAL_H

#include "base/json.h"
#include "huaxiang/learn.h"

#define HX_CONFORMAL_ROWS_MAX 20000

typedef struct hx_conformal {
    size_t n; /* rows that were kept */
    double *residuals; /* REGRESSION: (n) ascending */
    double *lac, *aps; /* CLASSES: (n) ascending */
    hx_arena *arena; /* owned, with all above */
} hx_conformal;

/* truth (n): numbers, or indexes of classes; what the learner says of the same rows. */
hx_status hx_conformal_fit(hx_conformal **out, const hx_predictions *said, const double *truth,
                           hx_error *err) HX_MUST_USE;
void hx_conformal_free(hx_conformal *c); /* NULL is fine */
/* The least value that at least `coverage` of rows like those that were kept do not pass: order statistic ceil((n + 1) coverage). HX_EINVAL: too few rows. */
hx_status hx_conformal_bound(const double *scores, size_t n, double coverage, double *out,
                             hx_error *err) HX_MUST_USE;

void hx_conformal_write(const hx_conformal *c, hx_json_writer *w);
hx_status hx_conformal_read(hx_conformal **out, const json_t *json, hx_error *err) HX_MUST_USE;

/* Fits a learner on most rows of a table and keeps how far off it is on the others. */
hx_status hx_conformal_learn(hx_learner **out, const hx_table *train, const hx_table *validation,
                             const hx_learn_options *o, hx_error *err) HX_MUST_USE;

#endif
