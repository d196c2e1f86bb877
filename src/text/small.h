/* small.h - the language model of the engine `llama`: opened, and its heads by task.
 *
 * SHARE/models/huaxiang-small/model.gguf, or a file or folder of the user's with heads of these names. A head that is missing is HX_SMALL_NONE:
 * the rules say then what it would. Immutable, shared by threads; each annotator has a context of one thread, so what is said of a text depends
 * neither on the number of threads nor on its neighbours. */
#ifndef HX_TEXT_SMALL_H
#define HX_TEXT_SMALL_H

#include "base/checksum.h"
#include "huaxiang/llama.h"
#include "huaxiang/text.h"

#define HX_SMALL_NONE SIZE_MAX
#define HX_SMALL_FILE "models/huaxiang-small/model.gguf" /* under the data folder */

typedef enum {
    HX_SMALL_SENTIMENT = 0, /* LABEL: negative, positive */
    HX_SMALL_EMOTION, /* LABEL */
    HX_SMALL_ASPECTS, /* LABELS: aspect:polarity */
    HX_SMALL_INTENT, /* LABELS: names of hx_intent_name() */
    HX_SMALL_KEYWORDS, /* TAG: B-KEY, I-KEY, O */
    HX_SMALL_WORDS_PKU, /* where words begin */
    HX_SMALL_WORDS_SXU,
    HX_SMALL_WORDS_UD,
    HX_SMALL_POS_ZH, /* TAG: UPOS */
    HX_SMALL_POS_EN,
    HX_SMALL_TREES_ZH, /* TREE */
    HX_SMALL_TREES_EN,
    HX_SMALL_ENTITIES, /* TAG: BIO */
    HX_SMALL_CORRECT, /* TAG */
    HX_SMALL_TOPIC, /* LABEL */
    HX_SMALL_N
} hx_small_task;

typedef struct hx_small {
    hx_llama *llama; /* owned */
    size_t heads
        [HX_SMALL_N]; /* of the model, or HX_SMALL_NONE: also where a head is of another kind */
    uint64_t hash; /* of the file's bytes and the kernels that run */
    char sha256[HX_SHA256_HEX]; /* of the weights, where that was asked for; else "" */
} hx_small;

/* Whether SHARE_DIR holds the model. */
bool hx__small_is_there(const char *share_dir);
/* Opens options->model, NULL = the one of SHARE_DIR; identified: with its SHA-256. options may be NULL. */
hx_status hx__small_open(hx_small **out, const char *share_dir,
                         const hx_text_model_options *options, hx_error *err) HX_MUST_USE;
void hx__small_close(hx_small *s); /* NULL is fine */

/* The label of that name; n_labels = none. */
size_t hx__small_label(const hx_small *s, size_t head, const char *name);

static inline bool hx__small_has(const hx_small *s, hx_small_task task) {
    return s && s->heads[task] != HX_SMALL_NONE;
}

#endif
