/* params.c - the list of weights of a model in training (params.h).
 *
 * Memory of tensors comes in blocks: one for the weights of a tensor or of adjacent tensors, one for their gradients. Large blocks lie on huge
 * pages; all start as zeros. Gradients of embeddings are zero but for the rows of tokens that occur: they take no memory elsewhere. An emptied tensor keeps its place in the list, so that indexes stay; its blocks go when their last tensor does.
 * Files go through a buffer of a few thousand elements: no second copy of a tensor is ever made. */
#include "nn/params.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "nn/parts.h"
#include "tensor/memory.h"

#define TWO_PI 6.283185307179586
#define PAGED ((size_t)1 << 20) /* bytes from which a block lies on pages of its own */
#define PIECE 4096 /* elements written or cleared at once */

typedef struct {
    float *w, *g;
    size_t bytes; /* of each */
    size_t n_users;
} block;

struct hx_params {
    hx_param *list; /* (n) */
    size_t *block_of; /* (n) */
    block *blocks;
    size_t n, room, n_blocks, room_blocks;
    hx_arena *names;
};

/* ------------------------------------------------------------------ memory */
static float *floats_new(size_t bytes) {
    if (bytes >= PAGED) return hx_memory_new(bytes);
    float *p = aligned_alloc(64, bytes);
    if (p) memset(p, 0, bytes);
    return p;
}

static void floats_free(float *p, size_t bytes) {
    if (bytes >= PAGED)
        hx_memory_free(p, bytes);
    else
        free(p);
}

static void block_release(block *b) {
    floats_free(b->w, b->bytes);
    floats_free(b->g, b->bytes);
    *b = (block){0};
}

hx_status hx_params_new(hx_params **out, hx_error *err) {
    hx_params *p = calloc(1, sizeof *p);
    if (p) p->names = hx_arena_new(0);
    if (!p || !p->names) {
        free(p);
        return hx_fail(err, HX_ENOMEM, "out of memory for the weights of a model");
    }
    *out = p;
    return HX_OK;
}

void hx_params_free(hx_params *p) {
    if (!p) return;
    for (size_t i = 0; i < p->n_blocks; i++)
        block_release(&p->blocks[i]);
    free(p->blocks);
    free(p->list);
    free(p->block_of);
    hx_arena_free(p->names);
    free(p);
}

/* A copy of `n` things of `size` with room for `room`; the old one is freed. NULL when out of memory. */
static void *moved(void *old, size_t n, size_t room, size_t size) {
    void *grown = calloc(room, size);
    if (!grown) return NULL;
    if (n) memcpy(grown, old, n * size);
    free(old);
    return grown;
}

static bool reserve_list(hx_params *p, size_t room) {
    hx_param *list = moved(p->list, p->n, room, sizeof *list);
    if (list) p->list = list;
    size_t *block_of = list ? moved(p->block_of, p->n, room, sizeof *block_of) : NULL;
    if (block_of) p->block_of = block_of;
    if (block_of) p->room = room;
    return block_of != NULL;
}

static bool reserve(hx_params *p, size_t more) {
    size_t room = p->room > 0 ? p->room : 16;
    while (room < p->n + more)
        room *= 2;
    if (room > p->room && !reserve_list(p, room)) return false;
    if (p->n_blocks < p->room_blocks) return true;
    size_t n = p->room_blocks > 0 ? 2 * p->room_blocks : 16;
    block *blocks = moved(p->blocks, p->n_blocks, n, sizeof *blocks);
    if (!blocks) return false;
    p->blocks = blocks;
    p->room_blocks = n;
    return true;
}

/* ------------------------------------------------------------------ adding */
static hx_status check_shape(const hx_params *p, const hx_param_shape *s, size_t *elements,
                             hx_error *err) {
    size_t length = strlen(s->name);
    if (length == 0 || length >= HX_PARAM_NAME_MAX)
        return hx_fail(err, HX_EINVAL, "weights: a tensor's name has %zu bytes, not 1 to %d",
                       length, HX_PARAM_NAME_MAX - 1);
    if (hx_params_find(p, s->name))
        return hx_fail(err, HX_ECONFLICT, "weights: there are two tensors called '%s'", s->name);
    uint64_t n = s->n_dims >= 1 && s->n_dims <= 2 ? s->dims[0] : 0;
    bool is_large = __builtin_mul_overflow(n, s->n_dims == 2 ? s->dims[1] : 1, &n);
    if (is_large || n == 0 || n > SIZE_MAX / (4 * sizeof(float)))
        return hx_fail(err, HX_EINVAL, "weights: tensor '%s' has no size that can be held",
                       s->name);
    *elements = (size_t)n;
    return HX_OK;
}

