/* objective.h - heads on a trunk's hidden states, with their losses and gradients. For src/llama, src/model and src/text.
 *
 * A head owns its tensors in the trunk's params ("score.weight" for the one that transformers knows, else "heads.NAME.weight"). All losses are
 * summed over what counts; gradients are those of scale times the sum, so several heads and batches can share a step. */
#ifndef HX_LLAMA_OBJECTIVE_H
#define HX_LLAMA_OBJECTIVE_H

#include "llama/trunk.h"
#include "nn/crf.h"
#include "nn/loss.h"

typedef enum {
    HX_HEAD_LM =
        0, /* the output matrix; targets (T) ids or HX_NN_IGNORE: causal, masked next token, denoising alike */
    HX_HEAD_SEQUENCE, /* one label a sequence, softmax */
    HX_HEAD_MULTI, /* any number of labels a sequence, sigmoids */
    HX_HEAD_REGRESSION, /* one number a sequence, squares */
    HX_HEAD_TOKEN, /* one label a token, softmax; as "score" with a bias, as transformers has it */
    HX_HEAD_CRF, /* the same with transitions */
    HX_HEAD_REPLACED, /* one logit a token: was it replaced (arXiv 2003.10555) */
    HX_HEAD_BIAFFINE, /* arcs and relations of words (arXiv 1611.01734) */
    HX_HEAD_CONTRAST /* sequence i of the first half finds i of the second half (InfoNCE) */
} hx_head_kind;

typedef struct {
    hx_head_kind kind;
    const char *name; /* "" = score */
    size_t n_labels; /* of BIAFFINE: relations; LM, REGRESSION, REPLACED, CONTRAST: not used */
    bool mean; /* pooled over the sequence's tokens; otherwise the last */
    size_t width; /* BIAFFINE: of the arc and relation vectors, 0 = 128 */
    float smoothing, gamma; /* as nn/loss.h; MULTI: smoothing alone */
    float temperature; /* CONTRAST, 0 = 0.05; distillation, 0 = 1 */
    size_t
        hidden; /* SEQUENCE, MULTI, REGRESSION, TOKEN, CRF, REPLACED: one layer of this width with GELU before the logits; 0 = none */
    float dropout; /* of its input */
    size_t tap; /* reads the stream after this block, normed by its own norm; 0 = the end */
    /* Distillation of hidden states: columns of what the teacher gives, 0 = n_embd; after which block the student is compared, 0 = the head's
     * input; by 1 - cosine instead of squares. Where the widths differ or a block is chosen, a projection (teacher_width, n_embd) stands
     * between, "teacher.score.weight" or "teacher.heads.NAME.weight", which is learnt and left out of model folders. */
    size_t teacher_width, teacher_block;
    bool teacher_cosine;
} hx_head_options;

typedef struct hx_train_head hx_train_head;

hx_status hx_train_head_new(hx_train_head **out, hx_trunk *t, const hx_head_options *options,
                            uint64_t seed, hx_error *err) HX_MUST_USE;
void hx_train_head_free(hx_train_head *h); /* its tensors stay in the trunk's params */

/* A teacher's logits (n, n_labels or n_vocab) of some rows of a batch, ascending; called by the thread of the step. */
typedef void hx_teacher_logits_fn(void *context, const uint32_t *rows, size_t n, float *logits);

/* Targets of a batch; which fields count is the kind's. Rows of labels that are HX_NN_IGNORE don't. */
typedef struct {
    const uint32_t *labels; /* SEQUENCE (n_sequences); LM, TOKEN, CRF, REPLACED (T) */
    const float *values; /* MULTI (n_sequences, n_labels) in [0, 1], REGRESSION (n_sequences) */
    const uint32_t *
        second; /* mixup: labels of the mixed-in half, (n_sequences); NULL = none; share is the batch's */
    const float
        *class_weights; /* (n_labels) or NULL; REPLACED (2); LM (n_vocab); MULTI: of the target 1 */
    const uint32_t *
        words; /* BIAFFINE: index in the batch of each word's first token; (n_words); token 0 of a sequence is the root */
    const uint32_t *word_starts; /* BIAFFINE: (n_sequences + 1) into words */
    const uint32_t *
        heads; /* BIAFFINE: (n_words): 0 = the root, i = the i-th word of its sequence; labels (n_words): relations */
    const float *teacher_logits; /* distillation: as many rows and columns as the head's logits */
    hx_teacher_logits_fn *
        teacher; /* LM: makes them, 64 rows at a time, so that those of a batch are never there; NULL = teacher_logits */
    void *teacher_context; /* of it */
    const float *teacher_hidden; /* (T or n_sequences, teacher_width) */
    const bool *taught; /* (rows): of which rows the teacher says something; NULL = all */
    float teacher_share, hidden_share; /* weight of these beside the labels' loss [0, 1] */
} hx_targets;

