/* tensor_file.c - the handle of a file of tensors: which format it has, names, pages.
 *
 * The format is told by the first bytes; only an index of shards goes by its name. Everything small (names, entries) is in one
 * arena; the tensors stay in the mapping. Names are found by a hash map of 64-bit hashes: of two names with one hash the second is
 * put in under the next seed.
 *
 * Invariant: entries [0, n_tensors) are complete and indexed; what a failed open leaves behind is closed by the same close. */
#include "tensor/tensor_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"

/* ------------------------------------------------------------------ names */

int64_t hx__name_find(const hx_name_index *x, const void *array, hx_name_of *name_of, hx_str name) {
    for (uint64_t seed = 0;; seed++) {
        const uint64_t *at = hx_map_get(&x->map, hx_hash_seed(name, seed));
        if (!at) return -1;
        if (hx_str_equal(name_of(array, (size_t)*at), name)) return (int64_t)*at;
    }
}

hx_status hx__name_put(hx_name_index *x, const void *array, hx_name_of *name_of, size_t i,
                       bool *is_new, hx_error *err) {
    hx_str name = name_of(array, i);
    *is_new = hx__name_find(x, array, name_of, name) < 0;
    if (!*is_new) return HX_OK;
    uint64_t seed = 0;
    while (hx_map_get(&x->map, hx_hash_seed(name, seed)))
        seed++;
    uint64_t *at = hx_map_put(&x->map, hx_hash_seed(name, seed));
    if (!at) return hx_fail(err, HX_ENOMEM, "out of memory");
    *at = i;
    return HX_OK;
}

static hx_str tensor_name(const void *array, size_t i) {
    return ((const hx_tensor_entry *)array)[i].name;
}

/* ------------------------------------------------------------------ adding tensors */

hx_status hx__tensor_file_room(hx_tensor_file *f, size_t n, hx_error *err) {
    if (n > HX_TENSORS_MAX - f->n_tensors)
        return hx_fail(err, HX_ELIMIT, "%s: more than %zu tensors", f->path, HX_TENSORS_MAX);
    size_t room = f->n_tensors + n;
    hx_tensor_entry *tensors = hx_arena_alloc(f->arena, room * sizeof *tensors);
    if (!tensors) return hx_fail(err, HX_ENOMEM, "%s: out of memory", f->path);
    if (f->n_tensors) memcpy(tensors, f->tensors, f->n_tensors * sizeof *tensors);
    f->tensors = tensors;
    f->n_room = room;
    return HX_OK;
}

hx_status hx__tensor_check_name(const hx_tensor_file *f, const char *path, hx_str name,
                                hx_error *err) {
    size_t i = f->n_tensors + 1;
    if (name.len == 0) return hx_fail(err, HX_EFORMAT, "%s: tensor %zu has no name", path, i);
    if (name.len > HX_TENSOR_NAME_MAX)
        return hx_fail(err, HX_ELIMIT,
                       "%s: the name of tensor %zu has %zu bytes; at most %d are allowed", path, i,
                       name.len, HX_TENSOR_NAME_MAX);
    if (memchr(name.ptr, '\0', name.len) || !hx_utf8_is_valid(name))
        return hx_fail(err, HX_EFORMAT, "%s: the name of tensor %zu is not text", path, i);
    return HX_OK;
}

hx_status hx__tensor_file_add(hx_tensor_file *f, const char *path, const hx_tensor_entry *t,
                              hx_error *err) {
    HX_TRY(hx__tensor_check_name(f, path, t->name, err));
    if (f->n_tensors == f->n_room)
        return hx_fail(err, HX_EINTERNAL, "%s: more tensors than were counted", path);
    hx_tensor_entry *kept = &f->tensors[f->n_tensors];
    *kept = *t;
    kept->name = hx_arena_str(f->arena, t->name);
    if (!kept->name.ptr) return hx_fail(err, HX_ENOMEM, "%s: out of memory", path);
    bool is_new;
    HX_TRY(hx__name_put(&f->names, f->tensors, tensor_name, f->n_tensors, &is_new, err));
    if (!is_new)
        return hx_fail(err, HX_EFORMAT, "%s: two tensors are called '%.*s'", path,
                       HX_STR_ARG(t->name));
    f->n_tensors++;
    return HX_OK;
}

hx_status hx__tensor_measure(hx_tensor_entry *t, const char *path, hx_error *err) {
    const hx_dtype_info *type = hx_dtype_describe((uint32_t)t->type);
    uint64_t n = 1;
    for (uint32_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] == 0)
            return hx_fail(err, HX_EFORMAT, "%s: tensor '%.*s' has a dimension of 0", path,
                           HX_STR_ARG(t->name));
        if (__builtin_mul_overflow(n, t->dims[i], &n))
            return hx_fail(err, HX_EFORMAT, "%s: the dimensions of tensor '%.*s' are too large",
                           path, HX_STR_ARG(t->name));
    }
    if (type->block == 0 || t->dims[t->n_dims - 1] % type->block != 0)
        return hx_fail(err, HX_EFORMAT,
                       "%s: rows of tensor '%.*s' have %llu elements, which is no multiple of %zu "
                       "as %s needs",
                       path, HX_STR_ARG(t->name), (unsigned long long)t->dims[t->n_dims - 1],
                       type->block, type->name ? type->name : "?");
    if (!hx_dtype_size(t->type, n, &t->bytes))
        return hx_fail(err, HX_EFORMAT, "%s: the dimensions of tensor '%.*s' are too large", path,
                       HX_STR_ARG(t->name));
    return HX_OK;
}

