/* reshape.c - see reshape.h.
 *
 *     tensor of the source -> rows that stay -> + adapter -> columns that stay -> type -> model.safetensors
 *
 *     q                          rows of the query heads of kept groups         out    columns of the same
 *     k, v                       rows of kept groups (biases alike)
 *     gate, up                   rows of kept channels                          down   columns of the same
 *     embedding, output          rows of kept tokens
 *     blocks                     those of kept layers, numbered anew
 *
 * Rows that keep their type, all columns and have no adapter are copied as bytes. */
#include "model/reshape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "llama/heads.h"
#include "model/hf_out.h"
#include "model/names.h"
#include "model/recode.h"

#define STEP_BYTES ((size_t)1 << 20)

typedef struct plan plan;

typedef struct {
    plan *p;
    const hx_tensor_entry *from;
    const hx_adapter_part *adapter; /* NULL = none */
    const uint32_t *rows, *columns; /* NULL = all */
    uint64_t dims[2]; /* of the new one */
    size_t columns_before;
    hx_row_order order;
    bool foreign; /* `from` is the adapter's */
} tensor_job;

struct plan {
    const hx_model_file *source;
    const hx__reshape *keep;
    hx_config config; /* the new one; borrows what the source's owns */
    hx_config heads; /* owns the tasks that an adapter brings, which config then borrows */
    hx_dtype type;
    const hx_convert_options *options;
    hx_arena *arena; /* owned */
    hx_tensor_source *tensors;
    size_t n_tensors;
    uint64_t done, total; /* elements */
};

/* ------------------------------------------------------------------ a tensor's rows */
static size_t stored_row(const tensor_job *j, size_t row) {
    size_t d = j->p->config.head_dim, head = row / d, x = row % d;
    return j->order == HX_ROWS_HALVES ? head * d + (x % (d / 2)) * 2 + x / (d / 2) : row;
}

static void gather(const tensor_job *j, float *row) {
    for (size_t c = 0; j->columns && c < j->dims[1]; c++)
        row[c] = row[j->columns[c]];
}

/* One row, of the new type, to `to`. */
static hx_status make_row(const tensor_job *j, size_t row, size_t from_bytes, float *wide, char *to,
                          size_t to_bytes, hx_error *err) {
    size_t old = j->rows ? j->rows[row] : row;
    const char *from = (const char *)j->from->data + stored_row(j, old) * from_bytes;
    if (j->from->type == j->p->type && !j->adapter && !j->columns) {
        memcpy(to, from, to_bytes);
        return HX_OK;
    }
    hx_dtype_decode(j->from->type, from, j->columns_before, wide);
    if (j->adapter) hx_adapter_add_row(j->adapter, old, wide, j->columns_before);
    gather(j, wide);
    return hx_dtype_encode(j->p->type, wide, (size_t)j->dims[1], NULL, to, err);
}

static hx_status advance(plan *p, uint64_t n, hx_error *err) {
    const hx_convert_options *o = p->options;
    p->done += n;
    if (o->progress) o->progress(o->context, p->done, p->total);
    return hx_flag_is_raised(o->cancel) ? hx_fail(err, HX_ECANCELLED, "stopped on request") : HX_OK;
}

static hx_status write_rows(const tensor_job *j, size_t from_bytes, size_t to_bytes, float *wide,
                            char *out, size_t step, hx_tensor_sink *sink, hx_error *err) {
    for (size_t row = 0; row < j->dims[0]; row += step) {
        size_t n = (size_t)j->dims[0] - row < step ? (size_t)j->dims[0] - row : step;
        for (size_t i = 0; i < n; i++)
            HX_TRY(make_row(j, row + i, from_bytes, wide, out + i * to_bytes, to_bytes, err));
        HX_TRY(hx_tensor_sink_write(sink, out, n * to_bytes, err));
        HX_TRY(advance(j->p, (uint64_t)n * j->dims[1], err));
    }
    return HX_OK;
}

