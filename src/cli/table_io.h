/* table_io.h - what the table commands share: a file to a table in memory by the options, a table to the output in its shape.
 *
 * Options read here: those of the reader (--map, --delimiter, ...), --where, --missing, --as-text, --timezone, --threads, --head. */
#ifndef HX_CLI_TABLE_IO_H
#define HX_CLI_TABLE_IO_H

#include "cli/cli.h"

/* Reads `path` ("-" = standard input); `columns` = only these, "a,b", NULL = all (the condition of --where may use others). Notes rows that
 * were left out. False after a sentence. The caller frees *out. */
bool hx_table_io_read(hx_cli *c, const char *path, const char *columns, hx_table **out);
/* The kinds (n) that something kept learnt from: hx_table_options.kinds. */
typedef struct {
    const hx_column_kind *list;
    size_t n;
} hx_table_kinds_asked;
/* The same, as those kinds; notes the cells that are none. */
bool hx_table_io_read_as(hx_cli *c, const char *path, hx_table_kinds_asked kinds, hx_table **out);
/* Says which columns were read as text and may be meant as something else, where the command reckons with them. (hint_table.c) */
void hx_table_hint(const hx_cli *c, const char *path, const hx_table *t,
                   hx_table_kinds_asked kinds);
/* The first argument behind the action, else the store of --store, else standard input. hx_table_io_read() of the store gives its customers, a row each. */
const char *hx_table_io_input(const hx_cli *c);
/* Rows in the shape that was asked for, at most --head. False after a sentence or a failed write. */
bool hx_table_io_write(hx_cli *c, const hx_table *t);
/* All rows to a file of its own: JSON Lines by its name (.jsonl, .json), else CSV. False after a sentence. */
bool hx_table_io_write_file(hx_cli *c, const hx_table *t, const char *path);
/* A text to a file of its own (a page, a recipe). False after a sentence. */
bool hx_table_io_write_text(hx_cli *c, hx_str text, const char *path);
/* "70,15,15", or "80,20" (the first and the last). False where it is neither. (cmd_table_split.c) */
bool hx_table_io_shares(const char *text, double shares[3]);
size_t hx_table_io_threads(const hx_cli *c); /* --threads, 0 = one a processor */

#endif
