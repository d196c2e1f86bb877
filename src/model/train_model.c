/* train_model.c - the model of a training: a new one by its sizes, or an open one; and the folder it is saved to.
 *
 *     {"sizes":{"num_hidden_layers":8,"hidden_size":256,...},"tokenizer":"tokenizer.model"}   a new one: keys of transformers' config.json
 *     {"sizes":{...}}                                                                       the same, its vocabulary learnt from the texts
 *     {"model":"smollm2-135m.gguf"}                                                         its weights and tokenizer, and its heads where
 *                                                                                           name and shape are the same
 *
 * A saved folder is what transformers and the engine open: config.json with the labels of the head "score", model.safetensors, the
 * tokenizer's files. Other heads stand in model.safetensors as "heads.NAME...", and config.json describes them under "huaxiang.heads". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/pool.h"
#include "llama/heads.h"
#include "llama/model.h"
#include "model/hf_out.h"
#include "model/model_file.h"
#include "model/train.h"
#include "model/train_correct.h"
#include "tensor/memory.h"

#define FILE_MAX_BYTES ((size_t)256 << 20)
#define JSON_MAX ((size_t)16 << 20)

/* ------------------------------------------------------------------ tokenizer */
/* The folder of a tokenizer's file, or the folder itself. */
static hx_status folder_of(hx_trainer *t, const char *path, hx_error *err) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    hx_str folder = hx_str_of(path);
    bool is_folder = hx_model_is_folder(path);
    if (!is_folder && strcmp(name, "tokenizer.model") != 0 && strcmp(name, "tokenizer.json") != 0)
        return hx_fail(err, HX_EINVAL,
                       "%s: the file of a tokenizer must be called tokenizer.model or "
                       "tokenizer.json",
                       path);
    if (!is_folder) folder = slash ? (hx_str){path, (size_t)(slash - path)} : HX_STR_LIT(".");
    if (folder.len == 0) folder = HX_STR_LIT("/");
    t->tokenizer_folder = hx_arena_str(t->arena, folder).ptr;
    return t->tokenizer_folder ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status open_tokenizer(hx_trainer *t, hx_error *err) {
    const char *path = t->config->tokenizer;
    if (path) {
        HX_TRY(folder_of(t, path, err));
        HX_TRY(hx_tokenizer_open_folder(&t->own_tokenizer, t->tokenizer_folder, err));
        t->tokenizer = t->own_tokenizer;
    } else if (t->base) {
        t->tokenizer = t->base->tokenizer;
        if (hx_model_is_folder(t->base_path)) t->tokenizer_folder = t->base_path;
    }
    if (t->tokenizer) return HX_OK;
    if (t->base)
        return hx_fail(err, HX_EINVAL,
                       "a training needs a \"tokenizer\": tokenizer.model or a model's folder");
    HX_TRY(hx_train_learn_vocabulary(t, &t->tokenizer_folder, err));
    HX_TRY(hx_tokenizer_open_folder(&t->own_tokenizer, t->tokenizer_folder, err));
    t->tokenizer = t->own_tokenizer;
    return HX_OK;
}

/* ------------------------------------------------------------------ a new model */
static void put_usual(json_t *sizes, const char *key, json_t *value) {
    if (json_object_get(sizes, key))
        json_decref(value);
    else
        (void)json_object_set_new(sizes, key, value);
}

static void put_id(json_t *sizes, const char *key, int32_t id) {
    if (id >= 0) put_usual(sizes, key, json_integer(id));
}

/* What the sizes leave out is that of a small LLaMA. */
static void complete_sizes(json_t *s, const hx_tokenizer *k) {
    json_int_t width, heads;
    put_usual(s, "model_type", json_string("llama"));
    put_usual(s, "vocab_size", json_integer((json_int_t)hx_tokenizer_n_vocab(k)));
    put_usual(s, "hidden_size", json_integer(256));
    width = json_integer_value(json_object_get(s, "hidden_size"));
    put_usual(s, "num_hidden_layers", json_integer(6));
    put_usual(s, "num_attention_heads", json_integer(width >= 128 ? width / 64 : 2));
    heads = json_integer_value(json_object_get(s, "num_attention_heads"));
    put_usual(s, "num_key_value_heads", json_integer(heads));
    put_usual(s, "intermediate_size", json_integer((width * 8 / 3 + 31) / 32 * 32));
    put_usual(s, "max_position_embeddings", json_integer(2048));
    put_usual(s, "rms_norm_eps", json_real(1e-5));
    put_usual(s, "rope_theta", json_real(10000));
    put_usual(s, "tie_word_embeddings", json_true());
    put_usual(s, "hidden_act", json_string("silu"));
    put_id(s, "bos_token_id", hx_tokenizer_bos(k));
    put_id(s, "eos_token_id", hx_tokenizer_eos(k));
    put_id(s, "pad_token_id", hx_tokenizer_pad(k) >= 0 ? hx_tokenizer_pad(k) : hx_tokenizer_eos(k));
}

