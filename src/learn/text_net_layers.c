/* text_net_layers.c - forward and backward of the small networks; see text_net_inside.h.
 *
 * A plain recurrence is h_t = tanh(W x_t + a + U h_(t-1)), one direction from the front, the other on the rows of each text reversed: what is pooled is
 * the greatest over time, which does not mind the order. An encoder block is x += attention(norm x), x += W2 gelu(W1 norm x) (arXiv 2002.04745).
 * The arena holds what forward leaves for backward; the caller resets it before each batch. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "learn/text_net_inside.h"
#include "nn/attention.h"
#include "nn/conv.h"
#include "nn/recurrent.h"

#define DROP_INPUT 0.2f
#define DROP_POOLED 0.4f
#define NORM_EPS 1e-5f

enum { NORM1_W, NORM1_B, QKV_W, QKV_B, MIX_W, MIX_B, NORM2_W, NORM2_B, UP_W, UP_B, DOWN_W, DOWN_B };

static float *w_of(const hx_text_net *net, size_t i) {
    return hx_params_at(net->params, i)->w;
}
static float *g_of(const hx_text_net *net, size_t i) {
    return hx_params_at(net->params, i)->g;
}
static float *floats(const hx_net_call *c, size_t n) {
    return hx_arena_alloc(c->arena, (n + 1) * sizeof(float));
}
static bool is_recurrent(const hx_text_net *net) {
    return net->kind == HX_TEXT_LEARNER_RNN || net->kind == HX_TEXT_LEARNER_GRU ||
           net->kind == HX_TEXT_LEARNER_LSTM || net->kind == HX_TEXT_LEARNER_CNN_GRU;
}
static bool has_front(const hx_text_net *net) {
    return net->kind == HX_TEXT_LEARNER_CNN_GRU;
}

/* ------------------------------------------------------------------ linear */
static void linear(const hx_text_net *net, const hx_net_call *c, const float *x, size_t t, size_t k,
                   size_t n, size_t w, size_t b, float *y) {
    hx_nn_linear(c->nn, x, t, k, n, w_of(net, w), w_of(net, b), y);
}

static void linear_back(const hx_text_net *net, const hx_net_call *c, const float *x,
                        const float *dy, size_t t, size_t k, size_t n, size_t w, size_t b,
                        float *dx) {
    const hx_nn_linear_grad g = {x,  w_of(net, w), dy,           t,    k, n,
                                 dx, g_of(net, w), g_of(net, b), false};
    hx_nn_linear_back(c->nn, &g);
}

static void add_to(float *x, const float *y, size_t n) {
    for (size_t i = 0; i < n; i++)
        x[i] += y[i];
}

/* ------------------------------------------------------------------ mean over a text's rows */
static void mean_over_time(const float *x, size_t d, const hx_net_batch *batch, float *y) {
    for (size_t s = 0; s < batch->b; s++) {
        uint32_t from = batch->starts[s], to = batch->starts[s + 1];
        for (size_t j = 0; j < d; j++)
            y[s * d + j] = 0;
        for (uint32_t t = from; t < to; t++)
            add_to(y + s * d, x + t * d, d);
        for (size_t j = 0; j < d; j++)
            y[s * d + j] /= (float)(to - from);
    }
}

static void mean_back(const float *dy, size_t d, const hx_net_batch *batch, float *dx) {
    for (size_t s = 0; s < batch->b; s++)
        for (uint32_t t = batch->starts[s]; t < batch->starts[s + 1]; t++)
            for (size_t j = 0; j < d; j++)
                dx[t * d + j] = dy[s * d + j] / (float)(batch->starts[s + 1] - batch->starts[s]);
}

/* ------------------------------------------------------------------ branches */
static void reverse_rows(const float *x, size_t d, const hx_net_batch *batch, float *y) {
    for (size_t s = 0; s < batch->b; s++) {
        uint32_t from = batch->starts[s], to = batch->starts[s + 1];
        for (uint32_t t = from; t < to; t++)
            memcpy(y + (size_t)(to - 1 - (t - from)) * d, x + (size_t)t * d, d * sizeof *y);
    }
}

/* One text's states from z = W x + a, in place: y (T, H). */
static void recur_plain(const float *u, float *y, size_t t, size_t h) {
    for (size_t i = 0; i < t; i++) {
        float *row = y + i * h;
        for (size_t j = 0; j < h; j++) {
            float sum = row[j];
            for (size_t k = 0; i > 0 && k < h; k++)
                sum += u[j * h + k] * row[(ptrdiff_t)k - (ptrdiff_t)h];
            row[j] = tanhf(sum);
        }
    }
}

