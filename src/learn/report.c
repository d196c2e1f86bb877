/* report.c - what was learnt and how good it is as one HTML page: a fitted model, an evaluation, models side by side, a search; see hx_learn_report() in
 * huaxiang/learn.h.
 *
 * Self-contained: no script, no font, no picture from elsewhere; light or dark as the reader's system is. Names and values of the table are escaped. The page
 * is made from the JSON that the other functions give, so that both say the same, and is the same bytes wherever it is made. */
#include "learn/report.h"

#include "base/error.h"
#include "huaxiang/learn.h"

#define JSON_BYTES_MAX ((size_t)1 << 30)

static const char style[] =
    ":root{--c0:#2f6fb3;--c1:#c8501e;--c2:#2a8c57;--c3:#8d8f99;--c4:#7d4fb2;--c5:#b08900}"
    "@media(prefers-color-scheme:dark){:root{--c0:#6aa5e0;--c1:#f08b5c;--c2:#5cc98f;--c3:#8a93a2;"
    "--c4:#b795e8;--c5:#e0c04c}}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(330px,1fr));gap:16px;"
    "margin:12px 0}"
    "figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:10px;"
    "padding:12px 14px}figcaption{font-weight:600;margin-bottom:4px}"
    "figure svg{width:100%;height:auto}svg text{font-size:11px}path.g{stroke:var(--line);"
    "stroke-width:1;fill:none}path.x{stroke:var(--soft);stroke-width:1;fill:none}"
    "path.l{fill:none;stroke-width:2;stroke-linejoin:round}path.l.d{stroke-dasharray:5 4;"
    "stroke:var(--soft);stroke-width:1.2}path.l.b{stroke-dasharray:2 "
    "2;stroke-width:1}path.w{stroke:var(--c0);stroke-width:2}"
    ".c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}"
    ".c4{stroke:var(--c4)}.c5{stroke:var(--c5)}.f0{fill:var(--c0)}.f1{fill:var(--c1)}.f2{fill:"
    "var(--c2)}.f3{fill:var(--c3)}.f4{fill:var(--c4)}.f5{fill:var(--c5)}circle{fill-opacity:.8}"
    ".k0{background:var(--c0)}.k1{background:var(--c1)}.k2{background:var(--c2)}.k3{background:"
    "var(--c3)}.k4{background:var(--c4)}.k5{background:var(--c5)}"
    ".keys{margin:6px 0 0;font-size:13px}.note{margin:6px 0 0;color:var(--soft);font-size:13px}"
    "td.whisker{width:130px}td.whisker svg{width:120px;height:12px}"
    "td.m{background:color-mix(in srgb,var(--c0) var(--s),transparent);text-align:center}"
    "table.matrix{width:auto}h2.part{font-size:21px;margin-top:32px}td.bar{width:45%}"
    "td.bar i{display:block;height:12px;background:var(--c0);border-radius:3px}"
    ".wide{width:fit-content;max-width:100%}.wide table{width:auto}.wide th:not(:first-child){text-"
    "align:right}.fig th:nth-child(n+4),.pair th:nth-child(2),.said th{text-align:left!important}"
    "th.t{text-align:left!important}.fig td:last-child{min-width:240px}.tight th,.tight td{padding:"
    "7px 8px}.charts.one{max-width:680px;grid-template-columns:1fr}"
    ".wide td:first-child{white-space:nowrap}td.bar{min-width:260px}"
    "code{font-size:13px;overflow-wrap:anywhere}@media print{.charts{display:block}figure{break-"
    "inside:avoid;margin-bottom:12px}}";

/* A part of the page, where its JSON is there. */
static hx_status put_part(hx_page *p, hx_str json, void (*put)(hx_page *p, const json_t *e),
                          hx_error *err) {
    json_t *e;
    if (json.len == 0) return HX_OK;
    HX_TRY(hx_json_parse(json, JSON_BYTES_MAX, "figures", &e, err));
    put(p, e);
    json_decref(e);
    return HX_OK;
}

hx_status hx_learn_report(const hx_learn_page *page, hx_arena *arena, hx_str *html, hx_error *err) {
    hx_page p;
    *html = (hx_str){0};
    hx_page_open(&p, page->ui, page->title, page->note, style);
    hx_status st = put_part(&p, page->tuning, hx_report_tuning, err);
    if (st == HX_OK) st = put_part(&p, page->cross, hx_report_cross, err);
    if (st == HX_OK) st = put_part(&p, page->fit, hx_report_fit, err);
    if (st == HX_OK) st = put_part(&p, page->evaluation, hx_report_evaluation, err);
    if (st == HX_OK) st = put_part(&p, page->survival, hx_report_survival, err);
    if (st == HX_OK) return hx_page_end(&p, arena, html, err);
    hx_buf_release(&p.b);
    return st;
}
