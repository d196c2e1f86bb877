/* row_value.h - small readers of cells: trimming, ratings, statuses, typed properties. */
#ifndef HX_INGEST_ROW_VALUE_H
#define HX_INGEST_ROW_VALUE_H

#include "huaxiang/frame.h"
#include "profile/event.h"

/* Without blanks (also U+3000 and U+00A0) at both ends. */
hx_str hx_trim(hx_str s);
/* Digits with at most one sign and one point: needs no mending. */
bool hx_is_plain_number(hx_str s);
/* "5", "５", "4.5", "5星", "4/5", "五星", "★★★★☆", 好评 5, 中评 3, 差评 1 -> 1/1,000. The scale is not known here: 80 stays 80; what lies
 * beyond 100 is no rating. false: no rating. */
bool hx_parse_rating(hx_str s, int32_t *out);
/* 交易关闭, 已取消, cancelled, void, failed, ... */
bool hx_status_is_cancelled(hx_str s);
/* Is `part` (ASCII in lower case) in s, whatever the case of its ASCII letters? */
bool hx_has_folded(hx_str s, const char *part);
/* The day a customer joined, as a trait named like its column; a value that is no date stays text. */
hx_property hx_joined_read(const hx_column *column, hx_str value, hx_arena *arena);
/* A cell as a named, typed value in canonical text; values that do not parse as their column's type stay text. false: out of memory. */
bool hx_property_read(const hx_column *column, hx_str value, hx_arena *arena, hx_property *out);

#endif
