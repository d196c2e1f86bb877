/* column_names.h - what columns are called: Chinese, English, and the exports of shops.
 *
 * Names are compared in a normal form: NFKC, lower case, without blanks, underscores, hyphens, dots, and without what
 * stands in brackets at the end, as in 金额(元). */
#ifndef HX_FRAME_COLUMN_NAMES_H
#define HX_FRAME_COLUMN_NAMES_H

#include "huaxiang/frame.h"

#define HX_COLUMN_NAME_MAX 96 /* bytes of a normal form; longer names are no known ones */

typedef struct {
    const char *name; /* normal form */
    hx_role role;
} hx_column_alias;

/* All names, best first: an earlier one takes its role before a later one. */
const hx_column_alias *hx_column_aliases(size_t *n);
/* Writes the normal form of `name`; the length, 0 if it has none or is too long. `whole` keeps what is in brackets. */
size_t hx_column_name_normal(hx_str name, bool whole, char out[HX_COLUMN_NAME_MAX]);
bool hx_column_name_is_known(hx_str name);

#endif
