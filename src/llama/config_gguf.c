/* config_gguf.c - the configuration of a GGUF file: general.*, <architecture>.*, and huaxiang.* for classification heads.
 *
 *     <architecture>.attention.head_count, .rope.freq_base, .rope.scaling.type, ...     huaxiang.head.type, huaxiang.labels
 *
 * Key names are those of the `gguf` package (gguf/constants.py). Rotations of Llama 3.1 and later come as a tensor rope_freqs.weight, read
 * with the weights (weights.c). A yarn file's attn_factor multiplies 1 + 0.1 ln(factor), as in llama.cpp. */
#include "llama/config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define KEY_MAX 96

typedef struct {
    const hx_tensor_file *file;
    const char *architecture, *what;
} source;

static void make_key(const source *s, const char *name, char key[KEY_MAX]) {
    snprintf(key, KEY_MAX, "%s.%s", s->architecture, name);
}

static hx_status read_size(const source *s, const char *name, size_t max, size_t *out,
                           hx_error *err) {
    char key[KEY_MAX];
    make_key(s, name, key);
    const hx_gguf_value *value = hx_tensor_file_value(s->file, key);
    if (value && value->is_array)
        return hx_fail(err, HX_EUNSUPPORTED, "%s: %s differs from layer to layer", s->what, key);
    uint64_t v = 0;
    bool found = false;
    HX_TRY(hx_gguf_read_u64(s->file, key, max, &v, &found, err));
    if (found && v == 0) return hx_fail(err, HX_EFORMAT, "%s: %s is 0", s->what, key);
    if (found) *out = (size_t)v;
    return HX_OK;
}

static hx_status read_number(const source *s, const char *name, double min, double max, double *out,
                             hx_error *err) {
    char key[KEY_MAX];
    make_key(s, name, key);
    float v = 0;
    bool found = false;
    HX_TRY(hx_gguf_read_f32(s->file, key, &v, &found, err));
    if (!found) return HX_OK;
    if (!((double)v >= min && (double)v <= max))
        return hx_fail(err, HX_EFORMAT, "%s: %s is %g, not between %g and %g", s->what, key,
                       (double)v, min, max);
    *out = (double)v;
    return HX_OK;
}

static hx_status read_sizes(const source *s, hx_config *c, hx_error *err) {
    size_t n;
    const hx_config_size *sizes = hx_config_sizes(&n);
    for (size_t i = 0; i < n; i++) {
        size_t *out = (size_t *)(void *)((char *)c + sizes[i].offset);
        HX_TRY(read_size(s, sizes[i].gguf, sizes[i].max, out, err));
        if (*out == 0 && sizes[i].required)
            return hx_fail(err, HX_EFORMAT, "%s: %s.%s is missing", s->what, s->architecture,
                           sizes[i].gguf);
    }
    size_t value_length = c->head_dim;
    HX_TRY(read_size(s, "attention.value_length", HX_CONFIG_HEAD_DIM_MAX, &value_length, err));
    if (c->head_dim && value_length != c->head_dim)
        return hx_fail(err, HX_EUNSUPPORTED, "%s: keys of %zu and values of %zu elements", s->what,
                       c->head_dim, value_length);
    size_t experts = 0;
    char key[KEY_MAX];
    make_key(s, "expert_count", key);
    bool found = false;
    uint64_t v = 0;
    HX_TRY(hx_gguf_read_u64(s->file, key, UINT32_MAX, &v, &found, err));
    experts = (size_t)v;
    if (experts > 0)
        return hx_fail(err, HX_EUNSUPPORTED, "%s: mixtures of experts cannot be run", s->what);
    return HX_OK;
}

static hx_status read_scaling(const source *s, hx_rope_config *r, hx_error *err) {
    char key[KEY_MAX];
    make_key(s, "rope.scaling.type", key);
    hx_str type = {0};
    bool found = false;
    HX_TRY(hx_gguf_read_str(s->file, key, &type, &found, err));
    if (!found || hx_str_equal(type, HX_STR_LIT("none"))) return HX_OK;
    if (hx_str_equal(type, HX_STR_LIT("linear")))
        r->scaling = HX_ROPE_LINEAR;
    else if (hx_str_equal(type, HX_STR_LIT("yarn")))
        r->scaling = HX_ROPE_YARN;
    else
        return hx_fail(err, HX_EUNSUPPORTED, "%s: rope scaling '%.*s' cannot be run", s->what,
                       HX_STR_ARG(type));
    HX_TRY(read_number(s, "rope.scaling.factor", 1.0, 65536.0, &r->factor, err));
    HX_TRY(read_number(s, "rope.scaling.yarn_beta_fast", 1e-3, 1e6, &r->beta_fast, err));
    HX_TRY(read_number(s, "rope.scaling.yarn_beta_slow", 1e-3, 1e6, &r->beta_slow, err));
    double attention = 1.0;
    HX_TRY(read_number(s, "rope.scaling.attn_factor", 1e-3, 1e3, &attention, err));
    r->attention_factor = attention * (1.0 + 0.1 * log(r->factor));
    return read_size(s, "rope.scaling.original_context_length", HX_CONFIG_POSITIONS_MAX,
                     &r->original_positions, err);
}

