/* run_report_tables.c - the confusion matrix, the labels' figures and the calibration diagram of a run's page, out of hx_evaluate()'s record.
 *
 * A cell of the confusion matrix is as dark as its share of its row: right answers in one colour, wrong ones in another. Up to MATRIX_MAX labels the
 * matrix is shown whole; beyond, the pairs that are confused most. In the calibration diagram a point on the diagonal says what it knows; the area of
 * a point is its number of rows. */
#include <math.h>
#include <stdlib.h>

#include "model/run_report_parts.h"

#define MATRIX_MAX 24
#define PAIRS_MAX 20

static hx_str label_at(const json_t *evaluation, size_t k) {
    const json_t *label = json_array_get(json_object_get(evaluation, "labels"), k);
    return hx_str_of(json_string_value(json_object_get(label, "label")));
}

static int64_t cell_at(const json_t *evaluation, size_t row, size_t column) {
    const json_t *line = json_array_get(json_object_get(evaluation, "confusion"), row);
    return json_integer_value(json_array_get(line, column));
}

static void put_cell(hx_buf *b, int64_t count, int64_t of, bool right) {
    double share = of > 0 ? (double)count / (double)of : 0;
    hx_buf_printf(b, "<td class=\"cell %s%s\" style=\"--share:%.3f\">%lld",
                  right ? "right" : "wrong", share > 0.55 ? " full" : "", share, (long long)count);
    if (count > 0) hx_buf_printf(b, "<small>%.0f%%</small>", share * 100);
    hx_buf_append_lit(b, "</td>");
}

static void put_matrix(hx_buf *b, const json_t *evaluation, size_t n) {
    hx_buf_append_lit(b, "<div class=wide><table class=matrix><thead><tr><th class=corner>");
    hx__report_both(b, "label ↓ · predicted →", "标签 ↓ · 预测 →");
    hx_buf_append_lit(b, "</th>");
    for (size_t k = 0; k < n; k++) {
        hx_buf_append_lit(b, "<th scope=col>");
        hx__report_text(b, label_at(evaluation, k));
        hx_buf_append_lit(b, "</th>");
    }
    hx_buf_append_lit(b, "</tr></thead><tbody>");
    for (size_t row = 0; row < n; row++) {
        int64_t all = 0;
        for (size_t k = 0; k < n; k++)
            all += cell_at(evaluation, row, k);
        hx_buf_append_lit(b, "<tr><th scope=row>");
        hx__report_text(b, label_at(evaluation, row));
        hx_buf_append_lit(b, "</th>");
        for (size_t k = 0; k < n; k++)
            put_cell(b, cell_at(evaluation, row, k), all, k == row);
        hx_buf_append_lit(b, "</tr>");
    }
    hx_buf_append_lit(b, "</tbody></table></div>");
}

typedef struct {
    int64_t count;
    size_t row, column;
} confused_pair;

static size_t worst_pairs(const json_t *evaluation, size_t n, confused_pair *worst) {
    size_t kept = 0;
    for (size_t row = 0; row < n; row++)
        for (size_t column = 0; column < n; column++) {
            confused_pair p = {cell_at(evaluation, row, column), row, column};
            size_t at = kept;
            if (row == column || p.count == 0) continue;
            while (at > 0 && worst[at - 1].count < p.count)
                at--;
            if (at == PAIRS_MAX) continue;
            if (kept < PAIRS_MAX) kept++;
            for (size_t i = kept - 1; i > at; i--)
                worst[i] = worst[i - 1];
            worst[at] = p;
        }
    return kept;
}

static void put_pairs(hx_buf *b, const json_t *evaluation, size_t n) {
    confused_pair worst[PAIRS_MAX];
    size_t kept = worst_pairs(evaluation, n, worst);
    hx_buf_append_lit(b, "<table><thead><tr><th>");
    hx__report_both(b, "label", "标签");
    hx_buf_append_lit(b, "</th><th>");
    hx__report_both(b, "predicted instead", "被误判为");
    hx_buf_append_lit(b, "</th><th class=number>");
    hx__report_both(b, "texts", "条数");
    hx_buf_append_lit(b, "</th></tr></thead><tbody>");
    for (size_t i = 0; i < kept; i++) {
        hx_buf_append_lit(b, "<tr><td>");
        hx__report_text(b, label_at(evaluation, worst[i].row));
        hx_buf_append_lit(b, "</td><td>");
        hx__report_text(b, label_at(evaluation, worst[i].column));
        hx_buf_printf(b, "</td><td class=number>%lld</td></tr>", (long long)worst[i].count);
    }
    hx_buf_append_lit(b, "</tbody></table>");
}

void hx__report_confusion(hx_buf *b, const json_t *evaluation) {
    size_t n = json_array_size(json_object_get(evaluation, "labels"));
    if (n == 0) return;
    hx__report_section(b, "confusion", "What is taken for what", "混淆矩阵");
    if (n <= MATRIX_MAX)
        put_matrix(b, evaluation, n);
    else
        put_pairs(b, evaluation, n);
    hx_buf_append_lit(b, "</section>");
}

/* ------------------------------------------------------------------ labels */
static void put_figure(hx_buf *b, double value, const json_t *interval) {
    hx_buf_append_lit(b, "<td class=number>");
    hx__report_percent(b, value);
    double low = json_number_value(json_array_get(interval, 0));
    double high = json_number_value(json_array_get(interval, 1));
    if (interval && !isnan(value))
        hx_buf_printf(b, " <small>%.1f – %.1f</small>", low * 100, high * 100);
    hx_buf_append_lit(b, "</td>");
}

