/* inspect.c - what a model file holds, as one JSON object; see model.h.
 *
 *     {"file","format","bytes","architecture","name","parameters","config":{...},"memory":{...},
 *      "types":[{"type","tensors","parameters","bytes"}],"metadata":{...},"tensors":[{"name","type","shape","parameters","bytes"}]}
 *
 * "memory" is what running takes beside the mapped file: `int8` the fast form of the matrices of the layers (one byte a weight and a
 * scale a row), `cache_token` the bytes of one position of one sequence by the cache's type. Long metadata values are cut: strings to
 * 200 bytes, lists to their first 8 elements, with how many there are. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "huaxiang/model.h"
#include "model/model_file.h"
#include "tensor/kernels.h"

#define SHOWN_BYTES 200
#define SHOWN_ELEMENTS 8
#define REPORT_MAX ((size_t)256 << 20)
#define DTYPES 64 /* numbers of types in files are below */

typedef struct {
    uint64_t tensors, parameters, bytes;
} type_sum;

static void put_uint(hx_json_writer *w, const char *key, uint64_t v) {
    hx_json_key(w, key);
    hx_json_int(w, v > INT64_MAX ? INT64_MAX : (int64_t)v);
}

static void put_text(hx_json_writer *w, const char *key, const char *v) {
    hx_json_key(w, key);
    hx_json_cstr(w, v);
}

static uint64_t count_of(const hx_tensor_entry *t) {
    uint64_t n = 1;
    for (uint32_t d = 0; d < t->n_dims; d++)
        n *= t->dims[d];
    return n;
}

/* ------------------------------------------------------------------ metadata */
static hx_str cut(hx_str s) {
    if (s.len <= SHOWN_BYTES) return s;
    size_t n = SHOWN_BYTES;
    while (n > 0 && ((unsigned char)s.ptr[n] & 0xC0) == 0x80)
        n--;
    return (hx_str){s.ptr, n};
}

static uint64_t load_bits(const char *p, size_t n) {
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return v;
}

static size_t width_of(hx_gguf_type type) {
    static const unsigned char widths[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return widths[type];
}

/* Sign-extends the low `n` bytes. */
static int64_t signed_of(uint64_t bits, size_t n) {
    uint64_t sign = (uint64_t)1 << (8 * n - 1);
    return (int64_t)((bits ^ sign) - sign);
}

static void put_number(hx_json_writer *w, hx_gguf_type type, const char *p) {
    uint64_t bits = load_bits(p, width_of(type));
    float f;
    double d;
    uint32_t low = (uint32_t)bits;
    switch (type) {
    case HX_GGUF_I8:
    case HX_GGUF_I16:
    case HX_GGUF_I32:
    case HX_GGUF_I64:
        hx_json_int(w, signed_of(bits, width_of(type)));
        break;
    case HX_GGUF_F32:
        memcpy(&f, &low, sizeof f);
        hx_json_double(w, (double)f);
        break;
    case HX_GGUF_F64:
        memcpy(&d, &bits, sizeof d);
        hx_json_double(w, d);
        break;
    case HX_GGUF_BOOL:
        hx_json_bool(w, bits != 0);
        break;
    default:
        hx_json_int(w, bits > INT64_MAX ? INT64_MAX : (int64_t)bits);
    }
}

static void put_elements(hx_json_writer *w, const hx_gguf_value *v, uint64_t n) {
    hx_str s;
    size_t at = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (v->type != HX_GGUF_STRING)
            put_number(w, v->type, v->raw.ptr + i * width_of(v->type));
        else if (hx_gguf_next_str(v, &at, &s))
            hx_json_str(w, cut(s));
    }
}

