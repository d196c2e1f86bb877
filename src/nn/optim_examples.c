/* optim_examples.c - gradients of single examples: clipped one by one, summed, with noise (optim.h; Abadi et al., arXiv 1607.00133).
 *
 * The sum lies in its own block, as large as the gradients. Noise comes in pieces of 4,096 elements, each from a generator of its own that is
 * seeded by (seed, step, tensor, piece): the same for any number of threads. An example whose gradient is not finite adds nothing: a norm of
 * at most `most` cannot be had from it.
 * The generator is not a cryptographic one: who may look into the program's memory or guess the seed can take the noise away. */
#include <math.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "nn/optim.h"
#include "nn/optim_parts.h"
#include "nn/parts.h"
#include "tensor/memory.h"

#define PIECE 4096
#define TWO_PI 6.283185307179586

typedef struct {
    float *g, *sum;
    float scale;
    double deviation;
    uint64_t key;
} example_job;

static hx_status make_sums(hx_optim *o, hx_error *err) {
    size_t floats = 16;
    for (size_t i = 0; i < o->n_slots; i++)
        floats += (o->slots[i].n + 15) / 16 * 16;
    o->sums_bytes = floats * sizeof(float);
    o->sums = hx_memory_new(o->sums_bytes);
    if (!o->sums) return hx_fail(err, HX_ENOMEM, "out of memory (gradients of single examples)");
    float *at = o->sums;
    for (size_t i = 0; i < o->n_slots; i++) {
        o->slots[i].sum = at;
        at += (o->slots[i].n + 15) / 16 * 16;
    }
    return HX_OK;
}

hx_status hx_optim_examples_begin(hx_optim *o, double most, hx_error *err) {
    if (!(most > 0) || !isfinite(most))
        return hx_fail(err, HX_EINVAL,
                       "optimiser: the greatest norm of an example's gradient is %g; it must be "
                       "positive",
                       most);
    if (!o->sums) HX_TRY(make_sums(o, err));
    o->example_most = most;
    return HX_OK;
}

/* What is in the gradient goes to the sum, which end leaves as zeros for the next step. */
static void add_range(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const example_job *j = context;
    for (size_t i = first; i < end; i++) {
        if (j->scale > 0) j->sum[i] += j->scale * j->g[i];
        j->g[i] = 0;
    }
}

double hx_optim_example(hx_optim *o, const hx_nn *nn) {
    double norm = hx_params_gradient_norm(nn, o->params);
    float scale = isfinite(norm) ? hx_nn_clip_scale(norm, o->example_most) : 0;
    for (size_t i = 0; i < o->n_slots; i++) {
        example_job job = {.g = hx_params_at(o->params, o->slots[i].index)->g,
                           .sum = o->slots[i].sum,
                           .scale = scale};
        if (job.g) hx_nn_ranges(nn, o->slots[i].n, PIECE, add_range, &job);
    }
    return norm;
}

static void noise_range(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const example_job *j = context;
    hx_rng rng;
    hx_rng_seed(&rng, hx_hash_mix(j->key, first / PIECE));
    double sine = 0;
    for (size_t i = first; i < end; i++) {
        double noise = sine;
        if ((i - first) % 2 == 0 && j->deviation > 0) {
            double radius = sqrt(-2 * log(1 - hx_rng_uniform(&rng))) * j->deviation;
            double angle = TWO_PI * hx_rng_uniform(&rng);
            noise = radius * cos(angle);
            sine = radius * sin(angle);
        }
        j->g[i] = (float)((double)j->sum[i] + noise);
        j->sum[i] = 0;
    }
}

void hx_optim_examples_end(hx_optim *o, const hx_nn *nn, double noise, uint64_t seed,
                           uint64_t step) {
    for (size_t i = 0; i < o->n_slots; i++) {
        const hx_param *p = hx_params_at(o->params, o->slots[i].index);
        example_job job = {.g = p->g, .sum = o->slots[i].sum};
        job.deviation = noise * o->example_most;
        job.key = hx_hash_mix(hx_hash_mix(hx_hash_seed(hx_str_of(p->name), seed), step), 0);
        if (job.g) hx_nn_ranges(nn, o->slots[i].n, PIECE, noise_range, &job);
    }
}
