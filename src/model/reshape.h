/* reshape.h - a model written anew as a folder: with an adapter in it, fewer layers, tokens, feed-forward channels or heads.
 *
 * The model is streamed row by row; nothing is held but the adapter and the lists of what is kept. For src/model. */
#ifndef HX_MODEL_RESHAPE_H
#define HX_MODEL_RESHAPE_H

#include "huaxiang/model.h"
#include "model/adapter.h"
#include "model/model_file.h"

/* What is kept, as ascending lists of old indexes; NULL = all. Borrowed. */
typedef struct {
    const uint32_t *layers; /* (n_layers) */
    size_t n_layers;
    const uint32_t *tokens; /* (n_tokens): token i of the new vocabulary was tokens[i] */
    size_t n_tokens;
    const uint32_t *channels; /* (layers kept, n_channels): of the feed-forward parts */
    size_t n_channels;
    const uint32_t *
        groups; /* (layers kept, n_groups): key-value heads, each with the query heads that read it */
    size_t n_groups;
    hx_adapter *adapter; /* merged */
} hx__reshape;

/* Writes model.safetensors and config.json into `folder`, which is made. Types stay where they are float, else F32; options->type as for
 * conversion to a folder. The tokenizer's files are the caller's. */
hx_status hx__reshape_write(const hx_model_file *source, const hx__reshape *keep,
                            const char *folder, const hx_convert_options *options,
                            hx_error *err) HX_MUST_USE;
/* The tokenizer's files of an open model at `from` into `folder`: copied, or made from the keys of a GGUF file. */
hx_status hx__reshape_tokenizer(const hx_model_file *source, const char *from, const char *folder,
                                hx_error *err) HX_MUST_USE;
/* Removes the files of a folder that these wrote, and the folder where nothing else is in it. */
void hx__reshape_remove(const char *folder);
/* "0-7,10" to layers below n; ascending, each once. Arena memory. */
hx_status hx__parse_layers(const char *text, size_t n, hx_arena *arena, uint32_t **out,
                           size_t *n_out, hx_error *err) HX_MUST_USE;

#endif
