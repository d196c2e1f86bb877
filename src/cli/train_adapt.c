/* train_adapt.c - train classify --model learn: the installed engine's sentiment fitted to a file's labels, in about a second.
 *
 * What is written is one small file for --adapt. The figures are those of five folds: each text is judged by weights that did not see it; "before" is
 * what the engine says of the same texts as it is. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "cli/evaluate.h"
#include "cli/output.h"
#include "cli/train.h"

static int check_options(hx_cli *c) {
    static const unsigned short read[] = {HX_OPT_LANG,  HX_OPT_QUIET,  HX_OPT_SEED,
                                          HX_OPT_MODEL, HX_OPT_FORMAT, HX_OPT_TARGET,
                                          HX_OPT_LABEL, HX_OPT_TEXT,   HX_OPT_TRAIN_DATA};
    for (int id = 0; id < HX_OPT_N; id++) {
        bool known = !hx_cli_has(&c->options, (hx_cli_option_id)id);
        for (size_t i = 0; i < sizeof read / sizeof *read; i++)
            known = known || read[i] == id;
        if (!known)
            return hx_cli_usage(c, "--%s does nothing for --model learn",
                                "--%s 对 --model learn 不起作用", hx_cli_options[id].name);
    }
    if (!c->options.text[HX_OPT_TARGET])
        return hx_cli_usage(c, "train classify needs --out FILE", "train classify 需要 --out 文件");
    if (c->options.n_list + (size_t)c->n_args != 1)
        return hx_cli_usage(c, "--model learn takes one file of labelled texts: --data FILE",
                            "--model learn 需要一个带标签的文件：--data 文件");
    return HX_EXIT_DONE;
}

static hx_sentiment_label label_of(const char *name) {
    for (int k = HX_SENTIMENT_NEGATIVE; k < HX_SENTIMENT_N; k++)
        if (strcmp(name, hx_sentiment_name((hx_sentiment_label)k)) == 0)
            return (hx_sentiment_label)k;
    return HX_SENTIMENT_NONE;
}

static double share(double x) {
    return floor(x * 1e4 + 0.5) / 1e4;
}

static int report(hx_cli *c, const hx_adapt_report *r, double seconds) {
    static const hx_record_column columns[] = {
        {"engine", "engine", "引擎", HX_CELL_LEFT},
        {"texts", "texts", "文本数", HX_CELL_RIGHT},
        {"accuracy_before", "accuracy before", "调整前准确率", HX_CELL_RIGHT},
        {"accuracy", "accuracy (5 folds)", "准确率（5 折）", HX_CELL_RIGHT},
        {"log_loss_before", "log loss before", "调整前对数损失", HX_CELL_RIGHT},
        {"log_loss", "log loss (5 folds)", "对数损失（5 折）", HX_CELL_RIGHT},
        {"grams", "grams", "词组数", HX_CELL_RIGHT},
        {"strength", NULL, NULL, HX_CELL_RIGHT},
        {"seconds", "seconds", "秒", HX_CELL_RIGHT}};
    const char *out = c->options.text[HX_OPT_TARGET];
    json_t *record = json_pack(
        "{s:s,s:s,s:I,s:I,s:f,s:f,s:f,s:f,s:I,s:f,s:f}", "adapted", out, "engine",
        hx_engine_name(HX_ENGINE_LEARN), "texts", (json_int_t)r->used, "left_out",
        (json_int_t)r->left_out, "accuracy_before", share(r->before), "accuracy", share(r->after),
        "log_loss_before", share(r->loss_before), "log_loss", share(r->loss_after), "grams",
        (json_int_t)r->grams, "strength", r->strength, "seconds", share(seconds));
    json_t *records = json_array();
    if (!record || json_array_append_new(records, record) != 0) {
        json_decref(records);
        return hx_cli_fail(c, "not enough memory for the figures", "内存不足，无法计算指标");
    }
    bool done = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    if (r->left_out > 0)
        hx_cli_note(c, "%zu texts left out: neither positive nor negative, or without words",
                    "略去 %zu 条文本：既非正面也非负面，或没有文字", r->left_out);
    hx_cli_note(c, "%s is ready: huaxiang sentiment FILE --adapt %s",
                "%s 已可使用：huaxiang sentiment 文件 --adapt %s", out, out);
    return done ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int adapt(hx_cli *c, const hx_rated_rows *rows) {
    hx_error err = {.ui = c->ui};
    hx_annotator *a = NULL;
    hx_adapt_report figures;
    struct timespec began, ended;
    hx_sentiment_label *labels = hx_arena_alloc(c->arena, (rows->n + 1) * sizeof *labels);
    hx_text_model *m = labels ? hx_cli_text_model_of(c, HX_ENGINE_LEARN) : NULL;
    if (!labels) return hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
    if (!m) return HX_EXIT_FAILED;
    for (size_t i = 0; i < rows->n; i++)
        labels[i] = label_of(rows->given[i]);
    const hx_labelled_texts data = {rows->texts, labels, rows->n};
    clock_gettime(CLOCK_MONOTONIC, &began);
    hx_status st = hx_annotator_new(&a, m, &err);
    if (st == HX_OK) st = hx_text_adapt(a, &data, c->options.text[HX_OPT_TARGET], &figures, &err);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    hx_annotator_free(a);
    hx_text_model_close(m);
    if (st != HX_OK) return hx_cli_error(c, &err);
    return report(c, &figures,
                  (double)(ended.tv_sec - began.tv_sec) +
                      (double)(ended.tv_nsec - began.tv_nsec) / 1e9);
}

int hx_cmd_train_adapt(hx_cli *c) {
    hx_rated_rows rows;
    int status = check_options(c);
    if (status != HX_EXIT_DONE) return status;
    const char *data = c->options.n_list > 0 ? c->options.list[0] : c->args[0];
    if (!hx_output_may_replace(c, c->options.text[HX_OPT_TARGET])) return HX_EXIT_FAILED;
    if (!hx_rated_read(c, data, HX_RATE_SENTIMENT, &rows)) return HX_EXIT_FAILED;
    return adapt(c, &rows);
}
