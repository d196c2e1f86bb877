/* config_json.c - config.json of Hugging Face transformers, as 4.x and 5.x write it.
 *
 *     sizes                    one table with GGUF's (config.c); integers only: "1", 1.0, NaN and 2^53 + 1 are errors
 *     rope_theta, rope_scaling {type | rope_type, factor, ...}                     4.x
 *     rope_parameters          {rope_type, rope_theta, factor, ...}                5.x
 *     architectures            [...ForCausalLM | ...ForSequenceClassification | ...ForTokenClassification | ...Model]
 *     id2label                 {"0": "NEGATIVE", ...}: exactly 0 .. n - 1
 *
 * null means not said, as for transformers. Things that would change the result and cannot be run (other activations, sliding windows,
 * quantisation of other programs) are refused, never ignored. Formulas of YaRN's attention factor: modeling_rope_utils.py of transformers. */
#include "llama/config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

typedef struct {
    json_t *root;
    const char *what;
} source;

/* The value of `key`; NULL where it is not there or null. */
static json_t *get(json_t *object, const char *key) {
    json_t *v = json_object_get(object, key);
    return json_is_null(v) ? NULL : v;
}

static hx_str json_view(const json_t *v) {
    return (hx_str){json_string_value(v), json_string_length(v)};
}

static hx_status read_int(const source *s, json_t *object, const char *key, int64_t min,
                          int64_t max, int64_t *out, hx_error *err) {
    json_t *v = get(object, key);
    if (!v) return HX_OK;
    if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max)
        return hx_fail(err, HX_EFORMAT, "%s: %s is no integer between %lld and %lld", s->what, key,
                       (long long)min, (long long)max);
    *out = (int64_t)json_integer_value(v);
    return HX_OK;
}

static hx_status read_size(const source *s, json_t *object, const char *key, uint32_t max,
                           size_t *out, hx_error *err) {
    int64_t v = (int64_t)*out;
    HX_TRY(read_int(s, object, key, 1, max, &v, err));
    *out = (size_t)v;
    return HX_OK;
}

static hx_status read_number(const source *s, json_t *object, const char *key, double min,
                             double max, double *out, hx_error *err) {
    json_t *v = get(object, key);
    if (!v) return HX_OK;
    double d = json_is_number(v) ? json_number_value(v) : NAN;
    if (!(d >= min && d <= max))
        return hx_fail(err, HX_EFORMAT, "%s: %s is no number between %g and %g", s->what, key, min,
                       max);
    *out = d;
    return HX_OK;
}

static hx_status read_bool(const source *s, json_t *object, const char *key, bool *out,
                           hx_error *err) {
    json_t *v = get(object, key);
    if (!v) return HX_OK;
    if (!json_is_boolean(v))
        return hx_fail(err, HX_EFORMAT, "%s: %s is neither true nor false", s->what, key);
    *out = json_is_true(v);
    return HX_OK;
}

static hx_status read_str(const source *s, json_t *object, const char *key, hx_str *out,
                          hx_error *err) {
    json_t *v = get(object, key);
    if (!v) return HX_OK;
    if (!json_is_string(v)) return hx_fail(err, HX_EFORMAT, "%s: %s is no string", s->what, key);
    *out = json_view(v);
    return HX_OK;
}

static hx_status read_object(const source *s, const char *key, json_t **out, hx_error *err) {
    *out = get(s->root, key);
    if (*out && !json_is_object(*out))
        return hx_fail(err, HX_EFORMAT, "%s: %s is no object", s->what, key);
    return HX_OK;
}

/* ------------------------------------------------------------------ sizes and things that cannot be run */
static hx_status read_sizes(const source *s, hx_config *c, hx_error *err) {
    size_t n;
    const hx_config_size *sizes = hx_config_sizes(&n);
    for (size_t i = 0; i < n; i++) {
        size_t *out = (size_t *)(void *)((char *)c + sizes[i].offset);
        HX_TRY(read_size(s, s->root, sizes[i].json, sizes[i].max, out, err));
        if (*out == 0 && (sizes[i].required || out == &c->n_vocab))
            return hx_fail(err, HX_EFORMAT, "%s: %s is missing", s->what, sizes[i].json);
    }
    HX_TRY(read_bool(s, s->root, "tie_word_embeddings", &c->tied, err));
    return read_number(s, s->root, "rms_norm_eps", 1e-12, 1.0, &c->norm_eps, err);
}

