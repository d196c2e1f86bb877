/* report_survival.c - curves of survival, the test between groups and the risks of a Cox regression as sections of a page; see report.h.
 *
 * A curve is a stair: it goes down at each time at which something ended. Its 95 % interval is drawn as thin dotted stairs where there are at most three. */
#include <math.h>
#include <stdio.h>

#include "learn/report.h"

#define BANDS_MAX 3

static void put_stair(hx_chart *c, size_t colour, hx_chart_stroke stroke, const json_t *curve,
                      const char *key) {
    size_t i;
    json_t *p;
    double before = 1;
    hx_chart_path(c, colour, stroke);
    hx_chart_to(c, 0, 1);
    json_array_foreach(curve, i, p) {
        const double time = hx_report_at(p, "time"), now = hx_report_at(p, key);
        hx_chart_to(c, time, before);
        if (isfinite(now)) before = now;
        hx_chart_to(c, time, before);
    }
    hx_chart_path_end(c);
}

static void put_curves(hx_page *p, const json_t *e) {
    hx_chart c;
    const json_t *groups = json_object_get(e, "groups");
    const char *names[HX_CHART_COLOURS];
    const size_t all = json_array_size(groups), n = all < HX_CHART_COLOURS ? all : HX_CHART_COLOURS;
    double most = 0;
    for (size_t g = 0; g < n; g++) {
        const json_t *curve = json_object_get(json_array_get(groups, g), "curve");
        most = fmax(most, hx_report_at(json_array_get(curve, json_array_size(curve) - 1), "time"));
    }
    hx_page_put(p, "<div class=\"charts one\">\n");
    hx_chart_begin(
        &c, p,
        &(hx_chart_options){
            .title = hx_page_tr(p, "Survival (Kaplan–Meier)", "生存曲线（Kaplan–Meier）"),
            .x = hx_report_text(e, "time"),
            .y = hx_page_tr(p, "share to whom it did not happen yet", "尚未发生的比例"),
            .x1 = most,
            .y1 = 1});
    for (size_t g = 0; g < n; g++) {
        const json_t *group = json_array_get(groups, g), *curve = json_object_get(group, "curve");
        names[g] = hx_report_text(group, "group");
        put_stair(&c, g, HX_STROKE_SOLID, curve, "survival");
        if (all > BANDS_MAX) continue;
        put_stair(&c, g, HX_STROKE_BOUND, curve, "low");
        put_stair(&c, g, HX_STROKE_BOUND, curve, "high");
    }
    hx_chart_end(&c, names, n > 1 || (n == 1 && names[0][0]) ? n : 0);
    hx_chart_note(
        &c,
        hx_page_tr(
            p,
            "The share of rows to whom it did not happen up to a time; rows that were only seen so "
            "long count as long as they were seen. Dotted: 95 % intervals.",
            "到某一时间尚未发生的行所占比例；只观察到某时的行在观察期内计入。点线为 95 % 区间。"));
    hx_page_put(p, "</div>\n");
}

static void put_groups(hx_page *p, const json_t *e) {
    static const char *const keys[] = {"n", "events", "median", "median_low", "median_high"};
    size_t i;
    json_t *g;
    (void)hx_buf_printf(
        &p->b,
        "<div class=\"wide\"><table><tr><th>%s</th><th>%s</th><th>%s</th><th>%s</th><th "
        "colspan=\"2\">95 %%</th></tr>\n",
        hx_page_tr(p, "group", "组"), hx_page_tr(p, "rows", "行数"), hx_page_tr(p, "ended", "发生"),
        hx_page_tr(p, "median", "中位时间"));
    json_array_foreach(json_object_get(e, "groups"), i, g) {
        hx_page_put(p, "<tr><td>");
        hx_page_escaped(p, hx_str_of(hx_report_text(g, "group")));
        hx_page_put(p, "</td>");
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            hx_report_cell(p, hx_report_at(g, keys[k]));
        hx_page_put(p, "</tr>\n");
    }
    hx_page_put(p, "</table></div>\n");
    const json_t *test = json_object_get(e, "log_rank");
    if (!isfinite(hx_report_at(test, "p"))) return;
    (void)hx_buf_printf(
        &p->b,
        hx_page_tr(p, "<p>Log-rank test: chi-square %.6g, %.0f degrees of freedom, p = %.4g.</p>\n",
                   "<p>对数秩检验：卡方 %.6g，自由度 %.0f，p = %.4g。</p>\n"),
        hx_report_at(test, "statistic"), hx_report_at(test, "freedom"), hx_report_at(test, "p"));
}

static void put_cox(hx_page *p, const json_t *cox) {
    size_t i;
    json_t *f;
    if (!cox) return;
    hx_report_heading(p, "What changes the risk (Cox regression)", "什么影响风险（Cox 回归）");
    (void)hx_buf_printf(
        &p->b,
        "<div class=\"wide\"><table><tr><th>%s</th><th>%s</th><th>%s</th><th>95 %%</th><th>z</th>"
        "<th>p</th></tr>\n",
        hx_page_tr(p, "feature", "特征"), hx_page_tr(p, "coefficient", "系数"),
        hx_page_tr(p, "times the risk", "风险倍数"));
    json_array_foreach(json_object_get(cox, "features"), i, f) {
        hx_page_put(p, "<tr><td>");
        hx_page_escaped(p, hx_str_of(hx_report_text(f, "feature")));
        hx_page_put(p, "</td>");
        hx_report_cell(p, hx_report_at(f, "coefficient"));
        hx_report_cell(p, hx_report_at(f, "hazard_ratio"));
        (void)hx_buf_printf(&p->b, "<td class=\"n\">%.4g … %.4g</td>", exp(hx_report_at(f, "low")),
                            exp(hx_report_at(f, "high")));
        hx_report_cell(p, hx_report_at(f, "z"));
        hx_report_chance(p, hx_report_at(f, "p"));
        hx_page_put(p, "</tr>\n");
    }
    (void)hx_buf_printf(&p->b,
                        hx_page_tr(p,
                                   "</table></div>\n<p class=\"note\">Concordance %.4f; likelihood "
                                   "ratio %.6g, p = %.4g. Times 2: at any time the risk is twice "
                                   "that of a row whose feature is one less.</p>\n",
                                   "</table></div>\n<p class=\"note\">一致性 %.4f；似然比 %.6g，p "
                                   "= %.4g。倍数为 2：该特征每大 1，任一时刻的风险加倍。</p>\n"),
                        hx_report_at(cox, "concordance"), hx_report_at(cox, "likelihood_ratio"),
                        hx_report_at(cox, "p"));
}

void hx_report_survival(hx_page *p, const json_t *e) {
    put_groups(p, e);
    put_curves(p, e);
    put_cox(p, json_object_get(e, "cox"));
}
