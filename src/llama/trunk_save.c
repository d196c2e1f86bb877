/* trunk_save.c - adapters merged into weights, and the folder that engines open (trunk.h).
 *
 * Files are written row by row: what is stored is decoded, what is adapted is added up in a buffer of 64 rows, so that the trunk stays as it is
 * and no second copy of it is ever made. Heads' tensors are all that is in params and neither the trunk's own nor an adapter.
 * config.json names the labels only where a head called "score" is written beside the trunk. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "llama/trunk_parts.h"

#define ROWS 64
#define ADAPTER "base_model."
#define TEACHER "teacher." /* projections to a teacher's hidden states (objective.h) */

/* ------------------------------------------------------------------ merging */
static hx_status make_f32(hx_trunk *t, hx_trunk_product *p, hx_error *err) {
    char names[3][HX_TRUNK_NAME];
    hx_param_shape shapes[3];
    size_t index = 0;
    for (size_t i = 0; i < p->n_parts; i++) {
        hx__trunk_name(p->layer, p->parts[i].matrix, "weight", names[i]);
        shapes[i] = (hx_param_shape){names[i], 2, {p->parts[i].rows, p->k}};
    }
    HX_TRY(hx_params_add_adjacent(t->params, shapes, p->n_parts, (int32_t)p->layer + 1, false,
                                  &index, err));
    for (size_t i = 0; i < p->n_parts; i++) {
        hx_trunk_matrix *m = &p->parts[i];
        m->weight = index + i;
        for (size_t row = 0; row < m->rows; row++)
            hx__trunk_decode_row(m, row, p->k, hx_params_at(t->params, m->weight)->w + row * p->k);
        m->stored = NULL;
    }
    return HX_OK;
}

static hx_status merge_product(hx_trunk *t, const hx_nn *nn, hx_trunk_product *p, hx_error *err) {
    if (!p->adapted) return HX_OK;
    if (!p->w) HX_TRY(make_f32(t, p, err));
    for (size_t i = 0; i < p->n_parts; i++) {
        hx_trunk_matrix *m = &p->parts[i];
        if (m->b == HX_TRUNK_NONE) continue;
        float *w = hx_params_at(t->params, m->weight)->w;
        for (size_t first = 0; first < m->rows; first += ROWS) {
            size_t n = m->rows - first < ROWS ? m->rows - first : ROWS;
            hx__trunk_add_adapter(t, nn, p, i, first, n, w + first * p->k);
        }
        hx_params_drop(t->params, m->a);
        hx_params_drop(t->params, m->b);
        m->a = m->b = HX_TRUNK_NONE;
    }
    p->adapted = 0;
    return HX_OK;
}

hx_status hx_trunk_merge(hx_trunk *t, const hx_nn *nn, hx_error *err) {
    hx_status status = HX_OK;
    for (size_t i = 0; status == HX_OK && i < t->config.n_layers; i++)
        for (size_t j = 0; status == HX_OK && j < HX_TRUNK_PRODUCTS; j++)
            status = merge_product(t, nn, &t->layers[i].products[j], err);
    hx__trunk_bind(t);
    return status;
}

/* ------------------------------------------------------------------ tensors of a folder */
typedef struct {
    hx_trunk *t;
    const hx_nn *nn;
    float *rows; /* (64, widest) */
    uint8_t *encoded; /* as many elements */
    size_t room; /* floats of rows */
    hx_dtype type;
} folder_job;

typedef struct {
    folder_job *job;
    const hx_trunk_product *product; /* part of it, or NULL: */
    size_t part;
    const hx_param *param; /* in memory, or */
    const hx_tensor_entry *entry; /* in the model's file */
    char name[HX_TRUNK_NAME];
    uint64_t dims[2];
    uint32_t n_dims;
} folder_tensor;

typedef struct {
    folder_tensor *list;
    size_t n, room;
} tensor_list;

