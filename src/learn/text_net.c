/* text_net.c - texts as token rows for the small networks, and the networks as bytes; see text_net.h. What trains and runs them is text_net_train.c.
 *
 *     kind, width, length, known tokens | keys of the tokens, ascending | weights, F32, in the order of their adding
 *
 * A file says sizes that must fit each other and its own length before anything is allotted; weights are finite. */
#include "learn/text_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/text_net_inside.h"

#define LENGTH_USUAL 256
#define WIDTH_USUAL 128

/* ------------------------------------------------------------------ texts */
/* Texts as ids, one behind the other. */
typedef struct {
    uint32_t *ids;
    size_t *starts; /* (n + 1) */
    size_t n, longest;
} token_rows;

static hx_status read_tokens(const hx_text_net *net, const hx_str *texts, size_t n, token_rows *out,
                             hx_error *err) {
    hx_buf word, row, all;
    *out = (token_rows){.n = n, .starts = calloc(n + 1, sizeof *out->starts)};
    hx_buf_init(&word, (size_t)1 << 30);
    hx_buf_init(&row, (size_t)1 << 30);
    hx_buf_init(&all, SIZE_MAX / 2);
    bool done = out->starts != NULL;
    for (size_t i = 0; i < n && done; i++) {
        done = hx_net_ids(net, texts[i], &word, &row) && hx_buf_append_str(&all, hx_buf_str(&row));
        size_t length = row.len / sizeof(uint32_t);
        if (done) out->starts[i + 1] = out->starts[i] + length;
        if (length > out->longest) out->longest = length;
    }
    out->ids = (uint32_t *)(void *)all.ptr; /* owned by the caller now */
    hx_buf_release(&word);
    hx_buf_release(&row);
    return done ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}

static void release_tokens(token_rows *t) {
    free(t->ids);
    free(t->starts);
}

static hx_net_rows rows_of(const token_rows *t, const hx_text_rows *rows) {
    return (hx_net_rows){.ids = t->ids,
                         .starts = t->starts,
                         .n = t->n,
                         .longest = t->longest,
                         .labels = rows ? rows->labels : NULL};
}

hx_status hx_text_net_logits(const hx_text_net *net, const hx_str *texts, size_t n,
                             size_t n_threads, float *logits, hx_error *err) {
    token_rows tokens;
    hx_status st = read_tokens(net, texts, n, &tokens, err);
    const hx_net_rows rows = rows_of(&tokens, NULL);
    if (st == HX_OK) st = hx_net_run(net, &rows, n_threads, logits, err);
    release_tokens(&tokens);
    return st;
}

static hx_status fit_rows(hx_text_net *net, const hx_text_rows *train,
                          const hx_text_rows *validation, const hx_text_learner_options *o,
                          size_t *best_epoch, hx_error *err) {
    token_rows seen = {0}, held = {0};
    hx_net_outcome outcome = {0};
    hx_status st = read_tokens(net, train->texts, train->n, &seen, err);
    if (st == HX_OK && validation)
        st = read_tokens(net, validation->texts, validation->n, &held, err);
    const hx_net_rows a = rows_of(&seen, train), b = rows_of(&held, validation);
    if (st == HX_OK) st = hx_net_train(net, &a, validation ? &b : NULL, o, &outcome, err);
    *best_epoch = outcome.best_epoch;
    release_tokens(&seen);
    release_tokens(&held);
    return st;
}

hx_status hx_text_net_fit(hx_text_net **out, const hx_text_rows *train,
                          const hx_text_rows *validation, const hx_text_learner_options *o,
                          size_t *best_epoch, hx_error *err) {
    const hx_net_shape shape = {.kind = o->kind,
                                .n_labels = train->n_labels,
                                .width = o->width,
                                .max_length = o->max_length ? o->max_length : LENGTH_USUAL};
    hx_text_net *net = NULL;
    HX_TRY(hx_net_new(&net, &shape, err));
    hx_status st = hx_net_learn_tokens(net, train, o->min_count ? o->min_count : 2, err);
    if (st == HX_OK) st = hx_net_build(net, o->seed, true, err);
    if (st == HX_OK) st = fit_rows(net, train, validation, o, best_epoch, err);
    if (st == HX_OK)
        *out = net;
    else
        hx_text_net_free(net);
    return st;
}

