/* filter_llama.c - what a language model says of texts; see filter_llama.h.
 *
 *     rows of a chunk -> one packed batch -> numbers a row -> (filter_result.c) the record
 *
 * embed, classify and tag, and sentiment and intent by a prompt, read a group of rows in one pass: the batch is packed without padding, so a
 * text's numbers do not depend on its neighbours. A group that fails is read again row by row, so that one bad text costs only itself.
 * tokenize needs no pass and runs on all threads; generate goes text by text.
 *
 * Labels without training: the instruction is run once and kept; each text is judged by the likelihood of the labels behind it, less
 * their likelihood behind no text (hx_llama_label_texts). */
#include "cli/filter_llama.h"

#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/generate.h"

#define SHOWN_NUMBERS 4 /* of a vector, in tables */
#define TEXTS_TOGETHER                                                                             \
    16 /* slots for texts that are labelled by a prompt; one takes memory once it is used */

/* ------------------------------------------------------------------ labels */
static int add_label(hx_cli *c, hx_filter_llama *l, const char *label, int code) {
    if (l->n_labels == HX_FILTER_LABELS_MAX)
        return hx_cli_usage(c, "--labels: more than %d labels", "--labels：标签超过 %d 个",
                            HX_FILTER_LABELS_MAX);
    l->codes[l->n_labels] = code;
    l->labels[l->n_labels++] = label;
    return HX_EXIT_DONE;
}

static int own_labels(hx_cli *c, hx_filter_llama *l) {
    const char *list = c->options.text[HX_OPT_LABELS];
    int status = HX_EXIT_DONE;
    for (size_t n; list && *list && status == HX_EXIT_DONE; list += n + (list[n] == ',')) {
        n = strcspn(list, ",");
        hx_str label = hx_arena_str(c->arena, (hx_str){list, n});
        if (!label.ptr) return hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
        if (n > 0) status = add_label(c, l, label.ptr, 0);
    }
    if (status == HX_EXIT_DONE && l->n_labels < 2)
        return hx_cli_usage(c, "--labels needs two labels or more", "--labels 至少需要两个标签");
    return status;
}

static int choose_labels(hx_cli *c, const hx_filter_plan *p, hx_filter_llama *l) {
    int status = HX_EXIT_DONE;
    if (p->kind == HX_FILTER_SENTIMENT)
        for (int i = HX_SENTIMENT_N - 1; i >= HX_SENTIMENT_NEGATIVE; i--)
            if (p->sentiments == 0 || (p->sentiments >> i & 1))
                status = add_label(c, l, hx_sentiment_name((hx_sentiment_label)i), i);
    if (p->kind == HX_FILTER_INTENT)
        for (int i = HX_INTENT_OTHER; i < HX_INTENT_N; i++)
            if (p->intents == 0 || (p->intents >> i & 1))
                status = add_label(c, l, hx_intent_name((hx_intent_label)i), i);
    if (p->kind == HX_FILTER_CLASSIFY) status = own_labels(c, l);
    return status;
}

static const char *instruction_of(hx_cli *c, const hx_filter_plan *p, const hx_filter_llama *l) {
    hx_outbuf b = {0};
    if (hx_cli_has(&c->options, HX_OPT_INSTRUCTION)) return c->options.text[HX_OPT_INSTRUCTION];
    if (p->kind == HX_FILTER_SENTIMENT)
        hx_outbuf_text(&b, "What is the sentiment of this customer review? Answer with one word: ");
    else if (p->kind == HX_FILTER_INTENT)
        hx_outbuf_text(&b, "What does the customer who wrote this want? Answer with one word: ");
    else
        hx_outbuf_text(&b, "Which of these labels fits this text? Answer with one of them: ");
    for (size_t i = 0; i < l->n_labels; i++)
        hx_outbuf_printf(&b, "%s%s",
                         i == 0                ? ""
                         : i + 1 < l->n_labels ? ", "
                                               : " or ",
                         l->labels[i]);
    hx_outbuf_byte(&b, '.');
    hx_str kept = b.failed ? (hx_str){NULL, 0} : hx_arena_str(c->arena, hx_outbuf_str(&b));
    hx_outbuf_release(&b);
    return kept.ptr;
}

