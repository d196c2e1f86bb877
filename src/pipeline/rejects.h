/* rejects.h - the file of rejected rows: file, row, column, reason, and the row as it stood. CSV with a header; appended to, cut back to the
 * last checkpoint when a run goes on. */
#ifndef HX_PIPELINE_REJECTS_H
#define HX_PIPELINE_REJECTS_H

#include "base/buf.h"

typedef struct {
    int fd; /* -1 = not yet made: it is made with the first rejected row */
    char *path; /* owned */
    uint64_t bytes; /* written and flushed */
} hx_rejects;

/* Refuses a path where something else lies: asked before a run writes anything. *bytes = what earlier runs left there. */
hx_status hx_rejects_check(const char *path, uint64_t *bytes, hx_error *err) HX_MUST_USE;
hx_status hx_rejects_open(hx_rejects *r, const char *path, uint64_t keep_bytes,
                          hx_error *err) HX_MUST_USE;
void hx_rejects_close(hx_rejects *r);
/* Appends formatted rows and flushes them to disk. */
hx_status hx_rejects_write(hx_rejects *r, hx_str rows, hx_error *err) HX_MUST_USE;
/* Removes the rows that hold one of the values (3 bytes or longer) from a file of rejected rows; no file is fine. */
hx_status hx_rejects_drop_rows(const char *path, const hx_str *values, size_t n,
                               hx_error *err) HX_MUST_USE;
/* One row of the file into `out`. */
void hx_rejects_format(hx_buf *out, const char *file, int64_t row, hx_str column,
                       const char *reason, hx_str raw);

#endif
