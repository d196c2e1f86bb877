/* optim.c - one step of all trained weights (optim.h).
 *
 * Each trained tensor has a slot with its rule and arrays; frozen ones have none. A step is: the norm of all gradients; where it is NaN or
 * infinite nothing but the gradients changes; then, tensor by tensor in the order of the list, the rule, the gradients back to zero, the
 * average. AdamW and SGD do the three for a piece of elements while it is in the cache.
 * Elements are computed alone or in sums of fixed order, so the bytes depend neither on the number of threads nor on saving and loading
 * between steps.
 * Average: the first weights are copied; then EMA: a += (1 - keep) (w - a), SWA: a += (w - a) / n. */
#include "nn/optim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "nn/optim_parts.h"
#include "nn/parts.h"
#include "tensor/memory.h"

#define ELEMENTS 8192 /* a piece: 160 KB of weights, gradients and state */

void hx_optim_defaults(hx_optim_options *o, hx_optim_kind kind) {
    *o = (hx_optim_options){.kind = kind,
                            .beta1 = 0.9f,
                            .beta2 = 0.999f,
                            .eps = 1e-8f,
                            .decay = 0.01f,
                            .momentum = kind == HX_OPTIM_MUON ? 0.95f : 0.9f,
                            .clip = 1};
}

static bool in_unit(float x) {
    return x >= 0 && x < 1;
}

static hx_status check_options(const hx_optim_options *o, hx_error *err) {
    if ((unsigned)o->kind > HX_OPTIM_ADAFACTOR)
        return hx_fail(err, HX_EINVAL, "optimiser: kind %d is not known", (int)o->kind);
    if (!in_unit(o->beta1) || !in_unit(o->beta2) || !in_unit(o->momentum) || !in_unit(o->ema))
        return hx_fail(
            err, HX_EINVAL,
            "optimiser: beta1 %g, beta2 %g, momentum %g and ema %g must be at least 0 and "
            "less than 1",
            (double)o->beta1, (double)o->beta2, (double)o->momentum, (double)o->ema);
    if (!(o->eps >= 0) || !(o->decay >= 0) || !(o->clip >= 0) || !(o->muon_rate >= 0) ||
        !(o->layer_rate >= 0))
        return hx_fail(err, HX_EINVAL,
                       "optimiser: eps %g, decay %g, clip %g, Muon's rate %g and the rate by layer "
                       "%g must not be negative",
                       (double)o->eps, (double)o->decay, o->clip, (double)o->muon_rate,
                       (double)o->layer_rate);
    return HX_OK;
}

/* Muon takes the matrices of blocks: behind the embedding, before the last norm and the heads. */
static hx_optim_kind rule_of(const hx_optim_options *o, const hx_param *p, int32_t last) {
    if (o->kind != HX_OPTIM_MUON) return o->kind;
    bool is_block = p->n_dims == 2 && p->layer > 0 && p->layer < last;
    return is_block ? HX_OPTIM_MUON : HX_OPTIM_ADAMW;
}

static void fill_slot(hx_optim_slot *s, const hx_optim_options *o, const hx_param *p,
                      int32_t last) {
    double by_layer = o->layer_rate > 0 ? (double)o->layer_rate : 1;
    s->n = p->n;
    s->rule = rule_of(o, p, last);
    s->rate = pow(by_layer, (double)(last - p->layer));
    s->decay = p->decay ? o->decay : 0;
    s->n_first = p->n;
    if (s->rule == HX_OPTIM_ADAMW) s->n_second = p->n;
    if (s->rule == HX_OPTIM_ADAFACTOR && p->n_dims == 2) {
        s->n_first = (size_t)p->dims[0];
        s->n_second = (size_t)p->dims[1];
    }
}

static size_t aligned(size_t floats) {
    return (floats + 15) / 16 * 16;
}

static bool keeps_average(const hx_optim_options *o) {
    return o->ema > 0 || o->swa_from > 0;
}

static size_t count_slots(const hx_params *params, int32_t *last) {
    size_t n = 0;
    *last = 0;
    for (size_t i = 0; i < hx_params_count(params); i++) {
        const hx_param *p = hx_params_at(params, i);
        if (p->layer > *last) *last = p->layer;
        if (p->g) n++;
    }
    return n;
}

static float *carve(float **at, size_t n) {
    float *x = *at;
    *at += aligned(n);
    return n ? x : NULL;
}

static hx_status make_state(hx_optim *o, hx_error *err) {
    bool averages = keeps_average(&o->options);
    size_t floats = 0;
    for (size_t i = 0; i < o->n_slots; i++) {
        const hx_optim_slot *s = &o->slots[i];
        floats += aligned(s->n_first) + aligned(s->n_second) + (averages ? aligned(s->n) : 0);
    }
    o->state_bytes = (floats + 16) * sizeof(float);
    o->state = hx_memory_new(o->state_bytes);
    if (!o->state) return hx_fail(err, HX_ENOMEM, "out of memory (state of the optimiser)");
    float *at = o->state;
    for (size_t i = 0; i < o->n_slots; i++) {
        hx_optim_slot *s = &o->slots[i];
        s->first = carve(&at, s->n_first);
        s->second = carve(&at, s->n_second);
        if (hx_params_at(o->params, s->index)->layer == 0 && s->n_second == s->n)
            hx_memory_sparse(s->first, (size_t)(at - s->first) * sizeof *at);
        s->average = carve(&at, averages ? s->n : 0);
    }
    return HX_OK;
}

