/* explain_html.c - an explanation as one HTML page: what it is about, then a section a method, each with how to read it; see hx_explain_html().
 *
 * One row: waterfall, then what would have to change. All rows: bars, beeswarm, permutation, lines, tree, coefficients.
 *
 * The page is drawn from the JSON object alone, which may come from a file: every member may be absent, then its section is left out. All text of it is
 * escaped, and the page needs nothing from elsewhere. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "learn/explain_draw.h"

#define JSON_MAX_BYTES ((size_t)1 << 30)
#define COLUMNS_SHOWN ((size_t)20)
#define COEFFICIENTS_SHOWN ((size_t)40)
#define NOTE_BYTES 600

static const char *text_of(const json_t *object, const char *key) {
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static void put_heading(hx_page *p, const char *en, const char *zh, const char *how_en,
                        const char *how_zh) {
    (void)hx_buf_printf(&p->b, "<h2>%s</h2><p class=\"legend\">%s</p>\n", hx_page_tr(p, en, zh),
                        hx_page_tr(p, how_en, how_zh));
}

/* ------------------------------------------------------------------ one row */
static const char *unit_of(const hx_page *p, const char *unit) {
    if (strcmp(unit, "log-odds") == 0) return hx_page_tr(p, "log-odds", "对数几率");
    if (strcmp(unit, "probability") == 0) return hx_page_tr(p, "probability", "概率");
    if (strcmp(unit, "value") == 0) return hx_page_tr(p, "the target's own unit", "目标的单位");
    return hx_page_tr(p, "the model's score", "模型得分");
}

static void put_row(hx_page *p, const json_t *e, const json_t *shap) {
    const bool classes = json_object_get(e, "class") != NULL;
    put_heading(p, "This row", "本行",
                "From the mean of all rows to this one: what each column adds "
                "or takes. The bars add up exactly.",
                "从总体平均到本行：每一列增加或减少了多少。各条之和恰好等于结果。");
    (void)hx_buf_printf(&p->b, "<p class=\"big\">%.4g <small>", hx_drawn_number(e, "answer"));
    if (classes) {
        hx_page_put(p, hx_page_tr(p, "probability of ", ""));
        hx_page_escaped(p, hx_str_of(text_of(e, "class")));
        hx_page_put(p, hx_page_tr(p, "", " 的概率"));
    }
    (void)hx_buf_printf(&p->b, "</small></p><p class=\"legend\">%s: %s</p>\n",
                        hx_page_tr(p, "unit", "单位"), unit_of(p, text_of(shap, "unit")));
    hx_draw_waterfall(p, shap, COLUMNS_SHOWN);
}

/* ------------------------------------------------------------------ counterfactuals */
static void put_change(hx_page *p, const json_t *one) {
    size_t i;
    json_t *change;
    hx_page_put(p, "<tr><td>");
    json_array_foreach(json_object_get(one, "changes"), i, change) {
        if (i > 0) hx_page_put(p, "<br>");
        hx_page_put(p, "<b>");
        hx_page_escaped(p, hx_str_of(text_of(change, "column")));
        hx_page_put(p, "</b> ");
        hx_draw_value(p, json_object_get(change, "from"));
        hx_page_put(p, " → ");
        hx_draw_value(p, json_object_get(change, "to"));
    }
    (void)hx_buf_printf(&p->b, "</td><td class=\"n\">%.4g</td></tr>\n",
                        hx_drawn_number(one, "answer"));
}

static void put_wanted(hx_page *p, const json_t *wanted) {
    if (json_is_string(wanted)) {
        hx_page_escaped(p, hx_str_of(json_string_value(wanted)));
        return;
    }
    const bool above = json_object_get(wanted, "above") != NULL;
    hx_page_put(p, above ? hx_page_tr(p, "above ", "高于 ") : hx_page_tr(p, "below ", "低于 "));
    hx_draw_value(p, json_object_get(wanted, above ? "above" : "below"));
}

