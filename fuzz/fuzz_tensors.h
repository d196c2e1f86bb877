/* fuzz_tensors.h - a file of tensors in memory, opened and read to its last byte.
 *
 * Promises that are checked on the way: what opens has tensors with names of their own that are found again, lie whole inside the
 * file and do not overlap; metadata is found by its key, lists of strings end where their bytes end; what does not open says why. */
#ifndef HX_FUZZ_TENSORS_H
#define HX_FUZZ_TENSORS_H

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tensor/tensor_parts.h"

static inline void fuzz_check_tensor(const hx_tensor_file *f, const hx_tensor_entry *t,
                                     const char *begin, const char *end) {
    const char *data = t->data;
    const hx_dtype_info *type = hx_dtype_describe((uint32_t)t->type);
    uint64_t bytes;
    FUZZ_REQUIRE(t->name.len > 0 && t->name.ptr[t->name.len] == '\0');
    FUZZ_REQUIRE(hx_tensor_file_find(f, t->name.ptr) == t);
    FUZZ_REQUIRE(data >= begin && t->bytes <= (uint64_t)(end - data));
    FUZZ_REQUIRE(t->n_dims >= 1 && t->n_dims <= HX_TENSOR_DIMS_MAX && type->name);
    FUZZ_REQUIRE(hx_dtype_size(t->type, t->dims[0] * t->dims[1] * t->dims[2] * t->dims[3], &bytes));
    FUZZ_REQUIRE(bytes == t->bytes && bytes > 0);
    if (type->is_weight) {
        float first[256], last[256];
        hx_dtype_decode(t->type, data, type->block, first);
        hx_dtype_decode(t->type, data + t->bytes - type->bytes, type->block, last);
    }
    hx_tensor_file_drop(f, t);
}

static inline void fuzz_check_value(const hx_tensor_file *f, const hx_gguf_value *v) {
    uint64_t u;
    float x;
    bool b, found;
    hx_str s, text;
    size_t at = 0, n = 0;
    char *key = malloc(v->key.len + 1);
    FUZZ_REQUIRE(key);
    memcpy(key, v->key.ptr, v->key.len);
    key[v->key.len] = '\0';
    FUZZ_REQUIRE(hx_tensor_file_value(f, key) == v);
    hx_status whole = hx_gguf_read_u64(f, key, UINT64_MAX, &u, &found, NULL);
    hx_status real = hx_gguf_read_f32(f, key, &x, &found, NULL);
    hx_status boolean = hx_gguf_read_bool(f, key, &b, &found, NULL);
    hx_status string = hx_gguf_read_str(f, key, &text, &found, NULL);
    FUZZ_REQUIRE((whole == HX_OK) + (real == HX_OK) + (boolean == HX_OK) + (string == HX_OK) <= 1);
    while (hx_gguf_next_str(v, &at, &s)) {
        FUZZ_REQUIRE(s.ptr >= v->raw.ptr && s.ptr + s.len <= v->raw.ptr + v->raw.len);
        n++;
    }
    if (v->type == HX_GGUF_STRING) FUZZ_REQUIRE(n == v->n && at == v->raw.len);
    free(key);
}

static inline void fuzz_tensors(const uint8_t *data, size_t size) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_tensor_file *f = NULL;
    const char *begin = (const char *)data, *end = begin + size;
    if (hx__tensor_file_open_bytes(&f, "m", (hx_str){begin, size}, &err) != HX_OK) {
        FUZZ_REQUIRE(!f && err.code != HX_OK && err.code != HX_EINTERNAL && err.message[0] == 'm');
        return;
    }
    for (size_t i = 0; i < hx_tensor_file_count(f); i++) {
        const hx_tensor_entry *t = hx_tensor_file_at(f, i);
        fuzz_check_tensor(f, t, begin, end);
        begin = (const char *)t->data + t->bytes;
    }
    for (size_t i = 0; i < hx_tensor_file_n_values(f); i++)
        fuzz_check_value(f, hx_tensor_file_value_at(f, i));
    hx_tensor_file_close(f);
}

#endif
