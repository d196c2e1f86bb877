/* time_parse.h - what inference needs of the parsing of times, beside hx_parse_time(). */
#ifndef HX_FRAME_TIME_PARSE_H
#define HX_FRAME_TIME_PARSE_H

#include "huaxiang/frame.h"

typedef enum {
    HX_TIME_OK = 0,
    HX_TIME_BAD, /* no date */
    HX_TIME_RANGE, /* a date outside 1900-2199 */
    HX_TIME_ORDER /* a date in another order of day and month only */
} hx_time_result;

/* As hx_parse_time() without a sentence. */
hx_time_result hx_time_try(hx_str s, hx_date_order order, bool excel, const hx_time_zone *zone,
                           int64_t *ms);
/* "14:20" or "14:20:11": a time of day and nothing else. */
bool hx_time_is_clock(hx_str s);
/* What the parts of 5/3/26 say: a decided order, or AUTO. *three = it has three numbers with one separator. */
hx_date_order hx_time_order_of(hx_str s, bool *three);

#endif
