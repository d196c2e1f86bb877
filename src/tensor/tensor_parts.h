/* tensor_parts.h - what the readers of the two formats share with the handle. For src/tensor only. */
#ifndef HX_TENSOR_TENSOR_PARTS_H
#define HX_TENSOR_TENSOR_PARTS_H

#include "base/file.h"
#include "base/map.h"
#include "tensor/tensor_file.h"

/* Caps on what a file may ask for; far above every real model. */
#define HX_TENSORS_MAX ((size_t)1 << 18)
#define HX_TENSOR_NAME_MAX 1024 /* bytes */
#define HX_TENSOR_SHARDS_MAX 1024
#define HX_GGUF_VALUES_MAX ((size_t)1 << 16)
#define HX_GGUF_TEXT_MAX                                                                           \
    ((size_t)16 << 20) /* bytes of one string: the largest chat templates have 0.1 MB */
#define HX_GGUF_ALIGNMENT 32 /* where general.alignment is absent */
#define HX_GGUF_ALIGNMENT_MAX 65536
#define HX_SAFETENSORS_HEADER_MAX ((size_t)32 << 20) /* bytes of JSON: 250,000 tensors */

/* Names to positions in an array; two names of equal hash take different seeds. */
typedef struct {
    hx_map map;
} hx_name_index;

struct hx_tensor_file {
    hx_arena *arena; /* names, entries, values */
    const char *path; /* as given; in the arena */
    bool is_gguf;
    bool is_borrowed; /* the bytes are somebody's memory */
    hx_mapping *shards; /* (n_shards), in the arena */
    size_t n_shards;
    hx_tensor_entry *tensors; /* (n_tensors) of n_room, in the arena */
    size_t n_tensors, n_room;
    hx_gguf_value *values; /* (n_values), in the arena */
    size_t n_values;
    hx_name_index names, keys;
};

/* As hx_tensor_file_open(), from memory, which is borrowed until close: what is read past its end, a sanitizer sees. */
hx_status hx__tensor_file_open_bytes(hx_tensor_file **out, const char *name, hx_str bytes,
                                     hx_error *err) HX_MUST_USE;

/* The file is mapped as f->shards[0]. */
hx_status hx__gguf_read(hx_tensor_file *f, hx_error *err) HX_MUST_USE;
hx_status hx__safetensors_read(hx_tensor_file *f, hx_error *err) HX_MUST_USE;
/* Replaces the index by its shards. */
hx_status hx__safetensors_read_index(hx_tensor_file *f, hx_error *err) HX_MUST_USE;
bool hx__safetensors_begins(hx_str file);

/* Room for n more tensors; at most HX_TENSORS_MAX in all. */
hx_status hx__tensor_file_room(hx_tensor_file *f, size_t n, hx_error *err) HX_MUST_USE;
/* The next tensor's name: text, neither empty nor too long. */
hx_status hx__tensor_check_name(const hx_tensor_file *f, const char *path, hx_str name,
                                hx_error *err) HX_MUST_USE;
/* Keeps `t` with a copy of its name, which must be good and new. There must be room. `path`: of the shard. */
hx_status hx__tensor_file_add(hx_tensor_file *f, const char *path, const hx_tensor_entry *t,
                              hx_error *err) HX_MUST_USE;
/* The product of the dims and its bytes in t->type, into t->bytes; refuses dims of 0, rows that are no whole blocks, overflow. */
hx_status hx__tensor_measure(hx_tensor_entry *t, const char *path, hx_error *err) HX_MUST_USE;

/* The key of values[i], for names in general: */
hx_str hx__gguf_key_of(const void *values, size_t i);

/* A name's place in an array whose i-th name is name_of(array, i), or -1. */
typedef hx_str hx_name_of(const void *array, size_t i);
int64_t hx__name_find(const hx_name_index *x, const void *array, hx_name_of *name_of, hx_str name);
/* Puts name i = name_of(array, i) in; *is_new is false where an equal one is there. */
hx_status hx__name_put(hx_name_index *x, const void *array, hx_name_of *name_of, size_t i,
                       bool *is_new, hx_error *err) HX_MUST_USE;

#endif
