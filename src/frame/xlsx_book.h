/* xlsx_book.h - the inside of an open workbook, shared by xlsx.c (the package and its tables) and xlsx_sheet.c (rows). */
#ifndef HX_FRAME_XLSX_BOOK_H
#define HX_FRAME_XLSX_BOOK_H

#include <libxml/xmlreader.h>
#include <zip.h>

#include "base/buf.h"
#include "frame/xlsx.h"

/* What a number format makes of a number. */
typedef enum { HX_XLSX_NUMBER = 0, HX_XLSX_DATE, HX_XLSX_DATETIME, HX_XLSX_CLOCK } hx_xlsx_kind;

/* One XML file of the package, read as a stream. */
typedef struct {
    zip_file_t *file;
    xmlTextReader *xml;
    uint64_t left; /* bytes it may still unpack to */
    bool too_large;
    const char *part; /* its name, borrowed; for messages */
} hx_xlsx_part;

struct hx_xlsx {
    const char *name; /* of the input, for messages; the caller's */
    hx_arena *arena; /* owned: names of parts */
    zip_t *zip;
    hx_buf texts; /* shared strings, one behind the other */
    hx_buf text_ends; /* uint64_t each: where string i ends in texts */
    hx_buf kinds; /* one byte a cell style: hx_xlsx_kind */
    bool epoch_1904;
    const char *sheet; /* the sheet's part; in arena */
    hx_xlsx_part rows;
    uint64_t last_row; /* number of the last row given */
    hx_buf out; /* CSV not given yet from out_at on */
    size_t out_at;
    bool ended;
};

/* Opens `part`; HX_ENOTFOUND without a sentence where there is none. */
hx_status hx_xlsx_part_open(hx_xlsx *x, const char *part, hx_xlsx_part *p,
                            hx_error *err) HX_MUST_USE;
void hx_xlsx_part_close(hx_xlsx_part *p);
/* The next node of the part; *more = false at its end. Refuses document types, so that no entity is ever declared. */
hx_status hx_xlsx_part_next(hx_xlsx *x, hx_xlsx_part *p, bool *more, hx_error *err) HX_MUST_USE;
bool hx_xlsx_is(const hx_xlsx_part *p, const char *element); /* local name of the node */
bool hx_xlsx_starts(const hx_xlsx_part *p, const char *element);
bool hx_xlsx_ends(const hx_xlsx_part *p, const char *element); /* also an empty one */
/* The attribute's value or NULL; release with xmlFree(). */
char *hx_xlsx_attribute(const hx_xlsx_part *p, const char *name);

/* Appends the CSV of one more row to x->out; x->ended at the sheet's end. */
hx_status hx_xlsx_sheet_row(hx_xlsx *x, hx_error *err) HX_MUST_USE;

#endif