static void put_counterfactual(hx_page *p, const json_t *c) {
    const json_t *found = json_object_get(c, "found");
    size_t i;
    json_t *one;
    put_heading(
        p, "What would have to change", "怎样才会不同",
        "The smallest changes of few columns, to values that other rows have, with which the "
        "model answers otherwise. They say how the model decides, not what causes what.",
        "改动尽量少的列、且只用其他行出现过的值，使模型给出不同回答。说明的是模型如何判断，而不是因"
        "果。");
    hx_page_put(p, hx_page_tr(p, "<p>Wanted: <b>", "<p>期望：<b>"));
    put_wanted(p, json_object_get(c, "wanted"));
    (void)hx_buf_printf(&p->b, hx_page_tr(p, "</b>, now %.4g</p>", "</b>，现在为 %.4g</p>"),
                        hx_drawn_number(c, "answer"));
    if (json_is_true(json_object_get(c, "already"))) {
        hx_page_put(p, hx_page_tr(p, "<p>It is so already.</p>", "<p>已经如此。</p>"));
        return;
    }
    if (json_array_size(found) == 0) {
        hx_page_put(p, hx_page_tr(p, "<p>No change of up to four columns does it.</p>",
                                  "<p>至多改动四列也达不到。</p>"));
        return;
    }
    (void)hx_buf_printf(&p->b, "<div class=\"wide\"><table><tr><th>%s</th><th>%s</th></tr>\n",
                        hx_page_tr(p, "changes", "改动"), hx_page_tr(p, "then", "改动后"));
    json_array_foreach(found, i, one) put_change(p, one);
    hx_page_put(p, "</table></div>\n");
}

/* ------------------------------------------------------------------ all rows */
static void put_shap(hx_page *p, const json_t *shap) {
    const json_t *columns = json_object_get(shap, "columns");
    char how[2][NOTE_BYTES];
    const double rows = hx_drawn_number(shap, "rows");
    (void)snprintf(
        how[0], sizeof how[0],
        "Mean absolute Shapley value of a column over %.0f rows, in %s: how far it moves "
        "the answer of a row.",
        rows, unit_of(p, text_of(shap, "unit")));
    (void)snprintf(how[1], sizeof how[1],
                   "各列 Shapley 值绝对值在 %.0f 行上的平均（%s）：该列使一行的回答偏移多少。",
                   rows, unit_of(p, text_of(shap, "unit")));
    put_heading(p, "What counts", "什么最重要", how[0], how[1]);
    hx_draw_bars(p, columns, "mean_abs", NULL, COLUMNS_SHOWN);
    if (!json_object_get(json_array_get(columns, 0), "points")) return;
    put_heading(
        p, "In which direction", "影响的方向",
        "A dot is a row: to the right its value of the column raises the answer, to the left "
        "it lowers it. Red: high values of the column, blue: low ones, grey: texts.",
        "一个点是一行：靠右表示该列的值使回答升高，靠左表示降低。红色为该列的高值，蓝色为低值，灰色"
        "为文本。");
    hx_draw_swarm(p, columns, COLUMNS_SHOWN);
}

static const char *figure_of(const json_t *m) {
    const char *name = text_of(m, "figure");
    return strcmp(name, "auc") == 0 ? "ROC-AUC" : strcmp(name, "r2") == 0 ? "R2" : name;
}

static void put_permutation(hx_page *p, const json_t *m) {
    char how[2][NOTE_BYTES];
    const double score = hx_drawn_number(m, "score"), rows = hx_drawn_number(m, "rows"),
                 repeats = hx_drawn_number(m, "repeats");
    (void)snprintf(
        how[0], sizeof how[0],
        "How much worse %s gets (now %.4g) where a column's values are shuffled among %.0f "
        "rows; mean and deviation of %.0f times.",
        figure_of(m), score, rows, repeats);
    (void)snprintf(
        how[1], sizeof how[1],
        "把某列的值在 %.0f 行之间打乱后，%s（现为 %.4g）变差多少；%.0f 次的均值与标准差。", rows,
        figure_of(m), score, repeats);
    hx_page_put(p, hx_page_tr(p, "<h2>What the model needs</h2>", "<h2>模型依赖什么</h2>"));
    hx_page_put(p, "<p class=\"legend\">");
    hx_page_escaped(p, hx_str_of(hx_page_tr(p, how[0], how[1])));
    hx_page_put(p, "</p>\n");
    hx_draw_bars(p, json_object_get(m, "columns"), "mean", "sd", COLUMNS_SHOWN);
}

