/* cmd_evaluate_labels.c - evaluate sentiment, intent, classify: how often a model's labels are right.
 *
 * One record: who was asked, and hx_evaluate()'s figures. With --against another model reads the same rows and McNemar's exact test says whether the
 * difference may be chance; with --calibrate FILE a temperature is fitted on that file's rows, which must not be those of --data, and applied
 * before the figures are made. As a table: both models' figures, then the labels. With --engine all one record an engine. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/evaluate.h"
#include "cli/output.h"

typedef struct {
    hx_cli *c;
    hx_rate_task task;
    hx_rated_rows rows, other_rows; /* other: of --calibrate */
    hx_rate_classes classes;
    uint32_t *labels; /* (rows.n) */
    uint32_t *against; /* (rows.n), NULL = no other model */
    double temperature; /* 0 = none fitted */
} evaluation;

static const char *const task_names[] = {"sentiment", "intent", "classify", "keywords", "emotions"};

/* ------------------------------------------------------------------ rows */
static uint32_t *indexes_of(hx_cli *c, const hx_rated_rows *rows, const hx_rate_classes *classes) {
    uint32_t *labels = hx_arena_alloc(c->arena, (rows->n + 1) * sizeof *labels);
    for (size_t i = 0; labels && i < rows->n; i++)
        labels[i] = (uint32_t)hx_rate_class(classes, rows->given[i]);
    return labels;
}

static uint32_t *best_of(hx_cli *c, const float *p, size_t n, size_t n_classes) {
    uint32_t *best = hx_arena_alloc(c->arena, (n + 1) * sizeof *best);
    for (size_t i = 0; best && i < n; i++)
        for (uint32_t k = 1; k < n_classes; k++)
            if (p[i * n_classes + k] > p[i * n_classes + best[i]]) best[i] = k;
    return best;
}

static int no_memory(hx_cli *c) {
    return hx_cli_fail(c, "not enough memory for the figures", "内存不足，无法计算指标");
}

static int read_rows(evaluation *e) {
    hx_cli *c = e->c;
    const char *data = c->options.text[HX_OPT_FORETOLD], *more = c->options.text[HX_OPT_CALIBRATE];
    if (!data) return hx_cli_usage(c, "evaluate needs --data FILE", "evaluate 需要 --data 文件");
    if (more && strcmp(more, data) == 0)
        return hx_cli_usage(c, "--calibrate needs rows other than those of --data",
                            "--calibrate 须用 --data 之外的数据行");
    if (!hx_rated_read(c, data, e->task, &e->rows)) return HX_EXIT_FAILED;
    if (more && !hx_rated_read(c, more, e->task, &e->other_rows)) return HX_EXIT_FAILED;
    if (!hx_rate_classes_of(c, e->task, &e->rows, &e->classes) ||
        !hx_rate_classes_of(c, e->task, &e->other_rows, &e->classes))
        return HX_EXIT_FAILED;
    const char *out = c->options.text[HX_OPT_OUT_OF_SCOPE];
    if (out && (hx_rate_class(&e->classes, out) == e->classes.n || e->classes.n < 2))
        return hx_cli_fail(c, "--out-of-scope: no row has the label '%s' beside others",
                           "--out-of-scope：没有标签为“%s”的行，或没有其他标签", out);
    if (e->rows.skipped > 0)
        hx_cli_note(c, "%zu rows without a text or a label are left out",
                    "略去 %zu 行：没有文本或标签", e->rows.skipped);
    return HX_EXIT_DONE;
}

/* ------------------------------------------------------------------ one model */
static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool calibrate(evaluation *e, hx_rater *r, float *p) {
    float *q;
    if (!hx_rater_run(e->c, r, &e->other_rows, &e->classes, &q)) return false;
    const uint32_t *labels = indexes_of(e->c, &e->other_rows, &e->classes);
    if (!labels) return no_memory(e->c), false;
    e->temperature = hx_temperature_of(labels, q, e->other_rows.n, e->classes.n, e->c->arena);
    hx_temperature_apply(e->temperature, p, e->rows.n, e->classes.n);
    return true;
}

/* Where --out-of-scope is said, the rows of --calibrate are for the threshold alone. */
static json_t *scope_of(evaluation *e, hx_rater *r, const float *p, uint32_t *said) {
    hx_scope_rows rows = {e->labels, p, e->rows.n}, dev = {NULL, NULL, 0};
    size_t out = hx_rate_class(&e->classes, e->c->options.text[HX_OPT_OUT_OF_SCOPE]);
    float *q;
    if (e->other_rows.n > 0) {
        if (!hx_rater_run(e->c, r, &e->other_rows, &e->classes, &q)) return NULL;
        dev = (hx_scope_rows){indexes_of(e->c, &e->other_rows, &e->classes), q, e->other_rows.n};
        if (!dev.labels) return no_memory(e->c), NULL;
    }
    json_t *record = hx_evaluate_scope(e->c, &e->classes, out, &rows, &dev, said);
    if (!record) no_memory(e->c);
    return record;
}

