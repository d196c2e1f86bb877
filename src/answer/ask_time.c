/* ask_time.c - times in questions: 八月, 上个月, 2026年8月15日, 最近30天, last week, in August 2026, Q3, 2026-08.
 *
 * All are relative to the store's current time and in its time zone; a range is [from, to) of local milliseconds. A month without a
 * year is the latest one that has begun. Weeks begin on Monday. At most two ranges are read: the one asked for and one to compare with.
 * Days that no calendar has are no times. */
#include <stdio.h>
#include <string.h>

#include "answer/ask.h"

typedef struct {
    hx_str s;
    bool *used;
    int64_t now;
    hx_ask_query *q;
} reader;

static int64_t day_ms(int year, int month, int day) {
    return hx_days_from_civil(year, month, day) * HX_DAY_MS;
}

static hx_ask_range months(int year, int month, int n) {
    hx_ask_range r = {.from = day_ms(year, month, 1)};
    const int end = year * 12 + month - 1 + n;
    r.to = day_ms(end / 12, end % 12 + 1, 1);
    if (n == 1) (void)snprintf(r.name, sizeof r.name, "%04d-%02d", year, month);
    if (n == 3) (void)snprintf(r.name, sizeof r.name, "%04d-Q%d", year, (month - 1) / 3 + 1);
    if (n == 12) (void)snprintf(r.name, sizeof r.name, "%04d", year);
    return r;
}

static void name_days(hx_ask_range *r) {
    const hx_civil a = hx_civil_from_ms(r->from), b = hx_civil_from_ms(r->to - HX_DAY_MS);
    int n = snprintf(r->name, sizeof r->name, "%04d-%02d-%02d", a.year, a.month, a.day);
    if (r->to - r->from > HX_DAY_MS)
        (void)snprintf(r->name + n, sizeof r->name - (size_t)n, "..%04d-%02d-%02d", b.year, b.month,
                       b.day);
}

static hx_ask_range days(int64_t from, int64_t to) {
    hx_ask_range r = {.from = from, .to = to};
    name_days(&r);
    return r;
}

hx_ask_range hx__ask_before(const hx_ask_range *r) {
    const hx_civil a = hx_civil_from_ms(r->from), b = hx_civil_from_ms(r->to);
    const int n = b.year * 12 + b.month - a.year * 12 - a.month;
    const int first = a.year * 12 + a.month - 1 - n;
    if (a.day != 1 || b.day != 1 || n < 1 || first < 12)
        return days(r->from - (r->to - r->from), r->from);
    hx_ask_range out = months(first / 12, first % 12 + 1, n);
    if (out.name[0] == '\0') name_days(&out);
    return out;
}

static void take(reader *r, size_t at, size_t len, hx_ask_range range) {
    memset(r->used + at, 1, len);
    if (r->q->n_ranges < 2) r->q->range[r->q->n_ranges++] = range;
    r->q->known++;
}

static bool is_free(const reader *r, size_t at, size_t len) {
    return at + len <= r->s.len && memchr(r->used + at, 1, len) == NULL;
}

static bool is_letter(char c) {
    return c >= 'a' && c <= 'z';
}

static bool is_at(const reader *r, size_t at, const char *word) {
    const size_t n = strlen(word);
    if (n == 0 || !is_free(r, at, n) || memcmp(r->s.ptr + at, word, n) != 0) return false;
    if (!is_letter(word[n - 1])) return true;
    return (at == 0 || !is_letter(r->s.ptr[at - 1])) &&
           (at + n == r->s.len || !is_letter(r->s.ptr[at + n]));
}

/* A whole number of at most four digits, or in Chinese up to 十二; returns its bytes. */
static size_t number_at(const reader *r, size_t at, int *out) {
    static const char *const zh[] = {"十二", "十一", "十", "一", "二", "三", "四",
                                     "五",   "六",   "七", "八", "九", "两"};
    static const int values[] = {12, 11, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2};
    size_t n = 0;
    *out = 0;
    while (at + n < r->s.len && n < 4 && r->s.ptr[at + n] >= '0' && r->s.ptr[at + n] <= '9')
        *out = *out * 10 + (r->s.ptr[at + n++] - '0');
    for (size_t i = 0; n == 0 && i < sizeof values / sizeof *values; i++)
        if (is_at(r, at, zh[i])) {
            *out = values[i];
            return strlen(zh[i]);
        }
    return n;
}

static int year_of_month(const reader *r, int month) {
    const hx_civil now = hx_civil_from_ms(r->now);
    return month <= now.month ? now.year : now.year - 1;
}

