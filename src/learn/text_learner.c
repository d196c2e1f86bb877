/* text_learner.c - learners of texts behind one interface; see huaxiang/learn.h.
 *
 * A learner gives logits; softmax(logits / temperature) are its probabilities. What a kind does stands in text_linear.c and text_net*.c, the file in
 * text_learner_file.c; here are checks, labels, the summary and predicting in pieces. The temperature comes from validation rows, so that the
 * probabilities mean what they say. */
#include "learn/text_learner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/metrics.h"

#define LABELS_MAX 65536u
#define ROWS_TOGETHER ((size_t)8192)
#define SUMMARY_MAX ((size_t)1 << 20)

static const char *const kind_names[HX_TEXT_LEARNER_N] = {
    "svm", "logistic", "nb", "nbsvm", "mlp", "cnn", "rnn", "gru", "lstm", "transformer", "cnn-gru"};

const char *hx_text_learner_name(hx_text_learner_kind kind) {
    return kind >= 0 && kind < HX_TEXT_LEARNER_N ? kind_names[kind] : "unknown";
}

hx_text_learner_kind hx_text_learner_of_name(const char *name) {
    for (int k = 0; k < HX_TEXT_LEARNER_N; k++)
        if (strcmp(name, kind_names[k]) == 0) return (hx_text_learner_kind)k;
    return strcmp(name, "bert") == 0 ? HX_TEXT_LEARNER_TRANSFORMER : HX_TEXT_LEARNER_N;
}

/* ------------------------------------------------------------------ logits */
void hx_learn_spread(const hx_text_learner *l, float *row) {
    if (l->n_outputs != 1) return;
    row[1] = row[0];
    row[0] = -row[0];
}

void hx_learn_softmax(float *row, size_t n, double temperature) {
    double most = -INFINITY, sum = 0;
    for (size_t k = 0; k < n; k++)
        most = fmax(most, (double)row[k]);
    for (size_t k = 0; k < n; k++)
        sum += exp(((double)row[k] - most) / temperature);
    for (size_t k = 0; k < n; k++)
        row[k] = (float)(exp(((double)row[k] - most) / temperature) / sum);
}

static uint32_t greatest(const float *row, size_t n) {
    uint32_t best = 0;
    for (uint32_t k = 1; k < n; k++)
        if (row[k] > row[best]) best = k;
    return best;
}

hx_status hx_learn_judge(const float *logits, const uint32_t *labels, size_t n, size_t n_labels,
                         double temperature, hx_learn_outcome *out, hx_error *err) {
    uint32_t *said = calloc(n + 1, sizeof *said);
    uint64_t *room = calloc(3 * n_labels + 1, sizeof *room);
    double loss = 0;
    if (!said || !room) {
        free(said);
        free(room);
        return hx_fail(err, HX_ENOMEM, "not enough memory for the figures of %zu rows", n);
    }
    for (size_t i = 0; i < n; i++) {
        const float *row = logits + i * n_labels;
        double sum = 0;
        said[i] = greatest(row, n_labels);
        double most = (double)row[said[i]];
        for (size_t k = 0; k < n_labels; k++)
            sum += exp(((double)row[k] - most) / temperature);
        loss += log(sum) - ((double)row[labels[i]] - most) / temperature;
    }
    out->loss = n ? loss / (double)n : NAN;
    out->accuracy = hx_figure_accuracy(labels, said, n, n_labels, NULL);
    out->macro_f1 = hx_figure_macro_f1(labels, said, n, n_labels, room);
    free(said);
    free(room);
    return HX_OK;
}

/* ------------------------------------------------------------------ fitting */
static hx_status check_labels(const hx_text_rows *rows, size_t n_labels, hx_error *err) {
    for (size_t i = 0; i < rows->n; i++)
        if (rows->labels[i] >= n_labels)
            return hx_fail(err, HX_EINVAL,
                           "row %zu: label %u is not below the number of labels, %zu", i + 1,
                           rows->labels[i], n_labels);
    return HX_OK;
}

