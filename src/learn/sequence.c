/* sequence.c - networks that read one column of a table as a sequence: textcnn, rnn, gru, lstm, cnn-gru, transformer; classes and numbers.
 *
 *     ids of the column's tokens (learn/design_text.c) -> network (learn/text_net_layers.c)  +  W other features  ->  logits, or one number
 *
 * Words and characters of a text, or items between marks: to a network both are ids. The table's other columns go straight to the output. A tenth of
 * the rows is held back (or the validation rows are used), the best epoch on them is kept, and learning ends when `patience` epochs bring nothing.
 * Numbers are learnt as (y - mean) / deviation. Start, order and dropout come from the seed: the same bytes for any number of threads.
 *
 * In a file: {"network":"gru","width":128,"length":40,"known":812,"mean":0,"deviation":1,"weights":"..."}, weights as F32 in base64. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/text_net.h"

#define LEAST_TO_HOLD 20
#define READ_AT_ONCE ((size_t)4096)
#define WEIGHTS_MAX ((size_t)8 << 30)

enum { WIDTH, LENGTH, MIN_COUNT, RATE, EPOCHS, BATCH, PATIENCE, PARAMS };

static const hx_model_param params[PARAMS] = {
    {.name = "width",
     .kind = HX_PARAM_COUNT,
     .fallback = 128,
     .low = 8,
     .high = 4096,
     .tune_low = 32,
     .tune_high = 256,
     .tune_log = true,
     .help = {"numbers a token has; rounded up to a multiple of 8",
              "每个词的向量长度；向上取为 8 的倍数"}},
    {.name = "length",
     .kind = HX_PARAM_COUNT,
     .fallback = 256,
     .low = 1,
     .high = HX_TOKENS_LENGTH_MAX,
     .help = {"words, characters or items of a row at most", "每行最多读取的词、字或项数"}},
    {.name = "min_count",
     .kind = HX_PARAM_COUNT,
     .fallback = 2,
     .low = 1,
     .high = 1e9,
     .help = {"rarer ones are unknown", "出现次数更少的视为未知"}},
    {.name = "rate",
     .fallback = 0.001,
     .low = 1e-8,
     .high = 1,
     .tune_low = 3e-4,
     .tune_high = 0.005,
     .tune_log = true,
     .help = {"learning rate at its peak", "学习率峰值"}},
    {.name = "epochs",
     .kind = HX_PARAM_COUNT,
     .fallback = 20,
     .low = 1,
     .high = 1e5,
     .help = {"passes over the rows at most", "最多训练轮数"}},
    {.name = "batch",
     .kind = HX_PARAM_COUNT,
     .fallback = 32,
     .low = 1,
     .high = 65536,
     .help = {"rows a step", "每步行数"}},
    {.name = "patience",
     .kind = HX_PARAM_COUNT,
     .fallback = 3,
     .low = 1,
     .high = 1e5,
     .help = {"epochs without gain before it ends", "无改进多少轮后停止"}},
};

typedef struct {
    hx_text_net *net; /* owned */
    hx_net_shape shape;
    size_t n_classes; /* 0 = a number */
    double mean, deviation; /* of y */
    hx_net_outcome outcome;
} state;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}

static void release(void *state_) {
    state *s = state_;
    hx_text_net_free(s->net);
    free(s->outcome.losses);
    free(s);
}

/* ------------------------------------------------------------------ rows */
typedef struct {
    uint32_t *ids, *labels;
    size_t *starts;
    float *more, *targets, *weights;
    hx_net_rows view;
} net_rows;

static void release_rows(net_rows *r) {
    free(r->ids);
    free(r->labels);
    free(r->starts);
    free(r->more);
    free(r->targets);
    free(r->weights);
}

static bool make_room(net_rows *r, size_t n, const hx_net_shape *shape) {
    *r = (net_rows){.ids = calloc(n * shape->max_length + 1, sizeof *r->ids),
                    .labels = calloc(n + 1, sizeof *r->labels),
                    .starts = calloc(n + 1, sizeof *r->starts),
                    .more = calloc(n * shape->n_more + 1, sizeof *r->more),
                    .targets = calloc(n + 1, sizeof *r->targets),
                    .weights = calloc(n + 1, sizeof *r->weights)};
    return r->ids && r->labels && r->starts && r->more && r->targets && r->weights;
}

/* Ids up to the first that is none; none at all is one unknown. */
static size_t read_ids(const double *x, const hx_net_shape *shape, uint32_t *out) {
    size_t n = 0;
    while (n < shape->max_length && x[n] >= 0) {
        out[n] = x[n] <= (double)shape->n_known ? (uint32_t)x[n] : 0;
        n++;
    }
    if (n > 0) return n;
    out[0] = 0;
    return 1;
}