/* Both the model's own and the one fitted here: what is divided twice is divided by the product. */
static double temperature_of(const evaluation *e, const hx_rater *r, bool first) {
    double own = r->prompt ? 0 : r->temperature, fitted = first ? e->temperature : 0;
    return own > 0 && fitted > 0 ? own * fitted : own > 0 ? own : fitted;
}

void hx_evaluate_say_temperature(hx_cli *c, const json_t *record) {
    const json_t *ece = json_object_get(record, "ece"),
                 *before = json_object_get(record, "ece_before");
    if (!json_is_number(ece) || !json_is_number(before)) return;
    hx_cli_note(c, "temperature %.3g: the probabilities' ECE is %.4f, without it %.4f",
                "温度 %.3g：概率的校准误差（ECE）为 %.4f，不用温度时为 %.4f",
                json_number_value(json_object_get(record, "temperature")), json_number_value(ece),
                json_number_value(before));
}

static json_t *figures_of(evaluation *e, const uint32_t *said, const float *p, double temperature) {
    hx_error err = {.ui = e->c->ui};
    hx_str json;
    const hx_evaluation asked = {.labels = e->labels,
                                 .predictions = said,
                                 .probabilities = p,
                                 .against = e->against,
                                 .n = e->rows.n,
                                 .n_labels = e->classes.n,
                                 .names = e->classes.names,
                                 .temperature = temperature,
                                 .seed = (uint64_t)e->c->options.number[HX_OPT_SEED]};
    if (hx_evaluate(&asked, e->c->arena, &json, &err) == HX_OK) return hx_output_parse(e->c, json);
    hx_cli_error(e->c, &err);
    return NULL;
}

/* Reads all rows with one model. `said` gets its answers; NULL after a sentence. */
static json_t *ask(evaluation *e, const char *model, const char *engine, bool first,
                   uint32_t **said) {
    hx_rater r;
    float *p;
    json_t *record = NULL, *scope = NULL;
    bool scoped = e->c->options.text[HX_OPT_OUT_OF_SCOPE] != NULL;
    int status = hx_rater_open(e->c, &r, e->task, model, engine, &e->classes);
    double began = seconds_now(), seconds = 0;
    bool done = status == HX_EXIT_DONE;
    bool adds = e->task == HX_RATE_CLASSIFY || scoped;
    for (size_t i = 0; done && adds && i < r.n_labels; i++)
        done = hx_rate_classes_add(e->c, &e->classes, r.labels[i]);
    done = done && hx_rater_run(e->c, &r, &e->rows, &e->classes, &p);
    seconds = seconds_now() - began;
    if (done && first && !scoped && e->other_rows.n > 0) done = calibrate(e, &r, p);
    e->labels = done ? indexes_of(e->c, &e->rows, &e->classes) : NULL;
    *said = done ? best_of(e->c, p, e->rows.n, e->classes.n) : NULL;
    if (done && (!e->labels || !*said)) no_memory(e->c);
    if (done && scoped && e->labels && *said) {
        scope = scope_of(e, &r, p, *said);
        done = scope != NULL;
    }
    json_t *figures =
        done && e->labels && *said ? figures_of(e, *said, p, temperature_of(e, &r, first)) : NULL;
    if (figures) {
        record = json_pack("{s:s,s:s,s:s}", "task", task_names[e->task], "engine",
                           hx_engine_name(r.engine), "model", r.name);
        (void)json_object_update(record, figures);
        hx_evaluate_say_temperature(e->c, record);
        if (scope) (void)json_object_set(record, "scope", scope);
        (void)json_object_set_new(
            record, "texts_per_second",
            json_real(floor((double)e->rows.n / (seconds > 0 ? seconds : 1) * 10) / 10));
        json_decref(figures);
    }
    json_decref(scope);
    hx_rater_close(&r);
    return record;
}

/* ------------------------------------------------------------------ output */
static bool put_figures(hx_cli *c, const json_t *records) {
    static const hx_record_column columns[] = {
        {"task", "task", "任务", HX_CELL_LEFT},
        {"engine", "engine", "引擎", HX_CELL_LEFT},
        {"model", "model", "模型", HX_CELL_LEFT},
        {"n", "texts", "文本数", HX_CELL_RIGHT},
        {"accuracy", "accuracy", "准确率", HX_CELL_RIGHT},
        {"precision", "precision", "精确率", HX_CELL_RIGHT},
        {"recall", "recall", "召回率", HX_CELL_RIGHT},
        {"f1", "F1", "F1", HX_CELL_RIGHT},
        {"macro_f1", "macro F1", "宏平均 F1", HX_CELL_RIGHT},
        {"auc", "AUC", "AUC", HX_CELL_RIGHT},
        {"log_loss", "log loss", "对数损失", HX_CELL_RIGHT},
        {"ece", "ECE", "校准误差", HX_CELL_RIGHT},
        {"ece_limit", "limit", "上限", HX_CELL_RIGHT},
        {"ece_within", "within", "在上限内", HX_CELL_LEFT},
        {"against.p", "p (McNemar)", "p（McNemar）", HX_CELL_RIGHT},
        {"texts_per_second", "texts/s", "条/秒", HX_CELL_RIGHT}};
    return hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
}

