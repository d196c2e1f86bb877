/* time_parse.c - dates and times as people and shops write them.
 *
 * ISO 8601 takes a straight way. All else is folded first (full-width forms to ASCII, 年 月 日 时 分 秒 and 上午 下午 to marks, letters to lower
 * case) and then read from left to right:
 *
 *     number + mark            2026年3月5日 14时20分
 *     number : number ...      a clock, with fraction
 *     n sep n sep n            a date; which is the day is the column's order, unless the first has 4 digits
 *     n, month's name, n       5-Mar-2026; Mar 5, 2026; Thu Mar 05 14:20:11 +0800 2026
 *     digits alone             20260305, 202603051420, 20260305142011, Unix seconds (10), ms (13), us (16), Excel's days
 *     z, utc, +08:00           the zone, behind a clock
 *
 * Two-digit years: 69-99 are 19.., 00-68 are 20.. (POSIX). A month without day is its first day. */
#include "frame/time_parse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/utf8.h"

#define TEXT_MAX 64
#define YEAR_MIN 1900
#define YEAR_MAX 2199
#define EXCEL_EPOCH_DAYS (-25569) /* 1899-12-30, so that day 61 is 1900-03-01 */
#define EXCEL_DAY_MAX 109575 /* the end of 2199 */

enum {
    MARK_YEAR = 1,
    MARK_MONTH,
    MARK_DAY,
    MARK_HOUR,
    MARK_MINUTE,
    MARK_SECOND,
    MARK_AM,
    MARK_PM,
    MARK_HALF
};

struct hx_time_zone {
    hx_zone zone;
};

hx_status hx_time_zone_open(hx_time_zone **out, const char *name, hx_error *err) {
    hx_time_zone *z = calloc(1, sizeof *z);
    if (!z) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = hx_zone_init(&z->zone, name, err);
    if (st == HX_OK)
        *out = z;
    else
        free(z);
    return st;
}

void hx_time_zone_close(hx_time_zone *z) {
    if (!z) return;
    hx_zone_release(&z->zone);
    free(z);
}

/* ------------------------------------------------------------------ the result */

typedef struct {
    int64_t part[3]; /* year, month, day; -1 = not said */
    int64_t hour, minute, second, ms;
    bool has_clock;
    int half_day; /* 0, MARK_AM, MARK_PM */
    bool has_zone;
    int64_t zone_ms;
} fields;

static hx_time_result finish(const fields *f, const hx_time_zone *zone, int64_t *ms) {
    int64_t year = f->part[0], hour = f->hour;
    if (year < 0 || f->part[1] < 1 || f->part[1] > 12 || hour > 24) return HX_TIME_BAD;
    if (f->half_day == MARK_PM && hour < 12) hour += 12;
    if (f->half_day == MARK_AM && hour == 12) hour = 0;
    bool midnight = hour == 24 && f->minute == 0 && f->second == 0;
    if (year < 1 || year > 9999) return HX_TIME_RANGE;
    hx_civil c = {(int)year,
                  (int)f->part[1],
                  f->part[2] < 0 ? 1 : (int)f->part[2],
                  midnight ? 0 : (int)hour,
                  (int)f->minute,
                  (int)f->second,
                  (int)f->ms};
    if (!hx_civil_is_valid(&c)) return HX_TIME_BAD;
    if (year < YEAR_MIN || year > YEAR_MAX) return HX_TIME_RANGE;
    int64_t local = hx_civil_to_ms(&c) + (midnight ? HX_DAY_MS : 0);
    if (f->has_zone)
        *ms = local - f->zone_ms;
    else
        *ms = zone ? hx_zone_to_utc_ms(&zone->zone, local) : local;
    return HX_TIME_OK;
}

static hx_time_result from_instant(int64_t ms, int64_t *out) {
    hx_civil c = hx_civil_from_ms(ms);
    if (c.year < YEAR_MIN || c.year > YEAR_MAX) return HX_TIME_RANGE;
    *out = ms;
    return HX_TIME_OK;
}

