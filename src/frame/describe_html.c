/* describe_html.c - the description of a table as one HTML page: a card a column, its figures and its histogram.
 *
 * Self-contained: no script, no font, no picture from elsewhere; light or dark as the reader's system is. All text of the file is escaped.
 * Histograms are SVG: bars over equal steps from the smallest to the largest value, or the commonest values of a column of texts.
 *
 * The buffer notes what fails; it is asked once, when the page is whole. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/number.h"
#include "frame/table.h"

#define PAGE_BYTES_MAX ((size_t)256 << 20)
#define SHOWN_BYTES 120 /* of a value */
#define BAR_WIDTH 12
#define BAR_HEIGHT 56

typedef struct {
    const hx_table *t;
    hx_ui_lang ui;
    hx_buf *b;
} page;

static const char *tr(const page *p, const char *en, const char *zh) {
    return p->ui == HX_UI_ZH ? zh : en;
}

static void put(const page *p, const char *s) {
    (void)hx_buf_append_lit(p->b, s);
}

static void put_escaped(const page *p, hx_str s) {
    const int shown = s.len > SHOWN_BYTES ? hx_str_shown((hx_str){s.ptr, SHOWN_BYTES}) : (int)s.len;
    for (size_t i = 0; i < (size_t)shown; i++) {
        const char c = s.ptr[i];
        if (c == '&')
            put(p, "&amp;");
        else if (c == '<')
            put(p, "&lt;");
        else if (c == '>')
            put(p, "&gt;");
        else if (c == '"')
            put(p, "&quot;");
        else
            (void)hx_buf_append_byte(p->b, c);
    }
    if ((size_t)shown < s.len) put(p, "…");
}

/* A figure for eyes: six digits, times as ISO 8601. */
static void put_figure(const page *p, hx_kind kind, double v) {
    char text[HX_ISO_MAX];
    if (kind == HX_KIND_TIME) {
        put(p, hx_iso_from_ms((int64_t)v, text));
    } else if (fabs(v) < 1e15 && floor(v) == v) {
        (void)hx_buf_printf(p->b, "%.0f", v);
    } else {
        (void)hx_buf_printf(p->b, "%.6g", v);
    }
}

static void put_row(const page *p, const char *label, hx_kind kind, double v) {
    if (v != v) return;
    (void)hx_buf_printf(p->b, "<tr><th>%s</th><td>", label);
    put_figure(p, kind, v);
    put(p, "</td></tr>");
}

static void put_histogram(const page *p, const hx_description *d) {
    size_t most = 1;
    for (size_t i = 0; i < d->n_bins; i++)
        if (d->bins[i] > most) most = d->bins[i];
    if (d->n_bins == 0) return;
    (void)hx_buf_printf(p->b, "<svg viewBox=\"0 0 %zu %d\" role=\"img\" aria-label=\"%s\">",
                        d->n_bins * BAR_WIDTH, BAR_HEIGHT, tr(p, "histogram", "分布"));
    for (size_t i = 0; i < d->n_bins; i++) {
        const double height = (double)d->bins[i] / (double)most * (BAR_HEIGHT - 2);
        (void)hx_buf_printf(
            p->b,
            "<rect x=\"%zu\" y=\"%.2f\" width=\"%d\" height=\"%.2f\"><title>%zu</title></rect>",
            i * BAR_WIDTH, BAR_HEIGHT - height, BAR_WIDTH - 2, height, d->bins[i]);
    }
    put(p, "</svg>");
}

