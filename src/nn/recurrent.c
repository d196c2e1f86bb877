/* recurrent.c - recurrent.h: the input's part of all tokens is one product, the state's one a token.
 *
 * LSTM: i, f, o = sigmoid, g = tanh of W x + a + U h + b; c = f c' + i g; h = o tanh(c).
 * GRU: r, z = sigmoid of W x + a + U h + b; n = tanh(W x + a + r (U h + b)); h = (1 - z) n + z h'.
 * Backward, from the last token on: gradients of what stands before the functions go to two arrays (T, G H), one for the input's side
 * and one for the state's (they differ in n of the GRU by the factor r); all weights' gradients are then products over all tokens.
 * Scratch: those two arrays, the state's gradient twice, then that of the linear layer. */
#include "nn/recurrent.h"

#include <math.h>
#include <string.h>

#include "nn/layers.h"
#include "nn/parts.h"

typedef struct {
    const hx_nn_recurrent *r;
    const hx_nn_loops *loops;
    hx_nn inner, alone; /* alone: one thread, for the small product of a token */
    size_t g; /* G H */
    float *in, *state; /* (T, G H): forward W x + a; backward the two gradients */
    float *dh, *dc; /* (H) */
} recurrent_job;

static size_t aligned(size_t floats) {
    return (floats + 15) / 16 * 16;
}

size_t hx_nn_recurrent_scratch(size_t t, size_t k, size_t h, size_t n_threads) {
    size_t floats = 2 * aligned((t + 1) * 4 * h) + 2 * aligned(h);
    size_t input = hx_nn_linear_scratch(t, k, 4 * h, n_threads);
    size_t state = hx_nn_linear_scratch(t, h, 4 * h, n_threads);
    return floats * sizeof(float) + (input > state ? input : state);
}

static recurrent_job job_of(const hx_nn *nn, const hx_nn_recurrent *r) {
    recurrent_job job = {.r = r, .loops = hx_nn_loops_of(nn->kernels), .inner = *nn};
    job.g = (size_t)r->cell * r->h;
    job.in = nn->scratch;
    job.state = job.in + aligned((r->t + 1) * 4 * r->h);
    job.dh = job.state + aligned((r->t + 1) * 4 * r->h);
    job.dc = job.dh + aligned(r->h);
    job.inner.scratch = job.dc + aligned(r->h);
    job.alone = job.inner;
    job.alone.team = NULL;
    return job;
}

/* `s` = U h' + b of the token, (G H). */
static void gru_token(const recurrent_job *job, size_t t, const float *s) {
    size_t h = job->r->h;
    const float *in = job->in + t * job->g, *before = t > 0 ? job->r->y + (t - 1) * h : NULL;
    float *gates = job->r->gates + t * 4 * h, *y = job->r->y + t * h;
    for (size_t i = 0; i < 2 * h; i++)
        gates[i] = in[i] + s[i];
    job->loops->sigmoid(gates, 2 * h, gates);
    for (size_t i = 0; i < h; i++) {
        gates[3 * h + i] = s[2 * h + i];
        gates[2 * h + i] = in[2 * h + i] + gates[i] * s[2 * h + i];
    }
    job->loops->tanh(gates + 2 * h, h, gates + 2 * h);
    for (size_t i = 0; i < h; i++) {
        float z = gates[h + i];
        y[i] = (1 - z) * gates[2 * h + i] + (before ? z * before[i] : 0);
    }
}

static void lstm_token(const recurrent_job *job, size_t t, const float *s) {
    size_t h = job->r->h;
    const float *in = job->in + t * job->g, *before = t > 0 ? job->r->cells + (t - 1) * h : NULL;
    float *gates = job->r->gates + t * 4 * h, *y = job->r->y + t * h, *c = job->r->cells + t * h;
    for (size_t i = 0; i < 4 * h; i++)
        gates[i] = in[i] + s[i];
    job->loops->sigmoid(gates, 2 * h, gates);
    job->loops->tanh(gates + 2 * h, h, gates + 2 * h);
    job->loops->sigmoid(gates + 3 * h, h, gates + 3 * h);
    for (size_t i = 0; i < h; i++)
        c[i] = gates[i] * gates[2 * h + i] + (before ? gates[h + i] * before[i] : 0);
    job->loops->tanh(c, h, y);
    for (size_t i = 0; i < h; i++)
        y[i] *= gates[3 * h + i];
}

