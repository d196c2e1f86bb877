/* safetensors.c - reading safetensors files (github.com/huggingface/safetensors), alone or as shards named by an index.
 *
 *   u64 n, n bytes of JSON: {"__metadata__": {..}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ..}
 *   the tensors, offsets counted from here
 *
 * As in the reference the tensors follow each other without gap or overlap and fill the file to its end: what is in the file is in
 * the header. model.safetensors.index.json is {"weight_map": {"name": "shard.safetensors", ..}}: exactly the tensors of its
 * shards, which lie beside it. Unsigned and boolean numbers are listed as the signed type of their size; they are never weights. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "tensor/tensor_parts.h"

#define HEADER_AT sizeof(uint64_t)
#define SHARD_ENDING ".safetensors"
#define SHARD_NAME_MAX 255

static const struct {
    const char *name;
    hx_dtype type;
} type_names[] = {
    {"F32", HX_DTYPE_F32}, {"F16", HX_DTYPE_F16}, {"BF16", HX_DTYPE_BF16}, {"F64", HX_DTYPE_F64},
    {"I8", HX_DTYPE_I8},   {"I16", HX_DTYPE_I16}, {"I32", HX_DTYPE_I32},   {"I64", HX_DTYPE_I64},
    {"U8", HX_DTYPE_I8},   {"U16", HX_DTYPE_I16}, {"U32", HX_DTYPE_I32},   {"U64", HX_DTYPE_I64},
    {"BOOL", HX_DTYPE_I8},
};

typedef struct {
    hx_tensor_entry entry; /* its name borrows from the JSON */
    uint64_t begin, end;
} header_entry;

/* One file of tensors: a shard or all there is. */
typedef struct {
    hx_tensor_file *f;
    const char *path;
    const char *shard; /* as the index calls it; NULL without an index */
    const json_t *weight_map; /* of the index, or NULL */
    hx_str bytes;
    hx_error *err;
} shard_walk;

/* ------------------------------------------------------------------ header */

static hx_status read_dtype(const shard_walk *w, const char *name, const json_t *value,
                            hx_dtype *out) {
    const char *text = json_string_value(value);
    if (!text) return hx_fail(w->err, HX_EFORMAT, "%s: tensor '%s' has no dtype", w->path, name);
    for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
        if (strcmp(text, type_names[i].name) != 0) continue;
        *out = type_names[i].type;
        return HX_OK;
    }
    return hx_fail(w->err, HX_EUNSUPPORTED,
                   "%s: tensor '%s' has the dtype '%.*s', which is not supported", w->path, name,
                   HX_STR_ARG(hx_str_of(text)));
}

