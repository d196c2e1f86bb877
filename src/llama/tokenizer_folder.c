/* tokenizer_folder.c - the tokenizer of a Hugging Face folder: tokenizer.json, else tokenizer.model; then, where they are there,
 * special_tokens_map.json, tokenizer_config.json, generation_config.json and chat_template.jinja, each overriding what came before.
 *
 * bos_token, eos_token, ... are texts or objects with a `content`. add_bos_token and add_eos_token, where said, decide what stands around a
 * text; else the post_processor does. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "llama/tokenizer_folder.h"

static char *path_of(const char *folder, const char *name, hx_error *err) {
    char *path = hx_file_beside(folder, name);
    if (!path) (void)hx_fail(err, HX_ENOMEM, "%s: out of memory", folder);
    return path;
}

/* A file of the folder, in `b`; nothing where there is none. */
static hx_status read_beside(const char *folder, const char *name, hx_buf *b, hx_error *err) {
    char *path = path_of(folder, name, err);
    if (!path) return HX_ENOMEM;
    hx_buf_init(b, HX_TOKENIZER_FILE_MAX);
    hx_status status = hx_file_exists(path) ? hx_file_read(path, b, err) : HX_OK;
    free(path);
    return status;
}

/* ------------------------------------------------------------------ configurations */
static hx_status read_special(const hx_tokenizer *t, const json_t *config, const char *key,
                              int32_t *id, hx_error *err) {
    const json_t *j = json_object_get(config, key);
    if (json_is_object(j)) j = json_object_get(j, "content");
    if (!json_is_string(j) || json_string_length(j) == 0) return HX_OK;
    *id = hx_vocab_find(&t->vocab, hx_json_text(j));
    if (*id >= 0 || id == &t->unk) return HX_OK;
    return hx_fail(err, HX_EFORMAT, "%s: %s is '%.*s', which is not in the vocabulary", t->what,
                   key, HX_STR_ARG(hx_json_text(j)));
}

static hx_status read_chat_template(hx_tokenizer *t, const json_t *j, hx_error *err) {
    const json_t *text = j;
    for (size_t i = 0; json_is_array(j) && i < json_array_size(j); i++)
        if (i == 0 || hx_json_is(json_object_get(json_array_get(j, i), "name"), "default"))
            text = json_object_get(json_array_get(j, i), "template");
    if (!json_is_string(text)) return HX_OK;
    t->chat_template = hx_arena_str(t->arena, hx_json_text(text));
    if (t->chat_template.ptr) return HX_OK;
    return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
}

static hx_status read_end(hx_tokenizer *t, const json_t *j, hx_error *err) {
    if (!json_is_integer(j)) return HX_OK;
    json_int_t v = json_integer_value(j);
    if (v < 0 || (uint64_t)v >= t->vocab.n)
        return hx_fail(err, HX_EFORMAT, "%s: eos_token_id is %lld, but there are %zu tokens",
                       t->what, (long long)v, t->vocab.n);
    if (t->n_ends < HX_ENDS_MAX) t->ends[t->n_ends++] = (int32_t)v;
    return HX_OK;
}

static void read_around(const json_t *config, const char *key, bool *add, size_t *n) {
    const json_t *j = json_object_get(config, key);
    if (!json_is_boolean(j)) return;
    *add = json_is_true(j);
    *n = 0;
}

hx_status hx__tokenizer_config_read(hx_tokenizer *t, const json_t *config, hx_error *err) {
    HX_TRY(read_special(t, config, "bos_token", &t->bos, err));
    HX_TRY(read_special(t, config, "eos_token", &t->eos, err));
    HX_TRY(read_special(t, config, "unk_token", &t->unk, err));
    HX_TRY(read_special(t, config, "pad_token", &t->pad, err));
    read_around(config, "add_bos_token", &t->add_bos, &t->n_before);
    read_around(config, "add_eos_token", &t->add_eos, &t->n_after);
    HX_TRY(read_chat_template(t, json_object_get(config, "chat_template"), err));
    if (hx_json_is(json_object_get(config, "padding_side"), "left")) t->pad_left = true;
    const json_t *ends = json_object_get(config, "eos_token_id");
    HX_TRY(read_end(t, ends, err));
    for (size_t i = 0; i < json_array_size(ends); i++)
        HX_TRY(read_end(t, json_array_get(ends, i), err));
    return HX_OK;
}

static hx_status read_config(hx_tokenizer *t, const char *folder, const char *name, hx_error *err) {
    hx_buf b;
    json_t *config = NULL;
    hx_status status = read_beside(folder, name, &b, err);
    if (status == HX_OK && b.len > 0)
        status = hx_json_parse(hx_buf_str(&b), HX_TOKENIZER_FILE_MAX, name + 1, &config, err);
    hx_buf_release(&b);
    if (status == HX_OK && config) status = hx__tokenizer_config_read(t, config, err);
    json_decref(config);
    return status;
}

static hx_status read_jinja(hx_tokenizer *t, const char *folder, hx_error *err) {
    hx_buf b;
    hx_status status = read_beside(folder, "/chat_template.jinja", &b, err);
    if (status == HX_OK && b.len > 0) {
        t->chat_template = hx_arena_str(t->arena, hx_buf_str(&b));
        if (!t->chat_template.ptr) status = hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
    }
    hx_buf_release(&b);
    return status;
}

/* ------------------------------------------------------------------ the folder */
hx_status hx__tokenizer_complete(hx_tokenizer *t, hx_error *err) {
    HX_TRY(hx__tokenizer_finish(t, err));
    bool by_scores = t->kind == HX_TOKENIZER_BPE_SENTENCEPIECE && !t->pairs.slots;
    return by_scores ? hx__bpe_pairs_of_scores(t, err) : HX_OK;
}

static hx_status read_files(hx_tokenizer *t, const char *folder, hx_str file, bool json,
                            hx_error *err) {
    if (json) {
        HX_TRY(hx__tokenizer_json_read(t, file, err));
    } else {
        hx_str kept = hx_arena_str(t->arena, file);
        if (!kept.ptr) return hx_fail(err, HX_ENOMEM, "%s: out of memory", t->what);
        HX_TRY(hx__sentencepiece_read(t, kept, err));
    }
    HX_TRY(read_config(t, folder, "/special_tokens_map.json", err));
    HX_TRY(read_config(t, folder, "/tokenizer_config.json", err));
    HX_TRY(read_config(t, folder, "/generation_config.json", err));
    HX_TRY(read_jinja(t, folder, err));
    return hx__tokenizer_complete(t, err);
}

hx_status hx_tokenizer_open_folder(hx_tokenizer **out, const char *folder, hx_error *err) {
    hx_tokenizer *t = NULL;
    hx_buf file;
    char *path = path_of(folder, "/tokenizer.json", err);
    if (!path) return HX_ENOMEM;
    bool json = hx_file_exists(path);
    free(path);
    path = path_of(folder, json ? "/tokenizer.json" : "/tokenizer.model", err);
    if (!path) return HX_ENOMEM;
    hx_buf_init(&file, HX_TOKENIZER_FILE_MAX);
    hx_status status = hx_file_read(path, &file, err);
    if (status == HX_OK) {
        t = hx__tokenizer_new(path, err);
        status = t ? read_files(t, folder, hx_buf_str(&file), json, err) : HX_ENOMEM;
    }
    free(path);
    hx_buf_release(&file);
    if (status == HX_OK)
        *out = t;
    else
        hx_tokenizer_close(t);
    return status;
}