static hx_status fill(void *context, hx_tensor_sink *sink, hx_error *err) {
    const tensor_job *j = context;
    uint64_t from_bytes = 0, to_bytes = 0;
    if (!hx_dtype_size(j->from->type, j->columns_before, &from_bytes) ||
        !hx_dtype_size(j->p->type, j->dims[1], &to_bytes))
        return hx_fail(err, HX_EFORMAT, "tensor %s: rows of %zu elements are no whole blocks",
                       j->from->name.ptr, j->columns_before);
    size_t step = to_bytes < STEP_BYTES ? STEP_BYTES / (size_t)to_bytes : 1;
    float *wide = calloc(j->columns_before + 1, sizeof *wide);
    char *out = calloc(step, (size_t)to_bytes);
    hx_status st = wide && out ? write_rows(j, (size_t)from_bytes, (size_t)to_bytes, wide, out,
                                            step, sink, err)
                               : hx_fail(err, HX_ENOMEM, "out of memory");
    free(wide);
    free(out);
    if (!j->foreign) hx_tensor_file_drop(j->p->source->tensors, j->from);
    return st;
}

/* ------------------------------------------------------------------ what stays of a tensor */
static hx_status spread(plan *p, const uint32_t *units, size_t n, size_t wide, const uint32_t **out,
                        hx_error *err) {
    uint32_t *all = hx_arena_alloc(p->arena, (n * wide + 1) * sizeof *all);
    if (!all) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n * wide; i++)
        all[i] = units[i / wide] * (uint32_t)wide + (uint32_t)(i % wide);
    *out = all;
    return HX_OK;
}

static bool is_part(const char *part, const char *name) {
    size_t n = strlen(name);
    return strncmp(part, name, n) == 0 && part[n] == '.';
}

/* `part`: what follows "blk.N."; `layer`: the new number. */
static hx_status keep_of_layer(plan *p, tensor_job *j, const char *part, size_t layer,
                               hx_error *err) {
    const hx__reshape *k = p->keep;
    const hx_config *c = &p->source->config;
    if (k->groups) {
        const uint32_t *groups = k->groups + layer * k->n_groups;
        size_t each = c->n_heads / c->n_kv_heads * c->head_dim;
        if (is_part(part, "attn_q")) {
            HX_TRY(spread(p, groups, k->n_groups, each, &j->rows, err));
            j->dims[0] = k->n_groups * each;
        } else if (is_part(part, "attn_k") || is_part(part, "attn_v")) {
            HX_TRY(spread(p, groups, k->n_groups, c->head_dim, &j->rows, err));
            j->dims[0] = k->n_groups * c->head_dim;
        } else if (strcmp(part, "attn_output.weight") == 0) {
            HX_TRY(spread(p, groups, k->n_groups, each, &j->columns, err));
            j->dims[1] = k->n_groups * each;
        }
    }
    if (k->channels) {
        const uint32_t *channels = k->channels + layer * k->n_channels;
        if (is_part(part, "ffn_gate") || is_part(part, "ffn_up")) {
            j->rows = channels;
            j->dims[0] = k->n_channels;
        } else if (strcmp(part, "ffn_down.weight") == 0) {
            j->columns = channels;
            j->dims[1] = k->n_channels;
        }
    }
    return HX_OK;
}

static void keep_of_model(const plan *p, tensor_job *j, const char *name) {
    if (!p->keep->tokens || !(is_part(name, "token_embd") || is_part(name, "output"))) return;
    j->rows = p->keep->tokens;
    j->dims[0] = p->keep->n_tokens;
}

/* "blk.7.x" -> the new number of layer 7, *part = "x"; false where the layer goes. */
static bool new_layer(const plan *p, const char *gguf, const char **part, size_t *layer) {
    size_t old = 0;
    const char *at = gguf + 4;
    for (; *at >= '0' && *at <= '9' && old < HX_CONFIG_LAYERS_MAX; at++)
        old = old * 10 + (size_t)(*at - '0');
    *part = *at ? at + 1 : at;
    *layer = old;
    if (!p->keep->layers) return true;
    for (size_t i = 0; i < p->keep->n_layers; i++)
        if (p->keep->layers[i] == old) {
            *layer = i;
            return true;
        }
    return false;
}

