/* clv.h - receipts of lifetime values: what score clv says of a customer of a store, so that it can be worked out again. */
#ifndef HX_CLI_CLV_H
#define HX_CLI_CLV_H

#include "cli/cli.h"
#include "huaxiang/insight.h"

#include <jansson.h>

typedef struct {
    hx_purchase_fit fit;
    hx_spend_fit spend;
    bool has_spend;
    double horizon, step, rate; /* in the unit; of a month */
    double unit; /* days */
    int32_t until; /* day up to which purchases count */
} hx_clv_terms;

/* The receipt of a customer: his days of purchase with their events, the fit, what follows. NULL after a sentence; the caller json_decref()s it. */
json_t *hx_clv_receipt(hx_cli *c, const hx_clv_terms *terms, hx_store *s,
                       const hx_answer_options *o, hx_str customer);
/* Replays receipts, one a line of --verify FILE: the purchases as the store has them now, every number anew. The exit status. */
int hx_clv_replay(hx_cli *c, hx_store *s, const hx_answer_options *o);

#endif
