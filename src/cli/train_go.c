/* train_go.c - runs a training on the command line: progress on standard error, a row an evaluation on standard output.
 *
 *      epoch   step     loss  validation  accuracy  precision  recall      f1  macro f1
 *          1    120   0.4312      0.3870    0.8431     0.8440  0.8398  0.8419    0.8430
 *
 * Columns are those that the first evaluation has. As JSON, the evaluations and the last figures are objects, one a line; as CSV there is one
 * table and nothing beside it: the evaluations, the folds' figures, the learners, the trials. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/llama.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/train.h"

#define PATH_BYTES 4096

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
static const char *const figures[][3] = {{"loss", "validation", "验证损失"},
                                         {"perplexity", "perplexity", "困惑度"},
                                         {"accuracy", "accuracy", "准确率"},
                                         {"precision", "precision", "精确率"},
                                         {"recall", "recall", "召回率"},
                                         {"f1", "f1", "F1"},
                                         {"macro_f1", "macro f1", "宏平均 F1"},
                                         {"uas", "uas", "无标记依存"},
                                         {"las", "las", "有标记依存"},
                                         {"rmse", "rmse", "均方根误差"},
                                         {"r2", "r2", "R2"}};
#define FIGURES_N (sizeof figures / sizeof *figures)
#define CELL 11
#define NEAR                                                                                       \
    0.02 /* batches are not of one size: what is evaluated at an epoch's end is a little beside it */

static void put_cell(const showing *s, const char *text) {
    FILE *out = s->c->out;
    int width = 0;
    for (const char *p = text; *p; p++)
        if (((unsigned char)*p & 0xC0) != 0x80) width += (unsigned char)*p >= 0xE0 ? 2 : 1;
    fprintf(out, "%*s%s", width < CELL ? CELL - width : 1, "", text);
}

static void put_titles(const showing *s, const json_t *task, bool named) {
    put_cell(s, hx_cli_tr(s->c, "epoch", "轮"));
    put_cell(s, hx_cli_tr(s->c, "step", "步"));
    put_cell(s, hx_cli_tr(s->c, "loss", "训练损失"));
    if (named) put_cell(s, hx_cli_tr(s->c, "task", "任务"));
    for (size_t i = 0; i < FIGURES_N; i++)
        if (named || json_object_get(task, figures[i][0]))
            put_cell(s, hx_cli_tr(s->c, figures[i][1], figures[i][2]));
    fputc('\n', s->c->out);
}

/* As CSV: keys in place of titles, cells with a comma between them. Names of tasks have no comma. */
static void put_keys(const showing *s, const json_t *task, bool named) {
    fputs(named ? "epoch,step,training_loss,task" : "epoch,step,training_loss", s->c->out);
    for (size_t i = 0; i < FIGURES_N; i++)
        if (named || json_object_get(task, figures[i][0])) fprintf(s->c->out, ",%s", figures[i][0]);
    fputc('\n', s->c->out);
}

static void put_number(const showing *s, const json_t *v, const char *format) {
    bool csv = s->c->shape == HX_SHAPE_CSV;
    char text[40] = "-";
    if (csv) text[0] = '\0';
    if (json_is_number(v)) (void)snprintf(text, sizeof text, format, json_number_value(v));
    if (csv)
        fprintf(s->c->out, ",%s", text);
    else
        put_cell(s, text);
}

static void put_row(const showing *s, const json_t *e, const char *name, const json_t *task,
                    bool named) {
    bool csv = s->c->shape == HX_SHAPE_CSV;
    double epoch = json_number_value(json_object_get(e, "epoch")), whole = round(epoch);
    char place[40];
    (void)snprintf(place, sizeof place, "%.4g", fabs(epoch - whole) < NEAR ? whole : epoch);
    if (csv)
        fputs(place, s->c->out);
    else
        put_cell(s, place);
    put_number(s, json_object_get(e, "step"), "%.0f");
    put_number(s, json_object_get(e, "loss"), "%.4f");
    if (named && csv)
        fprintf(s->c->out, ",%s", name);
    else if (named)
        put_cell(s, name);
    for (size_t i = 0; i < FIGURES_N; i++)
        if (named || json_object_get(task, figures[i][0]))
            put_number(s, json_object_get(task, figures[i][0]), "%.4f");
    fputc('\n', s->c->out);
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
        if (!s->titled && s->c->shape == HX_SHAPE_CSV)
            put_keys(s, task, named);
        else if (!s->titled)
            put_titles(s, task, named);
        s->titled = true;
        put_row(s, e, name, task, named);
    }
    (void)fflush(s->c->out);
    json_decref(e);
}

