/* gguf.c - reading the tables of a GGUF file, version 2 or 3 (github.com/ggml-org/ggml, docs/gguf.md), from its mapping.
 *
 *   "GGUF", u32 version, u64 n_tensors, u64 n_values
 *   n_values  x { str key, u32 type, value }             str = u64 length, bytes
 *   n_tensors x { str name, u32 n_dims, u64 dims[n_dims] fastest first, u32 type, u64 offset }
 *   padding to the alignment, then the tensors at their offsets, in ascending order
 *
 * One walk, nothing allocated for a value's elements. Every length is compared with what is left of the file before it is used: no sum
 * or product of the file's numbers can wrap. A count is refused at once where its smallest elements would not fit into the file. */
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "tensor/tensor_parts.h"

#define VALUE_BYTES_MIN 14 /* key length, one byte of key, type, one byte of value */
#define TENSOR_BYTES_MIN 33 /* name length, one byte of name, n_dims, one dim, type, offset */
#define KEY_BYTES_MAX 65535 /* by the specification */

typedef struct {
    hx_tensor_file *f;
    const char *at, *end;
    hx_error *err;
    bool
        in_tensors; /* what is being read: tensor or value number `index`, called `name` once that is known */
    size_t index;
    hx_str name;
} gguf_walk;

static size_t left(const gguf_walk *w) {
    return (size_t)(w->end - w->at);
}

static hx_status fail_end(const gguf_walk *w) {
    if (w->name.len)
        return hx_fail(w->err, HX_EFORMAT,
                       w->in_tensors ? "%s: the file ends within the description of tensor '%.*s'"
                                     : "%s: the file ends within the value of '%.*s'",
                       w->f->path, HX_STR_ARG(w->name));
    return hx_fail(w->err, HX_EFORMAT,
                   w->in_tensors ? "%s: the file ends within the name of tensor %zu"
                                 : "%s: the file ends within the key of value %zu",
                   w->f->path, w->index + 1);
}

static hx_status take(gguf_walk *w, void *out, size_t n) {
    if (left(w) < n) return fail_end(w);
    memcpy(out, w->at, n);
    w->at += n;
    return HX_OK;
}

/* A string of at most `max` bytes. */
static hx_status take_str(gguf_walk *w, size_t max, hx_str *out) {
    uint64_t n = 0;
    HX_TRY(take(w, &n, sizeof n));
    if (n > left(w)) return fail_end(w);
    if (n > max)
        return hx_fail(w->err, HX_ELIMIT,
                       w->in_tensors ? "%s: the name of tensor %zu has %llu bytes; at most %zu are "
                                       "allowed"
                                     : "%s: value %zu has a text of %llu bytes; at most %zu are "
                                       "allowed",
                       w->f->path, w->index + 1, (unsigned long long)n, max);
    *out = (hx_str){w->at, (size_t)n};
    w->at += n;
    return HX_OK;
}

/* ------------------------------------------------------------------ values */

static size_t element_bytes(uint32_t type) {
    static const uint8_t bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return type < sizeof bytes ? bytes[type] : 0;
}

static hx_status walk_strings(gguf_walk *w, uint64_t n) {
    hx_str ignored;
    if (n > left(w) / sizeof(uint64_t)) return fail_end(w);
    for (uint64_t i = 0; i < n; i++)
        HX_TRY(take_str(w, HX_GGUF_TEXT_MAX, &ignored));
    return HX_OK;
}

static hx_status walk_elements(gguf_walk *w, hx_gguf_value *v, uint32_t type) {
    const char *start = w->at;
    if (type == HX_GGUF_ARRAY)
        return hx_fail(w->err, HX_EFORMAT, "%s: '%.*s' is a list of lists", w->f->path,
                       HX_STR_ARG(v->key));
    if (type > HX_GGUF_F64)
        return hx_fail(w->err, HX_EFORMAT, "%s: '%.*s' has the unknown value type %u", w->f->path,
                       HX_STR_ARG(v->key), type);
    if (type == HX_GGUF_STRING) {
        HX_TRY(walk_strings(w, v->n));
    } else {
        if (v->n > left(w) / element_bytes(type)) return fail_end(w);
        w->at += v->n * element_bytes(type);
    }
    v->type = (hx_gguf_type)type;
    v->raw = (hx_str){start, (size_t)(w->at - start)};
    return HX_OK;
}