static int make_prompt(hx_cli *c, const hx_filter_plan *p, hx_filter_llama *l) {
    int status = choose_labels(c, p, l);
    if (status != HX_EXIT_DONE) return status;
    hx_error err = {.ui = c->ui};
    const hx_label_options options = {
        .instruction = instruction_of(c, p, l), .labels = l->labels, .n_labels = l->n_labels};
    if (!options.instruction)
        return hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
    if (hx_label_prompt_new(&l->prompt, l->opened.context, &options, &err) != HX_OK)
        return hx_cli_error(c, &err);
    l->width = l->n_labels;
    return HX_EXIT_DONE;
}

static bool is_upos(const char *label) {
    static const char *const names[] = {"ADJ",   "ADP",   "ADV", "AUX",  "CCONJ", "DET",
                                        "INTJ",  "NOUN",  "NUM", "PART", "PRON",  "PROPN",
                                        "PUNCT", "SCONJ", "SYM", "VERB", "X"};
    for (size_t i = 0; label && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], label) == 0) return true;
    return false;
}

static int use_tags(hx_cli *c, const hx_filter_plan *p, hx_filter_llama *l) {
    int status = hx_filter_heads_open(c, p, l);
    if (status != HX_EXIT_DONE) return status;
    const hx_llama_head_info *head = hx_llama_head_of(l->opened.model, l->heads[0]);
    l->is_tree = head->kind == HX_LLAMA_TREE;
    l->n_labels = l->width = head->n_labels;
    l->are_upos = true;
    for (size_t i = 0; i < l->n_labels; i++)
        l->are_upos = l->are_upos && is_upos(hx_llama_head_label(l->opened.model, l->heads[0], i));
    return HX_EXIT_DONE;
}

/* ------------------------------------------------------------------ opening */
static const char *label_at(const hx_filter_llama *l, size_t i) {
    if (l->pool) return hx_text_pool_label(l->pool, i);
    if (l->learner) return hx_text_learner_label(l->learner, i);
    return l->prompt ? l->labels[i] : hx_llama_head_label(l->opened.model, l->heads[0], i);
}

static void take_options(const hx_cli *c, hx_filter_llama *l) {
    const hx_cli_values *v = &c->options;
    l->max_length = hx_cli_has(v, HX_OPT_MAX_LENGTH) ? (size_t)v->number[HX_OPT_MAX_LENGTH] : 0;
    l->pieces = hx_cli_has(v, HX_OPT_PIECES);
    l->words = hx_cli_has(v, HX_OPT_WORDS);
    l->threshold = hx_cli_has(v, HX_OPT_THRESHOLD) ? v->real[HX_OPT_THRESHOLD] : 0.5;
    l->tokens = (hx_token_options){.special = hx_cli_has(v, HX_OPT_SPECIAL),
                                   .max_length = l->max_length,
                                   .pad = hx_cli_has(v, HX_OPT_PAD)};
    l->embed = (hx_embed_options){.pooling = (hx_pooling)v->number[HX_OPT_POOLING],
                                  .normalize = hx_cli_has(v, HX_OPT_NORMALIZE),
                                  .bidirectional = hx_cli_has(v, HX_OPT_BIDIRECTIONAL),
                                  .max_length = l->max_length};
}

