/* report_evaluation.c - the sections of a page that show one evaluation (assess_report.c, assess_curves.c); see report.h.
 *
 *     figures with intervals -> classes, confusion -> ROC, precision by recall, reliability, lift, gain, thresholds, costs, points -> ranking
 *
 * Each chart says below it how it is read. What is not defined (curves of one class, an AUC without positives) is left out, and figures show a dash. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "learn/report.h"

#define MATRIX_CLASSES_MAX 20
#define KEYS_MAX HX_CHART_COLOURS
#define DOT 2.5

typedef struct {
    const char *key, *name[2], *note[2];
} figure;

static const figure figures[] = {
    {"accuracy", {"accuracy", "准确率"}, {"share of rows that are right", "判对的行所占比例"}},
    {"balanced_accuracy",
     {"balanced accuracy", "平衡准确率"},
     {"mean recall of the classes; chance is 1 / classes", "各类召回率的均值；随机为 1/类别数"}},
    {"precision",
     {"precision", "精确率"},
     {"of what is called positive, how much is; of more classes the mean",
      "判为正的行中真正为正的比例；多类时取均值"}},
    {"recall",
     {"recall", "召回率"},
     {"of what is positive, how much is found; of more classes the mean",
      "真正为正的行中被找到的比例；多类时取均值"}},
    {"f1", {"F1", "F1"}, {"harmonic mean of precision and recall", "精确率与召回率的调和平均"}},
    {"macro_f1", {"macro F1", "宏平均 F1"}, {"mean F1 of the classes", "各类 F1 的均值"}},
    {"auc",
     {"ROC-AUC", "ROC-AUC"},
     {"a positive stands above a negative so often; chance is 0.5",
      "正例排在负例之前的概率；随机为 0.5"}},
    {"pr_auc",
     {"PR-AUC", "PR-AUC"},
     {"mean precision over recall; chance is the share of positives",
      "各召回率上精确率的均值；随机为正例比例"}},
    {"log_loss",
     {"log loss", "对数损失"},
     {"less is better; punishes what is sure and wrong", "越小越好；对自信的错误惩罚重"}},
    {"brier",
     {"Brier", "Brier"},
     {"mean squared error of probabilities; less is better", "概率的均方误差；越小越好"}},
    {"ks",
     {"KS", "KS"},
     {"greatest distance of the two distributions of scores", "正负例得分分布的最大距离"}},
    {"gini", {"Gini", "基尼"}, {"2 AUC - 1", "2 AUC - 1"}},
    {"ece",
     {"ECE", "校准误差"},
     {"how far probabilities are from what happens; less is better; few rows and resampling add to "
      "it",
      "概率与实际频率的平均差距；越小越好；行少和重抽样都会使其偏高"}},
    {"r2",
     {"R2", "R2"},
     {"share of the variance that is explained; 0 is the mean", "解释的方差比例；0 相当于均值"}},
    {"rmse", {"RMSE", "RMSE"}, {"root of the mean squared error", "均方误差的平方根"}},
    {"mae", {"MAE", "MAE"}, {"mean error, without sign", "平均绝对误差"}},
    {"median_error",
     {"median error", "误差中位数"},
     {"half of the rows are nearer", "一半的行误差更小"}},
    {"mape", {"MAPE", "MAPE"}, {"mean error as a share of the value", "误差占真值比例的均值"}},
    {"sum_loss", {"sum of squares", "平方损失之和"}, {"", ""}},
    {"mean_loss", {"mean square", "平均平方损失"}, {"", ""}},
    {"concordance",
     {"concordance", "一致性"},
     {"of two rows the one that ended earlier has the greater risk so often; chance is 0.5",
      "两行中先发生者风险更大的概率；随机为 0.5"}},
    {"ndcg",
     {"NDCG", "NDCG"},
     {"how near each group's order is to the best one", "各组排序与最优排序的接近程度"}},
    {"map",
     {"MAP", "MAP"},
     {"mean precision at the ranks of relevant rows", "相关行所在名次上精确率的均值"}},
};
#define FIGURES (sizeof figures / sizeof *figures)

double hx_report_at(const json_t *object, const char *key) {
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

const char *hx_report_text(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

void hx_report_cell(hx_page *p, double value) {
    if (!isfinite(value))
        hx_page_put(p, "<td class=\"n\">–</td>");
    else if (fabs(value) < 1e9 && floor(value) == value)
        (void)hx_buf_printf(&p->b, "<td class=\"n\">%.0f</td>", value);
    else if (fabs(value) < 1000)
        (void)hx_buf_printf(&p->b, "<td class=\"n\">%.4f</td>", value);
    else
        (void)hx_buf_printf(&p->b, "<td class=\"n\">%.6g</td>", value);
}

void hx_report_chance(hx_page *p, double value) {
    if (value < 0.0001)
        hx_page_put(p, "<td class=\"n\">&lt; 0.0001</td>");
    else
        hx_report_cell(p, value);
}

void hx_report_heading(hx_page *p, const char *en, const char *zh) {
    (void)hx_buf_printf(&p->b, "<h2>%s</h2>\n", hx_page_tr(p, en, zh));
}

const char *hx_report_figure(const hx_page *p, const char *key) {
    for (size_t i = 0; i < FIGURES; i++)
        if (strcmp(figures[i].key, key) == 0) return figures[i].name[p->ui == HX_UI_ZH];
    return key;
}

static void put_text_cell(hx_page *p, const char *text) {
    hx_page_put(p, "<td>");
    hx_page_escaped(p, hx_str_of(text));
    hx_page_put(p, "</td>");
}

/* ------------------------------------------------------------------ figures */
/* A line from low to high with the value on it, on the scale from 0 to 1. */
static void put_whisker(hx_page *p, double low, double value, double high) {
    hx_page_put(p, "<td class=\"whisker\">");
    if (low >= 0 && high <= 1)
        (void)hx_buf_printf(
            &p->b,
            "<svg viewBox=\"0 0 120 12\" role=\"img\" aria-label=\"%.4f … %.4f\"><path "
            "class=\"g\" d=\"M0 6H120\"/><path class=\"w\" d=\"M%.1f 6H%.1f\"/><circle "
            "class=\"f0\" cx=\"%.1f\" cy=\"6\" r=\"3.5\"/></svg>",
            low, high, low * 120, high * 120, value * 120);
    hx_page_put(p, "</td>");
}

