/* segment_prose.h - a segment in three to six sentences, from what sets its members apart.
 *
 * Who is meant, what they buy, how long ago, how they feel, which other segment they are often in. */
#ifndef HX_CLI_SEGMENT_PROSE_H
#define HX_CLI_SEGMENT_PROSE_H

#include "cli/look.h"

/* Shows {"id","as_of","lang","prose","facts":[{"fact","value"}]} as JSON or CSV, the sentences alone else. json: of hx_answer_segment_lift(). False after a
 * sentence, also where hx_prose_check() finds a number that no fact has. */
bool hx_segment_prose_show(hx_cli *c, hx_str json);

#endif
