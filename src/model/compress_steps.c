/* compress_steps.c - the steps of compression: read from text, and applied from one model on disk to the next; see compress.h.
 *
 *     drop     the N layers that matter least go; the first and the last always stay
 *     ffn      in each layer the channels that matter most stay: SHARE of them, a whole number of 32
 *     heads    in each layer the groups of heads that matter most stay
 *     vocab    tokens of the training texts, bytes, specials
 *     tune     full fine-tuning for some epochs, best epoch by a tenth of the training texts
 *     qat      the same with weights rounded to 8 or 4 bits in the forward pass, 1 epoch, then q8_0 or q4_0
 *
 * What matters is measured anew on the model that a step begins with. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "llama/tokenizer.h"
#include "model/compress.h"
#include "model/gguf_out.h"
#include "model/run.h"
#include "model/vocab_prune.h"

#define CHANNELS_STEP 32 /* blocks of most stored types */
#define CALIBRATION 256

/* ------------------------------------------------------------------ text to steps */
static bool read_amount(hx_str s, double *out) {
    json_t *j = NULL;
    if (hx_json_parse(s, 32, "number", &j, NULL) != HX_OK) return false;
    bool good = json_is_number(j) && json_number_value(j) > 0;
    *out = json_number_value(j);
    json_decref(j);
    return good;
}

static bool parse_type(hx_str name, hx_str rest, hx__step *s) {
    static const char *const names[][2] = {
        {"int8", "q8_0"}, {"q8_0", "q8_0"}, {"q4", "q4_k"},   {"q4_k", "q4_k"}, {"q4_0", "q4_0"},
        {"q4_1", "q4_1"}, {"q6_k", "q6_k"}, {"bf16", "bf16"}, {"f16", "f16"},
    };
    bool plain = hx_str_equal(rest, HX_STR_LIT("plain"));
    if (rest.len > 0 && !plain) return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (hx_str_equal(name, hx_str_of(names[i][0]))) {
            *s = (hx__step){.kind = HX_STEP_QUANTISE, .type = names[i][1], .plain = plain};
            return true;
        }
    return false;
}

static bool parse_step(hx_str text, hx__step *s) {
    const char *colon = memchr(text.ptr ? text.ptr : "", ':', text.len);
    hx_str name = {text.ptr, colon ? (size_t)(colon - text.ptr) : text.len};
    hx_str rest = colon ? (hx_str){colon + 1, text.len - name.len - 1} : (hx_str){NULL, 0};
    double x = 0;
    bool given = rest.len > 0 && read_amount(rest, &x);
    if (colon && rest.len == 0) return false;
    if (parse_type(name, rest, s)) return true;
    if (hx_str_equal(name, HX_STR_LIT("vocab"))) {
        *s = (hx__step){.kind = HX_STEP_VOCAB};
        return rest.len == 0;
    }
    if (hx_str_equal(name, HX_STR_LIT("tune"))) {
        *s = (hx__step){.kind = HX_STEP_TUNE, .amount = given ? x : 1};
        return rest.len == 0 || given;
    }
    if (hx_str_equal(name, HX_STR_LIT("drop"))) {
        *s = (hx__step){.kind = HX_STEP_DROP, .amount = x};
        return given && x < 1024 && !(floor(x) < x);
    }
    if (hx_str_equal(name, HX_STR_LIT("qat"))) {
        *s = (hx__step){.kind = HX_STEP_QAT, .amount = x, .type = x > 6 ? "q8_0" : "q4_0"};
        return hx_str_equal(rest, HX_STR_LIT("8")) || hx_str_equal(rest, HX_STR_LIT("4"));
    }
    bool ffn = hx_str_equal(name, HX_STR_LIT("ffn"));
    *s = (hx__step){.kind = ffn ? HX_STEP_FFN : HX_STEP_HEADS, .amount = x};
    return (ffn || hx_str_equal(name, HX_STR_LIT("heads"))) && given && x < 1;
}