static void put_figure(hx_page *p, const json_t *e, const figure *f) {
    const double value = hx_report_at(e, f->key);
    const json_t *ends = json_object_get(json_object_get(e, "intervals"), f->key);
    const json_t *a = json_array_get(ends, 0), *b = json_array_get(ends, 1);
    if (!json_object_get(e, f->key)) return;
    (void)hx_buf_printf(&p->b, "<tr><td>%s</td>", f->name[p->ui == HX_UI_ZH]);
    hx_report_cell(p, value);
    if (isfinite(value) && json_is_number(a) && json_is_number(b)) {
        const double low = json_number_value(a), high = json_number_value(b);
        (void)hx_buf_printf(&p->b, "<td class=\"n\">%.4g … %.4g</td>", low, high);
        put_whisker(p, low, value, high);
    } else {
        hx_page_put(p, "<td></td><td></td>");
    }
    (void)hx_buf_printf(&p->b, "<td><small>%s</small></td></tr>\n", f->note[p->ui == HX_UI_ZH]);
}

static void put_figures(hx_page *p, const json_t *e) {
    (void)hx_buf_printf(
        &p->b,
        "<div class=\"wide\"><table class=\"fig\"><tr><th>%s</th><th>%s</th><th>95 %%</th><th>0 – "
        "1</th><th></th></tr>\n",
        hx_page_tr(p, "figure", "指标"), hx_page_tr(p, "value", "值"));
    for (size_t i = 0; i < FIGURES; i++)
        put_figure(p, e, &figures[i]);
    hx_page_put(p, "</table></div>\n");
}

/* ------------------------------------------------------------------ classes */
static void put_class_rows(hx_page *p, const json_t *classes) {
    size_t i;
    json_t *c;
    (void)hx_buf_printf(
        &p->b,
        "<div class=\"wide\"><table><tr><th>%s</th><th>%s</th><th>%s</th><th>%s</th>"
        "<th>%s</th><th>F1</th></tr>\n",
        hx_page_tr(p, "class", "类别"), hx_page_tr(p, "rows", "行数"),
        hx_page_tr(p, "predicted", "预测数"), hx_page_tr(p, "precision", "精确率"),
        hx_page_tr(p, "recall", "召回率"));
    json_array_foreach(classes, i, c) {
        hx_page_put(p, "<tr>");
        put_text_cell(p, hx_report_text(c, "class"));
        hx_report_cell(p, hx_report_at(c, "n"));
        hx_report_cell(p, hx_report_at(c, "predicted"));
        hx_report_cell(p, hx_report_at(c, "precision"));
        hx_report_cell(p, hx_report_at(c, "recall"));
        hx_report_cell(p, hx_report_at(c, "f1"));
        hx_page_put(p, "</tr>\n");
    }
    hx_page_put(p, "</table></div>\n");
}

