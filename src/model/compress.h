/* compress.h - the inside of hx_model_compress(): what matters in a model, and the steps that make it smaller. For src/model.
 *
 *     labelled texts -> forward and backward (nothing is changed) -> calibration: of columns, channels, heads, layers
 *     "ffn:0.75+tune:1+int8" -> steps, each from one model on disk to the next */
#ifndef HX_MODEL_COMPRESS_H
#define HX_MODEL_COMPRESS_H

#include "huaxiang/model.h"
#include "llama/config.h"
#include "model/dataset.h"
#include "model/reshape.h"

/* Means over small batches of texts, from the gradient g of the loss by the weights w:
 *   column c of a matrix      sum over rows of g^2                    Fisher's information: how much an error there costs (arXiv 2306.07629)
 *   channel, head, layer      |sum over its output weights of w g|    the first-order change of the loss when it is taken out
 *                                                                     (arXiv 1611.06440, 1905.10650) */
typedef struct {
    size_t n_layers, n_ff, n_groups;
    double *channels; /* (n_layers, n_ff) */
    double *groups; /* (n_layers, n_groups): key-value heads with their query heads */
    double *layers; /* (n_layers): attention and feed-forward together */
    const char **names; /* (n_matrices): as a folder spells them */
    float **columns; /* (n_matrices, columns of each): above 0 */
    size_t n_matrices;
} hx__calibration;

/* Of a model with a head for texts, on the TRAIN part of labelled texts whose labels are the model's, in their order; read as `head` says. */
hx_status hx__calibrate(const char *model, const hx_config_task *head, hx_dataset *data,
                        size_t max_texts, size_t n_threads, const volatile int *cancel,
                        hx_arena *arena, hx__calibration *out, hx_error *err) HX_MUST_USE;
/* Weights of the columns of a tensor, by its name in a folder; NULL = none. */
const float *hx__calibration_columns(const hx__calibration *c, const char *name);

typedef enum {
    HX_STEP_QUANTISE = 0, /* int8, q4, q4_0, ...: a GGUF file */
    HX_STEP_DROP, /* drop:N layers */
    HX_STEP_VOCAB, /* tokens that the texts do not need */
    HX_STEP_FFN, /* ffn:SHARE of channels stays */
    HX_STEP_HEADS, /* heads:SHARE stays */
    HX_STEP_TUNE, /* tune:EPOCHS */
    HX_STEP_QAT /* qat:8 or qat:4: trained with rounded weights, then rounded */
} hx__step_kind;
#define HX_STEPS_MAX 8
typedef struct {
    hx__step_kind kind;
    double amount;
    const char *type; /* QUANTISE, QAT: as hx_model_quantize() has it */
    bool plain; /* QUANTISE: without calibration */
} hx__step;
/* "drop:2+tune:1+int8"; `text` of one try. */
hx_status hx__steps_parse(hx_str text, hx__step steps[HX_STEPS_MAX], size_t *n,
                          hx_error *err) HX_MUST_USE;

typedef struct {
    const hx_compress_options *options;
    const char *model; /* the one that all begins with */
    hx_dataset *data;
    hx_part
        measured; /* the part that figures are of: the test's, or of a run without one validation */
    const hx_config_task *
        head; /* how it reads texts: name, mean, bidirectional, lower, max_length; strings in the arena */
    const char *train_file; /* JSON Lines of the TRAIN part: for tuning and vocabularies */
    const char *validation_file; /* likewise a tenth that is not in it */
    const hx_convert_options *convert;
    hx_arena *arena;
} hx__compress_job;

/* Reads the parts of the run that left the model into data and measured, where options->data is what it learnt from and options say nothing of
 * the test; data stays NULL where not. labels (n_labels): the model's. A notice says which. */
hx_status hx__compress_read_run(hx__compress_job *j, const char *const *labels, size_t n_labels,
                                hx_error *err) HX_MUST_USE;
/* Applies a step to `from` (labelled with its calibration) and writes `to`; a folder, or a file where the step quantises. */
hx_status hx__step_apply(const hx__compress_job *j, const hx__step *s, const char *from,
                         const char *to, hx_error *err) HX_MUST_USE;

#endif
