/* sheet.h - a table written row by row as CSV or Excel, in constant memory.
 *
 * CSV: UTF-8 with BOM, CRLF, quoted where needed; a text cell that a spreadsheet would run as a formula (it begins with = + - @
 * TAB CR LF or their full-width forms, and is no plain number) gets an apostrophe in front; digits that it would change (a leading zero, or more than 15)
 * stand as ="00123". Excel: texts as inline strings,
 * numbers as numbers, times as dates; further sheets with the same header behind 1,048,576 rows.
 *
 * The file appears whole or not at all: it is written beside its place and renamed at the end. */
#ifndef HX_ANSWER_SHEET_H
#define HX_ANSWER_SHEET_H

#include "base/civil.h"
#include "base/money.h"
#include "huaxiang/answer.h"

#define HX_SHEET_ROWS_MAX 1048576
#define HX_SHEET_CELL_MAX                                                                          \
    32767 /* UTF-16 units in a cell of Excel; longer texts are cut there (in Excel files alone) */

typedef struct hx_sheet hx_sheet;

/* `rows_max` a sheet with its header (0 = HX_SHEET_ROWS_MAX). Keeps `path`, `zone` and `header` until close. */
hx_status hx__sheet_open(hx_sheet **out, hx_export_format format, const char *path,
                         const hx_str *header, size_t n_columns, const hx_zone *zone,
                         uint64_t rows_max, hx_error *err) HX_MUST_USE;
/* Cells from left to right; failures show at hx__sheet_end_row(). */
void hx__sheet_text(hx_sheet *s, hx_str text);
void hx__sheet_number(
    hx_sheet *s, hx_str decimal); /* a plain decimal number; anything else is written as text */
void hx__sheet_int(hx_sheet *s, int64_t v);
void hx__sheet_money(hx_sheet *s, hx_money m);
void hx__sheet_time(hx_sheet *s, int64_t ms); /* local time of the zone; empty for HX_TIME_NONE */
void hx__sheet_empty(hx_sheet *s);
hx_status hx__sheet_end_row(hx_sheet *s, hx_error *err) HX_MUST_USE;
/* Finishes the file and frees `s`, also on failure. */
hx_status hx__sheet_close(hx_sheet *s, hx_error *err) HX_MUST_USE;
void hx__sheet_abandon(hx_sheet *s); /* frees, leaves no file; NULL is fine */

bool hx__sheet_is_number(hx_str s); /* [+-] digits [. digits], nothing else */

#endif
