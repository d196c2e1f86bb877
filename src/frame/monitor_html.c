/* monitor_html.c - the report of a run as a page: its rows over the runs, then a row a column with a picture of before and now.
 *
 * The runs that are shown are the latest thirty, those with an alarm in red.
 *
 * Pictures are SVG in the page: for each bin the baseline's share in grey beside today's in colour, red where the column raises an alarm. The
 * look and the escaping are check_page.c's. Figures stand beside the limit beyond which they alarm. */
#include <math.h>
#include <stdio.h>

#include "base/civil.h"
#include "base/error.h"
#include "frame/check_page.h"

#define BAR 7
#define GAP 4
#define HEIGHT 44

static void put_bins(hx_page *p, const hx_monitor_column *c) {
    double before = 0, now = 0, most = 0;
    for (size_t i = 0; i < c->n_bins; i++) {
        before += (double)c->bins_before[i];
        now += (double)c->bins_now[i];
    }
    for (size_t i = 0; i < c->n_bins; i++)
        most = fmax(most, fmax((double)c->bins_before[i] / before, (double)c->bins_now[i] / now));
    if (c->n_bins == 0 || before == 0 || now == 0) return;
    const size_t width = c->n_bins * (2 * BAR + GAP);
    (void)hx_buf_printf(&p->b, "<svg width=\"%zu\" height=\"%d\" role=\"img\" aria-label=\"%s\">",
                        width, HEIGHT, hx_page_tr(p, "before and now", "之前与现在"));
    for (size_t i = 0; i < c->n_bins; i++) {
        const double shares[2] = {(double)c->bins_before[i] / before, (double)c->bins_now[i] / now};
        for (int k = 0; k < 2; k++) {
            const double height = shares[k] / most * (HEIGHT - 1);
            (void)hx_buf_printf(&p->b,
                                "<rect class=\"%s\" x=\"%zu\" y=\"%.1f\" width=\"%d\" "
                                "height=\"%.1f\"><title>%.1f %%</title></rect>",
                                k == 0      ? "b"
                                : c->alarms ? "a"
                                            : "n",
                                i * (2 * BAR + GAP) + (size_t)k * BAR, HEIGHT - height, BAR, height,
                                100 * shares[k]);
        }
    }
    hx_page_put(p, "</svg>");
}

static void put_figure(hx_page *p, double v, double limit, bool alarm) {
    if (v != v)
        hx_page_put(p, "<td></td>");
    else
        (void)hx_buf_printf(&p->b, "<td class=\"n%s\">%.3g <small>/ %.3g</small></td>",
                            alarm ? " bad" : "", v, limit);
}

static void put_missing(hx_page *p, const hx_monitor_column *c) {
    const hx_drift *d = &c->drift;
    if (d->missing_p != d->missing_p)
        hx_page_put(p, "<td></td>");
    else
        (void)hx_buf_printf(&p->b, "<td class=\"n%s\">%.2f %% → %.2f %%</td>",
                            c->alarms & HX_ALARM_MISSING ? " bad" : "", 100 * d->missing_before,
                            100 * d->missing_now);
}

static void put_new_values(hx_page *p, const hx_monitor_column *c) {
    const hx_drift *d = &c->drift;
    (void)hx_buf_printf(&p->b, "<td class=\"%s\">", c->alarms & HX_ALARM_NEW_VALUES ? "bad" : "");
    if (d->new_values > 0) {
        (void)hx_buf_printf(&p->b, hx_page_tr(p, "%zu in %zu rows: ", "%zu 个，共 %zu 行："),
                            d->new_values, d->new_rows);
        hx_page_escaped(p, d->new_value);
        if (d->new_values > 1) hx_page_put(p, ", …");
    }
    hx_page_put(p, "</td>");
}

static void put_verdict(hx_page *p, const hx_monitor_column *c) {
    const char *text = hx_page_tr(p, "as before", "无变化"), *class = "good";
    if (c->is_new) {
        text = hx_page_tr(p, "new column", "新列");
        class = "warn";
    }
    if (c->alarms != 0) {
        text = hx_page_tr(p, "alarm", "告警");
        class = "bad";
    }
    if (c->alarms & HX_ALARM_GONE) text = hx_page_tr(p, "column is gone", "列已消失");
    if (c->alarms & HX_ALARM_KIND) text = hx_page_tr(p, "other kind of values", "类型改变");
    (void)hx_buf_printf(&p->b, "<td class=\"%s\">%s</td>", class, text);
}

