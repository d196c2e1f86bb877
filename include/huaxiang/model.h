/* huaxiang/model.h - model files: the known ones and how to get them, what is inside, other formats, smaller types.
 *
 *     name -> hx_model_resolve -> path -> hx_llama_open (llama.h)
 *              |                   |
 *        hx_model_download         hx_model_inspect, hx_model_verify, hx_model_convert, hx_model_quantize
 *
 * The cache folder holds NAME.gguf for each model that was got. The library never chooses it: the caller says where it is. */
#ifndef HUAXIANG_MODEL_H
#define HUAXIANG_MODEL_H

#include "huaxiang/frame.h"
#include "huaxiang/llama.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ known models */
typedef struct {
    const char *
        name; /* "smollm2-135m": how users call it, and its file in the cache folder without .gguf */
    const char *aliases; /* other names, comma-separated; "" = none */
    const char *en, *zh; /* what it is good for */
    const char *architecture; /* as in general.architecture */
    const char *type; /* of its weights, "Q4_K_M" */
    const char *licence; /* SPDX */
    const char *repository, *file; /* on the official hub */
    uint64_t bytes; /* of that file; 0 = not recorded */
    const char *sha256; /* of that file, 64 lower-case digits; NULL = not recorded */
    uint64_t
        packaged_bytes; /* of another file of the same model, which is taken as well; 0 = none */
    const char *packaged_sha256;
    const char *packaged_type; /* of its weights */
} hx_known_model;

/* The table; its length is returned. */
HX_API size_t hx_known_models(const hx_known_model **out);
/* By name or alias, in any case of letters; NULL = not known. */
HX_API const hx_known_model *hx_known_model_find(const char *name);

/* ------------------------------------------------------------------ where it is */
/* What a user calls a model to what hx_llama_open() takes: a file or folder that is there is itself (of a training run:
 * its best model); else NAME.gguf or NAME of the
 * cache folder, by name or alias. HX_ENOTFOUND says how to get it, or which name was meant. */