static hx_status read_sizes(const hx_trainer *t, hx_config *c, hx_error *err) {
    json_t *s = t->config->sizes ? json_deep_copy(t->config->sizes) : json_object();
    if (s) complete_sizes(s, t->tokenizer);
    char *text = s ? json_dumps(s, JSON_COMPACT) : NULL;
    json_decref(s);
    if (!text) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = hx_config_read_json(c, hx_str_of(text), "the training's \"sizes\"", err);
    free(text);
    if (st == HX_OK && c->n_vocab < hx_tokenizer_n_vocab(t->tokenizer)) {
        st = hx_fail(err, HX_EINVAL, "the model has %zu tokens, its tokenizer %zu", c->n_vocab,
                     hx_tokenizer_n_vocab(t->tokenizer));
        hx_config_release(c);
    }
    return st;
}

/* ------------------------------------------------------------------ opening */
static bool learns_text(const hx_train_config *c) {
    for (size_t i = 0; i < c->n_tasks; i++)
        if (hx_task_is_text(&c->tasks[i])) return true;
    return false;
}

static hx_trunk_options trunk_options(const hx_train_config *c) {
    return (hx_trunk_options){.recompute = c->recompute,
                              .dropout = (float)c->dropout,
                              .frozen = c->freeze || c->lora > 0,
                              .frozen_embedding = c->freeze_embedding,
                              .frozen_layers = (size_t)c->freeze_layers,
                              .lora_rank = (size_t)c->lora,
                              .lora_alpha = (float)c->lora_alpha,
                              .lora_dropout = (float)c->lora_dropout,
                              .lora_targets = c->lora_bits,
                              .keep_layers = (size_t)c->keep_layers,
                              .quantise_aware = c->quantise_bits > 0,
                              .quantise_bits = (int)c->quantise_bits,
                              .without_output = !learns_text(c)};
}

/* The chosen layers of the model, in RUN/start. Adapters count their layers, so that they need a model with these alone. */
static hx_status choose_layers(hx_trainer *t, hx_error *err) {
    const hx_train_config *c = t->config;
    char first[32];
    (void)snprintf(first, sizeof first, "0-%lld", (long long)c->keep_layers - 1);
    const hx_reshape_options keep = {.layers = c->layers ? c->layers : first};
    const hx_convert_options options = {.n_threads = t->n_threads, .cancel = t->calls->cancel};
    if (!c->layers && !(c->keep_layers > 0 && c->lora > 0)) return HX_OK;
    const char *folder = hx_run_path(t->run, "start", t->arena),
               *done = hx_run_path(t->run, "start/config.json", t->arena);
    if (!folder || !done) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (!hx_file_exists(done))
        HX_TRY(hx_model_reshape(t->base_path, HX_MODEL_HF, folder, &keep, &options, err));
    t->base_path = folder;
    t->starts_apart = true;
    return HX_OK;
}

static hx_status open_base(hx_trainer *t, hx_error *err) {
    const hx_llama_options options = {
        .precision = HX_PRECISION_EXACT, .n_threads = t->n_threads, .kernels = t->calls->kernels};
    hx_str path;
    if (!t->config->model) return HX_OK;
    HX_TRY(hx_model_resolve(t->config->model, NULL, t->arena, &path, err));
    t->base_path = path.ptr;
    HX_TRY(choose_layers(t, err));
    return hx_llama_open(&t->base, t->base_path, &options, err);
}

static hx_status open_trunk(hx_trainer *t, hx_error *err) {
    const hx_trunk_options options = trunk_options(t->config);
    uint64_t seed = (uint64_t)t->config->seed;
    if (t->base) return hx_trunk_of_model(&t->trunk, t->base, &options, seed, err);
    hx_config c = {0};
    HX_TRY(read_sizes(t, &c, err));
    hx_status st = hx_trunk_new(&t->trunk, &c, &options, seed, err);
    hx_config_release(&c);
    return st;
}

static const hx_task_type *type_of(const hx_task_config *c) {
    return hx_task_is_text(c)           ? &hx_task_type_text
           : hx_task_is_tags(c)         ? &hx_task_type_tags
           : c->kind == HX_TASK_CORRECT ? &hx_task_type_correct
                                        : &hx_task_type_label;
}