/* ------------------------------------------------------------------ open, close */

static bool has_ending(const char *path, const char *ending) {
    size_t len = strlen(path), n = strlen(ending);
    return len >= n && strcmp(path + len - n, ending) == 0;
}

static hx_status read_by_format(hx_tensor_file *f, hx_error *err) {
    hx_str bytes = f->shards[0].bytes;
    if (bytes.len >= 4 && memcmp(bytes.ptr, "GGUF", 4) == 0) {
        f->is_gguf = true;
        return hx__gguf_read(f, err);
    }
    if (!f->is_borrowed && has_ending(f->path, ".json")) return hx__safetensors_read_index(f, err);
    if (hx__safetensors_begins(bytes)) return hx__safetensors_read(f, err);
    return hx_fail(err, HX_EFORMAT, "%s is neither a GGUF nor a safetensors file", f->path);
}

/* From `bytes`, or where that is NULL from the file at `path`. */
static hx_status open_into(hx_tensor_file *f, const char *path, const hx_str *bytes,
                           hx_error *err) {
    f->path = hx_arena_str(f->arena, hx_str_of(path)).ptr;
    f->shards = hx_arena_alloc(f->arena, sizeof *f->shards);
    if (!f->path || !f->shards) return hx_fail(err, HX_ENOMEM, "%s: out of memory", path);
    f->is_borrowed = bytes != NULL;
    if (bytes)
        f->shards[0].bytes = *bytes;
    else
        HX_TRY(hx_mapping_open(&f->shards[0], path, err));
    f->n_shards = 1;
    return read_by_format(f, err);
}

static hx_status open_new(hx_tensor_file **out, const char *path, const hx_str *bytes,
                          hx_error *err) {
    *out = NULL;
    hx_tensor_file *f = calloc(1, sizeof *f);
    if (!f) return hx_fail(err, HX_ENOMEM, "%s: out of memory", path);
    hx_map_init(&f->names.map);
    hx_map_init(&f->keys.map);
    f->arena = hx_arena_new(0);
    hx_status status = f->arena ? open_into(f, path, bytes, err)
                                : hx_fail(err, HX_ENOMEM, "%s: out of memory", path);
    if (status == HX_OK)
        *out = f;
    else
        hx_tensor_file_close(f);
    return status;
}

hx_status hx_tensor_file_open(hx_tensor_file **out, const char *path, hx_error *err) {
    return open_new(out, path, NULL, err);
}

hx_status hx__tensor_file_open_bytes(hx_tensor_file **out, const char *name, hx_str bytes,
                                     hx_error *err) {
    return open_new(out, name, &bytes, err);
}

void hx_tensor_file_close(hx_tensor_file *f) {
    if (!f) return;
    for (size_t i = 0; i < f->n_shards && !f->is_borrowed; i++)
        hx_mapping_close(&f->shards[i]);
    hx_map_release(&f->names.map);
    hx_map_release(&f->keys.map);
    hx_arena_free(f->arena);
    free(f);
}

/* ------------------------------------------------------------------ questions */

const char *hx_tensor_file_path(const hx_tensor_file *f) {
    return f->path;
}

bool hx_tensor_file_is_gguf(const hx_tensor_file *f) {
    return f->is_gguf;
}

uint64_t hx_tensor_file_bytes(const hx_tensor_file *f) {
    uint64_t sum = 0;
    for (size_t i = 0; i < f->n_shards; i++)
        sum += f->shards[i].bytes.len;
    return sum;
}

size_t hx_tensor_file_count(const hx_tensor_file *f) {
    return f->n_tensors;
}

const hx_tensor_entry *hx_tensor_file_at(const hx_tensor_file *f, size_t i) {
    return i < f->n_tensors ? &f->tensors[i] : NULL;
}

const hx_tensor_entry *hx_tensor_file_find(const hx_tensor_file *f, const char *name) {
    int64_t i = hx__name_find(&f->names, f->tensors, tensor_name, hx_str_of(name));
    return i < 0 ? NULL : &f->tensors[i];
}

void hx_tensor_file_drop(const hx_tensor_file *f, const hx_tensor_entry *t) {
    if (f->is_borrowed) return;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)t->data + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)t->data + (uintptr_t)t->bytes) / page * page;
    /* Only whole pages of its own: others may be reading the neighbours. A refusal costs memory, nothing else. */
    if (first < end) (void)madvise((void *)first, end - first, MADV_DONTNEED);
}
