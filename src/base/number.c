/* number.c - decimal text to doubles and back.
 *
 * Reading: mantissa * 10^q with a 64-bit mantissa is multiplied by the 128-bit power g of number_powers.c. g is too large by less than
 * one unit, so the upper 128 bits of the product are too large by at most one: where that can't change the rounding to 53 bits, the
 * result is the correctly rounded one, else false is returned and the C library decides (D. Lemire, "Number Parsing at a Gigabyte per
 * Second", 2021; the test at the border is simpler here).
 *
 * Writing: R. Giulietti, "The Schubfach way to render doubles" (2020), after the C++ of A. Bolz: of the decimals between the
 * neighbours' midpoints the shortest, and of those the closest. Values outside 10^-60 ... 10^60 take the C library's way. */
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 number_wide;

#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1075 /* of the mantissa as a whole number */

/* ------------------------------------------------------------------ reading */
static int floor_log2_pow10(int k) {
    return (k * 1741647) >> 19;
}

bool hx_decimal_to_double(uint64_t mantissa, int exponent, double *out) {
    if (mantissa == 0) {
        *out = 0;
        return true;
    }
    if (exponent < -HX_POWER_MAX || exponent > HX_POWER_MAX) return false;
    const uint64_t *g = hx_powers_of_ten[exponent + HX_POWER_MAX];
    const int zeros = __builtin_clzll(mantissa);
    const uint64_t m = mantissa << zeros;
    const number_wide low = (number_wide)m * g[1];
    const number_wide product = (number_wide)m * g[0] + (uint64_t)(low >> 64);
    uint64_t high = (uint64_t)(product >> 64), rest = (uint64_t)product;
    int power = floor_log2_pow10(exponent) + 64 - zeros; /* of bit 63 of `high` */
    if (high >> 63 == 0) {
        high = high << 1 | rest >> 63;
        rest <<= 1;
        power--;
    }
    const uint64_t tail = high & 0x7FF;
    if (tail == 0x400 && rest <= 2) return false; /* half way, or too close to it to say */
    uint64_t bits = (high >> 11) + (tail >= 0x400);
    if (bits >> 53 != 0) {
        bits >>= 1;
        power++;
    }
    const int biased = power + 1023;
    if (biased < 1 || biased > 2046) return false;
    const uint64_t image =
        (uint64_t)biased << MANTISSA_BITS | (bits & ((UINT64_C(1) << MANTISSA_BITS) - 1));
    memcpy(out, &image, sizeof *out);
    return true;
}

double hx_double_of(hx_str s) {
    char text[HX_NUMBER_TEXT_MAX + 1];
    if (s.len == 0 || s.len > HX_NUMBER_TEXT_MAX) return NAN;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    if (strspn(text, "0123456789+-.eE") != s.len) return NAN;
    char *end = NULL;
    double v = strtod(text, &end);
    char *point = strchr(text, '.');
    if (*end != '\0' && end == point) { /* a locale with another decimal mark */
        *point = ',';
        v = strtod(text, &end);
    }
    return *end == '\0' ? v : NAN;
}

/* ------------------------------------------------------------------ writing */
typedef struct {
    uint64_t digits;
    int exponent; /* the value is digits * 10^exponent */
} decimal;