/* ------------------------------------------------------------------ ISO, the straight way */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Exactly n digits at s[*at]. */
static bool take(hx_str s, size_t *at, size_t n, int64_t *v) {
    if (s.len - *at < n) return false;
    int64_t x = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(s.ptr[*at + i])) return false;
        x = x * 10 + (s.ptr[*at + i] - '0');
    }
    *at += n;
    *v = x;
    return true;
}

static bool take_char(hx_str s, size_t *at, char c) {
    if (*at >= s.len || s.ptr[*at] != c) return false;
    ++*at;
    return true;
}

static int64_t take_fraction(hx_str s, size_t *at) {
    int64_t ms = 0, unit = 100;
    for (; *at < s.len && is_digit(s.ptr[*at]); ++*at, unit /= 10)
        ms += (s.ptr[*at] - '0') * unit;
    return ms;
}

/* Z, +08:00, +0800, +08 at s[*at]. */
static bool take_offset(hx_str s, size_t *at, fields *f) {
    if (*at >= s.len) return false;
    char sign = s.ptr[*at];
    int64_t hours = 0, minutes = 0;
    if (sign == 'Z' || sign == 'z') {
        ++*at;
    } else {
        if (sign != '+' && sign != '-') return false;
        size_t i = *at + 1;
        if (!take(s, &i, 2, &hours)) return false;
        size_t before = i;
        (void)take_char(s, &i, ':');
        if (!take(s, &i, 2, &minutes)) i = before;
        *at = i;
    }
    if (hours > 15 || minutes > 59) return false;
    f->zone_ms = (sign == '-' ? -1 : 1) * (hours * 60 + minutes) * 60000;
    f->has_zone = true;
    return true;
}

static bool iso(hx_str s, fields *f) {
    size_t i = 0;
    if (!take(s, &i, 4, &f->part[0]) || !take_char(s, &i, '-') || !take(s, &i, 2, &f->part[1]) ||
        !take_char(s, &i, '-') || !take(s, &i, 2, &f->part[2]))
        return false;
    if (i == s.len) return true;
    if (s.ptr[i] != 'T' && s.ptr[i] != ' ') return false;
    i++;
    if (!take(s, &i, 2, &f->hour) || !take_char(s, &i, ':') || !take(s, &i, 2, &f->minute))
        return false;
    if (take_char(s, &i, ':') && !take(s, &i, 2, &f->second)) return false;
    if (take_char(s, &i, '.')) f->ms = take_fraction(s, &i);
    if (i < s.len && !take_offset(s, &i, f)) return false;
    return i == s.len;
}

/* ------------------------------------------------------------------ folding */

static int mark_of(uint32_t cp) {
    switch (cp) {
    case 0x5E74:
        return MARK_YEAR; /* 年 */
    case 0x6708:
        return MARK_MONTH; /* 月 */
    case 0x65E5:
    case 0x53F7:
    case 0x865F:
        return MARK_DAY; /* 日 号 號 */
    case 0x65F6:
    case 0x6642:
    case 0x70B9:
    case 0x9EDE:
        return MARK_HOUR; /* 时 時 点 點 */
    case 0x5206:
        return MARK_MINUTE; /* 分 */
    case 0x79D2:
        return MARK_SECOND; /* 秒 */
    case 0x534A:
        return MARK_HALF; /* 半 */
    default:
        return 0;
    }
}

static const struct {
    const char *word;
    int mark; /* 0 = says nothing */
} words[] = {{"上午", MARK_AM}, {"凌晨", MARK_AM}, {"早上", MARK_AM}, {"清晨", MARK_AM},
             {"下午", MARK_PM}, {"晚上", MARK_PM}, {"傍晚", MARK_PM}, {"中午", MARK_PM},
             {"星期一", 0},     {"星期二", 0},     {"星期三", 0},     {"星期四", 0},
             {"星期五", 0},     {"星期六", 0},     {"星期日", 0},     {"星期天", 0},
             {"周一", 0},       {"周二", 0},       {"周三", 0},       {"周四", 0},
             {"周五", 0},       {"周六", 0},       {"周日", 0},       {"北京时间", 0}};

static size_t fold_word(hx_str s, size_t at, char *c) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t k = strlen(words[i].word);
        if (s.len - at < k || memcmp(s.ptr + at, words[i].word, k) != 0) continue;
        *c = words[i].mark ? (char)words[i].mark : ' ';
        return k;
    }
    return 0;
}

