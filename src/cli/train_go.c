/* train_go.c - runs a training on the command line: progress on standard error, a row an evaluation on standard output.
 *
 *      epoch   step     loss  validation  accuracy  precision  recall    f1
 *          1    120   0.4312      0.3870    0.8431     0.8440  0.8431  0.843
 *
 * Columns are those that the first evaluation has. As JSON, the evaluations and the last figures are objects, one a line. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/progress.h"
#include "cli/train.h"

#define LINE_MAX_BYTES 256

typedef struct {
    hx_cli *c;
    double shown; /* seconds of the last progress line */
    bool titled;
} showing;

/* ------------------------------------------------------------------ progress */
static void show_progress(void *context, const hx_train_progress *p) {
    showing *s = context;
    if (!s->c->talks || (p->seconds < s->shown + 0.2 && p->step != p->steps)) return;
    s->shown = p->seconds;
    double share = p->steps ? (double)p->step / (double)p->steps
                            : p->seconds / (p->seconds + fmax(p->seconds_left, 0));
    char left[32] = "";
    if (isfinite(p->seconds_left)) {
        unsigned long n = (unsigned long)fmax(p->seconds_left, 0);
        (void)snprintf(left, sizeof left, hx_cli_tr(s->c, "  %lu:%02lu left", "  剩余 %lu:%02lu"),
                       n / 60, n % 60);
    }
    fprintf(stderr, "\r\x1b[K%3d%%  %s %llu  %s %.2f  %s %.4f  %.0f %s%s", (int)(share * 100),
            hx_cli_tr(s->c, "step", "步"), (unsigned long long)p->step,
            hx_cli_tr(s->c, "epoch", "轮"), p->epoch, hx_cli_tr(s->c, "loss", "损失"), p->loss,
            p->tokens_per_second, hx_cli_tr(s->c, "tokens/s", "词元/秒"), left);
    (void)fflush(stderr);
}

static void show_notice(void *context, const char *sentence) {
    const showing *s = context;
    hx_progress_clear(s->c);
    hx_cli_say(s->c, sentence);
}

/* ------------------------------------------------------------------ rows */
static const char *const figures[][3] = {
    {"loss", "validation", "验证损失"}, {"perplexity", "perplexity", "困惑度"},
    {"accuracy", "accuracy", "准确率"}, {"precision", "precision", "精确率"},
    {"recall", "recall", "召回率"},     {"f1", "f1", "F1"},
    {"uas", "uas", "无标记依存"},       {"las", "las", "有标记依存"},
    {"rmse", "rmse", "均方根误差"},     {"r2", "r2", "R2"}};
#define FIGURES_N (sizeof figures / sizeof *figures)
#define CELL 11

static void put_cell(FILE *out, const char *text) {
    int width = 0;
    for (const char *p = text; *p; p++)
        if (((unsigned char)*p & 0xC0) != 0x80) width += (unsigned char)*p >= 0xE0 ? 2 : 1;
    fprintf(out, "%*s%s", width < CELL ? CELL - width : 1, "", text);
}

static void put_titles(const showing *s, const json_t *task, bool named) {
    FILE *out = s->c->out;
    put_cell(out, hx_cli_tr(s->c, "epoch", "轮"));
    put_cell(out, hx_cli_tr(s->c, "step", "步"));
    put_cell(out, hx_cli_tr(s->c, "loss", "训练损失"));
    if (named) put_cell(out, hx_cli_tr(s->c, "task", "任务"));
    for (size_t i = 0; i < FIGURES_N; i++)
        if (named || json_object_get(task, figures[i][0]))
            put_cell(out, hx_cli_tr(s->c, figures[i][1], figures[i][2]));
    fputc('\n', out);
}

static void put_number(FILE *out, const json_t *v, const char *format) {
    char text[40] = "-";
    if (json_is_number(v)) (void)snprintf(text, sizeof text, format, json_number_value(v));
    put_cell(out, text);
}

