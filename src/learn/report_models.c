/* report_models.c - the sections of a page about models: one that was fitted, several on the same folds, a search for settings; see report.h.
 *
 * Of many features, settings and models the first in order of what they say are shown: 25 features, 20 settings, 16 models on one chart.
 *
 * Coefficients have intervals where the model gives errors; importances are bars beside each other, the greatest full. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn/report.h"

#define FEATURES_SHOWN 25
#define TRIED_SHOWN 20
#define MODELS_MAX 16
#define Z_95 1.959963984540054
#define PARAMS_DIGITS 5

/* ------------------------------------------------------------------ pieces */
static void put_row(hx_page *p, const char *name, double value) {
    (void)hx_buf_printf(&p->b, "<tr><th>%s</th>", name);
    hx_report_cell(p, value);
    hx_page_put(p, "</tr>\n");
}

static void put_text(hx_page *p, const char *tag, const char *text) {
    (void)hx_buf_printf(&p->b, "<%s>", tag);
    hx_page_escaped(p, hx_str_of(text));
    (void)hx_buf_printf(&p->b, "</%s>", tag);
}

static void put_params(hx_page *p, const json_t *params) {
    char *text = json_dumps(params, JSON_COMPACT | JSON_REAL_PRECISION(PARAMS_DIGITS));
    put_text(p, "code", text ? text : "");
    free(text);
}

typedef struct {
    double size;
    size_t at;
} sized;

static int by_size(const void *a, const void *b) {
    const sized *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* The places of the numbers that are greatest without sign; the caller frees. */
static sized *greatest(const json_t *numbers, size_t n) {
    sized *order = calloc(n + 1, sizeof *order);
    for (size_t i = 0; order && i < n; i++)
        order[i] = (sized){fabs(json_number_value(json_array_get(numbers, i))), i};
    if (order) qsort(order, n, sizeof *order, by_size);
    return order;
}

/* ------------------------------------------------------------------ a fitted model */
static void put_coefficients(hx_page *p, const json_t *s) {
    const json_t *names = json_object_get(s, "names"), *w = json_object_get(s, "coefficients");
    const json_t *errors = json_object_get(s, "standard_errors");
    const size_t d = json_array_size(names), n = json_array_size(w);
    const double t = json_object_get(s, "t_95") ? hx_report_at(s, "t_95") : Z_95;
    sized *order = n == d || n == d + 1 ? greatest(w, d) : NULL;
    if (!order || d == 0) {
        free(order);
        return;
    }
    hx_report_heading(p, "Coefficients", "系数");
    (void)hx_buf_printf(
        &p->b, "<div class=\"wide\"><table><tr><th>%s</th><th>%s</th><th>95 %%</th></tr>\n",
        hx_page_tr(p, "feature", "特征"),
        json_is_true(json_object_get(s, "scaled"))
            ? hx_page_tr(p, "coefficient (per standard deviation)", "系数（每标准差）")
            : hx_page_tr(p, "coefficient", "系数"));
    for (size_t i = 0; i < d && i < FEATURES_SHOWN; i++) {
        const size_t j = order[i].at;
        const double v = json_number_value(json_array_get(w, j));
        const json_t *error = json_array_get(errors, j);
        hx_page_put(p, "<tr>");
        put_text(p, "td", json_string_value(json_array_get(names, j)));
        (void)hx_buf_printf(&p->b, "<td class=\"n\">%.6g</td><td class=\"n\">", v);
        if (json_is_number(error))
            (void)hx_buf_printf(&p->b, "%.4g … %.4g", v - t * json_number_value(error),
                                v + t * json_number_value(error));
        hx_page_put(p, "</td></tr>\n");
    }
    hx_page_put(p, "</table></div>\n");
    free(order);
}

static void put_importances(hx_page *p, const json_t *s) {
    const json_t *names = json_object_get(s, "names"), *w = json_object_get(s, "importances");
    const size_t n = json_array_size(w);
    sized *order = n > 0 ? greatest(w, n) : NULL;
    if (!order || !(order[0].size > 0)) {
        free(order);
        return;
    }
    hx_report_heading(p, "What counts most", "最重要的特征");
    hx_page_put(p, "<div class=\"wide\"><table class=\"bars\">\n");
    for (size_t i = 0; i < n && i < FEATURES_SHOWN && order[i].size > 0; i++) {
        hx_page_put(p, "<tr>");
        put_text(p, "td", json_string_value(json_array_get(names, order[i].at)));
        hx_report_cell(p, order[i].size);
        (void)hx_buf_printf(&p->b, "<td class=\"bar\"><i style=\"width:%.1f%%\"></i></td></tr>\n",
                            100 * order[i].size / order[0].size);
    }
    hx_page_put(p, "</table></div>\n");
    free(order);
}

static void put_losses(hx_page *p, const json_t *losses) {
    hx_chart c;
    const size_t n = json_array_size(losses);
    double low = INFINITY, high = -INFINITY;
    if (n < 2) return;
    for (size_t i = 0; i < n; i++) {
        const double v = json_number_value(json_array_get(losses, i));
        low = fmin(low, v);
        high = fmax(high, v);
    }
    hx_page_put(p, "<div class=\"charts\">\n");
    hx_chart_begin(
        &c, p,
        &(hx_chart_options){.title = hx_page_tr(p, "Loss while learning", "学习过程中的损失"),
                            .x = hx_page_tr(p, "epoch", "轮次"),
                            .y = hx_page_tr(p, "loss", "损失"),
                            .x0 = 1,
                            .x1 = (double)n,
                            .y0 = low,
                            .y1 = high});
    hx_chart_path(&c, 0, HX_STROKE_SOLID);
    const size_t step = n / 400 + 1;
    for (size_t i = 0; i < n; i += step)
        hx_chart_to(&c, (double)i + 1, json_number_value(json_array_get(losses, i)));
    hx_chart_path_end(&c);
    hx_chart_end(&c, NULL, 0);
    hx_chart_note(&c, hx_page_tr(p, "Level at its end: more epochs would change little.",
                                 "末端平缓：再多的轮次也不会有多大变化。"));
    hx_page_put(p, "</div>\n");
}

static void put_calibration(hx_page *p, const json_t *calibration) {
    static const char *const keys[] = {"ece", "log_loss", "brier"};
    const json_t *before = json_object_get(calibration, "before"),
                 *after = json_object_get(calibration, "after");
    if (!calibration) return;
    hx_report_heading(p, "Calibration of the probabilities, out of fold", "概率校准（折外）");
    (void)hx_buf_printf(&p->b,
                        "<div class=\"wide\"><table><tr><th>%s</th><th>%s</th><th>%s</th></tr>\n",
                        hx_report_text(calibration, "method"), hx_page_tr(p, "before", "校准前"),
                        hx_page_tr(p, "after", "校准后"));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        (void)hx_buf_printf(&p->b, "<tr><td>%s</td>", hx_report_figure(p, keys[i]));
        hx_report_cell(p, hx_report_at(before, keys[i]));
        hx_report_cell(p, hx_report_at(after, keys[i]));
        hx_page_put(p, "</tr>\n");
    }
    hx_page_put(p, "</table></div>\n");
}

