/* trunk_parts.h - what the files of the trunk share. For src/llama/trunk*.c only.
 *
 * Product: one or several matrices that read the same rows: q, k, v; out; gate, up; down. As F32 their rows lie one behind the other, so
 * each product is one gemm; as stored they are decoded panel by panel. */
#ifndef HX_LLAMA_TRUNK_PARTS_H
#define HX_LLAMA_TRUNK_PARTS_H

#include "llama/rope.h"
#include "llama/trunk.h"
#include "nn/attention.h"
#include "nn/layers.h"

#define HX_TRUNK_NONE SIZE_MAX
#define HX_TRUNK_NAME HX_PARAM_NAME_MAX

typedef enum {
    HX_TRUNK_QKV = 0,
    HX_TRUNK_OUT,
    HX_TRUNK_GATE_UP,
    HX_TRUNK_DOWN,
    HX_TRUNK_PRODUCTS
} hx_trunk_place;

typedef struct {
    size_t rows, matrix; /* matrix: 0..6 as in hx_llama_layer */
    size_t weight, bias; /* in params, or NONE */
    const hx_tensor_entry *stored; /* NULL = in params */
    size_t turned; /* head_dim where stored rows of heads are for pairs (2i, 2i + 1), else 0 */
    size_t a, b; /* LoRA in params, or NONE */
    size_t column; /* of the first of its adapter's columns in u */
} hx_trunk_matrix;

typedef struct {
    hx_trunk_matrix parts[3];
    size_t n_parts, n, k, layer, place;
    float *w, *dw; /* (n, k); w NULL = stored, dw NULL = frozen */
    float *bias, *dbias; /* (n) or NULL */
    float *a, *da; /* (n_adapters * rank, k): LoRA's A of all parts; NULL = none */
    size_t adapted; /* n_adapters * rank: columns of u */
} hx_trunk_product;

typedef struct {
    hx_trunk_product products[HX_TRUNK_PRODUCTS];
    float *norm[4], *dnorm[4]; /* attention, ff (n_embd); q, k (head_dim) or NULL */
    bool trained; /* something in it has a gradient */
} hx_trunk_layer;

/* What backward needs of a layer. */
typedef struct {
    float *qkv; /* (T, qkv): turned */
    float *raw, *raw_r; /* (T, q + k) before the norms of heads, and their factors; NULL = none */
    float *attended, *lse; /* (T, q), (T, n_heads) */
    float *middle; /* (T, d): the stream behind attention */
    float *r[2]; /* (T) of the two norms */
    float *gate_up; /* (T, 2 f) */
    float *u[HX_TRUNK_PRODUCTS]; /* (T, adapted): what goes between A and B */
} hx_trunk_slot;

typedef struct {
    float *memory; /* owned: one block, carved in order */
    size_t bytes, n_slots, n_streams;
    float *streams; /* (n_streams, T, d) */
    hx_trunk_slot *slots; /* (n_layers): owned array */
    float *tap, *hidden, *r_out; /* (T, d), (T, d), (T) */
    float *normed, *wide; /* (T, d), (T, f) */
    float *dqkv, *dattended, *dnormed, *dwide, *du; /* backward */
    float *dropped; /* (T, widest input) with LoRA's dropout */
    float *panel; /* decoded rows */
    uint32_t *positions; /* (T) */
} hx_trunk_room;

struct hx_trunk {
    hx_config config; /* owned */
    hx_trunk_options options; /* layers is not kept */
    const hx_llama *model; /* borrowed, where stored weights are read; or NULL */
    const hx_kernels *kernels; /* for decoding; NULL until the first pass */
    hx_params *params;
    hx_trunk_layer *layers; /* (n_layers) */
    float *embedding, *dembedding; /* (n_vocab, d); NULL = stored */
    float *output, *doutput; /* its own; NULL = tied, none, or stored */
    const hx_tensor_entry *stored_embedding, *stored_output;
    bool has_output; /* a matrix of its own */
    float *decoded_output; /* owned: of a stored one, made when first asked for */
    size_t decoded_bytes;
    float *norm_out, *dnorm_out;
    float *frequency, amplitude; /* (rope.dims / 2), owned */
    hx_rope_table rope;
    float lora_scale; /* alpha / rank */
    size_t
        first_trained; /* backward ends behind this layer: 0 with a trained embedding; n_layers = nothing */
    bool any_trained; /* of the trunk's own and its adapters */
    size_t widest_rows, widest_columns; /* of all matrices */
    hx_trunk_room room;
    hx_trunk_batch batch; /* of the last forward pass; borrowed arrays */
};

