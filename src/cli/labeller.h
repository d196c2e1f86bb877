/* labeller.h - the model that --model names, as something that labels texts for profiles. */
#ifndef HX_CLI_LABELLER_H
#define HX_CLI_LABELLER_H

#include <pthread.h>

#include "cli/llama.h"

typedef struct {
    hx_labeller
        labeller; /* what the library is given; borrows from this struct, which must not move */
    hx_cli_llama opened; /* owned */
    hx_text_learner *learner; /* owned; NULL = a language model with a head for texts */
    hx_text_pool *pool; /* owned; several models as one */
    pthread_mutex_t lock; /* a pass takes all threads of the model: one at a time */
    size_t head; /* of the language model */
    size_t n; /* labels; 0 = not open */
    float *values; /* (texts of a pass, n), in the run's arena */
    char sum[65];
} hx_cli_labeller;

/* Opens --model: a run, a folder, a file, a learner, a comparison; its labels are called after it. False after a sentence. */
bool hx_cli_labeller_open(hx_cli *c, hx_cli_labeller *l);
void hx_cli_labeller_close(hx_cli_labeller *l); /* also where it was not opened */

#endif
