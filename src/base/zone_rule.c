/* zone_rule.c - POSIX TZ rules (POSIX.1-2017 8.3, with RFC 8536's hours -167 to 167):
 *
 *     std offset dst [offset] , date [/time] , date [/time]
 *     name = letters, or <letters digits + ->;  offset = [+-]h[:mm[:ss]], positive WEST of Greenwich
 *     date = Mm.w.d | Jn | n;  time = as offset, 02:00 if absent
 *
 * The reader walks a borrowed view with one failure flag; numbers are capped as they are read. */
#include "base/zone_rule.h"
#include "base/civil.h"

typedef struct {
    hx_str rest;
    bool failed;
} rule_reader;

static char rule_peek(const rule_reader *r) {
    return r->rest.len && !r->failed ? r->rest.ptr[0] : '\0';
}

static bool rule_take(rule_reader *r, char c) {
    if (c == '\0' || rule_peek(r) != c) return false;
    r->rest.ptr++;
    r->rest.len--;
    return true;
}

static void rule_need(rule_reader *r, bool condition) {
    if (!condition) r->failed = true;
}

static bool rule_is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool rule_is_digit(char c) {
    return c >= '0' && c <= '9';
}

static void rule_name(rule_reader *r) {
    size_t n = 0;
    bool quoted = rule_take(r, '<');
    for (char c; (c = rule_peek(r)) != '\0'; n++) {
        bool more = rule_is_letter(c) || (quoted && (rule_is_digit(c) || c == '+' || c == '-'));
        if (!more) break;
        rule_take(r, c);
    }
    rule_need(r, n >= 3 && (!quoted || rule_take(r, '>')));
}

static int rule_number(rule_reader *r, int low, int high) {
    int v = 0;
    rule_need(r, rule_is_digit(rule_peek(r)));
    while (rule_is_digit(rule_peek(r)) && v <= high) {
        v = v * 10 + (rule_peek(r) - '0');
        rule_take(r, rule_peek(r));
    }
    rule_need(r, v >= low && v <= high);
    return v;
}

/* [+-]h[:mm[:ss]] in seconds */
static int32_t rule_time(rule_reader *r) {
    int sign = rule_take(r, '-') ? -1 : 1;
    if (sign == 1) rule_take(r, '+');
    int seconds = rule_number(r, 0, 167) * 3600;
    if (rule_take(r, ':')) {
        seconds += rule_number(r, 0, 59) * 60;
        if (rule_take(r, ':')) seconds += rule_number(r, 0, 59);
    }
    return sign * seconds;
}

static hx_zone_date rule_date(rule_reader *r) {
    hx_zone_date d = {.form = 'D', .time = 2 * 3600};
    rule_need(r, rule_take(r, ','));
    if (rule_take(r, 'M')) {
        d.form = 'M';
        d.month = rule_number(r, 1, 12);
        rule_need(r, rule_take(r, '.'));
        d.week = rule_number(r, 1, 5);
        rule_need(r, rule_take(r, '.'));
        d.weekday = rule_number(r, 0, 6);
    } else if (rule_take(r, 'J')) {
        d.form = 'J';
        d.day = rule_number(r, 1, 365);
    } else {
        d.day = rule_number(r, 0, 365);
    }
    if (rule_take(r, '/')) d.time = rule_time(r);
    return d;
}

bool hx_zone_rule_parse(hx_str footer, hx_zone_rule *rule) {
    rule_reader r = {footer, false};
    rule_need(&r, rule_take(&r, '\n'));
    rule_name(&r);
    rule->standard = -rule_time(&r);
    if (r.failed || rule_peek(&r) == '\n') return false;
    rule_name(&r);
    rule->daylight = rule->standard + 3600;
    if (rule_peek(&r) != ',') rule->daylight = -rule_time(&r);
    rule->start = rule_date(&r);
    rule->end = rule_date(&r);
    rule_need(&r, rule_peek(&r) == '\n');
    return !r.failed;
}

/* Days since 1970 of the date in `year`. */
static int64_t rule_day(const hx_zone_date *d, int year) {
    if (d->form == 'D') return hx_days_from_civil(year, 1, 1) + d->day;
    if (d->form == 'J') {
        int64_t leap = hx_days_from_civil(year, 3, 1) - hx_days_from_civil(year, 1, 1) - 59;
        return hx_days_from_civil(year, 1, 1) + d->day - 1 + (d->day >= 60 ? leap : 0);
    }
    int64_t first = hx_days_from_civil(year, d->month, 1);
    int64_t next = d->month == 12 ? hx_days_from_civil(year + 1, 1, 1)
                                  : hx_days_from_civil(year, d->month + 1, 1);
    int first_weekday = (hx_weekday(first * HX_DAY_MS) + 1) % 7; /* 0 = Sunday */
    int64_t day = first + (d->weekday - first_weekday + 7) % 7 + 7 * (d->week - 1);
    return day < next ? day : day - 7;
}

void hx_zone_rule_year(const hx_zone_rule *rule, int year, hx_zone_change out[2]) {
    /* Each date is told on the clock that ends with it. */
    hx_zone_change start = {
        rule_day(&rule->start, year) * 86400 + rule->start.time - rule->standard, rule->daylight};
    hx_zone_change end = {rule_day(&rule->end, year) * 86400 + rule->end.time - rule->daylight,
                          rule->standard};
    bool north = start.at < end.at;
    out[0] = north ? start : end;
    out[1] = north ? end : start;
}
