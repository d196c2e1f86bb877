/* evaluate_rater.c - what says the labels that evaluate counts: the rules, a learner's file, a language model.
 *
 * A rater has labels of its own. Their probabilities go to the classes of the evaluation by name; what a class does not have (neutral, where the data
 * knows positive and negative alone) is dropped and the rest sums to 1 again. A text of which nothing is left has all classes alike.
 * Texts go to a language model sixteen at a time, to a learner all at once. */
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/evaluate.h"
#include "cli/progress.h"

#define TOGETHER 16 /* texts in one pass of a language model */

void hx_cli_say_no_small(hx_cli *c) {
    hx_cli_note(c,
                "engine llama is left out: huaxiang-small is not installed "
                "(models/huaxiang-small/model.gguf in the data folder)",
                "未列出引擎 llama：没有安装 huaxiang-small（数据目录下的 "
                "models/huaxiang-small/model.gguf）");
}

/* ------------------------------------------------------------------ opening */
static int no_memory(hx_cli *c) {
    return hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
}

static int take_labels(hx_cli *c, hx_rater *r, size_t n,
                       const char *(*label)(const hx_rater *, size_t)) {
    bool minus_one = false, two = false;
    r->labels = hx_arena_alloc(c->arena, (n + 1) * sizeof *r->labels);
    if (!r->labels) return no_memory(c);
    for (size_t i = 0; i < n; i++) {
        minus_one = minus_one || strcmp(label(r, i), "-1") == 0;
        two = two || strcmp(label(r, i), "2") == 0;
    }
    for (size_t i = 0; i < n; i++)
        r->labels[i] = hx_rate_name(r->task, label(r, i), minus_one, two);
    r->n_labels = n;
    return HX_EXIT_DONE;
}

static const char *rule_label(const hx_rater *r, size_t i) {
    if (r->task == HX_RATE_EMOTION) return hx_emotion_name((hx_emotion_label)i);
    return r->task == HX_RATE_SENTIMENT
               ? hx_sentiment_name((hx_sentiment_label)(i + HX_SENTIMENT_NEGATIVE))
               : hx_intent_name((hx_intent_label)i);
}

static int open_rules(hx_cli *c, hx_rater *r) {
    hx_error err = {.ui = c->ui};
    if (r->task == HX_RATE_CLASSIFY)
        return hx_cli_fail(c, "evaluate classify needs --model FILE|NAME|RUN",
                           "evaluate classify 需要 --model 文件|名称|训练目录");
    r->rules = hx_cli_text_model_of(c, r->engine);
    if (!r->rules) return HX_EXIT_FAILED;
    if (hx_annotator_new(&r->annotator, r->rules, &err) != HX_OK) return hx_cli_error(c, &err);
    hx_cli_note(c, "engine: %s", "引擎：%s", hx_engine_name(r->engine));
    if (r->engine == HX_ENGINE_LLAMA) r->name = "huaxiang-small";
    return take_labels(c, r,
                       r->task == HX_RATE_SENTIMENT ? HX_SENTIMENT_N - HX_SENTIMENT_NEGATIVE
                       : r->task == HX_RATE_EMOTION ? (size_t)HX_EMOTION_N
                                                    : (size_t)HX_INTENT_N,
                       rule_label);
}

static const char *learner_label(const hx_rater *r, size_t i) {
    return hx_text_learner_label(r->learner, i);
}

static int open_learner(hx_cli *c, hx_rater *r, const char *path) {
    hx_error err = {.ui = c->ui};
    r->engine = HX_ENGINE_LEARN;
    if (hx_text_learner_load(&r->learner, path, &err) != HX_OK) return hx_cli_error(c, &err);
    hx_cli_note(c, "engine: learn (%s, %s)", "引擎：learn（%s，%s）", r->name,
                hx_text_learner_name(hx_text_learner_kind_of(r->learner)));
    return take_labels(c, r, hx_text_learner_labels(r->learner), learner_label);
}

static const char *head_label(const hx_rater *r, size_t i) {
    const char *label = hx_llama_label(r->llama.model, i);
    return label ? label : "";
}

static const char *pool_label(const hx_rater *r, size_t i) {
    return hx_text_pool_label(r->pool, i);
}