void hx_report_fit(hx_page *p, const json_t *s) {
    hx_report_heading(p, "Model", "模型");
    hx_page_put(p, "<div class=\"wide\"><table class=\"said\">\n<tr><th>");
    hx_page_put(p, hx_page_tr(p, "model</th>", "模型</th>"));
    put_text(p, "td", hx_report_text(s, "model"));
    hx_page_put(p, "</tr>\n<tr><th>");
    hx_page_put(p, hx_page_tr(p, "parameters</th><td>", "参数</th><td>"));
    put_params(p, json_object_get(s, "params"));
    hx_page_put(p, "</td></tr>\n");
    put_row(p, hx_page_tr(p, "rows learnt from", "学习的行数"), hx_report_at(s, "rows"));
    put_row(p, hx_page_tr(p, "features", "特征数"), hx_report_at(s, "features"));
    hx_page_put(p, "</table></div>\n");
    put_calibration(p, json_object_get(s, "calibration"));
    put_coefficients(p, s);
    put_importances(p, s);
    put_losses(p, json_object_get(s, "loss"));
}

/* ------------------------------------------------------------------ several models */
static const char *const class_figures[] = {"auc",      "pr_auc", "accuracy", "f1",
                                            "log_loss", "brier",  "ece"};
static const char *const number_figures[] = {"r2", "rmse", "mae", "median_error"};

static void put_mean_sd(hx_page *p, const json_t *of, bool best) {
    const double mean = hx_report_at(of, "mean"), sd = hx_report_at(of, "sd");
    (void)hx_buf_printf(&p->b, "<td class=\"n%s\">", best ? " good" : "");
    if (isfinite(mean)) (void)hx_buf_printf(&p->b, "%.4f", mean);
    if (isfinite(sd)) (void)hx_buf_printf(&p->b, "<small> ± %.4f</small>", sd);
    hx_page_put(p, isfinite(mean) ? "</td>" : "–</td>");
}