static bool put_labels(hx_cli *c, const json_t *record) {
    static const hx_record_column columns[] = {{"label", "label", "标签", HX_CELL_LEFT},
                                               {"n", "texts", "文本数", HX_CELL_RIGHT},
                                               {"predicted", "predicted", "预测数", HX_CELL_RIGHT},
                                               {"precision", "precision", "精确率", HX_CELL_RIGHT},
                                               {"precision_interval", "95 %", "95 %", HX_CELL_LEFT},
                                               {"recall", "recall", "召回率", HX_CELL_RIGHT},
                                               {"recall_interval", "95 %", "95 %", HX_CELL_LEFT},
                                               {"f1", "F1", "F1", HX_CELL_RIGHT}};
    hx_outbuf gap = {0};
    hx_outbuf_byte(&gap, '\n');
    bool done = hx_output_write(c, &gap);
    hx_outbuf_release(&gap);
    return done && hx_output_records(c, json_object_get(record, "labels"), columns,
                                     sizeof columns / sizeof *columns);
}

/* others: records of the other engines, or NULL. */
static int report(evaluation *e, json_t *first, json_t *second, json_t *others) {
    hx_cli *c = e->c;
    json_t *records = json_array(), *against = json_object_get(first, "against");
    (void)json_array_append(records, first);
    if (others) (void)json_array_extend(records, others);
    if (second) {
        (void)json_object_set(against, "engine", json_object_get(second, "engine"));
        (void)json_object_set(against, "model", json_object_get(second, "model"));
        (void)json_object_set(against, "macro_f1", json_object_get(second, "macro_f1"));
        if (c->shape != HX_SHAPE_JSON) (void)json_array_append(records, second);
    }
    bool done = put_figures(c, records);
    if (done && c->shape == HX_SHAPE_TABLE) done = put_labels(c, first);
    if (done && c->shape == HX_SHAPE_TABLE) hx_output_averages(c, first);
    json_t *scope = json_object_get(first, "scope");
    if (done && scope && c->shape == HX_SHAPE_TABLE) done = hx_evaluate_put_scope(c, scope);
    json_decref(records);
    return done ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* Whether all engines of the task are to read the rows: by --engine all; as a table unless a model or an engine is named, too. */
static bool wants_all(const hx_cli *c, hx_rate_task task) {
    const char *engine = c->options.text[HX_OPT_ENGINE];
    if (c->options.text[HX_OPT_MODEL] || task == HX_RATE_CLASSIFY) return false;
    if (engine) return strcmp(engine, "all") == 0;
    return c->shape == HX_SHAPE_TABLE && !c->options.text[HX_OPT_AGAINST];
}

/* What the engines but the rules say; NULL after a sentence. */
static json_t *ask_others(evaluation *e) {
    hx_cli *c = e->c;
    json_t *records = json_array();
    uint32_t *said;
    for (int i = HX_ENGINE_LEARN; i <= HX_ENGINE_LLAMA; i++) {
        bool learns = i == HX_ENGINE_LEARN;
        if (!learns && !hx_cli_small_is_there(c)) {
            hx_cli_say_no_small(c);
            continue;
        }
        json_t *record = ask(e, NULL, hx_engine_name((hx_engine)i), false, &said);
        if (!record) {
            json_decref(records);
            return NULL;
        }
        (void)json_array_append_new(records, record);
    }
    return records;
}

int hx_cmd_evaluate_labels(hx_cli *c, hx_rate_task task) {
    evaluation e = {.c = c, .task = task};
    const char *other = c->options.text[HX_OPT_AGAINST];
    const char *engine = c->options.text[HX_OPT_ENGINE];
    uint32_t *said, *said_too;
    json_t *second = NULL, *others = NULL;
    if (!hx_cli_adapt(c)) return HX_EXIT_FAILED;
    engine = c->options.text[HX_OPT_ENGINE];
    bool all = wants_all(c, task);
    int status = read_rows(&e);
    if (status != HX_EXIT_DONE) return status;
    if (other) {
        second = ask(&e, other, NULL, false, &said_too);
        if (!second) return HX_EXIT_FAILED;
        e.against = said_too;
    }
    json_t *first = ask(&e, c->options.text[HX_OPT_MODEL],
                        all ? hx_engine_name(HX_ENGINE_RULES) : engine, true, &said);
    if (first && all) others = ask_others(&e);
    status = first && (others || !all) ? report(&e, first, second, others) : HX_EXIT_FAILED;
    json_decref(first);
    json_decref(others);
    json_decref(second);
    return status;
}