/* A learner's file in place of a language model: it has its own labels. */
static int use_learner(hx_cli *c, hx_filter_plan *p, hx_filter_llama *l, const char *path) {
    hx_error err = {.ui = c->ui};
    if (hx_cli_has(&c->options, HX_OPT_LABELS))
        return hx_cli_usage(c, "--labels: %s has labels of its own", "--labels：%s 有自己的标签",
                            c->options.text[HX_OPT_MODEL]);
    if (hx_text_pool_is_file(path)) {
        l->pool = hx_cli_pool_open(c, path);
        if (!l->pool) return HX_EXIT_FAILED;
        l->n_labels = l->width = hx_text_pool_labels(l->pool);
        p->llama = l;
        return HX_EXIT_DONE;
    }
    if (hx_text_learner_load(&l->learner, path, &err) != HX_OK) return hx_cli_error(c, &err);
    hx_cli_note(c, "engine: learn (%s, %s)", "引擎：learn（%s，%s）", c->options.text[HX_OPT_MODEL],
                hx_text_learner_name(hx_text_learner_kind_of(l->learner)));
    l->n_labels = l->width = hx_text_learner_labels(l->learner);
    p->llama = l;
    return HX_EXIT_DONE;
}

int hx_filter_llama_open(hx_cli *c, hx_filter_plan *p, hx_filter_llama *l) {
    const hx_context_options context =
        p->kind == HX_FILTER_GENERATE ? hx_cli_generate_context(c)
                                      : (hx_context_options){.n_sequences = 1 + TEXTS_TOGETHER};
    take_options(c, l);
    if (l->tokens.pad && l->max_length == 0)
        return hx_cli_usage(c, "--pad needs --max-length N", "--pad 需要 --max-length N");
    if (p->kind == HX_FILTER_CLASSIFY) {
        const char *path = hx_cli_model_path(c, c->options.text[HX_OPT_MODEL]);
        if (!path) return HX_EXIT_FAILED;
        bool is_learner = hx_text_learner_is_file(path) || hx_text_pool_is_file(path);
        if (hx_cli_has(&c->options, HX_OPT_TEXT2) &&
            (is_learner || hx_cli_has(&c->options, HX_OPT_LABELS)))
            return hx_cli_usage(c, "--text2 is for models with a head that learnt from pairs",
                                "--text2 只用于任务头学过文本对的模型");
        if (is_learner) return use_learner(c, p, l, path);
    }
    bool only_tokens = p->kind == HX_FILTER_TOKENIZE;
    if (!hx_cli_llama_open(c, &l->opened, only_tokens ? NULL : &context)) return HX_EXIT_FAILED;
    p->llama = l;
    bool labels = p->kind == HX_FILTER_SENTIMENT || p->kind == HX_FILTER_INTENT ||
                  (p->kind == HX_FILTER_CLASSIFY && hx_cli_has(&c->options, HX_OPT_LABELS));
    if (labels) return make_prompt(c, p, l);
    if (p->kind == HX_FILTER_CLASSIFY) return hx_filter_heads_open(c, p, l);
    if (p->kind == HX_FILTER_TAG) return use_tags(c, p, l);
    if (p->kind == HX_FILTER_EMBED) l->width = l->opened.info->n_embd;
    return HX_EXIT_DONE;
}

void hx_filter_llama_close(hx_filter_llama *l) {
    hx_text_learner_free(l->learner);
    hx_text_pool_close(l->pool);
    hx_label_prompt_free(l->prompt);
    hx_cli_llama_close(&l->opened);
    for (size_t k = 0; k < l->n_heads; k++)
        hx_set_grams_close(l->grams[k]);
    *l = (hx_filter_llama){0};
}

/* ------------------------------------------------------------------ reading */
static hx_status run_words(const hx_filter_llama *l, const hx_str *texts, size_t first, size_t n,
                           hx_filter_ahead *ahead, hx_error *err) {
    const hx_llama_head_info *head = hx_llama_head_of(l->opened.model, l->heads[0]);
    const hx_tag_options options = {
        .max_length = l->max_length, .tokens = l->pieces, .words = l->words, .head = head->name};
    hx_llama_context *c = l->opened.context;
    return l->is_tree
               ? hx_llama_parse(c, texts, n, &options, ahead->arena, ahead->trees + first, err)
               : hx_llama_tag(c, texts, n, &options, ahead->arena, ahead->tags + first, err);
}