static void put_matrix_row(hx_page *p, const json_t *class) {
    const json_t *said = json_object_get(class, "said");
    const double n = hx_report_at(class, "n");
    size_t j;
    json_t *v;
    hx_page_put(p, "<tr><th>");
    hx_page_escaped(p, hx_str_of(hx_report_text(class, "class")));
    hx_page_put(p, "</th>");
    json_array_foreach(said, j, v) {
        const double share = n > 0 ? json_number_value(v) / n : 0;
        (void)hx_buf_printf(
            &p->b, "<td class=\"n m\" style=\"--s:%.0f%%\">%.0f<small> %.1f %%</small></td>",
            70 * share, json_number_value(v), 100 * share);
    }
    hx_page_put(p, "</tr>\n");
}

static void put_matrix(hx_page *p, const json_t *classes) {
    size_t i;
    json_t *c;
    if (json_array_size(classes) < 2 || json_array_size(classes) > MATRIX_CLASSES_MAX) return;
    (void)hx_buf_printf(&p->b, "<div class=\"wide\"><table class=\"matrix\"><tr><th>%s</th>",
                        hx_page_tr(p, "true ↓ called →", "真实 ↓ 判为 →"));
    json_array_foreach(classes, i, c) {
        hx_page_put(p, "<th>");
        hx_page_escaped(p, hx_str_of(hx_report_text(c, "class")));
        hx_page_put(p, "</th>");
    }
    hx_page_put(p, "</tr>\n");
    json_array_foreach(classes, i, c) put_matrix_row(p, c);
    hx_page_put(p, "</table></div>\n");
}

static void put_classes(hx_page *p, const json_t *e) {
    const json_t *classes = json_object_get(e, "classes");
    if (json_array_size(classes) == 0) return;
    hx_report_heading(p, "Classes", "各类别");
    put_class_rows(p, classes);
    hx_report_heading(p, "Confusion matrix", "混淆矩阵");
    put_matrix(p, classes);
}

/* ------------------------------------------------------------------ curves */
static void put_path(hx_chart *c, size_t colour, const json_t *points) {
    size_t i;
    json_t *one;
    hx_chart_path(c, colour, HX_STROKE_SOLID);
    json_array_foreach(points, i, one) hx_chart_to(c, json_number_value(json_array_get(one, 0)),
                                                   json_number_value(json_array_get(one, 1)));
    hx_chart_path_end(c);
}

static void put_level_line(hx_chart *c, double x0, double y0, double x1, double y1) {
    hx_chart_path(c, 0, HX_STROKE_COMPARE);
    hx_chart_to(c, x0, y0);
    hx_chart_to(c, x1, y1);
    hx_chart_path_end(c);
}

static void put_roc(hx_page *p, const json_t *curves) {
    hx_chart c;
    const char *names[KEYS_MAX];
    size_t n = json_array_size(curves);
    n = n < KEYS_MAX ? n : KEYS_MAX;
    hx_chart_begin(&c, p,
                   &(hx_chart_options){.title = hx_page_tr(p, "ROC", "ROC 曲线"),
                                       .x = hx_page_tr(p, "false alarms", "误报率"),
                                       .y = hx_page_tr(p, "found", "召回率"),
                                       .x1 = 1,
                                       .y1 = 1});
    put_level_line(&c, 0, 0, 1, 1);
    for (size_t k = 0; k < n; k++) {
        names[k] = hx_report_text(json_array_get(curves, k), "class");
        put_path(&c, k, json_object_get(json_array_get(curves, k), "roc"));
    }
    hx_chart_end(&c, names, n);
    hx_chart_note(
        &c, hx_page_tr(p, "Nearer to the upper left corner is better; the dashed line is chance.",
                       "越靠近左上角越好；虚线为随机。"));
}

