/* adapter.c - reading PEFT's LoRA folders; see adapter.h.
 *
 *     adapter_config.json -> alpha, scale; adapter_model.safetensors -> parts by the name of the base's tensor
 *
 * The rank of a part is that of its tensors; alpha is lora_alpha, or what alpha_pattern says for the module whose name ends so. A and B are
 * decoded once when they are found (a few MB), rows of their product are made as they are asked for. */
#include "model/adapter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "model/model_file.h"

#define PREFIX "base_model.model."
#define COLUMNS_AT_ONCE 128

struct hx_adapter {
    hx_tensor_file *file; /* owned */
    json_t *config; /* owned */
    hx_arena *arena; /* owned */
    hx_adapter_part *parts;
    size_t n;
    double alpha;
    bool root_scale; /* use_rslora */
};

/* ------------------------------------------------------------------ adapter_config.json */
static bool says(const json_t *config, const char *key) {
    return json_is_true(json_object_get(config, key));
}

static hx_status check_config(hx_adapter *a, hx_error *err) {
    const json_t *type = json_object_get(a->config, "peft_type");
    const json_t *alpha = json_object_get(a->config, "lora_alpha");
    if (!json_is_string(type) || strcmp(json_string_value(type), "LORA") != 0)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "adapter_config.json: peft_type is %s; only LORA can be merged",
                       json_is_string(type) ? json_string_value(type) : "not said");
    if (says(a->config, "use_dora") || says(a->config, "fan_in_fan_out"))
        return hx_fail(err, HX_EUNSUPPORTED,
                       "adapter_config.json: use_dora and fan_in_fan_out can't be merged");
    if (!json_is_number(alpha) || !isfinite(json_number_value(alpha)))
        return hx_fail(err, HX_EFORMAT, "adapter_config.json: lora_alpha is no number");
    a->alpha = json_number_value(alpha);
    a->root_scale = says(a->config, "use_rslora");
    return HX_OK;
}

static bool ends_with(const char *s, const char *end) {
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0 && (n == m || s[n - m - 1] == '.');
}

/* `module`: the base tensor's name without ".weight". */
static double alpha_of(const hx_adapter *a, const char *module) {
    json_t *patterns = json_object_get(a->config, "alpha_pattern"), *value;
    const char *key;
    json_object_foreach(patterns, key, value) {
        const char *plain = *key == '^' ? key + 1 : key;
        if (json_is_number(value) && ends_with(module, plain)) return json_number_value(value);
    }
    return a->alpha;
}

/* ------------------------------------------------------------------ tensors */
typedef struct {
    const char *suffix;
    bool is_a, is_b, embedding;
} known_suffix;

static const known_suffix suffixes[] = {{".lora_A.weight", true, false, false},
                                        {".lora_B.weight", false, true, false},
                                        {".lora_embedding_A", true, false, true},
                                        {".lora_embedding_B", false, true, true}};

static hx_adapter_part *part_named(hx_adapter *a, const char *base) {
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->parts[i].base, base) == 0) return &a->parts[i];
    return NULL;
}