/* Texts of a group from `first` on. */
static hx_status run_texts(const hx_filter_plan *p, const hx_str *texts, size_t first, size_t n,
                           hx_filter_ahead *ahead, hx_error *err) {
    const hx_filter_llama *l = p->llama;
    hx_llama_context *c = l->opened.context;
    float *out = ahead->values + first * l->width;
    texts += first;
    if (l->learner) return hx_text_learner_predict(l->learner, texts, n, 1, out, err);
    if (l->pool) return hx_text_pool_predict(l->pool, texts, n, 1, out, err);
    if (p->kind == HX_FILTER_TAG) return run_words(l, texts, first, n, ahead, err);
    if (p->kind == HX_FILTER_EMBED) return hx_llama_embed(c, texts, n, &l->embed, out, err);
    if (l->prompt) return hx_llama_label_texts(c, l->prompt, texts, n, out, err);
    const hx_str *seconds = ahead->seconds ? ahead->seconds + first : NULL;
    return hx_filter_heads_run(l, texts, seconds, n, ahead->arena, out, err);
}

static bool is_of_the_text(hx_status st) {
    return st == HX_ELIMIT || st == HX_EFORMAT || st == HX_EINVAL;
}

static hx_status run_one_by_one(const hx_filter_plan *p, const hx_str *texts, size_t n,
                                hx_filter_ahead *ahead, hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        hx_error one = {.ui = p->ui};
        hx_status st = run_texts(p, texts, i, 1, ahead, &one);
        if (st == HX_OK) continue;
        if (!is_of_the_text(st)) {
            *err = one;
            return st;
        }
        one.code = HX_EFORMAT;
        ahead->failed[i] = one;
    }
    return HX_OK;
}

hx_status hx_filter_llama_read(const hx_filter_plan *p, const hx_row *rows, size_t n,
                               hx_filter_ahead *ahead, hx_error *err) {
    if (p->llama->width == 0) return HX_OK;
    hx_arena_reset(ahead->arena);
    hx_str *texts = hx_arena_alloc(ahead->arena, (n + 1) * sizeof *texts);
    ahead->failed = hx_arena_alloc(ahead->arena, (n + 1) * sizeof *ahead->failed);
    ahead->values = hx_arena_alloc(ahead->arena, (n + 1) * p->llama->width * sizeof(float));
    ahead->tags = hx_arena_alloc(ahead->arena, (n + 1) * sizeof *ahead->tags);
    ahead->trees = hx_arena_alloc(ahead->arena, (n + 1) * sizeof *ahead->trees);
    ahead->n = n;
    if (!texts || !ahead->failed || !ahead->values || !ahead->tags || !ahead->trees) {
        err->code = HX_ENOMEM;
        return HX_ENOMEM;
    }
    hx_str *seconds = p->pairs ? hx_arena_alloc(ahead->arena, (n + 1) * sizeof *seconds) : NULL;
    if (p->pairs && !seconds) {
        err->code = HX_ENOMEM;
        return HX_ENOMEM;
    }
    ahead->seconds = seconds;
    for (size_t i = 0; i < n; i++) {
        bool usable = !rows[i].bad && rows[i].cells[p->text_column].ptr;
        texts[i] = usable ? rows[i].cells[p->text_column] : HX_STR_LIT("");
        usable = p->pairs && !rows[i].bad && rows[i].cells[p->second_column].ptr;
        if (p->pairs) seconds[i] = usable ? rows[i].cells[p->second_column] : HX_STR_LIT("");
    }
    hx_status st = run_texts(p, texts, 0, n, ahead, err);
    return is_of_the_text(st) ? run_one_by_one(p, texts, n, ahead, err) : st;
}

