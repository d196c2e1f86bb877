/* huaxiang/llama.h - LLaMA-family language models: open, tokenise, batch, run, read.
 *
 *     file or folder -> hx_llama (weights, tokenizer; immutable, shared by threads)
 *                          |
 *     texts -> tokens -> hx_llama_batch -> hx_llama_run(context) -> logits, hidden states
 *                                              |                     embed, classify, label, generate: on top of them
 *                                              hx_llama_context (key-value cache, scratch; one thread at a time)
 *
 * Architectures: llama (1, 2, 3.x), qwen2, qwen3. Files: GGUF v3 (mapped) and Hugging Face folders.
 * A batch holds pieces of any number of sequences of any lengths, packed without padding. What a sequence gives depends neither on
 * what else is in the batch nor on the number of threads: the same bits come out. */
#ifndef HUAXIANG_LLAMA_H
#define HUAXIANG_LLAMA_H

#include "huaxiang/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ model */
typedef struct hx_llama hx_llama;

typedef enum {
    HX_PRECISION_FAST =
        0, /* int8 weights x int8 activations; one-token steps use the weights as stored. Labels (hx_llama_classify, hx_llama_label_texts) are
              those of EXACT but for a few in 10,000: a text whose best labels are closer than the noise is read again in EXACT arithmetic */
    HX_PRECISION_EXACT /* F32 arithmetic over the weights as stored */
} hx_precision;

typedef struct {
    hx_precision precision;
    size_t n_threads; /* 0 = one a processor */
    bool tokenizer_only; /* no weights: only tokenising and chat templates work */
    /* NULL = the best this machine has; "scalar" (a reference, slow), "avx2", "avx512", "vnni", "neon". Between sets a text's embeddings
     * have a cosine of 0.9999999 when EXACT, above 0.999 (mean) and 0.99 (last token) when FAST. */
    const char *kernels;
} hx_llama_options;

/* What a head says. */
typedef enum {
    HX_LLAMA_LABEL = 0, /* one label a text */
    HX_LLAMA_LABELS, /* any number of labels a text */
    HX_LLAMA_NUMBER, /* a number a text */
    HX_LLAMA_TAG, /* a label a word */
    HX_LLAMA_CRF, /* the same, the best path of all words together */
    HX_LLAMA_TREE, /* head and relation of each word */
    HX_LLAMA_SEGMENT, /* where words begin */
    HX_LLAMA_REPLACED /* whether a word stands there that was put in */
} hx_llama_head_kind;

typedef struct {
    const char *architecture; /* "llama", "qwen2", "qwen3" */
    const char *name; /* as the file says; "" = not said */
    const char *kernels; /* that run */
    size_t n_layers, n_vocab, n_embd, n_heads, n_kv_heads, head_dim, n_ff;
    size_t n_positions; /* it was trained for */
    uint64_t n_parameters;
    size_t n_tasks; /* heads that training left: see hx_llama_head_of() */
    size_t n_labels; /* of its first head for texts, or else its first one for words; 0 = none */
    bool has_output; /* it can give logits of a next token */
    bool is_token_classifier; /* that head labels words, not texts */
    int32_t bos, eos, pad; /* token ids; -1 = none */
} hx_llama_info;

/* Opens a .gguf file or a Hugging Face folder; maps it until close. HX_EFORMAT names the tensor or key at fault. */
HX_API hx_status hx_llama_open(hx_llama **out, const char *path, const hx_llama_options *options,
                               hx_error *err) HX_MUST_USE;
HX_API void hx_llama_close(hx_llama *m); /* NULL is fine; after its contexts */
HX_API const hx_llama_info *hx_llama_describe(const hx_llama *m); /* lives as long as the model */
HX_API const char *hx_llama_label(const hx_llama *m,
                                  size_t i); /* of that head; NULL beyond n_labels */