/* ------------------------------------------------------------------ the end */
static void put_line(const hx_cli *c, hx_str json) {
    while (json.len > 0 && json.ptr[json.len - 1] == '\n')
        json.len--;
    fprintf(c->out, "%.*s\n", (int)json.len, json.ptr);
}

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
    if (!json_object_get(f, "precision") || c->shape == HX_SHAPE_CSV) return;
    hx_output_averages(c, f);
    fprintf(c->out, "Accuracy: %.4f, Precision: %.4f, Recall: %.4f\n", accuracy, precision, recall);
}

static int report_one(hx_cli *c, const json_t *m, const char *run) {
    char best[PATH_BYTES];
    hx_cli_note(c, "the model is %s/best; --model %s takes it",
                "模型在 %s/best，可用 --model %s 使用", run, run);
    (void)snprintf(best, sizeof best, "%s/best", run);
    hx_cli_note_transformers(c, best);
    if (c->shape != HX_SHAPE_JSON) put_last(c, last_figures(m));
    return HX_EXIT_DONE;
}

static void put_means(const hx_cli *c, const json_t *figures_of, const char *before) {
    const char *key;
    json_t *v;
    bool csv = c->shape == HX_SHAPE_CSV;
    json_object_foreach((json_t *)(uintptr_t)figures_of, key, v) if (csv || strcmp(key, "n") != 0)
        fprintf(c->out, csv ? "%s%s,%.4f,%.4f\n" : "%s%s: %.4f ± %.4f\n", before, key,
                json_number_value(json_object_get(v, "mean")),
                json_number_value(json_object_get(v, "deviation")));
}