static void put_bar(hx_buf *b, double f1) {
    hx_buf_printf(b, "<td><span class=bar><i style=\"width:%.1f%%\"></i></span></td>",
                  isnan(f1) ? 0 : f1 * 100);
}

static void put_label(hx_buf *b, const json_t *label) {
    double f1 = hx__report_at(label, "f1");
    hx_buf_append_lit(b, "<tr><th scope=row>");
    hx__report_text(b, hx_str_of(json_string_value(json_object_get(label, "label"))));
    hx_buf_printf(b, "</th><td class=number>%lld</td><td class=number>%lld</td>",
                  (long long)json_integer_value(json_object_get(label, "n")),
                  (long long)json_integer_value(json_object_get(label, "predicted")));
    put_figure(b, hx__report_at(label, "precision"), json_object_get(label, "precision_interval"));
    put_figure(b, hx__report_at(label, "recall"), json_object_get(label, "recall_interval"));
    put_figure(b, f1, NULL);
    put_bar(b, f1);
    hx_buf_append_lit(b, "</tr>");
}

void hx__report_labels(hx_buf *b, const json_t *evaluation) {
    static const char *const heads[][2] = {
        {"texts", "条数"},
        {"predicted", "预测数"},
        {"precision <small>95 %</small>", "精确率 <small>95 %</small>"},
        {"recall <small>95 %</small>", "召回率 <small>95 %</small>"},
        {"F1", "F1"}};
    const json_t *labels = json_object_get(evaluation, "labels"), *label;
    size_t i;
    if (json_array_size(labels) == 0) return;
    hx__report_section(b, "labels", "By label", "各类别指标");
    hx_buf_append_lit(b, "<div class=wide><table><thead><tr><th>");
    hx__report_both(b, "label", "标签");
    hx_buf_append_lit(b, "</th>");
    for (i = 0; i < sizeof heads / sizeof *heads; i++) {
        hx_buf_append_lit(b, "<th class=number>");
        hx__report_both(b, heads[i][0], heads[i][1]);
        hx_buf_append_lit(b, "</th>");
    }
    hx_buf_append_lit(b, "<th></th></tr></thead><tbody>");
    json_array_foreach(labels, i, label) put_label(b, label);
    hx_buf_append_lit(b, "</tbody></table></div></section>");
}

/* ------------------------------------------------------------------ calibration */
enum { SIDE = 300, EDGE = 40 };

static double at_side(double share) {
    return EDGE + share * (SIDE - EDGE - 10);
}

static void put_diagram(hx_buf *b, const json_t *bins, double rows) {
    const json_t *bin;
    size_t i;
    hx_buf_printf(b, "<svg viewBox=\"0 0 %d %d\" role=img class=square>", SIDE, SIDE);
    for (int mark = 0; mark <= 4; mark++) {
        double at = at_side(mark / 4.0);
        hx_buf_printf(b,
                      "<line class=grid x1=%.1f x2=%.1f y1=%.1f y2=%.1f /><text x=%d y=%.1f "
                      "text-anchor=end>%d</text><text x=%.1f y=%d text-anchor=middle>%d</text>",
                      at_side(0), at_side(1), SIDE - at, SIDE - at, EDGE - 6, SIDE - at + 4,
                      mark * 25, at, SIDE - 20, mark * 25);
    }
    hx_buf_printf(b, "<line class=diagonal x1=%.1f y1=%.1f x2=%.1f y2=%.1f />", at_side(0),
                  SIDE - at_side(0), at_side(1), SIDE - at_side(1));
    json_array_foreach(bins, i, bin) {
        double x = hx__report_at(bin, "confidence"), y = hx__report_at(bin, "accuracy");
        double n = hx__report_at(bin, "n");
        if (!isfinite(x) || !isfinite(y)) continue;
        hx_buf_printf(b,
                      "<circle class=\"dot c0\" cx=%.1f cy=%.1f r=%.1f><title>%.1f%% → %.1f%%, "
                      "n = %.0f</title></circle>",
                      at_side(x), SIDE - at_side(y), 3 + 9 * sqrt(n / rows), x * 100, y * 100, n);
    }
    hx_buf_append_lit(b, "</svg>");
}

static void put_judgement(hx_buf *b, double ece, double limit) {
    hx_buf_append_lit(b, "<p>ECE <b>");
    hx__report_percent(b, ece);
    hx_buf_append_lit(b, "</b>");
    if (!isnan(limit)) {
        hx__report_both(b, "; a perfectly calibrated model would show up to ",
                        "；完全校准的模型因偶然可达 ");
        hx__report_percent(b, limit);
        if (ece > limit)
            hx__report_both(b, ". The probabilities are <b>not calibrated</b>.",
                            "。概率<b>未校准</b>。");
        else
            hx__report_both(b, ". The probabilities mean what they say.", "。概率可信。");
    }
    hx_buf_append_lit(b, "</p>");
}

void hx__report_calibration(hx_buf *b, const json_t *evaluation) {
    const json_t *bins = json_object_get(evaluation, "calibration");
    double rows = hx__report_at(evaluation, "n");
    if (json_array_size(bins) == 0 || !(rows > 0)) return;
    hx__report_section(b, "calibration", "Whether its probabilities are true", "概率是否可信");
    hx_buf_append_lit(b, "<div class=figures><figure><figcaption>");
    hx__report_both(b, "right answers, %, by probability said, %",
                    "实际正确率（%）与所给概率（%）");
    hx_buf_append_lit(b, "</figcaption>");
    put_diagram(b, bins, rows);
    hx_buf_append_lit(b, "</figure><div>");
    put_judgement(b, hx__report_at(evaluation, "ece"), hx__report_at(evaluation, "ece_limit"));
    hx_buf_append_lit(b, "</div></div></section>");
}