/* ------------------------------------------------------------------ making one (trunk.c, trunk_shape.c) */
hx_status hx__trunk_begin(hx_trunk **out, const hx_config *config, const hx_trunk_options *options,
                          hx_error *err) HX_MUST_USE;
/* Adds all tensors. With t->model what is frozen stays in its file, in the layers `from` (n_layers) of that model. */
hx_status hx__trunk_add_tensors(hx_trunk *t, const size_t *from, hx_error *err) HX_MUST_USE;
/* Sets the pointers of products and norms from params, and what can be trained. */
void hx__trunk_bind(hx_trunk *t);
void hx__trunk_randomise_adapters(hx_trunk *t, uint64_t seed);
/* Row `row` of a stored matrix, as Hugging Face orders rows (trunk_model.c). */
void hx__trunk_decode_row(const hx_trunk_matrix *m, size_t row, size_t k, float *out);
void hx__trunk_name(size_t layer, size_t matrix, const char *suffix, char out[HX_TRUNK_NAME]);

/* ------------------------------------------------------------------ products (trunk_product.c) */
typedef struct {
    const float *x; /* (T, k) */
    size_t t;
    float *y; /* (T, n) */
    bool add; /* y += */
    float *u; /* (T, adapted), kept for backward */
    hx_nn_dropout_key key; /* of the adapters' input */
    float dropout;
} hx_trunk_forward_call;
typedef struct {
    const float *x; /* (T, k); NULL where nothing here is trained */
    size_t t;
    const float *dy; /* (T, n) */
    const float *u;
    float *dx; /* (T, k), overwritten */
    hx_nn_dropout_key key;
    float dropout;
} hx_trunk_backward_call;
void hx__trunk_multiply(const hx_trunk *t, const hx_nn *nn, const hx_trunk_product *p,
                        const hx_trunk_forward_call *call);
void hx__trunk_multiply_back(const hx_trunk *t, const hx_nn *nn, const hx_trunk_product *p,
                             const hx_trunk_backward_call *call);
bool hx__trunk_is_trained(const hx_trunk_product *p); /* weights or adapters: x is needed */
size_t hx__trunk_panel_rows(const hx_trunk *t); /* 0 = no panels are needed */
/* Rows [first, first + n) of a product as F32, adapters not counted. */
void hx__trunk_rows(const hx_trunk *t, hx_team *team, const hx_trunk_product *p, size_t first,
                    size_t n, float *out);
/* out (n, k) += the adapters' share of rows [first, first + n) of part i */
void hx__trunk_add_adapter(const hx_trunk *t, const hx_nn *nn, const hx_trunk_product *p, size_t i,
                           size_t first, size_t n, float *out);

/* ------------------------------------------------------------------ passes (trunk_forward.c) */
/* Attention of a layer, and how its queries and keys are turned, for the batch: what both directions are called with. */
hx_nn_attention_call hx__trunk_attention(const hx_trunk *t, const hx_trunk_slot *s);
hx_nn_rope_call hx__trunk_turn(const hx_trunk *t);
hx_status hx__trunk_reserve(hx_trunk *t, size_t n_tokens, bool training,
                            hx_error *err) HX_MUST_USE; /* trunk_room.c */
float *hx__trunk_stream(const hx_trunk *t, size_t layer); /* that goes into a layer */
hx_trunk_slot *hx__trunk_slot_of(const hx_trunk *t, size_t layer);
void hx__trunk_layer_forward(hx_trunk *t, const hx_nn *nn, size_t layer);
hx_nn_dropout_key hx__trunk_key(const hx_trunk *t, size_t layer, size_t site);

#endif
