/* check_page.h - HTML pages of checks and monitoring: escaped text and one look. */
#ifndef HX_FRAME_CHECK_PAGE_H
#define HX_FRAME_CHECK_PAGE_H

#include "base/buf.h"
#include "huaxiang/frame.h"

typedef struct {
    hx_buf b;
    hx_ui_lang ui;
} hx_page;

void hx_page_put(hx_page *p, const char *html);
void hx_page_escaped(hx_page *p, hx_str s); /* at most 200 bytes of it */
const char *hx_page_tr(const hx_page *p, const char *en, const char *zh);
/* Up to and with <main>; `note` is a finished sentence of ours. */
void hx_page_begin(hx_page *p, hx_ui_lang ui, hx_str title, const char *note);
/* The same with rules of style beside the common ones, and a note that is escaped. */
void hx_page_open(hx_page *p, hx_ui_lang ui, hx_str title, hx_str note, const char *css);
/* Closes it and moves it to the arena. */
hx_status hx_page_end(hx_page *p, hx_arena *arena, hx_str *html, hx_error *err) HX_MUST_USE;

#endif