typedef struct {
    double loss; /* sum */
    double count; /* of what it is the sum */
    size_t n_right; /* labels hit, where the kind has such */
} hx_objective_result;

size_t hx_train_head_scratch(const hx_train_head *h, size_t n_tokens, size_t n_sequences,
                             size_t n_threads);
/* Loss of a batch whose forward pass has run; dhidden (T, n_embd) or, for a head with `tap`, dtap gets the gradient added, and the head's tensors
 * theirs. The one that it would go to is NULL = the loss alone.
 *     loss = (1 - teacher_share) labels' + teacher_share teacher's + hidden_share mean over teacher_width of (x - teacher_hidden)^2
 * x: the head's input or the chosen block's stream (pooled as the head pools), projected where there is a projection; with teacher_cosine the
 * last part is hidden_share (1 - cosine). Teacher's: temperature^2 KL of softmaxes; MULTI and REPLACED: cross-entropy to the teacher's
 * sigmoids; REGRESSION: squares. Without labels (or values) the first part is nothing and every row counts. Rows that are not taught: of LM the
 * labels' loss in full, of the others (1 - teacher_share) of it. CONTRAST and BIAFFINE know only teacher_hidden. With teacher_block,
 * batch->tap must be that block and dtap gets its gradient. */
hx_status hx_train_head_loss(hx_train_head *h, const hx_nn *nn, const hx_trunk_batch *batch,
                             const float *hidden, const hx_targets *targets, float scale,
                             float *dhidden, float *dtap, hx_objective_result *out,
                             hx_error *err) HX_MUST_USE;
/* How many targets of a batch count: what a mean divides by, as transformers means it. SEQUENCE, TOKEN, REPLACED, LM: the weights of the labels
 * that count (mixup: of both by their shares); MULTI: rows times labels; REGRESSION: rows; CRF: tokens; BIAFFINE: words with a head;
 * CONTRAST: pairs. */
double hx_train_head_count(const hx_train_head *h, const hx_trunk_batch *batch,
                           const hx_targets *targets);
/* Logits, for evaluating: SEQUENCE, MULTI, REGRESSION (n_sequences, n_labels), TOKEN, CRF, REPLACED (T, n_labels). Valid until the next call. */
hx_status hx_train_head_logits(hx_train_head *h, const hx_nn *nn, const hx_trunk_batch *batch,
                               const float *hidden, const float **logits,
                               hx_error *err) HX_MUST_USE;
/* The best labels of tokens: TOKEN by the highest logit, CRF by the best path, REPLACED 1 where it is more likely than not. tags (T). Where
 * `labels` (T) is given, tokens that are HX_NN_IGNORE there are left out and get it too. */
hx_status hx_train_head_tags(hx_train_head *h, const hx_nn *nn, const hx_trunk_batch *batch,
                             const float *hidden, const uint32_t *labels, uint32_t *tags,
                             hx_error *err) HX_MUST_USE;
/* BIAFFINE: the best tree with one root word a sequence (llama/tree.h), and the best relation of each arc. Of targets only words and
 * word_starts count; heads, labels (n_words). */
hx_status hx_train_head_trees(hx_train_head *h, const hx_nn *nn, const hx_trunk_batch *batch,
                              const float *hidden, const hx_targets *targets, uint32_t *heads,
                              uint32_t *labels, hx_error *err) HX_MUST_USE;

#endif
