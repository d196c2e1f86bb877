/* text_net_inside.h - the layers of a small network, for text_net*.c only.
 *
 *     ids -> embedding (T, D) -> [positions, blocks: transformer] [front: cnn-gru] -> branches (T, N) -> pooled over each text (B, P) -> [hidden: mlp]
 *         -> logits (B, L) [+ W more, features beside the text]
 *
 * cnn has a branch a width (2, 3, 4; ReLU), rnn, gru and lstm one a direction, all pooled by the greatest over time; cnn-gru is a gru over a
 * convolution of width 3 with ReLU; mlp and transformer have the rows themselves, pooled by their mean. Conventions: nn/nn.h. */
#ifndef HX_LEARN_TEXT_NET_INSIDE_H
#define HX_LEARN_TEXT_NET_INSIDE_H

#include "learn/text_net.h"
#include "nn/layers.h"
#include "nn/params.h"

#define HX_NET_BRANCHES 3
#define HX_NET_BLOCKS 2
#define HX_NET_HEADS 4
#define HX_NET_PARTS 12 /* tensors of a block */
#define HX_NET_FRONT 3 /* width of cnn-gru's convolution */
#define HX_NET_WIDTH_MAX 4096
#define HX_NET_LENGTH_MAX 65536

struct hx_text_net {
    hx_text_learner_kind kind;
    size_t n_labels, d, n, max_length; /* n: columns of a branch */
    size_t n_branches, n_blocks, pooled; /* pooled = columns of all branches together */
    size_t n_known, n_more; /* ids: 0 = unknown, 1 + index in keys; features beside the text */
    uint64_t *keys; /* (n_known) ascending; owned; NULL where ids are made elsewhere */
    hx_params *params; /* owned */
    size_t embedding, positions, hidden_w, hidden_b, out_w, out_b; /* indexes of params */
    size_t front[2], more_w; /* w, b of cnn-gru's convolution */
    size_t branch[HX_NET_BRANCHES][4]; /* w, u, a, b */
    size_t block[HX_NET_BLOCKS][HX_NET_PARTS];
};

/* Sequences of a batch, packed. */
typedef struct {
    const uint32_t *ids; /* (T) */
    const uint32_t *starts; /* (B + 1) */
    size_t t, b;
    const float *more; /* (B, n_more) */
} hx_net_batch;

/* What one encoder block keeps. */
typedef struct {
    float *in, *mean1, *r1, *normed1, *qkv, *mixed, *lse, *between, *mean2, *r2, *normed2, *up,
        *active;
} hx_net_block_state;

/* What a forward pass leaves for the backward pass; all in the arena. */
typedef struct {
    float *x; /* (T, D) embeddings, after dropout */
    float *last; /* (T, D): what is pooled by mean: x, or the last block's */
    hx_net_block_state blocks[HX_NET_BLOCKS];
    float *read; /* (T, D): what branches read: x, or the front's */
    float *reversed; /* (T, D): the same from the end of each text */
    float *y[HX_NET_BRANCHES], *gates[HX_NET_BRANCHES], *cells[HX_NET_BRANCHES];
    uint32_t *at[HX_NET_BRANCHES];
    float *pooled, *hidden, *dropped; /* (B, P), (B, D), what the last layer reads */
    float *logits; /* (B, L) */
} hx_net_state;

typedef struct {
    const hx_nn *nn;
    hx_arena *arena;
    hx_nn_dropout_key key;
    bool training; /* dropout */
} hx_net_call;

size_t hx_net_scratch(const hx_text_net *net, size_t t, size_t b, size_t n_threads);
/* False: out of memory. */
bool hx_net_forward(const hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                    hx_net_state *s);
bool hx_net_backward(hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                     hx_net_state *s, float *dlogits);

/* Ids of a text, at most max_length; out is reset first. */
bool hx_net_ids(const hx_text_net *net, hx_str text, hx_buf *word, hx_buf *out);
/* Known tokens of training texts: those in min_count texts or more, at most the 30,000 most frequent. */
hx_status hx_net_learn_tokens(hx_text_net *net, const hx_text_rows *rows, size_t min_count,
                              hx_error *err) HX_MUST_USE;

#endif