/* ------------------------------------------------------------------ the list of tensors */
static hx_status push(plan *p, const char *name, tensor_job *j, uint32_t n_dims, hx_error *err) {
    hx_str kept = hx_arena_str(p->arena, hx_str_of(name));
    if (!kept.ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
    p->tensors[p->n_tensors++] = (hx_tensor_source){kept.ptr, p->type, n_dims, j->dims, fill, j};
    p->total += j->dims[0] * j->dims[1];
    return HX_OK;
}

/* `old_name`: in the source, as a folder spells it: what adapters are called by. */
static hx_status take_adapter(plan *p, tensor_job *j, const char *old_name, hx_error *err) {
    hx_adapter_part *part = NULL;
    if (!p->keep->adapter) return HX_OK;
    HX_TRY(hx_adapter_find(p->keep->adapter, old_name, j->dims[0], j->dims[1], &part, err));
    if (!part) return HX_OK;
    if (!part->instead) {
        j->adapter = part;
        return HX_OK;
    }
    j->from = part->instead;
    j->foreign = true;
    j->order = HX_ROWS_KEPT;
    return HX_OK;
}

static hx_status add_tensor(plan *p, const hx_tensor_entry *t, hx_error *err) {
    hx_tensor_name gguf = "", hf = "", renamed = "";
    const char *part = NULL;
    size_t layer = 0;
    bool folder = p->source->is_folder;
    if (hx_str_equal(t->name, HX_STR_LIT("rope_freqs.weight")) || hx_tensor_name_is_idle(t->name) ||
        hx_tensor_name_is_head(t->name))
        return HX_OK;
    bool known = folder ? hx_tensor_name_to_gguf(t->name, gguf) : hx_tensor_name_to_hf(t->name, hf);
    if (known && !folder) (void)snprintf(gguf, sizeof gguf, "%s", t->name.ptr);
    known = known && hx_tensor_name_to_hf(hx_str_of(gguf), hf);
    if (!known || t->n_dims > 2 || !hx_dtype_describe(t->type)->is_weight)
        return hx_fail(err, HX_EUNSUPPORTED, "tensor %s is none of a llama, qwen2 or qwen3 model",
                       t->name.ptr);
    if (p->config.tied && is_part(gguf, "output")) return HX_OK;
    tensor_job *j = hx_arena_alloc(p->arena, sizeof *j);
    if (!j) return hx_fail(err, HX_ENOMEM, "out of memory");
    *j = (tensor_job){.p = p, .from = t, .dims = {t->dims[0], t->n_dims == 2 ? t->dims[1] : 1}};
    j->order = folder ? HX_ROWS_KEPT : hx_row_order_of(&p->source->config, gguf, false);
    HX_TRY(take_adapter(p, j, hf, err));
    j->columns_before = (size_t)j->dims[1];
    if (strncmp(gguf, "blk.", 4) != 0) {
        keep_of_model(p, j, gguf);
        return push(p, hf, j, t->n_dims, err);
    }
    if (!new_layer(p, gguf, &part, &layer)) return HX_OK;
    HX_TRY(keep_of_layer(p, j, part, layer, err));
    (void)snprintf(renamed, sizeof renamed, "blk.%zu.%.100s", layer, part);
    (void)hx_tensor_name_to_hf(hx_str_of(renamed), hf);
    return push(p, hf, j, t->n_dims, err);
}

static hx_status name_labels(plan *p, size_t n, hx_error *err) {
    hx_config *c = &p->config;
    c->has_head = true;
    c->head_is_token = c->head_is_mean = false;
    c->score_kind = HX_LLAMA_LABEL;
    c->tasks_said = false;
    c->n_tasks = 0;
    c->n_labels = n;
    c->labels = hx_arena_alloc(p->arena, n * sizeof *c->labels);
    if (!c->labels) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t k = 0; k < n; k++) {
        char *label = c->labels[k] = hx_arena_alloc(p->arena, 32);
        if (!label) return hx_fail(err, HX_ENOMEM, "out of memory");
        (void)snprintf(label, 32, "LABEL_%zu", k);
    }
    return HX_OK;
}