/* Learners side by side: means over the folds. */
static int report_rivals(hx_cli *c, const json_t *m) {
    static const hx_record_column columns[] = {
        {"learner", "learner", "学习器", HX_CELL_LEFT},
        {"accuracy.mean", "accuracy", "准确率", HX_CELL_RIGHT},
        {"accuracy.deviation", "±", "±", HX_CELL_RIGHT},
        {"macro_f1.mean", "macro F1", "宏平均 F1", HX_CELL_RIGHT},
        {"macro_f1.deviation", "±", "±", HX_CELL_RIGHT},
        {"gain", "gain", "增益", HX_CELL_RIGHT}};
    bool ok = hx_output_records(c, json_object_get(m, "learners"), columns,
                                sizeof columns / sizeof *columns);
    hx_cli_note(c, "best on the folds: %s; gain: macro F1 over it",
                "各折上最好的是 %s；增益指相对它的宏平均 F1",
                json_string_value(json_object_get(m, "chosen")));
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int report_folds(hx_cli *c, const json_t *m) {
    if (json_object_get(m, "learners")) return report_rivals(c, m);
    bool csv = c->shape == HX_SHAPE_CSV;
    if (csv) fputs("figure,mean,deviation\n", c->out);
    put_means(c, json_object_get(m, "figures"), "");
    put_means(c, json_object_get(m, "test"), csv ? "test " : hx_cli_tr(c, "test ", "测试集 "));
    return HX_EXIT_DONE;
}

/* Each label on the test, of the chosen learner. */
static bool put_labels(hx_cli *c, const json_t *test) {
    static const hx_record_column columns[] = {{"label", "label", "标签", HX_CELL_LEFT},
                                               {"n", "texts", "文本数", HX_CELL_RIGHT},
                                               {"predicted", "predicted", "预测数", HX_CELL_RIGHT},
                                               {"precision", "precision", "精确率", HX_CELL_RIGHT},
                                               {"recall", "recall", "召回率", HX_CELL_RIGHT},
                                               {"f1", "F1", "F1", HX_CELL_RIGHT}};
    const json_t *labels = json_object_get(test, "labels");
    return json_array_size(labels) == 0 ||
           hx_output_records(c, labels, columns, sizeof columns / sizeof *columns);
}

static int report_compare(hx_cli *c, const json_t *m) {
    static const hx_record_column columns[] = {{"learner", "learner", "学习器", HX_CELL_LEFT},
                                               {"accuracy", "accuracy", "准确率", HX_CELL_RIGHT},
                                               {"macro_f1", "macro F1", "宏平均 F1", HX_CELL_RIGHT},
                                               {"seconds", "seconds", "秒", HX_CELL_RIGHT}};
    const json_t *test = json_object_get(m, "test"), *all = json_object_get(m, "ensemble"),
                 *stack = json_object_get(m, "stack");
    const json_t *rows = json_object_get(m, "validation");
    bool ok = json_array_size(rows) < 2 ||
              hx_output_records(c, rows, columns, sizeof columns / sizeof *columns);
    double one = json_number_value(json_object_get(test, "accuracy")),
           both = json_number_value(json_object_get(all, "accuracy")),
           weighed = json_number_value(json_object_get(stack, "accuracy"));
    if (c->shape == HX_SHAPE_CSV && json_array_size(rows) > 1)
        return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
    if (json_is_object(all) && json_is_object(stack))
        fprintf(c->out,
                hx_cli_tr(c,
                          "chosen on validation: %s; on the test %.4f, the average of all %.4f "
                          "(%+.4f), the stack %.4f (%+.4f)\n",
                          "按验证集选出：%s；测试集准确率 %.4f，平均集成 %.4f（%+.4f），堆叠集成 "
                          "%.4f（%+.4f）\n"),
                json_string_value(json_object_get(m, "chosen")), one, both, both - one, weighed,
                weighed - one);
    ok = put_labels(c, test) && ok;
    put_last(c, test);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int report_tune(hx_cli *c, const json_t *m) {
    static const hx_record_column columns[] = {{"run", "run", "训练", HX_CELL_LEFT},
                                               {"settings", "settings", "设置", HX_CELL_LEFT},
                                               {"share", "share", "份额", HX_CELL_RIGHT},
                                               {"figure", "figure", "指标", HX_CELL_RIGHT}};
    json_t *trials = json_array(), *trial;
    size_t i;
    json_array_foreach(json_object_get(m, "trials"), i, trial) {
        json_t *row = json_copy(trial);
        char *text =
            json_dumps(json_object_get(trial, "settings"), JSON_COMPACT | JSON_REAL_PRECISION(6));
        (void)json_object_set_new(row, "settings", json_string(text ? text : ""));
        (void)json_array_append_new(trials, row);
        free(text);
    }
    bool ok = hx_output_records(c, trials, columns, sizeof columns / sizeof *columns);
    json_decref(trials);
    const json_t *best = json_object_get(m, "best");
    const char *folder = c->options.text[HX_OPT_TARGET],
               *run = json_string_value(json_object_get(best, "run"));
    char *settings =
        json_dumps(json_object_get(best, "settings"), JSON_COMPACT | JSON_REAL_PRECISION(6));
    hx_cli_note(c, "the best on validation is %s/%s: %s; its figures on the test:",
                "验证集上最好的是 %s/%s：%s；其测试集指标：", folder, run,
                settings ? settings : "");
    free(settings);
    put_last(c, json_object_get(best, "test"));
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int report(showing *s, hx_str metrics, const char *run, hx_train_way way) {
    hx_cli *c = s->c;
    json_t *m = hx_output_parse(c, metrics);
    int status = HX_EXIT_DONE;
    if (!m) return HX_EXIT_FAILED;
    if (c->shape == HX_SHAPE_JSON) put_line(c, metrics);
    if (way == HX_TRAIN_ONE)
        status = report_one(c, m, run);
    else if (c->shape != HX_SHAPE_JSON)
        status = way == HX_TRAIN_FOLDS     ? report_folds(c, m)
                 : way == HX_TRAIN_COMPARE ? report_compare(c, m)
                                           : report_tune(c, m);
    json_decref(m);
    return status;
}

static hx_status run_way(const hx_cli *c, hx_train_way way, hx_str config, const char *run,
                         const hx_train_calls *calls, hx_str *metrics, hx_error *err) {
    const hx_cli_values *v = &c->options;
    bool resume = hx_cli_has(v, HX_OPT_RESUME);
    const char *learners = v->text[HX_OPT_LEARNER] ? v->text[HX_OPT_LEARNER] : HX_TRAIN_LEARNERS;
    switch (way) {
    case HX_TRAIN_FOLDS:
        return hx_train_folds(config, run, (size_t)v->number[HX_OPT_FOLDS], resume, calls, c->arena,
                              metrics, err);
    case HX_TRAIN_COMPARE:
        return hx_train_compare(config, run, learners, resume, calls, c->arena, metrics, err);
    case HX_TRAIN_TUNE:
        return hx_train_tune(config, run,
                             hx_cli_has(v, HX_OPT_TRIALS) ? (size_t)v->number[HX_OPT_TRIALS] : 9,
                             resume, calls, c->arena, metrics, err);
    default:
        return hx_train(config, run, resume, calls, c->arena, metrics, err);
    }
}

int hx_train_go(hx_cli *c, json_t *config, hx_train_way way) {
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
    hx_status st = run_way(c, way, hx_str_of(text), run, &calls, &metrics, &err);
    free(text);
    hx_progress_clear(c);
    return st == HX_OK ? report(&s, metrics, run, way) : hx_cli_error(c, &err);
}
