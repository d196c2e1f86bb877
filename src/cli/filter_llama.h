/* filter_llama.h - filters that a language model does: tokenize, embed, classify, tag, generate, and sentiment and intent without training. */
#ifndef HX_CLI_FILTER_LLAMA_H
#define HX_CLI_FILTER_LLAMA_H

#include "cli/filter.h"
#include "cli/llama.h"

#define HX_FILTER_LABELS_MAX 64
#define HX_FILTER_TASKS_MAX 64

struct hx_filter_llama {
    hx_cli_llama opened; /* owned */
    hx_text_learner *learner; /* owned; NULL = a language model */
    hx_text_pool *pool; /* owned; several models as one */
    hx_label_prompt *prompt; /* owned; NULL = the model's head, or no labels */
    const char
        *labels[HX_FILTER_LABELS_MAX]; /* those to choose from; in the run's arena or static */
    int codes[HX_FILTER_LABELS_MAX]; /* hx_sentiment_label or hx_intent_label of each */
    size_t n_labels;
    size_t width; /* numbers a text; 0 = a text at a time (tokenize, generate) */
    size_t max_length;
    hx_token_options tokens;
    bool pieces;
    bool are_upos; /* the labels are the parts of speech of Universal Dependencies */
    hx_embed_options embed;
    size_t heads
        [HX_FILTER_TASKS_MAX]; /* of classify: heads that are read, and the first of their numbers; of tag: one */
    size_t first[HX_FILTER_TASKS_MAX];
    hx_set_grams *grams[HX_FILTER_TASKS_MAX]; /* owned; of each head, NULL = it speaks alone */
    size_t n_heads; /* 0 = labels by a prompt or a learner */
    const char *const *
        columns; /* of the results, ended by NULL; in the run's arena; NULL = those of the filter */
    double threshold; /* a label of several is set from here on */
    bool words; /* words stand between white space */
    bool is_tree; /* tag gives trees */
    const struct hx_cli_generate *generate; /* of generate; borrowed */
};

/* What a language model says of one text. */
typedef struct {
    hx_arena *arena; /* the row's */
    hx_tokens tokens;
    uint8_t *mask;
    const float *values; /* (width) */
    hx_str text;
    hx_tags tags;
    hx_tree tree;
    hx_generation generation;
    hx_str log_probs; /* JSON; {NULL, 0} = not asked for */
} hx_llama_said;

/* Opens the model and makes its prompt, by the command's options. HX_EXIT_DONE, or the exit status after a sentence. */
int hx_filter_llama_open(hx_cli *c, hx_filter_plan *p, hx_filter_llama *l);
void hx_filter_llama_close(hx_filter_llama *l);
/* Reads a group of rows in one pass where the filter allows it. A row that can't be read does not stop the others. */
hx_status hx_filter_llama_read(const hx_filter_plan *p, const hx_row *rows, size_t n,
                               hx_filter_ahead *ahead, hx_error *err) HX_MUST_USE;
/* filter_heads.c: the heads of --task, or all that fit; what they say of texts; and how it is written. */
int hx_filter_heads_open(hx_cli *c, const hx_filter_plan *p, hx_filter_llama *l);
hx_status hx_filter_heads_run(const hx_filter_llama *l, const hx_str *texts, const hx_str *seconds,
                              size_t n, hx_arena *arena, float *out, hx_error *err) HX_MUST_USE;
void hx_filter_heads_json(hx_outbuf *b, const hx_filter_plan *p, const hx_llama_said *said);
void hx_filter_heads_cell(hx_outbuf *b, const hx_filter_plan *p, const hx_llama_said *said,
                          const char *column);
/* The row's part of it, or the text read now. */
hx_status hx_filter_llama_text(const hx_filter_plan *p, hx_filter_worker *w, hx_str text,
                               hx_llama_said *out, hx_error *err) HX_MUST_USE;
/* The likeliest label: its place among `labels`, and its probability. */
size_t hx_filter_llama_best(const hx_filter_llama *l, const hx_llama_said *said, double *score);

/* Members behind those of the record, each with a comma in front where one is needed. */
void hx_filter_llama_json(hx_outbuf *b, const hx_filter_plan *p, const hx_llama_said *said);
/* The text of a column of hx_filter_columns(). */
void hx_filter_llama_cell(hx_outbuf *b, const hx_filter_plan *p, const hx_llama_said *said,
                          const char *column);

#endif
