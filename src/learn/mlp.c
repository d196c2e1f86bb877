/* mlp.c - a multi-layer perceptron: one or two hidden layers of rectified units, for classes (cross-entropy) and numbers (squares).
 *
 *     h = max(0, W1 x + b1),  [h = max(0, W2 h + b2),]  out = W3 h + b3
 *
 * through the layers of src/nn, by AdamW in shuffled batches. Weights start as He et al. 2015 have them. A tenth of the rows is held back (or the
 * validation rows are used) and the best epoch on them is kept; learning ends when `patience` epochs bring nothing. Numbers are learnt as
 * (y - mean) / deviation. Order, start and dropout come from the seed: the same bytes for any number of threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "nn/layers.h"
#include "nn/loss.h"
#include "nn/optimiser.h"

#define LAYERS_MAX 3
#define READ_TOGETHER ((size_t)256)
#define WIDTH_MAX 4096
#define TWO_PI 6.283185307179586477

enum { WIDTH, LAYERS, RATE, EPOCHS, BATCH, DECAY, DROPOUT, PATIENCE, PARAMS };

static const hx_model_param params[PARAMS] = {
    {.name = "width",
     .kind = HX_PARAM_COUNT,
     .fallback = 64,
     .low = 1,
     .high = WIDTH_MAX,
     .tune_low = 16,
     .tune_high = 256,
     .tune_log = true,
     .help = {"units of a hidden layer", "隐藏层单元数"}},
    {.name = "layers",
     .kind = HX_PARAM_COUNT,
     .fallback = 1,
     .low = 1,
     .high = 2,
     .tune_low = 1,
     .tune_high = 2,
     .help = {"hidden layers", "隐藏层数"}},
    {.name = "rate",
     .fallback = 0.003,
     .low = 1e-8,
     .high = 1,
     .tune_low = 3e-4,
     .tune_high = 0.03,
     .tune_log = true,
     .help = {"learning rate", "学习率"}},
    {.name = "epochs",
     .kind = HX_PARAM_COUNT,
     .fallback = 200,
     .low = 1,
     .high = 1e6,
     .help = {"passes over the rows at most", "最多训练轮数"}},
    {.name = "batch",
     .kind = HX_PARAM_COUNT,
     .fallback = 64,
     .low = 1,
     .high = 65536,
     .help = {"rows a step", "每步行数"}},
    {.name = "decay",
     .fallback = 0.01,
     .high = 10,
     .tune_low = 1e-4,
     .tune_high = 1,
     .tune_log = true,
     .help = {"weights shrink by it times the rate a step", "权重衰减"}},
    {.name = "dropout",
     .high = 0.9,
     .tune_low = 0,
     .tune_high = 0.5,
     .help = {"share of hidden units left out at a step", "随机失活比例"}},
    {.name = "patience",
     .kind = HX_PARAM_COUNT,
     .fallback = 20,
     .low = 1,
     .high = 1e6,
     .help = {"epochs without gain before it ends", "无改进多少轮后停止"}},
};

typedef struct {
    size_t d, n_classes, n_out, width,
        n_layers; /* n_layers: with the last one; n_classes 0 = a number */
    size_t at[LAYERS_MAX][2], n_weights; /* where W and b of a layer begin */
    float *w; /* owned, aligned to 64 */
    double mean, deviation; /* of y */
    double loss, held_loss;
    size_t epochs, best_epoch;
} state;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}

static float *floats(size_t n) {
    size_t bytes = (n * sizeof(float) + 127) / 64 * 64;
    float *x = aligned_alloc(64, bytes);
    if (x) memset(x, 0, bytes);
    return x;
}

static void release(void *state_) {
    state *s = state_;
    free(s->w);
    free(s);
}

static size_t inputs_of(const state *s, size_t layer) {
    return layer ? s->width : s->d;
}
static size_t outputs_of(const state *s, size_t layer) {
    return layer + 1 == s->n_layers ? s->n_out : s->width;
}

static state *new_state(size_t d, size_t n_classes, size_t width, size_t n_layers) {
    state *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    *s = (state){.d = d,
                 .n_classes = n_classes,
                 .n_out = n_classes ? n_classes : 1,
                 .width = width,
                 .n_layers = n_layers,
                 .deviation = 1};
    for (size_t k = 0; k < n_layers; k++) {
        s->at[k][0] = s->n_weights;
        s->n_weights += (inputs_of(s, k) * outputs_of(s, k) + 15) / 16 * 16;
        s->at[k][1] = s->n_weights;
        s->n_weights += (outputs_of(s, k) + 15) / 16 * 16;
    }
    s->w = floats(s->n_weights);
    if (s->w) return s;
    free(s);
    return NULL;
}