/* dy becomes the gradient before tanh. */
static void recur_plain_back(const float *u, const float *y, float *dy, size_t t, size_t h) {
    for (size_t i = t; i-- > 0;) {
        float *row = dy + i * h;
        for (size_t j = 0; j < h; j++)
            row[j] *= 1 - y[i * h + j] * y[i * h + j];
        for (size_t j = 0; i > 0 && j < h; j++)
            for (size_t k = 0; k < h; k++)
                row[(ptrdiff_t)k - (ptrdiff_t)h] += u[j * h + k] * row[j];
    }
}

static hx_nn_recurrent cell_of(const hx_text_net *net, const hx_net_state *s, size_t branch,
                               const float *x, const hx_net_batch *batch, size_t text) {
    const size_t *p = net->branch[branch], from = batch->starts[text], h = net->n;
    bool lstm = net->kind == HX_TEXT_LEARNER_LSTM;
    return (hx_nn_recurrent){.cell = lstm ? HX_NN_LSTM : HX_NN_GRU,
                             .x = x + from * net->d,
                             .w = w_of(net, p[0]),
                             .u = w_of(net, p[1]),
                             .a = w_of(net, p[2]),
                             .b = w_of(net, p[3]),
                             .t = batch->starts[text + 1] - from,
                             .k = net->d,
                             .h = h,
                             .y = s->y[branch] + from * h,
                             .gates = s->gates[branch] + from * 4 * h,
                             .cells = lstm ? s->cells[branch] + from * h : NULL};
}

static void recur(const hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                  hx_net_state *s, size_t branch, const float *x) {
    const size_t *p = net->branch[branch];
    bool plain = net->kind == HX_TEXT_LEARNER_RNN;
    if (plain) linear(net, c, x, batch->t, net->d, net->n, p[0], p[2], s->y[branch]);
    for (size_t i = 0; i < batch->b; i++) {
        size_t from = batch->starts[i];
        if (plain) {
            recur_plain(w_of(net, p[1]), s->y[branch] + from * net->n, batch->starts[i + 1] - from,
                        net->n);
            continue;
        }
        hx_nn_recurrent r = cell_of(net, s, branch, x, batch, i);
        hx_nn_recur(c->nn, &r);
    }
}

static void recur_back(const hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                       hx_net_state *s, size_t branch, const float *x, float *dy, float *dx) {
    const size_t *p = net->branch[branch], h = net->n;
    for (size_t i = 0; i < batch->b; i++) {
        size_t from = batch->starts[i], t = batch->starts[i + 1] - from;
        if (net->kind != HX_TEXT_LEARNER_RNN) {
            hx_nn_recurrent r = cell_of(net, s, branch, x, batch, i);
            hx_nn_recur_back(c->nn, &r, dy + from * h, dx + from * net->d, g_of(net, p[0]),
                             g_of(net, p[1]), g_of(net, p[2]), g_of(net, p[3]));
            continue;
        }
        recur_plain_back(w_of(net, p[1]), s->y[branch] + from * h, dy + from * h, t, h);
        const hx_nn_linear_grad g = {.x = s->y[branch] + from * h,
                                     .w = w_of(net, p[1]),
                                     .dy = dy + (from + 1) * h,
                                     .t = t - 1,
                                     .k = h,
                                     .n = h,
                                     .dw = g_of(net, p[1])};
        if (t > 1) hx_nn_linear_back(c->nn, &g);
    }
    if (net->kind == HX_TEXT_LEARNER_RNN)
        linear_back(net, c, x, dy, batch->t, net->d, h, p[0], p[2], dx);
}

static hx_nn_conv_call conv_of(const hx_text_net *net, const hx_net_batch *batch, size_t branch,
                               const float *x) {
    return (hx_nn_conv_call){.x = x,
                             .w = w_of(net, net->branch[branch][0]),
                             .b = w_of(net, net->branch[branch][2]),
                             .k = net->d,
                             .n = net->n,
                             .width = branch + 2,
                             .before = (branch + 1) / 2,
                             .starts = batch->starts,
                             .n_sequences = batch->b};
}

