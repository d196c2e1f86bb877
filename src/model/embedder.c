/* embedder.c - what reads texts for the recipe step "embed": language models by name or path, one open at a time.
 *
 *     request -> the model (opened where it is not the one that is open) -> texts that were not read before -> hx_llama_embed -> vectors
 *
 * Vectors are remembered by the hash of their text, so that the folds of a cross-validation, a validation set and the test read a text once;
 * beyond MEMORY bytes nothing more is remembered. A text's vector depends on it alone, not on what is read beside it. Calls of several
 * threads wait for each other. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/buf.h"
#include "huaxiang/model.h"

#define MEMORY ((size_t)1 << 30)
#define TEXTS_TOGETHER 64

struct hx_embedder {
    pthread_mutex_t lock;
    hx_text_embedder as_seen; /* context is this */
    hx_arena *arena; /* owned: folder, path, kernels */
    const char *folder;
    hx_llama_options options;
    hx_llama *model; /* owned; NULL = none is open */
    hx_llama_context *context; /* owned */
    hx_buf name; /* the open one's, as it was asked for */
    size_t width;
    hx_map places; /* of a text's hash: its row in `rows` plus one */
    hx_buf rows; /* vectors of `width` floats */
};

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the vectors of texts");
}

/* ------------------------------------------------------------------ the model */
static void close_model(hx_embedder *e) {
    hx_llama_context_close(e->context);
    hx_llama_close(e->model);
    e->context = NULL;
    e->model = NULL;
    hx_map_reset(&e->places);
    hx_buf_reset(&e->rows);
    hx_buf_reset(&e->name);
}

static hx_status open_path(hx_embedder *e, const char *path, hx_error *err) {
    const hx_context_options context = {.n_sequences = 1};
    HX_TRY(hx_llama_open(&e->model, path, &e->options, err));
    e->width = hx_llama_describe(e->model)->n_embd;
    return hx_llama_context_open(&e->context, e->model, &context, err);
}

static hx_status open_model(hx_embedder *e, hx_str name, hx_error *err) {
    hx_str path = {NULL, 0};
    if (e->context && hx_str_equal(hx_buf_str(&e->name), name)) return HX_OK;
    close_model(e);
    const char *own = hx_arena_str(e->arena, name).ptr;
    if (!own || !hx_buf_append_str(&e->name, name)) return no_memory(err);
    hx_status st = hx_model_resolve(own, e->folder, e->arena, &path, err);
    if (st == HX_OK) st = open_path(e, path.ptr, err);
    if (st != HX_OK) close_model(e);
    return st;
}

/* ------------------------------------------------------------------ vectors */
static uint64_t key_of(const hx_text_embedding *how, hx_str text) {
    uint64_t flags = (uint64_t)how->mean | (uint64_t)how->normalize << 1 |
                     (uint64_t)how->bidirectional << 2 | (uint64_t)how->max_length << 3;
    return hx_hash_mix(hx_hash(text), flags);
}

static const float *remembered(const hx_embedder *e, uint64_t key) {
    const uint64_t *place = hx_map_get(&e->places, key);
    return place && *place ? (const float *)(const void *)e->rows.ptr + (*place - 1) * e->width
                           : NULL;
}

/* Where there is no room it is read again the next time. */
static void remember(hx_embedder *e, uint64_t key, const float *row) {
    const size_t bytes = e->width * sizeof *row;
    if (e->rows.len + bytes > MEMORY || !hx_buf_append(&e->rows, row, bytes)) return;
    uint64_t *place = hx_map_put(&e->places, key);
    if (place) *place = e->rows.len / bytes;
}

static hx_status read_batch(hx_embedder *e, const hx_text_embedding *how, const hx_str *texts,
                            const size_t *which, size_t n, float *room, float *out, hx_error *err) {
    const hx_embed_options o = {.pooling = how->mean ? HX_POOL_MEAN : HX_POOL_LAST,
                                .normalize = how->normalize,
                                .bidirectional = how->bidirectional,
                                .max_length = how->max_length};
    hx_str batch[TEXTS_TOGETHER];
    for (size_t i = 0; i < n; i++)
        batch[i] = texts[which[i]];
    HX_TRY(hx_llama_embed(e->context, batch, n, &o, room, err));
    for (size_t i = 0; i < n; i++) {
        memcpy(out + which[i] * e->width, room + i * e->width, e->width * sizeof *out);
        remember(e, key_of(how, batch[i]), room + i * e->width);
    }
    return HX_OK;
}

static hx_status read_texts(hx_embedder *e, const hx_text_embedding *how, const hx_str *texts,
                            size_t n, hx_arena *arena, float **out, hx_error *err) {
    size_t which[TEXTS_TOGETHER], waiting = 0;
    float *v = hx_arena_alloc(arena, (n * e->width + 1) * sizeof *v);
    float *room = hx_arena_alloc(arena, TEXTS_TOGETHER * e->width * sizeof *room);
    if (!v || !room) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const float *row = remembered(e, key_of(how, texts[i]));
        if (row)
            memcpy(v + i * e->width, row, e->width * sizeof *v);
        else
            which[waiting++] = i;
        if (waiting < TEXTS_TOGETHER && (i + 1 < n || waiting == 0)) continue;
        HX_TRY(read_batch(e, how, texts, which, waiting, room, v, err));
        waiting = 0;
    }
    *out = v;
    return HX_OK;
}

static hx_status embed(void *context, const hx_text_embedding *how, const hx_str *texts, size_t n,
                       hx_arena *arena, float **out, size_t *width, hx_error *err) {
    hx_embedder *e = context;
    pthread_mutex_lock(&e->lock);
    hx_status st = open_model(e, how->model, err);
    if (st == HX_OK) st = read_texts(e, how, texts, n, arena, out, err);
    *width = e->width;
    pthread_mutex_unlock(&e->lock);
    return st;
}

/* ------------------------------------------------------------------ opening */
hx_status hx_embedder_open(hx_embedder **out, const char *models, const hx_llama_options *options,
                           hx_error *err) {
    hx_embedder *e = calloc(1, sizeof *e);
    if (!e) return no_memory(err);
    e->arena = hx_arena_new(0);
    if (options) e->options = *options;
    e->folder = e->arena ? hx_arena_str(e->arena, hx_str_of(models)).ptr : NULL;
    if (e->folder && e->options.kernels)
        e->options.kernels = hx_arena_str(e->arena, hx_str_of(e->options.kernels)).ptr;
    if (!e->folder || pthread_mutex_init(&e->lock, NULL) != 0) {
        hx_arena_free(e->arena);
        free(e);
        return no_memory(err);
    }
    hx_map_init(&e->places);
    hx_buf_init(&e->rows, MEMORY);
    hx_buf_init(&e->name, 1u << 16);
    e->as_seen = (hx_text_embedder){.context = e, .embed = embed};
    *out = e;
    return HX_OK;
}

void hx_embedder_close(hx_embedder *e) {
    if (!e) return;
    close_model(e);
    hx_map_release(&e->places);
    hx_buf_release(&e->rows);
    hx_buf_release(&e->name);
    pthread_mutex_destroy(&e->lock);
    hx_arena_free(e->arena);
    free(e);
}

const hx_text_embedder *hx_embedder_of(const hx_embedder *e) {
    return &e->as_seen;
}
