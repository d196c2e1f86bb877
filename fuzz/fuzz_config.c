/* fuzz_config.c - config.json of any bytes: what is taken keeps its caps, and its numbers go together. */
#include "fuzz.h"

#include "llama/config.h"
#include "llama/rope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hx_config c;
    hx_error err = {0};
    if (hx_config_read_json(&c, (hx_str){(const char *)data, size}, "config.json", &err) != HX_OK) {
        FUZZ_REQUIRE(err.message[0] != '\0' && c.labels == NULL);
        return 0;
    }
    FUZZ_REQUIRE(c.n_layers >= 1 && c.n_layers <= HX_CONFIG_LAYERS_MAX);
    FUZZ_REQUIRE(c.n_embd >= 1 && c.n_embd <= HX_CONFIG_WIDTH_MAX);
    FUZZ_REQUIRE(c.n_ff >= 1 && c.n_ff <= HX_CONFIG_WIDTH_MAX);
    FUZZ_REQUIRE(c.n_vocab >= 1 && c.n_vocab <= HX_CONFIG_VOCAB_MAX);
    FUZZ_REQUIRE(c.n_heads % c.n_kv_heads == 0 && c.n_heads * c.head_dim <= HX_CONFIG_WIDTH_MAX);
    FUZZ_REQUIRE(c.rope.dims >= 2 && c.rope.dims <= c.head_dim && c.rope.dims % 2 == 0);
    FUZZ_REQUIRE(c.has_head == (c.n_labels > 0));
    for (size_t i = 0; i < c.n_labels; i++)
        FUZZ_REQUIRE(c.labels[i] != NULL);
    float frequency[HX_CONFIG_HEAD_DIM_MAX / 2];
    FUZZ_REQUIRE(hx_rope_frequencies(&c.rope, NULL, frequency) > 0.0f);
    for (size_t i = 0; i < c.rope.dims / 2; i++)
        FUZZ_REQUIRE(frequency[i] >= 0.0f && frequency[i] <= 1.0f);
    hx_config_release(&c);
    return 0;
}