/* The convolution in front of cnn-gru's cells. */
static hx_nn_conv_call front_of(const hx_text_net *net, const hx_net_batch *batch, const float *x) {
    return (hx_nn_conv_call){.x = x,
                             .w = w_of(net, net->front[0]),
                             .b = w_of(net, net->front[1]),
                             .k = net->d,
                             .n = net->d,
                             .width = HX_NET_FRONT,
                             .before = HX_NET_FRONT / 2,
                             .starts = batch->starts,
                             .n_sequences = batch->b};
}

static bool front_forward(const hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                          hx_net_state *s) {
    size_t n = batch->t * net->d;
    s->read = s->x;
    if (!has_front(net)) return true;
    if (!(s->read = floats(c, n))) return false;
    const hx_nn_conv_call conv = front_of(net, batch, s->x);
    hx_nn_conv(c->nn, &conv, s->read);
    hx_nn_relu(c->nn, s->read, n, s->read);
    return true;
}

/* dx becomes the gradient of the embeddings. */
static bool front_backward(const hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                           const hx_net_state *s, float *dx) {
    size_t n = batch->t * net->d;
    if (!has_front(net)) return true;
    float *dy = floats(c, n);
    if (!dy) return false;
    hx_nn_relu_back(c->nn, s->read, dx, n, dy);
    const hx_nn_conv_call conv = front_of(net, batch, s->x);
    hx_nn_conv_back(c->nn, &conv, dy, dx, g_of(net, net->front[0]), g_of(net, net->front[1]));
    return true;
}

static bool branch_forward(const hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                           hx_net_state *s, size_t branch) {
    size_t n = net->n, t = batch->t;
    bool reversed = is_recurrent(net) && branch == 1;
    const float *x = reversed ? s->reversed : s->read;
    float *top = floats(c, batch->b * n);
    s->y[branch] = floats(c, t * n);
    s->at[branch] = hx_arena_alloc(c->arena, (batch->b * n + 1) * sizeof(uint32_t));
    s->gates[branch] = is_recurrent(net) ? floats(c, t * 4 * n) : NULL;
    s->cells[branch] = is_recurrent(net) ? floats(c, t * n) : NULL;
    if (!top || !s->y[branch] || !s->at[branch] ||
        (is_recurrent(net) && (!s->gates[branch] || !s->cells[branch])))
        return false;
    if (is_recurrent(net)) {
        recur(net, c, batch, s, branch, x);
    } else {
        const hx_nn_conv_call conv = conv_of(net, batch, branch, x);
        hx_nn_conv(c->nn, &conv, s->y[branch]);
        hx_nn_relu(c->nn, s->y[branch], t * n, s->y[branch]);
    }
    hx_nn_max_over_time(c->nn, s->y[branch], n, batch->starts, batch->b, s->at[branch], top);
    for (size_t i = 0; i < batch->b; i++)
        memcpy(s->pooled + i * net->pooled + branch * n, top + i * n, n * sizeof *top);
    return true;
}

static bool branch_backward(const hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                            hx_net_state *s, size_t branch, const float *dpooled, float *dx) {
    size_t n = net->n, t = batch->t, d = net->d;
    bool reversed = is_recurrent(net) && branch == 1;
    float *top = floats(c, batch->b * n), *dy = floats(c, (t + 1) * n), *part = floats(c, t * d);
    float *turned = floats(c, t * d);
    if (!top || !dy || !part || !turned) return false;
    for (size_t i = 0; i < batch->b; i++)
        memcpy(top + i * n, dpooled + i * net->pooled + branch * n, n * sizeof *top);
    hx_nn_max_over_time_back(c->nn, top, s->at[branch], n, t, batch->b, dy);
    if (is_recurrent(net)) {
        recur_back(net, c, batch, s, branch, reversed ? s->reversed : s->read, dy, part);
        if (reversed) reverse_rows(part, d, batch, turned);
    } else {
        const hx_nn_conv_call conv = conv_of(net, batch, branch, s->read);
        hx_nn_relu_back(c->nn, s->y[branch], dy, t * n, dy);
        hx_nn_conv_back(c->nn, &conv, dy, part, g_of(net, net->branch[branch][0]),
                        g_of(net, net->branch[branch][2]));
    }
    add_to(dx, reversed ? turned : part, t * d);
    return true;
}

