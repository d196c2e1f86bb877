/* optim_parts.h - what the files of optim share: the state of each trained tensor. For src/nn only. */
#ifndef HX_NN_OPTIM_PARTS_H
#define HX_NN_OPTIM_PARTS_H

#include "nn/optim.h"

/* Arrays of one trained tensor; what a rule does not need is NULL. */
typedef struct {
    size_t index; /* in params */
    hx_optim_kind rule; /* the tensor's own: of Muon's list some take AdamW */
    size_t n, n_first, n_second; /* elements of the weights and of the two arrays */
    float *first; /* AdamW, SGD, Muon: momentum (n); Adafactor: rows, or (n) of a vector */
    float *second; /* AdamW: squares (n); Adafactor: columns */
    float *average; /* (n) */
    float *sum; /* (n): of examples' gradients, while they are added up */
    double rate; /* factor of its layer */
    float decay;
} hx_optim_slot;

struct hx_optim {
    hx_params *params; /* borrowed */
    hx_optim_options options;
    hx_optim_slot *slots; /* (n_slots), owned */
    size_t n_slots;
    float *state; /* one block, owned: first, second, average of all slots */
    size_t state_bytes;
    uint64_t n_averaged; /* times that weights went into the average */
    bool is_swapped; /* the averages stand where the weights belong */
    float *sums; /* one block, owned; NULL before the first hx_optim_examples_begin() */
    size_t sums_bytes;
    double example_most;
};

#endif
