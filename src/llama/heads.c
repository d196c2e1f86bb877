/* heads.c - finds the tensors of heads, and computes logits of hidden rows (heads.h).
 *
 *     heads.NAME.norm.weight                  (D)         with tap: RMSNorm of the stream behind that block
 *     heads.NAME.dense.weight, .bias          (H, D), (H) with hidden: GELU behind it
 *     heads.NAME.weight [, .bias]             (L, H), (L)
 *     heads.NAME.between, .start, .stop       (L, L), (L), (L)                                        crf
 *     heads.NAME.mlp.weight, .bias            (4 W, D), (4 W)                                         parse
 *     heads.NAME.arc.weight, relation.weight  (W + 1, W), (L (W + 1), W + 1)                          parse
 *
 * They are what training holds (objective.h), computed as it computes them. The head "score" is not among them: weights.c has it. */
#include "llama/heads.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "nn/layers.h"

#define TENSOR_NAME_MAX 192

/* ------------------------------------------------------------------ tensors of a file */
static bool starts_with(hx_str s, const char *with) {
    size_t n = strlen(with);
    return s.len > n && memcmp(s.ptr, with, n) == 0;
}

static hx_status bad_tensor(const hx_tensor_file *f, hx_str name, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "%s: the head's tensor %.*s is damaged", hx_tensor_file_path(f),
                   HX_STR_ARG(name));
}