/* ------------------------------------------------------------------ forward and backward */
typedef struct {
    hx_nn nn;
    hx_team *team;
    float *x, *hidden[2], *kept[2], *out, *rows, *targets; /* of a batch; kept: after dropout */
    float *dout, *dhidden;
    uint32_t *labels;
    size_t room; /* rows */
} engine;

static hx_status open_engine(engine *e, const state *s, size_t rows, size_t n_threads,
                             hx_error *err) {
    const hx_kernels *kernels;
    size_t scratch = 64;
    *e = (engine){.room = rows};
    HX_TRY(hx_kernels_choose(NULL, &kernels, err));
    HX_TRY(hx_team_new(&e->team, n_threads, err));
    for (size_t k = 0; k < s->n_layers; k++) {
        size_t bytes =
            hx_nn_linear_scratch(rows, inputs_of(s, k), outputs_of(s, k), hx_team_size(e->team));
        scratch = bytes > scratch ? bytes : scratch;
    }
    e->nn = (hx_nn){.kernels = kernels, .team = e->team, .scratch = floats(scratch / 4 + 16)};
    e->x = floats(rows * s->d);
    for (size_t k = 0; k < 2; k++) {
        e->hidden[k] = floats(rows * s->width);
        e->kept[k] = floats(rows * s->width);
    }
    e->out = floats(rows * s->n_out);
    e->dout = floats(rows * s->n_out);
    e->dhidden = floats(rows * s->width);
    e->rows = floats(rows);
    e->targets = floats(rows);
    e->labels = calloc(rows + 1, sizeof *e->labels);
    bool ok = e->nn.scratch && e->x && e->hidden[0] && e->hidden[1] && e->kept[0] && e->kept[1] &&
              e->out && e->dout && e->dhidden && e->rows && e->targets && e->labels;
    return ok ? HX_OK : no_memory(err);
}

static void close_engine(engine *e) {
    hx_team_free(e->team);
    free(e->nn.scratch);
    free(e->x);
    for (size_t k = 0; k < 2; k++) {
        free(e->hidden[k]);
        free(e->kept[k]);
    }
    free(e->out);
    free(e->dout);
    free(e->dhidden);
    free(e->rows);
    free(e->targets);
    free(e->labels);
}

/* What layer k reads. */
static const float *input_at(const engine *e, size_t k) {
    return k ? e->kept[k - 1] : e->x;
}

static void forward(const state *s, engine *e, size_t n, float drop, hx_nn_dropout_key key) {
    for (size_t k = 0; k < s->n_layers; k++) {
        bool last = k + 1 == s->n_layers;
        float *y = last ? e->out : e->hidden[k];
        hx_nn_linear(&e->nn, input_at(e, k), n, inputs_of(s, k), outputs_of(s, k),
                     s->w + s->at[k][0], s->w + s->at[k][1], y);
        if (last) return;
        hx_nn_relu(&e->nn, y, n * s->width, e->kept[k]);
        key.layer = (uint32_t)k;
        if (drop > 0) hx_nn_dropout(&e->nn, &key, drop, e->kept[k], n * s->width, e->kept[k]);
    }
}

static void backward(const state *s, engine *e, size_t n, float drop, hx_nn_dropout_key key,
                     float *g) {
    for (size_t k = s->n_layers; k-- > 0;) {
        const float *dy = k + 1 == s->n_layers ? e->dout : e->hidden[k];
        const hx_nn_linear_grad call = {.x = input_at(e, k),
                                        .w = s->w + s->at[k][0],
                                        .dy = dy,
                                        .t = n,
                                        .k = inputs_of(s, k),
                                        .n = outputs_of(s, k),
                                        .dx = k ? e->dhidden : NULL,
                                        .dw = g + s->at[k][0],
                                        .db = g + s->at[k][1]};
        hx_nn_linear_back(&e->nn, &call);
        if (k == 0) return;
        key.layer = (uint32_t)(k - 1);
        if (drop > 0) hx_nn_dropout(&e->nn, &key, drop, e->dhidden, n * s->width, e->dhidden);
        hx_nn_relu_back(&e->nn, e->hidden[k - 1], e->dhidden, n * s->width, e->dhidden);
        memcpy(e->hidden[k - 1], e->dhidden, n * s->width * sizeof(float));
    }
}

