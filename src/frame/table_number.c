/* table_number.c - numbers as files have them: digits over a power of ten wherever that is exact.
 *
 * A mantissa of at most 2^53 over 10^scale, scale <= 18, gives the correctly rounded double by one division. What has more digits or an
 * exponent becomes a double at once (base/number.h). Digits that only look like a number stay text: numbers of phones and orders lose
 * their zeros and their last digits otherwise. */
#include <math.h>
#include <strings.h>

#include "base/number.h"
#include "frame/table_strip.h"

#define INTEGER_DIGITS_MAX 15 /* as infer.c: longer ones are ids */
#define PHONE_DIGITS_MIN 8
#define MANTISSA_DIGITS_MAX 19
#define EXPONENT_MAX 100000

static bool is_digit(char c) {
    return (unsigned char)(c - '0') <= 9;
}

static hx_text_number infinite(hx_str s, size_t at, bool negative) {
    const size_t left = s.len - at;
    const bool is = (left == 3 && strncasecmp(s.ptr + at, "inf", 3) == 0) ||
                    (left == 8 && strncasecmp(s.ptr + at, "infinity", 8) == 0);
    return (hx_text_number){.is_number = is, .value = negative ? -INFINITY : INFINITY};
}

/* The exponent at s[*at]; false where there is none that is well formed. */
static bool take_exponent(hx_str s, size_t *at, int *exponent) {
    size_t i = *at + 1;
    const bool negative = i < s.len && s.ptr[i] == '-';
    if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+')) i++;
    const size_t first = i;
    int e = 0;
    for (; i < s.len && is_digit(s.ptr[i]); i++)
        if (e < EXPONENT_MAX) e = e * 10 + (s.ptr[i] - '0');
    *exponent = negative ? -e : e;
    *at = i;
    return i > first;
}

static hx_text_number as_double(hx_str s, uint64_t mantissa, size_t digits, int exponent,
                                bool negative) {
    hx_text_number n = {.is_number = true};
    const bool decided =
        digits <= MANTISSA_DIGITS_MAX && hx_decimal_to_double(mantissa, exponent, &n.value);
    if (decided)
        n.value = negative ? -n.value : n.value;
    else
        n.value = hx_double_of(s);
    n.is_number = isfinite(n.value);
    return n;
}

hx_text_number hx_number_of_text(hx_str s) {
    const hx_text_number none = {0};
    if (s.len == 0) return none;
    const char *p = s.ptr;
    const bool negative = p[0] == '-', plus = p[0] == '+';
    const size_t start = negative || plus;
    size_t i = start, whole = 0, fraction = 0, leading = 0;
    uint64_t m = 0;
    for (; i < s.len && is_digit(p[i]); i++, whole++)
        m = m * 10 + (uint64_t)(p[i] - '0'); /* may wrap: `digits` says so below */
    if (whole == 0 && i < s.len && p[i] != '.') return infinite(s, i, negative);
    if (whole > 1 && p[start] == '0') return none;
    const bool point = i < s.len && p[i] == '.';
    if (point) {
        for (i++; i < s.len && is_digit(p[i]); i++, fraction++) {
            m = m * 10 + (uint64_t)(p[i] - '0');
            leading += m == 0;
        }
    }
    if (whole + fraction == 0) return none;
    int exponent = 0;
    const bool scientific = i < s.len && (p[i] == 'e' || p[i] == 'E');
    if (scientific && !take_exponent(s, &i, &exponent)) return none;
    if (i < s.len) return none;
    if (!point && !scientific &&
        (whole > INTEGER_DIGITS_MAX || (plus && whole >= PHONE_DIGITS_MIN)))
        return none;
    const size_t digits = whole + fraction - leading;
    if (!scientific && digits <= MANTISSA_DIGITS_MAX && m <= (uint64_t)HX_MANTISSA_MAX &&
        fraction <= HX_SCALE_MAX)
        return (hx_text_number){true, true, negative ? -(int64_t)m : (int64_t)m, (int)fraction, 0};
    const int shift = fraction > EXPONENT_MAX ? -EXPONENT_MAX : exponent - (int)fraction;
    return as_double(plus ? (hx_str){p + 1, s.len - 1} : s, m, digits, shift, negative);
}
