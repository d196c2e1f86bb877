/* sampler.h - the next token from logits, free or under a grammar. */
#ifndef HX_LLAMA_SAMPLER_H
#define HX_LLAMA_SAMPLER_H

#include "llama/grammar_tokens.h"
#include "tensor/kernels.h"

typedef struct hx_sampler hx_sampler;

/* HX_EINVAL for options that make no sense. Reads temperature, top_k, top_p, min_p, repetition_penalty, seed and log_probs. */
hx_status hx_sampler_new(hx_sampler **out, const hx_kernels *kernels, size_t n_vocab,
                         const hx_generate_options *options, hx_error *err) HX_MUST_USE;
void hx_sampler_free(hx_sampler *s);
void hx_sampler_accept(hx_sampler *s,
                       int32_t token); /* a token of the text, for the repetition penalty */
/* logits (n_vocab). `guide` NULL = free. *log_prob is that of the model alone, 0 unless asked for. HX_EFORMAT where no token is allowed. */
hx_status hx_sampler_choose(hx_sampler *s, const float *logits, hx_guide *guide, int32_t *token,
                            float *log_prob, hx_error *err) HX_MUST_USE;

#endif