static void put_pr(hx_page *p, const json_t *curves) {
    hx_chart c;
    const char *names[KEYS_MAX];
    size_t n = json_array_size(curves);
    n = n < KEYS_MAX ? n : KEYS_MAX;
    hx_chart_begin(
        &c, p,
        &(hx_chart_options){.title = hx_page_tr(p, "Precision by recall", "精确率–召回率曲线"),
                            .x = hx_page_tr(p, "recall", "召回率"),
                            .y = hx_page_tr(p, "precision", "精确率"),
                            .x1 = 1,
                            .y1 = 1});
    for (size_t k = 0; k < n; k++) {
        names[k] = hx_report_text(json_array_get(curves, k), "class");
        put_path(&c, k, json_object_get(json_array_get(curves, k), "pr"));
    }
    hx_chart_end(&c, names, n);
    hx_chart_note(
        &c, hx_page_tr(p, "How many of those called are right, the more of them are to be found.",
                       "要找到的正例越多，判为正的行中判对的比例如何变化。"));
}

static void put_reliability(hx_page *p, const json_t *bins) {
    hx_chart c;
    size_t i;
    json_t *b;
    if (json_array_size(bins) == 0) return;
    hx_chart_begin(
        &c, p,
        &(hx_chart_options){
            .title = hx_page_tr(p, "Reliability", "可靠性图"),
            .x = hx_page_tr(p, "probability of the class that is called", "所判类别的概率"),
            .y = hx_page_tr(p, "how often it is right", "实际判对的比例"),
            .x1 = 1,
            .y1 = 1});
    put_level_line(&c, 0, 0, 1, 1);
    hx_chart_path(&c, 0, HX_STROKE_SOLID);
    json_array_foreach(bins, i, b)
        hx_chart_to(&c, hx_report_at(b, "confidence"), hx_report_at(b, "accuracy"));
    hx_chart_path_end(&c);
    json_array_foreach(bins, i, b)
        hx_chart_dot(&c, 0, hx_report_at(b, "confidence"), hx_report_at(b, "accuracy"), 4);
    hx_chart_end(&c, NULL, 0);
    hx_chart_note(
        &c,
        hx_page_tr(
            p,
            "Dots on the dashed line: probabilities mean what they say. Below it "
            "they are too sure, above it not sure enough. Each dot stands for equally many rows.",
            "点落在虚线上：概率名副其实；在下方则过于自信，在上方则过于保守。每点的行数相同。"));
}

static void put_lift(hx_page *p, const json_t *deciles) {
    hx_chart c;
    size_t i;
    json_t *d;
    double most = 1, gain = 0;
    json_array_foreach(deciles, i, d) most = fmax(most, hx_report_at(d, "lift"));
    if (json_array_size(deciles) == 0) return;
    hx_chart_begin(
        &c, p,
        &(hx_chart_options){
            .title = hx_page_tr(p, "Lift", "提升度"),
            .x = hx_page_tr(p, "tenth of the rows, likeliest first", "按概率由高到低的十分位"),
            .y = hx_page_tr(p, "times the mean rate", "平均正例率的倍数"),
            .x0 = 0.4,
            .x1 = 10.6,
            .y1 = most * 1.05});
    json_array_foreach(deciles, i, d)
        hx_chart_bar(&c, 0, hx_report_at(d, "decile"), 0.8, hx_report_at(d, "lift"));
    put_level_line(&c, 0.4, 1, 10.6, 1);
    hx_chart_end(&c, NULL, 0);
    hx_chart_note(
        &c, hx_page_tr(p, "How many times as many positives a tenth holds as rows taken by chance.",
                       "每十分之一中正例为随机抽取时的多少倍。"));
    hx_chart_begin(
        &c, p,
        &(hx_chart_options){
            .title = hx_page_tr(p, "Gain", "累计召回"),
            .x = hx_page_tr(p, "share of the rows, likeliest first", "按概率由高到低的行占比"),
            .y = hx_page_tr(p, "share of the positives", "找到的正例占比"),
            .x1 = 1,
            .y1 = 1});
    put_level_line(&c, 0, 0, 1, 1);
    hx_chart_path(&c, 0, HX_STROKE_SOLID);
    hx_chart_to(&c, 0, 0);
    json_array_foreach(deciles, i, d) {
        gain = hx_report_at(d, "gain");
        hx_chart_to(&c, hx_report_at(d, "decile") / 10, gain);
    }
    hx_chart_path_end(&c);
    hx_chart_end(&c, NULL, 0);
    hx_chart_note(
        &c, hx_page_tr(
                p, "Whoever writes to the first 20 % of the rows reaches so many of the positives.",
                "只联系前 20 % 的行，能覆盖多少正例。"));
}