/* Rows `rows` of x (NULL = the first n), without answers. */
static void load(net_rows *r, const double *x, const size_t *rows, size_t n,
                 const hx_net_shape *shape) {
    size_t d = shape->n_more + shape->max_length;
    r->view = (hx_net_rows){.ids = r->ids, .starts = r->starts, .n = n, .more = r->more};
    for (size_t i = 0; i < n; i++) {
        const double *row = x + (rows ? rows[i] : i) * d;
        size_t length = read_ids(row + shape->n_more, shape, r->ids + r->starts[i]);
        r->starts[i + 1] = r->starts[i] + length;
        if (length > r->view.longest) r->view.longest = length;
        for (size_t j = 0; j < shape->n_more; j++)
            r->more[i * shape->n_more + j] = (float)(isfinite(row[j]) ? row[j] : 0);
    }
}

static hx_status load_answers(net_rows *r, const state *s, const hx_problem *p, const size_t *rows,
                              size_t n, hx_error *err) {
    if (!make_room(r, n, &s->shape)) return no_memory(err);
    load(r, p->x, rows, n, &s->shape);
    for (size_t i = 0; i < n; i++) {
        r->labels[i] = s->n_classes ? (uint32_t)p->y[rows[i]] : 0;
        r->targets[i] = (float)((p->y[rows[i]] - s->mean) / s->deviation);
        r->weights[i] = p->weights ? (float)p->weights[rows[i]] : 1;
    }
    r->view.labels = s->n_classes ? r->labels : NULL;
    r->view.targets = s->n_classes ? NULL : r->targets;
    r->view.weights = p->weights ? r->weights : NULL;
    return HX_OK;
}

/* ------------------------------------------------------------------ fitting */
static void shuffle(size_t *rows, size_t n, uint64_t seed) {
    hx_rng rng;
    hx_rng_seed(&rng, seed);
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)hx_rng_below(&rng, i), row = rows[i - 1];
        rows[i - 1] = rows[j];
        rows[j] = row;
    }
}

static void standardise(state *s, const hx_problem *p) {
    double squares = 0;
    for (size_t i = 0; i < p->n; i++)
        s->mean += p->y[i] / (double)p->n;
    for (size_t i = 0; i < p->n; i++)
        squares += (p->y[i] - s->mean) * (p->y[i] - s->mean) / (double)p->n;
    s->deviation = squares > 0 ? sqrt(squares) : 1;
}

static hx_status train(state *s, const net_rows *seen, const net_rows *held,
                       const hx_fit_options *o, hx_error *err) {
    const hx_text_learner_options plan = {.seed = o->seed,
                                          .n_threads = o->n_threads,
                                          .n_epochs = (size_t)o->params[EPOCHS],
                                          .rate = o->params[RATE],
                                          .batch = (size_t)o->params[BATCH],
                                          .patience = (size_t)o->params[PATIENCE],
                                          .progress = o->progress,
                                          .context = o->context,
                                          .cancel = o->cancel};
    s->outcome.losses = calloc(plan.n_epochs, sizeof *s->outcome.losses);
    if (!s->outcome.losses) return no_memory(err);
    HX_TRY(hx_net_train(s->net, &seen->view, held->view.n ? &held->view : NULL, &plan, &s->outcome,
                        err));
    if (isfinite(s->outcome.loss)) return HX_OK;
    return hx_fail(err, HX_EINVAL, "the loss of %s is no number; try a smaller 'rate'",
                   hx_text_learner_name(s->shape.kind));
}

/* A tenth of the rows is held back where there are twenty or more and no others. */
static hx_status share_and_train(state *s, const hx_problem *p, const hx_problem *validation,
                                 const hx_fit_options *o, hx_error *err) {
    const hx_problem *other = validation ? validation : p;
    size_t n_held = validation ? validation->n : p->n >= LEAST_TO_HOLD ? p->n / 10 : 0;
    size_t n = validation ? p->n : p->n - n_held;
    size_t *rows = calloc(p->n + 1, sizeof *rows), *held = calloc(n_held + 1, sizeof *held);
    net_rows a = {.ids = NULL}, b = {.ids = NULL};
    hx_status st = rows && held ? HX_OK : no_memory(err);
    for (size_t i = 0; i < p->n && st == HX_OK; i++)
        rows[i] = i;
    if (st == HX_OK && !validation) shuffle(rows, p->n, hx_hash_mix(o->seed, 0));
    for (size_t i = 0; i < n_held && st == HX_OK; i++)
        held[i] = validation ? i : rows[n + i];
    if (st == HX_OK) st = load_answers(&a, s, p, rows, n, err);
    if (st == HX_OK) st = load_answers(&b, s, other, held, n_held, err);
    if (st == HX_OK) st = hx_net_build(s->net, o->seed, true, err);
    if (st == HX_OK) st = train(s, &a, &b, o, err);
    release_rows(&a);
    release_rows(&b);
    free(rows);
    free(held);
    return st;
}

