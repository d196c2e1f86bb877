/* label - which of several answers a language model finds likeliest for a text, without training.
 *
 *     example_label MODEL TEXT LABEL LABEL...
 *
 * MODEL is a .gguf file or a Hugging Face folder of an instruction model. */
#include <huaxiang/llama.h>
#include <stdio.h>

#define LABELS_MAX 16

int main(int argc, char **argv) {
    hx_llama *model = NULL;
    hx_llama_context *context = NULL;
    hx_label_prompt *prompt = NULL;
    hx_error err = {0};
    float p[LABELS_MAX];
    if (argc < 5 || argc > 3 + LABELS_MAX) {
        fprintf(stderr, "usage: example_label MODEL TEXT LABEL LABEL...\n");
        return 2;
    }
    hx_str text = hx_str_of(argv[2]);
    hx_context_options slots = {.n_sequences = 8};
    hx_label_options options = {.instruction = "Which word describes this review best?",
                                .labels = (const char *const *)argv + 3,
                                .n_labels = (size_t)argc - 3};
    hx_status status = hx_llama_open(&model, argv[1], NULL, &err);
    if (status == HX_OK) status = hx_llama_context_open(&context, model, &slots, &err);
    if (status == HX_OK) status = hx_label_prompt_new(&prompt, context, &options, &err);
    if (status == HX_OK) status = hx_llama_label_texts(context, prompt, &text, 1, p, &err);
    for (size_t i = 0; i < options.n_labels && status == HX_OK; i++)
        printf("%.3f  %s\n", (double)p[i], options.labels[i]);
    if (status != HX_OK) fprintf(stderr, "%s\n", err.message);
    hx_label_prompt_free(prompt);
    hx_llama_context_close(context);
    hx_llama_close(model);
    return status == HX_OK ? 0 : 1;
}
