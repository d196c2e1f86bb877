/* chat - one answer of a language model, written as it comes.
 *
 *     example_chat MODEL QUESTION
 *
 * MODEL is a .gguf file or a Hugging Face folder of an instruction model. */
#include <huaxiang/llama.h>
#include <stdio.h>

static bool show(void *context, const hx_generated *g) {
    (void)context;
    printf("%.*s", (int)g->text.len, g->text.ptr);
    return fflush(stdout) == 0; /* false stops: nobody reads any more */
}

int main(int argc, char **argv) {
    hx_llama *model = NULL;
    hx_llama_context *context = NULL;
    hx_arena *arena = hx_arena_new(0); /* owns the prompt and the answer */
    hx_error err = {.message = "usage: example_chat MODEL QUESTION"};
    hx_chat_message message = {"user", hx_str_of(argc == 3 ? argv[2] : "")};
    hx_generate_options options = {.max_tokens = 200};
    hx_tokens prompt;
    hx_generation all;
    bool ok = argc == 3 && arena && hx_llama_open(&model, argv[1], NULL, &err) == HX_OK &&
              hx_llama_context_open(&context, model, NULL, &err) == HX_OK &&
              hx_llama_chat(model, &message, 1, true, arena, &prompt, &err) == HX_OK &&
              hx_llama_generate(context, 0, prompt.ids, prompt.n, &options, show, NULL, arena, &all,
                                &err) == HX_OK;
    if (ok)
        printf("\n(%zu tokens after %zu)\n", all.n_tokens, all.n_prompt);
    else
        fprintf(stderr, "%s\n", arena ? err.message : "out of memory");
    hx_llama_context_close(context);
    hx_llama_close(model);
    hx_arena_free(arena);
    return ok ? 0 : 1;
}
