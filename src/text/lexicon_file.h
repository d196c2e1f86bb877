/* lexicon_file.h - reading the tables of lexicons/: UTF-8 lines of tab-separated fields; empty lines and lines that begin with "# " are skipped. */
#ifndef HX_TEXT_LEXICON_FILE_H
#define HX_TEXT_LEXICON_FILE_H

#include "base/buf.h"

#define HX_LEXICON_FIELDS_MAX 6

typedef struct {
    const char *name; /* file name below share_dir/lexicons, for errors; borrowed */
    hx_buf bytes; /* owned */
    size_t pos;
    int line; /* 1-based, of the record read last */
    hx_str field[HX_LEXICON_FIELDS_MAX]; /* borrowed from bytes */
    int n_fields;
} hx_lexicon_file;

/* Reads share_dir/lexicons/name whole, or without a share_dir (NULL) the file `name`. Release it also where this fails. `f` need not be
 * initialised. */
hx_status hx__lexicon_file_open(hx_lexicon_file *f, const char *share_dir, const char *name,
                                hx_error *err) HX_MUST_USE;
void hx__lexicon_file_close(hx_lexicon_file *f);
/* The next record, which must have `n_fields` fields, none of them empty; *more = false at the end. */
hx_status hx__lexicon_file_next(hx_lexicon_file *f, int n_fields, bool *more,
                                hx_error *err) HX_MUST_USE;
/* Field number `field` as a decimal with at most two places, in hundredths, |value| <= 300. */
hx_status hx__lexicon_file_hundredths(const hx_lexicon_file *f, int field, int *out,
                                      hx_error *err) HX_MUST_USE;
/* A sentence about a field whose word means nothing here. */
hx_status hx__lexicon_file_unknown(const hx_lexicon_file *f, int i, hx_error *err) HX_MUST_USE;

#endif
