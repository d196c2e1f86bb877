/* output.h - where data goes: standard output or --out FILE, and records in the shape that was asked for. */
#ifndef HX_CLI_OUTPUT_H
#define HX_CLI_OUTPUT_H

#include <jansson.h>

#include "cli/cli.h"
#include "cli/outbuf.h"

/* Decides the shape, opens --out. HX_EXIT_DONE, or the exit status after a sentence. */
int hx_output_open(hx_cli *c);
/* Flushes and closes; HX_EXIT_FAILED after a sentence where not all could be written, else `exit_status`. */
int hx_output_close(hx_cli *c, int exit_status);
/* False after a sentence where `path` is a device, a folder, the store, or a file this command reads: for files that the library replaces. */
bool hx_output_may_replace(const hx_cli *c, const char *path);
/* Writes and empties the buffer. False after a failure (hx_output_close() says which). */
bool hx_output_write(hx_cli *c, hx_outbuf *b);

typedef enum {
    HX_CELL_LEFT = 0,
    HX_CELL_RIGHT,
    HX_CELL_PERCENT, /* a share: 19.5% in tables */
    HX_CELL_TIME, /* without T and Z in tables */
    HX_CELL_CODE /* codes: words of the language in tables */
} hx_cell_kind;

/* One column of records in a table or CSV. */
typedef struct {
    const char
        *path; /* members, dots between: "spent.value"; a list is shown with blanks between */
    const char *en, *zh; /* title in a table; NULL = not in tables. CSV has `path`. */
    hx_cell_kind kind;
} hx_record_column;

/* An array of objects: one JSON object a line, an aligned table, or CSV. At most --head N of them. */
bool hx_output_records(hx_cli *c, const json_t *records, const hx_record_column *columns, size_t n);
/* As a table, whatever the shape; columns without any value are left out; `width` = widest cell but in the last column, 0 = no limit. */
bool hx_output_table(hx_cli *c, const json_t *records, const hx_record_column *columns, size_t n,
                     size_t width, hx_outbuf *out);
/* A JSON value as a cell: strings as they are, lists joined by blanks, amounts with their currency, nothing for null. For eyes numbers
 * have at most four places and amounts two. */
void hx_output_cell(hx_outbuf *b, const json_t *value, bool for_eyes);
/* A value whose codes (strings, and the names of members) are words of the language. The caller json_decref()s it. */
json_t *hx_output_words(const hx_cli *c, const json_t *value);
/* An object as "key,value" lines of CSV, nested names joined by dots. */
bool hx_output_pairs(hx_cli *c, const json_t *object);
/* One line of compact JSON. */
void hx_output_json(hx_outbuf *out, const json_t *record);
const json_t *hx_json_at(const json_t *object, const char *path); /* NULL where there is none */
/* A note which labels precision, recall and F1 of an evaluation are of; nothing where it has no labels. */
void hx_output_averages(const hx_cli *c, const json_t *figures);
/* A library's answer, parsed. The caller json_decref()s it. NULL after a sentence. */
json_t *hx_output_parse(const hx_cli *c, hx_str json);

#endif
