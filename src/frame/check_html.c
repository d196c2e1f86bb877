/* check_html.c - the results of a check as a page: broken rules first by severity, then those that hold.
 *
 * One row a rule: what was expected, how many rows break it and their share, the first examples with their row numbers (as the file counts
 * them: 1 is the first row behind the header). The look and the escaping are check_page.c's. */
#include <stdio.h>

#include "base/error.h"
#include "frame/check_page.h"

static void put_verdict(hx_page *p, const hx_check_result *r) {
    static const char *const words[][2] = {
        {"note", "提示"}, {"warning", "警告"}, {"error", "错误"}};
    static const char *const classes[] = {"warn", "warn", "bad"};
    if (r->broken)
        (void)hx_buf_printf(&p->b, "<td class=\"%s\">%s</td>", classes[r->severity],
                            words[r->severity][p->ui == HX_UI_ZH]);
    else
        (void)hx_buf_printf(&p->b, "<td class=\"good\">%s</td>", hx_page_tr(p, "holds", "符合"));
}

static void put_found(hx_page *p, const hx_check_result *r) {
    if (r->rows == 0 && r->found.len == 0) {
        hx_page_put(p, "<td class=\"n\">0</td><td></td>");
        return;
    }
    if (r->found.len > 0) {
        hx_page_put(p, "<td></td><td>");
        hx_page_escaped(p, r->found);
        hx_page_put(p, "</td>");
        return;
    }
    (void)hx_buf_printf(&p->b, "<td class=\"n\">%zu <small>(%.2f %%)</small></td><td>", r->count,
                        100.0 * (double)r->count / (double)r->rows);
    for (size_t i = 0; i < r->n_examples; i++) {
        (void)hx_buf_printf(&p->b, hx_page_tr(p, "%srow %zu", "%s第 %zu 行"), i > 0 ? "; " : "",
                            r->examples[i].row + 1);
        if (r->examples[i].value.len > 0) hx_page_put(p, ": ");
        hx_page_escaped(p, r->examples[i].value);
    }
    hx_page_put(p, "</td>");
}

static void put_rule(hx_page *p, const hx_check_result *r) {
    hx_page_put(p, "<tr>");
    put_verdict(p, r);
    (void)hx_buf_printf(&p->b, "<td>%s</td><td>", r->rule);
    hx_page_escaped(p, r->columns);
    hx_page_put(p, "</td><td>");
    hx_page_escaped(p, r->expected);
    hx_page_put(p, "</td>");
    put_found(p, r);
    hx_page_put(p, "</tr>\n");
}

hx_status hx_check_html(const hx_check_result *results, size_t n, hx_str title, hx_ui_lang ui,
                        hx_arena *arena, hx_str *html, hx_error *err) {
    hx_page p;
    char note[160];
    size_t broken = 0;
    for (size_t i = 0; i < n; i++)
        broken += results[i].broken;
    (void)snprintf(note, sizeof note,
                   ui == HX_UI_ZH ? "共 %zu 条规则，%zu 条不符合" : "%zu rules, %zu broken", n,
                   broken);
    hx_page_begin(&p, ui, title, note);
    hx_page_put(&p, hx_page_tr(&p,
                               "<div class=\"wide\"><table><tr><th>verdict</th><th>rule</th>"
                               "<th>columns</th><th>expected</th><th>rows that break it</th>"
                               "<th>what there is</th></tr>\n",
                               "<div class=\"wide\"><table><tr><th>结论</th><th>规则</th>"
                               "<th>列</th><th>要求</th><th>不符合的行</th><th>实际</th></tr>\n"));
    for (int severity = HX_SEVERITY_ERROR; severity >= 0; severity--)
        for (size_t i = 0; i < n; i++)
            if (results[i].broken && (int)results[i].severity == severity)
                put_rule(&p, &results[i]);
    for (size_t i = 0; i < n; i++)
        if (!results[i].broken) put_rule(&p, &results[i]);
    hx_page_put(&p, "</table></div>");
    return hx_page_end(&p, arena, html, err);
}