HX_API hx_status hx_model_resolve(const char *name, const char *cache, hx_arena *arena,
                                  hx_str *path, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ texts to vectors, for recipes */
/* What reads texts for the step "embed" of recipes and learners: models by name or path, opened as they are asked for. Remembers vectors, up to 1 GiB. */
typedef struct hx_embedder hx_embedder;
/* models: the folder of models that were got. options NULL = defaults. No model is opened yet. */
HX_API hx_status hx_embedder_open(hx_embedder **out, const char *models,
                                  const hx_llama_options *options, hx_error *err) HX_MUST_USE;
HX_API void hx_embedder_close(hx_embedder *e); /* NULL is fine; after all that borrow it */
HX_API const hx_text_embedder *hx_embedder_of(const hx_embedder *e);

/* ------------------------------------------------------------------ getting one */
typedef struct {
    const char *hub; /* another hub with the same paths, "https://..."; NULL = the official one */
    void (*progress)(void *context, uint64_t done,
                     uint64_t total); /* NULL = none; total 0 = not known */
    void *context;
    const volatile int *cancel; /* NULL = none; what came so far stays for the next time */
    uint64_t max_bytes; /* of a file whose size is not recorded; 0 = 64 GiB */
    bool loopback; /* for tests: `hub` may be http://127.0.0.1:PORT */
} hx_download_options;

/* Gets m into the cache folder, which is made where it is missing, as NAME.gguf; nothing to do where a sound one is there. Only https,
 * also behind redirections. The bytes go to NAME.gguf.part; where the sum is recorded, what is there goes on from its end. Size and sum
 * are checked (where none is recorded: that it is a sound tensor file) before it gets its name. HX_EBUSY while another process gets it. */
HX_API hx_status hx_model_download(const hx_known_model *m, const char *cache,
                                   const hx_download_options *options, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ checking one */
typedef struct {
    uint64_t bytes;
    char sha256[65];
    bool recorded; /* the sum is one that stands in the table */
    uint64_t n_tensors;
} hx_model_check;

/* Reads all of a file: its sum against those recorded for `m` (NULL = none), and its tables. HX_EFORMAT where one is wrong. */
HX_API hx_status hx_model_verify(const hx_known_model *m, const char *path,
                                 const volatile int *cancel, hx_model_check *out,
                                 hx_error *err) HX_MUST_USE;

/* SHA-256, 64 digits and a NUL, of a file of any kind, or of a folder's weights: of model.safetensors, or of the index of its shards. */
HX_API hx_status hx_model_sum(const char *path, const volatile int *cancel, char sum[65],
                              hx_error *err) HX_MUST_USE;

/* What a .gguf, a .safetensors or a folder holds, as one JSON object: "file","format","bytes","architecture","name","parameters",
 * "config" (or "problem": why the engine can't run it), "memory","types","metadata","tensors". */
HX_API hx_status hx_model_inspect(const char *path, hx_arena *arena, hx_str *json,
                                  hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ other formats and types */
typedef enum { HX_MODEL_GGUF = 0, HX_MODEL_HF } hx_model_format;

typedef struct {
    const char *
        type; /* convert: of the matrices, see below; NULL = as they are (to HF: F32 for quantised ones) */
    size_t n_threads; /* 0 = one a processor */
    void (*progress)(void *context, uint64_t done, uint64_t total); /* parameters */
    void *context;
    const volatile int *cancel;
} hx_convert_options;

/* A Hugging Face folder to a GGUF file, or a GGUF file to a folder (made, or empty of these files): config.json, model.safetensors
 * (type f32, f16 or bf16) and the tokenizer. Weights that are F32, F16 or BF16 go there and back bit for bit. */
HX_API hx_status hx_model_convert(const char *from, hx_model_format to, const char *out,
                                  const hx_convert_options *options, hx_error *err) HX_MUST_USE;

/* A GGUF file or folder to a GGUF file whose matrices are of one type: f32, f16, bf16, q8_0, q6_k, q4_k, q4_1, q4_0. Norms, biases and
 * heads stay F32. For the 4-bit types the output matrix is Q6_K (the embedding, where that is it), and for q4_k so are value and down
 * matrices of half the layers. Rows that are no multiple of 256 take Q8_0 for Q6_K and Q5_0 for Q4_K; of 32: F16. */
HX_API hx_status hx_model_quantize(const char *from, const char *type, const char *out,
                                   const hx_convert_options *options, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ adapters, smaller models */
typedef struct {
    const char *
        adapter; /* folder of a LoRA adapter of PEFT, merged into the weights (with the head that it may bring); NULL = none */
    const char *layers; /* "0-7,10": blocks that stay, counted from 0; NULL = all */
    const char *
        vocab_from; /* texts (.txt, CSV, TSV, JSON Lines, Excel): tokens that they need stay, with bytes and specials; NULL = all */
    const char *text; /* column of vocab_from; NULL = recognised by name */
} hx_reshape_options;

/* A GGUF file or folder to a folder or GGUF file with these changes, one after the other in the order above. Texts of vocab_from are cut into
 * the same pieces as before. Weights that are not touched keep their bits where their type stays. */
HX_API hx_status hx_model_reshape(const char *from, hx_model_format to, const char *out,
                                  const hx_reshape_options *reshape,
                                  const hx_convert_options *options, hx_error *err) HX_MUST_USE;

/* One way of making a classifier smaller, and what became of it. */
typedef struct {
    const char *name; /* as asked; "as it is" for the model itself */
    const char
        *path; /* of the smaller model: a GGUF file or a folder; the model's own for the first */
    uint64_t bytes; /* of its weights' file */
    uint64_t n_parameters;
    double
        speed; /* texts a second, of those of the model as it is: both measured in turn, the median of nine */
    double texts_per_second; /* by all threads: the model's as it is, times `speed` */
    double accuracy, macro_f1; /* on the test part */
} hx_compressed;

typedef struct {
    const char *data; /* labelled texts: CSV, TSV, JSON Lines, Excel */
    const char *text, *label; /* columns; NULL = recognised by name */
    const char *test; /* a file for the test; NULL = a share of data */
    double test_size; /* 0 = 0.2 */
    uint64_t seed; /* 0 = 1 */
    /* With neither test nor test_size nor seed, and data that the model's run learnt from, the run's own parts are used.
     *
     * "int8,q4,drop:4,vocab,ffn:0.75,heads:0.75,tune:1,qat:8", each by itself; with + one after the other: "ffn:0.5+tune:1+int8". int8 (q8_0), q4
     * (q4_k) and other types round with the weights of the calibration, q4:plain without. NULL = "int8,q4,vocab" */
    const char *tries;
    size_t max_calibration; /* texts that say what matters; 0 = 256 */
    double rate; /* of tuning; 0 = 5e-5 */
    size_t n_threads; /* 0 = one a processor */
    void (*tried)(void *context, const hx_compressed *row); /* as each is done; NULL = none */
    void (*notice)(void *context, const char *sentence); /* whose test it is; NULL = none */
    void *context;
    const volatile int *cancel;
} hx_compress_options;

/* Compresses a model with a head for texts in each of the ways, into `folder` (made; HX_EINVAL where it holds anything), and measures them on one task. rows: arena memory, the
 * model as it is first. Which channels, heads and layers go is said by the gradient of the loss on texts of the data that are not the test's. */
HX_API hx_status hx_model_compress(const char *model, const char *folder,
                                   const hx_compress_options *options, hx_arena *arena,
                                   hx_compressed **rows, size_t *n_rows, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ training */
typedef struct {
    uint64_t step, steps; /* 0 = bounded by time */
    double epoch, loss, rate, norm;
    double tokens_per_second, seconds, seconds_left; /* left: NAN = not known yet */
} hx_train_progress;

typedef struct {
    size_t n_threads; /* 0 = one a processor; the same bytes for any number */
    const char *kernels; /* as hx_llama_options has it */
    void (*progress)(void *context, const hx_train_progress *p); /* after each step; NULL = none */
    void (*notice)(void *context,
                   const char *sentence); /* what a person should know: leaks, imbalance, ... */
    /* An evaluation, one JSON object: step, epoch, loss, part, tasks: {NAME: {loss, accuracy, ...}}. */
    void (*evaluated)(void *context, hx_str json);
    void *context;
    const volatile int *cancel; /* raised: a checkpoint is written, HX_ECANCELLED returned */
} hx_train_calls;

/* Trains as `config` says, into the folder `run`: see docs/training.md for its keys. A run that is there is gone on with where `resume` is
 * set, to the same bytes as if it had never stopped. metrics: one JSON object with the figures of the best model on validation and test,
 * also in RUN/metrics.json. hx_model_resolve() takes `run` as a model from then on. */
HX_API hx_status hx_train(hx_str config, const char *run, bool resume, const hx_train_calls *calls,
                          hx_arena *arena, hx_str *metrics, hx_error *err) HX_MUST_USE;

/* Whether the run that left a model, at the path that hx_model_resolve() gives, learnt from a file with the bytes of `data`: figures on it would
 * flatter. False also where nothing is known of a run. */
HX_API bool hx_model_learnt_from(const char *model, const char *data);

/* ------------------------------------------------------------------ training a tokenizer */
#define HX_TRAIN_TOKENIZER_SYMBOLS_MAX 256u

typedef struct {
    size_t vocab; /* pieces in all, 512..262,144: 3 + 256 bytes + symbols + characters + merges */
    double coverage; /* of characters that become pieces, the rest is bytes; 0 = 0.9995 */
    bool han_alone; /* a Han character is never part of a longer piece */
    bool split_digits; /* each digit is its own piece */
    const char *const *symbols; /* pieces that are never cut: "<mask>", "<sep>" */
    size_t n_symbols;
    size_t max_piece; /* characters; 0 = 16 */
    const char *text; /* column of tables; NULL = recognised by name */
    size_t n_threads; /* 0 = one a processor; the same file for any number */
    uint64_t max_bytes; /* of text; 0 = 1 GiB */
    void (*progress)(void *context, uint64_t done, uint64_t total); /* merges */
    void *context;
    const volatile int *cancel;
} hx_train_tokenizer_options;

typedef struct {
    uint64_t n_documents, n_bytes, n_bad; /* read; rows that can't be read */
    size_t n_pieces; /* of the file; less than asked where the text has no more */
    size_t n_characters, n_merges; /* of them */
} hx_train_tokenizer_counts;

/* Learns byte pairs with byte fallback from plain text, CSV, TSV, JSON Lines or Excel files (also .gz, .zst), and writes a SentencePiece
 * model that sentencepiece, transformers and llama.cpp read. The order of the files does not matter. */
HX_API hx_status hx_train_tokenizer(const char *const *paths, size_t n_paths, const char *out,
                                    const hx_train_tokenizer_options *options,
                                    hx_train_tokenizer_counts *counts, hx_error *err) HX_MUST_USE;

/* k trainings of `config`, each with another k-th of the data (test apart) for validation: runs folder/fold1, ...; summary, also in
 * folder/folds.json: {"folds":[figures],"figures":{NAME:{"mean":..,"deviation":..}}}. A member "learner" of config names one of learn.h that is
 * trained instead, as hx_train_compare() would; of several, with commas between them, the summary is {"learners":[{"learner","accuracy":{"mean",..},
 * "macro_f1":{..},"gain"}],"chosen","folds"}, with both ensembles among them and their gain over the best single one. */
HX_API hx_status hx_train_folds(hx_str config, const char *folder, size_t k, bool resume,
                                const hx_train_calls *calls, hx_arena *arena, hx_str *summary,
                                hx_error *err) HX_MUST_USE;
/* Settings drawn from the lists of config's "tune", e.g. {"rate":[1e-4,1e-3],"layers":[2,4],"width":[128,256]} (depth and width of a new model;
 * keys of the training and of its one task): all are trained a short while, the better third three times as long, and so on, or with
 * "search":"random" all to the end; judged on validation. Only the best run keeps its weights. summary, also in folder/tune.json:
 * {"best":{"run","settings","figure","validation":{..},"test":{..}},"trials":[{"run","settings","figure","share"}]}. */
HX_API hx_status hx_train_tune(hx_str config, const char *folder, size_t n_trials, bool resume,
                               const hx_train_calls *calls, hx_arena *arena, hx_str *summary,
                               hx_error *err) HX_MUST_USE;

/* Several learners ("svm,nb,cnn,llama": those of learn.h, and hx_train() by `config`, whose one task is of kind label) on the same parts. The best on
 * validation is chosen. summary, also in folder/compare.json: {"validation":[{"learner","accuracy","macro_f1","seconds"}],"chosen":NAME,"test":{..},
 * "ensemble":{..},"stack":{..}}: hx_evaluate()'s records of the chosen one, of the mean of all, and of all weighed by what they are worth on validation. Learners stay as folder/NAME.learner, folder/llama. */
HX_API hx_status hx_train_compare(hx_str config, const char *folder, const char *learners,
                                  bool resume, const hx_train_calls *calls, hx_arena *arena,
                                  hx_str *summary, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ several models as one */
/* What a comparison leaves of its two ensembles, folder/average.pool and folder/stack.pool: members (learners, runs of one label a text) beside the
 * file, and their weights. HX_EFORMAT where a member is not the one it was made of. One thread at a time. */
typedef struct hx_text_pool hx_text_pool;
HX_API bool hx_text_pool_is_file(const char *path);
HX_API hx_status hx_text_pool_open(hx_text_pool **out, const char *path,
                                   const hx_llama_options *options, hx_error *err) HX_MUST_USE;
HX_API void hx_text_pool_close(hx_text_pool *p); /* NULL is fine */
HX_API size_t hx_text_pool_labels(const hx_text_pool *p);
HX_API const char *hx_text_pool_label(const hx_text_pool *p, size_t i); /* NULL beyond */
/* Of a language model among the members; else "average" or "stack". */
HX_API const char *hx_text_pool_kernels(const hx_text_pool *p);
/* probabilities (n, n_labels), the caller's; n_threads of learners, 0 = one a processor. */
HX_API hx_status hx_text_pool_predict(hx_text_pool *p, const hx_str *texts, size_t n,
                                      size_t n_threads, float *probabilities,
                                      hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ evaluation of heads */
typedef struct {
    const char *text, *label; /* columns of the data; NULL = by role */
    const char *text2; /* of heads that learnt from pairs: the second text's column; NULL = none */
    size_t n; /* the first so many rows; 0 = all */
    size_t max_length; /* tokens; 0 = as in training */
    double threshold; /* LABELS: a label is set from here on; 0 = 0.5 */
    uint64_t seed; /* of intervals */
    void (*progress)(void *context, size_t done, size_t all); /* NULL = none */
    void *context;
    const volatile int *cancel;
    /* Changes what a head for texts said, p (n, n_labels), or NULL: as hx_set_grams_join(). */
    hx_status (*join)(void *join_context, const hx_str *texts, size_t n, float *p, hx_error *err);
    void *join_context;
    hx_reader_options
        reader; /* how a table is read: delimiter, quotes, header, sheet; CoNLL-U has none of it */
} hx_head_evaluation;

/* How good a head is on labelled data (CSV, TSV, JSON Lines, Excel; of words also CoNLL-U), read as training reads it. One JSON object:
 *     LABEL    hx_evaluate()'s figures; of a head with a temperature also temperature, ece_before (without it)
 *     LABELS   n, micro_f1, macro_f1, sample_f1, subset_accuracy, hamming_loss, micro_auc, macro_auc; labels: one object each
 *     NUMBER   n, mae, rmse, r2, median_error, max_error, mape
 *     TAG, CRF, SEGMENT, REPLACED   n (words), accuracy; where labels make spans precision, recall, f1 of whole spans
 *     TREE     n (words), uas, las
 * What is not defined is null. */
HX_API hx_status hx_model_evaluate_head(hx_llama_context *c, size_t head, const char *data,
                                        const hx_head_evaluation *options, hx_arena *arena,
                                        hx_str *json, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ this machine */
/* The kernels that a model would run with: "vnni", "avx512", ... `wanted` as hx_llama_options has it, NULL = the best that runs here.
 * HX_EUNSUPPORTED says what is missing. */
HX_API hx_status hx_model_kernels(const char *wanted, const char **name, hx_error *err) HX_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
