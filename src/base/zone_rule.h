/* zone_rule.h - the POSIX TZ rule at the end of a TZif file: "CET-1CEST,M3.5.0,M10.5.0/3". */
#ifndef HX_BASE_ZONE_RULE_H
#define HX_BASE_ZONE_RULE_H

#include "huaxiang/base.h"

/* One of the two changes a year. */
typedef struct {
    char form; /* 'M' = week rule, 'J' = day 1-365 without 29 February, 'D' = day 0-365 */
    int month, week, weekday; /* form M: weekday 0 = Sunday; week 5 = the last */
    int day; /* forms J and D */
    int32_t time; /* seconds after local midnight, may be negative or beyond a day */
} hx_zone_date;

typedef struct {
    int32_t standard, daylight; /* seconds east of UTC */
    hx_zone_date start, end; /* of daylight saving */
} hx_zone_rule;

typedef struct {
    int64_t at; /* seconds since 1970, UTC */
    int32_t offset; /* from then on */
} hx_zone_change;

/* `footer` = "\nRULE\n". False where there is no rule or one without daylight saving. */
bool hx_zone_rule_parse(hx_str footer, hx_zone_rule *rule);
/* The two changes of a year, ascending. */
void hx_zone_rule_year(const hx_zone_rule *rule, int year, hx_zone_change out[2]);

#endif
