/* reshape_model.c - hx_model_reshape(): opens what is needed, decides what is kept, writes the folder or, by way of one beside it, the file.
 *
 *     tokenizer's files -> tokens that stay -> weights, config.json -> ids in the tokenizer's files -> [GGUF file]
 *
 * A folder is written in that order, so that config.json says that the weights are whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "model/reshape.h"
#include "model/vocab_prune.h"

typedef struct {
    const char *from;
    const hx_reshape_options *asked;
    const hx_convert_options *options;
    hx_model_file source; /* owned */
    hx_adapter *adapter; /* owned */
    hx_arena *arena; /* owned */
    hx__reshape keep;
} reshaping;

static hx_status open_tokenizer(const reshaping *r, hx_tokenizer **out, hx_error *err) {
    return r->source.is_folder ? hx_tokenizer_open_folder(out, r->from, err)
                               : hx_tokenizer_open_gguf(out, r->source.tensors, err);
}

/* Rows of the embedding: what the tokenizer numbers, and perhaps more. */
static size_t embedding_rows(const hx_model_file *s) {
    static const char *const names[] = {"token_embd.weight", "model.embed_tokens.weight",
                                        "embed_tokens.weight"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const hx_tensor_entry *t = hx_tensor_file_find(s->tensors, names[i]);
        if (t) return (size_t)t->dims[0];
    }
    return 0;
}

static hx_status choose_tokens(reshaping *r, const char *folder, hx_error *err) {
    const hx_dataset_options read = {.text = r->asked->text, .cancel = r->options->cancel};
    hx_dataset *texts = NULL;
    hx_tokenizer *tokenizer = NULL;
    uint32_t *tokens = NULL;
    HX_TRY(hx_dataset_read(&texts, r->asked->vocab_from, &read, err));
    hx_status st = open_tokenizer(r, &tokenizer, err);
    if (st == HX_OK)
        st = hx__vocab_choose(texts, tokenizer, folder, embedding_rows(&r->source), r->arena,
                              &tokens, &r->keep.n_tokens, err);
    r->keep.tokens = tokens;
    hx_tokenizer_close(tokenizer);
    hx_dataset_free(texts);
    return st;
}

static hx_status write_folder(reshaping *r, const char *folder, const hx_convert_options *options,
                              hx_error *err) {
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) return hx_fail_errno(err, folder, errno);
    HX_TRY(hx__reshape_tokenizer(&r->source, r->from, folder, err));
    if (r->asked->vocab_from) HX_TRY(choose_tokens(r, folder, err));
    HX_TRY(hx__reshape_write(&r->source, &r->keep, folder, options, err));
    if (!r->keep.tokens) return HX_OK;
    return hx__vocab_rewrite(folder, r->keep.tokens, r->keep.n_tokens, err);
}

void hx__reshape_remove(const char *folder) {
    static const char *const names[] = {"model.safetensors",      "config.json",
                                        "tokenizer.json",         "tokenizer.model",
                                        "tokenizer_config.json",  "special_tokens_map.json",
                                        "generation_config.json", "chat_template.jinja"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = hx_model_join(folder, names[i]);
        if (path) (void)unlink(path);
        free(path);
    }
    (void)rmdir(folder);
}

static hx_status write_gguf(reshaping *r, const char *out, hx_error *err) {
    const hx_convert_options plain = {.cancel = r->options->cancel,
                                      .n_threads = r->options->n_threads};
    HX_TRY(hx_file_replaceable(out, err));
    char *folder = hx_file_beside(out, ".folder");
    if (!folder) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = write_folder(r, folder, &plain, err);
    if (st == HX_OK && r->options->type)
        st = hx_model_quantize(folder, r->options->type, out, r->options, err);
    else if (st == HX_OK)
        st = hx_model_convert(folder, HX_MODEL_GGUF, out, r->options, err);
    hx__reshape_remove(folder);
    free(folder);
    return st;
}

static hx_status prepare(reshaping *r, hx_error *err) {
    HX_TRY(hx_model_file_needs_config(&r->source, err));
    r->arena = hx_arena_new((size_t)1 << 30);
    if (!r->arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (r->asked->adapter) HX_TRY(hx_adapter_open(&r->adapter, r->asked->adapter, err));
    if (r->adapter) HX_TRY(hx_adapter_check_layers(r->adapter, r->source.config.n_layers, err));
    r->keep.adapter = r->adapter;
    if (!r->asked->layers) return HX_OK;
    uint32_t *layers = NULL;
    HX_TRY(hx__parse_layers(r->asked->layers, r->source.config.n_layers, r->arena, &layers,
                            &r->keep.n_layers, err));
    r->keep.layers = layers;
    return HX_OK;
}

hx_status hx_model_reshape(const char *from, hx_model_format to, const char *out,
                           const hx_reshape_options *asked, const hx_convert_options *options,
                           hx_error *err) {
    static const hx_convert_options defaults = {0};
    reshaping r = {.from = from, .asked = asked, .options = options ? options : &defaults};
    HX_TRY(hx_model_file_open(&r.source, from, err));
    hx_status st = prepare(&r, err);
    if (st == HX_OK)
        st = to == HX_MODEL_GGUF ? write_gguf(&r, out, err) : write_folder(&r, out, r.options, err);
    hx_adapter_close(r.adapter);
    hx_arena_free(r.arena);
    hx_model_file_release(&r.source);
    return st;
}