static void put_models(hx_page *p, const json_t *e) {
    const bool classes = strcmp(hx_report_text(e, "task"), "classes") == 0;
    const char *const *keys = classes ? class_figures : number_figures;
    const size_t n = classes ? sizeof class_figures / sizeof *class_figures
                             : sizeof number_figures / sizeof *number_figures;
    const char *best = hx_report_text(e, "best");
    size_t i;
    json_t *m;
    hx_report_heading(p, "Models on the same folds: mean ± deviation",
                      "相同折上的模型：均值 ± 标准差");
    (void)hx_buf_printf(&p->b, "<div class=\"wide\"><table class=\"tight\"><tr><th>%s</th>",
                        hx_page_tr(p, "model", "模型"));
    for (size_t k = 0; k < n; k++)
        put_text(p, "th", hx_report_figure(p, keys[k]));
    hx_page_put(p, "</tr>\n");
    json_array_foreach(json_object_get(e, "models"), i, m) {
        hx_page_put(p, "<tr>");
        put_text(p, "td", hx_report_text(m, "model"));
        for (size_t k = 0; k < n; k++)
            put_mean_sd(p, json_object_get(m, keys[k]),
                        k == 0 && strcmp(best, hx_report_text(m, "model")) == 0);
        hx_page_put(p, "</tr>\n");
    }
    hx_page_put(p, "</table></div>\n");
}

static void put_folds(hx_page *p, const json_t *e) {
    hx_chart c;
    const char *names[MODELS_MAX], *figure = hx_report_text(e, "figure");
    const json_t *models = json_object_get(e, "models");
    const size_t n = json_array_size(models) < MODELS_MAX ? json_array_size(models) : MODELS_MAX;
    double low = INFINITY, high = -INFINITY;
    for (size_t m = 0; m < n; m++) {
        const json_t *one = json_array_get(models, m), *v;
        size_t i;
        names[m] = hx_report_text(one, "model");
        json_array_foreach(json_object_get(json_object_get(one, figure), "folds"), i, v) {
            if (!json_is_number(v)) continue;
            low = fmin(low, json_number_value(v));
            high = fmax(high, json_number_value(v));
        }
    }
    hx_chart_begin(&c, p,
                   &(hx_chart_options){.title = hx_page_tr(p, "Each fold", "每一折"),
                                       .x = "",
                                       .y = hx_report_figure(p, figure),
                                       .y0 = low - (high - low) * 0.05,
                                       .y1 = high + (high - low) * 0.05,
                                       .names = names,
                                       .n_names = n});
    for (size_t m = 0; m < n; m++) {
        const json_t *of = json_object_get(json_array_get(models, m), figure), *v;
        const double mean = hx_report_at(of, "mean"), sd = hx_report_at(of, "sd");
        size_t i;
        hx_chart_range(&c, m, (double)m, mean - sd, mean + sd);
        json_array_foreach(json_object_get(of, "folds"), i, v) if (json_is_number(v))
            hx_chart_dot(&c, m, (double)m, json_number_value(v), 3);
    }
    hx_chart_end(&c, NULL, 0);
    hx_chart_note(
        &c, hx_page_tr(p, "A dot a fold; the line is the mean and one deviation to each side.",
                       "每点一折；竖线为均值上下各一个标准差。"));
}

static void put_test(hx_page *p, const json_t *t) {
    const json_t *m = json_object_get(t, "mcnemar");
    const double chance = hx_report_at(t, "p");
    hx_page_put(p, "<tr>");
    put_text(p, "td", hx_report_text(t, "first"));
    put_text(p, "td", hx_report_text(t, "second"));
    hx_report_cell(p, hx_report_at(t, "difference"));
    hx_report_cell(p, hx_report_at(t, "t"));
    hx_report_chance(p, chance);
    hx_report_cell(p, hx_report_at(m, "only_first"));
    hx_report_cell(p, hx_report_at(m, "only_second"));
    hx_report_chance(p, hx_report_at(m, "p"));
    put_text(p, "td",
             chance < 0.05 ? hx_page_tr(p, "differ", "有差异")
                           : hx_page_tr(p, "no difference shown", "未见差异"));
    hx_page_put(p, "</tr>\n");
}