static int open_pool(hx_cli *c, hx_rater *r, const char *path) {
    r->engine = HX_ENGINE_LEARN;
    r->pool = hx_cli_pool_open(c, path);
    if (!r->pool) return HX_EXIT_FAILED;
    return take_labels(c, r, hx_text_pool_labels(r->pool), pool_label);
}

/* The instruction of a model without a head: what is asked, and the answers there are. */
static const char *instruction_of(hx_cli *c, const hx_rater *r, const hx_rate_classes *classes) {
    static const char *const asked[] = {
        "What is the sentiment of this customer review? Answer with one word: ",
        "What does the customer who wrote this want? Answer with one word: ",
        "Which of these labels fits this text? Answer with one of them: ", NULL,
        "Which emotion does this text show? Answer with one word: "};
    hx_outbuf b = {0};
    if (hx_cli_has(&c->options, HX_OPT_INSTRUCTION)) return c->options.text[HX_OPT_INSTRUCTION];
    hx_outbuf_text(&b, asked[r->task]);
    for (size_t i = 0; i < classes->n; i++)
        hx_outbuf_printf(&b, "%s%s",
                         i == 0               ? ""
                         : i + 1 < classes->n ? ", "
                                              : " or ",
                         classes->names[i]);
    hx_outbuf_byte(&b, '.');
    hx_str kept = b.failed ? (hx_str){NULL, 0} : hx_arena_str(c->arena, hx_outbuf_str(&b));
    hx_outbuf_release(&b);
    return kept.ptr;
}

static int make_prompt(hx_cli *c, hx_rater *r, const hx_rate_classes *classes) {
    hx_error err = {.ui = c->ui};
    const hx_label_options options = {.instruction = instruction_of(c, r, classes),
                                      .labels = classes->names,
                                      .n_labels = classes->n};
    if (!options.instruction) return no_memory(c);
    if (hx_label_prompt_new(&r->prompt, r->llama.context, &options, &err) != HX_OK)
        return hx_cli_error(c, &err);
    r->labels = classes->names;
    r->n_labels = classes->n;
    return HX_EXIT_DONE;
}

static int open_llama(hx_cli *c, hx_rater *r, const hx_rate_classes *classes) {
    const hx_context_options context = {.n_sequences = 1 + TOGETHER};
    const char *before = c->options.text[HX_OPT_MODEL];
    r->engine = HX_ENGINE_LLAMA;
    c->options.text[HX_OPT_MODEL] = r->name;
    bool open = hx_cli_llama_open(c, &r->llama, &context);
    c->options.text[HX_OPT_MODEL] = before;
    if (!open) return HX_EXIT_FAILED;
    const hx_llama_info *info = r->llama.info;
    if (info->n_labels > 0 && info->is_token_classifier)
        return hx_cli_fail(c, "%s labels tokens, not texts", "%s 标注的是词元，不是文本", r->name);
    for (size_t i = info->n_tasks; i-- > 0;)
        if (!hx_llama_head_of(r->llama.model, i)->of_words)
            r->temperature = hx_llama_head_of(r->llama.model, i)->temperature;
    return info->n_labels > 0 ? take_labels(c, r, info->n_labels, head_label)
                              : make_prompt(c, r, classes);
}