static void read_rows(const folder_tensor *f, size_t first, size_t n, float *out) {
    size_t columns = (size_t)f->dims[1];
    if (f->param) memcpy(out, f->param->w + first * columns, n * columns * sizeof *out);
    for (size_t i = 0; !f->param && i < n; i++)
        if (f->product)
            hx__trunk_decode_row(&f->product->parts[f->part], first + i, columns,
                                 out + i * columns);
        else
            hx_dtype_decode(f->entry->type,
                            (const uint8_t *)f->entry->data +
                                (first + i) * (size_t)(f->entry->bytes / f->entry->dims[0]),
                            columns, out + i * columns);
    if (f->product && f->product->adapted)
        hx__trunk_add_adapter(f->job->t, f->job->nn, f->product, f->part, first, n, out);
}

static hx_status fill(void *context, hx_tensor_sink *out, hx_error *err) {
    const folder_tensor *f = context;
    const folder_job *job = f->job;
    size_t rows = (size_t)f->dims[0], columns = (size_t)f->dims[1];
    size_t step = columns * ROWS > job->room ? 1 : ROWS;
    for (size_t first = 0; first < rows; first += step) {
        size_t n = rows - first < step ? rows - first : step;
        read_rows(f, first, n, job->rows);
        HX_TRY(hx_dtype_encode(job->type, job->rows, n * columns, NULL, job->encoded, err));
        HX_TRY(hx_tensor_sink_write(
            out, job->encoded, n * columns * hx_dtype_describe((uint32_t)job->type)->bytes, err));
    }
    return HX_OK;
}

static folder_tensor *append(tensor_list *l, folder_job *job, const char *name, uint32_t n_dims,
                             uint64_t rows, uint64_t columns) {
    if (l->n == l->room) return NULL;
    folder_tensor *f = &l->list[l->n++];
    *f = (folder_tensor){.job = job, .n_dims = n_dims, .dims = {rows, columns}};
    size_t length = strlen(name);
    memcpy(f->name, name, length < HX_TRUNK_NAME ? length : HX_TRUNK_NAME - 1);
    return f;
}

static void append_param(tensor_list *l, folder_job *job, const hx_param *p) {
    folder_tensor *f = append(l, job, p->name, p->n_dims, p->dims[0], p->dims[1]);
    if (f) f->param = p;
}

static void append_product(tensor_list *l, folder_job *job, const hx_trunk_product *p) {
    char name[HX_TRUNK_NAME];
    for (size_t i = 0; i < p->n_parts; i++) {
        const hx_trunk_matrix *m = &p->parts[i];
        hx__trunk_name(p->layer, m->matrix, "weight", name);
        folder_tensor *f = append(l, job, name, 2, m->rows, p->k);
        if (!f) return;
        f->product = p;
        f->part = i;
        if (m->weight != HX_TRUNK_NONE) f->param = hx_params_at(job->t->params, m->weight);
    }
}

static void append_table(tensor_list *l, folder_job *job, const char *name,
                         const hx_tensor_entry *e) {
    const hx_config *c = &job->t->config;
    if (hx_params_find(job->t->params, name) || !e) return;
    folder_tensor *f = append(l, job, name, 2, c->n_vocab, c->n_embd);
    if (f) f->entry = e;
}

static bool is_own(const char *name) {
    return strncmp(name, "model.", 6) == 0 || strcmp(name, "lm_head.weight") == 0;
}

static bool is_matrix(const hx_trunk *t, const hx_param *p) {
    for (size_t i = 0; i < t->config.n_layers; i++)
        for (size_t j = 0; j < HX_TRUNK_PRODUCTS; j++)
            for (size_t k = 0; k < t->layers[i].products[j].n_parts; k++) {
                size_t weight = t->layers[i].products[j].parts[k].weight;
                if (weight != HX_TRUNK_NONE && hx_params_at(t->params, weight) == p) return true;
            }
    return false;
}