static hx_status check(const hx_text_rows *train, const hx_text_rows *validation,
                       const hx_text_learner_options *o, hx_error *err) {
    bool two = false;
    if ((int)o->kind < 0 || o->kind >= HX_TEXT_LEARNER_N)
        return hx_fail(err, HX_EINVAL, "there is no learner number %d", (int)o->kind);
    if (train->n_labels > LABELS_MAX)
        return hx_fail(err, HX_ELIMIT, "more than %u labels", LABELS_MAX);
    HX_TRY(check_labels(train, train->n_labels, err));
    if (validation) HX_TRY(check_labels(validation, train->n_labels, err));
    for (size_t i = 1; i < train->n && !two; i++)
        two = train->labels[i] != train->labels[0];
    return two ? HX_OK
               : hx_fail(err, HX_EINVAL, "a learner needs training texts of two labels or more");
}

static hx_status take_labels(hx_text_learner *l, const hx_text_rows *train, hx_error *err) {
    l->n_labels = train->n_labels;
    l->labels = hx_arena_alloc(l->arena, (l->n_labels + 1) * sizeof *l->labels);
    l->prior = calloc(l->n_labels + 1, sizeof *l->prior);
    for (size_t k = 0; l->labels && k < l->n_labels; k++) {
        l->labels[k] = hx_arena_str(l->arena, hx_str_of(train->names[k])).ptr;
        if (!l->labels[k]) l->labels = NULL;
    }
    if (!l->labels || !l->prior) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    for (size_t i = 0; i < train->n; i++)
        l->prior[train->labels[i]] += 1.0f / (float)train->n;
    return HX_OK;
}

static void put_options(hx_json_writer *w, const hx_text_learner_options *o) {
    const struct {
        const char *name;
        double value;
    } all[] = {{"epochs", (double)o->n_epochs},       {"rate", o->rate},
               {"batch", (double)o->batch},           {"width", (double)o->width},
               {"max_length", (double)o->max_length}, {"min_count", (double)o->min_count}};
    hx_json_key(w, "options");
    hx_json_object(w);
    hx_json_key(w, "seed");
    hx_json_int(w, (int64_t)(o->seed & INT64_MAX));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!(all[i].value > 0)) continue;
        hx_json_key(w, all[i].name);
        hx_json_double(w, all[i].value);
    }
    hx_json_end_object(w);
}

static void put_outcome(hx_json_writer *w, const hx_text_learner *l, const hx_learn_outcome *out) {
    const struct {
        const char *name;
        double value;
    } all[] = {
        {"features", (double)out->n_features}, {"cost", out->cost}, {"epoch", (double)out->epoch}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!(all[i].value > 0)) continue;
        hx_json_key(w, all[i].name);
        hx_json_double(w, all[i].value);
    }
    hx_json_key(w, "temperature");
    hx_json_double(w, l->temperature);
    if (out->n_validation == 0) return;
    hx_json_key(w, "validation");
    hx_json_object(w);
    hx_json_key(w, "n");
    hx_json_int(w, (int64_t)out->n_validation);
    hx_json_key(w, "loss");
    hx_json_double(w, out->loss);
    hx_json_key(w, "accuracy");
    hx_json_double(w, out->accuracy);
    hx_json_key(w, "macro_f1");
    hx_json_double(w, out->macro_f1);
    hx_json_end_object(w);
}

