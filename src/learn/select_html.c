/* select_html.c - a selection as files: a page with all rankings side by side, and the recipe that drops what was not chosen.
 *
 *     column, why | kept | mean rank | one cell a method: its rank, the value below, the deeper the colour the better the rank
 *     [{"step":"drop","columns":["gender","job"],"reasons":{"gender":"must not be used: ...","job":"by mean rank place 17 of 19, ..."}}]
 *
 * The recipe drops and does not keep, so that it fits tables without the target, too; where all is kept it is an empty list. Below the table stands what each
 * method measures. */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/json.h"
#include "frame/check_page.h"
#include "learn/select.h"

#define JSON_BYTES_MAX ((size_t)64 << 20)

/* ------------------------------------------------------------------ the recipe */
static void put_drop(const hx_selection *s, hx_ui_lang ui, hx_json_writer *w) {
    hx_json_object(w);
    hx_json_key(w, "step");
    hx_json_cstr(w, "drop");
    hx_json_key(w, "columns");
    hx_json_array(w);
    for (size_t i = 0; i < s->n; i++)
        if (!s->columns[i].kept) hx_json_cstr(w, s->columns[i].name);
    hx_json_end_array(w);
    hx_json_key(w, "reasons");
    hx_json_object(w);
    for (size_t i = 0; i < s->n; i++) {
        if (s->columns[i].kept) continue;
        hx_json_key_str(w, hx_str_of(s->columns[i].name));
        hx_json_cstr(w, s->columns[i].reason[ui]);
    }
    hx_json_end_object(w);
    hx_json_end_object(w);
}

hx_status hx_selection_recipe(const hx_selection *s, hx_ui_lang ui, hx_arena *arena, hx_str *json,
                              hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, JSON_BYTES_MAX);
    hx_json_begin(&w, &b);
    hx_json_array(&w);
    if (s->n_kept < s->n) put_drop(s, ui, &w);
    hx_json_end_array(&w);
    const hx_status status = hx_select_lines(&b, "recipe", arena, json, err);
    hx_buf_release(&b);
    return status;
}

/* ------------------------------------------------------------------ what each method measures */
static const char *const meanings[HX_SELECT_METHODS][2] = {
    [HX_SELECT_PEARSON] = {"straight-line correlation with the target", "与目标的线性相关系数"},
    [HX_SELECT_SPEARMAN] = {"correlation of the ranks: any rising or falling relation",
                            "秩相关系数：任何单调关系"},
    [HX_SELECT_KENDALL] = {"pairs of rows in the same order less those in the opposite one (tau-b)",
                           "同序对与逆序对之差（tau-b）"},
    [HX_SELECT_MUTUAL] =
        {"what the column tells of the target, any kind of relation, in nats (numbers: "
         "by 3 nearest neighbours)",
         "该列对目标提供的信息（任何关系），单位奈特（数值列用 3 近邻法）"},
    [HX_SELECT_GAIN] =
        {"fall of the target's entropy, in bits, when the column's value or tenth is known",
         "已知该列取值（或十分位）后目标熵的下降，单位比特"},
    [HX_SELECT_GAIN_RATIO] =
        {"information gain over the entropy of the column: does not favour many values",
         "信息增益除以该列的熵：不偏向取值多的列"},
    [HX_SELECT_INFORMATION_VALUE] =
        {"of two classes, as in scorecards: below 0.02 nothing, above 0.3 strong",
         "二分类的信息值（评分卡）：低于 0.02 无用，高于 0.3 很强"},
    [HX_SELECT_CHI2] =
        {"test of independence of values (or tenths) and target; ranked by probability",
         "取值（或十分位）与目标独立性的卡方检验，按 p 值排名"},
    [HX_SELECT_ANOVA] = {"test of equal means; ranked by probability",
                         "均值相等的 F 检验，按 p 值排名"},
    [HX_SELECT_L1] = {"when the column enters the lasso as its penalty falls: 1 = first",
                      "惩罚减小时该列进入 lasso 的先后：1 表示最先"},
    [HX_SELECT_ELIMINATION] =
        {"1 = the last one left when the lightest column of a ridge model is removed again "
         "and again",
         "反复去掉岭回归中权重最小的列，最后剩下的为 1"},
    [HX_SELECT_FOREST] = {"share of what the splits of a random forest gained",
                          "随机森林各次分裂收益的占比"},
    [HX_SELECT_BOOSTING] = {"the same of gradient boosting (XGBoost)",
                            "梯度提升（XGBoost）分裂收益的占比"},
    [HX_SELECT_PERMUTATION] =
        {"loss of AUC or R2 on rows not learnt from when the column is shuffled",
         "打乱该列后，未参与学习的行上 AUC 或 R² 的下降"},
    [HX_SELECT_BORUTA] =
        {"share of 50 forests in which the column beats every shuffled copy of a column",
         "50 个森林中该列胜过所有随机打乱列的比例"},
    [HX_SELECT_VARIANCE] = {"of the values scaled to 0 to 1; does not look at the target",
                            "缩放到 0–1 后的方差；不看目标"},
    [HX_SELECT_VIF] =
        {"how far the other columns tell this one, less is better; does not look at the target",
         "被其他列解释的程度，越小越好；不看目标"},
};

/* ------------------------------------------------------------------ the table */
static const char style[] =
    "<style>header,main{max-width:1760px}.ranks td,.ranks th{padding:4px 8px}"
    ".ranks th{white-space:normal;font-size:13px;vertical-align:bottom;text-align:right}"
    ".ranks td:first-child,.ranks th:first-child{position:sticky;left:0;text-align:left;"
    "background:var(--card);min-width:220px}</style>\n";

