/* explain.c - --explain of annotate, sentiment and intent: why each text has its labels, as a page, as JSON or as tables.
 *
 * Rules and learn say what they added up; of every other label each word's share is what it changes when it is left out
 * (hx_text_explain_labels()). Of a model of your own (--model) the head `sentiment` is explained. Where a language model reads, the page has a
 * picture of what it looked at.
 *
 * Texts are read one after the other on one thread: a page is for eyes, at most HX_EXPLAIN_PAGE_TEXTS of them; JSON and tables have no limit. */
#include "cli/explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/llama.h"
#include "cli/outbuf.h"
#include "cli/output.h"

#define HEAD "sentiment"
#define ATTENTION_TOKENS 96 /* of a picture */
#define TEXTS_BYTES ((size_t)64 << 20) /* of a page */
#define LEAST 1e-6 /* of a probability whose logit is taken */

typedef enum { SHOW_HTML = 0, SHOW_JSON, SHOW_TABLE } show_kind;

typedef struct {
    hx_cli *c;
    show_kind show;
    hx_reader_options reader_options;
    hx_text_model *model;
    hx_annotator *annotator;
    hx_llama *llama; /* NULL = rules or learn, or nothing is to be looked at */
    bool own_model; /* its head `sentiment` is explained, in place of the engine's labels */
    hx_llama_context *context;
    size_t head, positive, n_labels; /* of the language model */
    hx_arena *arena; /* of a text; of a page all of it */
    hx_explained *list; /* (HX_EXPLAIN_PAGE_TEXTS) of a page, in the run's arena */
    size_t n, limit, left_out;
    hx_outbuf out;
} explain_job;

/* ------------------------------------------------------------------ the language model */
static hx_status score_texts(void *context, const hx_str *texts, size_t n, double *logits,
                             hx_error *err) {
    const explain_job *j = context;
    float *p = calloc(n * j->n_labels, sizeof *p);
    if (!p) {
        err->code = HX_ENOMEM;
        return HX_ENOMEM;
    }
    float *const out[1] = {p};
    hx_status st = hx_llama_read(j->context, &j->head, 1, texts, n, 0, out, err);
    for (size_t i = 0; i < n && st == HX_OK; i++) {
        double share = fmin(fmax((double)p[i * j->n_labels + j->positive], LEAST), 1 - LEAST);
        logits[i] = log(share / (1 - share));
    }
    free(p);
    return st;
}

static const char *model_file(hx_cli *c) {
    const char *name = c->options.text[HX_OPT_MODEL];
    const char *path = name ? hx_cli_model_path(c, name) : hx_cli_small_path(c);
    if (!path && !name)
        hx_cli_fail(c, "no language model is installed; --model FILE names one",
                    "没有安装语言模型；请用 --model 文件 指定");
    return path;
}

