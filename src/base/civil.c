/* civil.c - calendar arithmetic: H. Hinnant's days_from_civil and civil_from_days (eras of 400 years = 146097 days,
 * years that begin on 1 March so that the leap day is the last).
 *
 * Pure functions, no tables, no global state. hx_civil_from_ms() is total over int64; validity (years 1-9999, as ISO
 * 8601 writes them) is a separate question. */
#include "base/civil.h"

#include <inttypes.h>
#include <stdio.h>

#define DAYS_OF_ERA 146097
/* 1 March 0000 to 1 January 1970 */
#define DAYS_TO_EPOCH 719468

int64_t hx_floor_div(int64_t a, int64_t b) {
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

int64_t hx_days_from_civil(int year, int month, int day) {
    int64_t y = month <= 2 ? (int64_t)year - 1 : year;
    int64_t era = hx_floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_OF_ERA + day_of_era - DAYS_TO_EPOCH;
}

static int month_days(int year, int month) {
    if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

bool hx_civil_is_valid(const hx_civil *c) {
    return c->year >= 1 && c->year <= 9999 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= month_days(c->year, c->month) && c->hour >= 0 && c->hour <= 23 &&
           c->minute >= 0 && c->minute <= 59 && c->second >= 0 && c->second <= 59 && c->ms >= 0 &&
           c->ms <= 999;
}

int64_t hx_civil_to_ms(const hx_civil *c) {
    int64_t second = (c->hour * 60 + c->minute) * 60 + c->second;
    return hx_days_from_civil(c->year, c->month, c->day) * HX_DAY_MS + second * 1000 + c->ms;
}

hx_civil hx_civil_from_ms(int64_t ms) {
    int64_t days = hx_floor_div(ms, HX_DAY_MS);
    int rest = (int)(ms % HX_DAY_MS);
    if (rest < 0) rest += (int)HX_DAY_MS;
    days += DAYS_TO_EPOCH;
    int64_t era = hx_floor_div(days, DAYS_OF_ERA);
    int day_of_era = (int)(days - era * DAYS_OF_ERA);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int mp = (5 * day_of_year + 2) / 153;
    hx_civil c = {.month = mp < 10 ? mp + 3 : mp - 9, .day = day_of_year - (153 * mp + 2) / 5 + 1};
    c.year = (int)(year_of_era + era * 400 + (c.month <= 2));
    c.hour = rest / 3600000;
    c.minute = rest / 60000 % 60;
    c.second = rest / 1000 % 60;
    c.ms = rest % 1000;
    return c;
}

int hx_weekday(int64_t ms) {
    int64_t days = hx_floor_div(ms, HX_DAY_MS) + 3; /* 1970-01-01 was a Thursday */
    return (int)(days - hx_floor_div(days, 7) * 7);
}

/* `n` decimal digits of v, and the byte behind them. */
static char *civil_put_digits(char *at, int v, int n) {
    for (int i = n - 1; i >= 0; i--) {
        at[i] = (char)('0' + v % 10);
        v /= 10;
    }
    return at + n;
}

char *hx_iso_from_ms(int64_t ms, char out[HX_ISO_MAX]) {
    hx_civil c = hx_civil_from_ms(ms);
    char *at = out;
    if (c.year >= 0 && c.year <= 9999)
        at = civil_put_digits(at, c.year, 4);
    else /* ISO 8601 expanded form; the longest is "-292275055-05-16T16:47:04.192Z" */
        at += snprintf(out, 12, "%+d", c.year);
    const int fields[] = {c.month, c.day, c.hour, c.minute, c.second};
    for (int i = 0; i < 5; i++) {
        *at++ = "--T::"[i];
        at = civil_put_digits(at, fields[i], 2);
    }
    if (c.ms) {
        *at++ = '.';
        at = civil_put_digits(at, c.ms, 3);
    }
    *at++ = 'Z';
    *at = '\0';
    return out;
}