static char fold_code_point(uint32_t cp) {
    int mark = mark_of(cp);
    if (mark) return (char)mark;
    if (cp >= 0xFF01 && cp <= 0xFF5E) cp -= 0xFEE0;
    if (cp == 0x3000 || cp == 0xA0 || cp == 0x202F || cp == '\t') cp = ' ';
    if (cp >= 'A' && cp <= 'Z') cp += 'a' - 'A';
    return cp >= 0x20 && cp < 0x7F ? (char)cp : '\0';
}

/* The folded text without outer blanks; false where it holds what no date holds. */
static bool fold(hx_str s, char out[TEXT_MAX], hx_str *folded) {
    size_t n = 0;
    if (s.len > 3 * TEXT_MAX) return false;
    for (size_t i = 0; i < s.len;) {
        char c = '\0';
        size_t k = fold_word(s, i, &c);
        if (k)
            i += k;
        else
            c = fold_code_point(hx_utf8_next(s, &i));
        if (c == '\0' || n + 1 >= TEXT_MAX) return false;
        if (c == ' ' && (n == 0 || out[n - 1] == ' ')) continue;
        out[n++] = c;
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    *folded = (hx_str){out, n};
    return n > 0;
}

/* ------------------------------------------------------------------ digits alone */

static bool all_digits(hx_str s) {
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit(s.ptr[i])) return false;
    return s.len > 0;
}

static hx_time_result from_excel(hx_str s, const hx_time_zone *zone, int64_t *ms) {
    double days = 0, unit = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '.' && unit == 0) {
            unit = 0.1;
        } else if (!is_digit(s.ptr[i])) {
            return HX_TIME_BAD;
        } else if (unit == 0) {
            days = days * 10 + (s.ptr[i] - '0');
        } else {
            days += (s.ptr[i] - '0') * unit;
            unit /= 10;
        }
    }
    if (days < 1 || days >= EXCEL_DAY_MAX) return HX_TIME_RANGE;
    if (days < 60) days += 1; /* Excel's 1900 has a 29 February */
    int64_t seconds = llround((days + EXCEL_EPOCH_DAYS) * 86400);
    *ms = zone ? hx_zone_to_utc_ms(&zone->zone, seconds * 1000) : seconds * 1000;
    return HX_TIME_OK;
}

static hx_time_result from_digits(hx_str s, const hx_time_zone *zone, int64_t *ms) {
    fields f = {.part = {-1, -1, -1}};
    int64_t n = 0;
    size_t i = 0;
    switch (s.len) {
    case 10:
        (void)take(s, &i, 10, &n);
        return from_instant(n * 1000, ms);
    case 13:
        (void)take(s, &i, 13, &n);
        return from_instant(n, ms);
    case 16:
        (void)take(s, &i, 16, &n);
        return from_instant(n / 1000, ms);
    case 8:
    case 12:
    case 14:
        (void)take(s, &i, 4, &f.part[0]);
        (void)take(s, &i, 2, &f.part[1]);
        (void)take(s, &i, 2, &f.part[2]);
        if (s.len > 8) (void)take(s, &i, 2, &f.hour), (void)take(s, &i, 2, &f.minute);
        if (s.len > 12) (void)take(s, &i, 2, &f.second);
        return finish(&f, zone, ms);
    default:
        return HX_TIME_BAD;
    }
}

/* 1472688000.25 */
static hx_time_result from_unix_fraction(hx_str s, int64_t *ms) {
    int64_t n = 0;
    size_t i = 0;
    if (!take(s, &i, 10, &n) || !take_char(s, &i, '.')) return HX_TIME_BAD;
    int64_t fraction = take_fraction(s, &i);
    return i == s.len && s.len > 11 ? from_instant(n * 1000 + fraction, ms) : HX_TIME_BAD;
}

/* ------------------------------------------------------------------ everything else */

typedef struct {
    hx_str s;
    size_t at;
    fields f;
    hx_date_order order;
    bool order_wrong; /* another order would have made a date */
    bool has_date; /* by three numbers */
} scan;

static char peek(const scan *x) {
    return x->at < x->s.len ? x->s.ptr[x->at] : '\0';
}

