/* heads.h - the heads that training left in a model, and what they make of hidden rows. For src/llama and src/model. */
#ifndef HX_LLAMA_HEADS_H
#define HX_LLAMA_HEADS_H

#include "llama/context.h"
#include "nn/nn.h"

/* Key of a head's tensor in a GGUF file, F32, and of its shape: tensors that llama.cpp does not expect would stop it. */
#define HX_HEADS_PREFIX "heads."
#define HX_HEADS_KEY "huaxiang.tensor."
#define HX_HEADS_SHAPE "huaxiang.shape."

/* All tensors "heads.*" of a file: tensors of safetensors, metadata of GGUF. List and names in the arena, data in the mapping. */
hx_status hx_heads_tensors(const hx_tensor_file *f, hx_arena *arena, hx_tensor_entry **out,
                           size_t *n, hx_error *err) HX_MUST_USE;
/* Makes m->heads of m->config.tasks: what is known without weights. */
hx_status hx_heads_describe(hx_llama *m, hx_error *err) HX_MUST_USE;
/* Finds their tensors; shapes are checked. */
hx_status hx_heads_find(hx_llama *m, hx_error *err) HX_MUST_USE;

/* Floats that hx_head_logits() needs beside its output, and bytes of scratch of products. */
size_t hx_head_floats(const hx_model_head *h, size_t rows);
/* Logits (rows, n_labels) of rows (rows, n_embd), in F32: the last hidden states; with `tap` the stream behind that block, normed by h->norm, which
 * is the caller's to do. `room` has hx_head_floats(). REPLACED: 0 and the logit. Not of TREE. */
void hx_head_logits(const hx_llama *m, const hx_model_head *h, const hx_nn *nn, const float *x,
                    size_t rows, float *room, float *out);
/* y (rows, n_embd) = the rows as the head reads them; y may be hidden. r (rows) is room. */
void hx_head_norm(const hx_llama *m, const hx_model_head *h, const hx_nn *nn, const float *hidden,
                  size_t rows, float *r, float *y);
size_t hx_head_scratch(const hx_llama *m, const hx_model_head *h, size_t rows, size_t n_threads);

/* A text whose tree is wanted. */
typedef struct {
    const float *hidden; /* (n_tokens, n_embd) */
    size_t n_tokens;
    const uint32_t *places; /* (n): the first token of each word */
    size_t n;
    const hx_tree_beside *beside; /* NULL = none */
    size_t text; /* its number, for `beside` */
} hx_head_words;

/* One tree; heads, labels, scores (n): as hx_tree_best() has them. */
hx_status hx_head_tree(const hx_llama *m, const hx_model_head *h, hx_team *team,
                       const hx_head_words *words, uint32_t *heads, uint32_t *labels, float *scores,
                       hx_error *err) HX_MUST_USE;

#endif