static hx_status fit(hx_text_learner_kind kind, void **out, const hx_problem *p,
                     const hx_problem *validation, const hx_fit_options *o, hx_error *err) {
    if (p->n_tokens == 0)
        return hx_fail(err, HX_EINVAL, "%s reads a text; name its column by --text",
                       hx_text_learner_name(kind));
    state *s = calloc(1, sizeof *s);
    if (!s) return no_memory(err);
    s->deviation = 1;
    s->n_classes = p->task == HX_TASK_CLASSES ? p->n_classes : 0;
    s->shape = (hx_net_shape){.kind = kind,
                              .n_labels = s->n_classes ? s->n_classes : 1,
                              .width = ((size_t)o->params[WIDTH] + 7) / 8 * 8,
                              .max_length = p->n_tokens,
                              .n_known = p->n_known,
                              .n_more = p->d - p->n_tokens};
    if (!s->n_classes) standardise(s, p);
    hx_status st = hx_net_new(&s->net, &s->shape, err);
    if (st == HX_OK) st = share_and_train(s, p, validation, o, err);
    if (st == HX_OK)
        *out = s;
    else
        release(s);
    return st;
}

/* ------------------------------------------------------------------ predicting */
static void say(const state *s, const float *row, double *out) {
    double most = -INFINITY, sum = 0;
    if (!s->n_classes) {
        *out = s->mean + s->deviation * (double)row[0];
        return;
    }
    for (size_t k = 0; k < s->n_classes; k++)
        most = fmax(most, (double)row[k]);
    for (size_t k = 0; k < s->n_classes; k++)
        sum += out[k] = exp((double)row[k] - most);
    for (size_t k = 0; k < s->n_classes; k++)
        out[k] /= sum;
}

static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    const state *s = state_;
    size_t labels = s->shape.n_labels, most = n < READ_AT_ONCE ? n : READ_AT_ONCE;
    size_t d = s->shape.n_more + s->shape.max_length;
    net_rows r;
    float *logits = calloc(most * labels + 1, sizeof *logits);
    bool room = make_room(&r, most, &s->shape);
    hx_status st = room && logits ? HX_OK : no_memory(err);
    for (size_t from = 0; from < n && st == HX_OK; from += most) {
        size_t b = n - from < most ? n - from : most;
        load(&r, x + from * d, NULL, b, &s->shape);
        st = hx_net_run(s->net, &r.view, n_threads, logits, err);
        for (size_t i = 0; i < b && st == HX_OK; i++)
            say(s, logits + i * labels, out + (from + i) * labels);
    }
    release_rows(&r);
    free(logits);
    return st;
}

/* ------------------------------------------------------------------ words and files */
static void put_count(hx_json_writer *w, const char *key, size_t n) {
    hx_json_key(w, key);
    hx_json_int(w, (int64_t)n);
}

static void put_number(hx_json_writer *w, const char *key, double x) {
    hx_json_key(w, key);
    hx_json_double(w, x);
}

static void summary(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    put_count(w, "length", s->shape.max_length);
    put_count(w, "known", s->shape.n_known);
    put_count(w, "epochs", s->outcome.epochs);
    put_count(w, "best_epoch", s->outcome.best_epoch);
    hx_put_numbers(w, "loss", s->outcome.losses, s->outcome.losses ? s->outcome.epochs : 0);
    put_number(w, "held_loss", s->outcome.held_loss);
    put_number(w, "held_accuracy", s->outcome.held_accuracy);
}

static void write(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_buf bytes, text;
    hx_buf_init(&bytes, WEIGHTS_MAX);
    hx_buf_init(&text, WEIGHTS_MAX);
    hx_net_put_weights(s->net, &bytes);
    hx_put_base64(&text, hx_buf_str(&bytes));
    hx_json_object(w);
    hx_json_key(w, "network");
    hx_json_cstr(w, hx_text_learner_name(s->shape.kind));
    put_count(w, "width", s->shape.width);
    put_count(w, "length", s->shape.max_length);
    put_count(w, "known", s->shape.n_known);
    put_number(w, "mean", s->mean);
    put_number(w, "deviation", s->deviation);
    hx_json_key(w, "weights");
    hx_json_str(w, hx_buf_str(&text)); /* cut short where memory is: refused when it is read */
    hx_json_end_object(w);
    hx_buf_release(&bytes);
    hx_buf_release(&text);
}