/* An answer that Ctrl-C broke off is none. */
static hx_status generate(const hx_cli_generate *g, hx_filter_worker *w, hx_str text,
                          hx_llama_said *out, hx_error *err) {
    hx_status st = hx_cli_generate_text(g, text, w->arena, &out->generation, &out->log_probs, err);
    if (st != HX_OK) return st;
    w->cut += hx_cli_generate_is_cut(g, &out->generation);
    return out->generation.end == HX_END_CANCELLED ? HX_ECANCELLED : HX_OK;
}

hx_status hx_filter_llama_text(const hx_filter_plan *p, hx_filter_worker *w, hx_str text,
                               hx_llama_said *out, hx_error *err) {
    const hx_filter_llama *l = p->llama;
    out->arena = w->arena;
    if (p->kind == HX_FILTER_TOKENIZE)
        return hx_llama_tokenize(l->opened.model, text, &l->tokens, w->arena, &out->tokens,
                                 &out->mask, err);
    if (p->kind == HX_FILTER_GENERATE) return generate(l->generate, w, text, out, err);
    if (w->ahead.failed[w->row].code != HX_OK) {
        *err = w->ahead.failed[w->row];
        return err->code;
    }
    out->values = w->ahead.values + w->row * l->width;
    out->tags = w->ahead.tags[w->row];
    out->tree = w->ahead.trees[w->row];
    out->text = text;
    return HX_OK;
}

size_t hx_filter_llama_best(const hx_filter_llama *l, const hx_llama_said *said, double *score) {
    size_t best = 0;
    for (size_t i = 1; i < l->n_labels; i++)
        if (said->values[i] > said->values[best]) best = i;
    *score = (double)said->values[best];
    return best;
}

/* ------------------------------------------------------------------ writing */
static void put_key(hx_outbuf *b, const char *key) {
    if (b->len > 0 && b->ptr[b->len - 1] != '{') hx_outbuf_byte(b, ',');
    hx_outbuf_printf(b, "\"%s\":", key);
}

static void put_ids(hx_outbuf *b, const hx_tokens *t, const char *between) {
    for (size_t i = 0; i < t->n; i++) {
        if (i > 0) hx_outbuf_text(b, between);
        hx_outbuf_uint(b, (uint64_t)(t->ids[i] < 0 ? 0 : t->ids[i]));
    }
}

static void put_mask(hx_outbuf *b, const hx_llama_said *said, const char *between) {
    for (size_t i = 0; i < said->tokens.n; i++) {
        if (i > 0) hx_outbuf_text(b, between);
        hx_outbuf_byte(b, said->mask && said->mask[i] == 0 ? '0' : '1');
    }
}

static void put_tokens(hx_outbuf *b, const hx_filter_llama *l, const hx_llama_said *said) {
    put_key(b, "input_ids");
    hx_outbuf_byte(b, '[');
    put_ids(b, &said->tokens, ",");
    hx_outbuf_byte(b, ']');
    put_key(b, "attention_mask");
    hx_outbuf_byte(b, '[');
    put_mask(b, said, ",");
    hx_outbuf_byte(b, ']');
    if (!l->pieces) return;
    put_key(b, "tokens");
    hx_outbuf_byte(b, '[');
    for (size_t i = 0; i < said->tokens.n; i++) {
        if (i > 0) hx_outbuf_byte(b, ',');
        hx_cli_llama_put_token(b, l->opened.model, said->tokens.ids[i], said->arena);
    }
    hx_outbuf_byte(b, ']');
}

/* Seven digits: more than half-precision, fewer bytes than what reads back bit for bit. */
static void put_numbers(hx_outbuf *b, const float *v, size_t n, const char *between) {
    for (size_t i = 0; i < n; i++)
        hx_outbuf_printf(b, "%s%.7g", i ? between : "", (double)v[i]);
}