static void put_threshold_lines(hx_page *p, const json_t *thresholds) {
    static const char *const keys[] = {"precision", "recall", "f1", "called"};
    hx_chart c;
    size_t i;
    json_t *t;
    const char *names[] = {hx_page_tr(p, "precision", "精确率"), hx_page_tr(p, "recall", "召回率"),
                           "F1", hx_page_tr(p, "called positive", "判为正的比例")};
    hx_chart_begin(&c, p,
                   &(hx_chart_options){.title = hx_page_tr(p, "Threshold", "阈值"),
                                       .x = hx_page_tr(p, "called positive from this probability",
                                                       "概率不低于此值判为正"),
                                       .y = "",
                                       .x1 = 1,
                                       .y1 = 1});
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        hx_chart_path(&c, k, HX_STROKE_SOLID);
        json_array_foreach(thresholds, i, t)
            hx_chart_to(&c, hx_report_at(t, "at"), hx_report_at(t, keys[k]));
        hx_chart_path_end(&c);
    }
    hx_chart_end(&c, names, sizeof names / sizeof *names);
    hx_chart_note(
        &c, hx_page_tr(p, "A higher threshold calls fewer rows, and is more often right with them.",
                       "阈值越高，判为正的行越少，但更准。"));
}

static void put_costs(hx_page *p, const json_t *e) {
    const json_t *thresholds = json_object_get(e, "thresholds"),
                 *best = json_object_get(e, "threshold");
    hx_chart c;
    size_t i;
    json_t *t;
    double most = 0;
    if (!best) return;
    json_array_foreach(thresholds, i, t) most = fmax(most, hx_report_at(t, "mean_cost"));
    hx_chart_begin(&c, p,
                   &(hx_chart_options){.title = hx_page_tr(p, "Threshold by cost", "按代价选阈值"),
                                       .x = hx_page_tr(p, "threshold", "阈值"),
                                       .y = hx_page_tr(p, "cost a row", "每行代价"),
                                       .x1 = 1,
                                       .y1 = most * 1.05});
    hx_chart_path(&c, 0, HX_STROKE_SOLID);
    json_array_foreach(thresholds, i, t)
        hx_chart_to(&c, hx_report_at(t, "at"), hx_report_at(t, "mean_cost"));
    hx_chart_path_end(&c);
    hx_chart_dot(&c, 1, hx_report_at(best, "at"), hx_report_at(best, "mean_cost"), 5);
    hx_chart_end(&c, NULL, 0);
    char note[320];
    (void)snprintf(
        note, sizeof note,
        hx_page_tr(
            p,
            "A false alarm costs %.4g, a miss %.4g. Cheapest from %.4g on: %.4g a row (%.4g at "
            "0.5).",
            "误报代价 %.4g，漏报代价 %.4g。阈值 %.4g 时最省：每行 %.4g（阈值 0.5 时 %.4g）。"),
        hx_report_at(best, "cost_false_positive"), hx_report_at(best, "cost_false_negative"),
        hx_report_at(best, "at"), hx_report_at(best, "mean_cost"),
        hx_report_at(best, "mean_cost_at_half"));
    hx_chart_note(&c, note);
}

static void put_points(hx_page *p, const json_t *points) {
    hx_chart c;
    size_t i;
    json_t *one;
    double low = INFINITY, high = -INFINITY;
    if (json_array_size(points) == 0) return;
    json_array_foreach(points, i, one) for (size_t k = 0; k < 2; k++) {
        const double v = json_number_value(json_array_get(one, k));
        low = fmin(low, v);
        high = fmax(high, v);
    }
    hx_chart_begin(&c, p,
                   &(hx_chart_options){.title = hx_page_tr(p, "Prediction and truth", "预测与真值"),
                                       .x = hx_page_tr(p, "truth", "真值"),
                                       .y = hx_page_tr(p, "prediction", "预测"),
                                       .x0 = low,
                                       .x1 = high,
                                       .y0 = low,
                                       .y1 = high});
    put_level_line(&c, low, low, high, high);
    json_array_foreach(points, i, one)
        hx_chart_dot(&c, 0, json_number_value(json_array_get(one, 0)),
                     json_number_value(json_array_get(one, 1)), DOT);
    hx_chart_end(&c, NULL, 0);
    hx_chart_note(
        &c,
        hx_page_tr(
            p,
            "Dots on the dashed line are right; above it too much is predicted. At most 500 rows.",
            "点在虚线上为预测准确；在上方则偏高。最多显示 500 行。"));
}