static hx_status push_part(plan *p, hx_adapter_part *part, const char *name, hx_error *err) {
    const hx_tensor_entry *t = part->instead;
    tensor_job *j = hx_arena_alloc(p->arena, sizeof *j);
    if (!j) return hx_fail(err, HX_ENOMEM, "out of memory");
    *j = (tensor_job){
        .p = p, .from = t, .foreign = true, .dims = {t->dims[0], t->n_dims == 2 ? t->dims[1] : 1}};
    j->columns_before = (size_t)j->dims[1];
    part->used = true;
    return push(p, name, j, t->n_dims, err);
}

/* What "huaxiang.heads" of the adapter says of its heads; their tensors are checked by whoever opens the result. */
static hx_status take_heads(plan *p, hx_error *err) {
    json_t *list = p->keep->adapter ? hx_adapter_heads(p->keep->adapter) : NULL;
    if (!list) return HX_OK;
    if (p->config.n_tasks > 0)
        return hx_fail(err, HX_EINVAL,
                       "the model has heads already: an adapter with heads goes "
                       "with a model that has none");
    p->heads.n_embd = p->config.n_embd;
    HX_TRY(hx_config_read_tasks(&p->heads, list, "adapter_config.json", err));
    p->config.tasks = p->heads.tasks;
    p->config.n_tasks = p->heads.n_tasks;
    p->config.tasks_said = true;
    return HX_OK;
}

/* Heads that come with the adapter; anything else that the base has no place for is an error. */
static hx_status add_rest(plan *p, hx_error *err) {
    hx_adapter *a = p->keep->adapter;
    HX_TRY(take_heads(p, err));
    for (size_t i = 0; a && i < hx_adapter_count(a); i++) {
        hx_adapter_part *part = hx_adapter_at(a, i);
        if (part->used) continue;
        const hx_tensor_entry *t = part->instead;
        if (t && p->heads.n_tasks > 0 && is_part(part->base, "heads")) {
            HX_TRY(push_part(p, part, part->base, err));
            continue;
        }
        bool head = t && strcmp(part->base, "score.weight") == 0 && t->n_dims == 2 &&
                    t->dims[1] == p->config.n_embd && t->dims[0] > 0 &&
                    t->dims[0] <= HX_CONFIG_LABELS_MAX;
        if (!head)
            return hx_fail(err, HX_EFORMAT, "the adapter's %s has no place in this model",
                           part->base);
        HX_TRY(name_labels(p, (size_t)t->dims[0], err));
        HX_TRY(push_part(p, part, "score.weight", err));
    }
    return HX_OK;
}

/* Heads of other tasks stay as they are. */
static hx_status add_head(plan *p, const hx_tensor_entry *t, hx_error *err) {
    tensor_job *j = hx_arena_alloc(p->arena, sizeof *j);
    if (!j) return hx_fail(err, HX_ENOMEM, "out of memory");
    *j = (tensor_job){
        .p = p, .from = t, .foreign = true, .dims = {t->dims[0], t->n_dims == 2 ? t->dims[1] : 1}};
    j->columns_before = (size_t)j->dims[1];
    return push(p, t->name.ptr, j, t->n_dims, err);
}

static hx_status add_tensors(plan *p, hx_error *err) {
    const hx_tensor_file *f = p->source->tensors;
    hx_tensor_entry *heads = NULL;
    size_t n = hx_tensor_file_count(f), n_heads = 0,
           more = p->keep->adapter ? hx_adapter_count(p->keep->adapter) : 0;
    HX_TRY(hx_heads_tensors(f, p->arena, &heads, &n_heads, err));
    p->tensors = hx_arena_alloc(p->arena, (n + n_heads + more + 1) * sizeof *p->tensors);
    if (!p->tensors) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n_heads; i++)
        HX_TRY(add_head(p, &heads[i], err));
    for (size_t i = 0; i < n; i++)
        HX_TRY(add_tensor(p, hx_tensor_file_at(f, i), err));
    return add_rest(p, err);
}

/* ------------------------------------------------------------------ the new configuration */
static bool is_float(hx_dtype t) {
    return t == HX_DTYPE_F32 || t == HX_DTYPE_F16 || t == HX_DTYPE_BF16;
}