static void put_column(const page *p, size_t column, const hx_description *d) {
    static const char *const kinds[] = {"数值", "时间", "真假值", "文本"};
    const hx_table_column *about = hx_table_column_at(p->t, column);
    const size_t rows = hx_table_rows(p->t);
    put(p, "<section><h2>");
    put_escaped(p, about->name);
    (void)hx_buf_printf(p->b, " <small>%s</small></h2>",
                        tr(p, hx_kind_name(about->kind), kinds[about->kind]));
    put_histogram(p, d);
    put(p, "<table>");
    put_row(p, tr(p, "count", "个数"), HX_KIND_NUMBER, (double)d->count);
    (void)hx_buf_printf(p->b, "<tr><th>%s</th><td>%zu (%.1f %%)</td></tr>",
                        tr(p, "missing", "缺失"), d->missing,
                        rows > 0 ? 100.0 * (double)d->missing / (double)rows : 0.0);
    put_row(p, tr(p, "different values", "不同值"), HX_KIND_NUMBER, (double)d->unique);
    if (d->infinite > 0)
        put_row(p, tr(p, "infinite (not drawn)", "无穷（未画出）"), HX_KIND_NUMBER,
                (double)d->infinite);
    if (d->freq > 0) {
        (void)hx_buf_printf(p->b, "<tr><th>%s</th><td>", tr(p, "commonest", "最多的值"));
        put_escaped(p, d->top);
        (void)hx_buf_printf(p->b, " (%zu)</td></tr>", d->freq);
    }
    put_row(p, tr(p, "mean", "均值"), about->kind, d->mean);
    put_row(p, tr(p, "standard deviation", "标准差"), about->kind, d->std);
    put_row(p, tr(p, "minimum", "最小"), about->kind, d->min);
    put_row(p, "25 %", about->kind, d->q25);
    put_row(p, tr(p, "median", "中位数"), about->kind, d->q50);
    put_row(p, "75 %", about->kind, d->q75);
    put_row(p, tr(p, "maximum", "最大"), about->kind, d->max);
    put_row(p, tr(p, "skew", "偏度"), about->kind, d->skew);
    put(p, "</table></section>\n");
}

static const char style[] =
    "<style>:root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6675;--card:#fff;--page:#f3f5f8;"
    "--line:#d9dfe7;--bar:#2f6fb3}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa5b4;--card:#1b212b;--page:"
    "#11151c;--line:#2c3542;--bar:#6aa5e0}}"
    "body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,\"Noto Sans "
    "CJK SC\",\"Microsoft YaHei\",sans-serif}"
    "header,main{max-width:1180px;margin:0 auto;padding:20px}h1{margin:0;font-size:26px}"
    "header p{margin:4px 0 0;color:var(--soft)}"
    "main{display:grid;grid-template-columns:repeat(auto-fill,minmax(270px,1fr));gap:16px;"
    "padding-top:0}"
    "section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px "
    "16px;overflow-wrap:anywhere}"
    "h2{margin:0 0 8px;font-size:16px}small{font-weight:400;color:var(--soft)}"
    "svg{width:100%;height:64px;margin-bottom:6px}rect{fill:var(--bar)}"
    "table{width:100%;border-collapse:collapse}th{font-weight:400;color:var(--soft);text-align:"
    "left;padding:2px 0;vertical-align:top}"
    "td{text-align:right;font-variant-numeric:tabular-nums}</style>";

static void put_page(const page *p, hx_str title, const hx_description *d) {
    const size_t n = hx_table_columns(p->t);
    (void)hx_buf_printf(p->b,
                        "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta "
                        "name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>",
                        p->ui == HX_UI_ZH ? "zh" : "en");
    put_escaped(p, title);
    put(p, "</title>");
    put(p, style);
    put(p, "</head><body><header><h1>");
    put_escaped(p, title);
    (void)hx_buf_printf(p->b, tr(p, "</h1><p>%zu rows, %zu columns", "</h1><p>%zu 行，%zu 列"),
                        hx_table_rows(p->t), n);
    if (hx_table_bad_rows(p->t) > 0)
        (void)hx_buf_printf(p->b, tr(p, ", %zu rows could not be read", "，%zu 行无法读取"),
                            hx_table_bad_rows(p->t));
    put(p, "</p></header><main>\n");
    for (size_t c = 0; c < n; c++)
        put_column(p, c, &d[c]);
    put(p, "</main></body></html>\n");
}

hx_status hx_table_describe_html(const hx_table *t, hx_str title, hx_ui_lang ui, hx_arena *arena,
                                 hx_str *html, hx_error *err) {
    hx_description *d = NULL;
    HX_TRY(hx_table_describe(t, 0, arena, &d, err));
    hx_buf b;
    hx_buf_init(&b, PAGE_BYTES_MAX);
    const page p = {t, ui, &b};
    put_page(&p, title, d);
    hx_status status = hx_buf_status(&b, "page", err);
    if (status == HX_OK) *html = hx_arena_str(arena, hx_buf_str(&b));
    if (status == HX_OK && html->ptr == NULL) status = hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_release(&b);
    return status;
}