static void put_tests(hx_page *p, const json_t *tests) {
    size_t i;
    json_t *t;
    if (json_array_size(tests) == 0) return;
    hx_report_heading(p, "Do two models differ?", "两个模型有差异吗？");
    (void)hx_buf_printf(&p->b,
                        "<div class=\"wide\"><table "
                        "class=\"pair\"><tr><th>%s</th><th>%s</th><th>%s</th><th>t</th><th>p</th>"
                        "<th>%s</th><th>%s</th><th>%s</th><th></th></tr>\n",
                        hx_page_tr(p, "first", "甲"), hx_page_tr(p, "second", "乙"),
                        hx_page_tr(p, "difference", "差"),
                        hx_page_tr(p, "only first right", "仅甲对"),
                        hx_page_tr(p, "only second right", "仅乙对"), "p (McNemar)");
    json_array_foreach(tests, i, t) put_test(p, t);
    hx_page_put(p, "</table></div>\n<p class=\"note\">");
    hx_page_put(
        p,
        hx_page_tr(
            p,
            "t-test over folds, corrected for the rows that folds share (Nadeau, Bengio 2003); "
            "McNemar's exact test of the rows that only one has right. Of many pairs one in twenty "
            "differs by chance.",
            "按折的 t 检验，已就各折共用的行校正（Nadeau、Bengio "
            "2003）；McNemar "
            "精确检验只看仅一方判对的行。比较多对时，二十对中会有一对因偶然而有差异。"));
    hx_page_put(p, "</p>\n");
}

/* ------------------------------------------------------------------ learning curves */
static void widen_by(const json_t *side, const char *figure, double *low, double *high) {
    const json_t *of = json_object_get(side, figure);
    const double mean = hx_report_at(of, "mean"), sd = hx_report_at(of, "sd");
    if (!isfinite(mean)) return;
    *low = fmin(*low, isfinite(sd) ? mean - sd : mean);
    *high = fmax(*high, isfinite(sd) ? mean + sd : mean);
}

static void put_curve(hx_page *p, const json_t *model, const char *figure) {
    hx_chart c;
    const json_t *curve = json_object_get(model, "curve");
    const char *names[] = {hx_page_tr(p, "rows learnt from", "学习的行"),
                           hx_page_tr(p, "rows not seen", "未见过的行")};
    double low = INFINITY, high = -INFINITY, most = 0;
    char title[200];
    size_t i;
    json_t *one;
    json_array_foreach(curve, i, one) {
        most = fmax(most, hx_report_at(one, "rows"));
        widen_by(json_object_get(one, "train"), figure, &low, &high);
        widen_by(json_object_get(one, "test"), figure, &low, &high);
    }
    if (json_array_size(curve) == 0) return;
    (void)snprintf(title, sizeof title, hx_page_tr(p, "Learning curve: %s", "学习曲线：%s"),
                   hx_report_text(model, "model"));
    hx_chart_begin(&c, p,
                   &(hx_chart_options){.title = title,
                                       .x = hx_page_tr(p, "rows", "行数"),
                                       .y = hx_report_figure(p, figure),
                                       .x1 = most * 1.03,
                                       .y0 = low - (high - low) * 0.05,
                                       .y1 = high + (high - low) * 0.05});
    for (size_t side = 0; side < 2; side++) {
        const char *key = side ? "test" : "train";
        hx_chart_path(&c, side, HX_STROKE_SOLID);
        json_array_foreach(curve, i, one)
            hx_chart_to(&c, hx_report_at(one, "rows"),
                        hx_report_at(json_object_get(json_object_get(one, key), figure), "mean"));
        hx_chart_path_end(&c);
        json_array_foreach(curve, i, one) {
            const json_t *of = json_object_get(json_object_get(one, key), figure);
            const double mean = hx_report_at(of, "mean"), sd = hx_report_at(of, "sd");
            hx_chart_dot(&c, side, hx_report_at(one, "rows"), mean, 3);
            hx_chart_range(&c, side, hx_report_at(one, "rows"), fmax(mean - sd, c.y0),
                           fmin(mean + sd, c.y1));
        }
    }
    hx_chart_end(&c, names, 2);
    hx_chart_note(
        &c,
        hx_page_tr(
            p,
            "The lower line still rises: more rows would help. Both level and near: a richer "
            "model or other features might. Far apart: the model fits what is chance.",
            "下方曲线仍在上升：更多的行会有帮助。两条都平缓且接近：可尝试更复杂的模型或别的特征。"
            "相距很远：模型拟合了偶然。"));
}