static const hx_tensor_entry *find_tensor(const plan *p, const char *gguf) {
    hx_tensor_name hf;
    if (!p->source->is_folder) return hx_tensor_file_find(p->source->tensors, gguf);
    if (!hx_tensor_name_to_hf(hx_str_of(gguf), hf)) return NULL;
    const hx_tensor_entry *t = hx_tensor_file_find(p->source->tensors, hf);
    if (!t && strncmp(hf, "model.", 6) == 0) t = hx_tensor_file_find(p->source->tensors, hf + 6);
    return t;
}

static hx_status choose_type(plan *p, hx_error *err) {
    const hx_tensor_entry *t = find_tensor(p, "token_embd.weight");
    const char *asked = p->options->type;
    if (!t) return hx_fail(err, HX_EFORMAT, "tensor token_embd.weight is missing");
    p->type = is_float(t->type) ? t->type : HX_DTYPE_F32;
    p->config.n_vocab = (size_t)t->dims[0];
    if (asked && (!hx_dtype_of_name(hx_str_of(asked), &p->type) || !is_float(p->type)))
        return hx_fail(err, HX_EINVAL, "a folder holds f32, f16 or bf16, not '%s'", asked);
    return HX_OK;
}

static int32_t new_token(const hx__reshape *k, int32_t old) {
    if (!k->tokens || old < 0) return old;
    for (size_t i = 0; i < k->n_tokens; i++)
        if (k->tokens[i] == (uint32_t)old) return (int32_t)i;
    return -1;
}

static hx_status read_token(const plan *p, const char *key, int32_t *out, hx_error *err) {
    uint64_t v = 0;
    bool found = false;
    HX_TRY(hx_gguf_read_u64(p->source->tensors, key, INT32_MAX, &v, &found, err));
    *out = found ? (int32_t)v : -1;
    return HX_OK;
}

/* A head that reads the stream behind a block goes on reading it there. */
static hx_status move_taps(plan *p, hx_error *err) {
    const hx__reshape *k = p->keep;
    hx_config *c = &p->config;
    if (c->n_tasks == 0 || !k->layers) return HX_OK;
    hx_config_task *tasks = hx_arena_alloc(p->arena, c->n_tasks * sizeof *tasks);
    if (!tasks) return hx_fail(err, HX_ENOMEM, "out of memory");
    memcpy(tasks, c->tasks, c->n_tasks * sizeof *tasks);
    c->tasks = tasks;
    for (size_t i = 0; i < c->n_tasks; i++) {
        size_t tap = tasks[i].tap, at = 0;
        while (tap > 0 && at < k->n_layers && k->layers[at] + 1 != tap)
            at++;
        if (tap > 0 && at == k->n_layers)
            return hx_fail(err, HX_EINVAL, "the head %s reads layer %zu, which must stay",
                           tasks[i].name, tap - 1);
        if (tap > 0) tasks[i].tap = at + 1;
    }
    return HX_OK;
}

static hx_status make_config(plan *p, hx_error *err) {
    const hx__reshape *k = p->keep;
    hx_config *c = &p->config;
    *c = p->source->config;
    HX_TRY(choose_type(p, err));
    if (!p->source->is_folder) {
        c->tied = !c->has_head && !find_tensor(p, "output.weight");
        HX_TRY(read_token(p, "tokenizer.ggml.bos_token_id", &c->bos, err));
        HX_TRY(read_token(p, "tokenizer.ggml.eos_token_id", &c->eos, err));
        HX_TRY(read_token(p, "tokenizer.ggml.padding_token_id", &c->pad, err));
        HX_TRY(hx_rope_of_gguf(p->source->tensors, &c->rope, err));
    }
    c->interleaved = false;
    if (k->layers) c->n_layers = k->n_layers;
    if (k->tokens) c->n_vocab = k->n_tokens;
    if (k->channels) c->n_ff = k->n_channels;
    if (k->groups) {
        c->n_heads = c->n_heads / c->n_kv_heads * k->n_groups;
        c->n_kv_heads = k->n_groups;
    }
    c->bos = new_token(k, c->bos);
    c->eos = new_token(k, c->eos);
    c->pad = new_token(k, c->pad);
    return move_taps(p, err);
}

