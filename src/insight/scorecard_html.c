/* scorecard_html.c - the page of a scorecard: its figures, then each column with its bins, their bars of weight of evidence and their points.
 *
 * Self-contained, all foreign text escaped, English or Chinese. Bars to the right are good, bars to the left bad; all share one scale.
 *
 * Columns in use stand before those that are not; bins of missing and other values are shown where they have rows. With figures of a file come
 * the cut-offs with their bad rates and profit, and fairness between groups. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "frame/check_page.h"
#include "insight/scorecard.h"

static const char *const style =
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}h2 small{font-weight:normal;"
    "color:#667}.w{width:240px;height:14px;position:relative;background:linear-gradient(#99a,#99a) "
    "50% 0/1px 100% no-repeat}.w i{position:absolute;top:1px;bottom:1px}.w .g{left:50%;"
    "background:#2a7}.w .b{right:50%;background:#d64}";

static double widest(const hx_scorecard *card) {
    double most = 0.1;
    for (size_t j = 0; j < card->n_variables; j++)
        for (size_t k = 0; k < hx_card_all_bins(&card->variables[j]); k++)
            most = fmax(most, fabs(card->variables[j].bins[k].woe));
    return most;
}

static void put_bin(hx_page *p, const hx_scorecard *card, const hx_card_variable *v, size_t k,
                    double most) {
    const hx_card_bin *b = &v->bins[k];
    const double n = b->count.good + b->count.bad;
    hx_buf text;
    if (k >= v->n_bins && !(n > 0)) return;
    hx_buf_init(&text, 1u << 20);
    hx_card_bin_name(v, k, p->ui, &text);
    hx_page_put(p, "<tr><td>");
    hx_page_escaped(p, hx_buf_str(&text));
    (void)hx_buf_printf(&p->b, "</td><td class=n>%.0f</td><td class=n>%.1f %%</td>", n,
                        n > 0 ? b->count.bad / n * 100 : 0);
    (void)hx_buf_printf(&p->b,
                        "<td class=n>%.3f</td><td><div class=w><i class=%c "
                        "style=\"width:%.1f%%\"></i></div></td><td class=n>",
                        b->woe, b->woe >= 0 ? 'g' : 'b', fabs(b->woe) / most * 50);
    hx_buf_reset(&text);
    if (v->used) hx_card_put_units(b->points, card->places, &text);
    hx_page_escaped(p, hx_buf_str(&text));
    hx_page_put(p, "</td></tr>\n");
    hx_buf_release(&text);
}

static void put_variable(hx_page *p, const hx_scorecard *card, const hx_card_variable *v,
                         double most) {
    hx_page_put(p, "<h2>");
    hx_page_escaped(p, v->name);
    (void)hx_buf_printf(&p->b, " <small>IV %.3f", v->iv);
    if (v->used)
        (void)hx_buf_printf(&p->b, "; %s %.3f, p %.2g", hx_page_tr(p, "coefficient", "系数"),
                            v->coefficient, v->p);
    else
        hx_page_put(p, hx_page_tr(p, "; not in use", "；未使用"));
    hx_page_put(p, "</small></h2>\n<table><tr>");
    hx_page_put(p, hx_page_tr(p,
                              "<th>bin</th><th class=n>rows</th><th class=n>bad</th><th "
                              "class=n>WoE</th><th>bad ← → good</th><th class=n>points</th>",
                              "<th>分箱</th><th class=n>行数</th><th class=n>坏样本率</th><th "
                              "class=n>WoE</th><th>坏 ← → 好</th><th class=n>分值</th>"));
    hx_page_put(p, "</tr>\n");
    for (size_t k = 0; k < hx_card_all_bins(v); k++)
        put_bin(p, card, v, k, most);
    hx_page_put(p, "</table>\n");
}

static double figure(const json_t *figures, const char *key) {
    return json_number_value(json_object_get(figures, key));
}

static void put_cut(hx_page *p, const json_t *cut) {
    (void)hx_buf_printf(&p->b,
                        "<tr><td class=n>%g</td><td class=n>%.1f %%</td><td class=n>%.1f "
                        "%%</td><td class=n>%.1f %%</td><td class=n>%.0f</td></tr>\n",
                        figure(cut, "score"), figure(cut, "accepted") * 100,
                        figure(cut, "bad_rate") * 100, figure(cut, "expected_bad_rate") * 100,
                        figure(cut, "profit"));
}

static void put_fairness(hx_page *p, const json_t *f) {
    const json_t *groups = json_object_get(f, "groups");
    hx_page_put(p, hx_page_tr(p, "<h2>fairness by ", "<h2>公平性："));
    hx_page_escaped(p, hx_str_of(json_string_value(json_object_get(f, "column"))));
    (void)hx_buf_printf(
        &p->b,
        hx_page_tr(p,
                   " <small>demographic parity: difference %.3f, ratio %.3f; equalised odds: "
                   "difference %.3f</small></h2>\n",
                   " <small>人口统计均等：差 %.3f，比 %.3f；均等机会：差 %.3f</small></h2>\n"),
        figure(f, "demographic_parity_difference"), figure(f, "demographic_parity_ratio"),
        figure(f, "equalised_odds_difference"));
    hx_page_put(p, hx_page_tr(p,
                              "<table><tr><th>group</th><th class=n>rows</th><th "
                              "class=n>accepted (95 %)</th></tr>\n",
                              "<table><tr><th>群组</th><th class=n>行数</th><th class=n>通过率（95 "
                              "% 区间）</th></tr>\n"));
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *g = json_array_get(groups, i), *a = json_object_get(g, "accepted");
        hx_page_put(p, "<tr><td>");
        hx_page_escaped(p, hx_str_of(json_string_value(json_object_get(g, "group"))));
        (void)hx_buf_printf(&p->b,
                            "</td><td class=n>%.0f</td><td class=n>%.1f %% (%.1f–%.1f)</td></tr>\n",
                            figure(g, "rows"), json_number_value(json_array_get(a, 0)) * 100,
                            json_number_value(json_array_get(a, 1)) * 100,
                            json_number_value(json_array_get(a, 2)) * 100);
    }
    hx_page_put(p, "</table>\n");
}

static void put_measured(hx_page *p, const json_t *m) {
    const json_t *cuts = json_object_get(m, "cut_offs");
    (void)hx_buf_printf(&p->b, "<p>AUC %.4f, Gini %.4f, KS %.4f (%s %.0f)</p>\n", figure(m, "auc"),
                        figure(m, "gini"), figure(m, "ks"), hx_page_tr(p, "rows", "行数"),
                        figure(m, "rows"));
    hx_page_put(p,
                hx_page_tr(p,
                           "<h2>cut-offs</h2><table><tr><th class=n>score from</th><th "
                           "class=n>accepted</th><th class=n>bad</th><th class=n>bad as the card "
                           "says</th><th class=n>profit</th></tr>\n",
                           "<h2>准入分数线</h2><table><tr><th class=n>最低分</th><th "
                           "class=n>通过率</th><th class=n>坏样本率</th><th "
                           "class=n>预期坏样本率</th><th class=n>利润</th></tr>\n"));
    for (size_t i = 0; i < json_array_size(cuts); i++)
        put_cut(p, json_array_get(cuts, i));
    hx_page_put(p, "</table>\n");
    if (json_object_get(m, "fairness")) put_fairness(p, json_object_get(m, "fairness"));
}

hx_status hx_scorecard_html(const hx_scorecard *card, hx_str title, hx_str measured, hx_ui_lang ui,
                            hx_arena *arena, hx_str *html, hx_error *err) {
    hx_page p = {0};
    hx_buf note;
    json_t *figures = NULL;
    const double most = widest(card);
    if (measured.len > 0)
        HX_TRY(hx_json_parse(measured, HX_CARD_BYTES_MAX, "the figures", &figures, err));
    hx_buf_init(&note, 4096);
    (void)hx_buf_printf(
        &note,
        ui == HX_UI_ZH
            ? "由 %.0f 行得出（坏样本 %.0f）；%g 分对应好坏比 %g，每增加 %g 分好坏比翻倍"
            : "Made of %.0f rows, %.0f of them bad; %g points mean %g goods to a bad, %g more "
              "double that",
        card->all.good + card->all.bad, card->all.bad, card->base, card->odds, card->pdo);
    hx_page_open(&p, ui, title, hx_buf_str(&note), style);
    hx_buf_release(&note);
    if (figures) put_measured(&p, figures);
    for (int used = 1; used >= 0; used--)
        for (size_t j = 0; j < card->n_variables; j++)
            if (card->variables[j].used == (used == 1))
                put_variable(&p, card, &card->variables[j], most);
    json_decref(figures);
    return hx_page_end(&p, arena, html, err);
}