static hx_status check_supported(const source *s, const hx_config *c, hx_error *err) {
    hx_str act = HX_STR_LIT("silu");
    HX_TRY(read_str(s, s->root, "hidden_act", &act, err));
    if (!hx_str_equal(act, HX_STR_LIT("silu")))
        return hx_fail(err, HX_EUNSUPPORTED, "%s: hidden_act '%.*s' cannot be run, only silu",
                       s->what, HX_STR_ARG(act));
    bool ignored = false, sliding = false;
    HX_TRY(read_bool(s, s->root, "attention_bias", &ignored, err));
    HX_TRY(read_bool(s, s->root, "mlp_bias", &ignored, err));
    HX_TRY(read_bool(s, s->root, "use_sliding_window", &sliding, err));
    size_t window = HX_CONFIG_POSITIONS_MAX;
    HX_TRY(read_size(s, s->root, "sliding_window", HX_CONFIG_POSITIONS_MAX, &window, err));
    if (sliding && window < c->n_positions)
        return hx_fail(err, HX_EUNSUPPORTED, "%s: attention in sliding windows cannot be run",
                       s->what);
    json_t *quantised = NULL;
    HX_TRY(read_object(s, "quantization_config", &quantised, err));
    if (quantised)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "%s: quantization_config says weights of another program's format; convert "
                       "the model to GGUF first",
                       s->what);
    return HX_OK;
}