static void put_coefficients(hx_page *p, const json_t *e) {
    const json_t *list = json_object_get(e, "coefficients");
    const bool scaled = json_is_true(json_object_get(e, "scaled"));
    put_heading(p, "Coefficients", "系数",
                scaled ? "Per standard deviation of the feature, with intervals of 95 %."
                       : "Per unit of the feature, with intervals of 95 %.",
                scaled ? "特征每变化一个标准差的系数及 95 % 区间。"
                       : "特征每变化一个单位的系数及 95 % 区间。");
    hx_draw_intervals(p, list, COEFFICIENTS_SHOWN);
    if (json_array_size(list) > COEFFICIENTS_SHOWN)
        (void)hx_buf_printf(&p->b, hx_page_tr(p, "<p>%zu more</p>", "<p>另有 %zu 个</p>"),
                            json_array_size(list) - COEFFICIENTS_SHOWN);
}

static void put_partials(hx_page *p, const json_t *list) {
    size_t i;
    json_t *one;
    put_heading(
        p, "How a column matters", "各列如何起作用",
        "The thick line is the mean answer where every row had that value of the column; thin "
        "lines are single rows: where they cross, the column matters differently to them.",
        "粗线为假设每一行都取该值时的平均回答；细线为单独的行：细线交叉处，该列对不同的行作用不同"
        "。");
    hx_page_put(p, "<div class=\"grid\">");
    json_array_foreach(list, i, one) hx_draw_partial(p, one);
    hx_page_put(p, "</div>\n");
}

static void put_surrogate(hx_page *p, const json_t *s) {
    const double r2 = hx_drawn_number(s, "r2"), agreement = hx_drawn_number(s, "agreement");
    put_heading(
        p, "Nearly the same as a small tree", "近似的小树",
        "A tree of three levels that answers nearly as the model does: the number is its answer.",
        "三层的树，回答与模型近似：数字为其回答。");
    (void)hx_buf_printf(&p->b,
                        hx_page_tr(p,
                                   "<p>It explains %.1f %% of what the model's answers differ "
                                   "(R2 on %.0f rows)",
                                   "<p>它解释了模型回答差异的 %.1f %%（在 %.0f 行上的 R2）"),
                        100 * r2, hx_drawn_number(s, "judged_on"));
    if (isfinite(agreement))
        (void)hx_buf_printf(&p->b,
                            hx_page_tr(p, "; on %.1f %% of rows both decide alike",
                                       "；在 %.1f %% 的行上两者判断一致"),
                            100 * agreement);
    hx_page_put(p, r2 < 0.5 ? hx_page_tr(p, ". <b>Too little to believe it.</b></p>",
                                         "。<b>太低，不足为信。</b></p>")
                            : hx_page_tr(p, ".</p>", "。</p>"));
    hx_draw_tree(p, json_object_get(s, "nodes"));
}

/* ------------------------------------------------------------------ the page */
static void note_of(const json_t *e, hx_ui_lang ui, char note[NOTE_BYTES]) {
    const char *class = text_of(e, "class");
    (void)snprintf(note, NOTE_BYTES,
                   ui == HX_UI_ZH ? "%s 预测 %s%s%s，%.0f 行，平均回答 %.4g"
                                  : "%s of %s%s%s, %.0f rows, mean answer %.4g",
                   text_of(e, "model"), text_of(e, "target"), class[0] ? " = " : "", class,
                   hx_drawn_number(e, "rows"), hx_drawn_number(e, "mean"));
}

static void put_all(hx_page *p, const json_t *e) {
    const json_t *shap = json_object_get(e, "shap"),
                 *changes = json_object_get(e, "counterfactual"),
                 *permutation = json_object_get(e, "permutation"),
                 *partial = json_object_get(e, "partial"),
                 *surrogate = json_object_get(e, "surrogate");
    if (json_object_get(shap, "contributions")) put_row(p, e, shap);
    if (changes) put_counterfactual(p, changes);
    if (json_array_size(json_object_get(shap, "columns")) > 0) put_shap(p, shap);
    if (permutation) put_permutation(p, permutation);
    if (json_array_size(partial) > 0) put_partials(p, partial);
    if (surrogate) put_surrogate(p, surrogate);
    if (json_array_size(json_object_get(e, "coefficients")) > 0) put_coefficients(p, e);
}

hx_status hx_explain_html(hx_str json, hx_str title, hx_ui_lang ui, hx_arena *arena, hx_str *html,
                          hx_error *err) {
    json_t *e = NULL;
    char note[NOTE_BYTES];
    hx_page p;
    HX_TRY(hx_json_parse(json, JSON_MAX_BYTES, "explanation", &e, err));
    note_of(e, ui, note);
    hx_page_open(&p, ui, title, hx_str_of(note), hx_explain_style);
    put_all(&p, e);
    json_decref(e);
    return hx_page_end(&p, arena, html, err);
}
