/* cmd_evaluate_heads.c - evaluate classify, tag: the heads that training left, on labelled data read as training reads it.
 *
 *     --data -> rows, as the reader's options say -> the head's answers -> figures
 *
 * One record a head: task, engine, model, head, kind, and hx_model_evaluate_head()'s figures. A model whose one head for texts gives one label is
 * evaluated as every other classifier is (cmd_evaluate_labels.c), unless --task names it. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/evaluate.h"
#include "cli/output.h"
#include "cli/progress.h"

typedef struct {
    hx_cli *c;
    hx_cli_llama llama; /* owned */
    const char *data;
    bool of_words;
    json_t *records; /* owned */
} evaluation;

static const char *const kind_names[] = {"label", "labels", "number",  "tag",
                                         "crf",   "parse",  "segment", "replaced"};

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void show(void *context, size_t done, size_t all) {
    hx_progress_share(context, "evaluate", (double)done / (double)all, 0);
}

/* ------------------------------------------------------------------ one head */
static hx_status join_grams(void *grams, const hx_str *texts, size_t n, float *p, hx_error *err) {
    return hx_set_grams_join(grams, texts, n, p, err);
}

static int evaluate_head(evaluation *e, size_t head) {
    hx_cli *c = e->c;
    const hx_cli_values *v = &c->options;
    hx_error err = {.ui = c->ui};
    hx_str json = {NULL, 0};
    hx_reader_options reader;
    if (!hx_cli_reader_options(c, &reader)) return HX_EXIT_FAILED;
    reader.map = NULL; /* columns are named by text and label below */
    hx_set_grams *grams;
    if (!hx_cli_set_grams(c, e->llama.model, head, &grams)) return HX_EXIT_FAILED;
    const hx_head_evaluation options = {
        .text = v->text[HX_OPT_TEXT],
        .label = v->text[HX_OPT_LABEL],
        .text2 = v->text[HX_OPT_TEXT2],
        .n = hx_cli_has(v, HX_OPT_HEAD) ? (size_t)v->number[HX_OPT_HEAD] : 0,
        .max_length = hx_cli_has(v, HX_OPT_MAX_LENGTH) ? (size_t)v->number[HX_OPT_MAX_LENGTH] : 0,
        .threshold = v->real[HX_OPT_THRESHOLD],
        .seed = (uint64_t)v->number[HX_OPT_SEED],
        .progress = show,
        .context = c,
        .cancel = &c->cancel,
        .join = grams ? join_grams : NULL,
        .join_context = grams,
        .reader = reader};
    double began = seconds_now();
    hx_status st =
        hx_model_evaluate_head(e->llama.context, head, e->data, &options, c->arena, &json, &err);
    double seconds = seconds_now() - began;
    hx_set_grams_close(grams);
    hx_progress_clear(c);
    if (st != HX_OK) return hx_cli_error(c, &err);
    const hx_llama_head_info *info = hx_llama_head_of(e->llama.model, head);
    json_t *figures = hx_output_parse(c, json);
    if (!figures) return HX_EXIT_FAILED;
    json_t *record = json_pack("{s:s,s:s,s:s,s:s,s:s}", "task", e->of_words ? "tag" : "classify",
                               "engine", "llama", "model", c->options.text[HX_OPT_MODEL], "head",
                               info->name, "kind", kind_names[info->kind]);
    (void)json_object_update(record, figures);
    json_t *texts = json_object_get(figures, e->of_words ? "texts" : "n");
    double n = (double)json_integer_value(texts);
    (void)json_object_set_new(record, "texts_per_second",
                              json_real(floor(n / (seconds > 0 ? seconds : 1) * 10) / 10));
    json_decref(figures);
    hx_evaluate_say_temperature(c, record);
    (void)json_array_append_new(e->records, record);
    return HX_EXIT_DONE;
}

