/* text_net.h - small networks that read a text as a sequence of characters and words. For src/learn only. */
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

#endif