static hx_status read_key(gguf_walk *w, hx_gguf_value *v) {
    w->name = (hx_str){NULL, 0};
    HX_TRY(take_str(w, KEY_BYTES_MAX, &v->key));
    if (v->key.len == 0 || memchr(v->key.ptr, '\0', v->key.len) || !hx_utf8_is_valid(v->key))
        return hx_fail(w->err, HX_EFORMAT, "%s: the key of value %zu is empty or not text",
                       w->f->path, w->index + 1);
    w->name = v->key;
    return HX_OK;
}

static hx_status read_value(gguf_walk *w) {
    hx_gguf_value *v = &w->f->values[w->index];
    uint32_t type = 0;
    HX_TRY(read_key(w, v));
    HX_TRY(take(w, &type, sizeof type));
    v->n = 1;
    v->is_array = type == HX_GGUF_ARRAY;
    if (v->is_array) {
        HX_TRY(take(w, &type, sizeof type));
        HX_TRY(take(w, &v->n, sizeof v->n));
    }
    HX_TRY(walk_elements(w, v, type));
    bool is_new;
    HX_TRY(hx__name_put(&w->f->keys, w->f->values, hx__gguf_key_of, w->index, &is_new, w->err));
    if (!is_new)
        return hx_fail(w->err, HX_EFORMAT, "%s: the key '%.*s' appears twice", w->f->path,
                       HX_STR_ARG(v->key));
    w->f->n_values++;
    return HX_OK;
}

static hx_status read_values(gguf_walk *w, uint64_t n) {
    hx_tensor_file *f = w->f;
    if (n > left(w) / VALUE_BYTES_MIN)
        return hx_fail(w->err, HX_EFORMAT,
                       "%s: %llu metadata values do not fit into a file of %zu bytes", f->path,
                       (unsigned long long)n, f->shards[0].bytes.len);
    if (n > HX_GGUF_VALUES_MAX)
        return hx_fail(w->err, HX_ELIMIT, "%s: more than %zu metadata values", f->path,
                       HX_GGUF_VALUES_MAX);
    f->values = hx_arena_alloc(f->arena, (size_t)n * sizeof *f->values);
    if (!f->values) return hx_fail(w->err, HX_ENOMEM, "%s: out of memory", f->path);
    w->in_tensors = false;
    for (w->index = 0; w->index < n; w->index++)
        HX_TRY(read_value(w));
    return HX_OK;
}

/* ------------------------------------------------------------------ tensors */

static hx_status read_dims(gguf_walk *w, hx_tensor_entry *t) {
    HX_TRY(take(w, &t->n_dims, sizeof t->n_dims));
    if (t->n_dims < 1 || t->n_dims > HX_TENSOR_DIMS_MAX)
        return hx_fail(w->err, HX_EFORMAT, "%s: tensor '%.*s' has %u dimensions; 1 to %d are known",
                       w->f->path, HX_STR_ARG(t->name), t->n_dims, HX_TENSOR_DIMS_MAX);
    for (uint32_t i = t->n_dims; i-- > 0;)
        HX_TRY(take(w, &t->dims[i], sizeof t->dims[i]));
    for (uint32_t i = t->n_dims; i < HX_TENSOR_DIMS_MAX; i++)
        t->dims[i] = 1;
    return HX_OK;
}

static hx_status read_tensor(gguf_walk *w, uint64_t *offset) {
    hx_tensor_entry t = {0};
    uint32_t type = 0;
    w->name = (hx_str){NULL, 0};
    HX_TRY(take_str(w, HX_TENSOR_NAME_MAX, &t.name));
    HX_TRY(hx__tensor_check_name(w->f, w->f->path, t.name, w->err));
    w->name = t.name;
    HX_TRY(read_dims(w, &t));
    HX_TRY(take(w, &type, sizeof type));
    HX_TRY(take(w, offset, sizeof *offset));
    if (!hx_dtype_describe(type)->name)
        return hx_fail(w->err, HX_EUNSUPPORTED,
                       "%s: tensor '%.*s' has the element type %u, which is not supported",
                       w->f->path, HX_STR_ARG(t.name), type);
    t.type = (hx_dtype)type;
    HX_TRY(hx__tensor_measure(&t, w->f->path, w->err));
    return hx__tensor_file_add(w->f, w->f->path, &t, w->err);
}

