/* number.h - doubles from decimal text and back: exact, and quick where they are many.
 *
 * Both ways agree with the C library's correctly rounded strtod() and the shortest %.17g that reads back equal, whatever the locale. */
#ifndef HX_BASE_NUMBER_H
#define HX_BASE_NUMBER_H

#include "huaxiang/base.h"

#define HX_POWER_MAX 80
extern const uint64_t hx_powers_of_ten[2 * HX_POWER_MAX + 1][2]; /* of 10^(i - HX_POWER_MAX) */

/* The double nearest to mantissa * 10^exponent; false where 128 bits do not decide it or it is no normal double. */
bool hx_decimal_to_double(uint64_t mantissa, int exponent, double *out);

/* The double nearest to `s`, which is [-+]digits[.digits][e[-+]digits]; infinite where that is too large. NaN: not of that form or longer
 * than HX_NUMBER_TEXT_MAX. */
#define HX_NUMBER_TEXT_MAX 1100
double hx_double_of(hx_str s);

/* The shortest text that reads back equal: 0.1, 1e-05, 1.5e+300, inf, -inf, nan. Writes no NUL; returns the bytes. */
#define HX_DOUBLE_TEXT_MAX 32
size_t hx_double_put(double v, char out[HX_DOUBLE_TEXT_MAX]);
/* The same for a whole number. */
size_t hx_int_put(int64_t v, char out[HX_DOUBLE_TEXT_MAX]);

#endif
