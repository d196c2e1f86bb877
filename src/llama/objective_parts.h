/* objective_parts.h - a head, and what one pass over a batch needs; shared by the files of objective. For src/llama only. */
#ifndef HX_LLAMA_OBJECTIVE_PARTS_H
#define HX_LLAMA_OBJECTIVE_PARTS_H

#include "llama/objective.h"

#define HX_HEAD_NONE SIZE_MAX /* no such tensor */

typedef enum { /* tensors of a head; which there are is the kind's */
               HX_PART_WEIGHT = 0, /* (n_out, width of what goes in) */
               HX_PART_BIAS, /* TOKEN as "score": (n_out), as transformers has it */
               HX_PART_NORM, /* (D), with tap */
               HX_PART_DENSE, /* (hidden, D) */
               HX_PART_DENSE_BIAS,
               HX_PART_BETWEEN, /* CRF: (L, L), (L), (L) */
               HX_PART_START,
               HX_PART_STOP,
               HX_PART_MLP, /* BIAFFINE: (4 width, D): arcs' dependents and heads, relations' dependents and heads */
               HX_PART_MLP_BIAS,
               HX_PART_ARC, /* (width + 1, width) */
               HX_PART_RELATION, /* (L (width + 1), width + 1) */
               HX_PART_PROJECT, /* (teacher_width, D): to a teacher's hidden states */
               HX_PART_COUNT
} hx_head_part;

struct hx_train_head {
    hx_head_options options; /* name is not valid */
    hx_trunk *trunk; /* borrowed */
    size_t parts[HX_PART_COUNT]; /* indexes in the trunk's params */
    size_t d; /* n_embd */
    size_t n_out; /* columns of the logits */
    uint32_t key; /* of dropout: a hash of the name */
    bool is_pooled; /* rows are sequences */
    float *room; /* owned; arrays of a pass */
    size_t room_bytes;
};

/* One pass. Arrays lie in the head's room or are the caller's; R = rows = tokens or sequences, L = n_out. */
typedef struct {
    const hx_train_head *head;
    const hx_nn *nn;
    const hx_trunk_batch *batch;
    const hx_targets *targets; /* NULL: logits alone */
    size_t n_rows;
    bool has_gradient, is_dropping;
    float scale;
    const float *stream; /* (T, D): the trunk's hidden states, or the tap's */
    float *normed, *inverse; /* (T, D), (T): with tap */
    float *pooled; /* (R, D) */
    float *dropped; /* (R, D) */
    const float *input, *x; /* (R, D): before and behind dropout */
    float *dx, *dstream; /* (R, D); (T, D) with tap */
    float *compared,
        *dinput; /* (R, D): what stands beside a teacher's hidden states, and its gradient */
    float *projected, *dprojected; /* (R, teacher_width) */
    float *some, *dsome; /* LM: (chunk, D): x of rows that are taught, and its gradient */
    uint32_t *rows, *chosen; /* LM: (chunk); labels of them (chunk) */
    float *before, *dense, *ddense; /* (R, hidden) */
    float *logits, *dlogits, *other; /* (R, L); LM: (chunk, V) */
    float *values; /* (R, L): targets that were made from others */
    float *losses; /* (R) */
    uint32_t *labels,
        *starts; /* (R), (n_sequences + 1): CRF's without what does not count; LM: (R) without what is taught */
    float *words; /* BIAFFINE's own */
    double loss;
    size_t n_right;
} hx_head_run;

hx_param *hx__head_part(const hx_train_head *h, hx_head_part part);
/* Room that grows: with at = NULL only counted. */
typedef struct {
    char *at;
    size_t bytes;
} hx_head_room;
float *hx__head_carve(hx_head_room *room, size_t floats);

/* Whether row i counts, by its label where there are such; whether a teacher says something of it. */
bool hx__head_counts(const hx_head_run *r, size_t row);
bool hx__head_is_taught(const hx_head_run *r, size_t row);
/* Rows of the stream (T, D) to those of the head (R, D): the last or the mean of each sequence; and the way back, added. */
void hx__head_pool(const hx_head_run *r, const float *stream, float *pooled);
void hx__head_pool_back(const hx_head_run *r, const float *dx, float *dstream);
/* to (n) += from */
void hx__head_add(const hx_nn *nn, const float *from, size_t n, float *to);

/* objective_teacher.c: hidden states beside a teacher's. */
hx_status hx__head_teacher_check(const hx_head_run *r, hx_error *err) HX_MUST_USE;
size_t hx__head_teacher_width(const hx_train_head *h);
void hx__head_teacher_room(hx_head_run *r, hx_head_room *room);
/* Adds to the loss, and to r->dx or, with teacher_block, to dtap (NULL = the loss alone). */
void hx__head_teacher_loss(hx_head_run *r, float *dtap);

/* objective_linear.c: kinds with logits (R, n_out). */
bool hx__head_is_linear(hx_head_kind kind);
void hx__head_linear_room(hx_head_run *r, hx_head_room *room);
void hx__head_linear_logits(hx_head_run *r);
void hx__head_linear_loss(hx_head_run *r);
void hx__head_linear_tags(hx_head_run *r,
                          uint32_t *tags); /* of the rows that count; others get HX_NN_IGNORE */
/* objective_lm.c */
#define HX_HEAD_LM_CHUNK 64 /* rows whose logits are there at once beside a teacher's */
void hx__head_lm_room(hx_head_run *r, hx_head_room *room);
void hx__head_lm_loss(hx_head_run *r);
/* objective_biaffine.c */
hx_status hx__head_biaffine_check(const hx_head_run *r, hx_error *err) HX_MUST_USE;
hx_status hx__head_biaffine_check_words(const hx_head_run *r,
                                        hx_error *err) HX_MUST_USE; /* without heads */
void hx__head_biaffine_room(hx_head_run *r, hx_head_room *room);
void hx__head_biaffine_loss(hx_head_run *r);
hx_status hx__head_biaffine_trees(hx_head_run *r, uint32_t *heads, uint32_t *labels,
                                  hx_error *err) HX_MUST_USE;
size_t hx__head_biaffine_scratch(const hx_train_head *h, size_t n_tokens, size_t n_sequences,
                                 size_t n_threads);

#endif