hx_status hx__steps_parse(hx_str text, hx__step steps[HX_STEPS_MAX], size_t *n, hx_error *err) {
    hx_str left = text;
    *n = 0;
    for (bool more = true; more;) {
        const char *plus = memchr(left.ptr ? left.ptr : "", '+', left.len);
        hx_str one = {left.ptr, plus ? (size_t)(plus - left.ptr) : left.len};
        more = plus != NULL;
        if (*n == HX_STEPS_MAX || !parse_step(one, &steps[*n]))
            return hx_fail(err, HX_EINVAL,
                           "'%.*s' is no way of compressing; int8, q4, q4:plain, q6_k, drop:4, "
                           "vocab, ffn:0.75, heads:0.75, tune:1, qat:8, qat:4 are, joined by +",
                           HX_STR_ARG(one));
        bool rounds = steps[*n].kind == HX_STEP_QUANTISE || steps[*n].kind == HX_STEP_QAT;
        if (rounds && more)
            return hx_fail(err, HX_EINVAL, "'%.*s': a step that rounds weights comes last",
                           HX_STR_ARG(text));
        ++*n;
        if (more) left = (hx_str){plus + 1, left.len - one.len - 1};
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ what stays */
typedef struct {
    double value;
    uint32_t index;
} ranked;

static int by_value(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->value > y->value || x->value < y->value) return x->value > y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The `keep` greatest of n values, ascending by index, to `out`. */
static hx_status greatest(const double *values, size_t n, size_t keep, uint32_t *out,
                          hx_error *err) {
    ranked *all = calloc(n + 1, sizeof *all);
    if (!all) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        all[i] = (ranked){values[i], (uint32_t)i};
    qsort(all, n, sizeof *all, by_value);
    for (size_t i = 0; i < keep; i++)
        out[i] = all[i].index;
    free(all);
    qsort(out, keep, sizeof *out, ascending);
    return HX_OK;
}

static hx_status greatest_of_layers(const hx__compress_job *j, const double *values, size_t layers,
                                    size_t n, size_t keep, const uint32_t **out, hx_error *err) {
    uint32_t *list = hx_arena_alloc(j->arena, (layers * keep + 1) * sizeof *list);
    if (!list) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t l = 0; l < layers; l++)
        HX_TRY(greatest(values + l * n, n, keep, list + l * keep, err));
    *out = list;
    return HX_OK;
}

static hx_status keep_layers(const hx__compress_job *j, hx__calibration *c, size_t drop,
                             hx__reshape *keep, hx_error *err) {
    if (drop + 2 > c->n_layers)
        return hx_fail(err, HX_EINVAL,
                       "%zu of %zu layers can't be dropped: the first and the last stay", drop,
                       c->n_layers);
    uint32_t *list = hx_arena_alloc(j->arena, c->n_layers * sizeof *list);
    if (!list) return hx_fail(err, HX_ENOMEM, "out of memory");
    c->layers[0] = c->layers[c->n_layers - 1] = HUGE_VAL;
    keep->n_layers = c->n_layers - drop;
    keep->layers = list;
    return greatest(c->layers, c->n_layers, keep->n_layers, list, err);
}

static size_t part_of(size_t n, double share, size_t step) {
    size_t kept = (size_t)((double)n * share / (double)step + 0.5) * step;
    if (kept < step) kept = step;
    return kept > n ? n : kept;
}

static hx_status choose(const hx__compress_job *j, const hx__step *s, hx__calibration *c,
                        hx__reshape *keep, hx_error *err) {
    if (s->kind == HX_STEP_DROP) return keep_layers(j, c, (size_t)s->amount, keep, err);
    if (s->kind == HX_STEP_FFN) {
        keep->n_channels =
            part_of(c->n_ff, s->amount, c->n_ff >= 2 * CHANNELS_STEP ? CHANNELS_STEP : 1);
        return greatest_of_layers(j, c->channels, c->n_layers, c->n_ff, keep->n_channels,
                                  &keep->channels, err);
    }
    keep->n_groups = part_of(c->n_groups, s->amount, 1);
    return greatest_of_layers(j, c->groups, c->n_layers, c->n_groups, keep->n_groups, &keep->groups,
                              err);
}

/* ------------------------------------------------------------------ applying */
static hx_status calibrate(const hx__compress_job *j, const char *from, hx__calibration *out,
                           hx_error *err) {
    size_t most = j->options->max_calibration ? j->options->max_calibration : CALIBRATION;
    return hx__calibrate(from, j->head, j->data, most, j->options->n_threads, j->options->cancel,
                         j->arena, out, err);
}

static hx_status prune(const hx__compress_job *j, const hx__step *s, const char *from,
                       const char *to, hx_error *err) {
    hx__calibration c;
    hx__reshape keep = {0};
    hx_model_file source;
    HX_TRY(calibrate(j, from, &c, err));
    HX_TRY(choose(j, s, &c, &keep, err));
    HX_TRY(hx_model_file_open(&source, from, err));
    hx_status st = hx__reshape_write(&source, &keep, to, j->convert, err);
    if (st == HX_OK) st = hx__reshape_tokenizer(&source, from, to, err);
    hx_model_file_release(&source);
    return st;
}

static const float *columns_of(const void *context, const char *name) {
    return hx__calibration_columns(context, name);
}

static hx_status quantise(const hx__compress_job *j, const hx__step *s, const char *from,
                          const char *to, hx_error *err) {
    hx__calibration c;
    hx_model_file source;
    bool half = strcmp(s->type, "f16") == 0 || strcmp(s->type, "bf16") == 0;
    bool plain = s->plain || half || s->kind == HX_STEP_QAT;
    if (!plain) HX_TRY(calibrate(j, from, &c, err));
    HX_TRY(hx_model_file_open(&source, from, err));
    hx_status st = hx_gguf_out(&source, from, s->type, to, j->convert, plain ? NULL : columns_of,
                               plain ? NULL : &c, err);
    hx_model_file_release(&source);
    return st;
}

static void put_task(hx_json_writer *w, const hx__compress_job *j) {
    hx_json_key(w, "tasks");
    hx_json_array(w);
    hx_json_object(w);
    hx_json_key(w, "name");
    hx_json_cstr(w, j->head->name);
    hx_json_key(w, "kind");
    hx_json_cstr(w, "label");
    hx_json_key(w, "data");
    hx_json_cstr(w, j->train_file);
    hx_json_key(w, "validation");
    hx_json_cstr(w, j->validation_file);
    hx_json_key(w, "text");
    hx_json_cstr(w, "text");
    hx_json_key(w, "label");
    hx_json_cstr(w, "label");
    hx_json_key(w, "mean");
    hx_json_bool(w, j->head->mean);
    hx_json_key(w, "bidirectional");
    hx_json_bool(w, j->head->bidirectional);
    hx_json_key(w, "lower");
    hx_json_bool(w, j->head->lower);
    if (j->head->max_length > 0) {
        hx_json_key(w, "max_length");
        hx_json_int(w, (int64_t)j->head->max_length);
    }
    hx_json_key(w, "test_size");
    hx_json_int(w, 0);
    hx_json_end_object(w);
    hx_json_end_array(w);
}

static void put_training(hx_buf *out, const hx__compress_job *j, const hx__step *s,
                         const char *from) {
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    hx_json_key(&w, "model");
    hx_json_cstr(&w, from);
    hx_json_key(&w, "epochs");
    hx_json_double(&w, s->kind == HX_STEP_QAT ? 1 : s->amount);
    hx_json_key(&w, "rate");
    hx_json_double(&w, j->options->rate > 0 ? j->options->rate : 5e-5);
    hx_json_key(&w, "seed");
    hx_json_int(&w, (int64_t)((j->options->seed > 0 ? j->options->seed : 1) & 0xFFFFFFFF));
    if (s->kind == HX_STEP_QAT) {
        hx_json_key(&w, "quantise_bits");
        hx_json_int(&w, (int64_t)s->amount);
    }
    put_task(&w, j);
    hx_json_end_object(&w);
}

/* A run at `run`; *best = its model. */
static hx_status train(const hx__compress_job *j, const hx__step *s, const char *from,
                       const char *run, hx_str *best, hx_error *err) {
    const hx_train_calls calls = {.n_threads = j->options->n_threads, .cancel = j->options->cancel};
    hx_str metrics;
    hx_buf config;
    hx_buf_init(&config, 1u << 20);
    put_training(&config, j, s, from);
    hx_status st = hx_buf_status(&config, "configuration", err);
    if (st == HX_OK)
        st = hx_train(hx_buf_str(&config), run, false, &calls, j->arena, &metrics, err);
    hx_buf_release(&config);
    return st == HX_OK ? hx_run_model(run, j->arena, best, err) : st;
}

static hx_status train_step(const hx__compress_job *j, const hx__step *s, const char *from,
                            const char *to, hx_error *err) {
    hx_str best;
    hx_model_file source;
    hx__reshape all = {0};
    char *run = hx_file_beside(to, ".run");
    if (!run) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = train(j, s, from, run, &best, err);
    free(run);
    HX_TRY(st);
    if (s->kind == HX_STEP_QAT) return quantise(j, s, best.ptr, to, err);
    HX_TRY(hx_model_file_open(&source, best.ptr, err));
    st = hx__reshape_write(&source, &all, to, j->convert, err);
    if (st == HX_OK) st = hx__reshape_tokenizer(&source, best.ptr, to, err);
    hx_model_file_release(&source);
    return st;
}

hx_status hx__step_apply(const hx__compress_job *j, const hx__step *s, const char *from,
                         const char *to, hx_error *err) {
    const hx_reshape_options vocab = {.vocab_from = j->train_file, .text = "text"};
    switch (s->kind) {
    case HX_STEP_QUANTISE:
        return quantise(j, s, from, to, err);
    case HX_STEP_VOCAB:
        return hx_model_reshape(from, HX_MODEL_HF, to, &vocab, j->convert, err);
    case HX_STEP_TUNE:
    case HX_STEP_QAT:
        return train_step(j, s, from, to, err);
    default:
        return prune(j, s, from, to, err);
    }
}