static hx_status open_tasks(hx_trainer *t, hx_error *err) {
    t->tasks = hx_arena_alloc(t->arena, t->config->n_tasks * sizeof *t->tasks);
    if (!t->tasks) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < t->config->n_tasks; i++) {
        hx_task *k = &t->tasks[i];
        *k = (hx_task){
            .config = &t->config->tasks[i], .trainer = t, .type = type_of(&t->config->tasks[i])};
        HX_TRY(k->type->make(k, err));
    }
    return HX_OK;
}

/* transformers' classes give a head what a causal pass reads. */
static void warn_of_directions(const hx_trainer *t) {
    const hx_task *k = hx_train_score_task(t);
    hx_error e = {.ui = t->ui};
    if (!k || !hx_train_is_bidirectional(k->config)) return;
    (void)hx_fail(&e, HX_EINVAL,
                  "the task %s reads texts in both directions; transformers reads them forwards, "
                  "and will say something else",
                  k->config->name);
    hx_train_notice(t, &e);
}

/* ------------------------------------------------------------------ heads of the model it starts from */
static bool same_labels(const hx_trainer *t) {
    const hx_config *c = &t->base->config;
    const hx_task *k = hx_train_score_task(t);
    if (!k || c->n_labels != k->n_labels || !c->labels) return false;
    for (size_t i = 0; i < k->n_labels; i++)
        if (!c->labels[i] || strcmp(c->labels[i], k->labels[i]) != 0) return false;
    return true;
}

/* Of `heads.*`, which a GGUF file keeps as metadata. */
static const hx_tensor_entry *find_head(const hx_tensor_entry *list, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (hx_str_equal(list[i].name, hx_str_of(name))) return &list[i];
    return NULL;
}

static void take_tensor(const hx_trainer *t, const hx_tensor_entry *list, size_t n, hx_param *p) {
    bool score = strncmp(p->name, "score.", 6) == 0;
    if (!score && strncmp(p->name, HX_HEADS_PREFIX, strlen(HX_HEADS_PREFIX)) != 0) return;
    if (score && !same_labels(t)) return;
    const hx_tensor_entry *e = !score ? find_head(list, n, p->name)
                               : strcmp(p->name, "score.weight") == 0
                                   ? t->base->head_matrix
                                   : hx_tensor_file_find(t->base->file, p->name);
    bool fits = e && e->n_dims == p->n_dims && e->dims[0] == p->dims[0] &&
                (p->n_dims == 1 || e->dims[1] == p->dims[1]);
    if (fits && e->type == HX_DTYPE_F32) memcpy(p->w, e->data, p->n * sizeof(float));
}

static hx_status take_heads(const hx_trainer *t, hx_error *err) {
    hx_params *p = hx_trunk_params(t->trunk);
    hx_tensor_entry *list;
    size_t n;
    if (!t->base) return HX_OK;
    HX_TRY(hx_heads_tensors(t->base->file, t->step_arena, &list, &n, err));
    for (size_t i = 0; i < hx_params_count(p); i++)
        take_tensor(t, list, n, hx_params_at(p, i));
    hx_arena_reset(t->step_arena);
    return HX_OK;
}

static void set_optimiser(const hx_train_config *c, hx_optim_options *o) {
    hx_optim_defaults(o, (hx_optim_kind)c->optimizer);
    o->decay = (float)c->weight_decay;
    o->clip = c->clip;
    o->layer_rate = (float)c->layer_rate;
    o->ema = (float)c->ema;
    if (c->beta2 > 0) o->beta2 = (float)c->beta2;
    o->swa_from = (uint64_t)c->swa_from;
    o->swa_every = (uint64_t)c->swa_every;
}

hx_status hx_train_open_model(hx_trainer *t, hx_error *err) {
    hx_optim_options o;
    t->n_threads = t->calls->n_threads ? t->calls->n_threads : hx_processors();
    HX_TRY(hx_kernels_choose(t->calls->kernels, &t->nn.kernels, err));
    if (t->config->arithmetic == HX_TRAIN_BF16 && !hx_kernels_has_bf16(t->nn.kernels))
        return hx_fail(err, HX_EUNSUPPORTED,
                       "training in bf16 needs a processor with AVX512_BF16 and the kernels avx512 "
                       "or vnni, not %s; train in f32",
                       hx_kernels_name(t->nn.kernels));
    HX_TRY(hx_team_new(&t->nn.team, t->n_threads, err));
    t->step_arena = hx_arena_new(0);
    if (!t->step_arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_train_prepare_open(t, err));
    HX_TRY(open_base(t, err));
    HX_TRY(open_tokenizer(t, err));
    HX_TRY(open_trunk(t, err));
    t->trunk_learns = !t->config->freeze || t->config->lora > 0;
    HX_TRY(open_tasks(t, err));
    warn_of_directions(t);
    HX_TRY(take_heads(t, err));
    set_optimiser(t->config, &o);
    return hx_optim_new(&t->optim, hx_trunk_params(t->trunk), &o, err);
}