/* ------------------------------------------------------------------ heads */
static int evaluate_named(evaluation *e, const char *list) {
    int status = HX_EXIT_DONE;
    for (size_t n; *list && status == HX_EXIT_DONE; list += n + (list[n] == ',')) {
        n = strcspn(list, ",");
        hx_str name = hx_arena_str(e->c->arena, (hx_str){list, n});
        if (!name.ptr) return hx_cli_fail(e->c, "not enough memory to start", "内存不足，无法启动");
        size_t head = hx_llama_find_head(e->llama.model, name.ptr);
        const hx_llama_head_info *info = hx_llama_head_of(e->llama.model, head);
        if (!info || info->of_words != e->of_words)
            return hx_cli_fail(e->c,
                               e->of_words ? "%s has no head for words of a task '%s'"
                                           : "%s has no head for texts of a task '%s'",
                               e->of_words ? "%s 没有任务“%s”的词标注头"
                                           : "%s 没有任务“%s”的文本任务头",
                               e->c->options.text[HX_OPT_MODEL], name.ptr);
        status = evaluate_head(e, head);
    }
    return status;
}

static size_t count_heads(const evaluation *e, size_t *first) {
    size_t n = 0;
    for (size_t i = e->llama.info->n_tasks; i-- > 0;)
        if (hx_llama_head_of(e->llama.model, i)->of_words == e->of_words) {
            *first = i;
            n++;
        }
    return n;
}

static int evaluate_only(evaluation *e) {
    size_t first = 0, n = count_heads(e, &first);
    const char *model = e->c->options.text[HX_OPT_MODEL];
    if (n == 0)
        return hx_cli_fail(e->c, "%s has no head that labels words", "%s 没有给词打标签的分类头",
                           model);
    if (n > 1)
        return hx_cli_usage(e->c, "%s has %zu heads; say which by --task NAME",
                            "%s 有 %zu 个任务头；请用 --task 名称 指定", model, n);
    return evaluate_head(e, first);
}

static bool put_labels(hx_cli *c, const json_t *record) {
    static const hx_record_column columns[] = {{"label", "label", "标签", HX_CELL_LEFT},
                                               {"n", "texts", "文本数", HX_CELL_RIGHT},
                                               {"predicted", "predicted", "预测数", HX_CELL_RIGHT},
                                               {"precision", "precision", "精确率", HX_CELL_RIGHT},
                                               {"recall", "recall", "召回率", HX_CELL_RIGHT},
                                               {"f1", "F1", "F1", HX_CELL_RIGHT}};
    hx_outbuf gap = {0};
    const json_t *labels = json_object_get(record, "labels");
    if (!labels) return true;
    hx_outbuf_byte(&gap, '\n');
    bool done = hx_output_write(c, &gap);
    hx_outbuf_release(&gap);
    return done && hx_output_records(c, labels, columns, sizeof columns / sizeof *columns);
}