static hx_status name_base(hx_adapter *a, hx_str module, const char *suffix, const char **out,
                           hx_error *err) {
    char name[HX_PARAM_NAME_MAX];
    if (module.len + strlen(suffix) >= sizeof name)
        return hx_fail(err, HX_EFORMAT, "adapter tensor %.*s has too long a name",
                       HX_STR_ARG(module));
    (void)snprintf(name, sizeof name, "%.*s%s", (int)module.len, module.ptr, suffix);
    *out = hx_arena_str(a->arena, hx_str_of(name)).ptr;
    return *out ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status add_tensor(hx_adapter *a, const hx_tensor_entry *t, hx_error *err) {
    hx_str name = t->name;
    const known_suffix *found = NULL;
    const char *base = NULL;
    if (name.len <= sizeof PREFIX - 1 || memcmp(name.ptr, PREFIX, sizeof PREFIX - 1) != 0)
        return hx_fail(err, HX_EFORMAT, "adapter tensor %s does not begin with %s", name.ptr,
                       PREFIX);
    name = (hx_str){name.ptr + sizeof PREFIX - 1, name.len - (sizeof PREFIX - 1)};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t n = strlen(suffixes[i].suffix);
        if (name.len > n && memcmp(name.ptr + name.len - n, suffixes[i].suffix, n) == 0)
            found = &suffixes[i];
    }
    if (found) name.len -= strlen(found->suffix);
    if (t->n_dims > 2 || (found && t->n_dims != 2) || !hx_dtype_describe(t->type)->is_weight)
        return hx_fail(err, HX_EFORMAT, "adapter tensor %s is no matrix of weights", t->name.ptr);
    HX_TRY(name_base(a, name, found ? ".weight" : "", &base, err));
    hx_adapter_part *p = part_named(a, base);
    if (!p) p = &a->parts[a->n++];
    p->base = base;
    if (!found) p->instead = t;
    if (found) p->embedding = found->embedding;
    if (found && found->is_a) p->a = t;
    if (found && found->is_b) p->b = t;
    return HX_OK;
}

static hx_status widen(hx_adapter *a, const hx_tensor_entry *t, float **out, hx_error *err) {
    size_t n = (size_t)(t->dims[0] * t->dims[1]);
    *out = hx_arena_alloc(a->arena, n * sizeof **out);
    if (!*out) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_dtype_decode(t->type, t->data, n, *out);
    return HX_OK;
}

static hx_status finish_part(hx_adapter *a, hx_adapter_part *p, hx_error *err) {
    if (p->instead && !p->a && !p->b) return HX_OK;
    if (!p->a || !p->b || p->instead || p->a->dims[0] != p->b->dims[1] || p->a->dims[0] == 0 ||
        p->a->dims[0] > HX_ADAPTER_RANK_MAX)
        return hx_fail(err, HX_EFORMAT, "adapter of %s: lora_A and lora_B do not go together",
                       p->base);
    char module[HX_PARAM_NAME_MAX];
    (void)snprintf(module, sizeof module, "%s", p->base);
    module[strlen(module) - strlen(".weight")] = '\0';
    p->rank = (size_t)p->a->dims[0];
    p->scale = alpha_of(a, module) / (a->root_scale ? sqrt((double)p->rank) : (double)p->rank);
    HX_TRY(widen(a, p->a, &p->wide_a, err));
    return widen(a, p->b, &p->wide_b, err);
}

/* ------------------------------------------------------------------ opening */
static hx_status read_config(hx_adapter *a, const char *folder, hx_error *err) {
    char *path = hx_model_join(folder, "adapter_config.json");
    hx_buf text;
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_init(&text, HX_MODEL_JSON_MAX);
    hx_status st = hx_file_read(path, &text, err);
    if (st == HX_OK)
        st = hx_json_parse(hx_buf_str(&text), HX_MODEL_JSON_MAX, "adapter_config.json", &a->config,
                           err);
    hx_buf_release(&text);
    free(path);
    return st == HX_OK ? check_config(a, err) : st;
}

static hx_status read_tensors(hx_adapter *a, const char *folder, hx_error *err) {
    char *path = hx_model_join(folder, "adapter_model.safetensors");
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = hx_tensor_file_open(&a->file, path, err);
    free(path);
    HX_TRY(st);
    size_t n = hx_tensor_file_count(a->file);
    a->parts = hx_arena_alloc(a->arena, (n + 1) * sizeof *a->parts);
    if (!a->parts) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        HX_TRY(add_tensor(a, hx_tensor_file_at(a->file, i), err));
    for (size_t i = 0; i < a->n; i++)
        HX_TRY(finish_part(a, &a->parts[i], err));
    return HX_OK;
}

