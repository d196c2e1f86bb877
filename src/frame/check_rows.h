/* check_rows.h - one kind of rule against one table; between check.c, check_rows.c and check_whole.c. */
#ifndef HX_FRAME_CHECK_ROWS_H
#define HX_FRAME_CHECK_ROWS_H

#include "frame/rules.h"

typedef struct {
    const hx_table *t;
    const hx_check_options *options;
    hx_arena *arena;
    const hx_check_rule *rule;
    const size_t *columns; /* [n] */
    size_t n;
    hx_check_result *out;
    hx_error *err;
} hx_check_job;

/* check_rows.c: not_null, unique, range, pattern, in_set, foreign_key. */
hx_status hx_check_rows(hx_check_job *j);
/* check_whole.c: freshness, row_count, distribution. */
hx_status hx_check_whole(hx_check_job *j);
/* A text in the arena as printf() makes it; the formats of both languages take the same arguments. */
hx_status hx_check_say(hx_check_job *j, hx_str *out, const char *en, const char *zh, ...)
    HX_PRINTF(3, 5);

#endif
