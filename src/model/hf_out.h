/* hf_out.h - the files of a Hugging Face folder, made from a GGUF file. */
#ifndef HX_MODEL_HF_OUT_H
#define HX_MODEL_HF_OUT_H

#include "base/buf.h"
#include "llama/config.h"
#include "tensor/tensor_file.h"

/* config.json as transformers reads it. */
void hx_config_write_json(const hx_config *c, hx_dtype type, bool attention_bias, bool mlp_bias,
                          hx_buf *out);
/* Rotary scaling that the file holds as a tensor. */
hx_status hx_rope_of_gguf(const hx_tensor_file *f, hx_rope_config *r, hx_error *err) HX_MUST_USE;
/* tokenizer.json (byte-level BPE) or tokenizer.model (SentencePiece), and tokenizer_config.json, into `folder`; nothing where the file
 * has no tokenizer. */
hx_status hx_tokenizer_out(const hx_tensor_file *f, const char *folder, hx_error *err) HX_MUST_USE;

#endif