/* ------------------------------------------------------------------ making and freeing */
hx_status hx_net_new(hx_text_net **out, const hx_net_shape *shape, hx_error *err) {
    if (shape->width > HX_NET_WIDTH_MAX || shape->width % 8 != 0)
        return hx_fail(err, HX_EINVAL, "the width of a network is a multiple of 8 up to %d",
                       HX_NET_WIDTH_MAX);
    if (shape->max_length > HX_NET_LENGTH_MAX)
        return hx_fail(err, HX_EINVAL, "maximum length and batch are at most %d",
                       HX_NET_LENGTH_MAX);
    hx_text_net *net = calloc(1, sizeof *net);
    if (!net) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    *net = (hx_text_net){.kind = shape->kind,
                         .n_labels = shape->n_labels,
                         .d = shape->width ? shape->width : WIDTH_USUAL,
                         .max_length = shape->max_length,
                         .n_known = shape->n_known,
                         .n_more = shape->n_more};
    *out = net;
    return HX_OK;
}

void hx_text_net_free(hx_text_net *net) {
    if (!net) return;
    hx_params_free(net->params);
    free(net->keys);
    free(net);
}

/* ------------------------------------------------------------------ bytes */
void hx_net_put_weights(const hx_text_net *net, hx_buf *out) {
    for (size_t i = 0; i < hx_params_count(net->params); i++) {
        const hx_param *p = hx_params_at(net->params, i);
        for (size_t j = 0; j < p->n; j++) {
            uint32_t bits;
            memcpy(&bits, &p->w[j], sizeof bits);
            const char bytes[4] = {(char)bits, (char)(bits >> 8), (char)(bits >> 16),
                                   (char)(bits >> 24)};
            hx_buf_append(out, bytes, sizeof bytes);
        }
    }
}

bool hx_net_get_weights(hx_text_net *net, hx_cursor *in) {
    for (size_t i = 0; i < hx_params_count(net->params); i++) {
        hx_param *p = hx_params_at(net->params, i);
        if ((size_t)(in->end - in->at) / 4 < p->n) return false;
        for (size_t j = 0; j < p->n; j++, in->at += 4) {
            uint32_t bits = (uint32_t)in->at[0] | (uint32_t)in->at[1] << 8 |
                            (uint32_t)in->at[2] << 16 | (uint32_t)in->at[3] << 24;
            memcpy(&p->w[j], &bits, sizeof bits);
            if (!isfinite(p->w[j])) return false;
        }
    }
    return true;
}

void hx_text_net_write(const hx_text_net *net, hx_buf *out) {
    hx_put_u64(out, (uint64_t)net->kind);
    hx_put_u64(out, net->d);
    hx_put_u64(out, net->max_length);
    hx_put_u64(out, net->n_known);
    for (size_t i = 0; i < net->n_known; i++)
        hx_put_fixed64(out, net->keys[i]);
    hx_net_put_weights(net, out);
}

static hx_status read_net(hx_text_net *net, hx_cursor *in, hx_error *err) {
    uint64_t kind = hx_get_u64(in);
    net->d = (size_t)hx_get_u64(in);
    net->max_length = (size_t)hx_get_u64(in);
    net->n_known = hx_get_count(in, 8);
    bool sound = !in->failed && kind >= HX_TEXT_LEARNER_MLP && kind < HX_TEXT_LEARNER_N &&
                 net->d >= 8 && net->d <= HX_NET_WIDTH_MAX && net->d % 8 == 0 &&
                 net->max_length > 0 && net->max_length <= HX_NET_LENGTH_MAX;
    if (!sound || (size_t)(in->end - in->at) / 4 / net->d < net->n_known)
        return hx_fail(err, HX_EFORMAT, "the learner's network is damaged");
    net->kind = (hx_text_learner_kind)kind;
    net->keys = calloc(net->n_known + 1, sizeof *net->keys);
    if (!net->keys) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    for (size_t i = 0; i < net->n_known; i++) {
        net->keys[i] = hx_get_fixed64(in);
        if (i > 0 && net->keys[i] <= net->keys[i - 1])
            return hx_fail(err, HX_EFORMAT, "the learner's network is damaged");
    }
    HX_TRY(hx_net_build(net, 0, false, err));
    return hx_net_get_weights(net, in)
               ? HX_OK
               : hx_fail(err, HX_EFORMAT, "the learner's network is damaged");
}

hx_status hx_text_net_read(hx_text_net **out, hx_cursor *in, size_t n_labels, hx_error *err) {
    hx_text_net *net = calloc(1, sizeof *net);
    if (!net) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    net->n_labels = n_labels;
    hx_status st = read_net(net, in, err);
    if (st == HX_OK)
        *out = net;
    else
        hx_text_net_free(net);
    return st;
}
