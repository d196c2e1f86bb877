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
    hx_error err = {.message = "usage: example_label MODEL TEXT LABEL LABEL..."};
    hx_context_options slots = {.n_sequences = 2}; /* one for the instruction, one for the text */
    float p[LABELS_MAX];
    bool ok = argc >= 5 && argc <= 3 + LABELS_MAX;
    if (ok) {
        hx_str text = hx_str_of(argv[2]);
        hx_label_options options = {.instruction = "Which word describes this review best?",
                                    .labels = (const char *const *)argv + 3,
                                    .n_labels = (size_t)argc - 3};
        ok = hx_llama_open(&model, argv[1], NULL, &err) == HX_OK &&
             hx_llama_context_open(&context, model, &slots, &err) == HX_OK &&
             hx_label_prompt_new(&prompt, context, &options, &err) == HX_OK &&
             hx_llama_label_texts(context, prompt, &text, 1, p, &err) == HX_OK;
    }
    for (int i = 3; i < argc && ok; i++)
        printf("%.3f  %s\n", (double)p[i - 3], argv[i]);
    if (!ok) fprintf(stderr, "%s\n", err.message);
    hx_label_prompt_free(prompt);
    hx_llama_context_close(context);
    hx_llama_close(model);
    return ok ? 0 : 1;
}