typedef struct {
    const char *name;
    hx_llama_head_kind kind;
    size_t n_labels; /* numbers a text or word; 1 of NUMBER */
    bool of_words; /* TAG and those behind it */
    bool bidirectional; /* its texts are read in both directions */
    bool mean; /* it reads the mean of all tokens, not the last one */
    bool pairs; /* it learnt from pairs of texts */
    double
        temperature; /* fitted on validation: its logits are divided by it before they are probabilities; 0 = none */
} hx_llama_head_info;

/* Head i of n_tasks; NULL beyond. Lives as long as the model. */
HX_API const hx_llama_head_info *hx_llama_head_of(const hx_llama *m, size_t i);
HX_API size_t hx_llama_find_head(const hx_llama *m, const char *name); /* n_tasks = none */
HX_API const char *hx_llama_head_label(const hx_llama *m, size_t head, size_t i); /* NULL beyond */

/* ------------------------------------------------------------------ tokens */
#define HX_LLAMA_TEXT_MAX (64u << 20) /* bytes of one text, else HX_ELIMIT */

typedef struct {
    int32_t *ids; /* owned by the arena */
    size_t n;
} hx_tokens;

typedef struct {
    bool special; /* add what the model puts around a text (bos, eos) */
    bool
        parse_special; /* special tokens spelt in the text become those tokens; off for user text */
    size_t max_length; /* tokens, specials included; 0 = no limit; more are cut off at the end */
    bool pad; /* with max_length: pad to it; `mask` says which are real */
    bool inside; /* the text stands right behind a word: its first token has no blank in front */
} hx_token_options;

/* options NULL = all zero. `mask` (NULL = not wanted): 1 = token, 0 = padding; arena memory. */
HX_API hx_status hx_llama_tokenize(const hx_llama *m, hx_str text, const hx_token_options *options,
                                   hx_arena *arena, hx_tokens *out, uint8_t **mask,
                                   hx_error *err) HX_MUST_USE;
/* The bytes of `n` tokens; special tokens only with `special`. Pieces may hold part of a character. */
HX_API hx_status hx_llama_detokenize(const hx_llama *m, const int32_t *ids, size_t n, bool special,
                                     hx_arena *arena, hx_str *out, hx_error *err) HX_MUST_USE;
/* A token as the file spells it; {NULL, 0} out of range. */
HX_API hx_str hx_llama_token(const hx_llama *m, int32_t id);

typedef struct {
    const char *role; /* "system", "user", "assistant" */
    hx_str content;
} hx_chat_message;

/* Token ids of a conversation by the model's chat template (chatml, llama2, llama3, qwen); contents are never parsed for special
 * tokens. With `reply` the opening of the assistant's turn stands at the end. HX_EUNSUPPORTED for a template of another kind. */