/* --- 2026-08-15, 2026-08, 2026年8月15日, 8月, 2026年 ------------------------ */
static size_t sign_at(const reader *r, size_t at, const char *a, const char *b) {
    if (is_at(r, at, a)) return strlen(a);
    return b && at < r->s.len && r->s.ptr[at] == b[0] ? 1 : 0;
}

static bool take_day(reader *r, size_t at, size_t end, int year, int month) {
    int day;
    const size_t sep = end > at && r->s.ptr[end - 1] == '-' ? 1 : 0;
    size_t n = number_at(r, end, &day);
    if (n == 0 || day < 1 || day > 31) return false;
    hx_civil c = {.year = year, .month = month, .day = day};
    if (!hx_civil_is_valid(&c)) return false;
    const size_t mark = sign_at(r, end + n, "日", NULL) + sign_at(r, end + n, "号", NULL);
    if (sep == 0 && mark == 0) return false;
    const int64_t from = day_ms(year, month, day);
    take(r, at, end + n + mark - at, days(from, from + HX_DAY_MS));
    return true;
}

static bool take_month(reader *r, size_t at, size_t start, int year) {
    int month;
    const size_t n = number_at(r, start, &month);
    if (n == 0 || month < 1 || month > 12) return false;
    if (year == 0) year = year_of_month(r, month);
    size_t mark = sign_at(r, start + n, "月份", NULL);
    if (mark == 0) mark = sign_at(r, start + n, "月", NULL);
    const bool dashed = start > at && r->s.ptr[start - 1] == '-';
    if (mark == 0 && !dashed) return false;
    const size_t end = start + n + mark;
    const size_t dash = mark == 0 && end < r->s.len && r->s.ptr[end] == '-';
    if (take_day(r, at, end + dash, year, month)) return true;
    take(r, at, end - at, months(year, month, 1));
    return true;
}

static bool take_quarter(reader *r, size_t at, size_t start, int year) {
    int quarter;
    size_t mark = sign_at(r, start, "第", "q");
    if (mark == 0) return false;
    const size_t n = number_at(r, start + mark, &quarter);
    if (n == 0 || quarter < 1 || quarter > 4) return false;
    size_t end = start + mark + n;
    if (r->s.ptr[start] != 'q') {
        if (!is_at(r, end, "季度")) return false;
        end += strlen("季度");
    }
    const size_t n_year = year == 0 && end < r->s.len ? number_at(r, end + 1, &year) : 0;
    if (n_year == 4 && year >= 1900 && year < 2200)
        end += 5;
    else if (n_year > 0)
        year = 0;
    if (year == 0) year = year_of_month(r, quarter * 3 - 2);
    take(r, at, end - at, months(year, quarter * 3 - 2, 3));
    return true;
}

static bool take_numbers(reader *r, size_t at) {
    int year;
    if (at > 0 &&
        (is_letter(r->s.ptr[at - 1]) || (r->s.ptr[at - 1] >= '0' && r->s.ptr[at - 1] <= '9')))
        return false;
    const size_t n = number_at(r, at, &year);
    if (n == 4 && year >= 1900 && year < 2200) {
        const size_t mark = sign_at(r, at + n, "年", "-");
        if (mark > 0 && take_month(r, at, at + n + mark, year)) return true;
        if (take_quarter(r, at, at + n + mark, year)) return true;
        take(r, at, n + (mark > 1 ? mark : 0), months(year, 1, 12));
        return true;
    }
    return take_month(r, at, at, 0) || take_quarter(r, at, at, 0);
}