/* A tensor of a GGUF file's metadata. */
static hx_status entry_of_value(const hx_tensor_file *f, const hx_gguf_value *v, hx_arena *arena,
                                hx_tensor_entry *out, hx_error *err) {
    hx_str name = {v->key.ptr + strlen(HX_HEADS_KEY), v->key.len - strlen(HX_HEADS_KEY)};
    char key[TENSOR_NAME_MAX];
    int32_t dims[2] = {0, 1};
    int n = snprintf(key, sizeof key, "%s%.*s", HX_HEADS_SHAPE, HX_STR_ARG(name));
    const hx_gguf_value *shape =
        n > 0 && (size_t)n < sizeof key ? hx_tensor_file_value(f, key) : NULL;
    if (!shape || !shape->is_array || shape->type != HX_GGUF_I32 || shape->n == 0 || shape->n > 2 ||
        !v->is_array || v->type != HX_GGUF_F32)
        return bad_tensor(f, name, err);
    memcpy(dims, shape->raw.ptr, (size_t)shape->n * sizeof *dims);
    if (dims[0] <= 0 || dims[1] <= 0 || (uint64_t)dims[0] * (uint64_t)dims[1] != v->n)
        return bad_tensor(f, name, err);
    *out = (hx_tensor_entry){.name = hx_arena_str(arena, name),
                             .type = HX_DTYPE_F32,
                             .n_dims = (uint32_t)shape->n,
                             .dims = {(uint64_t)dims[0], (uint64_t)dims[1], 1, 1},
                             .data = v->raw.ptr,
                             .bytes = v->n * sizeof(float)};
    return out->name.ptr ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

hx_status hx_heads_tensors(const hx_tensor_file *f, hx_arena *arena, hx_tensor_entry **out,
                           size_t *n, hx_error *err) {
    size_t most = hx_tensor_file_count(f) + hx_tensor_file_n_values(f);
    *n = 0;
    *out = hx_arena_alloc(arena, (most + 1) * sizeof **out);
    if (!*out) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < hx_tensor_file_count(f); i++) {
        const hx_tensor_entry *t = hx_tensor_file_at(f, i);
        if (starts_with(t->name, HX_HEADS_PREFIX)) (*out)[(*n)++] = *t;
    }
    for (size_t i = 0; i < hx_tensor_file_n_values(f); i++) {
        const hx_gguf_value *v = hx_tensor_file_value_at(f, i);
        if (!starts_with(v->key, HX_HEADS_KEY HX_HEADS_PREFIX)) continue;
        HX_TRY(entry_of_value(f, v, arena, &(*out)[*n], err));
        ++*n;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ finding */
typedef struct {
    hx_llama *m;
    const hx_tensor_entry *list;
    size_t n;
    hx_error *err;
} finding;

static const hx_tensor_entry *find(const finding *f, const hx_config_task *t, const char *suffix) {
    char name[TENSOR_NAME_MAX];
    (void)snprintf(name, sizeof name, "%s%s.%s", HX_HEADS_PREFIX, t->name, suffix);
    for (size_t i = 0; i < f->n; i++)
        if (hx_str_equal(f->list[i].name, hx_str_of(name))) return &f->list[i];
    return NULL;
}

/* columns 0 = a vector */
static hx_status take(const finding *f, const hx_config_task *t, const char *suffix, size_t rows,
                      size_t columns, const float **out) {
    const char *path = hx_tensor_file_path(f->m->file);
    const hx_tensor_entry *e = find(f, t, suffix);
    if (!e)
        return hx_fail(f->err, HX_EFORMAT, "%s: tensor %s.%s of the head %s is missing", path,
                       t->name, suffix, t->name);
    uint64_t n = (uint64_t)rows * (columns ? columns : 1);
    bool fits = e->n_dims == (columns ? 2 : 1) && e->dims[0] == rows &&
                (columns == 0 || e->dims[1] == columns);
    const hx_dtype_info *type = hx_dtype_describe(e->type);
    if (!fits || !type->is_weight || type->block != 1)
        return hx_fail(f->err, HX_EFORMAT, "%s: the head's tensor %.*s is damaged", path,
                       HX_STR_ARG(e->name));
    float *v = hx_arena_alloc(f->m->arena, (size_t)n * sizeof *v);
    if (!v) return hx_fail(f->err, HX_ENOMEM, "out of memory while opening %s", path);
    hx_dtype_decode(e->type, e->data, (size_t)n, v);
    f->m->info.n_parameters += n;
    *out = v;
    return HX_OK;
}

static hx_status find_linear(const finding *f, hx_model_head *h) {
    const hx_config_task *t = h->task;
    size_t in = f->m->config.n_embd;
    if (t->hidden > 0) {
        HX_TRY(take(f, t, "dense.weight", t->hidden, in, &h->dense));
        HX_TRY(take(f, t, "dense.bias", t->hidden, 0, &h->dense_bias));
        in = t->hidden;
    }
    HX_TRY(take(f, t, "weight", h->n_out, in, &h->weight));
    if (find(f, t, "bias")) HX_TRY(take(f, t, "bias", h->n_out, 0, &h->bias));
    if (t->kind != HX_LLAMA_CRF) return HX_OK;
    HX_TRY(take(f, t, "between", h->n_out, h->n_out, &h->between));
    HX_TRY(take(f, t, "start", h->n_out, 0, &h->start));
    return take(f, t, "stop", h->n_out, 0, &h->stop);
}

static hx_status find_tree(const finding *f, hx_model_head *h) {
    const hx_config_task *t = h->task;
    const hx_tensor_entry *arc = find(f, t, "arc.weight");
    size_t w = arc && arc->n_dims == 2 && arc->dims[1] <= HX_CONFIG_HEAD_DIM_MAX
                   ? (size_t)arc->dims[1]
                   : 0;
    if (w == 0)
        return hx_fail(f->err, HX_EFORMAT, "%s: tensor %s.%s of the head %s is missing",
                       hx_tensor_file_path(f->m->file), t->name, "arc.weight", t->name);
    h->width = w;
    HX_TRY(take(f, t, "mlp.weight", 4 * w, f->m->config.n_embd, &h->mlp));
    HX_TRY(take(f, t, "mlp.bias", 4 * w, 0, &h->mlp_bias));
    HX_TRY(take(f, t, "arc.weight", w + 1, w, &h->arc));
    return take(f, t, "relation.weight", t->n_labels * (w + 1), w + 1, &h->relation);
}

static void describe_head(const hx_config_task *t, hx_model_head *h) {
    h->task = t;
    h->info = (hx_llama_head_info){.name = t->name,
                                   .kind = t->kind,
                                   .n_labels = t->n_labels,
                                   .of_words = t->kind >= HX_LLAMA_TAG,
                                   .bidirectional = t->bidirectional,
                                   .mean = t->mean,
                                   .pairs = t->pairs,
                                   .temperature = t->temperature};
    h->n_out = t->kind == HX_LLAMA_REPLACED ? 1 : t->n_labels;
}

static hx_status find_head(const finding *f, size_t i) {
    hx_model_head *h = &f->m->heads[i];
    const hx_config_task *t = h->task;
    if (t->is_score) return HX_OK;
    if (t->tap > 0) HX_TRY(take(f, t, "norm.weight", f->m->config.n_embd, 0, &h->norm));
    return t->kind == HX_LLAMA_TREE ? find_tree(f, h) : find_linear(f, h);
}

/* What texts are labelled by without more being said: the first head for one label, else for texts, else for words. */
static size_t main_head(const hx_llama *m) {
    size_t best = SIZE_MAX;
    int best_rank = 3;
    for (size_t i = m->config.n_tasks; i-- > 0;) {
        const hx_llama_head_info *h = &m->heads[i].info;
        int rank = h->kind == HX_LLAMA_LABEL ? 0 : h->of_words ? 2 : 1;
        if (rank > best_rank) continue;
        best = i;
        best_rank = rank;
    }
    return best;
}

hx_status hx_heads_describe(hx_llama *m, hx_error *err) {
    size_t n = m->config.n_tasks;
    if (n == 0) return HX_OK;
    m->heads = hx_arena_alloc(m->arena, n * sizeof *m->heads);
    if (!m->heads) return hx_fail(err, HX_ENOMEM, "out of memory while reading a model's labels");
    for (size_t i = 0; i < n; i++)
        describe_head(&m->config.tasks[i], &m->heads[i]);
    m->main_head = main_head(m);
    return HX_OK;
}

hx_status hx_heads_find(hx_llama *m, hx_error *err) {
    finding f = {.m = m, .err = err};
    hx_tensor_entry *list = NULL;
    if (m->config.n_tasks == 0) return HX_OK;
    HX_TRY(hx_heads_tensors(m->file, m->arena, &list, &f.n, err));
    f.list = list;
    for (size_t i = 0; i < m->config.n_tasks; i++)
        HX_TRY(find_head(&f, i));
    return HX_OK;
}

/* ------------------------------------------------------------------ asking */
const hx_llama_head_info *hx_llama_head_of(const hx_llama *m, size_t i) {
    return m->heads && i < m->config.n_tasks ? &m->heads[i].info : NULL;
}

size_t hx_llama_find_head(const hx_llama *m, const char *name) {
    size_t n = m->heads ? m->config.n_tasks : 0, i = 0;
    while (i < n && strcmp(m->heads[i].info.name, name) != 0)
        i++;
    return i;
}

const char *hx_llama_head_label(const hx_llama *m, size_t head, size_t i) {
    const hx_llama_head_info *h = hx_llama_head_of(m, head);
    return h && i < h->n_labels ? m->config.tasks[head].labels[i] : NULL;
}

/* ------------------------------------------------------------------ logits */
size_t hx_head_floats(const hx_model_head *h, size_t rows) {
    return 2 * rows * h->task->hidden + rows * h->n_out + 16;
}

void hx_head_norm(const hx_llama *m, const hx_model_head *h, const hx_nn *nn, const float *hidden,
                  size_t rows, float *r, float *y) {
    size_t d = m->config.n_embd;
    if (h->norm)
        hx_nn_rms_norm(nn, hidden, rows, d, h->norm, (float)m->config.norm_eps, r, y);
    else if (y != hidden)
        memcpy(y, hidden, rows * d * sizeof *y);
}

size_t hx_head_scratch(const hx_llama *m, const hx_model_head *h, size_t rows, size_t n_threads) {
    size_t d = m->config.n_embd, hidden = h->task->hidden;
    size_t a = hidden ? hx_nn_linear_scratch(rows, d, hidden, n_threads) : 0;
    size_t b = hx_nn_linear_scratch(rows, hidden ? hidden : d, h->n_out, n_threads);
    return a > b ? a : b;
}

void hx_head_logits(const hx_llama *m, const hx_model_head *h, const hx_nn *nn, const float *x,
                    size_t rows, float *room, float *out) {
    size_t d = m->config.n_embd, in = d, wide = h->task->hidden;
    if (h->dense) {
        hx_nn_linear(nn, x, rows, d, wide, h->dense, h->dense_bias, room);
        hx_nn_gelu(nn, room, rows * wide, room + rows * wide);
        x = room + rows * wide;
        room += 2 * rows * wide;
        in = wide;
    }
    bool is_one = h->task->kind == HX_LLAMA_REPLACED;
    hx_nn_linear(nn, x, rows, in, h->n_out, h->weight, h->bias, is_one ? room : out);
    for (size_t i = 0; is_one && i < rows; i++) {
        out[2 * i] = 0;
        out[2 * i + 1] = room[i];
    }
}