/* A number of at most 6 digits; *digits = how many. */
static bool number(scan *x, int64_t *v, size_t *digits) {
    *v = 0;
    *digits = 0;
    while (is_digit(peek(x)) && *digits < 6) {
        *v = *v * 10 + (peek(x) - '0');
        x->at++;
        ++*digits;
    }
    return *digits > 0 && !is_digit(peek(x));
}

static int64_t full_year(int64_t v, size_t digits) {
    return digits > 2 ? v : v < 69 ? 2000 + v : 1900 + v;
}

static bool set(int64_t *part, int64_t v) {
    if (*part >= 0) return false;
    *part = v;
    return true;
}

/* Behind a number and ':': minute, second, fraction. */
static bool clock(scan *x, int64_t hour) {
    size_t digits = 0;
    if (x->f.has_clock) return false;
    x->f.has_clock = true;
    x->f.hour = hour;
    x->at++;
    if (!number(x, &x->f.minute, &digits) || digits != 2) return false;
    if (peek(x) != ':') return true;
    x->at++;
    if (!number(x, &x->f.second, &digits) || digits != 2) return false;
    if ((peek(x) == '.' || peek(x) == ',' || peek(x) == ':') && x->at + 1 < x->s.len &&
        is_digit(x->s.ptr[x->at + 1])) {
        x->at++;
        x->f.ms = take_fraction(x->s, &x->at);
    }
    return true;
}

static int month_of(const char *p, size_t n) {
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    static const char *const rest[] = {"uary", "ruary", "ch",     "il",   "",      "e",
                                       "y",    "ust",   "tember", "ober", "ember", "ember"};
    if (n < 3) return 0;
    for (int i = 0; i < 12; i++) {
        if (memcmp(names + 3 * i, p, 3) != 0) continue;
        bool whole = n - 3 == strlen(rest[i]) && memcmp(p + 3, rest[i], n - 3) == 0;
        return n == 3 || whole || (i == 8 && n == 4 && p[3] == 't') ? i + 1 : 0;
    }
    return 0;
}

static bool is_weekday(const char *p, size_t n) {
    static const char *const names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
    for (size_t i = 0; i < 7; i++) {
        size_t k = strlen(names[i]);
        if ((n == k || n == 3 || (n == 4 && k > 7) || (n == 5 && i == 3)) && n <= k &&
            memcmp(names[i], p, n) == 0)
            return true;
    }
    return false;
}

static bool in_order(const int64_t n[3], hx_date_order order, const size_t digits[3], fields *f) {
    static const int places[4][3] = {
        {2, 1, 0}, {0, 1, 2}, {2, 1, 0}, {2, 0, 1}}; /* of year, month, day */
    const int *at = places[order];
    if (digits[at[0]] == 3 || digits[at[0]] > 4 || digits[at[1]] > 2 || digits[at[2]] > 2)
        return false;
    f->part[0] = full_year(n[at[0]], digits[at[0]]);
    f->part[1] = n[at[1]];
    f->part[2] = n[at[2]];
    return f->part[1] >= 1 && f->part[1] <= 12 && f->part[2] >= 1 && f->part[2] <= 31;
}

/* n sep n [sep n], the first number read already. */
static bool numeric_date(scan *x, int64_t first, size_t first_digits) {
    int64_t n[3] = {first, 0, 0};
    size_t digits[3] = {first_digits, 0, 0};
    char sep = peek(x);
    x->at++;
    if (x->has_date || x->f.part[0] >= 0 || !number(x, &n[1], &digits[1])) return false;
    x->has_date = true;
    if (peek(x) != sep) { /* 2026-03 */
        if (first_digits != 4 || digits[1] > 2 || sep == '.') return false;
        x->f.part[0] = first;
        x->f.part[1] = n[1];
        return true;
    }
    x->at++;
    if (!number(x, &n[2], &digits[2])) return false;
    hx_date_order order = first_digits == 4 ? HX_DATE_ORDER_YMD : x->order;
    if (order == HX_DATE_ORDER_AUTO && first > 31) order = HX_DATE_ORDER_YMD;
    if (order == HX_DATE_ORDER_AUTO && n[1] > 12) order = HX_DATE_ORDER_MDY;
    if (in_order(n, order, digits, &x->f)) return true;
    fields other = x->f;
    for (int o = HX_DATE_ORDER_YMD; o <= HX_DATE_ORDER_MDY; o++)
        x->order_wrong |= first_digits != 4 && in_order(n, (hx_date_order)o, digits, &other);
    return false;
}