/* ------------------------------------------------------------------ rotary positions */
static hx_status scaling_of_name(const source *s, hx_str name, hx_rope_scaling *out,
                                 hx_error *err) {
    static const struct {
        const char *name;
        hx_rope_scaling scaling;
    } known[] = {{"default", HX_ROPE_PLAIN},
                 {"linear", HX_ROPE_LINEAR},
                 {"llama3", HX_ROPE_LLAMA3},
                 {"yarn", HX_ROPE_YARN}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (hx_str_equal(name, hx_str_of(known[i].name))) {
            *out = known[i].scaling;
            return HX_OK;
        }
    return hx_fail(err, HX_EUNSUPPORTED, "%s: rope scaling '%.*s' cannot be run", s->what,
                   HX_STR_ARG(name));
}

static double yarn_scale(double factor, double m) {
    return factor <= 1.0 ? 1.0 : 0.1 * m * log(factor) + 1.0;
}

static hx_status read_yarn(const source *s, json_t *o, hx_rope_config *r, hx_error *err) {
    HX_TRY(read_number(s, o, "beta_fast", 1e-3, 1e6, &r->beta_fast, err));
    HX_TRY(read_number(s, o, "beta_slow", 1e-3, 1e6, &r->beta_slow, err));
    bool truncate = true;
    HX_TRY(read_bool(s, o, "truncate", &truncate, err));
    r->keep_fractions = !truncate;
    double m = 0.0, m_all = 0.0;
    HX_TRY(read_number(s, o, "mscale", 0.0, 1e3, &m, err));
    HX_TRY(read_number(s, o, "mscale_all_dim", 0.0, 1e3, &m_all, err));
    if (m > 0.0 && m_all > 0.0)
        r->attention_factor = yarn_scale(r->factor, m) / yarn_scale(r->factor, m_all);
    return read_number(s, o, "attention_factor", 1e-3, 1e3, &r->attention_factor, err);
}

/* A gap must not become a default: what says how to scale says of which kind, and llama3 says all of its numbers. */
static hx_status check_scaling_keys(const source *s, json_t *o, hx_rope_scaling scaling,
                                    hx_error *err) {
    static const char *const keys[] = {"original_max_position_embeddings", "low_freq_factor",
                                       "high_freq_factor", "factor", "attention_factor"};
    enum { N_KEYS = sizeof keys / sizeof *keys, N_LLAMA3 = 3 };
    bool has_type = get(o, "type") || get(o, "rope_type");
    for (size_t i = 0; i < N_KEYS && !has_type; i++)
        if (get(o, keys[i]))
            return hx_fail(err, HX_EFORMAT, "%s: the rope scaling has %s, but no rope_type",
                           s->what, keys[i]);
    for (size_t i = 0; i < N_LLAMA3 && scaling == HX_ROPE_LLAMA3; i++)
        if (!get(o, keys[i]))
            return hx_fail(err, HX_EFORMAT, "%s: the rope scaling llama3 has no %s", s->what,
                           keys[i]);
    return HX_OK;
}

static hx_status read_scaling(const source *s, json_t *o, hx_rope_config *r, hx_error *err) {
    hx_str name = HX_STR_LIT("default");
    HX_TRY(read_str(s, o, "type", &name, err));
    HX_TRY(read_str(s, o, "rope_type", &name, err));
    HX_TRY(scaling_of_name(s, name, &r->scaling, err));
    HX_TRY(read_number(s, o, "rope_theta", 1.0, 1e12, &r->theta, err));
    HX_TRY(read_number(s, o, "factor", 1.0, 65536.0, &r->factor, err));
    if (r->scaling != HX_ROPE_PLAIN && !get(o, "factor"))
        return hx_fail(err, HX_EFORMAT, "%s: the rope scaling has no factor", s->what);
    HX_TRY(check_scaling_keys(s, o, r->scaling, err));
    HX_TRY(read_size(s, o, "original_max_position_embeddings", HX_CONFIG_POSITIONS_MAX,
                     &r->original_positions, err));
    HX_TRY(read_number(s, o, "low_freq_factor", 1e-6, 1e6, &r->low_freq_factor, err));
    HX_TRY(read_number(s, o, "high_freq_factor", 1e-6, 1e6, &r->high_freq_factor, err));
    return read_yarn(s, o, r, err);
}

static hx_status read_rope(const source *s, hx_config *c, hx_error *err) {
    json_t *old = NULL, *new = NULL;
    HX_TRY(read_number(s, s->root, "rope_theta", 1.0, 1e12, &c->rope.theta, err));
    HX_TRY(read_object(s, "rope_scaling", &old, err));
    HX_TRY(read_object(s, "rope_parameters", &new, err));
    if (new || old) HX_TRY(read_scaling(s, new ? new : old, &c->rope, err));
    double fraction = 1.0;
    HX_TRY(read_number(s, s->root, "partial_rotary_factor", 1e-3, 1.0, &fraction, err));
    if (new) HX_TRY(read_number(s, new, "partial_rotary_factor", 1e-3, 1.0, &fraction, err));
    size_t head_dim = c->head_dim ? c->head_dim : c->n_embd / c->n_heads;
    if (fraction < 1.0) c->rope.dims = (size_t)((double)head_dim * fraction);
    return HX_OK;
}

/* ------------------------------------------------------------------ tokens, head and labels */
static hx_status read_token(const source *s, const char *key, int32_t *out, hx_error *err) {
    json_t *v = get(s->root, key);
    if (json_is_array(v) && json_array_size(v) > 0) v = json_array_get(v, 0);
    if (!v) return HX_OK;
    if (!json_is_integer(v) || json_integer_value(v) < -1 || json_integer_value(v) > INT32_MAX)
        return hx_fail(err, HX_EFORMAT, "%s: %s is no token id", s->what, key);
    *out = (int32_t)json_integer_value(v);
    return HX_OK;
}

/* Keys are 0 .. n - 1 in digits; that they are all there follows from their number, since none is twice. */
static bool label_index(const char *key, size_t n, size_t *out) {
    size_t v = 0, digits = strlen(key);
    if (digits == 0 || digits > 9 || (digits > 1 && key[0] == '0')) return false;
    for (const char *p = key; *p; p++) {
        if (*p < '0' || *p > '9') return false;
        v = v * 10 + (size_t)(*p - '0');
    }
    *out = v;
    return v < n;
}

/* As transformers names them where config.json does not. */
static hx_status name_labels(hx_config *c, size_t n, hx_error *err) {
    HX_TRY(hx_config_set_labels(c, n, err));
    for (size_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "LABEL_%zu", i);
        HX_TRY(hx_config_set_label(c, i, hx_str_of(name), err));
    }
    return HX_OK;
}

