/* embed - how near each text is to the first one, by the embeddings of a language model.
 *
 *     example_embed MODEL TEXT TEXT...
 *
 * MODEL is a .gguf file or a Hugging Face folder. */
#include <huaxiang/llama.h>
#include <stdio.h>
#include <stdlib.h>

static hx_status print_nearness(hx_llama_context *c, size_t n_embd, char **texts, size_t n,
                                hx_error *err) {
    hx_embed_options options = {.pooling = HX_POOL_MEAN, .normalize = true};
    hx_str *views = calloc(n, sizeof *views);
    float *rows = calloc(n * n_embd, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        views[i] = hx_str_of(texts[i]);
    hx_status status = hx_llama_embed(c, views, n, &options, rows, err);
    for (size_t i = 1; i < n && status == HX_OK; i++) {
        double dot = 0;
        for (size_t k = 0; k < n_embd; k++)
            dot += (double)rows[k] * (double)rows[i * n_embd + k];
        printf("%.3f  %s\n", dot, texts[i]);
    }
    free(rows);
    free(views);
    return status;
}

int main(int argc, char **argv) {
    hx_llama *model = NULL;
    hx_llama_context *context = NULL;
    hx_error err = {0};
    if (argc < 4) {
        fprintf(stderr, "usage: example_embed MODEL TEXT TEXT...\n");
        return 2;
    }
    hx_status status = hx_llama_open(&model, argv[1], NULL, &err);
    if (status == HX_OK) status = hx_llama_context_open(&context, model, NULL, &err);
    if (status == HX_OK)
        status = print_nearness(context, hx_llama_describe(model)->n_embd, argv + 2,
                                (size_t)argc - 2, &err);
    if (status != HX_OK) fprintf(stderr, "%s\n", err.message);
    hx_llama_context_close(context);
    hx_llama_close(model);
    return status == HX_OK ? 0 : 1;
}