static hx_status make(hx_optim *o, hx_error *err) {
    int32_t last;
    o->n_slots = count_slots(o->params, &last);
    if (o->n_slots == 0)
        return hx_fail(err, HX_EINVAL, "optimiser: no tensor is to be trained; all are frozen");
    o->slots = calloc(o->n_slots, sizeof *o->slots);
    if (!o->slots) return hx_fail(err, HX_ENOMEM, "out of memory (state of the optimiser)");
    for (size_t i = 0, n = 0; i < hx_params_count(o->params); i++) {
        const hx_param *p = hx_params_at(o->params, i);
        if (!p->g) continue;
        o->slots[n].index = i;
        fill_slot(&o->slots[n++], &o->options, p, last);
    }
    return make_state(o, err);
}

hx_status hx_optim_new(hx_optim **out, hx_params *params, const hx_optim_options *options,
                       hx_error *err) {
    *out = NULL;
    HX_TRY(check_options(options, err));
    hx_optim *o = calloc(1, sizeof *o);
    if (!o) return hx_fail(err, HX_ENOMEM, "out of memory (state of the optimiser)");
    o->params = params;
    o->options = *options;
    if (o->options.muon_rate <= 0) o->options.muon_rate = 20;
    if (o->options.swa_every == 0) o->options.swa_every = 1;
    hx_status status = make(o, err);
    if (status != HX_OK) {
        hx_optim_free(o);
        return status;
    }
    *out = o;
    return HX_OK;
}

void hx_optim_free(hx_optim *o) {
    if (!o) return;
    if (o->state) hx_memory_free(o->state, o->state_bytes);
    if (o->sums) hx_memory_free(o->sums, o->sums_bytes);
    free(o->slots);
    free(o);
}

size_t hx_optim_scratch(const hx_optim *o, size_t n_threads) {
    size_t most = hx_params_norm_scratch(o->params);
    for (size_t i = 0; i < o->n_slots; i++) {
        const hx_param *p = hx_params_at(o->params, o->slots[i].index);
        size_t rows = (size_t)p->dims[0], columns = (size_t)p->dims[1];
        size_t bytes = 0;
        if (o->slots[i].rule == HX_OPTIM_MUON) bytes = hx_nn_muon_scratch(rows, columns, n_threads);
        if (o->slots[i].rule == HX_OPTIM_ADAFACTOR) bytes = hx_nn_adafactor_scratch(rows, columns);
        if (bytes > most) most = bytes;
    }
    return most;
}

/* One tensor's step of AdamW or SGD by pieces. */
typedef struct {
    const hx_nn_loops *loops;
    hx_nn_adam adam;
    hx_nn_sgd sgd;
    hx_optim_kind rule;
    float *w, *g, *first, *second, *average;
    float share; /* of the weights that goes into the average; < 0 = a copy */
    bool is_sparse; /* an embedding under AdamW */
} step_job;

static void average_piece(float *average, const float *w, size_t n, float share) {
    if (share < 0) {
        memcpy(average, w, n * sizeof *w);
        return;
    }
    for (size_t i = 0; i < n; i++)
        average[i] += share * (w[i] - average[i]);
}

static void sgd_piece(const hx_nn_sgd *o, float *w, const float *g, float *m, size_t n) {
    for (size_t i = 0; i < n; i++) {
        m[i] = o->momentum * m[i] + (g[i] * o->scale + o->decay * w[i]);
        w[i] -= o->rate * m[i];
    }
}

/* Rows of an embedding whose token never came have no gradient and no state: only their decay is left, which has the same bits. */
static void adam_sparse(const step_job *j, size_t first, size_t end) {
    for (size_t i = first; i < end; i += HX_NN_SPARSE) {
        size_t n = end - i < HX_NN_SPARSE ? end - i : HX_NN_SPARSE;
        float *w = j->w + i, *g = j->g + i;
        if (hx_nn_is_zero(g, n) && hx_nn_is_zero(j->first + i, n) &&
            hx_nn_is_zero(j->second + i, n)) {
            j->loops->scale(w, n, j->adam.keep, w);
            continue;
        }
        j->loops->adam(&j->adam, w, g, j->first + i, j->second + i, n);
        memset(g, 0, n * sizeof *g);
    }
}