/* ------------------------------------------------------------------ the folder */
static hx_status write_file(const char *folder, const char *name, hx_str bytes, hx_error *err) {
    char *path = hx_model_join(folder, name);
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = hx_file_write(path, bytes, false, err);
    free(path);
    return st;
}

static hx_status write_folder(plan *p, const char *folder, hx_error *err) {
    bool attention_bias = find_tensor(p, "blk.0.attn_output.bias") != NULL;
    bool mlp_bias = find_tensor(p, "blk.0.ffn_down.bias") != NULL;
    HX_TRY(make_config(p, err));
    HX_TRY(add_tensors(p, err));
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) return hx_fail_errno(err, folder, errno);
    char *path = hx_model_join(folder, "model.safetensors");
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = hx_safetensors_write(path, p->tensors, p->n_tensors, err);
    free(path);
    HX_TRY(st);
    hx_buf out;
    hx_buf_init(&out, HX_MODEL_JSON_MAX);
    hx_config_write_json(&p->config, p->type, attention_bias, mlp_bias, &out);
    st = hx_buf_status(&out, "config.json", err);
    if (st == HX_OK) st = write_file(folder, "config.json", hx_buf_str(&out), err);
    hx_buf_release(&out);
    return st;
}

hx_status hx__reshape_write(const hx_model_file *source, const hx__reshape *keep,
                            const char *folder, const hx_convert_options *options, hx_error *err) {
    plan p = {.source = source, .keep = keep, .options = options};
    HX_TRY(hx_model_file_needs_config(source, err));
    p.arena = hx_arena_new((size_t)1 << 30);
    if (!p.arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = write_folder(&p, folder, err);
    hx_config_release_tasks(&p.heads);
    hx_arena_free(p.arena);
    return st;
}

hx_status hx__reshape_tokenizer(const hx_model_file *source, const char *from, const char *folder,
                                hx_error *err) {
    static const char *const names[] = {"tokenizer.json",         "tokenizer.model",
                                        "tokenizer_config.json",  "special_tokens_map.json",
                                        "generation_config.json", "chat_template.jinja"};
    if (!source->is_folder) return hx_tokenizer_out(source->tensors, folder, err);
    hx_status st = HX_OK;
    for (size_t i = 0; st == HX_OK && i < sizeof names / sizeof *names; i++) {
        char *path = hx_model_join(from, names[i]);
        hx_buf bytes;
        hx_buf_init(&bytes, (size_t)256 << 20);
        if (!path) st = hx_fail(err, HX_ENOMEM, "out of memory");
        if (path && hx_file_exists(path)) {
            st = hx_file_read(path, &bytes, err);
            if (st == HX_OK) st = write_file(folder, names[i], hx_buf_str(&bytes), err);
        }
        hx_buf_release(&bytes);
        free(path);
    }
    return st;
}

/* ------------------------------------------------------------------ layers by name */
static bool read_number(const char **at, size_t *out) {
    size_t v = 0;
    const char *from = *at;
    for (; **at >= '0' && **at <= '9' && v < 100000; ++*at)
        v = v * 10 + (size_t)(**at - '0');
    *out = v;
    return *at > from;
}

hx_status hx__parse_layers(const char *text, size_t n, hx_arena *arena, uint32_t **out,
                           size_t *n_out, hx_error *err) {
    const char *at = text;
    size_t count = 0, next = 0;
    uint32_t *list = hx_arena_alloc(arena, (n + 1) * sizeof *list);
    if (!list) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (;;) {
        size_t first, last;
        bool good = read_number(&at, &first);
        last = first;
        if (good && *at == '-') {
            at++;
            good = read_number(&at, &last);
        }
        if (!good || first < next || last < first || last >= n || (*at && *at != ','))
            return hx_fail(
                err, HX_EINVAL,
                "'%s' is no ascending list of layers such as 0-7,10; the model has 0-%zu", text,
                n - 1);
        for (size_t i = first; i <= last; i++)
            list[count++] = (uint32_t)i;
        next = last + 1;
        if (*at++ != ',') break;
    }
    *out = list;
    *n_out = count;
    return HX_OK;
}
