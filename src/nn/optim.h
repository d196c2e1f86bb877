/* optim.h - one step of all trained weights of an hx_params: rates by layer, clipping, averages, per-example clipping. Conventions: nn.h.
 *
 * Rules for single arrays are in optimiser.h; this file owns their state. State and weights written and read again go on to the same bytes. */
#ifndef HX_NN_OPTIM_H
#define HX_NN_OPTIM_H

#include "nn/optimiser.h"
#include "nn/params.h"

typedef enum {
    HX_OPTIM_ADAMW = 0,
    HX_OPTIM_SGD,
    HX_OPTIM_MUON, /* matrices of blocks; AdamW for embeddings, output, heads and vectors */
    HX_OPTIM_ADAFACTOR /* arXiv 1804.04235, without momentum: state of rows + columns */
} hx_optim_kind;

typedef struct {
    hx_optim_kind kind;
    float beta1, beta2, eps, decay, momentum;
    float muon_rate; /* its matrices' rate as a factor of the rate of the others; 0 = 20 */
    float
        layer_rate; /* the rate of a layer is rate * layer_rate^(last layer - layer); 0 or 1 = all the same */
    double clip; /* greatest norm of all gradients; 0 = off */
    float
        ema; /* exponential average of weights, e.g. 0.999, less in the first steps: (1 + t) / (10 + t); 0 = off */
    uint64_t
        swa_from; /* from this step on the plain average of weights at every `swa_every`th step is kept; 0 = off */
    uint64_t swa_every;
} hx_optim_options;

typedef struct hx_optim hx_optim;

void hx_optim_defaults(hx_optim_options *o,
                       hx_optim_kind kind); /* .9 .999 1e-8 .01; muon .95; clip 1 */
/* params is borrowed; all its tensors must be added before. */
hx_status hx_optim_new(hx_optim **out, hx_params *params, const hx_optim_options *options,
                       hx_error *err) HX_MUST_USE;
void hx_optim_free(hx_optim *o);
size_t hx_optim_scratch(const hx_optim *o, size_t n_threads); /* bytes that nn->scratch needs */

typedef struct {
    double norm; /* of all gradients times `scale`, before clipping */
    bool finite; /* false: no weight was changed */
} hx_optim_result;
/* step counts from 1; gradients are multiplied by `scale` (1 / accumulated batches) first and are zero afterwards. */
void hx_optim_step(hx_optim *o, const hx_nn *nn, uint64_t step, double rate, float scale,
                   hx_optim_result *result);

/* The averaged weights (EMA, else SWA) change places with the weights: for evaluating and saving; call again to change back. False, and
 * nothing changes, where no step has been averaged yet. The next step changes them back by itself; the state is not saved meanwhile. */
bool hx_optim_swap_average(hx_optim *o);

/* Gradients of single examples (DP-SGD, arXiv 1607.00133). Between begin and end: after each example's backward pass call hx_optim_example():
 * its gradient is scaled to norm <= most and added up apart, gradients are zero again. end adds Gaussian noise of standard deviation
 * noise * most to each element of the sum, from `seed` and step alone, and puts it into the gradients. An example whose gradient is not
 * finite adds nothing. */
hx_status hx_optim_examples_begin(hx_optim *o, double most, hx_error *err) HX_MUST_USE;
double hx_optim_example(hx_optim *o, const hx_nn *nn); /* the example's norm before clipping */
void hx_optim_examples_end(hx_optim *o, const hx_nn *nn, double noise, uint64_t seed,
                           uint64_t step);

hx_status hx_optim_save(const hx_optim *o, const char *path, hx_error *err) HX_MUST_USE;
hx_status hx_optim_load(hx_optim *o, const char *path, hx_error *err) HX_MUST_USE;

#endif
