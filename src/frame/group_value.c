/* group_value.c - the numbers and times that are grouped: read exactly, compared exactly, written exactly.
 *
 * A number is an int64 of 1/10,000 units. Sums are 128-bit integers of 10^-4 units (of products: 10^-8), so they hold 10^19 terms of
 * any size of number and no rounding happens before the text is made; the mean is divided digit by digit on the remainder.
 *
 * Bare ISO times of one shape compare as their text; that is the order of the instants. All others are parsed. */
#include <string.h>

#include "frame/group.h"

#define PLAIN_DIGITS_MAX 14 /* whole digits that fit HX_GROUP_NUMBER_MAX with four places */

static bool is_digit(char c) {
    return (unsigned char)(c - '0') < 10;
}

static bool parse_other_amount(hx_str s, int64_t *e4) {
    char currency[4];
    return hx_parse_amount(s, false, e4, currency, NULL) == HX_OK && *e4 <= HX_GROUP_NUMBER_MAX &&
           *e4 >= -HX_GROUP_NUMBER_MAX;
}

/* The digits behind the point as 1/10,000; false where a fifth place is not zero or a byte is no digit. */
static bool parse_places(const char *p, const char *end, int64_t *e4) {
    int64_t v = 0;
    unsigned n = 0;
    for (; p < end && is_digit(*p) && n < 4; p++, n++)
        v = v * 10 + (*p - '0');
    for (; n < 4; n++)
        v *= 10;
    while (p < end && *p == '0')
        p++;
    *e4 = v;
    return p == end;
}

bool hx_group_number(hx_str s, int64_t *e4) {
    const char *p = s.ptr, *end = s.ptr + s.len;
    const bool minus = p < end && *p == '-';
    if (minus) p++;
    const char *first = p;
    int64_t whole = 0, places = 0;
    for (; p < end && is_digit(*p) && p - first <= PLAIN_DIGITS_MAX; p++)
        whole = whole * 10 + (*p - '0');
    if (p == first || p - first > PLAIN_DIGITS_MAX) return parse_other_amount(s, e4);
    if (p < end) {
        if (*p != '.') return parse_other_amount(s, e4);
        if (p + 1 < end && !parse_places(p + 1, end, &places)) {
            for (p++; p < end && is_digit(*p);)
                p++;
            return p < end &&
                   parse_other_amount(s, e4); /* digits only: more places than we sum exactly */
        }
    }
    const int64_t v = whole * 10000 + places;
    *e4 = minus ? -v : v;
    return true;
}

/* ------------------------------------------------------------------ times */
static unsigned two_digits(const char *p) {
    return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
}

/* "2026-03-05", with " 14:20" or "T14:20", with ":07", in sane ranges: `pattern` has 0 for a digit. */
static bool is_plain_iso(hx_str s) {
    static const char pattern[] = "0000-00-00 00:00:00";
    if (s.len != 10 && s.len != 16 && s.len != 19) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (pattern[i] == '0' ? !is_digit(s.ptr[i])
                              : s.ptr[i] != pattern[i] && !(i == 10 && s.ptr[i] == 'T'))
            return false;
    }
    const unsigned month = two_digits(s.ptr + 5), day = two_digits(s.ptr + 8);
    if (month - 1 > 11 || day - 1 > 27) return false; /* days 29-31 depend on the month: parsed */
    const unsigned century = two_digits(s.ptr);
    if (century < 19 || century > 21) return false;
    return s.len == 10 || (two_digits(s.ptr + 11) < 24 && two_digits(s.ptr + 14) < 60 &&
                           (s.len == 16 || two_digits(s.ptr + 17) < 60));
}

static bool parse_time(hx_str s, hx_date_order order, bool excel, int64_t *ms) {
    return hx_parse_time(s, order, excel, NULL, ms, NULL) == HX_OK;
}

bool hx_group_time_is_valid(hx_str s, hx_date_order order, bool excel) {
    int64_t ms;
    return is_plain_iso(s) || parse_time(s, order, excel, &ms);
}

/* Both start like 2026-03-05 or 2026-03-05 14:20 with the same separator. Callers know that they are valid. */
static bool same_iso_shape(hx_str a, hx_str b) {
    return a.len == b.len && (a.len == 10 || a.len == 16 || a.len == 19) && a.ptr[4] == '-' &&
           b.ptr[4] == '-' && a.ptr[7] == '-' && b.ptr[7] == '-' &&
           (a.len == 10 || (a.ptr[10] == b.ptr[10] && a.ptr[13] == ':' && b.ptr[13] == ':')) &&
           (a.len != 19 || (a.ptr[16] == ':' && b.ptr[16] == ':'));
}

int hx_group_time_compare(hx_str a, hx_str b, hx_date_order order, bool excel) {
    if (same_iso_shape(a, b)) return memcmp(a.ptr, b.ptr, a.len);
    int64_t x = 0, y = 0;
    if (parse_time(a, order, excel, &x) && parse_time(b, order, excel, &y) && x != y)
        return x < y ? -1 : 1;
    return hx_str_compare(a, b);
}

/* ------------------------------------------------------------------ text of sums */
__extension__ typedef unsigned __int128 uint128;

/* The decimal digits of v, at least `min`, backwards from `end`; returns where they start. */
static char *put_digits(uint128 v, size_t min, char *end) {
    char *p = end;
    for (; v != 0 || (size_t)(end - p) < min; v /= 10)
        *--p = (char)('0' + (int)(v % 10));
    return p;
}

static uint128 magnitude(hx_int128 v) {
    return v < 0 ? (uint128)0 - (uint128)v : (uint128)v;
}

/* "-12.5" from the digits 125 and one place; trailing zeros behind the point go, at least `keep` places stay. */
static size_t put_decimal(bool minus, uint128 v, unsigned places, char out[HX_GROUP_TEXT_MAX]) {
    char digits[HX_GROUP_TEXT_MAX];
    char *end = digits + sizeof digits, *p = put_digits(v, (size_t)places + 1, end);
    size_t whole = (size_t)(end - p) - places, n = 0;
    while (places > 0 && end[-1] == '0')
        end--, places--;
    if (minus && v != 0) out[n++] = '-';
    memcpy(out + n, p, whole);
    n += whole;
    if (places > 0) {
        out[n++] = '.';
        memcpy(out + n, p + whole, places);
        n += places;
    }
    return n;
}

size_t hx_group_sum_text(hx_int128 sum, unsigned places, char out[HX_GROUP_TEXT_MAX]) {
    return put_decimal(sum < 0, magnitude(sum), places, out);
}

size_t hx_group_mean_text(hx_int128 sum, unsigned places, uint64_t count,
                          char out[HX_GROUP_TEXT_MAX]) {
    uint128 unit = count;
    for (unsigned i = 0; i < places; i++)
        unit *= 10;
    const uint128 all = magnitude(sum);
    uint128 v = all / unit, rest = all % unit;
    unsigned n = 0;
    for (; n < 6 || (v < 100000 && n < 12 && rest != 0); n++) {
        rest *= 10;
        v = v * 10 + rest / unit;
        rest %= unit;
    }
    if (rest * 2 >= unit) v++;
    return put_decimal(sum < 0, v, n, out);
}