int hx_rater_open(hx_cli *c, hx_rater *r, hx_rate_task task, const char *model, const char *engine,
                  const hx_rate_classes *classes) {
    const char *learn = hx_engine_name(HX_ENGINE_LEARN);
    bool learns = (task < HX_RATE_CLASSIFY || task == HX_RATE_EMOTION) && strcmp(model    ? model
                                                                                 : engine ? engine
                                                                                          : "",
                                                                                 learn) == 0;
    bool small = !model && task != HX_RATE_CLASSIFY && engine &&
                 strcmp(engine, hx_engine_name(HX_ENGINE_LLAMA)) == 0 && hx_cli_small_is_there(c);
    bool rules = !model || strcmp(model, "rules") == 0 || learns;
    *r = (hx_rater){.name = learns ? learn : rules ? "rules" : model, .task = task};
    const char *path = rules ? NULL : hx_cli_model_path(c, model);
    if (!rules && !path) return HX_EXIT_FAILED;
    hx_engine is = learns                                                        ? HX_ENGINE_LEARN
                   : small                                                       ? HX_ENGINE_LLAMA
                   : rules                                                       ? HX_ENGINE_RULES
                   : hx_text_learner_is_file(path) || hx_text_pool_is_file(path) ? HX_ENGINE_LEARN
                                                                                 : HX_ENGINE_LLAMA;
    if (engine && strcmp(engine, hx_engine_name(is)) != 0)
        return hx_cli_fail(
            c, "--engine %s does not go with the model %s, which is one of engine %s",
            "--engine %s 与模型 %s 不符，后者属于引擎 %s", engine, r->name, hx_engine_name(is));
    r->engine = is;
    if (rules) return open_rules(c, r);
    if (hx_text_pool_is_file(path)) return open_pool(c, r, path);
    return is == HX_ENGINE_LEARN ? open_learner(c, r, path) : open_llama(c, r, classes);
}

void hx_rater_close(hx_rater *r) {
    hx_annotator_free(r->annotator);
    hx_text_model_close(r->rules);
    hx_text_learner_free(r->learner);
    hx_text_pool_close(r->pool);
    hx_label_prompt_free(r->prompt);
    hx_cli_llama_close(&r->llama);
}

/* ------------------------------------------------------------------ rules */
/* The rules say one label and how sure they are; the rest is shared by the evidence's sign, or alike. Where rows are positive or negative alone
 * (two_sided), the logit is their probability. */
static void spread_sentiment(const hx_sentiment *s, bool two_sided, float *p) {
    double positive = 1 / (1 + exp(-s->logit)), rest = 1 - s->score;
    size_t label = (size_t)(s->label - HX_SENTIMENT_NEGATIVE);
    if (s->label == HX_SENTIMENT_NONE) {
        for (size_t k = 0; k < 4; k++)
            p[k] = 0.25f;
        return;
    }
    if (two_sided) {
        p[0] = (float)(1 - positive);
        p[2] = (float)positive;
        p[1] = p[3] = 0;
        return;
    }
    bool between = s->label == HX_SENTIMENT_NEUTRAL || s->label == HX_SENTIMENT_MIXED;
    p[0] = (float)(rest * (between ? 1 - positive : 0.5));
    p[1] = (float)(rest * (s->label == HX_SENTIMENT_MIXED ? 1 : 0.5));
    p[2] = (float)(rest * (between ? positive : 0.5));
    p[3] = 0;
    p[label] = (float)s->score;
}

static hx_status read_ahead(hx_rater *r, const hx_str *texts, size_t left, hx_error *err) {
    unsigned asks = r->task == HX_RATE_SENTIMENT ? HX_ASKS_SENTIMENT
                    : r->task == HX_RATE_INTENT  ? HX_ASKS_INTENT
                                                 : HX_ASKS_EMOTION;
    return hx_text_ahead(r->annotator, texts, left < HX_TEXT_AHEAD ? left : HX_TEXT_AHEAD, asks,
                         err);
}

static bool run_rules(hx_cli *c, hx_rater *r, const hx_str *texts, size_t n, bool two_sided,
                      float *out) {
    hx_error err = {.ui = c->ui};
    hx_arena *arena = hx_arena_new(0);
    hx_status st = arena ? HX_OK : HX_ENOMEM;
    for (size_t i = 0; i < n && st == HX_OK; i++) {
        float *p = out + i * r->n_labels;
        hx_arena_reset(arena);
        if (i % HX_TEXT_AHEAD == 0) st = read_ahead(r, texts + i, n - i, &err);
        if (st != HX_OK) break;
        if (r->task == HX_RATE_SENTIMENT) {
            hx_sentiment said;
            st = hx_text_sentiment(r->annotator, texts[i], arena, &said, &err);
            if (st == HX_OK) spread_sentiment(&said, two_sided, p);
            continue;
        }
        if (r->task == HX_RATE_EMOTION) {
            hx_emotion felt;
            st = hx_text_emotion(r->annotator, texts[i], arena, &felt, &err);
            for (size_t k = 0; k < r->n_labels && st == HX_OK; k++)
                p[k] = (float)felt.scores[k];
            continue;
        }
        hx_intent said;
        st = hx_text_intent(r->annotator, texts[i], arena, &said, &err);
        for (size_t k = 0; k < r->n_labels && st == HX_OK; k++)
            p[k] =
                (float)(r->engine != HX_ENGINE_RULES ? said.scores[k]
                        : k == (size_t)said.label    ? said.score
                                                  : (1 - said.score) / ((double)r->n_labels - 1));
    }
    hx_arena_free(arena);
    if (st == HX_ENOMEM && err.code == HX_OK) return no_memory(c), false;
    if (st != HX_OK) hx_cli_error(c, &err);
    return st == HX_OK;
}

