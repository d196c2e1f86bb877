/* attention.h - softmax(scale q k^T) v on packed sequences, grouped heads, forward and backward. Conventions: nn.h.
 *
 * Sequences lie one after the other without padding; a token sees its own sequence alone. Tiles of 64 queries and 128 keys with a running
 * maximum and sum (arXiv 2205.14135): memory does not grow with the length. Forward keeps log(sum(exp(scores))) of each query, from which
 * backward makes the weights again. */
#ifndef HX_NN_ATTENTION_H
#define HX_NN_ATTENTION_H

#include "nn/nn.h"

typedef struct {
    const float *q; /* (T, n_heads, head_dim), rows ldq floats apart */
    const float *k,
        *v; /* (T, n_kv, head_dim), rows ldkv apart; head h reads key-value head h / (n_heads / n_kv) */
    size_t ldq, ldkv, n_heads, n_kv, head_dim;
    const uint32_t *starts; /* (n_sequences + 1): ascending, starts[n_sequences] = T */
    size_t n_sequences;
    const bool *
        causal; /* (n_sequences): a token sees itself and those before; otherwise the whole sequence. NULL = all causal */
    float scale; /* usually 1 / sqrt(head_dim) */
    float *out; /* (T, n_heads, head_dim), rows ldo apart; an input of backward */
    size_t ldo;
    float *lse; /* (T, n_heads); likewise */
} hx_nn_attention_call;

size_t hx_nn_attention_scratch(size_t head_dim, size_t n_threads); /* bytes, both directions */
void hx_nn_attention(const hx_nn *nn, const hx_nn_attention_call *call);
/* dout like out; dq like q, dk and dv like k: overwritten in the columns of the heads. */
void hx_nn_attention_back(const hx_nn *nn, const hx_nn_attention_call *call, const float *dout,
                          float *dq, float *dk, float *dv);

#endif
