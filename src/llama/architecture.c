/* architecture.c - the table of architectures: all of them are one pass with small differences (forward.c).
 *
 *     llama  1, 2, 3.x and everything that says so (SmolLM2, TinyLlama, Yi): no biases unless the file has them
 *     qwen2  biases on q, k and v
 *     qwen3  RMSNorm on each head of q and k, head_dim of its own
 *
 * GGUF files of the llama architecture hold the rows of q and k permuted, so that rotation pairs lie side by side. */
#include "llama/config.h"

static const hx_architecture architectures[] = {
    {.name = "llama", .gguf_interleaved = true},
    {.name = "qwen2", .qkv_bias = true},
    {.name = "qwen3", .qk_norm = true},
};

const hx_architecture *hx_architecture_find(hx_str name) {
    for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++)
        if (hx_str_equal(hx_str_of(architectures[i].name), name)) return &architectures[i];
    return NULL;
}