static void put_row(const showing *s, const json_t *e, const char *name, const json_t *task,
                    bool named) {
    FILE *out = s->c->out;
    put_number(out, json_object_get(e, "epoch"), "%.4g");
    put_number(out, json_object_get(e, "step"), "%.0f");
    put_number(out, json_object_get(e, "loss"), "%.4f");
    if (named) put_cell(out, name);
    for (size_t i = 0; i < FIGURES_N; i++)
        if (named || json_object_get(task, figures[i][0]))
            put_number(out, json_object_get(task, figures[i][0]), "%.4f");
    fputc('\n', out);
}

static void show_evaluation(void *context, hx_str json) {
    showing *s = context;
    const char *name;
    json_t *task;
    hx_progress_clear(s->c);
    if (s->c->shape == HX_SHAPE_JSON) {
        fprintf(s->c->out, "%.*s\n", (int)json.len, json.ptr);
        (void)fflush(s->c->out);
        return;
    }
    json_t *e = json_loadb(json.ptr, json.len, 0, NULL), *tasks = json_object_get(e, "tasks");
    bool named = json_object_size(tasks) > 1;
    json_object_foreach(tasks, name, task) {
        if (!s->titled) put_titles(s, task, named);
        s->titled = true;
        put_row(s, e, name, task, named);
    }
    (void)fflush(s->c->out);
    json_decref(e);
}

/* ------------------------------------------------------------------ the end */
static const json_t *last_figures(const json_t *metrics) {
    static const char *const parts[] = {"test", "validation"};
    for (size_t i = 0; i < 2; i++) {
        json_t *tasks = json_object_get(json_object_get(metrics, parts[i]), "tasks");
        void *first = json_object_iter(tasks);
        if (first && json_object_size(tasks) == 1) return json_object_iter_value(first);
    }
    return NULL;
}

/* The last line, as the articles print it. */
static void put_last(const hx_cli *c, const json_t *f) {
    double accuracy = json_number_value(json_object_get(f, "accuracy")),
           precision = json_number_value(json_object_get(f, "precision")),
           recall = json_number_value(json_object_get(f, "recall"));
    if (!json_object_get(f, "precision")) return;
    fprintf(c->out, "Accuracy: %.4f, Precision: %.4f, Recall: %.4f\n", accuracy, precision, recall);
}

static int report(showing *s, hx_str metrics, const char *run) {
    hx_cli *c = s->c;
    json_t *m = hx_output_parse(c, metrics);
    if (!m) return HX_EXIT_FAILED;
    hx_cli_note(c, "the model is %s/best; --model %s takes it",
                "模型在 %s/best，可用 --model %s 使用", run, run);
    if (c->shape == HX_SHAPE_JSON)
        fprintf(c->out, "%.*s\n", (int)(metrics.len > 0 ? metrics.len - 1 : 0), metrics.ptr);
    else
        put_last(c, last_figures(m));
    json_decref(m);
    return HX_EXIT_DONE;
}

int hx_train_go(hx_cli *c, json_t *config) {
    const char *run = c->options.text[HX_OPT_TARGET];
    showing s = {.c = c};
    hx_error err = {.ui = c->ui};
    hx_str metrics = {NULL, 0};
    const hx_train_calls calls = {.n_threads = hx_cli_has(&c->options, HX_OPT_THREADS)
                                                   ? (size_t)c->options.number[HX_OPT_THREADS]
                                                   : 0,
                                  .kernels = getenv("HUAXIANG_KERNELS"),
                                  .progress = show_progress,
                                  .notice = show_notice,
                                  .evaluated = show_evaluation,
                                  .context = &s,
                                  .cancel = &c->cancel};
    char *text = json_dumps(config, JSON_COMPACT);
    json_decref(config);
    if (!run) {
        free(text);
        return hx_cli_usage(c, "train needs --out RUN, a folder", "train 需要 --out 目录");
    }
    if (!text) return hx_cli_fail(c, "out of memory", "内存不足");
    bool resume = hx_cli_has(&c->options, HX_OPT_RESUME);
    hx_status st = hx_train(hx_str_of(text), run, resume, &calls, c->arena, &metrics, &err);
    free(text);
    hx_progress_clear(c);
    return st == HX_OK ? report(&s, metrics, run) : hx_cli_error(c, &err);
}