static uint64_t round_to_odd(const uint64_t *g, uint64_t c) {
    const number_wide x = (number_wide)g[1] * c;
    const number_wide y = (number_wide)g[0] * c + (uint64_t)(x >> 64);
    return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

/* Of a positive finite double; false where its power is not in the table. */
static bool shortest(uint64_t image, decimal *out) {
    const uint64_t fraction = image & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    const int biased = (int)(image >> MANTISSA_BITS);
    const uint64_t c = biased != 0 ? fraction | UINT64_C(1) << MANTISSA_BITS : fraction;
    const int q = (biased != 0 ? biased : 1) - EXPONENT_BIAS;
    const bool closer = fraction == 0 && biased > 1;
    const int k = (q * 1262611 - (closer ? 524031 : 0)) >> 22;
    if (-k < -HX_POWER_MAX || -k > HX_POWER_MAX) return false;
    const int h = q + floor_log2_pow10(-k) + 1;
    const uint64_t *g = hx_powers_of_ten[-k + HX_POWER_MAX];
    const uint64_t odd = c & 1;
    const uint64_t lower = round_to_odd(g, (4 * c - 2 + closer) << h) + odd;
    const uint64_t middle = round_to_odd(g, (4 * c) << h);
    const uint64_t upper = round_to_odd(g, (4 * c + 2) << h) - odd;
    const uint64_t s = middle / 4;
    if (s >= 10) {
        const uint64_t tenth = s / 10;
        const bool below = lower <= 40 * tenth, above = 40 * tenth + 40 <= upper;
        if (below != above) {
            *out = (decimal){tenth + above, k + 1};
            return true;
        }
    }
    const bool below = lower <= 4 * s, above = 4 * s + 4 <= upper;
    const bool up = middle > 4 * s + 2 || (middle == 4 * s + 2 && (s & 1) != 0);
    *out = (decimal){s + (below != above ? above : up), k};
    return true;
}

static size_t put_digits(uint64_t v, char *to) {
    char text[20];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    memcpy(to, text + at, sizeof text - at);
    return sizeof text - at;
}

size_t hx_int_put(int64_t v, char out[HX_DOUBLE_TEXT_MAX]) {
    size_t n = 0;
    if (v < 0) out[n++] = '-';
    return n + put_digits(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, out + n);
}

static size_t put_scientific(const char *digits, size_t n, int exponent, char *out) {
    size_t len = 0;
    out[len++] = digits[0];
    if (n > 1) {
        out[len++] = '.';
        memcpy(out + len, digits + 1, n - 1);
        len += n - 1;
    }
    out[len++] = 'e';
    out[len++] = exponent < 0 ? '-' : '+';
    const unsigned e = (unsigned)(exponent < 0 ? -exponent : exponent);
    if (e < 10) out[len++] = '0';
    return len + put_digits(e, out + len);
}

/* Plain between 1e-4 and 1e16, as Python's repr() has it. */
static size_t put_decimal(decimal d, char *out) {
    char digits[20];
    size_t n = put_digits(d.digits, digits);
    const int exponent = d.exponent + (int)n - 1;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    if (exponent < -4 || exponent >= 16) return put_scientific(digits, n, exponent, out);
    size_t len = 0;
    if (exponent < 0) {
        memcpy(out, "0.0000", (size_t)(1 - exponent));
        len = (size_t)(1 - exponent);
        memcpy(out + len, digits, n);
        return len + n;
    }
    const size_t whole = (size_t)exponent + 1;
    for (size_t i = 0; i < whole; i++)
        out[len++] = i < n ? digits[i] : '0';
    if (n <= whole) return len;
    out[len++] = '.';
    memcpy(out + len, digits + whole, n - whole);
    return len + n - whole;
}

static size_t put_by_library(double v, char *out) {
    char text[HX_DOUBLE_TEXT_MAX];
    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v) break;
    }
    char *comma = strchr(text, ',');
    if (comma != NULL) *comma = '.';
    const size_t n = strlen(text);
    memcpy(out, text, n);
    return n;
}

size_t hx_double_put(double v, char out[HX_DOUBLE_TEXT_MAX]) {
    if (isnan(v)) {
        memcpy(out, "nan", 3);
        return 3;
    }
    size_t n = 0;
    if (v < 0) out[n++] = '-';
    v = fabs(v);
    if (isinf(v)) {
        memcpy(out + n, "inf", 3);
        return n + 3;
    }
    if (v < 0x1p53 && floor(v) == v) return n + put_digits((uint64_t)v, out + n);
    uint64_t image = 0;
    memcpy(&image, &v, sizeof image);
    decimal d;
    return n + (shortest(image, &d) ? put_decimal(d, out + n) : put_by_library(v, out + n));
}