static int report(evaluation *e) {
    static const hx_record_column columns[] = {
        {"model", "model", "模型", HX_CELL_LEFT},
        {"head", "head", "任务头", HX_CELL_LEFT},
        {"kind", "kind", "类型", HX_CELL_LEFT},
        {"n", "n", "数量", HX_CELL_RIGHT},
        {"accuracy", "accuracy", "准确率", HX_CELL_RIGHT},
        {"precision", "precision", "精确率", HX_CELL_RIGHT},
        {"recall", "recall", "召回率", HX_CELL_RIGHT},
        {"f1", "F1", "F1", HX_CELL_RIGHT},
        {"micro_f1", "micro F1", "微平均 F1", HX_CELL_RIGHT},
        {"macro_f1", "macro F1", "宏平均 F1", HX_CELL_RIGHT},
        {"subset_accuracy", "subset accuracy", "全对率", HX_CELL_RIGHT},
        {"ece", "ECE", "校准误差", HX_CELL_RIGHT},
        {"ece_limit", "limit", "上限", HX_CELL_RIGHT},
        {"ece_within", "within", "在上限内", HX_CELL_LEFT},
        {"mae", "MAE", "MAE", HX_CELL_RIGHT},
        {"rmse", "RMSE", "RMSE", HX_CELL_RIGHT},
        {"r2", "R2", "R2", HX_CELL_RIGHT},
        {"uas", "UAS", "UAS", HX_CELL_RIGHT},
        {"las", "LAS", "LAS", HX_CELL_RIGHT},
        {"texts_per_second", "texts/s", "条/秒", HX_CELL_RIGHT}};
    bool done = hx_output_records(e->c, e->records, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; done && e->c->shape == HX_SHAPE_TABLE && i < json_array_size(e->records);
         i++)
        done = put_labels(e->c, json_array_get(e->records, i));
    return done ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* ------------------------------------------------------------------ the command */
/* Whether its first head for texts gives one label: what the weights are not needed for. */
static bool gives_one_label(const char *path) {
    const hx_llama_options options = {.tokenizer_only = true};
    hx_llama *m = NULL;
    hx_error err = {.ui = HX_UI_EN};
    if (hx_llama_open(&m, path, &options, &err) != HX_OK) return true;
    const hx_llama_info *info = hx_llama_describe(m);
    size_t n = 0;
    bool one = true;
    for (size_t i = 0; i < info->n_tasks; i++) {
        const hx_llama_head_info *h = hx_llama_head_of(m, i);
        n += !h->of_words;
        one = one && (h->of_words || (h->kind == HX_LLAMA_LABEL && !h->pairs));
    }
    hx_llama_close(m);
    return one && n <= 1;
}

/* One head is not compared with another model, and its temperature is not fitted: both are of one label a text, without --task. */
static int check_options(hx_cli *c) {
    static const hx_cli_option_id unread[] = {HX_OPT_AGAINST, HX_OPT_CALIBRATE};
    for (size_t i = 0; i < sizeof unread / sizeof *unread; i++)
        if (hx_cli_has(&c->options, unread[i]))
            return hx_cli_usage(c, "--%s is for models of one label a text, without --task",
                                "--%s 只用于每条文本一个标签的模型，且不带 --task",
                                hx_cli_options[unread[i]].name);
    return HX_EXIT_DONE;
}

static int evaluate(evaluation *e) {
    const hx_context_options context = {.n_sequences = 1};
    const char *names = e->c->options.text[HX_OPT_TASK];
    int status = check_options(e->c);
    if (status != HX_EXIT_DONE) return status;
    e->data = e->c->options.text[HX_OPT_FORETOLD];
    if (!e->data)
        return hx_cli_usage(e->c, "evaluate needs --data FILE", "evaluate 需要 --data 文件");
    if (!hx_cli_llama_open(e->c, &e->llama, &context)) return HX_EXIT_FAILED;
    e->records = json_array();
    status = names ? evaluate_named(e, names) : evaluate_only(e);
    return status == HX_EXIT_DONE ? report(e) : status;
}

bool hx_cmd_evaluate_heads(hx_cli *c, bool of_words, int *status) {
    const char *model = c->options.text[HX_OPT_MODEL];
    evaluation e = {.c = c, .of_words = of_words};
    bool rules = !model || strcmp(model, "rules") == 0;
    if (rules && !of_words) return false;
    if (rules) {
        *status =
            hx_cli_fail(c, "evaluate tag needs --model RUN", "evaluate tag 需要 --model 训练目录");
        return true;
    }
    const char *path = hx_cli_model_path(c, model);
    *status = HX_EXIT_FAILED;
    if (!path) return true;
    bool is_learner = hx_text_learner_is_file(path) || hx_text_pool_is_file(path);
    if (!of_words && (is_learner || (!c->options.text[HX_OPT_TASK] && gives_one_label(path))))
        return false;
    *status = evaluate(&e);
    hx_cli_llama_close(&e.llama);
    json_decref(e.records);
    return true;
}
