/* check_page.c - what the pages of checks and of monitoring share.
 *
 * Self-contained: no script, no font, no picture from elsewhere; light or dark as the reader's system is. Everything that comes from a file
 * goes through hx_page_escaped(). */
#include "frame/check_page.h"

#include "base/error.h"

#define PAGE_BYTES_MAX ((size_t)256 << 20)

void hx_page_put(hx_page *p, const char *html) {
    (void)hx_buf_append_lit(&p->b, html);
}

const char *hx_page_tr(const hx_page *p, const char *en, const char *zh) {
    return p->ui == HX_UI_ZH ? zh : en;
}

void hx_page_escaped(hx_page *p, hx_str s) {
    const int shown = s.len > 0 ? hx_str_shown(s) : 0;
    for (int i = 0; i < shown; i++) {
        const char c = s.ptr[i];
        if (c == '&')
            hx_page_put(p, "&amp;");
        else if (c == '<')
            hx_page_put(p, "&lt;");
        else if (c == '>')
            hx_page_put(p, "&gt;");
        else if (c == '"')
            hx_page_put(p, "&quot;");
        else
            (void)hx_buf_append_byte(&p->b, c);
    }
    if ((size_t)shown < s.len) hx_page_put(p, "…");
}

static const char style[] =
    "<style>:root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6675;--card:#fff;--page:#f3f5f8;"
    "--line:#d9dfe7;--bar:#2f6fb3;--old:#a9b6c6;--good:#1b7f4b;--warn:#9a6700;--bad:#b3261e}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa5b4;--card:#1b212b;--page:"
    "#11151c;--line:#2c3542;--bar:#6aa5e0;--old:#4a5769;--good:#5cc98f;--warn:#e0b04c;--bad:#"
    "ff8a80}"
    "}body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,\"Noto Sans "
    "CJK SC\",\"Microsoft YaHei\",sans-serif}"
    "header,main{max-width:1180px;margin:0 auto;padding:20px}h1{margin:0;font-size:26px}"
    "header p{margin:4px 0 0;color:var(--soft)}main{padding-top:0}"
    ".wide{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px;"
    "margin-bottom:16px}"
    "table{width:100%;border-collapse:collapse}th,td{text-align:left;padding:7px 12px;vertical-"
    "align:top;border-bottom:1px solid var(--line)}tr:last-child td{border-bottom:0}"
    "th{font-weight:600;color:var(--soft);white-space:nowrap}td{overflow-wrap:anywhere}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad);font-weight:600}"
    "small{color:var(--soft)}svg{display:block}rect.b{fill:var(--old)}rect.n{fill:var(--bar)}"
    "rect.a{fill:var(--bad)}text{fill:var(--soft);font-size:10px}"
    "h2{font-size:17px;margin:20px 0 8px}.key{display:inline-block;width:10px;height:10px;"
    "margin:0 4px 0 12px}</style>";

static void put_head(hx_page *p, hx_str title, const char *css) {
    (void)hx_buf_printf(&p->b,
                        "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta "
                        "name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>",
                        p->ui == HX_UI_ZH ? "zh" : "en");
    hx_page_escaped(p, title);
    hx_page_put(p, "</title>");
    hx_page_put(p, style);
    if (css[0] != '\0') {
        hx_page_put(p, "<style>");
        hx_page_put(p, css);
        hx_page_put(p, "</style>");
    }
    hx_page_put(p, "</head><body><header><h1>");
    hx_page_escaped(p, title);
    hx_page_put(p, "</h1><p>");
}

void hx_page_begin(hx_page *p, hx_ui_lang ui, hx_str title, const char *note) {
    hx_buf_init(&p->b, PAGE_BYTES_MAX);
    p->ui = ui;
    put_head(p, title, "");
    hx_page_put(p, note);
    hx_page_put(p, "</p></header><main>\n");
}

void hx_page_open(hx_page *p, hx_ui_lang ui, hx_str title, hx_str note, const char *css) {
    hx_buf_init(&p->b, PAGE_BYTES_MAX);
    p->ui = ui;
    put_head(p, title, css);
    hx_page_escaped(p, note);
    hx_page_put(p, "</p></header><main>\n");
}

hx_status hx_page_end(hx_page *p, hx_arena *arena, hx_str *html, hx_error *err) {
    hx_page_put(p, "</main></body></html>\n");
    hx_status status = hx_buf_status(&p->b, "page", err);
    if (status == HX_OK) *html = hx_arena_str(arena, hx_buf_str(&p->b));
    if (status == HX_OK && html->ptr == NULL) status = hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_release(&p->b);
    return status;
}
