/* xlsx.h - an Excel workbook as a stream of CSV text, so that everything behind it is as for CSV files.
 *
 * One sheet; each of its rows is a record (rows the file leaves out are blank records), every text is quoted, line ends inside a cell
 * stay. Dates and times come out as ISO text, whatever the epoch (1900 or 1904) and the number format. */
#ifndef HX_FRAME_XLSX_H
#define HX_FRAME_XLSX_H

#include "huaxiang/base.h"

typedef struct hx_xlsx hx_xlsx;

/* Opens the file at `path`, or the workbook in `bytes` where path is NULL (keeps `bytes`, and always `name`, until close). `wanted` is the sheet, 1-based, 0 = the first
 * visible one with rows. */
hx_status hx_xlsx_open(hx_xlsx **out, const char *path, hx_str bytes, const char *name,
                       int64_t wanted, hx_error *err) HX_MUST_USE;
void hx_xlsx_close(hx_xlsx *x);
/* Up to `room` > 0 bytes of CSV; *n = 0 at the end. */
hx_status hx_xlsx_read(hx_xlsx *x, char *to, size_t room, size_t *n, hx_error *err) HX_MUST_USE;

#endif