static void put_value(hx_page *p, double v) {
    const double size = fabs(v);
    if (isinf(v))
        hx_page_put(p, "∞");
    else
        (void)hx_buf_printf(&p->b, size != 0 && size < 1e-3 ? "%.1e" : "%.4g", v);
}

/* Blue of a strength that falls from the first rank to the last. */
static void put_rank(hx_page *p, const hx_selection *s, double rank, const double *value) {
    if (isnan(rank)) {
        hx_page_put(p, "<td class=\"n\"><small>–</small></td>");
        return;
    }
    const double n = (double)s->n, share = n > 1 ? 1 - (rank - 1) / (n - 1) : 1;
    (void)hx_buf_printf(&p->b, "<td class=\"n\" style=\"background:rgba(47,111,179,%.2f)\">%.4g",
                        0.55 * fmax(0, fmin(1, share)), round(rank * 10) / 10);
    if (value != NULL) {
        hx_page_put(p, "<br><small>");
        put_value(p, *value);
        hx_page_put(p, "</small>");
    }
    hx_page_put(p, "</td>");
}

static void put_head(hx_page *p, const hx_selection *s) {
    hx_page_put(p, hx_page_tr(p,
                              "<div class=\"wide ranks\"><table><tr><th>column</th><th>kept</th>"
                              "<th>mean rank</th>",
                              "<div class=\"wide ranks\"><table><tr><th>列</th><th>保留</th>"
                              "<th>平均名次</th>"));
    for (hx_select_method m = 0; m < HX_SELECT_METHODS; m++) {
        if (!s->has[m]) continue;
        (void)hx_buf_printf(&p->b, "<th title=\"%s\">%s</th>", meanings[m][p->ui],
                            hx_select_method_title(m, p->ui));
    }
    hx_page_put(p, "</tr>\n");
}

static void put_column(hx_page *p, const hx_selection *s, const hx_selected_column *c) {
    hx_page_put(p, "<tr><td>");
    hx_page_escaped(p, hx_str_of(c->name));
    if (c->looks_protected != NULL)
        (void)hx_buf_printf(&p->b,
                            hx_page_tr(p, " <small class=\"warn\">protected? %s</small>",
                                       " <small class=\"warn\">受保护？%s</small>"),
                            c->looks_protected[p->ui]);
    hx_page_put(p, "<br><small>");
    hx_page_escaped(p, hx_str_of(c->reason[p->ui]));
    hx_page_put(p, "</small>");
    (void)hx_buf_printf(&p->b, "</td><td class=\"%s\">%s</td>", c->kept ? "good" : "bad",
                        c->kept ? hx_page_tr(p, "yes", "是") : hx_page_tr(p, "no", "否"));
    put_rank(p, s, c->mean_rank, NULL);
    for (size_t m = 0; m < HX_SELECT_METHODS; m++)
        if (s->has[m]) put_rank(p, s, c->rank[m], &c->value[m]);
    hx_page_put(p, "</tr>\n");
}

static void put_meanings(hx_page *p, const hx_selection *s) {
    hx_page_put(p, hx_page_tr(p, "<h2>What the rankings measure</h2><div class=\"wide\"><table>\n",
                              "<h2>各项排名的含义</h2><div class=\"wide\"><table>\n"));
    for (hx_select_method m = 0; m < HX_SELECT_METHODS; m++)
        if (s->has[m])
            (void)hx_buf_printf(&p->b, "<tr><td>%s</td><td>%s</td></tr>\n",
                                hx_select_method_title(m, p->ui), meanings[m][p->ui]);
    hx_page_put(p, "</table></div><p><small>");
    hx_page_put(
        p,
        hx_page_tr(
            p,
            "1 is the best rank. The mean is over the rankings that look at the target; a ranking "
            "that applies to some columns only is stretched to all. – means that it does not "
            "apply.",
            "名次 1 为最佳。平均名次只计入与目标有关的排名；只适用于部分列的排名按全部列数伸展。–"
            "表示不适用。"));
    hx_page_put(p, "</small></p>");
}

static void put_notes(hx_page *p, const hx_selection *s) {
    for (size_t i = 0; i < s->n_notes; i++) {
        hx_page_put(p, "<p class=\"warn\">");
        hx_page_escaped(p, hx_str_of(s->notes[i][p->ui]));
        hx_page_put(p, "</p>");
    }
    if (s->figure == NULL) return;
    (void)hx_buf_printf(
        &p->b,
        hx_page_tr(p,
                   "<p>On the rows that were held out a forest has %s %.4f with all columns that "
                   "may be used and %.4f with the chosen ones.</p>",
                   "<p>在留出的行上，随机森林用全部可用列时 %s 为 %.4f，用所选列时为 %.4f。</p>"),
        s->figure[0] == 'a' ? "AUC" : "R²", s->all, s->chosen);
}

hx_status hx_selection_html(const hx_selection *s, hx_str title, hx_ui_lang ui, hx_arena *arena,
                            hx_str *html, hx_error *err) {
    hx_page p;
    char sentence[200];
    (void)snprintf(sentence, sizeof sentence,
                   ui == HX_UI_ZH ? "共 %zu 列，选出 %zu 列；由 %zu 行训练数据得出"
                                  : "%zu columns, %zu chosen; learnt from %zu training rows",
                   s->n, s->n_kept, s->rows);
    hx_page_begin(&p, ui, title, sentence);
    hx_page_put(&p, style);
    put_notes(&p, s);
    put_head(&p, s);
    for (size_t i = 0; i < s->n; i++)
        put_column(&p, s, &s->columns[i]);
    hx_page_put(&p, "</table></div>");
    put_meanings(&p, s);
    return hx_page_end(&p, arena, html, err);
}
