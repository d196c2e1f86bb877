/* gguf_out.h - writing an open model as a GGUF file. */
#ifndef HX_MODEL_GGUF_OUT_H
#define HX_MODEL_GGUF_OUT_H

#include "model/model_file.h"
#include "model/recode.h"

/* Weights of the squared errors of a matrix's columns, by its name in a folder; NULL = none. */
typedef const float *hx_importance_fn(const void *context, const char *name);
/* `type` as hx_model_quantize() has it; NULL = types are kept. `importance` NULL = none. */
hx_status hx_gguf_out(hx_model_file *source, const char *from, const char *type, const char *out,
                      const hx_convert_options *options, hx_importance_fn *importance,
                      const void *context, hx_error *err) HX_MUST_USE;
/* general.*, <architecture>.* and huaxiang.* keys; `from` names the model where nothing else does. */
void hx_gguf_put_config(hx_gguf_writer *w, const hx_config *c, const char *from);
/* Key of the four numbers of Llama 3.1's rotary scaling: factor, low_freq_factor, high_freq_factor, original length. */
#define HX_KEY_LLAMA3 "huaxiang.rope.llama3"

#endif