static void put_column(hx_page *p, const hx_monitor_column *c) {
    const hx_drift *d = &c->drift;
    hx_page_put(p, "<tr><td>");
    hx_page_escaped(p, c->column);
    hx_page_put(p, "</td>");
    put_verdict(p, c);
    hx_page_put(p, "<td>");
    put_bins(p, c);
    hx_page_put(p, "</td>");
    put_figure(p, d->psi, c->psi_limit, c->alarms & HX_ALARM_PSI);
    put_figure(p, d->js, c->js_limit, c->alarms & HX_ALARM_JS);
    put_figure(p, d->ks, c->ks_limit, c->alarms & HX_ALARM_KS);
    put_missing(p, c);
    put_new_values(p, c);
    hx_page_put(p, "</tr>\n");
}

static void put_history(hx_page *p, const hx_monitor_report *r) {
    size_t most = 1;
    char at[HX_ISO_MAX];
    for (size_t i = 0; i < r->n_history; i++)
        if (r->history[i].rows > most) most = r->history[i].rows;
    (void)hx_buf_printf(&p->b, "<h2>%s</h2><div class=\"wide\" style=\"padding:12px\">",
                        hx_page_tr(p, "Rows of the latest runs", "最近各次运行的行数"));
    (void)hx_buf_printf(&p->b, "<svg width=\"%zu\" height=\"%d\" role=\"img\">",
                        r->n_history * 24 + 4, HEIGHT + 28);
    for (size_t i = 0; i < r->n_history; i++) {
        const double height = (double)r->history[i].rows / (double)most * (HEIGHT + 10);
        (void)hx_buf_printf(&p->b,
                            "<rect class=\"%s\" x=\"%zu\" y=\"%.1f\" width=\"18\" height=\"%.1f\">"
                            "<title>%s: %zu</title></rect><text x=\"%zu\" y=\"%d\" "
                            "text-anchor=\"middle\">%lld</text>",
                            r->history[i].alarms > 0 ? "a" : "n", i * 24, HEIGHT + 12 - height,
                            height, hx_iso_from_ms(r->history[i].at_ms, at), r->history[i].rows,
                            i * 24 + 9, HEIGHT + 25, (long long)r->history[i].run);
    }
    hx_page_put(p, "</svg></div>");
}

static void put_columns(hx_page *p, const hx_monitor_report *r) {
    hx_page_put(p,
                hx_page_tr(p,
                           "<h2>Columns <small><span class=\"key\" style=\"background:var(--old)"
                           "\"></span>before <span class=\"key\" style=\"background:var(--bar)\">"
                           "</span>now</small></h2><div class=\"wide\"><table><tr><th>column</th>"
                           "<th>verdict</th><th>shares</th><th>PSI / limit</th><th>JS / limit</th>"
                           "<th>KS / limit</th><th>missing</th><th>new values</th></tr>\n",
                           "<h2>各列 <small><span class=\"key\" style=\"background:var(--old)\">"
                           "</span>之前 <span class=\"key\" style=\"background:var(--bar)\"></span>"
                           "现在</small></h2><div class=\"wide\"><table><tr><th>列</th>"
                           "<th>结论</th><th>占比</th><th>PSI / 限值</th><th>JS / 限值</th>"
                           "<th>KS / 限值</th><th>缺失</th><th>新值</th></tr>\n"));
    for (size_t i = 0; i < r->n; i++)
        if (r->columns[i].alarms != 0) put_column(p, &r->columns[i]);
    for (size_t i = 0; i < r->n; i++)
        if (r->columns[i].alarms == 0) put_column(p, &r->columns[i]);
    hx_page_put(p, "</table></div>");
}

hx_status hx_monitor_html(const hx_monitor_report *report, hx_str title, hx_ui_lang ui,
                          hx_arena *arena, hx_str *html, hx_error *err) {
    hx_page p;
    char note[400], at[HX_ISO_MAX];
    const bool zh = ui == HX_UI_ZH;
    if (report->baseline == 0)
        (void)snprintf(note, sizeof note,
                       zh ? "第 %lld 次运行，%zu 行；没有可比较的档案"
                          : "run %lld, %zu rows; nothing to compare with yet",
                       (long long)report->run, report->rows);
    else
        (void)snprintf(
            note, sizeof note,
            zh ? "第 %lld 次运行，%zu 行；与第 %lld 次（%s，%zu 行）比较；告警 %zu 个"
               : "run %lld, %zu rows; compared with run %lld (%s, %zu rows); alarms: %zu",
            (long long)report->run, report->rows, (long long)report->baseline,
            hx_iso_from_ms(report->baseline_ms, at), report->baseline_rows, report->n_alarms);
    hx_page_begin(&p, ui, title, note);
    put_history(&p, report);
    if (report->baseline > 0) put_columns(&p, report);
    return hx_page_end(&p, arena, html, err);
}