/* ------------------------------------------------------------------ encoder blocks */
static hx_nn_attention_call attention_of(const hx_text_net *net, const hx_net_batch *batch,
                                         const bool *causal, const hx_net_block_state *k) {
    size_t d = net->d;
    return (hx_nn_attention_call){.q = k->qkv,
                                  .k = k->qkv + d,
                                  .v = k->qkv + 2 * d,
                                  .ldq = 3 * d,
                                  .ldkv = 3 * d,
                                  .n_heads = HX_NET_HEADS,
                                  .n_kv = HX_NET_HEADS,
                                  .head_dim = d / HX_NET_HEADS,
                                  .starts = batch->starts,
                                  .n_sequences = batch->b,
                                  .causal = causal,
                                  .scale = 1 / sqrtf((float)(d / HX_NET_HEADS)),
                                  .out = k->mixed,
                                  .ldo = d,
                                  .lse = k->lse};
}

static bool block_room(const hx_text_net *net, const hx_net_call *c, size_t t,
                       hx_net_block_state *k) {
    size_t d = net->d;
    float *all = floats(c, t * (d * 11 + HX_NET_HEADS + 4));
    if (!all) return false;
    float **parts[] = {&k->normed1, &k->mixed, &k->between, &k->normed2};
    for (size_t i = 0; i < 4; i++, all += t * d)
        *parts[i] = all;
    k->qkv = all;
    k->up = k->qkv + t * 3 * d;
    k->active = k->up + t * 2 * d;
    k->lse = k->active + t * 2 * d;
    k->mean1 = k->lse + t * HX_NET_HEADS;
    k->r1 = k->mean1 + t;
    k->mean2 = k->r1 + t;
    k->r2 = k->mean2 + t;
    return true;
}

static bool block_forward(const hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                          const bool *causal, size_t i, float *x, hx_net_block_state *k, float *y) {
    size_t t = batch->t, d = net->d;
    const size_t *p = net->block[i];
    if (!block_room(net, c, t, k)) return false;
    k->in = x;
    hx_nn_layer_norm(c->nn, x, t, d, w_of(net, p[NORM1_W]), w_of(net, p[NORM1_B]), NORM_EPS,
                     k->mean1, k->r1, k->normed1);
    linear(net, c, k->normed1, t, d, 3 * d, p[QKV_W], p[QKV_B], k->qkv);
    const hx_nn_attention_call attention = attention_of(net, batch, causal, k);
    hx_nn_attention(c->nn, &attention);
    linear(net, c, k->mixed, t, d, d, p[MIX_W], p[MIX_B], k->between);
    add_to(k->between, x, t * d);
    hx_nn_layer_norm(c->nn, k->between, t, d, w_of(net, p[NORM2_W]), w_of(net, p[NORM2_B]),
                     NORM_EPS, k->mean2, k->r2, k->normed2);
    linear(net, c, k->normed2, t, d, 2 * d, p[UP_W], p[UP_B], k->up);
    hx_nn_gelu(c->nn, k->up, t * 2 * d, k->active);
    linear(net, c, k->active, t, 2 * d, d, p[DOWN_W], p[DOWN_B], y);
    add_to(y, k->between, t * d);
    return true;
}

/* dy (T, D) becomes the gradient of the block's input. */
static bool block_backward(const hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                           const bool *causal, size_t i, const hx_net_block_state *k, float *dy) {
    size_t t = batch->t, d = net->d;
    const size_t *p = net->block[i];
    float *wide = floats(c, t * 3 * d), *a = floats(c, t * d), *b = floats(c, t * d);
    if (!wide || !a || !b) return false;
    linear_back(net, c, k->active, dy, t, 2 * d, d, p[DOWN_W], p[DOWN_B], wide);
    hx_nn_gelu_back(c->nn, k->up, wide, t * 2 * d, wide);
    linear_back(net, c, k->normed2, wide, t, d, 2 * d, p[UP_W], p[UP_B], a);
    hx_nn_layer_norm_back(c->nn, k->between, t, d, w_of(net, p[NORM2_W]), k->mean2, k->r2, a, b,
                          g_of(net, p[NORM2_W]), g_of(net, p[NORM2_B]));
    add_to(dy, b, t * d);
    linear_back(net, c, k->mixed, dy, t, d, d, p[MIX_W], p[MIX_B], a);
    const hx_nn_attention_call attention = attention_of(net, batch, causal, k);
    hx_nn_attention_back(c->nn, &attention, a, wide, wide + d, wide + 2 * d);
    linear_back(net, c, k->normed1, wide, t, d, 3 * d, p[QKV_W], p[QKV_B], a);
    hx_nn_layer_norm_back(c->nn, k->in, t, d, w_of(net, p[NORM1_W]), k->mean1, k->r1, a, b,
                          g_of(net, p[NORM1_W]), g_of(net, p[NORM1_B]));
    add_to(dy, b, t * d);
    return true;
}