static hx_status read_tensors(gguf_walk *w, uint64_t n, uint64_t **offsets) {
    hx_tensor_file *f = w->f;
    HX_TRY(hx__tensor_file_room(f, (size_t)n, w->err));
    *offsets = hx_arena_alloc(f->arena, (size_t)n * sizeof **offsets);
    if (!*offsets) return hx_fail(w->err, HX_ENOMEM, "%s: out of memory", f->path);
    w->in_tensors = true;
    for (w->index = 0; w->index < n; w->index++)
        HX_TRY(read_tensor(w, &(*offsets)[w->index]));
    return HX_OK;
}

/* ------------------------------------------------------------------ data */

static hx_status read_alignment(const hx_tensor_file *f, uint64_t *alignment, hx_error *err) {
    bool found;
    *alignment = HX_GGUF_ALIGNMENT;
    HX_TRY(hx_gguf_read_u64(f, "general.alignment", HX_GGUF_ALIGNMENT_MAX, alignment, &found, err));
    if (*alignment < 8 || (*alignment & (*alignment - 1)) != 0)
        return hx_fail(err, HX_EFORMAT,
                       "%s: the alignment %llu is no power of two between 8 and %d", f->path,
                       (unsigned long long)*alignment, HX_GGUF_ALIGNMENT_MAX);
    return HX_OK;
}

static hx_status place(hx_tensor_file *f, hx_tensor_entry *t, hx_str data, uint64_t alignment,
                       uint64_t offset, uint64_t *taken, hx_error *err) {
    if (offset % alignment != 0)
        return hx_fail(err, HX_EFORMAT, "%s: tensor '%.*s' begins at no multiple of %llu", f->path,
                       HX_STR_ARG(t->name), (unsigned long long)alignment);
    if (offset > data.len || t->bytes > data.len - offset)
        return hx_fail(err, HX_EFORMAT,
                       "%s: tensor '%.*s' of %llu bytes reaches beyond the end of the file",
                       f->path, HX_STR_ARG(t->name), (unsigned long long)t->bytes);
    if (offset < *taken)
        return hx_fail(err, HX_EFORMAT, "%s: tensor '%.*s' overlaps the one before it", f->path,
                       HX_STR_ARG(t->name));
    t->data = data.ptr + offset;
    *taken = offset + t->bytes;
    return HX_OK;
}

static hx_status place_all(gguf_walk *w, const uint64_t *offsets) {
    hx_tensor_file *f = w->f;
    uint64_t alignment, taken = 0;
    HX_TRY(read_alignment(f, &alignment, w->err));
    size_t tables = (size_t)(w->at - f->shards[0].bytes.ptr);
    size_t padding = (size_t)((alignment - tables % alignment) % alignment);
    if (f->n_tensors && padding >= left(w))
        return hx_fail(w->err, HX_EFORMAT, "%s: the file ends before its tensors", f->path);
    hx_str data = {w->at + padding, padding < left(w) ? left(w) - padding : 0};
    for (size_t i = 0; i < f->n_tensors; i++)
        HX_TRY(place(f, &f->tensors[i], data, alignment, offsets[i], &taken, w->err));
    return HX_OK;
}

hx_status hx__gguf_read(hx_tensor_file *f, hx_error *err) {
    hx_str bytes = f->shards[0].bytes;
    gguf_walk w = {.f = f, .at = bytes.ptr + 4, .end = bytes.ptr + bytes.len, .err = err};
    uint32_t version = 0;
    uint64_t n_tensors = 0, n_values = 0, *offsets = NULL;
    if (bytes.len < 24) return hx_fail(err, HX_EFORMAT, "%s: too short for a GGUF file", f->path);
    HX_TRY(take(&w, &version, sizeof version));
    if (version != 2 && version != 3)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "%s: GGUF version %u is not supported; versions 2 and 3 are", f->path,
                       version);
    HX_TRY(take(&w, &n_tensors, sizeof n_tensors));
    HX_TRY(take(&w, &n_values, sizeof n_values));
    if (n_tensors > left(&w) / TENSOR_BYTES_MIN)
        return hx_fail(err, HX_EFORMAT, "%s: %llu tensors do not fit into a file of %zu bytes",
                       f->path, (unsigned long long)n_tensors, bytes.len);
    HX_TRY(read_values(&w, n_values));
    HX_TRY(read_tensors(&w, n_tensors, &offsets));
    return place_all(&w, offsets);
}
