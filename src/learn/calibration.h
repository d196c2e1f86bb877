/* calibration.h - maps that make probabilities mean what they say, fitted on what a model says of rows it did not see. For src/learn.
 *
 *     platt         p' = 1 / (1 + exp(slope z + offset)),   z = log p - log (1 - p)
 *     isotonic      p' = the ascending function nearest to the outcomes, linear between its corners
 *     temperature   p' = softmax(log p / temperature)
 *
 * Of two classes the second is mapped and the first is the rest; of more each is mapped against the rest and rows are made to sum to 1 (all 0: alike). */
#ifndef HX_LEARN_CALIBRATION_H
#define HX_LEARN_CALIBRATION_H

#include "base/json.h"
#include "huaxiang/learn.h"

typedef struct {
    double slope, offset; /* PLATT */
    double *x, *y; /* ISOTONIC: (n) corners, both ascending; in the arena */
    size_t n;
} hx_calibration_map;

typedef struct hx_calibration {
    hx_calibrate kind;
    size_t n_classes, n_maps; /* maps of PLATT and ISOTONIC: 1 of two classes, else one a class */
    double temperature;
    hx_calibration_map *maps;
    hx_arena *arena; /* owned */
} hx_calibration;

/* Rows a model did not see: labels (n) below n_classes, probabilities (n, n_classes), weights (n) or NULL. HX_EINVAL: no row. */
typedef struct {
    size_t n, n_classes;
    const uint32_t *labels;
    const double *probabilities, *weights;
} hx_calibration_rows;
hx_status hx_calibration_fit(hx_calibration **out, hx_calibrate kind,
                             const hx_calibration_rows *rows, hx_error *err) HX_MUST_USE;
void hx_calibration_free(hx_calibration *c); /* NULL is fine */
/* probabilities (n, n_classes), in place. */
void hx_calibration_apply(const hx_calibration *c, double *probabilities, size_t n);
const char *hx_calibrate_name(hx_calibrate kind); /* "platt", ... */

/* One JSON object, and back; HX_EFORMAT where it is damaged. */
void hx_calibration_write(const hx_calibration *c, hx_json_writer *w);
hx_status hx_calibration_read(hx_calibration **out, const json_t *json, size_t n_classes,
                              hx_error *err) HX_MUST_USE;

/* Calibrates a fitted learner: folds of the table are predicted by models that learnt from the others, and the map is fitted on what these say.
 * The learner and its summary get it. */
hx_status hx_learner_calibrate(hx_learner *l, const hx_table *t, const hx_learn_options *o,
                               hx_error *err) HX_MUST_USE;

#endif