/* A whole number >= 0. */
static bool read_count(const json_t *value, uint64_t *out) {
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static hx_status read_shape(const shard_walk *w, const char *name, const json_t *shape,
                            hx_tensor_entry *t) {
    size_t n = json_array_size(shape);
    for (size_t i = 0; i < HX_TENSOR_DIMS_MAX; i++)
        t->dims[i] = 1;
    if (!json_is_array(shape) || n > HX_TENSOR_DIMS_MAX)
        return hx_fail(w->err, HX_EFORMAT, "%s: tensor '%s' has no shape of 0 to %d dimensions",
                       w->path, name, HX_TENSOR_DIMS_MAX);
    t->n_dims = n ? (uint32_t)n : 1; /* a single number is a tensor of one element */
    for (size_t i = 0; i < n; i++)
        if (!read_count(json_array_get(shape, i), &t->dims[i]))
            return hx_fail(w->err, HX_EFORMAT,
                           "%s: the shape of tensor '%s' holds something that is no whole number",
                           w->path, name);
    return hx__tensor_measure(t, w->path, w->err);
}

static hx_status read_offsets(const shard_walk *w, const char *name, const json_t *offsets,
                              header_entry *e) {
    uint64_t data = w->bytes.len;
    if (json_array_size(offsets) != 2 || !read_count(json_array_get(offsets, 0), &e->begin) ||
        !read_count(json_array_get(offsets, 1), &e->end) || e->begin > e->end)
        return hx_fail(w->err, HX_EFORMAT,
                       "%s: the data_offsets of tensor '%s' are no begin and end", w->path, name);
    if (e->end > data)
        return hx_fail(w->err, HX_EFORMAT,
                       "%s: tensor '%s' of %llu bytes reaches beyond the end of the file", w->path,
                       name, (unsigned long long)(e->end - e->begin));
    if (e->end - e->begin != e->entry.bytes)
        return hx_fail(w->err, HX_EFORMAT,
                       "%s: tensor '%s' has %llu bytes by its shape, but %llu by its data_offsets",
                       w->path, name, (unsigned long long)e->entry.bytes,
                       (unsigned long long)(e->end - e->begin));
    return HX_OK;
}

static hx_status read_entry(const shard_walk *w, const char *name, const json_t *value,
                            header_entry *e) {
    *e = (header_entry){.entry.name = hx_str_of(name)};
    HX_TRY(read_dtype(w, name, json_object_get(value, "dtype"), &e->entry.type));
    HX_TRY(read_shape(w, name, json_object_get(value, "shape"), &e->entry));
    return read_offsets(w, name, json_object_get(value, "data_offsets"), e);
}

static int by_begin(const void *a, const void *b) {
    uint64_t x = ((const header_entry *)a)->begin, y = ((const header_entry *)b)->begin;
    return (x > y) - (x < y);
}

/* A shard holds what the index says, nothing else. */
static hx_status check_index(const shard_walk *w, hx_str name) {
    const char *said = json_string_value(json_object_get(w->weight_map, name.ptr));
    if (said && strcmp(said, w->shard) == 0) return HX_OK;
    return hx_fail(w->err, HX_EFORMAT, "%s: the index does not place tensor '%.*s' in this file",
                   w->path, HX_STR_ARG(name));
}

static hx_status place(const shard_walk *w, header_entry *entries, size_t n) {
    uint64_t end = 0;
    if (n) qsort(entries, n, sizeof *entries, by_begin);
    for (size_t i = 0; i < n; i++) {
        hx_tensor_entry *t = &entries[i].entry;
        if (entries[i].begin != end)
            return hx_fail(w->err, HX_EFORMAT,
                           entries[i].begin < end
                               ? "%s: tensor '%.*s' overlaps the one before it"
                               : "%s: bytes that belong to no tensor lie before tensor '%.*s'",
                           w->path, HX_STR_ARG(t->name));
        end = entries[i].end;
        t->data = w->bytes.ptr + entries[i].begin;
        if (w->weight_map) HX_TRY(check_index(w, t->name));
        HX_TRY(hx__tensor_file_add(w->f, w->path, t, w->err));
    }
    if (end != w->bytes.len)
        return hx_fail(w->err, HX_EFORMAT,
                       "%s: %llu bytes at the end of the file belong to no tensor", w->path,
                       (unsigned long long)(w->bytes.len - end));
    return HX_OK;
}

static hx_status check_metadata(const shard_walk *w, const json_t *metadata) {
    const char *key;
    json_t *value;
    bool good = json_is_object(metadata);
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value) {
        good = good && json_is_string(value);
    }
    if (good) return HX_OK;
    return hx_fail(w->err, HX_EFORMAT, "%s: __metadata__ is no object of texts", w->path);
}

static hx_status read_entries(const shard_walk *w, json_t *root, header_entry *entries, size_t *n) {
    const char *name;
    json_t *value;
    *n = 0;
    json_object_foreach(root, name, value) {
        if (strcmp(name, "__metadata__") == 0)
            HX_TRY(check_metadata(w, value));
        else
            HX_TRY(read_entry(w, name, value, &entries[(*n)++]));
    }
    return HX_OK;
}

static hx_status read_root(const shard_walk *w, json_t *root) {
    size_t n = json_object_size(root);
    if (!json_is_object(root))
        return hx_fail(w->err, HX_EFORMAT, "%s: the header is no JSON object", w->path);
    if (!w->weight_map) HX_TRY(hx__tensor_file_room(w->f, n, w->err));
    header_entry *entries = calloc(n ? n : 1, sizeof *entries);
    if (!entries) return hx_fail(w->err, HX_ENOMEM, "%s: out of memory", w->path);
    hx_status status = read_entries(w, root, entries, &n);
    if (status == HX_OK) status = place(w, entries, n);
    free(entries);
    return status;
}

static hx_status read_shard(shard_walk *w, hx_str file) {
    uint64_t n = 0;
    if (!hx__safetensors_begins(file))
        return hx_fail(w->err, HX_EFORMAT, "%s is neither a GGUF nor a safetensors file", w->path);
    memcpy(&n, file.ptr, sizeof n);
    if (n > file.len - HEADER_AT)
        return hx_fail(w->err, HX_EFORMAT,
                       "%s: the header of %llu bytes reaches beyond the end of the file", w->path,
                       (unsigned long long)n);
    hx_str header = {file.ptr + HEADER_AT, (size_t)n};
    w->bytes = (hx_str){header.ptr + n, file.len - HEADER_AT - (size_t)n};
    json_t *root = NULL;
    HX_TRY(hx_json_parse(header, HX_SAFETENSORS_HEADER_MAX, w->path, &root, w->err));
    hx_status status = read_root(w, root);
    json_decref(root);
    return status;
}

bool hx__safetensors_begins(hx_str file) {
    return file.len > HEADER_AT && file.ptr[HEADER_AT] == '{';
}

