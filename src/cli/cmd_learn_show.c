/* cmd_learn_show.c - models and figures for eyes: coefficients with intervals, importances as bars, losses as a line, deciles.
 *
 * In JSON every answer is the library's own object, one line. In CSV it is the table that stands first here. For eyes numbers have six
 * digits, intervals four; of many features the 30 that count most are shown, of many epochs twelve on a logarithmic scale, the first
 * and the last among them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/learn.h"
#include "cli/output.h"

#define FEATURES_SHOWN 30
#define BAR_CELLS 20
#define SPARK_CELLS 48
#define EPOCHS_SHOWN 12
#define NUMBER_BYTES 40
#define SHOWN_DIGITS 5
#define Z_95 1.959963984540054

typedef struct {
    const char *key, *en, *zh;
} figure_name;
static const figure_name figure_names[] = {
    {"accuracy", "accuracy", "准确率"},
    {"balanced_accuracy", "balanced accuracy", "平衡准确率"},
    {"precision", "precision", "精确率"},
    {"recall", "recall", "召回率"},
    {"f1", "F1", "F1"},
    {"macro_f1", "macro F1", "宏平均 F1"},
    {"auc", "ROC-AUC", "ROC-AUC"},
    {"pr_auc", "PR-AUC", "PR-AUC"},
    {"log_loss", "log loss", "对数损失"},
    {"brier", "Brier", "Brier"},
    {"ks", "KS", "KS"},
    {"gini", "Gini", "基尼"},
    {"ece", "ECE", "校准误差"},
    {"r2", "R2", "R2"},
    {"rmse", "RMSE", "RMSE"},
    {"mae", "MAE", "MAE"},
    {"median_error", "median error", "误差中位数"},
    {"mape", "MAPE", "MAPE"},
    {"sum_loss", "sum of squares", "平方损失之和"},
    {"mean_loss", "mean square", "平均平方损失"},
    {"concordance", "concordance", "一致性"},
    {"nearest_accuracy", "accuracy (nearest code)", "准确率（最近编码）"}};
#define FIGURES (sizeof figure_names / sizeof *figure_names)

/* ------------------------------------------------------------------ pieces */
static json_t *number_text(double v) {
    char text[NUMBER_BYTES];
    if (!isfinite(v)) return json_null();
    (void)snprintf(text, sizeof text, "%.6g", v);
    return json_string(text);
}