static void load_rows(const state *s, engine *e, const double *x, const size_t *rows, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < s->d; j++) {
            double v = x[(rows ? rows[i] : i) * s->d + j];
            e->x[i * s->d + j] = (float)(isfinite(v) ? v : 0);
        }
}

/* The loss of rows that are loaded, and its gradient in dout. */
static double loss_of(const state *s, engine *e, const hx_problem *p, const size_t *rows,
                      size_t n) {
    float scale = 1 / (float)n;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        e->labels[i] = s->n_classes ? (uint32_t)p->y[rows[i]] : 0;
        e->targets[i] = (float)((p->y[rows[i]] - s->mean) / s->deviation);
    }
    const hx_nn_classes classes = {.labels = e->labels, .scale = scale};
    if (s->n_classes)
        hx_nn_cross_entropy(&e->nn, &classes, e->out, n, s->n_out, e->rows, e->dout);
    else
        hx_nn_squares(&e->nn, e->out, e->targets, n, 1, scale, e->rows, e->dout);
    for (size_t i = 0; i < n; i++) {
        double w = p->weights ? p->weights[rows[i]] : 1;
        sum += w * (double)e->rows[i];
        for (size_t c = 0; c < s->n_out && p->weights; c++)
            e->dout[i * s->n_out + c] *= (float)w;
    }
    return sum;
}

/* ------------------------------------------------------------------ training */
typedef struct {
    state *s;
    const hx_problem *p, *held; /* held may be p: other rows of it */
    const hx_fit_options *o;
    engine e;
    size_t *rows, *held_rows, n, n_held;
    float *g, *m, *v, *best; /* (n_weights) */
    uint64_t step;
} training;

static double normal(hx_rng *rng) {
    double u = 1 - hx_rng_uniform(rng), v = hx_rng_uniform(rng);
    return sqrt(-2 * log(u)) * cos(TWO_PI * v);
}

static void start(state *s, uint64_t seed) {
    hx_rng rng;
    hx_rng_seed(&rng, hx_hash_mix(seed, 1));
    for (size_t k = 0; k < s->n_layers; k++) {
        double deviation = sqrt(2 / (double)inputs_of(s, k));
        for (size_t i = 0; i < inputs_of(s, k) * outputs_of(s, k); i++)
            s->w[s->at[k][0] + i] = (float)(deviation * normal(&rng));
    }
}

static void shuffle(size_t *rows, size_t n, uint64_t seed) {
    hx_rng rng;
    hx_rng_seed(&rng, seed);
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)hx_rng_below(&rng, i), row = rows[i - 1];
        rows[i - 1] = rows[j];
        rows[j] = row;
    }
}

static void update(training *t) {
    state *s = t->s;
    t->step++;
    hx_nn_adamw rule = {.rate = (float)t->o->params[RATE],
                        .beta1 = 0.9f,
                        .beta2 = 0.999f,
                        .eps = 1e-8f,
                        .scale = 1,
                        .step = t->step};
    for (size_t k = 0; k < s->n_layers; k++)
        for (size_t part = 0; part < 2; part++) {
            size_t at = s->at[k][part];
            size_t n = outputs_of(s, k) * (part ? 1 : inputs_of(s, k));
            rule.decay = part ? 0 : (float)t->o->params[DECAY];
            hx_nn_adamw_step(&t->e.nn, &rule, s->w + at, t->g + at, n, t->m + at, t->v + at);
        }
    memset(t->g, 0, s->n_weights * sizeof *t->g);
}

static double train_epoch(training *t, size_t epoch) {
    size_t batch = (size_t)t->o->params[BATCH];
    float drop = (float)t->o->params[DROPOUT];
    double sum = 0;
    shuffle(t->rows, t->n, hx_hash_mix(t->o->seed, epoch + 2));
    for (size_t from = 0; from < t->n; from += batch) {
        size_t n = t->n - from < batch ? t->n - from : batch;
        hx_nn_dropout_key key = {.seed = t->o->seed, .step = t->step};
        load_rows(t->s, &t->e, t->p->x, t->rows + from, n);
        forward(t->s, &t->e, n, drop, key);
        sum += loss_of(t->s, &t->e, t->p, t->rows + from, n);
        backward(t->s, &t->e, n, drop, key, t->g);
        update(t);
    }
    return sum / (double)t->n;
}

