/* aspect.h - which sides of a purchase a text speaks of, and how: see aspect.c for the method.
 *
 * The table (lexicons/aspects.tsv, and the user's own in the same form) gives each aspect an id, industries, two names and its terms.
 * A term that ends in + or - says what it thinks by itself: "太贵-" is a price that is too high. */
#ifndef HX_TEXT_ASPECT_H
#define HX_TEXT_ASPECT_H

#include "text/mention.h"

#define HX_ASPECT_TABLE_MAX 1024u /* aspects of both tables */

/* One line of the table; strings belong to the lexicon. */
typedef struct {
    hx_str id, zh, en;
} hx_aspect_entry;

/* What an aspect phrase's value holds: index of the entry x 4 + one of these. */
typedef enum { HX_TERM_PLAIN = 0, HX_TERM_GOOD = 1, HX_TERM_BAD = 2 } hx_term_kind;

/* Reads the user's table `path` (NULL = none) and then share_dir's; of a term that stands in both the user's counts. */
hx_status hx__aspects_open(hx_lexicon *l, const char *share_dir, const char *path,
                           hx_error *err) HX_MUST_USE;

/* The result lies in `arena`, one aspect of a text once, in the order of their first terms. */
hx_status hx__aspects_find(hx_annotator *a, const hx_analysis *text, const hx_mentions *mentions,
                           hx_arena *arena, const hx_aspect **out, size_t *n,
                           hx_error *err) HX_MUST_USE;

#endif
