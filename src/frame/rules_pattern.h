/* rules_pattern.h - patterns of rules files: extended regular expressions over code points, matched in linear time. */
#ifndef HX_FRAME_RULES_PATTERN_H
#define HX_FRAME_RULES_PATTERN_H

#include "huaxiang/base.h"

typedef struct hx_pattern hx_pattern;

/* In `arena`. HX_EINVAL names what is wrong with the expression, HX_ELIMIT says that it is too large. */
hx_status hx_pattern_compile(hx_pattern **out, hx_str text, hx_arena *arena,
                             hx_error *err) HX_MUST_USE;
/* Whether it is found anywhere in `s` (^ and $ tie it to the ends). At most states * code points steps. Not for two threads at once. */
bool hx_pattern_found(hx_pattern *p, hx_str s);

#endif
