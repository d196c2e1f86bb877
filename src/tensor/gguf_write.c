/* gguf_write.c - writing GGUF version 3 (layout: gguf.c): metadata first gathered in memory, tensors streamed from their sources.
 *
 * A put only notes; all checks are made by hx_gguf_write(), which knows the path for its sentences. What is written can be read by
 * gguf.c and by llama.cpp: names of tensors have at most 63 bytes, keys and names occur once, offsets follow each other, and each
 * tensor is padded to the alignment: general.alignment where it was put, else 32. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "tensor/tensor_parts.h"
#include "tensor/tensor_sink.h"

#define NAME_MAX_PEER 63 /* bytes; GGML_MAX_NAME of llama.cpp counts the NUL */
#define KEY_BYTES_MAX 65535
#define WRITER_BYTES_MAX ((size_t)1 << 30)

typedef struct {
    size_t at, len; /* in `bytes` */
} gguf_key;

typedef struct {
    hx_tensor_entry entry; /* name: in the arena */
    uint64_t offset;
    hx_tensor_fill *fill;
    void *context; /* borrowed */
} gguf_source;

struct hx_gguf_writer {
    hx_arena *arena; /* names of tensors */
    hx_buf values; /* as they will be in the file */
    hx_buf keys; /* gguf_key, in order */
    hx_buf sources; /* gguf_source, in order */
    uint64_t alignment; /* 0 = put, but no good value */
    bool no_memory; /* for a name */
};