static void append_all(tensor_list *l, folder_job *job, bool heads) {
    hx_trunk *t = job->t;
    append_table(l, job, "model.embed_tokens.weight", t->stored_embedding);
    if (t->has_output) append_table(l, job, "lm_head.weight", t->stored_output);
    for (size_t i = 0; i < t->config.n_layers; i++)
        for (size_t j = 0; j < HX_TRUNK_PRODUCTS; j++)
            append_product(l, job, &t->layers[i].products[j]);
    for (size_t i = 0; i < hx_params_count(t->params); i++) {
        const hx_param *p = hx_params_at(t->params, i);
        bool is_adapter = strncmp(p->name, ADAPTER, sizeof ADAPTER - 1) == 0;
        bool is_teacher = strncmp(p->name, TEACHER, sizeof TEACHER - 1) == 0;
        if (p->n == 0 || is_adapter || is_teacher || is_matrix(t, p)) continue;
        if (is_own(p->name) || heads) append_param(l, job, p);
    }
}

/* ------------------------------------------------------------------ files */
static hx_status write_tensors(const tensor_list *l, const char *path, hx_dtype type,
                               hx_error *err) {
    hx_tensor_source *sources = calloc(l->n + 1, sizeof *sources);
    if (!sources) return hx_fail(err, HX_ENOMEM, "%s: out of memory", path);
    for (size_t i = 0; i < l->n; i++) {
        folder_tensor *f = &l->list[i];
        sources[i] = (hx_tensor_source){f->name, type, f->n_dims, f->dims, fill, f};
    }
    hx_status status = hx_safetensors_write(path, sources, l->n, err);
    free(sources);
    return status;
}

static hx_status write_weights(folder_job *job, const char *path, bool heads, hx_error *err) {
    hx_trunk *t = job->t;
    tensor_list l = {.room = hx_params_count(t->params) + 2 + HX_MATRICES * t->config.n_layers};
    size_t widest = t->widest_columns > t->config.n_embd ? t->widest_columns : t->config.n_embd;
    for (size_t i = 0; i < hx_params_count(t->params); i++)
        if (hx_params_at(t->params, i)->dims[1] > widest)
            widest = (size_t)hx_params_at(t->params, i)->dims[1];
    job->room = widest * ROWS;
    l.list = calloc(l.room, sizeof *l.list);
    job->rows = calloc(job->room, sizeof *job->rows);
    job->encoded = calloc(job->room, sizeof(float));
    hx_status status = HX_OK;
    if (!l.list || !job->rows || !job->encoded)
        status = hx_fail(err, HX_ENOMEM, "%s: out of memory", path);
    if (status == HX_OK) append_all(&l, job, heads);
    if (status == HX_OK) status = write_tensors(&l, path, job->type, err);
    free(l.list);
    free(job->rows);
    free(job->encoded);
    return status;
}

static hx_status write_config(const hx_trunk *t, const char *path, hx_dtype type, bool heads,
                              hx_error *err) {
    hx_buf json;
    hx_config c = t->config;
    c.has_head = c.has_head && heads && hx_params_find(t->params, "score.weight");
    hx_buf_init(&json, HX_CONFIG_BYTES_MAX);
    hx_config_write_json(&c, type, t->layers[0].products[HX_TRUNK_QKV].bias != NULL,
                         t->layers[0].products[HX_TRUNK_GATE_UP].bias != NULL, &json);
    hx_status status = hx_buf_status(&json, path, err);
    if (status == HX_OK) status = hx_file_write(path, hx_buf_str(&json), false, err);
    hx_buf_release(&json);
    return status;
}

hx_status hx_trunk_save_folder(hx_trunk *t, const hx_nn *nn, const char *folder, hx_dtype type,
                               bool heads, hx_error *err) {
    folder_job job = {.t = t, .nn = nn, .type = type};
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) return hx_fail_errno(err, folder, errno);
    char *config = hx_file_beside(folder, "/config.json");
    char *weights = hx_file_beside(folder, "/model.safetensors");
    hx_status status = HX_OK;
    if (!config || !weights) status = hx_fail(err, HX_ENOMEM, "%s: out of memory", folder);
    if (status == HX_OK) status = write_config(t, config, type, heads, err);
    if (status == HX_OK) status = write_weights(&job, weights, heads, err);
    free(config);
    free(weights);
    return status;
}