static void step_range(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const step_job *j = context;
    size_t n = end - first;
    if (j->rule == HX_OPTIM_ADAMW && j->is_sparse)
        adam_sparse(j, first, end);
    else if (j->rule == HX_OPTIM_ADAMW)
        j->loops->adam(&j->adam, j->w + first, j->g + first, j->first + first, j->second + first,
                       n);
    else if (j->rule == HX_OPTIM_SGD)
        sgd_piece(&j->sgd, j->w + first, j->g + first, j->first + first, n);
    if (!j->is_sparse) memset(j->g + first, 0, n * sizeof *j->g);
    if (j->average) average_piece(j->average + first, j->w + first, n, j->share);
}

typedef struct {
    uint64_t step;
    double rate;
    float scale, share;
    bool averages; /* at this step */
} step_call;

static void step_matrix(const hx_optim *o, const hx_nn *nn, const hx_optim_slot *s, hx_param *p,
                        const step_call *c) {
    size_t rows = (size_t)p->dims[0], columns = (size_t)p->dims[1];
    double rate = c->rate * s->rate;
    if (s->rule == HX_OPTIM_MUON) {
        hx_nn_muon muon = {.rate = (float)(rate * (double)o->options.muon_rate),
                           .momentum = o->options.momentum,
                           .decay = s->decay,
                           .scale = c->scale,
                           .nesterov = true};
        hx_nn_muon_step(nn, &muon, p->w, p->g, rows, columns, s->first);
    } else if (s->rule == HX_OPTIM_ADAFACTOR) {
        hx_nn_adafactor factor = {
            .rate = (float)rate, .decay = s->decay, .scale = c->scale, .step = c->step};
        if (p->n_dims == 1) rows = 1, columns = p->n;
        hx_nn_adafactor_step(nn, &factor, p->w, p->g, rows, columns, s->first, s->second);
    }
}

static void step_slot(const hx_optim *o, const hx_nn *nn, const hx_optim_slot *s,
                      const step_call *c) {
    hx_param *p = hx_params_at(o->params, s->index);
    if (!p->g) return; /* dropped since */
    hx_nn_adamw adam = {.rate = (float)(c->rate * s->rate),
                        .beta1 = o->options.beta1,
                        .beta2 = o->options.beta2,
                        .eps = o->options.eps,
                        .decay = s->decay,
                        .scale = c->scale,
                        .step = c->step};
    step_job job = {.loops = hx_nn_loops_of(nn->kernels),
                    .adam = hx_nn_adam_of(&adam),
                    .sgd = {.rate = adam.rate,
                            .momentum = o->options.momentum,
                            .decay = s->decay,
                            .scale = c->scale},
                    .rule = s->rule,
                    .w = p->w,
                    .g = p->g,
                    .first = s->first,
                    .second = s->second,
                    .average = c->averages ? s->average : NULL,
                    .share = c->share,
                    .is_sparse = s->rule == HX_OPTIM_ADAMW && p->layer == 0};
    step_matrix(o, nn, s, p, c);
    hx_nn_ranges(nn, s->n, ELEMENTS, step_range, &job);
}

/* The weights of the first steps say little: min(decay, (1 + t) / (10 + t)), as TensorFlow's ExponentialMovingAverage has it. */
static float share_of_ema(const hx_optim *o) {
    double t = (double)o->n_averaged, decay = (double)o->options.ema, early = (1 + t) / (10 + t);
    return (float)(1 - (early < decay ? early : decay));
}

/* Whether and how this step goes into the average. */
static void plan_average(hx_optim *o, step_call *c) {
    const hx_optim_options *options = &o->options;
    c->averages = options->ema > 0 || (options->swa_from > 0 && c->step >= options->swa_from &&
                                       (c->step - options->swa_from) % options->swa_every == 0);
    if (!c->averages) return;
    o->n_averaged++;
    c->share = options->ema > 0 ? share_of_ema(o) : (float)(1.0 / (double)o->n_averaged);
    if (o->n_averaged == 1) c->share = -1;
}

void hx_optim_step(hx_optim *o, const hx_nn *nn, uint64_t step, double rate, float scale,
                   hx_optim_result *result) {
    if (o->is_swapped) hx_optim_swap_average(o);
    result->norm = hx_params_gradient_norm(nn, o->params) * fabs((double)scale);
    result->finite = isfinite(result->norm);
    if (!result->finite) {
        hx_params_zero_gradients(nn, o->params);
        return;
    }
    step_call call = {.step = step,
                      .rate = rate,
                      .scale = scale * hx_nn_clip_scale(result->norm, o->options.clip)};
    plan_average(o, &call);
    for (size_t i = 0; i < o->n_slots; i++)
        step_slot(o, nn, &o->slots[i], &call);
}

bool hx_optim_swap_average(hx_optim *o) {
    if (o->n_averaged == 0) return false;
    for (size_t i = 0; i < o->n_slots; i++) {
        float *w = hx_params_at(o->params, o->slots[i].index)->w, *a = o->slots[i].average;
        if (!w) continue;
        for (size_t k = 0; k < o->slots[i].n; k++) {
            float old = w[k];
            w[k] = a[k];
            a[k] = old;
        }
    }
    o->is_swapped = !o->is_swapped;
    return true;
}
