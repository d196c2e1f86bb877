/* recode.h - a tensor of one file as a tensor of another: other type, other order of rows; streamed, so that memory stays small. */
#ifndef HX_MODEL_RECODE_H
#define HX_MODEL_RECODE_H

#include "huaxiang/model.h"
#include "model/model_file.h"
#include "tensor/tensor_file.h"

/* What all tensors of one run share. */
typedef struct {
    const hx_convert_options *options;
    const hx_tensor_file *file; /* read from */
    uint64_t done, total; /* parameters */
} hx_recode_run;

/* How rows of q and k change places; see recode.c. */
typedef enum {
    HX_ROWS_KEPT = 0,
    HX_ROWS_INTERLEAVED, /* halves side by side become pairs */
    HX_ROWS_HALVES /* pairs become halves */
} hx_row_order;

typedef struct {
    hx_recode_run *run;
    const hx_tensor_entry *from; /* NULL: `values` are the tensor, as F32 */
    const float *values;
    size_t n_values;
    hx_dtype type;
    hx_row_order order;
    size_t head_dim; /* rows of a head, where the order changes */
    const float *importance; /* (columns): weights of squared errors; NULL = those of the format */
} hx_recode;

/* An hx_tensor_fill; context = an hx_recode. */
hx_status hx_recode_fill(void *context, hx_tensor_sink *out, hx_error *err) HX_MUST_USE;
uint64_t hx_tensor_elements(const hx_tensor_entry *t);
/* The order of rows of a tensor of this GGUF name on its way to or from GGUF. */
hx_row_order hx_row_order_of(const hx_config *c, const char *gguf_name, bool to_gguf);

#endif
