/* safetensors_write.c - writing one safetensors file (layout: safetensors.c): the header, then the tensors in the order given.
 *
 * The header is padded with blanks to a multiple of 8, so that the numbers are aligned in a mapping; __metadata__ says "pt", without
 * which transformers refuses a file. */
#include "base/error.h"
#include "base/json.h"
#include "tensor/tensor_parts.h"
#include "tensor/tensor_sink.h"

typedef struct {
    const hx_tensor_source *sources; /* (n) */
    const hx_tensor_entry *entries; /* (n), checked */
    size_t n;
    hx_str header;
} safetensors_job;

static const char *type_name(hx_dtype type) {
    return type == HX_DTYPE_F32 || type == HX_DTYPE_F16 || type == HX_DTYPE_BF16
               ? hx_dtype_describe((uint32_t)type)->name
               : NULL;
}

static hx_str entry_name(const void *array, size_t i) {
    return ((const hx_tensor_entry *)array)[i].name;
}

static hx_status check_source(const hx_tensor_source *s, hx_tensor_entry *t, const char *path,
                              hx_error *err) {
    *t = (hx_tensor_entry){.name = hx_str_of(s->name), .type = s->type, .n_dims = s->n_dims};
    for (uint32_t i = 0; i < s->n_dims && i < HX_TENSOR_DIMS_MAX; i++)
        t->dims[i] = s->dims[i];
    HX_TRY(hx__tensor_check_source(t, path, HX_TENSOR_NAME_MAX, err));
    if (hx_str_equal(t->name, HX_STR_LIT("__metadata__")))
        return hx_fail(err, HX_EINVAL, "%s: a tensor cannot be called '__metadata__'", path);
    if (!type_name(t->type))
        return hx_fail(err, HX_EUNSUPPORTED,
                       "%s: safetensors files hold F32, F16 and BF16; tensor '%s' is %s", path,
                       s->name, hx_dtype_describe((uint32_t)t->type)->name);
    return HX_OK;
}

static hx_status check_names(hx_name_index *index, const hx_tensor_source *sources,
                             hx_tensor_entry *entries, size_t n, const char *path, hx_error *err) {
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_new;
        HX_TRY(check_source(&sources[i], &entries[i], path, err));
        HX_TRY(hx__name_put(index, entries, entry_name, i, &is_new, err));
        if (!is_new)
            return hx_fail(err, HX_EINVAL, "%s: two tensors are called '%.*s'", path,
                           HX_STR_ARG(entries[i].name));
        if (__builtin_add_overflow(sum, entries[i].bytes, &sum) || sum > INT64_MAX)
            return hx_fail(err, HX_EINVAL, "%s: the dimensions of tensor '%.*s' are too large",
                           path, HX_STR_ARG(entries[i].name));
    }
    return HX_OK;
}

static void put_entry(hx_json_writer *w, const hx_tensor_entry *t, uint64_t *offset) {
    hx_json_key_str(w, t->name);
    hx_json_object(w);
    hx_json_key(w, "dtype");
    hx_json_cstr(w, type_name(t->type));
    hx_json_key(w, "shape");
    hx_json_array(w);
    for (uint32_t i = 0; i < t->n_dims; i++)
        hx_json_int(w, (int64_t)t->dims[i]);
    hx_json_end_array(w);
    hx_json_key(w, "data_offsets");
    hx_json_array(w);
    hx_json_int(w, (int64_t)*offset);
    *offset += t->bytes;
    hx_json_int(w, (int64_t)*offset);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static void put_header(hx_buf *out, const hx_tensor_entry *entries, size_t n) {
    hx_json_writer w;
    uint64_t offset = 0;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    hx_json_key(&w, "__metadata__");
    hx_json_object(&w);
    hx_json_key(&w, "format");
    hx_json_cstr(&w, "pt");
    hx_json_end_object(&w);
    for (size_t i = 0; i < n; i++)
        put_entry(&w, &entries[i], &offset);
    hx_json_end_object(&w);
    while (out->len % 8 != 0 && !out->failed)
        hx_buf_append_byte(out, ' ');
}

static hx_status write_all(const safetensors_job *job, hx_tensor_sink *sink, hx_error *err) {
    uint64_t header_bytes = job->header.len;
    hx_str length = {(const char *)&header_bytes, sizeof header_bytes};
    HX_TRY(hx__tensor_sink_put(sink, length, err));
    HX_TRY(hx__tensor_sink_put(sink, job->header, err));
    for (size_t i = 0; i < job->n; i++)
        HX_TRY(hx__tensor_sink_fill(sink, &job->entries[i], job->sources[i].fill,
                                    job->sources[i].context, err));
    return hx__tensor_sink_flush(sink, err);
}

static hx_status fill_file(void *context, int fd, const char *path, hx_error *err) {
    hx_tensor_sink sink;
    hx__tensor_sink_init(&sink, fd, path);
    hx_status status = write_all(context, &sink, err);
    hx__tensor_sink_release(&sink);
    return status;
}

static hx_status write_checked(const char *path, safetensors_job *job, hx_tensor_entry *entries,
                               hx_error *err) {
    hx_name_index index;
    hx_map_init(&index.map);
    hx_status status = check_names(&index, job->sources, entries, job->n, path, err);
    hx_map_release(&index.map);
    if (status != HX_OK) return status;
    hx_buf header;
    hx_buf_init(&header, HX_SAFETENSORS_HEADER_MAX);
    put_header(&header, entries, job->n);
    status = hx_buf_status(&header, path, err);
    job->entries = entries;
    job->header = hx_buf_str(&header);
    if (status == HX_OK) status = hx_file_write_by(path, false, fill_file, job, err);
    hx_buf_release(&header);
    return status;
}

hx_status hx_safetensors_write(const char *path, const hx_tensor_source *tensors, size_t n,
                               hx_error *err) {
    if (n > HX_TENSORS_MAX)
        return hx_fail(err, HX_ELIMIT, "%s: more than %zu tensors", path, HX_TENSORS_MAX);
    safetensors_job job = {.sources = tensors, .n = n};
    hx_arena *arena = hx_arena_new(0);
    hx_tensor_entry *entries = arena ? hx_arena_alloc(arena, n * sizeof *entries) : NULL;
    hx_status status = entries ? write_checked(path, &job, entries, err)
                               : hx_fail(err, HX_ENOMEM, "%s: out of memory", path);
    hx_arena_free(arena);
    return status;
}
