/* border.h - texts whose label the fast arithmetic cannot be sure of. They are run again with the exact one, so that HX_PRECISION_FAST
 * answers with the labels of HX_PRECISION_EXACT.
 *
 * A head: logit a is z_a = w_a h + b_a. The fast form gives h + e, with |e| about HX_BORDER_NOISE |h| and no direction of its own (H spreads
 * every rounding over its block, linear.h), so that the margin z_a - z_b moves by a normal amount of
 *
 *     sigma = HX_BORDER_NOISE |w_a - w_b| |h| / sqrt(n_embd)
 *
 * and the text is near where the best label leads any other one by less than HX_BORDER_SIGMAS sigma.
 *
 * Measured: the margin of a logistic regression on SmolLM2-135M moves by 0.76 sigma (root mean square of 600 texts).
 *
 * Answers of a prompt: a text is near where the log-odds of the best two are below HX_BORDER_LOG_ODDS. Measured on Qwen2.5-0.5B with the exact
 * instruction (300 texts, bench/llama_labels.py): they move by 0.024 in the median, 0.056 in nine of ten, 0.094 at most; SmolLM2's states are
 * half as noisy again.
 *
 * Both look at one text alone: what is run again depends neither on the other texts nor on the number of threads. Heads of token classifiers
 * have no such call: rows of hx_llama_run() are what the arithmetic gave. */
#ifndef HX_LLAMA_BORDER_H
#define HX_LLAMA_BORDER_H

#include "huaxiang/base.h"
#include "tensor/kernels.h"

#define HX_BORDER_NOISE                                                                            \
    0.04f /* relative error of fast hidden states: 0.032 SmolLM2-135M, 0.021 Qwen2.5-0.5B */
#define HX_BORDER_SIGMAS 3.0f
#define HX_BORDER_LOG_ODDS 0.2

/* `weights` (n_labels, n_embd), `hidden` (n_embd) the head's input, `logits` (n_labels) what it gave. */
bool hx_border_is_near_head(const hx_kernels *kernels, const float *weights, size_t n_labels,
                            size_t n_embd, const float *hidden, const float *logits);
/* Several labels, each set where its logit is above 0: |w_a| stands in place of |w_a - w_b|. */
bool hx_border_is_near_zero(const hx_kernels *kernels, const float *weights, size_t n_labels,
                            size_t n_embd, const float *hidden, const float *logits);
/* Log-likelihoods (n_labels) less their priors. */
bool hx_border_is_near(const double *scores, const double *prior, size_t n_labels);

#endif