void hx_report_cross(hx_page *p, const json_t *e) {
    const json_t *models = json_object_get(e, "models");
    const char *best = hx_report_text(e, "best");
    size_t i;
    json_t *m;
    put_models(p, e);
    put_tests(p, json_object_get(e, "tests"));
    hx_page_put(p, "<div class=\"charts\">\n");
    put_folds(p, e);
    hx_report_compare_curves(p, models);
    json_array_foreach(models, i, m) put_curve(p, m, hx_report_text(e, "figure"));
    hx_page_put(p, "</div>\n");
    json_array_foreach(models, i, m) {
        const json_t *said = json_object_get(m, "out_of_fold");
        if (strcmp(best, hx_report_text(m, "model")) != 0 || !said) continue;
        (void)hx_buf_printf(&p->b, "<h2 class=\"part\">%s ",
                            hx_page_tr(p, "Out of fold:", "折外："));
        hx_page_escaped(p, hx_str_of(best));
        hx_page_put(p, "</h2>\n");
        hx_report_evaluation(p, said);
    }
}

/* ------------------------------------------------------------------ a search */
/* The caller frees; the best first. */
static sized *by_mean(const json_t *tried, size_t n) {
    sized *order = calloc(n + 1, sizeof *order);
    for (size_t i = 0; order && i < n; i++) {
        const double mean = hx_report_at(json_array_get(tried, i), "mean");
        order[i] = (sized){isfinite(mean) ? mean : -INFINITY, i};
    }
    if (order) qsort(order, n, sizeof *order, by_size);
    return order;
}

static void put_setting(hx_page *p, const json_t *one) {
    hx_page_put(p, "<tr>");
    put_text(p, "td", hx_report_text(one, "model"));
    put_mean_sd(p, one, false);
    hx_report_cell(p, (double)json_array_size(json_object_get(one, "folds")));
    hx_page_put(p, "<td>");
    put_params(p, json_object_get(one, "params"));
    hx_page_put(p, "</td></tr>\n");
}

/* Those that were judged on all folds stand first: the mean of fewer is more by chance. */
static void put_tried(hx_page *p, const json_t *tried, size_t folds) {
    const size_t n = json_array_size(tried);
    size_t shown = 0;
    sized *order = by_mean(tried, n);
    if (!order) return;
    hx_report_heading(p, "Settings, the best first", "各设置（最佳在前）");
    (void)hx_buf_printf(&p->b,
                        "<div class=\"wide\"><table><tr><th>%s</th><th>%s</th><th>%s</th><th "
                        "class=\"t\">%s</th></tr>\n",
                        hx_page_tr(p, "model", "模型"),
                        hx_page_tr(p, "mean ± deviation", "均值 ± 标准差"),
                        hx_page_tr(p, "folds", "折数"), hx_page_tr(p, "parameters", "参数"));
    for (int whole = 1; whole >= 0; whole--)
        for (size_t i = 0; i < n && shown < TRIED_SHOWN; i++) {
            const json_t *one = json_array_get(tried, order[i].at);
            if ((json_array_size(json_object_get(one, "folds")) >= folds) != (whole == 1)) continue;
            put_setting(p, one);
            shown++;
        }
    hx_page_put(p, "</table></div>\n");
    free(order);
}

/* The lower end of the axis: three times as far below the best as the middle setting, at most; the worst stand on it. */
static double usual_low(const json_t *tried, double low, double high) {
    const size_t n = json_array_size(tried);
    sized *order = by_mean(tried, n);
    const double middle = order && n > 0 ? order[n / 2].size : low;
    free(order);
    return isfinite(middle) && middle < high ? fmax(low, high - 3 * (high - middle)) : low;
}

