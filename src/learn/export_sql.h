/* export_sql.h - what the files that write SQL share. For export_sql*.c only. */
#ifndef HX_LEARN_EXPORT_SQL_H
#define HX_LEARN_EXPORT_SQL_H

#include "learn/export.h"

typedef struct {
    const hx_export_plan *plan;
    hx_buf *out;
    size_t n_layers; /* of sums, so far */
} hx_sql_writer;

/* 'it''s', "a ""b""". */
void hx_sql_text(hx_buf *out, const char *text);
void hx_sql_name(hx_buf *out, const char *name);

/* One tree's value for output o, of the columns f*, t*, o* of the layer `h`. scratch: hx_sql_tree_scratch() of the plan, in its arena. */
typedef struct hx_sql_scratch hx_sql_scratch;
hx_sql_scratch *hx_sql_tree_scratch(const hx_export_plan *p); /* NULL = out of memory */
void hx_sql_tree(const hx_sql_writer *s, hx_sql_scratch *scratch, size_t tree, size_t output);

#endif