static void put_scores(hx_outbuf *b, const hx_filter_llama *l, const hx_llama_said *said,
                       const char *label, double score) {
    put_key(b, "label");
    hx_outbuf_json(b, hx_str_of(label));
    put_key(b, "score");
    hx_outbuf_score(b, score);
    put_key(b, "scores");
    hx_outbuf_byte(b, '{');
    for (size_t i = 0; i < l->n_labels; i++) {
        if (i > 0) hx_outbuf_byte(b, ',');
        hx_outbuf_json(b, hx_str_of(label_at(l, i)));
        hx_outbuf_byte(b, ':');
        hx_outbuf_score(b, (double)said->values[i]);
    }
    hx_outbuf_byte(b, '}');
}

static hx_str tagged_text(const hx_llama_said *said, const hx_tag *t) {
    return (hx_str){said->text.ptr + t->span.start, t->span.end - t->span.start};
}

static const char *tag_label(const hx_filter_llama *l, const hx_tag *t) {
    return l->pieces ? label_at(l, t->label)
                     : hx_llama_head_tag_name(l->opened.model, l->heads[0], t->label);
}

static void put_tags(hx_outbuf *b, const hx_filter_llama *l, const hx_llama_said *said) {
    put_key(b, "tags");
    hx_outbuf_byte(b, '[');
    for (size_t i = 0; i < said->tags.n; i++) {
        const hx_tag *t = &said->tags.tags[i];
        hx_outbuf_printf(b, "%s{\"%s\":", i > 0 ? "," : "", l->are_upos ? "word" : "text");
        hx_outbuf_json(b, tagged_text(said, t));
        hx_outbuf_printf(b, ",\"%s\":", l->are_upos ? "upos" : "label");
        hx_outbuf_json(b, hx_str_of(tag_label(l, t)));
        hx_outbuf_text(b, ",\"score\":");
        hx_outbuf_score(b, (double)t->score);
        hx_outbuf_printf(b, ",\"start\":%u,\"end\":%u}", (unsigned)t->span.start,
                         (unsigned)t->span.end);
    }
    hx_outbuf_byte(b, ']');
}

static void put_tag_cell(hx_outbuf *b, const hx_filter_llama *l, const hx_llama_said *said) {
    for (size_t i = 0; i < said->tags.n; i++) {
        hx_str text = tagged_text(said, &said->tags.tags[i]);
        if (i > 0) hx_outbuf_byte(b, ' ');
        hx_outbuf_bytes(b, text.ptr, text.len);
        hx_outbuf_printf(b, "/%s", tag_label(l, &said->tags.tags[i]));
    }
}

static hx_str arc_text(const hx_llama_said *said, const hx_arc *a) {
    return (hx_str){said->text.ptr + a->span.start, a->span.end - a->span.start};
}

/* Names as CoNLL-U has them. */
static void put_tree(hx_outbuf *b, const hx_filter_llama *l, const hx_llama_said *said) {
    put_key(b, "tree");
    hx_outbuf_byte(b, '[');
    for (size_t i = 0; i < said->tree.n; i++) {
        const hx_arc *a = &said->tree.arcs[i];
        hx_outbuf_printf(b, "%s{\"id\":%zu,\"form\":", i > 0 ? "," : "", i + 1);
        hx_outbuf_json(b, arc_text(said, a));
        hx_outbuf_printf(b, ",\"head\":%u,\"deprel\":", (unsigned)a->head);
        hx_outbuf_json(b, hx_str_of(label_at(l, a->label)));
        hx_outbuf_text(b, ",\"score\":");
        hx_outbuf_score(b, (double)a->score);
        hx_outbuf_printf(b, ",\"start\":%u,\"end\":%u}", (unsigned)a->span.start,
                         (unsigned)a->span.end);
    }
    hx_outbuf_byte(b, ']');
}

