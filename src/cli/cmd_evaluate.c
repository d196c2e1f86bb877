/* cmd_evaluate.c - evaluate: finds what is to be evaluated; and perplexity, how well a model foretells a text.
 *
 *     perplexity = exp(-1/N * sum of log p(token | all before it in its part))
 *
 * As llama.cpp's `perplexity` does it: the text's tokens are cut into parts of --context tokens (512 unless given; a rest is left out),
 * each part is read on its own, with the model's first token in place of its own where the model has one, and the tokens of its second
 * half are foretold: all but the first of them. The standard error is that of the mean over all foretold tokens. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/evaluate.h"
#include "cli/llama.h"
#include "cli/output.h"
#include "cli/progress.h"

#define TEXT_MAX ((size_t)64 << 20)
#define PART_USUAL 512
#define STEP 64 /* tokens whose scores are held at once */

typedef struct {
    hx_cli *c;
    const hx_cli_llama *l;
    int32_t *ids;
    size_t n_ids, part;
    double sum, squares; /* of -log p */
    uint64_t n;
    struct timespec began;
} evaluation;

static double seconds_since(const struct timespec *began) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - began->tv_sec) + (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

static double log_prob(const float *scores, size_t n, int32_t id) {
    double max = (double)scores[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        if ((double)scores[i] > max) max = (double)scores[i];
    for (size_t i = 0; i < n; i++)
        sum += exp((double)scores[i] - max);
    return (double)scores[id] - max - log(sum);
}

static void count(evaluation *e, double nll) {
    e->sum += nll;
    e->squares += nll * nll;
    e->n++;
}

/* Tokens [from, to) of the part go in; where `wanted`, the token behind each is foretold. */
static hx_status read_step(evaluation *e, const int32_t *ids, size_t from, size_t to, bool wanted,
                           hx_error *err) {
    const hx_llama_piece piece = {
        .ids = ids + from, .n = to - from, .want = wanted ? HX_WANT_LOGITS_ALL : HX_WANT_NOTHING};
    size_t rows = 0, vocabulary = e->l->info->n_vocab;
    hx_status st = hx_llama_run(e->l->context, &piece, 1, err);
    if (st != HX_OK || !wanted) return st;
    const float *scores = hx_llama_logits(e->l->context, 0, &rows);
    for (size_t i = 0; i < rows && from + i + 1 < e->part; i++)
        count(e, -log_prob(scores + i * vocabulary, vocabulary, ids[from + i + 1]));
    return HX_OK;
}

static hx_status read_part(evaluation *e, int32_t *ids, bool begins, hx_error *err) {
    size_t half = e->part / 2;
    int32_t first = ids[0];
    if (begins) ids[0] = e->l->info->bos;
    hx_status st = hx_llama_sequence_cut(e->l->context, 0, 0, err);
    if (st == HX_OK) st = read_step(e, ids, 0, half, false, err);
    for (size_t at = half; st == HX_OK && at + 1 < e->part; at += STEP) {
        size_t end = at + STEP + 1 < e->part ? at + STEP : e->part - 1;
        st = read_step(e, ids, at, end, true, err);
    }
    ids[0] = first;
    return st;
}

/* The model puts its first token in front of texts: then parts begin with it as well. */
static bool begins_with_bos(const evaluation *e) {
    return e->n_ids > 0 && e->l->info->bos >= 0 && e->ids[0] == e->l->info->bos;
}

static int run_parts(evaluation *e) {
    hx_error err = {.ui = e->c->ui};
    size_t n = e->n_ids / e->part;
    bool begins = begins_with_bos(e);
    clock_gettime(CLOCK_MONOTONIC, &e->began);
    size_t i = 0;
    for (; i < n && !hx_flag_is_raised(&e->c->cancel); i++) {
        if (read_part(e, e->ids + i * e->part, begins, &err) != HX_OK) {
            hx_progress_clear(e->c);
            return hx_cli_error(e->c, &err);
        }
        hx_progress_share(e->c, "perplexity", (double)(i + 1) / (double)n,
                          seconds_since(&e->began));
    }
    hx_progress_clear(e->c);
    if (i == n) return HX_EXIT_DONE;
    return hx_cli_fail(e->c, "stopped on request after %zu of %zu parts; nothing was written",
                       "已按要求停止：完成 %zu 段，共 %zu 段；没有写出结果", i, n);
}

static int report(const evaluation *e) {
    static const hx_record_column columns[] = {
        {"model", "model", "模型", HX_CELL_LEFT},
        {"perplexity", "perplexity", "困惑度", HX_CELL_RIGHT},
        {"error", "± standard error", "± 标准误", HX_CELL_RIGHT},
        {"n", "tokens foretold", "预测词元数", HX_CELL_RIGHT},
        {"parts", "parts", "段数", HX_CELL_RIGHT},
        {"context", "context", "每段词元", HX_CELL_RIGHT},
        {"precision", "precision", "精度", HX_CELL_LEFT},
        {"kernels", "kernels", "内核", HX_CELL_LEFT},
        {"tokens_per_second", "tokens/s", "词元/秒", HX_CELL_RIGHT}};
    double mean = e->sum / (double)e->n, perplexity = exp(mean);
    double variance = e->squares / (double)e->n - mean * mean;
    double error = perplexity * sqrt((variance > 0 ? variance : 0) / (double)e->n);
    double seconds = seconds_since(&e->began);
    size_t parts = e->n_ids / e->part;
    json_t *records = json_array();
    (void)json_array_append_new(
        records,
        json_pack("{s:s,s:f,s:f,s:f,s:I,s:I,s:I,s:s,s:s,s:f}", "model",
                  e->c->options.text[HX_OPT_MODEL], "perplexity", perplexity, "nll", mean, "error",
                  error, "n", (json_int_t)e->n, "parts", (json_int_t)parts, "context",
                  (json_int_t)e->part, "precision",
                  e->c->options.number[HX_OPT_PRECISION] ? "exact" : "fast", "kernels",
                  e->l->info->kernels, "tokens_per_second",
                  floor((double)(parts * e->part) / (seconds > 0 ? seconds : 1) * 10) / 10));
    bool ok = hx_output_records(e->c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int evaluate(hx_cli *c, const hx_cli_llama *l, hx_str text, size_t part) {
    const hx_token_options options = {.special = true};
    hx_error err = {.ui = c->ui};
    hx_tokens tokens = {NULL, 0};
    if (!l->info->has_output)
        return hx_cli_fail(c, "%s foretells no tokens: it has no output matrix",
                           "%s 不预测词元：没有输出矩阵", c->options.text[HX_OPT_MODEL]);
    if (hx_llama_tokenize(l->model, text, &options, c->arena, &tokens, NULL, &err) != HX_OK)
        return hx_cli_error(c, &err);
    if (tokens.n < part)
        return hx_cli_fail(c, "the text has %zu tokens; a part takes %zu (--context N)",
                           "文本有 %zu 个词元，一段需要 %zu 个（--context N）", tokens.n, part);
    evaluation e = {.c = c, .l = l, .ids = tokens.ids, .n_ids = tokens.n, .part = part};
    int status = run_parts(&e);
    return status == HX_EXIT_DONE ? report(&e) : status;
}

static int evaluate_perplexity(hx_cli *c) {
    const char *path = c->options.text[HX_OPT_FORETOLD];
    size_t part =
        hx_cli_has(&c->options, HX_OPT_PART) ? (size_t)c->options.number[HX_OPT_PART] : PART_USUAL;
    const hx_context_options context = {
        .n_sequences = 1, .n_positions = part, .cache = HX_CACHE_F32};
    hx_cli_llama l;
    hx_str text;
    const char *model = c->options.text[HX_OPT_MODEL];
    if (!path) return hx_cli_usage(c, "evaluate needs --data FILE", "evaluate 需要 --data 文件");
    if (!model || strcmp(model, "rules") == 0)
        return hx_cli_fail(c, "evaluate perplexity needs a model: --model FILE|NAME",
                           "evaluate perplexity 需要模型：--model 文件|名称");
    if (!hx_cli_read_file(c, path, TEXT_MAX, &text)) return HX_EXIT_FAILED;
    hx_cli_catch_interrupts(c);
    if (!hx_cli_llama_open(c, &l, &context)) return HX_EXIT_FAILED;
    int status = evaluate(c, &l, text, part);
    hx_cli_llama_close(&l);
    return status;
}

static void warn_of_data(hx_cli *c) {
    const char *model = c->options.text[HX_OPT_MODEL], *data = c->options.text[HX_OPT_FORETOLD];
    if (!model || !data || strcmp(model, "rules") == 0) return;
    const char *path = hx_cli_model_path(c, model);
    if (path && hx_model_learnt_from(path, data))
        hx_cli_note(c,
                    "%s is what %s learnt from: figures on all of it flatter; those of its test "
                    "are in its report.html and metrics.json",
                    "%s 是 %s 学习所用的文件：整个文件上的指标偏高；其测试集指标见 report.html 和 "
                    "metrics.json",
                    data, model);
}

int hx_cmd_evaluate(hx_cli *c) {
    if (strcmp(c->action ? c->action : "", "correct") == 0) {
        hx_cli_catch_interrupts(c);
        return hx_cmd_evaluate_correct(c);
    }
    int task = hx_cli_choice("sentiment,intent,classify,tag", c->action), status;
    if (strcmp(c->action, "keywords") == 0) {
        hx_cli_catch_interrupts(c);
        return hx_cmd_evaluate_keywords(c);
    }
    if (strcmp(c->action, "recommend") == 0) return hx_cmd_evaluate_recommend(c);
    if (strcmp(c->action, "prefer") == 0) return hx_cmd_evaluate_prefer(c);
    if (strcmp(c->action, "parse") == 0) return hx_cmd_evaluate_parse(c);
    if (strcmp(c->action, "words") == 0) {
        hx_cli_catch_interrupts(c);
        return hx_cmd_evaluate_words(c);
    }
    if (strcmp(c->action, "emotions") == 0) return hx_cmd_evaluate_labels(c, HX_RATE_EMOTION);
    if (task < 0) return evaluate_perplexity(c);
    hx_cli_catch_interrupts(c);
    if (task < HX_RATE_CLASSIFY || !hx_cmd_evaluate_heads(c, task > HX_RATE_CLASSIFY, &status))
        status = hx_cmd_evaluate_labels(c, (hx_rate_task)task);
    if (status == HX_EXIT_DONE) warn_of_data(c);
    return status;
}