void hx_train_close_model(hx_trainer *t) {
    for (size_t i = 0; t->tasks && i < t->config->n_tasks; i++) {
        if (t->tasks[i].own) t->tasks[i].type->free_own(&t->tasks[i]);
        hx_train_head_free(t->tasks[i].head);
    }
    hx_optim_free(t->optim);
    hx_trunk_free(t->trunk);
    hx_tokenizer_close(t->own_tokenizer);
    hx_llama_close(t->base);
    hx_team_free(t->nn.team);
    hx_memory_free(t->nn.scratch, t->scratch_bytes);
    hx_memory_free(t->dhidden, t->hidden_bytes);
    hx_memory_free(t->dtap, t->hidden_bytes);
    hx_arena_free(t->step_arena);
    hx_train_prepare_close(t);
}

/* ------------------------------------------------------------------ saving */
static hx_status copy_file(const char *from, const char *to, const char *name, bool *found,
                           hx_error *err) {
    char *source = hx_model_join(from, name), *target = hx_model_join(to, name);
    hx_buf b;
    hx_buf_init(&b, FILE_MAX_BYTES);
    hx_status st = source && target ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
    *found = st == HX_OK && hx_file_exists(source);
    if (*found) st = hx_file_read(source, &b, err);
    if (*found && st == HX_OK) st = hx_file_write(target, hx_buf_str(&b), false, err);
    hx_buf_release(&b);
    free(source);
    free(target);
    return st;
}

/* Where a folder holds a vocabulary alone: what transformers would otherwise guess. */
static hx_status write_tokenizer_config(const hx_trainer *t, const char *folder, hx_error *err) {
    static const char *const keys[] = {"bos_token", "eos_token", "pad_token", "unk_token"};
    const hx_tokenizer *k = t->tokenizer;
    int32_t pad = hx_tokenizer_pad(k);
    const int32_t ids[] = {hx_tokenizer_bos(k), hx_tokenizer_eos(k),
                           pad >= 0 ? pad : hx_tokenizer_eos(k),
                           hx_tokenizer_find(k, HX_STR_LIT("<unk>"))};
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, JSON_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx_json_key(&w, "tokenizer_class");
    hx_json_cstr(&w, "LlamaTokenizer");
    hx_json_key(&w, "add_bos_token");
    hx_json_bool(&w, true);
    hx_json_key(&w, "add_eos_token");
    hx_json_bool(&w, false);
    hx_json_key(&w, "legacy");
    hx_json_bool(&w, false);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (ids[i] < 0) continue;
        hx_json_key(&w, keys[i]);
        hx_json_str(&w, hx_tokenizer_spelling(k, ids[i]));
    }
    hx_json_end_object(&w);
    (void)hx_buf_append_byte(&b, '\n');
    char *path = hx_model_join(folder, "tokenizer_config.json");
    hx_status st = path ? hx_buf_status(&b, "tokenizer_config.json", err)
                        : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) st = hx_file_write(path, hx_buf_str(&b), false, err);
    free(path);
    hx_buf_release(&b);
    return st;
}

static hx_status save_tokenizer(const hx_trainer *t, const char *folder, hx_error *err) {
    static const char *const names[] = {
        "tokenizer.model", "tokenizer.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.json",      "merges.txt",     "generation_config.json",  "tokenizer_config.json"};
    bool found = false;
    if (!t->tokenizer_folder) return hx_tokenizer_out(t->base->file, folder, err);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        HX_TRY(copy_file(t->tokenizer_folder, folder, names[i], &found, err));
    return found ? HX_OK : write_tokenizer_config(t, folder, err);
}

const hx_task *hx_train_score_task(const hx_trainer *t) {
    const hx_task *only = NULL;
    size_t n = 0;
    for (size_t i = 0; i < t->config->n_tasks; i++) {
        const hx_task_config *c = &t->config->tasks[i];
        if (hx_task_is_text(c) || !hx_task_has_head(c)) continue;
        n++;
        bool known = c->kind == HX_TASK_LABEL || c->kind == HX_TASK_LABELS ||
                     c->kind == HX_TASK_NUMBER || c->kind == HX_TASK_TAG ||
                     c->kind == HX_TASK_SEGMENT;
        if (known && c->hidden == 0 && c->tap == 0) only = &t->tasks[i];
    }
    return n == 1 ? only : NULL;
}