/* form/head/deprel */
static void put_tree_cell(hx_outbuf *b, const hx_filter_llama *l, const hx_llama_said *said) {
    for (size_t i = 0; i < said->tree.n; i++) {
        const hx_arc *a = &said->tree.arcs[i];
        hx_str text = arc_text(said, a);
        if (i > 0) hx_outbuf_byte(b, ' ');
        hx_outbuf_bytes(b, text.ptr, text.len);
        hx_outbuf_printf(b, "/%u/%s", (unsigned)a->head, label_at(l, a->label));
    }
}

static const char *chosen(const hx_filter_plan *p, const hx_llama_said *said, double *score) {
    size_t best = hx_filter_llama_best(p->llama, said, score);
    return *score < p->abstain ? "unsure" : label_at(p->llama, best);
}

static void put_generated(hx_outbuf *b, const hx_llama_said *said) {
    const hx_generation *g = &said->generation;
    put_key(b, "generated");
    hx_outbuf_json(b, g->text);
    put_key(b, "tokens");
    hx_outbuf_uint(b, g->n_tokens);
    put_key(b, "end");
    hx_outbuf_printf(b, "\"%s\"", hx_cli_end_name(g->end));
    if (!said->log_probs.ptr) return;
    put_key(b, "log_prob");
    hx_outbuf_printf(b, "%.7g", g->log_prob);
    put_key(b, "log_probs");
    hx_outbuf_bytes(b, said->log_probs.ptr, said->log_probs.len);
}

void hx_filter_llama_json(hx_outbuf *b, const hx_filter_plan *p, const hx_llama_said *said) {
    double score = 0;
    switch (p->kind) {
    case HX_FILTER_TOKENIZE:
        put_tokens(b, p->llama, said);
        break;
    case HX_FILTER_EMBED:
        put_key(b, "embedding");
        hx_outbuf_byte(b, '[');
        put_numbers(b, said->values, p->llama->width, ",");
        hx_outbuf_byte(b, ']');
        break;
    case HX_FILTER_CLASSIFY: {
        if (p->llama->n_heads > 0) {
            hx_filter_heads_json(b, p, said);
            break;
        }
        const char *label = chosen(p, said, &score);
        put_scores(b, p->llama, said, label, score);
        break;
    }
    case HX_FILTER_TAG:
        if (p->llama->is_tree)
            put_tree(b, p->llama, said);
        else
            put_tags(b, p->llama, said);
        break;
    default:
        put_generated(b, said);
    }
}

void hx_filter_llama_cell(hx_outbuf *b, const hx_filter_plan *p, const hx_llama_said *said,
                          const char *column) {
    bool table = p->shape == HX_SHAPE_TABLE;
    double score = 0;
    if (p->kind == HX_FILTER_CLASSIFY && p->llama->n_heads > 0) {
        hx_filter_heads_cell(b, p, said, column);
    } else if (p->kind == HX_FILTER_TAG) {
        if (p->llama->is_tree)
            put_tree_cell(b, p->llama, said);
        else
            put_tag_cell(b, p->llama, said);
    } else if (strcmp(column, "input_ids") == 0) {
        put_ids(b, &said->tokens, " ");
    } else if (strcmp(column, "attention_mask") == 0) {
        put_mask(b, said, " ");
    } else if (strcmp(column, "embedding") == 0) {
        bool cut = table && p->llama->width > SHOWN_NUMBERS;
        put_numbers(b, said->values, cut ? SHOWN_NUMBERS : p->llama->width, " ");
        if (cut) hx_outbuf_printf(b, " … (%zu)", p->llama->width);
    } else if (strcmp(column, "label") == 0) {
        hx_outbuf_text(b, chosen(p, said, &score));
    } else if (strcmp(column, "score") == 0) {
        (void)chosen(p, said, &score);
        hx_outbuf_score(b, score);
    } else {
        hx_outbuf_bytes(b, said->generation.text.ptr, said->generation.text.len);
    }
}