static double number_at(const json_t *object, const char *key) {
    const json_t *v = hx_json_at(object, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static json_t *interval_text(double low, double high) {
    char text[2 * NUMBER_BYTES];
    if (!isfinite(low) || !isfinite(high)) return json_null();
    (void)snprintf(text, sizeof text, "%.4g … %.4g", low, high);
    return json_string(text);
}

static json_t *bar_text(double share) {
    char text[BAR_CELLS * 3 + 1] = "";
    const int cells = (int)lround(fmin(fmax(share, 0), 1) * BAR_CELLS);
    for (int i = 0; i < cells; i++)
        memcpy(text + (size_t)i * 3, "█", 4);
    return json_string(text);
}

static bool put_gap(hx_cli *c) {
    hx_outbuf gap = {0};
    hx_outbuf_byte(&gap, '\n');
    const bool ok = hx_output_write(c, &gap);
    hx_outbuf_release(&gap);
    return ok;
}

static bool put_line(hx_cli *c, const char *text) {
    hx_outbuf line = {0};
    hx_outbuf_visible(&line, hx_str_of(text), 0);
    hx_outbuf_byte(&line, '\n');
    const bool ok = hx_output_write(c, &line);
    hx_outbuf_release(&line);
    return ok;
}

static bool put_json(hx_cli *c, const json_t *value) {
    hx_outbuf out = {0};
    hx_output_json(&out, value);
    const bool ok = hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return ok;
}

/* ------------------------------------------------------------------ features */
static json_t *coefficient(const char *class, const char *name, double v, double error, double t,
                           const json_t *p) {
    json_t *r = json_object();
    if (class != NULL) json_object_set_new(r, "class", json_string(class));
    json_object_set_new(r, "feature", json_string(name));
    json_object_set_new(r, "coefficient", number_text(v));
    json_object_set_new(r, "interval", interval_text(v - t * error, v + t * error));
    if (json_is_number(p)) json_object_set_new(r, "p", number_text(json_number_value(p)));
    return r;
}

/* Row `k` of (d + 1) coefficients, the last the intercept; of numbers the intercept stands alone. */
static void add_coefficients(json_t *records, const json_t *s, const char *class, size_t k,
                             size_t width) {
    const json_t *names = json_object_get(s, "names"), *w = json_object_get(s, "coefficients");
    const json_t *errors = json_object_get(s, "standard_errors"), *p = json_object_get(s, "p");
    const size_t d = json_array_size(names);
    const double t = json_is_number(json_object_get(s, "t_95")) ? number_at(s, "t_95") : Z_95;
    for (size_t j = 0; j < width; j++) {
        const json_t *error = json_array_get(errors, j);
        json_array_append_new(
            records,
            coefficient(class, j < d ? json_string_value(json_array_get(names, j)) : "(intercept)",
                        json_number_value(json_array_get(w, k * width + j)),
                        json_is_number(error) ? json_number_value(error) : NAN, t,
                        json_array_get(p, j)));
    }
    if (width > d || json_object_get(s, "intercept") == NULL) return;
    json_array_append_new(records, coefficient(class, "(intercept)", number_at(s, "intercept"),
                                               number_at(s, "intercept_error"), t, NULL));
}

static json_t *coefficients(const json_t *s) {
    const json_t *classes = json_object_get(s, "classes");
    const size_t n = json_array_size(json_object_get(s, "coefficients"));
    const size_t d = json_array_size(json_object_get(s, "names"));
    const size_t width = json_object_get(s, "intercept") != NULL || n == d ? d : d + 1;
    json_t *records = json_array();
    const size_t rows = width > 0 && n % width == 0 ? n / width : 0;
    for (size_t k = 0; k < rows; k++) {
        const char *class = json_string_value(json_array_get(classes, rows == 1 ? 1 : k));
        add_coefficients(records, s, class, k, width);
    }
    return records;
}

/* The greatest first. */
static json_t *importances(const json_t *s) {
    const json_t *names = json_object_get(s, "names"), *w = json_object_get(s, "importances");
    const size_t n = json_array_size(w);
    json_t *records = json_array(), *used = json_array();
    double most = 0;
    for (size_t k = 0; k < n && k < FEATURES_SHOWN; k++) {
        size_t best = n;
        for (size_t j = 0; j < n; j++) {
            const double v = json_number_value(json_array_get(w, j));
            if (json_is_true(json_array_get(used, j))) continue;
            if (best == n || v > json_number_value(json_array_get(w, best))) best = j;
        }
        const double v = json_number_value(json_array_get(w, best));
        while (json_array_size(used) < n)
            json_array_append_new(used, json_false());
        json_array_set_new(used, best, json_true());
        if (k == 0) most = v;
        if (v <= 0) break;
        json_array_append_new(records,
                              json_pack("{s:O,s:f,s:o}", "feature", json_array_get(names, best),
                                        "importance", v, "bar", bar_text(v / most)));
    }
    json_decref(used);
    return records;
}

static bool put_features(hx_cli *c, const json_t *s) {
    hx_record_column columns[] = {{"class", "class", "类别", HX_CELL_LEFT},
                                  {"feature", "feature", "特征", HX_CELL_LEFT},
                                  {"coefficient", "coefficient", "系数", HX_CELL_RIGHT},
                                  {"interval", "95 %", "95 %", HX_CELL_LEFT},
                                  {"p", "p", "p", HX_CELL_RIGHT},
                                  {"importance", "importance", "重要性", HX_CELL_RIGHT},
                                  {"bar", "", "", HX_CELL_LEFT}};
    const bool weighted = json_is_array(json_object_get(s, "coefficients"));
    json_t *records = weighted ? coefficients(s) : importances(s);
    bool ok = true;
    if (json_is_true(json_object_get(s, "scaled"))) {
        columns[2].en = "per deviation";
        columns[2].zh = "系数（每标准差）";
    }
    if (json_array_size(records) > 0)
        ok = hx_output_records(c, records, columns,
                               sizeof columns / sizeof *columns - (c->shape == HX_SHAPE_CSV));
    json_decref(records);
    return ok;
}

/* ------------------------------------------------------------------ losses */
static void spark(const json_t *losses, char text[SPARK_CELLS * 3 + 1]) {
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const size_t n = json_array_size(losses), cells = n < SPARK_CELLS ? n : SPARK_CELLS;
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        const double v = json_number_value(json_array_get(losses, i));
        low = fmin(low, v);
        high = fmax(high, v);
    }
    text[0] = '\0';
    for (size_t i = 0; i < cells; i++) {
        const size_t at = cells > 1 ? i * (n - 1) / (cells - 1) : 0;
        const double v = json_number_value(json_array_get(losses, at));
        const long level = high > low ? lround((v - low) / (high - low) * 7) : 0;
        memcpy(text + i * 3, blocks[level < 0 || level > 7 ? 0 : level], 4);
    }
}

/* Epochs on a logarithmic scale, the first and the last among them. */
static json_t *epochs(const json_t *losses) {
    const size_t n = json_array_size(losses);
    json_t *records = json_array();
    size_t before = 0;
    for (size_t i = 0; i < EPOCHS_SHOWN && n > 0; i++) {
        const double share = (double)i / (EPOCHS_SHOWN - 1);
        size_t epoch = n <= EPOCHS_SHOWN ? i + 1 : (size_t)llround(pow((double)n, share));
        if (epoch <= before) epoch = before + 1;
        if (epoch > n) break;
        before = epoch;
        json_array_append_new(
            records, json_pack("{s:I,s:o}", "epoch", (json_int_t)epoch, "loss",
                               number_text(json_number_value(json_array_get(losses, epoch - 1)))));
    }
    return records;
}

static bool put_losses(hx_cli *c, const json_t *s) {
    static const hx_record_column columns[] = {{"epoch", "epoch", "轮次", HX_CELL_RIGHT},
                                               {"loss", "loss", "损失", HX_CELL_RIGHT}};
    const json_t *losses = json_object_get(s, "loss");
    char line[SPARK_CELLS * 3 + 1];
    if (!json_is_array(losses) || json_array_size(losses) == 0) return true;
    spark(losses, line);
    json_t *records = epochs(losses);
    const bool ok = put_gap(c) && put_line(c, line) &&
                    hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

/* ------------------------------------------------------------------ figures */
static json_t *figure_records(const hx_cli *c, const json_t *e) {
    json_t *records = json_array();
    for (size_t i = 0; i < FIGURES; i++) {
        const json_t *v = json_object_get(e, figure_names[i].key);
        if (!json_is_number(v)) continue;
        const json_t *ends = json_object_get(json_object_get(e, "intervals"), figure_names[i].key);
        const json_t *low = json_array_get(ends, 0), *high = json_array_get(ends, 1);
        json_t *r = json_object();
        const char *name = c->shape == HX_SHAPE_CSV
                               ? figure_names[i].key
                               : hx_cli_tr(c, figure_names[i].en, figure_names[i].zh);
        json_object_set_new(r, "figure", json_string(name));
        json_object_set_new(r, "value", number_text(json_number_value(v)));
        if (json_is_number(low) && json_is_number(high))
            json_object_set_new(r, "interval",
                                interval_text(json_number_value(low), json_number_value(high)));
        json_array_append_new(records, r);
    }
    return records;
}

static bool put_figures(hx_cli *c, const json_t *e) {
    static const hx_record_column columns[] = {{"figure", "figure", "指标", HX_CELL_LEFT},
                                               {"value", "value", "值", HX_CELL_RIGHT},
                                               {"interval", "95 %", "95 %", HX_CELL_LEFT}};
    json_t *records = figure_records(c, e);
    const bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

static bool put_classes(hx_cli *c, const json_t *e) {
    static const hx_record_column columns[] = {{"class", "class", "类别", HX_CELL_LEFT},
                                               {"n", "rows", "行数", HX_CELL_RIGHT},
                                               {"predicted", "predicted", "预测数", HX_CELL_RIGHT},
                                               {"precision", "precision", "精确率", HX_CELL_RIGHT},
                                               {"recall", "recall", "召回率", HX_CELL_RIGHT},
                                               {"f1", "F1", "F1", HX_CELL_RIGHT},
                                               {"said", "called", "判为", HX_CELL_LEFT}};
    const json_t *classes = json_object_get(e, "classes");
    if (json_array_size(classes) == 0) return true;
    return put_gap(c) && hx_output_records(c, classes, columns, sizeof columns / sizeof *columns);
}

static bool put_deciles(hx_cli *c, const json_t *e) {
    static const hx_record_column columns[] = {
        {"decile", "decile", "十分位", HX_CELL_RIGHT},
        {"n", "rows", "行数", HX_CELL_RIGHT},
        {"least_probability", "probability from", "概率不低于", HX_CELL_RIGHT},
        {"positives", "positives", "正例", HX_CELL_RIGHT},
        {"rate", "rate", "正例率", HX_CELL_PERCENT},
        {"lift", "lift", "提升度", HX_CELL_RIGHT},
        {"gain", "gain", "累计召回", HX_CELL_PERCENT}};
    const json_t *deciles = json_object_get(e, "deciles");
    if (json_array_size(deciles) == 0) return true;
    return put_gap(c) && hx_output_records(c, deciles, columns, sizeof columns / sizeof *columns);
}

static bool put_threshold(hx_cli *c, const json_t *e) {
    char line[256];
    const json_t *t = json_object_get(e, "threshold");
    const double at = number_at(t, "at");
    if (t == NULL) return true;
    (void)snprintf(line, sizeof line,
                   hx_cli_tr(c, "cheapest threshold: %.4g, %.4g a row (%.4g at 0.5)",
                             "代价最小的阈值：%.4g，每行 %.4g（阈值 0.5 时 %.4g）"),
                   isnan(at) ? INFINITY : at, number_at(t, "mean_cost"),
                   number_at(t, "mean_cost_at_half"));
    return put_gap(c) && put_line(c, line);
}

static bool put_ranking(hx_cli *c, const json_t *e) {
    static const hx_record_column columns[] = {{"figure", "figure", "指标", HX_CELL_LEFT},
                                               {"value", "value", "值", HX_CELL_RIGHT},
                                               {"interval", "95 %", "95 %", HX_CELL_LEFT}};
    static const char *const keys[] = {"ndcg", "map", "recall", "precision"};
    static const char *const names[] = {"NDCG", "MAP", "recall", "precision"};
    static const char *const names_zh[] = {"NDCG", "MAP", "召回率", "精确率"};
    const json_t *r = json_object_get(e, "ranking");
    char line[256];
    if (r == NULL) return true;
    json_t *records = json_array();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *ends = json_object_get(json_object_get(r, "intervals"), keys[i]);
        const json_t *low = json_array_get(ends, 0), *high = json_array_get(ends, 1);
        json_array_append_new(
            records,
            json_pack("{s:s,s:o,s:o}", "figure", hx_cli_tr(c, names[i], names_zh[i]), "value",
                      number_text(number_at(r, keys[i])), "interval",
                      interval_text(json_is_number(low) ? json_number_value(low) : NAN,
                                    json_is_number(high) ? json_number_value(high) : NAN)));
    }
    (void)snprintf(
        line, sizeof line,
        hx_cli_tr(c,
                  "ranked within %s, the first %.0f of each; %.0f groups, %.0f more without a "
                  "relevant row:",
                  "按 %s 分组排序，取每组前 %.0f 名；共 %.0f 组，另有 %.0f 组没有相关行："),
        json_string_value(json_object_get(r, "by")), number_at(r, "at"), number_at(r, "groups"),
        number_at(r, "groups_without"));
    const bool ok = put_gap(c) && put_line(c, line) &&
                    hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

static bool show_evaluation(hx_cli *c, const json_t *e) {
    if (c->shape == HX_SHAPE_JSON) return put_json(c, e);
    if (c->shape == HX_SHAPE_CSV) return put_figures(c, e);
    return put_figures(c, e) && put_classes(c, e) && put_deciles(c, e) && put_threshold(c, e) &&
           put_ranking(c, e);
}

/* Rows of classes the model does not know. */
static void say_unknown(hx_cli *c, const json_t *e) {
    const json_t *list = json_object_get(e, "unknown_classes"), *one;
    char names[512] = "";
    size_t i, used = 0;
    json_array_foreach(list, i, one) {
        if (used >= sizeof names / 2) continue;
        const int n = snprintf(names + used, sizeof names - used,
                               hx_cli_tr(c, "%s'%.60s' (%.0f, first in row %.0f)",
                                         "%s“%.60s”（%.0f 行，最先见于第 %.0f 行）"),
                               i == 0 ? "" : hx_cli_tr(c, ", ", "、"),
                               json_string_value(json_object_get(one, "class")),
                               number_at(one, "n"), number_at(one, "first_row"));
        used += n > 0 ? (size_t)n : 0;
    }
    if (json_array_size(list) == 0) return;
    hx_cli_note(c,
                "rows of classes that the model does not know count as wrong: %s; leave them out "
                "by --where if they are not meant",
                "模型不认识的类别，其各行按判错计：%s；若不应计入，请用 --where 排除", names);
}

bool hx_learn_show_evaluation(hx_cli *c, hx_str figures) {
    json_t *e = hx_output_parse(c, figures);
    say_unknown(c, e);
    const bool ok = e != NULL && show_evaluation(c, e);
    json_decref(e);
    return ok;
}

/* ------------------------------------------------------------------ a fitted model */
static bool put_head(hx_cli *c, const json_t *s) {
    char line[512];
    const char *model = json_string_value(json_object_get(s, "model"));
    const char *target = json_string_value(json_object_get(s, "target"));
    const char *from = json_string_value(json_object_get(s, "from"));
    const bool of = target != NULL && target[0] != '\0'; /* outliers have none */
    const long long features = (long long)json_integer_value(json_object_get(s, "features"));
    char *params =
        json_dumps(json_object_get(s, "params"), JSON_COMPACT | JSON_REAL_PRECISION(SHOWN_DIGITS));
    if (from != NULL)
        (void)snprintf(line, sizeof line,
                       hx_cli_tr(c, "%s of %s, from %s: %lld features, %lld trees",
                                 "%s 预测 %s，来自 %s：%lld 个特征，%lld 棵树"),
                       model != NULL ? model : "", target != NULL ? target : "", from, features,
                       (long long)json_integer_value(json_object_get(s, "trees")));
    else
        (void)snprintf(line, sizeof line,
                       hx_cli_tr(c, "%s%s%s: %lld rows, %lld features  %s",
                                 "%s%s%s：%lld 行，%lld 个特征  %s"),
                       model != NULL ? model : "", of ? hx_cli_tr(c, " of ", " 预测 ") : "",
                       of ? target : "", (long long)json_integer_value(json_object_get(s, "rows")),
                       features, params != NULL ? params : "");
    const double r2 = number_at(s, "r2"), n_grams = number_at(s, "n_grams");
    const size_t used = strlen(line);
    if (isfinite(r2) && used < sizeof line)
        (void)snprintf(line + used, sizeof line - used, "  R2 %.4g", r2);
    if (isfinite(n_grams) && used < sizeof line)
        (void)snprintf(line + used, sizeof line - used,
                       hx_cli_tr(c, "  %.0f n-grams of the text", "  文本的 %.0f 个 n 元组"),
                       n_grams);
    free(params);
    return put_line(c, line) && put_gap(c);
}

static bool put_calibration(hx_cli *c, const json_t *s) {
    char line[320];
    const json_t *of = json_object_get(s, "calibration"), *kept = json_object_get(s, "conformal");
    const char *method = json_string_value(json_object_get(of, "method"));
    bool ok = true;
    if (of != NULL) {
        (void)snprintf(
            line, sizeof line,
            hx_cli_tr(c,
                      "calibrated (%s), out of fold: ECE %.4f before, %.4f after; log loss %.4f "
                      "before, %.4f after",
                      "已校准（%s），折外：校准误差由 %.4f 变为 %.4f，对数损失由 %.4f 变为 %.4f"),
            method != NULL ? method : "", number_at(of, "before.ece"), number_at(of, "after.ece"),
            number_at(of, "before.log_loss"), number_at(of, "after.log_loss"));
        ok = put_gap(c) && put_line(c, line);
    }
    if (!ok || kept == NULL) return ok;
    (void)snprintf(line, sizeof line,
                   hx_cli_tr(c, "%.0f rows kept for learn predict --coverage",
                             "为 learn predict --coverage 留出 %.0f 行"),
                   number_at(kept, "rows"));
    return put_gap(c) && put_line(c, line);
}

/* Of models that stop by rows held back: which epoch is kept. */
static bool put_kept(hx_cli *c, const json_t *s) {
    char line[160];
    if (json_object_get(s, "best_epoch") == NULL) return true;
    const double loss = number_at(s, "held_loss"), right = number_at(s, "held_accuracy");
    int n = snprintf(line, sizeof line,
                     hx_cli_tr(c, "epoch %.0f of %.0f is kept", "保留第 %.0f 轮，共 %.0f 轮"),
                     number_at(s, "best_epoch"), number_at(s, "epochs"));
    if (isfinite(loss) && n > 0 && (size_t)n < sizeof line)
        n +=
            snprintf(line + n, sizeof line - (size_t)n,
                     hx_cli_tr(c, "; on rows held back: loss %.4g", "；留出行上：损失 %.4g"), loss);
    if (isfinite(right) && n > 0 && (size_t)n < sizeof line)
        (void)snprintf(line + n, sizeof line - (size_t)n,
                       hx_cli_tr(c, ", accuracy %.4g", "，准确率 %.4g"), right);
    return put_gap(c) && put_line(c, line);
}

static bool show_fit(hx_cli *c, json_t *s, json_t *test) {
    if (c->shape == HX_SHAPE_JSON) {
        if (test != NULL) json_object_set(s, "test", test);
        return put_json(c, s);
    }
    if (c->shape == HX_SHAPE_CSV) return put_features(c, s);
    bool ok = put_head(c, s) && put_features(c, s) && put_losses(c, s) && put_kept(c, s) &&
              put_calibration(c, s);
    if (ok && test != NULL)
        ok = put_gap(c) && put_line(c, hx_cli_tr(c, "on the test rows:", "测试集上：")) &&
             show_evaluation(c, test);
    return ok;
}

/* What was not done as asked, or not to all columns. */
static void say_fit(hx_cli *c, const json_t *s) {
    const json_t *one;
    size_t i;
    json_array_foreach(json_object_get(s, "left_out"), i, one) hx_cli_note(
        c,
        "the column '%s' is left out: hardly any two rows share a value, so it tells "
        "rows apart and nothing else; --use a,b,... with its name keeps it, --text "
        "reads it as a text",
        "列“%s”未使用：几乎没有两行取值相同，只能区分各行；要使用它，请在 --use a,b,... "
        "中写明，或用 --text 把它当作文本来读",
        json_string_value(one));
    const char *solver = json_string_value(json_object_get(s, "solver"));
    const char *asked = json_string_value(hx_json_at(s, "params.solver"));
    if (solver != NULL && asked != NULL && strcmp(solver, asked) != 0)
        hx_cli_note(c,
                    "%lld features are too many for the closed form: conjugate gradients find the "
                    "same answers, without intervals; --drop of columns with many values brings "
                    "them back",
                    "特征数 %lld 对闭式解过多：改用共轭梯度法，结果相同，但没有区间；用 --drop "
                    "去掉取值很多的列即可恢复",
                    (long long)json_integer_value(json_object_get(s, "features")));
}

bool hx_learn_show_fit(hx_cli *c, hx_str summary, hx_str test) {
    json_t *s = hx_output_parse(c, summary);
    json_t *t = test.len > 0 ? hx_output_parse(c, test) : NULL;
    say_fit(c, s);
    const bool ok = s != NULL && (test.len == 0 || t != NULL) && show_fit(c, s, t);
    json_decref(s);
    json_decref(t);
    return ok;
}

/* ------------------------------------------------------------------ several models */
static json_t *mean_and_sd(const json_t *of) {
    char text[2 * NUMBER_BYTES];
    const double mean = number_at(of, "mean"), sd = number_at(of, "sd");
    if (!isfinite(mean)) return json_null();
    if (isfinite(sd))
        (void)snprintf(text, sizeof text, "%.4f ± %.4f", mean, sd);
    else
        (void)snprintf(text, sizeof text, "%.4f", mean);
    return json_string(text);
}

static json_t *model_records(const json_t *models, bool exact) {
    json_t *records = json_array();
    size_t i;
    json_t *m;
    json_array_foreach(models, i, m) {
        json_t *r = json_object();
        json_object_set(r, "model", json_object_get(m, "model"));
        for (size_t k = 0; k < FIGURES; k++) {
            const json_t *of = json_object_get(m, figure_names[k].key);
            if (of == NULL) continue;
            if (!exact) {
                json_object_set_new(r, figure_names[k].key, mean_and_sd(of));
                continue;
            }
            char name[NUMBER_BYTES];
            (void)snprintf(name, sizeof name, "%s_sd", figure_names[k].key);
            json_object_set(r, figure_names[k].key, json_object_get(of, "mean"));
            json_object_set(r, name, json_object_get(of, "sd"));
        }
        json_array_append_new(records, r);
    }
    return records;
}

static bool put_models(hx_cli *c, const json_t *e) {
    static const hx_record_column columns[] = {
        {"model", "model", "模型", HX_CELL_LEFT},
        {"auc", "ROC-AUC", "ROC-AUC", HX_CELL_RIGHT},
        {"accuracy", "accuracy", "准确率", HX_CELL_RIGHT},
        {"balanced_accuracy", NULL, NULL, HX_CELL_RIGHT},
        {"f1", "F1", "F1", HX_CELL_RIGHT},
        {"pr_auc", NULL, NULL, HX_CELL_RIGHT},
        {"log_loss", "log loss", "对数损失", HX_CELL_RIGHT},
        {"brier", "Brier", "Brier", HX_CELL_RIGHT},
        {"ks", NULL, NULL, HX_CELL_RIGHT},
        {"r2", "R2", "R2", HX_CELL_RIGHT},
        {"rmse", "RMSE", "RMSE", HX_CELL_RIGHT},
        {"mae", "MAE", "MAE", HX_CELL_RIGHT},
    };
    json_t *records = model_records(json_object_get(e, "models"), c->shape == HX_SHAPE_CSV);
    const bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

static bool put_tests(hx_cli *c, const json_t *e) {
    static const hx_record_column columns[] = {
        {"first", "first", "甲", HX_CELL_LEFT},
        {"second", "second", "乙", HX_CELL_LEFT},
        {"difference", "difference", "差", HX_CELL_RIGHT},
        {"t", "t", "t", HX_CELL_RIGHT},
        {"p", "p", "p", HX_CELL_RIGHT},
        {"mcnemar.only_first", "only first right", "仅甲对", HX_CELL_RIGHT},
        {"mcnemar.only_second", "only second right", "仅乙对", HX_CELL_RIGHT},
        {"mcnemar.p", "p (McNemar)", "p（McNemar）", HX_CELL_RIGHT}};
    const json_t *tests = json_object_get(e, "tests");
    if (json_array_size(tests) == 0) return true;
    return put_gap(c) && hx_output_records(c, tests, columns, sizeof columns / sizeof *columns);
}

static bool put_cross_head(hx_cli *c, const json_t *e) {
    char line[256];
    const char *target = json_string_value(json_object_get(e, "target"));
    (void)snprintf(
        line, sizeof line,
        hx_cli_tr(c, "%s: %lld rows, %lld folds, %lld repeats; mean ± deviation over folds",
                  "%s：%lld 行，%lld 折，重复 %lld 次；各折均值 ± 标准差"),
        target != NULL ? target : "", (long long)json_integer_value(json_object_get(e, "n")),
        (long long)json_integer_value(json_object_get(e, "folds")),
        (long long)json_integer_value(json_object_get(e, "repeats")));
    return put_line(c, line) && put_gap(c);
}

/* What is shown of one point of a learning curve. */
static json_t *curve_record(const json_t *model, const json_t *one, const char *figure) {
    json_t *r = json_object();
    json_object_set(r, "model", json_object_get(model, "model"));
    json_object_set(r, "rows", json_object_get(one, "rows"));
    json_object_set_new(r, "train",
                        mean_and_sd(json_object_get(json_object_get(one, "train"), figure)));
    json_object_set_new(r, "test",
                        mean_and_sd(json_object_get(json_object_get(one, "test"), figure)));
    return r;
}

static bool put_curves(hx_cli *c, const json_t *e) {
    static const hx_record_column columns[] = {
        {"model", "model", "模型", HX_CELL_LEFT},
        {"rows", "rows", "行数", HX_CELL_RIGHT},
        {"train", "on the rows learnt from", "学习的行上", HX_CELL_RIGHT},
        {"test", "on rows not seen", "未见过的行上", HX_CELL_RIGHT}};
    const char *figure = json_string_value(json_object_get(e, "figure"));
    json_t *records = json_array(), *m, *one;
    char line[128];
    size_t i, k;
    json_array_foreach(json_object_get(e, "models"), i, m)
        json_array_foreach(json_object_get(m, "curve"), k, one)
            json_array_append_new(records, curve_record(m, one, figure));
    bool ok = true;
    if (json_array_size(records) > 0) {
        (void)snprintf(line, sizeof line, hx_cli_tr(c, "learning curves (%s):", "学习曲线（%s）："),
                       figure);
        ok = put_gap(c) && put_line(c, line) &&
             hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    }
    json_decref(records);
    return ok;
}

bool hx_learn_show_cross(hx_cli *c, hx_str json) {
    json_t *e = hx_output_parse(c, json);
    bool ok = e != NULL;
    if (ok && c->shape == HX_SHAPE_JSON)
        ok = put_json(c, e);
    else if (ok && c->shape == HX_SHAPE_CSV)
        ok = put_models(c, e);
    else if (ok)
        ok = put_cross_head(c, e) && put_models(c, e) && put_tests(c, e) && put_curves(c, e);
    json_decref(e);
    return ok;
}

/* ------------------------------------------------------------------ tuning */
static bool put_tried(hx_cli *c, const json_t *e) {
    static const hx_record_column columns[] = {{"model", "model", "模型", HX_CELL_LEFT},
                                               {"mean", "mean", "均值", HX_CELL_RIGHT},
                                               {"sd", "sd", "标准差", HX_CELL_RIGHT},
                                               {"n", "folds", "折数", HX_CELL_RIGHT},
                                               {"params", "parameters", "参数", HX_CELL_LEFT}};
    json_t *records = json_array(), *one;
    size_t i;
    json_array_foreach(json_object_get(e, "tried"), i, one) {
        char *params = json_dumps(json_object_get(one, "params"),
                                  JSON_COMPACT | JSON_REAL_PRECISION(SHOWN_DIGITS));
        json_array_append_new(
            records,
            json_pack("{s:O,s:O,s:O,s:I,s:s}", "model", json_object_get(one, "model"), "mean",
                      json_object_get(one, "mean"), "sd", json_object_get(one, "sd"), "n",
                      (json_int_t)json_array_size(json_object_get(one, "folds")), "params",
                      params != NULL ? params : ""));
        free(params);
    }
    const bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

/* "together: 0.40 boosting, 0.60 logistic  auc 0.9123 ± 0.0123"; nothing where one alone was kept. */
static bool put_together(hx_cli *c, const json_t *e) {
    char line[1024], members[768] = "";
    size_t i, at = 0;
    const json_t *one, *of = json_object_get(e, "ensemble");
    const char *figure = json_string_value(json_object_get(e, "figure"));
    if (of == NULL) return true;
    json_array_foreach(json_object_get(of, "members"), i, one) {
        const char *model = json_string_value(json_object_get(one, "model"));
        const int n = snprintf(members + at, sizeof members - at, "%s%.2f %s", i > 0 ? ", " : "",
                               number_at(one, "weight"), model != NULL ? model : "");
        if (n < 0 || (size_t)n >= sizeof members - at) break;
        at += (size_t)n;
    }
    (void)snprintf(
        line, sizeof line, hx_cli_tr(c, "together: %s  %s %.4f ± %.4f", "组合：%s  %s %.4f ± %.4f"),
        members, figure != NULL ? figure : "", number_at(of, "mean"), number_at(of, "sd"));
    return put_line(c, line);
}

static bool put_best(hx_cli *c, const json_t *e) {
    char line[1024];
    const json_t *best = json_object_get(e, "best");
    const char *model = json_string_value(json_object_get(best, "model"));
    const char *figure = json_string_value(json_object_get(e, "figure"));
    char *params = json_dumps(json_object_get(best, "params"),
                              JSON_COMPACT | JSON_REAL_PRECISION(SHOWN_DIGITS));
    (void)snprintf(line, sizeof line,
                   hx_cli_tr(c, "best: %s %s  %s %.4f ± %.4f", "最佳：%s %s  %s %.4f ± %.4f"),
                   model != NULL ? model : "", params != NULL ? params : "",
                   figure != NULL ? figure : "", number_at(best, "mean"), number_at(best, "sd"));
    free(params);
    bool ok = put_gap(c) && put_line(c, line) && put_together(c, e);
    if (!ok || json_object_get(e, "nested") == NULL) return ok;
    (void)snprintf(line, sizeof line,
                   hx_cli_tr(c, "the whole search, judged on rows it never saw: %.4f ± %.4f",
                             "整个搜索在从未见过的行上：%.4f ± %.4f"),
                   number_at(e, "nested.mean"), number_at(e, "nested.sd"));
    return put_line(c, line);
}

bool hx_learn_show_tuning(hx_cli *c, hx_str json) {
    json_t *e = hx_output_parse(c, json);
    bool ok = e != NULL;
    if (ok && c->shape == HX_SHAPE_JSON)
        ok = put_json(c, e);
    else if (ok && c->shape == HX_SHAPE_CSV)
        ok = put_tried(c, e);
    else if (ok)
        ok = put_tried(c, e) && put_best(c, e);
    json_decref(e);
    return ok;
}
