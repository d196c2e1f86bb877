/* error.h - filling an hx_error, and the one control-flow macro of the code base. */
#ifndef HX_BASE_ERROR_H
#define HX_BASE_ERROR_H

#include "huaxiang/base.h"

/* Fills `err` (NULL is fine) with `code` and the finished sentence, and returns `code`.
 * `format` is the English sentence; it is looked up in src/base/messages/ for err->ui = HX_UI_ZH.
 * Foreign bytes in %s arguments that are not UTF-8 come out as \xNN. */
hx_status hx_fail(hx_error *err, hx_status code, const char *format, ...) HX_PRINTF(3, 4);

/* As hx_fail(), and remembers the 1-based data row. */
hx_status hx_fail_row(hx_error *err, hx_status code, int64_t row, const char *format, ...)
    HX_PRINTF(4, 5);

/* The analyser sees one file at a time: it is told here that these never return HX_OK. */
#ifdef __clang_analyzer__
#define hx_fail(err, code, ...) ((void)hx_fail(err, code, __VA_ARGS__), (code))
#define hx_fail_row(err, code, row, ...) ((void)hx_fail_row(err, code, row, __VA_ARGS__), (code))
#endif

/* The Chinese form of an English message format, or NULL. Both take the same arguments. */
const char *hx_message_zh(const char *format);

/* Bytes of `s` worth showing in a message: at most HX_STR_SHOWN_MAX, cut at a code point. */
#define HX_STR_SHOWN_MAX 200
int hx_str_shown(hx_str s);

/* `%.*s` arguments of a view: hx_fail(err, HX_EINVAL, "... '%.*s'", HX_STR_ARG(s)). */
#define HX_STR_ARG(s) hx_str_shown(s), (s).ptr ? (s).ptr : ""

#define HX_TRY(call)                                                                               \
    do {                                                                                           \
        hx_status hx_try_status_ = (call);                                                         \
        if (hx_try_status_ != HX_OK) return hx_try_status_;                                        \
    } while (0)

#endif
