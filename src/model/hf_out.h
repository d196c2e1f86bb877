/* hf_out.h - the files of a Hugging Face folder, made from a GGUF file (config.json: llama/config.h). */
#ifndef HX_MODEL_HF_OUT_H
#define HX_MODEL_HF_OUT_H

#include "base/buf.h"
#include "llama/config.h"
#include "tensor/tensor_file.h"

/* Rotary scaling that the file holds as a tensor. */
hx_status hx_rope_of_gguf(const hx_tensor_file *f, hx_rope_config *r, hx_error *err) HX_MUST_USE;
/* tokenizer.json (byte-level BPE) or tokenizer.model (SentencePiece), and tokenizer_config.json, into `folder`; nothing where the file
 * has no tokenizer. */
hx_status hx_tokenizer_out(const hx_tensor_file *f, const char *folder, hx_error *err) HX_MUST_USE;

#endif
