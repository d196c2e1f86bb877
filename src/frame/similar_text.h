/* similar_text.h - how alike two short texts are: names, addresses, category values. */
#ifndef HX_FRAME_SIMILAR_TEXT_H
#define HX_FRAME_SIMILAR_TEXT_H

#include "base/buf.h"

#define HX_SIMILAR_MAX 256 /* code points that are compared; what is longer is cut */

/* A text for comparison: full-width forms as half-width ones, small letters, without blanks and signs (nothing but signs: they are kept). At
 * most HX_SIMILAR_MAX code points, into `room`; returns how many. */
size_t hx_plain_points(hx_str s, uint32_t room[HX_SIMILAR_MAX]);

/* Jaro-Winkler (prefix weight 0.1 up to four): 1 = equal, 0 = nothing in common. Two empty texts are equal. */
double hx_jaro_winkler(const uint32_t *a, size_t n, const uint32_t *b, size_t m);
/* Optimal string alignment: insertions, deletions, replacements and swaps of neighbours. */
size_t hx_edit_distance(const uint32_t *a, size_t n, const uint32_t *b, size_t m);
/* The mean of Jaro-Winkler and 1 - edit distance / longer length; 0 where the digits of the two differ: flat 12 is not flat 13. */
double hx_text_similarity(const uint32_t *a, size_t n, const uint32_t *b, size_t m);

#endif