static void put_search(hx_page *p, const json_t *e) {
    hx_chart c;
    const json_t *tried = json_object_get(e, "tried");
    const double n = (double)json_array_size(tried), all = hx_report_at(e, "folds");
    double low = INFINITY, high = -INFINITY, best = -INFINITY;
    size_t i;
    json_t *one;
    json_array_foreach(tried, i, one) {
        const double mean = hx_report_at(one, "mean");
        if (!isfinite(mean)) continue;
        low = fmin(low, mean);
        high = fmax(high, mean);
    }
    const double bottom = usual_low(tried, low, high);
    hx_page_put(p, "<div class=\"charts one\">\n");
    hx_chart_begin(&c, p,
                   &(hx_chart_options){.title = hx_page_tr(p, "The search", "搜索过程"),
                                       .x = hx_page_tr(p, "setting", "设置"),
                                       .y = hx_report_figure(p, hx_report_text(e, "figure")),
                                       .x0 = 0.5,
                                       .x1 = n + 0.5,
                                       .y0 = bottom,
                                       .y1 = high + (high - bottom) * 0.05});
    json_array_foreach(tried, i, one) {
        const double mean = hx_report_at(one, "mean");
        const bool all_folds = (double)json_array_size(json_object_get(one, "folds")) >= all;
        hx_chart_dot(&c, all_folds ? 0 : 3, (double)i + 1, mean < c.y0 ? c.y0 : mean, 3);
    }
    hx_chart_path(&c, 1, HX_STROKE_SOLID);
    json_array_foreach(tried, i, one) {
        const double mean = hx_report_at(one, "mean");
        if ((double)json_array_size(json_object_get(one, "folds")) >= all && mean > best)
            best = mean;
        if (isfinite(best)) hx_chart_to(&c, (double)i + 1, best);
    }
    hx_chart_path_end(&c);
    hx_chart_end(&c, NULL, 0);
    hx_chart_note(
        &c,
        hx_page_tr(p,
                   "A dot a setting, grey: not judged on all folds; those far below stand on the "
                   "axis. The line is the best so far.",
                   "每点一个设置，灰色点没有在全部折上评估，差得多的画在横轴上；折线为目前最佳。"));
    hx_page_put(p, "</div>\n");
}

/* The settings that are kept together, by weight. */
static void put_members(hx_page *p, const json_t *ensemble, const char *figure) {
    const json_t *members = json_object_get(ensemble, "members"), *m;
    size_t i;
    if (json_array_size(members) == 0) return;
    hx_report_heading(p, "Kept together", "组合");
    (void)hx_buf_printf(&p->b,
                        "<div class=\"wide\"><table><tr><th>%s</th><th>%s</th><th "
                        "class=\"t\">%s</th></tr>\n",
                        hx_page_tr(p, "model", "模型"), hx_page_tr(p, "weight", "权重"),
                        hx_page_tr(p, "parameters", "参数"));
    json_array_foreach(members, i, m) {
        hx_page_put(p, "<tr>");
        put_text(p, "td", hx_report_text(m, "model"));
        hx_report_cell(p, hx_report_at(m, "weight"));
        hx_page_put(p, "<td>");
        put_params(p, json_object_get(m, "params"));
        hx_page_put(p, "</td></tr>\n");
    }
    hx_page_put(p, "<tr><td>");
    hx_page_escaped(p, hx_str_of(figure));
    hx_page_put(p, "</td>");
    put_mean_sd(p, ensemble, true);
    hx_page_put(p, "<td></td></tr>\n</table></div>\n");
}

void hx_report_tuning(hx_page *p, const json_t *e) {
    const json_t *best = json_object_get(e, "best"), *nested = json_object_get(e, "nested");
    const char *figure = hx_report_figure(p, hx_report_text(e, "figure"));
    hx_report_heading(p, "The best setting", "最佳设置");
    hx_page_put(p, "<div class=\"wide\"><table><tr><th>");
    hx_page_put(p, hx_page_tr(p, "model</th><th class=\"t\">parameters</th><th>",
                              "模型</th><th class=\"t\">参数</th><th>"));
    hx_page_escaped(p, hx_str_of(figure));
    hx_page_put(p, "</th></tr>\n<tr>");
    put_text(p, "td", hx_report_text(best, "model"));
    hx_page_put(p, "<td>");
    put_params(p, json_object_get(best, "params"));
    hx_page_put(p, "</td>");
    put_mean_sd(p, best, true);
    hx_page_put(p, "</tr>\n");
    if (nested) {
        (void)hx_buf_printf(&p->b, "<tr><td colspan=\"2\">%s</td>",
                            hx_page_tr(p, "the whole search, judged on rows it never saw",
                                       "整个搜索在从未见过的行上"));
        put_mean_sd(p, nested, false);
        hx_page_put(p, "</tr>\n");
    }
    hx_page_put(p, "</table></div>\n");
    put_members(p, json_object_get(e, "ensemble"), figure);
    put_search(p, e);
    put_tried(p, json_object_get(e, "tried"), (size_t)hx_report_at(e, "folds"));
}