/* A number that stands by a month's name: the day, or else the year. */
static bool loose_number(scan *x, int64_t v, size_t digits) {
    if (digits <= 2 && x->f.part[2] < 0) return set(&x->f.part[2], v);
    return (digits == 4 || digits == 2) && set(&x->f.part[0], full_year(v, digits));
}

static bool marked(scan *x, int mark, int64_t v, size_t digits) {
    x->at++;
    switch (mark) {
    case MARK_YEAR:
        return (digits == 4 || digits == 2) && set(&x->f.part[0], full_year(v, digits));
    case MARK_MONTH:
        return digits <= 2 && set(&x->f.part[1], v);
    case MARK_DAY:
        return digits <= 2 && set(&x->f.part[2], v);
    case MARK_HOUR:
        x->f.hour = v;
        x->f.has_clock = true;
        if (peek(x) == MARK_HALF) x->f.minute = 30, x->at++;
        return digits <= 2;
    case MARK_MINUTE:
        x->f.minute = v;
        return x->f.has_clock && digits <= 2;
    case MARK_SECOND:
        x->f.second = v;
        return x->f.has_clock && digits <= 2;
    default:
        return false;
    }
}

static bool scan_number(scan *x) {
    int64_t v = 0;
    size_t digits = 0;
    if (!number(x, &v, &digits)) return false;
    char c = peek(x);
    if (c == ':' && digits <= 2) return clock(x, v);
    if (c >= MARK_YEAR && c <= MARK_SECOND) return marked(x, c, v, digits);
    char next = x->at + 1 < x->s.len ? x->s.ptr[x->at + 1] : '\0';
    if ((c == '-' || c == '/' || c == '.') && is_digit(next) && x->f.part[1] < 0)
        return numeric_date(x, v, digits);
    /* 14点20: minutes without their mark */
    if (x->f.has_clock && x->f.minute == 0 && x->at == x->s.len && digits == 2 &&
        x->f.part[2] >= 0) {
        x->f.minute = v;
        return true;
    }
    return loose_number(x, v, digits);
}

static bool scan_word(scan *x) {
    const char *p = x->s.ptr + x->at;
    size_t n = 0;
    while (x->at + n < x->s.len && p[n] >= 'a' && p[n] <= 'z')
        n++;
    x->at += n;
    int month = month_of(p, n);
    if (month) return set(&x->f.part[1], month);
    if (is_weekday(p, n)) return true;
    if (n == 2 && (memcmp(p, "am", 2) == 0 || memcmp(p, "pm", 2) == 0)) {
        x->f.half_day = p[0] == 'a' ? MARK_AM : MARK_PM;
        return x->f.has_clock && x->f.hour <= 12;
    }
    if (n == 2 && x->f.part[2] >= 0)
        return memcmp(p, "st", 2) == 0 || memcmp(p, "nd", 2) == 0 || memcmp(p, "rd", 2) == 0 ||
               memcmp(p, "th", 2) == 0 || memcmp(p, "at", 2) == 0;
    if (n == 1 && p[0] == 't') return x->f.part[1] >= 0 && is_digit(peek(x));
    bool utc = (n == 1 && p[0] == 'z') ||
               (n == 3 && (memcmp(p, "utc", 3) == 0 || memcmp(p, "gmt", 3) == 0));
    if (!utc || !x->f.has_clock) return false;
    x->f.has_zone = true; /* an offset behind it is added by the next step */
    return true;
}

static bool scan_step(scan *x) {
    char c = peek(x);
    if (is_digit(c)) return scan_number(x);
    if (c >= 'a' && c <= 'z') return scan_word(x);
    if ((c == '+' || c == '-') && x->f.has_clock) return take_offset(x->s, &x->at, &x->f);
    x->at++;
    if (c == MARK_AM || c == MARK_PM) {
        x->f.half_day = (unsigned char)c;
        return true;
    }
    return c == ' ' || c == ',' || c == '(' || c == ')' ||
           ((c == '-' || c == '/' || c == '.') && x->f.part[2] >= 0) ||
           (c == '-' && x->f.part[1] >= 0);
}

