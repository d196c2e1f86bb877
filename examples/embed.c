/* embed - how near each text is to the first one, by the embeddings of a language model.
 *
 *     example_embed MODEL TEXT TEXT...
 *
 * MODEL is a .gguf file or a Hugging Face folder. */
#include <huaxiang/llama.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXTS_MAX 64

int main(int argc, char **argv) {
    hx_llama *model = NULL;
    hx_llama_context *context = NULL;
    hx_embed_options options = {.pooling = HX_POOL_MEAN, .normalize = true};
    hx_error err = {.message = "usage: example_embed MODEL TEXT TEXT..."};
    hx_str texts[TEXTS_MAX];
    size_t n = 0, width = 0;
    while (n + 2 < (size_t)argc && n < TEXTS_MAX) {
        texts[n] = hx_str_of(argv[n + 2]);
        n++;
    }
    bool ok = n >= 2 && hx_llama_open(&model, argv[1], NULL, &err) == HX_OK &&
              hx_llama_context_open(&context, model, NULL, &err) == HX_OK;
    if (ok) width = hx_llama_describe(model)->n_embd;
    float *rows = calloc(n * width + 1, sizeof *rows); /* (n, width) */
    ok = ok && rows && hx_llama_embed(context, texts, n, &options, rows, &err) == HX_OK;
    for (size_t i = 1; i < n && ok; i++) {
        float cosine = 0; /* of vectors of length 1: their product */
        for (size_t k = 0; k < width; k++)
            cosine += rows[k] * rows[i * width + k];
        printf("%.3f  %s\n", (double)cosine, argv[i + 2]);
    }
    if (!ok) fprintf(stderr, "%s\n", rows ? err.message : "out of memory");
    free(rows);
    hx_llama_context_close(context);
    hx_llama_close(model);
    return ok ? 0 : 1;
}
