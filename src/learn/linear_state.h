/* linear_state.h - what fitted linear models of a number have in common: intercept, weights, means. For the files of src/learn that fit them. */
#ifndef HX_LEARN_LINEAR_STATE_H
#define HX_LEARN_LINEAR_STATE_H

#include "learn/estimator.h"

/* First member of the state of each of them. */
typedef struct {
    hx_arena *arena; /* owned, with all below and what the model adds */
    size_t d;
    double intercept, *weights; /* (d) */
    double *means; /* (d) of the training rows: where contributions are measured from */
} hx_linear_state;

/* `size` bytes of the model's own struct, zeroed, vectors made. NULL = out of memory. */
void *hx_linear_state_new(size_t size, size_t d);
/* These are members of hx_estimator. */
hx_status hx_linear_predict(const void *state, const double *x, size_t n, size_t n_threads,
                            double *out, hx_error *err);
hx_status hx_linear_contributions(const void *state, const double *x, size_t n, size_t class,
                                  size_t n_threads, double *out, hx_error *err);
void hx_linear_write(const void *state, hx_json_writer *w);
void hx_linear_formula(const void *state, hx_formula *out);
hx_status hx_linear_read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err);

double hx_row_weight(const hx_problem *p, size_t i); /* 1 where there are none */
/* Weighted means of the features into means (d); returns that of y. */
double hx_means_of(const hx_problem *p, double *means);
/* The intercept that goes with weights of columns less their means. */
double hx_intercept_of(const hx_linear_state *s, double mean_y);

#endif