/* --- August, in August 2026 ------------------------------------------------- */
static bool take_english_month(reader *r, size_t at) {
    static const char *const names[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
    for (int m = 0; m < 12; m++) {
        char brief[4] = {names[m][0], names[m][1], names[m][2], '\0'};
        const char *word = is_at(r, at, names[m]) ? names[m] : is_at(r, at, brief) ? brief : NULL;
        int year = 0;
        if (!word) continue;
        size_t end = at + strlen(word), gap = end;
        while (gap < r->s.len && (r->s.ptr[gap] == ' ' || r->s.ptr[gap] == ','))
            gap++;
        const size_t n = gap > end ? number_at(r, gap, &year) : 0;
        const bool dated = n == 4 && year >= 1900 && year < 2200;
        if (dated) end = gap + n;
        take(r, at, end - at, months(dated ? year : year_of_month(r, m + 1), m + 1, 1));
        return true;
    }
    return false;
}

/* --- relative ones ---------------------------------------------------------- */
typedef enum { DAY, WEEK, MONTH, QUARTER, YEAR } unit;
static const struct {
    const char *words;
    unit what;
    int back;
} relative[] = {{"上个月", MONTH, 1},        {"上月", MONTH, 1},
                {"last month", MONTH, 1},    {"previous month", MONTH, 1},
                {"上上个月", MONTH, 2},      {"the month before", MONTH, 1},
                {"这个月", MONTH, 0},        {"本月", MONTH, 0},
                {"this month", MONTH, 0},    {"上周", WEEK, 1},
                {"上星期", WEEK, 1},         {"last week", WEEK, 1},
                {"本周", WEEK, 0},           {"这周", WEEK, 0},
                {"this week", WEEK, 0},      {"今年", YEAR, 0},
                {"this year", YEAR, 0},      {"去年", YEAR, 1},
                {"last year", YEAR, 1},      {"昨天", DAY, 1},
                {"yesterday", DAY, 1},       {"今天", DAY, 0},
                {"today", DAY, 0},           {"前天", DAY, 2},
                {"本季度", QUARTER, 0},      {"this quarter", QUARTER, 0},
                {"上季度", QUARTER, 1},      {"上个季度", QUARTER, 1},
                {"last quarter", QUARTER, 1}};

static hx_ask_range relative_range(const reader *r, unit what, int back) {
    const hx_civil now = hx_civil_from_ms(r->now);
    const int64_t today = day_ms(now.year, now.month, now.day);
    const int month = now.year * 12 + now.month - 1;
    switch (what) {
    case DAY:
        return days(today - back * HX_DAY_MS, today - (back - 1) * HX_DAY_MS);
    case WEEK: {
        const int64_t monday = today - hx_weekday(today) * HX_DAY_MS;
        return days(monday - 7 * back * HX_DAY_MS, monday - 7 * (back - 1) * HX_DAY_MS);
    }
    case MONTH:
        return months((month - back) / 12, (month - back) % 12 + 1, 1);
    case QUARTER: {
        const int first = month - month % 3 - 3 * back;
        return months(first / 12, first % 12 + 1, 3);
    }
    case YEAR:
        break;
    }
    return months(now.year - back, 1, 12);
}

static bool take_relative(reader *r, size_t at) {
    for (size_t i = 0; i < sizeof relative / sizeof *relative; i++)
        if (is_at(r, at, relative[i].words)) {
            take(r, at, strlen(relative[i].words),
                 relative_range(r, relative[i].what, relative[i].back));
            return true;
        }
    return false;
}

/* 最近30天, 近三个月, last 30 days, past 2 weeks */
static bool take_last(reader *r, size_t at) {
    static const char *const heads[] = {"最近", "过去", "近", "last ", "past "};
    static const struct {
        const char *word;
        int days;
    } units[] = {{"天", 1},     {"日", 1},       {"个星期", 7},  {"周", 7},
                 {"个月", 30},  {"年", 365},     {" days", 1},   {" day", 1},
                 {" weeks", 7}, {" months", 30}, {" years", 365}};
    const hx_civil now = hx_civil_from_ms(r->now);
    const int64_t end = day_ms(now.year, now.month, now.day) + HX_DAY_MS;
    for (size_t h = 0; h < sizeof heads / sizeof *heads; h++) {
        const size_t n = strlen(heads[h]);
        int many;
        if (!is_free(r, at, n) || memcmp(r->s.ptr + at, heads[h], n) != 0) continue;
        const size_t digits = number_at(r, at + n, &many);
        for (size_t u = 0; digits > 0 && many > 0 && u < sizeof units / sizeof *units; u++) {
            const size_t m = strlen(units[u].word), stands = at + n + digits;
            if (stands + m > r->s.len || memcmp(r->s.ptr + stands, units[u].word, m) != 0) continue;
            take(r, at, n + digits + m, days(end - (int64_t)many * units[u].days * HX_DAY_MS, end));
            return true;
        }
    }
    return false;
}

void hx__ask_times(hx_str lower, bool *used, int64_t now, hx_ask_query *q) {
    reader r = {lower, used, now, q};
    if (now == HX_TIME_NONE) return;
    for (size_t at = 0; at < lower.len; at++) {
        if (used[at] || ((unsigned char)lower.ptr[at] & 0xC0) == 0x80) continue;
        if (!take_last(&r, at) && !take_relative(&r, at) && !take_english_month(&r, at))
            (void)take_numbers(&r, at);
    }
}