static hx_status read_head(const source *s, hx_config *c, hx_error *err) {
    hx_str type = {0};
    bool found = false;
    HX_TRY(hx_gguf_read_str(s->file, "huaxiang.head.type", &type, &found, err));
    if (!found) return HX_OK;
    c->has_head = true;
    c->head_is_mean = hx_str_equal(type, HX_STR_LIT("mean"));
    c->head_is_token = hx_str_equal(type, HX_STR_LIT("token"));
    if (!c->head_is_mean && !c->head_is_token && !hx_str_equal(type, HX_STR_LIT("last")))
        return hx_fail(err, HX_EFORMAT, "%s: huaxiang.head.type is '%.*s', not last, mean or token",
                       s->what, HX_STR_ARG(type));
    const hx_gguf_value *labels = hx_tensor_file_value(s->file, "huaxiang.labels");
    if (!labels || !labels->is_array || labels->type != HX_GGUF_STRING || labels->n == 0 ||
        labels->n > HX_CONFIG_LABELS_MAX)
        return hx_fail(err, HX_EFORMAT, "%s: huaxiang.labels is no list of 1 to %u strings",
                       s->what, HX_CONFIG_LABELS_MAX);
    HX_TRY(hx_config_set_labels(c, (size_t)labels->n, err));
    size_t at = 0, i = 0;
    hx_str label;
    while (i < c->n_labels && hx_gguf_next_str(labels, &at, &label))
        HX_TRY(hx_config_set_label(c, i++, label, err));
    c->score_kind = c->head_is_token ? HX_LLAMA_TAG : HX_LLAMA_LABEL;
    return HX_OK;
}

/* huaxiang.heads holds the list of config.json as text. */
static hx_status read_tasks(const source *s, hx_config *c, hx_error *err) {
    hx_str text = {0};
    bool found = false;
    json_t *list = NULL;
    HX_TRY(hx_gguf_read_str(s->file, "huaxiang.heads", &text, &found, err));
    if (found) HX_TRY(hx_json_parse(text, HX_CONFIG_BYTES_MAX, s->what, &list, err));
    hx_status status = hx_config_read_tasks(c, list, s->what, err);
    json_decref(list);
    return status;
}

static hx_status read_all(const source *s, hx_config *c, hx_error *err) {
    HX_TRY(read_sizes(s, c, err));
    HX_TRY(read_number(s, "attention.layer_norm_rms_epsilon", 1e-12, 1.0, &c->norm_eps, err));
    HX_TRY(read_number(s, "rope.freq_base", 1.0, 1e12, &c->rope.theta, err));
    HX_TRY(read_size(s, "rope.dimension_count", HX_CONFIG_HEAD_DIM_MAX, &c->rope.dims, err));
    HX_TRY(read_scaling(s, &c->rope, err));
    HX_TRY(read_head(s, c, err));
    c->interleaved = c->architecture->gguf_interleaved;
    hx_str name = {0};
    bool found = false;
    HX_TRY(hx_gguf_read_str(s->file, "general.name", &name, &found, err));
    if (found) snprintf(c->name, sizeof c->name, "%.*s", HX_STR_ARG(name));
    HX_TRY(hx_config_finish(c, s->what, err));
    return read_tasks(s, c, err);
}

hx_status hx_config_read_gguf(hx_config *c, const hx_tensor_file *f, hx_error *err) {
    const char *what = hx_tensor_file_path(f);
    memset(c, 0, sizeof *c);
    hx_str architecture = {0};
    bool found = false;
    HX_TRY(hx_gguf_read_str(f, "general.architecture", &architecture, &found, err));
    if (!found) return hx_fail(err, HX_EFORMAT, "%s: general.architecture is missing", what);
    HX_TRY(hx_config_begin(c, architecture, what, err));
    source s = {f, c->architecture->name, what};
    hx_status status = read_all(&s, c, err);
    if (status != HX_OK) hx_config_release(c);
    return status;
}