static bool open_llama(explain_job *j) {
    hx_cli *c = j->c;
    hx_error err = {.ui = c->ui};
    const char *path = model_file(c);
    const hx_llama_options options = {.precision = HX_PRECISION_EXACT,
                                      .n_threads = (size_t)c->options.number[HX_OPT_THREADS]};
    if (!path) return false;
    if (hx_llama_open(&j->llama, path, &options, &err) != HX_OK ||
        hx_llama_context_open(&j->context, j->llama, NULL, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return false;
    }
    const hx_llama_info *info = hx_llama_describe(j->llama);
    j->head = hx_llama_find_head(j->llama, HEAD);
    const hx_llama_head_info *head = hx_llama_head_of(j->llama, j->head);
    for (size_t i = 0; head && i < head->n_labels; i++)
        if (strcmp(hx_llama_head_label(j->llama, j->head, i), "positive") == 0) j->positive = i + 1;
    if (!head || j->head >= info->n_tasks || head->kind != HX_LLAMA_LABEL || j->positive == 0) {
        hx_cli_fail(c, "%s has no head 'sentiment' with a label 'positive' to explain",
                    "%s 没有带“positive”标签的任务头“sentiment”，无法解释", path);
        return false;
    }
    j->positive--;
    j->n_labels = head->n_labels;
    return true;
}

/* ------------------------------------------------------------------ one text */
static hx_status look(explain_job *j, hx_explained *x, hx_error *err) {
    hx_attention *a = hx_arena_alloc(j->arena, sizeof *a);
    if (!a) {
        err->code = HX_ENOMEM;
        return HX_ENOMEM;
    }
    x->attention = a;
    return hx_llama_attention(j->context, j->head, x->text, ATTENTION_TOKENS, j->arena, a, err);
}

static hx_status read_text(explain_job *j, hx_str text, hx_explained *x, hx_error *err) {
    const hx_text_scorer scorer = {
        .score = score_texts, .context = j, .seed = (uint64_t)j->c->options.number[HX_OPT_SEED]};
    *x = (hx_explained){.text = hx_arena_str(j->arena, text)};
    if (!x->text.ptr) {
        err->code = HX_ENOMEM;
        return HX_ENOMEM;
    }
    hx_status st = hx_text_annotate(j->annotator, x->text, j->arena, &x->all, err);
    if (st == HX_OK && !j->own_model) {
        st = hx_text_explain_labels(j->annotator, x->text, 0, scorer.seed, j->arena, &x->labels,
                                    &x->n_labels, err);
        if (st == HX_OK) x->mood = x->labels[0].why;
        return st == HX_OK && j->llama ? look(j, x, err) : st;
    }
    if (st == HX_OK) st = hx_text_explain(j->annotator, x->text, &scorer, j->arena, &x->mood, err);
    if (st != HX_OK) return st;
    bool up = x->mood.logit > 0;
    x->all.sentiment.label = up ? HX_SENTIMENT_POSITIVE : HX_SENTIMENT_NEGATIVE;
    x->all.sentiment.score = up ? x->mood.score : 1 - x->mood.score;
    return j->show == SHOW_HTML ? look(j, x, err) : HX_OK;
}

/* ------------------------------------------------------------------ JSON */
static void put_parts(hx_outbuf *b, hx_str text, const hx_evidence *parts, size_t n) {
    hx_outbuf_text(b, ",\"parts\":[");
    for (size_t i = 0; i < n; i++) {
        hx_span s = parts[i].span;
        hx_outbuf_text(b, i ? ",{\"text\":" : "{\"text\":");
        hx_outbuf_json(b, (hx_str){text.ptr + s.start, s.end - s.start});
        hx_outbuf_printf(b, ",\"start\":%u,\"end\":%u,\"weight\":%.17g}", s.start, s.end,
                         parts[i].weight);
    }
    hx_outbuf_byte(b, ']');
}

static void put_mood(hx_outbuf *b, const hx_explained *x) {
    hx_outbuf_printf(
        b, "\"sentiment\":{\"label\":\"%s\",\"score\":", hx_sentiment_name(x->all.sentiment.label));
    hx_outbuf_score(b, x->all.sentiment.score);
    hx_outbuf_printf(b, ",\"of\":\"positive\",\"bias\":%.17g,\"logit\":%.17g,\"method\":\"%s\"",
                     x->mood.bias, x->mood.logit, x->mood.asked ? "owen" : "evidence");
    if (x->mood.asked) hx_outbuf_printf(b, ",\"variants\":%zu", x->mood.asked);
    put_parts(b, x->text, x->mood.parts, x->mood.n_parts);
    hx_outbuf_byte(b, '}');
}

static void put_intent(hx_outbuf *b, const hx_explained *x) {
    hx_outbuf_printf(
        b, "\"intent\":{\"label\":\"%s\",\"score\":", hx_intent_name(x->all.intent.label));
    hx_outbuf_score(b, x->all.intent.score);
    put_parts(b, x->text, x->all.intent.evidence, x->all.intent.n_evidence);
    hx_outbuf_byte(b, '}');
}

static void put_aspects(hx_outbuf *b, const hx_explained *x) {
    hx_outbuf_text(b, ",\"aspects\":[");
    for (size_t i = 0; i < x->all.n_aspects; i++) {
        const hx_aspect *a = &x->all.aspects[i];
        hx_outbuf_text(b, i ? ",{\"aspect\":" : "{\"aspect\":");
        hx_outbuf_json(b, a->id);
        hx_outbuf_printf(b, ",\"sentiment\":\"%s\",\"score\":", hx_sentiment_name(a->label));
        hx_outbuf_score(b, a->score);
        hx_outbuf_printf(b, ",\"logit\":%.17g", a->logit);
        put_parts(b, x->text, a->evidence, a->n_evidence);
        hx_outbuf_byte(b, '}');
    }
    hx_outbuf_byte(b, ']');
}

/* "sentiment", "intent:refund", "aspect:delivery:negative", "emotion:angry". */
static void put_name(hx_outbuf *b, const hx_explained_label *l) {
    const char *mood = hx_sentiment_name((hx_sentiment_label)l->label);
    if (l->kind == HX_EXPLAINED_SENTIMENT)
        hx_outbuf_text(b, "sentiment");
    else if (l->kind == HX_EXPLAINED_INTENT)
        hx_outbuf_printf(b, "intent:%s", hx_intent_name((hx_intent_label)l->label));
    else if (l->kind == HX_EXPLAINED_EMOTION)
        hx_outbuf_printf(b, "emotion:%s", hx_emotion_name((hx_emotion_label)l->label));
    else
        hx_outbuf_printf(b, "aspect:%.*s:%s", (int)l->aspect.len, l->aspect.ptr, mood);
}

/* All but the sentiment, which has a member of its own. */
static void put_labels(hx_outbuf *b, const hx_explained *x, bool intents_only) {
    bool first = true;
    hx_outbuf_text(b, ",\"labels\":[");
    for (size_t i = 0; i < x->n_labels; i++) {
        const hx_explained_label *l = &x->labels[i];
        if (l->kind == HX_EXPLAINED_SENTIMENT || (intents_only && l->kind != HX_EXPLAINED_INTENT))
            continue;
        hx_outbuf_text(b, first ? "{\"of\":\"" : ",{\"of\":\"");
        first = false;
        put_name(b, l);
        hx_outbuf_text(b, "\",\"score\":");
        hx_outbuf_score(b, l->why.score);
        hx_outbuf_printf(b, ",\"bias\":%.17g,\"logit\":%.17g,\"method\":\"%s\"", l->why.bias,
                         l->why.logit, l->why.asked ? "owen" : "evidence");
        if (l->why.asked) hx_outbuf_printf(b, ",\"variants\":%zu", l->why.asked);
        put_parts(b, x->text, l->why.parts, l->why.n_parts);
        hx_outbuf_byte(b, '}');
    }
    hx_outbuf_byte(b, ']');
}

static void put_json(explain_job *j, const hx_explained *x) {
    const char *what = j->c->command->name;
    bool all = strcmp(what, "annotate") == 0;
    hx_outbuf_text(&j->out, "{\"text\":");
    hx_outbuf_json(&j->out, x->text);
    hx_outbuf_byte(&j->out, ',');
    if (all || strcmp(what, "sentiment") == 0) put_mood(&j->out, x);
    if (all) hx_outbuf_byte(&j->out, ',');
    if (all || strcmp(what, "intent") == 0) put_intent(&j->out, x);
    if (all) put_aspects(&j->out, x);
    if (strcmp(what, "sentiment") != 0 && x->n_labels > 0) put_labels(&j->out, x, !all);
    hx_outbuf_text(&j->out, "}\n");
}

/* ------------------------------------------------------------------ tables */
static void put_row(hx_outbuf *b, double weight, const char *name, hx_str part) {
    hx_outbuf_printf(b, "  %+9.4f  %s", weight, name);
    if (part.len > 0) hx_outbuf_visible(b, part, 60);
    hx_outbuf_byte(b, '\n');
}

static void put_lines(hx_outbuf *b, hx_str text, const hx_evidence *parts, size_t n) {
    for (size_t i = 0; i < n; i++) {
        hx_span s = parts[i].span;
        put_row(b, parts[i].weight, "", (hx_str){text.ptr + s.start, s.end - s.start});
    }
}

static void put_label_lines(explain_job *j, const hx_explained *x, bool intents_only) {
    hx_outbuf *b = &j->out;
    for (size_t i = 0; i < x->n_labels; i++) {
        const hx_explained_label *l = &x->labels[i];
        if (l->kind == HX_EXPLAINED_SENTIMENT || (intents_only && l->kind != HX_EXPLAINED_INTENT))
            continue;
        put_row(b, l->why.bias, hx_cli_tr(j->c, "bias", "偏置"), (hx_str){NULL, 0});
        put_lines(b, x->text, l->why.parts, l->why.n_parts);
        hx_outbuf_printf(
            b, hx_cli_tr(j->c, "  %+9.4f  = logit; %.1f %%: ", "  %+9.4f  = 对数几率；%.1f %%："),
            l->why.logit, 100 * l->why.score);
        put_name(b, l);
        hx_outbuf_byte(b, '\n');
    }
}

static void put_table(explain_job *j, const hx_explained *x) {
    hx_outbuf *b = &j->out;
    if (j->n > 1) hx_outbuf_byte(b, '\n');
    hx_outbuf_visible(b, x->text, 100);
    hx_outbuf_byte(b, '\n');
    if (strcmp(j->c->command->name, "intent") != 0) {
        put_row(b, x->mood.bias, hx_cli_tr(j->c, "bias", "偏置"), (hx_str){NULL, 0});
        put_lines(b, x->text, x->mood.parts, x->mood.n_parts);
        hx_outbuf_printf(b,
                         hx_cli_tr(j->c, "  %+9.4f  = logit; probability of positive %.1f %%: %s\n",
                                   "  %+9.4f  = 对数几率；正面概率 %.1f %%：%s\n"),
                         x->mood.logit, 100 * x->mood.score,
                         hx_sentiment_name(x->all.sentiment.label));
    }
    if (strcmp(j->c->command->name, "sentiment") == 0) return;
    if (x->n_labels > 0) {
        put_label_lines(j, x, strcmp(j->c->command->name, "intent") == 0);
        return;
    }
    put_lines(b, x->text, x->all.intent.evidence, x->all.intent.n_evidence);
    hx_outbuf_printf(b, hx_cli_tr(j->c, "  intent %s, %.1f %%\n", "  意图 %s，%.1f %%\n"),
                     hx_intent_name(x->all.intent.label), 100 * x->all.intent.score);
}

/* ------------------------------------------------------------------ files */
static hx_status take_text(explain_job *j, hx_str text, hx_error *err) {
    hx_explained one, *x = &one;
    if (j->show == SHOW_HTML && j->n == HX_EXPLAIN_PAGE_TEXTS) {
        j->left_out++;
        return HX_OK;
    }
    if (j->show == SHOW_HTML)
        x = &j->list[j->n];
    else
        hx_arena_reset(j->arena);
    hx_status st = read_text(j, text, x, err);
    if (st != HX_OK) return st;
    j->n++;
    if (j->show == SHOW_JSON) put_json(j, x);
    if (j->show == SHOW_TABLE) put_table(j, x);
    if (j->show == SHOW_HTML) return HX_OK;
    bool written = hx_output_write(j->c, &j->out);
    if (!written) err->code = HX_EIO;
    return written ? HX_OK : HX_EIO;
}

static hx_status take_chunk(explain_job *j, const hx_reader *r, hx_chunk *chunk, size_t column,
                            hx_arena *rows_arena, hx_error *err) {
    hx_rows rows = {NULL, 0, 0};
    hx_arena_reset(rows_arena);
    hx_status st = hx_chunk_rows(r, chunk, rows_arena, &rows, err);
    for (size_t i = 0; i < rows.n_rows && st == HX_OK && (j->limit == 0 || j->n < j->limit); i++) {
        if (hx_flag_is_raised(&j->c->cancel)) return HX_ECANCELLED;
        if (rows.rows[i].bad)
            hx_cli_note(j->c, "row %lld: %s", "第 %lld 行：%s", (long long)rows.rows[i].row,
                        hx_row_bad_text(&rows.rows[i], j->c->ui));
        else
            st = take_text(j, rows.rows[i].cells[column], err);
    }
    return st;
}

static int explain_file(explain_job *j, const char *path) {
    hx_cli *c = j->c;
    hx_error err = {.ui = c->ui};
    hx_reader *r = NULL;
    const hx_column *columns;
    size_t column = 0;
    hx_chunk *chunk = NULL;
    if (hx_reader_open(&r, path, &j->reader_options, &err) != HX_OK) return hx_cli_error(c, &err);
    size_t n = hx_reader_columns(r, &columns);
    hx_arena *rows = hx_arena_new((size_t)4 << 30);
    hx_status st = rows && hx_cli_text_column(c, path, columns, n, &column) ? HX_OK : HX_EINVAL;
    bool said = st != HX_OK;
    while (st == HX_OK && (j->limit == 0 || j->n < j->limit)) {
        st = hx_reader_next(r, &chunk, &err);
        if (st != HX_OK || !chunk) break;
        st = take_chunk(j, r, chunk, column, rows, &err);
        hx_chunk_free(chunk);
    }
    hx_arena_free(rows);
    hx_reader_close(r);
    if (st == HX_OK) return HX_EXIT_DONE;
    if (said || st == HX_EIO) return HX_EXIT_FAILED;
    if (st == HX_ECANCELLED) return hx_cli_fail(c, "stopped on request", "已按要求停止");
    return err.message[0]
               ? hx_cli_error(c, &err)
               : hx_cli_fail(c, "not enough memory to read the texts", "内存不足，无法读取文本");
}

static int put_page(explain_job *j) {
    hx_cli *c = j->c;
    hx_error err = {.ui = c->ui};
    hx_str html;
    if (hx_explain_page(j->list, j->n, c->ui, j->arena, &html, &err) != HX_OK)
        return hx_cli_error(c, &err);
    hx_outbuf_bytes(&j->out, html.ptr, html.len);
    bool ok = hx_output_write(c, &j->out);
    if (j->left_out > 0)
        hx_cli_note(c, "the page has the first %d texts; %zu are left out",
                    "页面只含前 %d 条文本；其余 %zu 条略去", HX_EXPLAIN_PAGE_TEXTS, j->left_out);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int explain_files(explain_job *j) {
    hx_cli *c = j->c;
    int status = c->n_args == 0 ? explain_file(j, "-") : HX_EXIT_DONE;
    for (int i = 0; i < c->n_args && status == HX_EXIT_DONE; i++)
        status = explain_file(j, c->args[i]);
    if (status == HX_EXIT_DONE && j->show == SHOW_HTML) status = put_page(j);
    return status;
}

/* ------------------------------------------------------------------ the command */
static bool open_all(explain_job *j) {
    hx_cli *c = j->c;
    hx_error err = {.ui = c->ui};
    const char *engine = c->options.text[HX_OPT_ENGINE];
    bool reads =
        hx_cli_wants_llama(c) ||
        (engine && strcmp(engine, hx_engine_name(HX_ENGINE_LLAMA)) == 0 && !hx_cli_is_small(c));
    if (!hx_cli_reader_options(c, &j->reader_options)) return false;
    j->model = reads ? hx_cli_text_model_of(c, HX_ENGINE_RULES) : hx_cli_text_model(c);
    if (!j->model) return false;
    if (hx_annotator_new(&j->annotator, j->model, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return false;
    }
    j->own_model = reads;
    const bool looks = j->show == SHOW_HTML && hx_text_model_engine(j->model) == HX_ENGINE_LLAMA;
    if ((reads || looks) && !open_llama(j)) return false;
    j->arena = hx_arena_new(TEXTS_BYTES * 16);
    j->list = hx_arena_alloc(c->arena, HX_EXPLAIN_PAGE_TEXTS * sizeof *j->list);
    if (j->arena && j->list) return true;
    hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
    return false;
}

int hx_cli_explain(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    explain_job j = {.c = c,
                     .show = (show_kind)v->number[HX_OPT_EXPLAIN],
                     .limit = hx_cli_has(v, HX_OPT_HEAD) ? (size_t)v->number[HX_OPT_HEAD] : 0};
    int status = open_all(&j) ? explain_files(&j) : HX_EXIT_FAILED;
    hx_outbuf_release(&j.out);
    hx_llama_context_close(j.context);
    hx_llama_close(j.llama);
    hx_annotator_free(j.annotator);
    hx_text_model_close(j.model);
    hx_arena_free(j.arena);
    return status;
}