static void add_positions(const hx_text_net *net, const hx_net_batch *batch, float *x) {
    const float *positions = w_of(net, net->positions);
    for (size_t s = 0; s < batch->b; s++)
        for (uint32_t t = batch->starts[s]; t < batch->starts[s + 1]; t++)
            add_to(x + t * net->d, positions + (t - batch->starts[s]) * net->d, net->d);
}

static void positions_back(const hx_text_net *net, const hx_net_batch *batch, const float *dx) {
    float *g = g_of(net, net->positions);
    for (size_t s = 0; s < batch->b; s++)
        for (uint32_t t = batch->starts[s]; t < batch->starts[s + 1]; t++)
            add_to(g + (t - batch->starts[s]) * net->d, dx + t * net->d, net->d);
}

/* ------------------------------------------------------------------ the whole */
static void drop(const hx_net_call *c, uint32_t layer, float p, float *x, size_t n) {
    hx_nn_dropout_key key = c->key;
    key.layer = layer;
    if (c->training) hx_nn_dropout(c->nn, &key, p, x, n, x);
}

static bool encode(const hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                   hx_net_state *s) {
    const bool *causal = hx_arena_alloc(c->arena, batch->b + 1);
    if (!causal) return false;
    s->last = s->x;
    for (size_t i = 0; i < net->n_blocks; i++) {
        float *y = floats(c, batch->t * net->d);
        if (!y || !block_forward(net, c, batch, causal, i, s->last, &s->blocks[i], y)) return false;
        s->last = y;
    }
    for (size_t i = 0; i < net->n_branches; i++)
        if (!branch_forward(net, c, batch, s, i)) return false;
    if (net->n_branches == 0) mean_over_time(s->last, net->d, batch, s->pooled);
    return true;
}

/* Features beside the text go straight to the logits (as the wide part of arXiv 1606.07792 does). */
static bool add_more(const hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                     float *logits) {
    float *y = floats(c, batch->b * net->n_labels);
    if (!y) return false;
    hx_nn_linear(c->nn, batch->more, batch->b, net->n_more, net->n_labels, w_of(net, net->more_w),
                 NULL, y);
    add_to(logits, y, batch->b * net->n_labels);
    return true;
}

static void more_back(const hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                      const float *dlogits) {
    const hx_nn_linear_grad g = {.x = batch->more,
                                 .w = w_of(net, net->more_w),
                                 .dy = dlogits,
                                 .t = batch->b,
                                 .k = net->n_more,
                                 .n = net->n_labels,
                                 .dw = g_of(net, net->more_w)};
    hx_nn_linear_back(c->nn, &g);
}

bool hx_net_forward(const hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                    hx_net_state *s) {
    size_t t = batch->t, b = batch->b, d = net->d;
    *s = (hx_net_state){.x = floats(c, t * d),
                        .pooled = floats(c, b * net->pooled),
                        .hidden = floats(c, b * d),
                        .reversed = floats(c, t * d),
                        .logits = floats(c, b * net->n_labels)};
    if (!s->x || !s->pooled || !s->hidden || !s->reversed || !s->logits) return false;
    hx_nn_embedding(c->nn, batch->ids, t, d, w_of(net, net->embedding), s->x);
    if (net->n_blocks > 0) add_positions(net, batch, s->x);
    drop(c, 0, DROP_INPUT, s->x, t * d);
    if (!front_forward(net, c, batch, s)) return false;
    if (is_recurrent(net)) reverse_rows(s->read, d, batch, s->reversed);
    if (!encode(net, c, batch, s)) return false;
    s->dropped = s->pooled;
    if (net->kind == HX_TEXT_LEARNER_MLP) {
        linear(net, c, s->pooled, b, d, d, net->hidden_w, net->hidden_b, s->hidden);
        hx_nn_relu(c->nn, s->hidden, b * d, s->hidden);
        s->dropped = s->hidden;
    }
    drop(c, 1, DROP_POOLED, s->dropped, b * net->pooled);
    linear(net, c, s->dropped, b, net->pooled, net->n_labels, net->out_w, net->out_b, s->logits);
    return net->n_more == 0 || add_more(net, c, batch, s->logits);
}

