/* gguf_value.c - typed reads of GGUF metadata. A value of another type or out of range is an error, never a default. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "tensor/tensor_parts.h"

static const char *const type_names[] = {"u8",   "i8",     "u16",  "i16", "u32", "i32", "f32",
                                         "bool", "string", "list", "u64", "i64", "f64"};

hx_str hx__gguf_key_of(const void *values, size_t i) {
    return ((const hx_gguf_value *)values)[i].key;
}

size_t hx_tensor_file_n_values(const hx_tensor_file *f) {
    return f->n_values;
}

const hx_gguf_value *hx_tensor_file_value_at(const hx_tensor_file *f, size_t i) {
    return i < f->n_values ? &f->values[i] : NULL;
}

const hx_gguf_value *hx_tensor_file_value(const hx_tensor_file *f, const char *key) {
    int64_t i = hx__name_find(&f->keys, f->values, hx__gguf_key_of, hx_str_of(key));
    return i < 0 ? NULL : &f->values[i];
}

static const char *type_name(const hx_gguf_value *v) {
    return v->is_array ? "list" : type_names[v->type];
}

/* The bytes of an integer as 64 bits; false where it is none. */
static bool integer_bits(const hx_gguf_value *v, uint64_t *bits, bool *is_signed) {
    *bits = 0;
    if (v->is_array) return false;
    memcpy(bits, v->raw.ptr, v->raw.len < sizeof *bits ? v->raw.len : sizeof *bits);
    switch (v->type) {
    case HX_GGUF_I8:
        *bits = (uint64_t)(int8_t)*bits;
        break;
    case HX_GGUF_I16:
        *bits = (uint64_t)(int16_t)*bits;
        break;
    case HX_GGUF_I32:
        *bits = (uint64_t)(int32_t)*bits;
        break;
    case HX_GGUF_I64:
        break;
    case HX_GGUF_U8:
    case HX_GGUF_U16:
    case HX_GGUF_U32:
    case HX_GGUF_U64:
        *is_signed = false;
        return true;
    default:
        return false;
    }
    *is_signed = true;
    return true;
}

hx_status hx_gguf_read_u64(const hx_tensor_file *f, const char *key, uint64_t max, uint64_t *out,
                           bool *found, hx_error *err) {
    const hx_gguf_value *v = hx_tensor_file_value(f, key);
    uint64_t bits;
    bool is_signed;
    *found = v != NULL;
    if (!v) return HX_OK;
    if (!integer_bits(v, &bits, &is_signed))
        return hx_fail(err, HX_EFORMAT, "%s: '%s' must be a whole number, but is of type %s",
                       f->path, key, type_name(v));
    if (is_signed && (int64_t)bits < 0)
        return hx_fail(err, HX_EFORMAT, "%s: '%s' is negative (%lld)", f->path, key,
                       (long long)bits);
    if (bits > max)
        return hx_fail(err, HX_EFORMAT, "%s: '%s' is %llu; at most %llu makes sense", f->path, key,
                       (unsigned long long)bits, (unsigned long long)max);
    *out = bits;
    return HX_OK;
}

hx_status hx_gguf_read_f32(const hx_tensor_file *f, const char *key, float *out, bool *found,
                           hx_error *err) {
    const hx_gguf_value *v = hx_tensor_file_value(f, key);
    *found = v != NULL;
    if (!v) return HX_OK;
    float value = 0;
    if (!v->is_array && v->type == HX_GGUF_F32) {
        memcpy(&value, v->raw.ptr, sizeof value);
    } else if (!v->is_array && v->type == HX_GGUF_F64) {
        double wide;
        memcpy(&wide, v->raw.ptr, sizeof wide);
        value = fabs(wide) <= (double)3.4028234e38f ? (float)wide : INFINITY;
    } else {
        return hx_fail(err, HX_EFORMAT, "%s: '%s' must be a number (f32), but is of type %s",
                       f->path, key, type_name(v));
    }
    if (!isfinite(value))
        return hx_fail(err, HX_EFORMAT, "%s: '%s' is not a finite number", f->path, key);
    *out = value;
    return HX_OK;
}

hx_status hx_gguf_read_bool(const hx_tensor_file *f, const char *key, bool *out, bool *found,
                            hx_error *err) {
    const hx_gguf_value *v = hx_tensor_file_value(f, key);
    *found = v != NULL;
    if (!v) return HX_OK;
    if (v->is_array || v->type != HX_GGUF_BOOL)
        return hx_fail(err, HX_EFORMAT, "%s: '%s' must be true or false, but is of type %s",
                       f->path, key, type_name(v));
    if ((unsigned char)v->raw.ptr[0] > 1)
        return hx_fail(err, HX_EFORMAT, "%s: '%s' is neither true nor false", f->path, key);
    *out = v->raw.ptr[0] == 1;
    return HX_OK;
}

hx_status hx_gguf_read_str(const hx_tensor_file *f, const char *key, hx_str *out, bool *found,
                           hx_error *err) {
    const hx_gguf_value *v = hx_tensor_file_value(f, key);
    *found = v != NULL;
    if (!v) return HX_OK;
    if (v->is_array || v->type != HX_GGUF_STRING)
        return hx_fail(err, HX_EFORMAT, "%s: '%s' must be text, but is of type %s", f->path, key,
                       type_name(v));
    hx_str text = {v->raw.ptr + sizeof(uint64_t), v->raw.len - sizeof(uint64_t)};
    if (!hx_utf8_is_valid(text))
        return hx_fail(err, HX_EFORMAT, "%s: '%s' is not valid UTF-8", f->path, key);
    *out = text;
    return HX_OK;
}

bool hx_gguf_next_str(const hx_gguf_value *v, size_t *at, hx_str *out) {
    uint64_t n;
    if (v->type != HX_GGUF_STRING || v->raw.len - *at < sizeof n) return false;
    memcpy(&n, v->raw.ptr + *at, sizeof n);
    *out = (hx_str){v->raw.ptr + *at + sizeof n, (size_t)n};
    *at += sizeof n + (size_t)n;
    return true;
}