static hx_time_result free_form(hx_str s, hx_date_order order, const hx_time_zone *zone,
                                int64_t *ms) {
    scan x = {s, 0, {.part = {-1, -1, -1}}, order, false, false};
    while (x.at < s.len)
        if (!scan_step(&x)) return x.order_wrong ? HX_TIME_ORDER : HX_TIME_BAD;
    return finish(&x.f, zone, ms);
}

hx_time_result hx_time_try(hx_str s, hx_date_order order, bool excel, const hx_time_zone *zone,
                           int64_t *ms) {
    fields f = {.part = {-1, -1, -1}};
    char text[TEXT_MAX];
    if (s.len >= 10 && s.len < 40 && iso(s, &f)) return finish(&f, zone, ms);
    if (!fold(s, text, &s)) return HX_TIME_BAD;
    if (excel && s.len <= 20 && (all_digits(s) ? s.len <= 6 : true)) {
        hx_time_result got = from_excel(s, zone, ms);
        if (got == HX_TIME_OK) return got;
    }
    if (all_digits(s)) return from_digits(s, zone, ms);
    if (from_unix_fraction(s, ms) == HX_TIME_OK) return HX_TIME_OK;
    return free_form(s, order, zone, ms);
}

hx_status hx_parse_time(hx_str s, hx_date_order order, bool excel, const hx_time_zone *zone,
                        int64_t *ms, hx_error *err) {
    static const char *const orders[] = {"day/month/year", "year/month/day", "day/month/year",
                                         "month/day/year"};
    switch (hx_time_try(s, order, excel, zone, ms)) {
    case HX_TIME_OK:
        return HX_OK;
    case HX_TIME_RANGE:
        return hx_fail(err, HX_EFORMAT, "'%.*s' lies outside the years 1900 to 2199",
                       HX_STR_ARG(s));
    case HX_TIME_ORDER:
        return hx_fail(err, HX_EFORMAT, "'%.*s' is not a date in the order %s (see --date-order)",
                       HX_STR_ARG(s), orders[order]);
    default:
        return hx_fail(err, HX_EFORMAT, "'%.*s' is not a date", HX_STR_ARG(s));
    }
}

bool hx_time_is_clock(hx_str s) {
    char text[TEXT_MAX];
    if (!fold(s, text, &s)) return false;
    scan x = {s, 0, {.part = {-1, -1, -1}}, HX_DATE_ORDER_AUTO, false, false};
    while (x.at < s.len)
        if (!scan_step(&x)) return false;
    return x.f.has_clock && x.f.part[0] < 0 && x.f.part[1] < 0 && x.f.part[2] < 0 && x.f.hour < 24;
}

hx_date_order hx_time_order_of(hx_str s, bool *three) {
    char text[TEXT_MAX];
    int64_t n[3] = {0, 0, 0};
    size_t digits[3] = {0, 0, 0};
    *three = false;
    if (!fold(s, text, &s)) return HX_DATE_ORDER_AUTO;
    scan x = {s, 0, {.part = {-1, -1, -1}}, HX_DATE_ORDER_AUTO, false, false};
    char sep = '\0';
    for (int i = 0; i < 3; i++) {
        if (!number(&x, &n[i], &digits[i])) return HX_DATE_ORDER_AUTO;
        if (i == 0) sep = peek(&x);
        if (i < 2 && (peek(&x) != sep || (sep != '/' && sep != '-' && sep != '.')))
            return HX_DATE_ORDER_AUTO;
        if (i < 2) x.at++;
    }
    *three = true;
    if (digits[0] == 4 || n[0] > 31) return HX_DATE_ORDER_YMD;
    if (n[0] > 12)
        return digits[2] == 4 || n[2] > 31 || n[1] <= 12 ? HX_DATE_ORDER_DMY : HX_DATE_ORDER_AUTO;
    return n[1] > 12 ? HX_DATE_ORDER_MDY : HX_DATE_ORDER_AUTO;
}
