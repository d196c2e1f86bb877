/* params.h - the named weights of a model in training, their gradients, and files of both.
 *
 * One array a tensor, F32, aligned to 64; names as Hugging Face has them. A frozen tensor has no gradient. Order is the order of adding, and
 * all that walks over them (norms, steps, files) goes in that order: the same bytes every time. Conventions: nn.h. */
#ifndef HX_NN_PARAMS_H
#define HX_NN_PARAMS_H

#include "nn/nn.h"
#include "tensor/tensor_file.h"

#define HX_PARAM_NAME_MAX 128

typedef struct {
    const char *name; /* owned by the list; unique */
    uint32_t n_dims; /* 1 or 2 */
    uint64_t dims[2]; /* slowest first; unused = 1 */
    size_t n; /* elements */
    float *w; /* owned by the list */
    float *g; /* likewise; NULL = frozen */
    int32_t
        layer; /* for rates by layer: 0 = embedding, 1.. = blocks, n_layers + 1 = last norm, heads */
    bool decay; /* weight decay applies: matrices; not norms, biases, and vectors */
} hx_param;

typedef struct hx_params hx_params;

hx_status hx_params_new(hx_params **out, hx_error *err) HX_MUST_USE;
void hx_params_free(hx_params *p); /* NULL is fine */
/* Zeros. `trained`: with a gradient. Indexes stay valid, pointers to hx_param only until the next add; w and g stay where they are. */
hx_status hx_params_add(hx_params *p, const char *name, uint32_t n_dims, const uint64_t *dims,
                        int32_t layer, bool trained, size_t *index, hx_error *err) HX_MUST_USE;
/* Several whose rows lie one behind the other in memory, as one matrix of all their rows: the same columns, layer and training. The first is
 * aligned to 64, the others where they come to lie. index: of the first; the others follow. */
typedef struct {
    const char *name;
    uint32_t n_dims; /* 1 or 2 */
    uint64_t dims[2];
} hx_param_shape;
hx_status hx_params_add_adjacent(hx_params *p, const hx_param_shape *shapes, size_t n,
                                 int32_t layer, bool trained, size_t *index,
                                 hx_error *err) HX_MUST_USE;
/* Empties a tensor that nobody needs any more: no elements, no gradient, in no file. Indexes of the others stay. */
void hx_params_drop(hx_params *p, size_t index);
size_t hx_params_count(const hx_params *p);
hx_param *hx_params_at(const hx_params *p, size_t i);
hx_param *hx_params_find(const hx_params *p, const char *name); /* NULL = none */
uint64_t hx_params_elements(const hx_params *p, bool trained_only);
void hx_params_zero_gradients(const hx_nn *nn, hx_params *p);
/* Euclidean norm of all gradients. Scratch: hx_params_norm_scratch(). NaN and infinity come through. */
size_t hx_params_norm_scratch(const hx_params *p);
double hx_params_gradient_norm(const hx_nn *nn, const hx_params *p);

/* Normal numbers of standard deviation `deviation`, from the seed and the tensor's name alone. */
void hx_param_randomise(hx_param *p, float deviation, uint64_t seed);

/* safetensors, F32 (or F16 for a small copy): path.tmp, fsync, rename. Reading needs every tensor, with its shape; more in the file is fine. */
hx_status hx_params_save(const hx_params *p, const char *path, hx_dtype type,
                         hx_error *err) HX_MUST_USE;
hx_status hx_params_load(hx_params *p, const char *path, hx_error *err) HX_MUST_USE;

#endif