static void put_value(hx_json_writer *w, const hx_gguf_value *v) {
    if (!v->is_array) {
        put_elements(w, v, 1);
        return;
    }
    hx_json_object(w);
    put_uint(w, "n", v->n);
    hx_json_key(w, "first");
    hx_json_array(w);
    put_elements(w, v, v->n < SHOWN_ELEMENTS ? v->n : SHOWN_ELEMENTS);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static void put_metadata(hx_json_writer *w, const hx_tensor_file *f) {
    hx_json_key(w, "metadata");
    hx_json_object(w);
    for (size_t i = 0; i < hx_tensor_file_n_values(f); i++) {
        const hx_gguf_value *v = hx_tensor_file_value_at(f, i);
        hx_json_key_str(w, v->key);
        put_value(w, v);
    }
    hx_json_end_object(w);
}

/* ------------------------------------------------------------------ tensors */
static void put_tensors(hx_json_writer *w, const hx_tensor_file *f, type_sum sums[DTYPES]) {
    hx_json_key(w, "tensors");
    hx_json_array(w);
    for (size_t i = 0; i < hx_tensor_file_count(f); i++) {
        const hx_tensor_entry *t = hx_tensor_file_at(f, i);
        uint64_t n = count_of(t);
        type_sum *sum = &sums[(unsigned)t->type % DTYPES];
        sum->tensors++;
        sum->parameters += n;
        sum->bytes += t->bytes;
        hx_json_object(w);
        hx_json_key(w, "name");
        hx_json_str(w, t->name);
        put_text(w, "type", hx_dtype_describe(t->type)->name);
        hx_json_key(w, "shape");
        hx_json_array(w);
        for (uint32_t d = 0; d < t->n_dims; d++)
            hx_json_int(w, (int64_t)t->dims[d]);
        hx_json_end_array(w);
        put_uint(w, "parameters", n);
        put_uint(w, "bytes", t->bytes);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void put_types(hx_json_writer *w, const type_sum sums[DTYPES]) {
    hx_json_key(w, "types");
    hx_json_array(w);
    for (uint32_t i = 0; i < DTYPES; i++) {
        if (sums[i].tensors == 0) continue;
        hx_json_object(w);
        put_text(w, "type", hx_dtype_describe(i)->name);
        put_uint(w, "tensors", sums[i].tensors);
        put_uint(w, "parameters", sums[i].parameters);
        put_uint(w, "bytes", sums[i].bytes);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

/* ------------------------------------------------------------------ configuration */
static void put_labels(hx_json_writer *w, const hx_config *c) {
    char name[32];
    hx_json_key(w, "labels");
    hx_json_array(w);
    for (size_t i = 0; i < c->n_labels; i++) {
        (void)snprintf(name, sizeof name, "LABEL_%zu", i);
        hx_json_cstr(w, c->labels && c->labels[i] ? c->labels[i] : name);
    }
    hx_json_end_array(w);
}

static void put_config(hx_json_writer *w, const hx_tensor_file *f, const hx_config *c) {
    static const char *const scalings[] = {"none", "linear", "llama3", "yarn"};
    const hx_tensor_entry *embedding = hx_tensor_file_find(f, "token_embd.weight");
    hx_json_key(w, "config");
    hx_json_object(w);
    put_uint(w, "layers", c->n_layers);
    put_uint(w, "vocabulary", embedding && !c->n_vocab ? embedding->dims[0] : c->n_vocab);
    put_uint(w, "embedding", c->n_embd);
    put_uint(w, "heads", c->n_heads);
    put_uint(w, "kv_heads", c->n_kv_heads);
    put_uint(w, "head_size", c->head_dim);
    put_uint(w, "feed_forward", c->n_ff);
    put_uint(w, "positions", c->n_positions);
    hx_json_key(w, "norm_epsilon");
    hx_json_double(w, c->norm_eps);
    hx_json_key(w, "rope_theta");
    hx_json_double(w, c->rope.theta);
    put_text(w, "rope_scaling", scalings[c->rope.scaling]);
    hx_json_key(w, "tied");
    hx_json_bool(w, c->tied);
    if (c->n_labels > 0) put_labels(w, c);
    if (c->n_tasks > 0) {
        hx_json_key(w, "tasks");
        hx_config_write_tasks(c, w);
    }
    hx_json_end_object(w);
}

static void put_memory(hx_json_writer *w, const hx_config *c) {
    uint64_t e = c->n_embd, q = (uint64_t)c->n_heads * c->head_dim,
             kv = (uint64_t)c->n_kv_heads * c->head_dim, ff = c->n_ff;
    uint64_t weights = (2 * e * q + 2 * e * kv + 3 * e * ff) * c->n_layers;
    uint64_t rows = (q + 2 * kv + 2 * e + 2 * ff) * c->n_layers;
    uint64_t values = 2 * kv * c->n_layers; /* of one position */
    hx_json_key(w, "memory");
    hx_json_object(w);
    put_uint(w, "int8", weights + 4 * rows);
    hx_json_key(w, "cache_token");
    hx_json_object(w);
    put_uint(w, "f32", 4 * values);
    put_uint(w, "f16", 2 * values);
    put_uint(w, "q8", values + values / 32 * 2);
    hx_json_end_object(w);
    hx_json_end_object(w);
}

/* ------------------------------------------------------------------ all of it */
static hx_str architecture_of(const hx_model_file *s) {
    hx_str name = {NULL, 0};
    bool found = false;
    if (s->has_config) return hx_str_of(s->config.architecture->name);
    if (hx_tensor_file_is_gguf(s->tensors))
        (void)!hx_gguf_read_str(s->tensors, "general.architecture", &name, &found, NULL);
    return found ? name : HX_STR_LIT("");
}

static void put_head(hx_json_writer *w, const hx_model_file *s, const char *path) {
    uint64_t parameters = 0;
    for (size_t i = 0; i < hx_tensor_file_count(s->tensors); i++)
        parameters += count_of(hx_tensor_file_at(s->tensors, i));
    put_text(w, "file", path);
    put_text(w, "format",
             s->is_folder                         ? "folder"
             : hx_tensor_file_is_gguf(s->tensors) ? "gguf"
                                                  : "safetensors");
    put_uint(w, "bytes", hx_tensor_file_bytes(s->tensors));
    hx_json_key(w, "architecture");
    hx_json_str(w, architecture_of(s));
    put_text(w, "name", s->has_config ? s->config.name : "");
    put_uint(w, "parameters", parameters);
}

static void put_all(hx_buf *out, const hx_model_file *s, const char *path) {
    type_sum sums[DTYPES] = {0};
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    put_head(&w, s, path);
    if (s->has_config) {
        put_config(&w, s->tensors, &s->config);
        put_memory(&w, &s->config);
    } else {
        put_text(&w, "problem", s->problem.message);
    }
    put_metadata(&w, s->tensors);
    put_tensors(&w, s->tensors, sums);
    put_types(&w, sums);
    hx_json_end_object(&w);
}

hx_status hx_model_inspect(const char *path, hx_arena *arena, hx_str *json, hx_error *err) {
    hx_model_file s;
    hx_buf out;
    HX_TRY(hx_model_file_open(&s, path, err));
    hx_buf_init(&out, REPORT_MAX);
    put_all(&out, &s, path);
    hx_status st = hx_buf_status(&out, path, err);
    if (st == HX_OK) {
        *json = hx_arena_str(arena, hx_buf_str(&out));
        if (!json->ptr) st = hx_fail(err, HX_ENOMEM, "out of memory");
    }
    hx_buf_release(&out);
    hx_model_file_release(&s);
    return st;
}

hx_status hx_model_kernels(const char *wanted, const char **name, hx_error *err) {
    const hx_kernels *k = NULL;
    HX_TRY(hx_kernels_choose(wanted, &k, err));
    *name = hx_kernels_name(k);
    return HX_OK;
}