/* A task's head as config.json lists it; borrows. False: it has none. */
static bool describe_head(const hx_task *k, hx_config_task *out) {
    static const hx_llama_head_kind kinds[] = {
        [HX_TASK_REPLACED] = HX_LLAMA_REPLACED, [HX_TASK_LABEL] = HX_LLAMA_LABEL,
        [HX_TASK_LABELS] = HX_LLAMA_LABELS,     [HX_TASK_NUMBER] = HX_LLAMA_NUMBER,
        [HX_TASK_TAG] = HX_LLAMA_TAG,           [HX_TASK_CRF] = HX_LLAMA_CRF,
        [HX_TASK_PARSE] = HX_LLAMA_TREE,        [HX_TASK_SEGMENT] = HX_LLAMA_SEGMENT};
    const hx_task_config *c = k->config;
    if (!hx_task_has_head(c)) return false;
    *out = (hx_config_task){.name = (char *)(uintptr_t)c->name,
                            .kind = kinds[c->kind],
                            .mean = c->mean,
                            .bidirectional = hx_train_is_bidirectional(c),
                            .lower = c->lower,
                            .hidden = (size_t)c->hidden,
                            .tap = (size_t)c->tap,
                            .max_length = hx_task_is_text(c) ? 0 : (size_t)c->max_length,
                            .n_labels = k->n_labels,
                            .labels = (char **)(uintptr_t)k->labels,
                            .average = k->mean,
                            .deviation = k->deviation,
                            .pairs = c->text2 != NULL,
                            .temperature = k->temperature};
    return true;
}

static void put_score(const hx_task *score, hx_config *c) {
    hx_config_task t;
    c->has_head = score != NULL;
    if (!score || !describe_head(score, &t)) return;
    c->n_labels = score->n_labels;
    c->labels = (char **)(uintptr_t)score->labels;
    c->head_is_token = hx_task_is_tags(score->config);
    c->head_is_mean = score->config->mean;
    c->score_kind = t.kind;
}

/* Its hidden states say something of a token by what is behind it, too: what a teacher of masked tokens needs (teacher.c). */
static bool reads_both(const hx_trainer *t) {
    bool both = false;
    for (size_t i = 0; i < t->config->n_tasks; i++)
        both = both || t->config->tasks[i].kind == HX_TASK_MASKED ||
               t->config->tasks[i].kind == HX_TASK_MIXED;
    return both;
}

/* One more member behind the last. */
static void put_both(hx_buf *json) {
    while (json->len > 0 && json->ptr[json->len - 1] != '}')
        json->len--;
    if (json->len > 0) json->len--;
    (void)hx_buf_append_lit(json, ",\"huaxiang.reads_both\":true}\n");
}

/* config.json as the trunk wrote it, with labels and heads. */
hx_status hx_train_save_config(const hx_trainer *t, const char *folder, hx_error *err) {
    hx_config_task heads[HX_TASKS_MAX];
    hx_config c = *hx_trunk_config(t->trunk);
    bool bias =
        hx_params_find(hx_trunk_params(t->trunk), "model.layers.0.self_attn.q_proj.bias") != NULL;
    hx_buf b;
    put_score(hx_train_score_task(t), &c);
    if (c.pad < 0) c.pad = c.eos;
    c.tasks = heads;
    c.tasks_said = true;
    for (size_t i = 0; i < t->config->n_tasks; i++)
        c.n_tasks += describe_head(&t->tasks[i], &heads[c.n_tasks]);
    hx_buf_init(&b, JSON_MAX);
    hx_config_write_json(&c, HX_DTYPE_F32, bias, false, &b);
    if (reads_both(t)) put_both(&b);
    char *path = hx_model_join(folder, "config.json");
    hx_status st =
        path ? hx_buf_status(&b, "config.json", err) : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) st = hx_file_write(path, hx_buf_str(&b), false, err);
    free(path);
    hx_buf_release(&b);
    return st;
}

hx_status hx_train_save_model(void *trainer, const char *folder, hx_error *err) {
    hx_trainer *t = trainer;
    HX_TRY(hx_trunk_save_folder(t->trunk, &t->nn, folder, HX_DTYPE_F32, true, err));
    HX_TRY(hx_train_save_config(t, folder, err));
    return save_tokenizer(t, folder, err);
}