HX_API hx_status hx_llama_chat(const hx_llama *m, const hx_chat_message *messages, size_t n,
                               bool reply, hx_arena *arena, hx_tokens *out,
                               hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ batch and context */
typedef enum {
    HX_WANT_NOTHING = 0, /* only fills the cache */
    HX_WANT_LOGITS_LAST = 1, /* of the piece's last token */
    HX_WANT_LOGITS_ALL = 2,
    HX_WANT_HIDDEN_LAST = 4, /* after the last norm */
    HX_WANT_HIDDEN_ALL = 8,
    HX_WANT_HIDDEN_MEAN = 16, /* one row: the mean over the piece's tokens */
    HX_WANT_HEAD = 32 /* the classification head: one row, or one a token for token classifiers */
} hx_want;

typedef struct {
    const int32_t *ids; /* borrowed until the run */
    size_t n;
    int32_t
        sequence; /* slot of the cache it goes on, [0, n_sequences); -1 = a whole text, nothing kept */
    unsigned want; /* hx_want bits */
    bool bidirectional; /* every token sees all of its piece; only with sequence -1 */
    bool step; /* a generated token (n = 1): read by the arithmetic for steps, see hx_precision */
} hx_llama_piece;

#define HX_WHOLE_BATCHES 8 /* a whole text may have so many batch_tokens, */
#define HX_WHOLE_TOKENS 8192 /* and in any case so many tokens */

typedef enum { HX_CACHE_F16 = 0, HX_CACHE_Q8, HX_CACHE_F32 } hx_cache_type;

typedef struct {
    size_t n_sequences; /* slots; 0 = 1 */
    size_t n_positions; /* a slot holds; 0 = 2048. Memory is taken as sequences grow */
    hx_cache_type cache; /* HX_PRECISION_EXACT always uses F32 */
    size_t
        batch_tokens; /* most tokens worked on at once; 0 = 1024; larger runs are cut between and within pieces, only whole texts (sequence -1) never:
                         scratch grows with the longest, which is why HX_ELIMIT refuses those above HX_WHOLE_BATCHES and HX_WHOLE_TOKENS */
} hx_context_options;

typedef struct hx_llama_context hx_llama_context; /* keeps the model: close it first */

HX_API hx_status hx_llama_context_open(hx_llama_context **out, hx_llama *m,
                                       const hx_context_options *options,
                                       hx_error *err) HX_MUST_USE;
HX_API void hx_llama_context_close(hx_llama_context *c);
HX_API const hx_llama *hx_llama_model_of(const hx_llama_context *c);

/* Runs all pieces. A slot occurs at most once in a run. HX_ELIMIT when a slot is full (nothing was run), HX_EINVAL for ids out of range. */
HX_API hx_status hx_llama_run(hx_llama_context *c, const hx_llama_piece *pieces, size_t n,
                              hx_error *err) HX_MUST_USE;
/* Rows of the last run, valid until the next: in the order of pieces, tokens in order. *rows may be NULL. NULL where not wanted. */
HX_API const float *hx_llama_logits(const hx_llama_context *c, size_t piece,
                                    size_t *rows); /* (rows, n_vocab) */
HX_API const float *hx_llama_hidden(const hx_llama_context *c, size_t piece,
                                    size_t *rows); /* (rows, n_embd) */
HX_API const float *hx_llama_head(const hx_llama_context *c, size_t piece,
                                  size_t *rows); /* (rows, n_labels) */

/* Slots. Positions and counts out of range are HX_EINVAL and change nothing. */
HX_API size_t hx_llama_sequence_length(const hx_llama_context *c, int32_t sequence);
/* `sequence` becomes empty and goes on where `prefix` stands now, which is shared, not copied; prefix must not change while it
 * is shared (HX_ECONFLICT). */
HX_API hx_status hx_llama_sequence_fork(hx_llama_context *c, int32_t sequence, int32_t prefix,
                                        hx_error *err) HX_MUST_USE;
HX_API hx_status hx_llama_sequence_cut(hx_llama_context *c, int32_t sequence, size_t length,
                                       hx_error *err) HX_MUST_USE; /* keep the first `length` */
/* Forgets positions [keep, keep + discard) and moves the rest down, re-rotated (context shift). */
HX_API hx_status hx_llama_sequence_shift(hx_llama_context *c, int32_t sequence, size_t keep,
                                         size_t discard, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ embeddings and heads */
typedef enum { HX_POOL_LAST = 0, HX_POOL_MEAN } hx_pooling;

typedef struct {
    hx_pooling pooling;
    bool normalize; /* to length 1 */
    bool bidirectional;
    size_t
        max_length; /* tokens; 0 = the model's n_positions, of which a context reads HX_WHOLE_BATCHES batch_tokens at most */
} hx_embed_options;

/* out (n_texts, n_embd), caller's. An empty text without special tokens gives zeros. HX_EFORMAT, here and below, where the model's numbers
 * for a text are not finite: its weights are broken. */
HX_API hx_status hx_llama_embed(hx_llama_context *c, const hx_str *texts, size_t n_texts,
                                const hx_embed_options *options, float *out,
                                hx_error *err) HX_MUST_USE;
/* Class probabilities by the model's head: out (n_texts, n_labels), caller's; all the same for a text without tokens. HX_EUNSUPPORTED
 * without a head for texts. HX_PRECISION_FAST reads texts near the border between two classes again, exactly: which they are depends on
 * each text alone. Heads that label tokens have no such help: hx_llama_head() gives their rows, in the model's arithmetic. Like
 * hx_llama_embed() it runs pieces: rows of the run before are gone. */
HX_API hx_status hx_llama_classify(hx_llama_context *c, const hx_str *texts, size_t n_texts,
                                   size_t max_length, float *out, hx_error *err) HX_MUST_USE;

/* What heads for texts say, several in one pass where they read in the same direction: out[k] (n_texts, n_labels of heads[k]), caller's. LABEL:
 * probabilities that sum to 1; LABELS: a probability each, set from 0.5 on in training; NUMBER: the number. max_length 0 = the head's own of
 * training. With HX_PRECISION_FAST texts near a border of LABEL or LABELS are read again exactly; numbers are always read so. */
HX_API hx_status hx_llama_read(hx_llama_context *c, const size_t *heads, size_t n_heads,
                               const hx_str *texts, size_t n_texts, size_t max_length,
                               float *const *out, hx_error *err) HX_MUST_USE;
/* The same of pairs: seconds (n_texts) for heads that learnt from pairs, empty where there is none; other heads read the first text alone.
 * hx_llama_read() refuses heads that learnt from pairs. */
HX_API hx_status hx_llama_read_pairs(hx_llama_context *c, const size_t *heads, size_t n_heads,
                                     const hx_str *texts, const hx_str *seconds, size_t n_texts,
                                     size_t max_length, float *const *out,
                                     hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ tags */
typedef struct {
    uint32_t start, end; /* bytes of the text as given */
} hx_token_span;

/* Where the n tokens of a text (from hx_llama_tokenize()) came from: spans[i] of whole characters, white space around them left out;
 * empty for special tokens and for what the tokenizer put in. Where the normaliser changed characters, a span holds all the characters its
 * token may come from. Arena memory. */
HX_API hx_status hx_llama_token_spans(const hx_llama *m, hx_str text, const int32_t *ids, size_t n,
                                      hx_arena *arena, hx_token_span **spans,
                                      hx_error *err) HX_MUST_USE;

typedef struct {
    hx_token_span span;
    uint32_t label; /* of its first token */
    float score; /* probability of the label; of several words the mean */
} hx_tag;

typedef struct {
    hx_tag *tags; /* owned by the arena */
    size_t n;
    const float *
        logs; /* (n, labels) log-probabilities where `logs` asked for them, of TAG alone; else NULL */
} hx_tags;

/* What is joined with a tree's head, of each text: log-probabilities, to be changed in place. A status other than HX_OK ends the call. */
typedef struct {
    void *self;
    /* scores (n + 1, n + 1): row i, column j: word i hangs on word j, from 1; 0 = the root. Row 0 and the diagonal mean nothing. */
    hx_status (*arcs)(void *self, size_t text, size_t n, float *scores, hx_error *err);
    /* logs (n, labels of the head): the relation of each word in the tree `heads` (n), 0 = the root */
    hx_status (*relations)(void *self, size_t text, const uint32_t *heads, size_t n, float *logs,
                           hx_error *err);
} hx_tree_beside;

typedef struct {
    size_t max_length; /* tokens; 0 = the head's own of training; what is behind has no tags */
    bool
        tokens; /* one tag a token; else one a word, and words of one B-X I-X ... are one tag, O is none */
    bool words; /* words are what stands between white space, read one by one, as in training */
    bool
        apart; /* a tag a word even where labels make spans; of SEGMENT a token, with its word's span */
    bool logs; /* with `apart`: also what is said of each label */
    const hx_tree_beside *beside; /* of hx_llama_parse(), borrowed; NULL = the head alone */
    const char *head; /* its name; NULL = the first that fits */
} hx_tag_options;

/* Tags by a head for words (TAG, CRF, SEGMENT, REPLACED): out (n_texts), caller's. A word takes the label of its first token, as is usual in
 * training. Labels that begin with B-, I-, E- or S- (or L-, U-) make spans; others stand for a word each. SEGMENT: a tag a word that it finds.
 * HX_EUNSUPPORTED without such a head. */
HX_API hx_status hx_llama_tag(hx_llama_context *c, const hx_str *texts, size_t n_texts,
                              const hx_tag_options *options, hx_arena *arena, hx_tags *out,
                              hx_error *err) HX_MUST_USE;
/* The name of a tag's label without B-, I- and the like where labels make spans: of the first head for words, or of head `head`. */
HX_API const char *hx_llama_tag_name(const hx_llama *m, uint32_t label);
HX_API const char *hx_llama_head_tag_name(const hx_llama *m, size_t head, uint32_t label);

typedef struct {
    hx_token_span span;
    uint32_t head; /* 0 = the root, i = the i-th word */
    uint32_t label; /* relation */
    float score; /* probability of the head */
} hx_arc;

typedef struct {
    hx_arc *arcs; /* one a word; owned by the arena */
    size_t n;
} hx_tree;

/* The dependency tree of each text by a head TREE: out (n_texts), caller's. One word hangs on the root. */
HX_API hx_status hx_llama_parse(hx_llama_context *c, const hx_str *texts, size_t n_texts,
                                const hx_tag_options *options, hx_arena *arena, hx_tree *out,
                                hx_error *err) HX_MUST_USE;

/* Both, from one pass where the two heads read alike (words, direction, layers, length, lower case), else from two: the same bits as apart. */
HX_API hx_status hx_llama_tag_parse(hx_llama_context *c, const hx_str *texts, size_t n_texts,
                                    const hx_tag_options *tag, const hx_tag_options *parse,
                                    hx_arena *arena, hx_tags *tags, hx_tree *trees,
                                    hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ all of it in one pass */
typedef struct {
    const size_t *heads; /* (n_heads): for texts, as hx_llama_read() takes them, */
    float *const *out; /* and where what they say goes */
    size_t n_heads;
    const bool *
        hurried; /* (n_heads): texts near a border of this head are not read again exactly; NULL = none */
    const hx_tag_options *tag_options; /* (n_tags): a head for words each; for each k one of */
    hx_tags *const *tags; /* (n_tags): (n_texts) as of hx_llama_tag(); NULL, also tags[k], = */
    hx_tree *const *trees; /* a tree: (n_texts) as of hx_llama_parse() */
    size_t n_tags;
    float *
        embedding; /* (n_texts, n_embd) as of hx_llama_embed() with MEAN and bidirectional; NULL = none */
    bool normalize; /* that one */
    size_t max_length; /* tokens, of all; 0 = each head's own of training */
} hx_llama_wanted;

/* The same bits as the calls that it names, from one pass over the texts for all heads that read alike (direction, layers, length); others have a pass
 * of their own, as have tag_options with `words`. */
HX_API hx_status hx_llama_read_all(hx_llama_context *c, const hx_llama_wanted *wanted,
                                   const hx_str *texts, size_t n_texts, hx_arena *arena,
                                   hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ attention */
#define HX_ATTENTION_TOKENS 512

/* Where the tokens of a text look; arena memory. */
typedef struct hx_attention {
    size_t n_tokens, n_layers;
    const int32_t *ids; /* (n_tokens), with the model's specials */
    const hx_token_span *spans; /* (n_tokens) */
    /* (n_layers, n_tokens, n_tokens): mean of all heads; a row is where its token looks, and sums to 1 */
    const float *layers;
    const float *rollout; /* (n_tokens): what the pooled row is made of; sums to 1 */
} hx_attention;

/* Of one text as head `head` reads it (direction, pooling, layers); n_tasks = as a next token is predicted. Exact arithmetic. max_length in tokens,
 * 0 = HX_ATTENTION_TOKENS, the most; what is behind is left out. */
HX_API hx_status hx_llama_attention(hx_llama_context *c, size_t head, hx_str text,
                                    size_t max_length, hx_arena *arena, hx_attention *out,
                                    hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ labels without training */
typedef struct hx_label_prompt
    hx_label_prompt; /* instruction and answers, tokenised, with their priors */

typedef struct {
    const char *instruction; /* what is asked, e.g. "Is this review positive or negative?" */
    const char *const *labels; /* answers as the model would write them */
    size_t n_labels;
    bool no_calibration; /* leave the labels' prior (their likelihood after an empty text) in */
} hx_label_options;

/* Runs the instruction once, in EXACT arithmetic, and keeps it in the context's slot 0. The context needs n_sequences >= 2. */
HX_API hx_status hx_label_prompt_new(hx_label_prompt **out, hx_llama_context *c,
                                     const hx_label_options *options, hx_error *err) HX_MUST_USE;
HX_API void hx_label_prompt_free(hx_label_prompt *p);
/* Probabilities: softmax over labels of log p(label | instruction, text) - log p(label | instruction). out (n_texts, n_labels).
 * As many texts as the context has sequences are read together; with HX_PRECISION_FAST those whose best two labels are closer than the
 * noise are read again, exactly, at the end of the call: few large calls are faster than many small ones. */
HX_API hx_status hx_llama_label_texts(hx_llama_context *c, const hx_label_prompt *p,
                                      const hx_str *texts, size_t n_texts, float *out,
                                      hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ generation */
typedef struct hx_grammar hx_grammar; /* immutable; shared by generations */

/* A GBNF grammar whose rule `root` is the text, or a JSON Schema. Anything not understood is an error: a grammar is never loosened. */
HX_API hx_status hx_grammar_new(hx_grammar **out, hx_str gbnf, hx_error *err) HX_MUST_USE;
HX_API hx_status hx_grammar_of_schema(hx_grammar **out, hx_str json_schema,
                                      hx_error *err) HX_MUST_USE;
HX_API void hx_grammar_free(hx_grammar *g);

typedef struct {
    float temperature; /* 0 = greedy: the likeliest token, the lowest id of equals */
    uint32_t top_k; /* 0 = all */
    float top_p; /* 0 or 1 = all */
    float min_p; /* of the likeliest one's probability; 0 = all */
    float repetition_penalty; /* 0 or 1 = none; CTRL's form, over the last 64 tokens */
    uint64_t seed;
    size_t max_tokens; /* 0 = 256 */
    const hx_grammar *grammar; /* NULL = free */
    const hx_str *stop; /* texts that end it and are not part of it */
    size_t n_stop;
    bool log_probs;
} hx_generate_options;

typedef enum { HX_END_OF_TEXT = 0, HX_END_STOP, HX_END_LENGTH, HX_END_CANCELLED } hx_end_reason;

typedef struct {
    hx_str text; /* whole UTF-8 characters only */
    int32_t token;
    float log_prob; /* of the token before sampling changed anything; 0 unless asked for */
} hx_generated;

typedef struct {
    hx_str text; /* all of it, arena memory */
    size_t n_prompt, n_tokens;
    hx_end_reason end;
    double log_prob; /* sum, where asked for */
} hx_generation;

/* Goes on from `prompt` in `sequence` (which is emptied first, unless forked from a prefix and still empty). `each` (NULL = none) gets
 * text as it becomes certain; false stops. A grammar that no token can go on with is HX_EFORMAT, never free text. */
HX_API hx_status hx_llama_generate(hx_llama_context *c, int32_t sequence, const int32_t *prompt,
                                   size_t n_prompt, const hx_generate_options *options,
                                   bool (*each)(void *context, const hx_generated *g),
                                   void *context, hx_arena *arena, hx_generation *out,
                                   hx_error *err) HX_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
