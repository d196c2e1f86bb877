/* tensor_file.h - a file of named tensors: GGUF v3 or safetensors (one or many shards), mapped read-only.
 *
 * All counts, lengths, offsets and sizes are checked against the file's size before anything they point to is read, overflow before the
 * arithmetic. A name occurs once. A tensor lies whole inside its file. */
#ifndef HX_TENSOR_TENSOR_FILE_H
#define HX_TENSOR_TENSOR_FILE_H

#include "tensor/dtype.h"

#define HX_TENSOR_DIMS_MAX 4

typedef struct {
    hx_str name; /* NUL-terminated behind its end */
    hx_dtype type;
    uint32_t n_dims; /* 1..4 */
    uint64_t dims
        [HX_TENSOR_DIMS_MAX]; /* slowest first, as PyTorch prints them: (rows, columns); unused ones are 1 */
    const void *
        data; /* in the mapping; GGUF: aligned to the file's alignment; safetensors: may be unaligned */
    uint64_t bytes;
} hx_tensor_entry;

/* Value types of GGUF metadata, numbered as there. */
typedef enum {
    HX_GGUF_U8 = 0,
    HX_GGUF_I8,
    HX_GGUF_U16,
    HX_GGUF_I16,
    HX_GGUF_U32,
    HX_GGUF_I32,
    HX_GGUF_F32,
    HX_GGUF_BOOL,
    HX_GGUF_STRING,
    HX_GGUF_ARRAY,
    HX_GGUF_U64,
    HX_GGUF_I64,
    HX_GGUF_F64
} hx_gguf_type;

typedef struct {
    hx_str key;
    hx_gguf_type type; /* of the value, or of an array's elements */
    bool is_array; /* arrays of arrays are refused */
    uint64_t n; /* elements; 1 for a scalar */
    hx_str
        raw; /* the element bytes, little-endian, unaligned; strings: u64 length + bytes each, all checked */
} hx_gguf_value;

typedef struct hx_tensor_file hx_tensor_file;

/* A .gguf, a .safetensors, or a model.safetensors.index.json (its shards beside it, no path separators in their names). */
hx_status hx_tensor_file_open(hx_tensor_file **out, const char *path, hx_error *err) HX_MUST_USE;
void hx_tensor_file_close(hx_tensor_file *f);
const char *hx_tensor_file_path(const hx_tensor_file *f);
bool hx_tensor_file_is_gguf(const hx_tensor_file *f);
uint64_t hx_tensor_file_bytes(const hx_tensor_file *f); /* of all shards */
size_t hx_tensor_file_count(const hx_tensor_file *f);
const hx_tensor_entry *hx_tensor_file_at(const hx_tensor_file *f, size_t i); /* in file order */
const hx_tensor_entry *hx_tensor_file_find(const hx_tensor_file *f,
                                           const char *name); /* NULL = none */
/* The pages of this tensor are not needed for a while (madvise); reading it again is correct, only slower. */
void hx_tensor_file_drop(const hx_tensor_file *f, const hx_tensor_entry *t);

/* GGUF metadata; none in safetensors. */
size_t hx_tensor_file_n_values(const hx_tensor_file *f);
const hx_gguf_value *hx_tensor_file_value_at(const hx_tensor_file *f, size_t i);
const hx_gguf_value *hx_tensor_file_value(const hx_tensor_file *f, const char *key);
/* Typed reads of a scalar: false where absent; HX_EFORMAT where the type or the range is wrong. Any integer type is taken where it fits;
 * floats from F32 or F64. */
hx_status hx_gguf_read_u64(const hx_tensor_file *f, const char *key, uint64_t max, uint64_t *out,
                           bool *found, hx_error *err) HX_MUST_USE;
hx_status hx_gguf_read_f32(const hx_tensor_file *f, const char *key, float *out, bool *found,
                           hx_error *err) HX_MUST_USE; /* finite */
hx_status hx_gguf_read_bool(const hx_tensor_file *f, const char *key, bool *out, bool *found,
                            hx_error *err) HX_MUST_USE;
hx_status hx_gguf_read_str(const hx_tensor_file *f, const char *key, hx_str *out, bool *found,
                           hx_error *err) HX_MUST_USE;
/* Walks an array of strings: *at starts at 0. False at the end. */
bool hx_gguf_next_str(const hx_gguf_value *v, size_t *at, hx_str *out);

/* ------------------------------------------------------------------ writing */
/* Sources are read while writing, one tensor at a time: memory stays small. */
typedef struct hx_gguf_writer hx_gguf_writer;
hx_status hx_gguf_writer_new(hx_gguf_writer **out, hx_error *err) HX_MUST_USE;
void hx_gguf_writer_free(hx_gguf_writer *w);
void hx_gguf_put_u32(hx_gguf_writer *w, const char *key, uint32_t v);
void hx_gguf_put_u64(hx_gguf_writer *w, const char *key, uint64_t v);
void hx_gguf_put_f32(hx_gguf_writer *w, const char *key, float v);
void hx_gguf_put_bool(hx_gguf_writer *w, const char *key, bool v);
void hx_gguf_put_str(hx_gguf_writer *w, const char *key, hx_str v);
void hx_gguf_put_strs(hx_gguf_writer *w, const char *key, const hx_str *v, size_t n);
void hx_gguf_put_f32s(hx_gguf_writer *w, const char *key, const float *v, size_t n);
void hx_gguf_put_i32s(hx_gguf_writer *w, const char *key, const int32_t *v, size_t n);
void hx_gguf_put_value(hx_gguf_writer *w, const hx_gguf_value *v); /* as it is; of another file */
/* `fill` writes t's bytes to `out`, whole rows at a time as it likes, through hx_tensor_sink_write(). */
typedef struct hx_tensor_sink hx_tensor_sink;
hx_status hx_tensor_sink_write(hx_tensor_sink *s, const void *bytes, size_t n,
                               hx_error *err) HX_MUST_USE;
typedef hx_status hx_tensor_fill(void *context, hx_tensor_sink *out, hx_error *err);
/* dims slowest first. `context` is kept until the file is written. */
void hx_gguf_put_tensor(hx_gguf_writer *w, const char *name, hx_dtype type, uint32_t n_dims,
                        const uint64_t *dims, hx_tensor_fill *fill, void *context);
/* path.tmp, fsync, rename. Fails with the first failure of any put. */
hx_status hx_gguf_write(hx_gguf_writer *w, const char *path, hx_error *err) HX_MUST_USE;

/* safetensors: the same sources, F32/F16/BF16 only, one file. */
typedef struct {
    const char *name;
    hx_dtype type;
    uint32_t n_dims;
    const uint64_t *dims;
    hx_tensor_fill *fill;
    void *context;
} hx_tensor_source;
hx_status hx_safetensors_write(const char *path, const hx_tensor_source *tensors, size_t n,
                               hx_error *err) HX_MUST_USE;

#endif