static hx_status check_shapes(const hx_params *p, const hx_param_shape *shapes, size_t n,
                              size_t *sum, hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        size_t elements = 0;
        HX_TRY(check_shape(p, &shapes[i], &elements, err));
        if (__builtin_add_overflow(*sum, elements, sum) || *sum > SIZE_MAX / (4 * sizeof(float)))
            return hx_fail(err, HX_EINVAL, "weights: tensor '%s' has no size that can be held",
                           shapes[i].name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(shapes[i].name, shapes[j].name) == 0)
                return hx_fail(err, HX_ECONFLICT, "weights: there are two tensors called '%s'",
                               shapes[i].name);
    }
    return HX_OK;
}

static bool add_block(hx_params *p, size_t elements, size_t n_users, bool trained) {
    block b = {.bytes = (elements * sizeof(float) + 63) / 64 * 64, .n_users = n_users};
    b.w = floats_new(b.bytes);
    b.g = trained && b.w ? floats_new(b.bytes) : NULL;
    if (!b.w || (trained && !b.g)) {
        block_release(&b);
        return false;
    }
    p->blocks[p->n_blocks++] = b;
    return true;
}

static void append(hx_params *p, const hx_param_shape *s, const char *name, int32_t layer,
                   size_t at) {
    const block *b = &p->blocks[p->n_blocks - 1];
    uint64_t columns = s->n_dims == 2 ? s->dims[1] : 1;
    p->block_of[p->n] = p->n_blocks - 1;
    p->list[p->n++] = (hx_param){
        .name = name,
        .n_dims = s->n_dims,
        .dims = {s->dims[0], columns},
        .n = (size_t)(s->dims[0] * columns),
        .w = b->w + at,
        .g = b->g ? b->g + at : NULL,
        .layer = layer,
        .decay = s->n_dims == 2,
    };
}

hx_status hx_params_add_adjacent(hx_params *p, const hx_param_shape *shapes, size_t n,
                                 int32_t layer, bool trained, size_t *index, hx_error *err) {
    size_t sum = 0, at = 0;
    HX_TRY(check_shapes(p, shapes, n, &sum, err));
    char *names = hx_arena_alloc(p->names, n * HX_PARAM_NAME_MAX);
    if (!names || !reserve(p, n) || !add_block(p, sum, n, trained))
        return hx_fail(err, HX_ENOMEM, "out of memory for %zu weights of tensor '%s'", sum,
                       shapes[0].name);
    const block *b = &p->blocks[p->n_blocks - 1];
    if (layer == 0 && b->g && b->bytes >= PAGED) hx_memory_sparse(b->g, b->bytes);
    if (index) *index = p->n;
    for (size_t i = 0; i < n; i++) {
        char *name = names + i * HX_PARAM_NAME_MAX;
        memcpy(name, shapes[i].name, strlen(shapes[i].name) + 1);
        append(p, &shapes[i], name, layer, at);
        at += p->list[p->n - 1].n;
    }
    return HX_OK;
}

hx_status hx_params_add(hx_params *p, const char *name, uint32_t n_dims, const uint64_t *dims,
                        int32_t layer, bool trained, size_t *index, hx_error *err) {
    hx_param_shape shape = {name, n_dims, {dims[0], n_dims > 1 ? dims[1] : 1}};
    return hx_params_add_adjacent(p, &shape, 1, layer, trained, index, err);
}

void hx_params_drop(hx_params *p, size_t index) {
    hx_param *t = &p->list[index];
    if (t->n == 0) return;
    block *b = &p->blocks[p->block_of[index]];
    if (--b->n_users == 0) block_release(b);
    *t = (hx_param){.name = "", .n_dims = 1};
}

/* ------------------------------------------------------------------ looking */
size_t hx_params_count(const hx_params *p) {
    return p->n;
}

hx_param *hx_params_at(const hx_params *p, size_t i) {
    return &p->list[i];
}

hx_param *hx_params_find(const hx_params *p, const char *name) {
    for (size_t i = 0; i < p->n; i++)
        if (p->list[i].n > 0 && strcmp(p->list[i].name, name) == 0) return &p->list[i];
    return NULL;
}

uint64_t hx_params_elements(const hx_params *p, bool trained_only) {
    uint64_t sum = 0;
    for (size_t i = 0; i < p->n; i++)
        if (!trained_only || p->list[i].g) sum += p->list[i].n;
    return sum;
}

/* ------------------------------------------------------------------ gradients */
bool hx_nn_is_zero(const float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (x[i] != 0) return false;
    return true;
}

/* Pages that were never written stay so. */
static void clear_range(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    float *g = context;
    for (size_t i = first; i < end; i += HX_NN_SPARSE) {
        size_t n = end - i < HX_NN_SPARSE ? end - i : HX_NN_SPARSE;
        if (!hx_nn_is_zero(g + i, n)) memset(g + i, 0, n * sizeof *g);
    }
}