static hx_status summarise(hx_text_learner *l, const hx_text_learner_options *o,
                           const hx_learn_outcome *out, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, SUMMARY_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx_json_key(&w, "learner");
    hx_json_cstr(&w, hx_text_learner_name(l->kind));
    hx_json_key(&w, "rows");
    hx_json_int(&w, (int64_t)out->n_train);
    hx_json_key(&w, "labels");
    hx_json_int(&w, (int64_t)l->n_labels);
    put_outcome(&w, l, out);
    put_options(&w, o);
    hx_json_end_object(&w);
    hx_status st = hx_buf_status(&b, "the summary", err);
    if (st == HX_OK) l->summary = hx_arena_str(l->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    if (st == HX_OK && !l->summary.ptr)
        st = hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    return st;
}

static hx_status fit_net(hx_text_learner *l, const hx_text_rows *train,
                         const hx_text_rows *validation, const hx_text_learner_options *o,
                         hx_learn_outcome *out, hx_error *err) {
    l->n_outputs = l->n_labels;
    HX_TRY(hx_text_net_fit(&l->net, train, validation, o, &out->epoch, err));
    if (!validation || validation->n == 0) return HX_OK;
    float *logits = calloc(validation->n * l->n_labels + 1, sizeof *logits);
    if (!logits) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    hx_status st =
        hx_text_net_logits(l->net, validation->texts, validation->n, o->n_threads, logits, err);
    if (st == HX_OK) {
        l->temperature = hx_temperature_fit(logits, validation->labels, validation->n, l->n_labels);
        st = hx_learn_judge(logits, validation->labels, validation->n, l->n_labels, l->temperature,
                            out, err);
    }
    free(logits);
    return st;
}

hx_status hx_text_learner_fit(hx_text_learner **out, const hx_text_rows *train,
                              const hx_text_rows *validation,
                              const hx_text_learner_options *options, hx_error *err) {
    const hx_text_rows *v = validation && validation->n > 0 ? validation : NULL;
    hx_learn_outcome o = {.n_train = train->n, .n_validation = v ? v->n : 0};
    o.loss = o.accuracy = o.macro_f1 = NAN;
    HX_TRY(check(train, v, options, err));
    hx_text_learner *l = calloc(1, sizeof *l);
    if (l) l->arena = hx_arena_new(0);
    hx_status st =
        l && l->arena ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    if (st == HX_OK) {
        l->kind = options->kind;
        l->temperature = 1;
        st = take_labels(l, train, err);
    }
    if (st == HX_OK)
        st = hx_text_learner_is_neural(options->kind)
                 ? fit_net(l, train, v, options, &o, err)
                 : hx_text_linear_fit(l, train, v, options, &o, err);
    if (st == HX_OK) st = summarise(l, options, &o, err);
    if (st == HX_OK)
        *out = l;
    else
        hx_text_learner_free(l);
    return st;
}

void hx_text_learner_free(hx_text_learner *l) {
    if (!l) return;
    hx_features_release(&l->features);
    hx_text_net_free(l->net);
    free(l->weights);
    free(l->prior);
    hx_arena_free(l->arena);
    free(l);
}

/* ------------------------------------------------------------------ predicting */
static hx_status linear_logits(const hx_text_learner *l, const hx_str *texts, size_t n,
                               size_t n_threads, float *logits, hx_error *err) {
    hx_feature_values values = l->kind == HX_TEXT_LEARNER_NB ? HX_VALUES_COUNTS : HX_VALUES_TFIDF;
    hx_csr x;
    HX_TRY(hx_features_rows(&l->features, texts, n, values, n_threads, &x, err));
    hx_text_linear_logits(l, &x, n_threads, logits);
    for (size_t i = 0; i < n;
         i++) /* of a text without known features the prior, at any temperature */
        for (size_t k = 0; k < l->n_labels && x.starts[i] == x.starts[i + 1]; k++)
            logits[i * l->n_labels + k] =
                (float)(l->temperature * log(fmax((double)l->prior[k], 1e-9)));
    hx_csr_release(&x);
    return HX_OK;
}

hx_status hx_text_learner_predict(const hx_text_learner *l, const hx_str *texts, size_t n,
                                  size_t n_threads, float *probabilities, hx_error *err) {
    for (size_t at = 0; at < n; at += ROWS_TOGETHER) {
        size_t rows = n - at < ROWS_TOGETHER ? n - at : ROWS_TOGETHER;
        float *out = probabilities + at * l->n_labels;
        if (l->net)
            HX_TRY(hx_text_net_logits(l->net, texts + at, rows, n_threads, out, err));
        else
            HX_TRY(linear_logits(l, texts + at, rows, n_threads, out, err));
        for (size_t i = 0; i < rows; i++)
            hx_learn_softmax(out + i * l->n_labels, l->n_labels, l->temperature);
    }
    return HX_OK;
}

hx_text_learner_kind hx_text_learner_kind_of(const hx_text_learner *l) {
    return l->kind;
}
size_t hx_text_learner_labels(const hx_text_learner *l) {
    return l->n_labels;
}
const char *hx_text_learner_label(const hx_text_learner *l, size_t i) {
    return i < l->n_labels ? l->labels[i] : NULL;
}
hx_str hx_text_learner_summary(const hx_text_learner *l) {
    return l->summary;
}
