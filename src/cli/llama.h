/* llama.h - the model that --model names, opened as the options say; see llama.c for what the environment adds. */
#ifndef HX_CLI_LLAMA_H
#define HX_CLI_LLAMA_H

#include "cli/cli.h"
#include "cli/outbuf.h"

typedef struct {
    hx_llama *model; /* owned */
    hx_llama_context *context; /* owned; NULL where none was asked for */
    const hx_llama_info *info;
    const char *path; /* in the run's arena */
} hx_cli_llama;

/* The folder of models that were got, in the run's arena; NULL after a sentence. */
const char *hx_cli_models_folder(hx_cli *c);
/* The path that a model's name or path stands for, in the run's arena; NULL after a sentence. */
const char *hx_cli_model_path(hx_cli *c, const char *name);
/* --model by --precision, --threads and HUAXIANG_KERNELS, with a context unless `context` is NULL: then only tokenising works. Says on
 * standard error what runs. False after a sentence. */
bool hx_cli_llama_open(hx_cli *c, hx_cli_llama *l, const hx_context_options *context);
void hx_cli_llama_close(hx_cli_llama *l);
/* The grams that stand beside a head of the model that ships, NULL in *out for others; the caller closes them. False after a sentence. */
bool hx_cli_set_grams(hx_cli *c, const hx_llama *m, size_t head, hx_set_grams **out);
/* A pool of models by the same options; the caller closes it. NULL after a sentence. */
hx_text_pool *hx_cli_pool_open(hx_cli *c, const char *path);
/* What reads texts for recipes and learners by --precision, --threads and HUAXIANG_KERNELS; the program's, which closes it. No model is opened
 * before a step asks for one. NULL after a sentence. */
const hx_text_embedder *hx_cli_embedder(hx_cli *c);
/* Says where transformers' class would read the one head of a folder or file in another way than it was trained. */
void hx_cli_note_transformers(hx_cli *c, const char *path);
/* A token as a JSON string: its text, or the model's own spelling where it is special or holds part of a character. */
void hx_cli_llama_put_token(hx_outbuf *b, const hx_llama *m, int32_t id, hx_arena *arena);
/* Comma-separated, for suggestions. */
void hx_cli_model_names(char *out, size_t size);

#endif
