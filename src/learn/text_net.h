/* text_net.h - small networks that read a text, or any sequence of items, as ids. For src/learn only.
 *
 *     hx_text_net_*   of texts: known tokens are kept as hashes in the network             (text_learner.c, `train classify`)
 *     hx_net_*        of rows that are ids already, with features beside them               (sequence.c, `learn fit`) */
#ifndef HX_LEARN_TEXT_NET_H
#define HX_LEARN_TEXT_NET_H

#include "base/codec.h"
#include "huaxiang/learn.h"

typedef struct hx_text_net hx_text_net;

hx_status hx_text_net_fit(hx_text_net **out, const hx_text_rows *train,
                          const hx_text_rows *validation, const hx_text_learner_options *options,
                          size_t *best_epoch, hx_error *err) HX_MUST_USE;
void hx_text_net_free(hx_text_net *net);
/* logits (n, n_labels) of texts; each text alone decides its own, whatever stands beside it. */
hx_status hx_text_net_logits(const hx_text_net *net, const hx_str *texts, size_t n,
                             size_t n_threads, float *logits, hx_error *err) HX_MUST_USE;
void hx_text_net_write(const hx_text_net *net, hx_buf *out);
hx_status hx_text_net_read(hx_text_net **out, hx_cursor *in, size_t n_labels,
                           hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ rows of ids */
/* Sequences one behind the other, with the answers where there are some. Borrowed. */
typedef struct {
    const uint32_t *ids; /* (starts[n]); 0 = unknown, others up to n_known */
    const size_t *starts; /* (n + 1); no sequence is empty or longer than max_length */
    size_t n, longest;
    const float *more; /* (n, n_more): features beside the text */
    const uint32_t *labels; /* (n); of classes */
    const float *targets; /* (n); of numbers: one label */
    const float *weights; /* (n); NULL = all 1 */
} hx_net_rows;

typedef struct {
    hx_text_learner_kind kind; /* MLP or later */
    size_t n_labels; /* 1 of numbers */
    size_t width; /* 0 = 128; a multiple of 8 up to 4096 */
    size_t max_length; /* 1 to 65536 */
    size_t n_known, n_more;
} hx_net_shape;

typedef struct {
    size_t epochs, best_epoch; /* done; kept */
    double loss; /* of training in the epoch that is kept */
    double held_loss, held_accuracy; /* NAN without validation rows; held_accuracy of classes */
    double *losses; /* the caller's: room for the loss of each epoch; NULL = not wanted */
} hx_net_outcome;

/* Without weights yet: hx_net_build (text_net_inside.h) makes them, from `seed`. */
hx_status hx_net_new(hx_text_net **out, const hx_net_shape *shape, hx_error *err) HX_MUST_USE;
/* Weights from the seed; `trained`: with gradients, to be trained. */
hx_status hx_net_build(hx_text_net *net, uint64_t seed, bool trained, hx_error *err) HX_MUST_USE;
/* Of `options` seed, n_threads, n_epochs, rate, batch, patience, progress and cancel. held NULL = none. */
hx_status hx_net_train(hx_text_net *net, const hx_net_rows *train, const hx_net_rows *held,
                       const hx_text_learner_options *options, hx_net_outcome *out,
                       hx_error *err) HX_MUST_USE;
/* logits (n, n_labels) */
hx_status hx_net_run(const hx_text_net *net, const hx_net_rows *rows, size_t n_threads,
                     float *logits, hx_error *err) HX_MUST_USE;
/* All weights as F32, little-endian, in the order of their adding; and back into a network that is built: false where there are too few bytes, or a
 * weight is not finite. */
void hx_net_put_weights(const hx_text_net *net, hx_buf *out);
bool hx_net_get_weights(hx_text_net *net, hx_cursor *in);

/* The next token of a text, in `word`; false at the end. Without `mark`: a Han character, a run of letters and digits in lower case, any other visible
 * character; with it what stands between two marks, without blanks around. */
bool hx_token_next(hx_str text, hx_str mark, size_t *at, hx_buf *word);

#endif