hx_status hx_adapter_open(hx_adapter **out, const char *folder, hx_error *err) {
    hx_adapter *a = calloc(1, sizeof *a);
    if (a) a->arena = hx_arena_new((size_t)4 << 30);
    hx_status st =
        a && a->arena ? read_config(a, folder, err) : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) st = read_tensors(a, folder, err);
    if (st == HX_OK)
        *out = a;
    else
        hx_adapter_close(a);
    return st;
}

void hx_adapter_close(hx_adapter *a) {
    if (!a) return;
    hx_tensor_file_close(a->file);
    json_decref(a->config);
    hx_arena_free(a->arena);
    free(a);
}

size_t hx_adapter_count(const hx_adapter *a) {
    return a->n;
}

json_t *hx_adapter_heads(const hx_adapter *a) {
    return json_object_get(a->config, "huaxiang.heads");
}

hx_status hx_adapter_check_layers(const hx_adapter *a, size_t n_layers, hx_error *err) {
    const json_t *said = json_object_get(a->config, "huaxiang_layers");
    const char *base = json_string_value(json_object_get(a->config, "base_model_name_or_path"));
    if (!json_is_integer(said) || json_integer_value(said) == (json_int_t)n_layers) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "the adapter was made for a model of %lld layers, this one has %zu: merge it "
                   "into %s",
                   (long long)json_integer_value(said), n_layers,
                   base && *base ? base : "that model");
}

hx_adapter_part *hx_adapter_at(hx_adapter *a, size_t i) {
    return i < a->n ? &a->parts[i] : NULL;
}

hx_status hx_adapter_find(hx_adapter *a, const char *base, uint64_t rows, uint64_t columns,
                          hx_adapter_part **out, hx_error *err) {
    hx_adapter_part *p = *out = part_named(a, base);
    if (!p) return HX_OK;
    p->used = true;
    uint64_t have_rows = 0, have_columns = 0;
    if (p->instead) {
        have_rows = p->instead->dims[0];
        have_columns = p->instead->n_dims == 2 ? p->instead->dims[1] : 1;
    } else {
        have_rows = p->embedding ? p->a->dims[1] : p->b->dims[0];
        have_columns = p->embedding ? p->b->dims[0] : p->a->dims[1];
    }
    if (have_rows == rows && have_columns == columns) return HX_OK;
    return hx_fail(err, HX_EFORMAT,
                   "the adapter of %s is for a matrix of %llu x %llu, the model's has %llu x %llu: "
                   "it was made for another model",
                   base, (unsigned long long)have_rows, (unsigned long long)have_columns,
                   (unsigned long long)rows, (unsigned long long)columns);
}

/* sums[i] += element c + i of A and B's product in row `row`. */
static void add_products(const hx_adapter_part *p, size_t row, size_t c, size_t n, size_t columns,
                         double *sums) {
    for (size_t k = 0; k < p->rank; k++) {
        if (p->embedding) {
            double a = (double)p->wide_a[k * p->a->dims[1] + row];
            for (size_t i = 0; i < n; i++)
                sums[i] += a * (double)p->wide_b[(c + i) * p->rank + k];
            continue;
        }
        const float *a = p->wide_a + k * columns + c;
        double b = (double)p->wide_b[row * p->rank + k];
        for (size_t i = 0; i < n; i++)
            sums[i] += (double)a[i] * b;
    }
}

void hx_adapter_add_row(const hx_adapter_part *p, size_t row, float *w, size_t columns) {
    for (size_t c = 0; c < columns; c += COLUMNS_AT_ONCE) {
        double sums[COLUMNS_AT_ONCE] = {0};
        size_t n = columns - c < COLUMNS_AT_ONCE ? columns - c : COLUMNS_AT_ONCE;
        add_products(p, row, c, n, columns, sums);
        for (size_t i = 0; i < n; i++)
            w[c + i] = (float)((double)w[c + i] + p->scale * sums[i]);
    }
}