/* ------------------------------------------------------------------ ranking */
static void put_ranking(hx_page *p, const json_t *r) {
    static const char *const keys[] = {"ndcg", "map", "recall", "precision"};
    if (!r) return;
    hx_report_heading(p, "Ranking within groups", "组内排序");
    (void)hx_buf_printf(&p->b, "<p>%s ", hx_page_tr(p, "Groups of", "分组列"));
    hx_page_escaped(p, hx_str_of(hx_report_text(r, "by")));
    (void)hx_buf_printf(
        &p->b,
        hx_page_tr(p,
                   ": %.0f with relevant rows, %.0f without; NDCG, recall and precision among the "
                   "first %.0f.</p>",
                   "：有相关行的 %.0f 组，没有的 %.0f 组；NDCG、召回率、精确率取前 %.0f 名。</p>"),
        hx_report_at(r, "groups"), hx_report_at(r, "groups_without"), hx_report_at(r, "at"));
    (void)hx_buf_printf(
        &p->b,
        "<div class=\"wide\"><table class=\"fig\"><tr><th>%s</th><th>%s</th><th>95 %%</th><th>0 "
        "– 1</th><th></th></tr>\n",
        hx_page_tr(p, "figure", "指标"), hx_page_tr(p, "value", "值"));
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        for (size_t i = 0; i < FIGURES; i++)
            if (strcmp(figures[i].key, keys[k]) == 0) put_figure(p, r, &figures[i]);
    hx_page_put(p, "</table></div>\n");
}

/* ------------------------------------------------------------------ the whole */
void hx_report_evaluation(hx_page *p, const json_t *e) {
    const json_t *curves = json_object_get(e, "curves"),
                 *thresholds = json_object_get(e, "thresholds");
    hx_report_heading(p, "Figures", "指标");
    put_figures(p, e);
    put_classes(p, e);
    if (strcmp(hx_report_text(e, "task"), "survival") == 0) return;
    hx_report_heading(p, "Charts", "图表");
    hx_page_put(p, "<div class=\"charts\">\n");
    if (json_array_size(curves) > 0) {
        put_roc(p, curves);
        put_pr(p, curves);
    }
    put_reliability(p, json_object_get(e, "calibration"));
    put_lift(p, json_object_get(e, "deciles"));
    if (json_array_size(thresholds) > 0) put_threshold_lines(p, thresholds);
    put_costs(p, e);
    put_points(p, json_object_get(e, "points"));
    hx_page_put(p, "</div>\n");
    put_ranking(p, json_object_get(e, "ranking"));
}

void hx_report_compare_curves(hx_page *p, const json_t *models) {
    hx_chart c;
    const char *names[KEYS_MAX];
    size_t n = json_array_size(models);
    n = n < KEYS_MAX ? n : KEYS_MAX;
    const json_t *first =
        json_object_get(json_object_get(json_array_get(models, 0), "out_of_fold"), "curves");
    if (n < 2 || json_array_size(first) != 1) return;
    hx_chart_begin(&c, p,
                   &(hx_chart_options){.title = hx_page_tr(p, "ROC of the models, out of fold",
                                                           "各模型的折外 ROC 曲线"),
                                       .x = hx_page_tr(p, "false alarms", "误报率"),
                                       .y = hx_page_tr(p, "found", "召回率"),
                                       .x1 = 1,
                                       .y1 = 1});
    put_level_line(&c, 0, 0, 1, 1);
    for (size_t m = 0; m < n; m++) {
        const json_t *of = json_array_get(models, m);
        names[m] = hx_report_text(of, "model");
        put_path(
            &c, m,
            json_object_get(
                json_array_get(json_object_get(json_object_get(of, "out_of_fold"), "curves"), 0),
                "roc"));
    }
    hx_chart_end(&c, names, n);
    hx_chart_note(&c, hx_page_tr(p, "Every row is judged by a model that did not see it.",
                                 "每一行都由没有见过它的模型判断。"));
}