hx_status hx_gguf_writer_new(hx_gguf_writer **out, hx_error *err) {
    *out = NULL;
    hx_gguf_writer *w = calloc(1, sizeof *w);
    hx_arena *arena = hx_arena_new(0);
    if (!w || !arena) {
        free(w);
        hx_arena_free(arena);
        return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    w->arena = arena;
    w->alignment = HX_GGUF_ALIGNMENT;
    hx_buf_init(&w->values, WRITER_BYTES_MAX);
    hx_buf_init(&w->keys, HX_GGUF_VALUES_MAX * sizeof(gguf_key));
    hx_buf_init(&w->sources, HX_TENSORS_MAX * sizeof(gguf_source));
    *out = w;
    return HX_OK;
}

void hx_gguf_writer_free(hx_gguf_writer *w) {
    if (!w) return;
    hx_buf_release(&w->values);
    hx_buf_release(&w->keys);
    hx_buf_release(&w->sources);
    hx_arena_free(w->arena);
    free(w);
}

/* ------------------------------------------------------------------ metadata */

static void put_str(hx_buf *b, hx_str s) {
    uint64_t n = s.len;
    hx_buf_append(b, &n, sizeof n);
    hx_buf_append_str(b, s);
}

static void put_key(hx_gguf_writer *w, hx_str key, hx_gguf_type type) {
    gguf_key k = {w->values.len + sizeof(uint64_t), key.len};
    uint32_t number = type;
    put_str(&w->values, key);
    hx_buf_append(&w->values, &number, sizeof number);
    hx_buf_append(&w->keys, &k, sizeof k);
}

static void put_array(hx_gguf_writer *w, const char *key, hx_gguf_type type, uint64_t n) {
    uint32_t number = type;
    put_key(w, hx_str_of(key), HX_GGUF_ARRAY);
    hx_buf_append(&w->values, &number, sizeof number);
    hx_buf_append(&w->values, &n, sizeof n);
}

static bool is_alignment(uint64_t v) {
    return v >= 8 && v <= HX_GGUF_ALIGNMENT_MAX && (v & (v - 1)) == 0;
}

static void note_alignment(hx_gguf_writer *w, hx_str key, uint64_t value) {
    if (hx_str_equal(key, HX_STR_LIT("general.alignment")))
        w->alignment = is_alignment(value) ? value : 0;
}

void hx_gguf_put_u32(hx_gguf_writer *w, const char *key, uint32_t v) {
    note_alignment(w, hx_str_of(key), v);
    put_key(w, hx_str_of(key), HX_GGUF_U32);
    hx_buf_append(&w->values, &v, sizeof v);
}

void hx_gguf_put_u64(hx_gguf_writer *w, const char *key, uint64_t v) {
    note_alignment(w, hx_str_of(key), v);
    put_key(w, hx_str_of(key), HX_GGUF_U64);
    hx_buf_append(&w->values, &v, sizeof v);
}

void hx_gguf_put_f32(hx_gguf_writer *w, const char *key, float v) {
    note_alignment(w, hx_str_of(key), 0);
    put_key(w, hx_str_of(key), HX_GGUF_F32);
    hx_buf_append(&w->values, &v, sizeof v);
}

void hx_gguf_put_bool(hx_gguf_writer *w, const char *key, bool v) {
    note_alignment(w, hx_str_of(key), 0);
    put_key(w, hx_str_of(key), HX_GGUF_BOOL);
    hx_buf_append_byte(&w->values, v ? 1 : 0);
}

void hx_gguf_put_str(hx_gguf_writer *w, const char *key, hx_str v) {
    note_alignment(w, hx_str_of(key), 0);
    put_key(w, hx_str_of(key), HX_GGUF_STRING);
    put_str(&w->values, v);
}

void hx_gguf_put_strs(hx_gguf_writer *w, const char *key, const hx_str *v, size_t n) {
    put_array(w, key, HX_GGUF_STRING, n);
    for (size_t i = 0; i < n; i++)
        put_str(&w->values, v[i]);
}

void hx_gguf_put_f32s(hx_gguf_writer *w, const char *key, const float *v, size_t n) {
    put_array(w, key, HX_GGUF_F32, n);
    hx_buf_append(&w->values, v, n * sizeof *v);
}

void hx_gguf_put_i32s(hx_gguf_writer *w, const char *key, const int32_t *v, size_t n) {
    put_array(w, key, HX_GGUF_I32, n);
    hx_buf_append(&w->values, v, n * sizeof *v);
}

void hx_gguf_put_value(hx_gguf_writer *w, const hx_gguf_value *v) {
    uint64_t number = 0;
    if (!v->is_array && v->type != HX_GGUF_STRING) memcpy(&number, v->raw.ptr, v->raw.len);
    note_alignment(w, v->key, number);
    put_key(w, v->key, v->is_array ? HX_GGUF_ARRAY : v->type);
    if (v->is_array) {
        uint32_t type = v->type;
        hx_buf_append(&w->values, &type, sizeof type);
        hx_buf_append(&w->values, &v->n, sizeof v->n);
    }
    hx_buf_append_str(&w->values, v->raw);
}

void hx_gguf_put_tensor(hx_gguf_writer *w, const char *name, hx_dtype type, uint32_t n_dims,
                        const uint64_t *dims, hx_tensor_fill *fill, void *context) {
    gguf_source s = {.fill = fill, .context = context};
    s.entry.name = hx_arena_str(w->arena, hx_str_of(name));
    w->no_memory |= s.entry.name.ptr == NULL;
    s.entry.type = type;
    s.entry.n_dims = n_dims;
    for (uint32_t i = 0; i < n_dims && i < HX_TENSOR_DIMS_MAX; i++)
        s.entry.dims[i] = dims[i];
    hx_buf_append(&w->sources, &s, sizeof s);
}

/* ------------------------------------------------------------------ checks */

static size_t n_keys(const hx_gguf_writer *w) {
    return w->keys.len / sizeof(gguf_key);
}

static size_t n_sources(const hx_gguf_writer *w) {
    return w->sources.len / sizeof(gguf_source);
}

static gguf_source *sources_of(const hx_gguf_writer *w) {
    return (gguf_source *)(void *)w->sources.ptr;
}

static hx_str key_of(const void *array, size_t i) {
    const hx_gguf_writer *w = array;
    const gguf_key *k = (const gguf_key *)(const void *)w->keys.ptr + i;
    return (hx_str){w->values.ptr + k->at, k->len};
}

static hx_str name_of(const void *array, size_t i) {
    return sources_of(array)[i].entry.name;
}

static hx_status check_key(const hx_gguf_writer *w, hx_name_index *index, size_t i,
                           const char *path, hx_error *err) {
    bool is_new;
    hx_str key = key_of(w, i);
    if (key.len == 0 || key.len > KEY_BYTES_MAX || !hx_utf8_is_valid(key))
        return hx_fail(err, HX_EINVAL, "%s: the key of value %zu is empty or not text", path,
                       i + 1);
    HX_TRY(hx__name_put(index, w, key_of, i, &is_new, err));
    if (is_new) return HX_OK;
    return hx_fail(err, HX_EINVAL, "%s: the key '%.*s' appears twice", path, HX_STR_ARG(key));
}

/* Also gives the tensor its offset. */
static hx_status check_source(const hx_gguf_writer *w, hx_name_index *index, size_t i,
                              uint64_t *offset, const char *path, hx_error *err) {
    bool is_new;
    gguf_source *s = sources_of(w) + i;
    HX_TRY(hx__tensor_check_source(&s->entry, path, NAME_MAX_PEER, err));
    HX_TRY(hx__name_put(index, w, name_of, i, &is_new, err));
    if (!is_new)
        return hx_fail(err, HX_EINVAL, "%s: two tensors are called '%.*s'", path,
                       HX_STR_ARG(s->entry.name));
    s->offset = *offset;
    uint64_t padding = (w->alignment - s->entry.bytes % w->alignment) % w->alignment;
    if (__builtin_add_overflow(*offset, s->entry.bytes, offset) ||
        __builtin_add_overflow(*offset, padding, offset))
        return hx_fail(err, HX_EINVAL, "%s: the dimensions of tensor '%.*s' are too large", path,
                       HX_STR_ARG(s->entry.name));
    return HX_OK;
}

static hx_status check_names(const hx_gguf_writer *w, hx_name_index *keys, hx_name_index *names,
                             const char *path, hx_error *err) {
    uint64_t offset = 0;
    for (size_t i = 0; i < n_keys(w); i++)
        HX_TRY(check_key(w, keys, i, path, err));
    for (size_t i = 0; i < n_sources(w); i++)
        HX_TRY(check_source(w, names, i, &offset, path, err));
    return HX_OK;
}

static hx_status check_all(const hx_gguf_writer *w, const char *path, hx_error *err) {
    if (w->no_memory) return hx_fail(err, HX_ENOMEM, "%s: out of memory", path);
    HX_TRY(hx_buf_status(&w->values, path, err));
    HX_TRY(hx_buf_status(&w->keys, path, err));
    HX_TRY(hx_buf_status(&w->sources, path, err));
    if (w->alignment == 0)
        return hx_fail(err, HX_EINVAL, "%s: general.alignment is no power of two between 8 and %d",
                       path, HX_GGUF_ALIGNMENT_MAX);
    hx_name_index keys, names;
    hx_map_init(&keys.map);
    hx_map_init(&names.map);
    hx_status status = check_names(w, &keys, &names, path, err);
    hx_map_release(&keys.map);
    hx_map_release(&names.map);
    return status;
}

/* ------------------------------------------------------------------ the file */

static void put_description(hx_buf *b, const gguf_source *s) {
    uint32_t type = s->entry.type;
    put_str(b, s->entry.name);
    hx_buf_append(b, &s->entry.n_dims, sizeof s->entry.n_dims);
    for (uint32_t i = s->entry.n_dims; i-- > 0;)
        hx_buf_append(b, &s->entry.dims[i], sizeof s->entry.dims[i]);
    hx_buf_append(b, &type, sizeof type);
    hx_buf_append(b, &s->offset, sizeof s->offset);
}

static hx_status write_tables(const hx_gguf_writer *w, hx_tensor_sink *sink, hx_error *err) {
    uint32_t version = 3;
    uint64_t n_tensors = n_sources(w), n_values = n_keys(w);
    hx_buf b;
    hx_buf_init(&b, WRITER_BYTES_MAX);
    hx_buf_append_lit(&b, "GGUF");
    hx_buf_append(&b, &version, sizeof version);
    hx_buf_append(&b, &n_tensors, sizeof n_tensors);
    hx_buf_append(&b, &n_values, sizeof n_values);
    hx_buf_append_str(&b, hx_buf_str(&w->values));
    for (size_t i = 0; i < n_tensors; i++)
        put_description(&b, sources_of(w) + i);
    hx_status status = hx_buf_status(&b, sink->path, err);
    uint64_t padding = (w->alignment - b.len % w->alignment) % w->alignment;
    if (status == HX_OK) status = hx__tensor_sink_put(sink, hx_buf_str(&b), err);
    hx_buf_release(&b);
    return status == HX_OK ? hx__tensor_sink_pad(sink, padding, err) : status;
}

static hx_status write_all(const hx_gguf_writer *w, hx_tensor_sink *sink, hx_error *err) {
    HX_TRY(write_tables(w, sink, err));
    for (size_t i = 0; i < n_sources(w); i++) {
        const gguf_source *s = sources_of(w) + i;
        HX_TRY(hx__tensor_sink_fill(sink, &s->entry, s->fill, s->context, err));
        uint64_t padding = (w->alignment - s->entry.bytes % w->alignment) % w->alignment;
        HX_TRY(hx__tensor_sink_pad(sink, padding, err));
    }
    return hx__tensor_sink_flush(sink, err);
}

static hx_status fill_file(void *context, int fd, const char *path, hx_error *err) {
    hx_tensor_sink sink;
    hx__tensor_sink_init(&sink, fd, path);
    hx_status status = write_all(context, &sink, err);
    hx__tensor_sink_release(&sink);
    return status;
}

hx_status hx_gguf_write(hx_gguf_writer *w, const char *path, hx_error *err) {
    HX_TRY(check_all(w, path, err));
    return hx_file_write_by(path, false, fill_file, w, err);
}