bool hx_net_backward(hx_text_net *net, const hx_net_call *c, const hx_net_batch *batch,
                     hx_net_state *s, float *dlogits) {
    size_t t = batch->t, b = batch->b, d = net->d;
    float *dpooled = floats(c, b * net->pooled), *dx = floats(c, t * d),
          *dhidden = floats(c, b * d);
    const bool *causal = hx_arena_alloc(c->arena, b + 1);
    if (!dpooled || !dx || !dhidden || !causal) return false;
    linear_back(net, c, s->dropped, dlogits, b, net->pooled, net->n_labels, net->out_w, net->out_b,
                dpooled);
    if (net->n_more > 0) more_back(net, c, batch, dlogits);
    drop(c, 1, DROP_POOLED, dpooled, b * net->pooled);
    if (net->kind == HX_TEXT_LEARNER_MLP) {
        hx_nn_relu_back(c->nn, s->hidden, dpooled, b * d, dpooled);
        linear_back(net, c, s->pooled, dpooled, b, d, d, net->hidden_w, net->hidden_b, dhidden);
        dpooled = dhidden;
    }
    if (net->n_branches == 0) mean_back(dpooled, d, batch, dx);
    for (size_t i = 0; i < net->n_branches; i++)
        if (!branch_backward(net, c, batch, s, i, dpooled, dx)) return false;
    for (size_t i = net->n_blocks; i-- > 0;)
        if (!block_backward(net, c, batch, causal, i, &s->blocks[i], dx)) return false;
    if (!front_backward(net, c, batch, s, dx)) return false;
    drop(c, 0, DROP_INPUT, dx, t * d);
    if (net->n_blocks > 0) positions_back(net, batch, dx);
    hx_nn_embedding_back(c->nn, batch->ids, t, d, dx, g_of(net, net->embedding));
    return true;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

size_t hx_net_scratch(const hx_text_net *net, size_t t, size_t b, size_t threads) {
    size_t d = net->d, wide = 4 * larger(d, net->n);
    size_t most = hx_nn_linear_scratch(larger(t, b), wide, wide, threads);
    most = larger(most, hx_nn_linear_scratch(b, net->pooled, larger(net->n_labels, d), threads));
    most = larger(most, hx_nn_attention_scratch(d / HX_NET_HEADS, threads));
    if (net->kind == HX_TEXT_LEARNER_CNN)
        most = larger(most, hx_nn_conv_scratch(t, d, net->n, HX_NET_BRANCHES + 1, threads));
    if (net->n_more > 0)
        most = larger(most, hx_nn_linear_scratch(b, net->n_more, net->n_labels, threads));
    if (has_front(net)) most = larger(most, hx_nn_conv_scratch(t, d, d, HX_NET_FRONT, threads));
    if (is_recurrent(net))
        most = larger(most, hx_nn_recurrent_scratch(net->max_length, d, net->n, threads));
    return (most + 63) / 64 * 64 + 64;
}

/* ------------------------------------------------------------------ weights */
static hx_status add_param(hx_text_net *net, const char *name, size_t rows, size_t columns,
                           float deviation, uint64_t seed, bool trained, size_t *index,
                           hx_error *err) {
    const uint64_t dims[2] = {rows, columns};
    HX_TRY(hx_params_add(net->params, name, columns > 1 ? 2 : 1, dims, 0, trained, index, err));
    hx_param *p = hx_params_at(net->params, *index);
    if (deviation > 0) hx_param_randomise(p, deviation, seed);
    for (size_t i = 0; deviation < 0 && i < p->n; i++)
        p->w[i] = 1;
    return HX_OK;
}

static hx_status add_block(hx_text_net *net, size_t i, uint64_t seed, bool trained, hx_error *err) {
    static const char *const names[HX_NET_PARTS] = {
        "norm1.weight", "norm1.bias", "qkv.weight", "qkv.bias", "mix.weight",  "mix.bias",
        "norm2.weight", "norm2.bias", "up.weight",  "up.bias",  "down.weight", "down.bias"};
    size_t d = net->d;
    const size_t rows[HX_NET_PARTS] = {d, d, 3 * d, 3 * d, d, d, d, d, 2 * d, 2 * d, d, d};
    const size_t columns[HX_NET_PARTS] = {1, 1, d, 1, d, 1, 1, 1, d, 1, 2 * d, 1};
    for (size_t k = 0; k < HX_NET_PARTS; k++) {
        char name[HX_PARAM_NAME_MAX];
        bool norm = k == NORM1_W || k == NORM2_W;
        float deviation = norm ? -1 : columns[k] > 1 ? 0.7f / sqrtf((float)columns[k]) : 0;
        snprintf(name, sizeof name, "block.%zu.%s", i, names[k]);
        HX_TRY(add_param(net, name, rows[k], columns[k], deviation, seed, trained,
                         &net->block[i][k], err));
    }
    return HX_OK;
}

static hx_status add_branch(hx_text_net *net, size_t i, uint64_t seed, bool trained,
                            hx_error *err) {
    static const char *const names[4] = {"w", "u", "a", "b"};
    size_t d = net->d, n = net->n;
    bool gru = net->kind == HX_TEXT_LEARNER_GRU || net->kind == HX_TEXT_LEARNER_CNN_GRU;
    size_t gates = gru ? 3 : net->kind == HX_TEXT_LEARNER_LSTM ? 4 : 1;
    bool cnn = net->kind == HX_TEXT_LEARNER_CNN;
    const size_t rows[4] = {gates * n, gates * n, gates * n, gates * n};
    const size_t columns[4] = {cnn ? (i + 2) * d : d, n, 1, 1};
    for (size_t k = 0; k < 4; k++) {
        char name[HX_PARAM_NAME_MAX];
        if ((cnn && k % 2 == 1) || (gates == 1 && k == 3)) continue;
        snprintf(name, sizeof name, "branch.%zu.%s", i, names[k]);
        float deviation = columns[k] > 1 ? (cnn ? 1.4f : 0.6f) / sqrtf((float)columns[k]) : 0;
        HX_TRY(add_param(net, name, rows[k], columns[k], deviation, seed, trained,
                         &net->branch[i][k], err));
    }
    return HX_OK;
}

static hx_status add_front(hx_text_net *net, uint64_t seed, bool trained, hx_error *err) {
    size_t d = net->d, k = HX_NET_FRONT * d;
    HX_TRY(add_param(net, "front.w", d, k, 1.4f / sqrtf((float)k), seed, trained, &net->front[0],
                     err));
    return add_param(net, "front.b", d, 1, 0, seed, trained, &net->front[1], err);
}

hx_status hx_net_build(hx_text_net *net, uint64_t seed, bool trained, hx_error *err) {
    size_t d = net->d;
    bool cnn = net->kind == HX_TEXT_LEARNER_CNN;
    net->n = cnn ? d : d / 2;
    net->n_branches = cnn ? 3 : is_recurrent(net) ? 2 : 0;
    net->n_blocks = net->kind == HX_TEXT_LEARNER_TRANSFORMER ? HX_NET_BLOCKS : 0;
    net->pooled = net->n_branches > 0 ? net->n_branches * net->n : d;
    HX_TRY(hx_params_new(&net->params, err));
    HX_TRY(add_param(net, "embedding", net->n_known + 1, d, 0.3f, seed, trained, &net->embedding,
                     err));
    if (net->n_blocks > 0)
        HX_TRY(add_param(net, "positions", net->max_length, d, 0.05f, seed, trained,
                         &net->positions, err));
    for (size_t i = 0; i < net->n_blocks; i++)
        HX_TRY(add_block(net, i, seed, trained, err));
    if (has_front(net)) HX_TRY(add_front(net, seed, trained, err));
    for (size_t i = 0; i < net->n_branches; i++)
        HX_TRY(add_branch(net, i, seed, trained, err));
    if (net->n_more > 0)
        HX_TRY(add_param(net, "more.w", net->n_labels, net->n_more, 0, seed, trained, &net->more_w,
                         err));
    if (net->kind == HX_TEXT_LEARNER_MLP) {
        HX_TRY(add_param(net, "hidden.w", d, d, 1.4f / sqrtf((float)d), seed, trained,
                         &net->hidden_w, err));
        HX_TRY(add_param(net, "hidden.b", d, 1, 0, seed, trained, &net->hidden_b, err));
    }
    HX_TRY(add_param(net, "out.w", net->n_labels, net->pooled, 0.5f / sqrtf((float)net->pooled),
                     seed, trained, &net->out_w, err));
    return add_param(net, "out.b", net->n_labels, 1, 0, seed, trained, &net->out_b, err);
}