static hx_status read_labels(const source *s, hx_config *c, hx_error *err) {
    size_t n = 2; /* PretrainedConfig.num_labels */
    HX_TRY(read_size(s, s->root, "num_labels", HX_CONFIG_LABELS_MAX, &n, err));
    json_t *names = NULL;
    HX_TRY(read_object(s, "id2label", &names, err));
    if (!names) return name_labels(c, n, err);
    n = json_object_size(names);
    if (n == 0 || n > HX_CONFIG_LABELS_MAX)
        return hx_fail(err, HX_EFORMAT, "%s: id2label has %zu labels, not 1 to %u", s->what, n,
                       HX_CONFIG_LABELS_MAX);
    HX_TRY(hx_config_set_labels(c, n, err));
    const char *key;
    json_t *v;
    json_object_foreach(names, key, v) {
        size_t i = 0;
        if (!label_index(key, n, &i) || !json_is_string(v))
            return hx_fail(err, HX_EFORMAT,
                           "%s: id2label is no list of names for the numbers 0 to %zu", s->what,
                           n - 1);
        HX_TRY(hx_config_set_label(c, i, json_view(v), err));
    }
    return HX_OK;
}

static bool ends_with(hx_str s, hx_str end) {
    return s.len >= end.len && hx_str_equal((hx_str){s.ptr + s.len - end.len, end.len}, end);
}

static hx_status read_head(const source *s, hx_config *c, hx_error *err) {
    json_t *list = get(s->root, "architectures");
    if (!list) return HX_OK;
    json_t *first = json_array_get(list, 0);
    if (!json_is_string(first))
        return hx_fail(err, HX_EFORMAT, "%s: architectures is no list of names", s->what);
    hx_str name = json_view(first), type = HX_STR_LIT("last"), problem = HX_STR_LIT("");
    c->head_is_token = ends_with(name, HX_STR_LIT("ForTokenClassification"));
    c->has_head = c->head_is_token || ends_with(name, HX_STR_LIT("ForSequenceClassification"));
    if (!c->has_head && !ends_with(name, HX_STR_LIT("ForCausalLM")) &&
        !ends_with(name, HX_STR_LIT("Model")))
        return hx_fail(err, HX_EUNSUPPORTED, "%s: models for '%.*s' cannot be run", s->what,
                       HX_STR_ARG(name));
    if (!c->has_head) return HX_OK;
    HX_TRY(read_str(s, s->root, "huaxiang.head.type", &type, err));
    c->head_is_mean = hx_str_equal(type, HX_STR_LIT("mean"));
    HX_TRY(read_str(s, s->root, "problem_type", &problem, err));
    c->score_kind = c->head_is_token ? HX_LLAMA_TAG
                    : hx_str_equal(problem, HX_STR_LIT("multi_label_classification"))
                        ? HX_LLAMA_LABELS
                    : hx_str_equal(problem, HX_STR_LIT("regression")) ? HX_LLAMA_NUMBER
                                                                      : HX_LLAMA_LABEL;
    return read_labels(s, c, err);
}

static hx_status read_all(const source *s, hx_config *c, hx_error *err) {
    HX_TRY(read_sizes(s, c, err));
    HX_TRY(read_rope(s, c, err));
    HX_TRY(read_token(s, "bos_token_id", &c->bos, err));
    HX_TRY(read_token(s, "eos_token_id", &c->eos, err));
    HX_TRY(read_token(s, "pad_token_id", &c->pad, err));
    HX_TRY(read_head(s, c, err));
    HX_TRY(hx_config_finish(c, s->what, err));
    HX_TRY(hx_config_read_tasks(c, get(s->root, "huaxiang.heads"), s->what, err));
    return check_supported(s, c, err);
}

hx_status hx_config_read_json(hx_config *c, hx_str json, const char *what, hx_error *err) {
    json_t *root = NULL;
    memset(c, 0, sizeof *c);
    HX_TRY(hx_json_parse(json, HX_CONFIG_BYTES_MAX, what, &root, err));
    source s = {root, what};
    hx_str type = {0};
    hx_status status = HX_OK;
    if (!json_is_object(root)) status = hx_fail(err, HX_EFORMAT, "%s: no JSON object", what);
    if (status == HX_OK) status = read_str(&s, root, "model_type", &type, err);
    if (status == HX_OK && !type.ptr)
        status = hx_fail(err, HX_EFORMAT, "%s: model_type is missing", what);
    if (status == HX_OK) status = hx_config_begin(c, type, what, err);
    if (status == HX_OK) status = read_all(&s, c, err);
    if (status != HX_OK) hx_config_release(c);
    json_decref(root);
    return status;
}