void hx_nn_recur(const hx_nn *nn, const hx_nn_recurrent *r) {
    recurrent_job job = job_of(nn, r);
    hx_nn_linear(&job.inner, r->x, r->t, r->k, job.g, r->w, r->a, job.in);
    for (size_t t = 0; t < r->t; t++) {
        if (t > 0)
            hx_nn_linear(&job.alone, r->y + (t - 1) * r->h, 1, r->h, job.g, r->u, r->b, job.state);
        else
            memcpy(job.state, r->b, job.g * sizeof *job.state);
        (r->cell == HX_NN_GRU ? gru_token : lstm_token)(&job, t, job.state);
    }
}

/* dh is the gradient of the token's state; in, state: of what went into the functions; dh is left with what goes on beside U. */
static void gru_token_back(const recurrent_job *job, size_t t, float *in, float *state) {
    size_t h = job->r->h;
    const float *gates = job->r->gates + t * 4 * h;
    const float *before = t > 0 ? job->r->y + (t - 1) * h : NULL;
    for (size_t i = 0; i < h; i++) {
        float r = gates[i], z = gates[h + i], n = gates[2 * h + i], d = job->dh[i];
        float dn = d * (1 - z) * (1 - n * n);
        in[i] = state[i] = dn * gates[3 * h + i] * r * (1 - r);
        in[h + i] = state[h + i] = d * ((before ? before[i] : 0) - n) * z * (1 - z);
        in[2 * h + i] = dn;
        state[2 * h + i] = dn * r;
        job->dh[i] = d * z;
    }
}

static void lstm_token_back(const recurrent_job *job, size_t t, float *in, float *state) {
    size_t h = job->r->h;
    const float *gates = job->r->gates + t * 4 * h, *c = job->r->cells + t * h;
    const float *before = t > 0 ? c - h : NULL;
    for (size_t j = 0; j < h; j++) {
        float i = gates[j], f = gates[h + j], g = gates[2 * h + j], o = gates[3 * h + j], th;
        job->loops->tanh(c + j, 1, &th);
        float d = job->dh[j], dc = job->dc[j] + d * o * (1 - th * th);
        in[j] = dc * g * i * (1 - i);
        in[h + j] = before ? dc * before[j] * f * (1 - f) : 0;
        in[2 * h + j] = dc * i * (1 - g * g);
        in[3 * h + j] = d * th * o * (1 - o);
        job->dc[j] = dc * f;
        job->dh[j] = 0;
    }
    memcpy(state, in, 4 * h * sizeof *state);
}

void hx_nn_recur_back(const hx_nn *nn, const hx_nn_recurrent *r, const float *dy, float *dx,
                      float *dw, float *du, float *da, float *db) {
    recurrent_job job = job_of(nn, r);
    memset(job.dh, 0, r->h * sizeof *job.dh);
    memset(job.dc, 0, r->h * sizeof *job.dc);
    for (size_t t = r->t; t-- > 0;) {
        float *in = job.in + t * job.g, *state = job.state + t * job.g;
        job.loops->add_scaled(dy + t * r->h, r->h, 1.0f, job.dh);
        (r->cell == HX_NN_GRU ? gru_token_back : lstm_token_back)(&job, t, in, state);
        hx_nn_linear_grad before = {
            .w = r->u, .dy = state, .t = 1, .k = r->h, .n = job.g, .dx = job.dh, .add = true};
        hx_nn_linear_back(&job.alone, &before);
    }
    hx_nn_linear_grad input = {.x = r->x,
                               .w = r->w,
                               .dy = job.in,
                               .t = r->t,
                               .k = r->k,
                               .n = job.g,
                               .dx = dx,
                               .dw = dw,
                               .db = da};
    hx_nn_linear_back(&job.inner, &input);
    hx_nn_linear_grad bias = {.dy = job.state, .t = r->t, .k = r->h, .n = job.g, .db = db};
    hx_nn_linear_back(&job.inner, &bias);
    if (r->t < 2) return;
    hx_nn_linear_grad state = {
        .x = r->y, .dy = job.state + job.g, .t = r->t - 1, .k = r->h, .n = job.g, .dw = du};
    hx_nn_linear_back(&job.inner, &state);
}