void hx_params_zero_gradients(const hx_nn *nn, hx_params *p) {
    for (size_t i = 0; i < p->n; i++)
        if (p->list[i].g)
            hx_nn_ranges(nn, p->list[i].n, 16 * (size_t)PIECE, clear_range, p->list[i].g);
}

size_t hx_params_norm_scratch(const hx_params *p) {
    size_t most = 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->list[i].g && p->list[i].n > most) most = p->list[i].n;
    return hx_nn_blocks(most) * sizeof(double);
}

double hx_params_gradient_norm(const hx_nn *nn, const hx_params *p) {
    double sum = 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->list[i].g) sum += hx_nn_sum_squares(nn, p->list[i].g, p->list[i].n, nn->scratch);
    return sqrt(sum);
}

/* Box and Muller's pairs. */
void hx_param_randomise(hx_param *p, float deviation, uint64_t seed) {
    hx_rng rng;
    hx_rng_seed(&rng, hx_hash_seed(hx_str_of(p->name), seed));
    for (size_t i = 0; i < p->n; i += 2) {
        double radius = sqrt(-2.0 * log(1.0 - hx_rng_uniform(&rng))) * (double)deviation;
        double angle = TWO_PI * hx_rng_uniform(&rng);
        p->w[i] = (float)(radius * cos(angle));
        if (i + 1 < p->n) p->w[i + 1] = (float)(radius * sin(angle));
    }
}

/* ------------------------------------------------------------------ files */
typedef struct {
    const hx_param *param;
    hx_dtype type;
} param_source;

static hx_status fill_param(void *context, hx_tensor_sink *out, hx_error *err) {
    const param_source *s = context;
    const hx_param *p = s->param;
    if (s->type == HX_DTYPE_F32) return hx_tensor_sink_write(out, p->w, p->n * sizeof *p->w, err);
    float buffer[PIECE];
    for (size_t i = 0; i < p->n; i += PIECE) {
        size_t n = p->n - i < PIECE ? p->n - i : PIECE;
        HX_TRY(hx_dtype_encode(s->type, p->w + i, n, NULL, buffer, err));
        HX_TRY(hx_tensor_sink_write(out, buffer, n * hx_dtype_describe((uint32_t)s->type)->bytes,
                                    err));
    }
    return HX_OK;
}

hx_status hx_params_save(const hx_params *p, const char *path, hx_dtype type, hx_error *err) {
    size_t n = 0;
    hx_tensor_source *tensors = calloc(p->n + 1, sizeof *tensors);
    param_source *sources = calloc(p->n + 1, sizeof *sources);
    hx_status status = HX_OK;
    if (!tensors || !sources) status = hx_fail(err, HX_ENOMEM, "%s: out of memory", path);
    for (size_t i = 0; status == HX_OK && i < p->n; i++) {
        const hx_param *t = &p->list[i];
        if (t->n == 0) continue;
        sources[n] = (param_source){t, type};
        tensors[n] = (hx_tensor_source){t->name, type, t->n_dims, t->dims, fill_param, &sources[n]};
        n++;
    }
    if (status == HX_OK) status = hx_safetensors_write(path, tensors, n, err);
    free(tensors);
    free(sources);
    return status;
}

static hx_status load_param(const hx_tensor_file *f, hx_param *p, hx_error *err) {
    const hx_tensor_entry *e = hx_tensor_file_find(f, p->name);
    const char *path = hx_tensor_file_path(f);
    if (!e) return hx_fail(err, HX_EFORMAT, "%s: tensor '%s' is missing", path, p->name);
    bool is_same = e->n_dims == p->n_dims && e->dims[0] == p->dims[0] && e->dims[1] == p->dims[1];
    if (!is_same)
        return hx_fail(err, HX_EFORMAT, "%s: tensor '%s' has another shape than the model", path,
                       p->name);
    if (!hx_dtype_describe((uint32_t)e->type)->is_weight)
        return hx_fail(err, HX_EFORMAT, "%s: tensor '%s' holds no weights", path, p->name);
    hx_dtype_decode(e->type, e->data, p->n, p->w);
    return HX_OK;
}

hx_status hx_params_load(hx_params *p, const char *path, hx_error *err) {
    hx_tensor_file *f = NULL;
    HX_TRY(hx_tensor_file_open(&f, path, err));
    hx_status status = HX_OK;
    for (size_t i = 0; status == HX_OK && i < p->n; i++)
        if (p->list[i].n > 0) status = load_param(f, &p->list[i], err);
    hx_tensor_file_close(f);
    return status;
}
