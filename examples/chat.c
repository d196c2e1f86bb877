/* chat - one answer of a language model, written as it comes.
 *
 *     example_chat MODEL QUESTION [MOST_TOKENS]
 *
 * MODEL is a .gguf file or a Hugging Face folder of an instruction model. */
#include <huaxiang/llama.h>
#include <stdio.h>
#include <stdlib.h>

static bool show(void *context, const hx_generated *g) {
    (void)context;
    printf("%.*s", (int)g->text.len, g->text.ptr);
    fflush(stdout);
    return true;
}

static hx_status answer(hx_llama *model, hx_llama_context *c, const char *question, size_t most,
                        hx_arena *arena, hx_error *err) {
    hx_chat_message message = {"user", hx_str_of(question)};
    hx_generate_options options = {.max_tokens = most};
    hx_tokens prompt;
    hx_generation all;
    hx_status status = hx_llama_chat(model, &message, 1, true, arena, &prompt, err);
    if (status == HX_OK)
        status =
            hx_llama_generate(c, 0, prompt.ids, prompt.n, &options, show, NULL, arena, &all, err);
    if (status == HX_OK) printf("\n(%zu tokens after %zu)\n", all.n_tokens, all.n_prompt);
    return status;
}

int main(int argc, char **argv) {
    hx_llama *model = NULL;
    hx_llama_context *context = NULL;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    if (argc < 3 || !arena) {
        fprintf(stderr, "usage: example_chat MODEL QUESTION [MOST_TOKENS]\n");
        return 2;
    }
    hx_status status = hx_llama_open(&model, argv[1], NULL, &err);
    if (status == HX_OK) status = hx_llama_context_open(&context, model, NULL, &err);
    if (status == HX_OK)
        status = answer(model, context, argv[2], argc > 3 ? strtoul(argv[3], NULL, 10) : 200, arena,
                        &err);
    if (status != HX_OK) fprintf(stderr, "%s\n", err.message);
    hx_llama_context_close(context);
    hx_llama_close(model);
    hx_arena_free(arena);
    return status == HX_OK ? 0 : 1;
}