/* ------------------------------------------------------------------ all raters */
static bool run_llama(hx_cli *c, hx_rater *r, const hx_str *texts, size_t n, float *out) {
    hx_error err = {.ui = c->ui};
    size_t max_length = hx_cli_has(&c->options, HX_OPT_MAX_LENGTH)
                            ? (size_t)c->options.number[HX_OPT_MAX_LENGTH]
                            : 0;
    for (size_t at = 0; at < n; at += TOGETHER) {
        size_t some = n - at < TOGETHER ? n - at : TOGETHER;
        float *to = out + at * r->n_labels;
        if (hx_flag_is_raised(&c->cancel)) {
            hx_progress_clear(c);
            hx_cli_fail(c, "stopped on request after %zu of %zu texts; nothing was written",
                        "已按要求停止：完成 %zu 条，共 %zu 条；没有写出结果", at, n);
            return false;
        }
        hx_status st =
            r->prompt
                ? hx_llama_label_texts(r->llama.context, r->prompt, texts + at, some, to, &err)
                : hx_llama_classify(r->llama.context, texts + at, some, max_length, to, &err);
        if (st != HX_OK) {
            hx_progress_clear(c);
            hx_cli_error(c, &err);
            return false;
        }
        hx_progress_share(c, "evaluate", (double)(at + some) / (double)n, 0);
    }
    hx_progress_clear(c);
    return true;
}

static bool run_learner(hx_cli *c, hx_rater *r, const hx_str *texts, size_t n, float *out) {
    hx_error err = {.ui = c->ui};
    size_t threads =
        hx_cli_has(&c->options, HX_OPT_THREADS) ? (size_t)c->options.number[HX_OPT_THREADS] : 0;
    hx_status st = r->pool ? hx_text_pool_predict(r->pool, texts, n, threads, out, &err)
                           : hx_text_learner_predict(r->learner, texts, n, threads, out, &err);
    if (st == HX_OK) return true;
    hx_cli_error(c, &err);
    return false;
}

static void to_classes(const hx_rater *r, const hx_rate_classes *classes, const float *said,
                       float *p) {
    double sum = 0;
    for (size_t i = 0; i < r->n_labels; i++) {
        size_t k = hx_rate_class(classes, r->labels[i]);
        if (k == classes->n) continue;
        p[k] += said[i];
        sum += (double)said[i];
    }
    for (size_t k = 0; k < classes->n; k++)
        p[k] = sum > 0 ? (float)((double)p[k] / sum) : 1 / (float)classes->n;
}

bool hx_rater_run(hx_cli *c, hx_rater *r, const hx_rated_rows *rows, const hx_rate_classes *classes,
                  float **out) {
    float *said = hx_arena_alloc(c->arena, (rows->n * r->n_labels + 1) * sizeof *said);
    *out = hx_arena_alloc(c->arena, (rows->n * classes->n + 1) * sizeof **out);
    if (!said || !*out) return no_memory(c), false;
    const bool two_sided = hx_rate_class(classes, "neutral") == classes->n &&
                           hx_rate_class(classes, "mixed") == classes->n;
    bool done = r->annotator            ? run_rules(c, r, rows->texts, rows->n, two_sided, said)
                : r->learner || r->pool ? run_learner(c, r, rows->texts, rows->n, said)
                                        : run_llama(c, r, rows->texts, rows->n, said);
    for (size_t i = 0; i < rows->n && done; i++)
        to_classes(r, classes, said + i * r->n_labels, *out + i * classes->n);
    return done;
}