static double held_loss(training *t) {
    double sum = 0;
    for (size_t from = 0; from < t->n_held; from += READ_TOGETHER) {
        size_t n = t->n_held - from < READ_TOGETHER ? t->n_held - from : READ_TOGETHER;
        load_rows(t->s, &t->e, t->held->x, t->held_rows + from, n);
        forward(t->s, &t->e, n, 0, (hx_nn_dropout_key){0});
        sum += loss_of(t->s, &t->e, t->held, t->held_rows + from, n);
    }
    return t->n_held ? sum / (double)t->n_held : NAN;
}

static hx_status train_all(training *t, hx_error *err) {
    state *s = t->s;
    size_t n_epochs = (size_t)t->o->params[EPOCHS], patience = (size_t)t->o->params[PATIENCE];
    double best = INFINITY;
    for (size_t epoch = 1; epoch <= n_epochs && epoch - s->best_epoch <= patience; epoch++) {
        if (hx_flag_is_raised(t->o->cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        double loss = train_epoch(t, epoch), held = held_loss(t);
        const hx_learn_progress said = {epoch, n_epochs, loss, held, NAN, NAN, NAN};
        if (t->o->progress) t->o->progress(t->o->context, &said);
        s->epochs = epoch;
        if (!isfinite(loss))
            return hx_fail(err, HX_EINVAL, "the loss of mlp is no number; try a smaller 'rate'");
        if (t->n_held && held >= best) continue;
        best = held;
        s->best_epoch = epoch;
        s->loss = loss;
        s->held_loss = held;
        memcpy(t->best, s->w, s->n_weights * sizeof *s->w);
    }
    memcpy(s->w, t->best, s->n_weights * sizeof *s->w);
    return HX_OK;
}

/* A tenth of the rows is held back where there are twenty or more and no others. */
static void share_rows(training *t, const hx_problem *validation) {
    size_t n = t->p->n, held = validation ? validation->n : n >= 20 ? n / 10 : 0;
    for (size_t i = 0; i < n; i++)
        t->rows[i] = i;
    t->held = validation ? validation : t->p;
    t->n_held = held;
    t->n = validation ? n : n - held;
    if (!validation) shuffle(t->rows, n, hx_hash_mix(t->o->seed, 0));
    for (size_t i = 0; i < held; i++)
        t->held_rows[i] = validation ? i : t->rows[t->n + i];
}

static void standardise(state *s, const hx_problem *p) {
    double squares = 0;
    if (s->n_classes) return;
    for (size_t i = 0; i < p->n; i++)
        s->mean += p->y[i] / (double)p->n;
    for (size_t i = 0; i < p->n; i++)
        squares += (p->y[i] - s->mean) * (p->y[i] - s->mean) / (double)p->n;
    s->deviation = squares > 0 ? sqrt(squares) : 1;
}

static hx_status train(training *t, const hx_problem *validation, hx_error *err) {
    size_t batch = (size_t)t->o->params[BATCH], held = validation ? validation->n : t->p->n;
    t->rows = calloc(t->p->n + 1, sizeof *t->rows);
    t->held_rows = calloc(held + 1, sizeof *t->held_rows);
    t->g = floats(t->s->n_weights);
    t->m = floats(t->s->n_weights);
    t->v = floats(t->s->n_weights);
    t->best = floats(t->s->n_weights);
    if (!t->rows || !t->held_rows || !t->g || !t->m || !t->v || !t->best) return no_memory(err);
    standardise(t->s, t->p);
    start(t->s, t->o->seed);
    share_rows(t, validation);
    HX_TRY(open_engine(&t->e, t->s, batch > READ_TOGETHER ? batch : READ_TOGETHER, t->o->n_threads,
                       err));
    return train_all(t, err);
}

static hx_status fit(void **out, const hx_problem *p, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err) {
    training t = {.p = p, .o = o};
    t.s = new_state(p->d, p->task == HX_TASK_CLASSES ? p->n_classes : 0, (size_t)o->params[WIDTH],
                    (size_t)o->params[LAYERS] + 1);
    if (!t.s) return no_memory(err);
    hx_status st = train(&t, validation, err);
    close_engine(&t.e);
    free(t.rows);
    free(t.held_rows);
    free(t.g);
    free(t.m);
    free(t.v);
    free(t.best);
    if (st != HX_OK) {
        release(t.s);
        return st;
    }
    *out = t.s;
    return HX_OK;
}

/* ------------------------------------------------------------------ predicting */
static void say(const state *s, const float *row, double *out) {
    double most = -INFINITY, sum = 0;
    if (!s->n_classes) {
        *out = s->mean + s->deviation * (double)row[0];
        return;
    }
    for (size_t k = 0; k < s->n_out; k++)
        most = fmax(most, (double)row[k]);
    for (size_t k = 0; k < s->n_out; k++)
        sum += out[k] = exp((double)row[k] - most);
    for (size_t k = 0; k < s->n_out; k++)
        out[k] /= sum;
}

static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    const state *s = state_;
    engine e;
    hx_status st = open_engine(&e, s, READ_TOGETHER, n_threads, err);
    for (size_t from = 0; from < n && st == HX_OK; from += READ_TOGETHER) {
        size_t b = n - from < READ_TOGETHER ? n - from : READ_TOGETHER;
        load_rows(s, &e, x + from * s->d, NULL, b);
        forward(s, &e, b, 0, (hx_nn_dropout_key){0});
        for (size_t i = 0; i < b; i++)
            say(s, e.out + i * s->n_out, out + (from + i) * s->n_out);
    }
    close_engine(&e);
    return st;
}

/* ------------------------------------------------------------------ words and files */
static void summary(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_key(w, "epochs");
    hx_json_int(w, (int64_t)s->epochs);
    hx_json_key(w, "best_epoch");
    hx_json_int(w, (int64_t)s->best_epoch);
    hx_json_key(w, "loss");
    hx_json_double(w, s->loss);
    hx_json_key(w, "held_loss");
    hx_json_double(w, s->held_loss);
}

static void write(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_object(w);
    hx_json_key(w, "width");
    hx_json_int(w, (int64_t)s->width);
    hx_json_key(w, "layers");
    hx_json_int(w, (int64_t)s->n_layers);
    hx_json_key(w, "mean");
    hx_json_double(w, s->mean);
    hx_json_key(w, "deviation");
    hx_json_double(w, s->deviation);
    hx_json_key(w, "weights");
    hx_json_array(w);
    for (size_t i = 0; i < s->n_weights; i++)
        hx_json_double(w, (double)s->w[i]);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static bool read_weights(state *s, const json_t *json) {
    bool ok = true;
    hx_arena *scratch = hx_arena_new((size_t)16 << 30);
    const double *w =
        scratch ? hx_field_numbers(json, "weights", s->n_weights, scratch, &ok) : NULL;
    s->mean = hx_field_number(json, "mean", &ok);
    s->deviation = hx_field_number(json, "deviation", &ok);
    for (size_t i = 0; w && i < s->n_weights; i++)
        s->w[i] = (float)w[i];
    ok = ok && w && s->deviation > 0;
    hx_arena_free(scratch);
    return ok;
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    bool ok = true;
    size_t width = hx_field_count(json, "width", WIDTH_MAX, &ok);
    size_t layers = hx_field_count(json, "layers", LAYERS_MAX, &ok);
    if (!ok || width == 0 || layers < 2)
        return hx_fail(err, HX_EFORMAT, "the model's weights are damaged");
    state *s = new_state(d, n_classes, width, layers);
    if (!s) return no_memory(err);
    if (!read_weights(s, json)) {
        release(s);
        return hx_fail(err, HX_EFORMAT, "the model's weights are damaged");
    }
    *out = s;
    return HX_OK;
}

const hx_estimator hx_estimator_mlp = {
    .kind = {.name = "mlp",
             .tasks = 1u << HX_TASK_REGRESSION | 1u << HX_TASK_CLASSES,
             .params = params,
             .n_params = PARAMS,
             .help = {"a small neural network of one or two hidden layers",
                      "一到两个隐藏层的小型神经网络"}},
    .wants = HX_WANTS_FILLED | HX_WANTS_SCALED,
    .fit = fit,
    .predict = predict,
    .summary = summary,
    .write = write,
    .read = read,
    .release = release,
};
