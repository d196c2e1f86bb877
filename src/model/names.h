/* names.h - names of tensors in GGUF files and in Hugging Face folders. */
#ifndef HX_MODEL_NAMES_H
#define HX_MODEL_NAMES_H

#include "huaxiang/base.h"

#define HX_MODEL_TENSOR_NAME_MAX 128

typedef char hx_tensor_name[HX_MODEL_TENSOR_NAME_MAX];

/* False where the name is none of a llama, qwen2 or qwen3 model. */
bool hx_tensor_name_to_gguf(hx_str hf, hx_tensor_name out);
bool hx_tensor_name_to_hf(hx_str gguf, hx_tensor_name out);
/* A tensor that older folders hold and nobody needs: rotary frequencies. */
bool hx_tensor_name_is_idle(hx_str hf);
/* Of a head beside transformers' own: "heads.NAME...." (llama/heads.h). */
bool hx_tensor_name_is_head(hx_str hf);

#endif