static hx_status damaged(hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "the model's weights are damaged");
}

static bool read_shape(state *s, const json_t *json, size_t d) {
    bool ok = true;
    const json_t *name = json_object_get(json, "network");
    s->shape.width = hx_field_count(json, "width", 4096, &ok);
    s->shape.max_length = hx_field_count(json, "length", HX_TOKENS_LENGTH_MAX, &ok);
    s->shape.n_known = hx_field_count(json, "known", HX_TOKENS_MAX, &ok);
    s->mean = hx_field_number(json, "mean", &ok);
    s->deviation = hx_field_number(json, "deviation", &ok);
    s->shape.kind =
        json_is_string(name) ? hx_text_learner_of_name(json_string_value(name)) : HX_TEXT_LEARNER_N;
    ok = ok && s->shape.kind >= HX_TEXT_LEARNER_MLP && s->shape.kind < HX_TEXT_LEARNER_N &&
         s->shape.width > 0 && s->shape.max_length > 0 && s->shape.max_length <= d &&
         s->deviation > 0;
    s->shape.n_more = ok ? d - s->shape.max_length : 0;
    return ok;
}

/* Bytes of at least the embeddings, before anything of their size is made. */
static hx_status read_weights(state *s, const json_t *json, hx_error *err) {
    hx_buf bytes;
    const json_t *text = json_object_get(json, "weights");
    const hx_str given = {json_string_value(text), json_string_length(text)};
    if (!json_is_string(text) || given.len / 16 * 3 / s->shape.width < s->shape.n_known)
        return damaged(err);
    hx_buf_init(&bytes, WEIGHTS_MAX);
    hx_status st =
        hx_get_base64(given, &bytes) ? hx_net_new(&s->net, &s->shape, err) : damaged(err);
    if (st == HX_OK) st = hx_net_build(s->net, 0, false, err);
    if (st == HX_OK) {
        hx_cursor at = hx_cursor_of(hx_buf_str(&bytes));
        if (!hx_net_get_weights(s->net, &at) || at.at != at.end) st = damaged(err);
    }
    hx_buf_release(&bytes);
    return st;
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    state *s = calloc(1, sizeof *s);
    if (!s) return no_memory(err);
    s->n_classes = n_classes;
    s->shape.n_labels = n_classes ? n_classes : 1;
    hx_status st = read_shape(s, json, d) ? read_weights(s, json, err) : damaged(err);
    if (st == HX_OK)
        *out = s;
    else
        release(s);
    return st;
}

#define NETWORK(ID, KIND, NAME, EN, ZH)                                                            \
    static hx_status fit_##ID(void **out, const hx_problem *p, const hx_problem *validation,       \
                              const hx_fit_options *o, hx_error *err) {                            \
        return fit(KIND, out, p, validation, o, err);                                              \
    }                                                                                              \
    const hx_estimator hx_estimator_##ID = {                                                       \
        .kind = {.name = NAME,                                                                     \
                 .tasks = 1u << HX_TASK_REGRESSION | 1u << HX_TASK_CLASSES,                        \
                 .params = params,                                                                 \
                 .n_params = PARAMS,                                                               \
                 .help = {EN, ZH}},                                                                \
        .wants = HX_WANTS_FILLED | HX_WANTS_SCALED | HX_WANTS_TOKENS,                              \
        .fit = fit_##ID,                                                                           \
        .predict = predict,                                                                        \
        .summary = summary,                                                                        \
        .write = write,                                                                            \
        .read = read,                                                                              \
        .release = release,                                                                        \
    };

NETWORK(textcnn, HX_TEXT_LEARNER_CNN, "textcnn",
        "convolutions over a text or sequence, widths 2 to 4 (TextCNN)",
        "文本或序列上的卷积网络，宽度 2 至 4（TextCNN）")
NETWORK(rnn, HX_TEXT_LEARNER_RNN, "rnn", "a plain recurrent network, both directions",
        "简单循环网络，双向")
NETWORK(gru, HX_TEXT_LEARNER_GRU, "gru", "gated recurrent units, both directions",
        "门控循环网络 GRU，双向")
NETWORK(lstm, HX_TEXT_LEARNER_LSTM, "lstm", "long short-term memory, both directions",
        "长短期记忆网络 LSTM，双向")
NETWORK(cnn_gru, HX_TEXT_LEARNER_CNN_GRU, "cnn-gru", "a convolution, then gated recurrent units",
        "先卷积，再 GRU")
NETWORK(transformer, HX_TEXT_LEARNER_TRANSFORMER, "transformer",
        "a small encoder with attention (BERT-style), from scratch",
        "小型注意力编码器（BERT 式），从头训练")