hx_status hx__safetensors_read(hx_tensor_file *f, hx_error *err) {
    shard_walk w = {.f = f, .path = f->path, .err = err};
    return read_shard(&w, f->shards[0].bytes);
}

/* ------------------------------------------------------------------ index */

/* A file beside the index, itself or by a link (hub caches are made of links): no folder, no hidden file, nothing above. */
static bool is_shard_name(const char *name) {
    size_t len = strlen(name), ending = sizeof SHARD_ENDING - 1;
    return len > ending && len <= SHARD_NAME_MAX && name[0] != '.' &&
           strcmp(name + len - ending, SHARD_ENDING) == 0 && !strpbrk(name, "/\\");
}

static hx_str shard_name(const void *array, size_t i) {
    return hx_str_of(((const char *const *)array)[i]);
}

static hx_status list_shards(const hx_tensor_file *f, const json_t *weight_map,
                             hx_name_index *index, const char **shards, size_t *n, hx_error *err) {
    const char *name;
    json_t *value;
    *n = 0;
    json_object_foreach((json_t *)(uintptr_t)weight_map, name, value) {
        const char *shard = json_string_value(value);
        bool is_new;
        if (!shard || !is_shard_name(shard))
            return hx_fail(err, HX_EFORMAT,
                           "%s: '%s' is placed in '%s', which is no name of a .safetensors file "
                           "beside the index",
                           f->path, name, shard ? shard : "");
        shards[*n] = shard;
        HX_TRY(hx__name_put(index, shards, shard_name, *n, &is_new, err));
        *n += is_new;
        if (*n > HX_TENSOR_SHARDS_MAX)
            return hx_fail(err, HX_ELIMIT, "%s: more than %d shards", f->path,
                           HX_TENSOR_SHARDS_MAX);
    }
    return HX_OK;
}

/* The shard's path, in the arena. */
static const char *path_beside(hx_tensor_file *f, const char *name) {
    const char *slash = strrchr(f->path, '/');
    size_t folder = slash ? (size_t)(slash - f->path) + 1 : 0, len = strlen(name);
    char *path = hx_arena_alloc(f->arena, folder + len + 1);
    if (!path) return NULL;
    memcpy(path, f->path, folder);
    memcpy(path + folder, name, len);
    return path;
}

static hx_status read_shards(hx_tensor_file *f, const json_t *weight_map, const char **names,
                             size_t n, hx_error *err) {
    hx_mapping_close(&f->shards[0]); /* of the index, whose JSON is parsed */
    f->n_shards = 0;
    f->shards = hx_arena_alloc(f->arena, n * sizeof *f->shards);
    if (!f->shards) return hx_fail(err, HX_ENOMEM, "%s: out of memory", f->path);
    for (size_t i = 0; i < n; i++) {
        shard_walk w = {.f = f, .shard = names[i], .weight_map = weight_map, .err = err};
        w.path = path_beside(f, names[i]);
        if (!w.path) return hx_fail(err, HX_ENOMEM, "%s: out of memory", f->path);
        HX_TRY(hx_mapping_open(&f->shards[i], w.path, err));
        f->n_shards++;
        HX_TRY(read_shard(&w, f->shards[i].bytes));
    }
    return HX_OK;
}

static hx_status check_all_found(const hx_tensor_file *f, const json_t *weight_map, hx_error *err) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)weight_map, name, value) {
        if (!hx_tensor_file_find(f, name))
            return hx_fail(err, HX_EFORMAT, "%s: tensor '%s' is not in '%s'", f->path, name,
                           json_string_value(value));
    }
    return HX_OK;
}

static hx_status read_weight_map(hx_tensor_file *f, const json_t *weight_map, hx_error *err) {
    const char *shards[HX_TENSOR_SHARDS_MAX + 1];
    size_t n;
    if (json_object_size(weight_map) == 0)
        return hx_fail(err, HX_EFORMAT, "%s: the index has no weight_map of tensors to files",
                       f->path);
    hx_name_index index;
    hx_map_init(&index.map);
    hx_status status = list_shards(f, weight_map, &index, shards, &n, err);
    hx_map_release(&index.map);
    if (status != HX_OK) return status;
    HX_TRY(hx__tensor_file_room(f, json_object_size(weight_map), err));
    HX_TRY(read_shards(f, weight_map, shards, n, err));
    return check_all_found(f, weight_map, err);
}

hx_status hx__safetensors_read_index(hx_tensor_file *f, hx_error *err) {
    json_t *root = NULL;
    HX_TRY(hx_json_parse(f->shards[0].bytes, HX_SAFETENSORS_HEADER_MAX, f->path, &root, err));
    hx_status status = read_weight_map(f, json_object_get(root, "weight_map"), err);
    json_decref(root);
    return status;
}
