/* xlsx.h - the pieces of an Excel workbook (ECMA-376): rows of one sheet as XML, and packing the sheets with libzip.
 *
 * Cells carry their reference (A1); texts are inline strings with XML escapes, control characters as _xHHHH_ (ECMA-376 part 1,
 * 22.9.2.19), and a literal "_xHHHH_" escaped likewise. */
#ifndef HX_ANSWER_XLSX_H
#define HX_ANSWER_XLSX_H

#include "base/buf.h"

void hx__xlsx_begin_sheet(hx_buf *out);
void hx__xlsx_end_sheet(hx_buf *out);
void hx__xlsx_begin_row(hx_buf *out, uint64_t row); /* 1-based */
void hx__xlsx_end_row(hx_buf *out);
/* `column` 0-based; at most `max` UTF-16 units of text are written. */
void hx__xlsx_text(hx_buf *out, size_t column, uint64_t row, hx_str text, size_t max);
void hx__xlsx_number(hx_buf *out, size_t column, uint64_t row, hx_str decimal, bool is_date);
/* PATH.sheet1.tmp ... PATH.sheetN.tmp into PATH.tmp. */
hx_status hx__xlsx_pack(const char *path, unsigned sheets, hx_error *err) HX_MUST_USE;

#endif
